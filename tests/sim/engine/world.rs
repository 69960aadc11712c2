//! The queue of everything that happens, ordered by time and then by who asked first.

mod acting;
mod driving;
mod meddling;
mod resting;

use core::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;

use peer_core::{Timestamp, TransportPolicy};
use peer_programs::server::ServedChain;

use super::app::{Coins, Side};
use super::pipe::Pipe;
use super::plan::{Plan, SECOND, WirePlan};
use super::script::Script;
use super::trace::{Trace, mix};
use super::{Check, Options, Report};
use crate::link::Dice;
use crate::script::START;

/// What can be next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The dialler dials.
    Dial(usize),
    /// Something may move at one end of a wire.
    Drive(usize, usize),
    /// A deadline of the machine there; the number says whether it still counts.
    Tick(usize, usize, u64),
    /// An application does something.
    Deed(usize, usize),
    /// A hostile remote does something.
    Act(usize),
    /// The end is told that the connection is reset.
    Reset(usize, usize),
    Fault(usize, usize),
    Jump(usize, usize),
    Restart(usize),
    Mint(usize),
    /// Nothing new is begun from here on.
    Quiet,
    /// Everything must have come to rest.
    Judge(u32),
    /// Everybody says goodbye.
    Goodbye,
    Stop,
}

/// Who is at an end of a wire.
enum End {
    Nobody,
    Honest(Box<Side>),
    Hostile(Box<Script>),
}

struct Wire {
    plan: WirePlan,
    ends: [End; 2],
    /// By the end that it goes to.
    pipes: [Pipe; 2],
    dice: Dice,
    hash: u64,
    /// The socket of that end is closed.
    absent: [bool; 2],
    /// The end was told how the stream ended.
    told_end: [bool; 2],
    /// When the machine is ticked, and which of the ticks in the queue counts.
    ticks: [(u64, u64); 2],
    /// Bytes may have been lost, or come too late: what arrives is the beginning of what was said.
    is_tainted: bool,
    /// A byte was changed.
    is_corrupt: bool,
    /// It takes what enters and tells nobody.
    is_cut: bool,
    /// The transports that the ends were told to speak do not fit.
    is_mismatched: bool,
    began: u64,
    ended: Option<u64>,
}

struct Node {
    plan: super::plan::NodePlan,
    /// What its clock shows more than passed.
    offset: i64,
    pool: BTreeSet<usize>,
    dice: Dice,
    /// The wires that it is at the end of.
    wires: Vec<(usize, usize)>,
}

pub(crate) struct World {
    now: u64,
    queue: BinaryHeap<Reverse<(u64, u64, What)>>,
    sequence: u64,
    nodes: Vec<Node>,
    wires: Vec<Wire>,
    coins: Coins,
    chain: Arc<ServedChain>,
    trace: Trace,
    traced: Option<usize>,
    lines: usize,
    end: u64,
    mint: u64,
    is_quiet: bool,
    is_over: bool,
    report: Report,
    /// The wire that is looked at.
    at: usize,
    bytes: Vec<u8>,
}

/// After the last deed, time for everything to arrive: more than a trickle may take.
const REST: u64 = 200 * SECOND;

/// Time for farewells.
const FAREWELL: u64 = 60 * SECOND;

impl World {
    pub(crate) fn new(seed: u64, options: Options) -> Self {
        let plan = Plan::new(seed, options.length, options.hostile);
        let mut world = Self {
            now: 0,
            queue: BinaryHeap::new(),
            sequence: 0,
            nodes: Vec::new(),
            wires: Vec::new(),
            coins: Coins::default(),
            chain: peer_programs::demo::chain(),
            trace: Trace::new(options.traced),
            traced: options.traced,
            lines: options.lines,
            end: plan.end,
            mint: plan.mint,
            is_quiet: false,
            is_over: false,
            report: Report::default(),
            at: 0,
            bytes: Vec::new(),
        };
        for (number, node) in plan.nodes.into_iter().enumerate() {
            for (index, (at, _)) in node.jumps.iter().enumerate() {
                world.schedule(*at, What::Jump(number, index));
            }
            for at in &node.restarts {
                world.schedule(*at, What::Restart(number));
            }
            let mut dice = Dice::new(mix(seed, number as u64 + 10_000));
            world.schedule(dice.below(plan.mint * 2), What::Mint(number));
            world.nodes.push(Node {
                plan: node,
                offset: 0,
                pool: BTreeSet::new(),
                dice,
                wires: Vec::new(),
            });
        }
        for plan in plan.wires {
            world.lay(plan);
        }
        world.schedule(world.end, What::Quiet);
        world.schedule(world.end + REST, What::Judge(0));
        world
    }

    /// Lays a wire that will be dialled.
    fn lay(&mut self, plan: WirePlan) {
        let number = self.wires.len();
        self.schedule(plan.begins, What::Dial(number));
        for (index, (at, _)) in plan.faults.iter().enumerate() {
            self.schedule(*at, What::Fault(number, index));
        }
        for end in 0..2 {
            if plan.hostile.is_none_or(|(there, _)| there != end) {
                self.nodes[plan.nodes[end]].wires.push((number, end));
            }
        }
        let mut pipes = [Pipe::new(plan.nature), Pipe::new(plan.nature)];
        if let Some((to, place, by)) = plan.flip {
            pipes[to].flip = Some((place, by));
        }
        self.wires.push(Wire {
            ends: [End::Nobody, End::Nobody],
            pipes,
            dice: Dice::new(mix(plan.seed, 3)),
            hash: plan.seed,
            absent: [false; 2],
            told_end: [false; 2],
            ticks: [(u64::MAX, 0); 2],
            is_tainted: false,
            is_corrupt: false,
            is_cut: false,
            is_mismatched: false,
            began: 0,
            ended: None,
            plan,
        });
    }

