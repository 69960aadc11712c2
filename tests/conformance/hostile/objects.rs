//! Headers, inventory, transactions and compact blocks: rows of sections 2.1, 2.8 and 2.9. There is no chain here to judge
//! them by: they are told, nothing is done about them, and nothing of them stays.

use peer_core::message::MessageKind;
use peer_core::network::Network;
use peer_core::{Config, Link, Purpose, Violation};
use peer_tests::script::{Frame, REGTEST, compact_size, list};

use super::{Must, check, row};
use crate::support::{INV_ENTRY, Stage, command};
use Must::{Deliver, Drop, End};

/// A header of nothing but this byte, which no difficulty allows, and no transactions.
fn headers(bytes: &[u8]) -> Frame {
    let mut payload = compact_size(bytes.len() as u64);
    for byte in bytes {
        payload.extend([*byte; 80]);
        payload.push(0);
    }
    Frame::new("headers", payload)
}

/// A list with one object of that type.
fn vector(name: &str, kind: u32) -> Frame {
    let mut entry = INV_ENTRY;
    entry[..4].copy_from_slice(&kind.to_le_bytes());
    Frame::new(name, list(1, &entry))
}

/// One input and one output.
fn transaction() -> Vec<u8> {
    let mut tx = vec![1, 0, 0, 0, 1];
    tx.extend([0x0c; 36]);
    tx.extend([0, 0xff, 0xff, 0xff, 0xff, 1]);
    tx.extend([0; 8]);
    tx.extend([0, 0, 0, 0, 0]);
    tx
}

/// `getheaders` or `getblocks` without a locator: version, count, stop.
fn no_locator(name: &str, stop: u8) -> Frame {
    Frame::new(name, [&[0x80, 0x11, 1, 0, 0][..], &[stop; 32]].concat())
}

/// NavCoin, under the magic that these frames have.
fn navcoin(config: &mut Config) {
    config.network = Network::NAVCOIN;
    config.network.magic = REGTEST;
}

/// V21 and V22: whatever is said of a chain, also of one that is staked, is told and forgotten. (Two bytes come after
/// each header there, not one.)
#[test]
fn chains_that_cost_nothing_to_make_cost_nothing_to_hear() {
    let entry = [&[5; 80][..], &[0, 0]].concat();
    let staked = |count| Frame::new("headers", list(count, &entry));
    let too_many = Must::Malformed(MessageKind::Headers);
    check(&[
        row(95, "staked", vec![staked(50); 100], Deliver(100)).with(navcoin),
        row(95, "staked", [staked(2_000)], Deliver(1)).with(navcoin),
        row(13, "staked", [staked(2_001)], too_many).with(navcoin),
    ]);
}

#[test]
fn headers_under_every_preset() {
    check(&[
        row(14, "no work", [headers(&[0xff])], Deliver(1)),
        row(
            15,
            "not one after the other",
            [headers(&[1, 2, 3])],
            Deliver(1),
        ),
        row(
            90,
            "connected to nothing",
            vec![headers(&[1]); 100],
            Deliver(100),
        ),
        row(91, "one header", [no_locator("getheaders", 9)], Deliver(1)),
        row(91, "nothing", [no_locator("getheaders", 0)], Deliver(1)),
        row(92, "nothing", [no_locator("getblocks", 0)], Deliver(1)),
        row(
            95,
            "a chain of little work",
            vec![headers(&[5; 2_000]); 10],
            Deliver(10),
        ),
    ]);
}

/// Also V10 and V11: fifty thousand objects are told once, and lead to nothing.
#[test]
fn inventory_under_every_preset() {
    let many = |name| [Frame::new(name, list(50_000, &INV_ENTRY))];
    let unwanted = |name| {
        End(Violation::UnwantedTransaction {
            command: command(name),
        }
        .into())
    };
    let block_relay = Link::outbound().with_purpose(Purpose::BlockRelayOnly);
    let mut rows = vec![
        row(41, "a transaction", [vector("getdata", 1)], Deliver(1)),
        row(
            82,
            "a filtered block, without a filter",
            [vector("getdata", 3)],
            Deliver(1),
        ),
        row(
            96,
            "type 0",
            [vector("getdata", 0), vector("getdata", 1)],
            Deliver(2),
        ),
        row(97, "fifty thousand", many("inv"), Deliver(1)),
        row(99, "fifty thousand questions", many("getdata"), Deliver(1)),
        row(101, "nobody asked", [vector("notfound", 1)], Deliver(1)),
        row(
            102,
            "by wtxid though not agreed on",
            [vector("inv", 5)],
            Deliver(1),
        ),
    ];
    for (name, frame) in [
        ("tx", Frame::new("tx", transaction())),
        ("inv", vector("inv", 1)),
        ("inv", vector("inv", 5)),
    ] {
        let blocks_only = row(103, "blocks only", [frame.clone()], unwanted(name));
        rows.push(blocks_only.with(|config| config.relay = false));
        rows.push(row(103, "block relay", [frame], unwanted(name)).over(block_relay));
    }
    check(&rows);
}

#[test]
fn compact_blocks_under_every_preset() {
    let sendcmpct = |announce: u8, version: u64| {
        let payload = [&[announce][..], &version.to_le_bytes()].concat();
        [Frame::new("sendcmpct", payload)]
    };
    // Header, nonce, no short ids, one prefilled transaction at this place.
    let prefilled = |place: u64| {
        let head = [&[3; 80][..], &[7; 8], &[0, 1], &compact_size(place)].concat();
        [Frame::new("cmpctblock", [head, transaction()].concat())]
    };
    let blocktxn = Frame::new("blocktxn", [&[4; 32][..], &[1], &transaction()].concat());
    let getblocktxn = |place: u64| {
        let payload = [&[4; 32][..], &[1], &compact_size(place)].concat();
        [Frame::new("getblocktxn", payload)]
    };
    // Its header vouches for no transactions.
    let mutated = Frame::new("block", [&[3; 80][..], &[1], &transaction()].concat());
    let malformed = |kind| Must::Malformed(kind);
    let neither = malformed(MessageKind::SendCmpct);
    check(&[
        row(104, "another version", sendcmpct(1, 3), Deliver(1)),
        row(
            104,
            "neither, before verack",
            sendcmpct(2, 2),
            neither.clone(),
        )
        .at(Stage::Greeted),
        row(104, "neither yes nor no", sendcmpct(2, 2), neither),
        row(104, "half of it", [Frame::new("sendcmpct", [1, 2])], Drop)
            .btcd(malformed(MessageKind::SendCmpct)),
        row(105, "a place that there is not", prefilled(5), Deliver(1)),
        row(105, "no place at all", prefilled(65_536), Drop)
            .btcd(malformed(MessageKind::CmpctBlock)),
        row(
            106,
            "a place that there may be",
            getblocktxn(65_535),
            Deliver(1),
        ),
        row(106, "no place at all", getblocktxn(65_536), Drop)
            .btcd(malformed(MessageKind::GetBlockTxn)),
        row(
            107,
            "twice, and nobody asked",
            [blocktxn.clone(), blocktxn],
            Deliver(2),
        ),
        row(108, "nobody asked", prefilled(0), Deliver(1)),
        row(111, "a mutated block", [mutated], Deliver(1)),
    ]);
}
