//! A machine, driven as an adapter drives it. After every step everything is checked that must hold of a machine by
//! itself, whoever the remote is.

use std::sync::Arc;

use peer_core::message::Message;
use peer_core::{
    Config, DisconnectReason, Event, HangUp, Link, PeerMachine, Reaction, RequestKind, SendError,
    Stats, Ticket, Timestamp, TransportKind,
};

use super::book::{Asked, Book, payload};
use super::bound;
use super::tap::Tap;
use super::watch::Watch;
use super::{Check, demand};

/// What became of a message that the application gave.
#[derive(Debug)]
pub(crate) enum Taken {
    Queued,
    /// It comes back; `Writable` is owed.
    Full(Message),
    /// It cannot be sent here, or not any more.
    Refused,
}

pub(crate) struct Subject {
    pub(crate) machine: PeerMachine,
    pub(crate) book: Book,
    pub(crate) watch: Watch,
    pub(crate) stats: Stats,
    /// Why it is over, once that was told.
    pub(crate) over: Option<DisconnectReason>,
    /// What `Version` said, and `Negotiated`.
    pub(crate) is_introduced: bool,
    pub(crate) is_negotiated: bool,
    /// Bytes it was given, and bytes it gave.
    pub(crate) fed: u64,
    pub(crate) given: u64,
    /// There may be events that were not polled.
    pub(crate) unpolled: bool,
    /// A message was refused as `Full`: `Writable` is owed.
    pub(crate) owed_writable: bool,
    tap: Option<Tap>,
    standing: usize,
    clock: Timestamp,
    /// A tick was the last to tell the time.
    just_ticked: bool,
    pub(crate) steps: u64,
}

impl Subject {
    pub(crate) fn new(config: Arc<Config>, link: Link, now: Timestamp, seed: [u8; 32]) -> Self {
        let standing = bound::standing(&config);
        let machine = PeerMachine::from_seed(config, link, now, seed);
        let waits = machine.wants_write();
        let stats = machine.stats();
        let is_v1 = machine.transport() == Some(TransportKind::V1);
        Self {
            book: Book::default(),
            watch: Watch::new(now, waits),
            stats,
            over: None,
            is_introduced: false,
            is_negotiated: false,
            fed: 0,
            given: 0,
            unpolled: false,
            owed_writable: false,
            tap: is_v1.then(Tap::default),
            standing,
            clock: now,
            machine,
            just_ticked: false,
            steps: 0,
        }
    }

    /// The machine's time: the latest that it was told.
    pub(crate) fn clock(&self) -> Timestamp {
        self.clock
    }

    fn time(&mut self, now: Timestamp) -> Timestamp {
        self.clock = self.clock.max(now);
        self.just_ticked = false;
        self.watch.before(&self.machine, self.unpolled, self.clock);
        self.clock
    }

    /// The socket reads into the window. Returns how many bytes went there.
    pub(crate) fn feed(&mut self, bytes: &[u8], now: Timestamp) -> Result<usize, String> {
        let wants = self.machine.wants_read();
        let Some(window) = self.machine.inbound() else {
            demand!(!wants, "no window, though it wants to read");
            return Ok(0);
        };
        demand!(wants, "a window, though it does not want to read");
        demand!(!window.is_empty(), "an empty window");
        let n = window.len().min(bytes.len());
        window[..n].copy_from_slice(&bytes[..n]);
        let clock = self.time(now);
        self.machine.received(n, now);
        self.fed += n as u64;
        self.unpolled = true;
        self.watch.received(clock);
        self.after_time()?;
        Ok(n)
    }

