//! [`Deck`]: a machine, and where its tape goes if it is recorded.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use peer_core::tape::TapedMachine;
use peer_core::{Config, Link, PeerMachine, Timestamp};

/// Takes a tape, piece by piece, on the thread that drives the connection, which stands still meanwhile. What that is
/// and what it holds is told by [`peer_core::tape`]: secrets above all.
pub type TapeSink = Box<dyn FnMut(&[u8]) + Send + Sync>;

/// A machine that is recorded if there is a sink for it. The tape ends with the deck, or with the machine if another one
/// takes its place; that one's tape follows.
pub struct Deck {
    machine: TapedMachine,
    sink: Option<TapeSink>,
}

impl Deck {
    /// A machine as [`PeerMachine::from_seed`] makes it, that is not recorded.
    pub fn new(config: Arc<Config>, link: Link, now: Timestamp, seed: [u8; 32]) -> Self {
        Self {
            machine: PeerMachine::from_seed(config, link, now, seed).into(),
            sink: None,
        }
    }

    /// Machines are recorded from the [next](Self::begin) on.
    pub fn record(&mut self, sink: TapeSink) {
        self.sink = Some(sink);
    }

    /// Another machine in the place of this one, recorded if there is a sink.
    pub fn begin(&mut self, config: Arc<Config>, link: Link, now: Timestamp, seed: [u8; 32]) {
        self.end();
        self.machine = match self.sink {
            Some(_) => TapedMachine::from_seed(config, link, now, seed),
            None => PeerMachine::from_seed(config, link, now, seed).into(),
        };
    }

    /// The same, not recorded even so: one that has no connection.
    pub fn begin_unseen(&mut self, config: Arc<Config>, link: Link, now: Timestamp) {
        self.end();
        self.machine = PeerMachine::from_seed(config, link, now, [0; 32]).into();
    }

    /// Gives the sink what was recorded; the last piece if it `is_last`.
    pub fn wind(&mut self, is_last: bool) {
        if is_last {
            return self.end();
        }
        if let Some(sink) = &mut self.sink
            && self.machine.untaken() > 0
        {
            sink(&self.machine.take_tape());
        }
    }

    fn end(&mut self) {
        let last = self.machine.end_tape();
        if let Some(sink) = &mut self.sink
            && !last.is_empty()
        {
            sink(&last);
        }
    }
}

impl Drop for Deck {
    fn drop(&mut self) {
        self.end();
    }
}

impl Deref for Deck {
    type Target = TapedMachine;

    fn deref(&self) -> &TapedMachine {
        &self.machine
    }
}

impl DerefMut for Deck {
    fn deref_mut(&mut self) -> &mut TapedMachine {
        &mut self.machine
    }
}

impl fmt::Debug for Deck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deck")
            .field("machine", &*self.machine)
            .field("is_recorded", &self.sink.is_some())
            .finish()
    }
}
