//! Sans-IO peer-to-peer protocol state machine for Bitcoin and its relatives.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod message;
pub mod network;
pub mod wire;
