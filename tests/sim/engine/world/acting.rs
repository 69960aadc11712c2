//! What applications and hostile remotes do of their own accord.

use core::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use peer_core::message::{CommandName, FeeFilter, Message, Ping, SendCmpct};
use peer_core::network::ServiceFlags;
use peer_core::wire::AddrEntry;
use peer_core::{Link, Purpose, TransportKind, TransportPolicy};

use super::{End, What, World};
use crate::link::Dice;
use crate::sim::Check;
use crate::sim::app::Side;
use crate::sim::attack;
use crate::sim::plan::{SECOND, once_in};
use crate::sim::script::{Act, Expectation, Script};
use crate::sim::subject::Subject;
use crate::sim::trace::mix;

impl World {
    /// Machines are made at both ends, or a machine and a hostile remote.
    pub(super) fn dial(&mut self, at: usize) -> Check {
        self.at = at;
        if self.is_quiet {
            return Ok(());
        }
        let plan = self.wires[at].plan.clone();
        self.wires[at].began = self.now;
        self.wires[at].is_mismatched = plan.hostile.is_none() && !self.fits(&plan);
        let hostile = plan.hostile;
        for end in 0..2 {
            if hostile.is_none_or(|(there, _)| there != end) {
                self.sit(at, end, hostile.is_none());
            }
        }
        if let Some((end, seed)) = hostile {
            self.seat_script(at, end, seed);
        }
        for end in 0..2 {
            self.schedule(self.now, What::Drive(at, end));
        }
        Ok(())
    }

    fn sit(&mut self, at: usize, end: usize, has_friend: bool) {
        let plan = &self.wires[at].plan;
        let node = plan.nodes[end];
        let config = self.nodes[node].plan.config.clone();
        let mut dice = Dice::new(mix(plan.seed, end as u64 + 5));
        let height = self
            .chain
            .height()
            .saturating_sub(2 + dice.below(40) as u32);
        let mut link = if end == 0 {
            Link::outbound()
        } else {
            Link::inbound()
        };
        link = link
            .with_id(at as u64)
            .with_start_height(height as i32)
            .with_purpose(plan.purpose);
        link.transport = if end == 0 { plan.transport } else { None };
        if let Some((there, seed)) = plan.hostile
            && there != end
            && end == 0
        {
            // It speaks what the script speaks.
            link.transport = Some(if self.speaks_v2(node, seed, true) {
                TransportPolicy::V2
            } else {
                TransportPolicy::V1
            });
        }
        let mut seed = [end as u8; 32];
        seed[..8].copy_from_slice(&dice.roll().to_le_bytes());
        let subject = Subject::new(Arc::clone(&config), link, self.clock(node), seed);
        let mut side = Box::new(Side::new(subject, node, &self.chain, has_friend));
        if plan.purpose == Purpose::FullRelay && has_friend {
            side.height = height * u32::from(once_in(&mut dice, 2));
        }
        let pace = plan.pace;
        self.wires[at].ends[end] = End::Honest(side);
        let first = self.wires[at].dice.below(pace);
        self.schedule(self.now + first, What::Deed(at, end));
    }

    /// Whether the script of that seed speaks v2 with that node.
    fn speaks_v2(&self, node: usize, seed: u64, dials: bool) -> bool {
        let config = &self.nodes[node].plan.config;
        let (v1, v2) = transports(config.transport, dials);
        attack::compose(&mut Dice::new(seed), config, v1, v2).1
    }

    fn seat_script(&mut self, at: usize, end: usize, seed: u64) {
        let victim = self.wires[at].plan.nodes[1 - end];
        let config = self.nodes[victim].plan.config.clone();
        let (v1, v2) = transports(config.transport, end == 1);
        let (name, is_v2, acts) = attack::compose(&mut Dice::new(seed), &config, v1, v2);
        // The link as the machine sees it.
        let link = if end == 0 {
            Link::inbound()
        } else {
            Link::outbound()
        };
        if let (Some(side), "withholds") = (self.side(at, 1 - end), name) {
            side.subject.watch.is_withheld = true;
            side.height = 3;
        }
        let script = Script::new(&link, is_v2, name, acts);
        self.wires[at].ends[end] = End::Hostile(Box::new(script));
        self.await_act(at, end);
    }

