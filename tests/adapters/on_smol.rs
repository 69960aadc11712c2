//! peer-async-std, on an executor of smol with one thread.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;

use peer_adapter::{V2Limiter, V2Limits};
use peer_async_std::{Connection, Listener, TcpStream};
use peer_core::{Config, Link};
use smol::Executor;
use smol::channel::{Sender, unbounded};

use crate::adapter::{Adapter, Ends, Farewell, Listening, TaskEnd, wait};

/// An executor and its thread, and the connections on it.
pub(crate) struct Smol {
    executor: Arc<Executor<'static>>,
    ends: Ends<TaskEnd>,
    /// Closed, it ends the thread.
    running: Option<Sender<()>>,
    limits: Option<V2Limits>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Smol {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        // The tasks go with the executor, which somebody may hold who accepts.
    }
}

impl Adapter for Smol {
    type End = TaskEnd;

    fn start_with(limits: Option<V2Limits>) -> Self {
        let executor = Arc::new(Executor::new());
        let (running, ended) = unbounded::<()>();
        let thread = std::thread::spawn({
            let executor = executor.clone();
            move || {
                let _ = smol::block_on(executor.run(ended.recv()));
            }
        });
        Self {
            executor,
            ends: Ends::default(),
            limits,
            running: Some(running),
            thread: Some(thread),
        }
    }

    fn listen(&self, config: Config) -> Listening<TaskEnd> {
        let mut listener = wait(Listener::bind("127.0.0.1:0", Arc::new(config))).unwrap();
        if let Some(limits) = self.limits {
            listener = listener.with_v2_limiter(Arc::new(V2Limiter::new(limits)));
        }
        let address = listener.local_addr().unwrap();
        let (sender, accepted) = channel();
        let ends = self.ends.clone();
        // Not to be kept alive by a task of its own.
        let executor = Arc::downgrade(&self.executor);
        let accepting = async move {
            while let Ok(connection) = listener.accept().await
                && let Some(executor) = executor.upgrade()
            {
                if sender.send(run(&ends, &executor, connection)).is_err() {
                    return;
                }
            }
        };
        self.executor.spawn(accepting).detach();
        Listening { address, accepted }
    }

    fn dial(&self, address: SocketAddr, config: Config) -> io::Result<Arc<TaskEnd>> {
        let dialling = peer_async_std::dial(address, Arc::new(config), Link::outbound());
        Ok(run(&self.ends, &self.executor, wait(dialling)?))
    }

    fn shut_down(self, farewell: Farewell) {
        if farewell == Farewell::InOrder {
            self.ends.part_in_order();
        }
    }
}

fn run(
    ends: &Ends<TaskEnd>,
    executor: &Executor<'static>,
    (peer, events, driver): Connection<TcpStream>,
) -> Arc<TaskEnd> {
    executor.spawn(driver).detach();
    ends.add(TaskEnd::new(peer, events))
}
