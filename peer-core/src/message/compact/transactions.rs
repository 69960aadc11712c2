//! Lists of whole transactions in `blocktxn` and `cmpctblock`, found lazily in the payload they came in.

use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;

use bytes::Bytes;

use super::indexes::{InvalidIndexes, read_index};
use crate::message::Codec;
use crate::wire::{FieldError, Reader, TxEncoding, TxFormat, TxView, Writer, with_count};

/// A list of transactions over shared bytes, checked once and found again as they are iterated.
#[derive(Clone, PartialEq, Eq)]
pub struct TxList {
    /// Count and transactions, with all they have.
    encoded: Bytes,
    format: TxFormat,
}

impl TxList {
    /// The list of `transactions`, all of which are laid out as `format`.
    pub fn new<'t>(format: TxFormat, transactions: impl IntoIterator<Item = &'t TxView>) -> Self {
        let mut count = 0;
        let mut encoded = Vec::new();
        for transaction in transactions {
            encoded.extend_from_slice(transaction.bytes());
            count += 1;
        }
        Self {
            encoded: with_count(count, &encoded),
            format,
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>, codec: &Codec<'_>) -> Result<Self, FieldError> {
        let format = codec.network.tx_format;
        let start = reader.position();
        for _ in 0..reader.count("transactions", codec.limits.compact_txs)? {
            TxView::decode(reader, format)?;
        }
        Ok(Self {
            encoded: reader.since(start),
            format,
        })
    }

    pub(super) fn write(&self, encoding: TxEncoding, out: &mut Writer<'_>) {
        if self.format.is_whole_in(encoding) {
            return out.bytes(&self.encoded);
        }
        out.size(self.len());
        for transaction in self {
            out.bytes(&transaction.to_bytes(encoding));
        }
    }

    /// Number of transactions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().left
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The layout of the transactions.
    #[must_use]
    pub const fn format(&self) -> TxFormat {
        self.format
    }

    /// The transactions in order, as views that share the list's bytes.
    #[must_use]
    pub fn iter(&self) -> TxIter<'_> {
        let mut reader = Reader::new(&self.encoded);
        TxIter {
            left: reader.compact_size("transactions").unwrap_or_default(),
            reader,
            format: self.format,
        }
    }
}

impl fmt::Debug for TxList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a TxList {
    type Item = TxView;
    type IntoIter = TxIter<'a>;

    fn into_iter(self) -> TxIter<'a> {
        self.iter()
    }
}

/// Iterator over the transactions of a [`TxList`].
#[derive(Clone, Debug)]
pub struct TxIter<'a> {
    reader: Reader<'a>,
    left: usize,
    format: TxFormat,
}

impl Iterator for TxIter<'_> {
    type Item = TxView;

    fn next(&mut self) -> Option<TxView> {
        self.left = self.left.checked_sub(1)?;
        TxView::decode(&mut self.reader, self.format).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for TxIter<'_> {}
impl FusedIterator for TxIter<'_> {}

/// A transaction of a compact block that is there in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefilledTx {
    /// Position in the block; the coinbase is 0.
    pub index: u16,
    /// The transaction.
    pub transaction: TxView,
}

/// The prefilled transactions of a compact block, over shared bytes, in rising order of position.
#[derive(Clone, PartialEq, Eq)]
pub struct PrefilledList {
    /// Count, then differences of positions and transactions with all they have.
    encoded: Bytes,
    format: TxFormat,
}

impl PrefilledList {
    /// The list of `transactions`, all of which are laid out as `format`, each after the one before in the block.
    ///
    /// # Errors
    ///
    /// When the positions are not rising.
    pub fn new<'t>(
        format: TxFormat,
        transactions: impl IntoIterator<Item = &'t PrefilledTx>,
    ) -> Result<Self, InvalidIndexes> {
        let mut count = 0;
        let mut next = 0;
        let mut encoded = Vec::new();
        for PrefilledTx { index, transaction } in transactions {
            let difference = u32::from(*index)
                .checked_sub(next)
                .ok_or(InvalidIndexes { index: *index })?;
            let mut writer = Writer::new(&mut encoded);
            writer.compact_size(u64::from(difference));
            writer.bytes(transaction.bytes());
            next = u32::from(*index) + 1;
            count += 1;
        }
        Ok(Self {
            encoded: with_count(count, &encoded),
            format,
        })
    }

    pub(super) fn read(
        reader: &mut Reader<'_>,
        codec: &Codec<'_>,
        limit: usize,
    ) -> Result<Self, FieldError> {
        let format = codec.network.tx_format;
        let start = reader.position();
        let mut next = 0;
        for _ in 0..reader.count("prefilled", limit)? {
            next = u32::from(read_index(reader, "prefilled index", next)?) + 1;
            TxView::decode(reader, format)?;
        }
        Ok(Self {
            encoded: reader.since(start),
            format,
        })
    }

    pub(super) fn write(&self, encoding: TxEncoding, out: &mut Writer<'_>) {
        if self.format.is_whole_in(encoding) {
            return out.bytes(&self.encoded);
        }
        out.size(self.len());
        let mut next = 0;
        for PrefilledTx { index, transaction } in self {
            out.compact_size(u64::from(index) - next);
            out.bytes(&transaction.to_bytes(encoding));
            next = u64::from(index) + 1;
        }
    }

    /// Number of transactions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().left
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The layout of the transactions.
    #[must_use]
    pub const fn format(&self) -> TxFormat {
        self.format
    }

    /// The transactions with their positions, as views that share the list's bytes.
    #[must_use]
    pub fn iter(&self) -> PrefilledIter<'_> {
        let mut reader = Reader::new(&self.encoded);
        PrefilledIter {
            left: reader.compact_size("prefilled").unwrap_or_default(),
            reader,
            next: 0,
            format: self.format,
        }
    }
}

impl fmt::Debug for PrefilledList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a PrefilledList {
    type Item = PrefilledTx;
    type IntoIter = PrefilledIter<'a>;

    fn into_iter(self) -> PrefilledIter<'a> {
        self.iter()
    }
}

/// Iterator over the transactions of a [`PrefilledList`].
#[derive(Clone, Debug)]
pub struct PrefilledIter<'a> {
    reader: Reader<'a>,
    left: usize,
    next: u32,
    format: TxFormat,
}

impl Iterator for PrefilledIter<'_> {
    type Item = PrefilledTx;

    fn next(&mut self) -> Option<PrefilledTx> {
        self.left = self.left.checked_sub(1)?;
        let index = read_index(&mut self.reader, "prefilled index", self.next).ok()?;
        self.next = u32::from(index) + 1;
        Some(PrefilledTx {
            index,
            transaction: TxView::decode(&mut self.reader, self.format).ok()?,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for PrefilledIter<'_> {}
impl FusedIterator for PrefilledIter<'_> {}
