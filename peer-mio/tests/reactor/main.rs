//! A reactor whose turns are counted out by the test: remotes are of the same reactor, or plain
//! sockets.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests have std, and fail by panicking"
)]

mod dialing;
mod ends;
mod flow;
mod help;
mod orders;
mod rest;
mod second;
