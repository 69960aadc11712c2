use super::*;
use alloc::{vec, vec::Vec};
use proptest::prelude::*;

fn leaf(tag: u32) -> [u8; 32] {
    let mut leaf = [0; 32];
    leaf[..4].copy_from_slice(&tag.to_le_bytes());
    leaf
}

fn root(tags: &[u32]) -> MerkleRoot {
    merkle_root(tags.iter().map(|tag| leaf(*tag))).unwrap()
}

/// The definition, row by row: pair neighbours, the last of an odd row with itself.
fn by_rows(mut row: Vec<[u8; 32]>) -> MerkleRoot {
    let mut mutated = false;
    while row.len() > 1 {
        mutated |= row.chunks_exact(2).any(|pair| pair[0] == pair[1]);
        row = row
            .chunks(2)
            .map(|pair| node(&pair[0], pair.last().unwrap()))
            .collect();
    }
    MerkleRoot {
        root: row[0],
        mutated,
    }
}

#[test]
fn no_leaves_have_no_root_and_one_is_its_own() {
    assert_eq!(merkle_root([]), None);
    assert_eq!(
        root(&[7]),
        MerkleRoot {
            root: leaf(7),
            mutated: false
        }
    );
}

/// The two lists of CVE-2012-2459: one root, and only the repeated one is recognisable.
#[test]
fn a_repeated_tail_has_the_same_root_and_is_reported() {
    let honest = root(&[1, 2, 3, 4, 5, 6]);
    let repeated = root(&[1, 2, 3, 4, 5, 6, 5, 6]);
    assert_eq!(honest.root, repeated.root);
    assert!(!honest.mutated);
    assert!(repeated.mutated);
    assert_eq!(root(&[1, 2, 3]).root, root(&[1, 2, 3, 3]).root);
    assert!(root(&[1, 2, 3, 3]).mutated);
}

proptest! {
    /// Few distinct leaves, so that equal neighbours and equal subtrees are common.
    #[test]
    fn one_pass_equals_the_definition(tags in prop::collection::vec(0_u32..3, 1..70)) {
        let leaves: Vec<_> = tags.iter().map(|tag| leaf(*tag)).collect();
        prop_assert_eq!(root(&tags), by_rows(leaves));
    }

    #[test]
    fn sizes_around_powers_of_two(count in 1_u32..300) {
        let tags: Vec<_> = (0..count).collect();
        let leaves: Vec<_> = tags.iter().map(|tag| leaf(*tag)).collect();
        let expected = by_rows(leaves);
        prop_assert!(!expected.mutated);
        prop_assert_eq!(root(&tags), expected);
    }

    /// A tree built for any selection proves exactly that selection.
    #[test]
    fn partial_trees_prove_what_was_selected(selected in prop::collection::vec(any::<bool>(), 1..80)) {
        let leaves: Vec<_> = (0..selected.len() as u32).map(leaf).collect();
        let (hashes, flags) = build(&leaves, &selected);
        let proven = extract_matches(leaves.len() as u32, hashes, &flags).unwrap();
        prop_assert_eq!(proven.root.to_bytes(), by_rows(leaves.clone()).root);
        let expected: Vec<_> = selected.iter().enumerate().filter(|(_, selected)| **selected).collect();
        prop_assert_eq!(proven.matches.len(), expected.len());
        for (found, (index, _)) in proven.matches.iter().zip(expected) {
            prop_assert_eq!(found.index as usize, index);
            prop_assert_eq!(found.txid.to_bytes(), leaves[index]);
        }
    }

    /// Whatever is removed from or added to a proof, it is refused; nothing panics.
    #[test]
    fn partial_trees_have_no_slack(
        selected in prop::collection::vec(any::<bool>(), 1..40),
        extra_flags in 1_usize..4,
    ) {
        let count = selected.len() as u32;
        let leaves: Vec<_> = (0..count).map(leaf).collect();
        let (hashes, flags) = build(&leaves, &selected);

        let shorter = hashes[..hashes.len() - 1].to_vec();
        prop_assert_eq!(extract_matches(count, shorter, &flags), Err(PartialMerkleError::MissingHash));

        let mut longer = hashes.clone();
        longer.push(leaf(9999));
        let error = extract_matches(count, longer, &flags).unwrap_err();
        let expected = if hashes.len() < selected.len() {
            PartialMerkleError::UnusedHashes { count: 1 }
        } else {
            PartialMerkleError::TooManyHashes { count: hashes.len() + 1, transactions: count }
        };
        prop_assert_eq!(error, expected);

        let shorter = &flags[..flags.len() - 1];
        prop_assert_eq!(extract_matches(count, hashes.clone(), shorter), Err(PartialMerkleError::MissingFlag));

        let mut longer = flags.clone();
        longer.resize(flags.len() + extra_flags, 0);
        prop_assert_eq!(extract_matches(count, hashes, &longer), Err(PartialMerkleError::UnusedFlags));
    }

    #[test]
    fn random_partial_trees_never_panic(
        count in any::<u32>(),
        hashes in prop::collection::vec(any::<[u8; 32]>(), 0..8),
        flags in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        for count in [count, count % 64] {
            if let Ok(proven) = extract_matches(count, hashes.clone(), &flags) {
                prop_assert!(proven.matches.len() <= hashes.len());
            }
        }
    }
}

