//! What the machine makes of what the application has: addresses, questions about the chain, rejects, encodings (row 67;
//! faults 2, 24, 29 and 30 of btcd).

use alloc::sync::Arc;
use core::time::Duration;
use std::collections::HashSet;

use crate::Probe;
use bytes::Bytes;
use peer_core::message::{EncodeErrorKind, Locator, Message, Reject, RejectCode, TxEncoding};
use peer_core::network::ServiceFlags;
use peer_core::tape::TapedMachine;
use peer_core::wire::{AddrEntry, Address, BlockHash, Hash, TxFormat, TxView};
use peer_core::{Command, Config, Link, Outcome, Purpose, Pushed, SendError};
use peer_tests::capture::{Capture, Way};
use peer_tests::script::{Frame, VersionPayload, compact_size, list, sha256d};
use peer_tests::tape::Watched;

use crate::addresses::addr_entry;
use crate::support::{INV_ENTRY, Preset, config, delivered};

/// An entry as [`addr_entry`] writes it.
fn entry(number: u32) -> AddrEntry {
    entry_at(Address::Ipv4(number.to_be_bytes()))
}

fn entry_at(address: Address) -> AddrEntry {
    AddrEntry {
        time: 0x6503_0201,
        services: ServiceFlags(0x409),
        address,
        port: 18_444,
    }
}

fn entries(numbers: impl Iterator<Item = u32>) -> Vec<AddrEntry> {
    numbers.map(entry).collect()
}

const TOR_V2: Address = Address::TorV2([2; 10]);
const TOR_V3: Address = Address::TorV3([3; 32]);
const I2P: Address = Address::I2p([5; 32]);
const CJDNS: Address = Address::Cjdns([0xfc; 16]);
const YGGDRASIL: Address = Address::Yggdrasil([2; 16]);
const IPV6: Address = Address::Ipv6([0x2a; 16]);

/// Both past the handshake; the remote takes `addrv2` if it says so.
fn met(config: Config, link: Link, version: i32, addr_v2: bool) -> Probe {
    let mut probe = Probe::new(config, link);
    meet(&mut probe, version, addr_v2);
    probe
}

fn meet(probe: &mut Probe, version: i32, addr_v2: bool) {
    probe.tell(&VersionPayload::of(version).frame());
    if addr_v2 {
        probe.tell(&Frame::empty("sendaddrv2"));
    }
    probe.tell(&Frame::empty("verack"));
    assert!(probe.machine.is_negotiated());
    probe.read();
}

/// The one frame that was sent.
fn said(probe: &mut Probe) -> Frame {
    let mut frames = probe.read();
    assert_eq!(frames.len(), 1, "{frames:?}");
    let frame = frames.remove(0);
    assert!(frame.is_intact());
    frame
}

/// A connection whose machine draws from this seed.
fn seeded(seed: u8) -> Probe {
    let mut probe = Probe::new(config(), Link::inbound());
    probe.machine = Watched::new(Arc::new(config()), Link::inbound(), probe.now, [seed; 32]);
    meet(&mut probe, 70_016, false);
    probe
}

v1_only! {
    /// Fault 2: btcd sends some 490 different ones of 1,500.
    #[test]
    fn a_sample_is_a_thousand_different_addresses_each_as_likely() {
        const SEEDS: u8 = 60;
        let all = entries(0..1_500);
        let mut seen = vec![0_i64; 1_500];
        let mut samples = HashSet::new();
        for seed in 0..SEEDS {
            let mut probe = seeded(seed);
            let pushed = probe.machine.push_addr(&all).unwrap();
            let frame = said(&mut probe);
            assert_eq!(frame.name(), "addr");
            assert_eq!(frame.payload[..3], [0xfd, 0xe8, 0x03]);
            let told: Vec<&[u8]> = frame.payload[3..].chunks(30).collect();
            assert_eq!(told.len(), 1_000);
            assert_eq!(told.iter().collect::<HashSet<_>>().len(), 1_000);
            // What was sent is what the helper says, and what was handed in.
            assert_eq!(pushed.sent.len(), 1_000);
            for (entry, told) in pushed.sent.iter().zip(told) {
                let number = u32::from_be_bytes(told[24..28].try_into().unwrap());
                assert_eq!(told, addr_entry(number));
                assert_eq!(*entry, all[number as usize]);
                seen[number as usize] += 1;
            }
            samples.insert(frame.payload);
        }
        assert_eq!(samples.len(), usize::from(SEEDS));
        // Each is sent 40 times of 60, with a variance of 13.3: a sum of 1,500 squares in units of it, give or take five
        // standard deviations of 55.
        let squares: i64 = seen.iter().map(|count| (count - 40).pow(2)).sum();
        let statistic = squares * 3 / 40;
        assert!((1_225..1_775).contains(&statistic), "{statistic}");
    }
}

