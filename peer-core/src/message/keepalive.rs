//! `ping` and `pong` (BIP31): is anyone there, and how far away.

use bytes::Bytes;

use super::Codec;
use super::codec::{Payload, fields};
use super::error::EncodeErrorKind;
use crate::wire::{FieldError, TxEncoding, Writer};

/// The `ping` message: asks for a `pong` with the same nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping {
    /// The nonce, or `None` in the empty `ping` of connections below BIP31's version, which nobody answers.
    pub nonce: Option<u64>,
}

impl Ping {
    /// A `ping` with `nonce`.
    #[must_use]
    pub const fn new(nonce: u64) -> Self {
        Self { nonce: Some(nonce) }
    }
}

impl Payload for Ping {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            let nonce = if codec.has(codec.network.gates.pong) {
                Some(reader.u64("nonce")?)
            } else {
                None
            };
            Ok(Self { nonce })
        })
    }

    /// The version alone decides whether there is a nonce; a message that disagrees is not silently changed.
    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        let required = codec.network.gates.pong;
        match (self.nonce, codec.has(required)) {
            (Some(_), true) | (None, false) => Ok(()),
            (None, true) => Err(EncodeErrorKind::InvalidValue { field: "nonce" }),
            (Some(_), false) => Err(EncodeErrorKind::VersionTooLow {
                required,
                negotiated: codec.version,
            }),
        }
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        if let Some(nonce) = self.nonce {
            out.u64(nonce);
        }
    }
}

/// The `pong` message: the answer to a `ping`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pong {
    /// The nonce of the `ping`.
    pub nonce: u64,
}

impl Payload for Pong {
    fn decode(payload: Bytes, _codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                nonce: reader.u64("nonce")?,
            })
        })
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.u64(self.nonce);
    }
}
