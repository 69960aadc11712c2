//! One message on its way to becoming a frame, and what is left of it afterwards.

use bytes::Bytes;

#[cfg(feature = "_bip324")]
use super::Head;
use super::outbox::Ticket;
use crate::message::{CommandName, Message, MessageKind};

/// Longest payload kept inside a parcel instead of in an allocation of its own.
const INLINE_PAYLOAD: usize = 30;

/// A payload on its way out.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    Inline {
        len: u8,
        bytes: [u8; INLINE_PAYLOAD],
    },
    Shared(Bytes),
}

impl Payload {
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Shared(bytes) => bytes,
        }
    }

    /// Copies `payload` if it is small, else takes a reference to it.
    pub(crate) fn new(payload: Bytes) -> Self {
        Self::inline(&payload).unwrap_or(Self::Shared(payload))
    }

    pub(super) fn into_bytes(self) -> Bytes {
        match self {
            Self::Shared(bytes) => bytes,
            small => Bytes::copy_from_slice(small.as_slice()),
        }
    }

    /// A small payload, copied; `None` if it is too long for that.
    pub(crate) fn inline(payload: &[u8]) -> Option<Self> {
        let mut bytes = [0; INLINE_PAYLOAD];
        bytes.get_mut(..payload.len())?.copy_from_slice(payload);
        Some(Self::Inline {
            len: u8::try_from(payload.len()).ok()?,
            bytes,
        })
    }
}

/// One message in a lane.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// `None` for a message that is not in the table.
    pub(crate) kind: Option<MessageKind>,
    pub(crate) command: CommandName,
    pub(crate) payload: Payload,
    /// The v1 checksum where it is known already (encoded once, sent to many).
    pub(crate) checksum: Option<[u8; 4]>,
    /// The application's claim to hear when this has left.
    pub(crate) ticket: Option<Ticket>,
    /// Given back when this has left, to whoever queued it (a ping's nonce); zero for nothing.
    pub(crate) token: u64,
    /// Queued because of something the remote sent (a pong): counts against the reply limit.
    pub(crate) provoked: bool,
    /// To be ignored by the remote, whatever is in it (v2).
    pub(crate) is_decoy: bool,
}

impl Parcel {
    /// A message as it is encoded, for nobody in particular.
    pub(crate) fn new(message: &Message, payload: Bytes) -> Self {
        Self {
            kind: message.kind(),
            command: message.command(),
            payload: Payload::new(payload),
            checksum: None,
            ticket: None,
            token: 0,
            provoked: false,
            is_decoy: false,
        }
    }

    /// A packet that says nothing, with `payload` in it.
    pub(crate) fn decoy(payload: Bytes, ticket: Ticket) -> Self {
        Self {
            kind: None,
            command: CommandName::EMPTY,
            payload: Payload::new(payload),
            checksum: None,
            ticket: Some(ticket),
            token: 0,
            provoked: false,
            is_decoy: true,
        }
    }

    /// What stands before the payload in a v2 packet.
    #[cfg(feature = "_bip324")]
    pub(crate) fn message_type(&self) -> Head {
        if self.is_decoy {
            return Head::new(&[]);
        }
        super::v2::type_of(self.kind, &self.command)
    }
}

/// A frame whose last byte the socket has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Departed {
    pub(crate) kind: Option<MessageKind>,
    pub(crate) ticket: Option<Ticket>,
    pub(crate) token: u64,
    pub(super) provoked: bool,
    /// Bytes it took on the wire.
    pub(crate) wire_len: usize,
}

/// A frame as it was staged.
#[derive(Clone, Debug)]
pub(crate) struct Tapped {
    pub(crate) command: CommandName,
    pub(crate) header: Bytes,
    pub(crate) payload: Bytes,
}
