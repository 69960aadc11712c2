//! Blocks: Bitcoin's, and the signature of whoever staked for it.

use alloc::vec::Vec;

use bytes::Bytes;

use super::transaction::Transaction;
use crate::wire::{BlockHeader, BlockView, FieldError, TxEncoding, TxFormat, Writer};

/// A block in parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// The header. Nothing keeps its merkle root in step with the transactions. What identifies the block is
    /// [`Network::block_hash`](crate::network::Network::block_hash) of it.
    pub header: BlockHeader,
    /// The transactions: the coinbase, then in a block by proof of stake the coinstake.
    pub transactions: Vec<Transaction>,
    /// `vchBlockSig`: signature of the staker over the block; empty where the block was mined.
    pub signature: Bytes,
}

impl Block {
    /// The parts of `view`; `None` if it is not of NavCoin's layout.
    #[must_use]
    pub fn from_view(view: &BlockView) -> Option<Self> {
        let signature = view.signature()?;
        Some(Self {
            header: view.header(),
            transactions: view
                .transactions()
                .map(|transaction| Transaction::from_view(&transaction))
                .collect::<Option<_>>()?,
            signature: Bytes::copy_from_slice(signature),
        })
    }

    /// Appends the block.
    pub fn encode(&self, encoding: TxEncoding, writer: &mut Writer<'_>) {
        self.header.encode(writer);
        writer.size(self.transactions.len());
        for transaction in &self.transactions {
            transaction.encode(encoding, writer);
        }
        writer.var_bytes(&self.signature);
    }

    /// The encoded block.
    #[must_use]
    pub fn to_bytes(&self, encoding: TxEncoding) -> Bytes {
        let mut bytes = Vec::new();
        self.encode(encoding, &mut Writer::new(&mut bytes));
        bytes.into()
    }

    /// The view over the encoded block, which is what messages carry.
    ///
    /// # Errors
    ///
    /// If a transaction has none; see [`Transaction::to_view`].
    pub fn to_view(&self) -> Result<BlockView, FieldError> {
        for transaction in &self.transactions {
            transaction.check_encodable()?;
        }
        BlockView::from_bytes(self.to_bytes(TxEncoding::Witness), TxFormat::NavCoin)
    }
}