    /// The next act has its time.
    fn await_act(&mut self, at: usize, end: usize) {
        if let End::Hostile(script) = &self.wires[at].ends[end]
            && let Some((wait, _)) = script.acts.front()
        {
            let due = self.now + wait;
            self.schedule(due, What::Act(at));
        }
    }

    /// The next thing that a hostile remote does.
    pub(super) fn act(&mut self, at: usize) -> Check {
        self.at = at;
        let Some((end, _)) = self.wires[at].plan.hostile else {
            return Ok(());
        };
        let End::Hostile(script) = &mut self.wires[at].ends[end] else {
            return Ok(());
        };
        let Some((_, act)) = script.acts.pop_front() else {
            return Ok(());
        };
        self.perform(at, end, act)?;
        self.await_act(at, end);
        self.drive(at, end)
    }

    fn perform(&mut self, at: usize, end: usize, act: Act) -> Check {
        let now = self.now;
        let wire = &mut self.wires[at];
        let End::Hostile(script) = &mut wire.ends[end] else {
            return Ok(());
        };
        match act {
            Act::Say(frames) => {
                script.say(&frames);
                self.trace
                    .say(now, at, end, || format!("says {} bytes", frames.len()));
            }
            Act::Raw(bytes) => {
                script.out.extend(&bytes);
                self.trace
                    .say(now, at, end, || format!("says {} raw bytes", bytes.len()));
            }
            Act::Decoys(len, count) => script.decoys(len, count),
            Act::Read(reads) => script.reads = reads,
            Act::Answer(answers) => script.answers = answers,
            Act::HangUp(how) => {
                wire.absent[end] = true;
                script.is_closed = true;
                wire.pipes[end].is_dead = true;
                wire.pipes[end].lose();
                if let Some(arrival) = wire.pipes[1 - end].close(how, now, &mut wire.dice) {
                    self.schedule(arrival, What::Drive(at, 1 - end));
                }
            }
            Act::Expect(expectation) => return self.expect(at, end, expectation),
        }
        Ok(())
    }

    /// What was foretold has come true.
    fn expect(&mut self, at: usize, end: usize, expectation: Expectation) -> Check {
        let wire = &self.wires[at];
        let (End::Hostile(script), End::Honest(victim)) = (&wire.ends[end], &wire.ends[1 - end])
        else {
            return Ok(());
        };
        let victim = &victim.subject;
        // A clock that jumps ends connections for good reasons of its own.
        if !self.nodes[wire.plan.nodes[1 - end]].plan.jumps.is_empty() || wire.is_tainted {
            return Ok(());
        }
        let is_misfit = matches!(
            victim.over,
            Some(peer_core::DisconnectReason::Incompatible(_))
        );
        if is_misfit {
            return Ok(());
        }
        match expectation {
            Expectation::Alive(nonce) => {
                let lives = script.pongs.contains(&nonce);
                crate::sim::demand!(
                    lives,
                    "after \"{}\" no pong; the end is {:?}",
                    script.name,
                    victim.over
                );
            }
            Expectation::Ends(name, fits) => {
                let fitting = victim.over.as_ref().is_some_and(fits);
                crate::sim::demand!(
                    fitting,
                    "after \"{}\" ({name}) the end is {:?}",
                    script.name,
                    victim.over
                );
            }
        }
        self.report.foretold += 1;
        Ok(())
    }

    pub(super) fn drive_script(&mut self, at: usize, end: usize) -> Check {
        let now = self.now;
        loop {
            let wire = &mut self.wires[at];
            let End::Hostile(script) = &mut wire.ends[end] else {
                return Ok(());
            };
            let mut moved = false;
            if script.reads && wire.pipes[end].unread() > 0 {
                let bytes = wire.pipes[end].lend(usize::MAX).to_vec();
                script.hear(&bytes);
                wire.pipes[end].took(bytes.len());
                self.schedule(now + 1, What::Drive(at, 1 - end));
                moved = true;
            }
            let wire = &mut self.wires[at];
            let End::Hostile(script) = &mut wire.ends[end] else {
                return Ok(());
            };
            let room = wire.pipes[1 - end].room().min(script.out.len());
            if room > 0 {
                let bytes: Vec<u8> = script.out.drain(..room).collect();
                let arrival = wire.pipes[1 - end].write(bytes, now, &mut wire.dice);
                if let Some(arrival) = arrival {
                    self.schedule(arrival, What::Drive(at, 1 - end));
                }
                moved = true;
            } else if !script.out.is_empty() {
                wire.pipes[1 - end].is_blocked = true;
            }
            if self.wires[at].pipes[end].ended.is_some() && self.wires[at].pipes[end].unread() == 0
            {
                self.close(at, end);
            }
            if !moved {
                return Ok(());
            }
        }
    }

