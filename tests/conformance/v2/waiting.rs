//! Silence at every stage, on both sides, and streams that end there.

use core::time::Duration;

use peer_core::{DisconnectReason, HangUp, Link, Timeout, TransportPolicy, V2Stage};
use peer_tests::script::{START, end};

use super::remote::{LINKS, Probe, Remote, config, pair};

/// How far the remote comes before it falls silent.
const STAGES: [V2Stage; 3] = [
    V2Stage::Key,
    V2Stage::GarbageTerminator,
    V2Stage::VersionPacket,
];

/// A connection that waits for `stage`.
fn at(stage: V2Stage, link: Link, config: peer_core::Config) -> Probe {
    let mut probe = Probe::new(config, link);
    match stage {
        V2Stage::Key => probe.say_raw(&pair().ellswift()[..63]),
        V2Stage::GarbageTerminator => {
            Remote::meet(&mut probe, b"garbage");
        }
        _ => {
            let remote = Remote::meet(&mut probe, b"");
            probe.say_raw(&remote.keys.send_terminator);
        }
    }
    probe
}

/// Fifteen seconds for each stage, to the grain of the timers and not before.
#[test]
fn each_stage_has_its_time() {
    for link in LINKS {
        for stage in STAGES {
            let mut probe = at(stage, link, config());
            let events = probe.wait(Duration::from_millis(14_999));
            assert_eq!(end(&events), None, "{link:?} {stage}");
            let events = probe.wait(Duration::from_millis(1));
            let late = DisconnectReason::Timeout(Timeout::V2Handshake(stage));
            assert_eq!(end(&events), Some(&late), "{link:?}");
        }
    }
}

/// All of them together have the time of the handshake, however bytes trickle in.
#[test]
fn the_whole_has_its_time_too() {
    for (stages, span) in [(None, 30), (Some(Duration::from_secs(1_000)), 30)] {
        for stage in STAGES {
            let mut settings = config();
            settings.timeouts.v2_stage = stages;
            let mut probe = at(stage, Link::inbound(), settings);
            let events = probe.wait(Duration::from_secs(span) - Duration::from_millis(1));
            assert_eq!(end(&events), None);
            let events = probe.wait(Duration::from_millis(1));
            let late = DisconnectReason::Timeout(Timeout::V2Handshake(stage));
            assert_eq!(end(&events), Some(&late));
        }
    }
    // A stage that is reached in time begins anew, but not the whole.
    let mut probe = Probe::new(config(), Link::inbound());
    probe.say_raw(&pair().ellswift()[..1]);
    probe.wait(Duration::from_secs(14));
    probe.say_raw(&pair().ellswift()[1..]);
    probe.wait(Duration::from_secs(14));
    assert!(!probe.machine.is_closed());
    let events = probe.wait(Duration::from_secs(1));
    let late = Timeout::V2Handshake(V2Stage::GarbageTerminator);
    assert_eq!(end(&events), Some(&DisconnectReason::Timeout(late)));
    assert_eq!(probe.now, START.saturating_add(Duration::from_secs(29)));
}

/// Before it is known which transport it is, only the whole handshake has a time.
#[test]
fn silence_before_the_first_byte() {
    let mut probe = Probe::new(config(), Link::inbound());
    let events = probe.wait(Duration::from_millis(29_999));
    assert_eq!(end(&events), None);
    let events = probe.wait(Duration::from_millis(1));
    let late = DisconnectReason::Timeout(Timeout::Negotiation);
    assert_eq!(end(&events), Some(&late));
}

/// A slow application is nobody's fault but its own: what has arrived counts.
#[test]
fn what_has_arrived_is_no_silence() {
    let mut probe = Probe::new(config(), Link::inbound());
    probe.polls = false;
    probe.say_raw(pair().ellswift());
    probe.wait(Duration::from_secs(20));
    assert!(!probe.machine.is_closed());
    probe.polls = true;
    probe.heard();
    assert_eq!(probe.wire.heard.len(), 64 + 7 + 16 + 20);
}

/// The stream ends at every byte of a handshake.
#[test]
fn streams_that_end_within_the_handshake() {
    for link in LINKS {
        let stream = |probe: &mut Probe| {
            let mut remote = Remote::meet(probe, b"");
            let mut flight = remote.keys.send_terminator.to_vec();
            flight.extend(remote.seal(b"", b"", false));
            flight
        };
        let flight = stream(&mut Probe::new(config(), link));
        for len in 1..64 + flight.len() {
            let mut probe = Probe::new(config(), link);
            if len < 64 {
                probe.say_raw(&pair().ellswift()[..len]);
            } else {
                let flight = stream(&mut probe);
                probe.say_raw(&flight[..len - 64]);
            }
            probe.machine.hung_up(HangUp::EndOfStream, probe.now);
            let truncated = DisconnectReason::HungUp(HangUp::Truncated);
            assert_eq!(end(&probe.heard()), Some(&truncated), "{link:?} {len}");
        }
        // And right after it, between two packets.
        let mut probe = Probe::new(config(), link.with_transport(TransportPolicy::V2));
        Remote::shake(&mut probe);
        probe.machine.hung_up(HangUp::EndOfStream, probe.now);
        let ended = DisconnectReason::HungUp(HangUp::EndOfStream);
        assert_eq!(end(&probe.heard()), Some(&ended));
    }
}

/// The first bytes of an answer are a sign of life as all others are, however they are cut.
#[test]
fn an_answer_that_begins_in_time_is_waited_for() {
    use peer_core::message::{InvKind, InvVect, Inventory, Message};
    use peer_core::network::Network;
    use peer_core::wire::Hash;

    for pieces in [&[2_000][..], &[3, 1_997], &[2, 1, 1_997]] {
        let mut probe = Probe::new(config(), Link::outbound());
        let mut remote = Remote::negotiated(&mut probe);
        let block = InvVect::new(InvKind::Block, Hash::from_bytes([9; 32]));
        let wanted = Inventory::new(&Network::REGTEST, [block]).unwrap();
        probe.machine.send(Message::GetData(wanted)).unwrap();
        probe.heard();
        let packet = remote.seal(&vec![2; 3_000_000], b"", false);
        assert!(probe.wait(Duration::from_secs(29)).is_empty());
        let mut rest = packet.as_slice();
        for len in pieces {
            let (piece, after) = rest.split_at(*len);
            probe.say_raw(piece);
            rest = after;
        }
        let events = probe.wait(Duration::from_secs(29));
        assert!(events.is_empty(), "{pieces:?}: {events:?}");
    }
}

/// The socket has all of its time from when there is something that it could take.
#[test]
fn a_write_that_stalls_is_timed_from_the_keys() {
    let mut settings = config();
    settings.timeouts.write_stall = Some(Duration::from_secs(10));
    let mut probe = Probe::new(settings, Link::outbound());
    probe.wait(Duration::from_secs(14));
    probe.reads = false;
    probe.say_raw(pair().ellswift());
    let events = probe.wait(Duration::from_millis(9_900));
    assert_eq!(end(&events), None);
    let events = probe.wait(Duration::from_millis(200));
    let stalled = DisconnectReason::Timeout(Timeout::WriteStall);
    assert_eq!(end(&events), Some(&stalled));
}
