//! After the handshake: sections 2.4 to 2.9.

use peer_core::Config;
use peer_core::wire::ServiceFlags;

use super::Must::{Deliver, Drop, Part, Stay};
use super::{At, FORGIVEN, Row, TX, all, one};
use crate::script::{Frame, compact_size, list};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "45",
        "a pong cut short",
        At::Up,
        || one(Frame::new("pong", [1, 2])),
        [Stay, Stay, Part],
    ),
    Row::new(
        "46",
        "a pong that nobody asked for",
        At::Up,
        || one(Frame::pong(77)),
        all(Stay),
    ),
    Row::new(
        "48",
        "a pong of zero",
        At::Up,
        || one(Frame::pong(0)),
        all(Stay),
    ),
    Row::new(
        "59",
        "an addr of 1,010",
        At::Up,
        || one(Frame::new("addr", list(1_010, &ADDR))),
        all(Part),
    ),
    Row::new(
        "60",
        "an addrv2 of 1,010",
        At::Up,
        || one(Frame::new("addrv2", list(1_010, &ADDRV2))),
        all(Part),
    ),
    Row::new(
        "60a",
        "an addr of no entries",
        At::Up,
        || one(Frame::new("addr", [0])),
        [Deliver, Deliver, Part],
    ),
    Row::new(
        "67",
        "getaddr twice",
        At::Up,
        || vec![Frame::empty("getaddr").to_bytes(); 2],
        all(Stay),
    ),
    Row::new(
        "77",
        "a filter of 36,001 bytes",
        At::Up,
        || one(filter(36_001, 1)),
        all(Part),
    )
    .with(bloom),
    Row::new(
        "77a",
        "a filter of 51 functions",
        At::Up,
        || one(filter(8, 51)),
        all(Part),
    )
    .with(bloom),
    Row::new(
        "77b",
        "an element of 521 bytes",
        At::Up,
        || added(521),
        all(Part),
    )
    .with(bloom),
    Row::new(
        "77c",
        "an element for no filter",
        At::Up,
        || one(Frame::new("filteradd", list(5, &[1]))),
        all(Part),
    )
    .with(bloom),
    Row::new(
        "78",
        "a filter of 36,000 bytes and 50 functions",
        At::Up,
        || one(filter(36_000, 50)),
        all(Deliver),
    )
    .with(bloom),
    Row::new(
        "78a",
        "an element of 520 bytes",
        At::Up,
        || added(520),
        all(Deliver),
    )
    .with(bloom),
    Row::new(
        "79",
        "an element for a filter of no bytes",
        At::Up,
        to_an_empty_filter,
        all(Deliver),
    )
    .with(bloom),
    Row::new(
        "83",
        "a filter removed that is not there",
        At::Up,
        || one(Frame::empty("filterclear")),
        [Deliver, Deliver, Part],
    )
    .with(bloom),
    Row::new(
        "84",
        "mempool, which we do not offer",
        At::Up,
        || one(Frame::empty("mempool")),
        all(Part),
    ),
    Row::new(
        "84a",
        "filterload, which we do not offer",
        At::Up,
        || one(filter(8, 1)),
        all(Part),
    ),
    Row::new(
        "84b",
        "filteradd, which we do not offer",
        At::Up,
        || one(Frame::new("filteradd", list(5, &[1]))),
        all(Part),
    ),
    Row::new(
        "84c",
        "filterclear, which we do not offer",
        At::Up,
        || one(Frame::empty("filterclear")),
        all(Part),
    ),
    Row::new(
        "92",
        "a getheaders of 102 hashes",
        At::Up,
        || one(locator("getheaders", 102)),
        [Part, Part, Deliver],
    ),
    Row::new(
        "92a",
        "a getblocks of 102 hashes",
        At::Up,
        || one(locator("getblocks", 102)),
        [Part, Part, Deliver],
    ),
    Row::new(
        "92b",
        "a getheaders of 101 hashes",
        At::Up,
        || one(locator("getheaders", 101)),
        all(Deliver),
    ),
    Row::new(
        "92c",
        "a getblocks of 501 hashes",
        At::Up,
        || one(locator("getblocks", 501)),
        all(Part),
    ),
    Row::new(
        "96",
        "a getdata of nothing",
        At::Up,
        || one(item("getdata", 0)),
        all(Stay),
    ),
    Row::new(
        "101",
        "a notfound that nobody asked for",
        At::Up,
        || one(item("notfound", 1)),
        all(Stay),
    ),
    Row::new(
        "102",
        "an inv by wtxid to who speaks of txids",
        At::Up,
        || one(item("inv", 5)),
        all(Stay),
    ),
    Row::new(
        "103",
        "a transaction that we do not want",
        At::Up,
        || one(transaction()),
        all(Part),
    )
    .with(|config| config.relay = false),
    Row::new(
        "103a",
        "an announcement that we do not want",
        At::Up,
        || one(item("inv", 1)),
        all(Part),
    )
    .with(|config| config.relay = false),
    Row::new(
        "104",
        "a sendcmpct of version 9",
        At::Up,
        || one(sendcmpct(0, 9)),
        all(Stay),
    ),
    Row::new(
        "104a",
        "a sendcmpct that announces 2",
        At::Up,
        || one(sendcmpct(2, 2)),
        all(Part),
    ),
    Row::new(
        "105",
        "a cmpctblock of positions that overflow",
        At::Up,
        || one(overflowing()),
        FORGIVEN,
    ),
    Row::new(
        "V26",
        "a filter of no bytes and no functions",
        At::Up,
        || one(filter(0, 0)),
        all(Deliver),
    )
    .with(bloom),
    Row::new(
        "V28",
        "an inv of nothing",
        At::Up,
        || one(Frame::new("inv", [0])),
        all(Stay),
    ),
    Row::new(
        "V28a",
        "headers of nothing",
        At::Up,
        || one(Frame::new("headers", [0])),
        all(Deliver),
    ),
    Row::new(
        "V28b",
        "a notfound of nothing",
        At::Up,
        || one(Frame::new("notfound", [0])),
        all(Stay),
    ),
    Row::new(
        "V17",
        "an alert",
        At::Up,
        || one(Frame::new("alert", *b"\x01a\x01s")),
        all(Stay),
    ),
    Row::new(
        "V24",
        "a blocktxn that nobody asked for, twice",
        At::Up,
        || vec![blocktxn().to_bytes(); 2],
        all(Stay),
    ),
    Row::new(
        "85",
        "a getcfilters of a block that nobody knows",
        At::Up,
        || one(Frame::new("getcfilters", [7; 37])),
        // What is on which chain is the application's to know.
        all(Deliver),
    ),
    Row::new(
        "95",
        "headers that follow nothing",
        At::Up,
        || {
            one(Frame::new(
                "headers",
                list(3, &[[5; 80].as_slice(), &[0]].concat()),
            ))
        },
        all(Deliver),
    ),
    Row::new(
        "13a",
        "a header with transactions",
        At::Up,
        || one(stuffed_header()),
        FORGIVEN,
    ),
    Row::new(
        "V2",
        "a merkleblock that claims 2^32 - 1 hashes",
        At::Up,
        || one(merkle()),
        all(Part),
    ),
    Row::new(
        "V27",
        "a transaction with a witness of nothing",
        At::Up,
        superfluous,
        FORGIVEN,
    ),
    Row::new(
        "76",
        "a feefilter below zero",
        At::Up,
        || one(Frame::new("feefilter", (-1_i64).to_le_bytes())),
        [Stay, Stay, Stay],
    ),
    Row::new(
        "76a",
        "a feefilter cut short",
        At::Up,
        || one(Frame::new("feefilter", [1])),
        [Drop, Drop, Part],
    ),
];

