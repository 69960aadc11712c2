//! Two machines that dial each other over a wire on which anything can happen: bytes are changed, lost, said twice, in
//! another order, or by somebody else, and time passes.
//!
//! Both must come to an end: a connection, or a reason why there is none. If nothing happened to the wire and the two
//! may speak the same transport, there must be a connection.

use alloc::sync::Arc;
use core::time::Duration;

use peer_core::message::{Message, Ping};
use peer_core::network::Network;
use peer_core::tape::TapedMachine;
use peer_core::{Command, Config, HangUp, Link, Timestamp, TransportPolicy};

use super::number;
use super::watched::Watched;
use crate::script::START;

/// The first 8 bytes are the settings of both sides; the rest is what happens.
pub fn handshake(input: &[u8]) {
    let first = play(input);
    assert!(play(input) == first, "not the same twice");
}

/// What a machine may hold before there is a connection, in bytes: what waits in both directions. No message of the
/// handshake is long, and none that claims to be is believed.
const LIMIT: usize = 100_000;

/// More events than anything that can happen here leads to.
const MAX_ROUNDS: usize = 10_000;

/// One end, and what is on the wire to it.
#[derive(Debug)]
struct End {
    peer: Watched,
    arriving: Vec<u8>,
    /// The wire is cut behind what is arriving.
    is_cut: bool,
    was_told: bool,
}

struct Both {
    /// The one that dialled, and the one that was dialled.
    ends: [End; 2],
    now: Timestamp,
    /// Something happened that no honest wire and no patient peer does.
    is_spoiled: bool,
}

fn play(input: &[u8]) -> [Vec<String>; 2] {
    let (settings, rest) = number(input);
    let configs = [config(settings, 7), config(settings >> 8, 8)];
    let transports = configs.each_ref().map(transport);
    let networks = [configs[0].network.tx_format, configs[1].network.tx_format];
    let [dialler, listener] = configs;
    let mut both = Both {
        ends: [
            End::new(dialler, Link::outbound(), 1),
            End::new(listener, Link::inbound(), 2),
        ],
        now: START,
        is_spoiled: networks[0] != networks[1],
    };
    let mut feed = Feed(rest);
    while let Some(operation) = feed.byte() {
        both.happens(operation, &mut feed);
        both.check();
    }
    both.settle();
    let understood = match transports {
        [TransportPolicy::V1, listener] => listener != TransportPolicy::V2,
        [_, listener] => listener != TransportPolicy::V1,
    };
    let is_up = both
        .ends
        .each_mut()
        .map(|end| end.peer.machine().is_negotiated());
    if understood && !both.is_spoiled {
        let heard = both.ends.each_ref().map(|end| &end.peer.heard);
        assert_eq!(is_up, [true; 2], "{heard:#?}");
    }
    both.ends.map(|end| end.peer.heard)
}

/// Whoever has the same secret is the same node.
fn config(settings: u64, secret: u8) -> Config {
    let networks = [Network::REGTEST, Network::LITECOIN_REGTEST];
    let config = Config::with_secret(networks[(settings & 1) as usize], [secret; 32]);
    let mut config = match settings >> 1 & 3 {
        0 => config.like_core(),
        1 => config.like_btcd(),
        _ => config,
    };
    config.transport = [
        TransportPolicy::Auto,
        TransportPolicy::V2,
        TransportPolicy::V1,
        TransportPolicy::Auto,
    ][(settings >> 3 & 3) as usize];
    config.review_version = settings >> 5 & 1 == 1;
    config.v2.admission = settings >> 6 & 1 == 1;
    config.raw_events = settings >> 7 & 1 == 1;
    config
}

/// What "auto" means on the network.
fn transport(config: &Config) -> TransportPolicy {
    match config.transport {
        TransportPolicy::Auto if !config.network.v2_transport => TransportPolicy::V1,
        other => other,
    }
}

impl End {
    fn new(config: Config, link: Link, seed: u8) -> Self {
        let peer = TapedMachine::from_seed(Arc::new(config), link, START, [seed; 32]);
        Self {
            peer: Watched::new(peer, LIMIT),
            arriving: Vec::new(),
            is_cut: false,
            was_told: false,
        }
    }

    /// Hears up to `most` bytes of what is arriving, or that the wire is cut; whether anything happened.
    fn hear(&mut self, most: usize, now: Timestamp) -> bool {
        let most = most.min(self.arriving.len());
        let taken = self.peer.receive(&self.arriving[..most], now);
        self.arriving.drain(..taken);
        if self.is_cut && self.arriving.is_empty() && !self.was_told {
            self.was_told = true;
            self.peer.machine().hung_up(HangUp::EndOfStream, now);
            return true;
        }
        taken > 0
    }

