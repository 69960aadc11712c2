//! Hashes as types: 32 bytes in the order of the wire, shown reversed as everyone writes them.
//!
//! Each role has its own type, so that a txid cannot be passed for a wtxid. [`Hash`] is the one without a role; it
//! converts to and from all the others.

use core::fmt;
use core::str::FromStr;

use sha2::{Digest, Sha256};
use thiserror::Error;

/// SHA-256 of the SHA-256 of `bytes`: the hash behind block hashes, transaction ids and checksums.
#[must_use]
pub fn sha256d(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(Sha256::digest(bytes)).into()
}

/// Text that is not a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseHashError {
    /// Not 64 characters.
    #[error("a hash has 64 hexadecimal digits, not {length}")]
    Length {
        /// Length of the text in bytes.
        length: usize,
    },
    /// A character that is not a hexadecimal digit.
    #[error("the character at {position} is not a hexadecimal digit")]
    Digit {
        /// Its position in bytes, from the start.
        position: usize,
    },
}

macro_rules! hash_types {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// Kept in the byte order of the wire; shown and parsed in reverse. The order of values is that of the bytes
        /// as kept.
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The hash of 32 zero bytes, which stands for "none" in several messages.
            pub const ALL_ZERO: Self = Self([0; 32]);

            /// From bytes in the order of the wire.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The bytes in the order of the wire.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; 32] {
                self.0
            }

            /// The bytes in the order of the wire, borrowed.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// From 64 hexadecimal digits in the order in which hashes are shown.
            ///
            /// # Errors
            ///
            /// When `text` is anything else.
            pub const fn from_hex(text: &str) -> Result<Self, ParseHashError> {
                match parse_reversed(text.as_bytes()) {
                    Ok(bytes) => Ok(Self(bytes)),
                    Err(error) => Err(error),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_reversed(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "("))?;
                write_reversed(&self.0, f)?;
                f.write_str(")")
            }
        }

        impl FromStr for $name {
            type Err = ParseHashError;

            fn from_str(text: &str) -> Result<Self, ParseHashError> {
                Self::from_hex(text)
            }
        }

        impl super::Item for $name {
            const STRIDE: usize = 32;

            fn parse(record: &[u8]) -> Option<Self> {
                record.try_into().ok().map(Self)
            }

            fn write(&self, out: &mut alloc::vec::Vec<u8>) {
                out.extend_from_slice(&self.0);
            }
        }
    )*};
}

macro_rules! hash_conversions {
    ($($name:ident)*) => {$(
        impl From<$name> for Hash {
            fn from(hash: $name) -> Self {
                Self(hash.0)
            }
        }

        impl From<Hash> for $name {
            fn from(hash: Hash) -> Self {
                Self(hash.0)
            }
        }
    )*};
}

hash_types! {
    /// A hash whose role depends on where it stands, as in an inventory vector.
    Hash;
    /// Hash of a block header, which identifies the block.
    BlockHash;
    /// Hash of a transaction without its witness, which identifies it in blocks and outpoints.
    Txid;
    /// Hash of a transaction with its witness (BIP141), which identifies it in relay between BIP339 peers.
    Wtxid;
    /// Inner node or root of the merkle tree over the transactions of a block.
    TxMerkleNode;
    /// Hash of a compact block filter (BIP157).
    FilterHash;
    /// Hash of a compact block filter chained to the header before it (BIP157).
    FilterHeader;
}

hash_conversions! { BlockHash Txid Wtxid TxMerkleNode FilterHash FilterHeader }

fn write_reversed(bytes: &[u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes
        .iter()
        .rev()
        .try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// `const`, so that the genesis hashes of the network presets can be written as everyone knows them.
const fn parse_reversed(text: &[u8]) -> Result<[u8; 32], ParseHashError> {
    if text.len() != 64 {
        return Err(ParseHashError::Length { length: text.len() });
    }
    let mut bytes = [0; 32];
    let mut position = 0;
    while position < 64 {
        let Some(digit) = (text[position] as char).to_digit(16) else {
            return Err(ParseHashError::Digit { position });
        };
        let byte = &mut bytes[31 - position / 2];
        *byte = (*byte << 4) | digit as u8;
        position += 1;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    const GENESIS: &str = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";

    #[test]
    fn shown_in_reverse() {
        let hash: BlockHash = GENESIS.parse().unwrap();
        assert_eq!(
            hash.as_bytes().first_chunk(),
            Some(&[0x6f, 0xe2, 0x8c, 0x0a])
        );
        assert_eq!(hash.to_string(), GENESIS);
        assert_eq!(Hash::from(hash).to_string(), GENESIS);
        assert_eq!(BlockHash::from_hex(&GENESIS.to_uppercase()), Ok(hash));
    }

    #[test]
    fn refuses_other_text() {
        let length = |length| Err(ParseHashError::Length { length });
        assert_eq!(Txid::from_hex(""), length(0));
        assert_eq!(Txid::from_hex(&GENESIS[1..]), length(63));
        let text = GENESIS.replace('e', "x");
        let digit = |position| Err(ParseHashError::Digit { position });
        assert_eq!(Txid::from_hex(&text), digit(22));
        // 64 bytes, 63 characters.
        let text = GENESIS.replace("19d6", "1é6");
        assert_eq!(Txid::from_hex(&text), digit(11));
    }

    /// The checksum of an empty payload, known from every `verack`.
    #[test]
    fn double_sha256() {
        assert_eq!(sha256d(&[]).first_chunk(), Some(&[0x5d, 0xf6, 0xe0, 0xe2]));
    }
}
