//! What a block is identified by: a hash of its header, and which one.

use core::fmt;

use crate::wire::{BlockHash, BlockHeader, sha256d};

/// The hash function behind a chain's block hashes.
///
/// ```
/// use peer_core::network::{BlockId, HeaderHash, Network};
///
/// fn x13(header: &[u8; 80]) -> [u8; 32] {
///     // From a crate of your choice.
/// #   let _ = header;
/// #   [0; 32]
/// }
///
/// let mut network = Network::NAVCOIN;
/// network.block_id = BlockId::ByVersion { above: 6, older: Some(HeaderHash(x13)) };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockId {
    /// Double SHA-256 of the header.
    Sha256d,
    /// Double SHA-256 of headers whose version is above `above`, and `older` of the others.
    ///
    /// NavCoin's, where `above` is 6 and the older function is X13. No well-kept implementation of X13 in Rust is known,
    /// and this crate has none: an application that meets such blocks supplies the function. Without it their hashes are
    /// not known, and neither is which request such a block answers; see [`Network::block_hash`](super::Network::block_hash).
    ByVersion {
        /// The last version of the older kind.
        above: i32,
        /// Hash of the older kind.
        older: Option<HeaderHash>,
    },
}

impl BlockId {
    pub(super) fn of(self, header: &BlockHeader) -> Option<BlockHash> {
        let bytes = header.to_bytes();
        let hash = match self {
            Self::ByVersion { above, older } if header.version <= above => older?.0(&bytes),
            Self::Sha256d | Self::ByVersion { .. } => sha256d(&bytes),
        };
        Some(BlockHash::from_bytes(hash))
    }
}

/// A hash function over the 80 bytes of a header. The result is in the order of the wire.
///
/// It must be a function in the strict sense: the same header gives the same hash, whatever happened before.
#[derive(Clone, Copy)]
pub struct HeaderHash(pub fn(&[u8; BlockHeader::SIZE]) -> [u8; 32]);

/// As far as that can be told: a compiler may merge functions that do the same, and duplicate one.
impl PartialEq for HeaderHash {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for HeaderHash {}

impl fmt::Debug for HeaderHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderHash(..)")
    }
}
