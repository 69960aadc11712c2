//! When a machine's timers must have fired, from what went in and came out: no deadline is missed, and none comes early.

use core::time::Duration;
use std::collections::VecDeque;

use peer_core::{
    Config, DisconnectReason, Link, PeerMachine, Purpose, Stats, Timeout, Timer, Timestamp,
    Unanswered,
};

use super::book::Book;
use super::{Check, demand};

/// A ping whose pong has not come.
#[derive(Clone, Copy, Debug)]
struct Flight {
    left: Timestamp,
    /// It is waited for: only so many are.
    is_awaited: bool,
}

#[derive(Debug)]
pub(crate) struct Watch {
    born: Timestamp,
    /// Since when it is negotiated.
    negotiated: Option<Timestamp>,
    heard: Timestamp,
    /// When a byte last arrived.
    received: Timestamp,
    /// Since when something waits of which the socket takes nothing.
    waits: Option<Timestamp>,
    /// When the last ping had left, and how many had by then.
    pinged: Option<Timestamp>,
    pings: u64,
    /// Pings whose pong has not come, by when they left; each pong is for the first.
    flights: VecDeque<Flight>,
    /// When the time was first told after the application had said goodbye.
    farewell: Option<Timestamp>,
    pub(crate) is_leaving: bool,
    /// Time in which the remote could not be heard, through our own doing.
    deaf: Duration,
    /// The stream ended; what was not polled by then is all there is.
    pub(crate) hung_up: bool,
    /// The remote answers nothing, and sends nothing that could be an answer.
    pub(crate) is_withheld: bool,
    /// The remote is honest.
    pub(crate) has_friend: bool,
    last: Timestamp,
    was_deaf: bool,
}

fn plus(at: Timestamp, span: Duration) -> Timestamp {
    at.saturating_add(span)
}

impl Watch {
    pub(crate) const fn new(now: Timestamp, waits: bool) -> Self {
        Self {
            born: now,
            negotiated: None,
            heard: now,
            received: now,
            waits: if waits { Some(now) } else { None },
            pinged: None,
            pings: 0,
            flights: VecDeque::new(),
            farewell: None,
            is_leaving: false,
            deaf: Duration::ZERO,
            hung_up: false,
            is_withheld: false,
            has_friend: false,
            last: now,
            was_deaf: false,
        }
    }

    /// Time is about to come to `now`; the machine is deaf until then.
    pub(crate) fn before(&mut self, machine: &PeerMachine, unpolled: bool, now: Timestamp) {
        let deaf = !machine.wants_read() || unpolled || self.was_deaf;
        if deaf {
            self.deaf += now.saturating_since(self.last);
            self.heard = self.heard.max(now);
        }
        self.was_deaf = !machine.wants_read() || unpolled;
        self.last = self.last.max(now);
    }

    pub(crate) fn received(&mut self, now: Timestamp) {
        self.heard = self.heard.max(now);
        self.received = self.received.max(now);
    }

    /// The socket took so many bytes.
    pub(crate) fn sent(&mut self, machine: &PeerMachine, stats: &Stats, now: Timestamp) {
        self.waits = machine.wants_write().then_some(now);
        let ping = stats
            .traffic
            .sent
            .get(Some(peer_core::message::MessageKind::Ping));
        // Old ones do not answer (BIP31).
        let is_answered = machine
            .remote()
            .is_some_and(|remote| remote.protocol_version > 60_000);
        while self.pings < ping.messages {
            self.pings += 1;
            self.pinged = Some(now);
            if is_answered {
                self.flights.push_back(Flight {
                    left: now,
                    is_awaited: true,
                });
            }
        }
        let most = machine.config().limits.pings_in_flight.max(1);
        let awaited = self.flights.iter_mut().filter(|flight| flight.is_awaited);
        let too_many = awaited.count().saturating_sub(most);
        let awaited = self.flights.iter_mut().filter(|flight| flight.is_awaited);
        for flight in awaited.take(too_many) {
            flight.is_awaited = false;
        }
    }

    /// A pong that is an answer.
    pub(crate) fn ponged(&mut self) {
        self.flights.pop_front();
        if self.flights.is_empty() {
            self.deaf = Duration::ZERO;
        }
    }

