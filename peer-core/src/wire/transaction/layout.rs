//! Where the parts of a transaction lie: one pass, without which there is no view, and the only place that knows
//! formats apart.

use super::item::{TxInView, TxOutView, WitnessView, count};
use crate::wire::error::saturate;
use crate::wire::mweb;
use crate::wire::navcoin::Trailer;
use crate::wire::{DecodeErrorKind, FieldError, Reader, TxFormat};

/// What a view remembers of its transaction: offsets into the bytes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire) struct Layout {
    pub(super) format: TxFormat,
    /// As they stand behind the marker; 0 where there is none.
    flags: u8,
    /// Whether it has the MWEB flag and no MWEB data.
    is_hogex: bool,
    /// Of the output count.
    pub(super) outputs: u32,
    /// Behind the outputs: of the first witness stack, or else of what comes next.
    pub(super) witness: u32,
    /// Of the lock time.
    pub(super) lock_time: u32,
}

impl Layout {
    /// Checks the transaction at the reader's position and leaves the reader behind it.
    #[inline]
    pub(in crate::wire) fn scan(
        reader: &mut Reader<'_>,
        format: TxFormat,
    ) -> Result<Self, FieldError> {
        // One walk, compiled once for each layout.
        match format {
            TxFormat::Bitcoin => Self::walk(reader, TxFormat::Bitcoin),
            TxFormat::Litecoin => Self::walk_litecoin(reader),
            TxFormat::NavCoin => Self::walk_navcoin(reader),
        }
    }

    // Out of line, so that Bitcoin's stays small enough to be part of the loop over a block.

    #[inline(never)]
    fn walk_litecoin(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Self::walk(reader, TxFormat::Litecoin)
    }

    #[inline(never)]
    fn walk_navcoin(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Self::walk(reader, TxFormat::NavCoin)
    }

    /// Reads how many transactions follow, as far as the bytes left can hold them.
    pub(in crate::wire) fn count(
        reader: &mut Reader<'_>,
        field: &'static str,
    ) -> Result<u32, FieldError> {
        count(reader, field, LEAST_SIZE).map(saturate)
    }

    /// Where the output count is.
    pub(in crate::wire) const fn outputs(&self) -> u32 {
        self.outputs
    }

    /// Where the lock time is.
    pub(in crate::wire) const fn lock_time(&self) -> u32 {
        self.lock_time
    }

    /// Where the input count is: right behind the version and, if there are any, marker and flags.
    pub(super) const fn inputs(&self) -> u8 {
        let flags = if self.flags == 0 { 0 } else { 2 };
        self.format.prefix_size() + flags
    }

    /// Whether any input has a witness.
    pub(in crate::wire) const fn has_witness(&self) -> bool {
        self.flags & WITNESS_FLAG != 0
    }

    /// Whether there is more than a peer without MWEB can read: MWEB data, or that it is the HogEx.
    pub(in crate::wire) const fn has_mweb_flag(&self) -> bool {
        self.flags & MWEB_FLAG != 0
    }

    /// Whether this is Litecoin's HogEx.
    pub(in crate::wire) const fn is_hogex(&self) -> bool {
        self.is_hogex
    }

    /// Bytes that the base encoding leaves out: marker, flags and all between the outputs and the lock time.
    pub(in crate::wire) fn beyond_base(&self) -> u32 {
        let flags = self.inputs().saturating_sub(self.format.prefix_size());
        self.lock_time
            .saturating_sub(self.witness)
            .saturating_add(flags.into())
    }

