//! Clocks that stand at the ends of time, run backwards, or tick too often; and an application that is slow.

use core::time::Duration;

use crate::Probe;
use peer_core::message::Message;
use peer_core::{DisconnectReason, Event, Link, Timeout, Timestamp};
use peer_tests::link::Dice;
use peer_tests::script::{Frame, START, VersionPayload, end};

use crate::support::{Preset, config, delivered};

const MINUTE: Duration = Duration::from_secs(60);

/// V30: nothing overflows, whatever the clock shows; time may even leap from its beginning to its end.
#[test]
fn any_clock_will_do() {
    let instants =
        [0, 1, 1_700_000_000_000_000, u64::MAX - 1, u64::MAX].map(Timestamp::from_micros);
    for start in instants {
        for later in instants {
            for preset in Preset::ALL {
                let mut probe = Probe::at(preset.config(), Link::inbound(), start);
                probe.tell(&VersionPayload::default().frame());
                probe.tell(&Frame::empty("verack"));
                assert!(probe.machine.is_negotiated());
                assert!(probe.is_alive());
                probe.now = later;
                for _ in 0..3 {
                    probe.machine.tick(later);
                    if let Some(deadline) = probe.machine.deadline() {
                        assert!(
                            deadline >= later.max(start).min(Timestamp::MAX),
                            "{deadline}"
                        );
                    }
                }
                probe.tell(&Frame::ping(1));
                probe.heard();
            }
        }
    }
}

/// A clock that goes backwards counts as one that stands still.
#[test]
fn a_clock_that_goes_backwards_stands_still() {
    let mut config = config();
    config.timeouts.grain = Duration::ZERO;
    let mut probe = Probe::new(config, Link::inbound());
    probe.wait(Duration::from_secs(20));
    let deadline = probe.machine.deadline();
    for back in [START, Timestamp::ZERO] {
        probe.machine.tick(back);
        probe.machine.receive(&[0xfa], back);
        assert_eq!(probe.machine.deadline(), deadline);
    }
    let events = probe.wait(Duration::from_secs(10));
    let timeout = DisconnectReason::Timeout(Timeout::Negotiation);
    assert_eq!(end(&events), Some(&timeout));
}

/// What was heard at a time that the clock takes back was heard all the same.
#[test]
fn a_clock_that_goes_backwards_makes_nobody_older() {
    let mut config = config();
    config.timeouts.grain = Duration::ZERO;
    let mut probe = Probe::negotiated(config, Link::inbound());
    probe.wait(Duration::from_secs(200));
    probe.machine.receive(&[0xfa], START);
    let moment = Duration::from_micros(1);
    assert_eq!(end(&probe.wait(5 * MINUTE - moment)), None);
    let silent = DisconnectReason::Timeout(Timeout::Idle);
    assert_eq!(end(&probe.wait(moment)), Some(&silent));
}

/// A conversation of an hour, with ticks only at deadlines or with many more: the same words, the same events.
#[test]
fn extra_ticks_change_nothing() {
    let run = |extra: u64| {
        let mut dice = Dice::new(extra);
        let mut probe = Probe::new(config(), Link::outbound());
        let mut heard = Vec::new();
        let mut said = Vec::new();
        heard.extend(probe.tell(&VersionPayload::default().frame()));
        heard.extend(probe.tell(&Frame::empty("verack")));
        for minute in 0..60_u64 {
            let (mut left, end) = (extra, probe.now.saturating_add(MINUTE));
            while left > 0 {
                left -= 1;
                let step = Duration::from_micros(dice.below(60_000_000 / extra));
                // Ticks at deadlines only: those of `wait` and then some.
                heard.extend(probe.wait(step));
                probe.machine.tick(probe.now);
                probe.machine.tick(Timestamp::ZERO);
            }
            heard.extend(probe.wait(end.saturating_since(probe.now)));
            heard.extend(probe.tell(&Frame::ping(minute)));
            for frame in probe.read() {
                if let ("ping", Some(nonce)) = (frame.name().as_str(), frame.nonce()) {
                    heard.extend(probe.tell(&Frame::pong(nonce)));
                }
                said.push(frame);
            }
        }
        let heard: Vec<String> = heard.iter().map(|event| format!("{event:?}")).collect();
        (said, heard, probe.machine.stats())
    };
    let plain = run(0);
    assert_eq!(plain.0.iter().filter(|f| f.name() == "ping").count(), 31);
    for extra in [1, 7, 50] {
        let other = run(extra);
        assert!(other.0 == plain.0, "{extra}: other words");
        assert!(other.1 == plain.1, "{extra}: other events");
        assert_eq!(other.2, plain.2);
    }
}

