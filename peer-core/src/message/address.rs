//! `addr` and `addrv2`: where other nodes can be reached.

use bytes::Bytes;

use super::Codec;
use super::codec::Payload;
use super::error::{EncodeErrorKind, check_count, check_version};
use crate::wire::{AddrList, AddrV2List, FieldError, TxEncoding, Writer};

impl Payload for AddrList {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        let timed = codec.has(codec.network.gates.addr_time);
        Self::cut(payload, codec.limits.addr, timed)
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        let gates = &codec.network.gates;
        if self.is_timed() != codec.has(gates.addr_time) {
            return Err(EncodeErrorKind::OtherLayout { field: "addresses" });
        }
        if self.len() > 1 {
            check_version(gates.multiple_addr, codec.version)?;
        }
        check_count("addresses", self.len(), codec.limits.addr)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.bytes(self.as_encoded());
    }

    fn shared(&self, _encoding: TxEncoding) -> Option<Bytes> {
        Some(self.as_encoded().clone())
    }
}

impl Payload for AddrV2List {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        Self::cut(payload, codec.limits.addr)
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_count("addresses", self.len(), codec.limits.addr)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.bytes(self.as_encoded());
    }

    fn shared(&self, _encoding: TxEncoding) -> Option<Bytes> {
        Some(self.as_encoded().clone())
    }
}
