//! `peercat`: a netcat for the protocol. Connects or listens, sends what it is told to, and prints what happens.
//!
//! ```text
//!   Args ──► Plan ──────────────┐ shared by all peers: configuration, what to send, how much to receive
//!                               ▼
//!   Event, now ───────►  Conversation  ──► commands: messages to send, announcements, answers
//!                               │
//!                               ▼
//!                             Output  ──► one JSON object a line on stdout, hexdumps on stderr
//! ```
//!
//! There is one [`Conversation`] for each peer, and one [`Stage`] for all: it writes all [`Output`] from one bounded
//! channel, so that lines never mix and a slow reader of stdout slows the peers down instead of filling memory, and knows
//! when it is time to end. [`run`] is the whole program on a runtime with tasks.

mod args;
mod conversation;
mod describe;
mod exit;
mod hexdump;
mod line;
mod logging;
mod numbers;
mod offer;
mod output;
mod plan;
mod reels;
mod request;
mod services;
mod serving;
mod session;
mod stage;
mod tasks;

pub use self::args::{Args, Mode};
pub use self::conversation::Conversation;
pub use self::exit::Exit;
pub use self::offer::{Offer, OfferError};
pub use self::output::Output;
pub use self::plan::Plan;
pub use self::reels::Reels;
pub use self::request::RequestError;
pub use self::services::{UnknownService, parse_services};
pub use self::session::Snapshot;
pub use self::stage::{Stage, Writer};
pub use self::tasks::run;

/// How a peer is called in every line.
#[must_use]
pub fn name_of(link: &peer_core::Link) -> String {
    let remote = link.remote;
    remote.map_or_else(|| "unknown".to_owned(), |remote| remote.to_string())
}

#[cfg(test)]
mod tests;
