//! Messages and bytes by command, both ways (Core: `bytesrecv_per_msg`, `bytessent_per_msg`).
//!
//! A connection uses a dozen of the commands there are, so only those that came have an entry.

use alloc::vec::Vec;

use crate::message::{CommandName, MessageKind};

/// What went over the wire, by command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Frames received.
    pub received: CommandCounters,
    /// Frames of which every byte has left.
    pub sent: CommandCounters,
}

/// How much of one command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommandCounter {
    /// Frames.
    pub messages: u64,
    /// Bytes of these frames on the wire, headers included.
    pub bytes: u64,
}

/// Counters of one direction. Commands that are not in the table of messages, commands that are no names, and frames
/// whose checksum was wrong count together under `None`, which Core calls `*other*`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CommandCounters {
    /// Apart, so that a stranger's nonsense costs no memory.
    other: CommandCounter,
    /// In the order of the table of messages.
    entries: Vec<(MessageKind, CommandCounter)>,
}

impl CommandCounters {
    /// The counter of `kind`; `None` for everything that has no kind.
    pub fn get(&self, kind: Option<MessageKind>) -> CommandCounter {
        let Some(kind) = kind else { return self.other };
        let index = self.find(kind).ok();
        let entry = index.and_then(|index| self.entries.get(index));
        entry.map_or_else(CommandCounter::default, |(_, counter)| *counter)
    }

    /// All counters that are not zero, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (Option<MessageKind>, CommandCounter)> + '_ {
        let other = Some((None, self.other)).filter(|_| self.other != CommandCounter::default());
        let entries = self.entries.iter();
        other
            .into_iter()
            .chain(entries.map(|(kind, counter)| (Some(*kind), *counter)))
    }

    /// The same under the names that `getpeerinfo` gives them.
    pub fn named(&self) -> impl Iterator<Item = (CommandName, CommandCounter)> + '_ {
        self.iter()
            .map(|(kind, counter)| (kind.map_or(OTHER, MessageKind::command), counter))
    }

    /// All commands together.
    pub fn total(&self) -> CommandCounter {
        self.iter()
            .fold(CommandCounter::default(), |mut sum, (_, counter)| {
                sum.add(counter.messages, counter.bytes);
                sum
            })
    }

    /// Counts so many frames and bytes.
    pub(crate) fn add(&mut self, kind: Option<MessageKind>, messages: u64, bytes: u64) {
        let Some(kind) = kind else {
            return self.other.add(messages, bytes);
        };
        let index = self.find(kind).unwrap_or_else(|index| {
            self.entries
                .insert(index, (kind, CommandCounter::default()));
            index
        });
        if let Some((_, counter)) = self.entries.get_mut(index) {
            counter.add(messages, bytes);
        }
    }

    fn find(&self, kind: MessageKind) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&kind, |(kind, _)| *kind)
    }
}

impl CommandCounter {
    fn add(&mut self, messages: u64, bytes: u64) {
        self.messages = self.messages.saturating_add(messages);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

impl Clone for CommandCounters {
    fn clone(&self) -> Self {
        Self {
            other: self.other,
            entries: self.entries.clone(),
        }
    }

    /// Uses the memory that is there: adapters copy these often.
    fn clone_from(&mut self, from: &Self) {
        self.other = from.other;
        self.entries.clone_from(&from.entries);
    }
}

impl Traffic {
    /// Copies without allocating where there is room.
    pub(crate) fn copy_from(&mut self, from: &Self) {
        self.received.clone_from(&from.received);
        self.sent.clone_from(&from.sent);
    }
}

/// Core's `NET_MESSAGE_TYPE_OTHER`.
const OTHER: CommandName = match CommandName::new("*other*") {
    Ok(name) => name,
    Err(_) => MessageKind::Verack.command(),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_command_and_in_all() {
        let mut counters = CommandCounters::default();
        counters.add(Some(MessageKind::Tx), 1, 250);
        counters.add(None, 1, 26);
        counters.add(Some(MessageKind::Ping), 1, 32);
        counters.add(Some(MessageKind::Tx), 1, 300);
        let tx = counters.get(Some(MessageKind::Tx));
        assert_eq!((tx.messages, tx.bytes), (2, 550));
        assert_eq!(counters.get(Some(MessageKind::Pong)).messages, 0);
        let total = counters.total();
        assert_eq!((total.messages, total.bytes), (4, 608));
        let names = counters.named().map(|(name, _)| alloc::format!("{name}"));
        assert_eq!(names.collect::<Vec<_>>(), ["*other*", "ping", "tx"]);
    }

    #[test]
    fn a_count_at_the_end_of_numbers_stays_there() {
        let mut counters = CommandCounters::default();
        counters.add(None, u64::MAX, u64::MAX);
        counters.add(None, 1, 1);
        assert_eq!(counters.total().messages, u64::MAX);
    }
}
