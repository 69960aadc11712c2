//! Compact blocks (BIP152): `sendcmpct`, `cmpctblock`, `getblocktxn` and `blocktxn`.

mod indexes;
mod transactions;

pub use self::indexes::{IndexIter, IndexList, InvalidIndexes};
pub use self::transactions::{PrefilledIter, PrefilledList, PrefilledTx, TxIter, TxList};

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::Codec;
use super::codec::{Payload, fields};
use super::data::check_format;
use super::error::{EncodeErrorKind, check_count};
use crate::wire::{
    BlockHash, BlockHeader, DecodeErrorKind, FieldError, Item, List, Reader, TxEncoding, TxFormat,
    Writer, mweb,
};

/// The `sendcmpct` message: the sender understands compact blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendCmpct {
    /// Whether new blocks are to be announced by `cmpctblock`, without asking (high-bandwidth mode). 0 or 1 on the
    /// wire, nothing else.
    pub announce: bool,
    /// Version of the short ids: 1 for txids, 2 for wtxids. Litecoin has 3 as well: as 2, and MWEB data with it.
    pub version: u64,
}

impl Payload for SendCmpct {
    fn decode(payload: Bytes, _codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            let announce = match reader.u8("announce")? {
                0 => false,
                1 => true,
                other => {
                    let value = u64::from(other);
                    let kind = DecodeErrorKind::InvalidValue { value };
                    return Err(FieldError::new("announce", kind));
                }
            };
            Ok(Self {
                announce,
                version: reader.u64("version")?,
            })
        })
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.u8(u8::from(self.announce));
        out.u64(self.version);
    }
}

/// The `getblocktxn` message: asks for the transactions of a compact block that the sender does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetBlockTxn {
    /// The block.
    pub block_hash: BlockHash,
    /// Positions of the transactions in the block, rising.
    pub indexes: IndexList,
}

impl Payload for GetBlockTxn {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                block_hash: reader.array("block hash").map(BlockHash::from_bytes)?,
                indexes: IndexList::read(reader, codec.limits.compact_txs)?,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_count("indexes", self.indexes.len(), codec.limits.compact_txs)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.bytes(self.block_hash.as_bytes());
        out.bytes(self.indexes.as_encoded());
    }
}

/// The `blocktxn` message: answers `getblocktxn`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockTxn {
    /// The block.
    pub block_hash: BlockHash,
    /// The transactions asked for, in the order of the question.
    pub transactions: TxList,
}

impl Payload for BlockTxn {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                block_hash: reader.array("block hash").map(BlockHash::from_bytes)?,
                transactions: TxList::read(reader, codec)?,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        let transactions = &self.transactions;
        check_format("transactions", transactions.format(), codec)?;
        check_count("transactions", transactions.len(), codec.limits.compact_txs)
    }

    fn encode(&self, _codec: &Codec<'_>, encoding: TxEncoding, out: &mut Writer<'_>) {
        out.bytes(self.block_hash.as_bytes());
        self.transactions.write(encoding, out);
    }
}

/// The `cmpctblock` message: a block in which most transactions are only named by a short id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CmpctBlock {
    /// The header.
    pub header: BlockHeader,
    /// Number that the short ids are salted with.
    pub nonce: u64,
    /// Short ids of the transactions that are not prefilled, in block order.
    pub short_ids: List<ShortId>,
    /// Transactions that the receiver is not expected to have; the coinbase at least.
    pub prefilled: PrefilledList,
    /// What the chain adds of its own, as [`Network::compact_block_tail`](crate::network::Network::compact_block_tail)
    /// has it; empty on Bitcoin.
    ///
    /// On Litecoin, where version 3 was agreed on, it is what [`BlockView::tail`](crate::wire::BlockView::tail) is, or
    /// one byte of 0 for a block that has none. It goes out in [`TxEncoding::Full`] only.
    pub tail: Bytes,
}

/// Short id of a transaction: the lower 48 bits of its salted SipHash-2-4 (BIP152), little-endian on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortId(pub [u8; 6]);

impl fmt::Debug for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(
            f,
            "ShortId({:012x})",
            u64::from_le_bytes([a, b, c, d, e, g, 0, 0])
        )
    }
}

impl Item for ShortId {
    const STRIDE: usize = 6;

    fn parse(record: &[u8]) -> Option<Self> {
        record.try_into().ok().map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl CmpctBlock {
    /// Transactions in the block. Short ids and prefilled ones together.
    #[must_use]
    pub fn tx_count(&self) -> usize {
        self.short_ids.len() + self.prefilled.len()
    }
}

impl Payload for CmpctBlock {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            let limit = codec.limits.compact_txs;
            let header = BlockHeader::decode(reader)?;
            let nonce = reader.u64("nonce")?;
            let short_ids: List<ShortId> = reader.list("short ids", limit)?;
            // Both lists together name the transactions of one block.
            let prefilled = PrefilledList::read(reader, codec, limit - short_ids.len())?;
            let tail = read_tail(reader, codec)?;
            Ok(Self {
                header,
                nonce,
                short_ids,
                prefilled,
                tail,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_format("prefilled", self.prefilled.format(), codec)?;
        if !self.tail.is_empty() && !codec.network.compact_block_tail {
            return Err(EncodeErrorKind::OtherLayout { field: "tail" });
        }
        check_count("transactions", self.tx_count(), codec.limits.compact_txs)
    }

    fn encode(&self, _codec: &Codec<'_>, encoding: TxEncoding, out: &mut Writer<'_>) {
        self.header.encode(out);
        out.u64(self.nonce);
        out.list(&self.short_ids);
        self.prefilled.write(encoding, out);
        // On Litecoin it is MWEB data, which comes in the full encoding only.
        let is_mweb = self.prefilled.format() == TxFormat::Litecoin;
        if !is_mweb || encoding == TxEncoding::Full {
            out.bytes(&self.tail);
        }
    }
}

/// What comes behind the transactions. On Litecoin the structure of an MWEB block, or nothing: which of them depends on
/// the version of compact blocks that was agreed on, which a codec does not know.
fn read_tail(reader: &mut Reader<'_>, codec: &Codec<'_>) -> Result<Bytes, FieldError> {
    if !codec.network.compact_block_tail {
        return Ok(Bytes::new());
    }
    if codec.network.tx_format != TxFormat::Litecoin {
        return reader.bytes("tail", reader.remaining());
    }
    let start = reader.position();
    if !reader.is_empty() {
        mweb::scan_optional_block(reader)?;
    }
    Ok(reader.since(start))
}
