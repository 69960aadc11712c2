//! Tapes as tests see them: replayed to the end, damaged, and made of anything.

#![expect(clippy::unwrap_used, reason = "in a test a panic is a failure")]

use peer_core::Stats;
use peer_core::tape::{Output, Replayer, Step, TapeError};
use sha2::{Digest, Sha256};

/// What came out of a tape.
#[derive(Debug)]
pub struct Replayed {
    /// Events as lines of text.
    pub events: Vec<String>,
    /// Everything the machine wrote.
    pub said: Vec<u8>,
    /// Its numbers in the end.
    pub stats: Stats,
    /// How many calls were made.
    pub calls: u64,
}

/// Replays a tape that must be whole, fed in pieces of so many bytes.
///
/// # Errors
/// What is wrong with it.
pub fn replay(tape: &[u8], piece: usize) -> Result<Replayed, TapeError> {
    let mut replayer = Replayer::new();
    let (mut events, mut said, mut calls) = (Vec::new(), Vec::new(), 0);
    for piece in tape.chunks(piece) {
        replayer.feed(piece);
        while let Some(Step { output, .. }) = replayer.step()? {
            calls += 1;
            match output {
                Output::Event(Some(event)) => events.push(format!("{event:?}")),
                Output::Sent(bytes) => said.extend(bytes),
                _ => {}
            }
        }
    }
    replayer.finish()?;
    Ok(Replayed {
        events,
        said,
        stats: replayer.machine().unwrap().stats(),
        calls,
    })
}

/// A tape that begins with the sealed block of another one, and goes on with these records, sealed as the format has it:
/// the kind and the body of each, and a witness that is most likely wrong.
#[must_use]
pub fn forge(begun: &[u8], records: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let (head, rest) = begun.split_at(9);
    let (length, first) = varint(rest);
    let digest = |before: &[u8], then: &[u8]| Sha256::digest([before, then].concat());
    let seal = digest(&digest(head, &[]), &first[..length]);
    let mut block = Vec::new();
    for (kind, body) in records {
        block.push(*kind);
        put_varint(&mut block, body.len());
        block.extend(body);
        if ![1, 4, 10, 11].contains(kind) {
            block.extend([0; 4]);
        }
    }
    let mut tape = begun.to_vec();
    put_varint(&mut tape, block.len());
    tape.extend(&block);
    tape.extend(&digest(&seal, &block)[..8]);
    tape
}

fn put_varint(out: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        out.push(0x80 | (value & 0x7f) as u8);
        value >>= 7;
    }
    out.push(value as u8);
}

fn varint(bytes: &[u8]) -> (usize, &[u8]) {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let (varint, rest) = bytes.split_at(length);
    let value = varint
        .iter()
        .rev()
        .fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    (value, rest)
}
