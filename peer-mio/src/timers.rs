//! [`Timers`]: who wants to be looked after when.

use std::collections::BTreeSet;

use peer_core::Timestamp;

/// One timer for each connection, or none. Setting one, and finding the next that is due, takes
/// time in the logarithm of their number; nobody is looked at before its time.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Timestamp, usize)>);

impl Timers {
    /// Sets the timer of `slot`; `was` is what it was set to.
    pub(crate) fn set(&mut self, slot: usize, was: &mut Option<Timestamp>, at: Option<Timestamp>) {
        if *was == at {
            return;
        }
        if let Some(was) = was.take() {
            self.0.remove(&(was, slot));
        }
        if let Some(at) = at {
            self.0.insert((at, slot));
        }
        *was = at;
    }

    /// When the first one is due.
    pub(crate) fn first(&self) -> Option<Timestamp> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes one that is due.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<usize> {
        let (at, slot) = *self.0.first()?;
        if at > now {
            return None;
        }
        self.0.pop_first();
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_are_due_in_order_and_once() {
        let at = Timestamp::from_secs;
        let mut timers = Timers::default();
        let mut set = [None; 4];
        for (slot, time) in [(0, 30), (1, 10), (2, 20), (3, 10)] {
            timers.set(slot, &mut set[slot], Some(at(time)));
        }
        // Set anew, and given up.
        timers.set(0, &mut set[0], Some(at(5)));
        timers.set(3, &mut set[3], None);
        assert_eq!(timers.first(), Some(at(5)));
        assert_eq!(timers.pop_due(at(4)), None);
        let mut due = Vec::new();
        while let Some(slot) = timers.pop_due(at(10)) {
            due.push(slot);
        }
        assert_eq!(due, [0, 1]);
        assert_eq!(timers.first(), Some(at(20)));
    }
}
