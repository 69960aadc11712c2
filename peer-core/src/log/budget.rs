//! How many lines a remote may still provoke this minute.

use core::time::Duration;

use crate::time::Timestamp;

/// Lines are counted per this.
const MINUTE: Duration = Duration::from_secs(60);

/// Lines within the current minute, which begins with its first line, and what was left out since the last line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// [`Limits::log_lines_per_minute`](crate::Limits).
    limit: u32,
    /// When the minute began, in milliseconds; wraps every 49 days, which costs a few lines at worst.
    since: u32,
    lines: u32,
    left_out: u32,
}

impl Budget {
    pub(super) const fn new(limit: u32) -> Self {
        Self {
            limit,
            since: 0,
            lines: 0,
            left_out: 0,
        }
    }

    /// Whether one more line that the remote provoked may be spoken; if not it is counted.
    pub(super) fn spend(&mut self, now: Timestamp) -> bool {
        let now = (now.as_micros() / 1_000) as u32;
        let passed = u128::from(now.wrapping_sub(self.since));
        if self.lines == 0 || passed >= MINUTE.as_millis() {
            (self.since, self.lines) = (now, 0);
        }
        if self.lines >= self.limit && self.limit != u32::MAX {
            self.left_out = self.left_out.saturating_add(1);
            return false;
        }
        self.lines = self.lines.saturating_add(1);
        true
    }

    /// Lines left out since this was last asked, if any.
    pub(super) fn take_left_out(&mut self) -> Option<u32> {
        let count = core::mem::take(&mut self.left_out);
        (count > 0).then_some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(budget: &mut Budget, now: Timestamp, times: u32) -> usize {
        (0..times).filter(|_| budget.spend(now)).count()
    }

    #[test]
    fn a_minute_begins_with_its_first_line() {
        let mut budget = Budget::new(10);
        // 59.999 seconds after a multiple of 2^32 milliseconds, where a minute of its own might end.
        let start = Timestamp::from_micros(((1 << 32) + 59_999) * 1_000);
        let after = |millis| start.saturating_add(Duration::from_millis(millis));
        assert_eq!(spent(&mut budget, start, 6), 6);
        assert_eq!(spent(&mut budget, after(1), 100), 4);
        assert_eq!(spent(&mut budget, after(59_999), 100), 0);
        assert_eq!(spent(&mut budget, after(60_000), 100), 10);
        assert_eq!(budget.take_left_out(), Some(96 + 100 + 90));
        assert_eq!(budget.take_left_out(), None);
    }

    #[test]
    fn the_ends_of_numbers_and_of_time() {
        let mut none = Budget::new(0);
        assert_eq!(spent(&mut none, Timestamp::MAX, 3), 0);
        none.left_out = u32::MAX;
        assert!(!none.spend(Timestamp::ZERO));
        assert_eq!(none.take_left_out(), Some(u32::MAX));
        let mut all = Budget::new(u32::MAX);
        all.lines = u32::MAX - 1;
        all.since = 5;
        assert_eq!(spent(&mut all, Timestamp::from_micros(5_000), 3), 3);
        assert_eq!(all.take_left_out(), None);
    }
}