    /// An application does something.
    pub(super) fn deed(&mut self, at: usize, end: usize) -> Check {
        self.at = at;
        if self.is_quiet || self.wires[at].absent[end] {
            return Ok(());
        }
        let began = self.wires[at].began;
        // Of both ends: an end with another purpose does not answer.
        let purpose = self.wires[at].plan.purpose;
        let (now, pace, lazy) = (self.now, self.wires[at].plan.pace, self.wires[at].plan.lazy);
        let next = now + 1 + self.wires[at].dice.below(2 * pace);
        self.schedule(next, What::Deed(at, end));
        let mut dice = Dice::new(self.wires[at].dice.roll());
        let max_payload = self.wires[at]
            .plan
            .nodes
            .map(|node| self.nodes[node].plan.config.network.max_payload);
        let max_payload = max_payload[0].min(max_payload[1]) as usize;
        let is_slow = self.wires[at].plan.nature.rate < 40;
        let chain_height = self.chain.height();
        let clock = self.clock(self.wires[at].plan.nodes[end]);
        let Some(side) = self.side(at, end) else {
            return Ok(());
        };
        if side.subject.over.is_some() || side.subject.watch.is_leaving {
            return Ok(());
        }
        let is_negotiated = side.subject.is_negotiated;
        let may_sync =
            is_negotiated && matches!(purpose, Purpose::FullRelay | Purpose::BlockRelayOnly);
        match dice.below(16) {
            0..=3 => {
                let len = match dice.below(8) {
                    0..=4 => dice.below(600),
                    5 | 6 => dice.below(8_000),
                    _ => dice.below(60_000),
                } as usize;
                let payload: Vec<u8> = vec![dice.roll() as u8; len.min(max_payload)];
                let names = ["unheardof", "a", "twelveletter"];
                if let Ok(command) = CommandName::new(names[dice.below(3) as usize]) {
                    let payload = Bytes::from(payload);
                    side.pending
                        .push_back(Message::Unknown { command, payload });
                }
            }
            4 => side
                .pending
                .push_back(Message::Ping(Ping::new(dice.roll() | 1))),
            5 if side.has_friend && may_sync => {
                // On a slow line sometimes so many that the last comes long after it was asked for.
                let ranges = if is_slow && once_in(&mut dice, 3) {
                    40
                } else {
                    1
                };
                for _ in 0..ranges {
                    let first = 1 + dice.below(u64::from(chain_height) - 5) as u32;
                    side.ask_for_blocks(first..=first + dice.below(5) as u32);
                }
            }
            6 if may_sync && !side.is_syncing => {
                side.height = 1 + dice.below(u64::from(chain_height) - 2) as u32;
                side.ask_for_headers();
            }
            7 if !side.asked_for_addresses => {
                side.asked_for_addresses = true;
                side.pending.push_back(Message::GetAddr);
            }
            8 => side.pending.push_back(Message::SendHeaders),
            9 => side.pending.push_back(Message::SendCmpct(SendCmpct {
                announce: dice.below(2) == 0,
                version: 2,
            })),
            10 => {
                let fee_rate = dice.below(3_000) as i64;
                side.pending
                    .push_back(Message::FeeFilter(FeeFilter { fee_rate }));
            }
            11 if is_negotiated => {
                let height = 1 + dice.below(u64::from(chain_height)) as u32;
                side.announce_block(height, clock)?;
                self.trace
                    .say(now, at, end, || format!("announces block {height}"));
            }
            12 if is_negotiated => self.push_addresses(at, end, &mut dice)?,
            13 if side.subject.machine.transport() == Some(TransportKind::V2) && is_negotiated => {
                let len = dice.below(700) as u32;
                if let Ok(ticket) = side.subject.machine.send_decoy(len) {
                    side.subject.book.promise(ticket, None, len as usize + 64)?;
                }
            }
            14 if lazy
                && side.has_friend
                && now >= side.sleeps_until
                && (is_negotiated || now < began + 3 * SECOND) =>
            {
                // Less than anybody's patience with an answer.
                let most = if is_negotiated { 12 } else { 4 };
                side.sleeps_until = now + dice.below(most * SECOND);
                let until = side.sleeps_until;
                self.schedule(until, What::Drive(at, end));
                let seconds = until as f64 / 1e6;
                self.trace
                    .say(now, at, end, || format!("polls nothing until {seconds:.6}"));
            }
            15 if once_in(&mut dice, 12) && side.has_friend => {
                side.said_goodbye = true;
                side.subject.disconnect()?;
                // Due at once: the time is told.
                self.trace.say(now, at, end, || "disconnects".to_owned());
            }
            _ => {}
        }
        self.drive(at, end)
    }

