//! `reject` (BIP61): from which version on it is read and sent, and what ours says before a disconnect.

use core::time::Duration;

use crate::Probe;
use peer_core::message::{Message, Reject, RejectCode, Text};
use peer_core::{
    Annoyance, DisconnectReason, Incompatible, Link, MisbehaviorKind, SendError, Severity,
    Violation,
};
use peer_tests::script::{Frame, VersionPayload, end};

use super::acts;
use crate::support::{Preset, Stage, assert_over, command, config, delivered};
use Severity::Harmless;

/// A `reject` of a `tx`, as BIP61 lays it out.
fn reject_payload() -> Vec<u8> {
    b"\x02tx\x10\x03bad".to_vec()
}

/// BIP61: read from 70002 on; below Core ignores it and for btcd it does not decode.
#[test]
fn a_reject_is_read_from_its_version_on() {
    let frame = Frame::new("reject", reject_payload());
    for preset in Preset::ALL {
        for (version, read) in [(70_001, false), (70_002, true), (70_016, true)] {
            let remote = VersionPayload::of(version);
            let mut probe = Probe::negotiated_with(preset.config(), Link::inbound(), &remote);
            let events = probe.tell(&frame);
            if read {
                assert_eq!(delivered(&events), ["reject"], "{preset:?} {version}");
                assert!(acts(&events).is_empty() && probe.is_alive());
                continue;
            }
            assert_eq!(delivered(&events), [""; 0], "{preset:?} {version}");
            let [act] = acts(&events)[..] else {
                panic!("{preset:?}: {events:?}");
            };
            assert_eq!(act.command, Some(command("reject")));
            assert_eq!(act.severity, Harmless);
            let too_low = Violation::VersionTooLowFor {
                command: command("reject"),
                needed: 70_002,
                negotiated: 70_001,
            };
            match preset {
                Preset::Btcd => assert_eq!(end(&events), Some(&too_low.into())),
                _ => {
                    let dropped = Annoyance::VersionTooLow;
                    assert_eq!(act.kind, MisbehaviorKind::Annoyance(dropped));
                    assert_eq!(probe.machine.stats().annoyance(dropped), 1);
                    assert!(probe.is_alive());
                }
            }
        }
        // Between `version` and `verack` as well.
        let mut probe = Probe::new(preset.config(), Link::inbound());
        probe.tell(&VersionPayload::of(70_001).frame());
        let events = probe.tell(&frame);
        assert_eq!(delivered(&events), [""; 0], "{preset:?}");
        assert_eq!(acts(&events).len(), 1, "{preset:?}");
    }
}

/// BIP61: the application cannot send one below 70002.
#[test]
fn a_reject_is_sent_from_its_version_on() {
    let reject = || {
        Message::Reject(Box::new(Reject {
            message: Text::from("tx"),
            code: RejectCode::INVALID,
            reason: Text::from("bad"),
            hash: None,
        }))
    };
    let probe = |version| {
        let remote = VersionPayload::of(version);
        let mut probe = Probe::negotiated_with(config(), Link::inbound(), &remote);
        probe.read();
        probe
    };
    let mut old = probe(70_001);
    let refused = old.machine.send(reject());
    assert!(matches!(refused, Err(SendError::Encode(_))), "{refused:?}");
    assert_eq!(old.read(), []);
    let mut new = probe(70_002);
    new.machine.send(reject()).unwrap();
    assert_eq!(new.read(), [Frame::new("reject", reject_payload())]);
}

/// What the last words name, from a `reject`: message and code.
fn last_words(probe: &mut Probe) -> Option<(String, u8)> {
    let said = probe.read();
    let reject = said.iter().find(|frame| frame.name() == "reject")?;
    let length = usize::from(reject.payload[0]);
    let name = String::from_utf8(reject.payload[1..=length].to_vec()).unwrap();
    Some((name, reject.payload[length + 1]))
}

