//! What changes with the network and the version of the connection, and what is not sent for its value.

use bytes::Bytes;
use peer_core::message::*;
use peer_core::network::{InvNumbering, Network};
use peer_core::wire::{
    AddrEntry, AddrList, Address, BlockHeader, Hash, NetAddr, ServiceFlags, TxFormat,
};

use crate::samples::{LIMITS, decode, mainnet, sample};

fn at(version: u32) -> Codec<'static> {
    Codec::new(&Network::MAINNET, version, &LIMITS)
}

fn refused(message: &Message, codec: &Codec<'_>) -> EncodeErrorKind {
    let error = message.payload(codec, TxEncoding::Full).unwrap_err();
    assert_eq!(error.command, message.command());
    error.kind
}

fn sent(message: &Message, codec: &Codec<'_>) -> Bytes {
    message.payload(codec, TxEncoding::Full).unwrap()
}

/// A network that differs from Bitcoin where NavCoin does.
fn navcoin_like() -> Network {
    let mut network = Network::MAINNET;
    network.inv_numbering = InvNumbering::NavCoin;
    network.header_entry_len = 82;
    network
}

/// An entry of `headers` is as long as the network says; two bytes after the header are not the next header.
#[test]
fn header_entries() {
    let network = navcoin_like();
    let codec = Codec::new(&network, 70_016, &LIMITS);
    let header = |byte| BlockHeader::from_bytes(&[byte; 80]);
    let headers = [header(1), header(2)];
    let message = Message::Headers(Headers::new(&network, headers));
    let payload = sent(&message, &codec);
    assert_eq!(payload.len(), 1 + 2 * 82);
    assert_eq!(payload[81..83], [0, 0]);
    let decoded = Message::decode_as(MessageKind::Headers, payload.clone(), &codec).unwrap();
    let Message::Headers(list) = decoded.message else {
        panic!("{decoded:?}");
    };
    assert_eq!(list.iter().collect::<Vec<_>>(), headers);
    assert_eq!(
        list.iter().rev().collect::<Vec<_>>(),
        [headers[1], headers[0]]
    );
    assert!(decode(MessageKind::Headers, payload).is_err());
    let other = EncodeErrorKind::OtherLayout { field: "headers" };
    assert_eq!(refused(&message, &mainnet()), other);
}

/// Number 5 is a transaction here and something else there. A list is not sent where its numbers lie.
#[test]
fn inventory_numbers() {
    let network = navcoin_like();
    let codec = Codec::new(&network, 70_016, &LIMITS);
    let item = |kind| InvVect::new(kind, Hash::ALL_ZERO);
    let wtx = Inventory::new(&Network::MAINNET, [item(InvKind::Wtx)]).unwrap();
    let payload = sent(&Message::Inv(wtx.clone()), &mainnet());
    assert_eq!(payload[..5], [1, 5, 0, 0, 0]);
    let decoded = Message::decode_as(MessageKind::Inv, payload, &codec).unwrap();
    let Message::Inv(there) = &decoded.message else {
        panic!("{decoded:?}");
    };
    assert_eq!(there.get(0), Some(item(InvKind::DandelionAggSession)));
    let other = EncodeErrorKind::OtherLayout { field: "inventory" };
    assert_eq!(refused(&decoded.message, &mainnet()), other);
    assert_eq!(refused(&Message::Inv(wtx), &codec), other);
    let error = Inventory::new(&network, [item(InvKind::Wtx)]).unwrap_err();
    assert_eq!(error.kind, InvKind::Wtx);
}

/// BIP31: a nonce above version 60000 and none up to it.
#[test]
fn ping_has_a_nonce_from_60001_on() {
    let new = Message::Ping(Ping::new(1));
    let old = Message::Ping(Ping { nonce: None });
    assert_eq!(sent(&old, &at(60_000)).len(), 0);
    assert_eq!(sent(&new, &at(60_001)).len(), 8);
    let too_low = EncodeErrorKind::VersionTooLow {
        required: 60_001,
        negotiated: 60_000,
    };
    assert_eq!(refused(&new, &at(60_000)), too_low);
    assert_eq!(
        refused(&Message::Pong(Pong { nonce: 1 }), &at(60_000)),
        too_low
    );
    let missing = EncodeErrorKind::InvalidValue { field: "nonce" };
    assert_eq!(refused(&old, &at(60_001)), missing);
    let payload = Bytes::from_static(&[1; 8]);
    let decoded = Message::decode_as(MessageKind::Ping, payload, &at(60_000)).unwrap();
    assert_eq!(decoded.message, old);
    assert_eq!(decoded.trailing, 8);
}

