//! The handshake: sections 2.2, 2.3 and 2.10, and hostile clocks.

use peer_core::Config;

use super::Must::{Deliver, Drop, Part, Quiet, Stay};
use super::{At, FORGIVEN, Row, all, one};
use crate::script::{Frame, VersionPayload};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "2",
        "a second version",
        At::Up,
        || one(VersionPayload::default().frame()),
        [Part, Drop, Part],
    ),
    Row::new(
        "17",
        "a second verack",
        At::Up,
        || one(Frame::empty("verack")),
        [Stay, Stay, Part],
    ),
    Row::new(
        "22",
        "a getdata first of all",
        At::Fresh,
        || one(early("getdata")),
        FORGIVEN,
    ),
    Row::new(
        "22a",
        "a verack first of all",
        At::Fresh,
        || one(Frame::empty("verack")),
        FORGIVEN,
    ),
    Row::new(
        "22b",
        "an unknown message first of all",
        At::Fresh,
        || one(early("nobodys")),
        all(Stay),
    ),
    Row::new(
        "23",
        "a getdata before the verack",
        At::Greeted,
        || one(early("getdata")),
        FORGIVEN,
    ),
    Row::new(
        "23a",
        "an unknown message before the verack",
        At::Greeted,
        || one(early("nobodys")),
        all(Stay),
    ),
    Row::new("24", "a clock before 1970", At::Fresh, || at(-1), all(Stay)).bringing(1),
    Row::new(
        "V29",
        "the earliest clock",
        At::Fresh,
        || at(i64::MIN),
        all(Stay),
    )
    .bringing(1),
    Row::new(
        "V29a",
        "the earliest but one",
        At::Fresh,
        || at(i64::MIN + 1),
        all(Stay),
    )
    .bringing(1),
    Row::new(
        "V29b",
        "the latest clock",
        At::Fresh,
        || at(i64::MAX),
        all(Stay),
    )
    .bringing(1),
    Row::new("V29c", "a clock of nothing", At::Fresh, || at(0), all(Stay)).bringing(1),
    Row::new(
        "25",
        "version 31799",
        At::Fresh,
        || of(31_799),
        [Part, Part, Quiet],
    )
    .bringing(1),
    Row::new("25a", "version 208", At::Fresh, || of(208), all(Part)).bringing(1),
    Row::new(
        "25b",
        "a version below zero",
        At::Fresh,
        || of(-1),
        all(Part),
    )
    .bringing(1),
    Row::new(
        "26",
        "a version that ends after the receiver",
        At::Fresh,
        || cut(46),
        all(Stay),
    )
    .bringing(1),
    Row::new(
        "26a",
        "a version that ends after the sender and the nonce",
        At::Fresh,
        || cut(80),
        all(Stay),
    )
    .bringing(1),
    Row::new(
        "26b",
        "a version that ends after the user agent",
        At::Fresh,
        || cut(93),
        all(Stay),
    )
    .bringing(1),
    Row::new(
        "26c",
        "a version that ends after the height",
        At::Fresh,
        || cut(97),
        all(Stay),
    )
    .bringing(1),
    Row::new(
        "27",
        "a user agent of 257 bytes",
        At::Fresh,
        || agent(257),
        FORGIVEN,
    ),
    Row::new(
        "27a",
        "a user agent of 256 bytes",
        At::Fresh,
        || agent(256),
        all(Stay),
    )
    .bringing(1),
    Row::new(
        "36",
        "a getaddr before the verack",
        At::Greeted,
        || one(Frame::empty("getaddr")),
        FORGIVEN,
    ),
    Row::new(
        "61",
        "a sendaddrv2 after the verack",
        At::Up,
        || one(Frame::empty("sendaddrv2")),
        all(Part),
    ),
    Row::new(
        "120",
        "a sendtxrcncl without need",
        At::Greeted,
        || one(reconcile(1)),
        all(Stay),
    ),
    Row::new(
        "119",
        "a sendtxrcncl of version 2",
        At::Greeted,
        || one(reconcile(2)),
        all(Stay),
    ),
    Row::new(
        "121",
        "a wtxidrelay after the verack",
        At::Up,
        || one(Frame::empty("wtxidrelay")),
        all(Part),
    ),
    Row::new(
        "121a",
        "two wtxidrelays before it",
        At::Greeted,
        || vec![Frame::empty("wtxidrelay").to_bytes(); 2],
        all(Stay),
    ),
    Row::new(
        "122",
        "a feature after the verack",
        At::Fresh,
        late_feature,
        all(Part),
    )
    .bringing(2)
    .with(features),
    Row::new(
        "122a",
        "a feature of a version that has none",
        At::Greeted,
        || one(feature(b"test", b"")),
        all(Part),
    )
    .with(features),
    Row::new(
        "123",
        "a feature before the version",
        At::Fresh,
        || one(feature(b"test", b"")),
        FORGIVEN,
    )
    .with(features),
    Row::new(
        "124",
        "a feature of three letters",
        At::Fresh,
        || featured(&feature(b"abc", b"")),
        all(Part),
    )
    .bringing(1)
    .with(features),
    Row::new(
        "124a",
        "a feature of 81 letters",
        At::Fresh,
        || featured(&feature(&[b'a'; 81], b"")),
        all(Part),
    )
    .bringing(1)
    .with(features),
    Row::new(
        "124b",
        "a feature with 513 bytes",
        At::Fresh,
        || featured(&feature(b"test", &[1; 513])),
        all(Part),
    )
    .bringing(1)
    .with(features),
    Row::new(
        "124c",
        "a feature with a byte behind it",
        At::Fresh,
        || featured(&Frame::new("feature", *b"\x04test\x00\xee")),
        all(Part),
    )
    .bringing(1)
    .with(features),
    Row::new(
        "124d",
        "a feature cut short",
        At::Fresh,
        || featured(&Frame::new("feature", *b"\x04te")),
        all(Part),
    )
    .bringing(1)
    .with(features),
    Row::new(
        "125",
        "a feature of four letters",
        At::Fresh,
        || featured(&feature(b"test", b"")),
        all(Deliver),
    )
    .bringing(1)
    .with(features),
    Row::new(
        "125a",
        "a feature of 80 letters with 512 bytes",
        At::Fresh,
        || featured(&feature(&[b'a'; 80], &[1; 512])),
        all(Deliver),
    )
    .bringing(1)
    .with(features),
];

