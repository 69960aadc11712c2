//! An adapter that listens, and those who meet there.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use peer_adapter::V2Limits;
use peer_core::network::Network;
use peer_core::{Config, TransportPolicy};

use crate::adapter::{Adapter, End, Listening, NotQueued};
use crate::plain::Plain;
use crate::told::{numbered, until_negotiated};
use crate::watch::PATIENCE;

/// Settings of the side that `secret` stands for: two sides that are to talk need two secrets.
pub(crate) fn config(secret: u8) -> Config {
    Config::with_secret(Network::REGTEST, [secret; 32])
}

/// Those of a side that meets a [`Plain`] in which v1 is all there is. Otherwise adapters speak v2 with each other, and
/// v1 with whoever dials so.
pub(crate) fn in_v1(mut config: Config) -> Config {
    config.transport = TransportPolicy::V1;
    config
}

/// The settings of whoever dials.
pub(crate) fn diallers() -> Config {
    config(7)
}

/// The settings of whoever listens.
pub(crate) fn listeners() -> Config {
    config(8)
}

/// No more than `burst` v2 handshakes in the time that a scenario takes.
pub(crate) fn limits(burst: u32) -> V2Limits {
    let mut limits = V2Limits::default();
    (limits.burst, limits.per_second) = (burst, 0);
    limits
}

/// A short time for what must not happen, or must happen soon.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

/// An adapter, and its listener.
pub(crate) struct Scene<A: Adapter> {
    pub(crate) adapter: A,
    pub(crate) listening: Listening<A::End>,
}

impl<A: Adapter> Scene<A> {
    /// Starts an adapter and listens with `config`.
    pub(crate) fn new(config: Config) -> Self {
        let adapter = A::start();
        let listening = adapter.listen(config);
        Self { adapter, listening }
    }

    /// The next one who came.
    pub(crate) fn accepted(&self) -> Arc<A::End> {
        let accepted = self.listening.accepted.recv_timeout(PATIENCE);
        accepted.expect("somebody came")
    }

    /// A plain socket dials; nothing was said.
    pub(crate) fn meet(&self) -> (Arc<A::End>, Plain) {
        let plain = Plain::connect(self.listening.address);
        (self.accepted(), plain)
    }

    /// A plain socket has dialled and shaken hands; the events so far are taken.
    pub(crate) fn met(&self) -> (Arc<A::End>, Plain) {
        let (end, mut plain) = self.meet();
        plain.shake_hands();
        until_negotiated(&*end);
        (end, plain)
    }

    /// The adapter has dialled itself, and both ends have shaken hands: the dialling one and the accepting one.
    pub(crate) fn pair(&self) -> (Arc<A::End>, Arc<A::End>) {
        self.pair_with(&self.adapter)
    }

    /// The same with another adapter that dials.
    pub(crate) fn pair_with(&self, adapter: &A) -> (Arc<A::End>, Arc<A::End>) {
        let dialled = adapter.dial(self.listening.address, diallers());
        let (dialled, accepted) = (dialled.unwrap(), self.accepted());
        until_negotiated(&*dialled);
        until_negotiated(&*accepted);
        (dialled, accepted)
    }
}

/// Queues numbered messages of `len` bytes, from 0 on, until there has been no room for a while: whatever is between the
/// end and a remote that reads nothing is full. How many.
pub(crate) fn fill(end: &impl End, len: usize) -> u32 {
    const WHILE: u32 = 100;
    let (mut number, mut refused) = (0, 0);
    while refused < WHILE {
        match end.queue(numbered(number, len).into()) {
            Ok(()) => (number, refused) = (number + 1, 0),
            Err(NotQueued::Full(_)) => {
                refused += 1;
                thread::sleep(Duration::from_millis(1));
            }
            Err(NotQueued::Closed(_)) => panic!("it goes on"),
        }
    }
    number
}

/// Waits until `condition` holds.
pub(crate) fn until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}
