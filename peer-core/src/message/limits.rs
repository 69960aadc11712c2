//! How many and how long: the limits on what a message may carry, in both directions.

/// Limits on counts and sizes inside messages.
///
/// They hold for what is received and for what is sent. None may be unlimited; raising one raises what a peer can make
/// this side look at, never what it can make it allocate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageLimits {
    /// Items in `inv`, `getdata` and `notfound`: 50,000 (Core's `MAX_INV_SZ`).
    pub inv: usize,
    /// Entries in `headers`: 2,000 (Core's `MAX_HEADERS_RESULTS`).
    pub headers: usize,
    /// Hashes in the locator of `getblocks` and `getheaders`: 101 (Core's `MAX_LOCATOR_SZ`). An honest locator has
    /// about ten, and one per doubling of the height after that.
    pub locator: usize,
    /// Entries in `addr` and `addrv2`: 1,000 (Core's `MAX_ADDR_TO_SEND`). What an address itself may have is not a
    /// choice: [`MAX_ADDRESS_SIZE`](crate::wire::MAX_ADDRESS_SIZE).
    pub addr: usize,
    /// Bytes in the user agent of `version`: 256 (Core's `MAX_SUBVERSION_LENGTH`).
    pub user_agent: usize,
    /// Bytes in the identifier of `feature`, at least: 4 (BIP434).
    pub feature_id_min: usize,
    /// Bytes in the identifier of `feature`, at most: 80 (BIP434).
    pub feature_id: usize,
    /// Bytes in the data of `feature`: 512 (BIP434).
    pub feature_data: usize,
    /// Bytes in the filter of `filterload`: 36,000 (BIP37; Core's `MAX_BLOOM_FILTER_SIZE`).
    pub filter: usize,
    /// Hash functions in `filterload`: 50 (BIP37; Core's `MAX_HASH_FUNCS`).
    pub filter_hash_funcs: u32,
    /// Bytes in `filteradd`: 520, the largest push in a script (Core's `MAX_SCRIPT_ELEMENT_SIZE`).
    pub filter_add: usize,
    /// Hashes in `merkleblock`: 400,001, one per transaction of the smallest imaginable size in 4,000,000 bytes
    /// (btcd's `maxTxPerBlock`).
    pub merkle_hashes: usize,
    /// Bytes of flags in `merkleblock`: 50,000 (btcd's `maxFlagsPerMerkleBlock`).
    pub merkle_flags: usize,
    /// Transactions that `cmpctblock`, `getblocktxn` and `blocktxn` speak of: 65,535, what their indexes can name
    /// (BIP152).
    pub compact_txs: usize,
    /// Bytes in the filter of `cfilter`: 262,144 (btcd's `MaxCFilterDataSize`).
    pub cfilter: usize,
    /// Hashes in `cfheaders`: 2,000 (BIP157; Core's `MAX_GETCFHEADERS_SIZE`).
    pub cfheaders: usize,
    /// Headers in `cfcheckpt`: 100,000, one per thousand blocks (btcd's `maxCFHeadersLen`).
    pub cfcheckpt: usize,
    /// Bytes in the command of `reject`: 12, as long as commands are.
    pub reject_message: usize,
    /// Bytes in the reason of `reject`: 512. Core wrote 111 at most, btcd has no limit.
    pub reject_reason: usize,
    /// Bytes in the body and in the signature of `alert`: 4,096. The only one still sent has 96 and 70.
    pub alert: usize,
    /// Hashes in the locator of a `getcfheaders` of BIP157's drafts: 500 (btcd's `MaxBlockLocatorsPerMsg`).
    pub draft_cf_locator: usize,
    /// Types in `cftypes`: 256, one for each value of a byte (btcd's `MaxFilterTypesPerMsg`).
    pub cftypes: usize,
    /// Bytes in each string of NavCoin's `aggsess` and `enccand`: 8,000,000, what its frames hold. Its nodes have no
    /// other limit, and nothing is made of the strings here.
    pub navcoin_string: usize,
}

impl MessageLimits {
    /// The default limits, which are Core's where Core has one.
    pub const DEFAULT: Self = Self {
        inv: 50_000,
        headers: 2_000,
        locator: 101,
        addr: 1_000,
        user_agent: 256,
        feature_id_min: 4,
        feature_id: 80,
        feature_data: 512,
        filter: 36_000,
        filter_hash_funcs: 50,
        filter_add: 520,
        merkle_hashes: 400_001,
        merkle_flags: 50_000,
        compact_txs: 65_535,
        cfilter: 262_144,
        cfheaders: 2_000,
        cfcheckpt: 100_000,
        reject_message: 12,
        reject_reason: 512,
        alert: 4_096,
        draft_cf_locator: 500,
        cftypes: 256,
        navcoin_string: 8_000_000,
    };

    /// btcd's: as the default, with locators of up to 500 hashes.
    #[must_use]
    pub const fn btcd() -> Self {
        Self {
            locator: 500,
            ..Self::DEFAULT
        }
    }
}

impl Default for MessageLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
