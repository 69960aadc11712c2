//! A queue with two bounds: how many entries, and how many bytes they keep alive.

use std::collections::VecDeque;

use peer_core::message::Message;
use peer_core::{Command, Event, Outgoing};

use super::Request;

/// Bytes an entry keeps alive, where they can be many.
pub(super) trait Weigh {
    fn weight(&self) -> usize;
}

/// Takes entries while it has room; the last one taken may overshoot the bytes.
#[derive(Debug)]
pub(super) struct Bounded<T> {
    entries: VecDeque<T>,
    bytes: usize,
    max_entries: usize,
    max_bytes: usize,
}

impl<T: Weigh> Bounded<T> {
    pub(super) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            max_entries,
            max_bytes,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.entries.len() < self.max_entries && self.bytes < self.max_bytes
    }

    pub(super) fn is_half_empty(&self) -> bool {
        self.entries.len() <= self.max_entries / 2 && self.bytes <= self.max_bytes / 2
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes it whether there is room or not: the caller has asked, or has its reasons.
    pub(super) fn push(&mut self, entry: T) {
        self.bytes = self.bytes.saturating_add(entry.weight());
        self.entries.push_back(entry);
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let entry = self.entries.pop_front()?;
        self.bytes = self.bytes.saturating_sub(entry.weight());
        if self.entries.is_empty() {
            // What a burst has allocated does not stay with an idle connection.
            self.entries.shrink_to(IDLE_CAPACITY);
        }
        Some(entry)
    }

    pub(super) fn drain(&mut self) -> VecDeque<T> {
        self.bytes = 0;
        std::mem::take(&mut self.entries)
    }
}

impl Weigh for Event {
    fn weight(&self) -> usize {
        match self {
            Self::Message { wire_len, .. } => *wire_len as usize,
            Self::Read(frame) | Self::Wrote(frame) => frame.payload.len(),
            _ => 0,
        }
    }
}

impl Weigh for Request {
    fn weight(&self) -> usize {
        match &self.command {
            Command::Send(outgoing) => weight_of(outgoing),
            Command::PushAddr(list) | Command::PushAddrV2(list) | Command::AnswerGetAddr(list) => {
                size_of_val(list.as_slice())
            }
            _ => 0,
        }
    }
}

fn weight_of(outgoing: &Outgoing) -> usize {
    match outgoing {
        Outgoing::Encoded(encoded) => encoded.payload().len(),
        Outgoing::Message(Message::Block(block), _) => block.total_size(),
        Outgoing::Message(Message::Tx(tx), _) => tx.total_size(),
        Outgoing::Message(Message::Unknown { payload, .. }, _) => payload.len(),
        Outgoing::Message(..) => 0,
    }
}

/// Entries an idle queue keeps room for.
const IDLE_CAPACITY: usize = 4;