    /// When the oldest ping left that is waited for.
    fn first_flight(&self) -> Option<Timestamp> {
        let mut awaited = self.flights.iter().filter(|flight| flight.is_awaited);
        awaited.next().map(|flight| flight.left)
    }

    /// After anything that told the machine the time.
    pub(crate) fn told_time(&mut self, machine: &PeerMachine, now: Timestamp) {
        if machine.is_negotiated() {
            self.negotiated.get_or_insert(now);
        }
        if machine.is_closed() {
            return;
        }
        if !machine.wants_write() {
            self.waits = None;
        } else {
            self.waits.get_or_insert(now);
        }
        // What the machine flushes of its own accord is seen by what it waits for.
        self.is_leaving |= machine.deadline_reason() == Some(Timer::Flush);
    }

    /// When the next obligation is due that the machine may not have told us of.
    pub(crate) fn due(&self, config: &Config) -> Option<Timestamp> {
        let timeouts = &config.timeouts;
        let grain = timeouts.grain;
        let mut due = Vec::new();
        if self.negotiated.is_none() {
            due.push(plus(self.born, timeouts.negotiation));
        }
        due.extend(timeouts.idle.map(|span| plus(self.heard, span)));
        if let (Some(since), Some(span)) = (self.waits, timeouts.write_stall) {
            due.push(plus(since, span));
        }
        if let (Some(since), Some(span)) = (self.pinged.or(self.negotiated), timeouts.ping_interval)
        {
            due.push(plus(since, span));
        }
        due.extend(self.farewell.map(|since| plus(since, timeouts.flush)));
        let next = due.into_iter().map(|at| plus(plus(at, grain), grain)).min();
        next.map(|at| plus(at, Duration::from_millis(1)))
    }

    /// After a tick everything that is due was done.
    pub(crate) fn after_tick(
        &mut self,
        machine: &PeerMachine,
        stats: &Stats,
        unpolled: bool,
        now: Timestamp,
    ) -> Check {
        let (config, link) = (machine.config(), machine.link());
        let timeouts = &config.timeouts;
        let is_late =
            |since: Timestamp, span: Duration| now >= plus(plus(since, span), timeouts.grain);
        if machine.is_closed() {
            return Ok(());
        }
        // The first tick after it tells the time, or the first one after the next grain.
        if self.is_leaving {
            let since = *self.farewell.get_or_insert(now);
            let late = is_late(since, timeouts.flush + timeouts.grain);
            demand!(!late, "the flush deadline is missed");
            return Ok(());
        }
        if self.hung_up || self.is_leaving {
            return Ok(());
        }
        if self.negotiated.is_none() {
            let late = is_late(self.born, timeouts.negotiation);
            demand!(!late, "the negotiation deadline is missed");
        }
        if let (Some(since), Some(span)) = (self.waits, timeouts.write_stall)
            && machine.wants_write()
        {
            demand!(
                !is_late(since, span),
                "the write-stall deadline is missed: nothing is taken since {since}"
            );
        }
        let most = config.limits.pings_in_flight;
        if stats.pings_in_flight >= most || machine.queued() > 0 {
            // It may have been this one's turn, and is left out: pings that wait count as well.
            self.pinged = Some(now);
        }
        let all_heard = !unpolled && machine.wants_read();
        if !all_heard {
            return Ok(());
        }
        if let Some(span) = timeouts.idle {
            demand!(!is_late(self.heard, span), "the idle deadline is missed");
        }
        if link.purpose == Purpose::AddressFetch
            && let Some(span) = timeouts.addr_fetch
        {
            demand!(
                !is_late(self.born, span),
                "the address-fetch deadline is missed"
            );
        }
        self.check_pings(machine, stats, now)
    }

