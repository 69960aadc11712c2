//! A day of one connection under a simulated clock: every timer's firing is foretold by a model of the rules, and
//! listed with what it was for.
//!
//! The remote is a script: it answers pings late, announces a block every ten minutes and serves it, answers questions
//! or leaves one open, and takes ten minutes for one large block. The machine's own words and the bytes it is given
//! are all that the model knows. The listings are in `tests/data/day`; set `PRINT_DAY` to see them as they are now.

mod listing;
mod model;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use crate::Probe;
use peer_core::message::{InvKind, InvVect, Inventory, Locator, Message, MessageKind};
use peer_core::network::Network;
use peer_core::wire::{BlockHash, Hash, List};
use peer_core::{Announced, Config, Event, Link, RequestKind, Timer, Timestamp, Trickle};
use peer_tests::script::{Frame, START, VersionPayload, end, sha256d};

use self::listing::Listing;
use self::model::{Model, Told};
use crate::matrix::samples;
use crate::support::{config, large_block};

const DAY: u64 = 86_400;

/// How long it is watched: the last ping is answered a little later.
const END: u64 = DAY + 10;

/// What happens of itself, in seconds from the start.
#[derive(Clone, Debug)]
enum Deed {
    /// The remote says this.
    Says(Vec<u8>),
    /// The application asks for the block, or for headers, or for the mempool.
    AsksForBlock,
    AsksForHeaders,
    AsksForMempool,
    /// The application announces a transaction.
    Announces(u64),
}

fn payload(kind: MessageKind) -> Vec<u8> {
    let found = samples().into_iter().find(|(known, _)| *known == kind);
    found.map(|(_, payload)| payload).unwrap()
}

fn block_hash() -> Hash {
    Hash::from_bytes(sha256d(&payload(MessageKind::Block)[..80]))
}

/// The day's programme.
fn programme() -> BTreeMap<(u64, usize), Deed> {
    let mut deeds = BTreeMap::new();
    let mut plan = |second: u64, deed: Deed| {
        deeds.insert((second, deeds.len()), deed);
    };
    let block = Frame::new("block", payload(MessageKind::Block)).to_bytes();
    let inv = [&[1, 2, 0, 0, 0][..], &block_hash().to_bytes()].concat();
    let inv = Frame::new("inv", inv).to_bytes();
    for second in (601..DAY).step_by(600) {
        // The night is quiet, and noon belongs to the slow one.
        if (50_000..64_000).contains(&second) || (43_000..44_500).contains(&second) {
            continue;
        }
        plan(second, Deed::Says(inv.clone()));
        plan(second, Deed::AsksForBlock);
        plan(second + 2, Deed::Says(block.clone()));
    }
    for second in (97..DAY).step_by(397) {
        if !(50_000..64_000).contains(&second) {
            plan(second, Deed::Announces(second));
        }
    }
    for second in (3_333..DAY).step_by(7_200) {
        plan(second, Deed::AsksForHeaders);
        plan(
            second + 5,
            Deed::Says(Frame::new("headers", [0]).to_bytes()),
        );
    }
    plan(36_007, Deed::AsksForMempool);
    // A large one in sixteen pieces, each almost as late as the whole may be.
    plan(43_207, Deed::AsksForBlock);
    let large = large_block(&payload(MessageKind::Block));
    let large = Frame::new("block", large).to_bytes();
    for (index, bytes) in large.chunks(large.len().div_ceil(16)).enumerate() {
        plan(43_208 + 29 * index as u64, Deed::Says(bytes.to_vec()));
    }
    deeds
}

/// The machine, the remote that answers its pings three seconds later, and the model that watches.
struct Day {
    probe: Probe,
    model: Model,
    listing: Listing,
    deeds: BTreeMap<(u64, usize), Deed>,
    /// Pongs on their way, in the order of the pings.
    pongs: VecDeque<(Timestamp, u64)>,
    /// A part of a block has been said.
    in_block: bool,
}

impl Day {
    fn begin(config: Config, link: Link) -> Self {
        let model = Model::new(&config, START);
        let mut day = Self {
            probe: Probe::at(config, link, START),
            model,
            listing: Listing::default(),
            deeds: programme(),
            pongs: VecDeque::new(),
            in_block: false,
        };
        day.says(&VersionPayload::default().frame().to_bytes());
        day.says(&Frame::empty("verack").to_bytes());
        day.model.negotiated(day.probe.now);
        day.watch();
        day
    }

    fn run(mut self) -> (Listing, Probe) {
        let end = START.saturating_add(Duration::from_secs(END));
        loop {
            let deed = self.deeds.keys().next().copied();
            let deed_at = deed.map(|(second, _)| START.saturating_add(Duration::from_secs(second)));
            let pong_at = self.pongs.front().map(|(at, _)| *at);
            let next = deed_at
                .into_iter()
                .chain(pong_at)
                .min()
                .unwrap_or(end)
                .min(end);
            // A timer goes first at its very instant.
            if let Some(at) = self.probe.machine.deadline().filter(|at| *at <= next) {
                self.fire(at);
            } else if next >= end {
                return (self.listing, self.probe);
            } else {
                self.probe.now = self.probe.now.max(next);
                if pong_at == Some(next) {
                    let (_, nonce) = self.pongs.pop_front().unwrap();
                    if self.in_block {
                        // Not within the block; so a little later.
                        let later = next.saturating_add(Duration::from_secs(1));
                        self.pongs.push_front((later, nonce));
                        continue;
                    }
                    self.model.ponged(nonce);
                    self.says(&Frame::pong(nonce).to_bytes());
                } else if let Some(deed) = deed.and_then(|key| self.deeds.remove(&key)) {
                    self.does(deed);
                }
            }
        }
    }

