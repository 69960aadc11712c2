//! Section 2.1: the frames of v1. Where they are cut, what they may claim, what they may be called.

use crate::Probe;
use peer_core::message::Message;
use peer_core::network::Network;
use peer_core::{Config, DisconnectReason, Event, FrameError, Link, Oversized};
use peer_tests::script::{Frame, VersionPayload, end, list};

use crate::support::{ADDRV2_ENTRY, Preset, Reaction, Stage, config, delivered, reaction};

fn too_large(command: &[u8; 12], length: u32, limit: u32) -> DisconnectReason {
    DisconnectReason::Frame(FrameError::PayloadTooLarge {
        command: *command,
        length,
        limit,
    })
}

/// Row 1.
#[test]
fn a_header_may_come_in_two_writes() {
    for preset in Preset::ALL {
        let mut probe = Probe::negotiated(preset.config(), Link::inbound());
        let before = probe.machine.stats().bytes_received;
        let ping = Frame::ping(77).to_bytes();
        assert_eq!(probe.say(&ping[..12]).len(), 0);
        assert_eq!(probe.machine.stats().bytes_received, before + 12);
        assert_eq!(probe.read(), []);
        assert_eq!(delivered(&probe.say(&ping[12..])), ["ping"]);
        assert_eq!(probe.read(), [Frame::pong(77)]);
        assert!(probe.is_alive());
    }
}

/// Rows 4 and 6: what is dropped was still received.
#[test]
fn dropped_frames_are_counted() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    let before = probe.machine.stats();
    probe.tell(&Frame::new("ping", [1, 2]).with_bad_checksum());
    let after = probe.machine.stats();
    assert_eq!(after.bytes_received, before.bytes_received + 26);
    assert_eq!(after.frames_received, before.frames_received + 1);
    assert_eq!(after.bad_checksums, 1);
    let nul = *b"pi\0g\0\0\0\0\0\0\0\0";
    let events = probe.tell(&Frame::new("", [1, 2]).with_command(nul));
    assert!(matches!(&events[..], [Event::Misbehavior(m)] if m.command.is_none()));
    assert_eq!(
        probe.machine.stats().bytes_received,
        before.bytes_received + 52
    );
    assert!(probe.is_alive());
}

/// Row 5 on every network: the limit passes, one more ends the connection at the header.
#[test]
fn each_network_has_its_frame_limit() {
    let limits = Network::ALL
        .iter()
        .map(|network| (network.name, network.max_payload));
    let limits: Vec<(&str, u32)> = limits.collect();
    for (name, limit) in &limits {
        let expected = if name.starts_with("litecoin") {
            32_000_000
        } else if name.starts_with("navcoin") {
            8_000_000
        } else {
            4_000_000
        };
        assert_eq!(*limit, expected, "{name}");
    }
    for network in Network::ALL {
        for above in [false, true] {
            let mut probe = Probe::new(Config::with_secret(*network, [7; 32]), Link::inbound());
            probe.tell(&VersionPayload::default().frame().with_magic(network.magic));
            probe.tell(&Frame::empty("verack").with_magic(network.magic));
            assert!(probe.machine.is_negotiated(), "{}", network.name);
            let length = network.max_payload + u32::from(above);
            let frame = Frame::empty("block")
                .with_magic(network.magic)
                .claiming(length);
            let events = probe.tell(&frame);
            let limit = network.max_payload;
            let expected = above.then(|| too_large(&frame.command, length, limit));
            assert_eq!(end(&events), expected.as_ref(), "{}", network.name);
            assert_eq!(probe.machine.wants_read(), !above);
        }
    }
}

#[test]
fn claims_of_any_length_never_overflow() {
    for length in [4_000_001, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
        for preset in Preset::ALL {
            for stage in Stage::ALL {
                let frame = Frame::empty("tx").claiming(length);
                let mut probe = stage.probe(preset.config(), Link::inbound());
                let got = reaction(&mut probe, stage, &frame.to_bytes());
                assert!(
                    matches!(got, Reaction::End(DisconnectReason::Frame(_))),
                    "{length}"
                );
            }
        }
    }
}

