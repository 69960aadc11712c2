//! The seam to whoever computes ChaCha20-Poly1305 (RFC 8439). In place, one call a packet.
//!
//! No cipher is written here. `v2` takes ring's, which also runs where no assembly is; `v2-pure`
//! takes RustCrypto's.

use super::{TAG_LEN, Unauthentic};

#[cfg(feature = "v2")]
pub(super) use self::over_ring::Key;
#[cfg(not(feature = "v2"))]
pub(super) use self::over_rustcrypto::Key;

/// A nonce of RFC 8439.
pub(super) type Nonce = [u8; 12];

#[cfg(feature = "v2")]
mod over_ring {
    use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce as RingNonce, UnboundKey};

    use super::{Nonce, TAG_LEN, Unauthentic};

    /// A key ready for use. ring does not wipe it.
    pub(in crate::bip324) struct Key(Option<LessSafeKey>);

    impl Key {
        pub(in crate::bip324) fn new(bytes: &[u8; 32]) -> Self {
            // It can only fail for a key of another length; if ever it did, nothing would open.
            let key = UnboundKey::new(&CHACHA20_POLY1305, bytes);
            Self(key.ok().map(LessSafeKey::new))
        }

        /// Encrypts `text`; gives the tag.
        #[inline]
        pub(in crate::bip324) fn seal(
            &self,
            nonce: Nonce,
            aad: &[u8],
            text: &mut [u8],
        ) -> Result<[u8; TAG_LEN], Unauthentic> {
            let key = self.0.as_ref().ok_or(Unauthentic)?;
            let nonce = RingNonce::assume_unique_for_key(nonce);
            let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), text);
            let tag = tag.map_err(|_| Unauthentic)?;
            tag.as_ref().first_chunk().copied().ok_or(Unauthentic)
        }

        /// Decrypts what comes before the tag, once the tag is seen to be right.
        #[inline]
        pub(in crate::bip324) fn open<'a>(
            &self,
            nonce: Nonce,
            aad: &[u8],
            text_and_tag: &'a mut [u8],
        ) -> Result<&'a mut [u8], Unauthentic> {
            let key = self.0.as_ref().ok_or(Unauthentic)?;
            let nonce = RingNonce::assume_unique_for_key(nonce);
            key.open_in_place(nonce, Aad::from(aad), text_and_tag)
                .map_err(|_| Unauthentic)
        }
    }
}

// Compiled for the tests beside ring's, so that each judges the other.
#[cfg(any(not(feature = "v2"), all(test, feature = "v2-pure")))]
pub(super) mod over_rustcrypto {
    use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};

    use super::{Nonce, TAG_LEN, Unauthentic};

    /// A key ready for use, wiped when dropped.
    pub(in crate::bip324) struct Key(ChaCha20Poly1305);

    impl Key {
        pub(in crate::bip324) fn new(bytes: &[u8; 32]) -> Self {
            Self(ChaCha20Poly1305::new(bytes.into()))
        }

        /// Encrypts `text`; gives the tag.
        pub(in crate::bip324) fn seal(
            &self,
            nonce: Nonce,
            aad: &[u8],
            text: &mut [u8],
        ) -> Result<[u8; TAG_LEN], Unauthentic> {
            let tag = self
                .0
                .encrypt_inout_detached(&nonce.into(), aad, text.into());
            tag.map(Into::into).map_err(|_| Unauthentic)
        }

        /// Decrypts what comes before the tag, once the tag is seen to be right.
        pub(in crate::bip324) fn open<'a>(
            &self,
            nonce: Nonce,
            aad: &[u8],
            text_and_tag: &'a mut [u8],
        ) -> Result<&'a mut [u8], Unauthentic> {
            let (text, tag) = text_and_tag
                .split_last_chunk_mut::<TAG_LEN>()
                .ok_or(Unauthentic)?;
            let tag = (*tag).into();
            self.0
                .decrypt_inout_detached(&nonce.into(), aad, (&mut *text).into(), &tag)
                .map_err(|_| Unauthentic)?;
            Ok(text)
        }
    }
}
