//! Frames: bytes to `(command, payload)` and back. No message meaning lives here.
//!
//! - [`landing`]: where received bytes come down and become frames;
//! - [`outbox`]: what waits to be sent, in order, and the slices lent to the socket;
//! - [`v1`]: the classic frame with magic and checksum.

pub(crate) mod landing;
pub(crate) mod outbox;
pub(crate) mod staging;
pub(crate) mod v1;

use bytes::Bytes;

use crate::message::CommandName;

pub use self::staging::Outbound;

/// A frame that cannot be: the stream is lost from here on, so the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The four magic bytes are those of another network, or of another protocol altogether.
    #[error("magic {got:02x?} (as text: {}) instead of {expected:02x?}", got.escape_ascii())]
    WrongMagic {
        /// The bytes received.
        got: [u8; 4],
        /// The bytes of our network.
        expected: [u8; 4],
    },
    /// The header claims more payload than is accepted at this point of the connection.
    #[error(
        "{}: payload of {length} bytes, at most {limit} are accepted",
        printable(command)
    )]
    PayloadTooLarge {
        /// The command in the header, not validated.
        command: [u8; 12],
        /// The length in the header.
        length: u32,
        /// The limit it breaks.
        limit: u32,
    },
}

impl FrameError {
    /// The command in the header, if it got that far and has one.
    pub fn command(&self) -> Option<CommandName> {
        match self {
            Self::WrongMagic { .. } => None,
            Self::PayloadTooLarge { command, .. } => CommandName::from_bytes(*command).ok(),
        }
    }
}

/// A command as text, whatever bytes it has.
fn printable(command: &[u8; 12]) -> core::slice::EscapeAscii<'_> {
    let len = command
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last.saturating_add(1));
    command.get(..len).unwrap_or_default().escape_ascii()
}

/// One complete frame.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The command field, not validated.
    pub(crate) command: [u8; 12],
    /// The payload, an allocation of its own.
    pub(crate) payload: Bytes,
    /// Bytes the frame took on the wire, header included.
    pub(crate) wire_len: u32,
    /// Whether the checksum in the header is that of the payload.
    pub(crate) intact: bool,
    /// The header as it stood on the wire.
    pub(crate) header: [u8; v1::HEADER_LEN],
}

/// What opening the next frame gave.
#[derive(Debug)]
pub(crate) enum Opened {
    /// No complete frame has landed.
    Nothing,
    /// A frame.
    Frame(Frame),
    /// A header whose payload is being discarded as it arrives.
    Skipping {
        /// The command field, not validated.
        command: [u8; 12],
    },
}