    fn schedule(&mut self, at: u64, what: What) {
        self.sequence += 1;
        self.queue.push(Reverse((at, self.sequence, what)));
    }

    /// What the clock of a node shows.
    fn clock(&self, node: usize) -> Timestamp {
        let passed = i64::try_from(self.now).unwrap_or(i64::MAX) + self.nodes[node].offset;
        let micros = START.as_micros().saturating_add_signed(passed);
        Timestamp::from_micros(micros)
    }

    /// When that clock will show `at`, if it is left alone.
    fn when(&self, node: usize, at: Timestamp) -> u64 {
        let passed = i128::from(at.as_micros()) - i128::from(START.as_micros());
        let due = passed - i128::from(self.nodes[node].offset);
        u64::try_from(due.max(0)).unwrap_or(u64::MAX).max(self.now)
    }

    pub(crate) fn run(&mut self) -> Check {
        self.run_until(u64::MAX)
    }

    pub(crate) fn run_until(&mut self, micros: u64) -> Check {
        while let Some(Reverse((at, _, what))) = self.queue.pop() {
            if at > micros || what == What::Stop {
                break;
            }
            self.now = self.now.max(at);
            self.happen(what)?;
        }
        Ok(())
    }

    /// The machines, and nothing else.
    pub(crate) fn into_machines(self) -> Vec<peer_core::PeerMachine> {
        let ends = self.wires.into_iter().flat_map(|wire| wire.ends);
        ends.filter_map(|end| match end {
            End::Honest(side) => Some(side.subject.machine),
            _ => None,
        })
        .collect()
    }

    fn happen(&mut self, what: What) -> Check {
        match what {
            What::Dial(wire) => self.dial(wire),
            What::Drive(wire, end) => self.drive(wire, end),
            What::Tick(wire, end, number) => self.tick(wire, end, number),
            What::Deed(wire, end) => self.deed(wire, end),
            What::Act(wire) => self.act(wire),
            What::Reset(wire, end) => self.be_reset(wire, end),
            What::Fault(wire, index) => self.fault(wire, index),
            What::Jump(node, index) => self.jump(node, index),
            What::Restart(node) => self.restart(node),
            What::Mint(node) => self.mint(node),
            What::Quiet => self.quiet(),
            What::Judge(tries) => self.judge(tries),
            What::Goodbye => self.goodbye(),
            What::Stop => Ok(()),
        }
    }

    /// The policies of both ends fit, or not.
    fn fits(&self, plan: &WirePlan) -> bool {
        let policy = |node: usize| self.nodes[node].plan.config.transport;
        let [dialler, listener] = plan.nodes.map(policy);
        let speaks_v1 = plan.transport.unwrap_or(dialler) == TransportPolicy::V1;
        match listener {
            TransportPolicy::V1 => speaks_v1,
            TransportPolicy::V2 => !speaks_v1,
            _ => true,
        }
    }

    pub(crate) fn report(mut self, failure: Option<String>) -> Report {
        for wire in &self.wires {
            if wire.plan.hostile.is_none() {
                self.report.wires.push(wire.hash);
            }
            self.trace.note(wire.hash);
            let until = wire.ended.unwrap_or(self.now);
            self.report.connected_micros += until.saturating_sub(wire.began);
            for end in &wire.ends {
                if let End::Honest(side) = end {
                    self.report.steps += side.subject.steps;
                    self.report.bytes += side.subject.given;
                }
            }
        }
        self.report.connections = self.wires.len();
        self.report.micros = self.now;
        self.report.hash = self.trace.hash();
        if let Some(wire) = self.traced {
            self.report.picture = self.trace.picture(self.names(wire), self.lines);
        }
        if let Some(words) = failure {
            let at = self.at.min(self.wires.len().saturating_sub(1));
            let seconds = self.now as f64 / 1e6;
            self.report.wire = at;
            self.report.failure = Some(format!("+{seconds:.6} s, wire {at}: {words}"));
        }
        self.report
    }

    fn names(&self, wire: usize) -> [String; 2] {
        let Some(wire) = self.wires.get(wire) else {
            return [String::new(), String::new()];
        };
        [0, 1].map(|end| match &wire.ends[end] {
            End::Hostile(script) => format!("hostile ({})", script.name),
            _ => format!("node {}", wire.plan.nodes[end]),
        })
    }

    /// Adds to the hash of a wire, and of the run.
    fn note(&mut self, wire: usize, value: u64) {
        let hash = &mut self.wires[wire].hash;
        *hash = mix(mix(*hash, value), self.now);
        let hash = *hash;
        self.trace.note(hash);
    }
}

/// Both ends of a wire: this one and the other.
fn both(ends: &mut [End; 2], end: usize) -> (&mut End, &mut End) {
    let [left, right] = ends;
    if end == 0 {
        (left, right)
    } else {
        (right, left)
    }
}
