//! Sections 2.2, 2.3 and 2.10: who says what when, and what may be negotiated.

use core::time::Duration;

use crate::Probe;
use peer_core::message::Message;
use peer_core::network::Network;
use peer_core::{Config, DisconnectReason, Event, HangUp, Incompatible, Link, Timeout, Violation};
use peer_tests::pair::Pair;
use peer_tests::script::{Frame, VersionPayload, compact_size, end};

use crate::support::{Preset, Reaction, Stage, assert_over, command, config, delivered, reaction};
use Reaction::{Deliver, Drop, End};

/// Row 30: Core's order, both ways. (btcd waits with its first ping.)
#[test]
fn the_handshake_has_an_order() {
    for preset in Preset::ALL {
        let pings = &["ping"][usize::from(preset == Preset::Btcd)..];
        let mut probe = Probe::new(preset.config(), Link::inbound());
        // Row 33.
        assert_eq!(probe.read_names(), [""; 0]);
        let events = probe.tell(&VersionPayload::default().frame());
        assert!(matches!(&events[..], [Event::Version(_)]));
        let answer = ["version", "wtxidrelay", "sendaddrv2", "verack"];
        assert_eq!(probe.read_names(), answer);
        // Row 34.
        probe.wait(Duration::from_secs(29));
        assert_eq!(probe.read_names(), [""; 0]);
        let events = probe.tell(&Frame::empty("verack"));
        assert!(matches!(&events[..], [Event::Negotiated]));
        assert_eq!(probe.read_names(), pings);

        let mut probe = Probe::new(preset.config(), Link::outbound());
        assert_eq!(probe.read_names(), ["version"]);
        probe.tell(&VersionPayload::default().frame());
        assert_eq!(probe.read_names(), ["wtxidrelay", "sendaddrv2", "verack"]);
        probe.tell(&Frame::empty("verack"));
        assert_eq!(probe.read_names(), pings);
    }
}

/// Row 28: the remote need not wait for us.
#[test]
fn a_remote_may_say_everything_at_once() {
    let hasty = [
        VersionPayload::default().frame(),
        Frame::empty("wtxidrelay"),
        Frame::empty("sendaddrv2"),
        Frame::empty("verack"),
        Frame::empty("sendheaders"),
        Frame::ping(9),
    ];
    for link in [Link::inbound(), Link::outbound()] {
        let mut probe = Probe::new(config(), link);
        probe.reads = false;
        let events = probe.say(&peer_tests::script::stream(&hasty));
        let heard = ["wtxidrelay", "sendaddrv2", "sendheaders", "ping"];
        assert_eq!(delivered(&events), heard);
        let remote = probe.machine.remote().unwrap();
        assert!(remote.wtxid_relay && remote.addr_v2);
        probe.reads = true;
        let said = probe.read_names();
        let answer = [
            "version",
            "wtxidrelay",
            "sendaddrv2",
            "verack",
            "ping",
            "pong",
        ];
        assert_eq!(said, answer);
    }
}

/// Row 35, and the gates of both negotiation messages.
#[test]
fn old_remotes_are_offered_nothing_that_they_do_not_know() {
    for version in [31_800, 60_002, 70_013, 70_015] {
        for preset in Preset::ALL {
            let mut probe = Probe::new(preset.config(), Link::inbound());
            probe.tell(&VersionPayload::of(version).frame());
            assert_eq!(probe.read_names(), ["version", "verack"], "{version}");
        }
    }
    for (field, left) in [("wtxid", "sendaddrv2"), ("addr", "wtxidrelay")] {
        let mut config = config();
        match field {
            "wtxid" => config.wtxid_relay = false,
            _ => config.send_addr_v2 = false,
        }
        let mut probe = Probe::new(config, Link::inbound());
        probe.tell(&VersionPayload::default().frame());
        assert_eq!(probe.read_names(), ["version", left, "verack"]);
    }
}

