//! What waits to be sent: three lanes, one cursor, one count of bytes. Knows no message meaning
//! beyond the lane it was told.
//!
//! ```text
//!  handshake ─┐
//!  control   ─┼─► staged frames ─► slices lent to the socket
//!  data      ─┘   (a bounded window)
//! ```
//!
//! Everything leaves in order, lane by lane. Control frames (automatic pongs and keep-alive pings)
//! overtake data between frames, but never a `sendcmpct` queued before them: the answer to a ping
//! sent after `sendcmpct` locks the compact-block version in (BIP152). Nor do they overtake each other.
//!
//! Payloads stay as they were queued until they reach the staging window, so a frame is only built
//! (or, in an encrypted transport, sealed) shortly before it leaves.

use alloc::collections::VecDeque;
use core::num::NonZeroU64;

use bytes::Bytes;

pub(crate) use super::parcel::{Departed, Parcel, Payload, Tapped};
use super::staging::{Outbound, Staging};
#[cfg(feature = "_bip324")]
use crate::bip324::PacketSealer;
use crate::message::MessageKind;

/// Identifies one message accepted by [`PeerMachine::send`](crate::PeerMachine::send).
///
/// Tickets of one machine rise by one with every message accepted; everything sent leaves in that
/// order, so one ticket speaks for all earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(NonZeroU64);

impl Ticket {
    /// The first ticket of a machine.
    pub(crate) const FIRST: Self = Self(NonZeroU64::MIN);

    /// The ticket after this one.
    pub(crate) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Position in the order of sending, counted from one.
    pub const fn number(self) -> u64 {
        self.0.get()
    }
}

/// Copies of staged frames kept for the application; while it takes none no more are staged.
const MAX_TAPPED: usize = 1_024;

/// Payload bytes of those copies; one frame may overshoot.
const MAX_TAPPED_BYTES: usize = 1_000_000;

/// Where a parcel queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Handshake,
    Control,
    Data,
}

/// The lanes and the staging window.
#[derive(Debug)]
pub(crate) struct Outbox {
    handshake: VecDeque<Parcel>,
    control: VecDeque<Parcel>,
    data: VecDeque<Parcel>,
    staging: Staging,
    /// Wire bytes queued or staged whose frame has not left completely.
    queued: usize,
    /// The part of `queued` that the remote provoked.
    provoked: usize,
    /// `sendcmpct` frames in the data lane.
    sendcmpct_waiting: usize,
    /// Control frames in the data lane, behind one of those. Later ones do not overtake them either: pongs come in the
    /// order of their pings.
    control_waiting: usize,
    /// Copies of staged frames, where the application wants to see them.
    tapped: Option<VecDeque<Tapped>>,
    /// Payload bytes of those copies.
    tapped_bytes: usize,
    /// Nothing can leave any more; what is queued all the same is dropped.
    is_shut: bool,
}

impl Outbox {
    pub(crate) fn new(magic: [u8; 4], tapped: bool) -> Self {
        Self {
            tapped: tapped.then(VecDeque::new),
            handshake: VecDeque::new(),
            control: VecDeque::new(),
            data: VecDeque::new(),
            staging: Staging::new(magic),
            queued: 0,
            provoked: 0,
            sendcmpct_waiting: 0,
            control_waiting: 0,
            tapped_bytes: 0,
            is_shut: false,
        }
    }

    /// Queues a message in its lane.
    pub(crate) fn push(&mut self, lane: Lane, parcel: Parcel) {
        if self.is_shut {
            return;
        }
        let wire_len = self.staging.wire_len(&parcel);
        self.queued = self.queued.saturating_add(wire_len);
        if parcel.provoked {
            self.provoked = self.provoked.saturating_add(wire_len);
        }
        match lane {
            Lane::Handshake => self.handshake.push_back(parcel),
            Lane::Control if self.sendcmpct_waiting == 0 && self.control_waiting == 0 => {
                self.control.push_back(parcel);
            }
            Lane::Control | Lane::Data => {
                self.sendcmpct_waiting += usize::from(parcel.kind == Some(MessageKind::SendCmpct));
                self.control_waiting += usize::from(is_control(&parcel));
                self.data.push_back(parcel);
            }
        }
    }

    /// Wire bytes of everything that has not left completely.
    pub(crate) fn queued(&self) -> usize {
        self.queued
    }

    /// Wire bytes of replies the remote provoked that have not left completely.
    pub(crate) fn provoked(&self) -> usize {
        self.provoked
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.staging.is_empty()
            && self.handshake.is_empty()
            && self.control.is_empty()
            && self.data.is_empty()
    }

    /// Whether nothing is lent although something is queued: the application does not take the
    /// copies it asked for, or there are no keys yet to seal it with.
    pub(crate) fn is_held_back(&self) -> bool {
        self.staging.is_empty() && (self.is_untaken() || !self.staging.is_ready())
    }

    /// Whether what is queued can be made frames of: there are keys, or none are needed.
    pub(crate) fn is_ready(&self) -> bool {
        self.staging.is_ready()
    }

    /// Frames wait until it is settled how they are made.
    #[cfg(feature = "_bip324")]
    pub(crate) fn await_keys(&mut self) {
        self.staging.await_keys();
    }

    /// Frames are v1.
    #[cfg(feature = "_bip324")]
    pub(crate) fn speak_v1(&mut self) {
        self.staging.speak_v1();
    }

    /// Frames are packets, sealed by `sealer`.
    #[cfg(feature = "_bip324")]
    pub(crate) fn speak_v2(&mut self, sealer: PacketSealer) {
        self.staging.speak_v2(sealer);
    }

