//! What a block commits to: the merkle root in its header, the witness commitment in its coinbase (BIP141), and on
//! Litecoin the MWEB header in its HogEx.

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::view::BlockView;
use crate::wire::{MerkleRoot, TxMerkleNode, TxView, merkle_root};

/// Why a block's transactions are not those that its header commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MerkleError {
    /// There are none, and so no root.
    #[error("block without transactions")]
    NoTransactions,
    /// Some are there twice in a way that leaves the root as it was (CVE-2012-2459).
    ///
    /// Someone changed the block on its way, and a valid block with this hash may well exist.
    #[error("block with repeated transactions")]
    Mutated,
    /// The header names another root.
    #[error("merkle root is {computed}, the header says {claimed}")]
    Mismatch {
        /// Root of the transactions.
        computed: TxMerkleNode,
        /// Root in the header.
        claimed: TxMerkleNode,
    },
}

/// Why a block's witnesses are not those that its coinbase commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WitnessCommitmentError {
    /// Witnesses, but no commitment to them: nothing that stands by them (Core's `unexpected-witness`).
    #[error("witness data without a commitment")]
    Uncommitted,
    /// A commitment, but not one witness in the block.
    ///
    /// So look a block in base encoding and a block from before segregated witness was active: the commitment says
    /// nothing then. Where the block was asked for with witness and the rules are active, the block is invalid.
    #[error("witness commitment without witness data")]
    Stripped,
    /// The coinbase's witness is not a single item of 32 bytes (Core's `bad-witness-nonce-size`).
    #[error("coinbase witness is not one item of 32 bytes")]
    ReservedValue,
    /// The commitment is to other witnesses (Core's `bad-witness-merkle-match`).
    #[error("witness data does not match the commitment")]
    Mismatch,
}

/// Why a block's MWEB header is not the one that its HogEx commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MwebCommitmentError {
    /// A HogEx, and no MWEB block (Litecoin Core's `mweb-missing`).
    #[error("HogEx without an MWEB block")]
    Missing,
    /// The first output of the HogEx has not the form of a commitment (Litecoin Core's `bad-hogex`).
    #[error("HogEx without a commitment")]
    Uncommitted,
    /// The commitment is to another header (Litecoin Core's `mweb-hash-mismatch`).
    #[error("MWEB header does not match the commitment")]
    Mismatch,
}

impl BlockView {
    /// The root of the merkle tree over the txids; `None` without transactions, or if some are repeated such that
    /// a block without the repetition has the same root (CVE-2012-2459).
    #[must_use]
    pub fn compute_merkle_root(&self) -> Option<TxMerkleNode> {
        self.txid_root()
            .filter(|root| !root.mutated)
            .map(|root| TxMerkleNode::from_bytes(root.root))
    }

    /// Checks that the header commits to the transactions. Hashes the whole block; allocates nothing.
    ///
    /// # Errors
    ///
    /// [`MerkleError`]; none of them proves that the block *hash* is of an invalid block.
    pub fn check_merkle_root(&self) -> Result<(), MerkleError> {
        let MerkleRoot { root, mutated } = self.txid_root().ok_or(MerkleError::NoTransactions)?;
        let computed = TxMerkleNode::from_bytes(root);
        let claimed = self.header().merkle_root;
        if computed != claimed {
            Err(MerkleError::Mismatch { computed, claimed })
        } else if mutated {
            Err(MerkleError::Mutated)
        } else {
            Ok(())
        }
    }

    fn txid_root(&self) -> Option<MerkleRoot> {
        merkle_root(
            self.transactions()
                .map(|transaction| transaction.txid().to_bytes()),
        )
    }

    /// The commitment to the witnesses: 32 bytes in the last output of the coinbase that has the form of one (BIP141).
    #[must_use]
    pub fn witness_commitment(&self) -> Option<[u8; 32]> {
        commitment_in(&self.coinbase()?)
    }

    /// Checks that the coinbase commits to the witnesses, or that there are none. Hashes the whole block; allocates
    /// nothing.
    ///
    /// It says nothing about the transactions themselves, which is for
    /// [`check_merkle_root`](Self::check_merkle_root) to say first.
    ///
    /// # Errors
    ///
    /// [`WitnessCommitmentError`]; of these, [`Stripped`](WitnessCommitmentError::Stripped) is expected of blocks that
    /// were not asked for with witness.
    pub fn check_witness_commitment(&self) -> Result<(), WitnessCommitmentError> {
        let coinbase = self.coinbase();
        let commitment = coinbase.as_ref().and_then(commitment_in);
        let (Some(coinbase), Some(commitment)) = (coinbase, commitment) else {
            return if self.has_witness() {
                Err(WitnessCommitmentError::Uncommitted)
            } else {
                Ok(())
            };
        };
        if !self.has_witness() {
            return Err(WitnessCommitmentError::Stripped);
        }
        let reserved = reserved_value(&coinbase).ok_or(WitnessCommitmentError::ReservedValue)?;
        let hasher = Sha256::new()
            .chain_update(self.witness_root())
            .chain_update(reserved);
        let computed: [u8; 32] = Sha256::digest(hasher.finalize()).into();
        if computed == commitment {
            Ok(())
        } else {
            Err(WitnessCommitmentError::Mismatch)
        }
    }

    /// Checks that the HogEx commits to the MWEB header, or that there is no HogEx: as far as the encoding says, which
    /// without MWEB does not.
    ///
    /// The header's own roots are over more than the block, so what they say of the rest of the MWEB block is not for
    /// here; neither is the HogEx itself, which [`check_merkle_root`](Self::check_merkle_root) has to speak for first.
    ///
    /// # Errors
    ///
    /// [`MwebCommitmentError`].
    pub fn check_mweb_commitment(&self) -> Result<(), MwebCommitmentError> {
        let Some(hogex) = self.transactions().last().filter(TxView::is_hogex) else {
            return Ok(());
        };
        let header = self.mweb_header().ok_or(MwebCommitmentError::Missing)?;
        let output = hogex.outputs().next();
        let committed = output.and_then(|output| output.script_pubkey.strip_prefix(&MWEB_HEADER));
        match committed.ok_or(MwebCommitmentError::Uncommitted)? {
            hash if hash.len() != 32 => Err(MwebCommitmentError::Uncommitted),
            hash if hash != header.hash() => Err(MwebCommitmentError::Mismatch),
            _ => Ok(()),
        }
    }

    /// The root over the wtxids, where zeros stand for the coinbase: it contains the commitment.
    fn witness_root(&self) -> [u8; 32] {
        let others = self
            .transactions()
            .skip(1)
            .map(|transaction| transaction.wtxid().to_bytes());
        merkle_root(core::iter::once([0; 32]).chain(others)).map_or([0; 32], |root| root.root)
    }
}

fn commitment_in(coinbase: &TxView) -> Option<[u8; 32]> {
    let scripts = coinbase.outputs().map(|output| output.script_pubkey);
    scripts
        .filter_map(|script| script.strip_prefix(&COMMITMENT)?.first_chunk().copied())
        .last()
}

fn reserved_value(coinbase: &TxView) -> Option<[u8; 32]> {
    let witness = coinbase.witnesses().next()?;
    let mut items = witness.iter();
    let value = items.next()?.try_into().ok()?;
    items.next().is_none().then_some(value)
}

/// What a commitment's script begins with: `OP_RETURN`, a push of 36 bytes, and BIP141's tag.
const COMMITMENT: [u8; 6] = [0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed];

/// What the script of a HogEx's first output begins with: witness version 8, and a push of 32 bytes.
const MWEB_HEADER: [u8; 2] = [0x58, 0x20];
