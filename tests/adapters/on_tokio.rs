//! peer-tokio, on a runtime of one worker thread.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use peer_core::{Command, Config, DisconnectReason, Link, Outcome, Remote, Stats};
use peer_tokio::{Connection, Events, Listener, Peer, QueueError, SendError};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::adapter::{
    Adapter, End, Ends, Farewell, Heard, Listening, NotQueued, NotSent, wait, wait_for,
};

/// A runtime, and the connections on it.
pub(crate) struct Tokio {
    runtime: Runtime,
    ends: Ends<TokioEnd>,
}

/// What there is of a connection beside its driver.
pub(crate) struct TokioEnd {
    peer: Peer,
    events: Mutex<Events>,
}

impl Adapter for Tokio {
    type End = TokioEnd;

    fn start() -> Self {
        let mut builder = Builder::new_multi_thread();
        // While there is work, tokio looks for news of its sockets after every 61st poll only: with a driver that uses
        // its turn of 256 KiB up each time, after 16 MB. Whether others get their turn would hardly be seen.
        let builder = builder.worker_threads(1).event_interval(8);
        let runtime = builder.enable_all().build().unwrap();
        Self {
            runtime,
            ends: Ends::default(),
        }
    }

    fn listen(&self, config: Config) -> Listening<TokioEnd> {
        let listener = Listener::bind("127.0.0.1:0", Arc::new(config));
        let listener = self.runtime.block_on(listener).unwrap();
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

    fn dial(&self, address: SocketAddr, config: Config) -> io::Result<Arc<TokioEnd>> {
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
fn run(ends: &Ends<TokioEnd>, connection: Connection<TcpStream>) -> Arc<TokioEnd> {
    let (peer, events, driver) = connection;
    tokio::spawn(driver);
    ends.add(TokioEnd {
        peer,
        events: Mutex::new(events),
    })
}

impl End for TokioEnd {
    fn command(&self, command: Command) -> Result<Outcome, NotSent> {
        wait(self.peer.command(command)).map_err(|error| match error {
            SendError::Refused(error) => NotSent::Refused(error),
            SendError::Disconnected(ended) => NotSent::Disconnected(ended.reason.clone()),
            other => panic!("{other:?}"),
        })
    }

    fn queue(&self, command: Command) -> Result<(), NotQueued> {
        self.peer.queue(command).map_err(|error| match error {
            QueueError::Full(command) => NotQueued::Full(command),
            QueueError::Closed(command) => NotQueued::Closed(command),
            other => panic!("{other:?}"),
        })
    }

    fn next_event(&self, patience: Duration) -> Heard {
        let mut events = self.events.lock().unwrap();
        match wait_for(events.next(), patience) {
            Some(Some(event)) => Heard::Event(event),
            Some(None) => Heard::Over,
            None => Heard::Nothing,
        }
    }

    fn disconnect(&self) {
        self.peer.disconnect();
    }

    fn abort(&self) {
        self.peer.abort();
    }

    fn closed(&self) -> DisconnectReason {
        wait(self.peer.closed()).reason.clone()
    }

    fn stats(&self) -> Stats {
        self.peer.stats()
    }

    fn remote(&self) -> Option<Remote> {
        self.peer.remote().map(|remote| (*remote).clone())
    }

    fn link(&self) -> Link {
        *self.peer.link()
    }
}
