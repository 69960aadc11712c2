//! Merkle trees as Bitcoin builds them: double SHA-256, an odd node is paired with itself.
//!
//! Plain 32-byte hashes go in and come out, whatever they name (txids, wtxids); comparing the root with a header or a
//! commitment is the caller's part. Leaves are taken one at a time, so that nobody has to collect them first.

use sha2::{Digest, Sha256};

mod partial;

pub use partial::{
    MAX_PARTIAL_TREE_TRANSACTIONS, MerkleMatch, MerkleMatches, PartialMerkleError, extract_matches,
};

/// What [`merkle_root`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MerkleRoot {
    /// The root, internal byte order.
    pub root: [u8; 32],
    /// Two neighbours were equal somewhere in the tree.
    ///
    /// Since an odd node is paired with itself, such a list has the same root as a shorter one
    /// (CVE-2012-2459): a block that shows it may be a valid block with transactions repeated, so
    /// it must not be trusted, nor may its hash be remembered as invalid.
    pub mutated: bool,
}

/// The root over `leaves` in order, in one pass and fixed memory; `None` when there are none.
#[must_use]
pub fn merkle_root(leaves: impl IntoIterator<Item = [u8; 32]>) -> Option<MerkleRoot> {
    let mut tree = Tree {
        leaves: 0,
        full: [[0; 32]; HEIGHTS],
        mutated: false,
    };
    for leaf in leaves {
        tree.push(leaf);
    }
    tree.finish()
}

/// The parent of two nodes.
fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let inner = Sha256::new()
        .chain_update(left)
        .chain_update(right)
        .finalize();
    Sha256::digest(inner).into()
}

/// A tree under construction: the roots of the full subtrees so far, at most one per height, just
/// as a binary counter holds at most one bit per place.
struct Tree {
    leaves: u64,
    full: [[u8; 32]; HEIGHTS],
    mutated: bool,
}

impl Tree {
    fn push(&mut self, leaf: [u8; 32]) {
        let height = self.leaves.trailing_ones() as usize;
        let root = self.carry(leaf, 0, height);
        if let Some(slot) = self.full.get_mut(height) {
            *slot = root;
        }
        self.leaves += 1;
    }

    /// Joins `hash` with the full subtrees of the heights `from..to`, each of which is its left
    /// neighbour.
    fn carry(&mut self, mut hash: [u8; 32], from: usize, to: usize) -> [u8; 32] {
        for left in self.full.iter().take(to).skip(from) {
            self.mutated |= *left == hash;
            hash = node(left, &hash);
        }
        hash
    }

    /// Pairs what is incomplete on the right edge with itself until one root is left.
    fn finish(mut self) -> Option<MerkleRoot> {
        if self.leaves == 0 {
            return None;
        }
        let mut height = self.leaves.trailing_zeros() as usize;
        let mut root = *self.full.get(height)?;
        while self.leaves != 1 << height {
            root = node(&root, &root);
            self.leaves += 1 << height;
            let next = self.leaves.trailing_zeros() as usize;
            root = self.carry(root, height + 1, next);
            height = next;
        }
        Some(MerkleRoot {
            root,
            mutated: self.mutated,
        })
    }
}

/// One per bit of [`Tree::leaves`].
const HEIGHTS: usize = u64::BITS as usize;

#[cfg(test)]
mod tests;
