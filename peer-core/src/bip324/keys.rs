//! From two keys to everything a session needs: ElligatorSwift, the shared secret, HKDF.

use hkdf::Hkdf;
use rand_core::CryptoRng;
use secp256k1::SecretKey;
use secp256k1::ellswift::{ElligatorSwift, Party};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::{ELLSWIFT_LEN, PacketOpener, PacketSealer, TERMINATOR_LEN};

/// What the salt of the key derivation begins with on Bitcoin; the magic follows. Some chains have
/// a text of their own ([`Network::v2_salt`](crate::network::Network)).
pub const SALT_PREFIX: &str = "bitcoin_v2_shared_secret";

/// Which side of the handshake, which is to say who dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Dialled, and sends its key first.
    Initiator,
    /// Was dialled.
    Responder,
}

/// Zero, or not below the order of the curve: no secret key. One in 2^128 random ones is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("32 bytes that are no secret key")]
pub struct InvalidSecret;

/// The key pair of one session, wiped when dropped. Never use one twice.
pub struct KeyPair {
    secret: Zeroizing<[u8; 32]>,
    ellswift: [u8; ELLSWIFT_LEN],
}

impl KeyPair {
    /// A fresh one. Takes some 30 us, most of them libsecp256k1's.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        loop {
            let (mut secret, mut aux) = ([0; 32], [0; 32]);
            rng.fill_bytes(&mut secret);
            rng.fill_bytes(&mut aux);
            let pair = Self::from_secret(secret, aux);
            secret.zeroize();
            if let Ok(pair) = pair {
                return pair;
            }
        }
    }

    /// From a known secret. A point has many ElligatorSwift encodings; `aux` chooses the one that
    /// is sent.
    ///
    /// # Errors
    /// If `secret` is no secret key.
    pub fn from_secret(secret: [u8; 32], aux: [u8; 32]) -> Result<Self, InvalidSecret> {
        let secret = Zeroizing::new(secret);
        let mut key = secret_key(&secret)?;
        let ellswift = ElligatorSwift::from_seckey(key, Some(aux)).to_array();
        key.non_secure_erase();
        Ok(Self { secret, ellswift })
    }

    /// From a secret and the encoding of its public key that was sent, as a record of a session
    /// has them. That they belong together is not checked.
    ///
    /// # Errors
    /// If `secret` is no secret key.
    pub fn from_parts(
        secret: [u8; 32],
        ellswift: [u8; ELLSWIFT_LEN],
    ) -> Result<Self, InvalidSecret> {
        let secret = Zeroizing::new(secret);
        secret_key(&secret)?.non_secure_erase();
        Ok(Self { secret, ellswift })
    }

    /// The public key as it is sent.
    pub fn ellswift(&self) -> &[u8; ELLSWIFT_LEN] {
        &self.ellswift
    }

    /// The session with whoever sent `theirs`. Any 64 bytes are somebody's key: that it was theirs
    /// is known once a packet of theirs opens. Takes some 30 us.
    pub fn agree(
        &self,
        theirs: &[u8; ELLSWIFT_LEN],
        role: Role,
        salt_prefix: &str,
        magic: [u8; 4],
    ) -> SessionKeys {
        let secret = shared_secret(&self.secret, &self.ellswift, theirs, role);
        SessionKeys::derive(&secret, role, salt_prefix, magic)
    }
}

impl core::fmt::Debug for KeyPair {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeyPair").finish_non_exhaustive()
    }
}

fn secret_key(bytes: &[u8; 32]) -> Result<SecretKey, InvalidSecret> {
    SecretKey::from_secret_bytes(*bytes).map_err(|_| InvalidSecret)
}

/// The tagged hash of both encodings and the shared x coordinate (BIP324: `v2_ecdh`).
pub(super) fn shared_secret(
    ours: &[u8; 32],
    our_ellswift: &[u8; ELLSWIFT_LEN],
    theirs: &[u8; ELLSWIFT_LEN],
    role: Role,
) -> Zeroizing<[u8; 32]> {
    let (ours_encoded, theirs) = (
        ElligatorSwift::from_array(*our_ellswift),
        ElligatorSwift::from_array(*theirs),
    );
    // The secret was checked when the pair was made.
    let Ok(mut key) = secret_key(ours) else {
        return Zeroizing::new([0; 32]);
    };
    let mut shared = match role {
        Role::Initiator => {
            ElligatorSwift::shared_secret(ours_encoded, theirs, key, Party::Initiator)
        }
        Role::Responder => {
            ElligatorSwift::shared_secret(theirs, ours_encoded, key, Party::Responder)
        }
    };
    key.non_secure_erase();
    let secret = Zeroizing::new(shared.to_secret_bytes());
    shared.non_secure_erase();
    secret
}

/// Everything that follows from the shared secret.
#[non_exhaustive]
pub struct SessionKeys {
    /// Names the session. Whoever compares it with the remote's over another channel knows that
    /// nobody sits between (Core: `session_id` of `getpeerinfo`).
    pub session_id: [u8; 32],
    /// Ends the garbage that we send.
    pub send_terminator: [u8; TERMINATOR_LEN],
    /// Ends the garbage that the remote sends.
    pub receive_terminator: [u8; TERMINATOR_LEN],
    /// Makes our packets.
    pub sealer: PacketSealer,
    /// Opens the remote's.
    pub opener: PacketOpener,
}

impl SessionKeys {
    pub(super) fn derive(secret: &[u8; 32], role: Role, salt_prefix: &str, magic: [u8; 4]) -> Self {
        let salt = [salt_prefix.as_bytes(), &magic].concat();
        let hkdf = Hkdf::<Sha256>::new(Some(&salt), secret);
        let key = |info: &str| {
            let mut key = Zeroizing::new([0; 32]);
            // 32 bytes are never too many for HKDF.
            let _ = hkdf.expand(info.as_bytes(), key.as_mut_slice());
            key
        };
        let initiator = (key("initiator_L"), key("initiator_P"));
        let responder = (key("responder_L"), key("responder_P"));
        let terminators = key("garbage_terminators");
        let (first, last) = terminators.split_at(TERMINATOR_LEN);
        let (first, last) = (
            first.first_chunk().copied().unwrap_or_default(),
            last.first_chunk().copied().unwrap_or_default(),
        );
        let ((send, receive), (send_terminator, receive_terminator)) = match role {
            Role::Initiator => ((initiator, responder), (first, last)),
            Role::Responder => ((responder, initiator), (last, first)),
        };
        Self {
            session_id: *key("session_id"),
            send_terminator,
            receive_terminator,
            sealer: PacketSealer::new(&send.0, &send.1),
            opener: PacketOpener::new(&receive.0, &receive.1),
        }
    }
}

impl core::fmt::Debug for SessionKeys {
    /// Leaves the keys out.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SessionKeys").finish_non_exhaustive()
    }
}
