//! The tests of btcd's `wire` package that a peer can see, from the first byte to the verdict.

use core::time::Duration;

use crate::Probe;
use peer_core::message::{DecodeErrorKind, MessageKind};
use peer_core::network::Network;
use peer_core::{
    Annoyance, Config, DisconnectReason, FrameError, HangUp, Link, Malformed, Oversized,
};
use peer_tests::script::{Frame, VersionPayload, end};

use crate::support::{
    Preset, Reaction, Stage, assert_over, bad_payload, command, delivered, reaction,
};

const SECOND: Duration = Duration::from_secs(1);

/// One way in which reading a message comes to nothing.
struct Case {
    what: &'static str,
    /// What the remote says before it hangs up.
    said: Vec<u8>,
    /// After how many of these bytes the verdict falls.
    heard: u64,
    /// The end; `None` if the message is delivered.
    verdict: Option<DisconnectReason>,
    /// Whether a whole frame was received.
    whole: bool,
}

/// The ten cases of TestReadMessageWireErrors. btcd counts up to the end of what it has read, which is the header where
/// the header is wrong; here the verdict falls with the byte that decides it.
fn cases() -> Vec<Case> {
    let case = |what, frame: Frame, heard, verdict, whole| Case {
        what,
        said: frame.to_bytes(),
        heard,
        verdict,
        whole,
    };
    let getaddr = |length, limit| {
        let command = *b"getaddr\0\0\0\0\0";
        Some(DisconnectReason::Frame(FrameError::PayloadTooLarge {
            command,
            length,
            limit,
        }))
    };
    let magic = DisconnectReason::Frame(FrameError::WrongMagic {
        got: [0xff; 4],
        expected: [0xfa, 0xbf, 0xb5, 0xda],
    });
    let no_name = [0xff, 0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let malformed = |malformed| Some(DisconnectReason::Malformed(malformed));
    let nameless = malformed(Malformed::Command { command: no_name });
    let checksum = malformed(Malformed::Checksum {
        command: command("version"),
    });
    let short = DecodeErrorKind::UnexpectedEnd {
        needed: 4,
        remaining: 1,
    };
    let truncated = Some(DisconnectReason::HungUp(HangUp::Truncated));
    vec![
        Case {
            what: "nothing (btcd: 0)",
            said: Vec::new(),
            heard: 0,
            verdict: Some(DisconnectReason::HungUp(HangUp::EndOfStream)),
            whole: false,
        },
        case(
            "another network (btcd: 24)",
            Frame::empty("verack").with_magic([0xff; 4]),
            4,
            Some(magic),
            false,
        ),
        case(
            "longer than any message (btcd: 24)",
            Frame::empty("getaddr").claiming(4_000_001),
            24,
            getaddr(4_000_001, 4_000_000),
            false,
        ),
        case(
            "a command that is no text (btcd: 24)",
            Frame::empty("").with_command(no_name),
            24,
            nameless,
            true,
        ),
        case(
            "an unknown command (btcd: 24)",
            Frame::empty("bogus"),
            24,
            None,
            true,
        ),
        case(
            "longer than its kind (btcd: 24)",
            Frame::new("getaddr", [0]),
            24,
            getaddr(1, 0),
            false,
        ),
        case(
            "a payload that never comes (btcd: 24)",
            Frame::empty("version").claiming(115),
            24,
            truncated,
            false,
        ),
        case(
            "a wrong checksum (btcd: 26)",
            Frame::new("version", [0, 0]).with_bad_checksum(),
            26,
            checksum,
            true,
        ),
        case(
            "a payload that means nothing (btcd: 25)",
            Frame::new("version", [1]),
            25,
            Some(bad_payload(MessageKind::Version, "version", short)),
            true,
        ),
        // btcd throws the payload away and does not count it: fault 26.
        case(
            "an unknown command and 15 KiB (btcd: 24)",
            Frame::new("bogus", vec![0; 15 * 1_024]),
            24 + 15 * 1_024,
            None,
            true,
        ),
    ]
}

/// TestReadMessageWireErrors (`wire/message_test.go:182`).
#[test]
fn each_read_error_comes_at_its_byte() {
    for case in cases() {
        let what = case.what;
        let mut probe = Probe::negotiated(Preset::Btcd.config(), Link::inbound());
        let before = probe.machine.stats();
        let mut events = Vec::new();
        for byte in &case.said {
            events.extend(probe.say(&[*byte]));
            if !events.is_empty() {
                break;
            }
        }
        if events.is_empty() {
            probe.machine.hung_up(HangUp::EndOfStream, probe.now);
            events.extend(probe.heard());
        }
        let after = probe.machine.stats();
        let received = after.bytes_received - before.bytes_received;
        assert_eq!(received, case.heard, "{what}");
        let frames = after.frames_received - before.frames_received;
        assert_eq!(frames, u64::from(case.whole), "{what}");
        let counted = after.traffic.received.total().bytes - before.bytes_received;
        assert_eq!(counted, if case.whole { case.heard } else { 0 }, "{what}");
        assert_eq!(end(&events), case.verdict.as_ref(), "{what}");
        assert_eq!(after.disconnect_reason, case.verdict, "{what}");
        if case.verdict.is_some() {
            assert_over(&mut probe, &events);
        } else {
            assert_eq!(delivered(&events), ["bogus"], "{what}");
            assert!(probe.is_alive(), "{what}");
        }
    }
}

/// Fault 26: what is thrown away counts as it comes, and is a sign of life as good as any other.
#[test]
fn bytes_that_are_thrown_away_are_counted_as_they_come() {
    let mut config = Preset::Default.config();
    config.strictness.oversized_for_type = Oversized::Skip;
    let mut probe = Probe::negotiated(config, Link::inbound());
    let before = probe.machine.stats();
    let long = Frame::new("ping", vec![0; 3_000]).to_bytes();
    let mut said = 0;
    for piece in long.chunks(500) {
        probe.now = probe.now.saturating_add(SECOND);
        assert_eq!(end(&probe.say(piece)), None);
        said += piece.len() as u64;
        let stats = probe.machine.stats();
        assert_eq!(stats.bytes_received, before.bytes_received + said);
        assert_eq!(stats.last_received, Some(probe.now));
        assert_eq!(stats.traffic.received.get(None).bytes, said);
    }
    let stats = probe.machine.stats();
    assert_eq!(said, 3_024);
    assert_eq!(stats.traffic.received.get(None).messages, 1);
    assert_eq!(stats.annoyance(Annoyance::Oversized), 1);
    assert!(probe.is_alive());
}

/// Fault 26: the handshake is traffic like any other, both ways, and so is what nobody knows.
#[test]
fn every_byte_moves_the_time_of_the_last_one() {
    for link in [Link::inbound(), Link::outbound()] {
        let mut probe = Probe::new(Preset::Btcd.config(), link);
        assert_eq!(probe.machine.stats().last_received, None);
        for frame in [
            Frame::new("unknown", [1, 2, 3]),
            VersionPayload::default().frame(),
            Frame::empty("wtxidrelay"),
            Frame::empty("verack"),
            Frame::new("unknown", []),
            Frame::ping(1),
        ] {
            let name = frame.name();
            probe.read();
            probe.now = probe.now.saturating_add(SECOND);
            assert_eq!(end(&probe.tell(&frame)), None, "{name}");
            let stats = probe.machine.stats();
            assert_eq!(stats.last_received, Some(probe.now), "{name}");
            let answered = matches!(name.as_str(), "version" | "ping");
            assert_eq!(stats.last_sent == Some(probe.now), answered, "{name}");
        }
        assert!(probe.machine.is_negotiated());
    }
}

/// A transaction of one input and one output, up to its witness (BIP144).
fn before_witness() -> Vec<u8> {
    let mut tx = vec![2, 0, 0, 0, 0, 1, 1];
    tx.extend([7; 36]);
    tx.extend([0, 0xff, 0xff, 0xff, 0xff, 1]);
    tx.extend([1, 0, 0, 0, 0, 0, 0, 0, 1, 0x51]);
    tx
}

/// The same alone, and as the only one of a block.
fn both_ways(tx: Vec<u8>) -> [Frame; 2] {
    let block = [&[5; 80][..], &[1], &tx].concat();
    [Frame::new("tx", tx), Frame::new("block", block)]
}

/// TxWitnessOverflowPanic: a witness may claim as many items, or bytes in them, as it likes, and lengths whose sum
/// overflows. Each is refused for what it is, and nothing panics.
#[test]
fn a_witness_that_claims_too_much_is_refused() {
    for frame in both_ways([before_witness(), vec![2, 1, 7, 0, 0, 0, 0, 0]].concat()) {
        let mut probe = Probe::negotiated(Preset::Btcd.config(), Link::inbound());
        assert_eq!(delivered(&probe.tell(&frame)), [frame.name()]);
    }
    let most = [0xff; 9];
    let mut claims: Vec<Vec<u8>> = Vec::new();
    for size in [
        &[0xfd, 0xff, 0xff][..],
        &[0xfe, 1, 0, 0, 2],
        &[0xfe, 0xff, 0xff, 0xff, 0xff],
        &[0xff, 0, 0, 0, 0, 1, 0, 0, 0],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        &most,
    ] {
        // So many items; one item of so many bytes; such a one after a good one; two.
        claims.push(size.to_vec());
        claims.push([&[1], size].concat());
        claims.push([&[2, 1, 7], size].concat());
        claims.push([&[2], size, &most].concat());
    }
    for claim in claims {
        // Some bytes follow, fewer than it needs.
        for frame in both_ways([before_witness(), claim.clone(), vec![0; 100]].concat()) {
            let name = frame.name();
            for preset in [Preset::Default, Preset::Btcd] {
                let mut probe = Stage::Up.probe(preset.config(), Link::inbound());
                let got = reaction(&mut probe, Stage::Up, &frame.to_bytes());
                let payload_is_wrong = match &got {
                    Reaction::Drop => preset == Preset::Default,
                    Reaction::End(DisconnectReason::Malformed(Malformed::Payload(error))) => {
                        preset == Preset::Btcd && error.message.command() == command(&name)
                    }
                    _ => false,
                };
                assert!(payload_is_wrong, "{name} {claim:02x?}: {got:?}");
                assert_eq!(probe.machine.stats().malformed, 1, "{name} {claim:02x?}");
            }
        }
    }
}

/// Fault 25: no network and no address is a reason to keep a remote that sends rubbish.
#[test]
fn rubbish_is_rubbish_on_every_network_and_from_every_address() {
    for network in Network::ALL {
        for address in ["127.0.0.1:18444", "[::1]:18444", "250.1.2.3:18444"] {
            for link in [Link::inbound(), Link::outbound()] {
                let config = Config::with_secret(*network, [7; 32]).like_btcd();
                let link = link.with_remote(address.parse().unwrap());
                let mut probe = Probe::new(config, link);
                let on = |frame: Frame| frame.with_magic(network.magic);
                probe.tell(&on(VersionPayload::default().frame()));
                probe.tell(&on(Frame::empty("verack")));
                assert!(probe.machine.is_negotiated(), "{}", network.name);
                let events = probe.tell(&on(Frame::new("inv", [0xfd, 0, 0])));
                let ended = matches!(end(&events), Some(DisconnectReason::Malformed(_)));
                assert!(ended, "{} {address}", network.name);
                assert_over(&mut probe, &events);
            }
        }
    }
}
