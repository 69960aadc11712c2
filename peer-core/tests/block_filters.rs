//! Basic block filters (BIP158) against the published ones, and against bytes that are no filter.
//!
//! Where the vectors come from is said in `tests/data/bip158/README.md`.

#![expect(clippy::unwrap_used, reason = "in a test a panic is a failure")]

use std::collections::BTreeSet;

use bytes::Bytes;
use peer_core::bip158::{BasicFilter, FilterError, filter_hash, filter_header, filter_headers};
use peer_core::wire::{
    BlockHash, BlockView, DecodeErrorKind, FilterHash, FilterHeader, TxFormat, Writer,
};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use serde_json::Value;

/// A row of the published vectors.
struct Row {
    height: u64,
    block_hash: BlockHash,
    block: BlockView,
    /// Scripts of the outputs that the block spends.
    spent: Vec<Bytes>,
    previous_header: FilterHeader,
    filter: Bytes,
    header: FilterHeader,
}

fn rows() -> Vec<Row> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/bip158/testnet-19.json"
    );
    let rows: Vec<Vec<Value>> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    // The first one names the columns.
    rows[1..].iter().map(|columns| row(columns)).collect()
}

fn row(columns: &[Value]) -> Row {
    let text = |column: usize| columns[column].as_str().unwrap();
    let spent = columns[3].as_array().unwrap();
    Row {
        height: columns[0].as_u64().unwrap(),
        block_hash: text(1).parse().unwrap(),
        block: BlockView::from_bytes(hex(text(2)), TxFormat::Bitcoin).unwrap(),
        spent: spent.iter().map(|s| hex(s.as_str().unwrap())).collect(),
        previous_header: text(4).parse().unwrap(),
        filter: hex(text(5)),
        header: text(6).parse().unwrap(),
    }
}

fn hex(text: &str) -> Bytes {
    assert!(text.len().is_multiple_of(2), "odd number of digits");
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

impl Row {
    fn filter(&self) -> BasicFilter {
        BasicFilter::new(self.block_hash, self.filter.clone()).unwrap()
    }

    /// The scripts that the filter is to have.
    fn scripts(&self) -> Vec<Bytes> {
        let mut scripts = self.spent.clone();
        for transaction in self.block.transactions() {
            let outputs = transaction.outputs();
            scripts.extend(outputs.map(|output| Bytes::copy_from_slice(output.script_pubkey)));
        }
        let paid = self.spent.len();
        let mut place = 0..;
        scripts.retain(|script| {
            let is_spent = place.next().unwrap() < paid;
            !script.is_empty() && (is_spent || script[0] != 0x6a)
        });
        scripts
    }
}

#[test]
fn every_script_of_a_block_matches() {
    let mut elements = 0;
    for row in rows() {
        assert_eq!(row.block.block_hash(), row.block_hash);
        let filter = row.filter();
        let scripts = row.scripts();
        for script in &scripts {
            assert!(filter.matches(script), "{}: {script:x}", row.height);
            // Among many that are not in it, wherever their place.
            let among = (0..200_u8).map(|byte| vec![byte; 30]);
            let among = among.chain([script.to_vec()]);
            assert!(filter.matches_any(among), "{}: {script:x}", row.height);
        }
        let distinct: BTreeSet<_> = scripts.iter().collect();
        assert_eq!(filter.len() as usize, distinct.len(), "{}", row.height);
        elements += distinct.len();
        assert_eq!(filter.is_empty(), scripts.is_empty(), "{}", row.height);
        assert_eq!(filter.matches_any(&scripts), !scripts.is_empty());
    }
    // As the first bytes of the ten filters say.
    assert_eq!(elements, 1 + 1 + 1 + 1 + 10 + 13 + 9 + 1 + 3);
}

/// With 784,931 to one against each, all of these stay without a match.
#[test]
fn scripts_of_other_blocks_do_not_match() {
    let rows = rows();
    for row in &rows {
        let own = row.scripts();
        let mut others: Vec<Bytes> = rows.iter().flat_map(Row::scripts).collect();
        others.retain(|script| !own.contains(script));
        assert!(others.len() > 20);
        let filter = row.filter();
        assert!(!filter.matches_any(&others), "{}", row.height);
        let made_up = (0..200_u8).map(|byte| [byte; 22]);
        assert!(!filter.matches_any(made_up), "{}", row.height);
        assert!(!filter.matches_any::<&[u8]>([]), "{}", row.height);
    }
}

/// Outputs that nobody can spend are left out.
#[test]
fn op_return_does_not_match() {
    let rows = rows();
    let row = rows.iter().find(|row| row.height == 15_007).unwrap();
    let outputs = row
        .block
        .transactions()
        .flat_map(|transaction| {
            let outputs = transaction.outputs();
            outputs
                .map(|output| output.script_pubkey.to_vec())
                .collect::<Vec<_>>()
        })
        .filter(|script| script.first() == Some(&0x6a));
    let unspendable: Vec<_> = outputs.collect();
    assert!(!row.filter().matches_any(unspendable));
}

#[test]
fn filter_headers_are_the_published_ones() {
    let rows = rows();
    for row in &rows {
        let filter = row.filter();
        assert_eq!(filter.header(row.previous_header), row.header);
        assert_eq!(filter.hash(), filter_hash(&row.filter));
        let header = filter_header(filter.hash(), row.previous_header);
        assert_eq!(header, row.header, "{}", row.height);
    }
    // Blocks 2 and 3 follow each other.
    let hashes = [&rows[1], &rows[2]].map(|row| row.filter().hash());
    let chain: Vec<_> = filter_headers(rows[1].previous_header, hashes).collect();
    assert_eq!(chain, [rows[1].header, rows[2].header]);
    assert_eq!(filter_headers(chain[0], []).next(), None::<FilterHeader>);
}

#[test]
fn filters_are_made_as_they_were_published() {
    for row in rows() {
        let ours = BasicFilter::of_block(row.block_hash, &row.block, &row.spent);
        assert_eq!(ours.bytes(), &row.filter, "{}", row.height);
        assert_eq!(ours, row.filter());
    }
}

/// At every byte, with one byte more, and for another block.
#[test]
fn a_filter_that_is_cut_is_none() {
    for row in rows() {
        for length in 0..row.filter.len() {
            let cut = BasicFilter::new(row.block_hash, row.filter.slice(..length));
            assert!(cut.is_err(), "{}: {length} bytes", row.height);
        }
        let longer = [&row.filter[..], &[0]].concat();
        assert_eq!(
            BasicFilter::new(row.block_hash, longer.into()),
            Err(FilterError::TrailingBytes { count: 1 })
        );
        let other = BasicFilter::new(BlockHash::ALL_ZERO, row.filter.clone()).unwrap();
        assert!(!other.matches_any(row.scripts()), "{}", row.height);
    }
}

fn refuse(bytes: impl Into<Bytes>) -> FilterError {
    BasicFilter::new(BlockHash::ALL_ZERO, bytes.into()).unwrap_err()
}

#[test]
fn a_count_is_believed_as_far_as_the_bytes_reach() {
    let (count, limit) = (2, 1);
    let claim = refuse(vec![2, 0, 0, 0]);
    assert_eq!(claim, FilterError::TooManyElements { count, limit });
    let limit = 40;
    for count in [41, 1 << 20, u64::from(u32::MAX), 1 << 32, u64::MAX] {
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).compact_size(count);
        bytes.extend([0; 100]);
        let expected = FilterError::TooManyElements { count, limit };
        assert_eq!(refuse(bytes), expected);
    }
    let not_shortest = refuse(vec![0xfd, 1, 0, 0, 0, 0]);
    let value = 1;
    assert!(matches!(not_shortest, FilterError::Count(error)
        if error.kind == DecodeErrorKind::NonCanonicalSize { value }));
    let none = refuse(Bytes::new());
    assert!(matches!(none, FilterError::Count(_)));
}

