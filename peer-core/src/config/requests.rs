//! How long a remote may take to answer.

use core::time::Duration;

use crate::request::RequestKind;

/// How long each kind of request may take, from its last byte having left, or from the last sign that the remote is
/// working on it: an answer to this or an earlier request, or bytes of one. `None`: that kind is not watched.
///
/// What happens then is a matter of [`Strictness`](crate::Strictness). The defaults are btcd's (30 s, `getheaders`
/// 90 s), also for requests that btcd does not watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestTimeouts {
    /// `getdata`, each item. Default 30 s.
    pub getdata: Option<Duration>,
    /// `getblocks`. Default 30 s.
    pub getblocks: Option<Duration>,
    /// `getheaders`. Default 90 s.
    pub getheaders: Option<Duration>,
    /// `mempool`. Default 30 s.
    pub mempool: Option<Duration>,
    /// `getcfilters`, each `cfilter`. Default 30 s.
    pub getcfilters: Option<Duration>,
    /// `getcfheaders`. Default 30 s.
    pub getcfheaders: Option<Duration>,
    /// `getcfcheckpt`. Default 30 s.
    pub getcfcheckpt: Option<Duration>,
    /// `getcftypes` (BIP157's drafts). Default 30 s.
    pub getcftypes: Option<Duration>,
    /// `getblocktxn`. Default 30 s.
    pub getblocktxn: Option<Duration>,
}

impl RequestTimeouts {
    /// No request is watched.
    pub const OFF: Self = Self::all(None);

    /// The same for every kind.
    #[must_use]
    pub const fn all(span: Option<Duration>) -> Self {
        Self {
            getdata: span,
            getblocks: span,
            getheaders: span,
            mempool: span,
            getcfilters: span,
            getcfheaders: span,
            getcfcheckpt: span,
            getcftypes: span,
            getblocktxn: span,
        }
    }

    /// Those that btcd's `peer` package watches.
    pub(super) fn btcd() -> Self {
        Self {
            getcfilters: None,
            getcfheaders: None,
            getcfcheckpt: None,
            getcftypes: None,
            getblocktxn: None,
            ..Self::default()
        }
    }

    /// How long a request of that kind may take.
    #[must_use]
    pub const fn of(&self, kind: RequestKind) -> Option<Duration> {
        match kind {
            RequestKind::Transactions | RequestKind::Blocks | RequestKind::OtherObjects => {
                self.getdata
            }
            RequestKind::GetBlocks => self.getblocks,
            RequestKind::GetHeaders => self.getheaders,
            RequestKind::MemPool => self.mempool,
            RequestKind::GetCFilters => self.getcfilters,
            RequestKind::GetCFHeaders => self.getcfheaders,
            RequestKind::GetCFCheckpt => self.getcfcheckpt,
            RequestKind::GetCFTypes => self.getcftypes,
            RequestKind::GetBlockTxn => self.getblocktxn,
        }
    }
}

impl Default for RequestTimeouts {
    fn default() -> Self {
        Self {
            getheaders: Some(Duration::from_secs(90)),
            ..Self::all(Some(Duration::from_secs(30)))
        }
    }
}
