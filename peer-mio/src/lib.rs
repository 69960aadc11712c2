//! Thousands of Bitcoin-family peer-to-peer connections on one thread, over mio.
//!
//! [`peer_core`] speaks the protocol; this crate moves bytes, time and wishes, and knows no
//! message. What it has in common with the adapters for runtimes with tasks is [`peer_adapter`].
//!
//! - [`Reactor`] owns sockets, timers and machines, and runs on the thread that runs it;
//! - [`Handler`] is the application: it is called when something happens, with all
//!   connections ([`Peers`]) at hand;
//! - [`Handle`] is for other threads: commands, calls, shutdown.
//!
//! ```no_run
//! use std::sync::Arc;
//! use peer_core::{Event, Link, message::Message, network::Network};
//! use peer_mio::{Handler, Limits, Peer, PeerId, Peers, Reactor, Shutdown};
//!
//! struct Watcher;
//!
//! impl Handler for Watcher {
//!     fn on_event(&mut self, mut peer: Peer<'_>, event: Event) {
//!         match event {
//!             Event::Version(version) => println!("this is {}", version.user_agent),
//!             Event::Negotiated => drop(peer.send(Message::GetAddr)),
//!             Event::Message { message, .. } => println!("{message:?}"),
//!             Event::Disconnected { reason, .. } => println!("gone: {reason}"),
//!             _ => {}
//!         }
//!     }
//!
//!     fn on_closed(&mut self, peers: &mut Peers, _: PeerId) {
//!         peers.shut_down(Shutdown::Graceful);
//!     }
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let config = Arc::new(peer_mio::config(Network::MAINNET)?);
//!     let mut reactor = Reactor::new(Limits::default(), Watcher)?;
//!     let address = "127.0.0.1:8333".parse()?;
//!     reactor.peers().dial(address, config, Link::outbound())?;
//!     reactor.run()?;
//!     Ok(())
//! }
//! ```
//!
//! # Back-pressure
//!
//! Everything is bounded. A handler that cannot take more [pauses](Peer::pause) the connection: its
//! machine stops reading, which stops the remote; nothing is lost. A remote that reads nothing
//! makes [`Peer::send`] hand the message back, until the write-stall timeout ends the connection.
//!
//! # Fairness
//!
//! Who has something to do has one run of bounded length, then it is everybody else's turn: a peer
//! that floods us slows nobody down by more than that. An idle connection costs nothing but its own
//! timers, which cost time in the logarithm of their number.
//!
//! # Endings
//!
//! However a connection ends, [`Event::Disconnected`](peer_core::Event::Disconnected) comes once
//! and last, and [`Handler::on_closed`] when its socket is closed. Our side ends it by
//! [`Peer::disconnect`] or [`Peer::abort`], and all of them by [`Peers::shut_down`]. A [`PeerId`] of
//! a connection that is gone finds nothing, and a [`Handle`] of a reactor that is gone says so.
//!
//! # File descriptors
//!
//! Each connection takes one, and most systems allow a process about a thousand unless it asks for
//! more. Dialling beyond that fails with the system's error; accepting pauses until there are some.
//!
//! # Features
//!
//! - `tracing`: connections say what happens on them; [`peer_core`] tells what and how much.
#![forbid(unsafe_code)]
mod connection;
mod error;
mod handle;
mod handler;
mod limits;
mod peers;
mod reactor;
mod recorder;
mod socket;
mod timers;

pub use self::error::{QueueError, RefusedCommand, StartError};
pub use self::handle::{Call, Command, Handle, Shutdown};
pub use self::handler::Handler;
pub use self::limits::Limits;
pub use self::peers::{Broadcast, Peer, PeerId, Peers, PortId};
pub use self::reactor::Reactor;
pub use peer_adapter::{ConnectError, TapeSink, V2Limits, config};
pub use peer_core;
