//! Messages that are no longer sent by current nodes but still arrive: `alert`, and `reject` (BIP61).
//!
//! `alert` has a last version ([`Gates::last_alert`](crate::network::Gates)), above which it is neither sent nor known.

use core::fmt;

use bytes::Bytes;

use super::codec::{Payload, fields};
use super::error::{EncodeErrorKind, check_size};
use super::{Codec, Text};
use crate::wire::{FieldError, Hash, TxEncoding, Writer};

/// The `alert` message, retired. Core sends one last, constant alert to peers of version 70012 and below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The signed alert, not taken apart.
    pub body: Bytes,
    /// Signature of the body, not checked: the key is public.
    pub signature: Bytes,
}

impl Payload for Alert {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                body: reader.var_bytes("body", codec.limits.alert)?,
                signature: reader.var_bytes("signature", codec.limits.alert)?,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        let (last, negotiated) = (codec.network.gates.last_alert, codec.version);
        if negotiated > last {
            return Err(EncodeErrorKind::VersionTooHigh { last, negotiated });
        }
        check_size("body", self.body.len(), codec.limits.alert)?;
        check_size("signature", self.signature.len(), codec.limits.alert)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.var_bytes(&self.body);
        out.var_bytes(&self.signature);
    }
}

/// The `reject` message: why a message of the receiver was refused (BIP61).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Command of the refused message, as the sender wrote it.
    pub message: Text,
    /// Why, for programs.
    pub code: RejectCode,
    /// Why, for people.
    pub reason: Text,
    /// The refused block or transaction. Present when 32 bytes follow, whatever the command.
    pub hash: Option<Hash>,
}

/// Reason for a `reject`, as the byte it is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RejectCode(pub u8);

impl RejectCode {
    /// The message could not be decoded.
    pub const MALFORMED: Self = Self(0x01);
    /// The object breaks a rule.
    pub const INVALID: Self = Self(0x10);
    /// The version is no longer spoken.
    pub const OBSOLETE: Self = Self(0x11);
    /// The message or object came before.
    pub const DUPLICATE: Self = Self(0x12);
    /// The transaction is not relayed.
    pub const NONSTANDARD: Self = Self(0x40);
    /// An output is too small.
    pub const DUST: Self = Self(0x41);
    /// The fee is too low.
    pub const INSUFFICIENT_FEE: Self = Self(0x42);
    /// The block is on a chain that does not meet a checkpoint.
    pub const CHECKPOINT: Self = Self(0x43);
}

/// The name that BIP61 gives the code, or the code in hexadecimal.
impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::MALFORMED => "malformed",
            Self::INVALID => "invalid",
            Self::OBSOLETE => "obsolete",
            Self::DUPLICATE => "duplicate",
            Self::NONSTANDARD => "nonstandard",
            Self::DUST => "dust",
            Self::INSUFFICIENT_FEE => "insufficientfee",
            Self::CHECKPOINT => "checkpoint",
            Self(code) => return write!(f, "{code:#04x}"),
        })
    }
}

impl Payload for Reject {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                message: Text::from(reader.var_bytes("message", codec.limits.reject_message)?),
                code: RejectCode(reader.u8("code")?),
                reason: Text::from(reader.var_bytes("reason", codec.limits.reject_reason)?),
                hash: if reader.remaining() >= 32 {
                    Some(reader.array("hash").map(Hash::from_bytes)?)
                } else {
                    None
                },
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_size("message", self.message.len(), codec.limits.reject_message)?;
        check_size("reason", self.reason.len(), codec.limits.reject_reason)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.var_bytes(self.message.as_bytes());
        out.u8(self.code.0);
        out.var_bytes(self.reason.as_bytes());
        if let Some(hash) = self.hash {
            out.bytes(hash.as_bytes());
        }
    }
}
