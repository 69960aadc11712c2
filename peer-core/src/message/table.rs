//! The table of all messages. A new message is one row here and one type with its layout.
//!
//! From the rows follow [`Message`], [`MessageKind`], the dispatch between them (`generate.rs`), and
//! [`MessageListener`](crate::MessageListener); nothing else in the crate lists the messages.

use alloc::boxed::Box;

use bytes::Bytes;

use super::codec::Payload;
use super::generate::{first, gate, messages, name, optional};
use super::*;
use crate::network::{Gates, NEVER};
use crate::wire::{
    AddrList, AddrV2List, BlockView, FieldError, MAX_ADDRESS_SIZE, TxView, compact_size_len,
};

// Columns: the message and its payload, its name, the method of a listener that hears it, its short id (BIP324), the
// first version that has it (a field of `Gates`), when it may come (a `Phase`), and the size of its largest payload in
// bytes. Whoever makes something of all messages gives the name of a macro that takes the rows.
macro_rules! message_table { ($generate:ident) => { $generate! { |limits, network|
    // The handshake.
    /// Who the sender is; the first message of a connection.
    Version(Box<VersionMessage>),  "version",      on_version,      _,  _,              Opening,     85 + var(limits.user_agent);
    /// The handshake is complete for the sender.
    Verack,                        "verack",       on_verack,       _,  _,              Negotiation, 0;
    /// The sender takes `addrv2` instead of `addr` (BIP155).
    SendAddrV2,                    "sendaddrv2",   on_sendaddrv2,   _,  addrv2,         Negotiation, 0;
    /// The sender announces and asks for transactions by wtxid (BIP339).
    WtxidRelay,                    "wtxidrelay",   on_wtxidrelay,   _,  wtxidrelay,     Negotiation, 0;
    /// The sender can reconcile transaction sets (BIP330).
    SendTxRcncl(SendTxRcncl),      "sendtxrcncl",  on_sendtxrcncl,  _,  wtxidrelay,     Negotiation, 12;
    /// The sender speaks an optional feature (BIP434).
    Feature(Box<Feature>),         "feature",      on_feature,      37, feature,        Negotiation, var(limits.feature_id) + var(limits.feature_data);

    // Keeping a connection.
    /// Asks for a `pong`.
    Ping(Ping),                    "ping",         on_ping,         18, _,              Established, 8;
    /// Answers a `ping` (BIP31).
    Pong(Pong),                    "pong",         on_pong,         19, pong,           Established, 8;

    // Inventory.
    /// Announces objects.
    Inv(Inventory),                "inv",          on_inv,          14, _,              Established, list(limits.inv, 36);
    /// Asks for objects.
    GetData(Inventory),            "getdata",      on_getdata,      11, _,              Established, list(limits.inv, 36);
    /// Answers `getdata` for objects that the sender does not have.
    NotFound(Inventory),           "notfound",     on_notfound,     17, bloom,          Established, list(limits.inv, 36);
    /// Asks for announcements of all unconfirmed transactions (BIP35).
    MemPool,                       "mempool",      on_mempool,      15, mempool,        Established, 0;
    /// Asks for announcements of transactions above a fee rate only (BIP133).
    FeeFilter(FeeFilter),          "feefilter",    on_feefilter,    5,  feefilter,      Established, 8;

    // The chain.
    /// Asks for announcements of the blocks after a locator.
    GetBlocks(Box<Locator>),       "getblocks",    on_getblocks,    9,  _,              Established, 36 + list(limits.locator, 32);
    /// Asks for the headers after a locator.
    GetHeaders(Box<Locator>),      "getheaders",   on_getheaders,   12, headers,        Established, 36 + list(limits.locator, 32);
    /// Answers `getheaders`, or announces blocks.
    Headers(Headers),              "headers",      on_headers,      13, headers,        Established, list(limits.headers, network.header_entry_len);
    /// Asks for announcements of new blocks by header (BIP130).
    SendHeaders,                   "sendheaders",  on_sendheaders,  _,  sendheaders,    Opened,      0;

    // Objects.
    /// A block.
    Block(BlockView),              "block",        on_block,        2,  _,              Established, FRAME;
    /// A transaction.
    Tx(TxView),                    "tx",           on_tx,           21, _,              Established, FRAME;

    // Bloom filters (BIP37).
    /// Sets the bloom filter of the connection.
    FilterLoad(FilterLoad),        "filterload",   on_filterload,   8,  bloom,          Established, var(limits.filter) + 9;
    /// Adds an element to the bloom filter.
    FilterAdd(FilterAdd),          "filteradd",    on_filteradd,    6,  bloom,          Established, var(limits.filter_add);
    /// Removes the bloom filter.
    FilterClear,                   "filterclear",  on_filterclear,  7,  bloom,          Established, 0;
    /// A block's header with proofs of the transactions that match the filter.
    MerkleBlock(Box<MerkleBlock>), "merkleblock",  on_merkleblock,  16, bloom,          Established, 84 + list(limits.merkle_hashes, 32) + var(limits.merkle_flags);

    // Compact blocks (BIP152).
    /// The sender understands compact blocks.
    SendCmpct(SendCmpct),          "sendcmpct",    on_sendcmpct,    20, compact_blocks, Opened,      9;
    /// Asks for transactions of a compact block.
    GetBlockTxn(Box<GetBlockTxn>), "getblocktxn",  on_getblocktxn,  10, compact_blocks, Established, 32 + list(limits.compact_txs, 3);
    /// A block with most of its transactions named by short ids.
    CmpctBlock(Box<CmpctBlock>),   "cmpctblock",   on_cmpctblock,   4,  compact_blocks, Established, FRAME;
    /// Answers `getblocktxn`.
    BlockTxn(Box<BlockTxn>),       "blocktxn",     on_blocktxn,     3,  compact_blocks, Established, FRAME;

    // Compact block filters (BIP157).
    /// Asks for the filters of a range of blocks.
    GetCFilters(FilterRange),      "getcfilters",  on_getcfilters,  22, _,              Established, 37;
    /// The filter of a block.
    CFilter(Box<CFilter>),         "cfilter",      on_cfilter,      23, _,              Established, 33 + var(limits.cfilter);
    /// Asks for the filter hashes of a range of blocks.
    GetCFHeaders(GetCFHeaders),    "getcfheaders", on_getcfheaders, 24, _,              Established, getcfheaders(limits, &network.gates);
    /// The filter hashes of a range of blocks.
    CFHeaders(Box<CFHeaders>),     "cfheaders",    on_cfheaders,    25, _,              Established, 65 + list(limits.cfheaders, 32);
    /// Asks for filter headers at intervals.
    GetCFCheckpt(GetCFCheckpt),    "getcfcheckpt", on_getcfcheckpt, 26, _,              Established, 33;
    /// Filter headers at intervals.
    CFCheckpt(Box<CFCheckpt>),     "cfcheckpt",    on_cfcheckpt,    27, _,              Established, 33 + list(limits.cfcheckpt, 32);

    // What BIP157's drafts had besides. Spoken where `Gates::draft_filters` says so.
    /// Asks for the filter of one block.
    GetCFilter(GetCFilter),        "getcfilter",   on_getcfilter,   _,  draft_filters,  Established, 33;
    /// Asks which types of filters there are.
    GetCFTypes,                    "getcftypes",   on_getcftypes,   _,  draft_filters,  Established, 0;
    /// Types of filters that the sender serves.
    CFTypes(CFTypes),              "cftypes",      on_cftypes,      _,  draft_filters,  Established, var(limits.cftypes);

    // Addresses.
    /// Asks for addresses of nodes.
    GetAddr,                       "getaddr",      on_getaddr,      _,  _,              Established, 0;
    /// Addresses of nodes.
    Addr(AddrList),                "addr",         on_addr,         1,  _,              Established, list(limits.addr, 30);
    /// Addresses of nodes on any network (BIP155).
    AddrV2(AddrV2List),            "addrv2",       on_addrv2,       28, _,              Established, list(limits.addr, 4 + 9 + 1 + var(MAX_ADDRESS_SIZE) + 2);

    // No longer sent by current nodes.
    /// A signed warning to all users, retired.
    Alert(Box<Alert>),             "alert",        on_alert,        _,  _,              Opened,      2 * var(limits.alert);
    /// Why a message was refused (BIP61).
    Reject(Box<Reject>),           "reject",       on_reject,       _,  reject,         Opened,      var(limits.reject_message) + 1 + var(limits.reject_reason) + 32;

    // NavCoin's own.
    /// A transaction in the stem of Dandelion.
    DandelionTx(TxView),           "dandeliontx",  on_dandeliontx,  _,  navcoin,        Established, FRAME;
    /// A session to aggregate transactions in.
    AggSess(Box<AggregationSession>), "aggsess",   on_aggsess,      _,  navcoin,        Established, 4 + 2 * var(limits.navcoin_string);
    /// The same in the stem of Dandelion.
    DAggSess(Box<AggregationSession>), "daggsess", on_daggsess,     _,  navcoin,        Established, 4 + 2 * var(limits.navcoin_string);
    /// An encrypted candidate for an aggregated transaction.
    EncCand(Box<EncryptedCandidate>), "enccand",   on_enccand,      _,  navcoin,        Established, 3 * var(limits.navcoin_string);
    /// The same in the stem of Dandelion.
    DanEncCand(Box<EncryptedCandidate>), "danenccand", on_danenccand, _, navcoin,       Established, 3 * var(limits.navcoin_string);
} } }
pub(crate) use message_table;