#[test]
fn up_to_a_thousand_keep_their_order() {
    let mut probe = met(config(), Link::inbound(), 70_016, true);
    for count in [1, 2, 999, 1_000] {
        // Backwards, so that nothing is in order by itself.
        let all = entries((0..count).rev());
        let pushed = probe.machine.push_addr(&all).unwrap();
        assert_eq!(pushed.sent, all);
        let mut payload = compact_size(u64::from(count));
        payload.extend((0..count).rev().flat_map(addr_entry));
        assert_eq!(said(&mut probe), Frame::new("addr", payload));
    }
}

#[test]
fn the_limit_of_the_configuration_holds_as_well() {
    let mut small = config();
    small.limits.message.addr = 3;
    let mut large = config();
    large.limits.message.addr = 5_000;
    for (config, most) in [(small, 3), (large, 1_000)] {
        let mut probe = met(config, Link::inbound(), 70_016, true);
        let pushed = probe.machine.push_addrv2(&entries(0..2_000)).unwrap();
        assert_eq!(pushed.sent.len(), most);
        assert_eq!(said(&mut probe).name(), "addrv2");
    }
}

/// The same address and port is the same node, whatever else is said of it.
#[test]
fn duplicates_are_left_out_before_the_sample_is_taken() {
    let mut probe = met(config(), Link::inbound(), 70_016, true);
    let mut twice = entries((0..1_000).chain(0..1_000));
    for (index, entry) in twice.iter_mut().enumerate() {
        entry.time += index as u32;
    }
    let pushed = probe.machine.push_addr(&twice).unwrap();
    assert_eq!(pushed.sent, twice[..1_000]);
    let other_port = AddrEntry {
        port: 18_445,
        ..entry(1)
    };
    let mapped = Address::Ipv6([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 1]);
    let few = [entry(1), other_port, entry(1), entry_at(mapped)];
    let pushed = probe.machine.push_addrv2(&few).unwrap();
    assert_eq!(pushed.sent, [entry(1), other_port]);
}

/// Fault 30, and BIP155: what has no legacy form stays out of `addr`; version 2 onion services are gossiped in neither.
#[test]
fn every_address_in_the_form_that_the_remote_reads() {
    let mixed: Vec<AddrEntry> = [TOR_V3, IPV6, TOR_V2, I2P, CJDNS, YGGDRASIL]
        .map(entry_at)
        .into_iter()
        .chain([entry(9)])
        .collect();
    let legacy = [entry_at(IPV6), entry(9)];
    let mut ipv6 = addr_entry(0);
    ipv6[12..28].copy_from_slice(&[0x2a; 16]);
    let addr = Frame::new("addr", [&[2][..], &ipv6, &addr_entry(9)].concat());

    let mut old = met(config(), Link::inbound(), 70_016, false);
    for push in [TapedMachine::push_addr, TapedMachine::push_addrv2] {
        let pushed = push(&mut old.machine, &mixed).unwrap();
        assert_eq!(pushed.sent, legacy);
        assert_eq!(said(&mut old), addr);
    }

    let mut new = met(config(), Link::inbound(), 70_016, true);
    assert_eq!(new.machine.push_addr(&mixed).unwrap().sent, legacy);
    assert_eq!(said(&mut new), addr);
    let pushed = new.machine.push_addrv2(&mixed).unwrap();
    let networks: [(u8, &[u8]); 6] = [
        (4, &[3; 32]),
        (2, &[0x2a; 16]),
        (5, &[5; 32]),
        (6, &[0xfc; 16]),
        (7, &[2; 16]),
        (1, &[0, 0, 0, 9]),
    ];
    let mut payload = vec![6];
    for (network, address) in networks {
        payload.extend([1, 2, 3, 0x65, 0xfd, 9, 4, network, address.len() as u8]);
        payload.extend(address);
        payload.extend([0x48, 0x0c]);
    }
    assert_eq!(said(&mut new), Frame::new("addrv2", payload));
    assert_eq!(pushed.sent.len(), 6);
    assert!(pushed.sent.iter().all(|entry| entry.address != TOR_V2));
}

