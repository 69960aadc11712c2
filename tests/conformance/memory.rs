//! What remotes can make a machine allocate. A program of its own, because it replaces the allocator by a counting one.
//!
//! DESIGN rule 4: a claimed length never allocates more than four times what has arrived plus 64 KiB; before the remote's
//! `verack` 4 KiB are enough.

extern crate alloc;

use alloc::sync::Arc;
use std::fs;
use std::path::Path;

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use peer_core::message::{CommandName, Message, TxEncoding};
use peer_core::network::Network;
use peer_core::{Config, EncodedMessage, HangUp, Link, PeerMachine, TransportPolicy};
use peer_tests::capture::{Capture, Way};
use peer_tests::link::Cuts;
use peer_tests::script::{Frame, START, VersionPayload, compact_size, stream};

const KIB: u64 = 1_024;

/// What may be allocated for `received` bytes of a frame that claims any length.
const fn bound(received: usize) -> u64 {
    4 * received as u64 + 64 * KIB
}

fn fresh(config: Config) -> PeerMachine {
    PeerMachine::from_seed(Arc::new(config), Link::inbound(), START, [5; 32])
}

fn on(network: Network) -> Config {
    let mut config = Config::with_secret(network, [7; 32]);
    config.transport = TransportPolicy::V1;
    config
}

/// Past the handshake, with everything read and polled.
fn negotiated(network: Network) -> PeerMachine {
    let mut machine = fresh(on(network));
    let hello = [VersionPayload::default().frame(), Frame::empty("verack")];
    for frame in hello {
        feed(&mut machine, &frame.with_magic(network.magic).to_bytes());
    }
    read(&mut machine);
    assert!(machine.is_negotiated());
    machine
}

/// Feeds without an allocation of its own; returns how many bytes were taken.
fn feed(machine: &mut PeerMachine, bytes: &[u8]) -> usize {
    let mut taken = 0;
    while taken < bytes.len() {
        let n = machine.receive(&bytes[taken..], START);
        while machine.poll_event().is_some() {}
        if n == 0 && !machine.wants_read() {
            break;
        }
        taken += n;
    }
    taken
}

fn read(machine: &mut PeerMachine) {
    while machine.wants_write() {
        let n = machine.outbound().len();
        machine.sent(n, START);
    }
    while machine.poll_event().is_some() {}
}

/// What happens in `act`, without what dropping its result gives back.
fn allocated<T>(act: impl FnOnce() -> T) -> AllocationInfo {
    let mut kept = None;
    let info = measure(|| kept = Some(act()));
    drop(kept);
    info
}

/// V1: nine headers and nothing after them; then a window is asked for, as an adapter would.
#[test]
fn header_only_claims_allocate_next_to_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/claims");
    let mut claims = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "bin") {
            continue;
        }
        let claim = fs::read(&path).unwrap();
        assert_eq!(claim.len(), 24);
        claims += 1;
        let mut machine = negotiated(Network::MAINNET);
        let info = measure(|| {
            feed(&mut machine, &claim);
            let _ = machine.inbound();
        });
        assert!(info.bytes_max <= bound(24), "{path:?}: {}", info.bytes_max);
        assert!(machine.memory_held() as u64 <= bound(24));

        let config = on(Network::MAINNET);
        for config in [
            config.clone(),
            config.clone().like_core(),
            config.like_btcd(),
        ] {
            let mut machine = fresh(config);
            let info = measure(|| {
                feed(&mut machine, &claim);
                let _ = machine.inbound();
            });
            assert!(info.bytes_max <= 4 * KIB, "{path:?}: {}", info.bytes_max);
        }
    }
    assert_eq!(claims, 9);
}

/// Any part of a `version` that never ends, and everything that may precede `verack`.
#[test]
fn strangers_cost_four_kilobytes() {
    let version = Frame::new("version", vec![0; 1_024]).to_bytes();
    for length in [1, 23, 24, 25, 500, 1_047] {
        let mut machine = fresh(on(Network::REGTEST));
        let info = measure(|| {
            feed(&mut machine, &version[..length]);
        });
        assert!(info.bytes_max <= 4 * KIB, "{length}: {}", info.bytes_max);
    }
}

