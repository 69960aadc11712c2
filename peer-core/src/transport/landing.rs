//! Where received bytes land and become frames. Stores and cuts; judges nothing but the header.
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
//! Frames are cut only when asked for ([`Landing::open`]), and a header is judged only after all
//! earlier frames were opened, so no verdict depends on how the stream was chopped.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::v1::{self, Admission, HEADER_LEN, Header, Verdict};
use super::{Frame, FrameError, Opened};
use crate::message::{CommandName, MessageKind};

/// The first head of a connection, and the smallest.
const SMALL_HEAD: usize = 4 * 1_024;

/// The largest head, lent to remotes that keep filling smaller ones.
const LARGE_HEAD: usize = 64 * 1_024;

/// Reserved for a large frame beyond three times what has arrived of it: 64 KiB less what a pad
/// takes for itself.
const ADVANCE: usize = 63 * 1_024;

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
    pub(crate) fn has_room(&self) -> bool {
        match &self.pad {
            Some(pad) => !pad.is_complete(),
            None => self.head.is_empty() || self.end < self.head.len() || self.start > 0,
        }
    }

    /// Whether what has landed ends in the middle of a frame.
    pub(crate) fn is_mid_frame(&self) -> bool {
        self.pad.is_some() || self.skip > 0 || self.unopened() > 0
    }

    /// Bytes that have landed in the head and were not opened yet.
    fn unopened(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether the next [`Landing::open`] would give a frame, or at least judge a header that was
    /// not judged before.
    pub(crate) fn has_frame(&self) -> bool {
        if let Some(pad) = &self.pad {
            return pad.is_complete();
        }
        let landed = self.landed();
        match landed.first_chunk::<HEADER_LEN>() {
            None => false,
            Some(header) => {
                let whole = HEADER_LEN.saturating_add(Header::parse(header).length as usize);
                whole <= landed.len() || whole > self.head.len()
            }
        }
    }

    /// Bytes that have landed and would be opened if an event were asked for.
    pub(crate) fn backlog(&self) -> u64 {
        let arrived = self.pad.as_ref().map_or(0, |pad| pad.arrived);
        let bytes = if self.has_frame() {
            self.unopened().saturating_add(arrived)
        } else {
            0
        };
        bytes as u64
    }

    /// Buffers held, in bytes of capacity.
    pub(crate) fn held(&self) -> usize {
        self.head
            .capacity()
            .saturating_add(self.pad.as_ref().map_or(0, |pad| pad.held()))
    }

    /// The window the next bytes go to; `None` when everything is full of unopened frames.
    pub(crate) fn window(&mut self) -> Option<&mut [u8]> {
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

    /// Takes note that the first `n` bytes of the window were filled.
    /// Returns how many bytes that were: never more than the window had.
    pub(crate) fn landed_bytes(&mut self, n: usize) -> usize {
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

    /// The frame that has begun to arrive and is not complete, if no complete one comes before it.
    pub(crate) fn partial(&self) -> Option<Partial> {
        if let Some(pad) = &self.pad {
            let header = Header::parse(&pad.header);
            return (!pad.is_complete()).then(|| Partial::new(&header, pad.begun()));
        }
        let (raw, payload) = self.landed().split_first_chunk::<HEADER_LEN>()?;
        let header = Header::parse(raw);
        let is_complete = payload.len() >= header.length as usize;
        (!is_complete).then(|| Partial::new(&header, payload))
    }

    /// Bytes of skipped frames that have arrived since this was last asked.
    pub(crate) fn take_skipped(&mut self) -> u64 {
        core::mem::take(&mut self.skipped)
    }

    /// Cuts the next frame, if one is complete.
    pub(crate) fn open(&mut self, admission: &Admission<'_>) -> Result<Opened, FrameError> {
        if let Some(pad) = self.pad.take() {
            if !pad.is_complete() {
                self.pad = Some(pad);
                return Ok(Opened::Nothing);
            }
            return Ok(Opened::Frame(pad.into_frame()));
        }
        admission.judge_magic(self.landed())?;
        let Some(raw) = self.landed().first_chunk::<HEADER_LEN>().copied() else {
            return Ok(Opened::Nothing);
        };
        let header = Header::parse(&raw);
        let length = header.length as usize;
        if admission.judge(&header)? == Verdict::Skip {
            self.consume(HEADER_LEN);
            let here = length.min(self.unopened());
            self.skip = length.saturating_sub(here);
            self.consume(here);
            let discarded = HEADER_LEN.saturating_add(here);
            self.skipped = self.skipped.saturating_add(discarded as u64);
            return Ok(Opened::Skipping {
                command: header.command,
            });
        }
        let whole = HEADER_LEN.saturating_add(length);
        if let Some(payload) = self.landed().get(HEADER_LEN..whole) {
            let frame = Frame::cut(raw, Bytes::copy_from_slice(payload), v1::checksum(payload));
            self.consume(whole);
            return Ok(Opened::Frame(frame));
        }
        if whole > self.head.len() {
            let landed = self.unopened().saturating_sub(HEADER_LEN);
            let mut segment = core::mem::take(&mut self.head);
            segment.copy_within(self.end.saturating_sub(landed)..self.end, 0);
            (self.start, self.end) = (0, 0);
            self.pad = Some(Box::new(Pad::new(raw, length, segment, landed)));
        }
        Ok(Opened::Nothing)
    }

    /// Forgets everything that has landed and frees the buffers.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn landed(&self) -> &[u8] {
        self.head.get(self.start..self.end).unwrap_or_default()
    }

    fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
        self.release_if_drained();
    }

    /// An idle connection owns no buffer.
    fn release_if_drained(&mut self) {
        if self.start == self.end {
            self.head = Vec::new();
            (self.start, self.end) = (0, 0);
        }
    }
}

