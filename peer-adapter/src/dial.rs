//! [`Redial`]: the second dial that a connection may take.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use peer_core::{Link, Timestamp};

/// A stream that was just connected, with the remote's address and ours where it has any.
pub type Dialled<S> = (S, Option<(SocketAddr, SocketAddr)>);

/// A dial on its way.
pub type Dialling<S> = Pin<Box<dyn Future<Output = io::Result<Dialled<S>>> + Send>>;

/// A link, with the addresses of the stream, the remote's and ours, where the caller left them open.
pub fn over(mut link: Link, ends: Option<(SocketAddr, SocketAddr)>) -> Link {
    link.remote = link.remote.or_else(|| ends.map(|(remote, _)| remote));
    link.local = link.local.or_else(|| ends.map(|(_, local)| local));
    link
}

/// How to dial once more, if the remote turns out to know only v1.
#[derive(Default)]
pub(crate) enum Redial<S> {
    /// Not at all, or not again.
    #[default]
    Never,
    /// It may come to that.
    Ready(Box<dyn FnOnce() -> Dialling<S> + Send>),
    /// It has, and must have come to something by then.
    Running(Dialling<S>, Timestamp),
}

impl<S> Redial<S> {
    /// Begins; whether there is a way to. It has until then.
    pub(crate) fn begin(&mut self, until: Timestamp) -> bool {
        let Self::Ready(dial) = std::mem::take(self) else {
            return false;
        };
        *self = Self::Running(dial(), until);
        true
    }

    /// Until when it has, while it is running.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Running(_, until) => Some(*until),
            Self::Never | Self::Ready(_) => None,
        }
    }

    /// What came of it, once; pending if nothing was begun.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Dialled<S>>> {
        let Self::Running(dialling, _) = self else {
            return Poll::Pending;
        };
        let dialled = ready!(dialling.as_mut().poll(cx));
        *self = Self::Never;
        Poll::Ready(dialled)
    }
}

impl<S> fmt::Debug for Redial<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "Never",
            Self::Ready(_) => "Ready",
            Self::Running(..) => "Running",
        })
    }
}
