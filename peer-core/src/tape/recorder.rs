//! [`Writer`]: puts records into sealed blocks, for whoever takes them.
//!
//! ```text
//!   magic  version │ length  record record … seal │ length  record … seal │ …
//!                    └─────── a block ──────────┘
//! ```

use alloc::vec::Vec;
use core::mem;

use sha2::{Digest, Sha256};

use super::error::Gap;
use super::input::Kind;
use super::value::{Out, put_run};
use super::witness::Witness;
use super::{MAGIC, MAX_RECORD, MAX_UNTAKEN, SEAL_LEN, VERSION};
use crate::time::Timestamp;

/// A block is sealed when it has so many bytes and another record comes, or when it is taken.
pub(super) const BLOCK: usize = 64 * 1_024;

/// A tape while it is recorded.
#[derive(Debug)]
pub(super) struct Writer {
    /// Sealed, and not taken.
    sealed: Vec<u8>,
    /// Records of the next block.
    block: Vec<u8>,
    seals: Seals,
    pub(super) witness: Witness,
    /// The time that was told last.
    pub(super) last: Timestamp,
    /// No more is recorded.
    is_over: bool,
}

impl Writer {
    pub(super) fn new() -> Self {
        let mut sealed = Vec::from(MAGIC);
        sealed.push(VERSION);
        Self {
            sealed,
            block: Vec::new(),
            seals: Seals::default(),
            witness: Witness::default(),
            last: Timestamp::ZERO,
            is_over: false,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Bytes that wait to be taken.
    pub(super) fn untaken(&self) -> usize {
        self.sealed.len().saturating_add(self.block.len())
    }

    /// Writes a record, without its witness; or that there is a gap, and no more. Whether it was written.
    pub(super) fn record(&mut self, kind: Kind, body: &Out) -> bool {
        if self.is_over {
            return false;
        }
        if self.block.len() >= BLOCK {
            self.seal();
        }
        let gap = if body.is_impossible {
            Gap::Unwritable
        } else if body.bytes.len() > MAX_RECORD {
            Gap::TooLong
        } else if self.untaken().saturating_add(body.bytes.len()) > MAX_UNTAKEN {
            Gap::Untaken
        } else {
            self.push(kind, &body.bytes);
            return true;
        };
        self.push(Kind::Gap, &[gap as u8]);
        self.is_over = true;
        false
    }

    /// Writes what the machine came to with the last record.
    pub(super) fn mark(&mut self) {
        self.block.extend_from_slice(&self.witness.mark());
    }

    /// Writes that nothing follows.
    pub(super) fn end(&mut self) {
        if !mem::replace(&mut self.is_over, true) {
            self.push(Kind::End, &[]);
        }
    }

    /// Everything that was recorded since it was last taken.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.seal();
        mem::take(&mut self.sealed)
    }

    fn push(&mut self, kind: Kind, body: &[u8]) {
        self.block.push(kind as u8);
        put_run(&mut self.block, body);
    }

    fn seal(&mut self) {
        let block = mem::take(&mut self.block);
        if !block.is_empty() {
            put_run(&mut self.sealed, &block);
            self.sealed.extend_from_slice(&self.seals.next(&block));
        }
    }
}

/// The seals of a tape, each of which is over all blocks so far.
#[derive(Clone, Debug)]
pub(super) struct Seals([u8; 32]);

impl Default for Seals {
    fn default() -> Self {
        let head = Sha256::new().chain_update(MAGIC).chain_update([VERSION]);
        Self(head.finalize().into())
    }
}

impl Seals {
    /// The seal of the next block.
    pub(super) fn next(&mut self, block: &[u8]) -> [u8; SEAL_LEN] {
        let hash = Sha256::new().chain_update(self.0).chain_update(block);
        self.0 = hash.finalize().into();
        self.0.first_chunk().copied().unwrap_or_default()
    }
}
