//! [`ShortIds`]: how the short ids of one compact block are made.

use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher24;

use super::encoding;
use crate::message::ShortId;
use crate::wire::{BlockHeader, Hash, TxEncoding, TxView};

/// What makes short ids of transactions for one compact block. The salt is its header and its nonce, so that nobody can
/// prepare transactions that collide everywhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShortIds {
    key: [u8; 16],
    encoding: TxEncoding,
}

impl ShortIds {
    /// For the compact block with this header and nonce, in this version of BIP152 (1: of txids; above: of wtxids).
    #[must_use]
    pub fn new(header: &BlockHeader, nonce: u64, version: u64) -> Self {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(header.to_bytes())
            .chain_update(nonce.to_le_bytes())
            .finalize()
            .into();
        Self {
            key: core::array::from_fn(|index| digest[index]),
            encoding: encoding(version),
        }
    }

    /// The short id of a transaction. Hashes the whole of it first.
    #[must_use]
    pub fn of_tx(&self, transaction: &TxView) -> ShortId {
        match self.encoding {
            TxEncoding::Base => self.of_id(transaction.txid()),
            TxEncoding::Witness | TxEncoding::Full => self.of_id(transaction.wtxid()),
        }
    }

    /// The short id of the transaction with this id, which is the txid in version 1 and the wtxid in any other.
    #[must_use]
    pub fn of_id(&self, id: impl Into<Hash>) -> ShortId {
        let hasher = SipHasher24::new_with_key(&self.key);
        let [a, b, c, d, e, f, ..] = hasher.hash(id.into().as_bytes()).to_le_bytes();
        ShortId([a, b, c, d, e, f])
    }

    /// How transactions are sent in this version.
    pub(super) const fn encoding(&self) -> TxEncoding {
        self.encoding
    }
}

impl core::fmt::Debug for ShortIds {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ShortIds")
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}
