//! The listeners of a connection, behind the lock.

use peer_core::{BoxedListener, ListenerId, Listeners};

use super::Shared;
use crate::audience::Audience;

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

/// For the session, which tells the events.
impl Audience for &Shared {
    fn with_listeners<R>(&mut self, act: impl FnOnce(&mut Listeners) -> R) -> R {
        act(&mut self.lock().listeners)
    }
}
