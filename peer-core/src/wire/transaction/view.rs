//! [`TxView`]: a transaction still in the bytes it arrived in.
//!
//! Its structure was checked once, in one pass without an allocation; everything else is found when it is asked for.

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::item::{OutPoint, WitnessView};
use super::iter::{Inputs, Outputs, Witnesses};
use super::layout::{Layout, VERSION_SIZE, WITNESS_FLAG};
use super::owned::Transaction;
use crate::wire::error::saturate;
use crate::wire::{
    DecodeErrorKind, FieldError, Reader, TxEncoding, TxFormat, Txid, Wtxid, cut, mweb,
};

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

    /// The transaction as it arrived.
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
    pub const fn has_witness(&self) -> bool {
        self.layout.has_witness()
    }

    /// Whether this is the HogEx of a block (see [`mweb`]), as far as its encoding says so: without MWEB it does not.
    #[must_use]
    pub const fn is_hogex(&self) -> bool {
        self.layout.is_hogex()
    }

    /// What it has of Litecoin's extension block (see [`mweb`]): offsets, inputs, outputs and kernels.
    #[must_use]
    pub fn mweb(&self) -> Option<&[u8]> {
        let has_mweb = self.layout.has_mweb_flag() && !self.is_hogex();
        let start = self.mweb_start().saturating_add(PRESENCE_SIZE);
        has_mweb.then(|| self.part(start, self.layout.lock_time))
    }

    /// Whether it has MWEB data and nothing else: no inputs and no outputs outside of the extension block.
    #[must_use]
    pub fn is_mweb_only(&self) -> bool {
        let has_mweb = self.layout.has_mweb_flag() && !self.is_hogex();
        has_mweb && self.inputs().len() == 0 && self.outputs().len() == 0
    }

    /// The inputs in order.
    #[must_use]
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs::counted(self.reader(self.layout.inputs().into()))
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
    ///
    /// A transaction of nothing but MWEB data goes by its first kernel, as in Litecoin Core 0.21.
    #[must_use]
    pub fn txid(&self) -> Txid {
        Txid::from_bytes(self.id(TxEncoding::Base))
    }

    /// The witness id (BIP141): hash with witness; equal to [`txid`](Self::txid) where there is no witness. MWEB data
    /// is not part of it.
    ///
    /// A block commits to its coinbase by zeros instead.
    #[must_use]
    pub fn wtxid(&self) -> Wtxid {
        Wtxid::from_bytes(self.id(TxEncoding::Witness))
    }

    fn id(&self, encoding: TxEncoding) -> [u8; 32] {
        if self.is_mweb_only() {
            let start = self.mweb_start().saturating_add(PRESENCE_SIZE);
            // Cannot be missing: there is no MWEB data without a kernel.
            return mweb::first_kernel_id(self.reader(start)).unwrap_or_default();
        }
        let mut hasher = Sha256::new();
        for part in self.parts(encoding) {
            hasher.update(part);
        }
        Sha256::digest(hasher.finalize()).into()
    }

    /// Bytes of the base encoding.
    #[must_use]
    pub fn base_size(&self) -> usize {
        self.bytes
            .len()
            .saturating_sub(self.layout.beyond_base() as usize)
    }

    /// Bytes in all.
    #[must_use]
    pub const fn total_size(&self) -> usize {
        self.bytes.len()
    }

    /// The weight (BIP141): three times the base size and once the size with witness. MWEB data is weighed apart.
    #[must_use]
    pub fn weight(&self) -> usize {
        3 * self.base_size() + self.size_in(TxEncoding::Witness)
    }

    /// Bytes of an encoding.
    pub(in crate::wire) fn size_in(&self, encoding: TxEncoding) -> usize {
        self.parts(encoding).map(<[u8]>::len).iter().sum()
    }

    /// The transaction in an encoding. Shares the bytes where that leaves out nothing.
    #[must_use]
    pub fn to_bytes(&self, encoding: TxEncoding) -> Bytes {
        let size = self.size_in(encoding);
        if size == self.bytes.len() {
            return self.bytes.clone();
        }
        let mut bytes = Vec::with_capacity(size);
        self.write(encoding, &mut bytes);
        bytes.into()
    }

    /// The base encoding, for peers that do not ask for witnesses. Shares the bytes where there is none to leave out.
    #[must_use]
    pub fn without_witness(&self) -> Bytes {
        self.to_bytes(TxEncoding::Base)
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
    /// parts of its own, for which see [`navcoin::Transaction`](crate::wire::navcoin::Transaction), or has MWEB data or
    /// is a HogEx.
    #[must_use]
    pub fn to_transaction(&self) -> Option<Transaction> {
        match self.format() {
            TxFormat::Bitcoin | TxFormat::Litecoin => {
                let has_all = !self.layout.has_mweb_flag();
                has_all.then(|| Transaction::from_view(&self.detached()))
            }
            TxFormat::NavCoin => None,
        }
    }

    pub(in crate::wire) fn write(&self, encoding: TxEncoding, out: &mut Vec<u8>) {
        for part in self.parts(encoding) {
            out.extend_from_slice(part);
        }
    }

    /// What is left in an encoding: what comes before marker and flags, these, inputs, outputs and witness, and the
    /// lock time with what comes after it.
    fn parts(&self, encoding: TxEncoding) -> [&[u8]; 4] {
        let end = saturate(self.bytes.len());
        let (flags, until): (&[u8], u32) = match encoding {
            TxEncoding::Base => (&[], self.layout.witness),
            TxEncoding::Witness if self.layout.has_mweb_flag() => {
                let flags: &[u8] = if self.has_witness() {
                    &[0, WITNESS_FLAG]
                } else {
                    &[]
                };
                (flags, self.mweb_start())
            }
            TxEncoding::Witness | TxEncoding::Full => return [&self.bytes, &[], &[], &[]],
        };
        [
            self.part(0, self.format().prefix_size().into()),
            flags,
            self.part(self.layout.inputs().into(), until),
            self.part(self.layout.lock_time, end),
        ]
    }

    /// Where it is said whether there is MWEB data; where the lock time is if nothing is said. Not kept, as views are
    /// small: only a transaction with both has its witness walked over.
    fn mweb_start(&self) -> u32 {
        match (self.layout.has_mweb_flag(), self.has_witness()) {
            (false, _) => self.layout.lock_time,
            (true, false) => self.layout.witness,
            (true, true) => {
                let mut reader = self.reader(self.layout.witness);
                for _ in 0..self.inputs().len() {
                    // Cannot fail: they were read before.
                    let _ = WitnessView::read(&mut reader);
                }
                saturate(reader.position())
            }
        }
    }

    fn part(&self, from: u32, to: u32) -> &[u8] {
        self.bytes
            .get(from as usize..to as usize)
            .unwrap_or_default()
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

/// Bytes that say whether there is MWEB data.
const PRESENCE_SIZE: u32 = 1;