/// DESIGN, time: a deadline is never in the past after a tick, in whatever state and however long the tick was missed.
#[test]
fn after_a_tick_no_deadline_is_in_the_past() {
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let mut probe = Probe::new(config(), Link::outbound());
        for _ in 0..60 {
            match dice.below(9) {
                0 => drop(probe.tell(&VersionPayload::default().frame())),
                1 => drop(probe.tell(&Frame::empty("verack"))),
                2 => drop(probe.tell(&Frame::ping(dice.roll()))),
                3 => drop(probe.machine.send(Message::GetAddr)),
                4 => probe.reads = !probe.reads,
                5 => probe.polls = !probe.polls,
                6 if dice.below(20) == 0 => probe.machine.disconnect(),
                _ => {}
            }
            let scale = dice.below(32);
            let span = Duration::from_micros(dice.below(1 << scale));
            probe.now = probe.now.saturating_add(span);
            probe.machine.tick(probe.now);
            if let Some(deadline) = probe.machine.deadline() {
                assert!(deadline >= probe.now, "seed {seed}: {deadline}");
            }
        }
    }
}

v1_only! {
    /// Idle and pong deadlines do not run while our own application keeps the window closed.
    #[test]
    fn a_slow_application_never_makes_the_remote_guilty() {
        let mut probe = Probe::new(config(), Link::inbound());
        probe.tell(&VersionPayload::default().frame());
        probe.read();
        probe.tell(&Frame::empty("verack"));
        let nonce = probe.read()[0].nonce().unwrap();
        // The answer is there, behind more than the window holds; the application sleeps for an hour.
        probe.polls = false;
        let mut stream = Vec::new();
        while probe.machine.wants_read() {
            stream.extend(Frame::new("foobar", vec![1; 500]).to_bytes());
            let taken = probe.machine.receive(&stream, probe.now);
            stream.drain(..taken);
        }
        stream.extend(Frame::pong(nonce).to_bytes());
        for _ in 0..60 {
            assert_eq!(probe.wait(MINUTE).len(), 0);
            assert!(!probe.machine.is_closed() && !probe.machine.wants_read());
        }
        probe.polls = true;
        let events = probe.say(&stream);
        assert_eq!(end(&events), None);
        assert_eq!(delivered(&events).last().unwrap(), "pong");
        assert_eq!(probe.machine.stats().ping, Some(60 * MINUTE));
        // From now on the remote has its full time again.
        assert_eq!(end(&probe.wait(5 * MINUTE - Duration::from_secs(1))), None);
        let events = probe.wait(Duration::from_secs(2));
        assert_eq!(
            end(&events),
            Some(&DisconnectReason::Timeout(Timeout::Idle))
        );
    }
}

/// The same for bytes that have arrived and were not polled, without the window having closed.
#[test]
fn what_has_arrived_is_judged_before_the_deadline() {
    for (frame, deadline) in [
        (Frame::ping(1), 6 * MINUTE),
        (Frame::empty("foobar"), 30 * MINUTE),
    ] {
        let mut probe = Probe::negotiated(config(), Link::inbound());
        probe.polls = false;
        probe.tell(&frame);
        probe.wait(deadline);
        probe.polls = true;
        let events = probe.heard();
        assert!(matches!(&events[0], Event::Message { .. }), "{events:?}");
    }
}
