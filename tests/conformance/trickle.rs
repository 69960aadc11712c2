//! When what waits is announced: tables of instants under a clock that the tests turn, for each policy. Fault 21 of btcd,
//! and PROTOCOL section 7, row 8.

use core::time::Duration;

use crate::Probe;
use peer_core::network::Network;
use peer_core::{Announced, Config, Link, Timer, Timestamp, Trickle};
use peer_tests::script::{Frame, START, VersionPayload};

use crate::inventory::{announced, hash, tx};
use crate::support::config;

const MOMENT: Duration = Duration::from_micros(1);
const SECOND: Duration = Duration::from_secs(1);

fn with(trickle: Trickle) -> Config {
    let mut config = config();
    config.timeouts.grain = Duration::ZERO;
    config.trickle = trickle;
    config
}

fn announce(probe: &mut Probe, numbers: core::ops::Range<u64>) {
    for number in numbers {
        let outcome = probe.machine.announce(tx(number)).unwrap();
        assert_eq!(outcome, Announced::Queued, "{number}");
    }
}

/// Numbers of the transactions that were announced since last time, message by message.
fn told(probe: &mut Probe) -> Vec<Vec<u64>> {
    let numbers = |items: &Vec<(u32, [u8; 32])>| {
        let number = |(_, hash): &(u32, [u8; 32])| u64::from_le_bytes(*hash.first_chunk().unwrap());
        items.iter().map(number).collect()
    };
    announced(probe).iter().map(numbers).collect()
}

/// Waits until something is announced; when that was since the start, in microseconds, and how much.
fn next_flush(probe: &mut Probe) -> (u64, usize) {
    for _ in 0..1_000 {
        // The first tick dates the announcements.
        probe.wait(Duration::ZERO);
        let deadline = probe.machine.deadline().unwrap();
        let is_trickle = probe.machine.deadline_reason() == Some(Timer::Trickle);
        probe.wait(deadline.saturating_since(probe.now).saturating_sub(MOMENT));
        assert!(told(probe).is_empty(), "too early");
        probe.wait(deadline.saturating_since(probe.now));
        let flush = told(probe).concat();
        assert_eq!(flush.is_empty(), !is_trickle);
        if is_trickle {
            return (
                probe.now.saturating_since(START).as_micros() as u64,
                flush.len(),
            );
        }
    }
    panic!("nothing is announced");
}

/// btcd: a clock that starts with the connection, everything at each tick.
#[test]
fn fixed_intervals_count_from_the_start() {
    let mut probe = Probe::negotiated(with(Trickle::BTCD), Link::inbound());
    let mut next = 0;
    // When it is announced, and when it is told, in milliseconds.
    for (at, tick) in [
        (0, 10_000),
        (10_001, 20_000),
        (29_999, 30_000),
        (30_000, 40_000),
        (65_000, 70_000),
        (109_999, 110_000),
    ] {
        let at = START.saturating_add(Duration::from_millis(at));
        probe.wait(at.saturating_since(probe.now));
        announce(&mut probe, next..next + 3);
        next += 3;
        assert_eq!(next_flush(&mut probe), (tick * 1_000, 3));
    }
}

/// In the order in which they came, a thousand to a message, nothing twice.
#[test]
fn a_message_holds_a_thousand() {
    for (count, messages) in [
        (1, &[1][..]),
        (999, &[999]),
        (1_000, &[1_000]),
        (1_001, &[1_000, 1]),
        (5_000, &[1_000; 5]),
    ] {
        let mut probe = Probe::negotiated(with(Trickle::BTCD), Link::inbound());
        announce(&mut probe, 0..count);
        let again = probe.machine.announce(tx(count / 2)).unwrap();
        assert_eq!(again, Announced::Known);
        probe.wait(10 * SECOND);
        let said = told(&mut probe);
        let lengths: Vec<usize> = said.iter().map(Vec::len).collect();
        assert_eq!(lengths, messages);
        assert!(said.concat().into_iter().eq(0..count));
        assert_ne!(probe.machine.deadline_reason(), Some(Timer::Trickle));
        probe.wait(100 * SECOND);
        assert!(told(&mut probe).is_empty());
    }
}