message_table!(messages);

/// When a message may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// First of all and never again: `version`.
    Opening,
    /// After `version` and not after `verack`.
    Negotiation,
    /// After `version`, before or after `verack`.
    Opened,
    /// After `verack`.
    Established,
}

/// More than any frame takes, and little enough to be added up.
const FRAME: usize = usize::MAX / 16;

/// Size of a list of `count` records of `stride` bytes, with its count. No more than [`FRAME`], whatever the limits are
/// set to.
const fn list(count: usize, stride: usize) -> usize {
    let size = count.saturating_mul(stride);
    if size < FRAME {
        compact_size_len(count as u64) + size
    } else {
        FRAME
    }
}

/// Size of a string of `len` bytes, with its length.
const fn var(len: usize) -> usize {
    list(len, 1)
}

/// Size of a `getcfheaders`, which had a locator in the drafts.
const fn getcfheaders(limits: &MessageLimits, gates: &Gates) -> usize {
    if gates.draft_filters == NEVER {
        37
    } else {
        list(limits.draft_cf_locator, 32) + 32 + 1
    }
}

#[expect(clippy::panic, reason = "a compile error, never reached at run time")]
const fn command(name: &str) -> CommandName {
    match CommandName::new(name) {
        Ok(command) => command,
        Err(InvalidCommand) => panic!("not a command"),
    }
}

impl MessageKind {
    /// The message with the short id `id` (BIP324).
    #[must_use]
    pub fn from_short_id(id: u8) -> Option<Self> {
        BY_SHORT_ID.get(usize::from(id)).copied().flatten()
    }
}

/// Every packet of v2 is looked up here; the table ends behind the highest id that was given out.
static BY_SHORT_ID: [Option<MessageKind>; 38] = {
    let mut table = [None; 38];
    let mut row = 0;
    while row < MessageKind::ALL.len() {
        let kind = MessageKind::ALL[row];
        if let Some(id) = kind.short_id() {
            // A higher id does not compile: the table must grow then.
            table[id as usize] = Some(kind);
        }
        row += 1;
    }
    table
};

impl core::fmt::Display for MessageKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.command().fmt(f)
    }
}
