//! Section 2.4: pings, pongs and silences, exact where the grain is zero and at most one grain late where it is not.

use core::time::Duration;

use crate::Probe;
use peer_core::message::{Message, Ping};
use peer_core::{Config, DisconnectReason, Link, Timeout, Timer};
use peer_tests::script::{Frame, VersionPayload, end};
use peer_tests::tape::Watched;

use crate::support::{Preset, config};

const MOMENT: Duration = Duration::from_micros(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn exact() -> Config {
    exact_as(Preset::Default)
}

fn exact_as(preset: Preset) -> Config {
    let mut config = preset.config();
    config.timeouts.grain = Duration::ZERO;
    config
}

fn timeout(which: Timeout) -> DisconnectReason {
    DisconnectReason::Timeout(which)
}

/// A connection just past the handshake, and the nonce of the first ping, which is not answered.
fn pinged(config: Config) -> (Probe, u64) {
    let mut probe = Probe::new(config, Link::inbound());
    probe.tell(&VersionPayload::default().frame());
    probe.read();
    probe.tell(&Frame::empty("verack"));
    let at_once = next_ping(&mut probe);
    // btcd waits for the first interval.
    let nonce = at_once.or_else(|| {
        probe.wait(2 * MINUTE);
        next_ping(&mut probe)
    });
    (probe, nonce.unwrap())
}

/// The nonce of the only ping that was said since last time.
fn next_ping(probe: &mut Probe) -> Option<u64> {
    let said = probe.read();
    assert!(said.len() <= 1, "{said:?}");
    let ping = said.first()?;
    assert_eq!((ping.name().as_str(), ping.length), ("ping", 8));
    ping.nonce()
}

/// Rows 44 and 49.
#[test]
fn the_first_ping_comes_at_once_and_then_one_every_two_minutes() {
    for preset in Preset::ALL {
        let (mut probe, first) = pinged(exact_as(preset));
        let mut nonces = vec![first];
        for _ in 0..8 {
            // Other words of the remote do not put it off, nor do they replace it.
            for _ in 0..119 {
                probe.wait(SECOND);
                probe.tell(&Frame::empty("foobar"));
            }
            assert_eq!(next_ping(&mut probe), None);
            probe.wait(SECOND - MOMENT);
            assert_eq!(next_ping(&mut probe), None);
            probe.wait(MOMENT);
            nonces.push(next_ping(&mut probe).unwrap());
        }
        assert!(nonces.iter().all(|nonce| *nonce != 0));
        nonces.sort_unstable();
        nonces.dedup();
        assert_eq!(nonces.len(), 9);
    }
}

#[test]
fn btcd_waits_for_the_first_interval() {
    let mut config = exact().like_btcd();
    config.timeouts.grain = Duration::ZERO;
    let mut probe = Probe::negotiated(config, Link::inbound());
    probe.wait(2 * MINUTE - MOMENT);
    assert_eq!(probe.read(), []);
    probe.wait(MOMENT);
    assert!(next_ping(&mut probe).is_some());
}

/// Rows 45 to 48.
#[test]
fn pongs_are_matched_by_nonce() {
    for preset in Preset::ALL {
        let (mut probe, nonce) = pinged(exact_as(preset));
        assert_eq!(probe.machine.stats().pings_in_flight, 1);
        probe.wait(SECOND);
        for wrong in [nonce ^ 1, u64::MAX] {
            probe.tell(&Frame::pong(wrong));
            assert_eq!(probe.machine.stats().pings_in_flight, 1, "{wrong:x}");
        }
        assert_eq!(probe.machine.stats().ping, None);
        probe.wait(SECOND);
        probe.tell(&Frame::pong(nonce));
        let stats = probe.machine.stats();
        assert_eq!(stats.pings_in_flight, 0);
        assert_eq!(
            (stats.ping, stats.min_ping),
            (Some(2 * SECOND), Some(2 * SECOND))
        );
        // Once more is unsolicited.
        probe.tell(&Frame::pong(nonce));
        let unsolicited = peer_core::Annoyance::UnsolicitedPong;
        assert_eq!(probe.machine.stats().annoyance(unsolicited), 3);
        assert!(probe.is_alive());

        for cancel in [
            Frame::pong(0),
            Frame::new("pong", [1, 2, 3]),
            Frame::empty("pong"),
        ] {
            let (mut probe, _) = pinged(exact_as(preset));
            let events = probe.tell(&cancel);
            assert_eq!(probe.machine.stats().pings_in_flight, 0);
            assert_eq!(probe.machine.stats().ping, None);
            // For btcd a short one does not decode, which is the end.
            let is_over = preset == Preset::Btcd && cancel.payload.len() < 8;
            assert_eq!(end(&events).is_some(), is_over, "{preset:?}");
            assert_eq!(probe.is_alive(), !is_over);
        }
    }
}

/// Fault 20: pings overlap, and each pong finds its own.
#[test]
fn overlapping_pings_are_told_apart() {
    let (mut probe, first) = pinged(exact());
    let mine = [11, 12, 13];
    for (seconds, nonce) in [(10, mine[0]), (20, mine[1]), (30, mine[2])] {
        probe.wait(10 * SECOND);
        probe.machine.send(Message::Ping(Ping::new(nonce))).unwrap();
        assert_eq!(probe.read(), [Frame::ping(nonce)], "{seconds}");
    }
    assert_eq!(probe.machine.stats().pings_in_flight, 4);
    probe.wait(SECOND);
    for (nonce, trip, least, left) in [
        (first, 31, 31, 3),
        (mine[0], 21, 21, 2),
        // The second was answered after the third: too late to be a measure, but not unknown before.
        (mine[2], 1, 1, 0),
    ] {
        probe.tell(&Frame::pong(nonce));
        let stats = probe.machine.stats();
        assert_eq!(stats.ping, Some(trip * SECOND));
        assert_eq!(stats.min_ping, Some(least * SECOND));
        assert_eq!(stats.pings_in_flight, left, "{nonce}");
    }
    probe.wait(89 * SECOND);
    let nonce = next_ping(&mut probe).unwrap();
    probe.wait(5 * SECOND);
    probe.tell(&Frame::pong(nonce));
    let stats = probe.machine.stats();
    assert_eq!(
        (stats.ping, stats.min_ping),
        (Some(5 * SECOND), Some(SECOND))
    );
}

/// btcd's `LastPingTime`, `LastPingNonce` and `LastPingMicros`: when the last ping left, its nonce as long as its pong is
/// owed, and how long it took.
#[test]
fn the_last_ping_is_told_with_its_time_and_nonce() {
    let (mut probe, first) = pinged(exact());
    let left_at = probe.now;
    let stats = probe.machine.stats();
    assert_eq!(stats.last_ping, Some(left_at));
    assert_eq!(
        (stats.ping_nonce, stats.ping_since),
        (Some(first), Some(left_at))
    );
    probe.wait(Duration::from_micros(1_234));
    probe.tell(&Frame::pong(first));
    let stats = probe.machine.stats();
    assert_eq!(stats.ping, Some(Duration::from_micros(1_234)));
    assert_eq!(stats.last_ping, Some(left_at));
    assert_eq!((stats.ping_nonce, stats.ping_since), (None, None));
    probe.wait(2 * MINUTE - Duration::from_micros(1_234));
    let second = next_ping(&mut probe).unwrap();
    let stats = probe.machine.stats();
    assert_eq!(stats.last_ping, Some(left_at.saturating_add(2 * MINUTE)));
    assert_eq!(stats.ping_nonce, Some(second));
}

/// Pings of the application are as many as it likes, the memory of them is not; the latest are remembered.
#[test]
fn only_the_latest_pings_are_remembered() {
    let (mut probe, _) = pinged(exact());
    for nonce in 1..=100 {
        probe.machine.send(Message::Ping(Ping::new(nonce))).unwrap();
        probe.read();
        assert!(probe.machine.stats().pings_in_flight <= 16, "{nonce}");
    }
    for (nonce, known) in [(1, false), (84, false), (85, true), (100, true)] {
        let measured = probe.machine.stats().ping.is_some();
        probe.tell(&Frame::pong(nonce));
        assert_eq!(
            probe.machine.stats().ping.is_some(),
            known || measured,
            "{nonce}"
        );
    }
    assert_eq!(probe.machine.stats().pings_in_flight, 0);
}

/// Row 50: twenty minutes after a ping has left, however much else is said. btcd waits for ever.
#[test]
fn a_pong_is_owed_within_twenty_minutes() {
    for preset in Preset::ALL {
        let (mut probe, _) = pinged(exact_as(preset));
        let mut asked = 0;
        for second in 0..1_199 {
            assert_eq!(end(&probe.wait(SECOND)), None, "{second}");
            asked += 1;
            probe.tell(&Frame::ping(asked));
        }
        assert!(probe.read().iter().filter(|f| f.name() == "pong").count() == 1_199);
        assert_eq!(end(&probe.wait(SECOND - MOMENT)), None);
        let late = timeout(Timeout::Pong);
        let expected = (preset != Preset::Btcd).then_some(&late);
        assert_eq!(end(&probe.wait(MOMENT)), expected, "{preset:?}");
    }

    // Every ping is judged by its own age: the first one answered, the second is due two minutes later.
    let (mut probe, first) = pinged(exact());
    probe.wait(MINUTE);
    probe.tell(&Frame::pong(first));
    for minute in 1..21 {
        assert_eq!(end(&probe.wait(MINUTE)), None, "{minute}");
        probe.tell(&Frame::empty("foobar"));
    }
    assert_eq!(end(&probe.wait(MINUTE - MOMENT)), None);
    assert_eq!(end(&probe.wait(MOMENT)), Some(&timeout(Timeout::Pong)));
}

/// BIP31 begins above 60000. Below, a ping has no nonce and nobody answers.
#[test]
fn before_bip31_pings_have_no_nonce() {
    for (version, length) in [(31_800, 0), (60_000, 0), (60_001, 8), (60_002, 8)] {
        let mut probe = Probe::new(exact(), Link::inbound());
        probe.tell(&VersionPayload::of(version).frame());
        probe.read();
        probe.tell(&Frame::empty("verack"));
        for _ in 0..3 {
            let said = probe.read();
            let [ping] = &said[..] else {
                panic!("{version}: {said:?}");
            };
            assert_eq!(
                (ping.name().as_str(), ping.length),
                ("ping", length),
                "{version}"
            );
            let owed = usize::from(length == 8);
            assert_eq!(probe.machine.stats().pings_in_flight, owed, "{version}");
            ping.nonce().map(|nonce| probe.tell(&Frame::pong(nonce)));
            probe.wait(2 * MINUTE);
        }
        probe.read();
        let theirs = Frame::new("ping", vec![9; length as usize]);
        probe.tell(&theirs);
        let answers = probe.read().len();
        assert_eq!(answers, usize::from(length == 8), "{version}");
        // Twenty minutes without a pong are no offence where there are none.
        for _ in 0..25 {
            probe.tell(&Frame::empty("foobar"));
            for frame in probe.read() {
                frame.nonce().map(|nonce| probe.tell(&Frame::pong(nonce)));
            }
            assert_eq!(end(&probe.wait(MINUTE)), None, "{version}");
        }
    }
}

v1_only! {
    /// Row 53: any byte counts, and nothing else.
    #[test]
    fn silence_lasts_five_minutes_to_the_microsecond() {
        let mut probe = Probe::negotiated(exact(), Link::inbound());
        probe.wait(299 * SECOND);
        // One byte of a frame that never ends.
        probe.say(&[0xfa]);
        assert_eq!(end(&probe.wait(5 * MINUTE - MOMENT)), None);
        assert_eq!(probe.machine.deadline_reason(), Some(Timer::Idle));
        assert_eq!(end(&probe.wait(MOMENT)), Some(&timeout(Timeout::Idle)));
    }
}

/// Section "Ours by default": two minutes without a byte taken, from when there was one to take.
#[test]
fn a_remote_that_takes_nothing_is_stalled_after_two_minutes() {
    let mut config = exact();
    config.timeouts.ping_interval = None;
    let mut probe = Probe::negotiated(config, Link::inbound());
    let keep_talking = |probe: &mut Probe| {
        probe.tell(&Frame::empty("foobar"));
    };
    probe.reads = false;
    for _ in 0..4 {
        probe.wait(MINUTE);
        keep_talking(&mut probe);
    }
    assert!(probe.machine.queued() == 0, "nothing waits, nothing stalls");
    probe.machine.send(Message::GetAddr).unwrap();
    keep_talking(&mut probe);
    assert_eq!(end(&probe.wait(2 * MINUTE - MOMENT)), None);
    // One byte is taken: the wait for the rest begins anew.
    let _ = probe.machine.outbound();
    probe.machine.sent(1, probe.now);
    keep_talking(&mut probe);
    assert_eq!(end(&probe.wait(2 * MINUTE - MOMENT)), None);
    assert_eq!(probe.machine.deadline_reason(), Some(Timer::WriteStall));
    assert_eq!(
        end(&probe.wait(MOMENT)),
        Some(&timeout(Timeout::WriteStall))
    );
}

/// It holds for the very first bytes, too.
/// A ping is queued by the very tick in which the write-stall timer looks for the last time and finds nothing.
#[test]
fn what_is_queued_in_the_tick_of_the_last_look_is_watched_too() {
    let mut probe = Probe::negotiated(exact(), Link::inbound());
    probe.reads = false;
    // The handshake left at the start: the timer looks after two minutes, when the next ping is due as well.
    assert_eq!(end(&probe.wait(2 * MINUTE)), None);
    assert!(probe.machine.wants_write());
    assert_eq!(end(&probe.wait(2 * MINUTE - MOMENT)), None);
    let stalled = timeout(Timeout::WriteStall);
    assert_eq!(end(&probe.wait(MOMENT)), Some(&stalled));
}

/// A ping that a tick queues waits from that tick on, though nothing tells the time again until the verdict is due.
#[test]
fn what_a_tick_queues_is_dated_by_that_tick() {
    let mut config = exact();
    config.timeouts.write_stall = Some(MINUTE + 30 * SECOND);
    let mut probe = Probe::negotiated(config, Link::inbound());
    probe.reads = false;
    let events = probe.wait(2 * MINUTE + MINUTE + 30 * SECOND);
    assert_eq!(end(&events), Some(&timeout(Timeout::WriteStall)));
}

v1_only! {
    #[test]
    fn a_remote_that_never_takes_our_version_is_stalled() {
        let mut config = exact();
        config.timeouts.negotiation = 10 * MINUTE;
        let mut probe = Probe::new(config, Link::outbound().with_start_height(1));
        // The probe has read it; a fresh machine has not been read from.
        let config = alloc::sync::Arc::clone(probe.machine.config());
        probe.machine = Watched::new(config, Link::outbound(), probe.now, [1; 32]);
        probe.reads = false;
        assert_eq!(end(&probe.wait(2 * MINUTE - MOMENT)), None);
        assert_eq!(
            end(&probe.wait(MOMENT)),
            Some(&timeout(Timeout::WriteStall))
        );
    }
}

/// Five seconds for the last words.
#[test]
fn a_farewell_is_flushed_or_given_up() {
    let farewell = |reads: bool| {
        let mut probe = Probe::negotiated(exact(), Link::inbound());
        probe.read();
        probe.reads = false;
        probe.machine.send(Message::GetAddr).unwrap();
        probe.machine.disconnect();
        assert_eq!(probe.wait(5 * SECOND - MOMENT).len(), 0);
        assert!(!probe.machine.is_closed());
        probe.reads = reads;
        probe
    };
    let left = DisconnectReason::Local(peer_core::Goodbye::Requested);
    let mut probe = farewell(true);
    assert_eq!(end(&probe.heard()), Some(&left));
    assert_eq!(probe.read_names(), ["getaddr"]);
    let mut probe = farewell(false);
    assert_eq!(probe.machine.deadline_reason(), Some(Timer::Flush));
    assert_eq!(end(&probe.wait(MOMENT)), Some(&left));
    assert!(!probe.machine.wants_write());
}

/// A grain makes timers late, never early, and at most by itself.
#[test]
fn a_grain_is_the_most_that_a_timer_is_late() {
    for grain in [Duration::from_millis(100), Duration::from_secs(7)] {
        let mut config = config();
        config.timeouts.grain = grain;
        config.timeouts.ping_interval = None;
        for offset in [0, 1, 33_333, 99_999] {
            let start = peer_tests::script::START.saturating_add(Duration::from_micros(offset));
            let mut probe = Probe::at(config.clone(), Link::inbound(), start);
            let deadline = probe.machine.deadline().unwrap();
            // Peers wake up together.
            assert_eq!(u128::from(deadline.as_micros()) % grain.as_micros(), 0);
            let late = deadline.saturating_since(start.saturating_add(30 * SECOND));
            assert!(deadline >= start.saturating_add(30 * SECOND) && late < grain);
            assert_eq!(end(&probe.wait(30 * SECOND - MOMENT)), None);
            let events = probe.wait(grain + MOMENT);
            assert_eq!(end(&events), Some(&timeout(Timeout::Negotiation)));
        }
    }
}

/// Row 52.
#[test]
fn no_timeout_may_be_zero() {
    type Change = fn(&mut Config);
    let changes: [Change; 7] = [
        |c| c.timeouts.negotiation = Duration::ZERO,
        |c| c.timeouts.flush = Duration::ZERO,
        |c| c.timeouts.ping_interval = Some(Duration::ZERO),
        |c| c.timeouts.pong = Some(Duration::ZERO),
        |c| c.timeouts.idle = Some(Duration::ZERO),
        |c| c.timeouts.write_stall = Some(Duration::ZERO),
        |c| c.timeouts.addr_fetch = Some(Duration::ZERO),
    ];
    assert_eq!(config().validate(), Ok(()));
    for change in changes {
        let mut config = config();
        change(&mut config);
        assert!(config.validate().is_err());
    }
}
