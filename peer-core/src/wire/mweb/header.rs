//! The MWEB block after a block's transactions: a header and a body.

use super::varint::{self, VarInt};
use super::{body, is_present};
use crate::wire::{FieldError, Reader, Writer};

/// The header of an MWEB block, to which the block's HogEx commits.
///
/// Roots and offsets are in the order of the wire, which is also the one that litecoind shows them in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Height of the block.
    pub height: i32,
    /// Root over all outputs that there ever were.
    pub output_root: [u8; 32],
    /// Root over the kernels of this block.
    pub kernel_root: [u8; 32],
    /// Hash of the set of unspent outputs.
    pub leafset_root: [u8; 32],
    /// Sum of the kernel offsets of the transactions.
    pub kernel_offset: [u8; 32],
    /// Sum of the stealth offsets of the transactions.
    pub stealth_offset: [u8; 32],
    /// Outputs under the output root.
    pub output_count: u64,
    /// Kernels under the kernel root.
    pub kernel_count: u64,
}

impl Header {
    /// Reads the header at the reader's position.
    ///
    /// # Errors
    ///
    /// When the bytes end before it does, or a number is larger than its field.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let height = varint::read(reader, "height", i32::MAX as u64)?;
        Ok(Self {
            height: i32::try_from(height).unwrap_or(i32::MAX),
            output_root: reader.array("output_root")?,
            kernel_root: reader.array("kernel_root")?,
            leafset_root: reader.array("leafset_root")?,
            kernel_offset: reader.array("kernel_offset")?,
            stealth_offset: reader.array("stealth_offset")?,
            output_count: varint::read(reader, "output_count", u64::MAX)?,
            kernel_count: varint::read(reader, "kernel_count", u64::MAX)?,
        })
    }

    /// Appends the header. A negative height, which no block has, is written as 0.
    pub fn encode(&self, writer: &mut Writer<'_>) {
        self.pieces(|piece| writer.bytes(piece));
    }

    /// The hash that the HogEx commits to (BLAKE3).
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        self.pieces(|piece| {
            hasher.update(piece);
        });
        hasher.finalize().into()
    }

    /// The encoded fields one after the other.
    fn pieces(&self, mut take: impl FnMut(&[u8])) {
        take(VarInt::new(u64::try_from(self.height).unwrap_or_default()).as_bytes());
        take(&self.output_root);
        take(&self.kernel_root);
        take(&self.leafset_root);
        take(&self.kernel_offset);
        take(&self.stealth_offset);
        take(VarInt::new(self.output_count).as_bytes());
        take(VarInt::new(self.kernel_count).as_bytes());
    }
}

/// Checks the MWEB block at the reader's position, or that there is none.
pub(crate) fn scan_optional_block(reader: &mut Reader<'_>) -> Result<(), FieldError> {
    if is_present(reader, "mweb block")? {
        Header::read(reader)?;
        body::scan(reader)?;
    }
    Ok(())
}
