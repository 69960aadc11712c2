//! [`Peer`]: the application's hand on a connection. It holds no machine and no socket.

mod announcing;
mod pushing;

use std::future::poll_fn;
use std::sync::Arc;

use peer_core::message::Reject;
use peer_core::{Command, Link, ListenerId, MessageListener, Outcome, Outgoing, Remote, Stats};

use crate::error::{Disconnected, QueueError, SendError};
use crate::shared::{Farewell, Shared};

/// A connection, to send on and to end. Cloning it costs a reference count.
///
/// Dropping the last one disconnects in order, as [`disconnect`](Self::disconnect) does: messages
/// queued before are still flushed, but not those that wait for the handshake to end.
#[derive(Clone, Debug)]
pub struct Peer {
    handle: Arc<Handle>,
}

impl Peer {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            handle: Arc::new(Handle { shared }),
        }
    }

    /// Sends a [`Message`](peer_core::message::Message) or an
    /// [`EncodedMessage`](peer_core::EncodedMessage), and waits until the socket has taken its last
    /// byte. Waits for room while the remote is slow, and for the end of the handshake.
    ///
    /// Transactions, and blocks, leave with all they have: witness data (BIP144), MWEB data. A remote
    /// that asked without the witness flag gets the base encoding:
    /// `Outgoing::Message(message, TxEncoding::Base)` ([`Outgoing`],
    /// [`TxEncoding`](peer_core::wire::TxEncoding)).
    ///
    /// Messages of one task leave in the order of sending. Given up before there was room, the
    /// message is not sent; given up later, it is sent all the same and nobody hears of it.
    ///
    /// # Errors
    /// [`SendError::Refused`] if the message cannot go to this remote;
    /// [`SendError::Disconnected`] if the connection ends first, also when it ends because it was
    /// being closed already.
    pub async fn send(&self, message: impl Into<Outgoing>) -> Result<(), SendError> {
        self.command(message.into()).await.map(drop)
    }

    /// Carries out a [`Command`], and waits until the message that it leads to, if any, has left.
    /// What the methods of this type do can all be said as commands; they are carried out in the
    /// order of asking, but for verdicts on a `version` and farewells, which overtake the rest and
    /// are not waited for.
    ///
    /// # Errors
    /// As [`send`](Self::send); what the command itself can run into is
    /// [`SendError::Refused`].
    pub async fn command(&self, command: impl Into<Command>) -> Result<Outcome, SendError> {
        let shared = &*self.handle.shared;
        let mut command = match self.overtake(command.into()) {
            Some(command) => Some(command),
            None => return Ok(Outcome::Done),
        };
        let mut place = Place::new(shared, Shared::leave_line);
        let promise = poll_fn(|cx| shared.poll_request(cx, &mut place.id, &mut command))
            .await
            .map_err(SendError::Disconnected)?;
        drop(place);
        poll_fn(|cx| promise.poll(cx)).await
    }

    /// Queues a message, or any other [`Command`], without waiting; nobody hears of its fate. A
    /// message that cannot go to this remote is dropped ([`send`](Self::send) would tell why).
    ///
    /// # Errors
    /// [`QueueError`] with the command, if the queue is full or the connection closed. The queue
    /// holds 64 commands or 1 MiB beyond what waits in the machine
    /// ([`Limits::send_high`](peer_core::Limits)); one message may overshoot.
    pub fn queue(&self, command: impl Into<Command>) -> Result<(), QueueError> {
        match self.overtake(command.into()) {
            Some(command) => self.handle.shared.try_request(command),
            None => Ok(()),
        }
    }

    /// Accepts the remote's `version`, with
    /// [`Config::review_version`](peer_core::Config); without effect otherwise.
    pub fn accept_version(&self) {
        self.handle.shared.verdict(Command::AcceptVersion);
    }

    /// Refuses the remote's `version`, with [`Config::review_version`](peer_core::Config), and
    /// disconnects; tells the remote why if there is a reject and it reads such (BIP61).
    pub fn refuse_version(&self, reject: Option<Reject>) {
        let reject = reject.map(Box::new);
        self.handle.shared.verdict(Command::RefuseVersion(reject));
    }

    /// Lets the v2 handshake of a remote begin that dialled us, with
    /// [`V2Options::admission`](peer_core::V2Options); without effect otherwise.
    pub fn admit_v2(&self) {
        self.handle.shared.verdict(Command::AdmitV2);
    }

    /// Refuses it, with [`V2Options::admission`](peer_core::V2Options): disconnects.
    pub fn refuse_v2(&self) {
        self.handle.shared.verdict(Command::RefuseV2);
    }

    /// What need not wait in line is done at once; the rest comes back.
    fn overtake(&self, command: Command) -> Option<Command> {
        match command {
            Command::AcceptVersion
            | Command::RefuseVersion(_)
            | Command::AdmitV2
            | Command::RefuseV2 => {
                self.handle.shared.verdict(command);
            }
            Command::Disconnect => self.disconnect(),
            Command::Abort => self.abort(),
            command => return Some(command),
        }
        None
    }

    /// Disconnects in order: what was sent and queued before is flushed first, within
    /// [`Timeouts::flush`](peer_core::Timeouts). Before the handshake has ended nothing is: the
    /// remote cannot be told anything yet, and what waits for that is dropped. Await
    /// [`closed`](Self::closed) for the end.
    pub fn disconnect(&self) {
        self.handle.shared.leave(Farewell::Graceful);
    }

    /// Disconnects at once; what is queued is dropped.
    pub fn abort(&self) {
        self.handle.shared.leave(Farewell::Abort);
    }

    /// Adds a listener, which is called for every event from the next one on that the driver comes
    /// by; to hear all of them, add it before the driver is polled. Any task may add and remove
    /// listeners at any time, and so may listeners.
    ///
    /// Listeners hear what the stream [`Events`](crate::Events) tells, each event just before it is
    /// put there, in the order in which they were added; so [`Event::Sent`](peer_core::Event::Sent)
    /// and [`Event::Writable`](peer_core::Event::Writable) do not appear here either. A stream that
    /// nobody takes from holds the listeners back as well: take the events, or
    /// [detach](crate::Events::detach) it. `on_disconnected` comes once and last; then the listeners are dropped. One that is added
    /// after the end is dropped at once.
    ///
    /// They run on the task of the driver (or of whoever drops it), one after the other, and must
    /// not block: while one runs the connection stands still. They may use any handle; of this
    /// connection, [`queue`](Self::queue) is the way to answer. A listener that holds a `Peer`
    /// keeps the connection open as any other holder does.
    ///
    /// A listener that panics is removed and dropped. The connection and the other listeners go
    /// on, and the panic is told by the panic hook and by [`has_listener`](Self::has_listener).
    /// (Not in a program that is built to abort on panic.)
    pub fn add_listener(&self, listener: impl MessageListener + Send + 'static) -> ListenerId {
        self.handle.shared.add_listener(Box::new(listener))
    }

    /// Removes a listener and drops it; whether it was there. It is not called any more, but a call
    /// that has begun on the driver's task ends in its own time (and the listener is dropped
    /// there): a listener may remove itself.
    pub fn remove_listener(&self, id: ListenerId) -> bool {
        self.handle.shared.remove_listener(id)
    }

    /// Whether a listener is still there: it was not removed, did not panic, and the connection has
    /// not ended.
    pub fn has_listener(&self, id: ListenerId) -> bool {
        self.handle.shared.has_listener(id)
    }

    /// The numbers as of the driver's last turn: a snapshot, never older than the last event
    /// taken or the last [`send`](Self::send), [`announce`](Self::announce) or other command whose
    /// outcome is known.
    pub fn stats(&self) -> Stats {
        self.handle.shared.stats()
    }

    /// What is known of the remote, from its `version` on; complete after
    /// [`Event::Negotiated`](peer_core::Event::Negotiated).
    pub fn remote(&self) -> Option<Arc<Remote>> {
        self.handle.shared.remote()
    }

    /// The link as the connection was made with: direction, purpose, address. Our own address changes
    /// once where the remote has to be dialled again, in v1.
    pub fn link(&self) -> Link {
        self.handle.shared.link()
    }

    /// Whether the connection is over, or our side is ending it: [`queue`](Self::queue) takes nothing more. The socket
    /// may still be flushed and closed, which [`closed`](Self::closed) waits for.
    pub fn is_closed(&self) -> bool {
        self.handle.shared.is_closed()
    }

    /// Waits until the driver has finished and the socket is closed; returns at once afterwards.
    /// Any number of tasks may wait.
    pub async fn closed(&self) -> Arc<Disconnected> {
        let shared = &*self.handle.shared;
        let mut place = Place::new(shared, Shared::stop_mourning);
        poll_fn(|cx| shared.poll_closed(cx, &mut place.id)).await
    }
}

/// What all clones have in common: the last of them to go says goodbye.
#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.leave(Farewell::Graceful);
    }
}

/// A place in a line, given back however the waiting ends.
struct Place<'a> {
    shared: &'a Shared,
    id: Option<u64>,
    leave: fn(&Shared, u64),
}

impl<'a> Place<'a> {
    fn new(shared: &'a Shared, leave: fn(&Shared, u64)) -> Self {
        Self {
            shared,
            id: None,
            leave,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            (self.leave)(self.shared, id);
        }
    }
}
