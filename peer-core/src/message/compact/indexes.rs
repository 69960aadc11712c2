//! Positions of transactions in a block, written as differences (BIP152).
//!
//! Each number on the wire is how many positions are skipped since the one before, so a list is rising by
//! construction. No position may be above 65,535.

use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;

use bytes::Bytes;
use thiserror::Error;

use crate::wire::{DecodeErrorKind, FieldError, Reader, Writer};

/// Indexes that cannot be written as differences: not rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("index {index} does not come after the one before it")]
pub struct InvalidIndexes {
    /// The first index out of order.
    pub index: u16,
}

/// A rising list of positions in a block, over shared bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct IndexList {
    /// Count and differences, canonical and in range.
    encoded: Bytes,
}

impl IndexList {
    /// The list of `indexes`, each of which must be above the one before.
    ///
    /// # Errors
    ///
    /// When one is not.
    pub fn from_indexes(indexes: impl IntoIterator<Item = u16>) -> Result<Self, InvalidIndexes> {
        let mut count = 0;
        let mut next = 0;
        let mut differences = Vec::new();
        for index in indexes {
            let difference = u32::from(index)
                .checked_sub(next)
                .ok_or(InvalidIndexes { index })?;
            Writer::new(&mut differences).compact_size(u64::from(difference));
            next = u32::from(index) + 1;
            count += 1;
        }
        Ok(Self {
            encoded: crate::wire::with_count(count, &differences),
        })
    }

    pub(super) fn read(reader: &mut Reader<'_>, limit: usize) -> Result<Self, FieldError> {
        let start = reader.position();
        let count = reader.count("indexes", limit)?;
        let mut next = 0;
        for _ in 0..count {
            next = u32::from(read_index(reader, "indexes", next)?) + 1;
        }
        Ok(Self {
            encoded: reader.since(start),
        })
    }

    /// Number of indexes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().left
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The indexes, rising, counted from zero. Allocates nothing.
    #[must_use]
    pub fn iter(&self) -> IndexIter<'_> {
        let mut reader = Reader::new(&self.encoded);
        let left = reader.compact_size("indexes").unwrap_or_default();
        IndexIter {
            reader,
            left,
            next: 0,
        }
    }

    /// Count and differences as they stand on the wire.
    #[must_use]
    pub const fn as_encoded(&self) -> &Bytes {
        &self.encoded
    }
}

/// Reads a difference and returns the position it leads to, where `next` is the one right after the last.
pub(super) fn read_index(
    reader: &mut Reader<'_>,
    field: &'static str,
    next: u32,
) -> Result<u16, FieldError> {
    let difference = reader.compact_u64(field)?;
    u64::from(next)
        .checked_add(difference)
        .and_then(|index| u16::try_from(index).ok())
        .ok_or_else(|| {
            let kind = DecodeErrorKind::InvalidValue { value: difference };
            FieldError::new(field, kind)
        })
}

impl Default for IndexList {
    fn default() -> Self {
        Self {
            encoded: Bytes::from_static(&[0]),
        }
    }
}

impl fmt::Debug for IndexList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a IndexList {
    type Item = u16;
    type IntoIter = IndexIter<'a>;

    fn into_iter(self) -> IndexIter<'a> {
        self.iter()
    }
}

/// Iterator over the positions of an [`IndexList`].
#[derive(Clone, Debug)]
pub struct IndexIter<'a> {
    reader: Reader<'a>,
    left: usize,
    next: u32,
}

impl Iterator for IndexIter<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        self.left = self.left.checked_sub(1)?;
        let index = read_index(&mut self.reader, "indexes", self.next).ok()?;
        self.next = u32::from(index) + 1;
        Some(index)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for IndexIter<'_> {}
impl FusedIterator for IndexIter<'_> {}