/// TestSendAddrV2Handshake, and Core's rule that `wtxidrelay` counts from 70016 on while `sendaddrv2` always does.
#[test]
fn what_was_negotiated_is_known() {
    for (version, wtxid_relay) in [(70_015, false), (70_016, true), (70_017, true)] {
        let mut probe = Probe::new(config(), Link::outbound());
        probe.tell(&VersionPayload::of(version).frame());
        let remote = probe.machine.remote().unwrap();
        assert!(!remote.wtxid_relay && !remote.addr_v2);
        for name in ["wtxidrelay", "sendaddrv2", "wtxidrelay", "sendaddrv2"] {
            // Row 121: duplicates are harmless.
            assert_eq!(delivered(&probe.tell(&Frame::empty(name))), [name]);
        }
        probe.tell(&Frame::empty("verack"));
        let remote = probe.machine.remote().unwrap();
        assert_eq!(remote.wtxid_relay, wtxid_relay, "{version}");
        assert!(remote.addr_v2);
        assert!(probe.is_alive());
    }
}

/// Rows 61 and 121.
#[test]
fn it_is_too_late_after_verack() {
    for name in ["wtxidrelay", "sendaddrv2"] {
        for preset in Preset::ALL {
            let mut probe = Stage::Up.probe(preset.config(), Link::inbound());
            let got = reaction(&mut probe, Stage::Up, &Frame::empty(name).to_bytes());
            let command = command(name);
            assert_eq!(got, End(Violation::LateNegotiation { command }.into()));
        }
    }
}

/// Row 36: before `verack` nothing is answered.
#[test]
fn early_questions_are_not_answered() {
    for stage in [Stage::Fresh, Stage::Greeted] {
        let mut probe = stage.probe(config(), Link::inbound());
        probe.read();
        for frame in [Frame::ping(3), Frame::empty("getaddr")] {
            assert_eq!(delivered(&probe.tell(&frame)), [""; 0]);
        }
        assert_eq!(probe.read(), [], "{stage:?}");
    }
}

/// Rows 38 and 51, V50: one deadline for everything, whatever arrives meanwhile.
#[test]
fn the_handshake_must_end_in_time() {
    let greeting = VersionPayload::default().frame().to_bytes();
    type Drip = fn(&mut Probe, &[u8], usize);
    let drips: [(&str, Drip); 4] = [
        ("silence", |_, _, _| {}),
        ("one byte a second", |probe, greeting, second| {
            probe.say(&greeting[second..=second]);
        }),
        ("unknown messages", |probe, _, _| {
            probe.tell(&Frame::empty("foobar"));
        }),
        (
            "version at once, verack never",
            |probe, greeting, second| {
                if second == 0 {
                    probe.say(greeting);
                }
            },
        ),
    ];
    let patience = [30, 60, 30];
    for ((what, drip), (preset, seconds)) in drips.iter().flat_map(|drip| {
        Preset::ALL
            .into_iter()
            .zip(patience)
            .map(move |policy| (drip, policy))
    }) {
        for link in [Link::inbound(), Link::outbound()] {
            let mut config = preset.config();
            config.timeouts.grain = Duration::ZERO;
            let mut probe = Probe::new(config, link);
            for second in 0..seconds {
                drip(&mut probe, &greeting, second);
                let almost = Duration::from_micros(999_999);
                assert_eq!(end(&probe.wait(almost)), None, "{what} {second}");
                let events = probe.wait(Duration::from_micros(1));
                let timeout = DisconnectReason::Timeout(Timeout::Negotiation);
                let expected = (second == seconds - 1).then_some(&timeout);
                assert_eq!(end(&events), expected, "{what} {second}");
            }
            assert!(probe.machine.is_closed());
        }
    }
}

/// Row 21: both kinds. The listening side recognises the nonce; the dialling side is hung up on.
#[test]
fn a_connection_to_ourselves_ends() {
    let mut pair = Pair::new(config(), config());
    pair.drive();
    let ourselves = DisconnectReason::Incompatible(Incompatible::SelfConnection);
    assert_eq!(end(&pair.listener.events), Some(&ourselves));
    pair.dialler.machine.hung_up(HangUp::EndOfStream, pair.now);
    pair.drive();
    let hung_up = DisconnectReason::HungUp(HangUp::EndOfStream);
    assert_eq!(end(&pair.dialler.events), Some(&hung_up));

    let mut allowed = config();
    allowed.allow_self_connection = true;
    let mut pair = Pair::new(allowed.clone(), allowed);
    pair.drive();
    assert!(pair.dialler.machine.is_negotiated() && pair.listener.machine.is_negotiated());
}

