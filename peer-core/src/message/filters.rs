//! Compact block filters (BIP157): `getcfilters`, `cfilter`, `getcfheaders`, `cfheaders`, `getcfcheckpt`, `cfcheckpt`.
//!
//! Only the final form of the BIP is spoken. How wide a range of blocks a request may span is the serving node's rule,
//! since the codec cannot know the height of the stop hash.

use bytes::Bytes;

use super::Codec;
use super::codec::{Payload, fields};
use super::error::{EncodeErrorKind, check_count, check_size};
use crate::wire::{BlockHash, FieldError, FilterHash, FilterHeader, List, TxEncoding, Writer};

/// The payload of `getcfilters` and `getcfheaders`: a range of blocks whose filters, or their hashes, are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterRange {
    /// Type of filter; 0 is the basic one (BIP158).
    pub filter_type: u8,
    /// Height of the first block.
    pub start_height: u32,
    /// Hash of the last block. Nodes serve up to 1,000 filters (Core's `MAX_GETCFILTERS_SIZE`) and 2,000 hashes
    /// (`MAX_GETCFHEADERS_SIZE`) for a request.
    pub stop: BlockHash,
}

impl Payload for FilterRange {
    fn decode(payload: Bytes, _codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                filter_type: reader.u8("filter type")?,
                start_height: reader.u32("start height")?,
                stop: reader.array("stop hash").map(BlockHash::from_bytes)?,
            })
        })
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.u8(self.filter_type);
        out.u32(self.start_height);
        out.bytes(self.stop.as_bytes());
    }
}

/// The `cfilter` message: the filter of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CFilter {
    /// Type of filter; 0 is the basic one (BIP158).
    pub filter_type: u8,
    /// The block.
    pub block_hash: BlockHash,
    /// The filter as its type defines it.
    pub filter: Bytes,
}

impl Payload for CFilter {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                filter_type: reader.u8("filter type")?,
                block_hash: reader.array("block hash").map(BlockHash::from_bytes)?,
                filter: reader.var_bytes("filter", codec.limits.cfilter)?,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_size("filter", self.filter.len(), codec.limits.cfilter)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.u8(self.filter_type);
        out.bytes(self.block_hash.as_bytes());
        out.var_bytes(&self.filter);
    }
}

/// The `cfheaders` message: the filter hashes of a range of blocks, and the filter header before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CFHeaders {
    /// Type of filter; 0 is the basic one (BIP158).
    pub filter_type: u8,
    /// The last block of the range.
    pub stop: BlockHash,
    /// Filter header of the block before the first; all zeros before the genesis block.
    pub previous_header: FilterHeader,
    /// Filter hash of each block of the range.
    pub filter_hashes: List<FilterHash>,
}

impl Payload for CFHeaders {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                filter_type: reader.u8("filter type")?,
                stop: reader.array("stop hash").map(BlockHash::from_bytes)?,
                previous_header: reader
                    .array("previous filter header")
                    .map(FilterHeader::from_bytes)?,
                filter_hashes: reader.list("filter hashes", codec.limits.cfheaders)?,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        let count = self.filter_hashes.len();
        check_count("filter hashes", count, codec.limits.cfheaders)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.u8(self.filter_type);
        out.bytes(self.stop.as_bytes());
        out.bytes(self.previous_header.as_bytes());
        out.list(&self.filter_hashes);
    }
}

/// The `getcfcheckpt` message: asks for the filter header of every thousandth block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetCFCheckpt {
    /// Type of filter; 0 is the basic one (BIP158).
    pub filter_type: u8,
    /// The block up to which headers are wanted.
    pub stop: BlockHash,
}

impl Payload for GetCFCheckpt {
    fn decode(payload: Bytes, _codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                filter_type: reader.u8("filter type")?,
                stop: reader.array("stop hash").map(BlockHash::from_bytes)?,
            })
        })
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.u8(self.filter_type);
        out.bytes(self.stop.as_bytes());
    }
}

/// The `cfcheckpt` message: the filter header of every thousandth block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CFCheckpt {
    /// Type of filter; 0 is the basic one (BIP158).
    pub filter_type: u8,
    /// The block up to which headers were asked for.
    pub stop: BlockHash,
    /// Filter headers of the blocks at heights 1,000, 2,000 and so on.
    pub filter_headers: List<FilterHeader>,
}

impl Payload for CFCheckpt {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                filter_type: reader.u8("filter type")?,
                stop: reader.array("stop hash").map(BlockHash::from_bytes)?,
                filter_headers: reader.list("filter headers", codec.limits.cfcheckpt)?,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        let count = self.filter_headers.len();
        check_count("filter headers", count, codec.limits.cfcheckpt)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.u8(self.filter_type);
        out.bytes(self.stop.as_bytes());
        out.list(&self.filter_headers);
    }
}
