//! Requests of ours that are owed an answer, and what happens when none comes (btcd: stall detection).
//!
//! ```text
//!   queued ──last byte has left──► owed ──its own answer──► done
//!                                    │  deadline, pushed on by progress
//!                                    └────────────► told, or the end
//! ```
//!
//! Each request is owed its own answer: one answer clears one request, and what nobody asked for clears none. A
//! `getdata` is owed each of its items. The clock of a request starts when its last byte has left. A remote answers in
//! order, so an answer to a request, or bytes of one that is landing, restart the clock of that request and of all
//! that left later: a large block on a slow line makes nothing late. Time in which the remote could not be heard
//! through our own doing does not count.
//!
//! Asks for nothing itself, and decides nothing about what an answer says.

mod items;
mod owed;
mod progress;
mod questions;

use alloc::boxed::Box;
use core::time::Duration;

use self::items::{Form, Object};
use self::owed::{Owed, Queued, object};
use self::questions::{Asked, Question};
use crate::config::Config;
use crate::error::{DisconnectReason, Timeout};
use crate::event::Event;
use crate::message::Message;
use crate::protocol::Cx;
use crate::protocol::identity::Identity;
use crate::request::Unanswered;
use crate::strictness::Reaction;
use crate::timer::Timer;
use crate::transport::Partial;
use crate::transport::outbox::Ticket;

/// Nothing is held while nothing was asked.
#[derive(Debug, Default)]
pub(super) struct Requests(Option<Box<Owed>>);

impl Requests {
    /// A message of ours is about to be queued; the number says which one when it has left, zero that it is none of
    /// ours.
    pub(super) fn on_queued(&mut self, config: &Config, message: &Message) -> u64 {
        let queued = match message {
            Message::GetData(list) if !list.is_empty() => Queued::Items(list.clone()),
            other => match Question::of(other) {
                Some(question) => Queued::Question(question),
                None => return 0,
            },
        };
        let timeouts = &config.timeouts.requests;
        let span = match &queued {
            Queued::Items(_) => timeouts.getdata,
            Queued::Question(question) => timeouts.of(question.kind()),
        };
        if span.is_none() {
            return 0;
        }
        let owed = self.0.get_or_insert_default();
        owed.last = owed.last.saturating_add(1);
        owed.queued.push_back((owed.last, queued));
        owed.last
    }

    /// A message of ours has left: its clock starts.
    pub(super) fn on_departed(&mut self, cx: &mut Cx<'_>, number: u64, ticket: Option<Ticket>) {
        let Some(owed) = &mut self.0 else { return };
        let Some(queued) = owed.take_queued(number) else {
            return;
        };
        let limits = &cx.config.limits;
        let now = owed.heard(cx.now);
        let has_room = owed.len() < limits.requests_in_flight;
        let span = match queued {
            Queued::Items(list) => {
                let room = limits.items_in_flight.saturating_sub(owed.items.len());
                if !has_room || list.len() > room {
                    return owed.leave_unwatched(cx);
                }
                owed.items.add(number, list, ticket, now);
                cx.config.timeouts.requests.getdata
            }
            Queued::Question(question) => {
                if !has_room {
                    return owed.leave_unwatched(cx);
                }
                let kind = question.kind();
                owed.asked.push_back(Asked {
                    number,
                    question,
                    ticket,
                    since: now,
                });
                cx.config.timeouts.requests.of(kind)
            }
        };
        if let Some(span) = span {
            let due = cx.now.saturating_add(span);
            cx.timers.set_earlier(Timer::Stall, due);
        }
        owed.count(cx);
    }

    /// Whether anything is owed, so that bytes on their way are worth looking at.
    pub(super) fn is_waiting(&self) -> bool {
        self.0.as_ref().is_some_and(|owed| owed.len() > 0)
    }

    /// Bytes of a frame arrived that is not complete.
    pub(super) fn on_progress(&mut self, cx: &Cx<'_>, partial: &Partial) {
        let Some(owed) = &mut self.0 else { return };
        let now = owed.heard(cx.now);
        let frame = cx.stats.frames_received;
        if owed.progress.is_undecided(frame, now) {
            let (answers, is_final) = owed.whose(&cx.config.network, partial);
            owed.progress.decide(answers, is_final, partial.is_sealed());
        }
    }

    /// A message of the remote.
    pub(super) fn on_message(
        &mut self,
        cx: &mut Cx<'_>,
        message: &Message,
        identity: &Identity<'_>,
    ) {
        let Some(owed) = self.0.as_mut().filter(|owed| owed.len() > 0) else {
            return;
        };
        let now = owed.heard(cx.now);
        if let Message::NotFound(list) = message {
            for item in list {
                owed.on_object(now, &Object::new(item.hash, Form::of(item.kind)));
            }
        } else if let Some(object) = object(message, identity, &owed.items) {
            owed.on_object_or_block(now, &object, message, identity);
        } else if matches!(message, Message::Block(_)) {
            owed.on_nameless_block(now);
        } else {
            owed.on_reply(cx, now, message);
        }
        owed.count(cx);
        if owed.is_idle() {
            self.0 = None;
        }
    }

    /// For `span` the remote could not be heard, through our own doing.
    pub(super) fn on_deafness(&mut self, span: Duration) {
        if let Some(owed) = &mut self.0 {
            owed.deaf = owed.deaf.saturating_add(span);
        }
    }

    /// A deadline may have passed.
    pub(super) fn on_timer(&mut self, cx: &mut Cx<'_>) -> Result<(), DisconnectReason> {
        let Some(owed) = &mut self.0 else {
            return Ok(());
        };
        let overdue = owed.take_overdue(cx);
        owed.arm(cx);
        owed.count(cx);
        for unanswered in overdue {
            judge(cx, unanswered)?;
        }
        if owed.is_idle() {
            self.0 = None;
        }
        Ok(())
    }

    /// The connection is over: nothing is owed any more.
    pub(super) fn clear(&mut self) {
        self.0 = None;
    }

    /// Bytes on the heap, about.
    pub(super) fn held(&self) -> usize {
        self.0.as_ref().map_or(0, |owed| owed.held())
    }
}

/// The policy on a request without an answer.
fn judge(cx: &mut Cx<'_>, unanswered: Unanswered) -> Result<(), DisconnectReason> {
    cx.stats.requests_unanswered = cx.stats.requests_unanswered.saturating_add(1);
    let strictness = &cx.config.strictness;
    let reaction = if unanswered.request.silence_is_legal() {
        strictness.unanswered_legally
    } else {
        strictness.unanswered
    };
    if reaction == Reaction::Disconnect {
        let stall = Timeout::Stall(unanswered.request);
        return Err(DisconnectReason::Timeout(stall));
    }
    cx.events.push_back(Event::Unanswered(Box::new(unanswered)));
    Ok(())
}
