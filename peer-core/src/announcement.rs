//! What an application announces, and what becomes of it.

use crate::message::{InvKind, InvVect};
use crate::wire::{BlockHeader, Txid, Wtxid};

/// Something the remote is to hear of: the argument of [`PeerMachine::announce`](crate::PeerMachine::announce).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Announcement {
    /// A transaction. Put off as [`Config::trickle`](crate::Config) says, then announced by wtxid to a remote that
    /// asked for that (BIP339), else by txid.
    Tx {
        /// Its txid.
        txid: Txid,
        /// Its wtxid; the same 32 bytes if it has no witness.
        wtxid: Wtxid,
        /// Its fee rate in satoshi per 1,000 virtual bytes, to be compared with the remote's `feefilter` (BIP133).
        /// `None` if the caller does not say; then it is announced whatever the filter.
        fee_rate: Option<u64>,
    },
    /// A block. Announced at once: by `headers` to a remote that asked for that with `sendheaders` (BIP130), else by
    /// `inv`. A remote may not take a header whose parent it does not have: after a deep reorganisation announce the
    /// new tip as an [`Item`](Self::Item).
    Block {
        /// Its header.
        header: BlockHeader,
    },
    /// Anything, by its inventory vector (btcd: `QueueInventory`). A block is announced at once, by `inv`; everything
    /// else as a transaction is. Kinds that only a `getdata` can name stand for the plain object.
    Item(InvVect),
}

impl Announcement {
    /// What it announces.
    pub(crate) const fn kind(&self) -> InvKind {
        match self {
            Self::Tx { .. } => InvKind::Tx,
            Self::Block { .. } => InvKind::Block,
            Self::Item(item) => plain(item.kind),
        }
    }
}

impl From<InvVect> for Announcement {
    fn from(item: InvVect) -> Self {
        Self::Item(item)
    }
}

/// What became of an announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Announced {
    /// It was announced, or waits for its time. While it waits it may still turn out to be known or unwanted, or be
    /// dropped for want of room: [`Stats`](crate::Stats) counts these.
    Queued,
    /// The remote knows it: it announced, sent or requested it, it was announced or sent to it, or it waits already.
    Known,
    /// The remote asked not to hear of it: of transactions at all (BIP37), or of one with so low a fee rate (BIP133).
    Unwanted,
}

/// The kind under which an object is announced.
pub(crate) const fn plain(kind: InvKind) -> InvKind {
    match kind {
        InvKind::WitnessTx | InvKind::MwebTx => InvKind::Tx,
        kind if kind.is_block() => InvKind::Block,
        kind => kind,
    }
}
