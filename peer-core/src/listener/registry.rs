//! [`Listeners`]: which listeners there are, and in which order they hear.
//!
//! For adapters. It holds no lock, contains no panic and knows no thread: an adapter whose
//! listeners may come and go while one of them runs lends them out one by one.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::{MessageListener, dispatch};
use crate::event::Event;

/// A listener of any kind that can be handed to another thread.
pub type BoxedListener = Box<dyn MessageListener + Send>;

/// Names a listener of one registry. Never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(u64);

/// Listeners of one connection, in the order in which they were added.
///
/// How many there are is for the application to say: the remote has no part in it.
///
/// ```
/// use peer_core::{Event, Listeners, MessageListener};
///
/// struct Greeter;
///
/// impl MessageListener for Greeter {
///     fn on_verack(&mut self) {
///         println!("hello");
///     }
/// }
///
/// let mut listeners = Listeners::default();
/// let greeter = listeners.add(Box::new(Greeter));
/// listeners.dispatch(&Event::Negotiated);
/// assert!(listeners.remove(greeter).is_some());
/// ```
#[derive(Default)]
pub struct Listeners {
    /// By rising id.
    entries: Vec<Entry>,
    /// Of the next one that is added.
    next: u64,
}

/// How far one event has come among the listeners there were when it began.
#[derive(Debug)]
pub struct Round {
    next: u64,
    end: u64,
}

struct Entry {
    id: ListenerId,
    /// None while it is lent out.
    listener: Option<BoxedListener>,
}

impl Listeners {
    /// Adds a listener, behind those that are there. It hears what is dispatched from now on.
    pub fn add(&mut self, listener: BoxedListener) -> ListenerId {
        let id = ListenerId(self.next);
        self.next = self.next.saturating_add(1);
        self.entries.push(Entry {
            id,
            listener: Some(listener),
        });
        id
    }

    /// Removes a listener and gives it back. `None` if there is none of that name, or it is lent
    /// out: then [`give_back`](Self::give_back) returns it to whoever brings it.
    pub fn remove(&mut self, id: ListenerId) -> Option<BoxedListener> {
        let index = self.position(id)?;
        self.entries.remove(index).listener
    }

    /// Calls every listener, in the order in which they were added.
    pub fn dispatch(&mut self, event: &Event) {
        for entry in &mut self.entries {
            if let Some(listener) = &mut entry.listener {
                dispatch(event, &mut **listener);
            }
        }
    }

    /// Whether there is a listener of that name, lent out or not.
    pub fn contains(&self, id: ListenerId) -> bool {
        self.position(id).is_some()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Begins to call the listeners there are now, one by one, for one event.
    pub fn round(&self) -> Round {
        Round {
            next: 0,
            end: self.next,
        }
    }

    /// Takes out the next listener of the round, to be called while this registry is not borrowed:
    /// others may come and go meanwhile, and so may this one. It keeps its place until it is
    /// removed.
    pub fn lend(&mut self, round: &mut Round) -> Option<(ListenerId, BoxedListener)> {
        let first = self
            .entries
            .partition_point(|entry| entry.id.0 < round.next);
        let entries = self.entries.get_mut(first..)?;
        let (id, listener) = entries
            .iter_mut()
            .take_while(|entry| entry.id.0 < round.end)
            .find_map(|entry| Some((entry.id, entry.listener.take()?)))?;
        round.next = id.0.saturating_add(1);
        Some((id, listener))
    }

    /// Puts a lent listener back in its place; hands it out again if it was removed meanwhile.
    pub fn give_back(&mut self, id: ListenerId, listener: BoxedListener) -> Option<BoxedListener> {
        let place = self.position(id).and_then(|at| self.entries.get_mut(at));
        match place {
            Some(entry) => entry.listener.replace(listener),
            None => Some(listener),
        }
    }

    fn position(&self, id: ListenerId) -> Option<usize> {
        self.entries
            .binary_search_by_key(&id, |entry| entry.id)
            .ok()
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.entries.iter().map(|entry| entry.id);
        f.debug_set().entries(ids).finish()
    }
}