fn early(name: &str) -> Frame {
    Frame::new(name, [0])
}

/// A `version` of that clock.
fn at(time: i64) -> Vec<Vec<u8>> {
    one(VersionPayload {
        time,
        ..VersionPayload::default()
    }
    .frame())
}

fn of(version: i32) -> Vec<Vec<u8>> {
    one(VersionPayload::of(version).frame())
}

/// A `version` of so many bytes.
fn cut(len: usize) -> Vec<Vec<u8>> {
    one(Frame::new(
        "version",
        &VersionPayload::default().to_bytes()[..len],
    ))
}

fn agent(len: usize) -> Vec<Vec<u8>> {
    one(VersionPayload {
        agent: vec![b'a'; len],
        ..VersionPayload::default()
    }
    .frame())
}

/// Version and salt.
fn reconcile(version: u8) -> Frame {
    Frame::new("sendtxrcncl", [version, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
}

/// BIP434: identifier and data, each behind its length.
fn feature(id: &[u8], data: &[u8]) -> Frame {
    let length = |bytes: &[u8]| crate::script::compact_size(bytes.len() as u64);
    Frame::new(
        "feature",
        [&length(id)[..], id, &length(data), data].concat(),
    )
}

/// Our side speaks a version with features.
fn features(config: &mut Config) {
    config.protocol_version = 70_017;
}

/// A remote whose version has features, and one of them.
fn featured(feature: &Frame) -> Vec<Vec<u8>> {
    vec![
        VersionPayload::of(70_017).frame().to_bytes(),
        feature.to_bytes(),
    ]
}

fn late_feature() -> Vec<Vec<u8>> {
    let mut pieces = of(70_017);
    pieces.push(Frame::empty("verack").to_bytes());
    pieces.push(feature(b"test", b"").to_bytes());
    pieces
}
