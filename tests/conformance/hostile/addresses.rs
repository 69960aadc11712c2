//! Addresses and filters: rows 8 to 10, and of sections 2.6 and 2.7.

use peer_core::message::MessageKind;
use peer_core::{Link, Purpose, Violation};
use peer_tests::script::{Frame, list};

use super::{Must, check, row};
use crate::support::{ADDR_ENTRY, ADDRV2_ENTRY, command};
use Must::{Deliver, Drop, End};

/// An `addrv2` entry of this network and this many bytes of address (below 253, or 513).
fn entry(network: u8, length: usize) -> Vec<u8> {
    let claimed = peer_tests::script::compact_size(length as u64);
    let (head, tail) = (&ADDRV2_ENTRY[..5], &ADDRV2_ENTRY[11..]);
    [head, &[network], &claimed, &vec![7; length], tail].concat()
}

#[test]
fn addresses_under_every_preset() {
    let empty = |name| {
        End(Violation::Empty {
            command: command(name),
        }
        .into())
    };
    let addrv2 = |payload| [Frame::new("addrv2", payload)];
    let addr = |count| [Frame::new("addr", list(count, &ADDR_ENTRY))];
    let strange = [&[2][..], &entry(99, 4), &ADDRV2_ENTRY].concat();
    let block_relay = Link::outbound().with_purpose(Purpose::BlockRelayOnly);
    let mut rows = vec![
        row(8, "no entries", addrv2(vec![0]), Deliver(1)).btcd(empty("addrv2")),
        row(9, "513 bytes", addrv2(list(1, &entry(99, 513))), Drop)
            .btcd(Must::Malformed(MessageKind::AddrV2)),
        row(10, "a strange network", addrv2(strange), Deliver(1)),
        row(62, "ten addresses", addr(10), Deliver(1)),
        row(63, "the first of an outbound peer", addr(1), Deliver(1)).over(Link::outbound()),
        row(64, "addr to who relays blocks", addr(10), Drop).over(block_relay),
        row(
            64,
            "addrv2 to who relays blocks",
            addrv2(list(3, &ADDRV2_ENTRY)),
            Drop,
        )
        .over(block_relay),
    ];
    for link in [Link::inbound(), Link::outbound()] {
        let twice = [Frame::empty("getaddr"), Frame::empty("getaddr")];
        rows.push(row(67, "asked twice", twice, Deliver(2)).over(link));
    }
    check(&rows);
}

#[test]
fn filters_under_every_preset() {
    let fee = |rate: i64| Frame::new("feefilter", rate.to_le_bytes());
    let load = Frame::new("filterload", [0; 10]);
    let add = Frame::new("filteradd", [3, 1, 2, 3]);
    // BIP157: filter type, start height, stop hash.
    let range = |name, filter_type: u8, start: u32| {
        let payload = [&[filter_type][..], &start.to_le_bytes(), &[9; 32]].concat();
        [Frame::new(name, payload)]
    };
    check(&[
        row(76, "a filter, and none", [fee(1_000), fee(0)], Deliver(2)),
        row(
            76,
            "a filter below nothing",
            [fee(-1), fee(i64::MAX)],
            Deliver(2),
        ),
        row(79, "an empty filter", [load, add], Deliver(2)),
        row(
            85,
            "any heights",
            range("getcfilters", 0, u32::MAX),
            Deliver(1),
        ),
        row(
            85,
            "any heights",
            range("getcfheaders", 0, u32::MAX),
            Deliver(1),
        ),
        row(85, "another type", range("getcfilters", 99, 0), Deliver(1)),
        row(85, "another type", range("getcfheaders", 99, 0), Deliver(1)),
        row(
            145,
            "the whole mempool",
            [Frame::empty("mempool")],
            Deliver(1),
        ),
    ]);
}
