//! Misbehaviour: each act is told once, with its culprit and its severity; the scores that follow.

mod bloom;
mod reject;

use core::time::Duration;

use crate::Probe;
use peer_core::{
    Annoyance, BanPolicy, BanScore, DisconnectReason, Event, Link, Malformed, Misbehavior,
    MisbehaviorKind, Penalty, Purpose, Severity, Violation,
};
use peer_tests::script::{Frame, VersionPayload, end, list, stream};

use self::bloom::without_bloom;
use crate::support::{INV_ENTRY, Preset, Stage, assert_over, command, config, filterload};
use Severity::{Careless, Forbidden, Harmless, Hostile};

fn acts(events: &[Event]) -> Vec<&Misbehavior> {
    let mut acts = Vec::new();
    for event in events {
        if let Event::Misbehavior(misbehavior) = event {
            acts.push(&**misbehavior);
        }
    }
    acts
}

/// The reason of an end, as the act that it was; `None` if nobody is to blame.
fn blamed(reason: &DisconnectReason) -> Option<MisbehaviorKind> {
    match reason {
        DisconnectReason::Frame(error) => Some(MisbehaviorKind::Frame(*error)),
        DisconnectReason::Malformed(malformed) => {
            Some(MisbehaviorKind::Malformed(malformed.clone()))
        }
        DisconnectReason::Violation(violation) => Some(MisbehaviorKind::Violation(*violation)),
        _ => None,
    }
}

