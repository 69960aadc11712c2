//! Compact blocks of Litecoin, with MWEB data and without, as litecoind makes them: see `mweb/README.md`.

use std::collections::HashMap;

use bytes::Bytes;
use peer_core::bip152::{self, CompleteError, PartialBlock};
use peer_core::message::{CmpctBlock, Message, MessageKind, TxEncoding};
use peer_core::network::Network;
use peer_core::wire::{BlockView, MwebCommitmentError, TxFormat, TxView};

use super::{codec, decode, file};

const NETWORK: &Network = &Network::LITECOIN_REGTEST;

/// Who asked, which version they had agreed on, and in which form the same block comes to them.
const PEERS: [(&str, u64, &str); 3] = [
    ("mweb", 3, "mweb-block"),
    ("segwit", 2, "witness-block"),
    ("old", 1, "block"),
];

const BLOCKS: [&str; 2] = ["full", "empty"];

/// Payloads by section.
fn recorded() -> HashMap<String, Bytes> {
    let text = String::from_utf8(file("mweb/messages.txt").into()).unwrap();
    let mut found = HashMap::new();
    for line in text.lines() {
        let columns: Vec<_> = line.split(" | ").collect();
        let [section, _, _, payload] = columns[..] else {
            panic!("{} columns", columns.len());
        };
        let digits = |at: usize| u8::from_str_radix(&payload[at..at + 2], 16).unwrap();
        let payload = match payload.strip_prefix("= ") {
            Some(before) => Bytes::clone(&found[before]),
            None => (0..payload.len()).step_by(2).map(digits).collect(),
        };
        found.insert(section.to_owned(), payload);
    }
    found
}

fn block(payload: &Bytes) -> BlockView {
    BlockView::from_bytes(payload.clone(), TxFormat::Litecoin).unwrap()
}

/// What a node has that knows MWEB: peg-ins have their MWEB data here, and do not in the block.
fn mempool(recorded: &HashMap<String, Bytes>) -> Vec<TxView> {
    let kinds = ["peg-out", "peg-in", "pure", "peg-in without witness"];
    kinds
        .iter()
        .map(|kind| recorded[&format!("to mweb: mweb-tx of {kind}")].clone())
        .map(|bytes| TxView::from_bytes(bytes, TxFormat::Litecoin).unwrap())
        .collect()
}

/// Salted with the same nonce it is the node's to the byte: short ids, what is prefilled, and the MWEB block.
#[test]
fn a_compact_block_is_the_one_that_the_node_makes() {
    let recorded = recorded();
    for kind in BLOCKS {
        let block = block(&recorded[&format!("to mweb: mweb-block {kind}")]);
        for (peer, version, _) in PEERS {
            let theirs = &recorded[&format!("to {peer}: cmpct-block {kind}")];
            let nonce = decode(theirs.clone(), NETWORK).nonce;
            let ours = bip152::compact(&block, nonce, version, []).unwrap();
            let encoding = bip152::encoding(version);
            let ours = Message::CmpctBlock(ours.into()).payload(&codec(NETWORK), encoding);
            assert_eq!(&ours.unwrap(), theirs, "{kind} to {peer}");
        }
    }
}

#[test]
fn a_block_comes_of_what_a_node_has() {
    let recorded = recorded();
    let mempool = mempool(&recorded);
    for kind in BLOCKS {
        for (peer, version, form) in PEERS {
            let compact = &recorded[&format!("to {peer}: cmpct-block {kind}")];
            let compact = decode(compact.clone(), NETWORK);
            let mut partial = PartialBlock::new(NETWORK, &compact, version).unwrap();
            let named = if kind == "full" { 2 } else { 0 };
            assert_eq!(partial.missing_count(), named, "{kind} to {peer}");
            partial.offer_all(&mempool);
            let expected = &recorded[&format!("to mweb: {form} {kind}")];
            let block = partial.assemble().unwrap();
            assert_eq!(block.bytes(), expected, "{kind} to {peer}");
        }
    }
}

/// The answer to `getblocktxn`, and what comes of it.
#[test]
fn a_block_comes_of_what_is_asked_for() {
    let recorded = recorded();
    let whole = block(&recorded["to mweb: mweb-block full"]);
    for (peer, version, form) in PEERS {
        let compact = recorded[&format!("to {peer}: cmpct-block full")].clone();
        let partial = PartialBlock::new(NETWORK, &decode(compact, NETWORK), version).unwrap();
        let answer = bip152::answer(&whole, &partial.request(), version).unwrap();
        assert_eq!(answer.transactions.len(), 2);
        let block = partial.complete(&answer).unwrap();
        assert_eq!(block.bytes(), &recorded[&format!("to mweb: {form} full")]);

        // The node's own answer to who asks for everything.
        let mut everything = partial.request();
        everything.indexes = peer_core::message::IndexList::from_indexes(0..4).unwrap();
        let ours = bip152::answer(&whole, &everything, version).unwrap();
        let encoding = bip152::encoding(version);
        let ours = Message::BlockTxn(ours.into()).payload(&codec(NETWORK), encoding);
        let theirs = &recorded[&format!("to {peer}: transactions of full")];
        assert_eq!(&ours.unwrap(), theirs, "{peer}");
    }
}

/// Another block's MWEB block in place of its own, or none: the HogEx tells.
#[test]
fn a_wrong_tail_makes_no_block() {
    let recorded = recorded();
    let compact = decode(recorded["to mweb: cmpct-block empty"].clone(), NETWORK);
    let other = block(&recorded["to mweb: mweb-block first"]);
    let outcome = |tail: &[u8]| {
        let compact = CmpctBlock {
            tail: Bytes::copy_from_slice(tail),
            ..compact.clone()
        };
        let partial = PartialBlock::new(NETWORK, &compact, 3).unwrap();
        partial.assemble().map(|block| block.block_hash())
    };
    assert_eq!(outcome(&compact.tail), Ok(compact.header.block_hash()));
    let mismatch = CompleteError::Mweb(MwebCommitmentError::Mismatch);
    assert_eq!(outcome(other.tail()), Err(mismatch));
    let missing = CompleteError::Mweb(MwebCommitmentError::Missing);
    assert_eq!(outcome(&[0]), Err(missing));
    assert!(matches!(outcome(&[]), Err(CompleteError::Layout(_))));
    assert!(matches!(outcome(&[2]), Err(CompleteError::Layout(_))));
}

/// A block from before MWEB has a zero for its MWEB block in version 3, and nothing in others.
#[test]
fn nothing_stands_for_no_block() {
    let recorded = recorded();
    let before = block(&recorded["to mweb: mweb-block before"]);
    for (_, version, _) in PEERS {
        let compact = bip152::compact(&before, 7, version, []).unwrap();
        let expected: &[u8] = if version == 3 { &[0] } else { &[] };
        assert_eq!(compact.tail, expected);
        let encoding = bip152::encoding(version);
        let payload = Message::CmpctBlock(compact.into()).payload(&codec(NETWORK), encoding);
        let payload = payload.unwrap();
        let again = Message::decode_as(MessageKind::CmpctBlock, payload.clone(), &codec(NETWORK));
        let again = again.unwrap().message;
        assert_eq!(
            again.payload(&codec(NETWORK), TxEncoding::Full).unwrap(),
            payload
        );
        let partial = PartialBlock::new(NETWORK, &decode(payload, NETWORK), version).unwrap();
        let block = partial.assemble().unwrap();
        let expected = before.to_bytes(if version == 1 {
            TxEncoding::Base
        } else {
            TxEncoding::Full
        });
        assert_eq!(block.bytes(), &expected);
    }
}
