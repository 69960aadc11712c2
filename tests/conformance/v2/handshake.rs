//! Keys, garbage, its terminator, the version packet (rows 128, 131 to 134, 139 and 140).

use core::time::Duration;

use peer_core::network::Network;
use peer_core::{
    Config, DisconnectReason, Event, FrameError, Garbage, Goodbye, Link, Timeout, TransportKind,
    V2Stage,
};
use peer_tests::pair::Pair;

use super::remote::{LINKS, Probe, Remote, assert_open, config, config_as, ended, messages};
use crate::support::Preset;

const NO_TERMINATOR: DisconnectReason =
    DisconnectReason::Frame(FrameError::NoGarbageTerminator { limit: 4_095 });

fn unauthentic(number: u64) -> DisconnectReason {
    DisconnectReason::Frame(FrameError::Unauthentic { number })
}

/// Any length there may be, and cut anywhere: btcd refuses the last one.
#[test]
fn garbage_of_every_length_that_there_may_be() {
    for link in LINKS {
        for len in [0, 1, 15, 16, 17, 4_094, 4_095] {
            let garbage: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            for cut in [1, 7, 4_200] {
                let mut probe = Probe::new(config(), link);
                let mut remote = Remote::meet(&mut probe, &garbage);
                let mut flight = remote.keys.send_terminator.to_vec();
                flight.extend(remote.seal(b"", &garbage, false));
                flight.chunks(cut).for_each(|piece| probe.say_raw(piece));
                assert_eq!(probe.machine.transport(), Some(TransportKind::V2));
                let session = probe.machine.stats().session_id;
                assert_eq!(session, Some(remote.keys.session_id));
                remote.greet(&mut probe);
                assert!(probe.machine.is_negotiated(), "{link:?} {len} {cut}");
            }
        }
    }
}

/// Rows 128 and 131: the last byte that may come, and the end right after it.
#[test]
fn garbage_without_end() {
    for preset in Preset::ALL {
        for link in LINKS {
            let mut probe = Probe::new(config_as(preset), link);
            Remote::meet(&mut probe, b"");
            for len in [1, 4_000, 109] {
                probe.say_raw(&vec![0xaa; len]);
                assert_open(&mut probe);
            }
            // 4,095 of garbage and 16 that are no terminator, the last of which is missing.
            probe.say_raw(b"");
            assert_open(&mut probe);
            probe.say_raw(&[0xaa]);
            assert_eq!(ended(&mut probe), Some(NO_TERMINATOR));
        }
    }
}

/// Found by the fuzz target `handshake`: the garbage of either side outlived the connection.
#[test]
fn no_garbage_is_held_after_the_end() {
    for link in LINKS {
        // Before the remote's key, before the end of its garbage, and before its version packet.
        for said in [None, Some(false), Some(true)] {
            let mut probe = Probe::new(config(), link);
            if let Some(has_ended) = said {
                let remote = Remote::meet(&mut probe, &[0xaa; 4_000]);
                let terminator = remote.keys.send_terminator.to_vec();
                probe.say_raw(if has_ended { &terminator } else { b"" });
            }
            assert_open(&mut probe);
            probe.machine.abort();
            assert!(ended(&mut probe).is_some());
            assert_eq!(probe.machine.memory_held(), 0, "{link:?} {said:?}");
        }
    }
}

/// One byte of garbage too many, and then the right terminator.
#[test]
fn four_thousand_and_ninety_six_bytes_of_garbage() {
    for preset in Preset::ALL {
        for link in LINKS {
            let mut probe = Probe::new(config_as(preset), link);
            let garbage = vec![0xaa; 4_096];
            let remote = Remote::meet(&mut probe, &garbage);
            assert_open(&mut probe);
            probe.say_raw(&remote.keys.send_terminator);
            assert_eq!(ended(&mut probe), Some(NO_TERMINATOR));
        }
    }
}

/// Row 139: what looks like the end and is not.
#[test]
fn fifteen_bytes_of_the_terminator_are_garbage() {
    for preset in Preset::ALL {
        let mut probe = Probe::new(config_as(preset), Link::inbound());
        let mut remote = Remote::meet(&mut probe, b"");
        let almost = &remote.keys.send_terminator[..15];
        let garbage = [almost, b"?", almost, almost, &[0; 4_000]].concat();
        let mut flight = garbage.clone();
        flight.extend(remote.keys.send_terminator);
        flight.extend(remote.seal(b"", &garbage, false));
        flight.chunks(13).for_each(|piece| probe.say_raw(piece));
        assert_eq!(probe.machine.transport(), Some(TransportKind::V2));
    }
}

