//! The 80 bytes that a chain is made of.
//!
//! Fields, their order and the block's hash; whether a header is valid on a chain is consensus and
//! belongs to the application, for which [`Target`] does the arithmetic of proof of work.

use alloc::vec::Vec;

use super::{BlockHash, FieldError, Item, Reader, Target, TxMerkleNode, Writer, sha256d};

/// A block header. Every 80 bytes are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockHeader {
    /// Version bits (BIP9).
    pub version: i32,
    /// Hash of the header before this one; all zero in a genesis block.
    pub prev_blockhash: BlockHash,
    /// Root of the merkle tree over the block's txids.
    pub merkle_root: TxMerkleNode,
    /// When the miner says it was made, in seconds since the Unix epoch.
    pub time: u32,
    /// The proof-of-work target in compact form; see [`Target::from_compact`].
    pub bits: u32,
    /// What the miner varied.
    pub nonce: u32,
}

impl BlockHeader {
    /// Bytes of a header on the wire.
    pub const SIZE: usize = 80;

    /// Reads a header.
    ///
    /// # Errors
    ///
    /// When fewer than [`SIZE`](Self::SIZE) bytes are left.
    #[inline]
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        reader.array("header").map(|bytes| Self::from_bytes(&bytes))
    }

    /// The header in these bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::SIZE]) -> Self {
        Self {
            version: i32::from_le_bytes(field::<0, 4>(bytes)),
            prev_blockhash: BlockHash::from_bytes(field::<4, 32>(bytes)),
            merkle_root: TxMerkleNode::from_bytes(field::<36, 32>(bytes)),
            time: u32::from_le_bytes(field::<68, 4>(bytes)),
            bits: u32::from_le_bytes(field::<72, 4>(bytes)),
            nonce: u32::from_le_bytes(field::<76, 4>(bytes)),
        }
    }

    /// Appends the header, [`SIZE`](Self::SIZE) bytes.
    pub fn encode(&self, writer: &mut Writer<'_>) {
        writer.bytes(&self.to_bytes());
    }

    /// The header as it is hashed and sent.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..4].copy_from_slice(&self.version.to_le_bytes());
        bytes[4..36].copy_from_slice(self.prev_blockhash.as_bytes());
        bytes[36..68].copy_from_slice(self.merkle_root.as_bytes());
        bytes[68..72].copy_from_slice(&self.time.to_le_bytes());
        bytes[72..76].copy_from_slice(&self.bits.to_le_bytes());
        bytes[76..].copy_from_slice(&self.nonce.to_le_bytes());
        bytes
    }

    /// The hash that identifies the block: double SHA-256 of the header.
    ///
    /// That is so on every network but NavCoin, whose older blocks are identified by another hash:
    /// [`Network::block_hash`](crate::network::Network::block_hash) knows.
    #[must_use]
    pub fn block_hash(&self) -> BlockHash {
        BlockHash::from_bytes(sha256d(&self.to_bytes()))
    }

    /// The target that `bits` stand for; `None` if they stand for none.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        Target::from_compact(self.bits)
    }

    /// Whether `pow_hash` is at or below the target that the header itself states.
    ///
    /// `pow_hash` is the block hash where the network's proof of work is double SHA-256, and otherwise whatever
    /// the network's function makes of [`to_bytes`](Self::to_bytes). Anyone can write an easy target into a header:
    /// compare [`target`](Self::target) with the network's limit and the chain's rules as well.
    #[must_use]
    pub fn meets_target(&self, pow_hash: BlockHash) -> bool {
        self.target()
            .is_some_and(|target| target.is_met_by(pow_hash.as_bytes()))
    }
}

impl Item for BlockHeader {
    const STRIDE: usize = Self::SIZE;

    fn parse(record: &[u8]) -> Option<Self> {
        record.try_into().ok().map(Self::from_bytes)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_bytes());
    }
}

/// The `N` bytes at `AT`; that they are there is checked at compile time.
#[inline]
fn field<const AT: usize, const N: usize>(header: &[u8; BlockHeader::SIZE]) -> [u8; N] {
    const { assert!(AT + N <= BlockHeader::SIZE) };
    core::array::from_fn(|index| header[AT + index])
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    /// The first block of Bitcoin's main network, whose fields everyone knows.
    fn genesis() -> BlockHeader {
        BlockHeader {
            version: 1,
            prev_blockhash: BlockHash::ALL_ZERO,
            merkle_root: "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
                .parse()
                .unwrap(),
            time: 1_231_006_505,
            bits: 0x1d00_ffff,
            nonce: 2_083_236_893,
        }
    }

    #[test]
    fn genesis_has_its_hash_and_meets_its_target() {
        let header = genesis();
        let hash = header.block_hash();
        assert_eq!(hash, crate::network::Network::MAINNET.genesis);
        assert!(header.meets_target(hash));
        assert!(
            !BlockHeader {
                bits: 0x1a00_ffff,
                ..header
            }
            .meets_target(hash)
        );
        assert!(
            !BlockHeader {
                bits: 0x1d80_ffff,
                ..header
            }
            .meets_target(hash)
        );
    }

    #[test]
    fn decodes_what_it_encodes_and_nothing_shorter() {
        let mut encoded = Vec::new();
        genesis().encode(&mut Writer::new(&mut encoded));
        let encoded = Bytes::from(encoded);
        let mut reader = Reader::new(&encoded);
        assert_eq!(BlockHeader::decode(&mut reader), Ok(genesis()));
        assert!(reader.is_empty());
        for length in 0..BlockHeader::SIZE {
            let part = encoded.slice(..length);
            assert!(
                BlockHeader::decode(&mut Reader::new(&part)).is_err(),
                "{length} bytes"
            );
        }
    }
}
