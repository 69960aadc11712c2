//! Packets after the handshake: types, lengths, authenticity (rows 5, 6, 137, 140 to 142).

use bytes::Bytes;
use peer_core::message::{CommandName, Message};
use peer_core::{DisconnectReason, Event, FrameError, Link, Malformed, MisbehaviorKind};
use peer_tests::pair::Pair;
use peer_tests::script::end;

use super::remote::{LINKS, Probe, Remote, config, config_as, ended, messages};
use crate::support::Preset;

fn up(link: Link) -> (Probe, Remote) {
    up_as(Preset::Default, link)
}

fn up_as(preset: Preset, link: Link) -> (Probe, Remote) {
    let mut probe = Probe::new(config_as(preset), link);
    let remote = Remote::negotiated(&mut probe);
    (probe, remote)
}

/// Row 137: both keys are replaced at 224 and 448 packets, on both sides alike.
#[test]
fn a_thousand_pings_each_way() {
    for preset in Preset::ALL {
        for link in LINKS {
            let (mut probe, mut remote) = up_as(preset, link);
            for nonce in 0..1_000_u64 {
                let ping = remote.ping(nonce);
                probe.say_raw(&ping);
                let pong = [&[19], &nonce.to_le_bytes()[..]].concat();
                assert_eq!(remote.hear(&mut probe), [pong], "{nonce}");
            }
            assert_eq!(probe.heard().len(), 1_000);
        }
    }
}

/// Both forms of a type mean the same; we say the short one.
#[test]
fn a_type_may_be_in_full() {
    let (mut probe, mut remote) = up(Link::inbound());
    let ping = remote.message("ping", &77_u64.to_le_bytes());
    probe.say_raw(&ping);
    let pong = [&[19], &77_u64.to_le_bytes()[..]].concat();
    assert_eq!(remote.hear(&mut probe), [pong]);
    assert_eq!(messages(&probe.heard()), ["ping"]);
}

/// Rows 6 and 142: ids are still being given out, so nobody is to blame.
#[test]
fn short_ids_that_nobody_knows_are_dropped() {
    for preset in Preset::ALL {
        let (mut probe, mut remote) = up_as(preset, Link::inbound());
        let before = probe.machine.stats();
        for id in (29..=36).chain(38..=255) {
            // As many as would end a connection, were they counted as malformed.
            let packet = remote.seal(&[id, 1], b"", false);
            assert_eq!(packet.len(), 22);
            probe.say_raw(&packet);
        }
        assert!(probe.heard().is_empty());
        let stats = probe.machine.stats();
        assert_eq!(stats.unknown_messages - before.unknown_messages, 226);
        let other = stats.traffic.received.get(None);
        assert_eq!((other.messages, other.bytes), (226, 226 * 22));
        assert!(remote.is_answered(&mut probe));
    }
}

/// Row 6, as Core does: dropped, and told.
#[test]
fn types_that_are_none_are_dropped() {
    let cases: [(&[u8], Malformed); 4] = [
        (b"", Malformed::MessageType { len: 0 }),
        (b"\0ping\0\0\0\0\0\0\0", Malformed::MessageType { len: 12 }),
        (
            b"\0pi\0g\0\0\0\0\0\0\0\0",
            Malformed::Command {
                command: *b"pi\0g\0\0\0\0\0\0\0\0",
            },
        ),
        (
            b"\0p\xffng\0\0\0\0\0\0\0\0",
            Malformed::Command {
                command: *b"p\xffng\0\0\0\0\0\0\0\0",
            },
        ),
    ];
    for (contents, malformed) in cases {
        let (mut probe, mut remote) = up(Link::inbound());
        let packet = remote.seal(contents, b"", false);
        probe.say_raw(&packet);
        let events = probe.heard();
        let [Event::Misbehavior(told)] = &events[..] else {
            panic!("{events:?}");
        };
        assert_eq!(told.kind, MisbehaviorKind::Malformed(malformed));
        assert!(remote.is_answered(&mut probe));
    }
}