/// A frame of four megabytes, however it is read: the bound holds at every step, not only at the end.
#[test]
fn a_landing_frame_never_holds_more_than_its_bound() {
    let block = Frame::new("filler", vec![9; 4_000_000]).to_bytes();
    for piece in [1, 24, 1_460, 4_096, 65_536, 1_000_000, 5_000_000] {
        // Byte by byte the interesting steps are the first.
        let length = if piece < 1_000 { 300_000 } else { block.len() };
        let mut machine = negotiated(Network::REGTEST);
        let mut received = 0;
        for bytes in block[..length].chunks(piece) {
            for part in bytes.chunks(65_536) {
                received += feed(&mut machine, part);
                let held = machine.memory_held() as u64;
                assert!(held <= bound(received), "{piece}: {held} at {received}");
            }
        }
        assert_eq!(received, length);
    }
    // And so says the allocator, peaks included.
    let edges = (0..23).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 25]);
    for received in edges.filter(|received| *received <= block.len()) {
        for piece in [700, 100_000] {
            let mut machine = negotiated(Network::REGTEST);
            let info = measure(|| {
                for bytes in block[..received].chunks(piece) {
                    feed(&mut machine, bytes);
                    let _ = machine.inbound();
                }
            });
            let peak = info.bytes_max;
            assert!(peak <= bound(received), "{piece}: {peak} at {received}");
        }
    }
}

/// The same right after a run of small frames, when the buffer for those is at its largest.
#[test]
fn the_bound_holds_in_the_middle_of_a_conversation() {
    let small = stream(&vec![Frame::new("filler", vec![1; 400]); 200]);
    let block = Frame::new("filler", vec![9; 4_000_000]).to_bytes();
    let mut bytes = small;
    bytes.extend(&block[..200_000]);
    let mut machine = negotiated(Network::REGTEST);
    let info = measure(|| {
        for piece in bytes.chunks(10_000) {
            feed(&mut machine, piece);
        }
    });
    assert!(info.bytes_max <= bound(200_000), "{}", info.bytes_max);
}

/// V18, V34, scoreboard 13: the work for a frame that comes byte by byte is in proportion to its size.
#[test]
fn a_frame_that_comes_byte_by_byte_costs_what_it_is_worth() {
    let cost = |size: usize| {
        let frame = Frame::new("filler", vec![9; size]).to_bytes();
        let mut machine = negotiated(Network::REGTEST);
        let info = measure(|| {
            for piece in Cuts::Bytewise.pieces(&frame) {
                feed(&mut machine, piece);
            }
        });
        assert_eq!(machine.stats().unknown_messages, 1);
        info
    };
    let (half, whole) = (cost(2_000_000), cost(4_000_000));
    assert!(whole.count_total < 40, "{}", whole.count_total);
    assert!(whole.bytes_total * 10 <= half.bytes_total * 23);
    assert!(whole.bytes_total <= 2 * 4_000_000, "{}", whole.bytes_total);
}

/// V14 and section 5: a hundred thousand pings from a remote that reads nothing.
#[test]
fn pings_that_nobody_reads_the_answers_of_cost_a_bounded_amount() {
    let pings: Vec<Frame> = (1..=100_000).map(Frame::ping).collect();
    let pings = stream(&pings);
    let mut machine = negotiated(Network::REGTEST);
    let info = measure(|| {
        let taken = feed(&mut machine, &pings);
        assert!(taken < pings.len() / 10);
    });
    assert!(info.bytes_max <= 512 * KIB, "{}", info.bytes_max);
}

/// V49: every byte that a connection took is given back, whatever was said on it.
#[test]
fn nothing_is_left_behind() {
    for capture in Capture::all() {
        if capture.name.contains("bigblock") {
            continue;
        }
        for way in Way::BOTH {
            let words = capture.stream(way);
            for cut in [words.len(), words.len() / 2, words.len() / 3] {
                let info = measure(|| {
                    let mut machine = fresh(on(Network::REGTEST));
                    feed(&mut machine, &words[..cut]);
                    read(&mut machine);
                    machine.hung_up(HangUp::EndOfStream, START);
                    read(&mut machine);
                });
                assert_eq!(info.bytes_current, 0, "{} {cut}", capture.name);
            }
        }
    }
}

