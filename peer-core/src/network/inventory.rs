//! What an inventory vector points at, and the number each network gives it.
//!
//! The kinds are semantic and the numbers are data: type 5 is a transaction by wtxid on Bitcoin and an aggregation
//! session on NavCoin, type 3 is a filtered block on one and an encrypted candidate on the other.

use crate::wire::{ServiceFlags, TxEncoding};

/// Flag in the number of a `getdata` item: serve it with its witness (Core's `MSG_WITNESS_FLAG`, BIP144).
const WITNESS_FLAG: u32 = 1 << 30;

/// Flag in the number of a `getdata` item on Litecoin, beside that: serve it with its MWEB data (its `MSG_MWEB_FLAG`).
const MWEB_FLAG: u32 = 1 << 29;

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
    /// On Litecoin, in `getdata`: a transaction by txid, with its MWEB data (its `MSG_MWEB_TX`).
    MwebTx,
    /// On Litecoin, in `getdata`: a block with its witnesses and MWEB data (its `MSG_MWEB_BLOCK`).
    MwebBlock,
    /// On Litecoin, in `getdata`: the MWEB header of a block, as `mwebheader` (LIP-0006).
    MwebHeader,
    /// On Litecoin, in `getdata`: the set of unspent MWEB outputs at a block, as `mwebleafset` (LIP-0006).
    MwebLeafset,
    /// On NavCoin: a transaction by txid that is in the stem of Dandelion (its `MSG_DANDELION_TX`). With a hash of all
    /// ones it asks whether the receiver takes part.
    DandelionTx,
    /// On NavCoin, in `getdata`: as [`DandelionTx`](Self::DandelionTx), with its witness.
    DandelionWitnessTx,
    /// On NavCoin: an encrypted candidate for an aggregated transaction (its `MSG_ENCCAND`).
    EncCand,
    /// On NavCoin: the same in the stem of Dandelion (its `MSG_DANDELION_ENCCAND`).
    DandelionEncCand,
    /// On NavCoin: a session to aggregate transactions in (its `MSG_AGGSESSION`).
    AggSession,
    /// On NavCoin: the same in the stem of Dandelion (its `MSG_DANDELION_AGGSESSION`).
    DandelionAggSession,
    /// A number without a meaning here, as it stands on the wire.
    Other(u32),
}

impl InvKind {
    /// Whether it points at a transaction, by whichever hash and in whichever encoding. One in the stem of Dandelion is
    /// none in this sense: it is not announced to everybody, and NavCoin's nodes ask for it even those who want no
    /// transactions.
    #[must_use]
    pub const fn is_transaction(self) -> bool {
        matches!(self, Self::Tx | Self::Wtx | Self::WitnessTx | Self::MwebTx)
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
                | Self::MwebBlock
        )
    }

    /// In which encoding nodes answer a `getdata` item of this kind from a remote that offers `services`; `None` if
    /// with no transaction and no block, or in the encoding of the compact blocks that were agreed on
    /// ([`bip152::encoding`](crate::bip152::encoding)).
    ///
    /// A block comes as it was asked for. A transaction comes with MWEB data if the remote has the service, whether it
    /// asked by wtxid, with the witness flag, or with that of MWEB; on other networks than Litecoin there is none. The
    /// transactions after a `merkleblock` come in the base encoding.
    #[must_use]
    pub const fn encoding(self, services: ServiceFlags) -> Option<TxEncoding> {
        Some(match self {
            Self::Tx | Self::DandelionTx | Self::Block | Self::FilteredBlock => TxEncoding::Base,
            Self::WitnessBlock | Self::DandelionWitnessTx => TxEncoding::Witness,
            Self::MwebBlock => TxEncoding::Full,
            Self::Wtx | Self::WitnessTx | Self::MwebTx if services.contains(ServiceFlags::MWEB) => {
                TxEncoding::Full
            }
            Self::Wtx | Self::WitnessTx | Self::MwebTx => TxEncoding::Witness,
            _ => return None,
        })
    }
}

/// Which numbers a network uses for which [`InvKind`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvNumbering {
    /// Bitcoin's.
    #[default]
    Bitcoin,
    /// Litecoin's: Bitcoin's, and those with the MWEB flag.
    Litecoin,
    /// NavCoin's: its own kinds of objects hold numbers 3 to 6, so filtered and compact blocks have others; there is no
    /// wtxid relay.
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
            Self::Litecoin => &LITECOIN,
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

const LITECOIN: [(InvKind, u32); 13] = [
    (InvKind::Wtx, 5),
    (InvKind::Tx, 1),
    (InvKind::WitnessTx, 1 | WITNESS_FLAG),
    (InvKind::Block, 2),
    (InvKind::WitnessBlock, 2 | WITNESS_FLAG),
    (InvKind::MwebTx, 1 | WITNESS_FLAG | MWEB_FLAG),
    (InvKind::MwebBlock, 2 | WITNESS_FLAG | MWEB_FLAG),
    (InvKind::CompactBlock, 4),
    (InvKind::FilteredBlock, 3),
    (InvKind::FilteredWitnessBlock, 3 | WITNESS_FLAG),
    (InvKind::MwebHeader, 8 | MWEB_FLAG),
    (InvKind::MwebLeafset, 9 | MWEB_FLAG),
    (InvKind::Error, 0),
];

const NAVCOIN: [(InvKind, u32); 14] = [
    (InvKind::Tx, 1),
    (InvKind::WitnessTx, 1 | WITNESS_FLAG),
    (InvKind::Block, 2),
    (InvKind::WitnessBlock, 2 | WITNESS_FLAG),
    (InvKind::DandelionEncCand, 3),
    (InvKind::EncCand, 4),
    (InvKind::DandelionAggSession, 5),
    (InvKind::AggSession, 6),
    (InvKind::FilteredBlock, 7),
    (InvKind::FilteredWitnessBlock, 7 | WITNESS_FLAG),
    (InvKind::CompactBlock, 8),
    (InvKind::DandelionTx, 9),
    (InvKind::DandelionWitnessTx, 9 | WITNESS_FLAG),
    (InvKind::Error, 0),
];
