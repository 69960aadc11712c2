//! The locator of `getblocks` and `getheaders`: where the sender's chain is, in few hashes.

use core::iter;

use bytes::Bytes;

use super::Codec;
use super::codec::{Payload, fields};
use super::error::{EncodeErrorKind, check_count};
use crate::network::Network;
use crate::wire::{BlockHash, FieldError, List, TxEncoding, Writer};

/// The payload of `getblocks` and `getheaders`: where the sender's chain is, and how far it wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locator {
    /// The sender's protocol version. Core writes its client version; receivers ignore it.
    pub version: u32,
    /// Hashes of blocks the sender has, newest first, with growing gaps down to the genesis block.
    pub hashes: List<BlockHash>,
    /// Last block wanted; all zeros for as many as fit. With no hashes before it, the one header wanted.
    pub stop: BlockHash,
}

impl Locator {
    /// The heights that a locator names for a chain whose last block is at `tip`: the last twelve one by one, then with
    /// gaps that double, and the genesis block in any case (as Core's `LocatorEntries`). At most 43, whatever `tip` is.
    pub fn heights(tip: u32) -> impl Iterator<Item = u32> {
        /// Entries after which gaps begin to grow.
        const DENSE: u32 = 10;
        let first = (tip, 1_u32, 1_u32);
        let entries = iter::successors(Some(first), |&(height, step, count)| {
            let next = height.saturating_sub(step);
            let step = if count > DENSE {
                step.saturating_mul(2)
            } else {
                step
            };
            (height > 0).then_some((next, step, count.saturating_add(1)))
        });
        entries.map(|(height, _, _)| height)
    }

    /// The locator of a chain whose last block is at `tip`, and `stop` as in [`Locator::stop`].
    ///
    /// `hash_at` gives the hash of the block at a height; heights that it does not know are left out. The version is
    /// Bitcoin's of today, which nobody reads; set the field if it matters.
    pub fn from_chain(
        tip: u32,
        stop: BlockHash,
        hash_at: impl FnMut(u32) -> Option<BlockHash>,
    ) -> Self {
        Self {
            version: Network::MAINNET.protocol_version,
            hashes: Self::heights(tip).filter_map(hash_at).collect(),
            stop,
        }
    }
}

impl Payload for Locator {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            Ok(Self {
                version: reader.u32("version")?,
                hashes: reader.list("locator", codec.limits.locator)?,
                stop: reader.array("stop hash").map(BlockHash::from_bytes)?,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        check_count("locator", self.hashes.len(), codec.limits.locator)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.u32(self.version);
        out.list(&self.hashes);
        out.bytes(self.stop.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn heights(tip: u32) -> Vec<u32> {
        Locator::heights(tip).collect()
    }

    /// Core's rule by hand: an entry, one step down; from the eleventh entry on the step doubles after it was taken.
    #[test]
    fn heights_are_those_of_core() {
        assert_eq!(heights(0), [0]);
        assert_eq!(heights(1), [1, 0]);
        assert_eq!(heights(9), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        let eleven_steps = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
        assert_eq!(heights(11), eleven_steps);
        let first_gap = [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
        assert_eq!(heights(12), first_gap);
        let gap_of_two = [14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 1, 0];
        assert_eq!(heights(14), gap_of_two);
        let hundred = [
            100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 89, 87, 83, 75, 59, 27, 0,
        ];
        assert_eq!(heights(100), hundred);
        let long = heights(800_000);
        let tail = [
            799_989, 799_987, 799_983, 799_975, 799_959, 799_927, 799_863, 799_735, 799_479,
            798_967, 797_943, 795_895, 791_799, 783_607, 767_223, 734_455, 668_919, 537_847,
            275_703, 0,
        ];
        assert!(long[..12].iter().copied().eq((799_989..=800_000).rev()));
        assert_eq!(long[11..], tail);
    }

    /// The limit of receivers is 101 (Core's `MAX_LOCATOR_SZ`).
    #[test]
    fn no_chain_is_too_long_for_a_locator() {
        for tip in [i32::MAX as u32, u32::MAX - 1, u32::MAX] {
            let heights = heights(tip);
            assert!(heights.len() <= 43, "{tip}: {}", heights.len());
            assert!(heights.windows(2).all(|pair| pair[0] > pair[1]), "{tip}");
            assert_eq!(heights.last(), Some(&0));
        }
        assert_eq!(heights(u32::MAX).len(), 43);
    }

    #[test]
    fn a_locator_names_what_the_chain_has() {
        let hash_at = |height: u32| {
            let mut bytes = [0xee; 32];
            bytes[..4].copy_from_slice(&height.to_le_bytes());
            BlockHash::from_bytes(bytes)
        };
        let stop = BlockHash::from_bytes([9; 32]);
        let locator = Locator::from_chain(14, stop, |height| Some(hash_at(height)));
        assert_eq!(locator.stop, stop);
        assert_eq!(locator.hashes.len(), 14);
        assert_eq!(locator.hashes.first(), Some(hash_at(14)));
        assert_eq!(locator.hashes.get(12), Some(hash_at(1)));
        assert_eq!(locator.hashes.last(), Some(hash_at(0)));
        // A node that has pruned its headers names those that are left.
        let some = |height: u32| (height >= 12).then(|| hash_at(height));
        let pruned = Locator::from_chain(14, BlockHash::ALL_ZERO, some);
        let left: Vec<BlockHash> = pruned.hashes.iter().collect();
        assert_eq!(left, [14, 13, 12].map(hash_at));
    }
}
