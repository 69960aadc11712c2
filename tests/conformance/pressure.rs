//! Back-pressure both ways: a remote that does not read, an application that does not poll, a queue that is full, and
//! two ends that want to send at the same time.

use crate::Probe;
use bytes::Bytes;
use peer_core::message::{CommandName, FeeFilter, Message, Ping, SendCmpct, TxEncoding};
use peer_core::network::Network;
use peer_core::{Config, EncodedMessage, Event, Link, Outgoing, PeerMachine, SendError};
use peer_tests::link::Dice;
use peer_tests::pair::Pair;
use peer_tests::script::{Frame, VersionPayload, stream};

use crate::support::{config, delivered};

fn filler(size: usize) -> Message {
    Message::Unknown {
        command: CommandName::new("filler").unwrap(),
        payload: Bytes::from(vec![0x5a; size]),
    }
}

fn strangers() -> (Config, Config) {
    let config = |secret| Config::with_secret(Network::REGTEST, [secret; 32]);
    (config(1), config(2))
}

/// As much of `bytes`, over and over, as the machine takes.
fn flood(probe: &mut Probe, bytes: &[u8], at_most: usize) -> usize {
    let mut taken = 0;
    while taken < at_most {
        let start = taken % bytes.len();
        match probe.machine.receive(&bytes[start..], probe.now) {
            0 => break,
            n => taken += n,
        }
        probe.heard();
    }
    taken
}

/// DESIGN rule 5: back-pressure is the absence of a poll.
#[test]
fn an_application_that_never_polls_closes_the_window() {
    for (what, frame) in [
        ("pings", Frame::ping(1)),
        ("unknown messages", Frame::new("foobar", [1; 300])),
        ("bad checksums", Frame::ping(1).with_bad_checksum()),
    ] {
        // Core's preset forgives for ever.
        let mut probe = Probe::negotiated(config().like_core(), Link::inbound());
        probe.polls = false;
        let taken = flood(&mut probe, &frame.to_bytes(), 100_000_000);
        assert!(taken <= 64 * 1_024, "{what}: {taken}");
        assert!(!probe.machine.wants_read());
        assert_eq!(probe.machine.inbound(), None);
        assert!(probe.machine.memory_held() <= 65 * 1_024, "{what}");
        assert_eq!(
            probe.read(),
            [],
            "nothing is opened, so nothing is answered"
        );
        probe.polls = true;
        probe.heard();
        assert!(probe.machine.wants_read(), "{what}");
    }
    // One large frame is held whole, and not one byte after it is taken.
    let mut probe = Probe::negotiated(config(), Link::inbound());
    probe.polls = false;
    let block = Frame::new("filler", vec![9; 4_000_000]).to_bytes();
    let mut bytes = block.repeat(2);
    let mut taken = 0;
    loop {
        // The header of a frame is judged when it is polled for, so a pad needs one poll.
        let n = probe.machine.receive(&bytes[taken..], probe.now);
        taken += n;
        let polled = probe.machine.poll_event();
        if n == 0 || polled.is_some() {
            break;
        }
    }
    bytes.drain(..taken);
    assert_eq!(taken, block.len());
    assert!(probe.machine.memory_held() <= 64 * 1_024);
}

/// V14: a hundred thousand pings of a remote that never reads its pongs.
#[test]
fn a_remote_that_never_reads_is_not_heard_for_long() {
    let pings: Vec<Frame> = (1..=2_500).map(Frame::ping).collect();
    let pings = stream(&pings);
    let mut held = Vec::new();
    for at_most in [100_000, 3_200_000] {
        let mut probe = Probe::negotiated(config(), Link::inbound());
        probe.reads = false;
        let taken = flood(&mut probe, &pings, at_most);
        // The window is closed once 64 KiB of pongs wait; what has landed by then is a buffer of 64 KiB at most.
        assert!(taken < 3 * 64 * 1_024, "{taken}");
        assert!(!probe.machine.wants_read());
        let queued = probe.machine.queued();
        assert!((64 * 1_024..64 * 1_024 + 32).contains(&queued), "{queued}");
        held.push(probe.machine.memory_held());
        // The remote reads after all: every ping that was taken gets its pong, in order.
        probe.reads = true;
        let pongs = probe.read();
        assert_eq!(pongs.len(), taken / 32);
        let nonces = (0..).map(|n| n % 2_500 + 1);
        assert!(
            pongs
                .iter()
                .map(|f| f.nonce().unwrap())
                .zip(nonces)
                .all(|(a, b)| a == b)
        );
        assert!(probe.machine.wants_read() && probe.is_alive());
        assert_eq!(probe.machine.memory_held(), 0);
    }
    assert!(held.iter().all(|held| *held < 512 * 1_024), "{held:?}");
}

