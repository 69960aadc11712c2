//! [`Driver`]: the future that drives a connection, over tokio's streams and tokio's time.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use peer_adapter::{Disconnected, Socket};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop;

use crate::time::Time;

/// Drives one connection: spawn it, or poll it by other means. Nothing happens while it is not
/// polled.
///
/// It ends after the connection has: the write half is shut down, and after an end in order the
/// remote is listened to for [`Timeouts::flush`](peer_core::Timeouts) at most, since closing a
/// socket with unread data destroys what the remote has not received yet. It needs a tokio runtime
/// with time enabled.
///
/// Dropping it closes the socket at once; whoever waits hears
/// [`Goodbye::Requested`](peer_core::Goodbye), unless the connection had ended before.
///
/// There is one for each connection, and it cannot be started twice:
///
/// ```compile_fail,E0382
/// # fn twice(driver: peer_tokio::Driver<tokio::net::TcpStream>) {
/// tokio::spawn(driver);
/// tokio::spawn(driver);
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a connection does nothing unless its driver is spawned or polled"]
pub struct Driver<S>(pub(crate) peer_adapter::Driver<Io<S>, Time>);

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// Has the connection recorded ([`peer_core::tape`]): `sink` takes the tape piece by piece, while the driver is
    /// polled, and must not wait. Where the remote is dialled again that is a tape of its own, right behind the first.
    /// False, and nothing is recorded, once the driver was polled.
    ///
    /// A tape holds the keys of the connection and the secret of its configuration.
    pub fn record(&mut self, sink: impl FnMut(&[u8]) + Send + Sync + 'static) -> bool {
        self.0.record(Box::new(sink))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Driver<S> {
    type Output = Arc<Disconnected>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Arc<Disconnected>> {
        Pin::new(&mut self.0).poll(cx)
    }
}

/// A stream of tokio.
#[derive(Debug)]
pub(crate) struct Io<S>(pub(crate) S);

impl<S: AsyncRead + AsyncWrite + Unpin> Socket for Io<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, window: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(window);
        let read = Pin::new(&mut self.0).poll_read(cx, &mut buf);
        read.map_ok(|()| buf.filled().len())
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    /// A task that has used up its turn is told "nothing yet" as well.
    fn pending_is_true(&self) -> bool {
        coop::has_budget_remaining()
    }
}
