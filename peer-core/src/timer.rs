//! Named timers: one slot each, the next one due is the machine's deadline.
//!
//! Rooms set and stop timers; nothing here knows what a timer is for. Deadlines are rounded up to
//! a coarse grain so that many peers share wake-ups: never early, at most one grain late.

use core::time::Duration;

use crate::time::Timestamp;

/// What a peer may be waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Timer {
    /// The whole handshake, from connection to both `verack`s. Absolute: bytes do not extend it.
    Negotiation,
    /// The v2 handshake must come to its next stage.
    V2Handshake,
    /// The next keep-alive `ping` is to be sent.
    Ping,
    /// A `pong` is owed by the remote.
    Pong,
    /// The remote has been silent.
    Idle,
    /// The remote has accepted no byte while data waits for it.
    WriteStall,
    /// A graceful disconnect flushes what is queued.
    Flush,
    /// An address-fetch connection must have served its purpose.
    AddrFetch,
    /// A request is owed an answer by the remote.
    Stall,
    /// Objects that wait are announced.
    Trickle,
}

impl Timer {
    /// Every timer, in slot order.
    pub const ALL: &'static [Self] = &[
        Self::Negotiation,
        Self::V2Handshake,
        Self::Ping,
        Self::Pong,
        Self::Idle,
        Self::WriteStall,
        Self::Flush,
        Self::AddrFetch,
        Self::Stall,
        Self::Trickle,
    ];

    /// Whether it ends the connection for something the remote has not sent. The handshake is not
    /// among them: its deadline is absolute.
    pub(crate) const fn is_verdict_on_remote(self) -> bool {
        matches!(
            self,
            Self::V2Handshake | Self::Pong | Self::Idle | Self::AddrFetch | Self::Stall
        )
    }
}

/// The slots.
#[derive(Debug)]
pub(crate) struct Timers {
    slots: [Option<Timestamp>; Timer::ALL.len()],
    grain: Duration,
}

impl Timers {
    pub(crate) fn new(grain: Duration) -> Self {
        Self {
            slots: [None; Timer::ALL.len()],
            grain,
        }
    }

    /// Arms `timer` for the first grain boundary not before `at`, replacing what it was set to.
    pub(crate) fn set(&mut self, timer: Timer, at: Timestamp) {
        *self.slot(timer) = Some(at.ceil_to(self.grain));
    }

    /// Arms `timer` unless it is set to something earlier.
    pub(crate) fn set_earlier(&mut self, timer: Timer, at: Timestamp) {
        let at = at.ceil_to(self.grain);
        let slot = self.slot(timer);
        *slot = Some(slot.map_or(at, |set| set.min(at)));
    }

    /// Arms `timer` to be due at once: there is nothing to be shared with others by rounding.
    pub(crate) fn set_due(&mut self, timer: Timer, now: Timestamp) {
        *self.slot(timer) = Some(now);
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        *self.slot(timer) = None;
    }

    pub(crate) fn stop_all(&mut self) {
        self.slots = [None; Timer::ALL.len()];
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.slots.get(timer as usize).is_some_and(Option::is_some)
    }

    /// The earliest armed timer.
    pub(crate) fn next(&self) -> Option<(Timestamp, Timer)> {
        let armed = self.slots.iter().zip(Timer::ALL.iter().copied());
        armed
            .filter_map(|(slot, timer)| Some(((*slot)?, timer)))
            .min()
    }

    /// Disarms and returns the earliest timer that is due.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<Timer> {
        let (at, timer) = self.next()?;
        if at > now {
            return None;
        }
        self.stop(timer);
        Some(timer)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "slots has one entry per variant of Timer"
    )]
    fn slot(&mut self, timer: Timer) -> &mut Option<Timestamp> {
        &mut self.slots[timer as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_timer_has_its_own_slot() {
        for (index, timer) in Timer::ALL.iter().copied().enumerate() {
            assert_eq!(timer as usize, index);
        }
    }

    #[test]
    fn the_earliest_due_timer_comes_first_and_only_once() {
        let mut timers = Timers::new(Duration::ZERO);
        timers.set(Timer::Idle, Timestamp::from_secs(5));
        timers.set(Timer::Ping, Timestamp::from_secs(2));
        assert_eq!(timers.next(), Some((Timestamp::from_secs(2), Timer::Ping)));
        assert_eq!(timers.take_due(Timestamp::from_micros(1_999_999)), None);
        assert_eq!(timers.take_due(Timestamp::from_secs(9)), Some(Timer::Ping));
        assert_eq!(timers.take_due(Timestamp::from_secs(9)), Some(Timer::Idle));
        assert_eq!(timers.take_due(Timestamp::from_secs(9)), None);
    }
}
