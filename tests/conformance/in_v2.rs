//! What odd and honest remotes say, said in v2: the tables of `main.rs` again, but for those of frames and bytes; and what
//! v2 has of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is a failure"
)]
#![allow(
    dead_code,
    unused_imports,
    reason = "needed by tests that are v1's alone"
)]

extern crate alloc;

/// The remote speaks v2.
type Probe = peer_tests::script::ProbeOver<peer_tests::script::V2>;

/// Not here.
macro_rules! v1_only {
    ($($test:item)+) => {};
}

mod addresses;
mod clocks;
mod counts;
mod endings;
mod handshake;
mod helpers;
mod hostile;
mod inventory;
mod matrix;
mod properties;
mod purposes;
mod review;
mod said;
mod stall;
mod support;
mod tickets;
mod timers;
mod v2;
mod versions;
