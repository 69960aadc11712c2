//! What our own side asked for and cannot have.

use crate::message::{CommandName, EncodeError, Message};

/// Why a message was not queued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// More than [`Limits::send_high`](crate::Limits) waits already. The message comes back;
    /// [`Event::Writable`](crate::Event::Writable) says when to try again.
    #[error("the send queue is full")]
    Full(Outgoing),
    /// The connection is closed or closing.
    #[error("the connection is closed")]
    Closed,
    /// What is to be sent depends on what was negotiated, and the handshake is not complete yet.
    #[error("the handshake is not complete yet")]
    NotNegotiated,
    /// The message cannot be encoded for this network and version.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The machine speaks this message itself (`version`, `verack` and what belongs to the
    /// handshake).
    #[error("{command} belongs to the handshake, which the machine conducts itself")]
    Reserved {
        /// The message.
        command: CommandName,
    },
    /// The connection's purpose forbids it.
    #[error("{command} is not sent on this kind of connection")]
    Purpose {
        /// The message.
        command: CommandName,
    },
    /// The payload is longer than a v2 packet can be. Only on networks that allow more than 16 MB.
    #[error("a payload of {length} bytes, a packet takes at most {limit}")]
    TooLongForPacket {
        /// Bytes of payload.
        length: usize,
        /// How many fit.
        limit: usize,
    },
    /// There are no decoys in v1, and none before the handshake of v2 is complete.
    #[error("decoys need the v2 transport")]
    DecoyWithoutV2,
    /// The send queue is full; decoys are not handed back.
    #[error("the send queue is full, the decoy is dropped")]
    DecoyDropped,
    /// An [`EncodedMessage`](crate::EncodedMessage) of another network.
    #[error("encoded for another network")]
    WrongNetwork,
    /// An [`EncodedMessage`](crate::EncodedMessage) whose layout this remote's version reads
    /// differently.
    #[error("encoded for protocol version {encoded}, negotiated is {negotiated}")]
    WrongVersion {
        /// The version it was encoded for.
        encoded: u32,
        /// The negotiated version.
        negotiated: u32,
    },
}

/// A message to be sent, in either form: what goes in, and what a full queue hands back.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// From `send`, with the encoding asked for.
    Message(Message, crate::wire::TxEncoding),
    /// From `send_encoded`.
    Encoded(crate::EncodedMessage),
}
