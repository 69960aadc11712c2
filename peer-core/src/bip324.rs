//! The cryptography of BIP324 by itself: keys, the packets made with them, and nothing that knows
//! a message.
//!
//! [`PeerMachine`](crate::PeerMachine) does all of this by itself. The parts are public for those
//! who look at a stream from outside: monitors with a known key, tools that test nodes, replays.
//!
//! ```text
//!  initiator                                               responder
//!  ellswift key (64) ‖ garbage (0..=4095)    ───────►
//!                                            ◄───────      ellswift key ‖ garbage
//!  terminator (16) ‖ packets…                ───────►
//!                                            ◄───────      terminator ‖ packets…
//!
//!  packet:  length (3) │ header (1) ‖ contents (length) │ tag (16)
//!           FSChaCha20 │ FSChaCha20Poly1305
//! ```
//!
//! The first packet of each direction is authenticated together with the garbage that its sender
//! sent before it. The first one that is not a decoy is the version packet, whose contents nobody
//! reads today; messages follow.
//!
//! ```
//! use peer_core::bip324::{KeyPair, Role, SALT_PREFIX};
//!
//! let ours = KeyPair::from_secret([1; 32], [2; 32])?;
//! let theirs = KeyPair::from_secret([3; 32], [4; 32])?;
//! let magic = peer_core::network::Network::REGTEST.magic;
//! let mut left = ours.agree(theirs.ellswift(), Role::Initiator, SALT_PREFIX, magic);
//! let mut right = theirs.agree(ours.ellswift(), Role::Responder, SALT_PREFIX, magic);
//! assert_eq!(left.session_id, right.session_id);
//!
//! let mut packet = Vec::new();
//! left.sealer.seal(&[b"hello"], b"garbage", false, &mut packet)?;
//! let (length, sealed) = packet.split_first_chunk_mut().unwrap();
//! assert_eq!(right.opener.open_length(*length), 5);
//! let opened = right.opener.open(sealed, b"garbage")?;
//! assert_eq!((opened.contents, opened.is_decoy), (&b"hello"[..], false));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Whose work this is
//!
//! The curve is libsecp256k1's. ChaCha20-Poly1305 is that of ring with the feature `v2`, and of
//! RustCrypto with `v2-pure`; the keystream of the lengths, and HKDF, are RustCrypto's.
//!
//! # What is wiped, and what is not
//!
//! Secret keys, the shared secret, every key derived from it and every key of the packet ciphers
//! that this crate holds are overwritten where they lie when they are dropped or replaced, ring's form
//! of a packet key included, for which ring itself offers no way. What is not: copies that were left
//! behind on the stack where a value was moved, and what passed through HMAC, SHA-256 and ring.

mod aead;
mod cipher;
mod keys;
mod packet;

pub use self::keys::{InvalidSecret, KeyPair, Role, SALT_PREFIX, SessionKeys};
pub use self::packet::{ContentsTooLong, OpenedPacket, PacketOpener, PacketSealer, Unauthentic};

/// Bytes of an ElligatorSwift-encoded public key.
pub const ELLSWIFT_LEN: usize = 64;

/// Bytes of the garbage terminator.
pub const TERMINATOR_LEN: usize = 16;

/// Most bytes of garbage before the terminator.
pub const MAX_GARBAGE: usize = 4_095;

/// Bytes of the encrypted length that a packet begins with.
pub const LENGTH_LEN: usize = 3;

/// Bytes of the authentication tag that a packet ends with.
pub const TAG_LEN: usize = 16;

/// Bytes of a packet beside its contents: length, header and tag.
pub const PACKET_OVERHEAD: usize = LENGTH_LEN + 1 + TAG_LEN;

/// Most bytes of contents that the length of a packet can tell.
pub const MAX_CONTENTS: usize = 0x00ff_ffff;

#[cfg(test)]
mod tests;