    fn push_addresses(&mut self, at: usize, end: usize, dice: &mut Dice) -> Check {
        let Some(side) = self.side(at, end) else {
            return Ok(());
        };
        let most = side.subject.machine.config().limits.message.addr as u64;
        let count = 1 + dice.below(most.min(60));
        let list = addresses(dice, count);
        let pushed = side.subject.machine.push_addrv2(&list);
        side.note_pushed(pushed)
    }

    pub(super) fn answer_getaddr(&mut self, at: usize, end: usize) -> Check {
        let mut dice = Dice::new(self.wires[at].dice.roll());
        let Some(side) = self.side(at, end) else {
            return Ok(());
        };
        let count = 2 + dice.below(8);
        let list = addresses(&mut dice, count);
        let pushed = side.subject.machine.answer_getaddr(&list);
        side.note_pushed(pushed)
    }

    /// A node made a transaction.
    pub(super) fn mint(&mut self, node: usize) -> Check {
        if self.is_quiet {
            return Ok(());
        }
        let mint = self.mint;
        let dice = &mut self.nodes[node].dice;
        let next = self.now + 1 + dice.below(2 * mint);
        let burst = if once_in(dice, 6) {
            1 + dice.below(40)
        } else {
            1
        };
        self.schedule(next, What::Mint(node));
        for _ in 0..burst {
            let coin = self.coins.mint(&mut self.nodes[node].dice);
            self.spread(node, coin, None)?;
        }
        Ok(())
    }

    pub(super) fn relay(&mut self, at: usize, end: usize, coin: usize) -> Check {
        let node = self.wires[at].plan.nodes[end];
        self.spread(node, coin, Some(at))
    }

    /// A node has a transaction, and tells those of its peers that may not.
    fn spread(&mut self, node: usize, coin: usize, from: Option<usize>) -> Check {
        self.nodes[node].pool.insert(coin);
        for index in 0..self.nodes[node].wires.len() {
            let (at, end) = self.nodes[node].wires[index];
            let is_there = !self.wires[at].absent[end];
            if from == Some(at) || !is_there {
                continue;
            }
            self.at = at;
            let fee_rate = (!coin.is_multiple_of(3)).then_some(coin as u64 * 97 % 4_000);
            let clock = self.clock(node);
            let coins = &self.coins;
            if let End::Honest(side) = &mut self.wires[at].ends[end]
                && side.subject.is_negotiated
            {
                side.announce(&coins.list[coin], fee_rate, clock)?;
                self.trace.say(self.now, at, end, || {
                    format!("announces transaction {coin}")
                });
                self.schedule(self.now, What::Drive(at, end));
            }
        }
        if let Some(at) = from {
            self.at = at;
        }
        Ok(())
    }
}

/// Which transports a node takes from a script.
fn transports(policy: TransportPolicy, node_dials: bool) -> (bool, bool) {
    match policy {
        TransportPolicy::V1 => (true, false),
        TransportPolicy::V2 => (false, true),
        _ => (true, node_dials || policy == TransportPolicy::Auto),
    }
}

/// Addresses of nodes that do not exist.
fn addresses(dice: &mut Dice, count: u64) -> Vec<AddrEntry> {
    let entry = |dice: &mut Dice| AddrEntry {
        time: 1_700_000_000,
        services: ServiceFlags::NETWORK,
        address: IpAddr::V4(Ipv4Addr::from_bits(dice.roll() as u32 | 1)).into(),
        port: 1 + dice.below(60_000) as u16,
    };
    (0..count).map(|_| entry(dice)).collect()
}
