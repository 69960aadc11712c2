//! Inventory: what is announced and what not, in which words; rows 37, 40, 76, 80, 83 and 87, V12 and V13, faults 1, 6, 21
//! and 22 of btcd. When it is announced has its own file.

use alloc::collections::BTreeSet;
use core::time::Duration;

use crate::Probe;
use bytes::Bytes;
use peer_core::message::{CommandName, Headers, InvKind, InvVect, Inventory, Message};
use peer_core::network::Network;
use peer_core::wire::{BlockHash, BlockHeader, Hash, TxFormat, TxView, Txid, Wtxid};
use peer_core::{
    Announced, Announcement, Command, Config, ConfigError, Link, Outcome, Purpose, SendError,
    Timer, Trickle,
};
use peer_tests::link::Dice;
use peer_tests::script::{Frame, VersionPayload, compact_size, list, sha256d, stream};

use crate::support::{Preset, Stage, config};

/// Longer than any trickle of the tests.
const LATER: Duration = Duration::from_secs(100);

/// The number on the wire of a transaction by txid, of one by wtxid, of a block.
const TX: u32 = 1;
const WTX: u32 = 5;
const BLOCK: u32 = 2;

/// Objects, as a message names them.
type Named<'a> = &'a [(InvKind, [u8; 32])];

/// Everything leaves as soon as it may, so that tests need not wait.
fn at_once() -> Config {
    at_once_as(Preset::Default)
}

fn at_once_as(preset: Preset) -> Config {
    let mut config = preset.config();
    config.trickle = Trickle::Immediate;
    config
}

pub(crate) fn hash(number: u64) -> [u8; 32] {
    let mut hash = [0x77; 32];
    hash[..8].copy_from_slice(&number.to_le_bytes());
    hash
}

/// A transaction of which only the txid matters.
pub(crate) fn tx(number: u64) -> Announcement {
    paying(number, None)
}

fn paying(number: u64, fee_rate: Option<u64>) -> Announcement {
    Announcement::Tx {
        txid: Txid::from_bytes(hash(number)),
        wtxid: Wtxid::from_bytes(hash(number | 1 << 40)),
        fee_rate,
    }
}

fn item(kind: InvKind, hash: [u8; 32]) -> InvVect {
    InvVect::new(kind, Hash::from_bytes(hash))
}

/// 80 bytes of a header, and its hash.
fn header(number: u8) -> ([u8; 80], [u8; 32]) {
    let mut bytes = [number; 80];
    bytes[..4].copy_from_slice(&[0, 0, 0, 0x20]);
    (bytes, sha256d(&bytes))
}

fn block(number: u8) -> Announcement {
    let (bytes, _) = header(number);
    Announcement::Block {
        header: BlockHeader::from_bytes(&bytes),
    }
}

/// An `inv` or `getdata`.
fn vectors<'a>(name: &str, items: impl IntoIterator<Item = &'a (u32, [u8; 32])>) -> Frame {
    let (mut count, mut entries) = (0, Vec::new());
    for (kind, hash) in items {
        entries.extend(kind.to_le_bytes());
        entries.extend(hash);
        count += 1;
    }
    Frame::new(name, [compact_size(count), entries].concat())
}

fn inv<'a>(items: impl IntoIterator<Item = &'a (u32, [u8; 32])>) -> Frame {
    vectors("inv", items)
}

/// `headers` with one header for each.
fn headers(numbers: &[u8]) -> Frame {
    let mut payload = compact_size(numbers.len() as u64);
    for number in numbers {
        payload.extend(header(*number).0);
        payload.push(0);
    }
    Frame::new("headers", payload)
}

/// What the machine announced by `inv` since last time, message by message.
pub(crate) fn announced(probe: &mut Probe) -> Vec<Vec<(u32, [u8; 32])>> {
    let frames = probe.read().into_iter();
    frames
        .filter(|frame| frame.name() == "inv")
        .map(|frame| {
            let entries = &frame.payload[frame.payload.len() % 36..];
            let entry = |entry: &[u8]| {
                let (kind, hash) = entry.split_first_chunk().unwrap();
                (u32::from_le_bytes(*kind), hash.try_into().unwrap())
            };
            let entries: Vec<_> = entries.chunks_exact(36).map(entry).collect();
            assert_eq!(frame, inv(&entries));
            entries
        })
        .collect()
}

/// A transaction as it is sent, its txid and its wtxid.
fn transaction(with_witness: bool) -> (Vec<u8>, [u8; 32], [u8; 32]) {
    let mut body = vec![1];
    body.extend([0x0c; 36]);
    body.extend([0, 0xff, 0xff, 0xff, 0xff, 1]);
    body.extend([0; 9]);
    let base = [&[1, 0, 0, 0][..], &body, &[0; 4]].concat();
    if !with_witness {
        return (base.clone(), sha256d(&base), sha256d(&base));
    }
    let whole = [&[1, 0, 0, 0, 0, 1][..], &body, &[1, 1, 0xaa], &[0; 4]].concat();
    let (txid, wtxid) = (sha256d(&base), sha256d(&whole));
    (whole, txid, wtxid)
}

