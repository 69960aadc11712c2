//! What an adapter does: polls, writes, reads, ticks, closes; in an order that is never the same.

use core::time::Duration;

use peer_core::message::MessageKind;
use peer_core::{Event, HangUp, PeerMachine};

use super::{End, What, World, both};
use crate::sim::Check;
use crate::sim::app::{Side, Wish};
use crate::sim::delivery::{self, Way};
use crate::sim::trace::digest;

impl World {
    /// Everything moves that can move at this end.
    pub(super) fn drive(&mut self, wire: usize, end: usize) -> Check {
        self.at = wire;
        if self.wires[wire].absent[end] {
            return Ok(());
        }
        let now = self.now;
        self.wires[wire].pipes[end].arrive(now);
        if matches!(self.wires[wire].ends[end], End::Hostile(_)) {
            return self.drive_script(wire, end);
        }
        if !matches!(self.wires[wire].ends[end], End::Honest(_)) {
            return Ok(());
        }
        loop {
            let mut moved = false;
            let first = self.wires[wire].dice.below(3);
            for act in 0..3 {
                moved |= match (first + act) % 3 {
                    0 => self.poll(wire, end)?,
                    1 => self.write(wire, end)?,
                    _ => self.read(wire, end)?,
                };
            }
            if !moved {
                break;
            }
        }
        self.settle(wire, end)
    }

    /// The honest side there.
    pub(super) fn side(&mut self, wire: usize, end: usize) -> Option<&mut Side> {
        match &mut self.wires[wire].ends[end] {
            End::Honest(side) => Some(side),
            _ => None,
        }
    }

    fn poll(&mut self, at: usize, end: usize) -> Result<bool, String> {
        let mut moved = false;
        loop {
            let wire = &mut self.wires[at];
            let (own, other) = both(&mut wire.ends, end);
            let End::Honest(side) = own else {
                return Ok(moved);
            };
            if self.now < side.sleeps_until {
                return Ok(moved);
            }
            let wishes = |machine: &PeerMachine| (machine.wants_write(), machine.wants_read());
            let before = wishes(&side.subject.machine);
            let Some(event) = side.subject.poll()? else {
                // A handshake may have come a step further without an event, or a frame have found a larger place.
                moved |= wishes(&side.subject.machine) != before;
                moved |= side.flush()?;
                return Ok(moved);
            };
            moved = true;
            let way = Way {
                is_corrupt: wire.is_corrupt || wire.pipes[end].is_corrupt,
            };
            if let End::Honest(sender) = other {
                let is_message = delivery::check(sender, side, &event, way)?;
                self.report.delivered += u64::from(is_message);
                if let Event::Negotiated = event
                    && sender.subject.is_negotiated
                {
                    self.report.negotiated += 1;
                }
            }
            side.is_careless |= way.is_corrupt;
            let (coins, pool) = (&self.coins, &self.nodes[side.node].pool);
            let wish = side.on_event(&event, coins, pool)?;
            if let Event::Message {
                message: peer_core::message::Message::GetAddr,
                ..
            } = event
            {
                self.answer_getaddr(at, end)?;
            }
            self.note(at, kind_of(&event));
            self.trace.say(self.now, at, end, || told(&event));
            if let Event::Disconnected { reason, .. } = &event {
                self.judge_end(at, end, reason)?;
            }
            if let Some(Wish::Relay(coin)) = wish {
                self.relay(at, end, coin)?;
            }
        }
    }

