//! Pings and pongs (BIP31): are they there, and how far away?
//!
//! Several pings may be in flight (automatic ones and the application's own); each pong is matched
//! by its nonce. The clock of a ping starts when its last byte has left. Remotes too old for
//! nonces get the ping without one, which nobody answers and nobody awaits.

use alloc::collections::VecDeque;

use crate::error::{DisconnectReason, Timeout};
use crate::message::{Message, Ping, Pong};
use crate::protocol::Cx;
use crate::time::Timestamp;
use crate::timer::Timer;
use crate::transport::outbox::Lane;

/// Pings awaiting their pongs.
#[derive(Debug, Default)]
pub(super) struct Keepalive {
    flights: VecDeque<Flight>,
}

#[derive(Debug)]
struct Flight {
    nonce: u64,
    /// `None` while its last byte has not left.
    sent_at: Option<Timestamp>,
}

/// What identifies a message of ours when its frame has left: the nonce of a ping.
pub(crate) fn token(message: &Message) -> u64 {
    match message {
        Message::Ping(ping) => ping.nonce.unwrap_or_default(),
        _ => 0,
    }
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

    /// The application queued a ping of its own.
    pub(super) fn on_queued(&mut self, ping: &Ping) {
        if let Some(nonce) = ping.nonce {
            self.flights.push_back(Flight {
                nonce,
                sent_at: None,
            });
        }
    }

    /// A ping has left.
    pub(super) fn on_sent(&mut self, cx: &mut Cx<'_>, nonce: u64) {
        // Pings of the application are not limited in number, the memory of them is.
        let surplus = self
            .flights
            .len()
            .saturating_sub(cx.config.limits.pings_in_flight.max(1));
        let sent = self
            .flights
            .iter()
            .take_while(|flight| flight.sent_at.is_some())
            .count();
        self.flights.drain(..surplus.min(sent));
        let unsent = |flight: &&mut Flight| flight.sent_at.is_none() && flight.nonce == nonce;
        let Some(flight) = self.flights.iter_mut().find(unsent) else {
            return;
        };
        flight.sent_at = Some(cx.now);
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
        let answered = |flight: &&Flight| flight.nonce == pong.nonce;
        match self
            .flights
            .iter()
            .find(answered)
            .and_then(|flight| flight.sent_at)
        {
            Some(sent_at) => {
                let trip = cx.now.saturating_since(sent_at);
                cx.stats.ping = Some(trip);
                cx.stats.min_ping = Some(cx.stats.min_ping.map_or(trip, |least| least.min(trip)));
                // Pongs come in order: what left earlier will not be answered any more.
                self.flights
                    .retain(|flight| flight.sent_at.is_none_or(|at| at > sent_at));
            }
            None if pong.nonce == 0 && self.is_owed() => self.forget_sent(),
            None => return false,
        }
        self.count(cx);
        true
    }

    /// A pong too short for its nonce cancels what is outstanding, as it does in Core.
    pub(super) fn on_short_pong(&mut self, cx: &mut Cx<'_>) {
        self.forget_sent();
        self.count(cx);
    }

    /// The remote could not be heard for a while, through our fault: it gets its time back.
    pub(super) fn on_reopened(&self, cx: &mut Cx<'_>) {
        if let Some(deadline) = cx.config.timeouts.pong
            && cx.timers.is_set(Timer::Pong)
        {
            cx.timers.set(Timer::Pong, cx.now.saturating_add(deadline));
        }
    }

    /// `suspended`: bytes of the remote wait unopened, a pong may be among them.
    pub(super) fn on_timer(
        &mut self,
        cx: &mut Cx<'_>,
        timer: Timer,
        suspended: bool,
    ) -> Result<(), DisconnectReason> {
        if timer == Timer::Ping {
            self.ping(cx);
            return Ok(());
        }
        if suspended {
            cx.timers.set(Timer::Pong, cx.now);
            self.on_reopened(cx);
            return Ok(());
        }
        let oldest = self
            .flights
            .iter()
            .filter_map(|flight| flight.sent_at)
            .min();
        let (Some(oldest), Some(deadline)) = (oldest, cx.config.timeouts.pong) else {
            return Ok(());
        };
        let due = oldest.saturating_add(deadline);
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
        if self.flights.len() >= cx.config.limits.pings_in_flight {
            return;
        }
        let with_nonce = cx.version() >= cx.config.network.gates.pong;
        let ping = Ping {
            nonce: with_nonce.then(|| cx.rng.next_nonzero()),
        };
        self.on_queued(&ping);
        let message = Message::Ping(ping);
        cx.send_own(Lane::Control, &message, token(&message));
    }

    fn is_owed(&self) -> bool {
        self.flights.iter().any(|flight| flight.sent_at.is_some())
    }

    fn forget_sent(&mut self) {
        self.flights.retain(|flight| flight.sent_at.is_none());
    }

    fn count(&self, cx: &mut Cx<'_>) {
        let sent = self
            .flights
            .iter()
            .filter(|flight| flight.sent_at.is_some());
        cx.stats.pings_in_flight = sent.count();
        if cx.stats.pings_in_flight == 0 {
            cx.timers.stop(Timer::Pong);
        }
    }
}
