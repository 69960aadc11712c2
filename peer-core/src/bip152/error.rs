//! What can be wrong with a compact block, with its completion, and with a wish to serve one.
//!
//! Each error tells whether a peer broke the protocol ([`CmpctBlockError::is_invalid`],
//! [`CompleteError::is_invalid`]) or whether it may be bad luck, in which case the whole block is to be asked for. What
//! becomes of the peer is not decided here.

use thiserror::Error;

use crate::message::ShortId;
use crate::wire::{
    BlockHash, FieldError, MerkleError, MwebCommitmentError, WitnessCommitmentError,
};

/// Why a block cannot be put together from this compact block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CmpctBlockError {
    /// The header's `bits` are zero, which Core takes for no header at all (`CBlockHeader::IsNull`).
    #[error("compact block without a header")]
    NullHeader,
    /// Neither short ids nor transactions.
    #[error("compact block without transactions")]
    NoTransactions,
    /// More transactions than positions of 16 bits can tell apart.
    #[error("compact block with {count} transactions")]
    TooManyTransactions {
        /// How many.
        count: usize,
    },
    /// A prefilled transaction stands further back than there are transactions before it.
    #[error("prefilled transaction at {index}, with {before} transactions to stand before it")]
    PrefilledIndex {
        /// Its position.
        index: u16,
        /// All short ids and the prefilled transactions before it.
        before: usize,
    },
    /// A prefilled transaction has neither inputs nor outputs.
    #[error("prefilled transaction at {index} is empty")]
    NullTransaction {
        /// Its position.
        index: u16,
    },
    /// What identifies a block of this version takes a hash function that the network was not given: see
    /// [`BlockId`](crate::network::BlockId).
    #[error("no function is known for the hash of a block of version {header_version}")]
    Nameless {
        /// The version in its header.
        header_version: i32,
    },
    /// Two transactions of the block have the same short id. It happens by chance, about once in five million blocks of
    /// 10,000 transactions; under another nonce they have different ones.
    #[error("two transactions with {short_id:?}")]
    DuplicateShortId {
        /// The short id.
        short_id: ShortId,
    },
}

impl CmpctBlockError {
    /// Whether the peer broke the protocol (Core's `READ_STATUS_INVALID`: it is misbehaving). If not, the block is to
    /// be asked for as a whole (`READ_STATUS_FAILED`).
    #[must_use]
    pub const fn is_invalid(&self) -> bool {
        !matches!(self, Self::DuplicateShortId { .. } | Self::Nameless { .. })
    }
}

/// Why there is no block although transactions were brought for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CompleteError {
    /// The answer is about another block. Perhaps a late one to another question.
    #[error("transactions of block {received}, not of {expected}")]
    WrongBlock {
        /// The block that was asked about.
        expected: BlockHash,
        /// The one that the answer names.
        received: BlockHash,
    },
    /// Fewer transactions than are missing.
    #[error("{received} transactions of the {missing} that are missing")]
    TooFew {
        /// Transactions that are missing.
        missing: usize,
        /// Transactions in the answer.
        received: usize,
    },
    /// More transactions than are missing.
    #[error("{received} transactions where {missing} are missing")]
    TooMany {
        /// Transactions that are missing.
        missing: usize,
        /// Transactions in the answer.
        received: usize,
    },
    /// The transactions together are larger than any message, and so than any block.
    #[error("a block of {size} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes of the block.
        size: u64,
        /// The most that the network allows.
        limit: u32,
    },
    /// The parts together do not have the structure of a block of this network.
    #[error("the parts are no block: {0}")]
    Layout(FieldError),
    /// The header does not commit to these transactions.
    #[error("{0}")]
    Merkle(MerkleError),
    /// The first transaction is no coinbase. So looks an invalid block, or one whose merkle tree was passed off as
    /// transactions of 64 bytes (Core's `IsBlockMutated`), so that nothing is to be concluded about the block's hash.
    #[error("the first transaction is no coinbase")]
    NoCoinbase,
    /// The coinbase does not commit to these witnesses. Not in version 1, which has none.
    #[error("{0}")]
    Witness(WitnessCommitmentError),
    /// The HogEx does not commit to this MWEB block (Litecoin). Not below version 3, which has none.
    #[error("{0}")]
    Mweb(MwebCommitmentError),
}

impl CompleteError {
    /// Whether the answer is at fault all by itself: it does not fit the question (Core's `READ_STATUS_INVALID`).
    /// Another answer may.
    ///
    /// If not, the transactions are not those of the block (`READ_STATUS_FAILED`). Some of ours may have the short id
    /// of another, or the peer that made the compact block or the answer was wrong; nobody can tell which. The block is
    /// to be asked for as a whole, and nothing to be remembered against its hash.
    #[must_use]
    pub const fn is_invalid(&self) -> bool {
        matches!(
            self,
            Self::WrongBlock { .. } | Self::TooFew { .. } | Self::TooMany { .. }
        )
    }
}

/// Why a block cannot be sent as a compact block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CompactError {
    /// There are no transactions.
    #[error("block without transactions")]
    NoTransactions,
    /// More transactions than positions of 16 bits can tell apart: it can only be sent as a whole.
    #[error("block with {count} transactions")]
    TooManyTransactions {
        /// How many.
        count: u32,
    },
    /// A transaction to be prefilled is not in the block.
    #[error("prefilled: {0}")]
    Prefilled(#[from] IndexOutOfRange),
}

/// A transaction that is not in the block: in a `getblocktxn` something that Core calls misbehaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("transaction {index} of a block of {tx_count}")]
pub struct IndexOutOfRange {
    /// The position.
    pub index: u16,
    /// Transactions in the block.
    pub tx_count: u32,
}
