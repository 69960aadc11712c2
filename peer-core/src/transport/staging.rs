//! The last step before the socket: frames in wire form, a bounded window of them, and the one
//! cursor that remembers how far a partial write came.
//!
//! Small frames are packed into one run; bodies of 256 bytes and more are chained as the shared
//! buffers they already are. A picture of three frames, the second one a block:
//!
//! ```text
//!  Packed [ head ping | head ]   Shared [ block … ]   Packed [ head pong ]
//!           ▲ cursor
//! ```

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::Bytes;

use super::outbox::{Departed, Parcel, Payload};
use super::v1::{self, Header};

/// Frames are staged while less than this is staged: a socket rarely takes more at once, and
/// whatever is staged can no longer be overtaken by a pong.
const WINDOW: usize = 64 * 1_024;

/// Bodies from this size on are chained, not copied.
const CHAIN_THRESHOLD: usize = 256;

/// A contiguous piece of the staged bytes.
#[derive(Debug)]
enum Segment {
    Packed(Vec<u8>),
    Shared(Bytes),
}

impl Segment {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Packed(run) => run,
            Self::Shared(body) => body,
        }
    }
}

/// Frames ready for the socket.
#[derive(Debug)]
pub(crate) struct Staging {
    magic: [u8; 4],
    segments: VecDeque<Segment>,
    /// Bytes of the first segment that were sent.
    cursor: usize,
    /// Bytes staged and not sent.
    staged: usize,
    /// Stream offset of the next byte to stage; offsets only ever rise.
    staged_to: u64,
    /// Stream offset of the next byte to send.
    sent_to: u64,
    /// Where each staged frame ends.
    ends: VecDeque<(u64, Departed)>,
}

impl Staging {
    pub(crate) fn new(magic: [u8; 4]) -> Self {
        Self {
            magic,
            segments: VecDeque::new(),
            cursor: 0,
            staged: 0,
            staged_to: 0,
            sent_to: 0,
            ends: VecDeque::new(),
        }
    }

    pub(crate) fn magic(&self) -> [u8; 4] {
        self.magic
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.staged == 0
    }

    pub(crate) fn has_room(&self) -> bool {
        self.staged < WINDOW
    }

    /// Frames one message; returns its header.
    pub(crate) fn push(&mut self, parcel: &Parcel, departed: Departed) -> [u8; v1::HEADER_LEN] {
        let payload = parcel.payload.as_slice();
        let header = Header {
            magic: self.magic,
            command: parcel.command.to_bytes(),
            length: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            checksum: parcel.checksum.unwrap_or_else(|| v1::checksum(payload)),
        }
        .to_bytes();
        match &parcel.payload {
            Payload::Shared(body) if body.len() >= CHAIN_THRESHOLD => {
                self.pack(&header, &[]);
                self.segments.push_back(Segment::Shared(body.clone()));
            }
            small => self.pack(&header, small.as_slice()),
        }
        let wire_len = v1::HEADER_LEN.saturating_add(payload.len());
        self.staged = self.staged.saturating_add(wire_len);
        self.staged_to = self.staged_to.saturating_add(wire_len as u64);
        self.ends.push_back((self.staged_to, departed));
        header
    }

    pub(crate) fn lend(&self) -> Outbound<'_> {
        Outbound { staging: self }
    }

    /// Moves the cursor over `n` sent bytes and frees what lies behind it; returns how many that
    /// were: never more than was lent.
    pub(crate) fn advance(&mut self, n: usize) -> usize {
        let n = n.min(self.staged);
        self.staged = self.staged.saturating_sub(n);
        self.sent_to = self.sent_to.saturating_add(n as u64);
        self.cursor = self.cursor.saturating_add(n);
        while let Some(first) = self.segments.front() {
            let len = first.as_slice().len();
            if self.cursor < len {
                break;
            }
            self.cursor = self.cursor.saturating_sub(len);
            self.segments.pop_front();
        }
        if self.staged == 0 {
            self.segments = VecDeque::new();
        }
        n
    }

    /// The next frame that lies completely behind the cursor.
    pub(crate) fn next_departed(&mut self) -> Option<Departed> {
        let (end, departed) = *self.ends.front()?;
        if end > self.sent_to {
            return None;
        }
        self.ends.pop_front();
        if self.ends.is_empty() {
            self.ends = VecDeque::new();
        }
        Some(departed)
    }

    /// Appends to the run at the end, or begins one after a shared body or a long run (a run is
    /// only freed as a whole, so it must not grow for ever under a slow reader).
    fn pack(&mut self, header: &[u8], payload: &[u8]) {
        match self.segments.back_mut() {
            Some(Segment::Packed(run)) if run.len() < WINDOW => {
                run.extend_from_slice(header);
                run.extend_from_slice(payload);
            }
            _ => self
                .segments
                .push_back(Segment::Packed([header, payload].concat())),
        }
    }
}

/// Bytes to write, as slices in order: made for vectored writes.
///
/// Say how many bytes the socket took with [`PeerMachine::sent`](crate::PeerMachine::sent); the
/// rest is lent again next time.
#[derive(Clone, Copy, Debug)]
pub struct Outbound<'a> {
    staging: &'a Staging,
}

impl<'a> Outbound<'a> {
    /// The slices, none of them empty.
    pub fn slices(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let staging = self.staging;
        let mut skip = staging.cursor;
        staging.segments.iter().map(move |segment| {
            segment
                .as_slice()
                .get(core::mem::take(&mut skip)..)
                .unwrap_or_default()
        })
    }

    /// The first slice; empty if there is nothing to write.
    pub fn first(&self) -> &'a [u8] {
        self.slices().next().unwrap_or_default()
    }

    /// Bytes in all slices together.
    pub fn len(&self) -> usize {
        self.staging.staged
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.staging.staged == 0
    }

    /// Fills `slices` for `write_vectored`; returns how many were filled.
    #[cfg(feature = "std")]
    pub fn io_slices(&self, slices: &mut [std::io::IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (to, from) in slices.iter_mut().zip(self.slices()) {
            *to = std::io::IoSlice::new(from);
            filled += 1;
        }
        filled
    }
}
