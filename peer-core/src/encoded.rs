//! A message encoded and checksummed once, to be queued to any number of peers.

use alloc::sync::Arc;
use bytes::Bytes;

use crate::config::Config;
use crate::error::SendError;
use crate::message::{Codec, EncodeError, Message, MessageKind};
use crate::transport::outbox::Parcel;
use crate::transport::v1;
use crate::wire::TxEncoding;

/// An encoded message. Cloning it, and queuing it, costs a reference count.
///
/// It is tied to the network it was encoded for, and to the protocol version where that changes
/// its layout: [`PeerMachine::send_encoded`](crate::PeerMachine::send_encoded) refuses it for
/// remotes that would read it differently.
#[derive(Clone, Debug)]
pub struct EncodedMessage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    message: Message,
    payload: Bytes,
    checksum: [u8; 4],
    magic: [u8; 4],
    version: u32,
}

impl EncodedMessage {
    /// Encodes `message` for the network and protocol version of `config`; transactions and
    /// blocks as `encoding` says.
    ///
    /// # Errors
    /// When the message breaks a limit or the version does not have it.
    pub fn new(
        message: Message,
        config: &Config,
        encoding: TxEncoding,
    ) -> Result<Self, EncodeError> {
        Self::for_version(message, config, config.protocol_version, encoding)
    }

    /// The same for remotes with which `version` was negotiated
    /// ([`Remote::protocol_version`](crate::Remote)): only a few old messages differ.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_version(
        message: Message,
        config: &Config,
        version: u32,
        encoding: TxEncoding,
    ) -> Result<Self, EncodeError> {
        let payload = message.payload(&config.codec(version), encoding)?;
        let checksum = v1::checksum(&payload);
        let magic = config.network.magic;
        Ok(Self(Arc::new(Inner {
            message,
            payload,
            checksum,
            magic,
            version,
        })))
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.0.message
    }

    /// What kind of message it is.
    pub fn kind(&self) -> Option<MessageKind> {
        self.0.message.kind()
    }

    /// The payload as it goes to the wire.
    pub fn payload(&self) -> &Bytes {
        &self.0.payload
    }

    /// What it is, and what it was encoded for: the magic and the protocol version.
    pub(crate) fn parts(&self) -> (&Message, [u8; 4], u32) {
        (&self.0.message, self.0.magic, self.0.version)
    }

    /// One that was encoded before.
    pub(crate) fn from_parts(
        message: Message,
        payload: Bytes,
        magic: [u8; 4],
        version: u32,
    ) -> Self {
        Self(Arc::new(Inner {
            checksum: v1::checksum(&payload),
            message,
            payload,
            magic,
            version,
        }))
    }

    pub(crate) fn parcel_for(&self, codec: &Codec<'_>) -> Result<Parcel, SendError> {
        let Inner {
            message,
            payload,
            checksum,
            magic,
            version,
        } = &*self.0;
        if *magic != codec.network.magic {
            return Err(SendError::WrongNetwork);
        }
        let (encoded, negotiated) = (*version, codec.version);
        if !reads_alike(message, codec, encoded) {
            return Err(SendError::WrongVersion {
                encoded,
                negotiated,
            });
        }
        Ok(Parcel {
            checksum: Some(*checksum),
            ..Parcel::new(message, payload.clone())
        })
    }
}

/// Whether a remote at the codec's version reads the bytes that were encoded for `encoded`.
fn reads_alike(message: &Message, codec: &Codec<'_>, encoded: u32) -> bool {
    let gates = &codec.network.gates;
    let same_side = |gate: u32| (encoded >= gate) == (codec.version >= gate);
    let layout = match message {
        Message::Addr(_) => same_side(gates.addr_time),
        Message::Ping(_) => same_side(gates.pong),
        _ => true,
    };
    layout
        && message
            .kind()
            .is_none_or(|kind| codec.has(kind.min_version(gates)))
}
