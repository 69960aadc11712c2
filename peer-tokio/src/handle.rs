//! [`Peer`]: the application's hand on a connection. It holds no machine and no socket.

use std::future::poll_fn;
use std::sync::Arc;

use peer_core::message::Reject;
use peer_core::{Command, Link, Outgoing, Remote, Stats};

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
    /// Transactions, and blocks, leave with witness data where they have any (BIP144). A remote
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
        let shared = &*self.handle.shared;
        let mut message = Some(message.into());
        let mut place = Place::new(shared, Shared::leave_line);
        let promise = poll_fn(|cx| shared.poll_request(cx, &mut place.id, &mut message))
            .await
            .map_err(SendError::Disconnected)?;
        drop(place);
        poll_fn(|cx| promise.poll(cx)).await
    }

    /// Queues a message without waiting; nobody hears of its fate. A message that cannot go to
    /// this remote is dropped ([`send`](Self::send) would tell why).
    ///
    /// # Errors
    /// [`QueueError`] with the message, if the queue is full or the connection closed. The queue
    /// holds 64 messages or 1 MiB beyond what waits in the machine
    /// ([`Limits::send_high`](peer_core::Limits)); one message may overshoot.
    pub fn queue(&self, message: impl Into<Outgoing>) -> Result<(), QueueError> {
        self.handle.shared.try_request(message.into())
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

    /// The numbers as of the driver's last turn: a snapshot, never older than the last event
    /// taken.
    pub fn stats(&self) -> Stats {
        self.handle.shared.stats()
    }

    /// What is known of the remote, from its `version` on; complete after
    /// [`Event::Negotiated`](peer_core::Event::Negotiated).
    pub fn remote(&self) -> Option<Arc<Remote>> {
        self.handle.shared.remote()
    }

    /// The link as the connection was made with: direction, purpose, address.
    pub fn link(&self) -> &Link {
        self.handle.shared.link()
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
