//! The last step before the socket: frames in wire form, a bounded window of them, and the one
//! cursor that remembers how far a partial write came.
//!
//! In v1 small frames are packed into one run; bodies of 256 bytes and more are chained as the
//! shared buffers they already are. A picture of three frames, the second one a block:
//!
//! ```text
//!  Packed [ head ping | head ]   Shared [ block … ]   Packed [ head pong ]
//!           ▲ cursor
//! ```
//!
//! In v2 every body is sealed, which makes it this connection's own. So no more is sealed than a
//! window of small ones, or one larger one, however much is queued.

#[cfg(feature = "_bip324")]
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::Bytes;

use super::Head;
use super::outbox::{Departed, Parcel, Payload};
use super::v1::{self, Header};
#[cfg(feature = "_bip324")]
use super::v2::MAX_TYPE_LEN;
#[cfg(feature = "_bip324")]
use crate::bip324::{MAX_CONTENTS, PACKET_OVERHEAD, PacketSealer};

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

/// How messages become frames.
#[derive(Debug)]
enum Framing {
    V1,
    /// Keys are awaited: nothing can be framed.
    #[cfg(feature = "_bip324")]
    Keyless,
    #[cfg(feature = "_bip324")]
    V2(Box<PacketSealer>),
}

/// Frames ready for the socket.
#[derive(Debug)]
pub(crate) struct Staging {
    magic: [u8; 4],
    framing: Framing,
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
            framing: Framing::V1,
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

    /// Bytes staged and not sent.
    pub(crate) fn len(&self) -> usize {
        self.staged
    }

    /// Bytes of memory held: a run is freed as a whole, however much of it was sent.
    pub(crate) fn held(&self) -> usize {
        let segments = self.segments.iter().map(|segment| match segment {
            Segment::Packed(run) => run.capacity(),
            Segment::Shared(body) => body.len(),
        });
        let entries = self
            .segments
            .capacity()
            .saturating_mul(size_of::<Segment>());
        let ends = self
            .ends
            .capacity()
            .saturating_mul(size_of::<(u64, Departed)>());
        segments.fold(entries.saturating_add(ends), usize::saturating_add)
    }

    /// Whether frames can be made at all.
    pub(crate) fn is_ready(&self) -> bool {
        match self.framing {
            Framing::V1 => true,
            #[cfg(feature = "_bip324")]
            Framing::Keyless => false,
            #[cfg(feature = "_bip324")]
            Framing::V2(_) => true,
        }
    }

    /// Whether `parcel` may be staged now.
    pub(crate) fn has_room_for(&self, parcel: &Parcel) -> bool {
        let whole = self.staged.saturating_add(self.wire_len(parcel));
        match self.framing {
            Framing::V1 => self.staged < WINDOW,
            #[cfg(feature = "_bip324")]
            Framing::Keyless => false,
            #[cfg(feature = "_bip324")]
            Framing::V2(_) => self.staged == 0 || whole <= WINDOW,
        }
    }

    /// Bytes that `parcel` takes on the wire.
    pub(crate) fn wire_len(&self, parcel: &Parcel) -> usize {
        let payload = parcel.payload.as_slice().len();
        let beside = match self.framing {
            Framing::V1 => v1::HEADER_LEN,
            #[cfg(feature = "_bip324")]
            Framing::Keyless | Framing::V2(_) => parcel
                .message_type()
                .as_slice()
                .len()
                .saturating_add(PACKET_OVERHEAD),
        };
        payload.saturating_add(beside)
    }

    /// Frames wait for [`speak_v1`](Self::speak_v1) or [`speak_v2`](Self::speak_v2).
    #[cfg(feature = "_bip324")]
    pub(crate) fn await_keys(&mut self) {
        self.framing = Framing::Keyless;
    }

    #[cfg(feature = "_bip324")]
    pub(crate) fn speak_v1(&mut self) {
        self.framing = Framing::V1;
    }

    #[cfg(feature = "_bip324")]
    pub(crate) fn speak_v2(&mut self, sealer: PacketSealer) {
        self.framing = Framing::V2(Box::new(sealer));
    }

    /// Longest payload that can be framed.
    pub(crate) fn max_payload(&self) -> usize {
        match self.framing {
            Framing::V1 => u32::MAX as usize,
            #[cfg(feature = "_bip324")]
            Framing::Keyless | Framing::V2(_) => MAX_CONTENTS.saturating_sub(MAX_TYPE_LEN),
        }
    }

    /// Stages bytes that are no frame.
    pub(crate) fn push_raw(&mut self, bytes: Vec<u8>) {
        self.count(bytes.len());
        match self.segments.back_mut() {
            Some(Segment::Packed(run)) => run.extend_from_slice(&bytes),
            _ => self.segments.push_back(Segment::Packed(bytes)),
        }
    }

    /// Frames one message; returns what stands before its payload.
    pub(crate) fn push(&mut self, parcel: &Parcel, departed: Departed) -> Head {
        let wire_len = self.wire_len(parcel);
        let head = match &mut self.framing {
            Framing::V1 => self.frame(parcel),
            #[cfg(feature = "_bip324")]
            Framing::Keyless => Head::new(&[]),
            #[cfg(feature = "_bip324")]
            Framing::V2(_) => self.seal(parcel, wire_len),
        };
        self.count(wire_len);
        self.ends.push_back((self.staged_to, departed));
        head
    }

    fn count(&mut self, len: usize) {
        self.staged = self.staged.saturating_add(len);
        self.staged_to = self.staged_to.saturating_add(len as u64);
    }

    fn frame(&mut self, parcel: &Parcel) -> Head {
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
        Head::new(&header)
    }

    /// Seals a packet at the end of the last run while that is short, so that small ones leave in
    /// one write; a large one gets a run of its own, allocated once and exactly.
    #[cfg(feature = "_bip324")]
    fn seal(&mut self, parcel: &Parcel, wire_len: usize) -> Head {
        let Framing::V2(sealer) = &mut self.framing else {
            return Head::new(&[]);
        };
        let message_type = parcel.message_type();
        let payload = parcel.payload.as_slice();
        let run = match self.segments.back_mut() {
            Some(Segment::Packed(run)) if run.len().saturating_add(wire_len) <= WINDOW => run,
            _ => {
                let run = Vec::with_capacity(wire_len);
                self.segments.push_back(Segment::Packed(run));
                match self.segments.back_mut() {
                    Some(Segment::Packed(run)) => run,
                    _ => return message_type,
                }
            }
        };
        // Longer payloads than a packet takes were refused when they were queued.
        let parts = [message_type.as_slice(), payload];
        let _ = sealer.seal(&parts, &[], parcel.is_decoy, run);
        message_type
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
            #[cfg(feature = "_bip324")]
            if let Framing::V2(sealer) = &mut self.framing {
                sealer.rest();
            }
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

    /// A copy of all of it, for tests and simulations: a socket takes the slices as they are.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len());
        bytes.extend(self.slices().flatten());
        bytes
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
