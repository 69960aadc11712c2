//! The application's wishes as data: what adapters send through channels and logs record.

use alloc::boxed::Box;

use crate::encoded::EncodedMessage;
use crate::error::Outgoing;
use crate::message::{Message, MessageKind, Reject};
use crate::transport::outbox::Ticket;
use crate::wire::TxEncoding;

/// One imperative of [`PeerMachine`](crate::PeerMachine).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// [`send`](crate::PeerMachine::send), with an encoding, or encoded already.
    Send(Outgoing),
    /// [`accept_version`](crate::PeerMachine::accept_version).
    AcceptVersion,
    /// [`refuse_version`](crate::PeerMachine::refuse_version).
    RefuseVersion(Option<Box<Reject>>),
    /// [`disconnect`](crate::PeerMachine::disconnect).
    Disconnect,
    /// [`abort`](crate::PeerMachine::abort).
    Abort,
}

/// What a [`Command`] led to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing is to be waited for.
    Done,
    /// A message was queued.
    Queued(Ticket),
}

impl Outcome {
    /// The ticket of the message that was queued, if one was.
    pub fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Queued(ticket) => Some(*ticket),
            Self::Done => None,
        }
    }
}

impl From<Message> for Outgoing {
    /// With witness.
    fn from(message: Message) -> Self {
        Self::Message(message, TxEncoding::Witness)
    }
}

impl From<EncodedMessage> for Outgoing {
    fn from(message: EncodedMessage) -> Self {
        Self::Encoded(message)
    }
}

impl Outgoing {
    /// What kind of message it is.
    pub fn kind(&self) -> Option<MessageKind> {
        match self {
            Self::Message(message, _) => message.kind(),
            Self::Encoded(encoded) => encoded.kind(),
        }
    }

    /// The message itself.
    pub fn message(&self) -> &Message {
        match self {
            Self::Message(message, _) => message,
            Self::Encoded(encoded) => encoded.message(),
        }
    }
}