    /// The network's magic.
    #[cfg(feature = "_bip324")]
    pub(crate) fn magic(&self) -> [u8; 4] {
        self.staging.magic()
    }

    /// Bytes that `parcel` takes on the wire.
    pub(crate) fn wire_len(&self, parcel: &Parcel) -> usize {
        self.staging.wire_len(parcel)
    }

    /// Longest payload that can be framed.
    pub(crate) fn max_payload(&self) -> usize {
        self.staging.max_payload()
    }

    /// Bytes that are no frame, to be sent before any that are queued.
    pub(crate) fn stage_raw(&mut self, bytes: alloc::vec::Vec<u8>) {
        if !self.is_shut && !bytes.is_empty() {
            self.staging.push_raw(bytes);
        }
    }

    fn is_untaken(&self) -> bool {
        let Some(tapped) = &self.tapped else {
            return false;
        };
        tapped.len() >= MAX_TAPPED || self.tapped_bytes >= MAX_TAPPED_BYTES
    }

    /// Bytes of memory held: buffers, queue entries and payloads kept alive.
    pub(crate) fn held(&self) -> usize {
        let entries = [&self.handshake, &self.control, &self.data]
            .map(|lane| lane.capacity().saturating_mul(size_of::<Parcel>()));
        let tapped = self.tapped.as_ref().map_or(0, VecDeque::capacity);
        let tapped = tapped.saturating_mul(size_of::<Tapped>());
        let copies = self.tapped.iter().flatten();
        let copies = copies.map(|copy| copy.header.len().saturating_add(copy.payload.len()));
        entries
            .into_iter()
            .chain([tapped])
            .chain(copies)
            .fold(self.staging.held(), usize::saturating_add)
            .saturating_add(self.queued.saturating_sub(self.staging.len()))
    }

    /// Moves frames to the staging window while it has room.
    pub(crate) fn stage(&mut self) {
        while !self.is_untaken()
            && self
                .first()
                .is_some_and(|next| self.staging.has_room_for(next))
        {
            let Some(parcel) = self.next_parcel() else {
                break;
            };
            let wire_len = self.staging.wire_len(&parcel);
            let Parcel {
                kind,
                ticket,
                token,
                provoked,
                ..
            } = parcel;
            let departed = Departed {
                kind,
                ticket,
                token,
                provoked,
                wire_len,
            };
            let head = self.staging.push(&parcel, departed);
            if let Some(tapped) = &mut self.tapped
                && !parcel.is_decoy
            {
                let header = Bytes::copy_from_slice(head.as_slice());
                let payload = parcel.payload.into_bytes();
                self.tapped_bytes = self.tapped_bytes.saturating_add(payload.len());
                tapped.push_back(Tapped {
                    command: parcel.command,
                    header,
                    payload,
                });
            }
        }
    }

    /// The staged slices, oldest first.
    pub(crate) fn lend(&self) -> Outbound<'_> {
        self.staging.lend()
    }

    /// The next staged frame that was not looked at.
    pub(crate) fn next_tapped(&mut self) -> Option<Tapped> {
        let tapped = self.tapped.as_mut()?;
        let copy = tapped.pop_front()?;
        if tapped.is_empty() {
            *tapped = VecDeque::new();
        }
        self.tapped_bytes = self.tapped_bytes.saturating_sub(copy.payload.len());
        Some(copy)
    }

    /// Takes note that the socket accepted the first `n` bytes that were lent; returns how many
    /// that were.
    pub(crate) fn sent(&mut self, n: usize) -> usize {
        let n = self.staging.advance(n);
        if self.is_empty() {
            self.release();
        }
        n
    }

    /// The next frame that has left completely, in the order of leaving.
    pub(crate) fn next_departed(&mut self) -> Option<Departed> {
        let departed = self.staging.next_departed()?;
        self.queued = self.queued.saturating_sub(departed.wire_len);
        if departed.provoked {
            self.provoked = self.provoked.saturating_sub(departed.wire_len);
        }
        Some(departed)
    }

    /// Drops everything that has not left, and whatever is queued from now on.
    pub(crate) fn shut(&mut self) {
        *self = Self {
            is_shut: true,
            tapped: self.tapped.take(),
            tapped_bytes: self.tapped_bytes,
            ..Self::new(self.staging.magic(), false)
        };
    }

    /// Whether nothing queued will ever leave.
    pub(crate) fn is_shut(&self) -> bool {
        self.is_shut
    }

    /// The parcel that is staged next.
    fn first(&self) -> Option<&Parcel> {
        let lanes = [&self.handshake, &self.control, &self.data];
        lanes.into_iter().find_map(VecDeque::front)
    }

    fn next_parcel(&mut self) -> Option<Parcel> {
        if let Some(parcel) = self
            .handshake
            .pop_front()
            .or_else(|| self.control.pop_front())
        {
            return Some(parcel);
        }
        let parcel = self.data.pop_front()?;
        if parcel.kind == Some(MessageKind::SendCmpct) {
            self.sendcmpct_waiting = self.sendcmpct_waiting.saturating_sub(1);
        }
        if is_control(&parcel) {
            self.control_waiting = self.control_waiting.saturating_sub(1);
        }
        Some(parcel)
    }

    /// An idle connection owns no buffer.
    fn release(&mut self) {
        self.handshake = VecDeque::new();
        self.control = VecDeque::new();
        self.data = VecDeque::new();
    }
}

/// A ping or pong of the machine's own: those of the application have tickets.
fn is_control(parcel: &Parcel) -> bool {
    let kind = matches!(parcel.kind, Some(MessageKind::Ping | MessageKind::Pong));
    kind && parcel.ticket.is_none()
}

#[cfg(test)]
mod tests;
