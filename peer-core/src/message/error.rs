//! Why a payload could not be decoded, and why a message may not be sent.

use thiserror::Error;

use super::{CommandName, MessageKind};
use crate::network::NEVER;
use crate::wire::{DecodeErrorKind, FieldError};

/// A payload is not what its command says.
///
/// The connection can go on: the frame boundary is known whatever the payload holds. Whether it should is the
/// caller's policy, for which [`is_limit`](Self::is_limit) is the usual dividing line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{message}: {field}: {kind}")]
pub struct DecodeError {
    /// The message. Unknown commands are never malformed, so it is always a known one.
    pub message: MessageKind,
    /// The field that broke.
    pub field: &'static str,
    /// How it broke.
    pub kind: DecodeErrorKind,
}

impl DecodeError {
    pub(super) const fn new(message: MessageKind, error: FieldError) -> Self {
        Self {
            message,
            field: error.field,
            kind: error.kind,
        }
    }

    /// Whether a count limit was broken, for which Bitcoin Core disconnects, rather than the layout, for which it
    /// drops the message.
    #[must_use]
    pub const fn is_limit(&self) -> bool {
        self.kind.is_limit()
    }
}

/// A message may not be sent as it is, on this network or to this peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{command}: {kind}")]
pub struct EncodeError {
    /// The message.
    pub command: CommandName,
    /// What stands against it.
    pub kind: EncodeErrorKind,
}

/// What can stand against sending a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// The peer's protocol version does not have the message or the field.
    #[error("needs protocol version {required}, the connection has {negotiated}")]
    VersionTooLow {
        /// First version that has it.
        required: u32,
        /// Version of the connection.
        negotiated: u32,
    },
    /// The version no longer has the message. Only `alert` has a last version.
    #[error("gone since protocol version {last}, the connection has {negotiated}")]
    VersionTooHigh {
        /// Last version that has it.
        last: u32,
        /// Version of the connection.
        negotiated: u32,
    },
    /// No version of the network has the message.
    #[error("not a message of this network")]
    NotOnNetwork,
    /// More items than the message may carry.
    #[error("{field}: {count} items are above the limit of {limit}")]
    CountAboveLimit {
        /// Name of the list.
        field: &'static str,
        /// How many there are.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// More bytes than a field or the whole payload may have.
    #[error("{field}: {size} bytes are above the limit of {limit}")]
    SizeAboveLimit {
        /// Name of the field, or `payload`.
        field: &'static str,
        /// How many there are, in bytes.
        size: usize,
        /// How many are allowed, in bytes.
        limit: usize,
    },
    /// A field has a value that must not be sent.
    #[error("{field}: not a value that may be sent")]
    InvalidValue {
        /// Name of the field.
        field: &'static str,
    },
    /// A view was made for a network, or a version, that lays it out differently.
    #[error("{field}: laid out for another network or version")]
    OtherLayout {
        /// Name of the field.
        field: &'static str,
    },
}

/// `Ok` if `count` items fit the limit on `field`.
pub(super) fn check_count(
    field: &'static str,
    count: usize,
    limit: usize,
) -> Result<(), EncodeErrorKind> {
    if count <= limit {
        Ok(())
    } else {
        Err(EncodeErrorKind::CountAboveLimit {
            field,
            count,
            limit,
        })
    }
}

/// `Ok` if `size` bytes fit the limit on `field`.
pub(super) fn check_size(
    field: &'static str,
    size: usize,
    limit: usize,
) -> Result<(), EncodeErrorKind> {
    if size <= limit {
        Ok(())
    } else {
        Err(EncodeErrorKind::SizeAboveLimit { field, size, limit })
    }
}

/// `Ok` if `negotiated` has what begins at `required`.
pub(super) fn check_version(required: u32, negotiated: u32) -> Result<(), EncodeErrorKind> {
    if required == NEVER {
        Err(EncodeErrorKind::NotOnNetwork)
    } else if negotiated >= required {
        Ok(())
    } else {
        Err(EncodeErrorKind::VersionTooLow {
            required,
            negotiated,
        })
    }
}