/// BIP155: IPv4 must not be sent as IPv6, nor what does not have the prefix of its network.
#[test]
fn addresses_that_pretend_are_sent_as_what_they_are_or_not_at_all() {
    let mapped = Address::Ipv6([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 7]);
    let mut onion_cat = [1; 16];
    onion_cat[..6].copy_from_slice(&[0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43]);
    let all = [
        mapped,
        Address::Ipv6(onion_cat),
        Address::Cjdns([1; 16]),
        Address::Yggdrasil([9; 16]),
    ]
    .map(entry_at);
    for addr_v2 in [false, true] {
        let mut probe = met(config(), Link::inbound(), 70_016, addr_v2);
        let pushed = probe.machine.push_addrv2(&all).unwrap();
        assert_eq!(pushed.sent, [entry(7)]);
        let frame = said(&mut probe);
        if addr_v2 {
            let v2 = [1, 1, 2, 3, 0x65, 0xfd, 9, 4, 1, 4, 0, 0, 0, 7, 0x48, 0x0c];
            assert_eq!(frame, Frame::new("addrv2", v2));
        } else {
            assert_eq!(frame, Frame::new("addr", list(1, &addr_entry(7))));
        }
    }
}

/// `addrv2` is negotiated, not a matter of the version; the time came with 31402, a second entry with 209.
#[test]
fn the_form_follows_the_version() {
    let timed = addr_entry(1);
    let untimed = timed[4..].to_vec();
    for (version, addr_v2, name, count, entry_len) in [
        (70_016, true, "addrv2", 2, 15),
        (70_016, false, "addr", 2, 30),
        (70_015, true, "addrv2", 2, 15),
        (70_015, false, "addr", 2, 30),
        (31_402, false, "addr", 2, 30),
        (31_401, false, "addr", 2, 26),
        (209, false, "addr", 2, 26),
        (208, false, "addr", 1, 26),
    ] {
        let mut old = config();
        old.minimum_version = 106;
        for link in [Link::inbound(), Link::outbound()] {
            let mut probe = met(old.clone(), link, version, addr_v2);
            let pushed = probe.machine.push_addrv2(&entries(1..3)).unwrap();
            let frame = said(&mut probe);
            assert_eq!(frame.name(), name, "{version}");
            assert_eq!(frame.payload.len(), 1 + count * entry_len, "{version}");
            assert_eq!(usize::from(frame.payload[0]), count);
            assert_eq!(pushed.sent.len(), count);
            let of = |entry: &[u8], number: u32| {
                let mut bytes = entry.to_vec();
                let at = bytes.len() - 6;
                bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
                bytes
            };
            let numbers = pushed.sent.iter().map(|entry| match entry.address {
                Address::Ipv4(bytes) => u32::from_be_bytes(bytes),
                other => panic!("{other}"),
            });
            let model = if entry_len == 26 { &untimed } else { &timed };
            if name == "addr" {
                let expected: Vec<u8> = numbers.flat_map(|number| of(model, number)).collect();
                assert_eq!(frame.payload[1..], expected, "{version}");
            }
            assert!(probe.is_alive() || version < 60_001, "{version}");
        }
    }
}

