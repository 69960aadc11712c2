//! `peercat`: a netcat for the protocol. Connects or listens, sends what it is told to, and prints what happens.
//!
//! ```text
//!   Args ──► Plan ──────────────┐ shared by all peers: configuration, what to send, how much to receive
//!                               ▼
//!   Event, now ──────────►  Session  ──► messages to send, announcements, answers
//!                               │
//!                               ▼
//!                             Output  ──► one JSON object a line on stdout, hexdumps on stderr
//! ```
//!
//! There is one [`Session`] for each peer. The example of each adapter runs them in tasks of their own and writes all
//! [`Output`] through one bounded channel, so that lines never mix and a slow reader of stdout slows the peers down
//! instead of filling memory.

mod args;
mod describe;
mod exit;
mod hexdump;
mod line;
mod logging;
mod numbers;
mod offer;
mod output;
mod plan;
mod request;
mod services;
mod serving;
mod session;

pub use self::args::{Args, Mode};
pub use self::exit::Exit;
pub use self::offer::{Offer, OfferError};
pub use self::output::Output;
pub use self::plan::Plan;
pub use self::request::RequestError;
pub use self::services::{UnknownService, parse_services};
pub use self::serving::{Answer, Answers, Question, Serving};
pub use self::session::{Requests, Session, Snapshot};

#[cfg(test)]
mod tests;
