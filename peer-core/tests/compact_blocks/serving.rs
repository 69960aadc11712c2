//! The side that has the block, against the positions that a peer may name.

use peer_core::bip152::{self, CompactError, IndexOutOfRange};
use peer_core::message::{GetBlockTxn, IndexList};
use peer_core::wire::{BlockView, TxFormat};

use super::{V1, V2, block, block_of, coinbase, start, transaction, transactions};

fn question(block: &BlockView, indexes: impl IntoIterator<Item = u16>) -> GetBlockTxn {
    GetBlockTxn {
        block_hash: block.block_hash(),
        indexes: IndexList::from_indexes(indexes).unwrap(),
    }
}

#[test]
fn what_is_asked_for_is_sent_in_order() {
    let block = block("bcoin-block898352.raw");
    let all = transactions(&block);
    for indexes in [&[0][..], &[9], &[1, 2, 8], &[], &[0, 9]] {
        let question = question(&block, indexes.iter().copied());
        let answer = bip152::answer(&block, &question, V2).unwrap();
        assert_eq!(answer.block_hash, block.block_hash());
        let expected = indexes.iter().map(|index| all[usize::from(*index)].clone());
        assert!(answer.transactions.iter().eq(expected));
    }
    let everything = question(&block, 0..10);
    let answer = bip152::answer(&block, &everything, V1).unwrap();
    assert!(answer.transactions.iter().eq(all));
}

#[test]
fn what_is_not_in_the_block_is_no_question() {
    let block = block("bcoin-block898352.raw");
    let tx_count = 10;
    for (indexes, index) in [(&[10][..], 10), (&[0, 9, 10, 11], 10), (&[65_535], 65_535)] {
        let question = question(&block, indexes.iter().copied());
        let expected = IndexOutOfRange { index, tx_count };
        assert_eq!(bip152::answer(&block, &question, V2), Err(expected));
    }
}

/// In any order, and the coinbase in any case.
#[test]
fn further_transactions_may_be_prefilled() {
    let block = block("bcoin-block898352.raw");
    let all = transactions(&block);
    let compact = bip152::compact(&block, 9, V2, [7, 2, 7]).unwrap();
    let prefilled: Vec<_> = compact.prefilled.iter().collect();
    let indexes: Vec<_> = prefilled.iter().map(|prefilled| prefilled.index).collect();
    assert_eq!(indexes, [0, 2, 7]);
    for given in &prefilled {
        assert_eq!(given.transaction, all[usize::from(given.index)]);
    }
    assert_eq!(compact.short_ids.len(), 7);
    let everything = bip152::compact(&block, 9, V2, 0..10).unwrap();
    assert!(everything.short_ids.is_empty());
    assert_eq!(start(&everything, V2).assemble(), Ok(block));
}

#[test]
fn what_is_not_in_the_block_cannot_be_prefilled() {
    let block = block("bcoin-block898352.raw");
    for index in [10, 65_535] {
        let tx_count = 10;
        let expected = CompactError::Prefilled(IndexOutOfRange { index, tx_count });
        assert_eq!(bip152::compact(&block, 9, V2, [1, index]), Err(expected));
    }
}

#[test]
fn a_block_without_transactions_has_no_compact_form() {
    let mut empty = block("bcoin-block1.raw").bytes()[..80].to_vec();
    empty.push(0);
    let empty = BlockView::from_bytes(empty.into(), TxFormat::Bitcoin).unwrap();
    let expected = Err(CompactError::NoTransactions);
    assert_eq!(bip152::compact(&empty, 9, V2, []), expected);
}

/// The largest block that has one, whole again, and one that is larger by a transaction.
#[test]
fn positions_of_16_bits_are_enough_or_an_error() {
    let mut list = vec![coinbase()];
    list.extend((1..65_535).map(|number| {
        let mut smallest = transaction(number, 0, b"");
        smallest.outputs.clear();
        smallest
    }));
    let largest = block_of(list.clone());
    let compact = bip152::compact(&largest, 9, V2, [65_534]).unwrap();
    let mut partial = start(&compact, V2);
    let pool: Vec<_> = largest.transactions().skip(60_000).collect();
    partial.offer_all(&pool);
    assert_eq!(partial.missing_count(), 59_999);
    let answer = bip152::answer(&largest, &partial.request(), V2).unwrap();
    assert_eq!(partial.complete(&answer), Ok(largest));

    list.push(transaction(65_535, 0, b""));
    let count = 65_536;
    let expected = Err(CompactError::TooManyTransactions { count });
    assert_eq!(bip152::compact(&block_of(list), 9, V2, []), expected);
}
