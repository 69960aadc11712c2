//! Much of what is allowed: section 3.2 and 3.3. The connection goes on, and nobody else suffers.

use super::Must::{Part, Stay};
use super::{At, Row, TX, all};
use crate::script::{Frame, list, stream};

pub(super) const ROWS: &[Row] = &[
    Row::new("V14", "2,000 pings", At::Up, pings, all(Stay)),
    Row::new(
        "V13",
        "100 invs of 500 each",
        At::Up,
        inventories,
        all(Stay),
    ),
    Row::new(
        "V23",
        "50 addrs of 1,000 each",
        At::Up,
        addresses,
        all(Stay),
    ),
    Row::new(
        "V21",
        "20 headers of 2,000 each",
        At::Up,
        headers,
        all(Stay),
    ),
    Row::new("6c", "2,000 unknown messages", At::Up, unknown, all(Stay)),
    Row::new(
        "V11",
        "20 getdatas of 1,000 unknown things",
        At::Up,
        questions,
        all(Stay),
    ),
    Row::new(
        "16",
        "8 unknown messages of 4 MB",
        At::Up,
        || {
            let frame = Frame::new("junk", vec![7; 4_000_000]).to_bytes();
            vec![frame; 8]
        },
        all(Stay),
    ),
    Row::new(
        "4a",
        "40 wrong checksums",
        At::Up,
        || {
            let frame = Frame::new("getdata", [1, 2]).with_bad_checksum();
            vec![frame.to_bytes(); 40]
        },
        [Part, Stay, Part],
    )
    .of_v1(),
    Row::new(
        "4b",
        "40 messages that do not decode",
        At::Up,
        || vec![Frame::new("inv", [1]).to_bytes(); 40],
        [Part, Stay, Part],
    ),
];

fn pings() -> Vec<Vec<u8>> {
    let pings: Vec<Frame> = (1..=2_000).map(Frame::ping).collect();
    pings.chunks(100).map(stream).collect()
}

fn inventories() -> Vec<Vec<u8>> {
    let number = |number: u16| {
        let mut entry = TX;
        (entry[4], entry[5]) = (number as u8, (number >> 8) as u8);
        Frame::new("inv", list(500, &entry)).to_bytes()
    };
    (0..100).map(number).collect()
}

fn addresses() -> Vec<Vec<u8>> {
    let entry = [
        1, 2, 3, 0x65, 9, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 250, 1, 2,
        3, 0x48, 0x0c,
    ];
    vec![Frame::new("addr", list(1_000, &entry)).to_bytes(); 50]
}

fn headers() -> Vec<Vec<u8>> {
    vec![Frame::new("headers", list(2_000, &[0; 81])).to_bytes(); 20]
}

fn unknown() -> Vec<Vec<u8>> {
    let one = Frame::new("nobodys", [1; 10]).to_bytes();
    vec![one.repeat(100); 20]
}

fn questions() -> Vec<Vec<u8>> {
    vec![Frame::new("getdata", list(1_000, &TX)).to_bytes(); 20]
}
