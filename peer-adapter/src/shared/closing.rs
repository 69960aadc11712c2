//! The end of a connection, for those who ask whether it has come, or wait for it.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::{Farewell, Shared, State};
use crate::error::Disconnected;

impl State {
    /// Whether it ended, or our side is ending it: no more wishes are taken.
    pub(super) fn is_closed(&self) -> bool {
        self.ended.is_some() || self.farewell != Farewell::Stay
    }
}

impl Shared {
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed()
    }

    /// Ready once the driver has finished. `place` as in [`Shared::poll_request`], for
    /// [`Shared::stop_mourning`].
    pub(crate) fn poll_closed(
        &self,
        cx: &Context<'_>,
        place: &mut Option<u64>,
    ) -> Poll<Arc<Disconnected>> {
        let mut state = self.lock();
        match &state.ended {
            Some(ended) if state.closed => Poll::Ready(ended.clone()),
            _ => {
                let id = *place.get_or_insert_with(|| state.mourners.join());
                state.mourners.wait(id, cx.waker());
                Poll::Pending
            }
        }
    }

    pub(crate) fn stop_mourning(&self, place: u64) {
        self.lock().mourners.leave(place);
    }
}