fn is_too_early(result: &Result<Announced, SendError>) -> bool {
    matches!(result, Err(SendError::NotNegotiated))
}

/// Rows 37 and 40.
#[test]
fn nothing_is_announced_before_the_handshake_is_complete() {
    for preset in [Preset::Default, Preset::Core] {
        for stage in [Stage::Fresh, Stage::Greeted] {
            for link in [Link::inbound(), Link::outbound()] {
                let mut probe = stage.probe(preset.config(), link);
                probe.read();
                for item in [tx(1), block(1), item(InvKind::Tx, hash(2)).into()] {
                    assert!(is_too_early(&probe.machine.announce(item)), "{stage:?}");
                }
                // The remote's own, before its time.
                let (bytes, txid, _) = transaction(false);
                probe.tell(&Frame::new("tx", bytes));
                if stage == Stage::Fresh {
                    probe.tell(&VersionPayload::default().frame());
                }
                probe.tell(&Frame::empty("verack"));
                assert!(probe.machine.is_negotiated());
                probe.wait(LATER);
                assert_eq!(announced(&mut probe), [[]; 0], "{stage:?}");
                let said_early = item(InvKind::Tx, txid);
                // It was not heard, so it is news again.
                assert_eq!(
                    probe.machine.announce(said_early).unwrap(),
                    Announced::Queued
                );
            }
        }
    }
}

/// BIP339: by wtxid to those who asked for it, by txid to all others.
#[test]
fn transactions_go_by_the_id_that_the_remote_asked_for() {
    for (asked, expected) in [(true, (WTX, hash(1 | 1 << 40))), (false, (TX, hash(1)))] {
        let mut probe = Probe::new(at_once(), Link::inbound());
        probe.tell(&VersionPayload::default().frame());
        if asked {
            probe.tell(&Frame::empty("wtxidrelay"));
        }
        probe.tell(&Frame::empty("verack"));
        probe.read();
        assert_eq!(probe.machine.announce(tx(1)).unwrap(), Announced::Queued);
        assert_eq!(announced(&mut probe), [[expected]]);
        // Once is enough, under either name.
        assert_eq!(probe.machine.announce(tx(1)).unwrap(), Announced::Known);
        assert_eq!(announced(&mut probe), [[]; 0]);
    }
}

