//! Partial merkle trees that other software made of real blocks.

use bytes::Bytes;
use peer_core::wire::{
    BlockHeader, BlockView, MerkleMatches, PartialMerkleError, Reader, TxFormat, TxMerkleNode,
    extract_matches,
};

use super::{file, hex};

/// A `merkleblock` payload in parts; what may follow it is left alone.
struct Proof {
    header: BlockHeader,
    tx_count: u32,
    hashes: Vec<[u8; 32]>,
    flags: Bytes,
}

impl Proof {
    fn new(payload: &Bytes) -> Self {
        let mut reader = Reader::new(payload);
        let header = BlockHeader::decode(&mut reader).unwrap();
        let tx_count = reader.u32("tx_count").unwrap();
        let hashes = reader.list::<TxMerkleNode>("hashes", 1_000).unwrap();
        let hashes = hashes.iter().map(TxMerkleNode::to_bytes).collect();
        let flags = reader.var_bytes("flags", 1_000).unwrap();
        Self {
            header,
            tx_count,
            hashes,
            flags,
        }
    }

    fn extract(&self) -> Result<MerkleMatches, PartialMerkleError> {
        extract_matches(self.tx_count, self.hashes.iter().copied(), &self.flags)
    }
}

fn proofs() -> [(Proof, BlockView); 2] {
    let bcoin = Proof::new(&file("blocks/merkle300025.raw"));
    let block = file("blocks/bcoin-block300025.raw");
    let rust_bitcoin = file("blocks/rust-bitcoin-merkle_block.hex");
    let rust_bitcoin = Proof::new(&hex(str::from_utf8(&rust_bitcoin).unwrap()));
    let other_block = file("blocks/rust-bitcoin-block_13b8a.hex");
    let other_block = hex(str::from_utf8(&other_block).unwrap());
    [(bcoin, block), (rust_bitcoin, other_block)].map(|(proof, block)| {
        (
            proof,
            BlockView::from_bytes(block, TxFormat::Bitcoin).unwrap(),
        )
    })
}

#[test]
fn proofs_name_transactions_of_their_blocks() {
    for (proof, block) in proofs() {
        let found = proof.extract().unwrap();
        assert_eq!(proof.header, block.header());
        assert_eq!(proof.tx_count, block.tx_count());
        assert_eq!(found.root, block.header().merkle_root);
        assert!(!found.matches.is_empty());
        let txids: Vec<_> = block
            .transactions()
            .map(|transaction| transaction.txid())
            .collect();
        for found in found.matches {
            assert_eq!(found.txid, txids[found.index as usize]);
        }
    }
}

#[test]
fn a_changed_node_gives_another_root() {
    for (mut proof, block) in proofs() {
        for index in 0..proof.hashes.len() {
            proof.hashes[index][0] ^= 1;
            assert_ne!(proof.extract().unwrap().root, block.header().merkle_root);
            proof.hashes[index][0] ^= 1;
        }
        assert_eq!(proof.extract().unwrap().root, block.header().merkle_root);
    }
}

/// A wrong transaction count makes another tree, which the nodes and flags do not fit or whose root is another.
#[test]
fn a_changed_count_does_not_prove_the_same() {
    for (mut proof, block) in proofs() {
        let real = proof.tx_count;
        for tx_count in [1, real / 2, real * 2, 16_666] {
            proof.tx_count = tx_count;
            if let Ok(found) = proof.extract() {
                assert_ne!(found.root, block.header().merkle_root, "{tx_count}");
            }
        }
    }
}