    /// The socket takes `most` bytes at most, and puts them into `out`.
    pub(crate) fn take(&mut self, most: usize, now: Timestamp, out: &mut Vec<u8>) -> Check {
        let wants = self.machine.wants_write();
        let lent = self.machine.outbound();
        demand!(
            lent.is_empty() != wants,
            "lends {} bytes, wants_write {wants}",
            lent.len()
        );
        let mut len = 0;
        for slice in lent.slices() {
            demand!(!slice.is_empty(), "an empty slice");
            len += slice.len();
            let room = most - out.len();
            out.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        demand!(
            len == lent.len(),
            "slices of {len} bytes, said to be {}",
            lent.len()
        );
        self.time(now);
        self.machine.sent(out.len(), now);
        self.given += out.len() as u64;
        if let Some(tap) = &mut self.tap {
            let frames = tap.hear(out)?;
            self.book.saw(&frames);
        }
        self.machine.stats_into(&mut self.stats);
        if !out.is_empty() {
            self.watch.sent(&self.machine, &self.stats, self.clock);
        }
        let through = self.machine.sent_through();
        self.book
            .left(through.map_or(0, Ticket::number), self.clock);
        self.check_departures()?;
        self.after_time()
    }

    fn check_departures(&self) -> Check {
        let is_closed = self.machine.is_closed();
        let is_tapped = self.tap.is_some() && !is_closed;
        let through = self.machine.sent_through();
        self.book.check_watermark(through, is_tapped)?;
        if let Some(tap) = &self.tap {
            let (frames, bytes) = (tap.frames, tap.bytes);
            let sent = self.stats.traffic.sent.total();
            demand!(
                self.stats.frames_sent == frames,
                "{} frames, {frames} by the bytes",
                self.stats.frames_sent
            );
            demand!(
                sent.messages == frames,
                "{} messages, {frames} by the bytes",
                sent.messages
            );
            demand!(
                sent.bytes == bytes,
                "{} bytes of frames, {bytes} by the bytes",
                sent.bytes
            );
        }
        Ok(())
    }

    pub(crate) fn tick(&mut self, now: Timestamp) -> Check {
        let clock = self.time(now);
        self.machine.tick(now);
        self.just_ticked = !self.unpolled;
        if let Some(deadline) = self.machine.deadline() {
            demand!(
                deadline > clock,
                "after a tick at {clock} the deadline is {deadline} ({:?})",
                self.machine.deadline_reason()
            );
        }
        self.machine.stats_into(&mut self.stats);
        self.after_time()?;
        self.watch
            .after_tick(&self.machine, &self.stats, self.unpolled, clock)
    }

    pub(crate) fn hung_up(&mut self, how: HangUp, now: Timestamp) -> Check {
        self.time(now);
        self.machine.hung_up(how, now);
        self.watch.hung_up = true;
        self.unpolled = true;
        self.after_time()
    }

    fn after_time(&mut self) -> Check {
        self.watch.told_time(&self.machine, self.clock);
        self.check()
    }

    /// What holds at all times.
    pub(crate) fn check(&mut self) -> Check {
        self.steps += 1;
        let machine = &self.machine;
        machine.stats_into(&mut self.stats);
        let held = machine.memory_held();
        let bound = bound::bound(self.standing, machine.config(), self.fed, &self.book);
        demand!(
            held <= bound,
            "holds {held} bytes, at most {bound} are allowed"
        );
        let (received, sent) = (self.stats.bytes_received, self.stats.bytes_sent);
        demand!(
            received == self.fed || self.over.is_some(),
            "received {received}, {} by the wire",
            self.fed
        );
        demand!(
            sent == self.given,
            "sent {sent}, {} by the wire",
            self.given
        );
        let frames = self.stats.traffic.received.total();
        demand!(
            frames.bytes <= self.fed,
            "{} bytes of frames out of {}",
            frames.bytes,
            self.fed
        );
        demand!(
            frames.messages == self.stats.frames_received,
            "frames that were received do not add up"
        );
        if machine.is_closed() {
            let silent = !machine.wants_write() && !machine.wants_read() && machine.queued() == 0;
            demand!(silent, "says or wants something after the end");
            demand!(machine.deadline().is_none(), "has a deadline after the end");
        }
        Ok(())
    }

    /// The next event, and what every event must be like.
    pub(crate) fn poll(&mut self) -> Result<Option<Event>, String> {
        let event = self.machine.poll_event();
        let Some(event) = event else {
            self.unpolled = false;
            if self.machine.is_closed() {
                demand!(self.over.is_some(), "closed without a word");
            } else if core::mem::take(&mut self.just_ticked) && self.machine.wants_read() {
                // Whatever was given up by that tick is told by now.
                let config = self.machine.config();
                self.watch
                    .check_requests(config, &self.stats, &self.book, self.clock)?;
            }
            if self.owed_writable
                && !self.machine.is_closed()
                && self.over.is_none()
                && !self.watch.is_leaving
            {
                let low = self.machine.config().limits.send_low;
                demand!(
                    self.machine.queued() > low,
                    "Writable is owed, and {} wait",
                    self.machine.queued()
                );
            }
            return Ok(None);
        };
        demand!(self.over.is_none(), "{event:?} after the end");
        self.check()?;
        self.judge(&event)?;
        Ok(Some(event))
    }

    fn judge(&mut self, event: &Event) -> Check {
        match event {
            Event::Version(_) => {
                demand!(!self.is_introduced, "Version twice");
                self.is_introduced = true;
            }
            Event::Negotiated => {
                demand!(
                    self.is_introduced && !self.is_negotiated,
                    "Negotiated out of order"
                );
                demand!(self.machine.is_negotiated(), "Negotiated, and is not");
                self.is_negotiated = true;
            }
            Event::Message { message, .. } => self.judge_message(message)?,
            Event::Sent { through } => self.book.sent(*through)?,
            Event::Unsent { ticket, .. } => self.book.unsent(*ticket)?,
            Event::Writable => {
                demand!(self.owed_writable, "Writable, though nothing was refused");
                self.owed_writable = false;
            }
            Event::Unanswered(unanswered) => {
                self.watch.check_unanswered(unanswered, &self.book)?;
                let number = unanswered.ticket.map(Ticket::number);
                self.book.asked.retain(|asked| Some(asked.ticket) != number);
            }
            Event::Disconnected {
                reason,
                sent_through,
            } => {
                demand!(self.machine.is_closed(), "Disconnected, and is not");
                demand!(
                    self.stats.disconnect_reason.as_ref() == Some(reason),
                    "two reasons for one end"
                );
                self.watch.check_end(
                    reason,
                    self.machine.link(),
                    self.machine.config(),
                    &self.book,
                )?;
                self.book.over(*sent_through)?;
                self.over = Some(reason.clone());
            }
            _ => {}
        }
        Ok(())
    }

    fn hears_early_rejects(&self) -> bool {
        self.machine.config().strictness.early_reject == Reaction::Deliver
    }

    fn judge_message(&mut self, message: &Message) -> Check {
        use peer_core::message::Phase;
        let phase = message.kind().map(peer_core::message::MessageKind::phase);
        match phase {
            // Why it said nothing else, from who refused our `version`.
            Some(_) if self.hears_early_rejects() && matches!(message, Message::Reject(_)) => {}
            Some(Phase::Established) => {
                demand!(self.is_negotiated, "{message:?} before Negotiated");
            }
            Some(_) => {
                demand!(self.is_introduced, "{message:?} before Version");
            }
            None => {}
        }
        match message {
            Message::Pong(_) => self.watch.ponged(),
            Message::Headers(_) => self.book.answered_question(),
            Message::Block(block) => self.book.answered(&[block.block_hash().into()]),
            Message::Tx(tx) => self.book.answered(&[tx.txid().into(), tx.wtxid().into()]),
            Message::NotFound(list) => {
                for item in list {
                    self.book.answered(&[item.hash]);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The application sends; the message comes back where the queue is full.
    pub(crate) fn send(&mut self, message: Message) -> Result<Taken, String> {
        let limits = self.machine.config().limits;
        let before = self.machine.queued();
        let asked = match &message {
            Message::GetData(list) if !list.is_empty() => Some(RequestKind::Transactions),
            Message::GetHeaders(_) => Some(RequestKind::GetHeaders),
            _ => None,
        };
        match self.machine.send(message.clone()) {
            Ok(ticket) => {
                demand!(before < limits.send_high, "taken with {before} queued");
                self.promise(ticket, &message)?;
                let timeouts = self.machine.config().timeouts.requests;
                if let Some(span) = asked.and_then(|kind| timeouts.of(kind)) {
                    let items: Vec<_> = match &message {
                        Message::GetData(list) => list.iter().map(|item| item.hash).collect(),
                        _ => Vec::new(),
                    };
                    self.book.asked.push_back(Asked {
                        ticket: ticket.number(),
                        left: None,
                        span,
                        is_data: !items.is_empty(),
                        items,
                    });
                }
                self.check()?;
                Ok(Taken::Queued)
            }
            Err(SendError::Full(_)) => {
                demand!(before >= limits.send_high, "full with {before} queued");
                self.owed_writable = true;
                Ok(Taken::Full(message))
            }
            Err(SendError::Closed) => {
                let is_ending = self.machine.deadline_reason() == Some(peer_core::Timer::Flush);
                let may = is_ending
                    || self.machine.is_closed()
                    || self.watch.is_leaving
                    || self.watch.hung_up
                    || self.unpolled;
                demand!(may, "refused as closed, and is not");
                Ok(Taken::Refused)
            }
            Err(SendError::Purpose { .. } | SendError::Encode(_)) => Ok(Taken::Refused),
            Err(error) => Err(format!("{}: {error}", message.command())),
        }
    }

    fn promise(&mut self, ticket: Ticket, message: &Message) -> Check {
        let version = self.machine.remote().map_or_else(
            || self.machine.config().protocol_version,
            |remote| remote.protocol_version,
        );
        let payload = payload(self.machine.config(), version, message).unwrap_or_default();
        self.book
            .promise(ticket, Some(message), payload.len() + 64)?;
        if self.tap.is_some() {
            self.book
                .expect_tapped(ticket, message.command().to_bytes(), &payload);
        }
        Ok(())
    }

    /// A message that the machine made of what the application has.
    pub(crate) fn promise_pushed(&mut self, ticket: Ticket, message: &Message) -> Check {
        self.promise(ticket, message)?;
        self.check()
    }

    /// The application says goodbye.
    pub(crate) fn disconnect(&mut self) -> Check {
        self.machine.disconnect();
        self.watch.is_leaving = true;
        self.unpolled = true;
        self.check()
    }
}
