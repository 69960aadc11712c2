//! Service bits: what a node says it can do for others.
//!
//! All 64 bits are carried as they are; a bit without a name here means nothing to this crate and is kept.

use core::fmt;
use core::ops::{BitAnd, BitOr, BitOrAssign, Not};

/// Services offered by a node: 64 bits, little-endian on the wire (a compact size in `addrv2`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceFlags(pub u64);

impl ServiceFlags {
    /// None.
    pub const NONE: Self = Self(0);
    /// Serves the whole block chain (Core's `NODE_NETWORK`).
    pub const NETWORK: Self = Self(1 << 0);
    /// Answers `getutxos` (BIP64).
    pub const GETUTXO: Self = Self(1 << 1);
    /// Serves bloom-filtered connections (BIP111; Core's `NODE_BLOOM`).
    pub const BLOOM: Self = Self(1 << 2);
    /// Serves blocks and transactions with witness (BIP144; Core's `NODE_WITNESS`).
    pub const WITNESS: Self = Self(1 << 3);
    /// Serves compact block filters (BIP157; Core's `NODE_COMPACT_FILTERS`, btcd's `SFNodeCF`).
    pub const COMPACT_FILTERS: Self = Self(1 << 6);
    /// Serves at least the last 288 blocks (BIP159; Core's `NODE_NETWORK_LIMITED`).
    pub const NETWORK_LIMITED: Self = Self(1 << 10);
    /// Speaks the encrypted transport (BIP324; Core's `NODE_P2P_V2`).
    pub const P2P_V2: Self = Self(1 << 11);
    /// Serves blocks and transactions with MWEB data (Litecoin Core's `NODE_MWEB`). On Litecoin only: elsewhere the bit is
    /// free for experiments, so it is never shown by this name.
    pub const MWEB: Self = Self(1 << 24);

    const NAMES: [(Self, &'static str); 7] = [
        (Self::NETWORK, "NETWORK"),
        (Self::GETUTXO, "GETUTXO"),
        (Self::BLOOM, "BLOOM"),
        (Self::WITNESS, "WITNESS"),
        (Self::COMPACT_FILTERS, "COMPACT_FILTERS"),
        (Self::NETWORK_LIMITED, "NETWORK_LIMITED"),
        (Self::P2P_V2, "P2P_V2"),
    ];

    /// All 64 bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether every service of `other` is among these. Always true for [`NONE`](Self::NONE).
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any service of `other` is among these.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for ServiceFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for ServiceFlags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl BitAnd for ServiceFlags {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for ServiceFlags {
    type Output = Self;

    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl From<u64> for ServiceFlags {
    fn from(bits: u64) -> Self {
        Self(bits)
    }
}

/// Names joined by `|`, bits without a name in hexadecimal at the end: `NETWORK|WITNESS|0x10000000`.
impl fmt::Display for ServiceFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE {
            return f.write_str("NONE");
        }
        let mut rest = *self;
        let mut separator = "";
        for (flag, name) in Self::NAMES {
            if self.contains(flag) {
                write!(f, "{separator}{name}")?;
                separator = "|";
                rest = rest & !flag;
            }
        }
        if rest != Self::NONE {
            write!(f, "{separator}{:#x}", rest.0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn shown_by_name() {
        assert_eq!(ServiceFlags::NONE.to_string(), "NONE");
        assert_eq!(ServiceFlags(1).to_string(), "NETWORK");
        // What litecoind 0.21.2.1 advertises, including its own bit 24.
        assert_eq!(
            ServiceFlags(0x0100_044d).to_string(),
            "NETWORK|BLOOM|WITNESS|COMPACT_FILTERS|NETWORK_LIMITED|0x1000000"
        );
        assert_eq!(ServiceFlags(1 << 63).to_string(), "0x8000000000000000");
    }

    #[test]
    fn contains_is_all_and_intersects_is_any() {
        let both = ServiceFlags::NETWORK | ServiceFlags::WITNESS;
        assert!(both.contains(ServiceFlags::NONE));
        assert!(both.contains(both));
        assert!(!both.contains(both | ServiceFlags::BLOOM));
        assert!(both.intersects(ServiceFlags::WITNESS | ServiceFlags::BLOOM));
        assert!(!both.intersects(ServiceFlags::NONE));
    }
}
