//! A socket that takes no more, and what the remote had said before: when is all of it read?
//!
//! Not as soon as a read finds nothing. A runtime hears that a socket is readable apart from what
//! a write returns, and later; and a task that has used up its turn is told "nothing yet" as well.
//! A dead socket says by itself that it is at its end, nearly at once. Waiting is for the others:
//! half-dead streams whose reads never end.

use std::time::Duration;

use peer_core::{HangUp, Timestamp};

/// How long what had arrived may take to come to light.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// The socket takes no more.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) how: HangUp,
    /// Until when a read that finds nothing proves nothing. `None` once that is past.
    until: Option<Timestamp>,
}

impl Broken {
    pub(super) fn new(how: HangUp, now: Timestamp) -> Self {
        Self {
            how,
            until: Some(now.saturating_add(LAST_WORDS)),
        }
    }

    /// When to read once more and believe what that says.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// Whether that time has come; true once.
    pub(super) fn is_due(&mut self, now: Timestamp) -> bool {
        self.until.take_if(|until| *until <= now).is_some()
    }

    /// Whether a read that has just found nothing means that nothing is there.
    pub(super) fn is_believed(&self) -> bool {
        self.until.is_none()
    }
}
