//! [`TxView`]: a transaction still in the bytes it arrived in.
//!
//! Its structure was checked once, in one pass without an allocation; everything else is found when it is asked for.

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::item::OutPoint;
use super::iter::{Inputs, Outputs, Witnesses};
use super::layout::{Layout, VERSION_SIZE};
use super::owned::Transaction;
use crate::wire::error::saturate;
use crate::wire::{DecodeErrorKind, FieldError, Reader, TxFormat, Txid, Wtxid, cut, sha256d};

/// A structurally valid transaction over shared bytes.
///
/// Cloning costs a reference count. A view keeps alive the payload it was cut from, such as the whole block; what is
/// kept for long is better [`detached`](Self::detached).
#[derive(Clone, PartialEq, Eq)]
pub struct TxView {
    bytes: Bytes,
    layout: Layout,
}

impl TxView {
    /// Reads the transaction at the reader's position, sharing its bytes.
    ///
    /// # Errors
    ///
    /// When the bytes do not have the structure of a transaction of this format, among other things: unknown flags, or
    /// a witness flag with nothing but empty witnesses (BIP144).
    pub fn decode(reader: &mut Reader<'_>, format: TxFormat) -> Result<Self, FieldError> {
        let start = reader.position();
        let layout = Layout::scan(reader, format)?;
        Ok(Self {
            bytes: reader.since(start),
            layout,
        })
    }

    /// The transaction at the front of `payload`, and the number of bytes after it.
    pub(crate) fn cut(payload: Bytes, format: TxFormat) -> Result<(Self, usize), FieldError> {
        let (layout, bytes, trailing) = cut(payload, |reader| Layout::scan(reader, format))?;
        Ok((Self { bytes, layout }, trailing))
    }

    /// The transaction that `bytes` are, to the last one.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode), or [`DecodeErrorKind::TrailingBytes`].
    pub fn from_bytes(bytes: Bytes, format: TxFormat) -> Result<Self, FieldError> {
        let mut reader = Reader::new(&bytes);
        let layout = Layout::scan(&mut reader, format)?;
        if !reader.is_empty() {
            let count = saturate(reader.remaining());
            return Err(FieldError::new(
                "transaction",
                DecodeErrorKind::TrailingBytes { count },
            ));
        }
        Ok(Self { bytes, layout })
    }

    /// The transaction as it arrived, with its witness.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The layout that it was read in.
    #[must_use]
    pub const fn format(&self) -> TxFormat {
        self.layout.format
    }

    /// The version, which decides over the meaning of lock times (BIP68).
    #[must_use]
    pub fn version(&self) -> i32 {
        self.reader(0).i32("version").unwrap_or_default()
    }

    /// When it was made, in seconds since the Unix epoch; `None` where the layout has no such field. NavCoin's has.
    #[must_use]
    pub fn time(&self) -> Option<u32> {
        match self.format() {
            TxFormat::Bitcoin | TxFormat::Litecoin => None,
            TxFormat::NavCoin => self.reader(VERSION_SIZE).u32("time").ok(),
        }
    }

    /// The earliest block height or time at which it may be mined; 0 for any.
    #[must_use]
    pub fn lock_time(&self) -> u32 {
        self.reader(self.layout.lock_time)
            .u32("lock_time")
            .unwrap_or_default()
    }

    /// Whether any input has a witness.
    #[must_use]
    pub fn has_witness(&self) -> bool {
        self.layout.witness_size() != 0
    }

