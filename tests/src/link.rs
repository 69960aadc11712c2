//! How a stream is cut on its way: whole, byte by byte, at random, anywhere.
//!
//! A network may deliver the same bytes in any pieces; what comes out of a machine must not depend on them. The cuts
//! here are functions of their arguments, so every run of a test sees the same ones.

use core::iter;

/// A way of cutting a stream into pieces, none of them empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cuts {
    /// One piece.
    Whole,
    /// Pieces of one byte.
    Bytewise,
    /// Pieces of this many bytes, the last one shorter. Zero counts as one.
    Fixed(usize),
    /// Two pieces, the first of this many bytes.
    At(usize),
    /// Pieces of random lengths: mostly a few bytes, some a kilobyte, a few very long. The number is the seed.
    Random(u64),
}

impl Cuts {
    /// The pieces of `stream`, in order; together they are the stream.
    pub fn pieces(self, stream: &[u8]) -> impl Iterator<Item = &[u8]> {
        let mut rest = stream;
        let mut dice = match self {
            Self::Random(seed) => Dice::new(seed),
            _ => Dice::new(0),
        };
        let mut first = true;
        iter::from_fn(move || {
            let wanted = match self {
                Self::Whole => rest.len(),
                Self::Bytewise => 1,
                Self::Fixed(size) => size.max(1),
                Self::At(position) if first && position > 0 => position,
                Self::At(_) => rest.len(),
                Self::Random(_) => dice.length(),
            };
            first = false;
            let (piece, after) = rest.split_at(wanted.min(rest.len()));
            rest = after;
            (!piece.is_empty()).then_some(piece)
        })
    }
}

/// Random numbers that are the same on every machine (SplitMix64). Not for secrets.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll().checked_rem(bound).unwrap_or_default()
    }

    /// How long a piece of a stream is: at least one byte.
    pub fn length(&mut self) -> usize {
        let most = match self.below(8) {
            0..=4 => 32,
            5 | 6 => 1_500,
            _ => 100_000,
        };
        usize::try_from(1 + self.below(most)).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_stream_whatever_the_cuts() {
        let stream: Vec<u8> = (0..5_000_u32).map(|i| (i % 251) as u8).collect();
        let mut cuts = vec![Cuts::Whole, Cuts::Bytewise, Cuts::Fixed(0), Cuts::Fixed(7)];
        cuts.extend([0, 1, 4_999, 5_000, 5_001].map(Cuts::At));
        cuts.extend((0..20).map(Cuts::Random));
        for cuts in cuts {
            let pieces: Vec<&[u8]> = cuts.pieces(&stream).collect();
            assert_eq!(pieces.concat(), stream, "{cuts:?}");
            assert!(pieces.iter().all(|piece| !piece.is_empty()), "{cuts:?}");
        }
        assert_eq!(Cuts::Whole.pieces(&stream).count(), 1);
        assert_eq!(Cuts::Bytewise.pieces(&stream).count(), 5_000);
        assert_eq!(Cuts::At(24).pieces(&stream).next().unwrap().len(), 24);
        assert!(Cuts::Random(1).pieces(&stream).count() > 2);
    }
}
