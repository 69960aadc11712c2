//! Sans-IO peer-to-peer protocol state machine for Bitcoin and its relatives.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod message;
pub mod network;
pub mod wire;

mod command;
mod config;
mod encoded;
mod error;
mod event;
mod link;
mod machine;
mod protocol;
mod remote;
mod rng;
mod stats;
mod strictness;
mod time;
mod timer;
mod transport;

pub use self::command::Command;
pub use self::config::{Config, ConfigError, Limits, Timeouts};
pub use self::encoded::EncodedMessage;
pub use self::error::{
    Annoyance, DisconnectReason, Goodbye, HangUp, Incompatible, Malformed, Outgoing, SendError,
    Timeout, Violation,
};
pub use self::event::{Event, Misbehavior, MisbehaviorKind, RawFrame};
pub use self::link::{Direction, Link, Purpose};
pub use self::machine::PeerMachine;
pub use self::remote::Remote;
pub use self::stats::Stats;
pub use self::strictness::{Oversized, Reaction, Strictness};
#[cfg(feature = "std")]
pub use self::time::Epoch;
pub use self::time::Timestamp;
pub use self::timer::Timer;
pub use self::transport::outbox::Ticket;
pub use self::transport::{FrameError, Outbound};
