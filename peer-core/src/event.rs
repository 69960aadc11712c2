//! What the machine tells the application. Events are owned and small.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use bytes::Bytes;
use core::fmt;

use crate::error::{DisconnectReason, SendError};
use crate::message::{CommandName, Message, VersionMessage};
use crate::misbehavior::Misbehavior;
use crate::request::Unanswered;
use crate::transport::outbox::Ticket;

/// What happened, in the order in which it happened on the wire.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A remote that dialled us begins a v2 handshake: the machine waits for
    /// [`admit_v2`](crate::PeerMachine::admit_v2) or
    /// [`refuse_v2`](crate::PeerMachine::refuse_v2), within the negotiation timeout. Only with
    /// [`V2Options::admission`](crate::V2Options).
    V2Admission,
    /// The remote's `version` arrived. With [`Config::review_version`](crate::Config) the machine
    /// now waits for `accept_version` or `refuse_version`; otherwise it has answered already.
    Version(Box<VersionMessage>),
    /// Both `verack`s are exchanged: the connection is up. See
    /// [`PeerMachine::remote`](crate::PeerMachine::remote) for what was negotiated.
    Negotiated,
    /// A message of the remote. `version` and `verack` are told by the two events above; pings are
    /// answered already; everything else that the policy does not drop arrives here. Unknown
    /// commands may come before either of the two, and what belongs to the handshake
    /// (`wtxidrelay`, `sendaddrv2` ...) between them.
    Message {
        /// The message. Of an `addr` or `addrv2` there may be fewer entries than came: see
        /// [`Config::addr_rate_limit`](crate::Config).
        message: Message,
        /// Bytes its frame took on the wire.
        wire_len: u32,
    },
    /// Everything up to this ticket has been taken by the socket. A watermark: it speaks for all
    /// earlier tickets, and several may be folded into one event.
    Sent {
        /// The last ticket of which every byte has left.
        through: Ticket,
    },
    /// A message that was accepted before the handshake ended turned out to be impossible for the
    /// version negotiated; it was not and will not be sent.
    Unsent {
        /// The ticket it had.
        ticket: Ticket,
        /// Why.
        error: Box<SendError>,
    },
    /// After a [`SendError::Full`](crate::SendError::Full): there is room again.
    Writable,
    /// The remote broke a rule. Each act is told once: one that is forgiven when it happens
    /// (pointless ones once a minute and kind), one that ends the connection right before
    /// [`Event::Disconnected`], after what was flushed.
    Misbehavior(Box<Misbehavior>),
    /// A request was not answered in time, and the policy forgives it: see
    /// [`RequestKind::silence_is_legal`](crate::RequestKind). It is not waited for any longer.
    Unanswered(Box<Unanswered>),
    /// A frame was received, raw; comes before the event it leads to. Only with
    /// [`Config::raw_events`](crate::Config).
    Read(Box<RawFrame>),
    /// A frame was handed to the socket's window, raw. Only with
    /// [`Config::raw_events`](crate::Config).
    Wrote(Box<RawFrame>),
    /// The connection ended; comes exactly once and last.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
        /// The last ticket of which every byte was taken by the socket; later ones were not sent.
        sent_through: Option<Ticket>,
    },
}

/// Events that wait to be polled. Almost always there is one at most, which needs no heap.
#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    first: Option<Event>,
    /// Empty while `first` is.
    rest: VecDeque<Event>,
}

impl EventQueue {
    pub(crate) fn push_back(&mut self, event: Event) {
        match self.first {
            None => self.first = Some(event),
            Some(_) => self.rest.push_back(event),
        }
    }

    pub(crate) fn pop_front(&mut self) -> Option<Event> {
        let event = self.first.take()?;
        self.first = self.rest.pop_front();
        if self.rest.is_empty() {
            self.rest = VecDeque::new();
        }
        Some(event)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()).saturating_add(self.rest.len())
    }

    /// Bytes on the heap.
    pub(crate) fn held(&self) -> usize {
        self.rest.capacity().saturating_mul(size_of::<Event>())
    }
}

/// One frame as it stands on the wire.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawFrame {
    /// The command; `None` if its bytes are no name, or a short id (v2) that we do not know.
    pub command: Option<CommandName>,
    /// What stands before the payload: the 24 bytes of a v1 header, or the type of a v2 message in
    /// the clear, 1 byte or 13.
    pub header: Bytes,
    /// The payload.
    pub payload: Bytes,
}

impl fmt::Debug for RawFrame {
    /// Names the payload by its length: it can have megabytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawFrame")
            .field("command", &self.command)
            .field("payload_len", &self.payload.len())
            .finish_non_exhaustive()
    }
}
