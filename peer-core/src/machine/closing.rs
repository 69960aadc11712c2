//! The ways a connection ends. The first reason latches; after it nothing changes it.
//!
//! ```text
//!            disconnect, refuse, fulfilled            flushed, or flush deadline
//!   Open ───────────────────────────────► Closing ───────────────────────────────► Closed
//!     └──────────── violation, timeout, abort, reset ──────────────────────────────►
//! ```

use alloc::boxed::Box;

use super::PeerMachine;
use super::sending::Tickets;
use crate::error::{DisconnectReason, Goodbye, HangUp};
use crate::event::Event;
use crate::message::Message;
use crate::misbehavior::Misbehavior;
use crate::protocol::reject_for;
use crate::timer::Timer;
use crate::transport::ENOUGH_TO_REFUSE;
use crate::transport::outbox::Lane;

/// How alive the connection is.
#[derive(Debug)]
pub(super) enum Phase {
    /// It lives. After a hang-up what has arrived is still delivered.
    Open { hang_up: Option<HangUp> },
    /// What is queued is flushed, nothing is opened any more.
    Closing {
        reason: DisconnectReason,
        /// The flush deadline runs (it starts when we next hear the time).
        timed: bool,
        /// The remote sends no more.
        remote_done: bool,
    },
    /// It is over.
    Closed,
}

impl Phase {
    pub(super) fn is_closing(&self) -> bool {
        matches!(self, Self::Closing { .. })
    }
}

impl PeerMachine {
    /// Ends the connection in order: what is queued is flushed first, within
    /// [`Timeouts::flush`](crate::Timeouts). Messages accepted before the handshake ended are not.
    pub fn disconnect(&mut self) {
        self.close_after_flush(Goodbye::Requested.into());
    }

    /// Ends the connection at once; what is queued is dropped.
    pub fn abort(&mut self) {
        self.close(Goodbye::Requested.into());
    }

    /// The remote broke a rule, or time ran out.
    pub(super) fn fail(&mut self, reason: DisconnectReason) {
        if !matches!(self.phase, Phase::Open { .. }) {
            return;
        }
        let farewell = if self.config.strictness.send_reject && self.reads_reject() {
            reject_for(&reason)
        } else {
            None
        };
        let Some(reject) = farewell else {
            return self.close(reason);
        };
        let (_, mut cx) = self.rooms();
        cx.send_own(Lane::Control, &Message::Reject(Box::new(reject)), 0);
        self.close_after_flush(reason);
    }

    /// Whether the remote is known to have `reject` (BIP61). One whose `version` has not come may
    /// be anyone, and one of before 70002 would take it for garbage.
    fn reads_reject(&self) -> bool {
        self.remote.is_some() && self.version() >= self.config.network.gates.reject
    }

    pub(super) fn close_after_flush(&mut self, reason: DisconnectReason) {
        if self.transport.outbox.is_ready() {
            self.flush_and_close(reason);
        } else if matches!(self.phase, Phase::Open { .. }) {
            // What is queued cannot be made frames of.
            self.close(reason);
        }
    }

    /// Flushes what is there, whether or not frames can be made of it.
    pub(super) fn flush_and_close(&mut self, reason: DisconnectReason) {
        let Phase::Open { hang_up } = self.phase else {
            return;
        };
        if self.transport.outbox.is_empty() {
            return self.close(reason);
        }
        self.phase = Phase::Closing {
            reason,
            timed: false,
            remote_done: hang_up.is_some(),
        };
        self.transport.forget_landed();
        self.timers.stop_all();
        self.protocol.on_end();
        // Due at once: the next tick tells us the time that the deadline counts from.
        self.timers.set(Timer::Flush, self.now);
    }

    pub(super) fn close_if_flushed(&mut self) {
        if self.phase.is_closing() && self.transport.outbox.is_empty() {
            self.finish_closing();
        }
    }

    pub(super) fn on_flush_timer(&mut self) {
        match &mut self.phase {
            Phase::Closing {
                timed: timed @ false,
                ..
            } => {
                *timed = true;
                let deadline = self.now.saturating_add(self.config.timeouts.flush);
                self.timers.set(Timer::Flush, deadline);
            }
            _ => self.finish_closing(),
        }
    }

    pub(super) fn on_hang_up(&mut self, how: HangUp) {
        let in_order = how.is_in_order();
        match &mut self.phase {
            Phase::Open { hang_up } => {
                hang_up.get_or_insert(how);
                if !in_order {
                    self.transport.outbox.shut();
                }
            }
            Phase::Closing { remote_done, .. } if in_order => *remote_done = true,
            Phase::Closing { .. } => self.finish_closing(),
            Phase::Closed => {}
        }
    }

    /// Everything that arrived before the hang-up was opened.
    pub(super) fn finish_hang_up(&mut self, how: HangUp) -> bool {
        let cut = self.transport.is_mid_frame() && !self.transport.has_frame();
        let how = if how == HangUp::EndOfStream && cut {
            HangUp::Truncated
        } else {
            how
        };
        let refused = matches!(how, HangUp::EndOfStream | HangUp::Reset)
            && self.stats.bytes_received == 0
            && self.stats.bytes_sent >= ENOUGH_TO_REFUSE
            && self.transport.may_fall_back();
        let reason = if refused {
            DisconnectReason::Downgrade(how)
        } else {
            DisconnectReason::HungUp(how)
        };
        self.close_after_flush(reason);
        true
    }

    /// Whether the application may still send.
    pub(super) fn accepts_messages(&self) -> bool {
        matches!(self.phase, Phase::Open { .. }) && !self.transport.outbox.is_shut()
    }

    fn finish_closing(&mut self) {
        if let Phase::Closing { reason, .. } = core::mem::replace(&mut self.phase, Phase::Closed) {
            self.bury(reason);
        }
    }

    fn close(&mut self, reason: DisconnectReason) {
        match core::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Open { .. } => self.bury(reason),
            Phase::Closing { reason: first, .. } => self.bury(first),
            Phase::Closed => {}
        }
    }

    fn bury(&mut self, reason: DisconnectReason) {
        self.timers.stop_all();
        self.protocol.on_end();
        self.transport.forget_landed();
        while let Some(wrote) = self.next_wrote() {
            self.events.push_back(wrote);
        }
        self.transport.outbox.shut();
        self.waiting.clear();
        let Tickets {
            sent,
            untold,
            writable_owed,
            ..
        } = &mut self.tickets;
        (*untold, *writable_owed) = (false, false);
        let sent_through = *sent;
        self.log
            .disconnected(&self.link, self.now, &reason, &self.stats);
        self.stats.disconnect_reason = Some(reason.clone());
        // Here and not where the rule was broken: an end comes once, whatever led to it.
        if let Some(misbehavior) = Misbehavior::behind(&reason) {
            self.events
                .push_back(Event::Misbehavior(Box::new(misbehavior)));
        }
        self.events.push_back(Event::Disconnected {
            reason,
            sent_through,
        });
    }
}
