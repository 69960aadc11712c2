//! The ends of adapters with tasks: all of them have the same handle and the same event stream.

use std::sync::Mutex;
use std::time::Duration;

use peer_adapter::{Events, Peer, QueueError, SendError};
use peer_core::{Command, DisconnectReason, Link, Outcome, Remote, Stats};

use super::{End, Heard, NotQueued, NotSent, wait, wait_for};

/// What there is of a connection beside its driver.
pub(crate) struct TaskEnd {
    peer: Peer,
    events: Mutex<Events>,
}

impl TaskEnd {
    /// Of a connection whose driver runs.
    pub(crate) fn new(peer: Peer, events: Events) -> Self {
        Self {
            peer,
            events: Mutex::new(events),
        }
    }
}

impl End for TaskEnd {
    fn command(&self, command: Command) -> Result<Outcome, NotSent> {
        wait(self.peer.command(command)).map_err(|error| match error {
            SendError::Refused(error) => NotSent::Refused(error),
            SendError::Disconnected(ended) => NotSent::Disconnected(ended.reason.clone()),
            other => panic!("{other:?}"),
        })
    }

    fn queue(&self, command: Command) -> Result<(), NotQueued> {
        self.peer.queue(command).map_err(|error| match error {
            QueueError::Full(command) => NotQueued::Full(command),
            QueueError::Closed(command) => NotQueued::Closed(command),
            other => panic!("{other:?}"),
        })
    }

    fn next_event(&self, patience: Duration) -> Heard {
        let mut events = self.events.lock().unwrap();
        match wait_for(events.next(), patience) {
            Some(Some(event)) => Heard::Event(event),
            Some(None) => Heard::Over,
            None => Heard::Nothing,
        }
    }

    fn disconnect(&self) {
        self.peer.disconnect();
    }

    fn abort(&self) {
        self.peer.abort();
    }

    fn closed(&self) -> DisconnectReason {
        wait(self.peer.closed()).reason.clone()
    }

    fn stats(&self) -> Stats {
        self.peer.stats()
    }

    fn remote(&self) -> Option<Remote> {
        self.peer.remote().map(|remote| (*remote).clone())
    }

    fn link(&self) -> Link {
        self.peer.link()
    }
}
