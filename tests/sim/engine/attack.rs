//! What hostile remotes say. Of some of it is known what must come of it, under every policy; of the rest only that the
//! machine keeps its promises.

use std::collections::VecDeque;
use std::sync::OnceLock;

use peer_core::{
    Config, DisconnectReason, FrameError, HangUp, Malformed, Oversized, Reaction, Timeout,
    TransportPolicy, Violation,
};

use super::plan::{SECOND, once_in};
use super::script::{Act, Expectation};
use crate::capture::{Capture, Way};
use crate::link::Dice;
use crate::script::{Frame, VersionPayload, compact_size, list, stream};

type Acts = VecDeque<(u64, Act)>;

/// Frames of recorded conversations, as they stand on the wire.
fn recorded() -> &'static [Vec<u8>] {
    static FRAMES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FRAMES.get_or_init(|| {
        let mut frames = Vec::new();
        for capture in Capture::all() {
            for way in Way::BOTH {
                let stream = capture.stream(way);
                for entry in capture
                    .entries(way)
                    .iter()
                    .filter(|entry| entry.length < 3_000)
                {
                    let end = entry.offset + 24 + entry.length;
                    frames.extend(stream.get(entry.offset..end).map(<[u8]>::to_vec));
                }
            }
        }
        frames
    })
}

/// One of them, on our network.
fn sample(dice: &mut Dice) -> Frame {
    let frames = recorded();
    let bytes = &frames[dice.below(frames.len() as u64) as usize];
    let (frame, _) = Frame::cut(bytes).unwrap_or_else(|| (Frame::empty("verack"), 24));
    Frame::new(&frame.name(), frame.payload)
}

fn version() -> Frame {
    VersionPayload::default().frame()
}

fn hello() -> Vec<u8> {
    stream(&[version(), Frame::empty("verack")])
}

/// The end for too many entries, told by their number, or from the length of the frame.
fn is_over(reason: &DisconnectReason) -> bool {
    matches!(
        reason,
        DisconnectReason::Malformed(Malformed::Payload(_))
            | DisconnectReason::Frame(FrameError::PayloadTooLarge { .. })
    )
}

/// A conversation in the making.
struct Plot<'a> {
    dice: &'a mut Dice,
    config: &'a Config,
    acts: Acts,
    is_v2: bool,
}

const PROBE: u64 = 0x0a11_fe00_0a11_fe00;

impl Plot<'_> {
    fn then(&mut self, wait: u64, act: Act) {
        self.acts.push_back((wait, act));
    }

    fn say(&mut self, frames: impl Into<Vec<u8>>) {
        let wait = self.dice.below(SECOND / 2);
        self.then(wait, Act::Say(frames.into()));
    }

    fn hello(&mut self) {
        self.say(hello());
        self.then(3 * SECOND, Act::Say(Vec::new()));
    }

    fn expect_alive(&mut self) {
        // Older ones answer no pings.
        if self.config.protocol_version <= 60_000 {
            return;
        }
        self.say(Frame::ping(PROBE).to_bytes());
        self.then(15 * SECOND, Act::Expect(Expectation::Alive(PROBE)));
    }

    fn expect_end(&mut self, name: &'static str, fits: fn(&DisconnectReason) -> bool) {
        self.then(15 * SECOND, Act::Expect(Expectation::Ends(name, fits)));
    }
}

/// What a hostile remote does: its name, whether it speaks v2, and the acts.
pub(crate) fn compose(
    dice: &mut Dice,
    config: &Config,
    may_v1: bool,
    may_v2: bool,
) -> (&'static str, bool, Acts) {
    let is_v2 = may_v2 && (!may_v1 || once_in(dice, 3));
    let kind = dice.below(24);
    let mut plot = Plot {
        dice,
        config,
        acts: Acts::new(),
        is_v2,
    };
    let name = match kind {
        0..=2 => plot.limits(),
        3 => plot.frame_lengths(),
        4 | 5 => plot.slips(),
        6 => plot.duplicates(),
        7 => plot.early(),
        8 => plot.silent(),
        9 => plot.dribble(),
        10 | 11 => plot.never_reads(),
        12 | 13 => plot.withholds(),
        14..=16 => plot.flood(),
        17..=19 => plot.mutants(),
        20 => plot.noise(),
        21 => plot.claims(),
        22 => plot.never_pongs(),
        _ => plot.handshakes(),
    };
    (name, is_v2, plot.acts)
}

