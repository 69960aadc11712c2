//! `filterload` and `filteradd`: bloom filters for transactions (BIP37).

use bytes::Bytes;

use super::Codec;
use super::codec::{Payload, fields};
use super::error::{EncodeErrorKind, check_count, check_size};
use crate::wire::{DecodeErrorKind, FieldError, TxEncoding, Writer};

/// The `filterload` message: sets the filter of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterLoad {
    /// The bits, first bit in the lowest of the first byte; at most 36,000 bytes.
    pub filter: Bytes,
    /// Number of hash functions, at most 50.
    pub hash_funcs: u32,
    /// Added to the seed of each hash function.
    pub tweak: u32,
    /// What the serving node adds to the filter when it matches.
    pub update: BloomUpdate,
}

/// What a node adds to a filter after a match (`nFlags` of BIP37), as the byte it is on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BloomUpdate(pub u8);

impl BloomUpdate {
    /// Nothing (Core's `BLOOM_UPDATE_NONE`).
    pub const NONE: Self = Self(0);
    /// Every matched output (Core's `BLOOM_UPDATE_ALL`).
    pub const ALL: Self = Self(1);
    /// Matched outputs that pay to a key or to bare multisig (Core's `BLOOM_UPDATE_P2PUBKEY_ONLY`).
    pub const P2PUBKEY_ONLY: Self = Self(2);
}

impl Payload for FilterLoad {
    /// Sizes are reported as broken count limits because Core treats them so: it disconnects.
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            let length = reader.count("filter", codec.limits.filter)?;
            let filter = reader.bytes("filter", length)?;
            let hash_funcs = reader.u32("hash functions")?;
            let limit = codec.limits.filter_hash_funcs;
            if hash_funcs > limit {
                let count = u64::from(hash_funcs);
                return Err(FieldError::new(
                    "hash functions",
                    DecodeErrorKind::CountAboveLimit { count, limit },
                ));
            }
            Ok(Self {
                filter,
                hash_funcs,
                tweak: reader.u32("tweak")?,
                update: BloomUpdate(reader.u8("flags")?),
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_size("filter", self.filter.len(), codec.limits.filter)?;
        check_count(
            "hash functions",
            self.hash_funcs as usize,
            codec.limits.filter_hash_funcs as usize,
        )
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.var_bytes(&self.filter);
        out.u32(self.hash_funcs);
        out.u32(self.tweak);
        out.u8(self.update.0);
    }
}

/// The `filteradd` message: adds one element to the filter of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterAdd {
    /// The element, at most 520 bytes.
    pub data: Bytes,
}

impl Payload for FilterAdd {
    /// As for [`FilterLoad`], an element that is too long is a broken limit.
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            let length = reader.count("data", codec.limits.filter_add)?;
            Ok(Self {
                data: reader.bytes("data", length)?,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_size("data", self.data.len(), codec.limits.filter_add)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.var_bytes(&self.data);
    }
}
