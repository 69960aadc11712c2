//! [`Reactor`]: the loop over ready sockets, due timers and queued commands.
//!
//! ```text
//!   wait ─► what is ready ─► commands ─► arrivals ─► due timers ─► a run for each in the line ─┐
//!    ▲      └───────── these go to the end of the line ──────────┘    of bounded length        │
//!    └──────────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Everybody who has something to do has one [run](peer_adapter::Pump::run) a turn, so that whoever
//! has much to do does not keep the others waiting. Who has nothing to do is not looked at.

mod turn;

use std::fmt;
use std::io;
use std::mem;
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};
use peer_core::Timestamp;

use crate::connection::Stage;
use crate::error::{RefusedCommand, StartError};
use crate::handle::{Command, Handle, Inbox, Shutdown};
use crate::handler::Handler;
use crate::limits::Limits;
use crate::peers::{Arrival, PeerId, Peers, is_port};

/// Owns the sockets, timers and machines of any number of connections, and runs them on the thread
/// that runs it.
///
/// It starts nothing of its own accord: [`Peers::dial`] and [`Peers::listen`] do, on
/// [`peers`](Self::peers) before it runs, by the handler later, or by a [`Handle`] from another
/// thread. Dropping it closes all sockets at once, and nobody hears of it: to be told, shut it down.
pub struct Reactor<H> {
    poll: Poll,
    ready: Events,
    inbox: Inbox<H>,
    handle: Handle<H>,
    /// Commands may wait that were not looked at.
    has_mail: bool,
    peers: Peers,
    handler: H,
}

