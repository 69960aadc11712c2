//! The blocks of a chain of headers: which to ask for, and whether what comes is what was asked for.

use std::collections::VecDeque;

use peer_core::message::{InvKind, InvVect, Inventory, Message};
use peer_core::network::Network;
use peer_core::wire::{
    BlockHash, BlockView, MerkleError, MwebCommitmentError, ServiceFlags, TxFormat, TxView,
    WitnessCommitmentError,
};
use thiserror::Error;

use crate::headers::HeaderChain;

/// The download of the blocks of a chain, in order, a few at a time.
#[derive(Debug)]
pub(super) struct BlockDownload {
    network: Network,
    /// How blocks are asked for: with witness, where the node has witnesses.
    kind: InvKind,
    /// Height of the first block that was not asked for yet.
    next: u32,
    /// Blocks that were asked for and did not arrive yet, at most `window`.
    in_flight: VecDeque<(u32, BlockHash)>,
    window: usize,
    tally: Tally,
}

/// What the blocks held that arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Blocks that passed all checks.
    pub blocks: u32,
    /// Transactions in them, coinbases included.
    pub transactions: u64,
    /// Those of them that have a witness.
    pub with_witness: u64,
    /// Bytes of the blocks as they were sent, without the frames around them.
    pub bytes: u64,
}

/// Why a block is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BlockError {
    /// Nobody asked for it, or it came twice.
    #[error("the node sent block {hash}, which was not asked for")]
    Unrequested {
        /// Its hash.
        hash: BlockHash,
    },
    /// Its header does not commit to its transactions.
    #[error("block {height}: {error}")]
    Merkle {
        /// Its height.
        height: u32,
        /// What is wrong.
        error: MerkleError,
    },
    /// Its coinbase does not commit to its witnesses.
    #[error("block {height}: {error}")]
    Witness {
        /// Its height.
        height: u32,
        /// What is wrong.
        error: WitnessCommitmentError,
    },
    /// Its HogEx does not commit to its MWEB block.
    #[error("block {height}: {error}")]
    Mweb {
        /// Its height.
        height: u32,
        /// What is wrong.
        error: MwebCommitmentError,
    },
    /// The node does not have it, although it sent its header.
    #[error("the node does not have block {hash} at height {height} of its own chain{}", why(.pruned))]
    NotFound {
        /// Its height.
        height: u32,
        /// Its hash.
        hash: BlockHash,
        /// The node does not claim to have the whole chain.
        pruned: bool,
    },
}

fn why(pruned: &bool) -> &'static str {
    if *pruned {
        " (it does not offer NETWORK, so it may be pruned)"
    } else {
        ""
    }
}

impl BlockDownload {
    /// The download from height 1 on. `window` blocks may be in flight; the memory in use is that of one.
    pub(super) fn new(network: Network, window: usize) -> Self {
        Self {
            network,
            kind: InvKind::WitnessBlock,
            next: 1,
            in_flight: VecDeque::new(),
            window,
            tally: Tally::default(),
        }
    }

    /// What the node offers: blocks come with their witnesses, and with MWEB data, or without.
    pub(super) fn offered(&mut self, services: ServiceFlags) {
        let has_mweb = self.network.tx_format == TxFormat::Litecoin;
        self.kind = if !services.contains(ServiceFlags::WITNESS) {
            InvKind::Block
        } else if has_mweb && services.contains(ServiceFlags::MWEB) {
            InvKind::MwebBlock
        } else {
            InvKind::WitnessBlock
        };
    }

    pub(super) fn has_witness(&self) -> bool {
        self.kind != InvKind::Block
    }

    /// The chain above `fork` is another one now.
    pub(super) fn rewind(&mut self, fork: u32) {
        self.next = self.next.min(fork.saturating_add(1));
    }

    /// Whether all blocks of `chain` are here.
    pub(super) fn is_complete(&self, chain: &HeaderChain) -> bool {
        self.next > chain.height() && self.in_flight.is_empty()
    }

    pub(super) const fn tally(&self) -> Tally {
        self.tally
    }

    /// The next question; `None` while enough is in flight, or when nothing is left to ask for.
    ///
    /// It is asked when half of the window is free: often enough that the node never waits, and many blocks a message.
    pub(super) fn next_request(&mut self, chain: &HeaderChain) -> Option<Message> {
        let free = self.window.saturating_sub(self.in_flight.len());
        if free < self.window.div_ceil(2) {
            return None;
        }
        let mut items = Vec::with_capacity(free);
        while items.len() < free
            && let Some(hash) = chain.hash_at(self.next)
        {
            items.push(InvVect::new(self.kind, hash));
            self.in_flight.push_back((self.next, hash));
            self.next += 1;
        }
        if items.is_empty() {
            return None;
        }
        // Every network has a number for blocks.
        let items = Inventory::new(&self.network, items).ok()?;
        Some(Message::GetData(items))
    }