/// A run of ones costs the bytes that it is made of, and makes no element by itself.
#[test]
fn ones_without_an_end_are_no_element() {
    let mut bytes = vec![0xff; 262_144];
    bytes[0] = 100;
    let (read, count) = (0, 100);
    assert_eq!(refuse(bytes), FilterError::Truncated { read, count });
    // An element of zeros, and half of one.
    let (read, count) = (2, 3);
    let three = refuse(vec![3, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff]);
    assert_eq!(three, FilterError::Truncated { read, count });
}

/// No filter and nothing to look for, in every combination.
#[test]
fn an_empty_filter_matches_nothing() {
    let empty = BasicFilter::new(BlockHash::ALL_ZERO, Bytes::from_static(&[0])).unwrap();
    assert!(empty.is_empty());
    assert!(!empty.matches(b""));
    assert!(!empty.matches_any([b"one", b"two"]));
    assert_eq!(refuse(vec![0, 0]), FilterError::TrailingBytes { count: 1 });
    let hash: FilterHash = empty.hash();
    assert_eq!(hash, filter_hash(&[0]));
}

proptest! {
    /// Whatever bytes: an error or a filter, which answers any question.
    #[test]
    fn noise_is_survived(
        count in 0_u8..8,
        bytes in vec(any::<u8>(), 0..60),
        scripts in vec(vec(any::<u8>(), 0..4), 0..20),
    ) {
        for bytes in [bytes.clone(), [&[count][..], &bytes].concat()] {
            if let Ok(filter) = BasicFilter::new(BlockHash::ALL_ZERO, bytes.into()) {
                let any = scripts.iter().any(|script| filter.matches(script));
                prop_assert_eq!(filter.matches_any(&scripts), any);
                prop_assert!(filter.len() as usize <= filter.bytes().len() * 8 / 20);
            }
        }
    }

    /// What is put in matches, alone and among others.
    #[test]
    fn what_is_in_a_filter_matches(
        hash in any::<[u8; 32]>(),
        scripts in btree_set(vec(any::<u8>(), 1..40), 0..60),
        others in vec(vec(any::<u8>(), 0..4), 0..20),
    ) {
        let hash = BlockHash::from_bytes(hash);
        let block = BlockView::from_bytes(vec![0; 81].into(), TxFormat::Bitcoin).unwrap();
        let made = BasicFilter::of_block(hash, &block, &scripts);
        let read = BasicFilter::new(hash, made.bytes().clone()).unwrap();
        prop_assert_eq!(&read, &made);
        prop_assert_eq!(read.len() as usize, scripts.len());
        for script in &scripts {
            prop_assert!(read.matches(script));
            prop_assert!(read.matches_any(others.iter().chain([script])));
        }
    }
}
