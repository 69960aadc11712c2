//! [`AddrList`]: the contents of an `addr` message, still in the bytes they arrived in.

use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;

use bytes::Bytes;

use super::{AddrEntry, AddressError, NetAddr};
use crate::wire::list::{count_len, with_count};
use crate::wire::{FieldError, Reader, Writer, cut};

/// Nodes in the legacy form. Every value of an entry is valid, so one comparison of lengths proves the list.
#[derive(Clone, PartialEq, Eq)]
pub struct AddrList {
    /// The count as a canonical compact size, then the entries: what goes onto the wire.
    encoded: Bytes,
    timed: bool,
}

impl AddrList {
    /// Reads a count of at most `limit`, and that many entries.
    ///
    /// `timed` entries begin with a time and take 30 bytes, as they do from protocol version 31402 on (Core's
    /// `CADDR_TIME_VERSION`); before, they take 26.
    ///
    /// # Errors
    ///
    /// When the count is above `limit`, or not all entries are there.
    pub fn decode(reader: &mut Reader<'_>, limit: usize, timed: bool) -> Result<Self, FieldError> {
        let start = reader.position();
        scan(reader, limit, timed)?;
        Ok(Self {
            encoded: reader.since(start),
            timed,
        })
    }

    /// The list at the front of `payload`, as [`decode`](Self::decode) reads it, and the number of bytes after it.
    pub(crate) fn cut(
        payload: Bytes,
        limit: usize,
        timed: bool,
    ) -> Result<(Self, usize), FieldError> {
        let ((), encoded, trailing) = cut(payload, |reader| scan(reader, limit, timed))?;
        Ok((Self { encoded, timed }, trailing))
    }

    /// The list of `entries`, whose times are left out if the list is not `timed`.
    ///
    /// No limit is applied here: the message that carries the list has one and checks it when it is encoded.
    ///
    /// # Errors
    ///
    /// [`AddressError::NoLegacyForm`].
    pub fn from_entries(
        entries: impl IntoIterator<Item = AddrEntry>,
        timed: bool,
    ) -> Result<Self, AddressError> {
        let mut records = Vec::new();
        let mut count = 0;
        for entry in entries {
            if entry.address.to_legacy().is_none() {
                return Err(AddressError::NoLegacyForm(entry.address));
            }
            let mut writer = Writer::new(&mut records);
            if timed {
                writer.u32(entry.time);
            }
            entry.net_addr().encode(&mut writer);
            count += 1;
        }
        Ok(Self {
            encoded: with_count(count, &records),
            timed,
        })
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether entries carry a time.
    #[must_use]
    pub const fn is_timed(&self) -> bool {
        self.timed
    }

    /// The entries in order, parsed as they are taken. Allocates nothing.
    #[must_use]
    pub fn iter(&self) -> AddrIter<'_> {
        let mut reader = Reader::new(&self.encoded);
        // Cannot fail: the count was read or written before.
        let _ = reader.slice("addresses", count_len(&self.encoded));
        AddrIter {
            reader,
            timed: self.timed,
        }
    }

    /// The list of the entries at `indices`, which ascend.
    pub(crate) fn select(&self, indices: &[usize]) -> Self {
        let size = entry_size(self.timed);
        let entries = self.encoded.get(count_len(&self.encoded)..);
        let mut entries = entries.unwrap_or_default().chunks_exact(size);
        let mut records = Vec::with_capacity(indices.len().saturating_mul(size));
        let (mut next, mut count) = (0, 0);
        for index in indices {
            let Some(entry) = entries.nth(index.saturating_sub(next)) else {
                break;
            };
            records.extend_from_slice(entry);
            next = index.saturating_add(1);
            count += 1;
        }
        Self {
            encoded: with_count(count, &records),
            timed: self.timed,
        }
    }

    /// The list as it stands on the wire: a compact size, then the entries.
    #[must_use]
    pub const fn as_encoded(&self) -> &Bytes {
        &self.encoded
    }
}

fn scan(reader: &mut Reader<'_>, limit: usize, timed: bool) -> Result<(), FieldError> {
    let count = reader.count("addresses", limit)?;
    reader.slice("addresses", count.saturating_mul(entry_size(timed)))?;
    Ok(())
}

impl<'a> IntoIterator for &'a AddrList {
    type Item = AddrEntry;
    type IntoIter = AddrIter<'a>;

    fn into_iter(self) -> AddrIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for AddrList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// Iterator over the entries of an [`AddrList`].
#[derive(Clone, Debug)]
pub struct AddrIter<'a> {
    reader: Reader<'a>,
    timed: bool,
}

impl Iterator for AddrIter<'_> {
    type Item = AddrEntry;

    fn next(&mut self) -> Option<AddrEntry> {
        let time = if self.timed {
            self.reader.u32("time").ok()?
        } else {
            0
        };
        let NetAddr {
            services,
            address,
            port,
        } = NetAddr::decode(&mut self.reader).ok()?;
        Some(AddrEntry {
            time,
            services,
            address,
            port,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let entries = self.reader.remaining() / entry_size(self.timed);
        (entries, Some(entries))
    }
}

impl ExactSizeIterator for AddrIter<'_> {}
impl FusedIterator for AddrIter<'_> {}

const fn entry_size(timed: bool) -> usize {
    if timed {
        4 + NetAddr::SIZE
    } else {
        NetAddr::SIZE
    }
}
