//! Sans-IO peer-to-peer protocol state machine for Bitcoin and its relatives.
//!
//! One [`PeerMachine`] is the protocol state of one connection. Bytes, clock readings and commands
//! go in; bytes, events and the next wake-up time come out. No sockets, threads, clocks or ambient
//! randomness are in here, so it runs in any runtime, is simulated deterministically, fuzzed, and
//! replayed byte for byte.
//!
//! ```text
//!             bytes in                                            bytes out
//!                │                                                    ▲
//!    adapter ────┼────────────────────── peer-core ───────────────────┼──── adapter
//!                ▼                                                    │
//!        transport: frame → (command, payload)          transport: (command, payload) → frame
//!                ▼                                                    ▲
//!          message: payload → view                        message: view → payload
//!                ▼                                                    ▲
//!        protocol rooms: handshake · keep-alive · requests · inventory · addresses · ...
//!                ▼                                                    ▲
//!              Event  ─────────────►  application  ─────────────►  send
//! ```
//!
//! Adapters such as `peer-tokio` add sockets and clocks. Without one, a machine is driven by hand:
//!
//! ```
//! use std::io::{Read, Write};
//! use std::sync::Arc;
//! use peer_core::{Config, Epoch, Event, HangUp, Link, PeerMachine};
//!
//! /// Talks to a node over any blocking stream until it is gone; prints what it says.
//! fn watch(mut stream: impl Read + Write, config: Arc<Config>, seed: [u8; 32]) -> std::io::Result<()> {
//!     let clock = Epoch::start();
//!     let mut peer = PeerMachine::from_seed(config, Link::outbound(), clock.now(), seed);
//!     loop {
//!         while let Some(event) = peer.poll_event() {
//!             println!("{event:?}");
//!             if let Event::Disconnected { .. } = event {
//!                 return Ok(());
//!             }
//!         }
//!         while peer.wants_write() {
//!             match stream.write(peer.outbound().first())? {
//!                 0 => peer.hung_up(HangUp::LocalError, clock.now()),
//!                 n => peer.sent(n, clock.now()),
//!             }
//!         }
//!         if let Some(window) = peer.inbound() {
//!             match stream.read(window)? {
//!                 0 => peer.hung_up(HangUp::EndOfStream, clock.now()),
//!                 n => peer.received(n, clock.now()),
//!             }
//!         }
//!         peer.tick(clock.now());
//!     }
//! }
//! ```
//!
//! (A blocking read also blocks the clock; the adapters wait for bytes and
//! [`deadline`](PeerMachine::deadline) at once.)
//!
//! # Callbacks
//!
//! Who would rather be called than match on events writes a [`MessageListener`]: it has a method
//! for every message and every other event, and [`dispatch`] calls the right ones.
//!
//! # v1 and v2
//!
//! Today's nodes encrypt (BIP324), and so does a machine by itself: [`TransportPolicy::Auto`] in
//! [`Config::transport`], or in [`Link::transport`] for one connection. Nothing else changes; which
//! it came to is in [`Stats::transport`] and [`Stats::session_id`].
//!
//! - Dialled, the remote's first bytes tell which it is.
//! - Dialling, v2 is tried. A node that knows only v1 takes our key for rubbish and hangs up: the
//!   connection ends with [`DisconnectReason::Downgrade`], and whoever dialled dials again, once, with
//!   [`TransportPolicy::V1`]. The adapters do that by themselves. A stream that nobody can dial again
//!   is better given the policy that it needs.
//! - Who listens to strangers may want to be asked before curve work is spent on one:
//!   [`V2Options::admission`].
//!
//! The module `bip324` has the cryptography by itself, and tells what is wiped and what is not.
//!
//! # Networks
//!
//! A chain is a value, [`Network`](network::Network): magic, versions at which rules begin, numbers of inventory, layout
//! of transactions and blocks, what a block is identified by. There are presets, and `examples/custom_network.rs` makes
//! another one in some twenty lines.
//!
//! - *Litecoin*: transactions and blocks with MWEB data, in the three forms in which its nodes ask for them
//!   ([`TxEncoding`](wire::TxEncoding)), compact blocks of version 3; compared with what litecoind says.
//! - *NavCoin*: its transactions, blocks, headers and messages ([`wire::navcoin`]). Its older blocks are identified by
//!   X13, which is a function that the caller supplies ([`BlockId`](network::BlockId)). Composed from its source: no
//!   node was at hand to confirm it.
//! - *What live networks have dropped* is off, and can be switched on in [`Gates`](network::Gates): `alert` above its
//!   last version, and the filter messages of BIP157's drafts, which NavCoin's Go package speaks. A `reject` goes out
//!   before a disconnect where [`Strictness::send_reject`] says so.
//!
//! # What a peer does by itself
//!
//! Conducts the handshake, answers pings and sends its own, and ends connections that are silent, take nothing or break
//! rules. Beyond that it looks after what the application asks for:
//!
//! - *Requests* ([`RequestTimeouts`], [`Event::Unanswered`]): what was asked with `getdata`, `getheaders` and the like
//!   is owed its own answer, from its last byte having left. Progress extends; a silence that honest nodes permit
//!   themselves is told, any other ends the connection.
//! - *Inventory* ([`PeerMachine::announce`], [`Trickle`]): nothing is announced that the remote knows, or does not want
//!   to hear of, or twice; transactions trickle, blocks leave at once, by `headers` where it asked for that.
//! - *Addresses* ([`PeerMachine::push_addrv2`], [`AddrRateLimit`]): a random sample in the form that was agreed;
//!   what comes in passes at a bearable pace.
//! - *Questions* ([`PeerMachine::push_getheaders`]): not asked again while the answer may still come.
//!
//! What it all came to is in [`Stats`].
//!
//! # Where things are
//!
//! - [`PeerMachine`]: the doors; [`Config`], [`Link`]: what it is told at birth; [`Event`]: what
//!   it tells; [`DisconnectReason`], [`SendError`]: what went wrong, sorted by culprit.
//! - [`MessageListener`], [`Listeners`]: the events as callbacks, and who is called.
//! - [`message`]: every message of the protocol, decoded and encoded; [`wire`]: what messages are
//!   made of, blocks and transactions as views over their bytes; [`network`]: chains as data.
//! - [`bip152`], [`bip158`]: blocks put together from compact ones; compact block filters. No machine needs them.
//! - [`Strictness`], [`Limits`], [`Timeouts`]: what is forgiven, how much, and how long.
//! - [`TransportPolicy`], [`V2Options`]: v1 or v2, and what our side of v2 is like.
//! - [`Misbehavior`], [`BanScore`]: what a remote did wrong, and what the application makes of it.
//! - [`tape`]: a machine recorded, and replayed bit for bit.
//! - [`parity`]: everything that btcd's and NavCoin's `peer` have, and what it is called here; [`bips`]: what of which
//!   BIP there is.
//!
//! # Promises
//!
//! - *Deterministic*: output is a function of configuration, link, seed and the sequence of calls.
//! - *Indifferent to chunking*: however the byte stream is cut, events and replies are the same.
//! - *Bounded*: every buffer, count and wait has a limit with a default and a reason. What a
//!   remote claims costs it bytes before it costs us memory.
//! - *Pulled*: a frame is opened when an event is asked for. Not asking is back-pressure.
//!
//! # Logging
//!
//! With the feature `tracing` a machine says what happens. Every line has the fields `peer`
//! ([`Link::id`]), `addr` where it is known, and `direction`; those about a message also `way`
//! (`in` or `out`), `command` and `bytes`.
//!
//! | target | level | lines |
//! |---|---|---|
//! | `peer_core::life` | debug | created, the remote's `version`, negotiated, disconnected |
//! | `peer_core::misbehavior` | debug | what the remote did wrong, or did not do right |
//! | `peer_core::message` | debug | one line about each message ([`Message::summary`](message::Message::summary)) |
//! | `peer_core::message` | trace | the same message, parsed |
//! | `peer_core::payload` | trace | hexdump of its payload; also of payloads that do not decode |
//!
//! A remote can provoke [`Limits::log_lines_per_minute`] of them; the field `suppressed` of the next
//! line tells how many were left out. Set it to `u32::MAX` to see everything. Not limited are the
//! four lines of a connection's life, and messages that the application sends. Whatever a remote
//! sends, a line is printable ASCII of bounded length; only dumps have line breaks. A message is
//! told when it is queued, which may be long before it leaves.
//!
//! # Features
//!
//! - `std` (default): `Epoch`, `IoSlice` support in [`Outbound`], conversions from `std::time`.
//!   Without it the crate needs `alloc` only.
//! - `v2` (default): the encrypted transport, over libsecp256k1 and ring. Both are C and assembly, and
//!   need a C compiler. Works without `std` where ring does.
//! - `v2-pure`: the same over RustCrypto's ciphers in place of ring's, for targets that ring does not
//!   build for; slower. (libsecp256k1 is still C.) Where both are on, ring is used.
//! - `tracing`: says what happens through the [`tracing`](https://docs.rs/tracing) crate, and changes
//!   nothing else. Works without `std`.
#![no_std]
#![forbid(unsafe_code)]
#![warn(
    clippy::alloc_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod bip152;
