//! Messages between `version` and `verack` that have a payload: `sendtxrcncl` (BIP330) and `feature` (BIP434).
//!
//! Their time has passed once `verack` came; that rule is enforced by whoever keeps the state.

use bytes::Bytes;

use super::codec::{Payload, fields};
use super::error::{EncodeErrorKind, check_size};
use super::{Codec, Text};
use crate::wire::{DecodeErrorKind, FieldError, TxEncoding, Writer};

/// The `sendtxrcncl` message: offers transaction reconciliation (BIP330).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendTxRcncl {
    /// Highest version of the protocol that the sender speaks; 1 is the first.
    pub version: u32,
    /// The sender's half of the salt for short transaction ids.
    pub salt: u64,
}

impl Payload for SendTxRcncl {
    fn decode(payload: Bytes, _codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                version: reader.u32("version")?,
                salt: reader.u64("salt")?,
            })
        })
    }

    fn check(&self, _codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        match self.version {
            0 => Err(EncodeErrorKind::InvalidValue { field: "version" }),
            _ => Ok(()),
        }
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.u32(self.version);
        out.u64(self.salt);
    }
}

/// The `feature` message: names one optional feature that the sender speaks (BIP434).
///
/// A feature that nobody knows is ignored; a message that is not exactly of this shape is an error, including bytes
/// after its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Identifier, 4 to 80 bytes, printable ASCII in good style.
    pub id: Text,
    /// Whatever the feature defines, up to 512 bytes.
    pub data: Bytes,
}

impl Payload for Feature {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            let limits = codec.limits;
            let id = reader.var_bytes("feature id", limits.feature_id)?;
            if id.len() < limits.feature_id_min {
                return Err(FieldError::new(
                    "feature id",
                    DecodeErrorKind::SizeBelowMinimum {
                        size: id.len() as u64,
                        minimum: limits.feature_id_min as u32,
                    },
                ));
            }
            let data = reader.var_bytes("feature data", limits.feature_data)?;
            if !reader.is_empty() {
                let count = reader.remaining() as u32;
                let kind = DecodeErrorKind::TrailingBytes { count };
                return Err(FieldError::new("feature data", kind));
            }
            Ok(Self {
                id: Text::from(id),
                data,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        let limits = codec.limits;
        let printable = |byte: &u8| matches!(byte, 0x20..=0x7e);
        if self.id.len() < limits.feature_id_min || !self.id.as_bytes().iter().all(printable) {
            return Err(EncodeErrorKind::InvalidValue {
                field: "feature id",
            });
        }
        check_size("feature id", self.id.len(), limits.feature_id)?;
        check_size("feature data", self.data.len(), limits.feature_data)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.var_bytes(self.id.as_bytes());
        out.var_bytes(&self.data);
    }
}