/// The empty name is one, as in v1.
#[test]
fn a_name_may_be_empty() {
    let (mut probe, mut remote) = up(Link::inbound());
    let packet = remote.message("", b"x");
    probe.say_raw(&packet);
    assert_eq!(messages(&probe.heard()), [""]);
}

/// Row 5: 1 + 12 + 4,000,000 bytes of contents, and judged before anything else of the packet has come.
#[test]
fn a_length_above_the_limit_ends_it_at_once() {
    for preset in Preset::ALL {
        let (mut probe, mut remote) = up_as(preset, Link::inbound());
        let packet = remote.seal(&vec![0; 4_000_014], b"", false);
        probe.say_raw(&packet[..2]);
        assert!(probe.heard().is_empty());
        probe.say_raw(&packet[2..3]);
        let too_large = FrameError::PacketTooLarge {
            length: 4_000_014,
            limit: 4_000_013,
        };
        assert_eq!(ended(&mut probe), Some(DisconnectReason::Frame(too_large)));
    }
}

/// Row 141, and one byte more.
#[test]
fn the_longest_payload() {
    for (command, overhead) in [("filler", 13), ("block", 1)] {
        for (len, fits) in [(4_000_000, true), (4_000_001, false)] {
            if len + overhead > 4_000_013 {
                continue;
            }
            let (mut probe, mut remote) = up(Link::inbound());
            let packet = if overhead == 1 {
                remote.seal(&[&[2][..], &vec![0; len]].concat(), b"", false)
            } else {
                remote.message(command, &vec![0; len])
            };
            probe.say_raw(&packet);
            let events = probe.heard();
            match (command, fits) {
                ("filler", _) => assert_eq!(messages(&events), ["filler"]),
                // Zeros are no block, which is found out by reading it.
                (_, true) => assert_eq!(end(&events), None),
                (_, false) => assert!(
                    matches!(
                        end(&events),
                        Some(DisconnectReason::Frame(FrameError::PayloadTooLarge {
                            length: 4_000_001,
                            limit: 4_000_000,
                            ..
                        }))
                    ),
                    "{events:?}"
                ),
            }
        }
    }
}

/// A stranger's message has a kilobyte at most, as in v1.
#[test]
fn before_verack_a_payload_has_1024_bytes_at_most() {
    for (len, fits) in [(1_024, true), (1_025, false)] {
        let mut probe = Probe::new(config(), Link::inbound());
        let mut remote = Remote::shake(&mut probe);
        let packet = remote.message("anything", &vec![0; len]);
        probe.say_raw(&packet);
        let events = probe.heard();
        assert_eq!(end(&events).is_none(), fits, "{events:?}");
    }
}

/// V5: a length costs the remote its bytes before it costs us memory.
#[test]
fn a_claim_is_not_believed() {
    for stage in 0..2 {
        // Core's policy takes packets of any length from strangers too.
        let mut settings = config().like_core();
        settings.timeouts.ping_interval = None;
        let mut probe = Probe::new(settings, Link::inbound());
        let mut remote = if stage == 0 {
            let mut remote = Remote::meet(&mut probe, b"");
            probe.say_raw(&remote.keys.send_terminator.clone());
            remote.hear(&mut probe);
            remote
        } else {
            Remote::negotiated(&mut probe)
        };
        let packet = remote.seal(&vec![0; 4_000_013], b"", true);
        let mut said = 0;
        for piece in packet.chunks(1_000) {
            probe.say_raw(piece);
            said += piece.len();
            let _ = probe.machine.inbound();
            let held = probe.machine.memory_held();
            assert!(held <= 4 * said + 64 * 1_024, "{held} for {said}");
        }
        // The window that was lent last comes back.
        probe.machine.received(0, probe.now);
        assert_eq!(probe.machine.memory_held(), 0);
        assert_eq!(probe.machine.stats().decoys_received, 1);
    }
}

