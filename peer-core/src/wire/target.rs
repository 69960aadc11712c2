//! The proof-of-work target: the 256-bit number that a header's hash must not exceed.
//!
//! Only the arithmetic lives here. Which target a chain demands at a given height is consensus
//! and belongs to the application; which hash function proves the work is data of the network.

use core::fmt;

/// A proof-of-work target, at least 1.
///
/// Targets order as the numbers they are: a larger target is easier to meet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target([u8; 32]);

impl Target {
    /// Expands the compact form found in a header's `bits` field.
    ///
    /// The top byte is a length in bytes, the lower three a mantissa whose highest bit is a sign.
    /// `None` for the encodings no hash can ever satisfy: zero, negative, or beyond 256 bits
    /// (Bitcoin Core's `arith_uint256::SetCompact` followed by the range check of
    /// `CheckProofOfWork`).
    #[must_use]
    pub fn from_compact(bits: u32) -> Option<Self> {
        let [length, mantissa @ ..] = bits.to_be_bytes();
        let [high, ..] = mantissa;
        if high & SIGN != 0 {
            return None;
        }
        let mut bytes = [0; 32];
        for (index, byte) in mantissa.into_iter().enumerate() {
            // The mantissa begins `length` bytes from the right end. What it has beyond that end is dropped; what
            // it has beyond the left end may only be zeros.
            match (bytes.len() + index).checked_sub(usize::from(length)) {
                Some(place) => {
                    if let Some(slot) = bytes.get_mut(place) {
                        *slot = byte;
                    }
                }
                None if byte != 0 => return None,
                None => {}
            }
        }
        (bytes != [0; 32]).then_some(Self(bytes))
    }

    /// Whether `hash` (internal byte order, read as a little-endian number) is at or below the
    /// target.
    #[must_use]
    pub fn is_met_by(&self, hash: &[u8; 32]) -> bool {
        hash.iter().rev().le(self.0.iter())
    }

    /// The number, most significant byte first.
    #[must_use]
    pub const fn to_be_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for Target {
    /// 64 hexadecimal digits, as block explorers and `getblockheader` print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

/// The sign bit of the mantissa's first byte.
const SIGN: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    /// Rows of Core's `bignum_SetCompact` (src/test/arith_uint256_tests.cpp); `None` stands for
    /// its zero, negative and overflow rows.
    const CORE: &[(u32, Option<&str>)] = &[
        (0x0000_0000, None),
        (0x0012_3456, None),
        (0x0100_3456, None),
        (0x0200_0056, None),
        (0x0300_0000, None),
        (0x0400_0000, None),
        (0x0092_3456, None),
        (0x0180_3456, None),
        (0x0280_0056, None),
        (0x0380_0000, None),
        (0x0480_0000, None),
        (0x0112_3456, Some("12")),
        (0x01fe_dcba, None),
        (0x0212_3456, Some("1234")),
        (0x0312_3456, Some("123456")),
        (0x0412_3456, Some("12345600")),
        (0x0492_3456, None),
        (0x0500_9234, Some("92340000")),
        (
            0x2012_3456,
            Some("1234560000000000000000000000000000000000000000000000000000000000"),
        ),
        (0xff12_3456, None),
    ];

    #[test]
    fn compact_forms_expand_as_in_core() {
        for (bits, expected) in CORE {
            let target = Target::from_compact(*bits).map(|target| target.to_string());
            let expected = expected.map(|digits| alloc::format!("{digits:0>64}"));
            assert_eq!(target, expected, "bits {bits:08x}");
        }
    }

    #[test]
    fn overflow_depends_on_the_bytes_that_would_be_lost() {
        // Core: overflow when the mantissa is non-zero and length > 34, or > 0xff and > 33,
        // or > 0xffff and > 32.
        assert!(Target::from_compact(0x2200_00ff).is_some());
        assert!(Target::from_compact(0x2200_0101).is_none());
        assert!(Target::from_compact(0x2100_ffff).is_some());
        assert!(Target::from_compact(0x2101_0001).is_none());
        assert!(Target::from_compact(0x2300_0001).is_none());
    }

    #[test]
    fn a_hash_meets_its_target_up_to_equality() {
        let target = Target::from_compact(0x0300_0100).unwrap();
        let hash = |low: [u8; 2], top: u8| {
            let mut hash = [0; 32];
            hash[..2].copy_from_slice(&low);
            hash[31] = top;
            hash
        };
        assert!(target.is_met_by(&hash([0xff, 0], 0)));
        assert!(target.is_met_by(&hash([0, 1], 0)));
        assert!(!target.is_met_by(&hash([1, 1], 0)));
        assert!(!target.is_met_by(&hash([0, 0], 1)));
    }
}
