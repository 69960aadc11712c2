//! One connection as its driver sees it: the machine, and what the handles want of it.
//!
//! The pump moves bytes through the machine's doors itself; wishes, events and the clock go through
//! [`Session`].

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Context;

use peer_core::tape::TapedMachine;
use peer_core::{DisconnectReason, Event, Goodbye, Link, SendError, Timestamp, TransportPolicy};

use super::ledger::Ledger;
use super::{Farewell, Request, Shared};
use crate::deck::{Deck, TapeSink};
use crate::error::Disconnected;
use crate::limiter::V2Limiter;
use crate::pump::Owner;

/// Dropped before its end, it ends as if the application had wished so.
#[derive(Debug)]
pub(crate) struct Session {
    machine: Deck,
    /// What it was made of, until something happens to it.
    birth: Option<Box<Birth>>,
    shared: Arc<Shared>,
    ledger: Ledger,
    /// The application has to take events before the machine is asked for more.
    starved: bool,
    leaving: Leaving,
    /// Answers for the application whether a v2 handshake may begin.
    limiter: Option<Arc<V2Limiter>>,
    /// The link as it was asked for, while the connection may have to begin anew.
    redial: Option<Box<Link>>,
    /// An end that nobody is told of, as it asks for that.
    withheld: Option<Box<Disconnected>>,
    ended: Option<Arc<Disconnected>>,
}

/// What a machine is made of besides its configuration and link.
pub(crate) struct Birth {
    pub(crate) now: Timestamp,
    pub(crate) seed: [u8; 32],
}

impl fmt::Debug for Birth {
    /// Leaves the seed out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Birth").finish_non_exhaustive()
    }
}

/// How far our own leaving has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    No,
    /// Requests made before are still to be handed to the machine, until this time.
    Asked(Timestamp),
    /// The machine knows; it flushes until this time.
    Told(Timestamp),
    /// The machine was told not to wait.
    Aborted,
}

impl Session {
    pub(crate) fn new(machine: Deck, birth: Birth, shared: Arc<Shared>) -> Self {
        Self {
            machine,
            birth: Some(Box::new(birth)),
            shared,
            ledger: Ledger::default(),
            starved: false,
            leaving: Leaving::No,
            limiter: None,
            redial: None,
            withheld: None,
            ended: None,
        }
    }

    /// Has the machine recorded, from its birth; whether that can still be.
    pub(crate) fn record(&mut self, sink: TapeSink) -> bool {
        let Some(birth) = self.birth.take() else {
            return false;
        };
        let (config, link) = (self.machine.config().clone(), *self.machine.link());
        self.machine.record(sink);
        self.machine.begin(config, link, birth.now, birth.seed);
        true
    }

    /// Has `limiter` asked instead of the application.
    pub(crate) fn limit_v2(&mut self, limiter: Arc<V2Limiter>) {
        self.limiter = Some(limiter);
    }

    /// The connection may begin anew, over another stream, if the remote knows only v1. Whether that
    /// can be at all.
    pub(crate) fn expect_redial(&mut self, asked: Link) -> bool {
        let is_open = self.machine.transport().is_none();
        self.redial = is_open.then(|| Box::new(asked));
        is_open
    }

    /// Whether it still can.
    pub(crate) fn may_redial(&mut self) -> bool {
        if self.machine.transport().is_some() {
            self.redial = None;
        }
        self.redial.is_some()
    }

    /// Whether it has come to that.
    pub(crate) fn wants_redial(&self) -> bool {
        self.withheld.is_some()
    }

