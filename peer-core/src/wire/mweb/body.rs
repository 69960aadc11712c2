//! Inputs, outputs and kernels of the extension block: where they end, and what a kernel is called.

use super::{is_present, varint};
use crate::wire::transaction::{count, string};
use crate::wire::{DecodeErrorKind, FieldError, Reader};

/// Checks the MWEB part of a transaction at the reader's position, or that there is none; says which.
pub(in crate::wire) fn scan_optional_transaction(
    reader: &mut Reader<'_>,
) -> Result<bool, FieldError> {
    if !is_present(reader, "mweb")? {
        return Ok(false);
    }
    reader.slice("kernel_offset", OFFSET_SIZE)?;
    reader.slice("stealth_offset", OFFSET_SIZE)?;
    if scan(reader)? == 0 {
        let kind = DecodeErrorKind::InvalidValue { value: 0 };
        return Err(FieldError::new("kernels", kind));
    }
    Ok(true)
}

/// Checks a body and counts its kernels.
pub(super) fn scan(reader: &mut Reader<'_>) -> Result<usize, FieldError> {
    skip_to_kernels(reader)?;
    let kernels = count(reader, "kernels", Kernel::LEAST_SIZE)?;
    for _ in 0..kernels {
        Kernel::read(reader)?;
    }
    Ok(kernels)
}

/// The id of the first kernel in the MWEB part of a transaction, at whose beginning the reader is.
pub(in crate::wire) fn first_kernel_id(mut reader: Reader<'_>) -> Option<[u8; 32]> {
    reader.slice("offsets", 2 * OFFSET_SIZE).ok()?;
    skip_to_kernels(&mut reader).ok()?;
    count(&mut reader, "kernels", Kernel::LEAST_SIZE).ok()?;
    Kernel::read(&mut reader).ok().map(|kernel| kernel.id())
}

fn skip_to_kernels(reader: &mut Reader<'_>) -> Result<(), FieldError> {
    for _ in 0..count(reader, "mweb inputs", LEAST_INPUT_SIZE)? {
        scan_input(reader)?;
    }
    for _ in 0..count(reader, "mweb outputs", LEAST_OUTPUT_SIZE)? {
        scan_output(reader)?;
    }
    Ok(())
}

/// Features, the id of the output that it spends, commitment, output key, input key and extra data where the features
/// say so, signature.
fn scan_input(reader: &mut Reader<'_>) -> Result<(), FieldError> {
    let features = reader.u8("input features")?;
    reader.slice("output id", HASH_SIZE)?;
    reader.slice("input commitment", POINT_SIZE)?;
    reader.slice("output key", POINT_SIZE)?;
    if features & input::STEALTH_KEY != 0 {
        reader.slice("input key", POINT_SIZE)?;
    }
    if features & input::EXTRA_DATA != 0 {
        string(reader, "input extra data")?;
    }
    reader.slice("input signature", SIGNATURE_SIZE)?;
    Ok(())
}

/// Commitment, the keys of sender and receiver, the message, range proof, signature.
fn scan_output(reader: &mut Reader<'_>) -> Result<(), FieldError> {
    reader.slice("output commitment", POINT_SIZE)?;
    reader.slice("sender key", POINT_SIZE)?;
    reader.slice("receiver key", POINT_SIZE)?;
    let features = reader.u8("output features")?;
    if features & output::STANDARD_FIELDS != 0 {
        reader.slice("standard fields", STANDARD_FIELDS_SIZE)?;
    }
    if features & output::EXTRA_DATA != 0 {
        string(reader, "output extra data")?;
    }
    reader.slice("range proof", RANGE_PROOF_SIZE)?;
    reader.slice("output signature", SIGNATURE_SIZE)?;
    Ok(())
}

/// A kernel, in the pieces that matter to its id.
struct Kernel<'a> {
    /// Features, and the fee and the amount pegged in where the features say so.
    head: &'a [u8],
    /// Count and outputs to be made by the HogEx; empty where there are none.
    peg_outs: &'a [u8],
    /// Lock height and stealth excess.
    locks: &'a [u8],
    /// Length and bytes; empty where there are none.
    extra_data: &'a [u8],
    /// Excess and signature.
    tail: &'a [u8],
}

impl<'a> Kernel<'a> {
    const LEAST_SIZE: usize = 1 + POINT_SIZE + SIGNATURE_SIZE;

