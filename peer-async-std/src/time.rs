//! Time as async-std and smol count it: the system's clocks, and one timer of `async-io`, which
//! both run on. It needs neither to be running.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_io::Timer;
use peer_adapter::{Alarm, Clock};
use peer_core::{Epoch, Timestamp};

/// As far ahead as a timer is ever set: a later deadline is looked at again then.
const FAR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The system's clocks, and one timer, set anew only when the time it is set to changes.
#[derive(Debug)]
pub(crate) struct Time {
    epoch: Epoch,
    timer: Timer,
    set_to: Option<Instant>,
}

impl Time {
    /// Reads both clocks.
    pub(crate) fn start() -> Self {
        Self {
            epoch: Epoch::start(),
            timer: Timer::never(),
            set_to: None,
        }
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        self.epoch.now()
    }
}

impl Alarm for Time {
    fn poll_until(&mut self, at: Timestamp, cx: &mut Context<'_>) -> Poll<()> {
        let at = self.epoch.instant(at);
        let at = at.unwrap_or_else(|| Instant::now() + FAR);
        if self.set_to != Some(at) {
            self.timer.set_at(at);
            self.set_to = Some(at);
        }
        let rung = Pin::new(&mut self.timer).poll(cx);
        if rung.is_ready() {
            // A timer that has rung must be set anew before it is polled again.
            self.set_to = None;
        }
        rung.map(drop)
    }
}
