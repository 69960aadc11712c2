//! Two silences: a remote that sends nothing, and a remote that accepts nothing.
//!
//! Both deadlines are lazy: bytes only move a timestamp, and a timer that fires early re-arms
//! itself. Knows no message.

use crate::error::{DisconnectReason, Timeout};
use crate::protocol::Cx;
use crate::time::Timestamp;
use crate::timer::Timer;

#[derive(Debug)]
pub(super) struct Liveness {
    last_heard: Timestamp,
    /// Since when data has been waiting without the socket taking a byte.
    wait: Wait,
}

/// Data waiting for the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    None,
    /// Queued since we were last told the time.
    Fresh,
    Since(Timestamp),
}

impl Liveness {
    pub(super) fn start(cx: &mut Cx<'_>) -> Self {
        if let Some(idle) = cx.config.timeouts.idle {
            cx.timers.set(Timer::Idle, cx.now.saturating_add(idle));
        }
        // A dialling machine begins with a `version` to be taken.
        let wait = if cx.outbox.is_empty() {
            Wait::None
        } else {
            arm(cx);
            Wait::Since(cx.now)
        };
        Self {
            last_heard: cx.now,
            wait,
        }
    }

    pub(super) fn on_received(&mut self, cx: &Cx<'_>) {
        self.last_heard = cx.now;
    }

    /// Something was queued: if nothing was waiting before, the wait begins.
    pub(super) fn on_queued(&mut self, cx: &mut Cx<'_>) {
        if self.wait == Wait::None && !cx.outbox.is_empty() {
            self.wait = Wait::Fresh;
            arm(cx);
        }
    }

    /// The socket took bytes: the wait for the rest begins anew.
    pub(super) fn on_sent(&mut self, cx: &mut Cx<'_>) {
        self.wait = if cx.outbox.is_empty() {
            Wait::None
        } else {
            Wait::Since(cx.now)
        };
        if self.wait != Wait::None {
            arm(cx);
        }
    }

    /// The application's calls carry no time: a wait that began with one is dated now.
    pub(super) fn on_time(&mut self, cx: &Cx<'_>) {
        if self.wait == Wait::Fresh {
            self.wait = Wait::Since(cx.now);
        }
    }

    pub(super) fn on_timer(&self, cx: &mut Cx<'_>, timer: Timer) -> Result<(), DisconnectReason> {
        let timeouts = &cx.config.timeouts;
        let (span, since, verdict) = match timer {
            Timer::WriteStall => (
                timeouts.write_stall,
                self.waiting_since(cx),
                Timeout::WriteStall,
            ),
            _ => (timeouts.idle, Some(self.last_heard), Timeout::Idle),
        };
        let (Some(span), Some(since)) = (span, since) else {
            return Ok(());
        };
        let due = since.saturating_add(span);
        if due <= cx.now {
            return Err(DisconnectReason::Timeout(verdict));
        }
        cx.timers.set(timer, due);
        Ok(())
    }

    fn waiting_since(&self, cx: &Cx<'_>) -> Option<Timestamp> {
        match self.wait {
            // Nothing is lent to the remote, through our own doing.
            Wait::Since(_) if cx.outbox.is_held_back() => Some(cx.now),
            Wait::Since(since) if !cx.outbox.is_empty() => Some(since),
            // Queued by another timer in this very tick.
            Wait::Fresh => Some(cx.now),
            _ => None,
        }
    }
}

/// Arms the write-stall timer if it is not: one that is may fire early, and re-arms itself.
fn arm(cx: &mut Cx<'_>) {
    if let Some(stall) = cx.config.timeouts.write_stall
        && !cx.timers.is_set(Timer::WriteStall)
    {
        cx.timers
            .set(Timer::WriteStall, cx.now.saturating_add(stall));
    }
}