/// Fault 1: what the remote knows is known by value, whoever said it and however.
#[test]
fn what_the_remote_knows_is_not_announced() {
    let (whole, txid, wtxid) = transaction(true);
    assert_ne!(txid, wtxid);
    let (legacy, legacy_id, _) = transaction(false);
    let (head, block_hash) = header(9);
    let (_, first) = header(8);
    let head = &head[..];
    let one_tx = [&[1][..], &legacy].concat();
    let cmpctblock = [head, &[7; 8], &[0, 1, 0], &legacy].concat();
    let merkleblock = [head, &[1, 0, 0, 0, 1], &legacy_id, &[1, 1]].concat();
    let words: [(Frame, Named<'_>); 9] = [
        (
            inv(&[(TX, hash(1)), (BLOCK, hash(2))]),
            &[(InvKind::Tx, hash(1)), (InvKind::Block, hash(2))],
        ),
        (inv(&[(WTX, hash(1))]), &[(InvKind::Wtx, hash(1))]),
        (
            vectors(
                "getdata",
                &[(TX | 1 << 30, hash(1)), (BLOCK | 1 << 30, hash(2))],
            ),
            &[(InvKind::Tx, hash(1)), (InvKind::Block, hash(2))],
        ),
        (
            Frame::new("tx", whole),
            &[(InvKind::Tx, txid), (InvKind::Wtx, wtxid)],
        ),
        (Frame::new("tx", legacy), &[(InvKind::Tx, legacy_id)]),
        (
            Frame::new("block", [head, &one_tx].concat()),
            &[(InvKind::Block, block_hash)],
        ),
        (
            Frame::new("cmpctblock", cmpctblock),
            &[(InvKind::Block, block_hash)],
        ),
        (
            Frame::new("merkleblock", merkleblock),
            &[(InvKind::Block, block_hash)],
        ),
        (
            headers(&[8, 9]),
            &[(InvKind::Block, first), (InvKind::Block, block_hash)],
        ),
    ];
    for (frame, known) in words {
        let mut probe = Probe::negotiated(at_once(), Link::inbound());
        probe.tell(&frame);
        for (kind, hash) in known {
            let announced = probe.machine.announce(item(*kind, *hash));
            assert_eq!(announced.unwrap(), Announced::Known, "{}", frame.name());
        }
        let news = probe.machine.announce(item(known[0].0, hash(99)));
        assert_eq!(news.unwrap(), Announced::Queued);
        assert_eq!(announced(&mut probe).len(), 1, "{}", frame.name());
    }
    // By the word of the application, for an equal copy.
    let mut probe = Probe::negotiated(at_once(), Link::inbound());
    probe
        .machine
        .add_known_inventory(item(InvKind::Tx, hash(5)));
    let copy = item(InvKind::Tx, hash(5));
    assert_eq!(probe.machine.announce(copy).unwrap(), Announced::Known);
    // And a transaction is known whichever of its ids was named.
    assert_eq!(probe.machine.announce(tx(5)).unwrap(), Announced::Known);
    let by_wtxid = item(InvKind::Wtx, hash(6 | 1 << 40));
    probe.machine.add_known_inventory(by_wtxid);
    assert_eq!(probe.machine.announce(tx(6)).unwrap(), Announced::Known);
    assert_eq!(announced(&mut probe), [[]; 0]);
}

/// What the application sends without the help of `announce` is not announced afterwards.
#[test]
fn what_was_sent_is_known() {
    let network = Network::REGTEST;
    let (whole, txid, wtxid) = transaction(true);
    let view = TxView::from_bytes(Bytes::from(whole), TxFormat::Bitcoin).unwrap();
    let (bytes, block_hash) = header(9);
    let sent = Headers::new(&network, [BlockHeader::from_bytes(&bytes)]);
    let list = [item(InvKind::Tx, hash(1)), item(InvKind::Block, hash(2))];
    let words = [
        (
            Message::Inv(Inventory::new(&network, list).unwrap()),
            list.to_vec(),
        ),
        (
            Message::Tx(view),
            vec![item(InvKind::Tx, txid), item(InvKind::Wtx, wtxid)],
        ),
        (
            Message::Headers(sent),
            vec![item(InvKind::Block, block_hash)],
        ),
    ];
    for (message, known) in words {
        let mut probe = Probe::negotiated(at_once(), Link::inbound());
        probe.machine.send(message).unwrap();
        for item in known {
            assert_eq!(probe.machine.announce(item).unwrap(), Announced::Known);
        }
        // Asking for something says nothing of what the remote knows.
        let wanted = Inventory::new(&network, [item(InvKind::Tx, hash(7))]).unwrap();
        probe.machine.send(Message::GetData(wanted)).unwrap();
        let news = probe.machine.announce(item(InvKind::Tx, hash(7)));
        assert_eq!(news.unwrap(), Announced::Queued);
    }
}

/// The cache holds as many as it may, the least recently named forgotten first; 0 switches it off.
#[test]
fn the_cache_forgets_the_least_recently_named() {
    let mut config = at_once();
    config.limits.known_inventory = 3;
    let mut probe = Probe::negotiated(config.clone(), Link::inbound());
    for number in [1, 2, 3, 1, 4] {
        probe.tell(&inv(&[(TX, hash(number))]));
    }
    let outcome = [1, 3, 4, 2].map(|n| probe.machine.announce(item(InvKind::Tx, hash(n))).unwrap());
    let known = Announced::Known;
    assert_eq!(outcome, [known, known, known, Announced::Queued]);
    // Of a long list the end is remembered.
    let long: Vec<_> = (100..1_100).map(|n| (TX, hash(n))).collect();
    probe.tell(&inv(&long));
    for (number, expected) in [(1_099, known), (1_097, known), (1_096, Announced::Queued)] {
        let announced = probe.machine.announce(item(InvKind::Tx, hash(number)));
        assert_eq!(announced.unwrap(), expected, "{number}");
    }
    config.limits.known_inventory = 0;
    let mut probe = Probe::negotiated(config, Link::inbound());
    probe.tell(&inv(&[(TX, hash(1))]));
    probe
        .machine
        .add_known_inventory(item(InvKind::Tx, hash(1)));
    let announced = probe.machine.announce(item(InvKind::Tx, hash(1)));
    assert_eq!(announced.unwrap(), Announced::Queued);
}

fn fee_filter(rate: i64) -> Frame {
    Frame::new("feefilter", rate.to_le_bytes())
}

/// Row 76 (BIP133).
#[test]
fn a_fee_filter_holds_until_the_next() {
    for preset in Preset::ALL {
        const MAX_MONEY: i64 = 2_100_000_000_000_000;
        let mut probe = Probe::negotiated(at_once_as(preset), Link::inbound());
        let mut next = 0;
        let mut check = |probe: &mut Probe, rate, filter, expected| {
            next += 1;
            let outcome = probe.machine.announce(paying(next, rate)).unwrap();
            assert_eq!(outcome, expected, "{rate:?} under {filter}");
            assert_eq!(
                announced(probe).len(),
                usize::from(expected == Announced::Queued)
            );
            assert_eq!(probe.machine.stats().fee_filter, filter);
        };
        let (queued, unwanted) = (Announced::Queued, Announced::Unwanted);
        check(&mut probe, Some(0), 0, queued);
        probe.tell(&fee_filter(1_000));
        check(&mut probe, Some(999), 1_000, unwanted);
        check(&mut probe, Some(1_000), 1_000, queued);
        check(&mut probe, None, 1_000, queued);
        // Rates that no transaction can have are not heard, as in Core.
        for nonsense in [-1, i64::MIN, MAX_MONEY + 1, i64::MAX] {
            probe.tell(&fee_filter(nonsense));
            check(&mut probe, Some(999), 1_000, unwanted);
        }
        probe.tell(&fee_filter(MAX_MONEY));
        check(&mut probe, Some(1_000_000), MAX_MONEY as u64, unwanted);
        // It says nothing about blocks.
        assert_eq!(probe.machine.announce(block(1)).unwrap(), queued);
        assert_eq!(announced(&mut probe).len(), 1);
        probe.tell(&fee_filter(0));
        check(&mut probe, Some(0), 0, queued);
        // What was not wanted once may be wanted later.
        assert_eq!(
            probe.machine.announce(paying(2, Some(999))).unwrap(),
            queued
        );
    }
}

/// The remote may raise its filter while something waits.
#[test]
fn a_fee_filter_is_asked_again_when_the_time_has_come() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    for (number, rate) in [(1, Some(500)), (2, Some(1_500)), (3, None)] {
        let outcome = probe.machine.announce(paying(number, rate)).unwrap();
        assert_eq!(outcome, Announced::Queued);
    }
    probe.tell(&fee_filter(1_000));
    probe.wait(LATER);
    assert_eq!(announced(&mut probe), [[(TX, hash(2)), (TX, hash(3))]]);
    let stats = probe.machine.stats();
    assert_eq!(
        (stats.inventory_announced, stats.inventory_withheld),
        (2, 1)
    );
    assert_eq!((stats.inventory_queued, stats.inventory_dropped), (0, 0));
}

