//! The parts of a transaction, borrowed from its bytes: one input, one output, one witness stack.
//!
//! Each knows how to read itself. Checking a transaction and looking at one go through the same code, so they cannot
//! disagree about where a field is.

use core::fmt;

use super::iter::WitnessIter;
use crate::wire::navcoin::RawOutput;
use crate::wire::{FieldError, Reader, TxFormat, Txid, Writer};

/// A reference to an output of an earlier transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutPoint {
    /// The transaction that made the output.
    pub txid: Txid,
    /// Which of its outputs, counted from zero.
    pub vout: u32,
}

impl OutPoint {
    const SIZE: usize = 32 + 4;

    /// The reference to nothing that marks a coinbase input.
    pub const NULL: Self = Self {
        txid: Txid::ALL_ZERO,
        vout: u32::MAX,
    };

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let [txid @ .., a, b, c, d] = reader.array::<{ Self::SIZE }>("previous_output")?;
        Ok(Self {
            txid: Txid::from_bytes(txid),
            vout: u32::from_le_bytes([a, b, c, d]),
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(self.txid.as_bytes());
        writer.u32(self.vout);
    }
}

/// `txid:vout`, the way that node software prints it.
impl fmt::Display for OutPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.txid, self.vout)
    }
}

/// An input of a [`TxView`](super::TxView).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TxInView<'a> {
    /// The output that it spends.
    pub previous_output: OutPoint,
    /// The script that unlocks it; empty where a witness does.
    pub script_sig: &'a [u8],
    /// Replacement and relative lock time (BIP125, BIP68).
    pub sequence: u32,
}

impl<'a> TxInView<'a> {
    /// Bytes of the smallest input: an outpoint, an empty script and a sequence number.
    pub(super) const LEAST_SIZE: usize = OutPoint::SIZE + 1 + 4;

    #[inline]
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, FieldError> {
        Ok(Self {
            previous_output: OutPoint::read(reader)?,
            script_sig: string(reader, "script_sig")?,
            sequence: reader.u32("sequence")?,
        })
    }
}

/// An output of a [`TxView`](super::TxView).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TxOutView<'a> {
    /// Amount in satoshi. Any 64 bits can arrive, negative ones too. 0 where NavCoin's layout leaves it out, as the
    /// amount is in a commitment.
    pub value: i64,
    /// The script that locks it.
    pub script_pubkey: &'a [u8],
}

impl<'a> TxOutView<'a> {
    /// Bytes of the smallest output: a value and an empty script.
    pub(super) const LEAST_SIZE: usize = 8 + 1;

    #[inline]
    pub(super) fn read(reader: &mut Reader<'a>, format: TxFormat) -> Result<Self, FieldError> {
        match format {
            TxFormat::Bitcoin | TxFormat::Litecoin => Ok(Self {
                value: reader.i64("value")?,
                script_pubkey: string(reader, "script_pubkey")?,
            }),
            TxFormat::NavCoin => RawOutput::read(reader).map(|output| Self {
                value: output.value,
                script_pubkey: output.script_pubkey,
            }),
        }
    }
}

/// The witness of one input of a [`TxView`](super::TxView): a stack of byte strings, mostly empty or short.
#[derive(Clone)]
pub struct WitnessView<'a> {
    len: usize,
    /// At the first item.
    reader: Reader<'a>,
}

impl<'a> WitnessView<'a> {
    /// Bytes of the smallest item, an empty one.
    const LEAST_ITEM_SIZE: usize = 1;

    #[inline]
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, FieldError> {
        Self::read_as(reader, "witness", "witness item")
    }

    /// Reads a list of byte strings, whatever it is called.
    #[inline]
    pub(in crate::wire) fn read_as(
        reader: &mut Reader<'a>,
        list: &'static str,
        item: &'static str,
    ) -> Result<Self, FieldError> {
        let len = count(reader, list, Self::LEAST_ITEM_SIZE)?;
        let view = Self {
            len,
            reader: reader.clone(),
        };
        for _ in 0..len {
            string(reader, item)?;
        }
        Ok(view)
    }

    /// No items: what an input has where the transaction has no witness.
    pub(super) const fn empty(reader: Reader<'a>) -> Self {
        Self { len: 0, reader }
    }

    /// Number of items.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no items.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The items, from the bottom of the stack to its top.
    #[must_use]
    pub fn iter(&self) -> WitnessIter<'a> {
        WitnessIter::new(self.len, self.reader.clone())
    }
}

impl<'a> IntoIterator for &WitnessView<'a> {
    type Item = &'a [u8];
    type IntoIter = WitnessIter<'a>;

    fn into_iter(self) -> WitnessIter<'a> {
        self.iter()
    }
}

impl PartialEq for WitnessView<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for WitnessView<'_> {}

impl fmt::Debug for WitnessView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// Reads how many items follow, each of which takes at least `least_size` bytes.
///
/// A count that the bytes left cannot hold is refused before the first item is looked at. It is reported as missing
/// bytes and not as a broken limit: the protocol has no limit here, and a transaction cut short is no worse than any
/// other message cut short.
#[inline]
pub(in crate::wire) fn count(
    reader: &mut Reader<'_>,
    field: &'static str,
    least_size: usize,
) -> Result<usize, FieldError> {
    let count = reader.compact_size(field)?;
    reader
        .clone()
        .slice(field, count.saturating_mul(least_size))?;
    Ok(count)
}

/// Reads a byte string behind its length, which the bytes left bound.
#[inline]
pub(in crate::wire) fn string<'a>(
    reader: &mut Reader<'a>,
    field: &'static str,
) -> Result<&'a [u8], FieldError> {
    let length = reader.compact_size(field)?;
    reader.slice(field, length)
}
