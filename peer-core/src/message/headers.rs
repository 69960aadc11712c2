//! `headers`: what chain a peer has. What asks for it is a [`Locator`](super::Locator).

use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;
use core::slice::ChunksExact;

use bytes::Bytes;

use super::Codec;
use super::codec::Payload;
use super::error::{EncodeErrorKind, check_count};
use crate::network::Network;
use crate::wire::{
    BlockHeader, DecodeErrorKind, FieldError, TxEncoding, Writer, count_len, cut, with_count,
};

/// The payload of `headers`: block headers over shared bytes.
///
/// Each entry is a header and, in place of the rest of a block, nothing but zeros: one on Bitcoin, two where a block
/// has a signature at its end. How long an entry is comes from [`Network::header_entry_len`].
#[derive(Clone, PartialEq, Eq)]
pub struct Headers {
    /// Count and entries, as on the wire.
    encoded: Bytes,
    entry_len: usize,
}

impl Headers {
    /// The list of `headers`, in the entries of `network`.
    pub fn new(network: &Network, headers: impl IntoIterator<Item = BlockHeader>) -> Self {
        let entry_len = network.header_entry_len.max(BlockHeader::SIZE);
        let mut entries = Vec::new();
        let mut count = 0;
        for header in headers {
            count += 1;
            header.encode(&mut Writer::new(&mut entries));
            entries.resize(count * entry_len, 0);
        }
        Self {
            encoded: with_count(count as u64, &entries),
            entry_len,
        }
    }

    /// Number of headers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().len()
    }

    /// Whether there are none, which says that the sender knows nothing after the locator.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The header at `index`, counted from zero.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<BlockHeader> {
        self.iter().nth(index)
    }

    /// The last header.
    #[must_use]
    pub fn last(&self) -> Option<BlockHeader> {
        self.iter().next_back()
    }

    /// The headers in order, parsed as they are taken. Allocates nothing.
    #[must_use]
    pub fn iter(&self) -> HeaderIter<'_> {
        let entries = self.encoded.get(count_len(&self.encoded)..);
        HeaderIter {
            entries: entries.unwrap_or_default().chunks_exact(self.entry_len),
        }
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = BlockHeader;
    type IntoIter = HeaderIter<'a>;

    fn into_iter(self) -> HeaderIter<'a> {
        self.iter()
    }
}

/// Iterator over [`Headers`].
#[derive(Clone, Debug)]
pub struct HeaderIter<'a> {
    entries: ChunksExact<'a, u8>,
}

fn header_of(entry: &[u8]) -> Option<BlockHeader> {
    entry.first_chunk().map(BlockHeader::from_bytes)
}

impl Iterator for HeaderIter<'_> {
    type Item = BlockHeader;

    fn next(&mut self) -> Option<BlockHeader> {
        self.entries.next().and_then(header_of)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<BlockHeader> {
        self.entries.nth(n).and_then(header_of)
    }
}

impl DoubleEndedIterator for HeaderIter<'_> {
    fn next_back(&mut self) -> Option<BlockHeader> {
        self.entries.next_back().and_then(header_of)
    }
}

impl ExactSizeIterator for HeaderIter<'_> {}
impl FusedIterator for HeaderIter<'_> {}

/// A count of transactions other than zero would mean that the entry goes on.
fn check_entry(entry: &[u8]) -> Result<(), FieldError> {
    let rest = entry.get(BlockHeader::SIZE..).unwrap_or_default();
    match rest.iter().find(|byte| **byte != 0) {
        None => Ok(()),
        Some(byte) => {
            let value = u64::from(*byte);
            let kind = DecodeErrorKind::InvalidValue { value };
            Err(FieldError::new("transaction count", kind))
        }
    }
}

impl Payload for Headers {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        let entry_len = codec.network.header_entry_len.max(BlockHeader::SIZE);
        let (_, encoded, trailing) = cut(payload, |reader| {
            let count = reader.count("headers", codec.limits.headers)?;
            let entries = reader.slice("headers", count.saturating_mul(entry_len))?;
            entries.chunks_exact(entry_len).try_for_each(check_entry)
        })?;
        Ok((Self { encoded, entry_len }, trailing))
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        if self.entry_len != codec.network.header_entry_len {
            return Err(EncodeErrorKind::OtherLayout { field: "headers" });
        }
        check_count("headers", self.len(), codec.limits.headers)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.bytes(&self.encoded);
    }

    fn shared(&self, _encoding: TxEncoding) -> Option<Bytes> {
        Some(self.encoded.clone())
    }
}