impl Plot<'_> {
    /// Lists of exactly as many entries as are allowed, or one more.
    fn limits(&mut self) -> &'static str {
        self.hello();
        let limits = &self.config.limits.message;
        let header = [&[4, 0, 0, 0][..], &[7; 76], &[0]].concat();
        let entry = [&[1, 0, 0, 0][..], &[9; 32]].concat();
        let address = [&[0xff, 0x53, 0x65, 0x65][..], &[9; 26]].concat();
        let (command, limit, item, suffix) = match self.dice.below(4) {
            0 => ("inv", limits.inv, entry, 0),
            1 => ("notfound", limits.inv, entry, 0),
            2 => ("addr", limits.addr, address, 0),
            _ => ("headers", limits.headers, header, 0),
        };
        let _: usize = suffix;
        let over = once_in(self.dice, 2);
        let count = limit + usize::from(over);
        let unwanted = command == "inv" && !self.config.relay;
        if limit * item.len() > 100_000 || unwanted {
            return self.locator();
        }
        self.say(Frame::new(command, list(count, &item)).to_bytes());
        if over {
            self.expect_end("over a limit", is_over);
        } else {
            self.expect_alive();
        }
        "limits"
    }

    fn locator(&mut self) -> &'static str {
        let over = once_in(self.dice, 2);
        let count = self.config.limits.message.locator + usize::from(over);
        let payload = [&[0x80, 0x11, 1, 0][..], &list(count, &[3; 32]), &[0; 32]].concat();
        self.say(Frame::new("getheaders", payload).to_bytes());
        if over {
            self.expect_end("over a limit", is_over);
        } else {
            self.expect_alive();
        }
        "locator"
    }

    /// The longest frame there may be, or a byte more; before or after `verack`.
    fn frame_lengths(&mut self) -> &'static str {
        let over = u32::from(once_in(self.dice, 2));
        let is_early = once_in(self.dice, 2);
        let most = self.config.network.max_payload;
        let strictness = &self.config.strictness;
        if is_early {
            if self.is_v2 {
                return self.noise();
            }
            self.say(version().to_bytes());
            let len = self.config.limits.early_payload + over;
            self.say(Frame::new("unheardof", vec![1; len as usize]).to_bytes());
            if over == 1 && strictness.oversized_early == Oversized::Disconnect {
                self.expect_end("too long before verack", |reason| {
                    matches!(
                        reason,
                        DisconnectReason::Frame(FrameError::PayloadTooLarge { .. })
                    )
                });
            } else {
                self.say(Frame::empty("verack").to_bytes());
                self.expect_alive();
            }
            return "early length";
        }
        if most > 1_000_000 || (over == 1 && self.is_v2) {
            return self.slips();
        }
        self.hello();
        self.say(Frame::new("unheardof", vec![1; (most + over) as usize]).to_bytes());
        if over == 1 {
            self.expect_end("too long", |reason| {
                matches!(
                    reason,
                    DisconnectReason::Frame(FrameError::PayloadTooLarge { .. })
                )
            });
        } else {
            self.expect_alive();
        }
        "length"
    }

    /// As many slips as are forgiven in a minute, or one more.
    fn slips(&mut self) -> &'static str {
        self.hello();
        let (limits, strictness) = (&self.config.limits, &self.config.strictness);
        let kind = self.dice.below(if self.is_v2 { 2 } else { 3 });
        let (limit, reaction, frame) = match kind {
            0 => (limits.annoyances_per_minute, Reaction::Drop, Frame::pong(5)),
            1 => (
                limits.malformed_per_minute,
                strictness.malformed,
                Frame::new("feefilter", [1, 2, 3]),
            ),
            _ => {
                let frame = Frame::new("unheardof", [1]).with_bad_checksum();
                (
                    limits.bad_checksums_per_minute,
                    strictness.bad_checksum,
                    frame,
                )
            }
        };
        let last = once_in(self.dice, 2);
        let limit = if reaction == Reaction::Disconnect {
            1
        } else {
            limit
        };
        let count = if limit == u32::MAX {
            60
        } else {
            limit - u32::from(!last)
        };
        let is_end = last && limit != u32::MAX;
        let frames = vec![frame; count as usize];
        self.say(stream(&frames));
        match (is_end, kind) {
            (false, _) => self.expect_alive(),
            (true, 0) => self.expect_end("annoying", |reason| {
                matches!(
                    reason,
                    DisconnectReason::Violation(Violation::Annoying { .. })
                )
            }),
            _ => self.expect_end("malformed", |reason| {
                matches!(reason, DisconnectReason::Malformed(_))
            }),
        }
        "slips"
    }

    /// Handshake messages again.
    fn duplicates(&mut self) -> &'static str {
        self.hello();
        let strictness = &self.config.strictness;
        let (frame, reaction) = match self.dice.below(3) {
            0 => (version(), strictness.duplicate_version),
            1 => (Frame::empty("verack"), strictness.duplicate_verack),
            _ => (Frame::empty("sendaddrv2"), strictness.late_negotiation),
        };
        self.say(frame.to_bytes());
        if reaction == Reaction::Disconnect {
            self.expect_end("again", |reason| {
                matches!(reason, DisconnectReason::Violation(_))
            });
        } else {
            self.expect_alive();
        }
        "duplicates"
    }

    /// Messages before their time.
    fn early(&mut self) -> &'static str {
        let early = [
            Frame::ping(3),
            Frame::empty("getaddr"),
            Frame::new("inv", [0]),
        ];
        let early = early[self.dice.below(3) as usize].clone();
        // Whoever listens for both transports knows v1 by its `version` alone.
        if once_in(self.dice, 2) || self.config.transport != TransportPolicy::V1 {
            self.say(version().to_bytes());
            self.say(early.to_bytes());
        } else {
            self.say(early.to_bytes());
            self.say(version().to_bytes());
        }
        self.say(Frame::empty("verack").to_bytes());
        // Before BIP31 a ping has no nonce, and this one has.
        if self.config.protocol_version <= 60_000 {
            return "early";
        }
        if self.config.strictness.early_message == Reaction::Disconnect {
            self.expect_end("early", |reason| {
                matches!(reason, DisconnectReason::Violation(Violation::Early { .. }))
            });
        } else {
            self.expect_alive();
        }
        "early"
    }

    /// Nothing is said at some point, for ever.
    fn silent(&mut self) -> &'static str {
        self.then(0, Act::Answer(false));
        match self.dice.below(3) {
            0 => {}
            1 => self.say(version().to_bytes()),
            _ => {
                self.hello();
                return "silent";
            }
        }
        let span = self.config.timeouts.negotiation.as_micros() as u64;
        self.then(
            span + 3 * SECOND,
            Act::Expect(Expectation::Ends("silent", |reason| {
                matches!(
                    reason,
                    DisconnectReason::Timeout(Timeout::Negotiation | Timeout::V2Handshake(_))
                )
            })),
        );
        "mute"
    }

    /// A handshake byte by byte, slower than there is patience for.
    fn dribble(&mut self) -> &'static str {
        let hello = hello();
        for byte in hello.iter().take(40) {
            self.then(SECOND * 2, Act::Raw(vec![*byte]));
        }
        "dribble"
    }

    /// It asks for answers and reads none.
    fn never_reads(&mut self) -> &'static str {
        self.hello();
        self.then(0, Act::Read(false));
        let count = 200 + self.dice.below(3_000);
        let pings: Vec<Frame> = (1..=count).map(Frame::ping).collect();
        self.say(stream(&pings));
        let locator = [&[0x80, 0x11, 1, 0, 0][..], &[0; 32]].concat();
        let questions = vec![Frame::new("getheaders", locator); 20];
        self.say(stream(&questions));
        if once_in(self.dice, 2) {
            self.then(
                self.config.timeouts.idle.unwrap_or_default().as_micros() as u64,
                Act::Read(true),
            );
        }
        "never reads"
    }

    /// It keeps talking and answers no question.
    fn withholds(&mut self) -> &'static str {
        self.hello();
        for number in 0..40 {
            self.then(5 * SECOND, Act::Say(Frame::ping(100 + number).to_bytes()));
        }
        "withholds"
    }

    fn never_pongs(&mut self) -> &'static str {
        self.then(0, Act::Answer(false));
        self.hello();
        for _ in 0..100 {
            self.then(
                20 * SECOND,
                Act::Say(Frame::new("unheardof", [1]).to_bytes()),
            );
        }
        "never pongs"
    }

    /// Much of the same.
    fn flood(&mut self) -> &'static str {
        self.hello();
        let entries = |dice: &mut Dice, count: u64, width: usize| {
            let mut payload = compact_size(count);
            for _ in 0..count {
                let mut entry = vec![1, 0, 0, 0];
                entry.extend((0..4).flat_map(|_| dice.roll().to_le_bytes()));
                entry.resize(width, 0);
                payload.extend(entry);
            }
            payload
        };
        let rounds = 5 + self.dice.below(60);
        match self.dice.below(6) {
            0 => {
                let len = self.dice.below(500) as u32;
                self.then(0, Act::Decoys(len, rounds as usize * 10));
            }
            1 => {
                let pings: Vec<Frame> = (1..rounds * 50).map(Frame::ping).collect();
                self.say(stream(&pings));
            }
            kind => {
                for _ in 0..rounds {
                    let frame = match kind {
                        2 => Frame::new("inv", entries(self.dice, 10, 36)),
                        3 => Frame::new("getdata", entries(self.dice, 10, 36)),
                        4 => Frame::new("addr", entries(self.dice, 10, 30)),
                        _ => Frame::new("unheardof", vec![7; self.dice.below(2_000) as usize]),
                    };
                    let wait = self.dice.below(SECOND / 10);
                    self.then(wait, Act::Say(frame.to_bytes()));
                }
            }
        }
        self.then(2 * SECOND, Act::HangUp(HangUp::EndOfStream));
        "flood"
    }

    /// Recorded frames with something changed in them.
    fn mutants(&mut self) -> &'static str {
        if !once_in(self.dice, 4) {
            self.hello();
        }
        for _ in 0..1 + self.dice.below(40) {
            let mut frame = sample(self.dice);
            for _ in 0..self.dice.below(4) {
                let len = frame.payload.len() as u64;
                if len > 0 {
                    let place = self.dice.below(len) as usize;
                    frame.payload[place] ^= 1 << self.dice.below(8);
                }
            }
            if once_in(self.dice, 5) {
                let len = self.dice.below(frame.payload.len() as u64 + 1) as usize;
                frame.payload.truncate(len);
            }
            let mut frame = Frame::new(&frame.name(), frame.payload);
            if !self.is_v2 && once_in(self.dice, 6) {
                frame = match self.dice.below(3) {
                    0 => frame.with_bad_checksum(),
                    1 => {
                        let length = frame.length + self.dice.below(30) as u32;
                        frame.claiming(length)
                    }
                    _ => {
                        let mut command = frame.command;
                        command[self.dice.below(12) as usize] ^= 1 << self.dice.below(8);
                        frame.with_command(command)
                    }
                };
            }
            let wait = self.dice.below(SECOND / 4);
            self.then(wait, Act::Say(frame.to_bytes()));
        }
        "mutants"
    }

    /// No protocol at all.
    fn noise(&mut self) -> &'static str {
        let len = self.dice.below(6_000);
        let bytes = (0..len).map(|_| self.dice.roll() as u8).collect();
        self.then(0, Act::Raw(bytes));
        "noise"
    }

    /// Headers that claim megabytes, and little after them.
    fn claims(&mut self) -> &'static str {
        if self.is_v2 {
            return self.noise();
        }
        self.hello();
        let most = self.config.network.max_payload;
        let claim = most - self.dice.below(100) as u32;
        let len = self.dice.below(50_000) as usize;
        let frame = Frame::new("block", vec![1; len.min(claim as usize - 1)]).claiming(claim);
        self.say(frame.to_bytes());
        "claims"
    }

    /// Messages of a handshake in any order.
    fn handshakes(&mut self) -> &'static str {
        for _ in 0..self.dice.below(12) {
            let frame = match self.dice.below(8) {
                0 | 1 => version(),
                2 | 3 => Frame::empty("verack"),
                4 => Frame::empty("wtxidrelay"),
                5 => Frame::empty("sendaddrv2"),
                6 => VersionPayload::of(self.dice.below(71_000) as i32).frame(),
                _ => sample(self.dice),
            };
            self.say(frame.to_bytes());
        }
        "handshakes"
    }
}