/// Row 140, after the handshake: nothing of a packet that was changed is heard, and it is the last.
#[test]
fn a_packet_that_was_changed_is_the_end() {
    for bit in (24..8 * 29).step_by(3) {
        let (mut probe, mut remote) = up(Link::inbound());
        let first = remote.ping(1);
        let mut changed = remote.ping(2);
        changed[bit / 8] ^= 1 << (bit % 8);
        let last = remote.ping(3);
        probe.say_raw(&[first, changed, last].concat());
        let events = probe.heard();
        // Three came before: `version` packet, `version`, `verack`, and one ping.
        let reason = DisconnectReason::Frame(FrameError::Unauthentic { number: 4 });
        assert_eq!(end(&events), Some(&reason), "{bit}");
        assert_eq!(messages(&events), ["ping"]);
    }
}

/// Two lengths of which one was changed: the packet is cut wrong, and not authentic.
#[test]
fn a_length_that_was_changed_delivers_nothing() {
    let (mut probe, mut remote) = up(Link::inbound());
    let mut packet = remote.message("anything", &[7; 100]);
    packet[0] ^= 1;
    let next = remote.ping(1);
    probe.say_raw(&[packet, next].concat());
    let events = probe.heard();
    assert!(matches!(
        end(&events),
        Some(DisconnectReason::Frame(FrameError::Unauthentic {
            number: 3
        }))
    ));
    assert_eq!(messages(&events), Vec::<String>::new());
}

fn filler(len: usize) -> Message {
    Message::Unknown {
        command: CommandName::new("filler").unwrap(),
        payload: Bytes::from(vec![7; len]),
    }
}

/// Small ones leave together, up to 64 KiB; a large one by itself; and no more is sealed than that.
#[test]
fn packets_are_sealed_a_window_at_a_time() {
    let (mut probe, mut remote) = up(Link::outbound());
    probe.reads = false;
    for _ in 0..2_000 {
        probe.machine.send(filler(100)).unwrap();
    }
    probe.machine.send(filler(500_000)).unwrap();
    let packet = 3 + 1 + 13 + 100 + 16;
    let lent: Vec<usize> = probe.machine.outbound().slices().map(<[u8]>::len).collect();
    assert_eq!(lent, [64 * 1_024 / packet * packet]);
    probe.reads = true;
    assert_eq!(remote.hear_all(&mut probe), 2_001);
}

impl Remote {
    fn hear_all(&mut self, probe: &mut Probe) -> usize {
        probe.heard();
        self.hear(probe).len()
    }
}

/// Both ends send 4 MB at once over wires that hold next to nothing, and hear the very bytes.
#[test]
fn large_messages_both_ways() {
    let config = |secret| {
        let network = peer_core::network::Network::REGTEST;
        peer_core::Config::with_secret(network, [secret; 32])
    };
    let mut pair = Pair::new(config(1), config(2));
    pair.capacity = 10_000;
    pair.drive();
    let payload: Bytes = (0..4_000_000_u32).map(|at| (at / 253) as u8).collect();
    let message = || Message::Unknown {
        command: CommandName::new("filler").unwrap(),
        payload: payload.clone(),
    };
    pair.dialler.machine.send(message()).unwrap();
    pair.listener.machine.send(message()).unwrap();
    pair.drive();
    for side in [&pair.dialler, &pair.listener] {
        let heard = side.events.iter().find_map(|event| match event {
            Event::Message { message, wire_len } => Some((message, *wire_len)),
            _ => None,
        });
        // `wtxidrelay` and the like come first.
        assert!(heard.is_some());
        let found = side.events.iter().any(|event| {
            matches!(event, Event::Message { message: m, wire_len: 4_000_033 } if *m == message())
        });
        assert!(found);
        assert_eq!(side.machine.memory_held(), 0);
    }
}