    fn check_pings(&self, machine: &PeerMachine, stats: &Stats, now: Timestamp) -> Check {
        let timeouts = &machine.config().timeouts;
        let is_late =
            |since: Timestamp, span: Duration| now >= plus(plus(since, span), timeouts.grain);
        if let (Some(span), Some(since)) = (timeouts.pong, self.first_flight()) {
            let late = is_late(since, span + self.deaf + Duration::from_secs(2));
            demand!(!late, "the pong deadline is missed");
        }
        let most = machine.config().limits.pings_in_flight;
        if let (Some(span), Some(since)) = (timeouts.ping_interval, self.pinged.or(self.negotiated))
            && machine.queued() == 0
            && stats.pings_in_flight < most
        {
            demand!(!is_late(since, span), "no ping for {span:?}");
        }
        if self.negotiated.is_some() && timeouts.initial_ping && timeouts.ping_interval.is_some() {
            let silent = self.pings == 0 && machine.queued() == 0;
            demand!(!silent, "no ping at first");
        }
        Ok(())
    }

    /// A question whose remote is silent is not waited for longer than its span.
    pub(crate) fn check_requests(
        &self,
        config: &Config,
        stats: &Stats,
        book: &Book,
        now: Timestamp,
    ) -> Check {
        if self.hung_up || self.is_leaving {
            return Ok(());
        }
        if stats.requests_unwatched > 0 {
            return Ok(());
        }
        for asked in &book.asked {
            let Some(left) = asked.left else { continue };
            let since = if self.is_withheld {
                left
            } else {
                left.max(self.heard)
            };
            // What was deaf before it left is counted as well: that only makes this milder.
            let due = plus(plus(since, asked.span), config.timeouts.grain + self.deaf);
            demand!(
                now < plus(due, Duration::from_secs(2)),
                "ticket {} was asked {:?} ago, {} answers are missing, and nobody was told ({} in flight)",
                asked.ticket,
                now.saturating_since(left),
                asked.items.len().max(1),
                stats.requests_in_flight
            );
        }
        Ok(())
    }

    /// A deadline never comes early.
    pub(crate) fn check_end(
        &self,
        reason: &DisconnectReason,
        link: &Link,
        config: &Config,
        book: &Book,
    ) -> Check {
        let DisconnectReason::Timeout(timeout) = reason else {
            return Ok(());
        };
        let timeouts = &config.timeouts;
        let (since, span) = match timeout {
            Timeout::Negotiation => (Some(self.born), Some(timeouts.negotiation)),
            Timeout::V2Handshake(_) => (
                Some(self.born),
                timeouts.v2_stage.or(Some(timeouts.negotiation)),
            ),
            Timeout::Pong => (self.first_flight(), timeouts.pong),
            Timeout::Idle => (Some(self.received), timeouts.idle),
            Timeout::WriteStall => (self.waits, timeouts.write_stall),
            Timeout::AddrFetch => (Some(self.born), timeouts.addr_fetch),
            // Whoever answers what nobody asked answers nothing, which only the machine can tell.
            Timeout::Stall(_) if !self.is_withheld && !self.has_friend => return Ok(()),
            Timeout::Stall(_) => {
                let left = book
                    .asked
                    .iter()
                    .filter_map(|asked| Some((asked.left?, asked.span)));
                let first = left.min_by_key(|(left, span)| plus(*left, *span));
                if first.is_none() && !self.is_withheld {
                    return Ok(());
                }
                (first.map(|(left, _)| left), first.map(|(_, span)| span))
            }
            _ => return Ok(()),
        };
        let (Some(since), Some(span)) = (since, span) else {
            return Err(format!("{timeout} on a {link}, though nothing was due"));
        };
        let early = self.last < plus(since, span);
        demand!(
            !early,
            "{timeout} after {:?}, due after {span:?}",
            self.last.saturating_since(since)
        );
        Ok(())
    }

    /// Nobody is told too early that there was no answer.
    pub(crate) fn check_unanswered(&self, unanswered: &Unanswered, book: &Book) -> Check {
        let Some(ticket) = unanswered.ticket else {
            return Ok(());
        };
        let number = ticket.number();
        let Some(asked) = book.asked.iter().find(|asked| asked.ticket == number) else {
            return Ok(());
        };
        let Some(left) = asked.left else {
            return Err(format!("ticket {number} is unanswered before it has left"));
        };
        demand!(
            self.last >= plus(left, asked.span),
            "ticket {number} is given up too early"
        );
        Ok(())
    }
}
