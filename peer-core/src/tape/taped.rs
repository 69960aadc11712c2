//! [`TapedMachine`]: a machine whose every input is written down, if that is wanted. The doors of bytes and time;
//! `taped/wishing.rs` has those of the application.

mod wishing;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;

use rand_core::CryptoRng;

use super::input::{Begin, Kind, put_time};
use super::recorder::Writer;
use super::value::{Out, Value};
use super::witness::{Said, leaving};
use crate::config::Config;
use crate::error::HangUp;
use crate::event::Event;
use crate::link::Link;
use crate::machine::PeerMachine;
use crate::time::Timestamp;
use crate::transport::Outbound;

/// A [`PeerMachine`] with a recorder before its doors. It has the same doors, of the same names; what takes `&self` is
/// the machine's own, by `Deref`.
///
/// Not recorded (made [`from`](From) a machine) it costs a pointer that is nothing and a look at it a call, so that
/// whoever may want to record some of their machines can have them all of this type.
///
/// What is recorded waits for [`take_tape`](Self::take_tape), up to [`MAX_UNTAKEN`](super::MAX_UNTAKEN) bytes.
#[derive(Debug)]
pub struct TapedMachine {
    pub(super) machine: PeerMachine,
    tape: Option<Box<Writer>>,
}

impl From<PeerMachine> for TapedMachine {
    /// One that is not recorded: what a machine went through before cannot be told.
    fn from(machine: PeerMachine) -> Self {
        Self {
            machine,
            tape: None,
        }
    }
}

impl Deref for TapedMachine {
    type Target = PeerMachine;

    fn deref(&self) -> &PeerMachine {
        &self.machine
    }
}

/// The tape.
impl TapedMachine {
    /// A machine as [`PeerMachine::new`] makes it, recorded from its birth.
    pub fn new(config: Arc<Config>, link: Link, now: Timestamp, rng: &mut impl CryptoRng) -> Self {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        Self::from_seed(config, link, now, seed)
    }

    /// A machine as [`PeerMachine::from_seed`] makes it, recorded from its birth.
    pub fn from_seed(config: Arc<Config>, link: Link, now: Timestamp, seed: [u8; 32]) -> Self {
        let begin = Begin::put(&config, &link, now, seed);
        let machine = PeerMachine::from_seed(config, link, now, seed);
        let mut tape = Writer::new();
        tape.last = now;
        if tape.record(Kind::Begin, &begin) {
            tape.witness.hear(&Said::Nothing, &machine);
            tape.mark();
        }
        let tape = Some(Box::new(tape));
        Self { machine, tape }
    }

    /// Whether inputs are written down. Not after [`end_tape`](Self::end_tape), nor after a [`Gap`](super::Gap).
    pub fn is_recorded(&self) -> bool {
        self.tape.as_ref().is_some_and(|tape| !tape.is_over())
    }

    /// Bytes that wait to be taken.
    pub fn untaken(&self) -> usize {
        self.tape.as_ref().map_or(0, |tape| tape.untaken())
    }

    /// What was recorded since this was last called. All pieces in their order are the tape, which can be replayed as far
    /// as they go. A piece costs some ten bytes of tape.
    pub fn take_tape(&mut self) -> Vec<u8> {
        self.tape.as_mut().map_or_else(Vec::new, |tape| tape.take())
    }

    /// Ends the recording; the last piece. The machine goes on.
    pub fn end_tape(&mut self) -> Vec<u8> {
        let Some(mut tape) = self.tape.take() else {
            return Vec::new();
        };
        tape.end();
        tape.take()
    }

    /// The machine, which is recorded no longer.
    pub fn into_inner(self) -> PeerMachine {
        self.machine
    }

    /// The tape, if something is to be written on it.
    pub(super) fn tape(&mut self) -> Option<&mut Writer> {
        self.tape.as_deref_mut().filter(|tape| !tape.is_over())
    }

    /// A record without time.
    fn note(&mut self, kind: Kind) -> bool {
        let out = self.out();
        self.tape().is_some_and(|tape| tape.record(kind, &out))
    }