    /// When a handshake that begins now must be over, or what takes its place.
    pub(crate) fn negotiation_deadline(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.machine.config().timeouts.negotiation)
    }

    /// Whether the application does not want the connection any more. `cx` is woken when it has
    /// something to say.
    pub(crate) fn is_leaving(&self, cx: &Context<'_>) -> bool {
        let orders = self.shared.report(cx.waker(), &self.machine);
        orders.farewell != Farewell::Stay
    }

    /// Another stream is there, with the remote's address and ours where it has any: the connection
    /// begins anew, in v1.
    pub(crate) fn begin_anew(&mut self, ends: Option<(SocketAddr, SocketAddr)>, now: Timestamp) {
        let Ok(seed) = crate::entropy() else {
            return self.give_up();
        };
        let asked = self.redial.take();
        let asked = asked.map_or_else(|| *self.machine.link(), |asked| *asked);
        let link = crate::dial::over(asked, ends).with_transport(TransportPolicy::V1);
        let config = self.machine.config().clone();
        self.withheld = None;
        self.machine.begin(config, link, now, seed);
        self.shared.set_link(*self.machine.link());
    }

    /// It does not begin anew. What ended it is told, unless the application left meanwhile.
    pub(crate) fn give_up(&mut self) {
        let Some(mut ended) = self.withheld.take() else {
            return;
        };
        if self.shared.is_left() {
            ended.reason = Goodbye::Requested.into();
            ended.stats.disconnect_reason = Some(ended.reason.clone());
        }
        self.end(*ended);
    }

    /// How the connection ended, once it has.
    pub(crate) fn result(&self) -> Option<&Arc<Disconnected>> {
        self.ended.as_ref()
    }

    /// The socket is closed.
    pub(crate) fn close(&self) {
        self.shared.close();
    }

    fn flush_deadline(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.machine.config().timeouts.flush)
    }

    /// Hands requests to the machine while it has room, so that it is never full.
    fn take_requests(&mut self) -> bool {
        if self.redial.is_some() && self.machine.transport().is_none() {
            // Another machine may have to carry them out.
            return false;
        }
        let mut busy = false;
        let room = self.machine.config().limits.send_high;
        while self.machine.queued() < room
            && let Some(Request { command, promise }) = self.shared.next_request()
        {
            busy = true;
            let done = self.machine.command(command);
            let Some(promise) = promise else { continue };
            match done {
                Ok(outcome) => self.ledger.accepted(outcome, promise),
                Err(SendError::Closed) => self.ledger.too_late(promise),
                Err(error) => Ledger::refused(&promise, error),
            }
        }
        busy
    }

    /// Leaves when asked to: in order once the machine has every earlier request, but not later
    /// than the flush deadline.
    fn leave(&mut self, farewell: Farewell, now: Timestamp) -> bool {
        match (farewell, self.leaving) {
            (_, Leaving::Aborted) | (Farewell::Stay, _) => false,
            (Farewell::Abort, _) => self.abort(),
            (Farewell::Graceful, Leaving::Told(_)) => false,
            (Farewell::Graceful, leaving) => {
                let until = match leaving {
                    Leaving::Asked(until) => until,
                    _ => self.flush_deadline(now),
                };
                if !self.machine.is_negotiated() || !self.shared.has_requests() {
                    self.machine.disconnect();
                    self.leaving = Leaving::Told(until);
                    return true;
                }
                if now >= until {
                    return self.abort();
                }
                self.leaving = Leaving::Asked(until);
                false
            }
        }
    }

    fn abort(&mut self) -> bool {
        self.machine.abort();
        self.leaving = Leaving::Aborted;
        true
    }

    /// Polls events while the application takes them. Once nothing more arrives, what is left is
    /// bounded by what the machine had received, and the end must not wait for a slow listener.
    fn give_events(&mut self, hung_up: bool, now: Timestamp) -> bool {
        let mut busy = false;
        loop {
            let patient = !hung_up && !self.machine.is_closed();
            self.starved = patient && !self.shared.has_event_room();
            if self.starved {
                break;
            }
            let Some(event) = self.machine.poll_event() else {
                break;
            };
            busy = true;
            if let (Event::V2Admission, Some(limiter)) = (&event, &self.limiter) {
                limiter.answer(&mut self.machine, now);
                continue;
            }
            self.give(event);
        }
        busy
    }

    fn give(&mut self, event: Event) {
        let event = match event {
            // The ledger has its own way of knowing; nobody sees tickets, or a full machine.
            Event::Sent { .. } | Event::Writable => return,
            Event::Unsent { ticket, error } => match self.ledger.unsent(ticket, *error) {
                Ok(()) => return,
                Err(error) => Event::Unsent {
                    ticket,
                    error: Box::new(error),
                },
            },
            Event::Disconnected {
                reason,
                sent_through,
            } => {
                let ended = Disconnected {
                    reason,
                    sent_through,
                    stats: self.machine.stats(),
                };
                if self.redial.is_some() && ended.reason.asks_for_v1() {
                    self.withheld = Some(Box::new(ended));
                    return;
                }
                return self.end(ended);
            }
            event => event,
        };
        let remote = matches!(event, Event::Version(_) | Event::Negotiated)
            .then(|| self.machine.remote().cloned().map(Arc::new));
        self.shared.publish(event, &self.machine, remote.flatten());
    }

    fn end(&mut self, ended: Disconnected) {
        let ended = Arc::new(ended);
        let unsent = self.shared.end(ended.clone());
        let promises = unsent.into_iter().filter_map(|request| request.promise);
        self.ledger.ended(&ended, promises);
        self.ended = Some(ended);
    }
}

impl Owner for Session {
    fn machine(&mut self) -> &mut TapedMachine {
        &mut self.machine
    }

    fn exchange(&mut self, cx: &mut Context<'_>, hung_up: bool, now: Timestamp) -> bool {
        self.birth = None;
        let orders = self.shared.report(cx.waker(), &self.machine);
        // After the numbers: who is told that a message was sent finds it counted.
        self.ledger.sent(self.machine.sent_through());
        let mut busy = false;
        for verdict in [orders.admission, orders.verdict].into_iter().flatten() {
            busy = true;
            // Verdicts cannot be refused.
            let _ = self.machine.command(verdict);
        }
        busy |= self.take_requests();
        busy |= self.leave(orders.farewell, now);
        busy | self.give_events(hung_up, now)
    }

    fn is_starved(&self) -> bool {
        self.starved
    }

    fn deadline(&self) -> Option<Timestamp> {
        let ours = match self.leaving {
            Leaving::Asked(until) => Some(until),
            _ => None,
        };
        self.machine.deadline().into_iter().chain(ours).min()
    }

    fn tick(&mut self, now: Timestamp) {
        self.machine.tick(now);
    }

    fn wind(&mut self, is_last: bool) {
        self.machine.wind(is_last);
    }

    fn has_wishes(&self) -> bool {
        self.machine.is_negotiated() && self.shared.has_requests()
    }

    fn ended(&self) -> Option<&DisconnectReason> {
        let ended = self.ended.as_deref().or(self.withheld.as_deref());
        ended.map(|ended| &ended.reason)
    }

    fn patience(&mut self, cx: &mut Context<'_>, now: Timestamp) -> Option<Timestamp> {
        let orders = self.shared.report(cx.waker(), &self.machine);
        match self.leaving {
            _ if orders.farewell == Farewell::Abort => None,
            Leaving::Aborted => None,
            Leaving::Told(until) => Some(until),
            _ => Some(self.flush_deadline(now)),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.shared.leave(Farewell::Abort);
            self.give_up();
            self.abort();
            // Nothing that is left depends on the time.
            self.give_events(true, Timestamp::ZERO);
        }
        self.close();
    }
}
