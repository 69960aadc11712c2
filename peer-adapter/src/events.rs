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
/// Dropping the stream disconnects in order: nobody would listen any more. An application that
/// does all it does in listeners ([`Peer::add_listener`](crate::Peer::add_listener))
/// [detaches](Self::detach) it.
#[derive(Debug)]
#[must_use = "dropping the events disconnects"]
pub struct Events {
    shared: Arc<Shared>,
    detached: bool,
}

impl Events {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            detached: false,
        }
    }

    /// The next event; `None` after the last. Given up half-way, it has taken nothing.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.shared.poll_event(cx)).await
    }

    /// Gives the stream up without ending the connection, which goes on as long as there is a
    /// [`Peer`](crate::Peer): events go to the listeners alone. What waits in the line is dropped;
    /// the listeners of that time have heard it.
    ///
    /// Nothing waits for the application any more, except while a listener runs: a remote is read
    /// from as fast as the listeners hear it.
    pub fn detach(mut self) {
        self.detached = true;
        self.shared.detach();
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
        if !self.detached {
            self.shared.stop_listening();
        }
    }
}
