//! The remote's garbage: kept for the first packet, which vouches for it, and searched for its end.

use alloc::vec::Vec;

use crate::bip324::{MAX_GARBAGE, TERMINATOR_LEN};
use crate::transport::FrameError;
use crate::transport::landing::Landing;

/// Most bytes until the terminator must have come, itself included.
const MOST: usize = MAX_GARBAGE + TERMINATOR_LEN;

#[derive(Debug)]
pub(super) struct Garbage {
    terminator: [u8; TERMINATOR_LEN],
    /// The garbage, and whatever of its end has come: [`MOST`] bytes at most.
    bytes: Vec<u8>,
    has_ended: bool,
}

impl Garbage {
    pub(super) fn new(terminator: [u8; TERMINATOR_LEN]) -> Self {
        Self {
            terminator,
            bytes: Vec::new(),
            has_ended: false,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// What the first packet is authenticated with.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The first packet was opened, or will not come.
    pub(super) fn forget(&mut self) {
        self.bytes = Vec::new();
    }

    /// Takes what has landed, up to and with the terminator and nothing after it. Tells whether it
    /// was found.
    pub(super) fn find_end(&mut self, landing: &mut Landing) -> Result<bool, FrameError> {
        let before = self.bytes.len();
        // A terminator may have begun in what was searched already.
        let from = before.saturating_sub(TERMINATOR_LEN - 1);
        let fresh = landing.landed();
        let room = MOST.saturating_sub(before);
        self.bytes
            .extend_from_slice(fresh.get(..room).unwrap_or(fresh));
        let found = self
            .bytes
            .get(from..)
            .unwrap_or_default()
            .windows(TERMINATOR_LEN)
            .position(|bytes| bytes == self.terminator);
        let Some(found) = found else {
            landing.consume(self.bytes.len().saturating_sub(before));
            return if self.bytes.len() < MOST {
                Ok(false)
            } else {
                Err(FrameError::NoGarbageTerminator { limit: MAX_GARBAGE })
            };
        };
        let len = from.saturating_add(found);
        let end = len.saturating_add(TERMINATOR_LEN);
        landing.consume(end.saturating_sub(before));
        self.bytes.truncate(len);
        self.has_ended = true;
        Ok(true)
    }

    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }
}
