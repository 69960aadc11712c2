//! What the programs need of tokio and peer-tokio.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use peer_core::{Config, Link};
use peer_programs::runtime::{Connection, Runtime};
use peer_tokio::{Driver, Listener, TapeSink};
use tokio::net::TcpStream;

/// Tokio, with a thread for each core.
pub(crate) struct Tokio;

#[expect(
    clippy::expect_used,
    reason = "a program without its runtime has nothing to do"
)]
static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().expect("the system gives threads"));

impl Runtime for Tokio {
    const NAME: &'static str = "peer-tokio";
    type Driver = Driver<TcpStream>;
    type Listener = Listener;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        RUNTIME.block_on(future)
    }

    fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) {
        RUNTIME.spawn(future);
    }

    async fn sleep(span: Duration) {
        tokio::time::sleep(span).await;
    }

    fn dial(
        host: String,
        port: u16,
        config: Arc<Config>,
        link: Link,
    ) -> impl Future<Output = io::Result<Connection<Self>>> + Send {
        peer_tokio::dial((host, port), config, link)
    }

    fn record(driver: &mut Self::Driver, sink: TapeSink) {
        driver.record(sink);
    }

    async fn bind(
        host: String,
        port: u16,
        config: Arc<Config>,
        start_height: i32,
    ) -> io::Result<(Listener, SocketAddr)> {
        let listener = Listener::bind((host, port), config).await?;
        listener.set_start_height(start_height);
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(listener: &Listener) -> io::Result<Connection<Self>> {
        listener.accept().await
    }
}
