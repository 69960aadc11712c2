//! How much moves, and for whom.

use std::io::{Read, Write};
use std::net::TcpStream;

use peer_core::message::Message;
use peer_core::{EncodedMessage, Link, PeerMachine, SendError, Timestamp, TransportPolicy};
use peer_mio::{PeerId, Peers};

use crate::help::{Heard, Stage, config, large};

#[test]
fn both_ends_send_four_megabytes_at_once() {
    let mut stage = Stage::new();
    let (left, right) = stage.negotiated();
    stage.peer(left).send(large(b'l', 4_000_000)).unwrap();
    stage.peer(right).send(large(b'r', 4_000_000)).unwrap();
    stage.until(|diary, _| diary.messages(left).len() == 1 && diary.messages(right).len() == 1);
    assert!(stage.diary().messages(left)[0] == &large(b'r', 4_000_000));
    assert!(stage.diary().messages(right)[0] == &large(b'l', 4_000_000));
}

#[test]
fn a_paused_connection_stops_the_remote_and_loses_nothing() {
    let mut stage = Stage::new();
    let (left, right) = stage.negotiated();
    stage.diary().pause_after = Some(1);
    let (mut sent, mut full) = (0_u8, false);
    while !full {
        match stage.peer(left).send(large(sent, 1_000_000)) {
            Ok(_) => sent += 1,
            Err(SendError::Full(_)) => full = quiet(&mut stage),
            Err(error) => panic!("{error}"),
        }
        assert!(sent < 100, "nothing holds it back");
    }
    assert!(stage.peer(right).is_paused());
    assert_eq!(stage.diary().messages(right).len(), 1);
    stage.diary().pause_after = None;
    stage.peer(right).resume();
    stage.until(|diary, _| diary.messages(right).len() == sent as usize);
    let came = stage.diary().messages(right);
    for (fill, message) in (0..sent).zip(came) {
        assert!(*message == large(fill, 1_000_000), "{fill}");
    }
}

/// Takes turns until nothing moves for a while; true then.
fn quiet(stage: &mut Stage) -> bool {
    let wait = std::time::Duration::from_millis(50);
    for _ in 0..1_000 {
        let start = std::time::Instant::now();
        stage.reactor.turn(Some(wait)).unwrap();
        if start.elapsed() >= wait {
            return true;
        }
    }
    panic!("it never rests");
}

#[test]
fn an_end_is_told_though_the_connection_is_paused() {
    let mut stage = Stage::new();
    let (left, right) = stage.negotiated();
    stage.peer(right).pause();
    stage.peer(left).send(Message::GetAddr).unwrap();
    stage.peer(left).disconnect();
    // Read is what was there before the end, once the application looks.
    stage.until(|diary, _| diary.reason(left).is_some());
    stage.peer(right).resume();
    stage.until(|_, peers| peers.is_empty());
    assert_eq!(stage.diary().messages(right), [&Message::GetAddr]);

    let (left, right) = stage.negotiated();
    stage.peer(right).pause();
    stage.peer(right).abort();
    stage.until(|diary, _| diary.of(right).last() == Some(&Heard::Closed));
    assert!(stage.diary().reason(right).is_some());
    stage.until(|diary, _| diary.of(left).last() == Some(&Heard::Closed));
}

/// A remote that sends as fast as it can, from a thread of its own, while two others exchange
/// messages one by one.
#[test]
fn a_flood_does_not_starve_the_others() {
    let mut stage = Stage::new();
    let (left, right) = stage.negotiated();
    let mut flooding = TcpStream::connect(stage.address).unwrap();
    let flood = std::thread::spawn(move || {
        shake_hands(&mut flooding);
        let frames = FLOOD.repeat(1_000);
        while flooding.write_all(&frames).is_ok() {}
    });
    let mut flooded = None;
    stage.until(|diary, _| {
        let mut ids = diary.heard.keys();
        flooded = ids.find(|id| ![left, right].contains(id)).copied();
        flooded.is_some_and(|id| diary.of(id).contains(&Heard::Negotiated))
    });
    let flooded = flooded.unwrap();
    stage.until(|_, peers| came_from(peers, flooded) > 1_000_000);
    for round in 1..=100 {
        let before = came_from(stage.reactor.peers(), flooded);
        stage.peer(left).send(Message::GetAddr).unwrap();
        stage.until(|diary, _| diary.messages(right).len() == round);
        stage.peer(right).send(large(1, 10)).unwrap();
        stage.until(|diary, _| diary.messages(left).len() == round);
        // A few turns, in each of which the flood has no more than its share.
        let meanwhile = came_from(stage.reactor.peers(), flooded) - before;
        assert!(meanwhile < 8 * 1_024 * 1_024, "{meanwhile} bytes");
    }
    stage.peer(flooded).abort();
    stage.until(|diary, _| diary.of(flooded).last() == Some(&Heard::Closed));
    flood.join().unwrap();
}

fn came_from(peers: &mut Peers, id: PeerId) -> u64 {
    let peer = peers.get(id).expect("the flood goes on");
    peer.stats().bytes_received
}

/// An empty message that nobody knows, on regtest: magic, command, length, checksum.
const FLOOD: &[u8] = b"\xfa\xbf\xb5\xdaflood\0\0\0\0\0\0\0\0\0\0\0\x5d\xf6\xe0\xe2";

/// Shakes hands by hand, as the dialling side.
fn shake_hands(stream: &mut TcpStream) {
    let now = Timestamp::from_secs(1_700_000_000);
    let link = Link::outbound().with_transport(TransportPolicy::V1);
    let mut machine = PeerMachine::from_seed(config(9), link, now, [9; 32]);
    while !machine.is_negotiated() {
        while machine.wants_write() {
            let n = stream.write(machine.outbound().first()).unwrap();
            machine.sent(n, now);
        }
        let n = stream.read(machine.inbound().unwrap()).unwrap();
        assert_ne!(n, 0, "the remote left");
        machine.received(n, now);
        while machine.poll_event().is_some() {}
    }
    while machine.wants_write() {
        let n = stream.write(machine.outbound().first()).unwrap();
        machine.sent(n, now);
    }
}

#[test]
fn a_broadcast_is_encoded_once_and_goes_to_all_who_have_shaken_hands() {
    let mut stage = Stage::new();
    let pairs: Vec<_> = (0..5).map(|_| stage.negotiated()).collect();
    let mut stranger = TcpStream::connect(stage.address).unwrap();
    stage.until(|_, peers| peers.len() == 11);
    let message = Message::FeeFilter(peer_core::message::FeeFilter { fee_rate: 1_000 });
    let encoded = EncodedMessage::new(
        message.clone(),
        &config(7),
        peer_core::wire::TxEncoding::Witness,
    )
    .unwrap();
    let result = stage.reactor.peers().broadcast(&encoded);
    assert_eq!((result.queued, result.full, result.refused), (10, 0, 0));
    for (left, right) in pairs {
        stage.until(|diary, _| {
            diary.messages(left) == [&message] && diary.messages(right) == [&message]
        });
    }
    // Nor does the stranger hear it, or anything: it has not said who it is.
    stranger.set_nonblocking(true).unwrap();
    let mut bytes = [0; 24];
    assert!(stranger.read(&mut bytes).is_err());
}