/// The window closes with the reply that reaches the limit, and opens with the first that has left.
#[test]
fn the_limit_of_replies_is_exact() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    probe.reads = false;
    for nonce in 1..=2_048 {
        assert!(probe.machine.wants_read(), "{nonce}");
        assert_eq!(delivered(&probe.tell(&Frame::ping(nonce))), ["ping"]);
    }
    assert_eq!(probe.machine.queued(), 64 * 1_024);
    assert!(!probe.machine.wants_read());
    assert_eq!(probe.machine.inbound(), None);
    let _ = probe.machine.outbound();
    probe.machine.sent(31, probe.now);
    assert!(!probe.machine.wants_read());
    probe.machine.sent(1, probe.now);
    assert!(probe.machine.wants_read());
}

/// Pongs close the window, messages of the application do not: or two ends that send could wait for each other.
#[test]
fn a_full_queue_of_our_own_does_not_stop_us_reading() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    probe.reads = false;
    probe.machine.send(filler(4_000_000)).unwrap();
    assert!(matches!(
        probe.machine.send(filler(1)),
        Err(SendError::Full(_))
    ));
    let events = probe.say(&stream(&vec![Frame::new("foobar", vec![1; 1_000]); 5_000]));
    assert_eq!(delivered(&events).len(), 5_000);
}

/// V15: above the high-water mark the message comes back as it was; one may overshoot; `Writable` comes once, at the
/// low-water mark.
#[test]
fn a_full_queue_hands_the_message_back() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    probe.reads = false;
    let mut accepted = 0;
    let back = loop {
        match probe.machine.send(filler(9_976)) {
            Ok(ticket) => {
                accepted += 1;
                assert_eq!(ticket.number(), accepted);
            }
            Err(SendError::Full(back)) => break back,
            Err(other) => panic!("{other}"),
        }
        assert!(accepted < 1_000);
    };
    assert_eq!((accepted, probe.machine.queued()), (100, 1_000_000));
    assert!(
        matches!(back, Outgoing::Message(message, TxEncoding::Full) if message == filler(9_976))
    );
    for _ in 0..100 {
        assert!(matches!(
            probe.machine.send(filler(0)),
            Err(SendError::Full(_))
        ));
    }
    assert_eq!(probe.machine.queued(), 1_000_000);

    let mut writable = Vec::new();
    while probe.machine.wants_write() {
        let n = probe.machine.outbound().len().min(1_000);
        probe.machine.sent(n, probe.now);
        let told = probe
            .heard()
            .iter()
            .filter(|event| matches!(event, Event::Writable))
            .count();
        writable.extend(vec![probe.machine.queued(); told]);
    }
    // Frames count until their last byte has left.
    let [queued] = writable[..] else {
        panic!("{writable:?}");
    };
    assert!((246_000..=256_000).contains(&queued), "{queued}");

    // One byte below the mark anything fits.
    probe.machine.send(filler(999_999 - 24)).unwrap();
    probe.machine.send(filler(4_000_000)).unwrap();
    assert!(matches!(
        probe.machine.send(filler(0)),
        Err(SendError::Full(_))
    ));
}

/// Row 143, V42, scoreboard 16: both ends send four megabytes over wires that hold next to nothing.
#[test]
fn both_ends_may_send_four_megabytes_at_once() {
    for capacity in [512, 4_096, 65_536] {
        let (dialler, listener) = strangers();
        let mut pair = Pair::new(dialler, listener);
        pair.capacity = capacity;
        pair.drive();
        for side in [&mut pair.dialler, &mut pair.listener] {
            side.machine.send(filler(4_000_000)).unwrap();
            side.events.clear();
        }
        pair.drive();
        for side in [&pair.dialler, &pair.listener] {
            assert_eq!(delivered(&side.events), ["filler"], "{capacity}");
            assert!(
                side.events
                    .iter()
                    .any(|event| matches!(event, Event::Sent { .. }))
            );
            assert_eq!(side.machine.memory_held(), 0);
        }
    }
}

/// Fault 31: a wire that holds a single byte is enough for a handshake.
#[test]
fn an_unbuffered_wire_is_enough() {
    let (dialler, listener) = strangers();
    let mut pair = Pair::new(dialler, listener);
    pair.capacity = 1;
    pair.drive();
    assert!(pair.dialler.machine.is_negotiated() && pair.listener.machine.is_negotiated());
    assert_eq!(pair.dialler.machine.stats().pings_in_flight, 0);
}

