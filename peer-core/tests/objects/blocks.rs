//! Whole blocks. What is expected of them was computed by other software, see `blocks/manifest.json`.

use bytes::Bytes;
use peer_core::network::Network;
use peer_core::wire::{
    BlockHash, BlockView, DecodeErrorKind, MerkleError, Reader, TxEncoding, TxFormat,
    WitnessCommitmentError,
};
use serde_json::Value;

use super::{file, rows};

fn view(bytes: Bytes) -> BlockView {
    BlockView::from_bytes(bytes, TxFormat::Bitcoin).unwrap()
}

/// The blocks of the manifest with what it says of them.
fn samples() -> impl Iterator<Item = (Value, BlockView)> {
    rows("blocks/manifest.json").into_iter().map(|row| {
        let bytes = file(&format!("blocks/{}", row["file"].as_str().unwrap()));
        (row, view(bytes))
    })
}

#[test]
fn blocks_are_what_the_manifest_says() {
    for (row, block) in samples() {
        let name = &row["file"];
        assert_eq!(block.block_hash().to_string(), row["hash"], "{name}");
        assert_eq!(block.header().time, row["time"], "{name}");
        assert_eq!(block.tx_count(), row["txs"], "{name}");
        let segwit = block
            .transactions()
            .filter(|transaction| transaction.has_witness())
            .count();
        assert_eq!(segwit, row["segwit_txs"], "{name}");
        assert_eq!(block.has_witness(), segwit > 0, "{name}");
        let largest = block
            .transactions()
            .map(|transaction| transaction.total_size())
            .max();
        assert_eq!(largest.unwrap(), row["largest_tx"], "{name}");
        assert!(block.header().meets_target(block.block_hash()), "{name}");
    }
}

/// Through the header's merkle root and the coinbase's commitment, the miners vouch for every txid and wtxid here.
#[test]
fn blocks_keep_their_commitments() {
    let mut committed = 0;
    for (row, block) in samples() {
        assert_eq!(block.check_merkle_root(), Ok(()), "{}", row["file"]);
        assert_eq!(
            block.compute_merkle_root(),
            Some(block.header().merkle_root)
        );
        assert_eq!(block.check_witness_commitment(), Ok(()), "{}", row["file"]);
        assert!(block.coinbase().is_some());
        committed += usize::from(block.witness_commitment().is_some());
    }
    assert_eq!(committed, 4, "blocks with a witness commitment");
}

#[test]
fn blocks_survive_being_taken_apart() {
    for (row, block) in samples() {
        let owned = block.to_block().unwrap();
        assert_eq!(
            owned.to_bytes(TxEncoding::Witness),
            block.bytes(),
            "{}",
            row["file"]
        );
        let base = owned.to_bytes(TxEncoding::Base);
        assert_eq!(base, block.without_witness(), "{}", row["file"]);

        assert_eq!(base.len(), block.base_size());
        assert_eq!(block.weight(), 3 * block.base_size() + block.total_size());

        let stripped = view(base);
        assert_eq!(stripped.check_merkle_root(), Ok(()));
        let expected = match block.witness_commitment() {
            Some(_) => Err(WitnessCommitmentError::Stripped),
            None => Ok(()),
        };
        assert_eq!(
            stripped.check_witness_commitment(),
            expected,
            "{}",
            row["file"]
        );
        for (with, without) in block.transactions().zip(stripped.transactions()) {
            assert_eq!(with.txid(), without.txid());
            assert_eq!(with.without_witness(), without.bytes());
            assert_eq!(with.base_size(), without.total_size());
            assert_eq!(with.wtxid() == without.wtxid(), !with.has_witness());
        }
    }
}

