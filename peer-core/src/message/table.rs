//! The table of all messages. A new message is one row here and one type with its layout.
//!
//! From the rows follow [`Message`], [`MessageKind`] and the dispatch between them; nothing else in the crate lists
//! the messages.

use alloc::boxed::Box;

use bytes::Bytes;

use super::codec::Payload;
use super::*;
use crate::network::Gates;
use crate::wire::{
    AddrList, AddrV2List, BlockView, FieldError, MAX_ADDRESS_SIZE, TxView, compact_size_len,
};

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

macro_rules! messages {
    ($(
        $(#[$doc:meta])*
        $variant:ident $(($payload:ty))?,
        $command:literal, $short_id:tt, $since:tt, $phase:ident, $largest:expr;
    )*) => {
        /// A message.
        ///
        /// Lists, blocks and transactions are views over the payload they came in; cloning a message copies no
        /// payload. Large payloads that are rare are boxed.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Message {
            $( $(#[$doc])* $variant $(($payload))?, )*
            /// A message that is not in the table, as it came, or as it is to be sent.
            Unknown {
                /// Its name.
                command: CommandName,
                /// Its payload.
                payload: Bytes,
            },
        }

        /// A message of the table, without its payload.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum MessageKind {
            $( $(#[$doc])* $variant, )*
        }

        impl Message {
            /// The row of the table, or `None` for an unknown message.
            #[must_use]
            pub const fn kind(&self) -> Option<MessageKind> {
                match self {
                    $( Self::$variant { .. } => Some(MessageKind::$variant), )*
                    Self::Unknown { .. } => None,
                }
            }

            /// Name in a frame.
            #[must_use]
            pub const fn command(&self) -> CommandName {
                match self {
                    $( Self::$variant { .. } => MessageKind::$variant.command(), )*
                    Self::Unknown { command, .. } => *command,
                }
            }

            pub(super) fn read(
                kind: MessageKind,
                payload: Bytes,
                codec: &Codec<'_>,
            ) -> Result<(Self, usize), FieldError> {
                match kind {
                    $( MessageKind::$variant => {
                        let (_body, trailing) =
                            first!($( <$payload as Payload>::decode, )? <()>::decode)(payload, codec)?;
                        Ok((Self::$variant { $( 0: name!(_body: $payload), )? }, trailing))
                    } )*
                }
            }

            pub(super) fn body(&self) -> &dyn Payload {
                match self {
                    $( Self::$variant { $( 0: name!(body: $payload), )? } => {
                        first!($( name!(body: $payload), )? &())
                    } )*
                    Self::Unknown { payload, .. } => payload,
                }
            }
        }

        impl MessageKind {
            /// All messages, in the order of the table.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )*];

            /// Name in a frame.
            #[must_use]
            pub const fn command(self) -> CommandName {
                match self {
                    $( Self::$variant => const { command($command) }, )*
                }
            }

            /// The message called `command`.
            #[must_use]
            pub fn from_command(command: &CommandName) -> Option<Self> {
                match command.as_str() {
                    $( $command => Some(Self::$variant), )*
                    _ => None,
                }
            }

            /// Short id in the encrypted transport (BIP324), if it has one.
            #[must_use]
            pub const fn short_id(self) -> Option<u8> {
                match self {
                    $( Self::$variant => optional!($short_id), )*
                }
            }

            /// When it may come.
            #[must_use]
            pub const fn phase(self) -> Phase {
                match self {
                    $( Self::$variant => Phase::$phase, )*
                }
            }

            /// First protocol version that has it, 0 if all do. It is not sent below; it is decoded in any version.
            #[must_use]
            pub const fn min_version(self, gates: &Gates) -> u32 {
                match self {
                    $( Self::$variant => gate!(gates, $since), )*
                }
            }

            /// Size in bytes of the largest payload that is valid and has no trailing bytes.
            #[must_use]
            pub fn max_payload(self, codec: &Codec<'_>) -> usize {
                let largest: fn(&MessageLimits, &Codec<'_>) -> usize = match self {
                    $( Self::$variant => $largest, )*
                };
                largest(codec.limits, codec).min(codec.network.max_payload as usize)
            }
        }
    };
}

/// A binding for a payload, in patterns and expressions that have one only if the row has.
macro_rules! name {
    ($name:ident: $type:ty) => {
        $name
    };
}

macro_rules! first {
    ($first:expr $(, $rest:expr)*) => {
        $first
    };
}

macro_rules! optional {
    (_) => {
        None
    };
    ($value:literal) => {
        Some($value)
    };
}

macro_rules! gate {
    ($gates:ident, _) => {
        0
    };
    ($gates:ident, $gate:ident) => {
        $gates.$gate
    };
}

// Rows: payload, name, short id (BIP324), first version (a field of `Gates`), phase, largest payload in bytes.
messages! {
    // The handshake.
    /// Who the sender is; the first message of a connection.
    Version(Box<VersionMessage>), "version", _, _, Opening, |limits, _| 85 + var(limits.user_agent);
    /// The handshake is complete for the sender.
    Verack, "verack", _, _, Negotiation, EMPTY;
    /// The sender takes `addrv2` instead of `addr` (BIP155).
    SendAddrV2, "sendaddrv2", _, addrv2, Negotiation, EMPTY;
    /// The sender announces and asks for transactions by wtxid (BIP339).
    WtxidRelay, "wtxidrelay", _, wtxidrelay, Negotiation, EMPTY;
    /// The sender can reconcile transaction sets (BIP330).
    SendTxRcncl(SendTxRcncl), "sendtxrcncl", _, wtxidrelay, Negotiation, |_, _| 12;
    /// The sender speaks an optional feature (BIP434).
    Feature(Box<Feature>), "feature", 37, feature, Negotiation,
        |limits, _| var(limits.feature_id) + var(limits.feature_data);

    // Keeping a connection.
    /// Asks for a `pong`.
    Ping(Ping), "ping", 18, _, Established, |_, _| 8;
    /// Answers a `ping` (BIP31).
    Pong(Pong), "pong", 19, pong, Established, |_, _| 8;

    // Inventory.
    /// Announces objects.
    Inv(Inventory), "inv", 14, _, Established, |limits, _| list(limits.inv, 36);
    /// Asks for objects.
    GetData(Inventory), "getdata", 11, _, Established, |limits, _| list(limits.inv, 36);
    /// Answers `getdata` for objects that the sender does not have.
    NotFound(Inventory), "notfound", 17, bloom, Established, |limits, _| list(limits.inv, 36);
    /// Asks for announcements of all unconfirmed transactions (BIP35).
    MemPool, "mempool", 15, mempool, Established, EMPTY;
    /// Asks for announcements of transactions above a fee rate only (BIP133).
    FeeFilter(FeeFilter), "feefilter", 5, feefilter, Established, |_, _| 8;

    // The chain.
    /// Asks for announcements of the blocks after a locator.
    GetBlocks(Box<Locator>), "getblocks", 9, _, Established, |limits, _| 36 + list(limits.locator, 32);
    /// Asks for the headers after a locator.
    GetHeaders(Box<Locator>), "getheaders", 12, headers, Established,
        |limits, _| 36 + list(limits.locator, 32);
    /// Answers `getheaders`, or announces blocks.
    Headers(Headers), "headers", 13, headers, Established,
        |limits, codec| list(limits.headers, codec.network.header_entry_len);
    /// Asks for announcements of new blocks by header (BIP130).
    SendHeaders, "sendheaders", _, sendheaders, Opened, EMPTY;

    // Objects.
    /// A block.
    Block(BlockView), "block", 2, _, Established, FRAME;
    /// A transaction.
    Tx(TxView), "tx", 21, _, Established, FRAME;

    // Bloom filters (BIP37).
    /// Sets the bloom filter of the connection.
    FilterLoad(FilterLoad), "filterload", 8, bloom, Established, |limits, _| var(limits.filter) + 9;
    /// Adds an element to the bloom filter.
    FilterAdd(FilterAdd), "filteradd", 6, bloom, Established, |limits, _| var(limits.filter_add);
    /// Removes the bloom filter.
    FilterClear, "filterclear", 7, bloom, Established, EMPTY;

    /// A block's header with proofs of the transactions that match the filter.
    MerkleBlock(Box<MerkleBlock>), "merkleblock", 16, bloom, Established,
        |limits, _| 84 + list(limits.merkle_hashes, 32) + var(limits.merkle_flags);

    // Compact blocks (BIP152).
    /// The sender understands compact blocks.
    SendCmpct(SendCmpct), "sendcmpct", 20, compact_blocks, Opened, |_, _| 9;
    /// Asks for transactions of a compact block.
    GetBlockTxn(Box<GetBlockTxn>), "getblocktxn", 10, compact_blocks, Established,
        |limits, _| 32 + list(limits.compact_txs, 3);

    /// A block with most of its transactions named by short ids.
    CmpctBlock(Box<CmpctBlock>), "cmpctblock", 4, compact_blocks, Established, FRAME;
    /// Answers `getblocktxn`.
    BlockTxn(Box<BlockTxn>), "blocktxn", 3, compact_blocks, Established, FRAME;

    // Compact block filters (BIP157).
    /// Asks for the filters of a range of blocks.
    GetCFilters(FilterRange), "getcfilters", 22, _, Established, |_, _| 37;
    /// The filter of a block.
    CFilter(Box<CFilter>), "cfilter", 23, _, Established, |limits, _| 33 + var(limits.cfilter);
    /// Asks for the filter hashes of a range of blocks.
    GetCFHeaders(FilterRange), "getcfheaders", 24, _, Established, |_, _| 37;
    /// The filter hashes of a range of blocks.
    CFHeaders(Box<CFHeaders>), "cfheaders", 25, _, Established, |limits, _| 65 + list(limits.cfheaders, 32);
    /// Asks for filter headers at intervals.
    GetCFCheckpt(GetCFCheckpt), "getcfcheckpt", 26, _, Established, |_, _| 33;
    /// Filter headers at intervals.
    CFCheckpt(Box<CFCheckpt>), "cfcheckpt", 27, _, Established, |limits, _| 33 + list(limits.cfcheckpt, 32);

    // Addresses.
    /// Asks for addresses of nodes.
    GetAddr, "getaddr", _, _, Established, EMPTY;
    /// Addresses of nodes.
    Addr(AddrList), "addr", 1, _, Established, |limits, _| list(limits.addr, 30);
    /// Addresses of nodes on any network (BIP155).
    AddrV2(AddrV2List), "addrv2", 28, _, Established,
        |limits, _| list(limits.addr, 4 + 9 + 1 + var(MAX_ADDRESS_SIZE) + 2);

    // No longer sent by current nodes.
    /// A signed warning to all users, retired.
    Alert(Box<Alert>), "alert", _, _, Opened, |limits, _| 2 * var(limits.alert);
    /// Why a message was refused (BIP61).
    Reject(Box<Reject>), "reject", _, reject, Opened,
        |limits, _| var(limits.reject_message) + 1 + var(limits.reject_reason) + 32;
}

/// No payload.
const EMPTY: fn(&MessageLimits, &Codec<'_>) -> usize = |_, _| 0;

/// As much as a frame takes.
const FRAME: fn(&MessageLimits, &Codec<'_>) -> usize =
    |_, codec| codec.network.max_payload as usize;

/// Size of a list of `count` records of `stride` bytes, with its count.
const fn list(count: usize, stride: usize) -> usize {
    compact_size_len(count as u64) + count * stride
}

/// Size of a string of `len` bytes, with its length.
const fn var(len: usize) -> usize {
    list(len, 1)
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
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.short_id() == Some(id))
    }
}

impl core::fmt::Display for MessageKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.command().fmt(f)
    }
}