    /// The inputs in order.
    #[must_use]
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs::counted(self.reader(self.layout.inputs.into()))
    }

    /// The outputs in order.
    #[must_use]
    pub fn outputs(&self) -> Outputs<'_> {
        Outputs::counted(self.reader(self.layout.outputs), self.layout.format)
    }

    /// The witness of each input in order; all empty where the transaction has none.
    #[must_use]
    pub fn witnesses(&self) -> Witnesses<'_> {
        let reader = self.reader(self.layout.witness);
        Witnesses::new(self.inputs().len(), reader, self.has_witness())
    }

    /// Whether this is a coinbase: its only input spends nothing.
    #[must_use]
    pub fn is_coinbase(&self) -> bool {
        let mut inputs = self.inputs();
        inputs.len() == 1
            && inputs
                .next()
                .is_some_and(|input| input.previous_output == OutPoint::NULL)
    }

    /// The id: hash of the base encoding, which is not copied together for it.
    #[must_use]
    pub fn txid(&self) -> Txid {
        let mut hasher = Sha256::new();
        for part in self.base_parts() {
            hasher.update(part);
        }
        Txid::from_bytes(Sha256::digest(hasher.finalize()).into())
    }

    /// The witness id (BIP141): hash of the whole; equal to [`txid`](Self::txid) where there is no witness.
    ///
    /// A block commits to its coinbase by zeros instead.
    #[must_use]
    pub fn wtxid(&self) -> Wtxid {
        Wtxid::from_bytes(sha256d(&self.bytes))
    }

    /// Bytes without the witness.
    #[must_use]
    pub fn base_size(&self) -> usize {
        self.bytes
            .len()
            .saturating_sub(self.layout.witness_size() as usize)
    }

    /// Bytes in all.
    #[must_use]
    pub const fn total_size(&self) -> usize {
        self.bytes.len()
    }

    /// The weight (BIP141): three times the base size and once the total.
    #[must_use]
    pub fn weight(&self) -> usize {
        3 * self.base_size() + self.total_size()
    }

    /// The base encoding, for peers that do not ask for witnesses. Shares the bytes where there is none to leave out.
    #[must_use]
    pub fn without_witness(&self) -> Bytes {
        if !self.has_witness() {
            return self.bytes.clone();
        }
        let mut base = Vec::with_capacity(self.base_size());
        self.write_base(&mut base);
        base.into()
    }

    /// The same transaction over a copy of its own bytes, which keeps no larger payload alive.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self {
            bytes: Bytes::copy_from_slice(&self.bytes),
            layout: self.layout,
        }
    }

    /// The owned form, whose scripts share one copy of the bytes; `None` if the transaction is of a layout that has
    /// parts of its own, for which see [`navcoin::Transaction`](crate::wire::navcoin::Transaction).
    #[must_use]
    pub fn to_transaction(&self) -> Option<Transaction> {
        match self.format() {
            TxFormat::Bitcoin | TxFormat::Litecoin => {
                Some(Transaction::from_view(&self.detached()))
            }
            TxFormat::NavCoin => None,
        }
    }

    pub(in crate::wire) fn write_base(&self, out: &mut Vec<u8>) {
        for part in self.base_parts() {
            out.extend_from_slice(part);
        }
    }

    /// What is left without marker, flags and witness: what comes before the inputs, the inputs and outputs, and the
    /// lock time with what comes after it.
    fn base_parts(&self) -> [&[u8]; 3] {
        let Layout {
            inputs,
            witness,
            lock_time,
            ..
        } = self.layout;
        let part = |from: u32, to: u32| {
            self.bytes
                .get(from as usize..to as usize)
                .unwrap_or_default()
        };
        let end = saturate(self.bytes.len());
        [
            part(0, self.layout.format.prefix_size().into()),
            part(inputs.into(), witness),
            part(lock_time, end),
        ]
    }

    /// Where the parts are.
    pub(in crate::wire) const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// A reader at an offset that the layout names.
    pub(in crate::wire) fn reader(&self, offset: u32) -> Reader<'_> {
        let mut reader = Reader::new(&self.bytes);
        // Cannot fail: the layout names no offset outside the bytes.
        let _ = reader.slice("offset", offset as usize);
        reader
    }
}

impl fmt::Debug for TxView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TxView")
            .field("txid", &self.txid())
            .field("total_size", &self.total_size())
            .finish_non_exhaustive()
    }
}
