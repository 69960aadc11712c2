//! Recognising a connection to ourselves without global state.
//!
//! The `version` nonce of an outbound machine is 32 random bits and a 32-bit keyed hash of them and
//! the coarse time. Every machine that shares the secret (one `Config`) recognises such a nonce,
//! however many handshakes are open; nobody else can tell it from random bits, and after the
//! negotiation window it means nothing, so echoing old nonces cannot link a node's identities.

use core::time::Duration;

use sha2::{Digest, Sha256};

use crate::time::Timestamp;

/// A fresh nonce for an outbound `version`.
pub(crate) fn make(secret: &[u8; 32], random: u64, now: Timestamp, window: Duration) -> u64 {
    let bits = random as u32;
    seal(secret, bits, slot(now, window))
}

/// Whether `nonce` was made with this secret within the last window or two.
pub(crate) fn is_ours(secret: &[u8; 32], nonce: u64, now: Timestamp, window: Duration) -> bool {
    let bits = nonce as u32;
    let slot = slot(now, window);
    // The neighbours as well: the slot may turn during the handshake, and two adapters of one
    // process may differ a little in their clocks.
    [slot.saturating_sub(1), slot, slot.saturating_add(1)]
        .into_iter()
        .any(|slot| seal(secret, bits, slot) == nonce)
}

fn slot(now: Timestamp, window: Duration) -> u64 {
    now.as_secs()
        .checked_div(window.as_secs().max(1))
        .unwrap_or_default()
}

fn seal(secret: &[u8; 32], bits: u32, slot: u64) -> u64 {
    let digest = Sha256::new()
        .chain_update(secret)
        .chain_update(bits.to_le_bytes())
        .chain_update(slot.to_le_bytes())
        .finalize();
    let tag = digest
        .iter()
        .take(4)
        .fold(0, |tag, byte| (tag << 8) | u64::from(*byte));
    (tag << 32) | u64::from(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(30);
    const SECRET: [u8; 32] = [3; 32];

    #[test]
    fn our_nonces_are_recognised_within_the_window_however_many_there_are() {
        let now = Timestamp::from_secs(1_700_000_000);
        for random in 0..1_000 {
            let nonce = make(&SECRET, random, now, WINDOW);
            assert!(is_ours(&SECRET, nonce, now, WINDOW));
            assert!(is_ours(&SECRET, nonce, now.saturating_add(WINDOW), WINDOW));
        }
    }

    #[test]
    fn strangers_and_old_nonces_are_not_ours() {
        let now = Timestamp::from_secs(1_700_000_000);
        let nonce = make(&SECRET, 99, now, WINDOW);
        assert!(!is_ours(&[4; 32], nonce, now, WINDOW));
        assert!(!is_ours(&SECRET, nonce ^ 1, now, WINDOW));
        assert!(!is_ours(
            &SECRET,
            nonce,
            now.saturating_add(WINDOW * 3),
            WINDOW
        ));
        assert!(!is_ours(&SECRET, 0, now, WINDOW));
    }
}
