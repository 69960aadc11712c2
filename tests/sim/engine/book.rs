//! What a machine promised: every message that it took has a ticket, leaves in that order, and is told of once.

use std::collections::VecDeque;

use peer_core::message::{Codec, Message};
use peer_core::wire::{Hash, TxEncoding};
use peer_core::{Config, Ticket, Timestamp};

use super::{Check, demand};
use crate::sim::tap::Tapped;

/// A message on its way, as the other side must see it.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    pub(crate) ticket: u64,
    pub(crate) message: Message,
}

/// A question of ours that is owed an answer.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) ticket: u64,
    /// When its last byte had left.
    pub(crate) left: Option<Timestamp>,
    pub(crate) span: core::time::Duration,
    pub(crate) is_data: bool,
    /// Objects of a `getdata` that have not come.
    pub(crate) items: Vec<Hash>,
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    /// The last ticket that was given out.
    last: u64,
    /// The last one that was told to have left.
    pub(crate) told: u64,
    /// Tickets that were not told of, with the bytes that they stand for.
    open: VecDeque<(u64, usize)>,
    open_bytes: usize,
    largest: usize,
    /// What the other side has not heard yet.
    pub(crate) outgoing: VecDeque<Promise>,
    /// What was not seen among the frames that left, in v1.
    untapped: VecDeque<(u64, [u8; 12], u64)>,
    /// The last ticket that was seen there.
    tapped: u64,
    pub(crate) asked: VecDeque<Asked>,
    /// Tickets that turned out to be impossible to send.
    pub(crate) impossible: u64,
    /// Entries of `addr` and `addrv2` among what the other side heard.
    pub(crate) addresses_heard: u64,
}

impl Book {
    /// The machine took a message. `None` is a decoy, which the other side does not hear.
    pub(crate) fn promise(
        &mut self,
        ticket: Ticket,
        message: Option<&Message>,
        len: usize,
    ) -> Check {
        let number = ticket.number();
        demand!(
            number == self.last + 1,
            "ticket {number} after {}",
            self.last
        );
        self.last = number;
        self.open.push_back((number, len));
        self.open_bytes += len;
        self.largest = self.largest.max(len);
        if let Some(message) = message {
            self.outgoing.push_back(Promise {
                ticket: number,
                message: message.clone(),
            });
        }
        Ok(())
    }

    /// The same message will be looked for among the frames that leave.
    pub(crate) fn expect_tapped(&mut self, ticket: Ticket, command: [u8; 12], payload: &[u8]) {
        let digest = super::trace::digest(payload);
        self.untapped.push_back((ticket.number(), command, digest));
    }

    /// Frames that left. Those of the machine's own are passed over.
    pub(crate) fn saw(&mut self, frames: &[Tapped]) {
        for frame in frames {
            let Some((ticket, command, digest)) = self.untapped.front() else {
                continue;
            };
            if *command == frame.command && *digest == super::trace::digest(&frame.payload) {
                self.tapped = *ticket;
                self.untapped.pop_front();
            }
        }
    }

    /// Everything through this ticket has left, says the machine by event.
    pub(crate) fn sent(&mut self, through: Ticket) -> Check {
        let number = through.number();
        demand!(number > self.told, "Sent {number} after {}", self.told);
        self.resolve(number)
    }

    fn resolve(&mut self, through: u64) -> Check {
        demand!(
            through <= self.last,
            "Sent {through}, the last is {}",
            self.last
        );
        self.told = self.told.max(through);
        while self
            .open
            .front()
            .is_some_and(|(ticket, _)| *ticket <= through)
        {
            if let Some((_, len)) = self.open.pop_front() {
                self.open_bytes -= len;
            }
        }
        Ok(())
    }

    /// The watermark, as the machine tells it when it is looked at.
    pub(crate) fn check_watermark(&self, through: Option<Ticket>, is_tapped: bool) -> Check {
        let through = through.map_or(0, Ticket::number);
        demand!(
            through >= self.told,
            "sent through {through}, told {}",
            self.told
        );
        demand!(
            through <= self.last,
            "sent through {through} of {}",
            self.last
        );
        if is_tapped {
            let seen = self.tapped;
            demand!(
                through == seen,
                "sent through {through}, but {seen} by the bytes"
            );
        }
        Ok(())
    }

    /// It turned out to be impossible.
    pub(crate) fn unsent(&mut self, ticket: Ticket) -> Check {
        let number = ticket.number();
        let place = self.open.iter().position(|(open, _)| *open == number);
        let gone = place.and_then(|place| self.open.remove(place));
        demand!(gone.is_some(), "ticket {number} is told of twice");
        self.open_bytes -= gone.map_or(0, |(_, len)| len);
        self.outgoing.retain(|promise| promise.ticket != number);
        self.untapped.retain(|(waiting, ..)| *waiting != number);
        self.asked.retain(|asked| asked.ticket != number);
        self.impossible += 1;
        Ok(())
    }

    /// The end: what is not among these was not sent.
    pub(crate) fn over(&mut self, through: Option<Ticket>) -> Check {
        let through = through.map_or(0, Ticket::number);
        demand!(
            through >= self.told,
            "at the end {through}, told {}",
            self.told
        );
        self.resolve(through)?;
        self.open.clear();
        self.open_bytes = 0;
        self.outgoing.retain(|promise| promise.ticket <= through);
        self.asked.clear();
        Ok(())
    }

    /// Which questions have left by now.
    pub(crate) fn left(&mut self, through: u64, now: Timestamp) {
        for asked in &mut self.asked {
            if asked.ticket <= through {
                asked.left.get_or_insert(now);
            }
        }
    }

    /// An object came that has one of these names: the oldest `getdata` for it has it.
    pub(crate) fn answered(&mut self, names: &[Hash]) {
        for asked in &mut self.asked {
            if let Some(place) = asked.items.iter().position(|item| names.contains(item)) {
                asked.items.remove(place);
                break;
            }
        }
        self.asked
            .retain(|asked| !asked.is_data || !asked.items.is_empty());
    }

    /// `headers` came: the oldest question for them is answered.
    pub(crate) fn answered_question(&mut self) {
        let place = self.asked.iter().position(|asked| !asked.is_data);
        place.and_then(|place| self.asked.remove(place));
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    pub(crate) const fn queued_bytes(&self) -> usize {
        self.open_bytes
    }

    pub(crate) const fn largest(&self) -> usize {
        self.largest
    }

    pub(crate) fn items_asked(&self) -> usize {
        self.asked.iter().map(|asked| asked.items.len() + 4).sum()
    }
}

/// The payload of a message at a protocol version.
pub(crate) fn payload(config: &Config, version: u32, message: &Message) -> Option<bytes::Bytes> {
    let codec = Codec::new(&config.network, version, &config.limits.message);
    message.payload(&codec, TxEncoding::Witness).ok()
}