    /// Version, inputs, outputs, witness, lock time (BIP144), and what a layout has of its own in between.
    #[inline(always)]
    fn walk(reader: &mut Reader<'_>, format: TxFormat) -> Result<Self, FieldError> {
        let start = reader.position();
        let here = |reader: &Reader<'_>| saturate(reader.position() - start);
        let version = reader.i32("version")?;
        if format == TxFormat::NavCoin {
            reader.u32("time")?;
        }
        let flags = flags(reader, format)?;
        if flags != 0 {
            reader.u16("flags")?;
        }
        let input_count = count(reader, "inputs", TxInView::LEAST_SIZE)?;
        for _ in 0..input_count {
            TxInView::read(reader)?;
        }
        let outputs = here(reader);
        let output_count = count(reader, "outputs", TxOutView::LEAST_SIZE)?;
        for _ in 0..output_count {
            TxOutView::read(reader, format)?;
        }
        let witness = here(reader);
        if flags & WITNESS_FLAG != 0 {
            scan_witness(reader, input_count, format)?;
        }
        let is_mweb = format == TxFormat::Litecoin && flags & MWEB_FLAG != 0;
        let is_hogex = is_mweb && scan_mweb(reader, output_count)?;
        let lock_time = here(reader);
        reader.u32("lock_time")?;
        if format == TxFormat::NavCoin {
            Trailer::read(reader, version)?;
        }
        check_size(reader.position() - start)?;
        Ok(Self {
            format,
            flags,
            is_hogex,
            outputs,
            witness,
            lock_time,
        })
    }
}

/// The flags if a marker and flags come next, or else 0, with Bitcoin Core's reading of the corner cases.
///
/// A zero byte in the place of the input count is the marker, and what follows it are the flags, of which only some
/// values are known. The exception is a second zero, which cannot be flags: it is read as an output count, and the
/// transaction as having neither inputs nor outputs. With outputs but no inputs there is no encoding at all.
#[inline]
fn flags(reader: &Reader<'_>, format: TxFormat) -> Result<u8, FieldError> {
    let [0, flags, ..] = *reader.rest() else {
        return Ok(0);
    };
    let known = match format {
        TxFormat::Bitcoin | TxFormat::NavCoin => WITNESS_FLAG,
        TxFormat::Litecoin => WITNESS_FLAG | MWEB_FLAG,
    };
    if flags & !known == 0 {
        return Ok(flags);
    }
    let kind = DecodeErrorKind::InvalidValue {
        value: flags.into(),
    };
    Err(FieldError::new("flags", kind))
}

/// Checks what the MWEB flag stands for, and says whether that is the HogEx: it has no MWEB data, and its outputs are
/// what it is for.
fn scan_mweb(reader: &mut Reader<'_>, outputs: usize) -> Result<bool, FieldError> {
    let has_mweb = mweb::scan_optional_transaction(reader)?;
    if !has_mweb && outputs == 0 {
        let kind = DecodeErrorKind::InvalidValue { value: 0 };
        return Err(FieldError::new("hogex outputs", kind));
    }
    Ok(!has_mweb)
}

/// Checks one witness stack per input. Not all may be empty, except where the nodes of the network let that pass.
#[inline]
fn scan_witness(
    reader: &mut Reader<'_>,
    inputs: usize,
    format: TxFormat,
) -> Result<(), FieldError> {
    let mut any = format == TxFormat::NavCoin;
    for _ in 0..inputs {
        any |= !WitnessView::read(reader)?.is_empty();
    }
    if any {
        Ok(())
    } else {
        Err(FieldError::new(
            "witness",
            DecodeErrorKind::SuperfluousWitness,
        ))
    }
}

/// Offsets are kept in 32 bits. No network has frames that large, but a reader may be given anything.
fn check_size(size: usize) -> Result<(), FieldError> {
    if u32::try_from(size).is_ok() {
        return Ok(());
    }
    let kind = DecodeErrorKind::SizeAboveLimit {
        size: size as u64,
        limit: u32::MAX,
    };
    Err(FieldError::new("transaction", kind))
}

/// Bytes of the smallest transaction that has a structure in any layout: version, two counts of zero, lock time.
const LEAST_SIZE: usize = 4 + 1 + 1 + 4;

/// Bytes of the version.
pub(super) const VERSION_SIZE: u32 = 4;

/// The only flag that BIP144 defines: a witness follows the outputs.
pub(super) const WITNESS_FLAG: u8 = 1;

/// Litecoin's: MWEB data follows the witness, or a byte that says there is none.
const MWEB_FLAG: u8 = 1 << 3;
