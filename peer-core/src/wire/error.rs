//! What can be wrong with bytes: a [`FieldError`] names the field and the [`DecodeErrorKind`] says how it broke.
//!
//! The layer above adds which message it was. Nothing here decides what happens to the peer.

use thiserror::Error;

/// A field of an object could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field}: {kind}")]
pub struct FieldError {
    /// Name of the field, as the documentation of its type calls it.
    pub field: &'static str,
    /// What was wrong with it.
    pub kind: DecodeErrorKind,
}

impl FieldError {
    /// An error of `kind` in `field`.
    #[must_use]
    pub const fn new(field: &'static str, kind: DecodeErrorKind) -> Self {
        Self { field, kind }
    }
}

/// The ways in which bytes can fail to be what they should be.
///
/// Sizes are in bytes. They saturate at `u32::MAX`, far above the largest payload of any network, which keeps the
/// error small enough to be passed around by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The payload ends before the field does.
    #[error("needs {needed} bytes, {remaining} remain")]
    UnexpectedEnd {
        /// Bytes that the field takes.
        needed: u32,
        /// Bytes that are left.
        remaining: u32,
    },
    /// A compact size is not in its shortest form.
    #[error("compact size of {value} is not in its shortest form")]
    NonCanonicalSize {
        /// The value that it encodes.
        value: u64,
    },
    /// A count of items is above its limit.
    #[error("count {count} is above the limit of {limit}")]
    CountAboveLimit {
        /// The count as claimed.
        count: u64,
        /// The most that is allowed.
        limit: u32,
    },
    /// A length in bytes is above its limit.
    #[error("{size} bytes are above the limit of {limit}")]
    SizeAboveLimit {
        /// The length as claimed, in bytes.
        size: u64,
        /// The most that is allowed, in bytes.
        limit: u32,
    },
    /// A length in bytes is below its minimum.
    #[error("{size} bytes are below the minimum of {minimum}")]
    SizeBelowMinimum {
        /// The length as claimed, in bytes.
        size: u64,
        /// The least that is allowed, in bytes.
        minimum: u32,
    },
    /// A value that the field cannot have.
    #[error("value {value:#x} is not valid here")]
    InvalidValue {
        /// The value, zero-extended.
        value: u64,
    },
    /// A transaction carries the segregated witness flag but not one witness item (BIP144).
    #[error("witness flag without any witness")]
    SuperfluousWitness,
    /// Bytes are left after the last field of a message that allows none.
    #[error("{count} bytes after the end")]
    TrailingBytes {
        /// How many.
        count: u32,
    },
}

impl DecodeErrorKind {
    /// Whether a count limit was broken, which no honest peer does, as opposed to bytes that make no sense.
    ///
    /// Bitcoin Core disconnects for the former and drops the message for the latter.
    #[must_use]
    pub const fn is_limit(&self) -> bool {
        matches!(self, Self::CountAboveLimit { .. })
    }
}

/// A size as it is kept in an error.
pub(crate) fn saturate(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
