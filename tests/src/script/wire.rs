//! How a scripted remote brings its frames to the wire: as they are, or sealed as BIP324 has it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a scripted remote is part of a test: a panic is how that fails"
)]

use alloc::collections::VecDeque;

use peer_core::bip324::{
    ELLSWIFT_LEN, KeyPair, LENGTH_LEN, PACKET_OVERHEAD, Role, SALT_PREFIX, SessionKeys,
};
use peer_core::message::{CommandName, MessageKind};
use peer_core::{Link, TransportPolicy};

use super::Frame;

/// One transport, from the remote's side.
pub trait Wire: Sized {
    /// What the machine must be told to speak it.
    const POLICY: TransportPolicy;

    /// At the other end of `link`, on the network with this magic.
    fn new(link: &Link, magic: [u8; 4]) -> Self;

    /// What is said before anything was heard.
    fn opening(&mut self) -> Vec<u8>;

    /// Takes in what the machine said; returns what is answered by itself.
    fn hear(&mut self, bytes: &[u8]) -> Vec<u8>;

    /// The next frame among what was heard.
    fn next(&mut self) -> Option<Frame>;

    /// How `bytes`, which are frames of v1, are said.
    fn say(&mut self, bytes: &[u8]) -> Vec<u8>;
}

/// In the clear. Any bytes can be said, right or wrong.
#[derive(Debug, Default)]
pub struct V1 {
    heard: Vec<u8>,
}

impl Wire for V1 {
    const POLICY: TransportPolicy = TransportPolicy::V1;

    fn new(_: &Link, _: [u8; 4]) -> Self {
        Self::default()
    }

    fn opening(&mut self) -> Vec<u8> {
        Vec::new()
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.heard.extend_from_slice(bytes);
        Vec::new()
    }

    fn next(&mut self) -> Option<Frame> {
        let (frame, len) = Frame::cut(&self.heard)?;
        self.heard.drain(..len);
        Some(frame)
    }

    fn say(&mut self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }
}

/// Sealed. A frame is said once all of it is there, and its checksum must be right.
#[derive(Debug)]
pub struct V2 {
    pair: KeyPair,
    role: Role,
    magic: [u8; 4],
    keys: Option<SessionKeys>,
    /// Of the machine, until its first packet has come.
    garbage: Option<Vec<u8>>,
    /// The version packet has come.
    is_settled: bool,
    heard: Vec<u8>,
    /// The length of the next packet, once it was decrypted.
    length: Option<usize>,
    frames: VecDeque<Frame>,
    /// Frames to be said that are not complete, or wait for the keys.
    waiting: Vec<u8>,
}

impl V2 {
    /// Our garbage, which is short and always the same.
    const GARBAGE: &[u8] = b"scripted";

    /// Seals one packet.
    ///
    /// # Panics
    /// If there are no keys yet.
    pub fn seal(&mut self, contents: &[&[u8]], aad: &[u8], is_decoy: bool) -> Vec<u8> {
        let mut packet = Vec::new();
        let keys = self.keys.as_mut().expect("keys were exchanged");
        let sealed = keys.sealer.seal(contents, aad, is_decoy, &mut packet);
        sealed.expect("it fits a packet");
        packet
    }

    /// Names the session, once there are keys.
    pub fn session_id(&self) -> Option<[u8; 32]> {
        self.keys.as_ref().map(|keys| keys.session_id)
    }

    fn exchange_keys(&mut self) -> Option<Vec<u8>> {
        let theirs = *self.heard.first_chunk::<ELLSWIFT_LEN>()?;
        self.heard.drain(..ELLSWIFT_LEN);
        let keys = self.pair.agree(&theirs, self.role, SALT_PREFIX, self.magic);
        let terminator = keys.send_terminator;
        self.keys = Some(keys);
        let mut flight = match self.role {
            Role::Initiator => Vec::new(),
            Role::Responder => self.hello(),
        };
        flight.extend(terminator);
        flight.extend(self.seal(&[], Self::GARBAGE, false));
        flight.extend(self.say(&[]));
        Some(flight)
    }