/// Rows 80 and 83 (BIP37).
#[test]
fn who_wants_no_transactions_is_told_of_none_until_it_sets_a_filter() {
    for preset in Preset::ALL {
        let load = Frame::new("filterload", [1, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        for change in [load, Frame::empty("filterclear")] {
            if preset == Preset::Btcd && change.name() == "filterclear" {
                // There is none to clear, which is the end (row 77).
                continue;
            }
            let quiet = VersionPayload {
                relay: Some(0),
                ..VersionPayload::default()
            };
            let mut probe = Probe::negotiated_with(at_once_as(preset), Link::inbound(), &quiet);
            assert!(!probe.machine.stats().relays_transactions);
            for item in [
                tx(1),
                paying(2, Some(u64::MAX)),
                item(InvKind::Wtx, hash(3)).into(),
            ] {
                assert_eq!(probe.machine.announce(item).unwrap(), Announced::Unwanted);
            }
            assert_eq!(probe.read(), []);
            assert_eq!(probe.machine.announce(block(1)).unwrap(), Announced::Queued);
            assert_eq!(announced(&mut probe), [[(BLOCK, header(1).1)]]);
            probe.tell(&change);
            assert!(probe.machine.stats().relays_transactions);
            assert_eq!(probe.machine.announce(tx(1)).unwrap(), Announced::Queued);
            assert_eq!(announced(&mut probe), [[(TX, hash(1))]]);
        }
    }
}

/// Row 87 (BIP130).
#[test]
fn blocks_are_announced_by_inv_and_by_headers_to_those_who_asked() {
    for preset in Preset::ALL {
        for early in [false, preset != Preset::Btcd] {
            let mut probe = Stage::Greeted.probe(preset.config(), Link::outbound());
            if early {
                // As Core has it, any time after `version`.
                probe.tell(&Frame::empty("sendheaders"));
            }
            probe.tell(&Frame::empty("verack"));
            probe.read();
            if !early {
                assert_eq!(probe.machine.announce(block(1)).unwrap(), Announced::Queued);
                assert_eq!(probe.read(), [inv(&[(BLOCK, header(1).1)])]);
                assert!(!probe.machine.stats().wants_headers);
                probe.tell(&Frame::empty("sendheaders"));
            }
            assert!(probe.machine.stats().wants_headers);
            for number in [2, 3] {
                let outcome = probe.machine.announce(block(number)).unwrap();
                assert_eq!(outcome, Announced::Queued);
            }
            assert_eq!(probe.read(), [headers(&[2]), headers(&[3])]);
            // Fault 21: a block is noted as announced.
            assert_eq!(probe.machine.announce(block(2)).unwrap(), Announced::Known);
            let tip = item(InvKind::Block, header(3).1);
            assert_eq!(probe.machine.announce(tip).unwrap(), Announced::Known);
            // Without a header there is only `inv`.
            let bare = item(InvKind::Block, hash(4));
            assert_eq!(probe.machine.announce(bare).unwrap(), Announced::Queued);
            assert_eq!(probe.read(), [inv(&[(BLOCK, hash(4))])]);
        }
    }
}

/// BIP152: told, and left to the application.
#[test]
fn high_bandwidth_mode_is_told() {
    let sendcmpct = |announce: u8, version: u8| {
        Frame::new("sendcmpct", [announce, version, 0, 0, 0, 0, 0, 0, 0])
    };
    let mut probe = Stage::Greeted.probe(config(), Link::inbound());
    for (announce, version, wants) in [
        (0, 2, false),
        (1, 3, false),
        (1, 2, true),
        (0, 3, true),
        (0, 1, false),
        (1, 1, true),
    ] {
        probe.tell(&sendcmpct(announce, version));
        assert_eq!(probe.machine.stats().wants_compact_blocks, wants);
    }
    probe.tell(&Frame::empty("verack"));
    probe.read();
    assert_eq!(probe.machine.announce(block(1)).unwrap(), Announced::Queued);
    assert_eq!(probe.read(), [inv(&[(BLOCK, header(1).1)])]);
    probe.tell(&sendcmpct(0, 2));
    assert!(!probe.machine.stats().wants_compact_blocks);
}

/// Kinds that belong into `getdata` stand for the plain object, and some mean nothing in an `inv`.
#[test]
fn an_inv_names_plain_objects() {
    let mut probe = Probe::negotiated(at_once(), Link::inbound());
    for (number, kind, plain) in [
        (1, InvKind::Tx, TX),
        (2, InvKind::WitnessTx, TX),
        (3, InvKind::Wtx, WTX),
        (4, InvKind::Block, BLOCK),
        (5, InvKind::WitnessBlock, BLOCK),
        (6, InvKind::CompactBlock, BLOCK),
        (7, InvKind::FilteredBlock, BLOCK),
        (8, InvKind::Other(0x1234), 0x1234),
    ] {
        let outcome = probe.machine.announce(item(kind, hash(number))).unwrap();
        assert_eq!(outcome, Announced::Queued);
        assert_eq!(announced(&mut probe), [[(plain, hash(number))]], "{kind:?}");
    }
    let nothing = probe.machine.announce(item(InvKind::Error, hash(9)));
    assert!(matches!(nothing, Err(SendError::Encode(_))), "{nothing:?}");
    assert_eq!(probe.read(), []);
}

/// Fault 22: nothing is refused silently.
#[test]
fn a_purpose_forbids_some_announcements() {
    let forbidden = |result: Result<Announced, SendError>| {
        let command: CommandName = "inv".parse().unwrap();
        matches!(result, Err(SendError::Purpose { command: c }) if c == command)
    };
    for (purpose, blocks) in [
        (Purpose::FullRelay, true),
        (Purpose::BlockRelayOnly, true),
        (Purpose::AddressFetch, false),
    ] {
        let link = Link::outbound().with_purpose(purpose);
        let mut probe = Probe::negotiated(at_once(), link);
        let all = purpose == Purpose::FullRelay;
        for announcement in [
            tx(1),
            item(InvKind::Tx, hash(2)).into(),
            item(InvKind::WitnessTx, hash(3)).into(),
        ] {
            assert_eq!(forbidden(probe.machine.announce(announcement)), !all);
        }
        for announcement in [block(1), item(InvKind::Block, hash(4)).into()] {
            assert_eq!(forbidden(probe.machine.announce(announcement)), !blocks);
        }
        let said = announced(&mut probe).len();
        assert_eq!(
            said,
            if all {
                5
            } else if blocks {
                2
            } else {
                0
            }
        );
    }
}

/// A way to end a connection.
type Finish = fn(&mut Probe);

v1_only! {
    /// Fault 22 again: after the end the caller is told so, and what waited is neither sent nor kept.
    #[test]
    fn the_end_is_the_end_of_what_waits() {
        let ends: [(&str, Finish); 4] = [
            ("disconnect", |probe| probe.machine.disconnect()),
            ("abort", |probe| probe.machine.abort()),
            ("reset", |probe| {
                probe.machine.hung_up(peer_core::HangUp::Reset, probe.now);
            }),
            ("a bad frame", |probe| drop(probe.say(&[0; 24]))),
        ];
        for (what, finish) in ends {
            let mut probe = Probe::negotiated(config(), Link::inbound());
            for number in 0..100 {
                assert_eq!(
                    probe.machine.announce(tx(number)).unwrap(),
                    Announced::Queued
                );
            }
            // So that a graceful end has something to flush, and a block that would leave after it.
            clog(&mut probe);
            assert_eq!(probe.machine.announce(block(2)).unwrap(), Announced::Queued);
            finish(&mut probe);
            probe.heard();
            let refused = probe.machine.announce(tx(1_000));
            assert!(matches!(refused, Err(SendError::Closed)), "{what}");
            let refused = probe.machine.announce(block(1));
            assert!(matches!(refused, Err(SendError::Closed)), "{what}");
            probe
                .machine
                .add_known_inventory(item(InvKind::Tx, hash(1)));
            assert_ne!(
                probe.machine.deadline_reason(),
                Some(Timer::Trickle),
                "{what}"
            );
            probe.wait(Duration::from_secs(3));
            probe.reads = true;
            let mut said = probe.read_names();
            probe.wait(LATER);
            said.extend(probe.read_names());
            assert!(!said.contains(&"inv".to_owned()), "{what}: {said:?}");
            assert!(probe.machine.is_closed());
            assert_eq!(probe.machine.memory_held(), 0, "{what}");
            let stats = probe.machine.stats();
            assert_eq!(
                (stats.inventory_queued, stats.inventory_announced),
                (101, 0)
            );
        }
    }
}

/// More than may wait for the socket.
fn clog(probe: &mut Probe) {
    probe.reads = false;
    let filler = Message::Unknown {
        command: CommandName::new("filler").unwrap(),
        payload: Bytes::from(vec![0; 1_000_000]),
    };
    probe.machine.send(filler).unwrap();
}

/// Blocks wait for a remote that does not read: the newest, in a short line.
#[test]
fn blocks_wait_for_a_remote_that_does_not_read() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    probe.tell(&Frame::empty("sendheaders"));
    clog(&mut probe);
    let queued = probe.machine.queued();
    for number in 1..=20 {
        let outcome = probe.machine.announce(block(number)).unwrap();
        assert_eq!(outcome, Announced::Queued);
        assert_eq!(
            probe.machine.announce(block(number)).unwrap(),
            Announced::Known
        );
    }
    assert_eq!(probe.machine.queued(), queued);
    let stats = probe.machine.stats();
    assert_eq!((stats.inventory_queued, stats.inventory_dropped), (8, 12));
    // The remote finds one of them elsewhere.
    probe.tell(&inv(&[(BLOCK, header(15).1)]));
    let stats = probe.machine.stats();
    assert_eq!((stats.inventory_queued, stats.inventory_withheld), (7, 1));
    probe.reads = true;
    let said = probe.read();
    assert_eq!(said[0].name(), "filler");
    let left = [13, 14, 16, 17, 18, 19, 20].map(|number| headers(&[number]));
    assert_eq!(said[1..], left);
    assert_eq!(probe.machine.stats().inventory_announced, 7);
    assert!(probe.is_alive());
}

/// What need not wait for a trickle waits for room all the same.
#[test]
fn without_a_trickle_the_line_drains_with_the_socket() {
    let mut probe = Probe::negotiated(at_once(), Link::inbound());
    clog(&mut probe);
    for number in 0..3 {
        assert_eq!(
            probe.machine.announce(tx(number)).unwrap(),
            Announced::Queued
        );
    }
    assert_eq!(probe.machine.stats().inventory_queued, 3);
    probe.reads = true;
    let said = announced(&mut probe);
    assert_eq!(said.concat(), [0, 1, 2].map(|number| (TX, hash(number))));
    assert_eq!(probe.machine.stats().inventory_queued, 0);
}

/// V12, fault 6: a million announcements to a remote that reads nothing.
#[test]
fn a_million_announcements_to_a_slow_peer_cost_a_bounded_amount() {
    const MANY: u64 = 1_000_000;
    let mut config = config();
    config.trickle = Trickle::BTCD;
    config.timeouts.write_stall = None;
    let mut probe = Probe::negotiated(config, Link::inbound());
    probe.reads = false;
    for number in 0..MANY {
        let outcome = probe.machine.announce(item(InvKind::Tx, hash(number)));
        assert_eq!(outcome.unwrap(), Announced::Queued);
        if number % 20_000 == 0 {
            probe.tell(&Frame::empty("foobar"));
            probe.wait(Duration::from_secs(10));
            // One `inv` may overshoot.
            let queued = probe.machine.queued();
            assert!(queued < 1_000_000 + 36_100, "{queued}");
            let held = probe.machine.memory_held();
            assert!(held < 1_600_000, "{held}");
        }
    }
    let stats = probe.machine.stats();
    assert_eq!(stats.inventory_queued, 5_000);
    let all = stats.inventory_announced + stats.inventory_dropped + 5_000;
    assert_eq!((all, stats.inventory_withheld), (MANY, 0));
    // It reads after all: everything comes once, and the newest at last.
    probe.reads = true;
    let said = announced(&mut probe).concat();
    assert_eq!(said.len() as u64, stats.inventory_announced);
    probe.wait(Duration::from_secs(10));
    let rest = announced(&mut probe).concat();
    let newest: Vec<_> = (MANY - 5_000..MANY).map(|n| (TX, hash(n))).collect();
    assert!(rest == newest);
    let mut numbers: Vec<_> = said.iter().chain(&rest).map(|(_, hash)| *hash).collect();
    numbers.sort_unstable();
    assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]));
}

