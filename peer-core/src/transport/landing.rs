//! Where received bytes land. Stores, and knows nothing of what it stores: how frames are cut from
//! it is the affair of [`v1`](super::v1) and [`v2`](super::v2).
//!
//! ```text
//!  socket ──► head  (small, lazy)       ┌──────┬──────┬─────┬────────────┐
//!             whole small frames        │ ping │ inv  │ tx… │  window    │
//!                                       └──────┴──────┴─────┴────────────┘
//!                                       start               end
//!  socket ──► pad   (one large frame)   ┌────────────────────┬───────────┐
//!             exact, digested as it     │ block so far       │  window   │
//!             lands, becomes the        └────────────────────┴───────────┘
//!             payload without a copy
//! ```
//!
//! A frame that fits the head is copied out once, exactly sized, so a 60-byte item never pins a
//! larger buffer. A larger frame gets a pad, which begins as the head it outgrew. The pad is
//! reserved in full only once a third of it has really arrived: a forged length costs the remote
//! its bytes before it costs us memory (never more than `4 × received + 64 KiB`).
//!
//! Frames are cut only when asked for, and a header is judged only after all earlier frames were
//! opened, so no verdict depends on how the stream was chopped.

mod pad;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use self::pad::Pad;

/// The first head of a connection, and the smallest.
const SMALL_HEAD: usize = 4 * 1_024;

/// The largest head, lent to remotes that keep filling smaller ones.
const LARGE_HEAD: usize = 64 * 1_024;

/// Received bytes on their way to becoming frames.
#[derive(Debug, Default)]
pub(crate) struct Landing {
    /// Lent to the socket; `start..end` has landed and was not opened. Empty when idle.
    head: Vec<u8>,
    start: usize,
    end: usize,
    /// The large frame being received.
    pad: Option<Box<Pad>>,
    /// Bytes of a skipped payload still to come.
    skip: usize,
    /// Bytes of skipped frames since they were last asked for.
    skipped: u64,
    /// The last head was filled to its end: the next may be larger.
    filled_up: bool,
}

impl Landing {
    /// Whether a window would be lent, without allocating it.
    pub(super) fn has_room(&self) -> bool {
        match &self.pad {
            Some(pad) => !pad.is_complete(),
            None => self.head.is_empty() || self.end < self.head.len() || self.start > 0,
        }
    }

    /// Whether what has landed ends in the middle of a frame.
    pub(super) fn is_mid_frame(&self) -> bool {
        self.pad.is_some() || self.skip > 0 || self.unopened() > 0
    }

    /// Bytes that have landed in the head and were not opened yet.
    fn unopened(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Bytes that have landed and belong to no frame that was opened.
    pub(super) fn landed_len(&self) -> usize {
        let arrived = self.pad.as_ref().map_or(0, |pad| pad.arrived());
        self.unopened().saturating_add(arrived)
    }

    /// Buffers held, in bytes of capacity.
    pub(super) fn held(&self) -> usize {
        self.head
            .capacity()
            .saturating_add(self.pad.as_ref().map_or(0, |pad| pad.held()))
    }

    /// The window the next bytes go to; `None` when everything is full of unopened frames.
    pub(super) fn window(&mut self) -> Option<&mut [u8]> {
        if !self.has_room() {
            return None;
        }
        if self.pad.is_some() {
            return self.pad.as_deref_mut().map(Pad::window);
        }
        if self.head.is_empty() {
            let len = if self.filled_up {
                LARGE_HEAD
            } else {
                SMALL_HEAD
            };
            self.filled_up = false;
            self.head = vec![0; len];
        } else if self.end == self.head.len() {
            // A frame that fits the head is moved at most once: afterwards it starts at zero.
            self.head.copy_within(self.start..self.end, 0);
            self.end = self.unopened();
            self.start = 0;
        }
        self.head.get_mut(self.end..)
    }

    /// The window as it is, without making one.
    pub(super) fn lent(&mut self) -> &mut [u8] {
        match &mut self.pad {
            Some(pad) => pad.lent(),
            None => self.head.get_mut(self.end..).unwrap_or_default(),
        }
    }

    /// Takes note that the first `n` bytes of the window were filled.
    /// Returns how many bytes that were: never more than the window had.
    pub(super) fn landed_bytes(&mut self, n: usize) -> usize {
        if let Some(pad) = &mut self.pad {
            return pad.landed(n);
        }
        let n = n.min(self.head.len().saturating_sub(self.end));
        let skipped = if self.start == self.end {
            self.skip.min(n)
        } else {
            0
        };
        self.skip = self.skip.saturating_sub(skipped);
        self.skipped = self.skipped.saturating_add(skipped as u64);
        self.end = self.end.saturating_add(n);
        self.filled_up |= self.end == self.head.len();
        self.start = self.start.saturating_add(skipped).min(self.end);
        self.release_if_drained();
        n
    }

    /// Bytes of skipped frames that have arrived since this was last asked.
    pub(super) fn take_skipped(&mut self) -> u64 {
        core::mem::take(&mut self.skipped)
    }

    /// What has landed in the head and was not opened.
    pub(super) fn landed(&self) -> &[u8] {
        self.head.get(self.start..self.end).unwrap_or_default()
    }

    /// The same, for those who decrypt where it lies.
    #[cfg(feature = "_bip324")]
    pub(super) fn landed_mut(&mut self) -> &mut [u8] {
        self.head.get_mut(self.start..self.end).unwrap_or_default()
    }

    /// Whether a frame of `len` bytes can land here as a whole.
    pub(super) fn fits(&self, len: usize) -> bool {
        len <= self.head.len()
    }

    /// The large frame that is landing.
    pub(super) fn pad(&self) -> Option<&Pad> {
        self.pad.as_deref()
    }

    /// Lets the body of a large frame land by itself: `total` bytes, of which those after the
    /// first `header_len` that have landed are the beginning.
    pub(super) fn begin_pad(&mut self, header_len: usize, total: usize, digested: bool) {
        let landed = self.unopened().saturating_sub(header_len);
        let mut segment = core::mem::take(&mut self.head);
        segment.copy_within(self.end.saturating_sub(landed)..self.end, 0);
        (self.start, self.end) = (0, 0);
        self.pad = Some(Box::new(Pad::new(total, segment, landed, digested)));
    }

    /// The large frame, if it is complete.
    pub(super) fn take_pad(&mut self) -> Option<Pad> {
        let pad = self.pad.take_if(|pad| pad.is_complete())?;
        Some(*pad)
    }

    /// The first `n` bytes that have landed were opened.
    pub(super) fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
        self.release_if_drained();
    }

    /// A frame of `len` bytes is discarded: what has landed of it, and the rest as it arrives.
    pub(super) fn discard(&mut self, len: usize) {
        let here = len.min(self.unopened());
        self.skip = len.saturating_sub(here);
        self.skipped = self.skipped.saturating_add(here as u64);
        self.consume(here);
    }

    /// Forgets everything that has landed and frees the buffers.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// An idle connection owns no buffer.
    fn release_if_drained(&mut self) {
        if self.start == self.end {
            self.head = Vec::new();
            (self.start, self.end) = (0, 0);
        }
    }
}

#[cfg(test)]
mod tests;