    fn hello(&self) -> Vec<u8> {
        [self.pair.ellswift(), Self::GARBAGE].concat()
    }

    /// Takes one step; whether there was one to take.
    fn step(&mut self) -> bool {
        let Some(keys) = &mut self.keys else {
            return false;
        };
        if self.garbage.is_none() {
            let mut windows = self.heard.windows(keys.receive_terminator.len());
            let found = windows.position(|bytes| bytes == keys.receive_terminator);
            let Some(len) = found else { return false };
            let garbage = self.heard.drain(..len).collect();
            self.heard.drain(..keys.receive_terminator.len());
            self.garbage = Some(garbage);
            return true;
        }
        if self.length.is_none() {
            let Some(encrypted) = self.heard.first_chunk::<LENGTH_LEN>() else {
                return false;
            };
            self.length = Some(keys.opener.open_length(*encrypted));
        }
        let whole = self.length.unwrap_or_default() + PACKET_OVERHEAD;
        if self.heard.len() < whole {
            return false;
        }
        let mut packet: Vec<u8> = self.heard.drain(..whole).collect();
        self.length = None;
        let aad = self.garbage.replace(Vec::new()).unwrap_or_default();
        let opened = keys.opener.open(&mut packet[LENGTH_LEN..], &aad);
        let opened = opened.expect("the machine seals well");
        if opened.is_decoy {
            return true;
        }
        if core::mem::replace(&mut self.is_settled, true) {
            self.frames.push_back(frame(opened.contents));
        }
        true
    }
}

impl Wire for V2 {
    const POLICY: TransportPolicy = TransportPolicy::V2;

    fn new(link: &Link, magic: [u8; 4]) -> Self {
        Self {
            pair: KeyPair::from_secret([0x5c; 32], [0x1e; 32]).expect("a secret key"),
            role: if link.is_inbound() {
                Role::Initiator
            } else {
                Role::Responder
            },
            magic,
            keys: None,
            garbage: None,
            is_settled: false,
            heard: Vec::new(),
            length: None,
            frames: VecDeque::new(),
            waiting: Vec::new(),
        }
    }

    fn opening(&mut self) -> Vec<u8> {
        match self.role {
            Role::Initiator => self.hello(),
            Role::Responder => Vec::new(),
        }
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.heard.extend_from_slice(bytes);
        let flight = if self.keys.is_none() {
            self.exchange_keys()
        } else {
            None
        };
        while self.step() {}
        flight.unwrap_or_default()
    }

    fn next(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    fn say(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.waiting.extend_from_slice(bytes);
        let mut packets = Vec::new();
        while self.keys.is_some()
            && let Some((frame, len)) = Frame::cut(&self.waiting)
        {
            assert!(frame.is_intact(), "v2 has no checksum");
            let named = type_of(&frame.command);
            packets.extend(self.seal(&[&named, &frame.payload], &[], false));
            self.waiting.drain(..len);
        }
        packets
    }
}

/// A short id where BIP324 has one. Its table is in the message table of the library, which has tests of its own.
fn type_of(command: &[u8; 12]) -> Vec<u8> {
    let kind = CommandName::from_bytes(*command)
        .ok()
        .and_then(|name| MessageKind::from_command(&name));
    match kind.and_then(MessageKind::short_id) {
        Some(id) => vec![id],
        None => [&[0], &command[..]].concat(),
    }
}

/// As if it had come in v1.
fn frame(contents: &[u8]) -> Frame {
    match contents {
        [0, rest @ ..] => {
            let (command, payload) = rest.split_first_chunk().expect("a type in full");
            Frame::new("", payload).with_command(*command)
        }
        [id, payload @ ..] => {
            let kind = MessageKind::from_short_id(*id).expect("a known id");
            Frame::new(kind.command().as_str(), payload)
        }
        [] => panic!("a packet without a type"),
    }
}
