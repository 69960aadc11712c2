//! Deterministic random draws from one 32-byte seed.
//!
//! The seed is the only entropy a machine ever receives; everything it draws later (nonces,
//! jitter, sampling) is a function of that seed and of how many draws came before. Draws are rare
//! (a nonce a ping), so each is one SHA-256 of seed and counter: no cipher of our own.

mod sample;

use sha2::{Digest, Sha256};

/// Counter-mode stream over SHA-256.
pub(crate) struct Rng {
    seed: [u8; 32],
    draws: u64,
}

impl core::fmt::Debug for Rng {
    /// Leaves the seed out.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Rng({} draws)", self.draws)
    }
}

impl Rng {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { seed, draws: 0 }
    }

    /// The next 64 random bits.
    pub(crate) fn next_u64(&mut self) -> u64 {
        let digest = Sha256::new()
            .chain_update(self.seed)
            .chain_update(self.draws.to_le_bytes())
            .finalize();
        self.draws = self.draws.wrapping_add(1);
        digest
            .iter()
            .take(8)
            .fold(0, |bits, byte| (bits << 8) | u64::from(*byte))
    }

    /// The next random number that is not zero (a zero ping nonce means "cancel" to some nodes).
    pub(crate) fn next_nonzero(&mut self) -> u64 {
        loop {
            let bits = self.next_u64();
            if bits != 0 {
                return bits;
            }
        }
    }

    /// A random number below `bound`, each as likely as the others; 0 if `bound` is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let bound = bound.max(1);
        // Draws beyond the last whole multiple of `bound` would favour small numbers.
        let surplus = (u64::MAX % bound).wrapping_add(1) % bound;
        loop {
            let bits = self.next_u64();
            if bits <= u64::MAX.wrapping_sub(surplus) {
                return bits % bound;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_draws_and_no_two_draws_agree() {
        let mut left = Rng::new([7; 32]);
        let mut right = Rng::new([7; 32]);
        let draws = [(); 64].map(|()| left.next_u64());
        assert_eq!(draws, [(); 64].map(|()| right.next_u64()));
        let mut sorted = draws;
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|pair| pair[0] != pair[1]));
        assert_ne!(Rng::new([8; 32]).next_u64(), draws[0]);
    }
}