/// A pong does not wait behind megabytes of data, but for the frame that is on its way.
#[test]
fn pongs_overtake_data_between_frames() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    probe.reads = false;
    for _ in 0..9 {
        probe.machine.send(filler(100_000)).unwrap();
    }
    let first = probe.machine.outbound().len();
    probe.machine.sent(first / 2, probe.now);
    probe.tell(&Frame::ping(7));
    probe.reads = true;
    // What was taken by hand is missing from the first frame, so look at the rest of the stream.
    let rest = rest_of(&mut probe, 100_024 - first / 2);
    assert_eq!(rest[0], "pong");
    assert_eq!(rest[1..], vec!["filler"; 8]);
}

/// Commands of what is said after `skip` more bytes.
fn rest_of(probe: &mut Probe, skip: usize) -> Vec<String> {
    let mut bytes = Vec::new();
    while probe.machine.wants_write() {
        let lent = probe.machine.outbound().to_vec();
        probe.machine.sent(lent.len(), probe.now);
        bytes.extend(lent);
    }
    let (mut names, mut at) = (Vec::new(), skip);
    while let Some((frame, len)) = Frame::cut(&bytes[at..]) {
        names.push(frame.name());
        at += len;
    }
    assert_eq!(at, bytes.len());
    names
}

/// BIP152: the answer to a ping that came after `sendcmpct` locks the version in, so it must not come before it.
#[test]
fn pongs_never_overtake_an_earlier_sendcmpct() {
    let cmpct = Message::SendCmpct(SendCmpct {
        announce: true,
        version: 2,
    });
    let mut probe = Probe::negotiated(config(), Link::inbound());
    probe.reads = false;
    for message in [filler(400_000), cmpct, filler(100_000)] {
        probe.machine.send(message).unwrap();
    }
    let _ = probe.machine.outbound();
    probe.tell(&Frame::ping(7));
    let said = rest_of(&mut probe, 0);
    let place = |name| said.iter().position(|said| said == name).unwrap();
    assert!(place("sendcmpct") < place("pong"), "{said:?}");
    // Once it has left, pongs overtake again.
    for size in [400_000, 100_000] {
        probe.machine.send(filler(size)).unwrap();
    }
    let _ = probe.machine.outbound();
    probe.tell(&Frame::ping(8));
    assert_eq!(rest_of(&mut probe, 0), ["filler", "pong", "filler"]);
}

/// However the socket takes what is lent, the bytes are the same.
#[test]
fn partial_writes_change_nothing() {
    let fill = |probe: &mut Probe| {
        probe.reads = false;
        for size in [0, 1, 255, 256, 257, 5_000, 70_000, 30, 31, 0] {
            probe.machine.send(filler(size)).unwrap();
            probe.tell(&Frame::ping(size as u64 + 1));
        }
    };
    let drain = |mut take: Box<dyn FnMut(usize) -> usize>| {
        let mut probe = Probe::negotiated(config(), Link::inbound());
        fill(&mut probe);
        let mut bytes: Vec<u8> = Vec::new();
        let mut last = 0;
        while probe.machine.wants_write() {
            let lent = probe.machine.outbound();
            let n = take(lent.len()).clamp(1, lent.len());
            bytes.extend(lent.slices().flatten().take(n));
            probe.machine.sent(n, probe.now);
            for event in probe.heard() {
                if let Event::Sent { through } = event {
                    assert!(through.number() > last);
                    last = through.number();
                }
            }
        }
        assert_eq!(last, 10);
        assert_eq!(probe.machine.queued(), 0);
        (bytes, probe.machine.stats())
    };
    let whole = drain(Box::new(|all| all));
    assert_eq!(drain(Box::new(|_| 1)), whole);
    for seed in 0..20 {
        let mut dice = Dice::new(seed);
        assert!(drain(Box::new(move |_| dice.length())) == whole, "{seed}");
    }
}

/// Vectored writes are lent the same slices.
#[test]
fn io_slices_are_the_slices() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    probe.reads = false;
    for size in [10, 300, 20, 5_000] {
        probe.machine.send(filler(size)).unwrap();
    }
    for sent in [0, 1, 33, 200] {
        probe.machine.sent(sent, probe.now);
        let lent = probe.machine.outbound();
        let mut slices = [std::io::IoSlice::new(&[]); 8];
        let filled = lent.io_slices(&mut slices);
        assert!(
            slices[..filled]
                .iter()
                .map(|slice| &slice[..])
                .eq(lent.slices())
        );
        assert!(lent.slices().all(|slice| !slice.is_empty()));
        assert_eq!(lent.slices().map(<[u8]>::len).sum::<usize>(), lent.len());
        assert_eq!(Some(lent.first()), lent.slices().next());
        // Fewer slices than there are take the first of them.
        let mut one = [std::io::IoSlice::new(&[]); 1];
        assert_eq!(lent.io_slices(&mut one), 1);
        assert_eq!(&one[0][..], lent.first());
    }
}