/// What the remote names while it waits is left out, wherever in a long list it stands.
#[test]
fn what_the_remote_announces_meanwhile_is_not_announced_back() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    for number in 0..5 {
        assert_eq!(
            probe.machine.announce(tx(number)).unwrap(),
            Announced::Queued
        );
    }
    let mut long: Vec<_> = (1_000..51_000 - 2).map(|n| (TX, hash(n))).collect();
    long.insert(0, (TX, hash(1)));
    // The other id of the third: the remote names it as it likes.
    long.push((WTX, hash(3 | 1 << 40)));
    probe.tell(&inv(&long));
    probe.wait(LATER);
    assert_eq!(
        announced(&mut probe),
        [[(TX, hash(0)), (TX, hash(2)), (TX, hash(4))]]
    );
    assert_eq!(probe.machine.stats().inventory_withheld, 2);
}

/// Two nodes tell each other what they have: nothing goes back to where it came from.
#[test]
fn nothing_is_announced_back() {
    let strangers = [1, 2].map(|secret| {
        let mut config = Config::with_secret(Network::REGTEST, [secret; 32]);
        config.trickle = Trickle::Immediate;
        config
    });
    let [ours, theirs] = strangers;
    let mut pair = peer_tests::pair::Pair::new(ours, theirs);
    pair.drive();
    for number in 0..50 {
        let from = pair.dialler.machine.announce(tx(number)).unwrap();
        pair.drive();
        let back = pair.listener.machine.announce(tx(number)).unwrap();
        assert_eq!((from, back), (Announced::Queued, Announced::Known));
    }
    let stats = pair.listener.machine.stats();
    assert_eq!(stats.inventory_announced, 0);
    assert_eq!(
        stats
            .traffic
            .received
            .get(Some(peer_core::message::MessageKind::Inv))
            .messages,
        50
    );
}

