//! [`Audience`]: events for those who are called.
//!
//! A listener is the application's code: it may panic, add and remove listeners, itself included,
//! and use every handle. So it is taken out of where listeners are kept while it runs, and no lock
//! is held then.

use std::panic::{AssertUnwindSafe, catch_unwind};

use peer_core::{BoxedListener, Event, ListenerId, Listeners, Round, dispatch};

/// Where the listeners of one connection are kept.
pub trait Audience {
    /// Does something with them. Nothing that runs in `act` is the application's.
    fn with_listeners<R>(&mut self, act: impl FnOnce(&mut Listeners) -> R) -> R;

    /// Calls everyone who was there when the event happened and has not been removed meanwhile. A
    /// listener that panics is removed and dropped.
    fn call_listeners(&mut self, event: &Event) {
        let mut round = self.with_listeners(|listeners| listeners.round());
        while let Some((id, mut listener)) = lend(self, &mut round) {
            // What a panic leaves half-done in the listener is seen by nobody: it is dropped.
            let call = AssertUnwindSafe(|| dispatch(event, &mut *listener));
            if let Err(panic) = catch_unwind(call) {
                discard(panic);
                let gone = self.with_listeners(|listeners| listeners.remove(id));
                drop(gone);
            }
            // Back to us if it was removed while it ran.
            discard(self.with_listeners(|listeners| listeners.give_back(id, listener)));
        }
    }

    /// Drops all listeners: nothing more will happen.
    fn dismiss_listeners(&mut self) {
        let mut listeners = self.with_listeners(std::mem::take);
        let mut round = listeners.round();
        // One by one: two that panic as they are dropped must not meet.
        while let Some((_, listener)) = listeners.lend(&mut round) {
            discard(listener);
        }
    }
}

fn lend<A: Audience + ?Sized>(
    audience: &mut A,
    round: &mut Round,
) -> Option<(ListenerId, BoxedListener)> {
    audience.with_listeners(|listeners| listeners.lend(round))
}

/// Drops what is the application's where it must not disturb us: if that panics, we do not.
fn discard<T>(theirs: T) {
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(theirs)));
    // Dropping what was thrown might throw again.
    dropped.unwrap_or_else(std::mem::forget);
}