pub mod bip158;
#[cfg(feature = "_bip324")]
pub mod bip324;
pub mod message;
pub mod network;
pub mod tape;
pub mod wire;

#[doc = include_str!("../BIPS.md")]
pub mod bips {}
// Not as doctests: the program in it is one of peer-tokio, and is run there.
#[cfg_attr(not(doctest), doc = include_str!("../PARITY.md"))]
pub mod parity {}

mod announcement;
mod ban_score;
mod command;
mod config;
mod encoded;
mod error;
mod event;
mod link;
mod listener;
mod log;
mod machine;
mod misbehavior;
mod protocol;
mod remote;
mod request;
mod rng;
mod stats;
mod strictness;
mod time;
mod timer;
#[cfg_attr(
    not(feature = "_bip324"),
    allow(
        dead_code,
        unused_variables,
        reason = "what only v2 needs is not cut out line by line"
    )
)]
mod transport;

pub use self::announcement::{Announced, Announcement};
pub use self::ban_score::{BanPolicy, BanScore, Penalty, Points};
pub use self::command::{Command, Outcome, Pushed};
#[cfg(feature = "_bip324")]
pub use self::config::RecordedKey;
pub use self::config::{
    AddrRateLimit, Config, ConfigError, Garbage, Limits, RequestTimeouts, Timeouts,
    TransportPolicy, Trickle, V2Options,
};
pub use self::encoded::EncodedMessage;
pub use self::error::{
    Annoyance, DisconnectReason, Goodbye, HangUp, Incompatible, Malformed, Outgoing, SendError,
    Timeout, Violation,
};
pub use self::event::{Event, RawFrame};
pub use self::link::{Direction, Link, Purpose};
pub use self::listener::{BoxedListener, ListenerId, Listeners, MessageListener, Round, dispatch};
pub use self::machine::PeerMachine;
pub use self::misbehavior::{Misbehavior, MisbehaviorKind, Severity};
pub use self::remote::Remote;
pub use self::request::{RequestKind, Unanswered};
pub use self::stats::{CommandCounter, CommandCounters, Stats, Traffic};
pub use self::strictness::{Oversized, Reaction, Strictness};
#[cfg(feature = "std")]
pub use self::time::Epoch;
pub use self::time::Timestamp;
pub use self::timer::Timer;
pub use self::transport::outbox::Ticket;
pub use self::transport::{FrameError, Outbound, TransportKind, V2Stage};
pub use bytes;
pub use rand_core;
