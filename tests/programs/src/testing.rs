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
    let bytes = from.outbound().to_vec();
    let taken = to.receive(&bytes, now);
    from.sent(taken, now);
    taken
}

fn drain(machine: &mut PeerMachine) -> Vec<Event> {
    core::iter::from_fn(|| machine.poll_event()).collect()
}

/// A transaction with a witness as a Bitcoin Knots node sent it (`tests/data/captures`, client-knots-v1/conn-00), and its
/// ids.
pub(crate) const TX: &str = "020000000001019e23238aa54dc1d63e3f13857b504347aaadf0c769788eff865590945e26a5460000000000fdffffff02e0\
    b0be00000000001976a91470fc96583a4c76f2eadbeda466056397bc8a98f388ac20bcbe000000000016001484c83cc6c289\
    266af72ba774bd4db8f9d1254b4c0247304402204cf7c7c308831298691242f2f5f8a7a120b77f5556a8093efedfbf3c90be\
    673502207cabf130cf0e6574c71e2f4315ef1f87f6cf08b5723ff66bf39d7ed411ab8eab012103620621b02a1db25dc76148\
    09ef34707db988541dbc6d436ffc2a91793514794a2c010000";
pub(crate) const TXID: &str = "8a088d6442e8c68e8f26577ee66f865e775e7c3fccf2f3ca4ceda6f8a132b419";
pub(crate) const WTXID: &str = "f5e0ab6cfa63a212beac8f5d28d77854412fb77201144cd1a8834c4f4945c4a6";