#[test]
fn the_first_block_has_its_headline() {
    let stream = file("blocks/btcd-blk_0_to_4-blkfile.dat");
    let mut reader = Reader::new(&stream);
    reader.slice("magic and length", 8).unwrap();
    let genesis = BlockView::decode(&mut reader, TxFormat::Bitcoin).unwrap();
    assert_eq!(genesis.block_hash(), Network::MAINNET.genesis);
    let coinbase = genesis.coinbase().unwrap();
    let txid = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";
    assert_eq!(coinbase.txid().to_string(), txid);
    let headline = b"The Times 03/Jan/2009 Chancellor on brink of second bailout for banks";
    assert!(
        coinbase
            .inputs()
            .next()
            .unwrap()
            .script_sig
            .ends_with(headline)
    );
    let values: Vec<_> = coinbase.outputs().map(|output| output.value).collect();
    assert_eq!(values, [50 * 100_000_000]);
}

#[test]
fn a_cut_block_is_refused_at_every_byte() {
    for name in ["bcoin-block482683.raw", "bitcoinj-block_testnet700000.raw"] {
        let bytes = file(&format!("blocks/{name}"));
        for length in 0..bytes.len() {
            let error =
                BlockView::from_bytes(bytes.slice(..length), TxFormat::Bitcoin).unwrap_err();
            let is_end = matches!(error.kind, DecodeErrorKind::UnexpectedEnd { .. });
            assert!(is_end, "{name}, {length} bytes: {error}");
        }
    }
}

/// A changed bit in a witness changes neither the block's hash nor its merkle root.
#[test]
fn a_changed_witness_breaks_the_commitment_only() {
    let bytes = file("blocks/bcoin-block482683.raw");
    let original = view(bytes.clone());
    let all: Vec<_> = original.transactions().collect();
    let position = all
        .iter()
        .rposition(|transaction| transaction.has_witness())
        .unwrap();
    let behind: usize = all[position + 1..]
        .iter()
        .map(|transaction| transaction.total_size())
        .sum();
    // The last witness byte stands before the lock time.
    let offset = bytes.len() - behind - 4 - 1;
    let mut changed = bytes.to_vec();
    changed[offset] ^= 1;
    let changed = view(changed.into());
    assert_eq!(changed.block_hash(), original.block_hash());
    assert_eq!(changed.check_merkle_root(), Ok(()));
    assert_eq!(
        changed.check_witness_commitment(),
        Err(WitnessCommitmentError::Mismatch)
    );
}

/// CVE-2012-2459 on a real block: its tail repeated gives a block of the same hash and the same root.
#[test]
fn a_repeated_tail_is_seen() {
    let block = view(file("blocks/bcoin-block898352.raw"));
    let mut owned = block.to_block().unwrap();
    assert_eq!(owned.transactions.len(), 10);
    owned.transactions.extend_from_within(8..);
    let repeated = owned.to_view().unwrap();
    assert_eq!(repeated.block_hash(), block.block_hash());
    assert_eq!(repeated.check_merkle_root(), Err(MerkleError::Mutated));
}

/// Streams in the format of a node's `blk*.dat` files: magic, length, block.
#[test]
fn block_files_are_read_to_the_end() {
    let files = [
        ("bitcoinj-first-blocks-blkfile.dat", 439),
        ("btcd-277647-blkfile.dat", 1),
        ("btcd-blk_0_to_4-blkfile.dat", 5),
        ("btcd-blocks1-256-blkfile.dat", 255),
    ];
    for (name, expected) in files {
        let mut rest = file(&format!("blocks/{name}"));
        let mut previous = None;
        let mut count = 0;
        while !rest.is_empty() {
            let head = rest.split_to(8);
            assert_eq!(head[..4], Network::MAINNET.magic, "{name}");
            let length = u32::from_le_bytes(head[4..].try_into().unwrap());
            let block = view(rest.split_to(length as usize));
            assert_eq!(block.check_merkle_root(), Ok(()), "{name}");
            assert_eq!(block.check_witness_commitment(), Ok(()), "{name}");
            assert!(block.header().meets_target(block.block_hash()), "{name}");
            let link = block.header().prev_blockhash;
            match previous {
                Some(previous) => assert_eq!(link, previous, "{name}, block {count}"),
                None if link == BlockHash::ALL_ZERO => {
                    assert_eq!(block.block_hash(), Network::MAINNET.genesis, "{name}");
                }
                None => {}
            }
            previous = Some(block.block_hash());
            count += 1;
        }
        assert_eq!(count, expected, "{name}");
    }
}
