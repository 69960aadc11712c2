//! Closing a socket so that what was flushed arrives.
//!
//! A socket that is closed while unread data waits in it sends a reset, and the remote's kernel
//! then throws away what the application there has not read yet. So the write half is shut down
//! first, and what still comes is read and forgotten until the remote closes too.

use std::task::{Context, Poll};

use peer_core::{DisconnectReason, HangUp, Timestamp};

use super::{BUDGET, Socket, Step};

/// Whether there is nobody to part from: the stream is dead already, or the remote.
pub(super) fn is_abrupt(reason: &DisconnectReason) -> bool {
    matches!(
        reason,
        DisconnectReason::Timeout(_)
            | DisconnectReason::Downgrade(_)
            | DisconnectReason::HungUp(HangUp::Reset | HangUp::LocalError)
    )
}

/// How far the closing of a socket has come.
#[derive(Debug, Default)]
pub(super) struct Parting {
    /// When patience ends: as it was said first.
    until: Option<Timestamp>,
    /// The write half is shut down.
    shut: bool,
    forgotten: usize,
}

impl Parting {
    /// Done when the socket may be dropped.
    pub(super) fn run(
        &mut self,
        socket: &mut impl Socket,
        cx: &mut Context<'_>,
        patience: Timestamp,
        now: Timestamp,
    ) -> Step {
        let until = *self.until.get_or_insert(patience);
        if until <= now {
            return Step::Done;
        }
        if !self.shut {
            match socket.poll_shutdown(cx) {
                Poll::Pending => return Step::Wait(Some(until)),
                Poll::Ready(Err(_)) => return Step::Done,
                Poll::Ready(Ok(())) => self.shut = true,
            }
        }
        let mut budget = BUDGET;
        while budget > 0 {
            let mut bin = [0; 4_096];
            let n = match socket.poll_read(cx, &mut bin) {
                Poll::Pending => return Step::Wait(Some(until)),
                Poll::Ready(read) => read.unwrap_or(0),
            };
            self.forgotten = self.forgotten.saturating_add(n);
            if n == 0 || self.forgotten > MAX_FORGOTTEN {
                return Step::Done;
            }
            budget = budget.saturating_sub(n);
        }
        Step::Yield
    }
}

/// Bytes of a parting remote that are read and forgotten: twice the largest frame. One that sends
/// more does not listen.
const MAX_FORGOTTEN: usize = 8_000_000;
