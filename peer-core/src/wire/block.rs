//! Blocks, twice: [`BlockView`] over the bytes they arrived in, and [`Block`] to build and change.
//!
//! A header, a count, transactions. What a block *claims* about its own contents can be checked here, since it needs
//! nothing but the block: that the header commits to the transactions, the coinbase to the witnesses, and Litecoin's HogEx
//! to the MWEB header. Whether the block is valid is consensus and belongs to the application.

mod commitment;
mod owned;
mod view;

pub use self::commitment::{MerkleError, MwebCommitmentError, WitnessCommitmentError};
pub use self::owned::Block;
pub use self::view::{BlockView, Transactions};

#[cfg(test)]
mod tests;
