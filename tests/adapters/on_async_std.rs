//! peer-async-std, on async-std's runtime.
//!
//! That is one for the whole process, with a thread for each core, so it is not started and does not end with the
//! adapter: drivers are tasks, and ended one by one.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use async_std::task::{self, JoinHandle};
use peer_adapter::{V2Limiter, V2Limits};
use peer_async_std::{Connection, Listener, TcpStream};
use peer_core::{Config, Link};

use crate::adapter::{Adapter, Ends, Farewell, Listening, TaskEnd, wait};

/// The tasks, and the connections that they drive.
pub(crate) struct AsyncStd {
    ends: Ends<TaskEnd>,
    tasks: Tasks,
    limits: Option<V2Limits>,
}

/// Those that run, or have run.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<JoinHandle<()>>>>);

impl Tasks {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().unwrap().push(task::spawn(task));
    }

    /// Ends all of them, and returns when they are gone.
    fn cancel(&self) {
        loop {
            let tasks = core::mem::take(&mut *self.0.lock().unwrap());
            if tasks.is_empty() {
                return;
            }
            for task in tasks {
                wait(task.cancel());
            }
        }
    }
}

impl Drop for AsyncStd {
    fn drop(&mut self) {
        self.tasks.cancel();
    }
}

impl Adapter for AsyncStd {
    type End = TaskEnd;

    fn start_with(limits: Option<V2Limits>) -> Self {
        Self {
            ends: Ends::default(),
            tasks: Tasks::default(),
            limits,
        }
    }

    fn listen(&self, config: Config) -> Listening<TaskEnd> {
        let mut listener = wait(Listener::bind("127.0.0.1:0", Arc::new(config))).unwrap();
        if let Some(limits) = self.limits {
            listener = listener.with_v2_limiter(Arc::new(V2Limiter::new(limits)));
        }
        let address = listener.local_addr().unwrap();
        let (sender, accepted) = channel();
        let (ends, tasks) = (self.ends.clone(), self.tasks.clone());
        self.tasks.spawn(async move {
            while let Ok(connection) = listener.accept().await {
                if sender.send(run(&ends, &tasks, connection)).is_err() {
                    return;
                }
            }
        });
        Listening { address, accepted }
    }

    fn dial(&self, address: SocketAddr, config: Config) -> io::Result<Arc<TaskEnd>> {
        let dialling = peer_async_std::dial(address, Arc::new(config), Link::outbound());
        Ok(run(&self.ends, &self.tasks, wait(dialling)?))
    }

    fn shut_down(self, farewell: Farewell) {
        if farewell == Farewell::InOrder {
            self.ends.part_in_order();
        }
    }
}

fn run(
    ends: &Ends<TaskEnd>,
    tasks: &Tasks,
    (peer, events, driver): Connection<TcpStream>,
) -> Arc<TaskEnd> {
    tasks.spawn(async {
        driver.await;
    });
    ends.add(TaskEnd::new(peer, events))
}