impl Frame {
    fn cut(header: [u8; HEADER_LEN], payload: Bytes, checksum: [u8; 4]) -> Self {
        let parsed = Header::parse(&header);
        Self {
            command: parsed.command,
            wire_len: parsed.length.saturating_add(HEADER_LEN as u32),
            intact: parsed.checksum == checksum,
            payload,
            header,
        }
    }
}

/// A frame of which not everything has arrived: what it claims to be, and how its payload begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partial {
    command: [u8; 12],
    head: [u8; Self::HEAD],
    /// How much of `head` has arrived.
    len: usize,
}

impl Partial {
    /// Enough to tell which block it is about: a block header.
    const HEAD: usize = 80;

    fn new(header: &Header, payload: &[u8]) -> Self {
        let mut head = [0; Self::HEAD];
        let len = payload.len().min(Self::HEAD);
        for (to, from) in head.iter_mut().zip(payload) {
            *to = *from;
        }
        Self {
            command: header.command,
            head,
            len,
        }
    }

    /// The message that it claims to be.
    pub(crate) fn kind(&self) -> Option<MessageKind> {
        let command = CommandName::from_bytes(self.command).ok()?;
        MessageKind::from_command(&command)
    }

    /// The first bytes of its payload.
    pub(crate) fn head(&self) -> &[u8] {
        self.head.get(..self.len).unwrap_or_default()
    }
}

/// One large frame on its way in.
#[derive(Debug)]
struct Pad {
    header: [u8; HEADER_LEN],
    /// Payload bytes of the frame.
    total: usize,
    /// Payload bytes that have arrived.
    arrived: usize,
    /// Full segments, until the whole payload may be reserved.
    earlier: Vec<Vec<u8>>,
    /// The segment (in the end: the whole payload) being filled.
    current: Vec<u8>,
    /// Filled part of `current`.
    filled: usize,
    /// Digest of everything that has arrived, fed as it lands.
    digest: Sha256,
}

impl Pad {
    /// A pad for `total` payload bytes, of which `landed` are at the beginning of `segment`.
    fn new(header: [u8; HEADER_LEN], total: usize, mut segment: Vec<u8>, landed: usize) -> Self {
        segment.truncate(total);
        let mut pad = Self {
            header,
            total,
            arrived: 0,
            earlier: Vec::new(),
            current: segment,
            filled: 0,
            digest: Sha256::new(),
        };
        pad.landed(landed);
        pad
    }

    fn is_complete(&self) -> bool {
        self.arrived == self.total
    }

    /// The payload from its start, as far as it lies in one piece.
    fn begun(&self) -> &[u8] {
        match self.earlier.first() {
            Some(first) => first,
            None => self.current.get(..self.filled).unwrap_or_default(),
        }
    }

    fn held(&self) -> usize {
        self.earlier
            .iter()
            .map(Vec::capacity)
            .fold(self.current.capacity(), usize::saturating_add)
    }

    fn window(&mut self) -> &mut [u8] {
        if self.filled == self.current.len() {
            self.grow();
        }
        self.current.get_mut(self.filled..).unwrap_or_default()
    }

    fn landed(&mut self, n: usize) -> usize {
        let end = self.filled.saturating_add(n).min(self.current.len());
        let fresh = self.current.get(self.filled..end).unwrap_or_default();
        self.digest.update(fresh);
        self.arrived = self.arrived.saturating_add(fresh.len());
        self.filled = end;
        fresh.len()
    }

    /// Makes room once `current` is full. The next segment is three times what has arrived (plus
    /// the first allowance), but ends where a third of the frame will have arrived: from there the
    /// whole payload may be reserved, exactly, and what has arrived moves there, once. So no
    /// segment reaches past the end of the frame.
    fn grow(&mut self) {
        let allowance = self.arrived.saturating_mul(3).saturating_add(ADVANCE);
        let third = self.total.saturating_sub(ADVANCE).div_ceil(3);
        let missing = third.saturating_sub(self.arrived);
        if missing > 0 {
            let segment = vec![0; allowance.min(missing)];
            self.earlier
                .push(core::mem::replace(&mut self.current, segment));
            self.filled = 0;
            return;
        }
        let mut whole = vec![0; self.total];
        let mut rest = whole.as_mut_slice();
        for segment in self
            .earlier
            .drain(..)
            .chain([core::mem::take(&mut self.current)])
        {
            let (to, after) = rest.split_at_mut(segment.len().min(rest.len()));
            to.copy_from_slice(segment.get(..to.len()).unwrap_or_default());
            rest = after;
        }
        self.current = whole;
        self.filled = self.arrived;
    }

    fn into_frame(self) -> Frame {
        Frame::cut(
            self.header,
            Bytes::from(self.current),
            v1::finish(self.digest),
        )
    }
}

#[cfg(test)]
mod tests;
