//! Messages: what a payload means, given the command that came with it.
//!
//! ```text
//!   command + payload: Bytes ──Message::decode──►  Message  ──Message::payload──►  Bytes
//!                                   ▲                              ▲
//!                                   └──── Codec: network, negotiated version, limits
//! ```
//!
//! All messages are rows of one table (`table.rs`): name, short id, the version it needs, when it may come, how large
//! it can be. Each family has a file of its own with the layouts. Lists, blocks and transactions are validated views
//! over the payload; nothing is copied or allocated for them.
//!
//! What a message *does* is not known here: no state, no peer, no frame. An unknown command is not an error but
//! [`Message::Unknown`], in both directions.

mod codec;
mod command;
mod error;
mod generate;
mod limits;
mod summary;
mod table;
mod text;
mod user_agent;

mod address;
mod bloom;
mod compact;
mod data;
mod filters;
mod headers;
mod inventory;
mod keepalive;
mod legacy;
mod locator;
mod navcoin;
mod negotiation;
mod version;

pub use self::bloom::{BloomUpdate, FilterAdd, FilterLoad};
pub use self::codec::{Codec, Decoded};
pub use self::command::{CommandName, InvalidCommand};
pub use self::compact::{
    BlockTxn, CmpctBlock, GetBlockTxn, IndexIter, IndexList, InvalidIndexes, PrefilledIter,
    PrefilledList, PrefilledTx, SendCmpct, ShortId, TxIter, TxList,
};
pub use self::data::MerkleBlock;
pub use self::error::{DecodeError, EncodeError, EncodeErrorKind};
pub use self::filters::{
    CFCheckpt, CFHeaders, CFTypes, CFilter, DraftLocator, FilterRange, GetCFCheckpt, GetCFHeaders,
    GetCFilter,
};
pub(crate) use self::generate::name;
pub use self::headers::{HeaderIter, Headers};
pub use self::inventory::{FeeFilter, InvIter, InvVect, Inventory, UnnumberedKind};
pub use self::keepalive::{Ping, Pong};
pub use self::legacy::{Alert, Reject, RejectCode};
pub use self::limits::MessageLimits;
pub use self::locator::Locator;
pub use self::navcoin::{AggregationSession, EncryptedCandidate};
pub use self::negotiation::{Feature, SendTxRcncl};
pub(crate) use self::table::message_table;
pub use self::table::{Message, MessageKind, Phase};
pub(crate) use self::text::OneLine;
pub use self::text::Text;
pub use self::user_agent::{UserAgent, UserAgentError};
pub use self::version::{Relay, VersionMessage, VersionTail};
pub use crate::network::{InvKind, InvNumbering};
pub use crate::wire::{DecodeErrorKind, TxEncoding};

#[cfg(test)]
mod tests;