/// The oldest go when there are too many.
#[test]
fn the_line_is_bounded() {
    let mut config = with(Trickle::BTCD);
    config.limits.inventory_queue = 10;
    let mut probe = Probe::negotiated(config, Link::inbound());
    announce(&mut probe, 0..25);
    assert_eq!(probe.machine.stats().inventory_dropped, 15);
    assert_eq!(probe.machine.stats().inventory_queued, 10);
    probe.wait(10 * SECOND);
    assert!(told(&mut probe).concat().into_iter().eq(15..25));
    // What was dropped was not told, so it is news.
    announce(&mut probe, 0..1);
}

/// Spans drawn from the seed: SHA-256 of seed and counter, minus the logarithm, times two seconds. Computed apart, with
/// 60 digits. The draws before are two nonces and the keys of the cache.
#[test]
fn outbound_connections_have_spans_of_their_own() {
    let mut probe = Probe::negotiated(with(Trickle::CORE), Link::outbound());
    let mut at = 0;
    for (round, span) in [4_822_142, 1_528_520, 2_271_323, 592_520, 1_680_030, 646_448]
        .into_iter()
        .enumerate()
    {
        let round = round as u64;
        announce(&mut probe, round..round + 1);
        at += span;
        assert_eq!(next_flush(&mut probe), (at, 1));
    }
    // A long line leaves in parts: 70 at a time, a little more where a thousand wait.
    let mut probe = Probe::negotiated(with(Trickle::CORE), Link::outbound());
    announce(&mut probe, 0..1_100);
    for expected in [
        (4_822_142, 75),
        (6_350_662, 75),
        (8_621_985, 70),
        (9_214_505, 70),
    ] {
        assert_eq!(next_flush(&mut probe), expected);
    }
    let stats = probe.machine.stats();
    assert_eq!(
        (stats.inventory_announced, stats.inventory_queued),
        (290, 810)
    );
}

/// The schedule that all inbound connections of a node share, computed apart from the secret by SipHash-2-4.
#[test]
fn inbound_connections_share_their_instants() {
    let instants = [
        5_600_000, 8_300_000, 13_600_000, 16_200_000, 31_900_000, 40_600_000, 47_300_000,
        52_700_000,
    ];
    // Whenever they were made, whenever something is announced.
    for later in [0, 1, 3_333] {
        let now = START.saturating_add(Duration::from_millis(later));
        let mut probe = Probe::at(with(Trickle::CORE), Link::inbound(), now);
        probe.tell(&VersionPayload::default().frame());
        probe.tell(&Frame::empty("verack"));
        probe.read();
        for (round, instant) in instants.into_iter().enumerate() {
            probe.wait(Duration::from_millis(later % 100));
            let round = round as u64;
            announce(&mut probe, round..round + 1);
            assert_eq!(next_flush(&mut probe), (instant, 1), "{later}");
        }
    }
    // Another node has another schedule.
    let mut stranger = Config::with_secret(Network::REGTEST, [8; 32]);
    stranger.timeouts.grain = Duration::ZERO;
    let mut probe = Probe::negotiated(stranger, Link::inbound());
    announce(&mut probe, 0..1);
    assert!(!instants.contains(&next_flush(&mut probe).0));
}

/// Never before its time, at most one grain after it.
#[test]
fn the_grain_puts_off_and_never_hurries() {
    let instants = |grain: Duration| {
        let mut config = with(Trickle::CORE);
        config.timeouts.grain = grain;
        let mut probe = Probe::negotiated(config, Link::outbound());
        announce(&mut probe, 0..1);
        next_flush(&mut probe).0
    };
    let exact = instants(Duration::ZERO);
    assert_eq!(exact, 4_822_142);
    for (grain, expected) in [
        (1_000, 4_823_000),
        (100_000, 4_900_000),
        (1_000_000, 5_000_000),
    ] {
        assert_eq!(instants(Duration::from_micros(grain)), expected);
    }
}