/// Entries of `addr` have a time from version 31402 on, and there is one entry below 209.
#[test]
fn addresses() {
    let entry = AddrEntry {
        time: 1,
        services: ServiceFlags::NETWORK,
        address: Address::Ipv4([192, 0, 2, 51]),
        port: 8333,
    };
    let list = |count, timed| {
        let list = AddrList::from_entries(vec![entry; count], timed);
        Message::Addr(list.unwrap())
    };
    assert_eq!(sent(&list(2, true), &at(31_402)).len(), 1 + 2 * 30);
    assert_eq!(sent(&list(2, false), &at(31_401)).len(), 1 + 2 * 26);
    assert_eq!(sent(&list(1, false), &at(208)).len(), 1 + 26);
    let other = EncodeErrorKind::OtherLayout { field: "addresses" };
    assert_eq!(refused(&list(1, true), &at(31_401)), other);
    assert_eq!(refused(&list(1, false), &at(31_402)), other);
    let too_low = EncodeErrorKind::VersionTooLow {
        required: 209,
        negotiated: 208,
    };
    assert_eq!(refused(&list(2, false), &at(208)), too_low);
    for (timed, version) in [(true, 31_402), (false, 31_401)] {
        let payload = sent(&list(2, timed), &at(version));
        let decoded = Message::decode_as(MessageKind::Addr, payload, &at(version)).unwrap();
        assert_eq!(decoded.message, list(2, timed));
    }
}

/// Each message with a version of its own is sent from that version on. It is decoded in any, as Core does.
#[test]
fn messages_begin_with_a_version() {
    for (name, first) in [
        ("devdocs-headers", 31_800),
        ("rust-bitcoin-full-serialize_mempool", 60_002),
        ("devdocs-merkleblock", 70_001),
        ("devdocs-filterload", 70_001),
        ("devdocs-reject", 70_002),
        ("devdocs-feefilter", 70_013),
        ("rust-bitcoin-cmpctblock", 70_014),
    ] {
        let sample = sample(name);
        assert_eq!(sent(&sample.message(), &at(first)), sample.payload);
        let too_low = EncodeErrorKind::VersionTooLow {
            required: first,
            negotiated: first - 1,
        };
        assert_eq!(refused(&sample.message(), &at(first - 1)), too_low);
        let decoded = Message::decode_as(sample.kind, sample.payload.clone(), &at(0));
        assert_eq!(decoded.unwrap().message, sample.message());
    }
}

#[test]
fn values_that_are_not_sent() {
    let invalid = |field| EncodeErrorKind::InvalidValue { field };
    let negative = Message::FeeFilter(FeeFilter { fee_rate: -1 });
    assert_eq!(refused(&negative, &mainnet()), invalid("fee rate"));
    let zero = Message::FeeFilter(FeeFilter { fee_rate: 0 });
    assert_eq!(sent(&zero, &mainnet())[..], [0; 8]);
    let version_0 = SendTxRcncl {
        version: 0,
        salt: 0,
    };
    let version_0 = Message::SendTxRcncl(version_0);
    assert_eq!(refused(&version_0, &mainnet()), invalid("version"));
    for id in ["abc", "abc\n", "abc\x7f", "abcé"] {
        let feature = Message::Feature(Box::new(Feature {
            id: Text::from(id),
            data: Bytes::new(),
        }));
        assert_eq!(refused(&feature, &mainnet()), invalid("feature id"));
    }
}

#[test]
fn money_range() {
    let is_valid = |fee_rate| FeeFilter { fee_rate }.is_in_money_range();
    assert!(is_valid(0) && is_valid(2_100_000_000_000_000));
    assert!(!is_valid(-1) && !is_valid(2_100_000_000_000_001));
}

