//! Pings and pongs (BIP31): are they there, and how far away?
//!
//! Several pings may be in flight (automatic ones and the application's own); each pong is matched
//! by its nonce. The clock of a ping starts when its last byte has left. Remotes too old for
//! nonces get the ping without one, which nobody answers and nobody awaits.

use alloc::collections::VecDeque;
use core::time::Duration;

use crate::error::{DisconnectReason, Timeout};
use crate::message::{Message, Ping, Pong};
use crate::protocol::Cx;
use crate::time::Timestamp;
use crate::timer::Timer;
use crate::transport::outbox::Lane;

/// Pings on their way.
#[derive(Debug, Default)]
pub(super) struct Keepalive {
    /// Nonces of pings whose last byte has not left.
    queued: VecDeque<u64>,
    /// Pings whose pong is awaited, in the order of leaving; at most
    /// [`Limits::pings_in_flight`](crate::Limits).
    flights: VecDeque<Flight>,
    /// Pings given up on: a pong for one of them comes late, not unasked.
    given_up: u64,
    /// Time in which the remote could not be heard through our own doing, since something was last
    /// outstanding.
    grace: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    nonce: u64,
    left_at: Timestamp,
}

/// Answers a ping of the remote, if it has a nonce.
pub(super) fn answer(cx: &mut Cx<'_>, ping: &Ping) {
    if let Some(nonce) = ping.nonce {
        cx.send_own(Lane::Control, &Message::Pong(Pong { nonce }), 0);
    }
}

impl Keepalive {
    /// The connection is up.
    pub(super) fn start(&mut self, cx: &mut Cx<'_>) {
        let timeouts = &cx.config.timeouts;
        match timeouts.ping_interval {
            Some(_) if timeouts.initial_ping => self.ping(cx),
            Some(interval) => cx.timers.set(Timer::Ping, cx.now.saturating_add(interval)),
            None => {}
        }
    }

    /// A ping is about to be queued; its nonce says which one when it has left.
    pub(super) fn on_queued(&mut self, ping: &Ping) -> u64 {
        self.queued.extend(ping.nonce);
        ping.nonce.unwrap_or_default()
    }

    /// A ping has left.
    pub(super) fn on_sent(&mut self, cx: &mut Cx<'_>, nonce: u64) {
        // Almost always the first: only automatic pings overtake.
        let queued = self.queued.iter().position(|queued| *queued == nonce);
        if queued.and_then(|index| self.queued.remove(index)).is_none() {
            return;
        }
        self.flights.push_back(Flight {
            nonce,
            left_at: cx.now,
        });
        cx.stats.last_ping = Some(cx.now);
        // Pings of the application are not limited in number, the memory of them is.
        let most = cx.config.limits.pings_in_flight.max(1);
        self.give_up(self.flights.len().saturating_sub(most));
        if let Some(deadline) = cx.config.timeouts.pong
            && !cx.timers.is_set(Timer::Pong)
        {
            cx.timers.set(Timer::Pong, cx.now.saturating_add(deadline));
        }
        self.count(cx);
    }

    /// A pong of the remote; false if nobody asked for it. A zero nonce means "I do not know
    /// which" and cancels what is outstanding, as it does in Core.
    pub(super) fn on_pong(&mut self, cx: &mut Cx<'_>, pong: &Pong) -> bool {
        let answered = self
            .flights
            .iter()
            .position(|flight| flight.nonce == pong.nonce);
        if let Some(index) = answered {
            // Pongs come in order: what left earlier will hardly be answered any more.
            self.give_up(index);
            if let Some(flight) = self.flights.pop_front() {
                let trip = cx.now.saturating_since(flight.left_at);
                cx.stats.ping = Some(trip);
                cx.stats.min_ping = Some(cx.stats.min_ping.map_or(trip, |least| least.min(trip)));
            }
        } else if pong.nonce == 0 && !self.flights.is_empty() {
            self.give_up(usize::MAX);
        } else if self.given_up > 0 {
            self.given_up = self.given_up.saturating_sub(1);
        } else {
            return false;
        }
        self.count(cx);
        true
    }

    /// A pong too short for its nonce cancels what is outstanding, as it does in Core.
    pub(super) fn on_short_pong(&mut self, cx: &mut Cx<'_>) {
        self.give_up(usize::MAX);
        self.count(cx);
    }

    /// For `span` the remote could not be heard, through our own doing: it gets its time back.
    pub(super) fn on_deafness(&mut self, span: Duration) {
        if !self.flights.is_empty() {
            self.grace = self.grace.saturating_add(span);
        }
    }

    pub(super) fn on_timer(
        &mut self,
        cx: &mut Cx<'_>,
        timer: Timer,
    ) -> Result<(), DisconnectReason> {
        if timer == Timer::Ping {
            self.ping(cx);
            return Ok(());
        }
        let (Some(oldest), Some(deadline)) = (self.flights.front(), cx.config.timeouts.pong) else {
            return Ok(());
        };
        let due = oldest
            .left_at
            .saturating_add(deadline)
            .saturating_add(self.grace);
        if due <= cx.now {
            return Err(DisconnectReason::Timeout(Timeout::Pong));
        }
        cx.timers.set(Timer::Pong, due);
        Ok(())
    }

    /// Sends the automatic ping and arms the next one.
    fn ping(&mut self, cx: &mut Cx<'_>) {
        if let Some(interval) = cx.config.timeouts.ping_interval {
            cx.timers.set(Timer::Ping, cx.now.saturating_add(interval));
        }
        let on_their_way = self.flights.len().saturating_add(self.queued.len());
        if on_their_way >= cx.config.limits.pings_in_flight {
            return;
        }
        let with_nonce = cx.version() >= cx.config.network.gates.pong;
        let ping = Ping {
            nonce: with_nonce.then(|| cx.rng.next_nonzero()),
        };
        let token = ping.nonce.unwrap_or_default();
        if cx.send_own(Lane::Control, &Message::Ping(ping), token) {
            self.on_queued(&ping);
        }
    }

    /// Awaits no pong any more for the `count` pings that left first.
    fn give_up(&mut self, count: usize) {
        let count = count.min(self.flights.len());
        self.flights.drain(..count);
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.given_up = self.given_up.saturating_add(count);
    }

    fn count(&mut self, cx: &mut Cx<'_>) {
        cx.stats.pings_in_flight = self.flights.len();
        cx.stats.ping_nonce = self.flights.back().map(|flight| flight.nonce);
        cx.stats.ping_since = self.flights.front().map(|flight| flight.left_at);
        if self.flights.is_empty() {
            self.flights = VecDeque::new();
            self.grace = Duration::ZERO;
            cx.timers.stop(Timer::Pong);
        }
    }
}