/// Whatever is said on both sides in whatever order: nothing is announced twice, or to a remote that named it, and
/// everything is accounted for.
#[test]
fn nothing_is_announced_twice_or_to_who_named_it() {
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let mut config = config();
        config.trickle = [Trickle::CORE, Trickle::BTCD, Trickle::Immediate][(seed % 3) as usize];
        config.limits.inventory_queue = if seed % 2 == 0 { 5_000 } else { 5 };
        let link = [Link::inbound(), Link::outbound()][(seed / 3 % 2) as usize];
        let mut probe = Probe::negotiated(config, link);
        let (mut named, mut told) = (BTreeSet::new(), BTreeSet::new());
        let mut accepted = 0;
        for _ in 0..300 {
            let number = dice.below(60);
            let is_block = number >= 50;
            let kind = if is_block { BLOCK } else { TX };
            match dice.below(5) {
                0 => {
                    probe.tell(&inv(&[(kind, hash(number))]));
                    named.insert(hash(number));
                }
                1 => drop(probe.wait(Duration::from_millis(dice.below(3_000)))),
                _ => {
                    let kind = [InvKind::Tx, InvKind::Block][usize::from(is_block)];
                    let outcome = probe.machine.announce(item(kind, hash(number))).unwrap();
                    accepted += u64::from(outcome == Announced::Queued);
                    let is_known = named.contains(&hash(number)) || told.contains(&hash(number));
                    assert!(!is_known || outcome == Announced::Known, "seed {seed}");
                }
            }
            for (_, hash) in announced(&mut probe).concat() {
                assert!(!named.contains(&hash), "seed {seed}: announced back");
                assert!(told.insert(hash), "seed {seed}: announced twice");
            }
        }
        let stats = probe.machine.stats();
        assert_eq!(stats.inventory_announced, told.len() as u64);
        let gone = stats.inventory_dropped + stats.inventory_withheld;
        let all = stats.inventory_announced + stats.inventory_queued as u64 + gone;
        assert_eq!(all, accepted, "seed {seed}");
    }
}

