use alloc::vec::Vec;
use core::mem::size_of;

use bytes::Bytes;

use super::*;
use crate::network::{Gates, Network};

#[test]
fn messages_and_errors_are_small() {
    assert!(size_of::<Message>() <= 56, "{}", size_of::<Message>());
    assert!(
        size_of::<DecodeError>() <= 40,
        "{}",
        size_of::<DecodeError>()
    );
    assert!(size_of::<MessageKind>() == 1);
}

#[test]
fn names_are_unique_and_find_their_message() {
    for kind in MessageKind::ALL {
        assert_eq!(MessageKind::from_command(&kind.command()), Some(*kind));
    }
    let unknown = CommandName::new("sendpackages").unwrap();
    assert_eq!(MessageKind::from_command(&unknown), None);
}

/// The table of BIP324 and, for 37, of BIP434.
#[test]
fn short_ids() {
    let table = [
        "addr",
        "block",
        "blocktxn",
        "cmpctblock",
        "feefilter",
        "filteradd",
        "filterclear",
        "filterload",
        "getblocks",
        "getblocktxn",
        "getdata",
        "getheaders",
        "headers",
        "inv",
        "mempool",
        "merkleblock",
        "notfound",
        "ping",
        "pong",
        "sendcmpct",
        "tx",
        "getcfilters",
        "cfilter",
        "getcfheaders",
        "cfheaders",
        "getcfcheckpt",
        "cfcheckpt",
        "addrv2",
    ];
    let mut expected: Vec<(u8, &str)> = (1..).zip(table).collect();
    expected.push((37, "feature"));
    for id in 0..=u8::MAX {
        let name = expected.iter().find(|(known, _)| *known == id);
        let name = name.map(|(_, name)| CommandName::new(name).unwrap());
        let kind = MessageKind::from_short_id(id);
        assert_eq!(kind.map(MessageKind::command), name);
        assert_eq!(kind.and_then(MessageKind::short_id), kind.map(|_| id));
    }
}

/// Largest payloads as btcd computes them, where its rule is the exact one.
#[test]
fn largest_payloads() {
    let limits = MessageLimits::btcd();
    let codec = Codec::new(&Network::MAINNET, 70_016, &limits);
    let largest = |kind: MessageKind| kind.max_payload(&codec);
    assert_eq!(largest(MessageKind::Verack), 0);
    assert_eq!(largest(MessageKind::Ping), 8);
    assert_eq!(largest(MessageKind::FilterLoad), 36_012);
    assert_eq!(largest(MessageKind::CFilter), 262_182);
    assert_eq!(largest(MessageKind::CFCheckpt), 3_200_038);
    assert_eq!(largest(MessageKind::AddrV2), 531_003);
    assert_eq!(largest(MessageKind::Block), 4_000_000);
    // btcd counts nine bytes for every compact size.
    assert_eq!(largest(MessageKind::Inv), 1_800_009 - 6);
    assert_eq!(largest(MessageKind::GetHeaders), 16_045 - 6);
    assert_eq!(largest(MessageKind::Headers), 162_009 - 6);
    assert_eq!(largest(MessageKind::Addr), 30_009 - 6);
    assert_eq!(largest(MessageKind::CFHeaders), 64_074 - 6);
    // Messages that btcd does not have.
    assert_eq!(largest(MessageKind::Feature), 81 + 515);
    assert_eq!(largest(MessageKind::Alert), 4_099 + 4_099);
    assert_eq!(largest(MessageKind::GetBlockTxn), 32 + 3 + 3 * 65_535);
    assert_eq!(largest(MessageKind::Reject), 13 + 1 + 515 + 32);
    // The frame limit is above all.
    assert_eq!(largest(MessageKind::MerkleBlock), 4_000_000);
    let codec = Codec::new(&Network::LITECOIN, 70_016, &limits);
    let merkle_block = 84 + (5 + 32 * 400_001) + (3 + 50_000);
    assert_eq!(MessageKind::MerkleBlock.max_payload(&codec), merkle_block);
}

#[test]
fn largest_payloads_of_any_limits() {
    let mut limits = MessageLimits::DEFAULT;
    limits.inv = usize::MAX;
    limits.alert = usize::MAX;
    limits.merkle_hashes = usize::MAX / 32;
    let codec = Codec::new(&Network::MAINNET, 70_016, &limits);
    for kind in MessageKind::ALL {
        assert!(kind.max_payload(&codec) <= 4_000_000);
    }
    assert_eq!(MessageKind::Inv.max_payload(&codec), 4_000_000);
}

