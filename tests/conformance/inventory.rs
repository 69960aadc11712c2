//! What is announced, to whom and when: rows 37, 40, 76, 80, 83 and 87; V12, V13; faults 1, 6, 21 and 22 of btcd's peer;
//! PROTOCOL 3.3, 3.4 and 7.8.

use core::time::Duration;

use peer_core::message::{InvKind, InvVect, Message};
use peer_core::wire::{BlockHeader, Hash, ServiceFlags, Txid, Wtxid};
use peer_core::{
    Announced, Announcement, Config, ConfigError, Link, Purpose, SendError, Timer, Timestamp,
    Trickle,
};
use peer_tests::script::{Frame, Probe, START, VersionPayload, compact_size, end, sha256d, stream};

use crate::support::{assert_over, command, config, filterload};

const SECOND: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_micros(1);

/// Exact timers and no pings in between.
fn exact(trickle: Trickle) -> Config {
    let mut config = config();
    config.trickle = trickle;
    config.timeouts.grain = Duration::ZERO;
    config.timeouts.ping_interval = None;
    config
}

const FIXED: Trickle = Trickle::BTCD;

fn probe(trickle: Trickle) -> Probe {
    Probe::negotiated(exact(trickle), Link::outbound())
}

/// The same with a remote that wants wtxids (BIP339).
fn by_wtxid(trickle: Trickle) -> Probe {
    let mut probe = Probe::new(exact(trickle), Link::outbound());
    probe.tell(&VersionPayload::default().frame());
    probe.tell(&Frame::empty("wtxidrelay"));
    probe.tell(&Frame::empty("verack"));
    probe.read();
    probe
}

fn id(number: u64) -> [u8; 32] {
    let mut id = [0x5a; 32];
    id[..8].copy_from_slice(&number.to_le_bytes());
    id
}

fn tx(number: u64) -> Announcement {
    tx_at(number, None)
}

fn tx_at(number: u64, fee_rate: Option<u64>) -> Announcement {
    Announcement::Tx {
        txid: Txid::from_bytes(id(number)),
        wtxid: Wtxid::from_bytes(id(number + 1_000_000)),
        fee_rate,
    }
}

/// An `inv`, or another list, of objects of one type.
fn list(name: &str, number: u32, ids: &[[u8; 32]]) -> Frame {
    let mut payload = compact_size(ids.len() as u64);
    for id in ids {
        payload.extend(number.to_le_bytes());
        payload.extend(id);
    }
    Frame::new(name, payload)
}

/// Type and hash of everything that the machine announced by `inv` since last time.
fn announced(probe: &mut Probe) -> Vec<(u32, [u8; 32])> {
    let mut items = Vec::new();
    for frame in probe.read() {
        if frame.name() != "inv" {
            continue;
        }
        let at = match frame.payload[0] {
            0xfd => 3,
            _ => 1,
        };
        for item in frame.payload[at..].chunks_exact(36) {
            let number = u32::from_le_bytes(item[..4].try_into().unwrap());
            items.push((number, item[4..].try_into().unwrap()));
        }
    }
    items
}

fn header(nonce: u32) -> BlockHeader {
    let mut header = [7; 80];
    header[76..].copy_from_slice(&nonce.to_le_bytes());
    BlockHeader::from_bytes(&header)
}

fn block_hash(header: &BlockHeader) -> [u8; 32] {
    let mut bytes = [7; 80];
    bytes[76..].copy_from_slice(&header.nonce.to_le_bytes());
    sha256d(&bytes)
}

/// Fault 1: known by value. Fault 22: what becomes of an announcement is told.
#[test]
fn what_the_remote_announced_is_not_announced_to_it() {
    let mut probe = probe(FIXED);
    probe.tell(&list("inv", 1, &[id(1)]));
    assert_eq!(probe.machine.announce(tx(1)).unwrap(), Announced::Known);
    // By the other id as well.
    probe.tell(&list("inv", 5, &[id(1_000_002)]));
    assert_eq!(probe.machine.announce(tx(2)).unwrap(), Announced::Known);
    let item = InvVect::new(InvKind::Tx, Hash::from_bytes(id(3)));
    probe.machine.add_known_inventory(item);
    assert_eq!(probe.machine.announce(item).unwrap(), Announced::Known);
    // It asks for this, so it knows of it.
    probe.tell(&list("getdata", 0x4000_0001, &[id(4)]));
    assert_eq!(probe.machine.announce(tx(4)).unwrap(), Announced::Known);
    assert_eq!(probe.machine.announce(tx(5)).unwrap(), Announced::Queued);
    assert_eq!(probe.machine.announce(tx(5)).unwrap(), Announced::Known);
    probe.wait(10 * SECOND);
    assert_eq!(announced(&mut probe), [(1, id(5))]);
    assert_eq!(probe.machine.announce(tx(5)).unwrap(), Announced::Known);
    probe.wait(100 * SECOND);
    assert_eq!(announced(&mut probe), []);
}