/// What the machine last heard of the time may be old; an announcement that left at the next tick would tell when it
/// was made.
#[test]
fn an_old_clock_does_not_hurry_anything() {
    for trickle in [Trickle::CORE, Trickle::BTCD] {
        let mut probe = Probe::negotiated(with(trickle), Link::outbound());
        // The machine sleeps for 61 seconds, less than its next deadline.
        announce(&mut probe, 0..1);
        probe.now = probe.now.saturating_add(61 * SECOND);
        probe.machine.tick(probe.now);
        assert!(told(&mut probe).is_empty(), "{trickle:?}");
        let (at, count) = next_flush(&mut probe);
        assert_eq!(count, 1);
        let expected = match trickle {
            Trickle::BTCD => 70_000_000,
            _ => 61_000_000 + 4_822_142,
        };
        assert_eq!(at, expected);
    }
}

/// Who has nothing to say is never woken for it.
#[test]
fn no_timer_runs_while_nothing_waits() {
    for trickle in [Trickle::Immediate, Trickle::CORE, Trickle::BTCD] {
        let mut probe = Probe::negotiated(with(trickle), Link::inbound());
        for _ in 0..20 {
            probe.wait(5 * SECOND);
            assert_ne!(probe.machine.deadline_reason(), Some(Timer::Trickle));
        }
        announce(&mut probe, 0..1);
        let waits = trickle != Trickle::Immediate;
        let is_set = probe.machine.deadline_reason() == Some(Timer::Trickle);
        assert_eq!(is_set, waits);
        // The remote knows it by now.
        let entry = [&[1, 1, 0, 0, 0][..], &hash(0)].concat();
        probe.tell(&Frame::new("inv", entry));
        assert_ne!(probe.machine.deadline_reason(), Some(Timer::Trickle));
        assert_eq!(told(&mut probe).len(), usize::from(!waits));
    }
}

/// A remote that does not read gets no more; the turn is lost, and the next one comes.
#[test]
fn a_full_socket_costs_a_turn() {
    let mut config = with(Trickle::BTCD);
    config.limits.send_high = 50_000;
    config.limits.send_low = 10_000;
    let mut probe = Probe::negotiated(config, Link::inbound());
    probe.reads = false;
    announce(&mut probe, 0..3_500);
    probe.wait(30 * SECOND);
    // Two messages, the second of which overshoots.
    assert_eq!(probe.machine.queued(), 2 * (24 + 3 + 36_000));
    assert_eq!(probe.machine.stats().inventory_queued, 1_500);
    probe.reads = true;
    assert!(told(&mut probe).concat().into_iter().eq(0..2_000));
    // Room alone is no reason to speak.
    probe.wait(10 * SECOND - MOMENT);
    assert!(told(&mut probe).is_empty());
    probe.wait(MOMENT);
    assert!(told(&mut probe).concat().into_iter().eq(2_000..3_500));
}

/// V30: nothing overflows and nothing spins, wherever the clock stands and leaps to.
#[test]
fn any_clock_will_do() {
    let instants = [0, 1, START.as_micros(), u64::MAX - 1, u64::MAX].map(Timestamp::from_micros);
    let longest = Duration::MAX;
    let policies = [
        Trickle::Immediate,
        Trickle::BTCD,
        Trickle::CORE,
        Trickle::Fixed { interval: longest },
        Trickle::Poisson {
            inbound: longest,
            outbound: longest,
            per_flush: usize::MAX,
        },
    ];
    for trickle in policies {
        for link in [Link::inbound(), Link::outbound()] {
            for start in instants {
                for later in instants {
                    let mut probe = Probe::at(with(trickle), link, start);
                    probe.tell(&VersionPayload::default().frame());
                    probe.tell(&Frame::empty("verack"));
                    probe.read();
                    announce(&mut probe, 0..100);
                    for now in [start, later, start, later] {
                        probe.machine.tick(now);
                        probe.now = probe.now.max(now);
                        let deadline = probe.machine.deadline();
                        assert!(deadline.is_none_or(|at| at >= probe.now));
                    }
                    let stats = probe.machine.stats();
                    let all = stats.inventory_announced + stats.inventory_queued as u64;
                    assert_eq!(all, 100);
                    // The leap may have ended the connection before the remote read it.
                    if !probe.machine.is_closed() {
                        let told = told(&mut probe).concat();
                        assert_eq!(told.len() as u64, stats.inventory_announced);
                    }
                }
            }
        }
    }
}