    /// Whether there is a connection, or none any more.
    fn is_settled(&mut self) -> bool {
        self.peer.is_over || self.peer.machine().is_negotiated()
    }
}

impl Both {
    fn happens(&mut self, operation: u8, feed: &mut Feed<'_>) {
        let side = usize::from(operation >> 7);
        let now = self.now;
        match operation & 15 {
            0 => drop(self.carry(side)),
            1 => {
                let most = feed.below(256);
                self.ends[side].hear(most, now);
            }
            2 => drop(self.ends[side].hear(usize::MAX, now)),
            3 => while self.ends[side].peer.poll() {},
            4 => {
                let millis = feed.below(1 << 16) as u64;
                self.pass(now.saturating_add(Duration::from_millis(millis)));
            }
            5 => {
                let next = self.ends[side].peer.machine().deadline();
                self.pass(next.unwrap_or(now));
            }
            6 => self.agree(side),
            7 => {
                let ping = Message::Ping(Ping::new(feed.below(256) as u64));
                self.ends[side].peer.command(Command::Send(ping.into()));
            }
            8 => self.leave(side, feed.below(8)),
            _ => {
                let end = &mut self.ends[side];
                self.is_spoiled |= damage(operation & 15, end, feed);
            }
        }
    }

    /// What one side says gets onto the wire to the other; whether there was anything.
    fn carry(&mut self, from: usize) -> bool {
        let bytes = self.ends[from].peer.take(self.now, |lent| lent);
        let is_over = self.ends[from].peer.is_over;
        let to = &mut self.ends[1 - from];
        if to.is_cut {
            return !bytes.is_empty();
        }
        to.arriving.extend(&bytes);
        to.is_cut = is_over;
        !bytes.is_empty() || is_over
    }

    fn pass(&mut self, to: Timestamp) {
        // The patience of either side may end.
        self.is_spoiled |= to > self.now;
        self.now = self.now.max(to);
    }

    /// The application says yes to whatever it may be asked.
    fn agree(&mut self, side: usize) {
        let machine = self.ends[side].peer.machine();
        machine.admit_v2();
        machine.accept_version();
    }

    fn leave(&mut self, side: usize, how: usize) {
        let machine = self.ends[side].peer.machine();
        match how {
            0 => machine.disconnect(),
            1 => machine.abort(),
            2 => machine.refuse_version(None),
            3 => machine.refuse_v2(),
            _ => return,
        }
        self.is_spoiled = true;
    }

    fn check(&mut self) {
        for end in &mut self.ends {
            end.peer.check(self.now);
        }
    }

    /// From here on everything gets through, everybody agrees, and time passes until both know where they are.
    fn settle(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let mut moved = false;
            self.check();
            for side in [0, 1] {
                self.agree(side);
                moved |= self.ends[side].peer.poll();
                moved |= self.carry(side);
                moved |= self.ends[side].hear(usize::MAX, self.now);
            }
            if moved {
                continue;
            }
            if self.ends.iter_mut().all(End::is_settled) {
                return;
            }
            let deadlines = self
                .ends
                .each_mut()
                .map(|end| end.peer.machine().deadline());
            let next = deadlines.into_iter().flatten().min();
            let Some(next) = next else { break };
            self.pass(next);
        }
        panic!("no end: {:#?}", self.ends);
    }
}

/// Does something to what is arriving; whether it made a difference.
fn damage(how: u8, end: &mut End, feed: &mut Feed<'_>) -> bool {
    let wire = &mut end.arriving;
    let before = wire.clone();
    let (from, to) = (feed.below(wire.len() + 1), feed.below(wire.len() + 1));
    let (from, to) = (from.min(to), from.max(to));
    match how {
        9 => {
            let mask = feed.byte().unwrap_or(1);
            if let Some(byte) = wire.get_mut(from) {
                *byte ^= mask;
            }
        }
        10 => {
            wire.truncate(from);
            end.is_cut = true;
            return true;
        }
        11 => {
            let twice = wire[from..to].to_vec();
            drop(wire.splice(to..to, twice));
        }
        12 => wire[from..].rotate_left(to - from),
        13 => drop(wire.drain(from..to)),
        14 => {
            let words = feed.take(to.min(64));
            drop(wire.splice(from..from, words.iter().copied()));
        }
        _ => wire[from..to].reverse(),
    }
    *wire != before
}

/// The input, eaten from the front. Where it ends, everything is zero.
struct Feed<'a>(&'a [u8]);

impl<'a> Feed<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// A number below `bound`, of one byte if that is enough.
    fn below(&mut self, bound: usize) -> usize {
        let low = usize::from(self.byte().unwrap_or(0));
        let high = match bound {
            0..=256 => 0,
            _ => usize::from(self.byte().unwrap_or(0)),
        };
        (high << 8 | low).checked_rem(bound).unwrap_or(0)
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
}
