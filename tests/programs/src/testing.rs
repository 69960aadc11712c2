//! Two machines and the wire between them, for the tests of the bodies.

use core::time::Duration;
use std::sync::Arc;

use peer_core::network::Network;
use peer_core::wire::ServiceFlags;
use peer_core::{Config, Event, Link, PeerMachine, Timestamp};

/// A connection in memory: time stands still while bytes flow.
pub(crate) struct Wire {
    pub(crate) dialler: PeerMachine,
    pub(crate) listener: PeerMachine,
    pub(crate) now: Timestamp,
}

/// The configuration of the side that serves.
pub(crate) fn serving(network: Network) -> Config {
    let mut config = Config::with_secret(network, [2; 32]);
    config.services = ServiceFlags::NETWORK | ServiceFlags::WITNESS;
    config
}

impl Wire {
    pub(crate) fn new(dialler: Config, listener: Config, listener_height: i32) -> Self {
        let now = Timestamp::from_secs(1_700_000_000);
        let link = Link::inbound().with_start_height(listener_height);
        Self {
            dialler: PeerMachine::from_seed(Arc::new(dialler), Link::outbound(), now, [3; 32]),
            listener: PeerMachine::from_seed(Arc::new(listener), link, now, [4; 32]),
            now,
        }
    }

    /// Carries what waits from each side to the other, as far as it is taken, and gives the events of both: the
    /// dialler's, then the listener's. `None` if nothing moved.
    pub(crate) fn turn(&mut self) -> Option<(Vec<Event>, Vec<Event>)> {
        let now = self.now;
        let moved = carry(&mut self.dialler, &mut self.listener, now)
            + carry(&mut self.listener, &mut self.dialler, now);
        let events = (drain(&mut self.dialler), drain(&mut self.listener));
        let quiet = moved == 0 && events.0.is_empty() && events.1.is_empty();
        (!quiet).then_some(events)
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, span: Duration) {
        self.now = self.now.saturating_add(span);
        self.dialler.tick(self.now);
        self.listener.tick(self.now);
    }
}

fn carry(from: &mut PeerMachine, to: &mut PeerMachine, now: Timestamp) -> usize {
    let bytes: Vec<u8> = from.outbound().slices().flatten().copied().collect();
    let taken = to.receive(&bytes, now);
    from.sent(taken, now);
    taken
}

fn drain(machine: &mut PeerMachine) -> Vec<Event> {
    core::iter::from_fn(|| machine.poll_event()).collect()
}
