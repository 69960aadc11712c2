//! Compact blocks (BIP152) put together again: those that other software made of real blocks, and those that nobody
//! should believe.
//!
//! Where the files come from is said in `tests/data/*/README.md`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is a failure"
)]

mod captured;
mod completing;
mod hostile;
mod mweb;
mod serving;

use bytes::Bytes;
use peer_core::bip152::PartialBlock;
use peer_core::message::{CmpctBlock, Codec, Message, MessageKind, MessageLimits};
use peer_core::network::Network;
use peer_core::wire::{
    Block, BlockHeader, BlockView, OutPoint, Transaction, TxFormat, TxIn, TxMerkleNode, TxOut,
    TxView,
};

const LIMITS: MessageLimits = MessageLimits::DEFAULT;

/// Made of txids.
const V1: u64 = 1;
/// Made of wtxids.
const V2: u64 = 2;

/// A file of `tests/data`.
fn file(path: &str) -> Bytes {
    let path = format!("{}/tests/data/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .into()
}

fn block(name: &str) -> BlockView {
    BlockView::from_bytes(file(&format!("blocks/{name}")), TxFormat::Bitcoin).unwrap()
}

fn codec(network: &Network) -> Codec<'_> {
    Codec::new(network, 70_016, &LIMITS)
}

/// A `cmpctblock` payload.
fn decode(payload: Bytes, network: &Network) -> CmpctBlock {
    let decoded = Message::decode_as(MessageKind::CmpctBlock, payload, &codec(network)).unwrap();
    assert_eq!(decoded.trailing, 0);
    match decoded.message {
        Message::CmpctBlock(block) => *block,
        other => panic!("{other:?}"),
    }
}

fn transactions(block: &BlockView) -> Vec<TxView> {
    block.transactions().collect()
}

fn start(compact: &CmpctBlock, version: u64) -> PartialBlock {
    PartialBlock::new(&Network::MAINNET, compact, version).unwrap()
}

/// A block with a right merkle root.
fn block_of(transactions: Vec<Transaction>) -> BlockView {
    let header = BlockHeader {
        version: 4,
        prev_blockhash: Network::REGTEST.genesis,
        merkle_root: TxMerkleNode::ALL_ZERO,
        time: 1_700_000_000,
        bits: 0x207f_ffff,
        nonce: 0,
    };
    let mut block = Block {
        header,
        transactions,
    };
    block.header.merkle_root = block.to_view().unwrap().compute_merkle_root().unwrap();
    block.to_view().unwrap()
}

/// A transaction that spends the output `vout` of nothing, with these bytes for a witness.
fn transaction(vout: u32, lock_time: u32, witness: &'static [u8]) -> Transaction {
    Transaction {
        version: 2,
        inputs: vec![TxIn {
            previous_output: OutPoint {
                vout,
                ..OutPoint::NULL
            },
            script_sig: Bytes::new(),
            sequence: 0,
            witness: match witness {
                [] => vec![],
                item => vec![Bytes::from_static(item)],
            },
        }],
        outputs: vec![TxOut {
            value: 1,
            script_pubkey: Bytes::new(),
        }],
        lock_time,
    }
}

/// Spends nothing: the first one of a block.
fn coinbase() -> Transaction {
    transaction(u32::MAX, 0, b"")
}