/// However many handshakes are open (btcd's fault 11 forgets the 51st), and nobody else's nonce is ours.
#[test]
fn every_open_handshake_of_ours_is_recognised() {
    let mut nonces = Vec::new();
    for seed in 0..200_u8 {
        let config = alloc::sync::Arc::new(config());
        let start = peer_tests::script::START;
        let mut machine =
            peer_core::PeerMachine::from_seed(config, Link::outbound(), start, [seed; 32]);
        let bytes = machine.outbound().to_vec();
        nonces.push(bytes);
    }
    let ourselves = DisconnectReason::Incompatible(Incompatible::SelfConnection);
    for version in nonces {
        let mut probe = Probe::new(config(), Link::inbound());
        let events = probe.say(&version);
        assert_eq!(end(&events), Some(&ourselves));
        assert_over(&mut probe, &events);
        let stranger = Config::with_secret(Network::REGTEST, [8; 32]);
        let mut probe = Probe::new(stranger, Link::inbound());
        assert_eq!(end(&probe.say(&version)), None);
    }
}

/// Row 21, on the dialling side: a remote that sends our `version` back.
#[test]
fn a_mirror_is_taken_for_ourselves() {
    let mut probe = Probe::new(config(), Link::outbound());
    let greeting = probe.read();
    assert_eq!(greeting.len(), 1);
    let events = probe.tell(&greeting[0]);
    let ourselves = DisconnectReason::Incompatible(Incompatible::SelfConnection);
    assert_eq!(end(&events), Some(&ourselves));
    assert_over(&mut probe, &events);
}

fn feature(id: &[u8], data: &[u8]) -> Vec<u8> {
    let size = |bytes: &[u8]| compact_size(bytes.len() as u64);
    [&size(id)[..], id, &size(data), data].concat()
}

/// Rows 122 to 125, for those who speak it.
#[test]
fn feature_is_strict_where_it_is_spoken() {
    let mut config = config();
    config.protocol_version = 70_017;
    let greeted = || {
        let mut probe = Probe::new(config.clone(), Link::inbound());
        probe.tell(&VersionPayload::of(70_017).frame());
        probe
    };
    let mut trailing = feature(b"test", b"");
    trailing.push(0);
    let malformed = [
        ("no identifier", feature(b"", b"")),
        ("3 bytes", feature(b"abc", b"")),
        ("81 bytes", feature(&[b'a'; 81], b"")),
        ("513 bytes of data", feature(b"test", &[0; 513])),
        ("trailing byte", trailing),
        ("truncated identifier", b"\x05test".to_vec()),
        ("truncated data", b"\x04test\x02a".to_vec()),
        ("nothing", vec![]),
    ];
    for (what, payload) in malformed {
        let events = greeted().tell(&Frame::new("feature", payload.clone()));
        let reason = end(&events);
        assert!(
            matches!(reason, Some(DisconnectReason::Malformed(_))),
            "{what}: {reason:?}"
        );
        // Row 123: before `version` it is ignored, whatever it holds.
        let mut fresh = Probe::new(config.clone(), Link::inbound());
        let got = reaction(
            &mut fresh,
            Stage::Fresh,
            &Frame::new("feature", payload).to_bytes(),
        );
        assert_eq!(got, Drop, "{what}");
    }
    let mut probe = greeted();
    for payload in [
        feature(b"four", b""),
        feature(&[b'a'; 80], &[7; 512]),
        feature(b"n\xc3\xb6n-ascii", b"x"),
    ] {
        let events = probe.tell(&Frame::new("feature", payload));
        assert_eq!(delivered(&events), ["feature"]);
    }
    for _ in 0..16 {
        let events = probe.tell(&Frame::new("feature", feature(b"unknown", b"")));
        assert_eq!(delivered(&events), ["feature"]);
    }
    probe.tell(&Frame::empty("verack"));
    assert!(probe.is_alive());
    let events = probe.tell(&Frame::new("feature", feature(b"test", b"")));
    let command = command("feature");
    let late = DisconnectReason::Violation(Violation::LateNegotiation { command });
    assert_eq!(end(&events), Some(&late));

    let mut probe = Probe::new(config.clone(), Link::inbound());
    probe.tell(&VersionPayload::of(70_016).frame());
    let events = probe.tell(&Frame::new("feature", feature(b"test", b"")));
    let too_low = DisconnectReason::Violation(Violation::VersionTooLowFor {
        command,
        needed: 70_017,
        negotiated: 70_016,
    });
    assert_eq!(end(&events), Some(&too_low));
}

