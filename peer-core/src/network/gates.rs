//! Protocol version gates: the first version at which each rule holds.
//!
//! They belong to the network because the numbers do not mean the same everywhere: on Litecoin 70017 announces MWEB
//! sync and not BIP434, and NavCoin's versions are above all of Bitcoin's without having their rules.

/// A version that no peer has: the rule, or the message, does not exist on the network.
pub const NEVER: u32 = u32::MAX;

/// Protocol versions from which on a rule holds between two peers, compared with the lower of their versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gates {
    /// More than one entry in an `addr` message (btcd's `MultipleAddressVersion`, 209).
    pub multiple_addr: u32,
    /// The time field in entries of `addr` (Core's `CADDR_TIME_VERSION`, 31402).
    pub addr_time: u32,
    /// `getheaders` and `headers` (31800).
    pub headers: u32,
    /// The nonce in `ping`, and `pong` (BIP31: versions *above* Core's `BIP0031_VERSION`, so 60001).
    pub pong: u32,
    /// `mempool` (BIP35, 60002).
    pub mempool: u32,
    /// `filterload`, `filteradd`, `filterclear`, `merkleblock` and `notfound`, and the relay flag in `version`
    /// (BIP37, 70001).
    pub bloom: u32,
    /// `reject` (BIP61, 70002).
    pub reject: u32,
    /// Bloom filters need the service bit (BIP111; Core's `NO_BLOOM_VERSION`, 70011).
    pub bloom_service: u32,
    /// `sendheaders` (BIP130; Core's `SENDHEADERS_VERSION`, 70012).
    pub sendheaders: u32,
    /// `feefilter` (BIP133; Core's `FEEFILTER_VERSION`, 70013).
    pub feefilter: u32,
    /// `sendcmpct`, `cmpctblock`, `getblocktxn` and `blocktxn` (BIP152; Core's `SHORT_IDS_BLOCKS_VERSION`, 70014).
    pub compact_blocks: u32,
    /// `sendaddrv2` is sent (BIP155 names no version, Core and btcd use 70016).
    pub addrv2: u32,
    /// `wtxidrelay` (BIP339; Core's `WTXID_RELAY_VERSION`, 70016).
    pub wtxidrelay: u32,
    /// `feature` (BIP434, 70017).
    pub feature: u32,
    /// The *last* version with `alert`, and the exception to the rule above: retired, and Core sends it to nobody above
    /// 70012. Set to [`NEVER`], it does not end.
    pub last_alert: u32,
    /// The filter messages in the form of BIP157's drafts of 2017: `getcfilter`, `getcftypes` and `cftypes`, and other
    /// layouts of `cfilter`, `getcfheaders` and `cfheaders`. [`NEVER`] everywhere, since no live network speaks them; the
    /// NavCoin package `navd` does, and whoever wants to talk to it sets this to 0, or takes
    /// [`NAVD`](Self::NAVD).
    pub draft_filters: u32,
    /// NavCoin's own messages: `dandeliontx`, `aggsess`, `daggsess`, `enccand`, `danenccand`.
    pub navcoin: u32,
}

impl Gates {
    /// Bitcoin's.
    pub const BITCOIN: Self = Self {
        multiple_addr: 209,
        addr_time: 31_402,
        headers: 31_800,
        pong: 60_001,
        mempool: 60_002,
        bloom: 70_001,
        reject: 70_002,
        bloom_service: 70_011,
        sendheaders: 70_012,
        feefilter: 70_013,
        compact_blocks: 70_014,
        addrv2: 70_016,
        wtxidrelay: 70_016,
        feature: 70_017,
        last_alert: 70_012,
        draft_filters: NEVER,
        navcoin: NEVER,
    };

    /// Litecoin's: Bitcoin's without `feature`, as 70017 is its `MWEB_SYNC_VERSION`.
    pub const LITECOIN: Self = Self {
        feature: NEVER,
        ..Self::BITCOIN
    };

    /// NavCoin's, which are those of Bitcoin Core 0.13 and its own messages. Its version numbers are above all of
    /// Bitcoin's, so what came to Bitcoin later is out of reach by number.
    pub const NAVCOIN: Self = Self {
        addrv2: NEVER,
        wtxidrelay: NEVER,
        feature: NEVER,
        last_alert: 0,
        navcoin: 0,
        ..Self::BITCOIN
    };

    /// NavCoin's as its Go package `navd` takes them: with the filter messages of BIP157's drafts, and alerts for ever.
    pub const NAVD: Self = Self {
        draft_filters: 0,
        last_alert: NEVER,
        ..Self::NAVCOIN
    };
}
