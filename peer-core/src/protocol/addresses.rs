//! Addresses of other nodes that the remote tells us, and its question for ours.
//!
//! Entries of `addr` and `addrv2` are let through at the pace of a token bucket (Core's, see
//! [`AddrRateLimit`]); which of a message pass when not all can is drawn, so that a remote gains nothing by their
//! order. Keeps no address. What goes to the remote is [`gossip`](super::gossip)'s to choose.

use crate::config::AddrRateLimit;
use crate::link::Link;
use crate::message::Message;
use crate::protocol::{Cx, Flow};
use crate::time::Timestamp;

/// How far the remote's `getaddr` has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Unasked,
    Asked,
    Answered,
}

#[derive(Debug)]
pub(super) struct Addresses {
    /// When the last token came, or the bucket was last seen full: the next one comes an interval later.
    since: Timestamp,
    /// Entries that may pass at once.
    tokens: u32,
    /// Our `getaddr` brought its tokens, as it does once.
    boosted: bool,
    question: Question,
}

impl Addresses {
    /// One token, for the remote's own address (as Core).
    pub(super) const fn start(now: Timestamp) -> Self {
        Self {
            since: now,
            tokens: 1,
            boosted: false,
            question: Question::Unasked,
        }
    }

    /// A message of ours is queued. The answer to the first `getaddr` is welcome in full length.
    pub(super) fn on_queued(&mut self, cx: &Cx<'_>, message: &Message) {
        if let (Message::GetAddr, Some(limit)) = (message, &cx.config.addr_rate_limit) {
            self.boost(limit, cx.now);
        }
    }

    /// The remote asks for addresses; whether for the first time.
    pub(super) fn on_getaddr(&mut self) -> bool {
        let first = self.question == Question::Unasked;
        if first {
            self.question = Question::Asked;
        }
        first
    }

    /// Whether the remote is owed an answer. Only who dialled us gets one (as Core): whoever we dialled could know us
    /// again by addresses that it told us earlier.
    pub(super) fn owes_answer(&self, link: &Link) -> bool {
        link.is_inbound() && self.question == Question::Asked
    }

    /// It has its answer.
    pub(super) fn on_answered(&mut self) {
        self.question = Question::Answered;
    }

    /// Takes out of a message the addresses that come too fast, and counts. A message of which nothing is left is kept.
    pub(super) fn on_delivery(&mut self, cx: &mut Cx<'_>, message: &mut Message) -> Flow {
        let len = match message {
            Message::Addr(list) => list.len(),
            Message::AddrV2(list) => list.len(),
            _ => return Flow::Deliver,
        };
        let passed = match &cx.config.addr_rate_limit {
            Some(limit) => self.take(limit, cx.now, len),
            None => len,
        };
        let dropped = len.saturating_sub(passed);
        let stats = &mut *cx.stats;
        stats.addr_processed = stats.addr_processed.saturating_add(passed as u64);
        stats.addr_rate_limited = stats.addr_rate_limited.saturating_add(dropped as u64);
        if dropped == 0 {
            return Flow::Deliver;
        }
        if passed == 0 {
            return Flow::Keep;
        }
        let survivors = cx.rng.sample(passed, len);
        match message {
            Message::Addr(list) => *list = list.select(&survivors),
            Message::AddrV2(list) => *list = list.select(&survivors),
            _ => {}
        }
        Flow::Deliver
    }

    /// The tokens for an answer, once.
    fn boost(&mut self, limit: &AddrRateLimit, now: Timestamp) {
        if !self.boosted {
            self.refill(limit, now);
            self.tokens = self.tokens.saturating_add(limit.getaddr_boost);
            self.boosted = true;
        }
    }

    /// Takes a token for each of `wanted` entries, as far as there are some; returns how many were taken.
    fn take(&mut self, limit: &AddrRateLimit, now: Timestamp, wanted: usize) -> usize {
        self.refill(limit, now);
        let taken = self.tokens.min(u32::try_from(wanted).unwrap_or(u32::MAX));
        self.tokens = self.tokens.saturating_sub(taken);
        taken as usize
    }

    /// The tokens that time has brought. What our `getaddr` brought may lie above the brim; then nothing is added.
    fn refill(&mut self, limit: &AddrRateLimit, now: Timestamp) {
        let elapsed = now.saturating_since(self.since).as_nanos();
        let gained = elapsed
            .checked_div(limit.refill.as_nanos())
            .unwrap_or(u128::MAX);
        let room = limit.burst.saturating_sub(self.tokens);
        if gained >= u128::from(room) {
            self.tokens = self.tokens.saturating_add(room);
            self.since = self.since.max(now);
        } else {
            let gained = gained as u32;
            self.tokens = self.tokens.saturating_add(gained);
            self.since = self
                .since
                .saturating_add(limit.refill.saturating_mul(gained));
        }
    }
}

#[cfg(test)]
mod tests;