/// What comes in the handshake and nowhere else, and what may come on both sides of its end.
#[test]
fn phases() {
    let of = |phase: Phase| {
        let kinds = MessageKind::ALL.iter().filter(|kind| kind.phase() == phase);
        kinds.copied().collect::<Vec<_>>()
    };
    assert_eq!(of(Phase::Opening), [MessageKind::Version]);
    assert_eq!(
        of(Phase::Negotiation),
        [
            MessageKind::Verack,
            MessageKind::SendAddrV2,
            MessageKind::WtxidRelay,
            MessageKind::SendTxRcncl,
            MessageKind::Feature,
        ]
    );
    assert_eq!(
        of(Phase::Opened),
        [
            MessageKind::SendHeaders,
            MessageKind::SendCmpct,
            MessageKind::Alert,
            MessageKind::Reject,
        ]
    );
}

#[test]
fn versions() {
    let since = |kind: MessageKind| kind.min_version(&Gates::BITCOIN);
    assert_eq!(since(MessageKind::Version), 0);
    assert_eq!(since(MessageKind::Pong), 60_001);
    // BIP35, BIP37, BIP61, BIP130, BIP133, BIP152, BIP339, BIP434.
    assert_eq!(since(MessageKind::MemPool), 60_002);
    assert_eq!(since(MessageKind::FilterLoad), 70_001);
    assert_eq!(since(MessageKind::Reject), 70_002);
    assert_eq!(since(MessageKind::SendHeaders), 70_012);
    assert_eq!(since(MessageKind::FeeFilter), 70_013);
    assert_eq!(since(MessageKind::SendCmpct), 70_014);
    assert_eq!(since(MessageKind::WtxidRelay), 70_016);
    assert_eq!(since(MessageKind::Feature), 70_017);
    assert_eq!(MessageKind::Feature.min_version(&Gates::LITECOIN), u32::MAX);
}

#[test]
fn unknown_messages_pass_both_ways() {
    let limits = MessageLimits::DEFAULT;
    let codec = Codec::new(&Network::REGTEST, 0, &limits);
    let command = CommandName::new("sendpackages").unwrap();
    let payload = Bytes::from_static(&[1, 2, 3]);
    let decoded = Message::decode(&command, payload.clone(), &codec).unwrap();
    assert_eq!(decoded.trailing, 0);
    assert_eq!(decoded.message.command(), command);
    assert_eq!(decoded.message.kind(), None);
    let sent = decoded.message.payload(&codec, TxEncoding::Full).unwrap();
    assert_eq!(sent, payload);
    assert_eq!(sent.as_ptr(), payload.as_ptr());
}

/// Nothing that the peer's version does not know is sent; `out` is left alone.
#[test]
fn sending_is_gated() {
    let limits = MessageLimits::DEFAULT;
    let codec = Codec::new(&Network::LITECOIN, 70_017, &limits);
    let feature = Message::Feature(alloc::boxed::Box::new(Feature {
        id: Text::from("test"),
        data: Bytes::new(),
    }));
    let mut out = Vec::from([7]);
    let error = feature.encode_into(&codec, TxEncoding::Full, &mut out);
    assert_eq!(
        error,
        Err(EncodeError {
            command: MessageKind::Feature.command(),
            kind: EncodeErrorKind::NotOnNetwork
        })
    );
    assert_eq!(out, [7]);
}

#[test]
fn a_payload_fits_the_frame() {
    let limits = MessageLimits::DEFAULT;
    let codec = Codec::new(&Network::MAINNET, 70_016, &limits);
    let unknown = |len: usize| Message::Unknown {
        command: CommandName::new("x").unwrap(),
        payload: Bytes::from(alloc::vec![0; len]),
    };
    assert!(unknown(4_000_000).payload(&codec, TxEncoding::Full).is_ok());
    let above = unknown(4_000_001);
    let error = above.payload(&codec, TxEncoding::Full).unwrap_err();
    assert_eq!(
        error.kind,
        EncodeErrorKind::SizeAboveLimit {
            field: "payload",
            size: 4_000_001,
            limit: 4_000_000
        }
    );
    let mut out = Vec::from([7]);
    assert_eq!(
        above.encode_into(&codec, TxEncoding::Full, &mut out),
        Err(error)
    );
    assert_eq!(out, [7]);
}
