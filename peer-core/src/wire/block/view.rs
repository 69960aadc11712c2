//! [`BlockView`]: a block still in the bytes it arrived in.
//!
//! Its structure is checked in one pass without an allocation, however many transactions there are; they are found
//! again one by one when they are iterated.

use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;

use bytes::Bytes;

use super::owned::Block;
use crate::wire::error::saturate;
use crate::wire::transaction::{Layout, string};
use crate::wire::{
    BlockHash, BlockHeader, DecodeErrorKind, FieldError, Reader, TxEncoding, TxFormat, TxView,
    Writer, count_len, cut, mweb,
};

/// A structurally valid block over shared bytes. Cloning costs a reference count.
///
/// ```
/// use peer_core::wire::{BlockView, TxFormat};
///
/// # fn look(payload: bytes::Bytes) -> Result<(), Box<dyn core::error::Error>> {
/// let block = BlockView::from_bytes(payload, TxFormat::Bitcoin)?;
/// block.check_merkle_root()?;
/// for transaction in block.transactions() {
///     println!("{} pays {} outputs", transaction.txid(), transaction.outputs().len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BlockView {
    bytes: Bytes,
    shape: Shape,
}

impl BlockView {
    /// Reads the block at the reader's position, sharing its bytes.
    ///
    /// A block without transactions has the structure of one, as in Bitcoin Core; it fails
    /// [`check_merkle_root`](Self::check_merkle_root).
    ///
    /// # Errors
    ///
    /// When the bytes do not have the structure of a block of this format.
    pub fn decode(reader: &mut Reader<'_>, format: TxFormat) -> Result<Self, FieldError> {
        let start = reader.position();
        let shape = Shape::scan(reader, format)?;
        Ok(Self {
            bytes: reader.since(start),
            shape,
        })
    }

    /// The block at the front of `payload`, and the number of bytes after it.
    pub(crate) fn cut(payload: Bytes, format: TxFormat) -> Result<(Self, usize), FieldError> {
        let (shape, bytes, trailing) = cut(payload, |reader| Shape::scan(reader, format))?;
        Ok((Self { bytes, shape }, trailing))
    }

    /// The block that `bytes` are, to the last one.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode), or [`DecodeErrorKind::TrailingBytes`].
    pub fn from_bytes(bytes: Bytes, format: TxFormat) -> Result<Self, FieldError> {
        let mut reader = Reader::new(&bytes);
        let shape = Shape::scan(&mut reader, format)?;
        if !reader.is_empty() {
            let count = saturate(reader.remaining());
            return Err(FieldError::new(
                "block",
                DecodeErrorKind::TrailingBytes { count },
            ));
        }
        Ok(Self { bytes, shape })
    }

    /// The block as it arrived.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The layout that it was read in.
    #[must_use]
    pub const fn format(&self) -> TxFormat {
        self.shape.format
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> BlockHeader {
        let bytes = self.bytes.first_chunk().copied();
        BlockHeader::from_bytes(&bytes.unwrap_or([0; BlockHeader::SIZE]))
    }

    /// The hash that identifies the block: double SHA-256 of the header, as [`BlockHeader::block_hash`] has it.
    #[must_use]
    pub fn block_hash(&self) -> BlockHash {
        self.header().block_hash()
    }

    /// Number of transactions.
    #[must_use]
    pub const fn tx_count(&self) -> u32 {
        self.shape.tx_count
    }

    /// Whether any transaction has a witness.
    #[must_use]
    pub const fn has_witness(&self) -> bool {
        self.shape.has_witness
    }

    /// Bytes of the base encoding.
    #[must_use]
    pub fn base_size(&self) -> usize {
        self.bytes
            .len()
            .saturating_sub(self.shape.beyond_base as usize)
    }

    /// Bytes in all.
    #[must_use]
    pub const fn total_size(&self) -> usize {
        self.bytes.len()
    }

    /// The weight (BIP141): three times the base size and once the size with witnesses. MWEB data is weighed apart.
    #[must_use]
    pub fn weight(&self) -> usize {
        3 * self.base_size() + self.size_in(TxEncoding::Witness)
    }

    /// Bytes of an encoding.
    fn size_in(&self, encoding: TxEncoding) -> usize {
        if self.is_whole_in(encoding) {
            return self.total_size();
        }
        if encoding == TxEncoding::Base {
            return self.base_size();
        }
        let left_out = self
            .transactions()
            .map(|transaction| transaction.total_size() - transaction.size_in(encoding));
        self.total_size() - self.shape.tail_size as usize - left_out.sum::<usize>()
    }

    /// Whether an encoding leaves out nothing.
    const fn is_whole_in(&self, encoding: TxEncoding) -> bool {
        match encoding {
            TxEncoding::Full => true,
            TxEncoding::Witness => !self.shape.has_mweb_flag,
            TxEncoding::Base => self.shape.beyond_base == 0,
        }
    }

    /// The transactions in order, as views that share the block's bytes.
    #[must_use]
    pub fn transactions(&self) -> Transactions<'_> {
        let mut reader = Reader::new(&self.bytes);
        // Cannot fail: these fields were read before.
        let _ = reader.slice("header", BlockHeader::SIZE);
        let _ = reader.compact_size("transactions");
        Transactions {
            remaining: self.shape.tx_count as usize,
            reader,
            format: self.shape.format,
        }
    }

    /// The first transaction, which in a valid block is the coinbase.
    #[must_use]
    pub fn coinbase(&self) -> Option<TxView> {
        self.transactions().next().filter(TxView::is_coinbase)
    }

