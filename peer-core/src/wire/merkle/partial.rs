//! The partial merkle tree of a `merkleblock` (BIP37): enough of a block's tree to prove that
//! some transactions are in it.
//!
//! The walk is bounded by the flag bits that were received: each node visited takes one.

use super::node;
use crate::wire::{TxMerkleNode, Txid};
use alloc::vec::Vec;
use thiserror::Error;

/// Walks a partial tree in depth-first order and returns its root with the transactions it proves.
///
/// `tx_count` is the number of transactions in the whole block, `hashes` the nodes that were sent
/// in the order of the walk, `flags` the bits that say where it descends, least significant bit of
/// each byte first. The proof is worth nothing until the root was compared with a header's; and a
/// proven leaf may be an inner node in disguise when a 64-byte transaction could exist
/// (CVE-2017-12842), so an application that trusts proofs should check the claimed position too.
///
/// # Errors
///
/// [`PartialMerkleError`] for everything that Bitcoin Core's `CPartialMerkleTree::ExtractMatches`
/// refuses.
pub fn extract_matches<H>(
    tx_count: u32,
    hashes: H,
    flags: &[u8],
) -> Result<MerkleMatches, PartialMerkleError>
where
    H: IntoIterator<Item = [u8; 32]>,
    H::IntoIter: ExactSizeIterator,
{
    let hashes = hashes.into_iter();
    if tx_count == 0 {
        return Err(PartialMerkleError::NoTransactions);
    }
    if tx_count > MAX_PARTIAL_TREE_TRANSACTIONS {
        return Err(PartialMerkleError::TooManyTransactions { count: tx_count });
    }
    if hashes.len() as u64 > u64::from(tx_count) {
        return Err(PartialMerkleError::TooManyHashes {
            count: hashes.len(),
            transactions: tx_count,
        });
    }
    let mut walk = Walk {
        tx_count,
        hashes,
        flags,
        bits_used: 0,
        matches: Vec::new(),
    };
    let root = walk.visit(walk.height(), 0)?;
    if walk.hashes.len() != 0 {
        return Err(PartialMerkleError::UnusedHashes {
            count: walk.hashes.len(),
        });
    }
    if walk.bits_used.div_ceil(8) != flags.len() {
        return Err(PartialMerkleError::UnusedFlags);
    }
    Ok(MerkleMatches {
        root: TxMerkleNode::from_bytes(root),
        matches: walk.matches,
    })
}

/// What a partial merkle tree proves, provided that its root is a block's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerkleMatches {
    /// The root that the nodes add up to; to be compared with the header's `merkle_root`.
    pub root: TxMerkleNode,
    /// The matched transactions in block order.
    pub matches: Vec<MerkleMatch>,
}

/// One transaction that a partial merkle tree proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MerkleMatch {
    /// Position in the block; the coinbase is 0.
    pub index: u32,
    /// The transaction's id.
    pub txid: Txid,
}

/// Why a partial merkle tree proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PartialMerkleError {
    /// A block has at least one transaction.
    #[error("the tree is of a block without transactions")]
    NoTransactions,
    /// More than [`MAX_PARTIAL_TREE_TRANSACTIONS`].
    #[error("the tree is of {count} transactions, more than a block can hold")]
    TooManyTransactions {
        /// Transactions claimed.
        count: u32,
    },
    /// More nodes were sent than the block has transactions.
    #[error("{count} hashes for a block of {transactions} transactions")]
    TooManyHashes {
        /// Nodes sent.
        count: usize,
        /// Transactions claimed.
        transactions: u32,
    },
    /// The walk needed another node.
    #[error("the tree needs more hashes than were sent")]
    MissingHash,
    /// The walk needed another flag bit.
    #[error("the tree needs more flag bits than were sent")]
    MissingFlag,
    /// Nodes were left over after the walk.
    #[error("{count} hashes are not part of the tree")]
    UnusedHashes {
        /// Nodes left over.
        count: usize,
    },
    /// Whole bytes of flag bits were left over after the walk.
    #[error("more flag bits than the tree has nodes")]
    UnusedFlags,
    /// Two sibling nodes are equal: transactions would appear twice (CVE-2012-2459).
    #[error("two neighbouring branches of the tree are identical")]
    DuplicateBranch,
}

/// The position of a walk: what it has yet to consume, and what it found.
struct Walk<'a, H> {
    tx_count: u32,
    hashes: H,
    flags: &'a [u8],
    bits_used: usize,
    matches: Vec<MerkleMatch>,
}

impl<H: Iterator<Item = [u8; 32]>> Walk<'_, H> {
    /// The hash of the node at `position` (from the left) of the row `height` (leaves are 0).
    ///
    /// Recursion is as deep as the tree is high, which [`MAX_PARTIAL_TREE_TRANSACTIONS`] bounds.
    fn visit(&mut self, height: u32, position: u32) -> Result<[u8; 32], PartialMerkleError> {
        let descend = self.flag()?;
        if height == 0 || !descend {
            let hash = self.hashes.next().ok_or(PartialMerkleError::MissingHash)?;
            if descend {
                self.matches.push(MerkleMatch {
                    index: position,
                    txid: Txid::from_bytes(hash),
                });
            }
            return Ok(hash);
        }
        let left = self.visit(height - 1, 2 * position)?;
        if 2 * position + 1 >= self.width(height - 1) {
            return Ok(node(&left, &left));
        }
        let right = self.visit(height - 1, 2 * position + 1)?;
        if left == right {
            return Err(PartialMerkleError::DuplicateBranch);
        }
        Ok(node(&left, &right))
    }

    fn flag(&mut self) -> Result<bool, PartialMerkleError> {
        let byte = self
            .flags
            .get(self.bits_used / 8)
            .ok_or(PartialMerkleError::MissingFlag)?;
        let bit = byte >> (self.bits_used % 8) & 1;
        self.bits_used += 1;
        Ok(bit == 1)
    }

    /// The row of the root.
    const fn height(&self) -> u32 {
        self.tx_count.next_power_of_two().trailing_zeros()
    }

    /// How many nodes a row has.
    const fn width(&self, height: u32) -> u32 {
        self.tx_count.div_ceil(1 << height)
    }
}

/// The most transactions a block can hold: its weight limit over the smallest transaction's
/// weight (Core's `MAX_BLOCK_WEIGHT / MIN_TRANSACTION_WEIGHT`, 4,000,000 / 240).
pub const MAX_PARTIAL_TREE_TRANSACTIONS: u32 = 16_666;
