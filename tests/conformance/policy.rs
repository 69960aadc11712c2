//! Table 2.13: the same stimulus under the three presets.

use core::time::Duration;

use crate::Probe;
use peer_core::message::{DecodeErrorKind, MessageKind};
use peer_core::{DisconnectReason, FrameError, Link, Malformed, Timeout, Violation};
use peer_tests::script::{Frame, VersionPayload, end, list, stream};

use crate::support::{
    ADDR_ENTRY, INV_ENTRY, Preset, Reaction, Stage, bad_payload, command, reaction,
};
use Reaction::{Deliver, Drop, End};
use Stage::{Fresh, Greeted, Up};

struct Row {
    what: &'static str,
    stage: Stage,
    stimulus: Frame,
    default: Reaction,
    core: Reaction,
    btcd: Reaction,
}

fn early(name: &str) -> Reaction {
    let command = command(name);
    End(Violation::Early { command }.into())
}

fn rows() -> Vec<Row> {
    let version = VersionPayload::default().frame();
    let duplicate_version = End(Violation::DuplicateVersion.into());
    let duplicate_verack = End(Violation::DuplicateVerack.into());
    let row = |what, stage, stimulus, default, core, btcd| Row {
        what,
        stage,
        stimulus,
        default,
        core,
        btcd,
    };
    let mut trailing = list(1, &INV_ENTRY);
    trailing.push(0);
    let bad_checksum = End(DisconnectReason::Malformed(Malformed::Checksum {
        command: command("ping"),
    }));
    let empty_addrv2 = bad_payload(
        MessageKind::AddrV2,
        "addresses",
        DecodeErrorKind::UnexpectedEnd {
            needed: 1,
            remaining: 0,
        },
    );
    let not_shortest = bad_payload(
        MessageKind::Inv,
        "inventory",
        DecodeErrorKind::NonCanonicalSize { value: 1 },
    );
    let trailing_inv = DisconnectReason::Malformed(Malformed::TrailingBytes {
        command: command("inv"),
        count: 1,
    });
    let mut rows = vec![
        row(
            "second version",
            Up,
            version.clone(),
            duplicate_version.clone(),
            Drop,
            duplicate_version.clone(),
        ),
        row(
            "second version before verack (row 2)",
            Greeted,
            version,
            duplicate_version.clone(),
            Drop,
            duplicate_version,
        ),
        row(
            "second verack (row 17)",
            Up,
            Frame::empty("verack"),
            Drop,
            Drop,
            duplicate_verack,
        ),
        row(
            "bad checksum (row 4)",
            Up,
            Frame::new("ping", [1, 2]).with_bad_checksum(),
            Drop,
            Drop,
            bad_checksum,
        ),
        row(
            "decode error: empty addrv2 (row 7)",
            Up,
            Frame::empty("addrv2"),
            Drop,
            Drop,
            End(empty_addrv2),
        ),
        row(
            "decode error: a size not in its shortest form",
            Up,
            Frame::new("inv", [&[0xfd, 1, 0], &INV_ENTRY[..]].concat()),
            Drop,
            Drop,
            End(not_shortest),
        ),
        row(
            "trailing bytes",
            Up,
            Frame::new("inv", trailing),
            Deliver(1),
            Deliver(1),
            End(trailing_inv),
        ),
        row(
            "addr with one entry",
            Up,
            Frame::new("addr", list(1, &ADDR_ENTRY)),
            Deliver(1),
            Deliver(1),
            Deliver(1),
        ),
        row(
            "addr with 0 entries",
            Up,
            Frame::new("addr", [0]),
            Deliver(1),
            Deliver(1),
            End(Violation::Empty {
                command: command("addr"),
            }
            .into()),
        ),
        row(
            "sendheaders between version and verack",
            Greeted,
            Frame::empty("sendheaders"),
            Deliver(1),
            Deliver(1),
            early("sendheaders"),
        ),
    ];
    for name in ["ping", "getaddr", "mempool", "inv", "tx", "verack"] {
        let payload = match name {
            "ping" => vec![1; 8],
            "inv" => list(1, &INV_ENTRY),
            // The first transaction with an output of the second block, without its meaning: any bytes that decode.
            "tx" => coinbase(),
            _ => vec![],
        };
        for stage in [Fresh, Greeted] {
            if (name, stage) == ("verack", Greeted) {
                continue;
            }
            let stimulus = Frame::new(name, payload.clone());
            rows.push(row(
                "early message (row 22, 23)",
                stage,
                stimulus,
                Drop,
                Drop,
                early(name),
            ));
        }
    }
    for (what, name) in [
        ("text after NUL (row 6)", *b"pi\0g\0\0\0\0\0\0\0\0"),
        ("non-ASCII (row 6)", *b"p\xc3\xafng\0\0\0\0\0\0\0"),
        ("a control character", *b"ping\n\0\0\0\0\0\0\0"),
        ("only text after NUL", *b"\0\0\0\0\0\0\0\0\0\0\0x"),
    ] {
        let bad = DisconnectReason::Malformed(Malformed::Command { command: name });
        for stage in Stage::ALL {
            let stimulus = Frame::ping(1).with_command(name);
            rows.push(row(what, stage, stimulus, Drop, Drop, End(bad.clone())));
        }
    }
    for name in [
        "foobar",
        "",
        "PING",
        "twelve_chars",
        "Version",
        "cmpctblock2",
    ] {
        for stage in Stage::ALL {
            let stimulus = Frame::new(name, [1, 2, 3]);
            let reaction = Deliver(1);
            rows.push(row(
                "unknown command",
                stage,
                stimulus,
                reaction.clone(),
                reaction.clone(),
                reaction,
            ));
        }
    }
    rows
}