    /// The block in an encoding. Shares the bytes where that leaves out nothing.
    #[must_use]
    pub fn to_bytes(&self, encoding: TxEncoding) -> Bytes {
        if self.is_whole_in(encoding) {
            return self.bytes.clone();
        }
        let mut bytes = Vec::with_capacity(self.size_in(encoding));
        self.header().encode(&mut Writer::new(&mut bytes));
        Writer::new(&mut bytes).size(self.shape.tx_count as usize);
        for transaction in self.transactions() {
            transaction.write(encoding, &mut bytes);
        }
        if self.shape.format != TxFormat::Litecoin {
            bytes.extend_from_slice(self.tail());
        }
        bytes.into()
    }

    /// The base encoding, for peers that do not ask for witnesses. Shares the bytes where there is none to leave out.
    #[must_use]
    pub fn without_witness(&self) -> Bytes {
        self.to_bytes(TxEncoding::Base)
    }

    /// What the chain has after the transactions of a block, undivided; empty on Bitcoin.
    #[must_use]
    pub fn tail(&self) -> &[u8] {
        let start = self
            .bytes
            .len()
            .saturating_sub(self.shape.tail_size as usize);
        self.bytes.get(start..).unwrap_or_default()
    }

    /// Litecoin's MWEB block: its header and its inputs, outputs and kernels (see [`mweb`]). `None` in a block from
    /// before there was MWEB, and in an encoding that leaves it out.
    #[must_use]
    pub fn mweb(&self) -> Option<&[u8]> {
        match self.tail() {
            [1, block @ ..] if self.shape.format == TxFormat::Litecoin => Some(block),
            _ => None,
        }
    }

    /// The header of the MWEB block.
    #[must_use]
    pub fn mweb_header(&self) -> Option<mweb::Header> {
        let block = self.mweb()?.len();
        let mut reader = Reader::new(&self.bytes);
        // Cannot fail: it is the end of the bytes, and was read before.
        let _ = reader.slice("mweb block", self.total_size() - block);
        mweb::Header::read(&mut reader).ok()
    }

    /// NavCoin's signature of the block by whoever staked for it, empty where it was mined; `None` on other networks.
    #[must_use]
    pub fn signature(&self) -> Option<&[u8]> {
        let tail = self.tail();
        (self.shape.format == TxFormat::NavCoin)
            .then(|| tail.get(count_len(tail)..).unwrap_or_default())
    }

    /// The owned form, independent of the block's bytes; `None` if the block is of a layout that has parts of its own,
    /// for which see [`navcoin::Block`](crate::wire::navcoin::Block).
    #[must_use]
    pub fn to_block(&self) -> Option<Block> {
        let transactions = self
            .transactions()
            .map(|transaction| transaction.to_transaction());
        Some(Block {
            header: self.header(),
            transactions: transactions.collect::<Option<_>>()?,
        })
        .filter(|_| self.shape.tail_size == 0)
    }
}

impl fmt::Debug for BlockView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockView")
            .field("block_hash", &self.block_hash())
            .field("tx_count", &self.shape.tx_count)
            .field("total_size", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Iterator over the transactions of a [`BlockView`]. Allocates nothing.
#[derive(Clone, Debug)]
pub struct Transactions<'a> {
    remaining: usize,
    reader: Reader<'a>,
    format: TxFormat,
}

impl Iterator for Transactions<'_> {
    type Item = TxView;

    fn next(&mut self) -> Option<TxView> {
        self.remaining = self.remaining.checked_sub(1)?;
        TxView::decode(&mut self.reader, self.format).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining, Some(self.remaining))
    }
}

impl ExactSizeIterator for Transactions<'_> {}
impl FusedIterator for Transactions<'_> {}

/// What one pass over a block finds out.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    format: TxFormat,
    tx_count: u32,
    /// Bytes that the base encoding leaves out.
    beyond_base: u32,
    /// Bytes after the transactions.
    tail_size: u32,
    has_witness: bool,
    /// Any transaction has more than a peer without MWEB can read.
    has_mweb_flag: bool,
}

impl Shape {
    fn scan(reader: &mut Reader<'_>, format: TxFormat) -> Result<Self, FieldError> {
        reader.slice("header", BlockHeader::SIZE)?;
        let mut shape = Self {
            format,
            tx_count: Layout::count(reader, "transactions")?,
            beyond_base: 0,
            tail_size: 0,
            has_witness: false,
            has_mweb_flag: false,
        };
        let mut ends_in_hogex = false;
        for _ in 0..shape.tx_count {
            let layout = Layout::scan(reader, format)?;
            shape.beyond_base = shape.beyond_base.saturating_add(layout.beyond_base());
            shape.has_witness |= layout.has_witness();
            shape.has_mweb_flag |= layout.has_mweb_flag();
            ends_in_hogex = layout.is_hogex();
        }
        let tail = reader.position();
        match format {
            TxFormat::Bitcoin => {}
            TxFormat::Litecoin => {
                if shape.tx_count >= 2 && ends_in_hogex {
                    mweb::scan_optional_block(reader)?;
                }
            }
            TxFormat::NavCoin => drop(string(reader, "block signature")?),
        }
        shape.tail_size = saturate(reader.position() - tail);
        if format == TxFormat::Litecoin {
            shape.beyond_base = shape.beyond_base.saturating_add(shape.tail_size);
        }
        Ok(shape)
    }
}