/// Row 132.
#[test]
fn a_wrong_terminator_is_waited_past() {
    for preset in Preset::ALL {
        let mut probe = Probe::new(config_as(preset), Link::inbound());
        let remote = Remote::meet(&mut probe, b"");
        let mut wrong = remote.keys.send_terminator;
        wrong[15] ^= 1;
        probe.say_raw(&wrong);
        probe.say_raw(&[0; 100]);
        assert_open(&mut probe);
        let late = DisconnectReason::Timeout(Timeout::V2Handshake(V2Stage::GarbageTerminator));
        let events = probe.wait(Duration::from_secs(15));
        assert_eq!(peer_tests::script::end(&events), Some(&late));
    }
}

/// Row 133: garbage that somebody has changed on its way, or that nothing vouches for.
#[test]
fn the_first_packet_vouches_for_the_garbage() {
    for preset in Preset::ALL {
        for (aad, first) in [(&b"garbagf"[..], true), (b"", true), (b"garbage", false)] {
            let mut probe = Probe::new(config_as(preset), Link::inbound());
            let mut remote = Remote::meet(&mut probe, b"garbage");
            let mut flight = remote.keys.send_terminator.to_vec();
            // What vouches is the first packet, decoy or not, and no later one.
            if !first {
                flight.extend(remote.seal(b"", b"garbage", true));
            }
            flight.extend(remote.seal(b"", aad, false));
            probe.say_raw(&flight);
            assert_eq!(ended(&mut probe), Some(unauthentic(u64::from(!first))));
        }
    }
}

/// Row 134.
#[test]
fn what_is_in_a_version_packet_is_not_looked_at() {
    for preset in Preset::ALL {
        for contents in [&b"version 2"[..], &[18, 1, 2, 3], &[0; 1_000], b"\0ping"] {
            let mut probe = Probe::new(config_as(preset), Link::inbound());
            let mut remote = Remote::meet(&mut probe, b"");
            let mut flight = remote.keys.send_terminator.to_vec();
            flight.extend(remote.seal(contents, b"", false));
            probe.say_raw(&flight);
            assert_open(&mut probe);
            remote.greet(&mut probe);
            assert!(probe.machine.is_negotiated());
            assert_eq!(probe.machine.stats().malformed, 0);
        }
    }
}

/// Row 140: a flipped bit anywhere after the key. What comes before it may be heard, nothing after.
#[test]
fn no_flipped_bit_delivers_a_message() {
    let stream = |probe: &mut Probe| {
        let mut remote = Remote::meet(probe, b"garb");
        let mut flight = remote.keys.send_terminator.to_vec();
        flight.extend(remote.seal(b"", b"garb", false));
        flight.extend(remote.message("anything", b"payload"));
        flight
    };
    let len = stream(&mut Probe::new(config(), Link::inbound())).len();
    for bit in 0..len * 8 {
        let mut probe = Probe::new(config(), Link::inbound());
        let mut flight = stream(&mut probe);
        flight[bit / 8] ^= 1 << (bit % 8);
        probe.say_raw(&flight);
        let mut events = probe.heard();
        events.extend(probe.wait(Duration::from_secs(30)));
        assert_eq!(messages(&events), Vec::<String>::new(), "{bit}");
        assert!(probe.machine.is_closed(), "{bit}");
    }
}

/// Core's way: whoever has the remote's key says everything at once, and waits for nothing.
#[test]
fn our_version_leaves_together_with_the_version_packet() {
    let mut probe = Probe::new(config(), Link::outbound());
    let mut remote = Remote::meet(&mut probe, b"");
    let said = remote.hear(&mut probe);
    assert_eq!(said.len(), 2);
    assert_eq!(said[0], b"");
    assert_eq!(said[1][..13], *b"\0version\0\0\0\0\0");
}

/// An answer to the key, and to `version`; a listener says nothing of its own before.
#[test]
fn a_listener_says_its_version_when_it_has_heard_one() {
    let mut probe = Probe::new(config(), Link::inbound());
    let mut remote = Remote::shake(&mut probe);
    assert_eq!(remote.hear(&mut probe), Vec::<Vec<u8>>::new());
    remote.greet(&mut probe);
    let names = remote.hear(&mut probe);
    assert_eq!(names[0][..8], *b"\0version");
}