/// Claims beyond what was lent, or filled, are the adapter's mistake: they do no harm.
#[test]
fn impossible_counts_do_no_harm() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    probe.reads = false;
    probe.machine.send(filler(10)).unwrap();
    let lent = probe.machine.outbound().len();
    probe.machine.sent(usize::MAX, probe.now);
    assert_eq!(probe.machine.queued(), 0);
    probe.machine.sent(usize::MAX, probe.now);
    probe.machine.received(0, probe.now);
    probe.machine.received(usize::MAX, probe.now);
    assert_eq!(lent, 34);
    probe.heard();
}

/// Rule 7: encoded once, the bytes are shared by every queue that they are in.
#[test]
fn one_encoding_is_shared_by_many_peers() {
    let config = config();
    let once = EncodedMessage::new(filler(10_000), &config, TxEncoding::Full).unwrap();
    let pointer = once.payload().as_ptr();
    for _ in 0..3 {
        let mut probe = Probe::negotiated(config.clone(), Link::inbound());
        probe.reads = false;
        probe.machine.send_encoded(&once).unwrap();
        let lent = probe.machine.outbound();
        let body = lent.slices().find(|slice| slice.len() == 10_000).unwrap();
        assert_eq!(body.as_ptr(), pointer);
        probe.reads = true;
        let said = probe.read();
        assert!(said[0].is_intact() && said[0].payload == once.payload()[..]);
    }
}

#[test]
fn an_encoding_for_others_is_refused() {
    let mainnet = Config::with_secret(Network::MAINNET, [7; 32]);
    let foreign = EncodedMessage::new(Message::GetAddr, &mainnet, TxEncoding::Full).unwrap();
    let mut probe = Probe::negotiated(config(), Link::inbound());
    let refused = probe.machine.send_encoded(&foreign);
    assert!(
        matches!(refused, Err(SendError::WrongNetwork)),
        "{refused:?}"
    );

    // (message, a version that reads it, one that does not)
    for (message, reads, not) in [
        (Message::Ping(Ping::new(1)), 60_001, 60_000),
        (Message::SendHeaders, 70_012, 70_011),
        (
            Message::FeeFilter(FeeFilter { fee_rate: 1 }),
            70_013,
            70_012,
        ),
        (Message::MemPool, 60_002, 60_001),
    ] {
        let name = message.command();
        let once = EncodedMessage::new(message, &config(), TxEncoding::Full).unwrap();
        for (version, ok) in [(70_016, true), (reads, true), (not, false)] {
            let remote = VersionPayload::of(version);
            let mut probe = Probe::negotiated_with(config(), Link::inbound(), &remote);
            let sent = probe.machine.send_encoded(&once);
            match sent {
                Ok(_) => assert!(ok, "{name} {version}"),
                Err(SendError::WrongVersion {
                    encoded,
                    negotiated,
                }) => {
                    assert_eq!((encoded, negotiated), (70_016, version as u32));
                    assert!(!ok, "{name} {version}");
                }
                Err(other) => panic!("{name} {version}: {other}"),
            }
        }
    }
}

/// The taps on raw frames are bounded as well: an application that wants them and takes none stops the output.
#[test]
fn raw_frames_nobody_takes_stop_the_output() {
    let mut config = config();
    config.raw_events = true;
    let mut probe = Probe::negotiated(config, Link::inbound());
    probe.polls = false;
    let mut sent = 0;
    for _ in 0..20_000 {
        sent += usize::from(probe.machine.send(filler(100)).is_ok());
        probe.read();
    }
    assert!(sent > 1_000);
    assert!(
        probe.machine.memory_held() < 3_000_000,
        "{}",
        probe.machine.memory_held()
    );
    probe.polls = true;
    let wrote = probe
        .heard()
        .iter()
        .filter(|e| matches!(e, Event::Wrote(_)))
        .count();
    assert_eq!(wrote, sent);
}

#[test]
fn memory_of_an_idle_connection_is_given_back() {
    let (dialler, listener) = strangers();
    let mut pair = Pair::new(dialler, listener);
    pair.drive();
    let held = |machine: &PeerMachine| machine.memory_held();
    assert_eq!(
        (held(&pair.dialler.machine), held(&pair.listener.machine)),
        (0, 0)
    );
}
