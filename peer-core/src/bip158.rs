//! Compact block filters (BIP158): whether a block may have something to do with a script, asked of a `cfilter`.
//!
//! [`BasicFilter`] is the one type of filter that there is ([`BASIC`]). It has the scripts that a block's outputs are
//! locked with and those that its inputs spend. A script that is in it matches always; one that is not matches once in
//! 784,931 times, so after a match the block itself is to be fetched and looked at.
//!
//! Everything here is a function of its arguments. Which filters to ask for (`getcfilters` and its relatives, BIP157),
//! and which chain of filter headers to believe where peers tell different ones, is the application's to decide.
//!
//! ```
//! use bytes::Bytes;
//! use peer_core::bip158::BasicFilter;
//! use peer_core::network::Network;
//! use peer_core::wire::FilterHeader;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // What a peer sent for the first block of the third test network.
//! let filter = Bytes::from_static(&[0x01, 0x9d, 0xfc, 0xa8]);
//! let filter = BasicFilter::new(Network::TESTNET3.genesis, filter)?;
//!
//! // It is the filter that the chain of filter headers commits to,
//! let header = filter.header(FilterHeader::ALL_ZERO);
//! assert_eq!(header.to_string(), "21584579b7eb08997773e5aeff3a7f932700042d0ed2a6129012b7d7ae81b750");
//!
//! // and the block has nothing to do with these scripts.
//! assert!(!filter.matches_any([&b"one"[..], b"another"]));
//! # Ok(())
//! # }
//! ```
//!
//! # What is believed
//!
//! A filter is worth as much as its header. [`filter_headers`] makes those of a `cfheaders`: the last one is to be that
//! of a `cfcheckpt`, or what several peers say, and each filter that comes is to have the hash that was named for it
//! ([`BasicFilter::hash`]).
//!
//! # Bounds
//!
//! A filter claims how many elements it has. Each takes 20 bits at least, so a claim that its bytes cannot hold is
//! refused before anything is read; reading is one pass over the bytes without an allocation, once to check them and
//! once per question. A question costs 8 bytes for each script in it, which are sorted and then walked through along
//! with the filter. How large a filter may be is a limit of the codec
//! ([`MessageLimits::cfilter`](crate::message::MessageLimits::cfilter)).

mod build;
mod error;
mod golomb;

pub use self::error::FilterError;

use alloc::vec::Vec;

use bytes::Bytes;
use siphasher::sip::SipHasher24;

use self::golomb::Values;
use crate::wire::{BlockHash, FilterHash, FilterHeader, Reader, sha256d};

/// Type of the basic filter in the messages of BIP157 (Core's `BlockFilterType::BASIC`).
pub const BASIC: u8 = 0;

/// The basic filter of one block, checked to be one.
#[derive(Clone, PartialEq, Eq)]
pub struct BasicFilter {
    bytes: Bytes,
    block_hash: BlockHash,
    /// Elements, as many as there really are.
    count: u32,
}

impl BasicFilter {
    /// The filter in these bytes, which belongs to this block. Reads it once from end to end, as Core does.
    ///
    /// # Errors
    ///
    /// When there are fewer elements than it claims, or bytes after them.
    pub fn new(block_hash: BlockHash, bytes: Bytes) -> Result<Self, FilterError> {
        let (count, elements) = split(&bytes)?;
        let mut values = Values::new(elements, count);
        for read in 0..count {
            values
                .next()
                .ok_or(FilterError::Truncated { read, count })?;
        }
        let trailing = values.whole_bytes_left();
        if trailing > 0 {
            return Err(FilterError::TrailingBytes { count: trailing });
        }
        Ok(Self {
            bytes,
            block_hash,
            count,
        })
    }

    /// Whether the block has to do with this script. A script that is in the filter always matches; others seldom do.
    #[must_use]
    pub fn matches(&self, script: &[u8]) -> bool {
        self.matches_any([script])
    }

    /// Whether the block has to do with any of these scripts.
    ///
    /// For `q` scripts and a filter of `n` bytes it takes `q log q + n` steps and 8 bytes for each script.
    #[must_use]
    pub fn matches_any<S: AsRef<[u8]>>(&self, scripts: impl IntoIterator<Item = S>) -> bool {
        if self.count == 0 {
            return false;
        }
        let range = Range::new(self.block_hash, self.count);
        let scripts = scripts.into_iter();
        let mut wanted: Vec<u64> = scripts.map(|script| range.value(script.as_ref())).collect();
        wanted.sort_unstable();
        // Both rise: whichever is behind goes on.
        let mut wanted = wanted.into_iter().peekable();
        for value in self.values() {
            while wanted.next_if(|wanted| *wanted < value).is_some() {}
            match wanted.peek() {
                Some(next) if *next == value => return true,
                Some(_) => {}
                None => return false,
            }
        }
        false
    }

