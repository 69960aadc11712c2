//! peer-tokio, on a runtime of one worker thread.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::channel;

use peer_adapter::{V2Limiter, V2Limits};
use peer_core::{Config, Link};
use peer_tokio::{Connection, Listener};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::adapter::{Adapter, Ends, Farewell, Listening, TaskEnd};

/// A runtime, and the connections on it.
pub(crate) struct Tokio {
    runtime: Runtime,
    ends: Ends<TaskEnd>,
    limits: Option<V2Limits>,
}

impl Adapter for Tokio {
    type End = TaskEnd;

    fn start_with(limits: Option<V2Limits>) -> Self {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        Self {
            runtime,
            ends: Ends::default(),
            limits,
        }
    }

    fn listen(&self, config: Config) -> Listening<TaskEnd> {
        let listener = Listener::bind("127.0.0.1:0", Arc::new(config));
        let mut listener = self.runtime.block_on(listener).unwrap();
        if let Some(limits) = self.limits {
            listener = listener.with_v2_limiter(Arc::new(V2Limiter::new(limits)));
        }
        let address = listener.local_addr().unwrap();
        let (sender, accepted) = channel();
        let ends = self.ends.clone();
        self.runtime.spawn(async move {
            while let Ok(connection) = listener.accept().await {
                if sender.send(run(&ends, connection)).is_err() {
                    return;
                }
            }
        });
        Listening { address, accepted }
    }

    fn dial(&self, address: SocketAddr, config: Config) -> io::Result<Arc<TaskEnd>> {
        self.runtime.block_on(async {
            let connection = peer_tokio::dial(address, Arc::new(config), Link::outbound()).await?;
            Ok(run(&self.ends, connection))
        })
    }

    fn shut_down(self, farewell: Farewell) {
        if farewell == Farewell::InOrder {
            self.ends.part_in_order();
        }
        // Drops the drivers, and waits for the worker.
        drop(self.runtime);
    }
}

/// Spawns the driver. To be called on the runtime.
fn run(ends: &Ends<TaskEnd>, connection: Connection<TcpStream>) -> Arc<TaskEnd> {
    let (peer, events, driver) = connection;
    tokio::spawn(driver);
    ends.add(TaskEnd::new(peer, events))
}
