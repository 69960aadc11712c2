//! What happened: as a hash always, as a picture where somebody wants to see it.

use std::collections::VecDeque;
use std::fmt::Write;

/// Lines that are kept of each run: the last ones lead to the failure.
const KEPT: usize = 20_000;

/// A line of the picture.
#[derive(Clone, Debug)]
struct Line {
    micros: u64,
    end: usize,
    text: String,
}

/// The record of a run.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    hash: u64,
    lines: Option<VecDeque<Line>>,
    wire: usize,
}

/// Adds a number to a hash: good enough to tell runs apart, and cheap.
pub(crate) const fn mix(hash: u64, value: u64) -> u64 {
    let bits = (hash ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits ^ (bits >> 29)
}

/// A hash of bytes.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(bytes.len() as u64, |hash, word| {
        mix(hash, u64::from_le_bytes(*word))
    });
    rest.iter()
        .fold(hash, |hash, byte| mix(hash, (*byte).into()))
}

impl Trace {
    pub(crate) fn new(wire: Option<usize>) -> Self {
        Self {
            hash: 0,
            wire: wire.unwrap_or_default(),
            lines: wire.map(|_| VecDeque::new()),
        }
    }

    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) const fn note(&mut self, value: u64) {
        self.hash = mix(self.hash, value);
    }

    pub(crate) const fn is_kept(&self) -> bool {
        self.lines.is_some()
    }

    /// Keeps a line, if lines are kept.
    pub(crate) fn say(
        &mut self,
        micros: u64,
        wire: usize,
        end: usize,
        text: impl FnOnce() -> String,
    ) {
        let Some(lines) = &mut self.lines else { return };
        if wire != self.wire {
            return;
        }
        if lines.len() >= KEPT {
            lines.pop_front();
        }
        let text = text();
        lines.push_back(Line { micros, end, text });
    }

    /// The last lines about the wire: a sequence diagram, its dialler on the left.
    pub(crate) fn picture(&self, names: [String; 2], most: usize) -> String {
        let Some(lines) = &self.lines else {
            return String::new();
        };
        let first = lines.len().saturating_sub(most);
        let [left, right] = names;
        let mut picture = String::new();
        let _ = writeln!(picture, "{:>13}  {left:<58}{right}", "seconds");
        if first > 0 {
            let _ = writeln!(picture, "{:>13}  ({first} lines before)", "...");
        }
        for line in lines.iter().skip(first) {
            let seconds = line.micros as f64 / 1e6;
            let text = &line.text;
            let _ = match line.end {
                0 => writeln!(picture, "{seconds:>13.6}  │ {text}"),
                _ => writeln!(picture, "{seconds:>13.6}  │{:<57}│ {text}", ""),
            };
        }
        picture
    }
}
