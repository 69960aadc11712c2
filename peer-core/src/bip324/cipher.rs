//! The two forward-secret ciphers of BIP324: FSChaCha20 for lengths, FSChaCha20Poly1305 for the
//! rest. Both replace their key every 224 packets, by bytes that only the old key could make.

use alloc::boxed::Box;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use zeroize::Zeroizing;

use super::aead::{Key, Nonce};
use super::{LENGTH_LEN, TAG_LEN, Unauthentic};

/// Packets between two changes of the key (BIP324: `REKEY_INTERVAL`).
pub(super) const REKEY_INTERVAL: u32 = 224;

/// Lengths whose keystream is made at once: as often as that there is a whole number of them between
/// two changes of the key.
const AHEAD: usize = 32;

const _: () = assert!((REKEY_INTERVAL as usize).is_multiple_of(AHEAD));

/// FSChaCha20: one keystream runs through the lengths of all packets.
pub(super) struct LengthCipher {
    /// Wipes itself when dropped.
    stream: ChaCha20,
    /// Keystream for the next lengths, the nearest last.
    ahead: Zeroizing<[[u8; LENGTH_LEN]; AHEAD]>,
    /// How many of them are left.
    left: usize,
    /// Lengths since the key was replaced.
    used: u32,
    rekeys: u64,
}

impl LengthCipher {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self {
            stream: stream(key, 0),
            ahead: Zeroizing::new([[0; LENGTH_LEN]; AHEAD]),
            left: 0,
            used: 0,
            rekeys: 0,
        }
    }

    /// Encrypts a length, or decrypts one.
    #[inline]
    pub(super) fn apply(&mut self, length: &mut [u8; LENGTH_LEN]) {
        if self.left == 0 {
            self.look_ahead();
        }
        self.left -= 1;
        if let Some(keystream) = self.ahead.get(self.left) {
            for (byte, key) in length.iter_mut().zip(keystream) {
                *byte ^= key;
            }
        }
        self.used += 1;
        if self.used == REKEY_INTERVAL {
            self.rekey();
        }
    }

    #[cold]
    fn look_ahead(&mut self) {
        *self.ahead = [[0; LENGTH_LEN]; AHEAD];
        self.stream.apply_keystream(self.ahead.as_flattened_mut());
        self.ahead.reverse();
        self.left = AHEAD;
    }

    #[cold]
    fn rekey(&mut self) {
        let mut key = Zeroizing::new([0; 32]);
        self.stream.apply_keystream(key.as_mut_slice());
        self.rekeys = self.rekeys.wrapping_add(1);
        self.stream = stream(&key, self.rekeys);
        self.used = 0;
    }
}

fn stream(key: &[u8; 32], rekeys: u64) -> ChaCha20 {
    ChaCha20::new(key.into(), &nonce(0, rekeys).into())
}

/// FSChaCha20Poly1305: one nonce a packet.
pub(super) struct PacketCipher {
    secret: Zeroizing<[u8; 32]>,
    /// The same, made ready for use, which is several times as large: kept while packets come.
    ready: Option<Box<Key>>,
    /// Packets since the key was replaced.
    used: u32,
    rekeys: u64,
}

impl PacketCipher {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self {
            secret: Zeroizing::new(*key),
            ready: None,
            used: 0,
            rekeys: 0,
        }
    }

    #[inline]
    pub(super) fn seal(
        &mut self,
        aad: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Unauthentic> {
        let nonce = nonce(self.used, self.rekeys);
        let tag = self.key().seal(nonce, aad, text)?;
        self.count()?;
        Ok(tag)
    }

    #[inline]
    pub(super) fn open<'a>(
        &mut self,
        aad: &[u8],
        text_and_tag: &'a mut [u8],
    ) -> Result<&'a mut [u8], Unauthentic> {
        let nonce = nonce(self.used, self.rekeys);
        let text = self.key().open(nonce, aad, text_and_tag)?;
        self.count()?;
        Ok(text)
    }

    /// No packet is about to come: holds no more than it must.
    pub(super) fn rest(&mut self) {
        if let Some(mut ready) = self.ready.take() {
            // It has no way to wipe itself.
            *ready = Key::new(&[0; 32]);
            core::hint::black_box(&ready);
        }
    }

    #[inline]
    fn key(&mut self) -> &Key {
        let secret = &self.secret;
        self.ready.get_or_insert_with(|| Box::new(Key::new(secret)))
    }

    #[inline]
    fn count(&mut self) -> Result<(), Unauthentic> {
        self.used += 1;
        if self.used == REKEY_INTERVAL {
            self.rekey()?;
        }
        Ok(())
    }

    #[cold]
    fn rekey(&mut self) -> Result<(), Unauthentic> {
        let mut key = Zeroizing::new([0; 32]);
        let nonce = nonce(u32::MAX, self.rekeys);
        self.key().seal(nonce, &[], key.as_mut_slice())?;
        self.secret = key;
        self.rest();
        self.rekeys = self.rekeys.wrapping_add(1);
        self.used = 0;
        Ok(())
    }
}

impl Drop for PacketCipher {
    fn drop(&mut self) {
        self.rest();
    }
}

/// Both ciphers count alike: packets under the key in the first four bytes, keys in the others.
#[inline]
fn nonce(used: u32, rekeys: u64) -> Nonce {
    let mut nonce = [0; 12];
    let (low, high) = nonce.split_at_mut(4);
    low.copy_from_slice(&used.to_le_bytes());
    high.copy_from_slice(&rekeys.to_le_bytes());
    nonce
}
