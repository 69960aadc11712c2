//! Tapes as tests see them: replayed to the end, damaged, and made of anything.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is a failure"
)]

use alloc::sync::Arc;
use core::ops::{Deref, DerefMut};
use std::{fs, thread};

use peer_core::tape::{Gap, Output, Replayer, Step, TapeError, TapedMachine};
use peer_core::{Config, Link, Stats, Timestamp};
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

/// A machine that is recorded. When it goes, its tape is replayed: so every test of a machine is one of tapes. The tape of
/// a test that failed is kept in `target/tapes`, under the test's name.
#[derive(Debug)]
pub struct Watched(TapedMachine);

impl Watched {
    /// A machine as [`PeerMachine::from_seed`](peer_core::PeerMachine::from_seed) makes it.
    #[must_use]
    pub fn new(config: Arc<Config>, link: Link, now: Timestamp, seed: [u8; 32]) -> Self {
        Self(TapedMachine::from_seed(config, link, now, seed))
    }

    fn check(&mut self) {
        let mut replayer = Replayer::new().within(usize::MAX).on(self.config().network);
        replayer.feed(&self.0.end_tape());
        let result = loop {
            match replayer.step() {
                Ok(Some(_)) => {}
                Ok(None) => break replayer.finish(),
                Err(error) => break Err(error),
            }
        };
        match result {
            Ok(()) => assert_eq!(replayer.machine().unwrap().stats(), self.stats()),
            // More than is kept, which some tests make on purpose.
            Err(TapeError::Gap { gap, .. }) => assert_eq!(gap, Gap::Untaken),
            Err(error) => panic!("the tape of this test: {error}"),
        }
    }

    fn keep(&mut self) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tapes");
        let thread = thread::current();
        let name = thread.name().unwrap_or("unnamed").replace("::", "-");
        let file = format!("{folder}/{name}.tape");
        let written = fs::create_dir_all(folder);
        match written.and_then(|()| fs::write(&file, self.0.end_tape())) {
            Ok(()) => eprintln!("the tape of this test: {file}"),
            Err(error) => eprintln!("{file}: {error}"),
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if thread::panicking() {
            self.keep();
        } else {
            self.check();
        }
    }
}

impl Deref for Watched {
    type Target = TapedMachine;

    fn deref(&self) -> &TapedMachine {
        &self.0
    }
}

impl DerefMut for Watched {
    fn deref_mut(&mut self) -> &mut TapedMachine {
        &mut self.0
    }
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
