//! [`Block`]: the owned form, to build and to change.

use alloc::vec::Vec;

use bytes::Bytes;

use super::view::BlockView;
use crate::wire::{BlockHash, BlockHeader, FieldError, Transaction, TxEncoding, TxFormat, Writer};

/// A block in parts, Bitcoin's layout.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// The header. Nothing keeps its merkle root in step with the transactions.
    pub header: BlockHeader,
    /// The transactions, of which the first is the coinbase.
    pub transactions: Vec<Transaction>,
}

impl Block {
    /// Appends the block.
    pub fn encode(&self, encoding: TxEncoding, writer: &mut Writer<'_>) {
        self.header.encode(writer);
        writer.size(self.transactions.len());
        for transaction in &self.transactions {
            transaction.encode(encoding, writer);
        }
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
        BlockView::from_bytes(self.to_bytes(TxEncoding::Witness), TxFormat::Bitcoin)
    }

    /// The hash that identifies the block.
    #[must_use]
    pub fn block_hash(&self) -> BlockHash {
        self.header.block_hash()
    }
}
