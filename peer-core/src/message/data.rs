//! `block`, `tx` and `merkleblock`: the objects themselves.

use bytes::Bytes;

use super::Codec;
use super::codec::{Payload, fields};
use super::error::{EncodeErrorKind, check_count, check_size};
use crate::wire::{
    BlockHeader, BlockView, FieldError, List, MerkleMatches, PartialMerkleError, TxEncoding,
    TxFormat, TxMerkleNode, TxView, Writer, extract_matches,
};

/// `Ok` if an object of `format` may go onto the network of `codec`.
pub(super) fn check_format(
    field: &'static str,
    format: TxFormat,
    codec: &Codec<'_>,
) -> Result<(), EncodeErrorKind> {
    if format == codec.network.tx_format {
        Ok(())
    } else {
        Err(EncodeErrorKind::OtherLayout { field })
    }
}

impl Payload for BlockView {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        Self::cut(payload, codec.network.tx_format)
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_format("block", self.format(), codec)
    }

    fn encode(&self, _codec: &Codec<'_>, encoding: TxEncoding, out: &mut Writer<'_>) {
        out.bytes(&self.to_bytes(encoding));
    }

    fn shared(&self, encoding: TxEncoding) -> Option<Bytes> {
        Some(self.to_bytes(encoding))
    }
}

impl Payload for TxView {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        Self::cut(payload, codec.network.tx_format)
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_format("transaction", self.format(), codec)
    }

    fn encode(&self, _codec: &Codec<'_>, encoding: TxEncoding, out: &mut Writer<'_>) {
        out.bytes(&self.to_bytes(encoding));
    }

    fn shared(&self, encoding: TxEncoding) -> Option<Bytes> {
        Some(self.to_bytes(encoding))
    }
}

/// The `merkleblock` message: a block's header with a proof that some transactions are in the block (BIP37).
///
/// The transactions follow in `tx` messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerkleBlock {
    /// The header.
    pub header: BlockHeader,
    /// Transactions in the whole block.
    pub tx_count: u32,
    /// Nodes of the partial merkle tree, in the order of its walk.
    pub hashes: List<TxMerkleNode>,
    /// Where the walk descends: bits, least significant first, padded to a whole byte.
    pub flags: Bytes,
}

impl MerkleBlock {
    /// Walks the partial tree. The work is bounded by the hashes and flags that were received.
    ///
    /// Compare the root of the result with the header's before believing anything.
    ///
    /// # Errors
    ///
    /// When the tree is not one that an honest node makes: see [`PartialMerkleError`].
    pub fn extract_matches(&self) -> Result<MerkleMatches, PartialMerkleError> {
        let hashes = self.hashes.iter().map(TxMerkleNode::to_bytes);
        extract_matches(self.tx_count, hashes, &self.flags)
    }
}

impl Payload for MerkleBlock {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                header: BlockHeader::decode(reader)?,
                tx_count: reader.u32("transaction count")?,
                hashes: reader.list("hashes", codec.limits.merkle_hashes)?,
                flags: reader.var_bytes("flags", codec.limits.merkle_flags)?,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_count("hashes", self.hashes.len(), codec.limits.merkle_hashes)?;
        check_size("flags", self.flags.len(), codec.limits.merkle_flags)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        self.header.encode(out);
        out.u32(self.tx_count);
        out.list(&self.hashes);
        out.var_bytes(&self.flags);
    }
}