/// A transaction that comes itself is known by both its ids; a block by its hash.
#[test]
fn what_the_remote_sent_is_not_announced_to_it() {
    let mut probe = probe(FIXED);
    let samples = crate::matrix::samples();
    for (name, number) in [("tx", 1), ("block", 2)] {
        let (_, payload) = samples
            .iter()
            .find(|(kind, _)| kind.command().as_str() == name)
            .unwrap();
        let heard = probe.tell(&Frame::new(name, payload.clone()));
        let hash = match heard.first() {
            Some(peer_core::Event::Message {
                message: Message::Tx(tx),
                ..
            }) => tx.txid().into(),
            _ => Hash::from_bytes(sha256d(&payload[..80])),
        };
        let kind = if number == 1 {
            InvKind::Tx
        } else {
            InvKind::Block
        };
        let item = InvVect::new(kind, hash);
        assert_eq!(
            probe.machine.announce(item).unwrap(),
            Announced::Known,
            "{name}"
        );
    }
}

/// What the remote announces while it waits here is left out, and counted.
#[test]
fn what_the_remote_announces_meanwhile_is_left_out() {
    let mut probe = probe(FIXED);
    for number in 1..=3 {
        probe.machine.announce(tx(number)).unwrap();
    }
    probe.tell(&list("inv", 1, &[id(2)]));
    probe.tell(&list("inv", 5, &[id(1_000_003)]));
    probe.wait(10 * SECOND);
    assert_eq!(announced(&mut probe), [(1, id(1))]);
    let stats = probe.machine.stats();
    assert_eq!(
        (stats.inventory_announced, stats.inventory_withheld),
        (1, 2)
    );
    assert_eq!(stats.inventory_queued, 0);
}

/// BIP339.
#[test]
fn transactions_are_announced_by_the_id_that_was_agreed() {
    let mut probe = by_wtxid(FIXED);
    assert_eq!(probe.machine.announce(tx(1)).unwrap(), Announced::Queued);
    probe.wait(10 * SECOND);
    assert_eq!(announced(&mut probe), [(5, id(1_000_001))]);
}

/// Fault 21, btcd's side of 3.3: every ten seconds from the start, all that waits, a thousand an `inv`.
#[test]
fn the_fixed_trickle_flushes_everything_at_its_ticks() {
    let mut probe = probe(FIXED);
    probe.wait(Duration::from_millis(3_217));
    for number in 0..2_001 {
        assert_eq!(
            probe.machine.announce(tx(number)).unwrap(),
            Announced::Queued
        );
    }
    probe.wait(Duration::from_millis(6_783) - MOMENT);
    assert_eq!(probe.read(), []);
    probe.wait(MOMENT);
    let invs = probe.read();
    let lengths: Vec<usize> = invs.iter().map(|inv| inv.payload.len()).collect();
    assert_eq!(lengths, [3 + 36_000, 3 + 36_000, 1 + 36]);
    assert_eq!(probe.machine.stats().inventory_announced, 2_001);
    assert!(probe.machine.deadline_reason() != Some(Timer::Trickle));
}

/// Core's side of 3.3: a random instant, and no more than the target at a time; in the order of announcing.
#[test]
fn the_random_trickle_flushes_some_at_a_time() {
    let mut probe = probe(Trickle::CORE);
    for number in 0..200 {
        probe.machine.announce(tx(number)).unwrap();
    }
    let mut flushes = Vec::new();
    let mut all = Vec::new();
    for _ in 0..600 {
        probe.wait(SECOND / 10);
        let items = announced(&mut probe);
        if !items.is_empty() {
            flushes.push(items.len());
            all.extend(items);
        }
    }
    assert_eq!(flushes, [70, 70, 60]);
    assert!(all.iter().map(|(_, id)| *id).eq((0..200).map(id)));
}

