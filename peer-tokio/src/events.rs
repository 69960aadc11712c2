//! What the remote does, as a stream.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use peer_core::Event;

use crate::shared::Shared;

/// The events of one connection, in order; the last one is always [`Event::Disconnected`], and
/// comes exactly once.
///
/// The line is bounded: while the application takes nothing, the remote is not read from, and
/// nothing is lost. Whether messages have left is told to those who
/// [`send`](crate::Peer::send) them, so [`Event::Sent`] and [`Event::Writable`] do not appear here;
/// [`Event::Unsent`] does for messages nobody waits for.
///
/// Dropping the stream disconnects in order: nobody would listen any more.
#[derive(Debug)]
#[must_use = "dropping the events disconnects"]
pub struct Events {
    shared: Arc<Shared>,
}

impl Events {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The next event; `None` after the last. Given up half-way, it has taken nothing.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.shared.poll_event(cx)).await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.shared.poll_event(cx)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.shared.stop_listening();
    }
}
