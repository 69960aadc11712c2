//! Answers that fit, answers that do not, and what the versions make of witnesses.

use bytes::Bytes;
use peer_core::bip152::{self, CompleteError, PartialBlock};
use peer_core::message::{BlockTxn, TxList};
use peer_core::network::Network;
use peer_core::wire::{BlockHash, MerkleError, TxFormat, TxView, WitnessCommitmentError};

use super::{V1, V2, block, block_of, coinbase, start, transaction, transactions};

/// Main network block 482683: two of its twelve transactions have witnesses, and the coinbase commits to them.
const SEGWIT: &str = "bcoin-block482683.raw";

fn answer_of(block_hash: BlockHash, transactions: &[TxView]) -> BlockTxn {
    BlockTxn {
        block_hash,
        transactions: TxList::new(TxFormat::Bitcoin, transactions),
    }
}

#[test]
fn after_a_wrong_answer_the_right_one_still_fits() {
    let block = block("bcoin-block898352.raw");
    let all = transactions(&block);
    let compact = bip152::compact(&block, 7, V2, []).unwrap();
    let mut partial = start(&compact, V2);
    partial.offer_all(&all[..6]);
    let question = partial.request();
    assert_eq!(question.indexes.iter().collect::<Vec<_>>(), [6, 7, 8, 9]);

    let hash = block.block_hash();
    let wrong = answer_of(BlockHash::ALL_ZERO, &all[6..]);
    let error = partial.complete(&wrong).unwrap_err();
    let (expected, received) = (hash, BlockHash::ALL_ZERO);
    assert_eq!(error, CompleteError::WrongBlock { expected, received });
    assert!(error.is_invalid());

    for (answer, received) in [(&all[7..], 3), (&[][..], 0)] {
        let error = partial.complete(&answer_of(hash, answer)).unwrap_err();
        let missing = 4;
        assert_eq!(error, CompleteError::TooFew { missing, received });
        assert!(error.is_invalid());
    }
    let error = partial.complete(&answer_of(hash, &all[5..])).unwrap_err();
    let (missing, received) = (4, 5);
    assert_eq!(error, CompleteError::TooMany { missing, received });
    assert!(error.is_invalid());
    let (missing, received) = (4, 0);
    assert_eq!(
        partial.assemble(),
        Err(CompleteError::TooFew { missing, received })
    );

    // As many as are missing, in another order: nobody is to blame by this alone.
    let mut swapped = all[6..].to_vec();
    swapped.swap(0, 3);
    let error = partial.complete(&answer_of(hash, &swapped)).unwrap_err();
    assert!(matches!(
        error,
        CompleteError::Merkle(MerkleError::Mismatch { .. })
    ));
    assert!(!error.is_invalid());

    assert_eq!(partial.request(), question);
    assert_eq!(partial.complete(&answer_of(hash, &all[6..])), Ok(block));
}

#[test]
fn blocks_with_witnesses_are_whole_again_in_version_2() {
    let names = [
        SEGWIT,
        "bcoin-block1087400.raw",
        "rust-bitcoin-mainnet_block_000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae.raw",
    ];
    for name in names {
        let block = block(name);
        assert!(block.has_witness(), "{name}");
        let compact = bip152::compact(&block, 9, V2, [3, 5]).unwrap();
        let mut partial = start(&compact, V2);
        let pool: Vec<_> = block.transactions().step_by(2).collect();
        partial.offer_all(&pool);
        let answer = bip152::answer(&block, &partial.request(), V2).unwrap();
        let completed = partial.complete(&answer).unwrap();
        assert_eq!(completed.bytes(), block.bytes(), "{name}");
    }
}

/// What comes out is the block as it is sent to those who do not ask for witnesses, whoever offers them.
#[test]
fn blocks_come_without_witnesses_in_version_1() {
    let block = block(SEGWIT);
    let compact = bip152::compact(&block, 9, V1, [11]).unwrap();
    assert!(
        compact
            .prefilled
            .iter()
            .all(|tx| !tx.transaction.has_witness())
    );
    let mut partial = start(&compact, V1);
    let pool: Vec<_> = block.transactions().step_by(2).collect();
    partial.offer_all(&pool);
    let question = partial.request();
    let answer = bip152::answer(&block, &question, V1).unwrap();
    assert!(answer.transactions.iter().all(|tx| !tx.has_witness()));
    let completed = partial.complete(&answer).unwrap();
    assert_eq!(*completed.bytes(), block.without_witness());
    // Nor do witnesses get in that a peer sends although they were not agreed on.
    let answer = bip152::answer(&block, &question, V2).unwrap();
    assert_eq!(partial.complete(&answer).unwrap(), completed);
}