/// The same seed, the same instants; another seed, others. One schedule for all that dialled us.
#[test]
fn random_instants_follow_from_the_seed_and_shared_ones_from_the_configuration() {
    let instants = |link: Link, seed: u8, secret: u8| {
        let mut config = Config::with_secret(peer_core::network::Network::REGTEST, [secret; 32]);
        config.timeouts.grain = Duration::ZERO;
        let machine = |seed| {
            peer_core::PeerMachine::from_seed(
                std::sync::Arc::new(config.clone()),
                link,
                START,
                [seed; 32],
            )
        };
        let mut probe = Probe::new(config.clone(), link);
        probe.machine = machine(seed);
        probe.tell(&VersionPayload::default().frame());
        probe.tell(&Frame::empty("verack"));
        probe.read();
        let mut instants = Vec::new();
        for number in 0..20 {
            probe.machine.announce(tx(number)).unwrap();
            loop {
                let at = probe.machine.deadline().unwrap();
                let reason = probe.machine.deadline_reason();
                probe.now = probe.now.max(at);
                probe.machine.tick(probe.now);
                if reason == Some(Timer::Trickle) && !announced(&mut probe).is_empty() {
                    instants.push(probe.now);
                    break;
                }
            }
        }
        instants
    };
    let outbound = instants(Link::outbound(), 1, 7);
    assert_eq!(outbound, instants(Link::outbound(), 1, 7));
    assert_ne!(outbound, instants(Link::outbound(), 2, 7));
    let inbound = instants(Link::inbound(), 1, 7);
    assert_eq!(inbound, instants(Link::inbound(), 2, 7));
    assert_ne!(inbound, instants(Link::inbound(), 1, 8));
}

#[test]
fn without_a_trickle_each_announcement_leaves_at_once() {
    let mut probe = probe(Trickle::Immediate);
    for number in 0..3 {
        probe.machine.announce(tx(number)).unwrap();
        assert_eq!(announced(&mut probe), [(1, id(number))]);
    }
    assert_ne!(probe.machine.deadline_reason(), Some(Timer::Trickle));
}

/// Rows 80 and 83: no transactions until a filter is set or removed.
#[test]
fn a_remote_without_relay_hears_of_no_transaction() {
    let silent = VersionPayload {
        relay: Some(0),
        ..VersionPayload::default()
    };
    let filters = [filterload(), Frame::empty("filterclear")];
    for filter in filters {
        let mut probe = Probe::negotiated_with(exact(FIXED), Link::outbound(), &silent);
        assert!(!probe.machine.stats().relays_transactions);
        assert_eq!(probe.machine.announce(tx(1)).unwrap(), Announced::Unwanted);
        // Blocks are another matter.
        let block = Announcement::Block { header: header(1) };
        assert_eq!(probe.machine.announce(block).unwrap(), Announced::Queued);
        assert_eq!(announced(&mut probe), [(2, block_hash(&header(1)))]);
        probe.tell(&filter);
        assert!(probe.machine.stats().relays_transactions);
        assert_eq!(probe.machine.announce(tx(1)).unwrap(), Announced::Queued);
        probe.wait(10 * SECOND);
        assert_eq!(announced(&mut probe), [(1, id(1))]);
    }
}

/// Row 76; a filter outside the range of money is ignored (Core).
#[test]
fn the_fee_filter_holds_when_asked_and_when_flushed() {
    let feefilter = |rate: i64| Frame::new("feefilter", rate.to_le_bytes());
    let mut probe = probe(FIXED);
    probe.tell(&feefilter(1_000));
    assert_eq!(probe.machine.stats().fee_filter, 1_000);
    let mut announce = |number, rate| probe.machine.announce(tx_at(number, rate)).unwrap();
    assert_eq!(announce(1, Some(999)), Announced::Unwanted);
    assert_eq!(announce(2, Some(1_000)), Announced::Queued);
    assert_eq!(announce(3, None), Announced::Queued);
    probe.tell(&feefilter(2_000));
    for nonsense in [-1, i64::MIN, i64::MAX] {
        probe.tell(&feefilter(nonsense));
        assert_eq!(probe.machine.stats().fee_filter, 2_000);
    }
    probe.wait(10 * SECOND);
    assert_eq!(announced(&mut probe), [(1, id(3))]);
    assert_eq!(probe.machine.stats().inventory_withheld, 1);
    probe.tell(&feefilter(0));
    assert_eq!(
        probe.machine.announce(tx_at(1, Some(0))).unwrap(),
        Announced::Queued
    );
    probe.wait(10 * SECOND);
    assert_eq!(announced(&mut probe), [(1, id(1))]);
}

