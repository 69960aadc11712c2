//! When what waits is announced. Keeps nothing: an instant follows from the policy, the clock, and the machine's draws or
//! the configuration's secret.

use core::time::Duration;

use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher24;

use crate::config::Trickle;
use crate::protocol::Cx;
use crate::time::Timestamp;

/// The next instant of the policy, not before now; `started` is when the connection was made.
pub(super) fn next(cx: &mut Cx<'_>, started: Timestamp) -> Timestamp {
    match cx.config.trickle {
        Trickle::Immediate => cx.now,
        Trickle::Fixed { interval } => tick(started, interval, cx.now),
        Trickle::Poisson { inbound, .. } if cx.link.is_inbound() => {
            shared(&cx.config.secret, inbound, cx.now)
        }
        Trickle::Poisson { outbound, .. } => {
            let span = cx.rng.exponential(outbound);
            cx.now.saturating_add(span)
        }
    }
}

/// How many objects one flush announces of so many that wait.
pub(super) fn allowance(policy: Trickle, waiting: usize) -> usize {
    /// The most there are in a flush, however long the line is (Core: `INVENTORY_BROADCAST_MAX`).
    const MOST: usize = 1_000;
    match policy {
        Trickle::Immediate | Trickle::Fixed { .. } => usize::MAX,
        Trickle::Poisson { per_flush, .. } => {
            // As Core: a long line drains faster.
            per_flush
                .max(1)
                .saturating_add(waiting / 1_000 * 5)
                .min(MOST)
        }
    }
}

/// The first tick after now of a clock that was started with the connection.
fn tick(started: Timestamp, interval: Duration, now: Timestamp) -> Timestamp {
    let interval = micros(interval).max(1);
    let ticks = micros(now.saturating_since(started)) / interval;
    let span = ticks.saturating_add(1).saturating_mul(interval);
    started.saturating_add(Duration::from_micros(span))
}

/// The next instant of the schedule that all inbound connections of a configuration share, so that a spy learns no more
/// from many of them than from one (Core: `NextInvToInbounds`).
///
/// Time is cut into slots of a fiftieth of the mean. A keyed hash of its number decides whether a slot fires, one in
/// fifty, so spans between firings are as good as exponential, and no machine needs to know of another.
fn shared(secret: &[u8; 32], mean: Duration, now: Timestamp) -> Timestamp {
    /// Slots to the mean.
    const FINENESS: u64 = 50;
    /// No slot is shorter than a millisecond.
    const SHORTEST: u64 = 1_000;
    /// Slots looked at. All of them pass by once in 10^18 times.
    const MOST: u64 = 2_048;
    let mean = micros(mean);
    let slot = (mean / FINENESS).max(SHORTEST);
    // As a fraction of 2^64: slot / mean.
    let odds = (u128::from(slot) << 64) / u128::from(mean.max(slot));
    let hasher = hasher(secret);
    let fires = |number: &u64| u128::from(hasher.hash(&number.to_le_bytes())) < odds;
    let present = now.as_micros() / slot;
    let last = present.saturating_add(MOST);
    let next = (present.saturating_add(1)..last).find(fires);
    Timestamp::from_micros(next.unwrap_or(last).saturating_mul(slot))
}

