//! `Config::review_version`: the application looks at the remote's `version` before it is answered.

use core::time::Duration;

use crate::Probe;
use peer_core::message::{Message, MessageKind, Reject, RejectCode, Text};
use peer_core::wire::BlockHash;
use peer_core::{
    Command, DisconnectReason, Event, Goodbye, HangUp, Link, Outcome, Timeout, Violation,
};
use peer_tests::script::{Frame, VersionPayload, end, stream};

use crate::support::{Preset, assert_over, config, delivered};

/// A machine that was greeted and waits for its application's verdict. The remote has said more already.
fn under_review(link: Link, version: i32) -> Probe {
    let mut config = config();
    config.review_version = true;
    config.timeouts.grain = Duration::ZERO;
    let mut probe = Probe::new(config, link);
    probe.read();
    let frames = [
        VersionPayload::of(version).frame(),
        Frame::empty("verack"),
        Frame::ping(5),
    ];
    let events = probe.say(&stream(&frames));
    assert!(matches!(&events[..], [Event::Version(_)]), "{events:?}");
    assert_eq!(probe.read(), [], "nothing before the verdict");
    probe
}

fn reject() -> Reject {
    Reject {
        message: Text::from("version"),
        code: RejectCode::NONSTANDARD,
        reason: Text::from("not today"),
        hash: None,
    }
}

#[test]
fn accepted_versions_are_answered() {
    for link in [Link::inbound(), Link::outbound()] {
        let mut probe = under_review(link, 70_016);
        probe.wait(Duration::from_secs(10));
        probe.machine.accept_version();
        let events = probe.heard();
        assert!(matches!(&events[0], Event::Negotiated));
        assert_eq!(delivered(&events), ["ping"]);
        let answer = [
            "version",
            "wtxidrelay",
            "sendaddrv2",
            "verack",
            "ping",
            "pong",
        ];
        let skip = usize::from(!link.is_inbound());
        assert_eq!(probe.read_names(), answer[skip..]);
        // A second verdict changes nothing.
        probe.machine.accept_version();
        probe.machine.refuse_version(Some(reject()));
        assert_eq!(probe.read(), []);
        assert!(probe.is_alive());
    }
}

/// What an adapter sends through its channel does what the method does, and there is nothing to wait for.
#[test]
fn verdicts_and_news_are_commands_too() {
    let mut probe = under_review(Link::inbound(), 70_016);
    let refusal = Command::RefuseVersion(Some(Box::new(reject())));
    for command in [Command::AdmitV2, Command::RefuseV2, Command::AcceptVersion] {
        assert_eq!(probe.machine.command(command).unwrap(), Outcome::Done);
    }
    assert!(matches!(probe.heard()[0], Event::Negotiated));
    let block = BlockHash::from_bytes([7; 32]);
    for command in [
        Command::UpdateLastBlockHeight(800_000),
        Command::UpdateLastAnnouncedBlock(block),
        refusal.clone(),
    ] {
        assert_eq!(probe.machine.command(command).unwrap(), Outcome::Done);
    }
    let stats = probe.machine.stats();
    assert_eq!(stats.last_block, Some(800_000));
    assert_eq!(stats.last_announced_block, Some(block));
    assert!(probe.is_alive(), "a second verdict changes nothing");

    let mut probe = under_review(Link::inbound(), 70_016);
    assert_eq!(probe.machine.command(refusal).unwrap(), Outcome::Done);
    let events = probe.heard();
    let refused = DisconnectReason::from(Goodbye::VersionRefused);
    assert_eq!(end(&events), Some(&refused));
}

#[test]
fn refused_versions_are_told_why_if_they_can_read_it() {
    for (version, reason, said) in [
        (70_016, None, &[][..]),
        (70_016, Some(reject()), &["reject"]),
        (70_002, Some(reject()), &["reject"]),
        // Fault 14: below 70002 there is no reject.
        (70_001, Some(reject()), &[]),
    ] {
        for link in [Link::inbound(), Link::outbound()] {
            let mut probe = under_review(link, version);
            probe.machine.refuse_version(reason.clone());
            let words = probe.read();
            assert!(
                words.iter().map(Frame::name).eq(said.iter().copied()),
                "{version}"
            );
            if let Some(frame) = words.first() {
                assert_eq!(frame.payload, b"\x07version\x40\x09not today");
            }
            let events = probe.heard();
            let refused = DisconnectReason::Local(Goodbye::VersionRefused);
            assert_eq!(end(&events), Some(&refused));
            assert_over(&mut probe, &events);
        }
    }
}

/// A remote that is refused answers nothing, so the reason comes before its `version`: an ordinary message by default.
#[test]
fn who_is_refused_hears_why() {
    let frame = Frame::new("reject", *b"\x07version\x40\x09not today");
    let mut probe = Probe::new(config(), Link::outbound());
    let events = probe.tell(&frame);
    let [
        Event::Message {
            message: Message::Reject(heard),
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(heard.code, RejectCode::NONSTANDARD);
    assert_eq!(heard.reason.as_bytes()[..], *b"not today");

    // Core reads none, and to btcd nothing may come before a `version`.
    let mut probe = Probe::new(Preset::Core.config(), Link::outbound());
    let events = probe.tell(&frame);
    assert!(matches!(&events[..], [Event::Misbehavior(_)]), "{events:?}");
    let mut probe = Probe::new(Preset::Btcd.config(), Link::outbound());
    let command = MessageKind::Reject.command();
    let early = DisconnectReason::Violation(Violation::Early { command });
    assert_eq!(end(&probe.tell(&frame)), Some(&early));
}

#[test]
fn a_verdict_must_come_in_time() {
    for link in [Link::inbound(), Link::outbound()] {
        let mut probe = under_review(link, 70_016);
        let almost = Duration::from_secs(30) - Duration::from_micros(1);
        assert_eq!(end(&probe.wait(almost)), None);
        let events = probe.wait(Duration::from_micros(1));
        let timeout = DisconnectReason::Timeout(Timeout::Negotiation);
        assert_eq!(end(&events), Some(&timeout));
        // Too late: `assert_over` accepts and refuses once more.
        assert_over(&mut probe, &events);
    }
}

#[test]
fn the_remote_may_go_meanwhile() {
    for how in [HangUp::EndOfStream, HangUp::Reset, HangUp::LocalError] {
        let mut probe = under_review(Link::inbound(), 70_016);
        probe.machine.hung_up(how, probe.now);
        let events = probe.heard();
        assert_eq!(end(&events), Some(&DisconnectReason::HungUp(how)));
        assert_over(&mut probe, &events);
    }
}

/// Whatever a stranger says while the application thinks: little of it is held.
#[test]
fn a_review_bounds_what_a_stranger_can_say() {
    let mut probe = under_review(Link::inbound(), 70_016);
    let flood = stream(&vec![Frame::new("foobar", vec![7; 1_000]); 1_000]);
    let taken = probe.machine.receive(&flood, probe.now);
    assert!(taken < 8 * 1_024, "{taken}");
    assert!(!probe.machine.wants_read());
    assert!(probe.machine.memory_held() < 8 * 1_024);
    assert_eq!(probe.heard().len(), 0);
}

#[test]
fn the_application_may_leave_instead() {
    let mut probe = under_review(Link::inbound(), 70_016);
    probe.machine.disconnect();
    let events = probe.heard();
    let left = DisconnectReason::Local(Goodbye::Requested);
    assert_eq!(end(&events), Some(&left));
    assert_over(&mut probe, &events);
}