    fn write(&mut self, at: usize, end: usize) -> Result<bool, String> {
        let now = self.now;
        let wire = &mut self.wires[at];
        let clock_of = wire.plan.nodes[end];
        let room = wire.pipes[1 - end].room();
        let piece = wire.plan.nature.piece;
        let wants =
            matches!(&wire.ends[end], End::Honest(side) if side.subject.machine.wants_write());
        if !wants {
            return Ok(false);
        }
        if room == 0 {
            wire.pipes[1 - end].is_blocked = true;
            return Ok(false);
        }
        let most = match wire.dice.below(4) {
            0 => room.min(piece).min(1 + wire.dice.below(64) as usize),
            _ => room.min(piece),
        };
        let clock = self.clock(clock_of);
        let mut bytes = core::mem::take(&mut self.bytes);
        bytes.clear();
        let is_kept = self.trace.is_kept();
        let Some(side) = self.side(at, end) else {
            return Ok(false);
        };
        let before = is_kept.then(|| side.subject.stats.clone());
        side.subject.take(most, clock, &mut bytes)?;
        if let Some(before) = before {
            let frames = departures(&before, &side.subject.stats);
            let len = bytes.len();
            let arrow = if end == 0 { "──►" } else { "◄──" };
            self.trace
                .say(now, at, end, || format!("{arrow} {len} bytes{frames}"));
        }
        let hash = digest(&bytes);
        self.note(at, hash);
        if bytes.is_empty() {
            self.bytes = bytes;
            return Ok(false);
        }
        let wire = &mut self.wires[at];
        let arrival = wire.pipes[1 - end].write(bytes.clone(), now, &mut wire.dice);
        if wire.pipes[1 - end].is_corrupt && !core::mem::replace(&mut wire.is_corrupt, true) {
            wire.is_tainted = true;
        }
        self.bytes = bytes;
        match arrival {
            Some(arrival) => self.schedule(arrival, What::Drive(at, 1 - end)),
            None if self.wires[at].absent[1 - end] && !self.wires[at].is_cut => {
                let delay = 2 * self.wires[at].plan.nature.latency;
                self.schedule(now + delay, What::Reset(at, end));
            }
            None => {}
        }
        Ok(true)
    }

    fn read(&mut self, at: usize, end: usize) -> Result<bool, String> {
        let now = self.now;
        let clock = self.clock(self.wires[at].plan.nodes[end]);
        let wire = &mut self.wires[at];
        let piece = wire.plan.nature.piece;
        let End::Honest(side) = &mut wire.ends[end] else {
            return Ok(false);
        };
        let pipe = &mut wire.pipes[end];
        if pipe.unread() == 0 {
            let Some(how) = pipe.ended.filter(|_| !wire.told_end[end]) else {
                return Ok(false);
            };
            wire.told_end[end] = true;
            side.subject.hung_up(how, clock)?;
            self.trace.say(now, at, end, || format!("({how})"));
            self.note(at, how as u64);
            return Ok(true);
        }
        if !side.subject.machine.wants_read() || side.subject.machine.is_closed() {
            return Ok(false);
        }
        let most = match wire.dice.below(4) {
            0 => piece.min(1 + wire.dice.below(64) as usize),
            _ => piece,
        };
        let n = side.subject.feed(pipe.lend(most), clock)?;
        self.trace.say(now, at, end, || format!("reads {n} bytes"));
        if pipe.took(n) {
            self.schedule(now + 1, What::Drive(at, 1 - end));
        }
        Ok(n > 0)
    }

    pub(super) fn tick(&mut self, at: usize, end: usize, number: u64) -> Check {
        self.at = at;
        if self.wires[at].ticks[end].1 != number || self.wires[at].absent[end] {
            return Ok(());
        }
        self.wires[at].ticks[end].0 = u64::MAX;
        let node = self.wires[at].plan.nodes[end];
        let (clock, late) = (
            self.clock(node),
            Duration::from_micros(self.nodes[node].plan.lateness),
        );
        let Some(side) = self.side(at, end) else {
            return Ok(());
        };
        side.subject.tick(clock)?;
        let subject = &side.subject;
        let is_ending = subject.watch.is_leaving || subject.watch.hung_up;
        let is_open = !subject.machine.is_closed() && !is_ending;
        if side.has_friend && is_open {
            let queued = subject.machine.queued();
            side.gossip.check(
                subject.machine.config(),
                &subject.stats,
                queued,
                subject.clock(),
                late,
            )?;
        }
        side.subject.unpolled = true;
        self.drive(at, end)
    }