#[test]
fn without_addresses_nothing_is_sent() {
    let mut probe = met(config(), Link::inbound(), 70_016, false);
    for nothing in [&[][..], &[entry_at(TOR_V3)], &[entry_at(I2P); 2_000]] {
        for push in [TapedMachine::push_addr, TapedMachine::push_addrv2] {
            let pushed = push(&mut probe.machine, nothing).unwrap();
            assert_eq!(pushed, Pushed::default());
        }
    }
    assert_eq!(probe.read(), []);
}

/// Row 67: once, and only who dialled us.
#[test]
fn getaddr_is_answered_once() {
    let mut probe = met(config(), Link::inbound(), 70_016, true);
    let all = entries(0..5);
    // Nobody asked.
    assert_eq!(
        probe.machine.answer_getaddr(&all).unwrap(),
        Pushed::default()
    );
    let events = probe.tell(&Frame::empty("getaddr"));
    assert_eq!(delivered(&events), ["getaddr"]);
    // Nothing to answer with: the question stays open.
    let none = probe.machine.answer_getaddr(&[entry_at(TOR_V2)]).unwrap();
    assert_eq!(none, Pushed::default());
    assert_eq!(probe.read(), []);
    let pushed = probe.machine.answer_getaddr(&all).unwrap();
    assert_eq!(pushed.sent, all);
    assert!(pushed.ticket.is_some());
    assert_eq!(said(&mut probe).name(), "addrv2");
    // Asked again or not, there is no second answer.
    for _ in 0..3 {
        assert_eq!(
            probe.machine.answer_getaddr(&all).unwrap(),
            Pushed::default()
        );
        let events = probe.tell(&Frame::empty("getaddr"));
        assert_eq!(delivered(&events), ["getaddr"]);
    }
    assert_eq!(probe.read(), []);
    // Gossip goes on.
    assert_eq!(probe.machine.push_addrv2(&all).unwrap().sent, all);
    assert!(probe.is_alive());
}

#[test]
fn getaddr_of_whom_we_dialled_is_not_answered() {
    let mut probe = met(config(), Link::outbound(), 70_016, true);
    let events = probe.tell(&Frame::empty("getaddr"));
    assert_eq!(delivered(&events), ["getaddr"]);
    let answer = probe.machine.answer_getaddr(&entries(0..5)).unwrap();
    assert_eq!(answer, Pushed::default());
    assert_eq!(probe.read(), []);
}

/// What a full queue hands back was not sent: the question is still open.
#[test]
fn an_answer_that_does_not_fit_can_be_given_later() {
    let mut config = config();
    (config.limits.send_high, config.limits.send_low) = (1_000, 1);
    let mut probe = met(config, Link::inbound(), 70_016, false);
    probe.tell(&Frame::empty("getaddr"));
    probe.reads = false;
    probe.machine.push_addr(&entries(0..50)).unwrap();
    let full = probe.machine.answer_getaddr(&entries(0..50));
    let Err(SendError::Full(peer_core::Outgoing::Message(Message::Addr(list), _))) = full else {
        panic!("{full:?}");
    };
    assert_eq!(list.len(), 50);
    probe.reads = true;
    assert_eq!(probe.read_names(), ["addr"]);
    let pushed = probe.machine.answer_getaddr(&entries(0..50)).unwrap();
    assert_eq!(pushed.sent.len(), 50);
}

fn hash(byte: u8) -> BlockHash {
    BlockHash::from_bytes([byte; 32])
}

fn locator(hashes: &[u8], stop: u8) -> Locator {
    Locator {
        version: 70_016,
        hashes: hashes.iter().map(|byte| hash(*byte)).collect(),
        stop: hash(stop),
    }
}

