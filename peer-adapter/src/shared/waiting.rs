//! Futures that wait for the same thing, served in the order in which they came.

use std::collections::BTreeMap;
use std::task::Waker;

use super::register;

/// A line of waiting futures. Each has an id, and leaves the line when it is dropped, so that
/// futures given up half-way leave nothing behind.
#[derive(Debug, Default)]
pub(super) struct WaitList {
    next: u64,
    line: BTreeMap<u64, Option<Waker>>,
}

impl WaitList {
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// Goes to the end of the line.
    pub(super) fn join(&mut self) -> u64 {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        self.line.insert(id, None);
        id
    }

    /// Whether nobody stands before `id`.
    pub(super) fn is_first(&self, id: u64) -> bool {
        self.line
            .first_key_value()
            .is_none_or(|(first, _)| *first >= id)
    }

    /// Remembers whom to wake.
    pub(super) fn wait(&mut self, id: u64, waker: &Waker) {
        register(self.line.entry(id).or_default(), waker);
    }

    pub(super) fn leave(&mut self, id: u64) {
        self.line.remove(&id);
    }

    /// Whom to wake when there is room for one; it keeps its place until it leaves.
    pub(super) fn first(&mut self) -> Option<Waker> {
        self.line.values_mut().next()?.take()
    }

    /// Whom to wake when all are served.
    pub(super) fn drain(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.line)
            .into_values()
            .flatten()
            .collect()
    }
}
