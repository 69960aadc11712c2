//! peer-mio: one reactor, on a thread of its own.
//!
//! What stands between its callbacks and blocking threads is in [`bridge`]: whoever wants something is called for on
//! the reactor's thread, and waits for the answer.

mod bridge;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use peer_adapter::V2Limits;
use peer_core::{Command, Config, DisconnectReason, Link, Outcome, Remote, SendError, Stats};
use peer_mio::{ConnectError, Handle, Limits, PeerId, Peers, Reactor, Shutdown, StartError};

use crate::adapter::{Adapter, End, Farewell, Heard, Listening, NotQueued, NotSent};
use bridge::{Board, Bridge};

/// A reactor and its thread.
pub(crate) struct Mio {
    handle: Handle<Bridge>,
    thread: Option<JoinHandle<()>>,
}

impl Mio {
    fn end(&mut self, how: Shutdown) {
        self.handle.shut_down(how);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Mio {
    fn drop(&mut self) {
        self.end(Shutdown::Immediate);
    }
}

/// Calls for an answer on the reactor's thread; `None` if there is no reactor any more.
fn ask<T: Send + 'static>(
    handle: &Handle<Bridge>,
    question: impl FnOnce(&mut Bridge, &mut Peers, Sender<T>) + Send + 'static,
) -> Option<T> {
    let (sender, answer) = channel();
    let call = Box::new(move |bridge: &mut Bridge, peers: &mut Peers| {
        question(bridge, peers, sender);
    });
    handle.wait_and_queue(peer_mio::Command::Call(call)).ok()?;
    answer.recv().ok()
}

impl Adapter for Mio {
    type End = MioEnd;

    fn start_with(v2_handshakes: Option<V2Limits>) -> Self {
        let mut limits = Limits::default();
        limits.v2_handshakes = v2_handshakes;
        let mut reactor = Reactor::new(limits, Bridge::default()).unwrap();
        let handle = reactor.handle();
        reactor.handler().handle = Some(handle.clone());
        let thread = std::thread::spawn(move || drop(reactor.run().unwrap()));
        Self {
            handle,
            thread: Some(thread),
        }
    }

    fn listen(&self, config: Config) -> Listening<MioEnd> {
        let (came, accepted) = channel();
        let address = ask(&self.handle, move |bridge, peers, answer| {
            let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
            let port = peers.listen(anywhere, Arc::new(config)).unwrap();
            bridge.came = Some(came);
            answer.send(peers.local_addr(port).unwrap()).unwrap();
        });
        Listening {
            address: address.unwrap(),
            accepted,
        }
    }

    fn dial(&self, address: SocketAddr, config: Config) -> io::Result<Arc<MioEnd>> {
        let dialled = ask(&self.handle, move |bridge, peers, answer| {
            match peers.dial(address, Arc::new(config), Link::outbound()) {
                Ok(id) => drop(bridge.dials.insert(id, answer)),
                Err(error) => answer.send(Err(in_io(error))).unwrap(),
            }
        });
        dialled.unwrap()
    }

    fn shut_down(mut self, farewell: Farewell) {
        self.end(match farewell {
            Farewell::InOrder => Shutdown::Graceful,
            Farewell::AtOnce => Shutdown::Immediate,
        });
    }
}

fn in_io(error: StartError) -> io::Error {
    match error {
        StartError::Io(error) => error,
        StartError::Connect(ConnectError::Config(error)) => ConnectError::Config(error).into(),
        other => panic!("{other}"),
    }
}

/// One connection, in the hands of any number of threads.
pub(crate) struct MioEnd {
    handle: Handle<Bridge>,
    id: PeerId,
    link: Link,
    board: Arc<Board>,
}

impl Drop for MioEnd {
    fn drop(&mut self) {
        self.board.leave();
        self.tell(|peer| {
            peer.resume();
            peer.disconnect();
        });
    }
}

impl MioEnd {
    /// Does something to the connection, if there still is one.
    fn tell(&self, act: impl FnOnce(&mut peer_mio::Peer<'_>) + Send + 'static) {
        let id = self.id;
        let call = Box::new(move |_: &mut Bridge, peers: &mut Peers| {
            if let Some(mut peer) = peers.get(id) {
                act(&mut peer);
            }
        });
        // Without a reactor there is nothing to do it to.
        let _ = self.handle.wait_and_queue(peer_mio::Command::Call(call));
    }

    /// What the connection itself says, or what was last known of it.
    fn look<T: Send + 'static>(
        &self,
        now: fn(&peer_mio::Peer<'_>) -> T,
        last: impl FnOnce(&Board) -> T,
    ) -> T {
        let id = self.id;
        let answer = ask(&self.handle, move |_, peers, answer| {
            let found = peers.get(id).map(|peer| now(&peer));
            answer.send(found).unwrap();
        });
        answer.flatten().unwrap_or_else(|| last(&self.board))
    }
}

impl End for MioEnd {
    fn command(&self, command: Command) -> Result<Outcome, NotSent> {
        let id = self.id;
        let answer = ask(&self.handle, move |bridge, peers, answer| {
            bridge.command(peers, id, command, answer);
        });
        answer.unwrap_or_else(|| Err(NotSent::Disconnected(self.board.reason())))
    }

    fn queue(&self, command: Command) -> Result<(), NotQueued> {
        let (id, copy) = (self.id, command.clone());
        let answer = ask(&self.handle, move |bridge, peers, answer| {
            let has_line = bridge.has_line(id);
            let queued = match peers.get(id) {
                Some(_) if has_line => Err(NotQueued::Full(copy)),
                Some(mut peer) => match peer.command(copy.clone()) {
                    Err(SendError::Full(message)) => Err(NotQueued::Full(message.into())),
                    Err(SendError::Closed) => Err(NotQueued::Closed(copy)),
                    // What cannot go to this remote is dropped, and nobody hears of it.
                    Ok(_) | Err(_) => Ok(()),
                },
                None => Err(NotQueued::Closed(copy)),
            };
            answer.send(queued).unwrap();
        });
        answer.unwrap_or(Err(NotQueued::Closed(command)))
    }

    fn next_event(&self, patience: Duration) -> Heard {
        let (heard, is_roomy) = self.board.take(Instant::now() + patience);
        if is_roomy {
            self.tell(|peer| peer.resume());
        }
        heard
    }

    fn disconnect(&self) {
        self.tell(|peer| peer.disconnect());
    }

    fn abort(&self) {
        self.tell(|peer| peer.abort());
    }

    fn closed(&self) -> DisconnectReason {
        self.board.closed()
    }

    fn stats(&self) -> Stats {
        self.look(|peer| peer.stats(), Board::stats)
    }

    fn remote(&self) -> Option<Remote> {
        self.look(|peer| peer.remote().cloned(), Board::remote)
    }

    fn link(&self) -> Link {
        self.link
    }
}
