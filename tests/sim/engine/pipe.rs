//! One direction of a wire: latency, jitter, bandwidth, a socket buffer, and what can happen to bytes on their way.

use std::collections::VecDeque;

use peer_core::HangUp;

use crate::link::Dice;

/// What a wire is like, both ways.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nature {
    /// Microseconds from end to end.
    pub(crate) latency: u64,
    /// So much more at most.
    pub(crate) jitter: u64,
    /// Bytes in a millisecond.
    pub(crate) rate: u64,
    /// Bytes that are on their way or in the socket buffer at most.
    pub(crate) capacity: usize,
    /// Longest piece that a socket gives or takes at once.
    pub(crate) piece: usize,
}

/// Something on its way.
#[derive(Clone, Debug)]
enum Cargo {
    Bytes(Vec<u8>),
    End(HangUp),
}

#[derive(Debug)]
pub(crate) struct Pipe {
    nature: Nature,
    cargo: VecDeque<(u64, Cargo)>,
    /// Arrived and not read.
    buffered: Vec<u8>,
    read: usize,
    on_the_way: usize,
    /// When the sender's line is free again.
    free_at: u64,
    last_arrival: u64,
    /// Nothing arrives before.
    stalled_until: u64,
    /// Bytes that entered.
    entered: u64,
    /// Bytes that the reader took.
    pub(crate) taken: u64,
    /// The byte at this place is changed by this.
    pub(crate) flip: Option<(u64, u8)>,
    /// A changed byte has entered.
    pub(crate) is_corrupt: bool,
    /// Whatever enters is lost.
    pub(crate) is_dead: bool,
    /// How the stream ended for the reader.
    pub(crate) ended: Option<HangUp>,
    /// An end was sent.
    pub(crate) is_closed: bool,
    /// The writer found no room.
    pub(crate) is_blocked: bool,
}

impl Pipe {
    pub(crate) const fn new(nature: Nature) -> Self {
        Self {
            nature,
            cargo: VecDeque::new(),
            buffered: Vec::new(),
            read: 0,
            on_the_way: 0,
            free_at: 0,
            last_arrival: 0,
            stalled_until: 0,
            entered: 0,
            taken: 0,
            flip: None,
            is_corrupt: false,
            is_dead: false,
            ended: None,
            is_closed: false,
            is_blocked: false,
        }
    }

    pub(crate) fn room(&self) -> usize {
        if self.is_closed {
            return 0;
        }
        let used = self.on_the_way + self.unread();
        self.nature.capacity.saturating_sub(used)
    }

    /// Bytes enter; returns when they arrive, if they do.
    pub(crate) fn write(&mut self, mut bytes: Vec<u8>, now: u64, dice: &mut Dice) -> Option<u64> {
        let len = bytes.len() as u64;
        if let Some((at, by)) = self.flip
            && (self.entered..self.entered + len).contains(&at)
        {
            let place = usize::try_from(at - self.entered).unwrap_or_default();
            if let Some(byte) = bytes.get_mut(place) {
                *byte ^= by;
                self.is_corrupt = true;
            }
        }
        self.entered += len;
        if self.is_dead {
            return None;
        }
        self.on_the_way += bytes.len();
        self.free_at = self.free_at.max(now) + len * 1_000 / self.nature.rate;
        Some(self.send(Cargo::Bytes(bytes), dice))
    }

    /// The stream ends behind what has entered.
    pub(crate) fn close(&mut self, how: HangUp, now: u64, dice: &mut Dice) -> Option<u64> {
        if core::mem::replace(&mut self.is_closed, true) || self.is_dead {
            return None;
        }
        self.free_at = self.free_at.max(now);
        Some(self.send(Cargo::End(how), dice))
    }

    fn send(&mut self, cargo: Cargo, dice: &mut Dice) -> u64 {
        let travel = self.nature.latency + dice.below(self.nature.jitter + 1);
        let arrival = (self.free_at + travel)
            .max(self.last_arrival)
            .max(self.stalled_until);
        self.last_arrival = arrival;
        self.cargo.push_back((arrival, cargo));
        arrival
    }

    /// Nothing arrives before that time.
    pub(crate) fn stall(&mut self, until: u64) -> u64 {
        self.stalled_until = self.stalled_until.max(until);
        for (at, _) in &mut self.cargo {
            *at = until.max(*at);
        }
        self.last_arrival = self.last_arrival.max(until);
        until
    }

    /// Everything on its way is lost.
    pub(crate) fn lose(&mut self) {
        self.cargo.clear();
        self.on_the_way = 0;
    }

    /// What is there by now goes to the socket buffer.
    pub(crate) fn arrive(&mut self, now: u64) {
        while self.cargo.front().is_some_and(|(at, _)| *at <= now) {
            match self.cargo.pop_front() {
                Some((_, Cargo::Bytes(bytes))) => {
                    self.on_the_way -= bytes.len();
                    if self.read == self.buffered.len() {
                        self.buffered = bytes;
                        self.read = 0;
                    } else {
                        self.buffered.extend_from_slice(&bytes);
                    }
                }
                Some((_, Cargo::End(how))) => {
                    self.ended.get_or_insert(how);
                }
                None => {}
            }
        }
    }

    /// What the socket would give at once.
    pub(crate) fn lend(&self, most: usize) -> &[u8] {
        let rest = self.buffered.get(self.read..).unwrap_or_default();
        &rest[..rest.len().min(most)]
    }

    pub(crate) fn unread(&self) -> usize {
        self.buffered.len() - self.read
    }

    /// The reader took so many; whether a writer that was waiting has room again.
    pub(crate) fn took(&mut self, n: usize) -> bool {
        self.read += n;
        self.taken += n as u64;
        n > 0 && core::mem::take(&mut self.is_blocked)
    }

    /// Nothing is on its way.
    pub(crate) fn is_quiet(&self) -> bool {
        self.cargo.is_empty() && self.unread() == 0
    }
}