/// What `StatsSnap` and `getpeerinfo` tell of blocks and transactions.
#[test]
fn statistics_of_what_the_remote_brings() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    let announced = |probe: &Probe| probe.machine.stats().last_announced_block;
    assert_eq!(announced(&probe), None);
    let known = |hash| Some(BlockHash::from_bytes(hash));
    probe.tell(&inv(&[(BLOCK, hash(1)), (BLOCK, hash(2)), (TX, hash(3))]));
    assert_eq!(announced(&probe), known(hash(2)));
    probe.tell(&inv(&[(TX, hash(4))]));
    assert_eq!(announced(&probe), known(hash(2)));
    probe.tell(&headers(&[1, 2, 3, 4, 5, 6, 7, 8]));
    assert_eq!(announced(&probe), known(header(8).1));
    // So many answer a question.
    probe.tell(&headers(&[9, 8, 7, 6, 5, 4, 3, 2, 1]));
    probe.tell(&headers(&[]));
    assert_eq!(announced(&probe), known(header(8).1));
    assert_eq!(probe.machine.stats().last_block_received, None);

    let (legacy, ..) = transaction(false);
    let cmpctblock = [&header(9).0[..], &[7; 8], &[0, 1, 0], &legacy].concat();
    probe.wait(Duration::from_secs(1));
    probe.tell(&Frame::new("cmpctblock", cmpctblock));
    assert_eq!(announced(&probe), known(header(9).1));
    assert_eq!(probe.machine.stats().last_block_received, Some(probe.now));
    assert_eq!(probe.machine.stats().last_transaction_received, None);
    probe.wait(Duration::from_secs(1));
    probe.tell(&Frame::new("tx", legacy.clone()));
    let stats = probe.machine.stats();
    assert_eq!(stats.last_transaction_received, Some(probe.now));
    assert!(stats.last_block_received < stats.last_transaction_received);
    probe.wait(Duration::from_secs(1));
    let block = [&header(10).0[..], &[1], &legacy].concat();
    probe.tell(&Frame::new("block", block));
    assert_eq!(probe.machine.stats().last_block_received, Some(probe.now));
    // A block that is sent is not announced.
    assert_eq!(announced(&probe), known(header(9).1));
}

