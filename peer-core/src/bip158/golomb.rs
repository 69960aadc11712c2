//! Golomb-Rice coding: rising numbers as differences, each a run of ones for its quotient by 2^[`P`], a zero, and [`P`]
//! bits for the rest; the most significant bit of a byte comes first.
//!
//! Reading takes as many steps as there are bytes, whatever they say: a run of ones costs the bits that it is made of.

use alloc::vec::Vec;

use super::P;

/// The numbers of a filter, rising. Ends early where the bytes do.
#[derive(Clone)]
pub(super) struct Values<'a> {
    bits: Bits<'a>,
    left: u32,
    last: u64,
}

impl<'a> Values<'a> {
    /// The first `count` numbers in these bytes.
    pub(super) const fn new(bytes: &'a [u8], count: u32) -> Self {
        Self {
            bits: Bits { bytes, used: 0 },
            left: count,
            last: 0,
        }
    }

    /// Bytes of which no bit was read.
    pub(super) const fn whole_bytes_left(&self) -> usize {
        let begun = (self.bits.used > 0) as usize;
        self.bits.bytes.len() - begun
    }
}

impl Iterator for Values<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        let quotient = self.bits.ones()?;
        let difference = (quotient << P) + self.bits.number(P)?;
        // As large as a filter is that fits in memory, this does not overflow; if it did, nothing would match.
        self.last = self.last.saturating_add(difference);
        Some(self.last)
    }
}

/// Bits still to be read.
#[derive(Clone)]
struct Bits<'a> {
    bytes: &'a [u8],
    /// Bits read of the first byte, less than 8.
    used: u32,
}

impl Bits<'_> {
    /// Length of the run of ones that comes next; the zero after it is read as well.
    fn ones(&mut self) -> Option<u64> {
        let mut ones = 0;
        loop {
            // Zeros come in from the right, so no run is longer than what is left of the byte.
            let run = (self.bytes.first()? << self.used).leading_ones();
            ones += u64::from(run);
            if self.used + run < 8 {
                self.skip(run + 1);
                return Some(ones);
            }
            self.skip(run);
        }
    }

    /// The next `count` bits as a number, at most 64.
    fn number(&mut self, mut count: u32) -> Option<u64> {
        let mut number = 0;
        while count > 0 {
            let left = self.bytes.first()? << self.used;
            let taken = count.min(8 - self.used);
            number = number << taken | u64::from(left >> (8 - taken));
            self.skip(taken);
            count -= taken;
        }
        Some(number)
    }

    /// Goes on by so many bits, not beyond the first byte.
    fn skip(&mut self, count: u32) {
        self.used += count;
        if self.used == 8 {
            self.bytes = self.bytes.get(1..).unwrap_or_default();
            self.used = 0;
        }
    }
}

/// Appends numbers that rise, and fills the last byte with zeros.
pub(super) fn encode(numbers: impl IntoIterator<Item = u64>, out: &mut Vec<u8>) {
    let mut writer = BitWriter { out, free: 0 };
    let mut last = 0;
    for number in numbers {
        let difference = number - last;
        for _ in 0..difference >> P {
            writer.push(true);
        }
        writer.push(false);
        for place in (0..P).rev() {
            writer.push(difference >> place & 1 == 1);
        }
        last = number;
    }
}

struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Bits of the last byte that are not written.
    free: u32,
}

impl BitWriter<'_> {
    fn push(&mut self, bit: bool) {
        if self.free == 0 {
            self.out.push(0);
            self.free = 8;
        }
        self.free -= 1;
        if let Some(last) = self.out.last_mut() {
            *last |= u8::from(bit) << self.free;
        }
    }
}
