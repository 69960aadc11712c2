//! What the adapters of [`peer_core`] have in common. No socket, no timer and no runtime is in
//! here, and no rule of the protocol: bytes, time and wishes are moved, whatever they mean.
//!
//! ```text
//!             an adapter                 this crate                      peer-core
//!   socket ◄── Socket ──► ┌──────┐
//!   clock  ◄── Clock ───► │ Pump │ ◄──► Owner ──────────────────────► PeerMachine
//!                         └──────┘        │
//!   timer  ◄── Alarm ───► Driver ◄── Session ◄── Shared ◄── Peer, Events
//! ```
//!
//! Two layers:
//!
//! - [`Pump`] is for every adapter. It moves bytes between a [`Socket`] and the machine of an
//!   [`Owner`], gives everybody a turn of bounded length, judges time after what has arrived, reads
//!   what a broken socket still holds, and closes so that what was flushed arrives.
//! - [`Peer`], [`Events`] and [`Driver`] are for runtimes with tasks: a handle and a stream that are
//!   the same under every one of them, and the future that serves both. [`connect`] makes the three
//!   of a [`Socket`] and an [`Alarm`]. [`Driver::redial`] dials once more where the first time shows
//!   that it must.
//!
//! [`Backoff`] tells what to do about an error of `accept`, [`V2Limiter`] how many v2 handshakes are
//! begun; [`Inbound`] makes the links of those who were accepted; [`Audience`] calls listeners; a [`Deck`]
//! records a machine.
//!
//! Applications use `peer-tokio`, `peer-async-std` or `peer-mio`, which are this crate and a
//! runtime.
#![forbid(unsafe_code)]

mod audience;
mod deck;
mod dial;
mod driver;
mod error;
mod events;
mod handle;
mod inbound;
mod limiter;
mod pump;
mod remedy;
mod shared;

use std::sync::Arc;

use peer_core::network::Network;
use peer_core::{Config, Link};

pub use self::audience::Audience;
pub use self::deck::{Deck, TapeSink};
pub use self::dial::{Dialled, Dialling, over};
pub use self::driver::{Alarm, Driver};
pub use self::error::{ConnectError, Disconnected, QueueError, SendError};
pub use self::events::Events;
pub use self::handle::Peer;
pub use self::inbound::Inbound;
pub use self::limiter::{V2Limiter, V2Limits};
pub use self::pump::{Clock, Owner, Pump, Socket, Step};
pub use self::remedy::Backoff;
pub use peer_core;

use self::shared::{Birth, Session, Shared};

/// Defaults for `network`, with a secret from the operating system. Make one and share it among all
/// connections of one identity, which recognise each other by the secret
/// ([`Config::new`] tells more).
///
/// # Errors
/// If the operating system gives no entropy.
pub fn config(network: Network) -> Result<Config, ConnectError> {
    Ok(Config::with_secret(network, entropy()?))
}

/// The operating system's entropy, as much as a machine or a configuration needs.
///
/// # Errors
/// If it gives none.
pub fn entropy() -> Result<[u8; 32], ConnectError> {
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy)?;
    Ok(entropy)
}

/// A connection over `socket`: the handle, what happens, and the future that makes it happen.
/// Nothing is read or written before that is polled; the time allowed for the handshake counts from
/// here, as `alarm` tells it.
///
/// # Errors
/// If the configuration contradicts itself.
pub fn connect<S: Socket, T: Alarm>(
    socket: S,
    alarm: T,
    config: Arc<Config>,
    link: Link,
    seed: [u8; 32],
) -> Result<(Peer, Events, Driver<S, T>), ConnectError> {
    config.validate()?;
    let now = alarm.now();
    let deck = Deck::new(config, link, now, seed);
    let shared = Arc::new(Shared::new(&deck));
    let session = Session::new(deck, Birth { now, seed }, shared.clone());
    Ok((
        Peer::new(shared.clone()),
        Events::new(shared),
        Driver::new(socket, alarm, session),
    ))
}