/// Another text in the salt, or another network: the end of the garbage is never found.
#[test]
fn salts_keep_networks_apart() {
    let mut other = Network::REGTEST;
    other.v2_salt = "another_v2_shared_secret";
    let mut third = Network::REGTEST;
    third.magic = *b"mine";
    for (network, meet) in [(Network::REGTEST, true), (other, false), (third, false)] {
        let dialler = Config::with_secret(network, [1; 32]);
        let listener = Config::with_secret(Network::REGTEST, [2; 32]);
        let mut pair = Pair::new(dialler, listener);
        pair.drive();
        assert_eq!(pair.dialler.machine.is_negotiated(), meet);
        pair.wait(Duration::from_secs(30));
        assert_eq!(pair.listener.machine.is_closed(), !meet);
    }
    // Those who share the text understand each other.
    let mut pair = Pair::new(
        Config::with_secret(other, [1; 32]),
        Config::with_secret(other, [2; 32]),
    );
    pair.drive();
    assert!(pair.listener.machine.is_negotiated());
}

/// Two machines with garbage and decoys of their own, over wires of every kind.
#[test]
fn machines_shake_hands_whatever_they_say_before() {
    for garbage in [Garbage::Random, Garbage::Fixed(vec![7; 4_095].into())] {
        for capacity in [1, 100, 65_536] {
            let mut dialler = Config::with_secret(Network::REGTEST, [1; 32]);
            dialler.v2.garbage = garbage.clone();
            dialler.v2.decoys = vec![0, 1, 60_000];
            let mut listener = dialler.clone();
            listener.v2.decoys = vec![5; 9];
            let listener = {
                let mut other = Config::with_secret(Network::REGTEST, [2; 32]);
                other.v2 = listener.v2;
                other
            };
            let mut pair = Pair::new(dialler, listener);
            pair.capacity = capacity;
            pair.drive();
            let stats = [&pair.dialler, &pair.listener].map(|side| side.machine.stats());
            assert!(
                stats
                    .iter()
                    .all(|stats| stats.transport == Some(TransportKind::V2))
            );
            assert_eq!(stats[0].session_id, stats[1].session_id);
            assert_eq!([9, 3], [stats[0].decoys_received, stats[1].decoys_received]);
        }
    }
}

/// The same seed says the same, and another says something else: 64 random bytes and as much garbage as it likes.
#[test]
fn the_seed_decides_everything() {
    let hello = |seed: u8| {
        let config = alloc::sync::Arc::new(Config::with_secret(Network::REGTEST, [7; 32]));
        let start = peer_tests::script::START;
        let mut machine =
            peer_core::PeerMachine::from_seed(config, Link::outbound(), start, [seed; 32]);
        machine.outbound().to_vec()
    };
    assert_eq!(hello(1), hello(1));
    let hellos: Vec<_> = (0..100).map(hello).collect();
    let mut lengths: Vec<_> = hellos.iter().map(Vec::len).collect();
    assert!(lengths.iter().all(|len| (64..=64 + 4_095).contains(len)));
    lengths.sort_unstable();
    // As random lengths are: some short, some long.
    assert!(lengths[10] < 1_200 && lengths[90] > 2_900, "{lengths:?}");
    let mut keys: Vec<_> = hellos.iter().map(|hello| hello[..64].to_vec()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 100);
}

/// Nothing could be flushed to a remote without keys.
#[test]
fn to_leave_within_the_handshake_takes_no_time() {
    for link in LINKS {
        let mut probe = Probe::new(config(), link);
        probe.machine.disconnect();
        let left = DisconnectReason::Local(Goodbye::Requested);
        assert_eq!(ended(&mut probe), Some(left));
        assert!(probe.machine.is_closed());
    }
}

/// Nobody hears of the handshake itself.
#[test]
fn a_handshake_tells_nothing_but_its_outcome() {
    let mut probe = Probe::new(config(), Link::inbound());
    let mut remote = Remote::shake(&mut probe);
    assert_open(&mut probe);
    remote.greet(&mut probe);
    let events = probe.heard();
    assert!(matches!(events[..], [Event::Version(_), Event::Negotiated]));
}
