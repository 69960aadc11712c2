//! Proof of work: the one rule of a chain that can be checked on a header alone.

use peer_core::network::{Network, PowHash};
use peer_core::wire::{BlockHash, BlockHeader, Target};
use thiserror::Error;

/// What is wrong with a header's proof of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PowError {
    /// `bits` stand for no target at all.
    #[error("bits {bits:08x} stand for no target")]
    NoTarget {
        /// The field of the header.
        bits: u32,
    },
    /// The header asks for less work than the network ever does. Anyone could make such a chain.
    #[error("bits {bits:08x} are easier than the network's limit {limit:08x}")]
    TooEasy {
        /// The field of the header.
        bits: u32,
        /// [`Network::pow_limit_bits`].
        limit: u32,
    },
    /// The hash is above the target: no work was done for this header.
    #[error("hash {hash} does not meet the target of bits {bits:08x}")]
    NotMet {
        /// The hash that is judged, which is not the block hash where the network works with scrypt.
        hash: BlockHash,
        /// The field of the header.
        bits: u32,
    },
}

/// Checks the work behind `header`, of which `hash` is the block hash.
///
/// The target is the one that the header states, within the network's limit. Whether it is the one that the chain
/// demands at this height is consensus, and not checked. Where the chain stakes, a header shows no work.
pub(crate) fn check(
    network: &Network,
    header: &BlockHeader,
    hash: BlockHash,
) -> Result<(), PowError> {
    if network.pow == PowHash::Stake {
        return Ok(());
    }
    let bits = header.bits;
    let limit = network.pow_limit_bits;
    let target = header.target().ok_or(PowError::NoTarget { bits })?;
    if Target::from_compact(limit).is_some_and(|easiest| target > easiest) {
        return Err(PowError::TooEasy { bits, limit });
    }
    let hash = match network.pow {
        PowHash::Scrypt => scrypt_hash(header),
        _ => hash,
    };
    if target.is_met_by(hash.as_bytes()) {
        Ok(())
    } else {
        Err(PowError::NotMet { hash, bits })
    }
}

/// scrypt with N = 1024, r = 1, p = 1, the header being both password and salt, as Litecoin has it.
fn scrypt_hash(header: &BlockHeader) -> BlockHash {
    const LOG_N: u8 = 10;
    let bytes = header.to_bytes();
    let mut hash = [0xff; 32];
    // Neither can fail for these constants; if they did, the hash would meet no target.
    if let Ok(params) = scrypt::Params::new(LOG_N, 1, 1) {
        let _ = scrypt::scrypt(&bytes, &bytes, &params, &mut hash);
    }
    BlockHash::from_bytes(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bitcoin's first block.
    const GENESIS: BlockHeader = BlockHeader {
        version: 1,
        prev_blockhash: BlockHash::ALL_ZERO,
        merkle_root: peer_core::wire::TxMerkleNode::from_bytes([
            0x3b, 0xa3, 0xed, 0xfd, 0x7a, 0x7b, 0x12, 0xb2, 0x7a, 0xc7, 0x2c, 0x3e, 0x67, 0x76,
            0x8f, 0x61, 0x7f, 0xc8, 0x1b, 0xc3, 0x88, 0x8a, 0x51, 0x32, 0x3a, 0x9f, 0xb8, 0xaa,
            0x4b, 0x1e, 0x5e, 0x4a,
        ]),
        time: 1_231_006_505,
        bits: 0x1d00_ffff,
        nonce: 2_083_236_893,
    };

    #[test]
    fn bitcoins_first_block_was_worked_for() {
        let check = |header: BlockHeader| check(&Network::MAINNET, &header, header.block_hash());
        assert_eq!(check(GENESIS), Ok(()));
        let other = BlockHeader {
            nonce: 0,
            ..GENESIS
        };
        let (hash, bits) = (other.block_hash(), other.bits);
        assert_eq!(check(other), Err(PowError::NotMet { hash, bits }));
    }

    #[test]
    fn a_target_must_exist_and_be_within_the_limit() {
        let with_bits = |bits| {
            let header = BlockHeader { bits, ..GENESIS };
            check(&Network::MAINNET, &header, header.block_hash())
        };
        assert_eq!(with_bits(0), Err(PowError::NoTarget { bits: 0 }));
        let (bits, limit) = (0x207f_ffff, 0x1d00_ffff);
        assert_eq!(with_bits(bits), Err(PowError::TooEasy { bits, limit }));
    }

    /// Litecoin's first block: its merkle root, nonce and hashes are known from its own source code.
    #[test]
    fn litecoins_first_block_was_worked_for_with_scrypt() {
        let merkle_root = "97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9";
        let header = BlockHeader {
            merkle_root: merkle_root.parse().unwrap(),
            time: 1_317_972_665,
            bits: 0x1e0f_fff0,
            nonce: 2_084_524_493,
            ..GENESIS
        };
        assert_eq!(header.block_hash(), Network::LITECOIN.genesis);
        // Published with the coin: the scrypt hash of its first block.
        let work = "0000050c34a64b415b6b15b37f2216634b5b1669cb9a2e38d76f7213b0671e00";
        assert_eq!(scrypt_hash(&header).to_string(), work);
        let hash = header.block_hash();
        assert_eq!(check(&Network::LITECOIN, &header, hash), Ok(()));
        // Judged by double SHA-256 no work is in it.
        let mut bitcoin_like = Network::LITECOIN;
        bitcoin_like.pow = PowHash::Sha256d;
        assert!(check(&bitcoin_like, &header, hash).is_err());
    }
}
