//! [`List`]: a validated sequence of fixed-size records, still in the bytes it arrived in.
//!
//! A list proves its count once, by a comparison of lengths; items are parsed when they are looked at. It owns no
//! memory of its own when it came from a payload, and cloning it is a reference count.

use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use bytes::Bytes;

use super::{FieldError, Reader, Writer, compact_size_len, cut};

/// A record of fixed size, every value of which is valid.
pub trait Item: Sized {
    /// Size of the record in bytes, above zero.
    const STRIDE: usize;

    /// Reads the record from exactly [`STRIDE`](Self::STRIDE) bytes; `None` for any other number of them.
    fn parse(record: &[u8]) -> Option<Self>;

    /// Appends the record, exactly [`STRIDE`](Self::STRIDE) bytes.
    fn write(&self, out: &mut Vec<u8>);
}

/// An immutable list of records over shared bytes.
///
/// ```
/// use peer_core::wire::{BlockHash, List};
///
/// let list: List<BlockHash> = [BlockHash::ALL_ZERO].into_iter().collect();
/// assert_eq!(list.len(), 1);
/// assert_eq!(list.as_encoded().len(), 1 + 32);
/// ```
pub struct List<T> {
    /// The count as a canonical compact size, then the records: what goes onto the wire.
    encoded: Bytes,
    item: PhantomData<fn() -> T>,
}

impl<T: Item> List<T> {
    /// The list of `items`.
    ///
    /// No limit is applied here: the message that carries the list has one and checks it when it is encoded.
    pub fn from_items(items: impl IntoIterator<Item = T>) -> Self {
        let mut records = Vec::new();
        let mut count = 0;
        for item in items {
            item.write(&mut records);
            count += 1;
        }
        Self {
            encoded: with_count(count, &records),
            item: PhantomData,
        }
    }

    /// A list whose bytes were checked: canonical count, then exactly that many records.
    pub(crate) const fn from_encoded(encoded: Bytes) -> Self {
        Self {
            encoded,
            item: PhantomData,
        }
    }

    /// The list at the front of `payload`, as [`Reader::list`] reads it, and the number of bytes after it.
    pub(crate) fn cut(
        payload: Bytes,
        field: &'static str,
        limit: usize,
    ) -> Result<(Self, usize), FieldError> {
        let scan = |reader: &mut Reader<'_>| scan::<T>(reader, field, limit);
        let ((), encoded, trailing) = cut(payload, scan)?;
        Ok((Self::from_encoded(encoded), trailing))
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len() / T::STRIDE
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// The record at `index`, counted from zero.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T> {
        let start = index.checked_mul(T::STRIDE)?;
        let record = self.as_bytes().get(start..)?.get(..T::STRIDE)?;
        T::parse(record)
    }

    /// The first record.
    #[must_use]
    pub fn first(&self) -> Option<T> {
        self.get(0)
    }

    /// The last record.
    #[must_use]
    pub fn last(&self) -> Option<T> {
        self.get(self.len().checked_sub(1)?)
    }

    /// The records in order, parsed as they are taken. Allocates nothing.
    #[must_use]
    pub fn iter(&self) -> ListIter<'_, T> {
        ListIter {
            records: self.as_bytes().chunks_exact(T::STRIDE),
            item: PhantomData,
        }
    }

    /// The records as bytes, without the count.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        let prefix = count_len(&self.encoded);
        self.encoded.get(prefix..).unwrap_or_default()
    }

    /// The list as it stands on the wire: a compact size, then the records.
    #[must_use]
    pub const fn as_encoded(&self) -> &Bytes {
        &self.encoded
    }
}

/// Reads past a count of at most `limit` and that many records.
///
/// The whole check is one comparison of lengths: records have no invalid values.
pub(super) fn scan<T: Item>(
    reader: &mut Reader<'_>,
    field: &'static str,
    limit: usize,
) -> Result<(), FieldError> {
    let count = reader.count(field, limit)?;
    reader.slice(field, count.saturating_mul(T::STRIDE))?;
    Ok(())
}

/// Length of the canonical count at the start of `encoded`.
pub(crate) fn count_len(encoded: &[u8]) -> usize {
    match encoded.first() {
        Some(0xff) => 9,
        Some(0xfe) => 5,
        Some(0xfd) => 3,
        _ => 1,
    }
}

/// `records`, of which there are `count`, behind their count, in one exact allocation.
pub(crate) fn with_count(count: u64, records: &[u8]) -> Bytes {
    let mut encoded = Vec::with_capacity(compact_size_len(count) + records.len());
    let mut writer = Writer::new(&mut encoded);
    writer.compact_size(count);
    writer.bytes(records);
    Bytes::from(encoded)
}

impl<T: Item> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::from_items(items)
    }
}

impl<'a, T: Item> IntoIterator for &'a List<T> {
    type Item = T;
    type IntoIter = ListIter<'a, T>;

    fn into_iter(self) -> ListIter<'a, T> {
        self.iter()
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            encoded: Bytes::from_static(&[0]),
            item: PhantomData,
        }
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self {
            encoded: self.encoded.clone(),
            item: PhantomData,
        }
    }
}

impl<T> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.encoded == other.encoded
    }
}

impl<T> Eq for List<T> {}

impl<T: Item + fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Iterator over the records of a [`List`].
#[derive(Clone, Debug)]
pub struct ListIter<'a, T> {
    records: core::slice::ChunksExact<'a, u8>,
    item: PhantomData<fn() -> T>,
}

impl<T: Item> Iterator for ListIter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.records.next().and_then(T::parse)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.records.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<T> {
        self.records.nth(n).and_then(T::parse)
    }
}

impl<T: Item> DoubleEndedIterator for ListIter<'_, T> {
    fn next_back(&mut self) -> Option<T> {
        self.records.next_back().and_then(T::parse)
    }
}

impl<T: Item> ExactSizeIterator for ListIter<'_, T> {}
impl<T: Item> FusedIterator for ListIter<'_, T> {}

#[cfg(test)]
mod tests;
