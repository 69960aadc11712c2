//! What must hold of a connection over tokio, whatever the stream and the remote do.
//!
//! Time is paused where timers matter, so nothing here sleeps for long.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests have std, and fail by panicking"
)]

mod backpressure;
mod broken;
mod btcd;
mod bulk;
mod cancel;
mod crowd;
mod downgrade;
mod drops;
mod endings;
mod handshake;
mod help;
mod listeners;
mod streams;
mod wishes;
