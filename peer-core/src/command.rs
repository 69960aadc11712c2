//! The application's wishes as data: what adapters send through channels and logs record.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::announcement::{Announced, Announcement};
use crate::encoded::EncodedMessage;
use crate::error::Outgoing;
use crate::message::{InvVect, Locator, Message, MessageKind, Reject};
use crate::transport::outbox::Ticket;
use crate::wire::{AddrEntry, BlockHash, TxEncoding};

/// One imperative of [`PeerMachine`](crate::PeerMachine).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// [`send`](crate::PeerMachine::send), with an encoding, or encoded already.
    Send(Outgoing),
    /// [`push_addr`](crate::PeerMachine::push_addr).
    PushAddr(Vec<AddrEntry>),
    /// [`push_addrv2`](crate::PeerMachine::push_addrv2).
    PushAddrV2(Vec<AddrEntry>),
    /// [`answer_getaddr`](crate::PeerMachine::answer_getaddr).
    AnswerGetAddr(Vec<AddrEntry>),
    /// [`push_getblocks`](crate::PeerMachine::push_getblocks).
    PushGetBlocks(Box<Locator>),
    /// [`push_getheaders`](crate::PeerMachine::push_getheaders).
    PushGetHeaders(Box<Locator>),
    /// [`push_reject`](crate::PeerMachine::push_reject).
    PushReject(Box<Reject>),
    /// [`accept_version`](crate::PeerMachine::accept_version).
    AcceptVersion,
    /// [`refuse_version`](crate::PeerMachine::refuse_version).
    RefuseVersion(Option<Box<Reject>>),
    /// [`admit_v2`](crate::PeerMachine::admit_v2).
    AdmitV2,
    /// [`refuse_v2`](crate::PeerMachine::refuse_v2).
    RefuseV2,
    /// [`send_decoy`](crate::PeerMachine::send_decoy), with so many bytes of contents.
    SendDecoy(u32),
    /// [`disconnect`](crate::PeerMachine::disconnect).
    Disconnect,
    /// [`abort`](crate::PeerMachine::abort).
    Abort,
    /// [`announce`](crate::PeerMachine::announce).
    Announce(Announcement),
    /// [`add_known_inventory`](crate::PeerMachine::add_known_inventory).
    AddKnownInventory(InvVect),
    /// [`update_last_block_height`](crate::PeerMachine::update_last_block_height).
    UpdateLastBlockHeight(i32),
    /// [`update_last_announced_block`](crate::PeerMachine::update_last_announced_block).
    UpdateLastAnnouncedBlock(BlockHash),
}

/// What a [`Command`] led to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing is to be waited for.
    Done,
    /// A message was queued.
    Queued(Ticket),
    /// What became of an announcement.
    Announced(Announced),
    /// Addresses were chosen, and queued if there were any.
    Addresses(Pushed),
    /// Nothing was queued: the question is being answered already, or the remote does not know the message.
    Suppressed,
}

/// Which addresses went to the remote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pushed {
    /// Exactly those that were queued, in their order. Empty if nothing was.
    pub sent: Vec<AddrEntry>,
    /// The ticket of the message; `None` if nothing was queued.
    pub ticket: Option<Ticket>,
}

impl Outcome {
    /// The ticket of the message that was queued, if one was.
    pub fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Queued(ticket) => Some(*ticket),
            Self::Addresses(pushed) => pushed.ticket,
            Self::Done | Self::Suppressed | Self::Announced(_) => None,
        }
    }

    /// Of a message that is left out where it would be pointless.
    pub(crate) fn of(ticket: Option<Ticket>) -> Self {
        ticket.map_or(Self::Suppressed, Self::Queued)
    }
}

impl From<Message> for Outgoing {
    /// With all that transactions and blocks have.
    fn from(message: Message) -> Self {
        Self::Message(message, TxEncoding::Full)
    }
}

impl From<EncodedMessage> for Outgoing {
    fn from(message: EncodedMessage) -> Self {
        Self::Encoded(message)
    }
}

impl From<Announcement> for Command {
    /// Announces it.
    fn from(announcement: Announcement) -> Self {
        Self::Announce(announcement)
    }
}

impl From<Outgoing> for Command {
    /// Sends it.
    fn from(message: Outgoing) -> Self {
        Self::Send(message)
    }
}

impl From<Message> for Command {
    /// Sends it, with witness.
    fn from(message: Message) -> Self {
        Self::Send(message.into())
    }
}

impl From<EncodedMessage> for Command {
    /// Sends it.
    fn from(message: EncodedMessage) -> Self {
        Self::Send(message.into())
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
