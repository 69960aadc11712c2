//! Packets that say nothing (rows 138 and 139), received and sent.

use peer_core::network::Network;
use peer_core::{Command, Config, DisconnectReason, Event, FrameError, Link, Outcome, SendError};
use peer_tests::pair::Pair;

use super::remote::{Probe, Remote, assert_open, config, config_as, ended, messages};
use crate::support::Preset;

/// Row 139: any number before the version packet, the first of which vouches for the garbage.
#[test]
fn decoys_before_the_version_packet() {
    for preset in Preset::ALL {
        for count in 0..10 {
            let mut probe = Probe::new(config_as(preset), Link::inbound());
            let mut remote = Remote::meet(&mut probe, b"garbage");
            let mut flight = remote.keys.send_terminator.to_vec();
            let mut aad = &b"garbage"[..];
            for number in 0..count {
                flight.extend(remote.seal(&vec![18; number * 100], aad, true));
                aad = b"";
            }
            flight.extend(remote.seal(b"", aad, false));
            probe.say_raw(&flight);
            assert_open(&mut probe);
            assert_eq!(probe.machine.stats().decoys_received, count as u64);
            remote.greet(&mut probe);
            assert!(probe.machine.is_negotiated());
        }
    }
}

/// Row 138: whatever is in them.
#[test]
fn decoys_are_never_delivered() {
    for preset in Preset::ALL {
        let mut probe = Probe::new(config_as(preset), Link::inbound());
        let mut remote = Remote::negotiated(&mut probe);
        for contents in [
            &b""[..],
            &[18; 9],
            b"\0tx",
            &[2; 1_000_000],
            &[0; 4_000_013],
        ] {
            let decoy = remote.seal(contents, b"", true);
            probe.say_raw(&decoy);
            assert_open(&mut probe);
        }
        for _ in 0..1_000 {
            let decoy = remote.seal(&[21; 50], b"", true);
            probe.say_raw(&decoy);
        }
        assert_open(&mut probe);
        let stats = probe.machine.stats();
        assert_eq!(stats.decoys_received, 1_005);
        assert_eq!((stats.malformed, stats.unknown_messages), (0, 0));
        assert!(remote.is_answered(&mut probe));
    }
}

/// A flood of them before anything was said: a few megabytes, and no more.
#[test]
fn a_flood_before_the_version_packet_ends() {
    let mut probe = Probe::new(config(), Link::inbound());
    let mut remote = Remote::meet(&mut probe, b"");
    probe.say_raw(&remote.keys.send_terminator.clone());
    let (mut said, size) = (0, 50_000);
    while !probe.machine.is_closed() {
        let decoy = remote.seal(&vec![0; size - 20], b"", true);
        said += decoy.len();
        probe.say_raw(&decoy);
        assert!(said <= 8_050_000);
    }
    assert_eq!(said, 8_050_000);
    let flood = FrameError::EarlyDecoys { limit: 8_000_000 };
    assert_eq!(ended(&mut probe), Some(DisconnectReason::Frame(flood)));
}

/// Afterwards they cost no more than pings do, and hold up nothing but themselves.
#[test]
fn a_flood_after_it_is_borne() {
    let mut probe = Probe::new(config(), Link::inbound());
    let mut remote = Remote::negotiated(&mut probe);
    for _ in 0..100 {
        let decoy = remote.seal(&vec![0; 200_000], b"", true);
        probe.say_raw(&decoy);
        assert!(remote.is_answered(&mut probe));
        assert_eq!(messages(&probe.heard()), ["ping"]);
        assert_eq!(probe.machine.memory_held(), 0);
    }
}

/// They are sent on demand, in the order of everything else, and counted where they arrive.
#[test]
fn decoys_can_be_sent() {
    let config = |secret| Config::with_secret(Network::REGTEST, [secret; 32]);
    let mut pair = Pair::new(config(1), config(2));
    let early = pair.dialler.machine.send_decoy(1);
    assert!(matches!(early, Err(SendError::DecoyWithoutV2)));
    pair.drive();
    pair.dialler.events.clear();
    pair.listener.events.clear();
    let first = pair.dialler.machine.send_decoy(0).unwrap();
    let large = pair.dialler.machine.command(Command::SendDecoy(4_000_000));
    let Ok(Outcome::Queued(last)) = large else {
        panic!("{large:?}");
    };
    assert_eq!(last.number(), first.number() + 1);
    let full = pair.dialler.machine.send_decoy(1);
    assert!(matches!(full, Err(SendError::DecoyDropped)));
    pair.drive();
    assert_eq!(pair.listener.machine.stats().decoys_received, 2);
    assert!(
        pair.listener.events.is_empty(),
        "{:?}",
        pair.listener.events
    );
    let sent = pair
        .dialler
        .events
        .iter()
        .any(|event| matches!(event, Event::Sent { through } if *through == last));
    assert!(sent);
    let other = pair.dialler.machine.stats().traffic.sent.get(None);
    assert_eq!((other.messages, other.bytes), (2, 20 + 4_000_020));
}
