use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::wire::transaction::tests::transactions;
use crate::wire::{
    BlockHash, BlockHeader, DecodeErrorKind, OutPoint, Transaction, TxEncoding, TxFormat, TxIn,
    TxMerkleNode, TxOut, merkle_root, sha256d,
};

const RESERVED: [u8; 32] = [0x5a; 32];

/// A block of a coinbase and `others`, whose commitments are right.
fn block_of(others: Vec<Transaction>) -> Block {
    let wtxids = others
        .iter()
        .map(|transaction| transaction.wtxid().to_bytes());
    let root = merkle_root(core::iter::once([0; 32]).chain(wtxids))
        .unwrap()
        .root;
    let commitment = sha256d(&[root, RESERVED].concat());
    let mut transactions = vec![coinbase(&commitment)];
    transactions.extend(others);
    let txids = transactions
        .iter()
        .map(|transaction| transaction.txid().to_bytes());
    let root = merkle_root(txids).unwrap().root;
    Block {
        header: header(root),
        transactions,
    }
}

fn header(merkle_root: [u8; 32]) -> BlockHeader {
    BlockHeader {
        version: 0x2000_0000,
        prev_blockhash: BlockHash::ALL_ZERO,
        merkle_root: TxMerkleNode::from_bytes(merkle_root),
        time: 1,
        bits: 0x207f_ffff,
        nonce: 2,
    }
}

fn coinbase(commitment: &[u8; 32]) -> Transaction {
    let script = [&[0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed], &commitment[..]].concat();
    Transaction {
        version: 1,
        inputs: vec![TxIn {
            previous_output: OutPoint::NULL,
            script_sig: Bytes::from_static(&[1, 1]),
            sequence: u32::MAX,
            witness: vec![Bytes::copy_from_slice(&RESERVED)],
        }],
        outputs: vec![TxOut {
            value: 0,
            script_pubkey: script.into(),
        }],
        lock_time: 0,
    }
}

fn blocks() -> impl Strategy<Value = Block> {
    prop::collection::vec(transactions(), 0..6).prop_map(block_of)
}

/// Puts a root over the transactions as they are now into the header.
fn reseal(block: &mut Block) {
    let txids = block
        .transactions
        .iter()
        .map(|transaction| transaction.txid().to_bytes());
    block.header.merkle_root = TxMerkleNode::from_bytes(merkle_root(txids).unwrap().root);
}

proptest! {
    #[test]
    fn owned_to_view_and_back(block in blocks()) {
        let view = block.to_view().unwrap();
        let owned = view.to_block();
        prop_assert_eq!(owned.as_ref(), Some(&block));
        prop_assert_eq!(view.header(), block.header);
        prop_assert_eq!(view.block_hash(), block.block_hash());
        prop_assert_eq!(view.tx_count() as usize, block.transactions.len());
        prop_assert_eq!(view.transactions().len(), view.transactions().count());
        prop_assert_eq!(view.without_witness(), block.to_bytes(TxEncoding::Base));
        prop_assert_eq!(view.check_merkle_root(), Ok(()));
        prop_assert_eq!(view.compute_merkle_root(), Some(block.header.merkle_root));
        prop_assert_eq!(view.check_witness_commitment(), Ok(()));
    }

    #[test]
    fn nothing_is_missing_and_nothing_is_left_over(block in blocks()) {
        let bytes = block.to_bytes(TxEncoding::Witness);
        for length in 0..bytes.len() {
            let error = BlockView::from_bytes(bytes.slice(..length), TxFormat::Bitcoin).unwrap_err();
            let is_end = matches!(error.kind, DecodeErrorKind::UnexpectedEnd { .. });
            prop_assert!(is_end, "{} of {} bytes: {}", length, bytes.len(), error);
        }
        let longer = Bytes::from([&bytes[..], &[0]].concat());
        let error = BlockView::from_bytes(longer, TxFormat::Bitcoin).unwrap_err();
        prop_assert_eq!(error.kind, DecodeErrorKind::TrailingBytes { count: 1 });
    }

    /// Each byte is under one commitment or the other, or is the reserved value's neighbour: what BIP141 hashes.
    #[test]
    fn damage_is_noticed(block in blocks(), at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let mut bytes = block.to_bytes(TxEncoding::Witness).to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let Ok(view) = BlockView::from_bytes(bytes.into(), TxFormat::Bitcoin) else { return Ok(()) };
        let intact = view.block_hash() == block.block_hash()
            && view.check_merkle_root().is_ok()
            && view.check_witness_commitment().is_ok();
        prop_assert!(!intact, "byte {}", at);
    }

    #[test]
    fn random_bytes_never_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 80..300),
        tx_count in 0_u8..4,
    ) {
        bytes.insert(80, tx_count);
        if let Ok(view) = BlockView::from_bytes(bytes.clone().into(), TxFormat::Bitcoin) {
            prop_assert_eq!(view.to_block().unwrap().to_bytes(TxEncoding::Witness), bytes);
            prop_assert!(view.check_merkle_root().is_err());
            let _ = view.check_witness_commitment();
        }
    }
}

/// Views are moved about inside messages and events.
#[test]
fn views_are_small() {
    assert!(size_of::<BlockView>() <= 48);
}