    /// The timer that is due, all others that are due with it, and why.
    fn fire(&mut self, at: Timestamp) {
        let first = self.probe.machine.deadline_reason().unwrap();
        self.model.check_due(first, at);
        self.probe.now = self.probe.now.max(at);
        let now = self.probe.now;
        self.probe.machine.tick(now);
        let mut due = self.model.take_due(now);
        let (events, frames) = self.watch();
        // When a random trickle is due nobody can know before.
        let announces = frames.iter().any(|frame| frame.name() == "inv");
        if announces && !due.contains(&Timer::Trickle) {
            due.push(Timer::Trickle);
        }
        // That something has left is not what timers are about.
        let events = events.into_iter();
        let events = events
            .filter(|event| !matches!(event, Event::Sent { .. }))
            .collect();
        let pinged = frames.iter().any(|frame| frame.name() == "ping");
        let mut told = Told {
            events,
            frames,
            pinged,
        };
        for timer in due {
            let why = self.model.fired(timer, now, &mut told);
            self.listing.add(timer, now.saturating_since(START), why);
        }
        assert!(told.frames.is_empty() && told.events.is_empty(), "{told:?}");
    }

    fn does(&mut self, deed: Deed) {
        // Calls of the application carry no time; this tick says it, and no timer is due.
        self.probe.machine.tick(self.probe.now);
        match deed {
            Deed::Says(bytes) => self.says(&bytes),
            Deed::AsksForBlock => {
                let item = InvVect::new(InvKind::WitnessBlock, block_hash());
                let list = Inventory::new(&Network::REGTEST, [item]).unwrap();
                self.asks(Message::GetData(list), RequestKind::Blocks);
            }
            Deed::AsksForHeaders => {
                let locator = Locator {
                    version: 70_016,
                    hashes: List::from_items([BlockHash::from_bytes([1; 32])]),
                    stop: BlockHash::ALL_ZERO,
                };
                let question = Message::GetHeaders(Box::new(locator));
                self.asks(question, RequestKind::GetHeaders);
            }
            Deed::AsksForMempool => self.asks(Message::MemPool, RequestKind::MemPool),
            Deed::Announces(number) => {
                let mut hash = [0; 32];
                hash[..8].copy_from_slice(&number.to_le_bytes());
                let item = InvVect::new(InvKind::Tx, Hash::from_bytes(hash));
                let announced = self.probe.machine.announce(item).unwrap();
                assert_eq!(announced, Announced::Queued);
                self.model.announced(self.probe.now);
                self.watch();
            }
        }
    }

    fn asks(&mut self, question: Message, kind: RequestKind) {
        self.probe.machine.send(question).unwrap();
        self.model.asked(self.probe.now, kind);
        self.watch();
    }

    fn says(&mut self, bytes: &[u8]) {
        let opened = self.probe.machine.stats().frames_received;
        let events = self.probe.say(bytes);
        assert_eq!(end(&events), None);
        let whole = self.probe.machine.stats().frames_received > opened;
        self.in_block = !whole;
        self.model.heard(self.probe.now, &events, whole);
        self.watch();
    }

    /// What the machine says, and tells its application, since last time.
    fn watch(&mut self) -> (Vec<Event>, Vec<Frame>) {
        let frames = self.probe.read();
        let events = self.probe.heard();
        assert_eq!(end(&events), None, "{}", self.probe.now);
        for frame in &frames {
            self.model.left(self.probe.now, frame);
            if let ("ping", Some(nonce)) = (frame.name().as_str(), frame.nonce()) {
                let later = self.probe.now.saturating_add(Duration::from_secs(3));
                self.pongs.push_back((later, nonce));
            }
        }
        (events, frames)
    }
}

/// Runs a day and compares its listing with the one that is committed.
fn a_day(name: &str, link: Link, trickle: Trickle, grain: Duration) {
    let mut config = config();
    config.trickle = trickle;
    config.timeouts.grain = grain;
    let (listing, probe) = Day::begin(config, link).run();
    let stats = probe.machine.stats();
    assert_eq!(
        (stats.requests_unanswered, stats.requests_in_flight),
        (1, 0)
    );
    assert_eq!(stats.pings_in_flight, 0);
    assert_eq!(stats.inventory_queued, 0);
    assert_eq!(stats.traffic.received.total().bytes, stats.bytes_received);
    assert_eq!(stats.traffic.sent.total().bytes, stats.bytes_sent);
    let text = listing.to_string();
    if std::env::var_os("PRINT_DAY").is_some() {
        println!("== {name}\n{text}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data/day")
        .join(name);
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        golden == text,
        "{name} is not as committed; PRINT_DAY shows it"
    );
}

#[test]
fn a_day_with_a_fixed_trickle_and_exact_timers() {
    a_day("fixed.txt", Link::outbound(), Trickle::BTCD, Duration::ZERO);
}

#[test]
fn a_day_with_a_fixed_trickle_and_coarse_timers() {
    let grain = Duration::from_millis(700);
    a_day("coarse.txt", Link::outbound(), Trickle::BTCD, grain);
}

/// Spans between flushes are random, and the same on every platform.
#[test]
fn a_day_with_a_random_trickle() {
    a_day(
        "poisson.txt",
        Link::outbound(),
        Trickle::CORE,
        Duration::ZERO,
    );
}

#[test]
fn a_day_with_the_trickle_that_inbound_connections_share() {
    a_day("shared.txt", Link::inbound(), Trickle::CORE, Duration::ZERO);
}

#[test]
fn every_timer_has_a_section() {
    for timer in Timer::ALL {
        assert!(!listing::purpose(*timer).is_empty(), "{timer:?}");
    }
}
