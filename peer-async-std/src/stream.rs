//! [`TcpStream`]: TCP, under async-std, smol, or any other executor.
//!
//! A type of our own, because closing async-std's or `async-io`'s does not shut the write half down:
//! the remote would not hear that we have left before the socket is dropped. What either runtime
//! calls a stream can be made one.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_io::Async;
use futures_io::{AsyncRead, AsyncWrite};

/// A TCP stream. Closing it shuts the write half down; what the remote still says can be read.
#[derive(Debug)]
pub struct TcpStream(Inner);

#[derive(Debug)]
enum Inner {
    Io(Arc<Async<std::net::TcpStream>>),
    #[cfg(feature = "async-std")]
    AsyncStd(async_std::net::TcpStream),
}

impl From<Arc<Async<std::net::TcpStream>>> for TcpStream {
    fn from(stream: Arc<Async<std::net::TcpStream>>) -> Self {
        Self(Inner::Io(stream))
    }
}

impl From<Async<std::net::TcpStream>> for TcpStream {
    fn from(stream: Async<std::net::TcpStream>) -> Self {
        Self::from(Arc::new(stream))
    }
}

impl TryFrom<std::net::TcpStream> for TcpStream {
    type Error = io::Error;

    /// A stream that is connected; it is made non-blocking.
    fn try_from(stream: std::net::TcpStream) -> io::Result<Self> {
        Ok(Async::new(stream)?.into())
    }
}

#[cfg(feature = "async-std")]
impl From<async_std::net::TcpStream> for TcpStream {
    fn from(stream: async_std::net::TcpStream) -> Self {
        Self(Inner::AsyncStd(stream))
    }
}

#[cfg(feature = "smol")]
impl From<async_net::TcpStream> for TcpStream {
    /// `smol::net` is `async_net`.
    fn from(stream: async_net::TcpStream) -> Self {
        Self(Inner::Io(stream.into()))
    }
}

/// Calls a method of whichever stream it is.
macro_rules! call {
    ($self:ident.$method:ident($($argument:expr),*)) => {
        match &mut $self.get_mut().0 {
            Inner::Io(stream) => Pin::new(&mut &**stream).$method($($argument),*),
            #[cfg(feature = "async-std")]
            Inner::AsyncStd(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for TcpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        call!(self.poll_read(cx, buf))
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        call!(self.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        call!(self.poll_write_vectored(cx, bufs))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        call!(self.poll_flush(cx))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match &self.0 {
            Inner::Io(stream) => (**stream).get_ref().shutdown(Shutdown::Write),
            #[cfg(feature = "async-std")]
            Inner::AsyncStd(stream) => stream.shutdown(Shutdown::Write),
        })
    }
}