    /// After something moved: the next deadline, and the end of what is over.
    pub(super) fn settle(&mut self, at: usize, end: usize) -> Check {
        let Some(side) = self.side(at, end) else {
            return Ok(());
        };
        let (node, machine) = (side.node, &side.subject.machine);
        if machine.is_closed() {
            if side.subject.over.is_some() {
                self.close(at, end);
            }
            return Ok(());
        }
        let clock = side.subject.clock();
        let own = side
            .subject
            .watch
            .due(machine.config())
            .filter(|due| *due > clock);
        let deadline = machine.deadline().into_iter().chain(own).min();
        let Some(deadline) = deadline else {
            return Ok(());
        };
        let lateness = self.nodes[node].plan.lateness;
        let due = self.when(node, deadline);
        let (set, number) = self.wires[at].ticks[end];
        // What is due earlier than what is set, or later than that by more than lateness explains.
        if set < u64::MAX && set >= due && set <= due + lateness {
            return Ok(());
        }
        let late = self.wires[at].dice.below(lateness + 1);
        self.wires[at].ticks[end] = (due + late, number + 1);
        self.schedule(due + late, What::Tick(at, end, number + 1));
        Ok(())
    }

    /// The socket of this end is closed.
    pub(super) fn close(&mut self, at: usize, end: usize) {
        let now = self.now;
        let wire = &mut self.wires[at];
        if core::mem::replace(&mut wire.absent[end], true) {
            return;
        }
        wire.ended.get_or_insert(now);
        let is_rude = wire.pipes[end].unread() > 0 && wire.dice.below(2) == 0;
        wire.pipes[end].is_dead = true;
        wire.pipes[end].lose();
        let how = if is_rude {
            HangUp::Reset
        } else {
            HangUp::EndOfStream
        };
        let arrival = wire.pipes[1 - end].close(how, now, &mut wire.dice);
        if let Some(arrival) = arrival {
            self.schedule(arrival, What::Drive(at, 1 - end));
        }
        // Whoever waited for room has all of it now.
        self.schedule(now + 1, What::Drive(at, 1 - end));
    }

    pub(super) fn be_reset(&mut self, at: usize, end: usize) -> Check {
        let wire = &mut self.wires[at];
        if !core::mem::replace(&mut wire.told_end[end], true) && !wire.absent[end] {
            let clock = self.clock(self.wires[at].plan.nodes[end]);
            if let Some(side) = self.side(at, end) {
                side.subject.hung_up(HangUp::Reset, clock)?;
            }
        }
        self.drive(at, end)
    }
}

/// An event as a number.
fn kind_of(event: &Event) -> u64 {
    match event {
        Event::Version(_) => 1,
        Event::Negotiated => 2,
        Event::Message { message, wire_len } => {
            let kind = message.kind().map_or(99, |kind| kind as u64);
            100 + kind + (u64::from(*wire_len) << 16)
        }
        Event::Sent { through } => 3 + (through.number() << 16),
        Event::Unsent { .. } => 4,
        Event::Writable => 5,
        Event::Misbehavior(_) => 6,
        Event::Unanswered(_) => 7,
        Event::Read(_) => 8,
        Event::Wrote(_) => 9,
        Event::Disconnected { .. } => 10,
        _ => 11,
    }
}

/// An event in words.
fn told(event: &Event) -> String {
    match event {
        Event::Message { message, wire_len } => {
            format!("● {} ({wire_len} bytes)", delivery::shown(message))
        }
        Event::Version(version) => format!("● Version {}", version.version),
        other => format!("● {other:?}"),
    }
}

/// The frames that left between two looks at the statistics.
fn departures(before: &peer_core::Stats, after: &peer_core::Stats) -> String {
    let mut words = String::new();
    for (kind, counter) in after.traffic.sent.iter() {
        let more = counter.messages - before.traffic.sent.get(kind).messages;
        let name = kind.map_or_else(|| "other".to_owned(), |kind: MessageKind| kind.to_string());
        match more {
            0 => {}
            1 => words.push_str(&format!(", {name}")),
            more => words.push_str(&format!(", {more} × {name}")),
        }
    }
    words
}
