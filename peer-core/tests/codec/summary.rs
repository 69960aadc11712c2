//! Summaries: one printable line of bounded length for every message, whoever made it, and what some of them say.

use std::collections::BTreeSet;

use bytes::Bytes;
use peer_core::message::{Message, MessageKind};

use crate::samples::{decode, samples};

fn summary(kind: MessageKind, payload: impl Into<Bytes>) -> String {
    decode(kind, payload).unwrap().message.summary().to_string()
}

fn assert_one_line(text: &str) {
    assert!(text.len() <= 200, "{text}");
    assert!(
        text.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        "{text:?}"
    );
}

#[test]
fn every_message_has_one_line() {
    let mut kinds = BTreeSet::new();
    for sample in samples() {
        let text = sample.message().summary().to_string();
        assert_one_line(&text);
        let name = sample.kind.command();
        let details = text.strip_prefix(name.as_str()).unwrap();
        // What has a payload has something to say about it.
        let is_old_ping = text == "ping: no nonce";
        let has_details = !sample.payload.is_empty() || is_old_ping;
        assert_eq!(!details.is_empty(), has_details, "{text}");
        assert!(details.is_empty() || details.starts_with(": "), "{text}");
        kinds.insert(sample.kind);
    }
    for kind in MessageKind::ALL {
        assert!(kinds.contains(kind), "{kind}");
    }
    assert_eq!(
        summary(MessageKind::Alert, vec![2, 0, 0, 1, 9]),
        "alert: 2 bytes"
    );
}

#[test]
fn what_they_say() {
    let hash = |byte: &str| byte.repeat(32);
    let locator = |stop: u8| {
        [
            &[0x80, 0x11, 1, 0, 2][..],
            &[0xaa; 32],
            &[0xbb; 32],
            &[stop; 32],
        ]
        .concat()
    };
    assert_eq!(
        summary(MessageKind::GetHeaders, locator(0xcc)),
        format!(
            "getheaders: 2 hashes, first {}, stop {}",
            hash("aa"),
            hash("cc")
        )
    );
    assert_eq!(
        summary(MessageKind::GetBlocks, locator(0)),
        format!("getblocks: 2 hashes, first {}, no stop", hash("aa"))
    );
    // Mainnet's genesis header, whose hash everyone knows.
    let mut genesis = vec![1, 0, 0, 0];
    genesis.extend([0; 32]);
    genesis.extend(crate::samples::unhex(
        "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c",
    ));
    let name = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
    let headers = [&[1][..], &genesis, &[0]].concat();
    assert_eq!(
        summary(MessageKind::Headers, headers),
        format!("headers: 1, first {name}")
    );
    assert_eq!(summary(MessageKind::Headers, vec![0]), "headers: 0");
    let block = [&genesis[..], &[0]].concat();
    assert_eq!(
        summary(MessageKind::Block, block),
        format!("block: {name}, 0 transactions, 81 bytes")
    );
    let fee = 1_000_i64.to_le_bytes();
    assert_eq!(
        summary(MessageKind::FeeFilter, fee.to_vec()),
        "feefilter: 1000 sat/kvB"
    );
    let compact = [&[1][..], &2_u64.to_le_bytes()].concat();
    assert_eq!(
        summary(MessageKind::SendCmpct, compact),
        "sendcmpct: version 2, high bandwidth"
    );
    let two = [&[0xab; 32][..], &[2, 0, 0]].concat();
    assert_eq!(
        summary(MessageKind::GetBlockTxn, two),
        format!("getblocktxn: 2 transactions of {}", hash("ab"))
    );
    let range = [&[0][..], &5_u32.to_le_bytes(), &[0xdd; 32]].concat();
    assert_eq!(
        summary(MessageKind::GetCFilters, range),
        format!("getcfilters: type 0, from height 5 to {}", hash("dd"))
    );
    // BIP155: time, services, network 1 (IPv4), 127.0.0.1, port in big endian.
    let addr = vec![1, 0, 0, 0, 0, 9, 1, 4, 127, 0, 0, 1, 0x20, 0x8d];
    assert_eq!(
        summary(MessageKind::AddrV2, addr),
        "addrv2: 1 address, first 127.0.0.1 port 8333"
    );
    assert_eq!(summary(MessageKind::Addr, vec![0]), "addr: 0 addresses");
    let reject = b"\x02tx\x10\x03bad".to_vec();
    assert_eq!(
        summary(MessageKind::Reject, reject),
        "reject: invalid, tx, bad"
    );
    assert_eq!(summary(MessageKind::Inv, vec![0]), "inv: 0 items");
}

#[test]
fn the_longest_are_cut() {
    // Eight kinds, a thousand of each and more, and two hashes.
    let numbers = [1_u32, 2, 3, 4, 5, 0x4000_0001, 0x4000_0002, 99];
    let mut inv = vec![0xfd, 0x40, 0x9c];
    for number in numbers.iter().cycle().take(40_000) {
        inv.extend(number.to_le_bytes());
        inv.extend([0xab; 32]);
    }
    let text = summary(MessageKind::Inv, inv);
    assert_one_line(&text);
    let start = "inv: 40000 items, 5000 block, 5000 witness block, 5000 compact block, 5000 filtered block, \
                 5000 tx, 5000 wtx, 5000 witness tx, 5000 other, first abab";
    assert!(text.starts_with(start) && text.ends_with("..."), "{text}");
}

#[test]
fn names_that_look_like_summaries_are_quoted() {
    let message = Message::Unknown {
        command: "inv: \"1\" \\n".parse().unwrap(),
        payload: Bytes::from_static(&[0; 7]),
    };
    assert_eq!(
        message.summary().to_string(),
        r#"unknown "inv: \"1\" \\n", 7 bytes"#
    );
}