/// Each helper on its own, with something to send.
fn pushes() -> Vec<Command> {
    let reject = Reject {
        message: "tx".into(),
        code: RejectCode::DUST,
        reason: "dust".into(),
        hash: None,
    };
    vec![
        Command::PushAddr(entries(0..2)),
        Command::PushAddrV2(entries(0..2)),
        Command::AnswerGetAddr(entries(0..2)),
        Command::PushGetBlocks(Box::new(locator(&[1], 0))),
        Command::PushGetHeaders(Box::new(locator(&[1], 0))),
        Command::PushReject(Box::new(reject)),
    ]
}

/// What is to be sent depends on what is negotiated; nothing waits for it.
#[test]
fn there_are_no_helpers_before_the_handshake_or_after_the_end() {
    for push in pushes() {
        for link in [Link::inbound(), Link::outbound()] {
            let mut probe = Probe::new(config(), link);
            let early = probe.machine.command(push.clone());
            assert!(matches!(early, Err(SendError::NotNegotiated)), "{early:?}");
            probe.tell(&VersionPayload::default().frame());
            let early = probe.machine.command(push.clone());
            assert!(matches!(early, Err(SendError::NotNegotiated)), "{early:?}");
            probe.machine.abort();
            let late = probe.machine.command(push.clone());
            assert!(matches!(late, Err(SendError::Closed)), "{late:?}");
            assert_eq!(probe.machine.queued(), 0);
        }
    }
}

#[test]
fn commands_do_what_the_methods_do() {
    let mut probe = met(config(), Link::inbound(), 70_016, true);
    probe.tell(&Frame::empty("getaddr"));
    let names = [
        "addr",
        "addrv2",
        "addrv2",
        "getblocks",
        "getheaders",
        "reject",
    ];
    for (number, (push, name)) in pushes().into_iter().zip(names).enumerate() {
        let outcome = probe.machine.command(push.clone()).unwrap();
        let ticket = outcome.ticket().unwrap();
        assert_eq!(ticket.number(), number as u64 + 1, "{push:?}");
        match &outcome {
            Outcome::Addresses(pushed) => assert_eq!(pushed.sent, entries(0..2)),
            Outcome::Queued(_) => assert!(!name.starts_with("addr")),
            other => panic!("{other:?}"),
        }
        assert_eq!(said(&mut probe).name(), name);
    }
    for push in [
        Command::PushGetBlocks(Box::new(locator(&[1], 0))),
        Command::PushGetHeaders(Box::new(locator(&[1], 0))),
    ] {
        let outcome = probe.machine.command(push).unwrap();
        assert_eq!(outcome, Outcome::Suppressed);
        assert_eq!(outcome.ticket(), None);
    }
    let nothing = Command::AnswerGetAddr(entries(0..2));
    let outcome = probe.machine.command(nothing).unwrap();
    assert_eq!(outcome, Outcome::Addresses(Pushed::default()));
    assert_eq!(outcome.ticket(), None);
    assert_eq!(probe.read(), []);
}