/// btcd's `TestUpdateLastBlockHeight`, and the other setter.
#[test]
fn the_height_of_the_remote_never_goes_down() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    let height = |probe: &Probe| probe.machine.stats().last_block;
    // As its `version` said.
    assert_eq!(height(&probe), Some(7));
    probe.machine.update_last_block_height(6);
    assert_eq!(height(&probe), Some(7));
    probe.machine.update_last_block_height(8);
    assert_eq!(height(&probe), Some(8));
    assert_eq!(probe.machine.stats().start_height, Some(7));
    let block = BlockHash::from_bytes(hash(3));
    probe.machine.update_last_announced_block(block);
    assert_eq!(probe.machine.stats().last_announced_block, Some(block));
}

/// The same as data, for adapters and replay.
#[test]
fn announcements_are_commands_too() {
    let mut probe = Probe::negotiated(at_once(), Link::inbound());
    let known = item(InvKind::Tx, hash(1));
    let mut command = |command| probe.machine.command(command).unwrap();
    assert_eq!(command(Command::AddKnownInventory(known)), Outcome::Done);
    assert_eq!(command(Command::UpdateLastBlockHeight(9)), Outcome::Done);
    for (item, expected) in [
        (known.into(), Announced::Known),
        (tx(2), Announced::Queued),
        (block(3), Announced::Queued),
    ] {
        let outcome = command(Command::Announce(item));
        assert_eq!(outcome, Outcome::Announced(expected));
        assert_eq!(outcome.ticket(), None);
    }
    assert_eq!(probe.machine.stats().last_block, Some(9));
    assert_eq!(
        announced(&mut probe),
        [[(TX, hash(2))], [(BLOCK, header(3).1)]]
    );
}

/// Settings that cannot work are named.
#[test]
fn configurations_are_judged() {
    let most = 65_534;
    let check = |change: fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        config.validate()
    };
    assert_eq!(check(|_| ()), Ok(()));
    assert_eq!(
        check(|config| config.limits.known_inventory = 65_534),
        Ok(())
    );
    let too_high = |limit, value| Err(ConfigError::LimitTooHigh { limit, value, most });
    let known = check(|config| config.limits.known_inventory = 65_535);
    assert_eq!(known, too_high("known_inventory", 65_535));
    let queue = check(|config| config.limits.inventory_queue = usize::MAX);
    assert_eq!(queue, too_high("inventory_queue", usize::MAX));
    let none = check(|config| config.limits.inventory_queue = 0);
    let (limit, value, least) = ("inventory_queue", 0, 1);
    assert_eq!(
        none,
        Err(ConfigError::LimitTooLow {
            limit,
            value,
            least
        })
    );
    let fixed = check(|config| {
        config.trickle = Trickle::Fixed {
            interval: Duration::ZERO,
        };
    });
    let timer = "trickle";
    assert_eq!(fixed, Err(ConfigError::ZeroTimeout { timer }));
    // Who does not ask gets the nearest that works.
    let mut odd = config();
    odd.limits.known_inventory = usize::MAX;
    odd.limits.inventory_queue = 0;
    odd.trickle = Trickle::Fixed {
        interval: Duration::ZERO,
    };
    let mut probe = Probe::negotiated(odd, Link::inbound());
    for number in 0..3 {
        assert_eq!(
            probe.machine.announce(tx(number)).unwrap(),
            Announced::Queued
        );
    }
    probe.wait(Duration::from_secs(1));
    assert_eq!(announced(&mut probe), [[(TX, hash(2))]]);
    assert_eq!(probe.machine.stats().inventory_dropped, 2);
}

/// V13, from the other side of `memory.rs`: the cache stays at its cap and remembers the newest.
#[test]
fn a_million_announcements_of_the_remote_leave_a_thousand() {
    let mut probe = Probe::negotiated(at_once(), Link::inbound());
    for part in 0..20_u64 {
        let items: Vec<_> = (part * 50_000..(part + 1) * 50_000)
            .map(|n| (TX, hash(n)))
            .collect();
        probe.say(&stream([&inv(&items)]));
        let held = probe.machine.memory_held();
        assert!(held <= 24_000, "{held}");
    }
    for (number, expected) in [
        (999_999, Announced::Known),
        (999_000, Announced::Known),
        (998_999, Announced::Queued),
        (0, Announced::Queued),
    ] {
        let outcome = probe.machine.announce(item(InvKind::Tx, hash(number)));
        assert_eq!(outcome.unwrap(), expected, "{number}");
    }
}

/// An empty list teaches nothing, and a list of nothing but zeros little.
#[test]
fn odd_lists_do_no_harm() {
    let mut probe = Probe::negotiated(at_once(), Link::inbound());
    for name in ["inv", "getdata"] {
        probe.tell(&Frame::new(name, list(0, &[])));
        assert_eq!(probe.machine.memory_held(), 0);
        probe.tell(&Frame::new(name, list(50_000, &[0; 36])));
        assert!(probe.is_alive());
        let held = probe.machine.memory_held();
        assert!(held < 1_000, "{held}");
        probe = Probe::negotiated(at_once(), Link::inbound());
    }
}