#[test]
fn a_block_without_transactions_has_the_structure_of_one() {
    let view = Block {
        header: header([0; 32]),
        transactions: vec![],
    }
    .to_view()
    .unwrap();
    assert_eq!(view.tx_count(), 0);
    assert_eq!(view.coinbase(), None);
    assert_eq!(view.compute_merkle_root(), None);
    assert_eq!(view.check_merkle_root(), Err(MerkleError::NoTransactions));
    assert_eq!(view.check_witness_commitment(), Ok(()));
}

#[test]
fn a_block_is_encodable_if_its_transactions_are() {
    let mut block = block_of(vec![coinbase(&[7; 32])]);
    block.transactions[1].inputs.clear();
    let expected = block.transactions[1].to_view().unwrap_err();
    assert_eq!(block.to_view(), Err(expected));
}

#[test]
fn a_transaction_count_is_bounded_by_the_bytes_left() {
    let mut bytes = header([0; 32]).to_bytes().to_vec();
    bytes.extend([0xfe, 0x80, 0x1a, 0x06, 0]);
    let error = BlockView::from_bytes(bytes.into(), TxFormat::Bitcoin).unwrap_err();
    assert_eq!(error.field, "transactions");
    assert_eq!(
        error.kind,
        DecodeErrorKind::UnexpectedEnd {
            needed: 4_000_000,
            remaining: 0
        }
    );
}

#[test]
fn repeated_transactions_are_told_from_wrong_ones() {
    let mut block = block_of(vec![coinbase(&[1; 32]), coinbase(&[2; 32])]);
    let right = block.header.merkle_root;
    block.transactions.push(coinbase(&[2; 32]));
    let view = block.to_view().unwrap();
    assert_eq!(view.check_merkle_root(), Err(MerkleError::Mutated));
    assert_eq!(view.compute_merkle_root(), None);

    block.transactions.truncate(2);
    let error = block.to_view().unwrap().check_merkle_root().unwrap_err();
    assert!(matches!(error, MerkleError::Mismatch { claimed, .. } if claimed == right));
}

#[test]
fn each_way_to_break_the_witness_commitment_has_its_name() {
    let check = |change: fn(&mut Block)| {
        let spend = Transaction {
            inputs: coinbase(&[0; 32]).inputs,
            ..coinbase(&[0; 32])
        };
        let mut block = block_of(vec![spend]);
        change(&mut block);
        reseal(&mut block);
        let view = block.to_view().unwrap();
        assert_eq!(view.check_merkle_root(), Ok(()));
        view.check_witness_commitment()
    };
    assert_eq!(check(|_| ()), Ok(()));

    let stripped = check(|block| {
        for transaction in &mut block.transactions {
            transaction.inputs[0].witness.clear();
        }
    });
    assert_eq!(stripped, Err(WitnessCommitmentError::Stripped));

    let uncommitted = check(|block| block.transactions[0].outputs.clear());
    assert_eq!(uncommitted, Err(WitnessCommitmentError::Uncommitted));

    let changes: [fn(&mut Vec<Bytes>); 3] = [
        Vec::clear,
        |witness| witness.push(Bytes::new()),
        |witness| witness[0] = Bytes::from_static(&[0x5a; 31]),
    ];
    for change in changes {
        let mut block = block_of(vec![coinbase(&[0; 32])]);
        change(&mut block.transactions[0].inputs[0].witness);
        let error = block
            .to_view()
            .unwrap()
            .check_witness_commitment()
            .unwrap_err();
        assert_eq!(error, WitnessCommitmentError::ReservedValue);
    }

    let other_witness = check(|block| block.transactions[1].inputs[0].witness.push(Bytes::new()));
    assert_eq!(other_witness, Err(WitnessCommitmentError::Mismatch));
    let other_reserved = check(|block| {
        block.transactions[0].inputs[0].witness[0] = Bytes::from_static(&[0; 32]);
    });
    assert_eq!(other_reserved, Err(WitnessCommitmentError::Mismatch));
}

/// BIP141: of several outputs that look like a commitment, the last one is it; bytes may follow the 32.
#[test]
fn the_last_commitment_counts() {
    let mut block = block_of(vec![]);
    let right = block.to_view().unwrap().witness_commitment().unwrap();
    let mut padded = block.transactions[0].outputs[0].clone();
    padded.script_pubkey = [&padded.script_pubkey[..], &[0xff; 5]].concat().into();
    let wrong = coinbase(&[7; 32]).outputs[0].clone();
    let mut short = wrong.clone();
    short.script_pubkey.truncate(37);
    block.transactions[0].outputs = vec![wrong, padded, short];
    let view = block.to_view().unwrap();
    assert_eq!(view.witness_commitment(), Some(right));
    assert_eq!(view.check_witness_commitment(), Ok(()));
}

/// Outputs of other transactions commit to nothing, and a first transaction that spends something is no coinbase.
#[test]
fn only_a_coinbase_commits() {
    let mut block = block_of(vec![coinbase(&[7; 32])]);
    block.transactions[0].inputs[0].previous_output.vout = 0;
    let view = block.to_view().unwrap();
    assert_eq!(view.coinbase(), None);
    assert_eq!(view.witness_commitment(), None);
    assert_eq!(
        view.check_witness_commitment(),
        Err(WitnessCommitmentError::Uncommitted)
    );
}
