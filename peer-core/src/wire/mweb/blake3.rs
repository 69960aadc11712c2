//! BLAKE3 as far as MWEB needs it: 32 bytes of hash, no key, no context.
//!
//! Written out here since it names a kernel and a header now and then, and no more: the crate for it brings a build
//! script, and vector code that does not build for a target without any. Not for anything secret, and not made to be
//! fast.

/// A hash in the making. Takes its input in as many pieces as it comes in, in fixed memory.
pub(super) struct Blake3 {
    chunk: Chunk,
    /// Chaining values of the full subtrees so far, at most one per height, the largest first. As many as there are
    /// ones in the number of chunks before this.
    subtrees: [[u32; 8]; MAX_HEIGHT],
    height: usize,
}

impl Blake3 {
    pub(super) const fn new() -> Self {
        Self {
            chunk: Chunk::new(0),
            subtrees: [[0; 8]; MAX_HEIGHT],
            height: 0,
        }
    }

    pub(super) fn update(&mut self, mut input: &[u8]) {
        while !input.is_empty() {
            // A chunk is only closed once there is more, since the last one is closed otherwise.
            if self.chunk.len() == CHUNK {
                let (value, next) = (self.chunk.last().chain(), self.chunk.number + 1);
                self.push(value, next);
                self.chunk = Chunk::new(next);
            }
            let (now, later) = input.split_at(input.len().min(CHUNK - self.chunk.len()));
            self.chunk.update(now);
            input = later;
        }
    }

    pub(super) fn finish(self) -> [u8; 32] {
        let mut node = self.chunk.last();
        for left in self.subtrees.iter().take(self.height).rev() {
            node = Node::parent(left, &node.chain());
        }
        node.flags |= ROOT;
        let mut hash = [0; 32];
        for (bytes, word) in hash.chunks_exact_mut(4).zip(node.chain()) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        hash
    }

    /// Adds the value of a chunk, of which there are `chunks` now: each trailing zero of that number is a subtree that
    /// is full with it.
    fn push(&mut self, mut value: [u32; 8], chunks: u64) {
        for _ in 0..chunks.trailing_zeros() {
            self.height = self.height.saturating_sub(1);
            if let Some(left) = self.subtrees.get(self.height) {
                value = Node::parent(left, &value).chain();
            }
        }
        if let Some(place) = self.subtrees.get_mut(self.height) {
            *place = value;
            self.height += 1;
        }
    }
}

/// 1,024 bytes of input, taken in blocks of 64.
struct Chunk {
    number: u64,
    value: [u32; 8],
    block: [u8; BLOCK],
    /// Bytes in the block, and blocks before it.
    filled: usize,
    blocks: usize,
}

impl Chunk {
    const fn new(number: u64) -> Self {
        Self {
            number,
            value: IV,
            block: [0; BLOCK],
            filled: 0,
            blocks: 0,
        }
    }

    const fn len(&self) -> usize {
        self.blocks * BLOCK + self.filled
    }

    fn update(&mut self, mut input: &[u8]) {
        while !input.is_empty() {
            if self.filled == BLOCK {
                self.value = self.node(0).chain();
                self.block = [0; BLOCK];
                self.filled = 0;
                self.blocks += 1;
            }
            let (now, later) = input.split_at(input.len().min(BLOCK - self.filled));
            for (place, byte) in self.block.iter_mut().skip(self.filled).zip(now) {
                *place = *byte;
            }
            self.filled += now.len();
            input = later;
        }
    }

    /// The block at hand as the last one.
    fn last(&self) -> Node {
        self.node(CHUNK_END)
    }

