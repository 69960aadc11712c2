//! Deterministic random draws from one 32-byte seed.
//!
//! The seed is the only entropy a machine ever receives; everything it draws later (nonces,
//! jitter, sampling) is a function of that seed and of how many draws came before. Draws are rare
//! (a nonce a ping), so each is one SHA-256 of seed and counter: no cipher of our own.

mod sample;

use core::time::Duration;

use sha2::digest::Output;
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

#[cfg(feature = "_bip324")]
impl Drop for Rng {
    /// Session keys came from it.
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.seed);
    }
}

impl Rng {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { seed, draws: 0 }
    }

    /// The next 64 random bits.
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.next_block()
            .iter()
            .take(8)
            .fold(0, |bits, byte| (bits << 8) | u64::from(*byte))
    }

    fn next_block(&mut self) -> Output<Sha256> {
        let digest = Sha256::new()
            .chain_update(self.seed)
            .chain_update(self.draws.to_le_bytes())
            .finalize();
        self.draws = self.draws.wrapping_add(1);
        digest
    }

    /// Fills `bytes` with random ones.
    #[cfg(feature = "_bip324")]
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            for (to, from) in chunk.iter_mut().zip(self.next_block()) {
                *to = from;
            }
        }
    }

    /// The next 32 random bytes.
    #[cfg(feature = "_bip324")]
    pub(crate) fn next_array(&mut self) -> [u8; 32] {
        self.next_block().into()
    }

    /// A generator of its own, for secrets: what it draws cannot be found out from this one
    /// afterwards, whose seed is replaced as well.
    #[cfg(feature = "_bip324")]
    pub(crate) fn branch(&mut self) -> Self {
        let branch = self.next_array();
        let trunk = self.next_array();
        *self = Self::new(trunk);
        Self::new(branch)
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

    /// A span from the exponential distribution, as between events that happen at random once in `mean`.
    pub(crate) fn exponential(&mut self, mean: Duration) -> Duration {
        exponential(self.next_u64(), mean)
    }
}

/// `-ln(u)` times `mean` for the `u` in (0, 1] that the bits stand for, in whole microseconds and saturating.
///
/// Integers only, so that every platform draws alike. At most 44.4 means: the longest span that 64 bits can tell.
fn exponential(bits: u64, mean: Duration) -> Duration {
    /// ln 2 as a fraction of 2^64.
    const LN_2: u128 = 0xb172_17f7_d1cf_79ab;
    let mean = u64::try_from(mean.as_micros()).unwrap_or(u64::MAX);
    // u is (bits + 1) / 2^64.
    let halvings = (64 << FRACTION) - log2(u128::from(bits) + 1);
    let means = (u128::from(halvings) * LN_2) >> 64;
    let micros = (means * u128::from(mean)) >> FRACTION;
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// Binary digits after the point in [`log2`].
const FRACTION: u32 = 56;

/// The binary logarithm of a number from 1 to 2^64, rounded down.
fn log2(number: u128) -> u64 {
    let whole = number.max(1).ilog2().min(64);
    let mut log = u64::from(whole);
    // From 1 to just below 2, with 63 digits after the point. Each squaring tells one more digit of the logarithm.
    let mut rest = (number << 63) >> whole;
    for _ in 0..FRACTION {
        rest = (rest * rest) >> 63;
        let digit = rest >> 64;
        rest >>= digit;
        log = (log << 1) | u64::from(digit != 0);
    }
    log
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

    fn micros(bits: u64, mean: u64) -> u64 {
        exponential(bits, Duration::from_micros(mean)).as_micros() as u64
    }

    /// The float logarithm of the standard library is the judge.
    #[test]
    fn exponential_spans_are_logarithms() {
        let mut rng = Rng::new([7; 32]);
        // Some draws, and those near both ends.
        let draws = (0..20_000).map(|_| rng.next_u64());
        let low = (0..64).map(|power| 1_u64 << power);
        let high = (1..36).map(|power| u64::MAX - (u64::MAX >> power));
        let (mean, all) = (1_u64 << 58, 2_f64.powi(64));
        for bits in draws.chain(low).chain(high) {
            // u is taken from the nearer end, where floats are fine.
            let logarithm = if bits < 1 << 63 {
                ((bits + 1) as f64 / all).ln()
            } else {
                (-((u64::MAX - bits) as f64 / all)).ln_1p()
            };
            let wanted = -logarithm * mean as f64;
            let got = micros(bits, mean) as f64;
            // Near u = 1 floats tell the distance only to within 2^-64 or so.
            let error = (got - wanted).abs();
            assert!(error <= wanted * 1e-6 + 64.0, "{bits:#x}: {got} {wanted}");
        }
    }

    #[test]
    fn exponential_spans_end_somewhere() {
        assert_eq!(micros(u64::MAX, 5_000_000), 0);
        assert_eq!(micros(u64::MAX, u64::MAX), 0);
        // 64 ln 2 is 44.361 419 555 836 5.
        assert_eq!(micros(0, 5_000_000), 221_807_097);
        for bits in [0, 1, u64::MAX / 2, u64::MAX] {
            assert_eq!(micros(bits, 0), 0);
            let forever = exponential(bits, Duration::MAX);
            assert!(forever <= Duration::from_micros(u64::MAX));
        }
        assert_eq!(
            exponential(0, Duration::MAX),
            Duration::from_micros(u64::MAX)
        );
        // One half: ln 2.
        assert_eq!(micros(u64::MAX / 2, 1_000_000_000_000), 693_147_180_559);
    }

    /// Computed apart, from SHA-256 and 60 decimal digits of the logarithm: no platform may differ.
    #[test]
    fn exponential_spans_of_one_seed() {
        let mut rng = Rng::new([7; 32]);
        let spans = [(); 8].map(|()| rng.exponential(Duration::from_secs(2)).as_micros());
        let wanted = [
            1_441_256, 763_339, 4_004_405, 1_476_782, 1_608_962, 165_662, 1_589_078, 518_820,
        ];
        assert_eq!(spans, wanted);
    }

    #[test]
    fn exponential_spans_have_mean_and_variance() {
        let mut rng = Rng::new([3; 32]);
        let count = 50_000;
        let spans = (0..count).map(|_| rng.exponential(Duration::from_secs(2)).as_secs_f64());
        let (sum, squares) = spans.fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
        let count = f64::from(count);
        let mean = sum / count;
        let variance = squares / count - mean * mean;
        assert!((mean - 2.0).abs() < 0.04, "{mean}");
        assert!((variance - 4.0).abs() < 0.25, "{variance}");
    }
}
