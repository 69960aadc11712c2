//! Primitives of the wire: integers, compact sizes, hashes, lists, and the objects built from them.
//!
//! Everything here reads from a [`bytes::Bytes`] payload that is already complete and writes to a `Vec<u8>`. Nothing
//! in this layer knows a message, a frame, a protocol version or a network; what depends on one of those arrives as an
//! argument. Whatever bytes arrive, reading ends in a value or a [`FieldError`], never in a panic, and a claimed
//! length or count never allocates by itself.

mod address;
mod block;
mod compact_size;
mod cut;
mod error;
mod format;
mod hash;
mod header;
mod list;
mod merkle;
pub mod mweb;
pub mod navcoin;
mod reader;
mod services;
mod target;
mod transaction;
mod writer;

pub use self::address::{
    AddrEntry, AddrIter, AddrList, AddrV2List, AddrV2Record, AddrV2Records, Address, AddressError,
    MAX_ADDRESS_SIZE, NetAddr,
};
pub use self::block::{
    Block, BlockView, MerkleError, MwebCommitmentError, Transactions, WitnessCommitmentError,
};
pub use self::compact_size::{MAX_SIZE, compact_size_len};
pub(crate) use self::cut::cut;
pub use self::error::{DecodeErrorKind, FieldError};
pub use self::format::{TxEncoding, TxFormat};
pub use self::hash::{
    BlockHash, FilterHash, FilterHeader, Hash, ParseHashError, TxMerkleNode, Txid, Wtxid, sha256d,
};
pub use self::header::BlockHeader;
pub use self::list::{Item, List, ListIter};
pub(crate) use self::list::{count_len, with_count};
pub use self::merkle::{
    MAX_PARTIAL_TREE_TRANSACTIONS, MerkleMatch, MerkleMatches, MerkleRoot, PartialMerkleError,
    extract_matches, merkle_root,
};
pub use self::reader::Reader;
pub use self::services::ServiceFlags;
pub use self::target::Target;
pub use self::transaction::{
    Inputs, OutPoint, Outputs, Transaction, TxIn, TxInView, TxOut, TxOutView, TxView, WitnessIter,
    WitnessView, Witnesses,
};
pub use self::writer::Writer;
