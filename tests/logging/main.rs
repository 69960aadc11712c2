//! What is said through `tracing`, to whom, and how much of it a remote can provoke.
//!
//! Remotes speak in bytes that the library did not write; [`recorder`] is a subscriber that keeps what it hears.

#![expect(clippy::unwrap_used, reason = "in a test a panic is a failure")]

extern crate alloc;

mod budget;
mod harmless;
mod hostile;
mod lines;
mod recorder;

use peer_core::network::Network;
use peer_core::{Config, Link};
use peer_tests::script::Probe;

fn config() -> Config {
    Config::with_secret(Network::REGTEST, [7; 32])
}

/// Everything is said, however much the remote provokes.
fn talkative() -> Config {
    let mut config = config();
    config.limits.log_lines_per_minute = u32::MAX;
    config
}

fn link() -> Link {
    Link::inbound()
        .with_id(7)
        .with_remote("203.0.113.9:18444".parse().unwrap())
}

/// A connection past the handshake, as nobody listens.
fn negotiated(config: Config) -> Probe {
    Probe::negotiated(config, link())
}
