//! Requests that are owed an answer, as the application hears of them when none comes.

use alloc::vec::Vec;
use core::fmt;

use crate::message::{InvKind, InvVect};
use crate::transport::outbox::Ticket;

/// What was asked for. A `getdata` can ask for several of the first three at once; each is judged by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RequestKind {
    /// Transactions of a `getdata`: each is answered by `tx` or `notfound`.
    Transactions,
    /// Blocks of a `getdata`, whole, filtered or compact: each is answered by the block, in the form asked for (a
    /// compact one also by the whole), or by `notfound`. Core answers nothing if it does not have the block.
    Blocks,
    /// Anything else in a `getdata`: answered by `notfound`, or in a way that is not known here.
    OtherObjects,
    /// `getblocks`: answered by an `inv` of blocks, or by nothing if there is nothing to tell.
    GetBlocks,
    /// `getheaders`: answered by `headers`. A node that is loading, or far behind, answers nothing.
    GetHeaders,
    /// `mempool`: answered by an `inv` of transactions, or by nothing if there are none.
    MemPool,
    /// `getcfilters`: answered by one `cfilter` a block, the last one for the stop hash. Also the `getcfilter` of BIP157's
    /// drafts.
    GetCFilters,
    /// `getcfheaders`: answered by `cfheaders` with the same stop hash.
    GetCFHeaders,
    /// `getcfcheckpt`: answered by `cfcheckpt` with the same stop hash.
    GetCFCheckpt,
    /// The `getcftypes` of BIP157's drafts: answered by `cftypes`.
    GetCFTypes,
    /// `getblocktxn`: answered by `blocktxn`, or by the whole block if it is too old.
    GetBlockTxn,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Transactions,
        Self::Blocks,
        Self::OtherObjects,
        Self::GetBlocks,
        Self::GetHeaders,
        Self::MemPool,
        Self::GetCFilters,
        Self::GetCFHeaders,
        Self::GetCFCheckpt,
        Self::GetCFTypes,
        Self::GetBlockTxn,
    ];

    /// Whether honest nodes of today answer it with silence in some situations. They say `notfound` for
    /// transactions only, nothing where there is nothing to tell, and nothing while they are loading.
    #[must_use]
    pub const fn silence_is_legal(self) -> bool {
        matches!(
            self,
            Self::Blocks | Self::OtherObjects | Self::GetBlocks | Self::GetHeaders | Self::MemPool
        )
    }

    /// What an item of a `getdata` asks for.
    pub(crate) const fn of_item(kind: InvKind) -> Self {
        if kind.is_transaction() {
            Self::Transactions
        } else if kind.is_block() {
            Self::Blocks
        } else {
            Self::OtherObjects
        }
    }
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transactions => "getdata (transactions)",
            Self::Blocks => "getdata (blocks)",
            Self::OtherObjects => "getdata (other objects)",
            Self::GetBlocks => "getblocks",
            Self::GetHeaders => "getheaders",
            Self::MemPool => "mempool",
            Self::GetCFilters => "getcfilters",
            Self::GetCFHeaders => "getcfheaders",
            Self::GetCFCheckpt => "getcfcheckpt",
            Self::GetCFTypes => "getcftypes",
            Self::GetBlockTxn => "getblocktxn",
        })
    }
}

/// A request whose deadline passed without an answer. It is not waited for any longer; an answer that comes all the
/// same is delivered like any other message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unanswered {
    /// What was asked for.
    pub request: RequestKind,
    /// The objects of a `getdata` that did not come; empty for everything else.
    pub items: Vec<InvVect>,
    /// The ticket of the message that asked; `None` if it was a greeting.
    pub ticket: Option<Ticket>,
}
