//! Nothing is formatted that nobody reads. What the lines say is tested from outside.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, subscriber};

use super::*;

/// Says how often it was shown.
#[derive(Default)]
struct Shown(AtomicUsize);

impl Shown {
    fn times(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fetch_add(1, Ordering::Relaxed);
        f.write_str("shown")
    }
}

/// Reads everything up to a level, and counts.
struct Reader(Option<Level>, Arc<AtomicUsize>);

struct Fields;

impl field::Visit for Fields {
    fn record_debug(&mut self, _: &field::Field, value: &dyn fmt::Debug) {
        let _ = alloc::format!("{value:?}");
    }
}

impl Subscriber for Reader {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.is_some_and(|level| *metadata.level() <= level)
    }

    fn event(&self, event: &Event<'_>) {
        self.1.fetch_add(1, Ordering::Relaxed);
        event.record(&mut Fields);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Events read, and times shown, when the remote misbehaves twelve times in a minute.
fn misbehave(level: Option<Level>) -> (usize, usize, Log) {
    let (shown, events) = (Shown::default(), Arc::default());
    let mut log = Log::new(&Limits::default());
    subscriber::with_default(Reader(level, Arc::clone(&events)), || {
        for _ in 0..12 {
            log.misbehaved(&Link::inbound(), Timestamp::ZERO, None, &shown);
        }
    });
    (events.load(Ordering::Relaxed), shown.times(), log)
}

#[test]
fn nothing_is_formatted_that_nobody_reads() {
    for level in [None, Some(Level::INFO)] {
        let (events, shown, mut log) = misbehave(level);
        assert_eq!((events, shown), (0, 0));
        assert_eq!(log.budget.take_left_out(), None, "nor counted");
    }
}

#[test]
fn what_is_left_out_is_not_formatted() {
    for level in [Level::DEBUG, Level::TRACE] {
        let (events, shown, mut log) = misbehave(Some(level));
        assert_eq!((events, shown), (10, 10));
        assert_eq!(log.budget.take_left_out(), Some(2));
    }
}
