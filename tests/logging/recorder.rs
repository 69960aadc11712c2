//! A subscriber that keeps what it hears, up to a level.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;
use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, with_default};
use tracing::{Event, Level, Metadata, Subscriber};

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) target: String,
    /// The message.
    pub(crate) text: String,
    /// Everything else, as its `Debug` shows it.
    pub(crate) fields: BTreeMap<&'static str, String>,
}

impl Line {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

/// What was heard up to `level` (nothing if `None`) while `act` went on.
pub(crate) fn recorded<T>(
    level: impl Into<Option<Level>>,
    act: impl FnOnce() -> T,
) -> (T, Vec<Line>) {
    let lines = Arc::default();
    let recorder = Recorder {
        level: level.into(),
        lines: Arc::clone(&lines),
    };
    let result = with_default(recorder, act);
    let lines = lines.lock().unwrap().clone();
    (result, lines)
}

/// The messages of lines, in order.
pub(crate) fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

struct Recorder {
    level: Option<Level>,
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Subscriber for Recorder {
    /// Tests listen at different levels at the same time, so nothing may be remembered.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.level.is_some_and(|level| *metadata.level() <= level)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line {
            level: *event.metadata().level(),
            target: event.metadata().target().to_owned(),
            text: String::new(),
            fields: BTreeMap::new(),
        };
        event.record(&mut line);
        self.lines.lock().unwrap().push(line);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}");
        match field.name() {
            "message" => self.text = value,
            name => drop(self.fields.insert(name, value)),
        }
    }
}
