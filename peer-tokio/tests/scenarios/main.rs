//! What must hold of a connection over tokio, whatever the stream and the remote do.
//!
//! Time is paused where timers matter, so nothing here sleeps for long.
#![allow(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "tests have std"
)]

mod handshake;
mod help;
