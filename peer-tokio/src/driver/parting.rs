//! Closing a socket so that what was flushed arrives.
//!
//! A socket that is closed while unread data waits in it sends a reset, and the remote's kernel
//! then throws away what the application there has not read yet. So the write half is shut down
//! first, and what still comes is read and forgotten until the remote closes too.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use peer_core::{DisconnectReason, HangUp, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of a parting remote that are read and forgotten: twice the largest frame. One that sends
/// more does not listen.
const MAX_FORGOTTEN: usize = 8_000_000;

/// Bytes forgotten in one poll, before others on the same thread have their turn.
const BUDGET: usize = 256 * 1_024;

/// Whether there is nobody to part from: the stream is dead already, or the remote.
pub(super) fn is_abrupt(reason: &DisconnectReason) -> bool {
    matches!(
        reason,
        DisconnectReason::Timeout(_) | DisconnectReason::HungUp(HangUp::Reset | HangUp::LocalError)
    )
}

/// How far the closing of a socket has come.
#[derive(Debug, Default)]
pub(super) struct Parting {
    /// When patience ends.
    until: Option<Timestamp>,
    /// The write half is shut down.
    shut: bool,
    forgotten: usize,
}

impl Parting {
    /// When patience ends: as it was said first.
    pub(super) fn until(&mut self, patience: Timestamp) -> Timestamp {
        *self.until.get_or_insert(patience)
    }

    /// Ready when the socket may be dropped.
    pub(super) fn poll<S: AsyncRead + AsyncWrite>(
        &mut self,
        mut stream: Pin<&mut S>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if !self.shut {
            if ready!(stream.as_mut().poll_shutdown(cx)).is_err() {
                return Poll::Ready(());
            }
            self.shut = true;
        }
        let mut budget = BUDGET;
        while budget > 0 {
            let mut bin = [0; 4_096];
            let mut buf = ReadBuf::new(&mut bin);
            let read = ready!(stream.as_mut().poll_read(cx, &mut buf));
            let n = buf.filled().len();
            self.forgotten = self.forgotten.saturating_add(n);
            if read.is_err() || n == 0 || self.forgotten > MAX_FORGOTTEN {
                return Poll::Ready(());
            }
            budget = budget.saturating_sub(n);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