/// A partial tree as BIP37 describes it, built from whole rows.
fn build(leaves: &[[u8; 32]], selected: &[bool]) -> (Vec<[u8; 32]>, Vec<u8>) {
    let mut rows = vec![
        leaves
            .iter()
            .copied()
            .zip(selected.iter().copied())
            .collect::<Vec<_>>(),
    ];
    while rows.last().unwrap().len() > 1 {
        let above = rows.last().unwrap().chunks(2);
        let above = above.map(|pair| {
            let (left, right) = (pair[0], *pair.last().unwrap());
            (node(&left.0, &right.0), left.1 || right.1)
        });
        let above = above.collect();
        rows.push(above);
    }
    let mut hashes = Vec::new();
    let mut bits = Vec::new();
    let mut pending = vec![(rows.len() - 1, 0)];
    while let Some((height, position)) = pending.pop() {
        let Some((hash, matched)) = rows[height].get(position) else {
            continue;
        };
        bits.push(*matched);
        if height == 0 || !matched {
            hashes.push(*hash);
        } else {
            pending.extend([(height - 1, 2 * position + 1), (height - 1, 2 * position)]);
        }
    }
    let flags = bits.chunks(8).map(|bits| {
        bits.iter()
            .rev()
            .fold(0, |byte, bit| byte << 1 | u8::from(*bit))
    });
    (hashes, flags.collect())
}

#[test]
fn claims_about_the_block_are_checked_first() {
    let no_hashes = Vec::<[u8; 32]>::new();
    let error = extract_matches(0, no_hashes.clone(), &[]).unwrap_err();
    assert_eq!(error, PartialMerkleError::NoTransactions);

    let most = MAX_PARTIAL_TREE_TRANSACTIONS;
    let error = extract_matches(most + 1, no_hashes.clone(), &[]).unwrap_err();
    assert_eq!(
        error,
        PartialMerkleError::TooManyTransactions { count: most + 1 }
    );
    let error = extract_matches(most, no_hashes, &[]).unwrap_err();
    assert_eq!(error, PartialMerkleError::MissingFlag);

    let error = extract_matches(1, [leaf(1), leaf(2)], &[0]).unwrap_err();
    assert_eq!(
        error,
        PartialMerkleError::TooManyHashes {
            count: 2,
            transactions: 1
        }
    );
}

/// CVE-2012-2459 again: the right branch repeats the left one.
#[test]
fn equal_siblings_are_refused() {
    let error = extract_matches(2, [leaf(1), leaf(1)], &[0b111]).unwrap_err();
    assert_eq!(error, PartialMerkleError::DuplicateBranch);
}
