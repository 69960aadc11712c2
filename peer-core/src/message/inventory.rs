//! `inv`, `getdata` and `notfound`, which are lists of inventory vectors; and `feefilter` (BIP133), which makes them
//! shorter.

use core::fmt;
use core::iter::FusedIterator;

use alloc::vec::Vec;
use bytes::Bytes;
use thiserror::Error;

use super::Codec;
use super::codec::{Payload, fields};
use super::error::{EncodeErrorKind, check_count};
use crate::network::{InvKind, InvNumbering, Network};
use crate::wire::{FieldError, Hash, Item, List, ListIter, TxEncoding, Writer};

/// One object that a peer has, wants, or does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvVect {
    /// What it is.
    pub kind: InvKind,
    /// Its hash: which one depends on the kind.
    pub hash: Hash,
}

impl InvVect {
    /// An object of `kind` with `hash`.
    pub fn new(kind: InvKind, hash: impl Into<Hash>) -> Self {
        Self {
            kind,
            hash: hash.into(),
        }
    }
}

/// A kind of object that the network has no number for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the network has no inventory number for {kind:?}")]
pub struct UnnumberedKind {
    /// The kind.
    pub kind: InvKind,
}

/// The payload of `inv`, `getdata` and `notfound`: a list of [`InvVect`] over shared bytes.
///
/// It remembers whose numbers it holds and can only be sent on a network that numbers alike.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    vectors: List<Numbered>,
    numbering: InvNumbering,
}

impl Inventory {
    /// The list of `items` in the numbers of `network`.
    ///
    /// # Errors
    ///
    /// When the network has no number for one of the kinds.
    pub fn new(
        network: &Network,
        items: impl IntoIterator<Item = InvVect>,
    ) -> Result<Self, UnnumberedKind> {
        let numbering = network.inv_numbering;
        let numbered = |item: InvVect| {
            let number = numbering.number(item.kind);
            let number = number.ok_or(UnnumberedKind { kind: item.kind })?;
            Ok(Numbered {
                number,
                hash: item.hash,
            })
        };
        let vectors: Result<List<_>, _> = items.into_iter().map(numbered).collect();
        Ok(Self {
            vectors: vectors?,
            numbering,
        })
    }

    /// Number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.vectors.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vectors.is_empty()
    }

    /// The object at `index`, counted from zero.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<InvVect> {
        let vector = self.vectors.get(index)?;
        Some(vector.named(self.numbering))
    }

    /// The objects in order. Allocates nothing.
    #[must_use]
    pub fn iter(&self) -> InvIter<'_> {
        InvIter {
            vectors: self.vectors.iter(),
            numbering: self.numbering,
        }
    }
}

impl fmt::Debug for Inventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a Inventory {
    type Item = InvVect;
    type IntoIter = InvIter<'a>;

    fn into_iter(self) -> InvIter<'a> {
        self.iter()
    }
}

/// Iterator over the objects of an [`Inventory`].
#[derive(Clone, Debug)]
pub struct InvIter<'a> {
    vectors: ListIter<'a, Numbered>,
    numbering: InvNumbering,
}

impl Iterator for InvIter<'_> {
    type Item = InvVect;

    fn next(&mut self) -> Option<InvVect> {
        let vector = self.vectors.next()?;
        Some(vector.named(self.numbering))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.vectors.size_hint()
    }
}

impl ExactSizeIterator for InvIter<'_> {}
impl FusedIterator for InvIter<'_> {}

/// An inventory vector as it stands on the wire: 4 bytes of number, 32 bytes of hash.
#[derive(Clone, Copy, Debug)]
struct Numbered {
    number: u32,
    hash: Hash,
}

impl Numbered {
    fn named(self, numbering: InvNumbering) -> InvVect {
        InvVect {
            kind: numbering.kind(self.number),
            hash: self.hash,
        }
    }
}

impl Item for Numbered {
    const STRIDE: usize = 36;

    fn parse(record: &[u8]) -> Option<Self> {
        let (number, hash) = record.split_first_chunk()?;
        Some(Self {
            number: u32::from_le_bytes(*number),
            hash: Hash::parse(hash)?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.number.to_le_bytes());
        self.hash.write(out);
    }
}

impl Payload for Inventory {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        let (vectors, trailing) = List::cut(payload, "inventory", codec.limits.inv)?;
        let numbering = codec.network.inv_numbering;
        Ok((Self { vectors, numbering }, trailing))
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        if self.numbering != codec.network.inv_numbering {
            return Err(EncodeErrorKind::OtherLayout { field: "inventory" });
        }
        check_count("inventory", self.len(), codec.limits.inv)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.list(&self.vectors);
    }

    fn shared(&self, _encoding: TxEncoding) -> Option<Bytes> {
        Some(self.vectors.as_encoded().clone())
    }
}

/// The `feefilter` message: asks not to announce transactions below a fee rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeFilter {
    /// Fee rate in satoshi per 1,000 virtual bytes. Any value can arrive.
    pub fee_rate: i64,
}

impl FeeFilter {
    /// All the money there can be on Bitcoin, in satoshi (Core's `MAX_MONEY`).
    pub const MAX_FEE_RATE: i64 = 21_000_000 * 100_000_000;

    /// Whether the fee rate is one that a transaction could have. Core ignores the message if not.
    #[must_use]
    pub const fn is_in_money_range(&self) -> bool {
        matches!(self.fee_rate, 0..=Self::MAX_FEE_RATE)
    }
}

impl Payload for FeeFilter {
    fn decode(payload: Bytes, _codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                fee_rate: reader.i64("fee rate")?,
            })
        })
    }

    fn check(&self, _codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        if self.fee_rate < 0 {
            return Err(EncodeErrorKind::InvalidValue { field: "fee rate" });
        }
        Ok(())
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.i64(self.fee_rate);
    }
}
