//! Futures on threads without a runtime: those of an adapter's handles need none.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Longer than any watchdog here.
const EVER: Duration = Duration::from_secs(3_600);

/// Waits for `future` as long as `patience` lasts; given up, it is dropped half-way.
pub(crate) fn wait_for<T>(future: impl Future<Output = T>, patience: Duration) -> Option<T> {
    let until = Instant::now() + patience;
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut cx) {
            return Some(result);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left);
    }
}

/// Waits for `future`, under the watchdog of the scenario.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    wait_for(future, EVER).expect("the watchdog comes first")
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
