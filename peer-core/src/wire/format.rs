//! How a network lays out its transactions and blocks, and which half of a transaction is wanted.
//!
//! Both are plain choices that the codec passes down; the layouts themselves live with the objects.

/// Layout of transactions and blocks, a property of the network.
///
/// One place in this crate matches on it. A chain with another layout (a timestamp in each transaction, a signature
/// after the block) becomes a variant here and nothing else changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TxFormat {
    /// Bitcoin's, with the optional witness of BIP144.
    #[default]
    Bitcoin,
}

/// Which encoding of a transaction (and of the blocks made of them) goes onto the wire (BIP144).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TxEncoding {
    /// With witness data where the transaction has any. For peers that asked with the witness flag.
    #[default]
    Witness,
    /// Without witness data, as before BIP144. For peers that did not.
    Base,
}