    /// A block arrived.
    pub(super) fn on_block(&mut self, block: &BlockView) -> Result<(), BlockError> {
        // Only blocks of headers with a hash are asked for.
        let hash = self.network.block_hash(&block.header());
        let hash = hash.unwrap_or(BlockHash::ALL_ZERO);
        // Nearly always the first: nodes answer in order.
        let place = self.in_flight.iter().position(|(_, asked)| *asked == hash);
        let asked = place.and_then(|place| self.in_flight.remove(place));
        let (height, _) = asked.ok_or(BlockError::Unrequested { hash })?;
        block
            .check_merkle_root()
            .map_err(|error| BlockError::Merkle { height, error })?;
        self.check_witnesses(height, block)
            .map_err(|error| BlockError::Witness { height, error })?;
        if self.kind == InvKind::MwebBlock {
            block
                .check_mweb_commitment()
                .map_err(|error| BlockError::Mweb { height, error })?;
        }
        let with_witness = block.transactions().filter(TxView::has_witness).count();
        self.tally.blocks += 1;
        self.tally.transactions += u64::from(block.tx_count());
        self.tally.with_witness += with_witness as u64;
        self.tally.bytes += block.total_size() as u64;
        Ok(())
    }

    /// Blocks that the node does not have.
    pub(super) fn on_not_found(&self, missing: &Inventory, pruned: bool) -> Result<(), BlockError> {
        // Of the list only what was asked for counts, so a long one costs no more than a short one.
        for (height, hash) in self.in_flight.iter().copied() {
            if missing.iter().any(|item| item.hash == hash.into()) {
                return Err(BlockError::NotFound {
                    height,
                    hash,
                    pruned,
                });
            }
        }
        Ok(())
    }

    fn check_witnesses(
        &self,
        height: u32,
        block: &BlockView,
    ) -> Result<(), WitnessCommitmentError> {
        match block.check_witness_commitment() {
            // What was not asked for is not missed; and before its time a commitment binds nobody.
            Err(WitnessCommitmentError::Stripped)
                if !self.has_witness() || !segwit_is_active(&self.network, height) =>
            {
                Ok(())
            }
            result => result,
        }
    }
}

/// Whether segregated witness is in force at `height`, so that a commitment must have its witnesses. Miners wrote
/// commitments for months before.
fn segwit_is_active(network: &Network, height: u32) -> bool {
    /// Where it did not begin with the chain, from each network's own parameters. simnet and NavCoin's networks vote, so
    /// nobody knows.
    const SINCE: [(Network, u32); 9] = [
        (Network::MAINNET, 481_824),
        (Network::TESTNET3, 834_624),
        (Network::SIMNET, u32::MAX),
        (Network::LITECOIN, 1_201_536),
        (Network::LITECOIN_TESTNET, 6_048),
        (Network::NAVCOIN, u32::MAX),
        (Network::NAVCOIN_TESTNET, u32::MAX),
        (Network::NAVCOIN_DEVNET, u32::MAX),
        (Network::NAVCOIN_REGTEST, u32::MAX),
    ];
    SINCE
        .iter()
        .find(|(known, _)| known.genesis == network.genesis)
        .is_none_or(|(_, since)| height >= *since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_asked_for_with_all_that_the_node_offers() {
        let witness = ServiceFlags::NETWORK | ServiceFlags::WITNESS;
        let mweb = witness | ServiceFlags::MWEB;
        for (network, services, kind) in [
            (Network::MAINNET, ServiceFlags::NETWORK, InvKind::Block),
            (Network::MAINNET, witness, InvKind::WitnessBlock),
            // Bitcoin has no such block, whatever the bit stands for there.
            (Network::MAINNET, mweb, InvKind::WitnessBlock),
            (Network::LITECOIN, witness, InvKind::WitnessBlock),
            (Network::LITECOIN, mweb, InvKind::MwebBlock),
            (Network::NAVCOIN, witness, InvKind::WitnessBlock),
        ] {
            let mut download = BlockDownload::new(network, 1);
            download.offered(services);
            assert_eq!(download.kind, kind, "{}", network.name);
        }
    }
}