/// Forgiven by default, and the end under btcd's preset.
#[test]
fn bytes_after_a_payload_are_judged_as_in_v1() {
    for (strict, delivered) in [(false, true), (true, false)] {
        let mut settings = config();
        if strict {
            settings.strictness = peer_core::Strictness::btcd();
        }
        let mut probe = Probe::new(settings, Link::inbound());
        let mut remote = Remote::negotiated(&mut probe);
        // An `inv` of one object, and a byte more.
        let packet = remote.seal(
            &[&[14, 1][..], &[1, 0, 0, 0], &[7; 33]].concat(),
            b"",
            false,
        );
        probe.say_raw(&packet);
        let events = probe.heard();
        assert_eq!(messages(&events).len(), usize::from(delivered));
        let trailing = matches!(
            end(&events),
            Some(DisconnectReason::Malformed(Malformed::TrailingBytes {
                count: 1,
                ..
            }))
        );
        assert_eq!(trailing, strict, "{events:?}");
    }
}

/// All bytes, those of the handshake included, as they were on the wire.
#[test]
fn bytes_are_counted_as_they_travel() {
    for link in LINKS {
        let mut probe = Probe::new(config(), link);
        let mut remote = Remote::negotiated(&mut probe);
        let before = probe.machine.stats();
        // Key, garbage, terminator, version packet; then `version`, `wtxidrelay`, `sendaddrv2`, `verack`.
        let greeting = before.traffic.sent.total().bytes;
        assert_eq!(before.bytes_sent, 64 + 7 + 16 + 20 + greeting);
        let greeting = before.traffic.received.total().bytes;
        assert_eq!(before.bytes_received, 64 + 16 + 20 + greeting);
        let ping = remote.ping(1);
        probe.say_raw(&ping);
        assert_eq!(remote.hear(&mut probe).len(), 1);
        let after = probe.machine.stats();
        assert_eq!(after.bytes_received - before.bytes_received, 29);
        assert_eq!(after.bytes_sent - before.bytes_sent, 29);
    }
}

/// Where that is wanted a stranger cannot make us hold more than a packet of so many bytes, whatever it may turn out to be,
/// and however far it has come with its handshake. By default, and by Core's policy, it may be any decoy.
#[test]
fn packets_before_verack_have_a_limit_of_their_own() {
    assert_eq!(config().limits.early_packet, config().network.max_payload);
    for shaken in [false, true] {
        for (like_core, len, fits) in [
            (false, 65_536 + 13, true),
            (false, 65_536 + 14, false),
            (true, 4_000_013, true),
        ] {
            let mut settings = config();
            settings.limits.early_packet = 65_536;
            if like_core {
                settings = settings.like_core();
            }
            let mut probe = Probe::new(settings, Link::inbound());
            let mut remote = if shaken {
                Remote::shake(&mut probe)
            } else {
                let remote = Remote::meet(&mut probe, b"");
                probe.say_raw(&remote.keys.send_terminator);
                remote
            };
            let decoy = remote.seal(&vec![0; len], b"", true);
            probe.say_raw(&decoy[..3]);
            let events = probe.heard();
            let too_large = FrameError::PacketTooLarge {
                length: len,
                limit: 65_549,
            };
            let reason = DisconnectReason::Frame(too_large);
            assert_eq!(end(&events), (!fits).then_some(&reason));
            if fits {
                probe.say_raw(&decoy[3..]);
                assert_eq!(probe.machine.stats().decoys_received, 1);
            }
        }
    }
}

/// What is not looked at counts all the same.
#[test]
fn bytes_that_are_skipped_are_counted() {
    let mut settings = config().like_core();
    settings.timeouts.ping_interval = None;
    let mut probe = Probe::new(settings, Link::inbound());
    let mut remote = Remote::shake(&mut probe);
    let before = probe.machine.stats().traffic.received.get(None);
    let packet = remote.message("foobar", &[0; 2_000]);
    probe.say_raw(&packet);
    assert!(!probe.machine.is_closed());
    let after = probe.machine.stats().traffic.received.get(None);
    let more = (after.messages - before.messages, after.bytes - before.bytes);
    assert_eq!(more, (1, 2_033));
}