    fn read(reader: &mut Reader<'a>) -> Result<Self, FieldError> {
        let (features, head) = piece(reader, |reader| {
            let features = reader.u8("kernel features")?;
            if features & kernel::FEE != 0 {
                varint::read(reader, "fee", MAX_AMOUNT)?;
            }
            if features & kernel::PEG_IN != 0 {
                varint::read(reader, "peg-in", MAX_AMOUNT)?;
            }
            Ok(features)
        })?;
        let (peg_out_count, peg_outs) = piece(reader, |reader| match features & kernel::PEG_OUT {
            0 => Ok(0),
            _ => scan_peg_outs(reader),
        })?;
        let ((), locks) = piece(reader, |reader| {
            if features & kernel::HEIGHT_LOCK != 0 {
                varint::read(reader, "lock height", MAX_HEIGHT)?;
            }
            if features & kernel::STEALTH_EXCESS != 0 {
                reader.slice("stealth excess", POINT_SIZE)?;
            }
            Ok(())
        })?;
        let (extra_size, extra_data) =
            piece(reader, |reader| match features & kernel::EXTRA_DATA {
                0 => Ok(0),
                _ => string(reader, "kernel extra data").map(<[u8]>::len),
            })?;
        let ((), tail) = piece(reader, |reader| {
            reader.slice("excess", POINT_SIZE)?;
            reader.slice("kernel signature", SIGNATURE_SIZE)?;
            Ok(())
        })?;
        // Litecoin Core writes no list that is empty, whatever the features say, and hashes what it would write.
        let unless_empty = |length: usize, piece: &'a [u8]| if length == 0 { &[] } else { piece };
        Ok(Self {
            head,
            peg_outs: unless_empty(peg_out_count, peg_outs),
            locks,
            extra_data: unless_empty(extra_size, extra_data),
            tail,
        })
    }

    fn id(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let Self {
            head,
            peg_outs,
            locks,
            extra_data,
            tail,
        } = self;
        for piece in [head, peg_outs, locks, extra_data, tail] {
            hasher.update(piece);
        }
        hasher.finalize().into()
    }
}

fn scan_peg_outs(reader: &mut Reader<'_>) -> Result<usize, FieldError> {
    let peg_outs = count(reader, "peg-outs", LEAST_PEG_OUT_SIZE)?;
    for _ in 0..peg_outs {
        varint::read(reader, "peg-out", MAX_AMOUNT)?;
        if string(reader, "peg-out script")?.is_empty() {
            let kind = DecodeErrorKind::SizeBelowMinimum {
                size: 0,
                minimum: 1,
            };
            return Err(FieldError::new("peg-out script", kind));
        }
    }
    Ok(peg_outs)
}

/// What `read` gives, and the bytes that it read.
fn piece<'a, T>(
    reader: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, FieldError>,
) -> Result<(T, &'a [u8]), FieldError> {
    let (rest, start) = (reader.rest(), reader.position());
    let found = read(reader)?;
    let bytes = rest.get(..reader.position() - start).unwrap_or_default();
    Ok((found, bytes))
}

const HASH_SIZE: usize = 32;
/// A blinding factor.
const OFFSET_SIZE: usize = 32;
/// A commitment or a public key.
const POINT_SIZE: usize = 33;
const SIGNATURE_SIZE: usize = 64;
const RANGE_PROOF_SIZE: usize = 675;
/// Key exchange key, view tag, masked value and masked nonce.
const STANDARD_FIELDS_SIZE: usize = POINT_SIZE + 1 + 8 + 16;

const LEAST_INPUT_SIZE: usize = 1 + HASH_SIZE + 2 * POINT_SIZE + SIGNATURE_SIZE;
const LEAST_OUTPUT_SIZE: usize = 3 * POINT_SIZE + 1 + RANGE_PROOF_SIZE + SIGNATURE_SIZE;
/// An amount, and a script of one byte.
const LEAST_PEG_OUT_SIZE: usize = 1 + 1 + 1;

/// Amounts are signed in Litecoin Core, and so are heights.
const MAX_AMOUNT: u64 = i64::MAX as u64;
const MAX_HEIGHT: u64 = i32::MAX as u64;

/// Which fields an input has. Unknown bits mean nothing, here and below.
mod input {
    pub(super) const STEALTH_KEY: u8 = 1;
    pub(super) const EXTRA_DATA: u8 = 1 << 1;
}

/// Which fields the message of an output has.
mod output {
    pub(super) const STANDARD_FIELDS: u8 = 1;
    pub(super) const EXTRA_DATA: u8 = 1 << 1;
}

/// Which fields a kernel has.
mod kernel {
    pub(super) const FEE: u8 = 1;
    pub(super) const PEG_IN: u8 = 1 << 1;
    pub(super) const PEG_OUT: u8 = 1 << 2;
    pub(super) const HEIGHT_LOCK: u8 = 1 << 3;
    pub(super) const STEALTH_EXCESS: u8 = 1 << 4;
    pub(super) const EXTRA_DATA: u8 = 1 << 5;
}
