//! Compact block filters (BIP157): `getcfilters`, `cfilter`, `getcfheaders`, `cfheaders`, `getcfcheckpt`, `cfcheckpt`.
//!
//! How wide a range of blocks a request may span is the serving node's rule, since the codec cannot know the height of
//! the stop hash.
//!
//! # The drafts
//!
//! The final form of the BIP is spoken, unless [`Gates::draft_filters`](crate::network::Gates) is set. The drafts of
//! 2017, which the listeners of the NavCoin package `navd` come from, had `getcfilter`, `getcftypes` and `cftypes`
//! besides, and laid three messages out differently under the same names:
//!
//! | message | final | draft |
//! |---|---|---|
//! | `cfilter` | type, block hash, filter | block hash, type, filter |
//! | `getcfheaders` | type, start height, stop hash | block locator (hashes only), stop hash, type |
//! | `cfheaders` | type, stop hash, previous header, filter hashes | stop hash, type, filter hashes |
//!
//! Which of them is spoken is never guessed from the bytes.

use alloc::boxed::Box;

use bytes::Bytes;

use super::Codec;
use super::codec::{Payload, fields};
use super::error::{EncodeErrorKind, check_count, check_size};
use crate::network::NEVER;
use crate::wire::{
    BlockHash, FieldError, FilterHash, FilterHeader, List, Reader, TxEncoding, Writer,
};

/// The payload of `getcfilters`, and of `getcfheaders` in its final form: a range of blocks whose filters, or their
/// hashes, are wanted.
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

/// The payload of `getcfheaders`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GetCFHeaders {
    /// As BIP157 has it.
    Range(FilterRange),
    /// As its drafts had it.
    Draft(Box<DraftLocator>),
}

impl GetCFHeaders {
    /// Type of filter.
    #[must_use]
    pub fn filter_type(&self) -> u8 {
        match self {
            Self::Range(range) => range.filter_type,
            Self::Draft(ask) => ask.filter_type,
        }
    }

    /// Hash of the last block.
    #[must_use]
    pub fn stop(&self) -> BlockHash {
        match self {
            Self::Range(range) => range.stop,
            Self::Draft(ask) => ask.stop,
        }
    }
}

impl Payload for GetCFHeaders {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        if !is_draft(codec) {
            let (range, trailing) = FilterRange::decode(payload, codec)?;
            return Ok((Self::Range(range), trailing));
        }
        fields(&payload, |reader| {
            Ok(Self::Draft(Box::new(DraftLocator {
                hashes: reader.list("locator", codec.limits.draft_cf_locator)?,
                stop: reader.array("stop hash").map(BlockHash::from_bytes)?,
                filter_type: reader.u8("filter type")?,
            })))
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        match self {
            Self::Range(_) => check_draft("getcfheaders", false, codec),
            Self::Draft(ask) => {
                check_draft("getcfheaders", true, codec)?;
                check_count("locator", ask.hashes.len(), codec.limits.draft_cf_locator)
            }
        }
    }

    fn encode(&self, codec: &Codec<'_>, encoding: TxEncoding, out: &mut Writer<'_>) {
        match self {
            Self::Range(range) => range.encode(codec, encoding, out),
            Self::Draft(ask) => {
                out.list(&ask.hashes);
                out.bytes(ask.stop.as_bytes());
                out.u8(ask.filter_type);
            }
        }
    }
}

/// What `getcfheaders` asked for in BIP157's drafts: the filter hashes of the blocks after a locator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftLocator {
    /// Hashes of blocks that the sender has, from the tip down.
    pub hashes: List<BlockHash>,
    /// Hash of the last block that is wanted; all zero for as many as there may be.
    pub stop: BlockHash,
    /// Type of filter; 0 is the regular one, 1 the extended.
    pub filter_type: u8,
}

/// The `getcfilter` message of BIP157's drafts: asks for the filter of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetCFilter {
    /// The block.
    pub block_hash: BlockHash,
    /// Type of filter; 0 is the regular one, 1 the extended.
    pub filter_type: u8,
}

impl Payload for GetCFilter {
    fn decode(payload: Bytes, _codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                block_hash: reader.array("block hash").map(BlockHash::from_bytes)?,
                filter_type: reader.u8("filter type")?,
            })
        })
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.bytes(self.block_hash.as_bytes());
        out.u8(self.filter_type);
    }
}

/// The `cftypes` message of BIP157's drafts: answers `getcftypes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CFTypes {
    /// Types of filters that the sender serves, a byte each: 0 is the regular one, 1 the extended.
    pub types: Bytes,
}

impl Payload for CFTypes {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            let count = reader.count("filter types", codec.limits.cftypes)?;
            Ok(Self {
                types: reader.bytes("filter types", count)?,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_count("filter types", self.types.len(), codec.limits.cftypes)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.var_bytes(&self.types);
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
            let (filter_type, block_hash) = read_head("block hash", reader, codec)?;
            Ok(Self {
                filter_type,
                block_hash,
                filter: reader.var_bytes("filter", codec.limits.cfilter)?,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_size("filter", self.filter.len(), codec.limits.cfilter)
    }

    fn encode(&self, codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        write_head(self.filter_type, self.block_hash, codec, out);
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
    /// Filter header of the block before the first; all zeros before the genesis block. `None` in the drafts, which did
    /// not have it.
    pub previous_header: Option<FilterHeader>,
    /// Filter hash of each block of the range.
    pub filter_hashes: List<FilterHash>,
}

impl Payload for CFHeaders {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            let (filter_type, stop) = read_head("stop hash", reader, codec)?;
            let previous_header = if is_draft(codec) {
                None
            } else {
                Some(reader.array("previous filter header")?)
            };
            Ok(Self {
                filter_type,
                stop,
                previous_header: previous_header.map(FilterHeader::from_bytes),
                filter_hashes: reader.list("filter hashes", codec.limits.cfheaders)?,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_draft("cfheaders", self.previous_header.is_none(), codec)?;
        let count = self.filter_hashes.len();
        check_count("filter hashes", count, codec.limits.cfheaders)
    }

    fn encode(&self, codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        write_head(self.filter_type, self.stop, codec, out);
        if let Some(header) = self.previous_header {
            out.bytes(header.as_bytes());
        }
        out.list(&self.filter_hashes);
    }
}

/// Whether the connection speaks as the drafts of BIP157 did.
fn is_draft(codec: &Codec<'_>) -> bool {
    let gate = codec.network.gates.draft_filters;
    gate != NEVER && codec.has(gate)
}

/// `Ok` if a message of the drafts, or of the final form, is to be sent to one who speaks so.
fn check_draft(field: &'static str, draft: bool, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
    if draft == is_draft(codec) {
        Ok(())
    } else {
        Err(EncodeErrorKind::OtherLayout { field })
    }
}

/// A filter type and a block hash; the drafts have the hash first.
fn read_head(
    hash: &'static str,
    reader: &mut Reader<'_>,
    codec: &Codec<'_>,
) -> Result<(u8, BlockHash), FieldError> {
    let early = if is_draft(codec) {
        Some(reader.array(hash)?)
    } else {
        None
    };
    let filter_type = reader.u8("filter type")?;
    let block_hash = match early {
        Some(hash) => hash,
        None => reader.array(hash)?,
    };
    Ok((filter_type, BlockHash::from_bytes(block_hash)))
}

fn write_head(filter_type: u8, hash: BlockHash, codec: &Codec<'_>, out: &mut Writer<'_>) {
    if is_draft(codec) {
        out.bytes(hash.as_bytes());
        out.u8(filter_type);
    } else {
        out.u8(filter_type);
        out.bytes(hash.as_bytes());
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
