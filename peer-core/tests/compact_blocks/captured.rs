//! Compact blocks that bcoin and litecoind made, against the blocks that they are of.

use peer_core::bip152::{self, ShortIds};
use peer_core::message::{Message, TxEncoding};
use peer_core::network::Network;

use super::{V1, V2, block, codec, decode, file, start, transactions};
use crate::{Bytes, CmpctBlock};
use peer_core::wire::BlockView;

/// A captured `cmpctblock` payload and its block. No transaction of either has a witness, so that version 1 and 2 are
/// the same.
fn pairs() -> [(Bytes, BlockView); 2] {
    ["426884", "898352"].map(|height| {
        let payload = file(&format!("messages/compact{height}.raw"));
        (payload, block(&format!("bcoin-block{height}.raw")))
    })
}

fn compact_blocks() -> impl Iterator<Item = (CmpctBlock, BlockView, u64)> {
    pairs().into_iter().flat_map(|(payload, block)| {
        let compact = decode(payload, &Network::MAINNET);
        [V1, V2].map(|version| (compact.clone(), block.clone(), version))
    })
}

#[test]
fn short_ids_are_those_that_others_computed() {
    let mut compared = 0;
    for (compact, block, version) in compact_blocks() {
        let ids = ShortIds::new(&compact.header, compact.nonce, version);
        let ours: Vec<_> = block
            .transactions()
            .skip(1)
            .map(|tx| ids.of_tx(&tx))
            .collect();
        let theirs: Vec<_> = compact.short_ids.iter().collect();
        assert_eq!(ours, theirs);
        compared += ours.len();
    }
    assert_eq!(compared, 2 * (408 + 9));
}

#[test]
fn compact_blocks_are_made_as_others_made_them() {
    for (payload, block) in pairs() {
        let nonce = decode(payload.clone(), &Network::MAINNET).nonce;
        for version in [V1, V2] {
            let ours = bip152::compact(&block, nonce, version, []).unwrap();
            let ours = Message::CmpctBlock(ours.into());
            let ours = ours.payload(&codec(&Network::MAINNET), TxEncoding::Witness);
            assert_eq!(ours.unwrap(), payload);
        }
    }
}

#[test]
fn with_all_transactions_nothing_is_asked_for() {
    for (compact, block, version) in compact_blocks() {
        let mut partial = start(&compact, version);
        assert_eq!(partial.block_hash(), block.block_hash());
        assert_eq!(partial.tx_count(), block.tx_count() as usize);
        // A pool is in no order.
        let mut pool = transactions(&block);
        pool.reverse();
        partial.offer_all(&pool);
        assert_eq!(partial.missing_count(), 0);
        assert!(partial.missing().is_empty());
        assert_eq!(partial.assemble().unwrap().bytes(), block.bytes());
    }
}

#[test]
fn with_some_transactions_the_others_are_asked_for() {
    for (compact, block, version) in compact_blocks() {
        let mut partial = start(&compact, version);
        let pool: Vec<_> = block.transactions().step_by(3).collect();
        partial.offer_all(&pool);
        let question = partial.request();
        assert_eq!(question.block_hash, block.block_hash());
        let count = u16::try_from(block.tx_count()).unwrap();
        let expected: Vec<_> = (0..count).filter(|index| index % 3 != 0).collect();
        assert_eq!(question.indexes.iter().collect::<Vec<_>>(), expected);
        assert_eq!(partial.missing_count(), expected.len());
        let answer = bip152::answer(&block, &question, version).unwrap();
        assert_eq!(answer.transactions.len(), expected.len());
        assert_eq!(partial.complete(&answer).unwrap().bytes(), block.bytes());
    }
}

#[test]
fn with_no_transactions_all_but_the_coinbase_are_asked_for() {
    for (compact, block, version) in compact_blocks() {
        let partial = start(&compact, version);
        let count = u16::try_from(block.tx_count()).unwrap();
        let question = partial.request();
        assert!(question.indexes.iter().eq(1..count));
        let answer = bip152::answer(&block, &question, version).unwrap();
        assert_eq!(partial.complete(&answer).unwrap().bytes(), block.bytes());
    }
}

#[test]
fn with_ids_or_an_index_nothing_is_hashed_twice() {
    for (compact, block, version) in compact_blocks() {
        let mut by_id = start(&compact, version);
        for transaction in block.transactions() {
            match version {
                V1 => by_id.offer_by_id(transaction.txid(), &transaction),
                _ => by_id.offer_by_id(transaction.wtxid(), &transaction),
            }
        }
        assert_eq!(by_id.assemble().unwrap().bytes(), block.bytes());

        let mut by_index = start(&compact, version);
        let ids = *by_index.short_ids();
        let index: Vec<_> = block
            .transactions()
            .map(|tx| (ids.of_tx(&tx), tx))
            .collect();
        let mut asked = Vec::new();
        by_index.look_up(|short_id| {
            asked.push(short_id);
            let found = index.iter().find(|(id, _)| *id == short_id);
            found.map(|(_, transaction)| transaction.clone())
        });
        assert_eq!(asked.len(), compact.short_ids.len());
        assert!(asked.is_sorted());
        assert_eq!(by_index.assemble().unwrap().bytes(), block.bytes());
        by_index.look_up(|short_id| panic!("{short_id:?} is not missing"));
    }
}

/// litecoind was asked for the first transaction of a block of which it had sent a compact block of version 2.
#[test]
fn litecoind_answered_what_we_would_have() {
    let network = &Network::LITECOIN_REGTEST;
    let recording = file("messages/litecoind-0.21.2.1-regtest.txt");
    let recorded = |section: &str, command: &str| -> Bytes {
        let lines = str::from_utf8(&recording).unwrap().lines();
        let mut found = lines.filter_map(|line| {
            let columns: Vec<_> = line.split('|').map(str::trim).collect();
            (columns.first() == Some(&section) && columns.get(2) == Some(&command))
                .then(|| hex(columns[4]))
        });
        found.next().unwrap()
    };
    let payload = recorded("getdata-cmpct", "cmpctblock");
    let partial = bip152::PartialBlock::new(network, &decode(payload, network), V2).unwrap();
    let block = partial.assemble().unwrap();
    let payload = recorded("getblocktxn", "getblocktxn");
    let kind = peer_core::message::MessageKind::GetBlockTxn;
    let question = Message::decode_as(kind, payload, &codec(network)).unwrap();
    let Message::GetBlockTxn(question) = question.message else {
        panic!("another message");
    };
    assert_eq!(question.block_hash, block.block_hash());
    let answer = bip152::answer(&block, &question, V2).unwrap();
    let answer = Message::BlockTxn(answer.into()).payload(&codec(network), TxEncoding::Witness);
    assert_eq!(answer.unwrap(), recorded("getblocktxn", "blocktxn"));
}

/// Bytes written as hexadecimal digits.
fn hex(text: &str) -> Bytes {
    assert!(text.len().is_multiple_of(2), "odd number of digits");
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}
