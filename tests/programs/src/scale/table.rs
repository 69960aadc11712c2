//! What is printed.

use core::fmt;
use core::time::Duration;

use peer_core::TransportPolicy;

/// What was measured.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) transport: TransportPolicy,
    pub(super) peers: usize,
    pub(super) gathering: Duration,
    /// Of all peers together.
    pub(super) heap: usize,
    pub(super) resident: usize,
    /// Of the whole process.
    pub(super) process: usize,
    pub(super) idle: Duration,
    pub(super) idle_cpu: Duration,
    pub(super) queueing: Duration,
    pub(super) latency: Latency,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            peers,
            transport,
            ..
        } = self;
        let kib = |bytes: usize| bytes as f64 / 1_024.0;
        let each = |bytes: usize| kib(bytes) / *peers as f64;
        let load = 100.0 * self.idle_cpu.as_secs_f64() / self.idle.as_secs_f64();
        let line = |f: &mut fmt::Formatter<'_>, what: &str, value: String, note: String| {
            writeln!(f, "{what:<28}{value:>12}   {note}")
        };
        writeln!(
            f,
            "{name}: {peers} peers over loopback and {transport}, the other end in a second process"
        )?;
        let speed = *peers as f64 / self.gathering.as_secs_f64();
        line(
            f,
            "all negotiated in",
            format!("{:.2} s", self.gathering.as_secs_f64()),
            format!("{speed:.0} a second"),
        )?;
        line(
            f,
            "heap per idle peer",
            format!("{:.2} KiB", each(self.heap)),
            "allocated by this process".to_owned(),
        )?;
        line(
            f,
            "resident per idle peer",
            format!("{:.2} KiB", each(self.resident)),
            format!("the whole process: {:.1} MiB", kib(self.process) / 1_024.0),
        )?;
        line(
            f,
            "CPU at idle",
            format!("{load:.2} %"),
            format!(
                "of a core, over {:.0} s, default timers",
                self.idle.as_secs_f64()
            ),
        )?;
        line(
            f,
            "broadcast of an inv: queued",
            millis(self.queueing),
            "to all of them; the slowest of 5 broadcasts".to_owned(),
        )?;
        line(
            f,
            "  heard by the median",
            millis(self.latency.median),
            "from the call here to the event there".to_owned(),
        )?;
        line(
            f,
            "  heard by 99 %",
            millis(self.latency.most),
            String::new(),
        )?;
        line(
            f,
            "  heard by the last",
            millis(self.latency.last),
            String::new(),
        )
    }
}

fn millis(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1_000.0)
}

/// How long it took until a broadcast was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Latency {
    pub(super) median: Duration,
    /// 99 of 100.
    pub(super) most: Duration,
    pub(super) last: Duration,
}

impl Latency {
    /// Of all who heard it; sorts them.
    pub(super) fn of(heard: &mut [Duration]) -> Self {
        heard.sort_unstable();
        let at = |share: usize| {
            let index = (heard.len() * share / 100).min(heard.len().saturating_sub(1));
            heard.get(index).copied().unwrap_or_default()
        };
        Self {
            median: at(50),
            most: at(99),
            last: at(100),
        }
    }

    /// The slowest of several broadcasts.
    pub(super) fn worst(all: &[Self]) -> Self {
        let slowest = all.iter().max_by_key(|latency| latency.last);
        slowest.copied().unwrap_or_default()
    }

    /// For the pipe between the processes.
    pub(super) fn to_line(self) -> String {
        [self.median, self.most, self.last]
            .map(|span| span.as_micros().to_string())
            .join(" ")
    }

    pub(super) fn from_line(line: &str) -> Option<Self> {
        let mut spans = line.split(' ').map(|micros| micros.parse().ok());
        let mut next = || Some(Duration::from_micros(spans.next()??));
        Some(Self {
            median: next()?,
            most: next()?,
            last: next()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_what_was_heard() {
        let mut heard: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        let latency = Latency::of(&mut heard);
        let wanted = [101, 199, 200].map(Duration::from_millis);
        assert_eq!([latency.median, latency.most, latency.last], wanted);
        assert_eq!(Latency::from_line(&latency.to_line()), Some(latency));
        assert_eq!(Latency::from_line("1 2"), None);
        assert_eq!(Latency::of(&mut []), Latency::default());
        let one = Latency::of(&mut [Duration::from_millis(3)]);
        assert_eq!(one.median, Duration::from_millis(3));
        assert_eq!(Latency::worst(&[one, latency]), latency);
    }
}
