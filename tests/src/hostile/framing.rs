//! Frames: sections 2.1 and 3.1.

use super::Must::{Deliver, Part};
use super::{At, FORGIVEN, Row, TX, all, one};
use crate::script::{Frame, list};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "1",
        "a header cut after byte 12",
        At::Up,
        cut_header,
        all(Deliver),
    )
    .of_v1(),
    Row::new(
        "3",
        "the magic of nobody",
        At::Up,
        || one(Frame::ping(1).with_magic([0xff; 4])),
        all(Part),
    )
    .of_v1(),
    Row::new(
        "3a",
        "the magic of mainnet, first of all",
        At::Fresh,
        || one(Frame::empty("verack").with_magic([0xf9, 0xbe, 0xb4, 0xd9])),
        all(Part),
    )
    .of_v1(),
    Row::new(
        "4",
        "a wrong checksum",
        At::Up,
        || one(Frame::new("getdata", [1, 2]).with_bad_checksum()),
        FORGIVEN,
    )
    .of_v1(),
    Row::new(
        "5",
        "a length of 4,000,001",
        At::Up,
        || one(Frame::empty("block").claiming(4_000_001)),
        all(Part),
    )
    .of_v1(),
    Row::new(
        "6",
        "a command that is not printable",
        At::Up,
        || one(Frame::empty("x").with_command(*b"bad\x01\0\0\0\0\0\0\0\0")),
        FORGIVEN,
    )
    .of_v1(),
    Row::new(
        "6a",
        "text behind a NUL in a command",
        At::Up,
        || one(Frame::empty("x").with_command(*b"bad\0more\0\0\0\0")),
        FORGIVEN,
    )
    .of_v1(),
    Row::new(
        "6b",
        "an unknown command",
        At::Up,
        || one(Frame::new("nobodys", [7; 100])),
        all(Deliver),
    ),
    Row::new(
        "7",
        "an addrv2 without a payload",
        At::Up,
        || one(Frame::empty("addrv2")),
        FORGIVEN,
    ),
    Row::new(
        "8",
        "an addrv2 of no entries",
        At::Up,
        || one(Frame::new("addrv2", [0])),
        [Deliver, Deliver, Part],
    ),
    Row::new(
        "9",
        "an addrv2 entry of 513 bytes",
        At::Up,
        long_address,
        FORGIVEN,
    ),
    Row::new(
        "10",
        "an addrv2 of an unknown network, then IPv4",
        At::Up,
        unknown_network,
        all(Deliver),
    ),
    Row::new(
        "11",
        "an inv of 50,001",
        At::Up,
        || one(inventory("inv")),
        all(Part),
    ),
    Row::new(
        "12",
        "a getdata of 50,001",
        At::Up,
        || one(inventory("getdata")),
        all(Part),
    ),
    Row::new(
        "12a",
        "a notfound of 50,001",
        At::Up,
        || one(inventory("notfound")),
        all(Part),
    ),
    Row::new(
        "13",
        "headers of 2,001",
        At::Up,
        || one(Frame::new("headers", list(2_001, &[0; 81]))),
        all(Part),
    ),
    Row::new(
        "V1",
        "a claim of 4,000,000 bytes before the handshake",
        At::Fresh,
        || one(Frame::empty("version").claiming(4_000_000)),
        // Core takes it, and is never done with it: see what becomes of memory.
        [Part, Part, Part],
    )
    .of_v1()
    .with(|config| config.strictness.oversized_early = peer_core::Oversized::Disconnect),
    Row::new(
        "V1a",
        "a claim of everything",
        At::Up,
        || one(Frame::empty("tx").claiming(u32::MAX)),
        all(Part),
    )
    .of_v1(),
    Row::new(
        "V3",
        "an inv that claims 2^64 - 1",
        At::Up,
        || one(claim("inv", u64::MAX)),
        all(Part),
    ),
    Row::new(
        "V3a",
        "a tx that claims 2^25 inputs",
        At::Up,
        || {
            let bytes = [&[1, 0, 0, 0][..], &[0xfe, 0, 0, 0, 2]].concat();
            one(Frame::new("tx", bytes))
        },
        FORGIVEN,
    ),
    Row::new(
        "V8",
        "a count that is not in its shortest form",
        At::Up,
        || one(Frame::new("inv", [&[0xfd, 1, 0][..], &TX].concat())),
        FORGIVEN,
    ),
    Row::new(
        "V40",
        "a byte after the end of a message",
        At::Up,
        || {
            let payload = [&list(1, &TX)[..], &[0xee]].concat();
            one(Frame::new("inv", payload))
        },
        [Deliver, Deliver, Part],
    ),
    Row::new(
        "V39",
        "a command of nothing but NUL",
        At::Up,
        || one(Frame::empty("")),
        all(Deliver),
    ),
];

fn cut_header() -> Vec<Vec<u8>> {
    let bytes = Frame::new("inv", list(1, &TX)).to_bytes();
    vec![bytes[..12].to_vec(), bytes[12..].to_vec()]
}

fn inventory(name: &str) -> Frame {
    Frame::new(name, list(50_001, &TX))
}

/// A count, and nothing of what it counts.
fn claim(name: &str, count: u64) -> Frame {
    Frame::new(name, crate::script::compact_size(count))
}

/// Time, services, network 1, and an address that is too long for any.
fn long_address() -> Vec<Vec<u8>> {
    let mut payload = vec![1, 1, 2, 3, 0x65, 9, 1, 0xfd, 0x01, 0x02];
    payload.extend([7; 513 + 2]);
    one(Frame::new("addrv2", payload))
}

fn unknown_network() -> Vec<Vec<u8>> {
    let unknown = [1, 2, 3, 0x65, 9, 99, 2, 5, 5, 0x48, 0x0c];
    let known = [1, 2, 3, 0x65, 9, 1, 4, 250, 1, 2, 3, 0x48, 0x0c];
    one(Frame::new("addrv2", [&[2][..], &unknown, &known].concat()))
}
