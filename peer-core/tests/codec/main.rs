//! Tests of the message codec on payloads that others made, and on what follows from the layouts.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is a failure"
)]

extern crate alloc;

mod circumstances;
#[expect(
    unreachable_pub,
    reason = "the tests of other crates read the same files"
)]
mod composed;
mod fields;
mod limits;
mod listeners;
mod malformed;
mod mweb;
mod navcoin;
mod round_trip;
mod samples;
mod summary;
mod whole;
