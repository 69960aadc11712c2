//! A machine of which every step is checked: whatever is done to it, in whatever order, these rules hold.
//!
//! - Nothing is told after the end, nothing is said, and nothing is held.
//! - A ticket has one end: the watermark passes it, it is unsent, or the connection ends first. The watermark only rises,
//!   and never beyond what was accepted.
//! - The counters are those of the wire: bytes each way, and frames that are no more than their bytes.
//! - No deadline is in the past once the time has come, and what is held is bounded.

use alloc::collections::BTreeSet;

use peer_core::tape::TapedMachine;
use peer_core::{Command, Event, Ticket, Timestamp};

/// The machine, and what is known of it from outside.
#[derive(Debug)]
pub(super) struct Watched {
    machine: TapedMachine,
    /// What it may hold, in bytes.
    limit: usize,
    /// What the application heard.
    pub(super) heard: Vec<String>,
    /// Whether the last of it was the end.
    pub(super) is_over: bool,
    /// Bytes it took from the wire, and gave to it.
    taken: u64,
    given: u64,
    /// The last ticket that was handed out, and the last that was told to have left.
    accepted: Option<Ticket>,
    told: Option<Ticket>,
    unsent: BTreeSet<Ticket>,
}

impl Watched {
    pub(super) const fn new(machine: TapedMachine, limit: usize) -> Self {
        Self {
            machine,
            limit,
            heard: Vec::new(),
            is_over: false,
            taken: 0,
            given: 0,
            accepted: None,
            told: None,
            unsent: BTreeSet::new(),
        }
    }

    /// To be looked at, and for what has no rule of its own.
    pub(super) const fn machine(&mut self) -> &mut TapedMachine {
        &mut self.machine
    }

    /// Offers bytes; how many were taken.
    pub(super) fn receive(&mut self, bytes: &[u8], now: Timestamp) -> usize {
        let was_closed = self.machine.is_closed();
        let n = self.machine.receive(bytes, now);
        assert!(n <= bytes.len());
        assert!(n == 0 || !was_closed, "{n} bytes taken after the end");
        self.taken += n as u64;
        n
    }

    /// What is lent, of which the socket takes as many bytes as `choose` makes of their number.
    pub(super) fn take(&mut self, now: Timestamp, choose: impl FnOnce(usize) -> usize) -> Vec<u8> {
        let mut lent = self.machine.outbound().to_vec();
        lent.truncate(choose(lent.len()));
        self.machine.sent(lent.len(), now);
        self.given += lent.len() as u64;
        lent
    }

    /// Does what the application wants.
    pub(super) fn command(&mut self, command: Command) {
        let Ok(outcome) = self.machine.command(command) else {
            return;
        };
        if let Some(ticket) = outcome.ticket() {
            assert!(Some(ticket) > self.accepted, "{ticket:?} again");
            self.accepted = Some(ticket);
        }
    }

    /// The next event; whether there was one.
    pub(super) fn poll(&mut self) -> bool {
        let Some(event) = self.machine.poll_event() else {
            return false;
        };
        assert!(!self.is_over, "{event:?} after the end");
        match &event {
            Event::Sent { through } => self.reaches(Some(*through)),
            Event::Unsent { ticket, .. } => {
                assert!(self.unsent.insert(*ticket), "{ticket:?} unsent twice");
                assert!(Some(*ticket) <= self.accepted && Some(*ticket) > self.told);
            }
            Event::Disconnected { sent_through, .. } => {
                self.is_over = true;
                // It may have been told already.
                if *sent_through != self.told {
                    self.reaches(*sent_through);
                }
            }
            _ => {}
        }
        self.heard.push(format!("{event:?}"));
        true
    }

    /// The watermark rises to `through`.
    fn reaches(&mut self, through: Option<Ticket>) {
        assert!(through > self.told && through <= self.accepted);
        assert_eq!(through, self.machine.sent_through());
        self.told = through;
    }

    /// Time has come to `now`; all rules are looked at.
    pub(super) fn check(&mut self, now: Timestamp) {
        let held = self.machine.memory_held();
        assert!(held < self.limit, "{held} bytes held");
        assert_eq!(self.machine.inbound().is_some(), self.machine.wants_read());
        if self.machine.is_closed() {
            assert!(!self.machine.wants_write() && !self.machine.wants_read());
            assert_eq!(self.machine.outbound().len(), 0);
            assert_eq!(self.machine.deadline(), None);
        }
        if self.is_over {
            assert!(self.machine.is_closed());
            assert_eq!(held, 0, "bytes held after the end");
        }
        let stats = self.machine.stats();
        assert_eq!(
            (stats.bytes_received, stats.bytes_sent),
            (self.taken, self.given)
        );
        for (counter, frames, bytes) in [
            (
                stats.traffic.received.total(),
                stats.frames_received,
                self.taken,
            ),
            (stats.traffic.sent.total(), stats.frames_sent, self.given),
        ] {
            assert_eq!(counter.messages, frames);
            assert!(counter.bytes <= bytes);
        }
        self.machine.tick(now);
        assert!(self.machine.deadline().is_none_or(|at| at >= now));
    }
}
