//! The events of a connection, for those who take them.

use std::task::{Context, Poll};

use peer_core::Event;

use super::{Farewell, Shared, register, rouse};

impl Shared {
    /// The next event; `None` after the last one.
    pub(crate) fn poll_event(&self, cx: &Context<'_>) -> Poll<Option<Event>> {
        let mut state = self.lock();
        let Some(event) = state.events.pop() else {
            if state.ended.is_some() {
                return Poll::Ready(None);
            }
            register(&mut state.taker, cx.waker());
            return Poll::Pending;
        };
        // Not at once: a driver woken for each event would never get far.
        if state.starved && state.events.is_half_empty() {
            state.starved = false;
            rouse(state);
        }
        Poll::Ready(Some(event))
    }

    /// Nobody takes events any more, and there is no point in going on.
    pub(crate) fn stop_listening(&self) {
        self.detach();
        self.leave(Farewell::Graceful);
    }

    /// Nobody takes events any more: what nobody takes need not be kept, and the session need not
    /// wait for it.
    pub(crate) fn detach(&self) {
        let mut state = self.lock();
        state.deaf = true;
        let unheard = state.events.drain();
        rouse(state);
        drop(unheard);
    }
}
