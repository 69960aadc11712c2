//! What hostile, odd and honest remotes say, and what must happen.
//!
//! Rows are those of the conformance table: the functional tests of Bitcoin Core, btcd's own, and known
//! vulnerabilities. A stimulus is bytes that the library did not write; "alive" means that a later ping is answered.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is a failure"
)]

extern crate alloc;

/// The remote speaks v1, right or wrong. `in_v2.rs` says the same in v2.
type Probe = peer_tests::script::Probe;

/// Tests that count bytes of v1, or cut its frames.
macro_rules! v1_only {
    ($($test:item)+) => { $($test)+ };
}

mod addresses;
mod btcd;
mod clocks;
mod conduct;
mod counts;
mod day;
mod differential;
mod doors;
mod endings;
mod faults;
mod framing;
mod handshake;
mod helpers;
mod hostile;
mod inventory;
mod items;
mod listeners;
mod matrix;
mod mweb;
mod parity;
mod policy;
mod pressure;
mod promised;
mod properties;
mod purposes;
mod review;
mod rows;
mod said;
mod stall;
mod support;
mod tables;
mod tickets;
mod timers;
mod trickle;
mod versions;