/// An act: at which stage, what is said, who did it, and how bad that is (PROTOCOL 0.1, 1.2 to 1.9, appendix A).
struct Act(Stage, Frame, Option<&'static str>, Severity);

fn every_act() -> Vec<Act> {
    use Stage::{Fresh, Greeted, Up};
    let items = |name, count| Frame::new(name, list(count, &INV_ENTRY));
    let locator = [&[0; 4], &list(102, &[3; 32])[..], &[0; 32]].concat();
    let version = VersionPayload::default().frame();
    vec![
        // Frames: row 3, row 5; 1,025 bytes of a stranger.
        Act(Up, Frame::ping(1).with_magic([0xff; 4]), None, Forbidden),
        Act(
            Up,
            Frame::empty("block").claiming(4_000_001),
            Some("block"),
            Forbidden,
        ),
        // Bytes: rows 4, 6, 7; a size not in its shortest form.
        Act(
            Up,
            Frame::ping(1).with_bad_checksum(),
            Some("ping"),
            Careless,
        ),
        Act(
            Up,
            Frame::ping(1).with_command(*b"pi\0g\0\0\0\0\0\0\0\0"),
            None,
            Careless,
        ),
        Act(Up, Frame::empty("addrv2"), Some("addrv2"), Careless),
        Act(Up, Frame::new("inv", [0xfd, 1, 0]), Some("inv"), Careless),
        // Counts: rows 11 to 13, 92.
        Act(Up, items("inv", 50_001), Some("inv"), Hostile),
        Act(Up, items("getdata", 50_001), Some("getdata"), Hostile),
        Act(
            Up,
            Frame::new("headers", list(2_001, &[0; 81])),
            Some("headers"),
            Hostile,
        ),
        Act(
            Up,
            Frame::new("getheaders", locator),
            Some("getheaders"),
            Forbidden,
        ),
        // Rows 2, 17, 22, 23.
        Act(Up, version.clone(), Some("version"), Harmless),
        Act(Greeted, version, Some("version"), Harmless),
        Act(Up, Frame::empty("verack"), Some("verack"), Harmless),
        Act(Fresh, Frame::ping(1), Some("ping"), Harmless),
        Act(Greeted, Frame::empty("getaddr"), Some("getaddr"), Harmless),
        // Rows 61, 121.
        Act(
            Up,
            Frame::empty("sendaddrv2"),
            Some("sendaddrv2"),
            Forbidden,
        ),
        Act(
            Up,
            Frame::empty("wtxidrelay"),
            Some("wtxidrelay"),
            Forbidden,
        ),
        // Row 46; lists without entries.
        Act(Up, Frame::pong(99), Some("pong"), Harmless),
        Act(Up, Frame::new("inv", [0]), Some("inv"), Harmless),
        Act(Up, Frame::new("addr", [0]), Some("addr"), Harmless),
        // Row 77.
        Act(
            Up,
            Frame::new("filteradd", [1, 7]),
            Some("filteradd"),
            Hostile,
        ),
    ]
}

/// Under every policy each act is told once, whether it is forgiven or not; the one that ends the connection comes
/// right before the end.
#[test]
fn every_act_is_told_exactly_once() {
    for preset in Preset::ALL {
        for Act(stage, frame, culprit, severity) in every_act() {
            for link in [Link::inbound(), Link::outbound()] {
                let mut probe = stage.probe(preset.config(), link);
                let events = probe.tell(&frame);
                let told = acts(&events);
                let [act] = told[..] else {
                    // btcd takes longer locators.
                    assert_eq!(
                        (preset, frame.name().as_str()),
                        (Preset::Btcd, "getheaders")
                    );
                    continue;
                };
                let what = format!("{} {stage:?} {preset:?}: {act:?}", frame.name());
                assert_eq!(act.command, culprit.map(command), "{what}");
                // btcd knows from the header that a frame is too long for its kind, and reads no further.
                let unread = matches!(act.kind, MisbehaviorKind::Frame(_));
                let severity = if unread { Forbidden } else { severity };
                assert_eq!(act.severity, severity, "{what}");
                match end(&events) {
                    None => {
                        let alive = stage != Stage::Up || probe.is_alive();
                        assert!(alive && !probe.machine.is_closed(), "{what}");
                    }
                    Some(reason) => {
                        assert_eq!(blamed(reason).as_ref(), Some(&act.kind), "{what}");
                        let [.., Event::Misbehavior(_), Event::Disconnected { .. }] = &events[..]
                        else {
                            panic!("{what}");
                        };
                        assert_over(&mut probe, &events);
                    }
                }
            }
        }
    }
}

/// The frames that the application wants to see do not come between the act and the end.
#[test]
fn the_last_act_stands_next_to_the_end() {
    let mut config = Preset::Btcd.config();
    config.raw_events = true;
    let mut probe = Probe::negotiated(config, Link::inbound());
    let events = probe.tell(&Frame::empty("verack"));
    let [
        Event::Read(_),
        Event::Wrote(reject),
        Event::Misbehavior(act),
        Event::Disconnected { .. },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(reject.command, Some(command("reject")));
    let twice = MisbehaviorKind::Violation(Violation::DuplicateVerack);
    assert_eq!(act.kind, twice);
}

/// What is nobody's fault, or only time, is no misbehaviour.
#[test]
fn an_end_that_nobody_caused_accuses_nobody() {
    let hour = Duration::from_secs(3_600);
    let mut silent = Probe::negotiated(config(), Link::inbound());
    let mut asked = Probe::negotiated(config(), Link::inbound());
    asked.machine.disconnect();
    let mut cut = Probe::negotiated(config(), Link::inbound());
    cut.say(&Frame::ping(1).to_bytes()[..5]);
    cut.machine.hung_up(peer_core::HangUp::EndOfStream, cut.now);
    let mut old = Probe::new(config(), Link::inbound());
    let mut feeler = Probe::new(config(), Link::outbound().with_purpose(Purpose::Feeler));
    for events in [
        silent.wait(hour),
        asked.heard(),
        cut.heard(),
        old.tell(&VersionPayload::of(1).frame()),
        feeler.tell(&VersionPayload::default().frame()),
    ] {
        assert!(end(&events).is_some());
        assert_eq!(acts(&events).len(), 0, "{events:?}");
    }
}

/// Slips are told one by one; the one too many is told as that, and not again.
#[test]
fn one_slip_too_many_is_told_as_such() {
    let slip = Frame::ping(1).with_bad_checksum();
    let mut probe = Probe::negotiated(config(), Link::inbound());
    let events = probe.say(&stream(&vec![slip; 40]));
    let told = acts(&events);
    assert_eq!(told.len(), 32);
    let one = MisbehaviorKind::Malformed(Malformed::Checksum {
        command: command("ping"),
    });
    assert!(told[..31].iter().all(|act| act.kind == one));
    let MisbehaviorKind::Malformed(Malformed::TooMany { limit: 32, .. }) = told[31].kind else {
        panic!("{:?}", told[31]);
    };
    assert_eq!(told[31].command, Some(command("ping")));
    assert_over(&mut probe, &events);
}

/// Pointless messages are told once a minute and kind; the one too many is told as a violation, also if it is the first.
#[test]
fn one_annoyance_too_many_is_told_as_such() {
    for limit in [0, 1, 2, 5] {
        let mut config = config();
        config.limits.annoyances_per_minute = limit;
        let mut probe = Probe::negotiated(config, Link::inbound());
        let events = probe.say(&stream(&vec![Frame::empty("verack"); 10]));
        let told: Vec<_> = acts(&events).iter().map(|act| act.kind.clone()).collect();
        let annoyance = Annoyance::DuplicateHandshake;
        let command = Some(command("verack"));
        let last = MisbehaviorKind::Violation(Violation::Annoying {
            command,
            annoyance,
            limit,
        });
        let first = MisbehaviorKind::Annoyance(annoyance);
        if limit <= 1 {
            assert_eq!(told, [last], "{limit}");
        } else {
            assert_eq!(told, [first, last], "{limit}");
        }
        assert_eq!(acts(&events).last().unwrap().severity, Careless);
        assert_over(&mut probe, &events);
    }
    let mut probe = Probe::negotiated(config(), Link::inbound());
    for minute in 0..3 {
        let events = probe.say(&stream(&vec![Frame::empty("verack"); 100]));
        assert_eq!(acts(&events).len(), 1, "{minute}");
        probe.wait(Duration::from_secs(60));
    }
}

/// An application that polls nothing stops the machine opening frames: misbehaviour does not pile up.
#[test]
fn misbehaviour_does_not_pile_up() {
    let mut config = Preset::Core.config();
    config.timeouts.idle = None;
    let mut probe = Probe::negotiated(config, Link::inbound());
    probe.polls = false;
    let slip = Frame::new("addrv2", []).to_bytes();
    let mut taken = 0;
    for _ in 0..100_000 {
        taken += probe.machine.receive(&slip, probe.now);
    }
    assert!(taken < 24 * 100_000 && probe.machine.memory_held() < 128 * 1_024);
    probe.polls = true;
    let events = probe.heard();
    assert_eq!(acts(&events).len(), taken / 24);
}

/// The presets together: what an application that keeps scores does about the acts above.
#[test]
fn scores_follow_from_events() {
    for (preset, policy, banned) in [
        (Preset::Default, BanPolicy::default(), 4),
        (Preset::Core, BanPolicy::core(), 4),
        (Preset::Btcd, BanPolicy::btcd(), 0),
        (Preset::Btcd, BanPolicy::noban(), 0),
    ] {
        let mut bans = 0;
        for Act(stage, frame, _, severity) in every_act() {
            let mut probe = stage.probe(preset.config(), Link::inbound());
            let mut score = BanScore::new(policy);
            let events = probe.tell(&frame);
            let penalties = events.iter().map(|event| score.on_event(event, probe.now));
            let penalty = penalties.max().unwrap_or_default();
            let hostile = severity == Hostile && preset != Preset::Btcd;
            assert_eq!(
                penalty == Penalty::Ban,
                hostile,
                "{} {policy:?}",
                frame.name()
            );
            bans += usize::from(hostile);
        }
        assert_eq!(bans, banned);
    }
    // Fault 28 of PROTOCOL 4.5, from the wire to the ban.
    let mut probe = Probe::negotiated(without_bloom(Preset::Btcd), Link::inbound());
    let mut score = BanScore::new(BanPolicy::btcd());
    let events = probe.tell(&filterload());
    let penalties = events.iter().map(|event| score.on_event(event, probe.now));
    assert_eq!(penalties.max(), Some(Penalty::Ban));
}