/// A transaction of one input and one output.
fn coinbase() -> Vec<u8> {
    let mut tx = vec![1, 0, 0, 0, 1];
    tx.extend([0; 32]);
    tx.extend([0xff; 4]);
    tx.extend([1, 0x51, 0xff, 0xff, 0xff, 0xff, 1]);
    tx.extend([0; 8]);
    tx.extend([1, 0x51, 0, 0, 0, 0]);
    tx
}

#[test]
fn each_preset_reacts_as_the_table_says() {
    for row in rows() {
        for preset in Preset::ALL {
            let expected = match preset {
                Preset::Default => &row.default,
                Preset::Core => &row.core,
                Preset::Btcd => &row.btcd,
            };
            for link in [Link::inbound(), Link::outbound()] {
                let mut probe = row.stage.probe(preset.config(), link);
                let got = reaction(&mut probe, row.stage, &row.stimulus.to_bytes());
                assert_eq!(
                    got,
                    *expected,
                    "{} {:?} at {:?} under {preset:?}, {:?}",
                    row.what,
                    row.stimulus.name(),
                    row.stage,
                    link.direction
                );
            }
        }
    }
}

/// Lines "wrong magic" and "length above the limit": all presets, all stages, at the header.
#[test]
fn a_stream_that_is_lost_ends_under_every_policy() {
    for preset in Preset::ALL {
        for stage in Stage::ALL {
            let magic = Frame::ping(1).with_magic([0xff; 4]).to_bytes();
            let too_long = Frame::ping(1).claiming(4_000_001).to_bytes();
            for (header, wanted) in [(&magic[..24], "magic"), (&too_long[..24], "length")] {
                let mut probe = stage.probe(preset.config(), Link::inbound());
                let End(DisconnectReason::Frame(error)) = reaction(&mut probe, stage, header)
                else {
                    panic!("{wanted} under {preset:?} at {stage:?}");
                };
                match error {
                    FrameError::WrongMagic { got, .. } => {
                        assert_eq!((wanted, got), ("magic", [0xff; 4]));
                    }
                    FrameError::PayloadTooLarge { length, .. } => {
                        assert_eq!((wanted, length), ("length", 4_000_001));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

/// Lines "handshake timeout" and "silence": seconds under each preset, and row 51: alive just before.
#[test]
fn patience_is_as_the_table_says() {
    for (preset, handshake, silence) in [
        (Preset::Default, 30, 300),
        (Preset::Core, 60, 1_200),
        (Preset::Btcd, 30, 300),
    ] {
        let mut config = preset.config();
        config.timeouts.grain = Duration::ZERO;
        let moment = Duration::from_micros(1);
        let mut probe = Probe::new(config.clone(), Link::inbound());
        let before = probe.wait(Duration::from_secs(handshake) - moment);
        assert_eq!(end(&before), None, "{preset:?}");
        let timeout = DisconnectReason::Timeout(Timeout::Negotiation);
        assert_eq!(end(&probe.wait(moment)), Some(&timeout), "{preset:?}");

        let mut probe = Probe::negotiated(config, Link::inbound());
        let before = probe.wait(Duration::from_secs(silence) - moment);
        assert_eq!(end(&before), None, "{preset:?}");
        let events = probe.wait(moment);
        // Under Core's preset two deadlines fall together: twenty minutes of silence, and of owing a pong.
        let silent = [Timeout::Idle, Timeout::Pong].map(DisconnectReason::Timeout);
        assert!(
            end(&events).is_some_and(|reason| silent.contains(reason)),
            "{preset:?}"
        );
    }
}

/// Lines "bad checksum" and "decode error": how often in a minute the presets forgive.
#[test]
fn thirty_two_slips_a_minute_are_too_many_for_the_default_only() {
    let slips = [
        Frame::new("ping", [1, 2]).with_bad_checksum(),
        Frame::empty("addrv2"),
        Frame::ping(1).with_command(*b"pi\0g\0\0\0\0\0\0\0\0"),
    ];
    for slip in slips {
        for preset in [Preset::Default, Preset::Core] {
            let mut probe = Probe::negotiated(preset.config(), Link::inbound());
            let slips = vec![slip.clone(); 31];
            assert_eq!(end(&probe.say(&stream(&slips))), None, "{preset:?}");
            assert!(probe.is_alive());
            let last = probe.tell(&slip);
            match preset {
                Preset::Core => assert_eq!(end(&last), None),
                _ => {
                    let Some(DisconnectReason::Malformed(Malformed::TooMany { limit, last })) =
                        end(&last)
                    else {
                        panic!("{last:?}");
                    };
                    assert_eq!(*limit, 32);
                    assert!(!matches!(**last, Malformed::TooMany { .. }));
                }
            }
        }
    }
}

#[test]
fn slips_are_forgiven_again_after_a_minute() {
    let slip = Frame::new("ping", [1, 2]).with_bad_checksum();
    let mut probe = Probe::negotiated(Preset::Default.config(), Link::inbound());
    for minute in 0..5 {
        let slips = vec![slip.clone(); 31];
        assert_eq!(end(&probe.say(&stream(&slips))), None, "minute {minute}");
        probe.wait(Duration::from_secs(60));
    }
    assert!(probe.is_alive());
    assert_eq!(probe.machine.stats().bad_checksums, 5 * 31);
}

/// btcd says why before it hangs up (BIP61), to those who can read it; the others do not.
#[test]
fn only_the_btcd_preset_sends_a_reject_first() {
    for (preset, version, said) in [
        (Preset::Default, 70_016, None),
        (Preset::Core, 70_016, None),
        (Preset::Btcd, 70_001, None),
        (Preset::Btcd, 70_002, Some("reject")),
    ] {
        let remote = VersionPayload::of(version);
        let mut probe = Probe::negotiated_with(preset.config(), Link::inbound(), &remote);
        probe.read();
        let events = probe.tell(&remote.frame());
        let first = probe.read().first().map(Frame::name);
        assert_eq!(first.as_deref(), said, "{preset:?} {version}");
        assert_eq!(end(&events).is_some(), preset != Preset::Core);
    }
}
