//! Two machines, the wires between them, and virtual time.
//!
//! [`Pair::drive`] lets everything happen that happens without waiting; [`Pair::wait`] lets time pass, from deadline to
//! deadline, so that hours take microseconds. Each wire holds a limited number of bytes in flight, as socket buffers do.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::time::Duration;

use peer_core::{Config, Event, HangUp, Link, Timestamp};

use crate::link::Cuts;
use crate::tape::Watched;

/// One end: a machine, and what is on its way to it.
#[derive(Debug)]
pub struct Side {
    /// The machine.
    pub machine: Watched,
    /// What its application heard, oldest first; tests may drain it.
    pub events: Vec<Event>,
    /// Whether its application polls.
    pub polls: bool,
    /// Bytes on their way to this side.
    inbox: VecDeque<u8>,
}

impl Side {
    fn new(config: Arc<Config>, link: Link, now: Timestamp, seed: u8) -> Self {
        Self {
            machine: Watched::new(config, link, now, [seed; 32]),
            events: Vec::new(),
            polls: true,
            inbox: VecDeque::new(),
        }
    }

    fn poll(&mut self) -> bool {
        let before = self.events.len();
        while let Some(event) = self.polls.then(|| self.machine.poll_event()).flatten() {
            self.events.push(event);
        }
        self.events.len() > before
    }

    /// The socket hands over what has arrived, as far as the machine takes it.
    fn deliver(&mut self, cuts: Cuts, now: Timestamp) -> bool {
        let arrived: Vec<u8> = self.inbox.iter().copied().collect();
        let mut taken = 0;
        for piece in cuts.pieces(&arrived) {
            let n = self.machine.receive(piece, now);
            taken += n;
            self.poll();
            if n < piece.len() {
                break;
            }
        }
        self.inbox.drain(..taken);
        taken > 0
    }
}

/// A dialling and a listening machine.
#[derive(Debug)]
pub struct Pair {
    /// The side that dialled.
    pub dialler: Side,
    /// The side that was dialled.
    pub listener: Side,
    /// What both clocks show.
    pub now: Timestamp,
    /// Bytes that each wire holds.
    pub capacity: usize,
    /// How arriving bytes are cut.
    pub cuts: Cuts,
}

impl Pair {
    /// Two machines that have not spoken.
    #[must_use]
    pub fn new(dialler: Config, listener: Config) -> Self {
        Self::linked((dialler, Link::outbound()), (listener, Link::inbound()))
    }

    /// The same over links of one's own.
    #[must_use]
    pub fn linked(dialler: (Config, Link), listener: (Config, Link)) -> Self {
        let now = crate::script::START;
        Self {
            dialler: Side::new(Arc::new(dialler.0), dialler.1, now, 1),
            listener: Side::new(Arc::new(listener.0), listener.1, now, 2),
            now,
            capacity: 64 * 1_024,
            cuts: Cuts::Whole,
        }
    }

    /// One turn of both sides: poll, write, read. Whether anything moved.
    pub fn step(&mut self) -> bool {
        let (now, capacity, cuts) = (self.now, self.capacity, self.cuts);
        let mut moved = self.dialler.poll() | self.listener.poll();
        moved |= carry(&mut self.dialler, &mut self.listener, capacity, now);
        moved |= carry(&mut self.listener, &mut self.dialler, capacity, now);
        moved |= self.dialler.deliver(cuts, now) | self.listener.deliver(cuts, now);
        moved
    }

    /// Steps until nothing moves. A million steps without rest are a defect.
    pub fn drive(&mut self) {
        assert!(
            self.drive_bounded(1_000_000),
            "the pair does not come to rest"
        );
    }

    /// Steps until nothing moves, or `steps` are over; whether it came to rest.
    pub fn drive_bounded(&mut self, steps: usize) -> bool {
        (0..steps).any(|_| !self.step())
    }

    /// Time passes: from one deadline of either side to the next, driving after each.
    pub fn wait(&mut self, span: Duration) {
        let end = self.now.saturating_add(span);
        self.drive();
        loop {
            let deadlines = [&self.dialler, &self.listener].map(|side| side.machine.deadline());
            let next = deadlines.into_iter().flatten().min();
            self.now = self.now.max(next.map_or(end, |at| at.min(end)));
            self.dialler.machine.tick(self.now);
            self.listener.machine.tick(self.now);
            self.drive();
            if self.now >= end {
                return;
            }
        }
    }

    /// The dialler's end of the connection goes away; the listener learns of it once it has everything.
    pub fn hang_up_dialler(&mut self, how: HangUp) {
        self.drive();
        self.listener.machine.hung_up(how, self.now);
        self.drive();
    }
}

/// Moves bytes to the wire as far as it has room.
fn carry(from: &mut Side, to: &mut Side, capacity: usize, now: Timestamp) -> bool {
    let room = capacity.saturating_sub(to.inbox.len());
    let lent = from.machine.outbound();
    let bytes: Vec<u8> = lent.slices().flatten().copied().take(room).collect();
    from.machine.sent(bytes.len(), now);
    to.inbox.extend(&bytes);
    !bytes.is_empty()
}
