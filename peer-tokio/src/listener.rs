//! TCP at both ends: dialling, and a listener that outlives what happens to single connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use peer_adapter::{Backoff, Inbound, V2Limiter, over};
use peer_core::{Config, Link};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::time::sleep;

use crate::driver::Io;
use crate::{ConnectError, Connection, connect};

/// Dials over TCP; small writes are not delayed (`TCP_NODELAY`). A `link` without the remote's or
/// our own address gets those of the socket; one that has them keeps them, as behind a tunnel or a
/// proxy. Where v2 is tried and the remote turns out to know only v1, the [`Driver`](crate::Driver)
/// dials it once more ([`connect_with`](crate::connect_with) tells more).
///
/// # Errors
/// Those of the socket and of name resolution, and a [`ConnectError`] as the inner error.
pub async fn dial(
    address: impl ToSocketAddrs,
    config: Arc<Config>,
    link: Link,
) -> io::Result<Connection<TcpStream>> {
    config.validate().map_err(ConnectError::from)?;
    let (stream, ends) = prepared(TcpStream::connect(address).await?)?;
    let remote = ends.0;
    let mut connection = connect(stream, config, over(link, Some(ends)))?;
    let again = async move {
        let (stream, ends) = prepared(TcpStream::connect(remote).await?)?;
        Ok((Io(stream), Some(ends)))
    };
    connection.2.0.redial(link, || Box::pin(again));
    Ok(connection)
}

/// A stream, and the remote's address and ours.
fn prepared(stream: TcpStream) -> io::Result<(TcpStream, (SocketAddr, SocketAddr))> {
    stream.set_nodelay(true)?;
    let ends = (stream.peer_addr()?, stream.local_addr()?);
    Ok((stream, ends))
}

/// Accepts connections over TCP, all with one configuration. They are numbered from 1 on, in the order of acceptance:
/// [`Link::id`].
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    config: Arc<Config>,
    inbound: Inbound,
    limiter: Option<Arc<V2Limiter>>,
}

impl Listener {
    /// Listens on `address`; port 0 picks one ([`local_addr`](Self::local_addr) tells which).
    ///
    /// # Errors
    /// Those of the socket and of name resolution, and a [`ConnectError`] as the inner error.
    pub async fn bind(address: impl ToSocketAddrs, config: Arc<Config>) -> io::Result<Self> {
        config.validate().map_err(ConnectError::from)?;
        Self::new(TcpListener::bind(address).await?, config)
    }

    /// The same on a socket that listens already, for those who set options on it before.
    ///
    /// # Errors
    /// A [`ConnectError`] as the inner error.
    pub fn new(socket: TcpListener, config: Arc<Config>) -> io::Result<Self> {
        config.validate().map_err(ConnectError::from)?;
        Ok(Self {
            socket,
            config,
            inbound: Inbound::default(),
            limiter: None,
        })
    }

    /// Begins no more v2 handshakes than `limiter` admits, instead of asking the application: turns
    /// [`V2Options::admission`](peer_core::V2Options) on. Several listeners may share one.
    #[must_use]
    pub fn with_v2_limiter(mut self, limiter: Arc<V2Limiter>) -> Self {
        Arc::make_mut(&mut self.config).v2.admission = true;
        self.limiter = Some(limiter);
        self
    }

    /// The address listened on.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Sets the height of our best block that connections accepted from now on advertise. 0 at
    /// first.
    pub fn set_start_height(&self, height: i32) {
        self.inbound.set_start_height(height);
    }

    /// Waits for the next connection. Given up half-way, it has taken none.
    ///
    /// Connections that died in the line are passed over. When the system is out of file
    /// descriptors or memory, or its network is down, this waits a moment, up to a second, and
    /// tries again: an error here means that the listener itself is of no use any more.
    ///
    /// # Errors
    /// Those of the socket that waiting does not mend, and of the operating system's entropy.
    pub async fn accept(&self) -> io::Result<Connection<TcpStream>> {
        let mut backoff = Backoff::default();
        loop {
            let error = match self.socket.accept().await {
                Ok((stream, remote)) => return self.welcome(stream, remote),
                Err(error) => error,
            };
            if let Some(pause) = backoff.after(error)? {
                sleep(pause).await;
            }
        }
    }

    fn welcome(&self, stream: TcpStream, remote: SocketAddr) -> io::Result<Connection<TcpStream>> {
        // Fails only on a connection that is dead already, which its driver will find out.
        let _ = stream.set_nodelay(true);
        let link = self.inbound.link(remote, stream.local_addr().ok());
        let mut connection = connect(stream, self.config.clone(), link)?;
        if let Some(limiter) = &self.limiter {
            connection.2.0.limit_v2(limiter.clone());
        }
        Ok(connection)
    }
}