/// Fault 12 of PROTOCOL 4.5: the last words name the message that was wrong, and so does the event.
#[test]
fn the_last_words_name_the_culprit() {
    let row = |stage, frame: Frame, code| (stage, frame, code);
    for (stage, frame, code) in [
        row(Stage::Greeted, Frame::empty("getaddr"), 0x01),
        row(Stage::Greeted, Frame::ping(1), 0x01),
        row(Stage::Greeted, VersionPayload::default().frame(), 0x12),
        row(Stage::Up, VersionPayload::default().frame(), 0x12),
        row(Stage::Up, Frame::empty("verack"), 0x12),
        row(Stage::Up, Frame::empty("addrv2"), 0x01),
        row(Stage::Up, Frame::new("inv", [0, 0]), 0x01),
        row(Stage::Up, Frame::ping(1).with_bad_checksum(), 0x01),
    ] {
        let mut probe = stage.probe(Preset::Btcd.config(), Link::inbound());
        probe.read();
        let events = probe.tell(&frame);
        let [act] = acts(&events)[..] else {
            panic!("{events:?}");
        };
        assert_eq!(act.command, Some(command(&frame.name())));
        assert_eq!(last_words(&mut probe), Some((frame.name(), code)));
        assert_over(&mut probe, &events);
    }
    // Bytes that are no name are not sent back.
    let mut probe = Stage::Up.probe(Preset::Btcd.config(), Link::inbound());
    probe.tell(&Frame::ping(1).with_command([0xff; 12]));
    assert_eq!(last_words(&mut probe), Some((String::new(), 0x01)));
    // The first message is no `version`: whether that remote reads `reject` nobody knows.
    for name in ["ping", "getaddr", "verack"] {
        let payload = if name == "ping" { vec![1; 8] } else { vec![] };
        let mut probe = Probe::new(Preset::Btcd.config(), Link::inbound());
        let events = probe.tell(&Frame::new(name, payload));
        let early = Violation::Early {
            command: command(name),
        };
        assert_eq!(end(&events), Some(&early.into()));
        assert_eq!(acts(&events)[0].command, Some(command(name)));
        assert_eq!(probe.read(), []);
    }
}

/// Faults 13 and 14 of PROTOCOL 4.5: negative versions are old ones, and an old one is told so only if it can read it.
#[test]
fn an_obsolete_version_is_told_so_from_70002_on() {
    let mut config = Preset::Btcd.config();
    config.minimum_version = 70_012;
    for (version, told) in [
        (i32::MIN, false),
        (-1, false),
        (0, false),
        (209, false),
        (70_001, false),
        (70_002, true),
        (70_011, true),
    ] {
        for link in [Link::inbound(), Link::outbound()] {
            let mut probe = Probe::new(config.clone(), link);
            probe.read();
            let events = probe.tell(&VersionPayload::of(version).frame());
            let minimum = 70_012;
            let old = DisconnectReason::Incompatible(Incompatible::Version { version, minimum });
            assert_eq!(end(&events), Some(&old));
            let obsolete = ("version".to_owned(), 0x11);
            assert_eq!(
                last_words(&mut probe),
                told.then_some(obsolete),
                "{version}"
            );
            assert_over(&mut probe, &events);
        }
    }
}

/// Fault 7 of PROTOCOL 4.5: a remote that sends rubbish and reads nothing is gone within the flush deadline.
#[test]
fn last_words_wait_for_nobody() {
    for slip in [Frame::empty("addrv2"), Frame::ping(1).with_bad_checksum()] {
        let mut config = Preset::Btcd.config();
        config.timeouts.grain = Duration::ZERO;
        let flush = config.timeouts.flush;
        let mut probe = Probe::negotiated(config, Link::inbound());
        probe.reads = false;
        let mut events = probe.tell(&slip);
        assert!(probe.machine.wants_write());
        let moment = Duration::from_micros(1);
        events.extend(probe.wait(flush - moment));
        assert_eq!(events.len(), 0, "{events:?}");
        // It goes on sending, which is not heard.
        probe.tell(&slip);
        events.extend(probe.wait(moment));
        assert!(matches!(end(&events), Some(DisconnectReason::Malformed(_))));
        assert_eq!(acts(&events).len(), 1, "{events:?}");
        assert_over(&mut probe, &events);
    }
}
