//! The one clock of the library: a point in time as a number, handed in by the caller.
//!
//! Nothing here reads a clock. An adapter measures time however its platform does and passes the
//! result in; replaying the same numbers replays the same session.

use core::fmt;
use core::time::Duration;

/// Microseconds since the Unix epoch, advanced by the caller's monotonic clock.
///
/// It serves both the timers and the `version` message's time field. All arithmetic saturates, so
/// no value that a caller or a remote can produce overflows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The Unix epoch.
    pub const ZERO: Self = Self(0);
    /// The last representable instant, some 584,000 years away.
    pub const MAX: Self = Self(u64::MAX);

    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the Unix epoch, saturating.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, as the `version` message carries them.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }

    /// This instant moved forward, saturating at [`Timestamp::MAX`].
    pub fn saturating_add(self, span: Duration) -> Self {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// Time passed since `earlier`; zero if `earlier` is later.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// The first multiple of `grain` that is not before this instant (`grain` zero: this instant).
    pub(crate) fn ceil_to(self, grain: Duration) -> Self {
        let grain = u64::try_from(grain.as_micros()).unwrap_or(u64::MAX);
        match self.0.checked_rem(grain) {
            None | Some(0) => self,
            Some(rest) => Self(self.0.saturating_add(grain.saturating_sub(rest))),
        }
    }
}

impl fmt::Display for Timestamp {
    /// Seconds since the Unix epoch with six decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.as_secs(), self.0 % 1_000_000)
    }
}

#[cfg(feature = "std")]
impl From<std::time::SystemTime> for Timestamp {
    /// A time before the epoch becomes [`Timestamp::ZERO`].
    fn from(time: std::time::SystemTime) -> Self {
        let since = time.duration_since(std::time::SystemTime::UNIX_EPOCH);
        Self::ZERO.saturating_add(since.unwrap_or_default())
    }
}

/// A clock for adapters: wall time read once, advanced by the monotonic clock from then on.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    wall: Timestamp,
    start: std::time::Instant,
}

#[cfg(feature = "std")]
impl Epoch {
    /// Reads both clocks once.
    pub fn start() -> Self {
        Self {
            wall: std::time::SystemTime::now().into(),
            start: std::time::Instant::now(),
        }
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.wall.saturating_add(self.start.elapsed())
    }

    /// The monotonic instant of a timestamp, for the runtime's timers; `None` if the platform
    /// cannot represent it (a deadline so far away never comes).
    pub fn instant(&self, at: Timestamp) -> Option<std::time::Instant> {
        self.start.checked_add(at.saturating_since(self.wall))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_up_to_the_grain_and_never_down() {
        let grain = Duration::from_millis(100);
        for (at, want) in [(0, 0), (1, 100_000), (99_999, 100_000), (100_000, 100_000)] {
            assert_eq!(Timestamp(at).ceil_to(grain), Timestamp(want));
        }
        assert_eq!(Timestamp(17).ceil_to(Duration::ZERO), Timestamp(17));
        assert_eq!(Timestamp::MAX.ceil_to(grain), Timestamp::MAX);
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Timestamp::MAX.saturating_add(Duration::MAX), Timestamp::MAX);
        assert_eq!(
            Timestamp::ZERO.saturating_since(Timestamp::MAX),
            Duration::ZERO
        );
        assert_eq!(Timestamp::from_secs(u64::MAX), Timestamp::MAX);
    }
}
