//! The bodies of the example programs: `sync`, `peercat`, and `scale`, which measures.
//!
//! There is one set of programs for each adapter (tokio, mio, async-std), and they differ in nothing but sockets and
//! tasks. All that they share is here and, like the library itself, knows neither: arguments and what they mean, the
//! download of a chain, a node that serves one, the lines that are printed, exit codes.
//!
//! ```text
//!                    ┌──────────── an example of an adapter ────────────┐
//!      socket ◄────► │  Peer, Events ──Event──►  body  ──► Message       │
//!                    │                            │                     │
//!                    └────────────────────────────┼─────────────────────┘
//!                                                 ▼
//!                                   progress, summary, lines, exit code
//! ```
//!
//! A body takes events and the time, and gives messages to send: see [`sync::ChainSync`], [`server::ChainServer`] and
//! [`peercat::Conversation`]. That also makes them testable with two machines and no network.

pub mod cli;
pub mod demo;
pub mod ending;
pub mod endpoint;
pub mod peercat;
pub mod runtime;
pub mod scale;
pub mod server;
pub mod sync;
pub mod trials;

mod headers;
mod pow;
#[cfg(test)]
mod testing;
