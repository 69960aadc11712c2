//! A remote that is not honest: it says what it was told to say, byte for byte, and hears what it wants to hear.

use std::collections::VecDeque;

use peer_core::{DisconnectReason, HangUp, Link};

use crate::script::{Frame, REGTEST, V1, V2, Wire};

/// What must have come of what was done.
#[derive(Clone, Copy)]
pub(crate) enum Expectation {
    /// The machine answers a ping with this nonce.
    Alive(u64),
    /// The machine ended the connection, for such a reason.
    Ends(&'static str, fn(&DisconnectReason) -> bool),
}

/// One thing that is done.
#[derive(Clone)]
pub(crate) enum Act {
    /// Frames are said, in the transport that is spoken.
    Say(Vec<u8>),
    /// Bytes are said as they are.
    Raw(Vec<u8>),
    /// Decoys of such contents, in v2.
    Decoys(u32, usize),
    /// Whether it reads what arrives.
    Read(bool),
    /// Whether it answers pings.
    Answer(bool),
    HangUp(HangUp),
    Expect(Expectation),
}

/// How it speaks.
enum Tongue {
    V1(V1),
    V2(Box<V2>),
}

pub(crate) struct Script {
    tongue: Tongue,
    /// What it does, and how many microseconds after what it did before.
    pub(crate) acts: VecDeque<(u64, Act)>,
    pub(crate) reads: bool,
    pub(crate) answers: bool,
    /// What it wants to say and the wire has no room for.
    pub(crate) out: VecDeque<u8>,
    /// Nonces of pongs that came.
    pub(crate) pongs: Vec<u64>,
    pub(crate) is_closed: bool,
    /// What it does, in a word.
    pub(crate) name: &'static str,
}

impl Script {
    /// The other end of `link`, which is that of the machine.
    pub(crate) fn new(
        link: &Link,
        is_v2: bool,
        name: &'static str,
        acts: VecDeque<(u64, Act)>,
    ) -> Self {
        let mut tongue = if is_v2 {
            Tongue::V2(Box::new(V2::new(link, REGTEST)))
        } else {
            Tongue::V1(V1::new(link, REGTEST))
        };
        let opening = match &mut tongue {
            Tongue::V1(wire) => wire.opening(),
            Tongue::V2(wire) => wire.opening(),
        };
        Self {
            tongue,
            acts,
            reads: true,
            answers: true,
            out: opening.into(),
            pongs: Vec::new(),
            is_closed: false,
            name,
        }
    }

    /// It hears bytes of the machine.
    pub(crate) fn hear(&mut self, bytes: &[u8]) {
        let answer = match &mut self.tongue {
            Tongue::V1(wire) => wire.hear(bytes),
            Tongue::V2(wire) => wire.hear(bytes),
        };
        self.out.extend(answer);
        loop {
            let frame = match &mut self.tongue {
                Tongue::V1(wire) => wire.next(),
                Tongue::V2(wire) => wire.next(),
            };
            let Some(frame) = frame else { return };
            let Some(nonce) = frame.nonce() else { continue };
            match frame.name().as_str() {
                "ping" if self.answers => self.say(&Frame::pong(nonce).to_bytes()),
                "pong" => self.pongs.push(nonce),
                _ => {}
            }
        }
    }

    pub(crate) fn say(&mut self, frames: &[u8]) {
        let bytes = match &mut self.tongue {
            Tongue::V1(wire) => wire.say(frames),
            Tongue::V2(wire) => wire.say(frames),
        };
        self.out.extend(bytes);
    }

    pub(crate) fn decoys(&mut self, len: u32, count: usize) {
        let Tongue::V2(wire) = &mut self.tongue else {
            return;
        };
        if wire.session_id().is_none() {
            return;
        }
        let contents = vec![0; len as usize];
        for _ in 0..count {
            let packet = wire.seal(&[&contents], &[], true);
            self.out.extend(packet);
        }
    }
}
