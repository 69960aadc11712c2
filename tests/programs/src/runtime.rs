//! [`Runtime`]: what the programs need of an adapter with tasks. Under all of them handle and event stream are the same,
//! so the programs are written once, and an adapter's example says how its runtime does these few things.

use core::future::Future;
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_lite::FutureExt;
use peer_adapter::{Disconnected, Events, Peer, TapeSink};
use peer_core::{Config, Epoch, Link, Timestamp};

/// A runtime, and the adapter for it.
pub trait Runtime: 'static {
    /// The adapter's name.
    const NAME: &'static str;
    /// The future that drives a connection.
    type Driver: Future<Output = Arc<Disconnected>> + Send + 'static;
    /// Accepts connections.
    type Listener: Send + Sync + 'static;

    /// Runs a future on this thread, whatever runs the others.
    fn block_on<T>(future: impl Future<Output = T>) -> T;

    /// Runs a future beside the others; what it comes to is of no interest.
    fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static);

    /// Waits.
    fn sleep(span: Duration) -> impl Future<Output = ()> + Send;

    /// Dials, as the adapter's `dial` does.
    fn dial(
        host: String,
        port: u16,
        config: Arc<Config>,
        link: Link,
    ) -> impl Future<Output = io::Result<Connection<Self>>> + Send;

    /// Has a connection recorded that was not driven yet, as the driver's `record` does.
    fn record(driver: &mut Self::Driver, sink: TapeSink);

    /// Listens, as the adapter's `Listener::bind` does; and says where.
    fn bind(
        host: String,
        port: u16,
        config: Arc<Config>,
        start_height: i32,
    ) -> impl Future<Output = io::Result<(Self::Listener, SocketAddr)>> + Send;

    /// Accepts, as the adapter's `Listener::accept` does.
    fn accept(
        listener: &Self::Listener,
    ) -> impl Future<Output = io::Result<Connection<Self>>> + Send;
}

/// A connection of an adapter with tasks.
pub type Connection<R> = (Peer, Events, <R as Runtime>::Driver);

/// Spawns the driver of a connection.
pub fn drive<R: Runtime>((peer, events, driver): Connection<R>) -> (Peer, Events) {
    R::spawn(driver);
    (peer, events)
}

/// Waits for a future, but not for ever.
pub async fn within<R: Runtime, T>(
    span: Duration,
    future: impl Future<Output = T> + Send,
) -> Option<T> {
    let late = async {
        R::sleep(span).await;
        None
    };
    async { Some(future.await) }.or(late).await
}

/// Waits until `deadline`, or for ever if there is none.
pub async fn until<R: Runtime>(deadline: Option<Timestamp>, clock: &Epoch) {
    match deadline {
        Some(deadline) => R::sleep(deadline.saturating_since(clock.now())).await,
        None => core::future::pending().await,
    }
}
