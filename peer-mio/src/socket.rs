//! A TCP stream of mio as the pump wants it. It remembers what the poll said, and asks the system
//! only when that may say something new.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::task::{Context, Poll};

use mio::event::Event;
use mio::net::TcpStream;
use peer_adapter::Socket;

/// A stream, and what is known of its readiness. It wakes nobody: the poll of the reactor does.
#[derive(Debug)]
pub(crate) struct Stream {
    tcp: TcpStream,
    readable: bool,
    writable: bool,
    /// The remote writes no more: the end is there to be read, and no event will say so again.
    read_closed: bool,
}

impl Stream {
    /// Of a stream that is connected. Until the system says otherwise it is ready for everything.
    pub(crate) fn new(tcp: TcpStream) -> Self {
        Self {
            tcp,
            readable: true,
            writable: true,
            read_closed: false,
        }
    }

    /// For the registry.
    pub(crate) fn tcp_mut(&mut self) -> &mut TcpStream {
        &mut self.tcp
    }

    /// Takes note of what the poll said.
    pub(crate) fn note(&mut self, event: &Event) {
        self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        self.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
        self.read_closed |= event.is_read_closed() || event.is_error();
    }
}

impl Socket for Stream {
    fn poll_read(&mut self, _: &mut Context<'_>, window: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.readable {
            return Poll::Pending;
        }
        match self.tcp.read(window) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Poll::Pending
            }
            Ok(n) => {
                // On an edge-triggered epoll a short read has emptied the socket, and whatever
                // comes next is told anew: that spares the read that would find nothing.
                let emptied = EPOLL && n > 0 && n < window.len();
                self.readable = !emptied || self.read_closed;
                Poll::Ready(Ok(n))
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_write(
        &mut self,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.writable {
            return Poll::Pending;
        }
        match self.tcp.write_vectored(slices) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.writable = false;
                Poll::Pending
            }
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.tcp.shutdown(Shutdown::Write))
    }
}

/// Whether mio polls with epoll.
const EPOLL: bool = cfg!(any(target_os = "linux", target_os = "android"));
