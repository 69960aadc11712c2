//! What is kept of the remote's inventory and of ours.

use alloc::collections::VecDeque;
use core::fmt;

use siphasher::sip::SipHasher13;

use super::recent::Recent;
use crate::config::Config;
use crate::message::InvVect;
use crate::rng::Rng;
use crate::wire::{BlockHash, BlockHeader, Hash};

#[derive(Debug)]
pub(super) struct Books {
    pub(super) keys: Keys,
    /// What the remote knows.
    pub(super) known: Recent<()>,
    /// What waits for the trickle, by its hash.
    pub(super) line: Recent<Waiting>,
    /// Blocks that wait for a remote that does not read.
    pub(super) blocks: VecDeque<Block>,
    /// The trickle timer stands at an instant of the schedule, not at the time when the line began.
    pub(super) is_drawn: bool,
}

/// An object that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) item: InvVect,
    /// No filter is above that of an object whose fee rate is not known.
    pub(super) fee_rate: u64,
    /// Fingerprint of its other hash, by which the remote may name it.
    pub(super) alias: u64,
}

/// A block that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) hash: BlockHash,
    pub(super) header: Option<BlockHeader>,
}

/// What hashes are fingerprinted with: nobody can choose hashes whose fingerprints collide.
#[derive(Clone, Copy)]
pub(super) struct Keys(u64, u64);

impl Keys {
    pub(super) const fn new(first: u64, second: u64) -> Self {
        Self(first, second)
    }

    pub(super) fn fingerprint(self, hash: impl Into<Hash>) -> u64 {
        SipHasher13::new_with_keys(self.0, self.1).hash(hash.into().as_bytes())
    }
}

impl fmt::Debug for Keys {
    /// Leaves them out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Books {
    pub(super) fn new(config: &Config, rng: &mut Rng) -> Self {
        Self {
            keys: Keys::new(rng.next_u64(), rng.next_u64()),
            known: Recent::new(config.limits.known_inventory),
            line: Recent::new(config.limits.inventory_queue.max(1)),
            blocks: VecDeque::new(),
            is_drawn: false,
        }
    }

    pub(super) fn has(&self, key: u64) -> bool {
        self.known.contains(key) || self.line.contains(key)
    }

    /// How much waits.
    pub(super) fn waiting(&self) -> usize {
        self.line.len().saturating_add(self.blocks.len())
    }

    pub(super) fn held(&self) -> usize {
        let blocks = self.blocks.capacity().saturating_mul(size_of::<Block>());
        [self.known.held(), self.line.held(), blocks]
            .into_iter()
            .fold(size_of::<Self>(), usize::saturating_add)
    }
}