impl<H: Handler> Reactor<H> {
    /// A reactor without connections.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn new(limits: Limits, handler: H) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let (inbox, handle) = Inbox::new(waker, limits.commands.max(1));
        let registry = poll.registry().try_clone()?;
        Ok(Self {
            poll,
            ready: Events::with_capacity(READY),
            inbox,
            handle,
            has_mail: false,
            peers: Peers::new(registry, limits),
            handler,
        })
    }

    /// For other threads.
    pub fn handle(&self) -> Handle<H> {
        self.handle.clone()
    }

    /// All connections.
    pub fn peers(&mut self) -> &mut Peers {
        &mut self.peers
    }

    /// The application.
    pub fn handler(&mut self) -> &mut H {
        &mut self.handler
    }

    /// Both, for those who need them together.
    pub fn parts(&mut self) -> (&mut H, &mut Peers) {
        (&mut self.handler, &mut self.peers)
    }

    /// Runs until it was [shut down](Peers::shut_down) and every connection is closed; gives the
    /// handler back. Without anything to do it waits for commands. What has run cannot run again:
    ///
    /// ```compile_fail,E0382
    /// # fn twice(reactor: peer_mio::Reactor<impl peer_mio::Handler>) {
    /// reactor.run();
    /// reactor.run();
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the operating system cannot tell any more what is ready.
    pub fn run(mut self) -> io::Result<H> {
        while self.turn(None)? {}
        Ok(self.handler)
    }

    /// One turn, for those who have a loop of their own: waits until something is to be done, but
    /// `at_most` so long, and does it. False once it was shut down and every connection is closed:
    /// then there is nothing more to do.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn turn(&mut self, at_most: Option<Duration>) -> io::Result<bool> {
        if self.is_finished() {
            return Ok(false);
        }
        let wait = self.wait(at_most);
        if let Err(error) = self.poll.poll(&mut self.ready, wait) {
            // A signal; nothing is ready then.
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
            self.ready.clear();
        }
        self.note_ready();
        self.read_mail();
        let now = self.peers.now();
        self.accept(now);
        while let Some(slot) = self.peers.timers.pop_due(now) {
            if let Some(connection) = self.peers.connections.get_mut(slot) {
                connection.timer = None;
            }
            self.peers.enqueue(slot);
        }
        if self.handler.deadline().is_some_and(|at| at <= now) {
            self.handler.on_deadline(&mut self.peers, now);
        }
        for _ in 0..self.peers.queue.len() {
            self.serve_next();
        }
        Ok(!self.is_finished())
    }

    fn is_finished(&self) -> bool {
        self.peers.shutdown.is_some() && self.peers.is_empty()
    }

    /// How long nothing is to be done.
    fn wait(&self, at_most: Option<Duration>) -> Option<Duration> {
        if self.has_mail || !self.peers.queue.is_empty() {
            return Some(Duration::ZERO);
        }
        let now = self.peers.now();
        let deadlines = [
            self.peers.timers.first(),
            self.peers.ports.deadline(now),
            self.handler.deadline(),
        ];
        let first = deadlines.into_iter().flatten().min();
        let wait = first.map(|at| at.saturating_since(now));
        wait.into_iter().chain(at_most).min()
    }

    fn note_ready(&mut self) {
        for event in &self.ready {
            match event.token() {
                WAKER => {
                    self.inbox.answer();
                    self.has_mail = true;
                }
                token if is_port(token) => self.peers.ports.note(token),
                Token(slot) => {
                    if let Some(connection) = self.peers.connections.get_mut(slot)
                        && let Stage::Connected(pump) = &mut connection.stage
                        && let Some(stream) = pump.socket_mut()
                    {
                        stream.note(event);
                    }
                    self.peers.enqueue(slot);
                }
            }
        }
    }

    /// Carries out what other threads want, but not so much that connections wait for long.
    fn read_mail(&mut self) {
        if !mem::take(&mut self.has_mail) {
            return;
        }
        let shutdown = self.inbox.shutdown();
        // What was queued before a graceful shutdown is still done; it is bounded.
        let most = match shutdown {
            None => COMMANDS,
            Some(Shutdown::Graceful) => self.peers.limits.commands.saturating_add(1),
            Some(Shutdown::Immediate) => 0,
        };
        let mut read = 0;
        while read < most
            && let Some(command) = self.inbox.next()
        {
            self.obey(command);
            read += 1;
        }
        self.has_mail = read == most && shutdown.is_none();
        if let Some(how) = shutdown {
            self.peers.shut_down(how);
        }
    }

    fn obey(&mut self, command: Command<H>) {
        match command {
            Command::Peer(id, command) => {
                if let Err(refused) = obey_for(&mut self.peers, id, command) {
                    self.handler.on_refused(&mut self.peers, id, refused);
                }
            }
            Command::Broadcast(message) => {
                self.peers.broadcast(&message);
            }
            Command::Dial(address, config, link) => {
                if let Err(error) = self.peers.dial(address, config, link) {
                    let error = match error {
                        StartError::Io(error) => error,
                        other => io::Error::other(other),
                    };
                    let link = link.with_remote(link.remote.unwrap_or(address));
                    self.handler
                        .on_dial_failed(&mut self.peers, PeerId::NOBODY, &link, error);
                }
            }
            Command::Call(call) => call(&mut self.handler, &mut self.peers),
        }
    }

    /// Takes in those who wait at the ports, but not so many that the others wait for long.
    fn accept(&mut self, now: Timestamp) {
        for _ in 0..ARRIVALS {
            let Some(arrival) = self.peers.ports.accept(now) else {
                return;
            };
            match arrival {
                Arrival::Failed(port, error) => {
                    self.handler.on_port_failed(&mut self.peers, port, error);
                }
                Arrival::Remote(stream, config, link) => {
                    let limits = &self.peers.limits;
                    let full =
                        self.peers.len() >= limits.peers || self.peers.inbound >= limits.inbound;
                    // One that cannot be taken in for want of entropy is turned away too.
                    let slot = (!full).then(|| self.peers.welcome(stream, config, link).ok());
                    match (slot.flatten(), link.remote) {
                        (Some(slot), _) => self.handler.on_connected(self.peers.at(slot)),
                        (None, Some(remote)) => {
                            self.handler.on_turned_away(&mut self.peers, remote);
                        }
                        (None, None) => {}
                    }
                }
            }
        }
    }
}

/// Carries out what another thread wants of a connection.
fn obey_for(
    peers: &mut Peers,
    id: PeerId,
    command: peer_core::Command,
) -> Result<(), RefusedCommand> {
    let Some(mut peer) = peers.get(id) else {
        return Err(RefusedCommand::Gone(command));
    };
    peer.command(command)?;
    Ok(())
}

impl<H> fmt::Debug for Reactor<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor")
            .field("peers", &self.peers)
            .finish_non_exhaustive()
    }
}

/// Of commands from other threads.
const WAKER: Token = Token(usize::MAX);

/// Sockets of which one poll tells; the others are told of by the next.
const READY: usize = 1_024;

/// Commands carried out in one turn.
const COMMANDS: usize = 256;

/// Remotes taken in in one turn.
const ARRIVALS: usize = 64;