/// Row 87; it may say so before its `verack`.
#[test]
fn blocks_are_announced_at_once_by_inv_or_as_asked_by_headers() {
    for early in [true, false] {
        let mut probe = Probe::new(exact(Trickle::CORE), Link::outbound());
        probe.tell(&VersionPayload::default().frame());
        if early {
            probe.tell(&Frame::empty("sendheaders"));
        }
        probe.tell(&Frame::empty("verack"));
        probe.read();
        let mut nonce = 0;
        if !early {
            let block = Announcement::Block { header: header(0) };
            assert_eq!(probe.machine.announce(block).unwrap(), Announced::Queued);
            assert_eq!(announced(&mut probe), [(2, block_hash(&header(0)))]);
            probe.tell(&Frame::empty("sendheaders"));
            nonce = 1;
        }
        assert!(probe.machine.stats().wants_headers);
        let block = Announcement::Block {
            header: header(nonce),
        };
        assert_eq!(probe.machine.announce(block).unwrap(), Announced::Queued);
        let frames = probe.read();
        let mut wanted = vec![1];
        wanted.extend([7; 76]);
        wanted.extend(nonce.to_le_bytes());
        wanted.push(0);
        assert_eq!(frames, [Frame::new("headers", wanted)]);
        assert_eq!(probe.machine.announce(block).unwrap(), Announced::Known);
        // By hash it goes by `inv`, whatever was asked.
        let item = InvVect::new(InvKind::WitnessBlock, Hash::from_bytes(id(9)));
        assert_eq!(probe.machine.announce(item).unwrap(), Announced::Queued);
        assert_eq!(announced(&mut probe), [(2, id(9))]);
    }
}

#[test]
fn the_statistics_tell_what_the_remote_announced_last() {
    let mut probe = probe(FIXED);
    let last = |probe: &Probe| probe.machine.stats().last_announced_block.map(Hash::from);
    probe.tell(&list("inv", 2, &[id(1), id(2)]));
    assert_eq!(last(&probe), Some(Hash::from_bytes(id(2))));
    probe.tell(&list("inv", 1, &[id(3)]));
    assert_eq!(last(&probe), Some(Hash::from_bytes(id(2))));
    let mut entry = [7; 81];
    entry[80] = 0;
    probe.tell(&Frame::new("headers", [&[1][..], &entry].concat()));
    assert_eq!(last(&probe), Some(Hash::from_bytes(sha256d(&entry[..80]))));
    probe
        .machine
        .update_last_announced_block(Hash::from_bytes(id(4)).into());
    assert_eq!(last(&probe), Some(Hash::from_bytes(id(4))));
}

/// Rows 37 and 40, fault 22.
#[test]
fn nothing_is_announced_before_the_handshake_or_after_the_end() {
    let mut probe = Probe::new(exact(FIXED), Link::inbound());
    let block = Announcement::Block { header: header(1) };
    for frame in [None, Some(VersionPayload::default().frame())] {
        frame.iter().for_each(|frame| drop(probe.tell(frame)));
        for announcement in [tx(1), block] {
            let refused = probe.machine.announce(announcement);
            assert!(matches!(refused, Err(SendError::NotNegotiated)));
        }
    }
    probe.tell(&Frame::empty("verack"));
    probe.read();
    probe.wait(100 * SECOND);
    assert_eq!(announced(&mut probe), []);
    probe.machine.announce(tx(1)).unwrap();
    probe.machine.abort();
    let events = probe.heard();
    assert!(matches!(
        probe.machine.announce(tx(2)),
        Err(SendError::Closed)
    ));
    assert_over(&mut probe, &events);
}

#[test]
fn purposes_announce_what_they_are_for() {
    let block = Announcement::Block { header: header(1) };
    for (purpose, blocks) in [
        (Purpose::BlockRelayOnly, true),
        (Purpose::AddressFetch, false),
    ] {
        let link = Link::outbound().with_purpose(purpose);
        let mut probe = Probe::negotiated(exact(FIXED), link);
        let refused = probe.machine.announce(tx(1));
        assert!(
            matches!(refused, Err(SendError::Purpose { command: name }) if name == command("inv"))
        );
        assert_eq!(probe.machine.announce(block).is_ok(), blocks);
    }
}