    /// Elements in the filter.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.count
    }

    /// Whether it has no elements, and so matches nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The filter as it is sent.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The block that it belongs to.
    #[must_use]
    pub const fn block_hash(&self) -> BlockHash {
        self.block_hash
    }

    /// Its hash, as `cfheaders` has it.
    #[must_use]
    pub fn hash(&self) -> FilterHash {
        filter_hash(&self.bytes)
    }

    /// Its filter header, after that of the block before; [`FilterHeader::ALL_ZERO`] is before the first block.
    #[must_use]
    pub fn header(&self, previous: FilterHeader) -> FilterHeader {
        filter_header(self.hash(), previous)
    }

    fn values(&self) -> Values<'_> {
        // Cannot fail: it was read before.
        let elements = split(&self.bytes).map(|(_, elements)| elements);
        Values::new(elements.unwrap_or_default(), self.count)
    }
}

impl core::fmt::Debug for BasicFilter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BasicFilter")
            .field("block_hash", &self.block_hash)
            .field("len", &self.count)
            .field("size", &self.bytes.len())
            .finish()
    }
}

/// The hash of a filter as it is sent (BIP157).
#[must_use]
pub fn filter_hash(filter: &[u8]) -> FilterHash {
    FilterHash::from_bytes(sha256d(filter))
}

/// The filter header of a block: its filter hash chained to the header before (BIP157).
#[must_use]
pub fn filter_header(hash: FilterHash, previous: FilterHeader) -> FilterHeader {
    let mut both = [0; 64];
    let (first, second) = both.split_at_mut(32);
    first.copy_from_slice(hash.as_bytes());
    second.copy_from_slice(previous.as_bytes());
    FilterHeader::from_bytes(sha256d(&both))
}

/// The filter headers of consecutive blocks, after the header before the first: what a `cfheaders` comes to.
pub fn filter_headers(
    previous: FilterHeader,
    hashes: impl IntoIterator<Item = FilterHash>,
) -> impl Iterator<Item = FilterHeader> {
    let chain = move |last: &mut FilterHeader, hash| {
        *last = filter_header(hash, *last);
        Some(*last)
    };
    hashes.into_iter().scan(previous, chain)
}

/// Where elements lie: evenly in a range as large as there are elements, times [`M`]. The key is the first half of the
/// block's hash in the order of the wire.
struct Range {
    hasher: SipHasher24,
    size: u64,
}

impl Range {
    fn new(block_hash: BlockHash, count: u32) -> Self {
        let hash = block_hash.to_bytes();
        let key = core::array::from_fn(|index| hash[index]);
        Self {
            hasher: SipHasher24::new_with_key(&key),
            size: u64::from(count) * M,
        }
    }

    /// Where this element lies: its hash, brought from 64 bits into the range.
    fn value(&self, element: &[u8]) -> u64 {
        let product = u128::from(self.hasher.hash(element)) * u128::from(self.size);
        (product >> 64) as u64
    }
}

/// The count of elements and the bytes after it, which may hold as many.
fn split(filter: &Bytes) -> Result<(u32, &[u8]), FilterError> {
    let mut reader = Reader::new(filter);
    let count = reader.compact_u64("elements").map_err(FilterError::Count)?;
    let elements = reader.rest();
    let limit = elements.len() as u64 * 8 / u64::from(LEAST_BITS);
    match u32::try_from(count) {
        Ok(exact) if count <= limit => Ok((exact, elements)),
        _ => Err(FilterError::TooManyElements { count, limit }),
    }
}

/// One in how many scripts matches that is not in the filter (BIP158's `M`; Core's `BASIC_FILTER_M`).
const M: u64 = 784_931;

/// Bits of an element that are written as they are (BIP158's `P`; Core's `BASIC_FILTER_P`).
const P: u32 = 19;

/// Bits that an element takes at least: those, and the end of a run of ones.
const LEAST_BITS: u32 = P + 1;
