//! What a message of the remote is about, by hash: computed when a room asks, and once for all of them.

use core::cell::OnceCell;

use crate::message::Message;
use crate::network::Network;
use crate::wire::{BlockHash, BlockHeader, Hash, Txid, Wtxid};

/// The hashes of the object that a message brings.
#[derive(Debug)]
pub(super) struct Identity<'a> {
    message: &'a Message,
    network: &'a Network,
    txid: OnceCell<Txid>,
    wtxid: OnceCell<Wtxid>,
    block_hash: OnceCell<Option<BlockHash>>,
}

impl<'a> Identity<'a> {
    pub(super) fn new(message: &'a Message, network: &'a Network) -> Self {
        Self {
            message,
            network,
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

    /// Of a `block`, `merkleblock`, `cmpctblock` or `blocktxn`; `None` also where the network does not tell what
    /// identifies a block of this kind.
    pub(super) fn block_hash(&self) -> Option<BlockHash> {
        let hash = |header: &dyn Fn() -> BlockHeader| {
            *self
                .block_hash
                .get_or_init(|| self.network.block_hash(&header()))
        };
        match self.message {
            Message::Block(block) => hash(&|| block.header()),
            Message::MerkleBlock(proof) => hash(&|| proof.header),
            Message::CmpctBlock(sketch) => hash(&|| sketch.header),
            Message::BlockTxn(answer) => Some(answer.block_hash),
            _ => None,
        }
    }

    /// Of an object of NavCoin's own.
    pub(super) fn navcoin(&self) -> Option<Hash> {
        match self.message {
            Message::DandelionTx(tx) => Some((*self.txid.get_or_init(|| tx.txid())).into()),
            Message::AggSess(session) | Message::DAggSess(session) => Some(session.hash()),
            Message::EncCand(candidate) | Message::DanEncCand(candidate) => Some(candidate.hash()),
            _ => None,
        }
    }
}
