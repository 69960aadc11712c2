//! Bitcoin-family peer-to-peer connections for async-std and smol, over any `AsyncRead + AsyncWrite`
//! of `futures-io`.
//!
//! async-std is [discontinued](https://rustsec.org/advisories/RUSTSEC-2025-0052); its authors point to
//! smol. This crate is built on what both run on (`async-io`), and serves both without a difference:
//! the [`Driver`] runs under any executor.
//!
//! [`peer_core`] speaks the protocol; this crate moves bytes, time and wishes, and knows no
//! message. What it has in common with the adapters for other runtimes is [`peer_adapter`].
//! A connection is three things:
//!
//! - [`Peer`], a handle to send with; clone it as often as you like;
//! - [`Events`], a stream of what the remote does;
//! - [`Driver`], a future that does the work; spawn it.
//!
//! ```no_run
//! use std::sync::Arc;
//! use peer_core::{Event, Link, message::Message, network::Network};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     async_std::task::block_on(run())
//! }
//!
//! async fn run() -> Result<(), Box<dyn std::error::Error>> {
//!     let config = Arc::new(peer_async_std::config(Network::MAINNET)?);
//!     let (peer, mut events, driver) =
//!         peer_async_std::dial("127.0.0.1:8333", config, Link::outbound()).await?;
//!     async_std::task::spawn(driver);
//!     while let Some(event) = events.next().await {
//!         match event {
//!             Event::Version(version) => println!("this is {}", version.user_agent),
//!             Event::Negotiated => peer.send(Message::GetAddr).await?,
//!             Event::Message { message, .. } => println!("{message:?}"),
//!             Event::Disconnected { reason, .. } => println!("gone: {reason}"),
//!             _ => {}
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Under smol the same is `smol::block_on(run())` and `smol::spawn(driver).detach()`.
//!
//! # Callbacks
//!
//! Beside the stream, or instead of it, events go to listeners: anything that implements
//! [`MessageListener`](peer_core::MessageListener), which has a method for every message.
//! [`Peer::add_listener`] and [`Peer::remove_listener`] work at any time; [`Events::detach`] is for
//! applications that want nothing but callbacks.
//!
//! ```no_run
//! use std::sync::Arc;
//! use peer_core::{Link, MessageListener, message::Inventory, network::Network};
//!
//! struct Watcher;
//!
//! impl MessageListener for Watcher {
//!     fn on_inv(&mut self, inventory: &Inventory) {
//!         println!("{} objects announced", inventory.len());
//!     }
//! }
//!
//! async fn run() -> Result<(), Box<dyn std::error::Error>> {
//!     let config = Arc::new(peer_async_std::config(Network::MAINNET)?);
//!     let (peer, events, driver) =
//!         peer_async_std::dial("127.0.0.1:8333", config, Link::outbound()).await?;
//!     peer.add_listener(Watcher);
//!     events.detach();
//!     println!("{}", driver.await);
//!     Ok(())
//! }
//! ```
//!
//! # Back-pressure
//!
//! Everything is bounded. An application that takes no events stops the machine, which stops the
//! reading, which stops the remote: nothing is lost. A remote that reads nothing makes
//! [`Peer::send`] wait and [`Peer::queue`] hand the message back, until the write-stall timeout
//! ends the connection. Awaiting `send` in the loop that takes the events is fine: what was sent
//! is told past the event line. (Except with [`raw_events`](Config::raw_events): frames then wait to be seen
//! before they leave.)
//!
//! # Endings
//!
//! However a connection ends, [`Event::Disconnected`](peer_core::Event::Disconnected) comes once and last, whoever waits in `send`
//! hears of it, and [`Peer::closed`] returns. Our side ends it by [`Peer::disconnect`] or
//! [`Peer::abort`], or by dropping things: the last [`Peer`] or the [`Events`] in order, the
//! [`Driver`] at once.
//!
//! Every future of this crate may be dropped half-way, as `select!` does.
//!
//! [`connect`] takes any stream. One that is not a [`TcpStream`] of this crate should shut its write
//! half down when it is closed, as TLS streams and those of smol do. async-std's own and a bare
//! `async_io::Async` do not: the remote would hear of our end only when it is dropped, so make it a
//! [`TcpStream`] first.
//!
//! # Features
//!
//! - `async-std` (default): a [`TcpStream`] can be made of async-std's.
//! - `smol`: a [`TcpStream`] and a [`Listener`] can be made of smol's. What smol users need beside that
//!   needs no feature; to leave async-std out, switch the default features off.
//! - `tracing`: connections say what happens on them; [`peer_core`] tells what and how much.
#![forbid(unsafe_code)]
mod driver;
mod listener;
mod stream;
mod time;

use std::future::Future;
use std::io;
use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use peer_core::{Config, Link};

pub use self::driver::Driver;
pub use self::listener::{Listener, dial};
pub use self::stream::TcpStream;
pub use peer_adapter::{
    ConnectError, Disconnected, Events, Peer, QueueError, SendError, TapeSink, V2Limiter, V2Limits,
    config,
};
pub use peer_core;

use self::driver::Io;
use self::time::Time;

/// A connection: the handle, what happens, and the future that makes it happen.
pub type Connection<S> = (Peer, Events, Driver<S>);

/// Speaks over `stream`, which somebody else has connected: as the dialling or the accepting side,
/// as `link` says. Nothing is read or written before the [`Driver`] is polled; the time allowed
/// for the handshake counts from here.
///
/// # Errors
/// If the configuration contradicts itself, or the operating system gives no entropy.
pub fn connect<S>(stream: S, config: Arc<Config>, link: Link) -> Result<Connection<S>, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    connect_seeded(stream, config, link, peer_adapter::entropy()?)
}

/// Speaks over the stream that `dial` makes; over a second one, in v1, if the first remote hangs up
/// on v2 as nodes do that know only v1 (BIP324; with
/// [`TransportPolicy::Auto`](peer_core::TransportPolicy), which is what a link asks for by itself).
/// For whatever is dialled by other means than [`dial`]: through a proxy, over Tor, in a simulation.
///
/// `dial` is called here, and by the [`Driver`] once more if it comes to that; nothing else is
/// remembered. The application does not notice: handle and events are those of the connection that
/// is kept, what it sends meanwhile leaves there, and only our own address and the transport in
/// [`Peer::link`] change. If the second dial fails, or takes longer than a handshake may
/// ([`Timeouts::negotiation`](peer_core::Timeouts)), the connection ends with
/// [`DisconnectReason::Downgrade`](peer_core::DisconnectReason).
///
/// # Errors
/// Those of `dial`, and a [`ConnectError`] as the inner error.
pub async fn connect_with<S, F>(
    mut dial: impl FnMut() -> F + Send + 'static,
    config: Arc<Config>,
    link: Link,
) -> io::Result<Connection<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = io::Result<S>> + Send + 'static,
{
    let mut connection = connect(dial().await?, config, link)?;
    connection.2.0.redial(link, move || {
        let again = dial();
        Box::pin(async { Ok((Io(again.await?), None)) })
    });
    Ok(connection)
}

/// Speaks over `stream` as [`connect`] does, with a seed instead of the operating system's entropy: for tests and simulation.
///
/// # Errors
/// If the configuration contradicts itself.
pub fn connect_seeded<S>(
    stream: S,
    config: Arc<Config>,
    link: Link,
    seed: [u8; 32],
) -> Result<Connection<S>, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (peer, events, driver) =
        peer_adapter::connect(Io(stream), Time::start(), config, link, seed)?;
    Ok((peer, events, Driver(driver)))
}