/// V19: ten thousand connections of one configuration misbehave and end. Nothing of them is remembered anywhere.
#[test]
fn ten_thousand_sessions_leave_nothing() {
    let config = Arc::new(on(Network::REGTEST).like_core());
    let acts = stream(&[
        VersionPayload::default().frame(),
        Frame::empty("verack"),
        Frame::ping(1).with_bad_checksum(),
        Frame::empty("addrv2"),
        Frame::pong(7),
        Frame::new("inv", vec![0]),
        Frame::ping(1).with_magic([0xff; 4]),
    ]);
    let info = measure(|| {
        for seed in 0..10_000_u32 {
            let mut random = [0; 32];
            random[..4].copy_from_slice(&seed.to_le_bytes());
            let config = Arc::clone(&config);
            let mut machine = PeerMachine::from_seed(config, Link::inbound(), START, random);
            feed(&mut machine, &acts);
            assert!(machine.is_closed());
        }
    });
    assert_eq!(info.bytes_current, 0);
    // One connection at a time, and no more than it may cost.
    assert!(info.bytes_max <= 16 * KIB, "{}", info.bytes_max);
}

/// Scoreboard 14: what a connection costs that says nothing any more.
#[test]
fn an_idle_connection_costs_little() {
    let config = Arc::new(on(Network::REGTEST));
    let hello = [VersionPayload::default().frame(), Frame::empty("verack")];
    let hello = stream(&hello);
    let info = allocated(|| {
        let link = Link::inbound();
        let mut machine = Box::new(PeerMachine::from_seed(config.clone(), link, START, [5; 32]));
        feed(&mut machine, &hello);
        read(&mut machine);
        machine
    });
    assert!(info.bytes_current <= 3 * 1_024, "{}", info.bytes_current);
}

/// Rule 7: a megabyte queued to a hundred peers is a megabyte.
#[test]
fn sending_to_many_copies_nothing() {
    let config = on(Network::REGTEST);
    let message = Message::Unknown {
        command: CommandName::new("filler").unwrap(),
        payload: Bytes::from(vec![1; 1_000_000]),
    };
    let once = EncodedMessage::new(message, &config, TxEncoding::Witness).unwrap();
    let mut machines: Vec<PeerMachine> = (0..100).map(|_| negotiated(Network::REGTEST)).collect();
    let info = measure(|| {
        for machine in &mut machines {
            machine.send_encoded(&once).unwrap();
            assert!(machine.outbound().len() > 1_000_000);
        }
    });
    assert!(info.bytes_max <= 100 * 2 * KIB, "{}", info.bytes_max);
}

/// V13: a million distinct announcements leave a full cache, and nothing else.
#[test]
fn a_million_announcements_leave_a_cache() {
    let mut machine = negotiated(Network::REGTEST);
    let info = measure(|| {
        for part in 0..20_u64 {
            let entry = |number: u64| {
                let mut entry = [0; 36];
                entry[0] = 1;
                entry[4..12].copy_from_slice(&number.to_le_bytes());
                entry
            };
            let entries = (part * 50_000..(part + 1) * 50_000).flat_map(entry);
            let payload: Vec<u8> = compact_size(50_000).into_iter().chain(entries).collect();
            feed(&mut machine, &Frame::new("inv", payload).to_bytes());
        }
    });
    assert!(machine.memory_held() <= 24_000);
    // A few counters of the statistics besides.
    assert!(info.bytes_current <= 24_500, "{}", info.bytes_current);
}

