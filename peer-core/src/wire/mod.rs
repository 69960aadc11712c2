//! Primitives of the wire: integers, compact sizes, hashes, lists, and the objects built from them.
//!
//! Everything here reads from a [`bytes::Bytes`] payload that is already complete and writes to a `Vec<u8>`. Nothing
//! in this layer knows a message, a frame, a protocol version or a network; what depends on one of those arrives as an
//! argument. Whatever bytes arrive, reading ends in a value or a [`FieldError`], never in a panic, and a claimed
//! length or count never allocates by itself.

mod compact_size;
mod error;
mod format;
mod hash;
mod list;
mod reader;
mod services;
mod writer;

pub use self::compact_size::{MAX_SIZE, compact_size_len};
pub use self::error::{DecodeErrorKind, FieldError};
pub use self::format::{TxEncoding, TxFormat};
pub use self::hash::{
    BlockHash, FilterHash, FilterHeader, Hash, ParseHashError, TxMerkleNode, Txid, Wtxid, sha256d,
};
pub use self::list::{Item, List, ListIter};
pub use self::reader::Reader;
pub use self::services::ServiceFlags;
pub use self::writer::Writer;
