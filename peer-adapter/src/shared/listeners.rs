//! The events of a connection, for those who are called.
//!
//! A listener is the application's code: it may panic, add and remove listeners, itself included,
//! and use every handle. So it is taken out of the shared state while it runs, and no lock is held
//! then.

use std::panic::{AssertUnwindSafe, catch_unwind};

use peer_core::{BoxedListener, Event, ListenerId, Round, dispatch};

use super::Shared;

/// For the handles.
impl Shared {
    /// Adds a listener; one that comes after the end has nothing to hear, and is dropped.
    pub(crate) fn add_listener(&self, listener: BoxedListener) -> ListenerId {
        let mut state = self.lock();
        let id = state.listeners.add(listener);
        let late = state.ended.is_some().then(|| state.listeners.remove(id));
        drop(state);
        drop(late);
        id
    }

    /// Removes a listener, and drops it unless it runs just now; whether there was one.
    pub(crate) fn remove_listener(&self, id: ListenerId) -> bool {
        let mut state = self.lock();
        let known = state.listeners.contains(id);
        let gone = state.listeners.remove(id);
        drop(state);
        drop(gone);
        known
    }

    pub(crate) fn has_listener(&self, id: ListenerId) -> bool {
        self.lock().listeners.contains(id)
    }
}

/// For the session.
impl Shared {
    /// Calls everyone who was there when the event happened and has not been removed meanwhile.
    pub(super) fn call_listeners(&self, event: &Event) {
        let mut round = self.lock().listeners.round();
        while let Some((id, mut listener)) = self.lend_listener(&mut round) {
            // What a panic leaves half-done in the listener is seen by nobody: it is dropped.
            let call = AssertUnwindSafe(|| dispatch(event, &mut *listener));
            if let Err(panic) = catch_unwind(call) {
                discard(panic);
                self.remove_listener(id);
            }
            discard(self.take_back_listener(id, listener));
        }
    }

    /// Drops all listeners: nothing more will happen.
    pub(super) fn dismiss_listeners(&self) {
        let mut listeners = std::mem::take(&mut self.lock().listeners);
        let mut round = listeners.round();
        // One by one: two that panic as they are dropped must not meet.
        while let Some((_, listener)) = listeners.lend(&mut round) {
            discard(listener);
        }
    }

    // Functions of their own, so that the lock is held no longer.

    fn lend_listener(&self, round: &mut Round) -> Option<(ListenerId, BoxedListener)> {
        self.lock().listeners.lend(round)
    }

    /// Gives it back to the caller if it was removed while it ran.
    fn take_back_listener(&self, id: ListenerId, listener: BoxedListener) -> Option<BoxedListener> {
        self.lock().listeners.give_back(id, listener)
    }
}

/// Drops what is the application's on the driver's task: if that panics, the driver does not.
fn discard<T>(theirs: T) {
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(theirs)));
    // Dropping what was thrown might throw again.
    dropped.unwrap_or_else(std::mem::forget);
}
