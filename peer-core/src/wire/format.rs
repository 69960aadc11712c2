//! How a network lays out its transactions and blocks, and how much of a transaction is wanted.
//!
//! Both are plain choices that the codec passes down; the layouts themselves live with the objects.

/// Layout of transactions and blocks, a property of the network.
///
/// What the layouts have in common is read the same way whichever it is: inputs, outputs with their values and scripts,
/// witnesses, lock time. What a chain has of its own is asked for by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TxFormat {
    /// Bitcoin's, with the optional witness of BIP144.
    #[default]
    Bitcoin,
    /// Litecoin's: Bitcoin's, and MWEB data behind a flag of its own. See [`mweb`](crate::wire::mweb).
    Litecoin,
    /// NavCoin's: a time in each transaction, outputs with BLS keys and range proofs, signatures after the lock time,
    /// and a signature after the block. See [`navcoin`](crate::wire::navcoin).
    NavCoin,
}

impl TxFormat {
    /// Bytes in front of the inputs, marker and flags not counted: the version, and the time where there is one.
    pub(in crate::wire) const fn prefix_size(self) -> u8 {
        match self {
            Self::Bitcoin | Self::Litecoin => 4,
            Self::NavCoin => 8,
        }
    }

    /// Whether an encoding leaves nothing out, whatever there is.
    pub(crate) const fn is_whole_in(self, encoding: TxEncoding) -> bool {
        match encoding {
            TxEncoding::Full => true,
            TxEncoding::Witness => !matches!(self, Self::Litecoin),
            TxEncoding::Base => false,
        }
    }
}

/// Which encoding of a transaction (and of the blocks made of them) goes onto the wire (BIP144).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TxEncoding {
    /// All there is, as it arrived: with witness data, and with MWEB data on Litecoin. For peers that asked with every
    /// flag that the network has.
    #[default]
    Full,
    /// With witness data where there is any, but without MWEB data. For peers that asked with the witness flag. Differs
    /// from [`Full`](Self::Full) on Litecoin only.
    Witness,
    /// Without either, as before BIP144. For peers that asked with no flag.
    Base,
}