/// By default we advertise 70016, and `feature` is one more message that we do not know: never a reason to disconnect.
#[test]
fn feature_is_unknown_where_it_is_not_spoken() {
    let payloads = [
        feature(b"test", b""),
        b"\x01".to_vec(),
        vec![],
        vec![0xff; 900],
    ];
    for preset in Preset::ALL {
        for stage in Stage::ALL {
            for payload in &payloads {
                let frame = Frame::new("feature", payload.clone());
                let mut probe = stage.probe(preset.config(), Link::inbound());
                let got = reaction(&mut probe, stage, &frame.to_bytes());
                assert_eq!(got, Deliver(1), "{preset:?} {stage:?} {payload:02x?}");
            }
        }
    }
}

/// Litecoin's 70017 means something else, and so does `feature` there.
#[test]
fn litecoin_has_no_feature() {
    let mut config = Config::with_secret(Network::LITECOIN_REGTEST, [7; 32]);
    config.protocol_version = 70_017;
    let mut probe = Probe::new(config, Link::inbound());
    probe.tell(&VersionPayload::of(70_017).frame());
    let frame = Frame::new("feature", [0xff]);
    assert_eq!(delivered(&probe.tell(&frame)), ["feature"]);
    probe.tell(&Frame::empty("verack"));
    assert_eq!(delivered(&probe.tell(&frame)), ["feature"]);
    assert!(probe.is_alive());
}

/// Row 120: reconciliation is not ours; the offer is delivered and leads to nothing.
#[test]
fn an_offer_to_reconcile_is_harmless() {
    let offer = Frame::new("sendtxrcncl", [1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for stage in [Stage::Greeted, Stage::Up] {
        let mut probe = stage.probe(config(), Link::inbound());
        assert_eq!(reaction(&mut probe, stage, &offer.to_bytes()), Deliver(1));
    }
}

/// Messages of BIP330, BIP331 and BIP338, by the layouts that these name: nobody here knows them, at no time are they a
/// reason to disconnect, and the application may make of them what it likes.
#[test]
fn messages_of_drafts_pass_as_unknown_ones() {
    let drafts: [(&str, Vec<u8>); 9] = [
        ("disabletx", vec![]),
        ("sendpackages", vec![1, 0, 0, 0, 0, 0, 0, 0]),
        ("ancpkginfo", [vec![1], vec![7; 32]].concat()),
        ("getpkgtxns", [vec![1], vec![7; 32]].concat()),
        ("pkgtxns", vec![0]),
        ("reqrecon", vec![3, 0, 9, 0]),
        ("sketch", vec![2, 0xab, 0xcd]),
        ("reqsketchext", vec![]),
        ("reconcildiff", vec![1, 1, 4, 0, 0, 0]),
    ];
    for preset in Preset::ALL {
        for stage in Stage::ALL {
            for (name, payload) in &drafts {
                let frame = Frame::new(name, payload.clone());
                let mut probe = stage.probe(preset.config(), Link::inbound());
                let got = reaction(&mut probe, stage, &frame.to_bytes());
                assert_eq!(got, Deliver(1), "{preset:?} {stage:?} {name}");
            }
        }
    }
}

#[test]
fn the_greeting_follows_verack_in_its_order() {
    let mut config = config();
    let cmpct = peer_core::message::SendCmpct {
        announce: false,
        version: 2,
    };
    let fee = peer_core::message::FeeFilter { fee_rate: 1_000 };
    config.greeting = vec![
        Message::GetAddr,
        Message::SendCmpct(cmpct),
        Message::SendHeaders,
        Message::FeeFilter(fee),
    ];
    for (version, expected) in [
        (
            70_016,
            &["getaddr", "sendcmpct", "sendheaders", "feefilter"][..],
        ),
        (70_013, &["getaddr", "sendheaders", "feefilter"]),
        (70_012, &["getaddr", "sendheaders"]),
        (31_800, &["getaddr"]),
    ] {
        for link in [Link::inbound(), Link::outbound()] {
            let mut probe = Probe::new(config.clone(), link);
            probe.tell(&VersionPayload::of(version).frame());
            assert_eq!(probe.read_names().last().unwrap(), "verack");
            probe.tell(&Frame::empty("verack"));
            let mut said = probe.read_names();
            said.retain(|name| name != "ping");
            // Row 66: who dialled us is not asked for addresses.
            let expected = &expected[usize::from(link.is_inbound())..];
            assert_eq!(said, expected, "{version}");
        }
    }
}
