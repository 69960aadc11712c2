//! What waits leaves: blocks as soon as there is room, everything else when the schedule says.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{Inventory, count, schedule};
use crate::config::Trickle;
use crate::message::{Headers, InvKind, InvVect, Inventory as List, Message};
use crate::protocol::Cx;
use crate::timer::Timer;
use crate::transport::outbox::Lane;

impl Inventory {
    /// The time to flush has come, or the time is known from which the schedule counts.
    pub(in crate::protocol) fn on_timer(&mut self, cx: &mut Cx<'_>) {
        let Some(books) = &mut self.books else { return };
        if core::mem::replace(&mut books.is_drawn, true) {
            // Where there is no room the turn is lost: the next one comes.
            self.flush(cx);
        }
        if self
            .books
            .as_ref()
            .is_some_and(|books| !books.line.is_empty())
        {
            let next = schedule::next(cx, self.started);
            cx.timers.set(Timer::Trickle, next);
        }
        self.tidy(cx);
    }

    /// The socket took bytes: what need not wait for the trickle leaves.
    pub(in crate::protocol) fn on_sent(&mut self, cx: &mut Cx<'_>) {
        let Some(books) = &self.books else { return };
        let hurries = !books.line.is_empty() && cx.config.trickle == Trickle::Immediate;
        if books.blocks.is_empty() && !hurries {
            return;
        }
        self.send_blocks(cx);
        if hurries {
            self.flush(cx);
        }
        self.tidy(cx);
    }

    /// Announces as many of the oldest as one flush may, in messages of at most a thousand.
    pub(super) fn flush(&mut self, cx: &mut Cx<'_>) {
        let mut left = schedule::allowance(cx.config.trickle, self.books(cx).line.len());
        let most = cx.config.limits.message.inv.clamp(1, MOST_ITEMS);
        while left > 0 && has_room(cx) {
            let items = self.take(cx, left.min(most));
            if items.is_empty() {
                break;
            }
            left = left.saturating_sub(items.len());
            send(cx, items);
        }
    }

    /// Takes so many of the oldest from the line that are neither known nor unwanted by now.
    fn take(&mut self, cx: &mut Cx<'_>, most: usize) -> Vec<InvVect> {
        let mut items = Vec::new();
        while items.len() < most {
            let Some((key, waiting)) = self.books(cx).line.pop_oldest() else {
                break;
            };
            let is_unwanted = self.is_unwanted(cx, &waiting);
            let known = &mut self.books(cx).known;
            if is_unwanted || known.contains(waiting.alias) {
                count(&mut cx.stats.inventory_withheld, 1);
                continue;
            }
            known.insert(key, ());
            items.push(waiting.item);
        }
        items
    }

    pub(super) fn send_blocks(&mut self, cx: &mut Cx<'_>) {
        while has_room(cx) {
            let wants_headers = self.wants_headers;
            let books = self.books(cx);
            let Some(block) = books.blocks.pop_front() else {
                break;
            };
            books.known.insert(books.keys.fingerprint(block.hash), ());
            let header = block.header.filter(|_| wants_headers);
            let headers = |header| Message::Headers(Headers::new(&cx.config.network, [header]));
            if header.is_some_and(|header| cx.send_own(Lane::Data, &headers(header), 0)) {
                count(&mut cx.stats.inventory_announced, 1);
            } else {
                send(cx, [InvVect::new(InvKind::Block, block.hash)].into());
            }
        }
    }

    /// After anything that may have changed what waits.
    pub(super) fn tidy(&mut self, cx: &mut Cx<'_>) {
        let Some(books) = &mut self.books else { return };
        if books.line.is_empty() {
            books.line.clear();
            cx.timers.stop(Timer::Trickle);
        }
        if books.blocks.is_empty() {
            books.blocks = VecDeque::new();
        }
        cx.stats.inventory_queued = books.waiting();
    }
}

/// Whether more may be queued. What the remote does not read waits here, where it is bounded in number.
fn has_room(cx: &Cx<'_>) -> bool {
    !cx.outbox.is_shut() && cx.outbox.queued() < cx.config.limits.send_high
}

fn send(cx: &mut Cx<'_>, items: Vec<InvVect>) {
    let many = items.len() as u64;
    let list = List::new(&cx.config.network, items);
    let sent = list.is_ok_and(|list| cx.send_own(Lane::Data, &Message::Inv(list), 0));
    let counter = if sent {
        &mut cx.stats.inventory_announced
    } else {
        &mut cx.stats.inventory_dropped
    };
    count(counter, many);
}

/// Items of one `inv` (btcd: `maxInvTrickleSize`).
const MOST_ITEMS: usize = 1_000;