/// V12, fault 6: a million announcements to a remote that reads nothing.
#[test]
fn a_remote_that_does_not_read_costs_a_bounded_amount() {
    for trickle in [FIXED, Trickle::CORE, Trickle::Immediate] {
        let mut probe = probe(trickle);
        probe.reads = false;
        for number in 0..100_000 {
            probe.machine.announce(tx(number)).unwrap();
            if number % 1_000 == 0 {
                probe.wait(SECOND);
                assert!(probe.machine.memory_held() < 6_000_000);
            }
        }
        for nonce in 0..100_000 {
            let block = Announcement::Block {
                header: header(nonce),
            };
            probe.machine.announce(block).unwrap();
        }
        let stats = probe.machine.stats();
        assert!(
            stats.inventory_queued <= 5_008,
            "{}",
            stats.inventory_queued
        );
        assert!(stats.inventory_dropped > 0);
        let sum =
            stats.inventory_announced + stats.inventory_dropped + stats.inventory_queued as u64;
        assert_eq!(sum, 200_000, "{stats:?}");
        assert!(
            probe.machine.memory_held() < 6_000_000,
            "{}",
            probe.machine.memory_held()
        );
        assert_eq!(end(&probe.heard()), None);
    }
}

/// V13: a million objects of the remote.
#[test]
fn a_remote_that_announces_without_end_costs_a_bounded_amount() {
    let mut probe = probe(FIXED);
    for round in 0..20 {
        let ids: Vec<_> = (0..50_000)
            .map(|number| id(round * 50_000 + number))
            .collect();
        probe.tell(&list("inv", 1, &ids));
        assert!(probe.machine.memory_held() < 24_000);
    }
    // The latest are remembered, the rest are not.
    assert_eq!(
        probe.machine.announce(tx(999_999)).unwrap(),
        Announced::Known
    );
    assert_eq!(
        probe.machine.announce(tx(999_000)).unwrap(),
        Announced::Known
    );
    assert_eq!(
        probe.machine.announce(tx(998_999)).unwrap(),
        Announced::Queued
    );
}

#[test]
fn limits_and_spans_that_cannot_be_are_refused() {
    let mut config = config();
    config.limits.known_inventory = 65_535;
    assert!(matches!(
        config.validate(),
        Err(ConfigError::LimitTooHigh {
            limit: "known_inventory",
            ..
        })
    ));
    config.limits.known_inventory = 0;
    config.limits.inventory_queue = 0;
    assert!(matches!(
        config.validate(),
        Err(ConfigError::LimitTooLow { .. })
    ));
    config.limits.inventory_queue = 1;
    config.trickle = Trickle::Fixed {
        interval: Duration::ZERO,
    };
    assert!(matches!(
        config.validate(),
        Err(ConfigError::ZeroTimeout { .. })
    ));
}

/// V30.
#[test]
fn clocks_may_jump_while_something_waits() {
    for trickle in [FIXED, Trickle::CORE] {
        for link in [Link::inbound(), Link::outbound()] {
            let mut probe = Probe::negotiated(exact(trickle), link);
            probe.machine.announce(tx(1)).unwrap();
            probe.machine.tick(Timestamp::ZERO);
            assert!(probe.is_alive());
            for _ in 0..4 {
                probe.machine.tick(Timestamp::MAX);
            }
            probe.heard();
        }
        let mut probe = Probe::at(exact(trickle), Link::inbound(), Timestamp::MAX);
        let hello = [VersionPayload::default().frame(), Frame::empty("verack")];
        probe.say(&stream(&hello));
        probe.machine.announce(tx(1)).unwrap();
        for _ in 0..4 {
            // The end of time is everybody's deadline.
            probe.machine.tick(Timestamp::MAX);
        }
        assert_eq!(
            probe.machine.deadline().filter(|at| *at < Timestamp::MAX),
            None
        );
    }
}

/// What cannot be named on the wire is not queued.
#[test]
fn an_object_without_a_number_is_refused() {
    let mut probe = probe(FIXED);
    let nothing = InvVect::new(InvKind::Error, Hash::from_bytes(id(1)));
    assert!(matches!(
        probe.machine.announce(nothing),
        Err(SendError::Encode(_))
    ));
    assert_eq!(config().services, ServiceFlags::BLOOM);
}