/// Strangers get 1,024 bytes: V1, V50 and the measurements of section 5.
#[test]
fn before_verack_a_payload_has_1024_bytes_at_most() {
    let fits = Frame::new("filler", [0x55; 1_024]);
    let larger = Frame::new("filler", [0x55; 1_025]);
    for preset in Preset::ALL {
        for stage in [Stage::Fresh, Stage::Greeted] {
            let mut probe = stage.probe(preset.config(), Link::inbound());
            let got = reaction(&mut probe, stage, &fits.to_bytes());
            assert_eq!(got, Reaction::Deliver(1), "{preset:?} {stage:?}");

            let mut probe = stage.probe(preset.config(), Link::inbound());
            let got = reaction(&mut probe, stage, &larger.to_bytes());
            let expected = match preset {
                Preset::Core => Reaction::Drop,
                _ => Reaction::End(too_large(&larger.command, 1_025, 1_024)),
            };
            assert_eq!(got, expected, "{preset:?} {stage:?}");
        }
        // Afterwards there is room.
        let mut probe = Stage::Up.probe(preset.config(), Link::inbound());
        let got = reaction(&mut probe, Stage::Up, &larger.to_bytes());
        assert_eq!(got, Reaction::Deliver(1), "{preset:?}");
    }
}

/// Under Core's preset four megabytes of a stranger are read and forgotten.
#[test]
fn skipping_costs_no_memory() {
    let mut probe = Probe::new(Preset::Core.config(), Link::inbound());
    let huge = Frame::new("block", vec![0x55; 4_000_000]).to_bytes();
    for piece in huge.chunks(1_460) {
        assert_eq!(end(&probe.say(piece)), None);
        assert_eq!(probe.machine.memory_held(), 0);
    }
    probe.tell(&VersionPayload::default().frame());
    probe.tell(&Frame::empty("verack"));
    assert!(probe.machine.is_negotiated() && probe.is_alive());
    assert_eq!(
        probe.machine.stats().bytes_received,
        4_000_024 + 122 + 24 + 32
    );
}

/// The choice that none of the presets but btcd's makes: by the longest payload of each kind.
#[test]
fn frames_too_long_for_their_kind_can_be_skipped() {
    let mut config = config();
    config.strictness.oversized_for_type = Oversized::Skip;
    let mut probe = Probe::negotiated(config, Link::inbound());
    for _ in 0..3 {
        assert_eq!(delivered(&probe.tell(&Frame::new("ping", [0; 9]))), [""; 0]);
        assert_eq!(
            delivered(&probe.tell(&Frame::new("ping", [0; 8]))),
            ["ping"]
        );
    }
    let oversized = peer_core::Annoyance::Oversized;
    assert_eq!(probe.machine.stats().annoyance(oversized), 3);
    assert!(probe.is_alive());

    let mut probe = Probe::negotiated(Preset::Btcd.config(), Link::inbound());
    let long = Frame::new("ping", [0; 9]);
    let expected = too_large(&long.command, 9, 8);
    assert_eq!(end(&probe.tell(&long)), Some(&expected));
}

/// Rows 8 to 10.
#[test]
fn addrv2_skips_networks_that_nobody_knows() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    let none = probe.tell(&Frame::new("addrv2", [0]));
    assert_eq!(delivered(&none), ["addrv2"]);

    let entry = |network: u8, length: &[u8], address: &[u8]| {
        let (head, tail) = (&ADDRV2_ENTRY[..5], &ADDRV2_ENTRY[11..]);
        [head, &[network], length, address, tail].concat()
    };
    let too_long = entry(99, &[0xfd, 1, 2], &[0; 513]);
    let events = probe.tell(&Frame::new("addrv2", list(1, &too_long)));
    assert_eq!(delivered(&events), [""; 0]);
    assert!(matches!(&events[..], [Event::Misbehavior(_)]), "{events:?}");

    let mut two = list(2, &[]);
    two.truncate(1);
    two.extend(entry(99, &[4], &[1, 2, 3, 4]));
    two.extend(ADDRV2_ENTRY);
    let events = probe.tell(&Frame::new("addrv2", two));
    let [
        Event::Message {
            message: Message::AddrV2(addresses),
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(addresses.iter().count(), 1);
    assert!(probe.is_alive());
}
