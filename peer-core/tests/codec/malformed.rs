//! Malformed bytes that others published, each with the reaction it calls for.

use bytes::Bytes;
use peer_core::message::{CommandName, DecodeError, DecodeErrorKind, Message, MessageKind};
use peer_core::wire::Reader;

use crate::samples::{decode, json, mainnet, read, text, unhex};

/// Bytes before the payload of a v1 frame.
const FRAME_HEADER: usize = 24;

/// The rows of `kind`, as bytes and expectation.
fn rows(kind: &str) -> Vec<(Bytes, String)> {
    let rows: Vec<_> = json("malformed.json")
        .iter()
        .filter(|row| text(row, "kind").starts_with(kind))
        .map(|row| (unhex(text(row, "hex")), text(row, "expect").to_owned()))
        .collect();
    assert!(!rows.is_empty(), "{kind}");
    rows
}

#[test]
fn compact_sizes() {
    for (bytes, expect) in rows("compactsize") {
        let size = Reader::new(&bytes).compact_size("size");
        let accepted = expect.starts_with("accept") || expect.contains("accepted");
        assert_eq!(size.is_ok(), accepted, "{expect}");
        if expect.contains("non-canonical") {
            let kind = size.unwrap_err().kind;
            assert!(matches!(kind, DecodeErrorKind::NonCanonicalSize { .. }));
        }
    }
}

#[test]
fn features() {
    for (bytes, expect) in rows("feature") {
        let feature = decode(MessageKind::Feature, bytes);
        assert_eq!(feature.is_ok(), expect.starts_with("accept"), "{expect}");
    }
}

#[test]
fn getblocktxn_indexes() {
    for (bytes, expect) in rows("getblocktxn") {
        match decode(MessageKind::GetBlockTxn, bytes).map(|decoded| decoded.message) {
            Ok(Message::GetBlockTxn(request)) => {
                assert!(expect.contains("accept"), "{expect}");
                assert_eq!(request.indexes.iter().collect::<Vec<_>>(), [0xffff]);
            }
            Err(DecodeError { kind, .. }) => {
                assert!(expect.contains("reject"), "{expect}");
                assert_eq!(kind, DecodeErrorKind::InvalidValue { value: 0 });
            }
            Ok(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn sendcmpct_announces_or_not() {
    for (bytes, _) in rows("sendcmpct") {
        let error = decode(MessageKind::SendCmpct, bytes).unwrap_err();
        assert_eq!(error.field, "announce");
        assert_eq!(error.kind, DecodeErrorKind::InvalidValue { value: 2 });
    }
}

/// An empty filter is legal; dividing by its length is the reader's mistake to avoid (CVE-2013-5700).
#[test]
fn empty_filter() {
    for (bytes, _) in rows("filterload") {
        let decoded = decode(MessageKind::FilterLoad, bytes).unwrap();
        let Message::FilterLoad(load) = decoded.message else {
            panic!("{decoded:?}");
        };
        assert!(load.filter.is_empty());
        assert_eq!(load.hash_funcs, 1);
    }
}

/// A frame that made rust-bitcoin 0.31 ask for 576 petabytes.
#[test]
fn petabytes() {
    for (frame, _) in rows("v1 payload") {
        assert_eq!(frame[4..16], *b"merkleblock\0");
        let payload = frame.slice(FRAME_HEADER..);
        assert!(decode(MessageKind::MerkleBlock, payload).is_err());
    }
}

/// `mempool` has no payload; 59 bytes of it are reported (rust-bitcoin #6140).
#[test]
fn unread_bytes_are_reported() {
    for (bytes, _) in rows("v1 message") {
        let payload = bytes.slice(FRAME_HEADER..FRAME_HEADER + 59);
        let decoded = decode(MessageKind::MemPool, payload).unwrap();
        assert_eq!(decoded.trailing, 59);
    }
}

/// Counts far above what follows, from a fuzzing corpus.
#[test]
fn amplifiers() {
    for (name, kind) in [
        (
            "amplifiers/blocktxn-8f83bd9f.v1frame.bin",
            MessageKind::BlockTxn,
        ),
        (
            "amplifiers/blocktxn-bf2f624a.v1frame.bin",
            MessageKind::BlockTxn,
        ),
        (
            "amplifiers/blocktxn-c25daa8e.v1frame.bin",
            MessageKind::BlockTxn,
        ),
        (
            "amplifiers/headers-e6290567.v1frame.bin",
            MessageKind::Headers,
        ),
    ] {
        let frame = read(name);
        assert!(frame[4..].starts_with(kind.command().as_str().as_bytes()));
        assert!(decode(kind, frame.slice(FRAME_HEADER..)).is_err(), "{name}");
    }
}

/// Core's functional test of `addrv2`: what it drops is an error, what it keeps is not.
#[test]
fn addrv2() {
    for row in json("addrv2.json") {
        let expect = text(&row, "expect");
        let decoded = decode(MessageKind::AddrV2, unhex(text(&row, "hex")));
        if expect.starts_with("decode error") {
            let error = decoded.unwrap_err();
            assert!(!error.is_limit(), "{expect}");
            continue;
        }
        let Message::AddrV2(list) = decoded.unwrap().message else {
            panic!("{expect}");
        };
        let kept: Vec<_> = list
            .iter()
            .map(|entry| entry.net_addr().to_string())
            .collect();
        match list.len() {
            0 => assert!(kept.is_empty()),
            _ => assert_eq!(kept, ["9.9.9.9:8333"]),
        }
    }
}

/// Only the start of these messages is printed where they were published; what is there ends too early.
#[test]
fn beginnings() {
    let rows = json("published.json");
    let beginnings: Vec<_> = rows.iter().filter(|row| row["complete"] == false).collect();
    assert_eq!(beginnings.len(), 2);
    for row in beginnings {
        let command = CommandName::new(text(row, "command")).unwrap();
        let payload = unhex(text(row, "payload_hex"));
        let error = Message::decode(&command, payload, &mainnet()).unwrap_err();
        assert!(matches!(error.kind, DecodeErrorKind::UnexpectedEnd { .. }));
    }
}
