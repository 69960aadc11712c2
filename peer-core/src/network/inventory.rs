//! What an inventory vector points at, and the number each network gives it.
//!
//! The kinds are semantic and the numbers are data: type 5 is a transaction by wtxid on Bitcoin and an aggregation
//! session on NavCoin, type 3 is a filtered block on one and an encrypted candidate on the other.

/// Flag in the number of a `getdata` item: serve it with its witness (Core's `MSG_WITNESS_FLAG`, BIP144).
const WITNESS_FLAG: u32 = 1 << 30;

/// What an inventory vector points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum InvKind {
    /// Nothing; to be ignored (number 0).
    Error,
    /// A transaction by txid (Core's `MSG_TX`).
    Tx,
    /// A block by hash (Core's `MSG_BLOCK`).
    Block,
    /// In `getdata`: a block as `merkleblock` and the matching transactions (BIP37; Core's `MSG_FILTERED_BLOCK`).
    FilteredBlock,
    /// In `getdata`: a block as `cmpctblock` (BIP152; Core's `MSG_CMPCT_BLOCK`).
    CompactBlock,
    /// A transaction by wtxid (BIP339; Core's `MSG_WTX`).
    Wtx,
    /// In `getdata`: a transaction by txid, with its witness (Core's `MSG_WITNESS_TX`).
    WitnessTx,
    /// In `getdata`: a block with its witnesses (Core's `MSG_WITNESS_BLOCK`).
    WitnessBlock,
    /// In `getdata`: as [`FilteredBlock`](Self::FilteredBlock), the transactions with their witnesses. Core never
    /// answers it.
    FilteredWitnessBlock,
    /// A number without a meaning here, as it stands on the wire.
    Other(u32),
}

impl InvKind {
    /// Whether it points at a transaction, by whichever hash and in whichever encoding.
    #[must_use]
    pub const fn is_transaction(self) -> bool {
        matches!(self, Self::Tx | Self::Wtx | Self::WitnessTx)
    }

    /// Whether it asks for a block and those of its transactions that match a filter (BIP37).
    #[must_use]
    pub const fn is_filtered_block(self) -> bool {
        matches!(self, Self::FilteredBlock | Self::FilteredWitnessBlock)
    }

    /// Whether it points at a block, in whichever form.
    #[must_use]
    pub const fn is_block(self) -> bool {
        matches!(
            self,
            Self::Block
                | Self::FilteredBlock
                | Self::CompactBlock
                | Self::WitnessBlock
                | Self::FilteredWitnessBlock
        )
    }
}

/// Which numbers a network uses for which [`InvKind`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvNumbering {
    /// Bitcoin's and Litecoin's. Litecoin's numbers with the MWEB flag are [`InvKind::Other`].
    #[default]
    Bitcoin,
    /// NavCoin's: its own object kinds hold numbers 3 to 6 and are [`InvKind::Other`]; there is no wtxid relay.
    NavCoin,
}

impl InvNumbering {
    /// The number of `kind` on the wire, or `None` if the network has none for it.
    #[must_use]
    pub fn number(self, kind: InvKind) -> Option<u32> {
        if let InvKind::Other(number) = kind {
            return Some(number);
        }
        self.table()
            .iter()
            .find(|(known, _)| *known == kind)
            .map(|(_, number)| *number)
    }

    /// What `number` means on the wire.
    #[must_use]
    pub fn kind(self, number: u32) -> InvKind {
        self.table()
            .iter()
            .find(|(_, known)| *known == number)
            .map_or(InvKind::Other(number), |(kind, _)| *kind)
    }

    const fn table(self) -> &'static [(InvKind, u32)] {
        match self {
            Self::Bitcoin => &BITCOIN,
            Self::NavCoin => &NAVCOIN,
        }
    }
}

/// In the order of how often they are looked up.
const BITCOIN: [(InvKind, u32); 9] = [
    (InvKind::Wtx, 5),
    (InvKind::Tx, 1),
    (InvKind::WitnessTx, 1 | WITNESS_FLAG),
    (InvKind::Block, 2),
    (InvKind::WitnessBlock, 2 | WITNESS_FLAG),
    (InvKind::CompactBlock, 4),
    (InvKind::FilteredBlock, 3),
    (InvKind::FilteredWitnessBlock, 3 | WITNESS_FLAG),
    (InvKind::Error, 0),
];

const NAVCOIN: [(InvKind, u32); 8] = [
    (InvKind::Tx, 1),
    (InvKind::WitnessTx, 1 | WITNESS_FLAG),
    (InvKind::Block, 2),
    (InvKind::WitnessBlock, 2 | WITNESS_FLAG),
    (InvKind::FilteredBlock, 7),
    (InvKind::FilteredWitnessBlock, 7 | WITNESS_FLAG),
    (InvKind::CompactBlock, 8),
    (InvKind::Error, 0),
];
