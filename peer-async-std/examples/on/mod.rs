//! What the programs need of async-std and peer-async-std.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use peer_async_std::{Driver, Listener, TapeSink, TcpStream};
use peer_core::{Config, Link};
use peer_programs::runtime::{Connection, Runtime};

/// async-std, with a thread for each core.
pub(crate) struct AsyncStd;

impl Runtime for AsyncStd {
    const NAME: &'static str = "peer-async-std";
    type Driver = Driver<TcpStream>;
    type Listener = Listener;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        async_std::task::block_on(future)
    }

    fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) {
        async_std::task::spawn(future);
    }

    async fn sleep(span: Duration) {
        async_std::task::sleep(span).await;
    }

    fn dial(
        host: String,
        port: u16,
        config: Arc<Config>,
        link: Link,
    ) -> impl Future<Output = io::Result<Connection<Self>>> + Send {
        peer_async_std::dial((host, port), config, link)
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
