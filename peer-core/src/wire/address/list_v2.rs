//! [`AddrV2List`]: the contents of an `addrv2` message (BIP155), still in the bytes they arrived in.
//!
//! Entries have different lengths and some are to be ignored, so the list is walked once when it arrives; what is
//! ignored stays in the bytes, which are re-encoded as they came.

use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;

use bytes::Bytes;

use super::bip155::MAX_ADDRESS_SIZE;
use super::{AddrEntry, Address, AddressError};
use crate::wire::error::saturate;
use crate::wire::list::{count_len, with_count};
use crate::wire::{DecodeErrorKind, FieldError, Reader, ServiceFlags, Writer, cut};

/// Nodes in the form of BIP155.
#[derive(Clone, PartialEq, Eq)]
pub struct AddrV2List {
    /// The count as a canonical compact size, then the entries: what goes onto the wire.
    encoded: Bytes,
    len: u32,
}

impl AddrV2List {
    /// Reads a count of at most `limit`, and that many entries.
    ///
    /// # Errors
    ///
    /// When the count is above `limit`, entries are missing, or an address does not have the length of its network.
    pub fn decode(reader: &mut Reader<'_>, limit: usize) -> Result<Self, FieldError> {
        let start = reader.position();
        let len = scan(reader, limit)?;
        Ok(Self {
            encoded: reader.since(start),
            len,
        })
    }

    /// The list at the front of `payload`, as [`decode`](Self::decode) reads it, and the number of bytes after it.
    pub(crate) fn cut(payload: Bytes, limit: usize) -> Result<(Self, usize), FieldError> {
        let (len, encoded, trailing) = cut(payload, |reader| scan(reader, limit))?;
        Ok((Self { encoded, len }, trailing))
    }

    /// The list of `entries`.
    ///
    /// No limit is applied here: the message that carries the list has one and checks it when it is encoded.
    ///
    /// # Errors
    ///
    /// [`AddressError::Ignored`].
    pub fn from_entries(
        entries: impl IntoIterator<Item = AddrEntry>,
    ) -> Result<Self, AddressError> {
        let mut records = Vec::new();
        let mut len = 0;
        for entry in entries {
            if !entry.address.is_sendable() {
                return Err(AddressError::Ignored(entry.address));
            }
            let mut writer = Writer::new(&mut records);
            writer.u32(entry.time);
            writer.compact_size(entry.services.bits());
            writer.u8(entry.address.network());
            writer.var_bytes(entry.address.as_bytes());
            writer.u16_be(entry.port);
            len += 1;
        }
        Ok(Self {
            encoded: with_count(len.into(), &records),
            len,
        })
    }

    /// Number of entries, those to be ignored included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entries in order, without those that BIP155 has us ignore. Allocates nothing.
    pub fn iter(&self) -> impl Iterator<Item = AddrEntry> + Clone + '_ {
        self.records().filter_map(|record| record.entry())
    }

    /// All entries in order, as they are written. Allocates nothing.
    #[must_use]
    pub fn records(&self) -> AddrV2Records<'_> {
        let mut reader = Reader::new(&self.encoded);
        // Cannot fail: the count was read or written before.
        let _ = reader.slice("addresses", count_len(&self.encoded));
        AddrV2Records {
            remaining: self.len(),
            reader,
        }
    }

    /// The list of the entries at `indices`, which ascend; those to be ignored count.
    pub(crate) fn select(&self, indices: &[usize]) -> Self {
        let mut records = Vec::new();
        let mut walk = self.records();
        let (mut next, mut len) = (0, 0);
        for index in indices {
            walk.by_ref()
                .take(index.saturating_sub(next))
                .for_each(drop);
            let start = walk.reader.position();
            if walk.next().is_none() {
                break;
            }
            let entry = self.encoded.get(start..walk.reader.position());
            records.extend_from_slice(entry.unwrap_or_default());
            next = index.saturating_add(1);
            len += 1;
        }
        Self {
            encoded: with_count(len.into(), &records),
            len,
        }
    }

    /// The list as it stands on the wire: a compact size, then the entries.
    #[must_use]
    pub const fn as_encoded(&self) -> &Bytes {
        &self.encoded
    }
}

/// Reads past a count of at most `limit` and that many entries, and returns the count.
fn scan(reader: &mut Reader<'_>, limit: usize) -> Result<u32, FieldError> {
    let len = saturate(reader.count("addresses", limit)?);
    for _ in 0..len {
        AddrV2Record::read(reader)?;
    }
    Ok(len)
}

impl fmt::Debug for AddrV2List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.records()).finish()
    }
}

/// An entry of an [`AddrV2List`] as it is written, of whatever network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddrV2Record<'a> {
    /// When the node was last seen, in seconds since the Unix epoch.
    pub time: u32,
    /// What it offers.
    pub services: ServiceFlags,
    /// The number of its network.
    pub network: u8,
    /// The address, at most [`MAX_ADDRESS_SIZE`] bytes.
    pub address: &'a [u8],
    /// Its port.
    pub port: u16,
}

impl<'a> AddrV2Record<'a> {
    /// The entry, unless BIP155 has us ignore it.
    #[must_use]
    pub fn entry(&self) -> Option<AddrEntry> {
        let address = Address::from_bip155(self.network, self.address).ok()??;
        Some(AddrEntry {
            time: self.time,
            services: self.services,
            address,
            port: self.port,
        })
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, FieldError> {
        let time = reader.u32("time")?;
        let services = ServiceFlags(reader.compact_u64("services")?);
        let network = reader.u8("network")?;
        let size = reader.compact_u64("address")?;
        let address = match usize::try_from(size) {
            Ok(length @ 0..=MAX_ADDRESS_SIZE) => reader.slice("address", length)?,
            _ => {
                let kind = DecodeErrorKind::SizeAboveLimit {
                    size,
                    limit: saturate(MAX_ADDRESS_SIZE),
                };
                return Err(FieldError::new("address", kind));
            }
        };
        Address::from_bip155(network, address)?;
        Ok(Self {
            time,
            services,
            network,
            address,
            port: reader.u16_be("port")?,
        })
    }
}

/// Iterator over the entries of an [`AddrV2List`].
#[derive(Clone, Debug)]
pub struct AddrV2Records<'a> {
    remaining: usize,
    reader: Reader<'a>,
}

impl<'a> Iterator for AddrV2Records<'a> {
    type Item = AddrV2Record<'a>;

    fn next(&mut self) -> Option<AddrV2Record<'a>> {
        self.remaining = self.remaining.checked_sub(1)?;
        AddrV2Record::read(&mut self.reader).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining, Some(self.remaining))
    }
}

impl ExactSizeIterator for AddrV2Records<'_> {}
impl FusedIterator for AddrV2Records<'_> {}
