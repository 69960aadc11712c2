//! Time as tokio counts it: a clock for the machine and one timer for the driver.
//!
//! The wall clock is read once; from then on tokio's monotonic clock counts, so a paused clock of
//! a test is a paused clock here.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

use peer_adapter::{Alarm, Clock};
use peer_core::Timestamp;
use tokio::time::{Duration, Instant, Sleep, sleep_until};

/// As far ahead as a timer is ever set: a later deadline is looked at again then.
const FAR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Tokio's clock, and one timer, set anew only when the time it is set to changes.
#[derive(Debug)]
pub(crate) struct Time {
    wall: Timestamp,
    start: Instant,
    /// Made when first needed: a timer can only be made inside a runtime.
    sleep: Option<Pin<Box<Sleep>>>,
    set_to: Option<Instant>,
}

impl Time {
    /// Reads both clocks.
    pub(crate) fn start() -> Self {
        Self {
            wall: SystemTime::now().into(),
            start: Instant::now(),
            sleep: None,
            set_to: None,
        }
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        self.wall.saturating_add(self.start.elapsed())
    }
}

impl Alarm for Time {
    fn poll_until(&mut self, at: Timestamp, cx: &mut Context<'_>) -> Poll<()> {
        let ahead = at.saturating_since(self.wall);
        let at = self.start.checked_add(ahead);
        let at = at.unwrap_or_else(|| Instant::now() + FAR);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if self.set_to != Some(at) {
            sleep.as_mut().reset(at);
            self.set_to = Some(at);
        }
        let rung = sleep.as_mut().poll(cx);
        if rung.is_ready() {
            // A timer that has rung must be set anew before it is polled again.
            self.set_to = None;
        }
        rung
    }
}
