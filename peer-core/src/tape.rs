//! Record and replay: every input of a machine on a tape, and a fresh machine that does the same again, bit for bit.
//!
//! It is how a bug is reported that showed once, and how it becomes a test. A [`TapedMachine`] has the doors of a
//! [`PeerMachine`](crate::PeerMachine) and writes down what goes through them; a [`Replayer`] makes the same calls and
//! compares what they come to. No file is touched: the tape comes out as bytes and goes in as bytes, in pieces.
//!
//! **A tape holds secrets:** the seed, and so the keys of the session; the secret by which a configuration's machines
//! recognise each other; every address and payload. Whoever has it reads the connection and can pass for that identity
//! before itself. It is not signed: seals find accidents, not forgers.
//!
//! ```
//! use std::sync::Arc;
//! use peer_core::tape::{Replayer, TapedMachine};
//! use peer_core::{Config, Link, Timestamp, network::Network};
//!
//! let config = Arc::new(Config::with_secret(Network::REGTEST, [7; 32]));
//! let now = Timestamp::from_secs(1_700_000_000);
//! let mut machine = TapedMachine::from_seed(config, Link::outbound(), now, [1; 32]);
//! let said = machine.outbound().len();
//! machine.sent(said, now);
//! machine.receive(b"nothing that a node says", now);
//! while machine.poll_event().is_some() {}
//! let tape = machine.end_tape();
//!
//! let mut replayer = Replayer::new();
//! for piece in tape.chunks(100) {
//!     replayer.feed(piece);
//!     while let Some(step) = replayer.step()? {
//!         println!("{} {:?} {:?}", step.offset, step.input, step.output);
//!     }
//! }
//! replayer.finish()?;
//! assert_eq!(replayer.machine().unwrap().stats(), machine.stats());
//! # Ok::<(), peer_core::tape::TapeError>(())
//! ```
//!
//! # Format
//!
//! A tape is a head and blocks, a block is records. *Varints* have seven bits a byte, the lowest first; the top bit of a
//! byte says that more follow, and only the shortest form counts.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic: `PeerTape` |
//! | 1 | format: 1 |
//! | | **blocks**, each: |
//! | varint | length of the records |
//! | | the **records**, each: |
//! | 1 | kind |
//! | varint | length of the body |
//! | | the body |
//! | 4 | witness; not behind `inbound`, `outbound`, `gap` and `end` |
//! | | after the records of a block: |
//! | 8 | seal |
//!
//! The *seal* of a block is the beginning of SHA-256 over the one before it (all 32 bytes; before the first, SHA-256 of
//! the head) and the records. No record of a block is looked at before its seal is checked, so that a flipped bit is
//! found where it is, and a cut one block before it at most. A block ends once it has 64 KiB, or when the tape is taken.
//!
//! The *witness* is the beginning of SHA-256 over the one before it (all 32 bytes; before the first, zeros), what the
//! call came to, and what can be looked at afterwards: whether the machine wants to read and to write, is negotiated, is
//! closed, what it has queued and sent, its deadline and what that is for. Of `sent` that is the bytes that left; of a
//! poll the event; of a command its outcome or error.
//!
//! | kind | call | body |
//! |---|---|---|
//! | 0 | `from_seed` | version of the library, whether it has v2, configuration, link, time, seed |
//! | 1 | `inbound` | |
//! | 2 | `received` | time, bytes |
//! | 3 | `hung_up` | time, how |
//! | 4 | `outbound` | |
//! | 5 | `sent` | time, count |
//! | 6 | `tick` | time |
//! | 7 | `poll_event` | |
//! | 8 | `poll_progress` | |
//! | 9 | `command` | the [`Command`](crate::Command) |
//! | 10 | gap: the recording stopped | why: [`Gap`] |
//! | 11 | end | |
//!
//! A time is the microseconds since the one before it as a zigzag varint; that in the first record is absolute. Structs
//! are their fields in the order of `tape/settings.rs` and `tape/wishes.rs`, variants a byte and their fields, numbers
//! varints, options a byte that is 0 or 1, hashes and keys their bytes, other bytes and lists have their length before
//! them. Durations are seconds and nanoseconds, addresses 4 or 6, the address, port, and for 6 flow and scope. A message
//! is a byte for whether the library knows it, its command in 12 bytes, the version in whose layout it is written, and
//! its payload. Of a network everything is told but the function that hashes older headers
//! ([`HeaderHash`](crate::network::HeaderHash)).
//!
//! # Versions
//!
//! Whatever changes what stands on a tape changes the format, and a format is read by versions of this library that
//! write it: a new field of [`Config`](crate::Config) is enough. The version of the library that recorded stands on the
//! tape ([`Replayer::recorded_by`]); where another one of the same format replays, it diverges where its machines behave
//! differently, or print their events differently.

mod blocks;
mod error;
mod input;
mod recorder;
mod replayer;
mod settings;
mod taped;
mod value;
mod wishes;
mod witness;

pub use self::error::{Gap, TapeError};
pub use self::input::{Input, Output};
pub use self::replayer::{DEFAULT_MEMORY, Replayer, Step};
pub use self::taped::TapedMachine;

/// Longest body of a record: a message that fills the largest frame of a network that allows no more than 32 MiB.
pub const MAX_RECORD: usize = 32 * 1_024 * 1_024;

/// Bytes that a [`TapedMachine`] keeps for whoever takes them. Then it stops recording.
pub const MAX_UNTAKEN: usize = 64 * 1_024 * 1_024;

/// How a tape begins.
const MAGIC: [u8; 8] = *b"PeerTape";

/// The format.
const VERSION: u8 = 1;

/// Bytes of a seal.
const SEAL_LEN: usize = 8;

#[cfg(test)]
mod tests;