/// The short ids of the two versions have nothing in common where there are witnesses.
#[test]
fn in_the_wrong_version_transactions_with_witnesses_are_missing() {
    let block = block(SEGWIT);
    let all = transactions(&block);
    for (made, read) in [(V1, V2), (V2, V1)] {
        let mut partial = start(&bip152::compact(&block, 9, made, []).unwrap(), read);
        partial.offer_all(&all);
        let missing: Vec<_> = partial.missing().iter().map(usize::from).collect();
        let with_witness =
            (1..all.len()).filter(|index| all.get(*index).is_some_and(TxView::has_witness));
        assert!(with_witness.eq(missing));
        assert_eq!(partial.missing_count(), 1);
    }
}

/// The txid of a transaction says nothing about its witness, and so neither does the merkle root.
#[test]
fn a_changed_witness_is_noticed() {
    let block = block(SEGWIT);
    let mut partial = start(&bip152::compact(&block, 9, V2, []).unwrap(), V2);
    let mut changed = 0;
    for transaction in block.transactions() {
        let mut owned = transaction.to_transaction().unwrap();
        if owned.has_witness() && !transaction.is_coinbase() {
            owned.inputs[0].witness.push(Bytes::new());
            changed += 1;
        }
        partial.offer_by_id(transaction.wtxid(), &owned.to_view().unwrap());
    }
    assert_eq!((changed, partial.missing_count()), (1, 0));
    let error = partial.assemble().unwrap_err();
    let mismatch = WitnessCommitmentError::Mismatch;
    assert_eq!(error, CompleteError::Witness(mismatch));
    assert!(!error.is_invalid());
}

/// On its way someone took the witness of the coinbase, which no id vouches for.
#[test]
fn a_coinbase_without_its_witness_is_noticed() {
    let block = block(SEGWIT);
    let in_version_1 = bip152::compact(&block, 9, V1, []).unwrap();
    let mut compact = bip152::compact(&block, 9, V2, []).unwrap();
    compact.prefilled = in_version_1.prefilled;
    let mut partial = start(&compact, V2);
    partial.offer_all(&transactions(&block));
    assert_eq!(
        partial.assemble(),
        Err(CompleteError::Witness(
            WitnessCommitmentError::ReservedValue
        ))
    );
}

#[test]
fn a_witness_that_nobody_commits_to_is_noticed() {
    let block = block_of(vec![coinbase(), transaction(1, 0, b"witness")]);
    let mut partial = start(&bip152::compact(&block, 9, V2, []).unwrap(), V2);
    partial.offer_all(&transactions(&block));
    assert_eq!(
        partial.assemble(),
        Err(CompleteError::Witness(WitnessCommitmentError::Uncommitted))
    );
}

/// CVE-2012-2459: the tail of a block repeated leaves its merkle root as it was.
#[test]
fn repeated_transactions_are_noticed() {
    let original = block("bcoin-block898352.raw");
    let mut owned = original.to_block().unwrap();
    owned.transactions.extend_from_within(8..);
    let repeated = owned.to_view().unwrap();
    let compact = bip152::compact(&repeated, 9, V2, [10, 11]).unwrap();
    let mut partial = start(&compact, V2);
    partial.offer_all(&transactions(&original));
    assert_eq!(
        partial.assemble(),
        Err(CompleteError::Merkle(MerkleError::Mutated))
    );
}

/// What might be the nodes of a merkle tree passed off as transactions.
#[test]
fn a_block_that_begins_with_no_coinbase_is_not_taken() {
    let block = block_of(vec![transaction(1, 0, b""), transaction(2, 0, b"")]);
    let mut partial = start(&bip152::compact(&block, 9, V2, []).unwrap(), V2);
    partial.offer_all(&transactions(&block));
    let error = partial.assemble().unwrap_err();
    assert_eq!(error, CompleteError::NoCoinbase);
    assert!(!error.is_invalid());
}

/// The marker of a MWEB block that is not there (Litecoin) is no part of the block; anything else that its format does
/// not know is not taken.
#[test]
fn a_tail_is_part_of_the_block_or_says_that_there_is_none() {
    let network = &Network::LITECOIN_REGTEST;
    let block = block_of(vec![coinbase()]);
    let block = peer_core::wire::BlockView::from_bytes(block.bytes().clone(), network.tx_format);
    let block = block.unwrap();
    for version in [V1, V2] {
        let compact = bip152::compact(&block, 9, version, []).unwrap();
        assert!(compact.tail.is_empty());
    }
    let mut compact = bip152::compact(&block, 9, 3, []).unwrap();
    assert_eq!(*compact.tail, [0]);
    let partial = PartialBlock::new(network, &compact, 3).unwrap();
    assert_eq!(partial.assemble(), Ok(block));
    for tail in [&[1][..], &[0, 0], &[1, 0]] {
        compact.tail = Bytes::copy_from_slice(tail);
        let partial = PartialBlock::new(network, &compact, 3).unwrap();
        let error = partial.assemble().unwrap_err();
        assert!(matches!(error, CompleteError::Layout(_)), "{error}");
        assert!(!error.is_invalid());
    }
}
