//! What a scenario needs of an adapter, and no more: blocking, so that adapters of any kind can give it.
//!
//! Async adapters wait with [`wait`] and [`wait_for`]. An adapter with callbacks feeds a bounded `sync_channel` in
//! [`End`] from its handler, and pauses a connection whose channel is full; commands go through its own bounded queue.

mod blocking;
mod ends;
mod tasks;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use peer_adapter::V2Limits;
use peer_core::{Command, Config, DisconnectReason, Event, Link, Outcome, Remote, Stats};

pub(crate) use blocking::{wait, wait_for};
pub(crate) use ends::Ends;
pub(crate) use tasks::TaskEnd;

/// An adapter with all that it needs to run: a runtime, threads, a reactor.
///
/// Connections share one thread where the adapter allows that, so that one which keeps it for itself is found out.
pub(crate) trait Adapter: Send + Sync + Sized + 'static {
    /// A connection.
    type End: End;

    /// Starts the threads. v2 handshakes of those who dial are limited, or not.
    fn start_with(limits: Option<V2Limits>) -> Self;

    /// Starts the threads.
    fn start() -> Self {
        Self::start_with(None)
    }

    /// Listens on a free port of 127.0.0.1, and accepts whoever comes.
    fn listen(&self, config: Config) -> Listening<Self::End>;

    /// Dials as full relay at height 0. That nobody listens is an error here, or the end of the connection.
    ///
    /// # Errors
    /// Those of the socket, and `InvalidInput` if the configuration contradicts itself.
    fn dial(&self, address: SocketAddr, config: Config) -> io::Result<Arc<Self::End>>;

    /// Ends every connection as `farewell` says, and returns when all are closed and the threads have ended. Dropping
    /// an adapter does the same [`AtOnce`](Farewell::AtOnce).
    fn shut_down(self, farewell: Farewell);
}

/// How an adapter shuts down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// As by [`End::disconnect`]: what was queued before is flushed.
    InOrder,
    /// Whatever waits is dropped.
    AtOnce,
}

/// A listener.
#[derive(Debug)]
pub(crate) struct Listening<E> {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Those who came, in their order.
    pub(crate) accepted: Receiver<Arc<E>>,
}

/// One connection, in the hands of any number of threads. Dropping the last hand leaves in order, as
/// [`disconnect`](Self::disconnect) does.
///
/// Events wait in a bounded line: an end whose events are not taken stops reading. Whether
/// [`Event::Sent`] and [`Event::Writable`] are among them is up to the adapter.
pub(crate) trait End: Send + Sync + 'static {
    /// Carries out a command, and waits until the message that it leads to has left: for room, for the end of the
    /// handshake and for the socket.
    ///
    /// # Errors
    /// Why it did not leave.
    fn command(&self, command: Command) -> Result<Outcome, NotSent>;

    /// Queues a command without waiting.
    ///
    /// # Errors
    /// Why it was not taken, and the command.
    fn queue(&self, command: Command) -> Result<(), NotQueued>;

    /// Waits for the next event, as long as `patience` lasts. One thread at a time.
    fn next_event(&self, patience: Duration) -> Heard;

    /// Ends the connection in order: what was queued before is flushed.
    fn disconnect(&self);

    /// Ends the connection at once.
    fn abort(&self);

    /// Waits until the connection has ended and its socket is closed, whether or not events are taken.
    fn closed(&self) -> DisconnectReason;

    /// The numbers, never older than the last event taken or the last command carried out.
    fn stats(&self) -> Stats;

    /// What is known of the remote, from its `version` on.
    fn remote(&self) -> Option<Remote>;

    /// Who dialled, from where, and whom.
    fn link(&self) -> Link;
}

/// What came of waiting for an event.
#[derive(Debug)]
pub(crate) enum Heard {
    /// An event.
    Event(Event),
    /// There will be no more: the last was taken before.
    Over,
    /// Nothing happened in time.
    Nothing,
}

/// Why [`End::command`] did not send.
#[derive(Debug)]
pub(crate) enum NotSent {
    /// It cannot go to this remote; the connection goes on.
    Refused(peer_core::SendError),
    /// The connection ended first.
    Disconnected(DisconnectReason),
}

/// Why [`End::queue`] took nothing.
#[derive(Debug)]
pub(crate) enum NotQueued {
    /// No room.
    Full(Command),
    /// The connection is over, or being ended by our side.
    Closed(Command),
}
