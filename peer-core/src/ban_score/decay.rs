//! A number that halves at intervals: fixed point, no floats, the same on every platform.
//!
//! Kept with 32 binary places and decayed when something is added, so that looking at it often
//! rounds nothing away.

use core::time::Duration;

use crate::time::Timestamp;

/// Binary places.
const PLACES: u32 = 32;
/// One half, with 32 binary places.
const HALF: u64 = 1 << 31;

/// Points that fade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Decaying {
    /// As of `since`, with 32 binary places.
    value: u64,
    since: Timestamp,
}

impl Decaying {
    pub(super) fn add(&mut self, points: u32, now: Timestamp, half_life: Duration) {
        let left = self.left(now, half_life);
        self.value = left.saturating_add(u64::from(points) << PLACES);
        self.since = self.since.max(now);
    }

    /// What is left at `now`, rounded down.
    pub(super) fn at(&self, now: Timestamp, half_life: Duration) -> u32 {
        // 64 bits less 32 places are 32 bits.
        (self.left(now, half_life) >> PLACES) as u32
    }

    fn left(&self, now: Timestamp, half_life: Duration) -> u64 {
        let passed = now.saturating_since(self.since).as_micros();
        if passed == 0 || self.value == 0 {
            return self.value;
        }
        let half_life = half_life.as_micros();
        let (Some(halvings), Some(rest)) =
            (passed.checked_div(half_life), passed.checked_rem(half_life))
        else {
            return 0;
        };
        let halvings = u32::try_from(halvings).unwrap_or(u32::MAX);
        let left = self.value.checked_shr(halvings).unwrap_or_default();
        // Below one half-life; as a part of it with 32 places it is below one.
        let part = (rest << PLACES).checked_div(half_life).unwrap_or_default();
        times_half_to_the(left, part as u32)
    }
}

/// `value` times one half to the power of `part`, which has 32 binary places.
///
/// Each set bit of the exponent is a factor: the square root of one half for the first, its square
/// root for the second, and so on.
fn times_half_to_the(value: u64, part: u32) -> u64 {
    let (mut value, mut part, mut factor) = (value, part, HALF);
    while part != 0 {
        factor = (factor << PLACES).isqrt();
        if part & HALF as u32 != 0 {
            value = multiply(value, factor);
        }
        part <<= 1;
    }
    value
}

/// `value` times a `factor` below one, which has 32 binary places; rounded to the nearest.
fn multiply(value: u64, factor: u64) -> u64 {
    let product = u128::from(value).saturating_mul(u128::from(factor));
    let rounded = product.saturating_add(u128::from(HALF)) >> PLACES;
    u64::try_from(rounded).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const START: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn after(points: u32, span: Duration) -> u32 {
        let mut fading = Decaying::default();
        fading.add(points, START, MINUTE);
        fading.at(START.saturating_add(span), MINUTE)
    }

    /// 1,000,000 × 2^(-t/60), from a calculator with 30 digits, rounded down.
    #[test]
    fn decays_as_the_power_of_two() {
        for (seconds, left) in [
            (0, 1_000_000),
            (1, 988_514),
            (10, 890_898),
            (30, 707_106),
            (59, 505_809),
            (60, 500_000),
            (61, 494_257),
            (90, 353_553),
            (600, 976),
            (1_200, 0),
        ] {
            assert_eq!(
                after(1_000_000, Duration::from_secs(seconds)),
                left,
                "{seconds}"
            );
        }
        assert_eq!(after(1_000_000, Duration::from_micros(1)), 999_999);
    }

    #[test]
    fn never_rises() {
        for points in [1, 33, 100, u32::MAX] {
            let mut last = points;
            for millis in (0..200_000).step_by(97) {
                let left = after(points, Duration::from_millis(millis));
                assert!(left <= last, "{points} after {millis}");
                last = left;
            }
        }
    }

    #[test]
    fn survives_the_ends_of_time_and_of_numbers() {
        let mut fading = Decaying::default();
        for now in [Timestamp::ZERO, Timestamp::MAX, Timestamp::ZERO, START] {
            for half_life in [
                Duration::ZERO,
                Duration::from_micros(1),
                MINUTE,
                Duration::MAX,
            ] {
                fading.add(u32::MAX, now, half_life);
                assert_eq!(fading.at(now, half_life), u32::MAX);
                fading.at(Timestamp::MAX, half_life);
            }
        }
        // Gone with the next microsecond.
        let mut fading = Decaying::default();
        fading.add(5, START, Duration::ZERO);
        assert_eq!(fading.at(START, Duration::ZERO), 5);
        let next = START.saturating_add(Duration::from_micros(1));
        assert_eq!(fading.at(next, Duration::ZERO), 0);
        // A half-life that never passes: of it all of time is a millionth part.
        let mut fading = Decaying::default();
        fading.add(1_000, Timestamp::ZERO, Duration::MAX);
        assert_eq!(fading.at(Timestamp::MAX, Duration::MAX), 999);
    }

    #[test]
    fn a_clock_that_runs_backwards_stands() {
        let mut fading = Decaying::default();
        fading.add(100, START, MINUTE);
        let earlier = Timestamp::from_secs(1);
        assert_eq!(fading.at(earlier, MINUTE), 100);
        fading.add(100, earlier, MINUTE);
        assert_eq!(fading.at(START, MINUTE), 200);
        assert_eq!(fading.at(START.saturating_add(MINUTE), MINUTE), 100);
    }
}