    /// A record that begins with the time.
    fn note_at(&mut self, kind: Kind, now: Timestamp, put: impl FnOnce(&mut Out)) -> bool {
        let mut out = self.out();
        let Some(tape) = self.tape() else {
            return false;
        };
        put_time(now, &mut tape.last, &mut out);
        put(&mut out);
        tape.record(kind, &out)
    }

    pub(super) fn out(&self) -> Out {
        Out::new(self.machine.config().network, self.machine.version())
    }

    /// What the last record came to.
    pub(super) fn mark(&mut self, said: &Said<'_>) {
        if let Some(tape) = self.tape.as_deref_mut() {
            tape.witness.hear(said, &self.machine);
            tape.mark();
        }
    }
}

/// The doors of bytes and time.
impl TapedMachine {
    /// [`PeerMachine::inbound`].
    pub fn inbound(&mut self) -> Option<&mut [u8]> {
        if self.is_recorded() {
            self.note(Kind::Inbound);
        }
        self.machine.inbound()
    }

    /// [`PeerMachine::received`].
    pub fn received(&mut self, n: usize, now: Timestamp) {
        if !self.is_recorded() {
            return self.machine.received(n, now);
        }
        let window = self.machine.lent_window();
        let arrived = window.get(..n).unwrap_or(window).to_vec();
        let noted = self.note_at(Kind::Received, now, |out| out.bytes.extend(arrived));
        self.machine.received(n, now);
        if noted {
            self.mark(&Said::Nothing);
        }
    }

    /// [`PeerMachine::receive`].
    pub fn receive(&mut self, bytes: &[u8], now: Timestamp) -> usize {
        if !self.is_recorded() {
            return self.machine.receive(bytes, now);
        }
        let mut taken = 0_usize;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            let Some(window) = self.inbound() else { break };
            let n = window.len().min(rest.len());
            for (to, from) in window.iter_mut().zip(rest) {
                *to = *from;
            }
            self.received(n, now);
            taken = taken.saturating_add(n);
        }
        taken
    }

    /// [`PeerMachine::hung_up`].
    pub fn hung_up(&mut self, how: HangUp, now: Timestamp) {
        let noted = self.is_recorded() && self.note_at(Kind::HungUp, now, |out| how.put(out));
        self.machine.hung_up(how, now);
        if noted {
            self.mark(&Said::Nothing);
        }
    }

    /// [`PeerMachine::outbound`].
    pub fn outbound(&mut self) -> Outbound<'_> {
        if self.is_recorded() {
            self.note(Kind::Outbound);
        }
        self.machine.outbound()
    }

    /// [`PeerMachine::sent`].
    pub fn sent(&mut self, n: usize, now: Timestamp) {
        if !self.is_recorded() {
            return self.machine.sent(n, now);
        }
        let noted = self.note_at(Kind::Sent, now, |out| (n as u64).put(out));
        let left = leaving(&self.machine, n);
        self.machine.sent(n, now);
        if noted {
            self.mark(&Said::Sent(&left));
        }
    }

    /// [`PeerMachine::tick`].
    pub fn tick(&mut self, now: Timestamp) {
        let noted = self.is_recorded() && self.note_at(Kind::Tick, now, |_| ());
        self.machine.tick(now);
        if noted {
            self.mark(&Said::Nothing);
        }
    }

    /// [`PeerMachine::poll_event`].
    pub fn poll_event(&mut self) -> Option<Event> {
        let noted = self.is_recorded() && self.note(Kind::PollEvent);
        let event = self.machine.poll_event();
        if noted {
            self.mark(&Said::Event(event.as_ref()));
        }
        event
    }

    /// [`PeerMachine::poll_progress`].
    pub fn poll_progress(&mut self) -> Option<Event> {
        let noted = self.is_recorded() && self.note(Kind::PollProgress);
        let event = self.machine.poll_progress();
        if noted {
            self.mark(&Said::Event(event.as_ref()));
        }
        event
    }
}