/// An address that the legacy form cannot hold is sent as none.
#[test]
fn version_to_an_onion_service() {
    let mut version = VersionMessage::new(70_016, ServiceFlags::NONE, 0, 0);
    version.receiver = NetAddr {
        services: ServiceFlags::NETWORK,
        address: Address::TorV3([7; 32]),
        port: 8333,
    };
    let payload = sent(&Message::Version(Box::new(version)), &mainnet());
    assert_eq!(payload[20..28], [1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(payload[28..46], [0; 18]);
}

/// Positions in a block rise, and none comes twice.
#[test]
fn positions_rise() {
    let indexes = |list: &[u16]| IndexList::from_indexes(list.iter().copied());
    assert_eq!(
        indexes(&[0, 1, 0xffff]).unwrap().as_encoded()[..],
        [3, 0, 0, 0xfd, 0xfd, 0xff]
    );
    assert_eq!(indexes(&[3, 3]), Err(InvalidIndexes { index: 3 }));
    assert_eq!(indexes(&[3, 2]), Err(InvalidIndexes { index: 2 }));
    let Message::Tx(transaction) = sample("rust-bitcoin-tx").message() else {
        panic!("not a transaction");
    };
    let prefilled = |list: &[u16]| {
        let prefilled = list.iter().map(|index| PrefilledTx {
            index: *index,
            transaction: transaction.clone(),
        });
        PrefilledList::new(TxFormat::Bitcoin, &prefilled.collect::<Vec<_>>())
    };
    let list = prefilled(&[0, 4, 9]).unwrap();
    let indexes: Vec<_> = list.iter().map(|prefilled| prefilled.index).collect();
    assert_eq!(indexes, [0, 4, 9]);
    assert_eq!(prefilled(&[0, 4, 4]), Err(InvalidIndexes { index: 4 }));
}

/// A list that was never filled is empty on the wire too.
#[test]
fn empty_lists() {
    let inventory = Inventory::default();
    assert!(inventory.is_empty());
    assert_eq!(sent(&Message::Inv(inventory), &mainnet())[..], [0]);
    assert!(IndexList::default().is_empty());
    assert!(Headers::new(&Network::MAINNET, []).is_empty());
    assert!(TxList::new(TxFormat::Bitcoin, []).is_empty());
    assert!(
        PrefilledList::new(TxFormat::Bitcoin, [])
            .unwrap()
            .is_empty()
    );
    assert!(
        !Inventory::new(
            &Network::MAINNET,
            [InvVect::new(InvKind::Tx, Hash::ALL_ZERO)]
        )
        .unwrap()
        .is_empty()
    );
}

#[test]
fn reject_codes_have_names() {
    let names: Vec<_> = [0x01, 0x10, 0x11, 0x12, 0x40, 0x41, 0x42, 0x43, 0x44]
        .map(|code| RejectCode(code).to_string())
        .into();
    let expected =
        "malformed invalid obsolete duplicate nonstandard dust insufficientfee checkpoint 0x44";
    assert_eq!(names.join(" "), expected);
}

/// The highest position is 65,535; after it comes none.
#[test]
fn positions_end() {
    let transaction = sample("rust-bitcoin-tx").payload;
    let block = |indexes: &[&[u8]]| {
        let mut payload = vec![0; 80 + 8];
        payload.extend_from_slice(&[0, indexes.len() as u8]);
        for index in indexes {
            payload.extend_from_slice(index);
            payload.extend_from_slice(&transaction);
        }
        decode(MessageKind::CmpctBlock, payload)
    };
    assert!(block(&[&[0xfd, 0xff, 0xff]]).is_ok());
    assert!(block(&[&[0xfd, 0xfe, 0xff], &[0]]).is_ok());
    let error = block(&[&[0xfd, 0xff, 0xff], &[0]]).unwrap_err();
    assert_eq!(error.field, "prefilled index");
    assert_eq!(error.kind, DecodeErrorKind::InvalidValue { value: 0 });
}