/// The secret is used for other things too: what is made of it here says so.
fn hasher(secret: &[u8; 32]) -> SipHasher24 {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(secret)
        .chain_update(b"shared schedule of inbound trickles")
        .finalize()
        .into();
    let [a, b, c, d, e, f, g, h, rest @ ..] = digest;
    let key0 = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let [a, b, c, d, e, f, g, h, ..] = rest;
    SipHasher24::new_with_keys(key0, u64::from_le_bytes([a, b, c, d, e, f, g, h]))
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEAN: Duration = Duration::from_secs(5);
    const START: Timestamp = Timestamp::from_secs(1_700_000_000);

    /// So many spans of the shared schedule, in seconds.
    fn spans(secret: [u8; 32], count: usize) -> impl Iterator<Item = f64> {
        let mut now = START;
        (0..count).map(move |_| {
            let next = shared(&secret, MEAN, now);
            let span = next.saturating_since(now);
            now = next;
            span.as_secs_f64()
        })
    }

    #[test]
    fn spans_of_the_shared_schedule_are_exponential() {
        let count = 20_000;
        let spans: alloc::vec::Vec<f64> = spans([7; 32], count).collect();
        let count = count as f64;
        let mean = spans.iter().sum::<f64>() / count;
        assert!((mean - 5.0).abs() < 0.15, "{mean}");
        let variance = spans.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        assert!((variance - 25.0).abs() < 2.0, "{variance}");
        // One in e lasts longer than the mean, one in e^3 longer than three.
        for means in [0.5_f64, 1.0, 2.0, 3.0] {
            let longer = spans.iter().filter(|x| **x > means * 5.0).count() as f64 / count;
            let wanted = (-means).exp();
            assert!((longer - wanted).abs() < 0.015, "{means}: {longer}");
        }
    }

    /// Computed apart, from SHA-256 and SipHash-2-4.
    #[test]
    fn the_shared_schedule_of_one_secret() {
        let mut now = START;
        for wanted in [5_600, 8_300, 13_600, 16_200, 31_900, 40_600, 47_300, 52_700] {
            now = shared(&[7; 32], MEAN, now);
            assert_eq!(now, START.saturating_add(Duration::from_millis(wanted)));
        }
    }

    /// From wherever one looks, the next firing is the same.
    #[test]
    fn everyone_with_the_secret_sees_the_same_schedule() {
        let mut now = START;
        for _ in 0..1_000 {
            let next = shared(&[7; 32], MEAN, now);
            assert!(next > now);
            let between = Timestamp::from_micros(u64::midpoint(now.as_micros(), next.as_micros()));
            assert_eq!(shared(&[7; 32], MEAN, between), next);
            now = next;
        }
        let [ours, theirs] = [[7; 32], [8; 32]].map(|secret| {
            let spans = spans(secret, 20);
            spans
                .map(|x| (x * 10.0) as u64)
                .collect::<alloc::vec::Vec<_>>()
        });
        assert_ne!(ours, theirs);
    }

    #[test]
    fn no_time_and_no_interval_is_too_much() {
        let times = [0, 1, 1_699_999_999_999_999, u64::MAX - 1, u64::MAX];
        let spans = [0, 1, 999, 5_000_000, u64::MAX].map(Duration::from_micros);
        for now in times.map(Timestamp::from_micros) {
            for span in spans.into_iter().chain([Duration::MAX]) {
                assert!(shared(&[7; 32], span, now) >= now);
                for started in [Timestamp::ZERO, START, Timestamp::MAX] {
                    assert!(tick(started, span, now) >= now.min(Timestamp::MAX));
                }
            }
        }
        assert_eq!(shared(&[7; 32], MEAN, Timestamp::MAX), Timestamp::MAX);
    }

    #[test]
    fn ticks_count_from_the_start_of_the_connection() {
        let at = |micros| Timestamp::from_micros(micros);
        for (now, next) in [
            (3, 13),
            (4, 13),
            (12, 13),
            (13, 23),
            (22, 23),
            (1_000, 1_003),
        ] {
            assert_eq!(tick(at(3), Duration::from_micros(10), at(now)), at(next));
        }
    }

    /// Core: `INVENTORY_BROADCAST_TARGET` and 5 more for every thousand that wait, at most 1,000.
    #[test]
    fn a_long_line_drains_faster() {
        let policy = Trickle::CORE;
        for (waiting, allowed) in [(1, 70), (999, 70), (1_000, 75), (5_000, 95), (60_000, 370)] {
            assert_eq!(allowance(policy, waiting), allowed);
        }
        assert_eq!(allowance(policy, 1_000_000), 1_000);
        let none = Trickle::Poisson {
            inbound: MEAN,
            outbound: MEAN,
            per_flush: 0,
        };
        assert_eq!(allowance(none, 10), 1);
        assert_eq!(allowance(Trickle::BTCD, 5_000), usize::MAX);
    }
}