/// A stranger that begins in v2, and one that goes through the whole of its handshake, with all the garbage there may be
/// on both sides: some buffers, and what a session needs.
#[test]
fn strangers_in_v2_cost_little() {
    use peer_core::bip324::{KeyPair, MAX_GARBAGE, Role, SALT_PREFIX};

    let mut config = on(Network::REGTEST);
    config.transport = TransportPolicy::Auto;
    config.v2.garbage = peer_core::Garbage::Fixed(vec![7; MAX_GARBAGE].into());
    let mut machine = fresh(config);
    let held = allocated(|| feed(&mut machine, &[0xff]));
    // The window, a key and garbage to be sent and to vouch for, the stages.
    assert!(held.bytes_max <= 20 * KIB, "{}", held.bytes_max);

    let pair = KeyPair::from_secret([1; 32], [2; 32]).unwrap();
    let mut config = on(Network::REGTEST);
    config.transport = TransportPolicy::Auto;
    config.v2.garbage = peer_core::Garbage::Fixed(vec![7; MAX_GARBAGE].into());
    let mut machine = fresh(config);
    let mut theirs = Vec::new();
    let garbage = vec![9; MAX_GARBAGE];
    let info = measure(|| {
        feed(&mut machine, pair.ellswift());
        theirs = machine.outbound().to_vec();
        read(&mut machine);
        feed(&mut machine, &garbage);
    });
    assert!(info.bytes_max <= 32 * KIB, "{}", info.bytes_max);
    let key = theirs.first_chunk().unwrap();
    let mut keys = pair.agree(key, Role::Initiator, SALT_PREFIX, Network::REGTEST.magic);
    let mut rest = keys.send_terminator.to_vec();
    keys.sealer.seal(&[], &garbage, false, &mut rest).unwrap();
    feed(&mut machine, &rest);
    read(&mut machine);
    assert!(machine.transport().is_some());
    assert_eq!(machine.memory_held(), 0);
}

/// A packet of 4 MB is decrypted where it landed, and the payload of the message is a slice of that: what is reserved for it
/// is the packet once, and a third of it while it lands.
#[test]
fn a_large_packet_is_not_copied() {
    use peer_core::Event;
    use peer_core::bip324::{KeyPair, Role, SALT_PREFIX};

    const LEN: usize = 3_900_000;
    let mut config = on(Network::REGTEST);
    config.transport = TransportPolicy::V2;
    config.v2.garbage = peer_core::Garbage::Fixed(Bytes::new());
    let mut machine = fresh(config);
    let pair = KeyPair::from_secret([1; 32], [2; 32]).unwrap();
    feed(&mut machine, pair.ellswift());
    let said = machine.outbound().to_vec();
    read(&mut machine);
    let key = said.first_chunk().unwrap();
    let mut keys = pair.agree(key, Role::Initiator, SALT_PREFIX, Network::REGTEST.magic);
    let mut stream = keys.send_terminator.to_vec();
    let version = VersionPayload::default().frame();
    let verack = Frame::empty("verack");
    keys.sealer.seal(&[], b"", false, &mut stream).unwrap();
    for frame in [version, verack] {
        let contents = [&[0], &frame.command[..], &frame.payload];
        keys.sealer
            .seal(&contents, b"", false, &mut stream)
            .unwrap();
    }
    feed(&mut machine, &stream);
    read(&mut machine);
    assert!(machine.is_negotiated());

    let mut packet = Vec::new();
    let contents = [&b"\0filler\0\0\0\0\0\0"[..], &vec![7; LEN]];
    keys.sealer
        .seal(&contents, b"", false, &mut packet)
        .unwrap();
    let mut event = None;
    let info = measure(|| {
        let mut rest = packet.as_slice();
        while !rest.is_empty() {
            let taken = machine.receive(rest, START);
            rest = &rest[taken..];
            event = event.take().or_else(|| machine.poll_event());
        }
    });
    assert!(matches!(
        event,
        Some(Event::Message { message: Message::Unknown { ref payload, .. }, .. })
            if payload.len() == LEN && payload.iter().all(|byte| *byte == 7)
    ));
    let most = (LEN + LEN / 3) as u64 + 100 * KIB;
    assert!(info.bytes_total <= most, "{}", info.bytes_total);
}
