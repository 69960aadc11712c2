//! What a hostile or odd remote says, as data: rows of the conformance table, each with what must become of it under
//! every preset. The same rows are said to a bare machine (`conformance/said.rs`) and, over real sockets, to every
//! adapter (`adapters/scenarios/hostile.rs`).
//!
//! Only what a remote *says* is in here, and only what is judged at once. What it does not say, and how long, is where
//! virtual time is: among the conformance tests.

mod floods;
mod framing;
mod handshake;
mod session;

use peer_core::Config;

use crate::script::{Frame, VersionPayload};

/// How far the connection has come when the row is said. The remote has dialled us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Nothing was said.
    Fresh,
    /// The remote's `version` was heard.
    Greeted,
    /// Both `verack`s are exchanged.
    Up,
}

/// What must become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// The connection goes on, and a later ping is answered. Whether anything is delivered is another matter.
    Stay,
    /// It goes on; the remote's version is one without pongs, so that it is heard nothing of.
    Quiet,
    /// It goes on, and the last message said is delivered.
    Deliver,
    /// It goes on, and the last message said is not delivered.
    Drop,
    /// We hang up, and the reason is something that the remote did.
    Part,
}

/// A row.
#[derive(Clone, Copy)]
pub struct Row {
    /// Its number in the conformance table, with a letter where one row has several stimuli; or that of a vulnerability.
    pub number: &'static str,
    /// What is said.
    pub about: &'static str,
    /// When.
    pub at: At,
    /// Frames of the handshake that it brings itself: 1 if it is a `version`, 2 if a `verack` as well.
    pub brings: usize,
    /// What our side is set to, beside the preset.
    pub settings: fn(&mut Config),
    /// Whether it is about frames of v1, so that v2 has nothing like it.
    pub v1_only: bool,
    /// The bytes, in the pieces in which they are written.
    pub say: fn() -> Vec<Vec<u8>>,
    /// What must become of it by default, and as Core and btcd have it.
    pub must: [Must; 3],
}

impl Row {
    const fn new(
        number: &'static str,
        about: &'static str,
        at: At,
        say: fn() -> Vec<Vec<u8>>,
        must: [Must; 3],
    ) -> Self {
        Self {
            number,
            about,
            at,
            brings: 0,
            settings: |_| {},
            v1_only: false,
            say,
            must,
        }
    }

    const fn bringing(mut self, frames: usize) -> Self {
        self.brings = frames;
        self
    }

    const fn of_v1(mut self) -> Self {
        self.v1_only = true;
        self
    }

    const fn with(mut self, settings: fn(&mut Config)) -> Self {
        self.settings = settings;
        self
    }

    /// What is said before.
    #[must_use]
    pub fn before(&self) -> Vec<Frame> {
        hello().into_iter().take(self.at as usize).collect()
    }

    /// What is left of the handshake after it.
    #[must_use]
    pub fn after(&self) -> Vec<Frame> {
        let done = self.at as usize + self.brings;
        hello().into_iter().skip(done).collect()
    }

    /// The bytes in one piece.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        (self.say)().concat()
    }

    /// The command of the last frame that is complete.
    #[must_use]
    pub fn last_command(&self) -> Option<String> {
        let (bytes, mut rest, mut last) = (self.bytes(), 0, None);
        while let Some((frame, len)) = Frame::cut(&bytes[rest..]) {
            rest += len;
            last = Some(frame.name());
        }
        last
    }
}

/// The handshake of a node of today.
fn hello() -> [Frame; 2] {
    [VersionPayload::default().frame(), Frame::empty("verack")]
}

/// Every row.
#[must_use]
pub fn rows() -> Vec<Row> {
    [framing::ROWS, handshake::ROWS, session::ROWS, floods::ROWS].concat()
}

/// One frame, in one piece.
fn one(frame: Frame) -> Vec<Vec<u8>> {
    vec![frame.to_bytes()]
}

/// The same whatever the preset.
const fn all(must: Must) -> [Must; 3] {
    [must; 3]
}

/// Forgiven but by btcd.
const FORGIVEN: [Must; 3] = [Must::Drop, Must::Drop, Must::Part];

/// An `inv` entry: a transaction.
const TX: [u8; 36] = {
    let mut entry = [0xab; 36];
    (entry[0], entry[1], entry[2], entry[3]) = (1, 0, 0, 0);
    entry
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_has_a_name_of_its_own() {
        let rows = rows();
        let numbers: BTreeSet<_> = rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers.len(), rows.len());
        assert!(rows.len() >= 80, "{}", rows.len());
        for row in rows {
            assert!(!row.bytes().is_empty(), "{}", row.number);
        }
    }
}