fn bloom(config: &mut Config) {
    config.services |= ServiceFlags::BLOOM;
}

/// Filter, functions, tweak, flags.
fn filter(len: usize, functions: u32) -> Frame {
    let mut payload = list(len, &[0xb5]);
    payload.extend(functions.to_le_bytes());
    payload.extend([0; 5]);
    Frame::new("filterload", payload)
}

fn added(len: usize) -> Vec<Vec<u8>> {
    let element = Frame::new("filteradd", list(len, &[1]));
    vec![filter(8, 1).to_bytes(), element.to_bytes()]
}

/// CVE-2013-5700.
fn to_an_empty_filter() -> Vec<Vec<u8>> {
    let element = Frame::new("filteradd", list(5, &[1]));
    vec![filter(0, 1).to_bytes(), element.to_bytes()]
}

/// Version, hashes, stop hash.
fn locator(name: &str, hashes: usize) -> Frame {
    let payload = [
        &70_016_u32.to_le_bytes()[..],
        &list(hashes, &[3; 32]),
        &[0; 32],
    ]
    .concat();
    Frame::new(name, payload)
}

fn item(name: &str, kind: u8) -> Frame {
    let mut entry = TX;
    entry[0] = kind;
    Frame::new(name, list(1, &entry))
}

/// One input, one output.
fn transaction() -> Frame {
    let mut payload = vec![1, 0, 0, 0, 1];
    payload.extend([5; 36]);
    payload.extend([0, 0xff, 0xff, 0xff, 0xff, 1]);
    payload.extend([1, 0, 0, 0, 0, 0, 0, 0, 0]);
    payload.extend([0; 4]);
    Frame::new("tx", payload)
}

/// BIP144: marker and flag, and then no witness for the one input.
fn superfluous() -> Vec<Vec<u8>> {
    let mut payload = vec![1, 0, 0, 0, 0, 1, 1];
    payload.extend([5; 36]);
    payload.extend([0, 0xff, 0xff, 0xff, 0xff, 1]);
    payload.extend([1, 0, 0, 0, 0, 0, 0, 0, 0]);
    payload.push(0);
    payload.extend([0; 4]);
    one(Frame::new("tx", payload))
}

fn sendcmpct(announce: u8, version: u64) -> Frame {
    Frame::new(
        "sendcmpct",
        [&[announce][..], &version.to_le_bytes()].concat(),
    )
}

/// Header, nonce, no short ids, and one prefilled transaction at a position above 65,535.
fn overflowing() -> Frame {
    let mut payload = vec![1; 88];
    payload.extend([0, 1]);
    payload.extend(compact_size(65_536));
    payload.extend(transaction().payload);
    Frame::new("cmpctblock", payload)
}

fn blocktxn() -> Frame {
    Frame::new(
        "blocktxn",
        [&[9; 32][..], &[1], &transaction().payload].concat(),
    )
}

fn stuffed_header() -> Frame {
    Frame::new("headers", [&[1][..], &[5; 80], &[1]].concat())
}

/// Header, count of transactions, and hashes that are not there.
fn merkle() -> Frame {
    let mut payload = vec![1; 84];
    payload.extend(compact_size(0xffff_ffff));
    Frame::new("merkleblock", payload)
}

/// Time, services, 250.1.2.3:18444.
const ADDR: [u8; 30] = [
    1, 2, 3, 0x65, 9, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 250, 1, 2, 3,
    0x48, 0x0c,
];

/// The same of BIP155.
const ADDRV2: [u8; 13] = [1, 2, 3, 0x65, 9, 1, 4, 250, 1, 2, 3, 0x48, 0x0c];
