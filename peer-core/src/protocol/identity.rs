//! What a message of the remote is about, by hash: computed when a room asks, and once for all of them.

use core::cell::OnceCell;

use crate::message::Message;
use crate::wire::{BlockHash, Txid, Wtxid};

/// The hashes of the object that a message brings.
#[derive(Debug)]
pub(super) struct Identity<'a> {
    message: &'a Message,
    txid: OnceCell<Txid>,
    wtxid: OnceCell<Wtxid>,
    block_hash: OnceCell<BlockHash>,
}

impl<'a> Identity<'a> {
    pub(super) fn new(message: &'a Message) -> Self {
        Self {
            message,
            txid: OnceCell::new(),
            wtxid: OnceCell::new(),
            block_hash: OnceCell::new(),
        }
    }

    /// Of a `tx`.
    pub(super) fn txid(&self) -> Option<Txid> {
        match self.message {
            Message::Tx(tx) => Some(*self.txid.get_or_init(|| tx.txid())),
            _ => None,
        }
    }

    /// Of a `tx`.
    pub(super) fn wtxid(&self) -> Option<Wtxid> {
        match self.message {
            Message::Tx(tx) if !tx.has_witness() => {
                self.txid().map(|id| Wtxid::from_bytes(*id.as_bytes()))
            }
            Message::Tx(tx) => Some(*self.wtxid.get_or_init(|| tx.wtxid())),
            _ => None,
        }
    }

    /// Of a `block`, `merkleblock`, `cmpctblock` or `blocktxn`.
    pub(super) fn block_hash(&self) -> Option<BlockHash> {
        let hash = |of: &dyn Fn() -> BlockHash| Some(*self.block_hash.get_or_init(of));
        match self.message {
            Message::Block(block) => hash(&|| block.block_hash()),
            Message::MerkleBlock(proof) => hash(&|| proof.header.block_hash()),
            Message::CmpctBlock(sketch) => hash(&|| sketch.header.block_hash()),
            Message::BlockTxn(answer) => Some(answer.block_hash),
            _ => None,
        }
    }
}
