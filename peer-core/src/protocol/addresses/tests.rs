use core::time::Duration;

use super::*;

const LIMIT: AddrRateLimit = AddrRateLimit {
    refill: Duration::from_secs(10),
    burst: 1_000,
    getaddr_boost: 1_000,
};

const fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn started() -> Addresses {
    Addresses::start(at(0))
}

#[test]
fn a_token_takes_its_time_and_none_is_lost() {
    let mut bucket = started();
    assert_eq!(bucket.take(&LIMIT, at(0), 5), 1);
    let almost = Timestamp::from_micros(9_999_999);
    assert_eq!(bucket.take(&LIMIT, almost, 5), 0);
    assert_eq!(bucket.take(&LIMIT, at(10), 5), 1);
    // Looking often does not slow it down: the parts of an interval add up.
    let taken: usize = (11..=1_010)
        .map(|second| bucket.take(&LIMIT, at(second), 5))
        .sum();
    assert_eq!(taken, 100);
    assert_eq!(bucket.take(&LIMIT, at(1_045), 5), 3);
}

#[test]
fn a_full_bucket_gains_nothing_by_waiting() {
    let mut bucket = started();
    assert_eq!(bucket.take(&LIMIT, at(1_000_000), 2_000), 1_000);
    assert_eq!(bucket.take(&LIMIT, at(1_000_009), 2_000), 0);
    assert_eq!(bucket.take(&LIMIT, at(1_000_010), 2_000), 1);
}

/// As in Core, what our `getaddr` brings comes on top, once, and nothing is gained while it lies above the brim.
#[test]
fn the_boost_comes_once_and_may_exceed_the_brim() {
    let mut bucket = started();
    bucket.boost(&LIMIT, at(20_000));
    bucket.boost(&LIMIT, at(20_001));
    assert_eq!(bucket.tokens, 2_000);
    assert_eq!(bucket.take(&LIMIT, at(90_000), 500), 500);
    assert_eq!(bucket.take(&LIMIT, at(90_000), 5_000), 1_500);
    assert_eq!(bucket.take(&LIMIT, at(90_010), 5_000), 1);
}

#[test]
fn clocks_may_jump_to_the_ends_of_time() {
    for limit in [
        LIMIT,
        AddrRateLimit {
            refill: Duration::MAX,
            burst: u32::MAX,
            getaddr_boost: u32::MAX,
        },
        AddrRateLimit {
            refill: Duration::from_nanos(1),
            burst: u32::MAX,
            getaddr_boost: u32::MAX,
        },
    ] {
        let mut bucket = started();
        let first = bucket.take(&limit, Timestamp::MAX, 1);
        assert_eq!(first, 1);
        bucket.boost(&limit, at(5));
        for now in [at(3), Timestamp::ZERO, Timestamp::MAX] {
            let before = bucket.tokens;
            assert_eq!(bucket.take(&limit, now, 1), 1);
            assert!(bucket.tokens <= before);
        }
    }
}

#[test]
fn limits_of_zero_are_limits() {
    let mut none = started();
    let nothing = AddrRateLimit {
        burst: 0,
        getaddr_boost: 0,
        ..LIMIT
    };
    none.boost(&nothing, at(0));
    assert_eq!(none.take(&nothing, at(1_000), 9), 1);
    assert_eq!(none.take(&nothing, at(9_000), 9), 0);
    let mut quick = started();
    let at_once = AddrRateLimit {
        refill: Duration::ZERO,
        burst: 7,
        ..LIMIT
    };
    for _ in 0..3 {
        assert_eq!(quick.take(&at_once, at(0), 9), 7);
    }
}

#[test]
fn only_the_first_question_of_who_dialled_us_is_owed_an_answer() {
    let (inbound, outbound) = (Link::inbound(), Link::outbound());
    let mut room = started();
    assert!(!room.owes_answer(&inbound));
    assert!(room.on_getaddr());
    assert!(room.owes_answer(&inbound) && !room.owes_answer(&outbound));
    assert!(!room.on_getaddr());
    room.on_answered();
    assert!(!room.on_getaddr());
    assert!(!room.owes_answer(&inbound));
}