    fn node(&self, flags: u32) -> Node {
        let start = if self.blocks == 0 { CHUNK_START } else { 0 };
        let mut block = [0; 16];
        for (word, bytes) in block.iter_mut().zip(self.block.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        Node {
            value: self.value,
            block,
            counter: self.number,
            len: self.filled as u32,
            flags: flags | start,
        }
    }
}

/// What one compression takes.
struct Node {
    value: [u32; 8],
    block: [u32; 16],
    counter: u64,
    len: u32,
    flags: u32,
}

impl Node {
    fn parent(left: &[u32; 8], right: &[u32; 8]) -> Self {
        let mut block = [0; 16];
        for (word, half) in block.iter_mut().zip(left.iter().chain(right)) {
            *word = *half;
        }
        Self {
            value: IV,
            block,
            counter: 0,
            len: BLOCK as u32,
            flags: PARENT,
        }
    }

    /// The first half of the compression's output: all that is needed for 32 bytes of hash.
    fn chain(&self) -> [u32; 8] {
        let [a, b, c, d, e, f, g, h] = self.value;
        let [i, j, k, l, ..] = IV;
        let (low, high) = (self.counter as u32, (self.counter >> 32) as u32);
        let mut state = [
            a, b, c, d, e, f, g, h, i, j, k, l, low, high, self.len, self.flags,
        ];
        let mut block = self.block;
        for _ in 0..ROUNDS {
            round(&mut state, &block);
            block = SCHEDULE.map(|from| block[from]);
        }
        core::array::from_fn(|word| state[word] ^ state[word + 8])
    }
}

/// Columns, then diagonals.
fn round(state: &mut [u32; 16], block: &[u32; 16]) {
    const PLACES: [[usize; 4]; 8] = [
        [0, 4, 8, 12],
        [1, 5, 9, 13],
        [2, 6, 10, 14],
        [3, 7, 11, 15],
        [0, 5, 10, 15],
        [1, 6, 11, 12],
        [2, 7, 8, 13],
        [3, 4, 9, 14],
    ];
    for (places, words) in PLACES.iter().zip(block.as_chunks::<2>().0) {
        let [mut a, mut b, mut c, mut d] = places.map(|place| state[place]);
        for (word, (first, second)) in words.iter().zip([(16, 12), (8, 7)]) {
            a = a.wrapping_add(b).wrapping_add(*word);
            d = (d ^ a).rotate_right(first);
            c = c.wrapping_add(d);
            b = (b ^ c).rotate_right(second);
        }
        for (place, word) in places.iter().zip([a, b, c, d]) {
            state[*place] = word;
        }
    }
}

const BLOCK: usize = 64;
const CHUNK: usize = 1024;
const ROUNDS: usize = 7;
/// Subtrees on hold for the largest input there can be, 2^64 bytes.
const MAX_HEIGHT: usize = 54;

const CHUNK_START: u32 = 1;
const CHUNK_END: u32 = 1 << 1;
const PARENT: u32 = 1 << 2;
const ROOT: u32 = 1 << 3;

/// That of SHA-256.
const IV: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Which word of the block comes in which place in the next round.
const SCHEDULE: [usize; 16] = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::wire::Hash;

    /// Published vectors, each at once and in pieces.
    #[test]
    fn published_vectors() {
        let vectors = include_str!("../../../tests/data/mweb/blake3.json");
        let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
        let cases = vectors["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 22);
        for case in cases {
            let length = case["input_len"].as_u64().unwrap() as usize;
            let input: Vec<u8> = (0..251).cycle().take(length).collect();
            let mut expected: Hash = case["hash"].as_str().unwrap().parse().unwrap();
            // Hashes of Bitcoin are written in reverse.
            expected = Hash::from_bytes({
                let mut bytes = expected.to_bytes();
                bytes.reverse();
                bytes
            });
            for piece in [1, 63, 64, 65, 1023, 1024, 4097, length.max(1)] {
                let mut hasher = Blake3::new();
                input.chunks(piece).for_each(|piece| hasher.update(piece));
                assert_eq!(
                    Hash::from_bytes(hasher.finish()),
                    expected,
                    "{length} by {piece}"
                );
            }
        }
    }
}