/// Row 64, and an address fetch asks for addresses only.
#[test]
fn helpers_obey_the_purpose() {
    for (purpose, allowed) in [
        (
            Purpose::BlockRelayOnly,
            ["getblocks", "getheaders", "reject"].as_slice(),
        ),
        (Purpose::AddressFetch, &[]),
    ] {
        let link = Link::outbound().with_purpose(purpose);
        let mut probe = met(config(), link, 70_016, true);
        let mut pushes = pushes();
        // We dialled, so there is nothing to answer.
        pushes.remove(2);
        for push in pushes {
            match probe.machine.command(push.clone()) {
                Ok(_) => assert!(allowed.contains(&said(&mut probe).name().as_str())),
                Err(SendError::Purpose { command }) => {
                    assert!(!allowed.contains(&command.as_str()), "{command}");
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
}

/// One of the two questions, and how to ask it.
type Ask = fn(&mut TapedMachine, Locator) -> Result<Option<peer_core::Ticket>, SendError>;

const QUESTIONS: [(&str, Ask, u64); 2] = [
    ("getblocks", TapedMachine::push_getblocks, 30),
    ("getheaders", TapedMachine::push_getheaders, 90),
];

/// Fault 24: back to back the same question is asked once, by its value, and not for ever.
#[test]
fn a_question_is_not_asked_twice_while_it_may_be_answered() {
    for (name, ask, patience) in QUESTIONS {
        let mut config = config();
        config.timeouts.ping_interval = None;
        let mut probe = met(config, Link::outbound(), 70_016, true);
        let again = |probe: &mut Probe, hashes: &[u8], stop: u8| {
            let ticket = ask(&mut probe.machine, locator(hashes, stop)).unwrap();
            assert_eq!(probe.read_names().len(), usize::from(ticket.is_some()));
            ticket.is_some()
        };
        let ticket = ask(&mut probe.machine, locator(&[5, 4], 0)).unwrap();
        assert!(ticket.is_some());
        let payload = [
            &70_016_u32.to_le_bytes()[..],
            &[2],
            &[5; 32],
            &[4; 32],
            &[0; 32],
        ];
        assert_eq!(said(&mut probe), Frame::new(name, payload.concat()));
        // The rest of the locator does not count.
        assert!(!again(&mut probe, &[5, 4], 0));
        assert!(!again(&mut probe, &[5], 0));
        assert!(again(&mut probe, &[6, 5], 0));
        assert!(again(&mut probe, &[6, 5], 9));
        assert!(again(&mut probe, &[5, 4], 0));
        // One that got lost can be asked again.
        probe.wait(Duration::from_secs(patience) - Duration::from_micros(1));
        assert!(!again(&mut probe, &[5, 4], 0));
        probe.wait(Duration::from_micros(1));
        assert!(again(&mut probe, &[5, 4], 0));
        assert!(!again(&mut probe, &[5, 4], 0));
        assert!(probe.machine.memory_held() > 0);
        // Whoever insists has `send`, which begins the wait anew.
        probe.wait(Duration::from_secs(patience - 1));
        let question = match name {
            "getblocks" => Message::GetBlocks(Box::new(locator(&[5], 0))),
            _ => Message::GetHeaders(Box::new(locator(&[5], 0))),
        };
        probe.machine.send(question).unwrap();
        assert_eq!(probe.read_names(), [name]);
        probe.wait(Duration::from_secs(2));
        assert!(!again(&mut probe, &[5, 4], 0));
        probe.machine.abort();
        assert_eq!(probe.machine.memory_held(), 0);
    }
}

#[test]
fn an_answered_question_may_be_asked_again() {
    let mut block = INV_ENTRY;
    block[0] = 2;
    let answers = [
        Frame::new("inv", list(1, &block)),
        Frame::new("headers", [0]),
    ];
    let others = [
        Frame::new("inv", list(3, &INV_ENTRY)),
        Frame::new("notfound", list(1, &block)),
        Frame::ping(1),
    ];
    for (index, (name, ask, _)) in QUESTIONS.into_iter().enumerate() {
        let mut probe = met(config(), Link::outbound(), 70_016, true);
        ask(&mut probe.machine, locator(&[5], 0)).unwrap().unwrap();
        let (answer, not_this) = (&answers[index], &answers[1 - index]);
        for frame in others.iter().chain([not_this]) {
            probe.tell(frame);
            let asked = ask(&mut probe.machine, locator(&[5], 0)).unwrap();
            assert_eq!(asked, None, "{name} {}", frame.name());
        }
        probe.tell(answer);
        let asked = ask(&mut probe.machine, locator(&[5], 0)).unwrap();
        assert!(asked.is_some(), "{name}");
    }
}

/// Row 92, from our side: 101 by default and for Core, 500 for btcd.
#[test]
fn locators_have_a_limit() {
    for preset in Preset::ALL {
        let limit = if preset == Preset::Btcd { 500 } else { 101 };
        for (name, ask, _) in QUESTIONS {
            let mut probe = met(preset.config(), Link::outbound(), 70_016, true);
            let of = |count: usize| Locator {
                version: 1,
                hashes: (0..count).map(|_| hash(1)).collect(),
                stop: hash(0),
            };
            let refused = ask(&mut probe.machine, of(limit + 1));
            let Err(SendError::Encode(error)) = refused else {
                panic!("{name}: {refused:?}");
            };
            let kind = EncodeErrorKind::CountAboveLimit {
                field: "locator",
                count: limit + 1,
                limit,
            };
            assert_eq!(error.kind, kind);
            // What was refused was not asked.
            assert!(ask(&mut probe.machine, of(limit)).unwrap().is_some());
            let frame = said(&mut probe);
            let prefix = compact_size(limit as u64).len();
            assert_eq!(frame.payload.len(), 4 + prefix + limit * 32 + 32);
        }
        // As many as a locator of the longest chain names.
        let longest = Locator::from_chain(u32::MAX, hash(0), |_| Some(hash(1)));
        assert!(longest.hashes.len() <= limit);
    }
}

/// BIP61: from 70002 on.
#[test]
fn rejects_go_to_those_who_read_them() {
    let reject = || Reject {
        message: "block".into(),
        code: RejectCode::CHECKPOINT,
        reason: "late".into(),
        hash: Some(Hash::from_bytes([7; 32])),
    };
    for (version, reads) in [(70_001, false), (70_002, true), (70_016, true)] {
        let mut probe = met(config(), Link::inbound(), version, false);
        let ticket = probe.machine.push_reject(reject()).unwrap();
        assert_eq!(ticket.is_some(), reads, "{version}");
        let payload = [b"\x05block\x43\x04late", &[7; 32][..]].concat();
        let expected = [Frame::new("reject", payload)];
        assert_eq!(probe.read(), expected[..usize::from(reads)]);
    }
    let long = Reject {
        message: "thirteen-char".into(),
        ..reject()
    };
    let mut probe = met(config(), Link::inbound(), 70_016, false);
    let refused = probe.machine.push_reject(long);
    assert!(matches!(refused, Err(SendError::Encode(_))), "{refused:?}");
}

/// Fault 29: a transaction keeps its witness unless somebody asks for it without. The node that was recorded was asked
/// for this one by its txid, and with witness (type 0x40000001).
#[test]
fn transactions_are_sent_with_their_witness_unless_told_otherwise() {
    const TXID: &str = "8a088d6442e8c68e8f26577ee66f865e775e7c3fccf2f3ca4ceda6f8a132b419";
    const WTXID: &str = "f5e0ab6cfa63a212beac8f5d28d77854412fb77201144cd1a8834c4f4945c4a6";
    let display = |bytes: &[u8]| {
        let mut digest = sha256d(bytes);
        digest.reverse();
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let capture = Capture::load("client-knots-v1/conn-00");
    let (full, _) = Frame::cut(&capture.stream(Way::ToDialler)[68_582..]).unwrap();
    assert_eq!((full.name().as_str(), full.payload.len()), ("tx", 225));
    assert_eq!(display(&full.payload), WTXID);
    let tx = TxView::from_bytes(Bytes::from(full.payload.clone()), TxFormat::Bitcoin).unwrap();

    let mut probe = met(config(), Link::inbound(), 70_016, true);
    probe.machine.send(Message::Tx(tx.clone())).unwrap();
    assert_eq!(said(&mut probe), full);
    for (encoding, length, id) in [
        (TxEncoding::Witness, 225, WTXID),
        (TxEncoding::Base, 116, TXID),
    ] {
        let message = Message::Tx(tx.clone());
        probe.machine.send_with_encoding(message, encoding).unwrap();
        let frame = said(&mut probe);
        assert_eq!((frame.name().as_str(), frame.payload.len()), ("tx", length));
        assert_eq!(display(&frame.payload), id, "{encoding:?}");
    }
    // As a command, without a word on it.
    let command = Command::Send(Message::Tx(tx).into());
    probe.machine.command(command).unwrap();
    assert_eq!(said(&mut probe), full);
}
