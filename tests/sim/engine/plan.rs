//! What a seed decides beforehand. Every seed switches kinds of trouble on and off, so that some runs are full of one.

use core::time::Duration;
use std::sync::Arc;

use peer_core::message::MessageLimits;
use peer_core::network::{Network, ServiceFlags};
use peer_core::{Config, Purpose, TransportPolicy, Trickle};

use super::pipe::Nature;
use super::trace::mix;
use crate::link::Dice;

pub(crate) const SECOND: u64 = 1_000_000;

/// How much of a network, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// A few nodes for some minutes.
    Short,
    /// Many nodes for long.
    Long {
        /// Nodes.
        nodes: usize,
        /// Virtual hours.
        hours: u64,
    },
}

/// What happens to a wire.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is reset; what is on its way is lost, or not.
    Reset { loses: bool },
    /// Nothing passes any more, and nobody is told.
    Cut,
    /// Nothing arrives at an end for so long.
    Stall { end: usize, span: u64 },
}

#[derive(Clone, Debug)]
pub(crate) struct WirePlan {
    /// The dialler and the listener.
    pub(crate) nodes: [usize; 2],
    pub(crate) begins: u64,
    pub(crate) purpose: Purpose,
    pub(crate) transport: Option<TransportPolicy>,
    pub(crate) nature: Nature,
    pub(crate) faults: Vec<(u64, Fault)>,
    /// A byte that is changed: the end that it goes to, where, how.
    pub(crate) flip: Option<(usize, u64, u8)>,
    /// Its name: it is the same whoever else is there.
    pub(crate) seed: u64,
    /// Applications that do not poll for a while.
    pub(crate) lazy: bool,
    /// Mean time between deeds of an application.
    pub(crate) pace: u64,
    /// The end that is hostile, and what decides what it does.
    pub(crate) hostile: Option<(usize, u64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct NodePlan {
    pub(crate) config: Arc<Config>,
    /// When its clock jumps, and how far.
    pub(crate) jumps: Vec<(u64, i64)>,
    pub(crate) restarts: Vec<u64>,
    /// How late its timers are, at most.
    pub(crate) lateness: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) nodes: Vec<NodePlan>,
    pub(crate) wires: Vec<WirePlan>,
    /// When nothing new is begun any more.
    pub(crate) end: u64,
    /// Mean time between transactions that a node makes.
    pub(crate) mint: u64,
}

/// More than the largest block of the chain takes.
const LARGEST: u32 = 100_000;

/// Whether one of so many times.
pub(crate) fn once_in(dice: &mut Dice, times: u64) -> bool {
    dice.below(times) == 0
}

impl Plan {
    pub(crate) fn new(seed: u64, length: Length, hostile: bool) -> Self {
        let mut dice = Dice::new(mix(seed, 1));
        let dice = &mut dice;
        match length {
            Length::Short => Self::short(seed, dice, hostile),
            Length::Long { nodes, hours } => Self::long(seed, dice, nodes, hours),
        }
    }

    fn short(seed: u64, dice: &mut Dice, hostile: bool) -> Self {
        let end = match dice.below(10) {
            0..=5 => 20 + dice.below(100),
            6..=8 => 100 + dice.below(400),
            _ => 500 + dice.below(1_500),
        } * SECOND;
        let common = Common::new(dice);
        let count = 2 + dice.below(4) as usize;
        let jumps = once_in(dice, 4);
        let restarts = once_in(dice, 4);
        let nodes: Vec<NodePlan> = (0..count)
            .map(|_| {
                let mut node = NodePlan {
                    config: common.config(dice),
                    jumps: Vec::new(),
                    restarts: Vec::new(),
                    lateness: if once_in(dice, 3) {
                        dice.below(500_000)
                    } else {
                        0
                    },
                };
                if jumps && once_in(dice, 2) {
                    node.jumps.push((dice.below(end), jump(dice)));
                }
                if restarts && once_in(dice, 2) {
                    node.restarts.push(dice.below(end));
                }
                node
            })
            .collect();
        let weights = Weights::new(dice);
        let mut wires = Vec::new();
        for listener in 0..count {
            for dialler in listener + 1..count {
                if dialler == listener + 1 || once_in(dice, 3) {
                    let nodes = if once_in(dice, 2) {
                        [dialler, listener]
                    } else {
                        [listener, dialler]
                    };
                    let seed = mix(seed, wires.len() as u64 + 100);
                    wires.push(weights.wire(seed, nodes, end));
                }
            }
        }
        let mut hostiles = Dice::new(mix(seed, 2));
        for number in 0..if hostile { hostiles.below(4) } else { 0 } {
            let victim = hostiles.below(count as u64) as usize;
            let seed = mix(seed, number + 1_000);
            let mut wire = Weights::NONE.wire(seed, [victim; 2], end);
            wire.begins = hostiles.below(10 * SECOND);
            wire.hostile = Some((hostiles.below(2) as usize, hostiles.roll()));
            wire.purpose = Purpose::FullRelay;
            wires.push(wire);
        }
        Self {
            nodes,
            wires,
            end,
            mint: SECOND * (1 + dice.below(60)),
        }
    }

    /// A relay network: a tree and as many chords, so that everybody hears of everything in several ways.
    fn long(seed: u64, dice: &mut Dice, count: usize, hours: u64) -> Self {
        let end = hours * 3_600 * SECOND;
        let common = Common::plain();
        let nodes = (0..count)
            .map(|number| NodePlan {
                config: common.config(dice),
                jumps: if number % 50 == 7 {
                    vec![(dice.below(end), jump(dice))]
                } else {
                    Vec::new()
                },
                restarts: if number % 40 == 3 {
                    vec![dice.below(end)]
                } else {
                    Vec::new()
                },
                lateness: dice.below(2) * 50_000,
            })
            .collect();
        let mut wires = Vec::new();
        for dialler in 1..count {
            let nodes = [dialler, dice.below(dialler as u64) as usize];
            let weights = if once_in(dice, 10) {
                Weights::new(dice)
            } else {
                Weights::NONE
            };
            let mut wire = weights.wire(mix(seed, dialler as u64 + 100), nodes, end);
            wire.begins = dice.below(60 * SECOND);
            wire.purpose = Purpose::FullRelay;
            wire.pace = 6 * 3_600 * SECOND;
            wires.push(wire);
        }
        Self {
            nodes,
            wires,
            end,
            mint: 7_200 * SECOND * count as u64 / 20,
        }
    }
}

/// A clock that jumps, by anything from milliseconds to days.
fn jump(dice: &mut Dice) -> i64 {
    let span = match dice.below(4) {
        0 => dice.below(SECOND),
        1 => dice.below(60 * SECOND),
        2 => dice.below(3_600 * SECOND),
        _ => dice.below(3 * 86_400 * SECOND),
    };
    let span = i64::try_from(span).unwrap_or_default();
    if once_in(dice, 2) {
        span
    } else {
        -span.min(600 * SECOND as i64)
    }
}

/// How often what goes wrong in this run.
#[derive(Clone, Copy, Debug)]
struct Weights {
    reset: u64,
    cut: u64,
    stall: u64,
    flip: u64,
    lazy: u64,
    narrow: u64,
    purpose: u64,
}

impl Weights {
    const NONE: Self = Self {
        reset: 0,
        cut: 0,
        stall: 0,
        flip: 0,
        lazy: 0,
        narrow: 0,
        purpose: 0,
    };

    fn new(dice: &mut Dice) -> Self {
        let mut weight = |times: u64| {
            if once_in(dice, times) {
                1 + dice.below(3)
            } else {
                0
            }
        };
        Self {
            reset: weight(5),
            cut: weight(8),
            stall: weight(3),
            flip: weight(5),
            lazy: weight(3),
            narrow: weight(2),
            purpose: weight(3),
        }
    }

    fn wire(self, seed: u64, nodes: [usize; 2], end: u64) -> WirePlan {
        let mut dice = Dice::new(seed);
        let dice = &mut dice;
        let happens = |dice: &mut Dice, weight: u64| dice.below(4) < weight;
        let narrow = happens(dice, self.narrow);
        let latency = dice.below(if narrow { 400_000 } else { 60_000 }) + 100;
        let jitter = dice.below(if narrow { 300_000 } else { 20_000 });
        // Not so small that an honest remote is too slow for anybody's patience.
        let least = 200 + (latency + jitter) as usize / 20;
        let nature = Nature {
            latency,
            jitter,
            rate: if narrow {
                12 + dice.below(60)
            } else {
                500 + dice.below(20_000)
            },
            capacity: if narrow {
                least + dice.below(8_000) as usize
            } else {
                64 * 1_024
            },
            piece: match dice.below(8) {
                0 => 1 + dice.below(40) as usize,
                1..=3 => 1 + dice.below(3_000) as usize,
                _ => 64 * 1_024,
            },
        };
        let mut faults = Vec::new();
        if happens(dice, self.reset) {
            let loses = once_in(dice, 2);
            faults.push((dice.below(end), Fault::Reset { loses }));
        }
        if happens(dice, self.cut) {
            faults.push((dice.below(end), Fault::Cut));
        }
        if happens(dice, self.stall) {
            let most = if once_in(dice, 2) { 10 } else { 400 };
            let span = dice.below(most) * SECOND;
            let end_of = dice.below(2) as usize;
            faults.push((dice.below(end), Fault::Stall { end: end_of, span }));
        }
        let flip = happens(dice, self.flip).then(|| {
            let most = if once_in(dice, 2) { 500 } else { 20_000 };
            let place = dice.below(most);
            (dice.below(2) as usize, place, 1 << dice.below(8))
        });
        let purpose = match dice.below(8) {
            0 if self.purpose > 0 => Purpose::BlockRelayOnly,
            1 if self.purpose > 0 => Purpose::AddressFetch,
            2 if self.purpose > 1 => Purpose::Feeler,
            _ => Purpose::FullRelay,
        };
        WirePlan {
            nodes,
            begins: dice.below(5 * SECOND),
            purpose,
            transport: None,
            nature,
            faults,
            flip,
            seed,
            lazy: happens(dice, self.lazy),
            pace: SECOND / 4 + dice.below(20 * SECOND),
            hostile: None,
        }
    }
}

/// What all nodes of a run have in common, or they would not understand each other.
struct Common {
    network: Network,
    limits: MessageLimits,
    is_plain: bool,
}

impl Common {
    const fn plain() -> Self {
        Self {
            network: Network::REGTEST,
            limits: MessageLimits::DEFAULT,
            is_plain: true,
        }
    }

    fn new(dice: &mut Dice) -> Self {
        let mut common = Self::plain();
        common.is_plain = false;
        if once_in(dice, 2) {
            common.network.max_payload = LARGEST + dice.below(60_000) as u32;
            common.limits.inv = 10 + dice.below(100) as usize;
            common.limits.addr = 10 + dice.below(100) as usize;
            common.limits.headers = 330 + dice.below(30) as usize;
        }
        common
    }

    fn config(&self, dice: &mut Dice) -> Arc<Config> {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&dice.roll().to_le_bytes());
        let mut config = Config::with_secret(self.network, secret);
        config = match dice.below(4) {
            0 => config.like_core(),
            1 => config.like_btcd(),
            _ => config,
        };
        config.limits.message = self.limits;
        config.services = ServiceFlags::NETWORK | ServiceFlags::WITNESS;
        config.trickle = match dice.below(5) {
            0 => Trickle::CORE,
            1 => Trickle::BTCD,
            2 => Trickle::Immediate,
            3 => Trickle::Fixed {
                interval: Duration::from_millis(1 + dice.below(20_000)),
            },
            _ => Trickle::Poisson {
                inbound: Duration::from_millis(100 + dice.below(4_900)),
                outbound: Duration::from_millis(100 + dice.below(4_900)),
                per_flush: 20 + dice.below(50) as usize,
            },
        };
        if !self.is_plain {
            self.oddities(dice, &mut config);
        }
        Arc::new(config)
    }

    fn oddities(&self, dice: &mut Dice, config: &mut Config) {
        config.transport = match dice.below(6) {
            0 => TransportPolicy::V1,
            1 => TransportPolicy::V2,
            _ => TransportPolicy::Auto,
        };
        config.raw_events = once_in(dice, 4);
        config.wtxid_relay = !once_in(dice, 6);
        config.send_addr_v2 = !once_in(dice, 6);
        config.relay = !once_in(dice, 10);
        if once_in(dice, 5) {
            config.protocol_version =
                [70_015, 70_013, 70_012, 70_002, 31_800][dice.below(5) as usize];
        }
        if once_in(dice, 20) {
            config.minimum_version = 70_013.min(config.protocol_version);
        }
        if once_in(dice, 20) {
            config.required_services = ServiceFlags::NETWORK | ServiceFlags::COMPACT_FILTERS;
        }
        if once_in(dice, 3) {
            config.v2.decoys = vec![dice.below(300) as u32; dice.below(4) as usize];
        }
        config.v2.admission = once_in(dice, 4);
        let limits = &mut config.limits;
        if once_in(dice, 2) {
            limits.send_high = 2_000 + dice.below(100_000) as usize;
            limits.send_low = dice.below(limits.send_high as u64) as usize;
            limits.provoked = 200 + dice.below(5_000) as usize;
        }
        if once_in(dice, 4) {
            limits.inventory_queue = 1 + dice.below(10) as usize;
        }
        if limits.annoyances_per_minute != u32::MAX && once_in(dice, 2) {
            limits.annoyances_per_minute = 3 + dice.below(20) as u32;
            limits.malformed_per_minute = 2 + dice.below(10) as u32;
            limits.bad_checksums_per_minute = 2 + dice.below(10) as u32;
        }
        limits.pings_in_flight = if once_in(dice, 3) {
            1 + dice.below(4) as usize
        } else {
            16
        };
        let timeouts = &mut config.timeouts;
        timeouts.grain = [
            Duration::ZERO,
            Duration::from_millis(100),
            Duration::from_secs(1),
        ][dice.below(3) as usize];
        if once_in(dice, 3) {
            timeouts.ping_interval = Some(Duration::from_secs(5 + dice.below(100)));
        }
        if once_in(dice, 3) {
            timeouts.initial_ping = !timeouts.initial_ping;
        }
        if once_in(dice, 3) {
            timeouts.pong = Some(Duration::from_secs(60 + dice.below(300)));
        }
        if once_in(dice, 3) {
            let secs = if timeouts.ping_interval.is_some() {
                130
            } else {
                400
            } + dice.below(200);
            timeouts.idle = Some(Duration::from_secs(secs));
        }
        if once_in(dice, 3) {
            timeouts.write_stall = Some(Duration::from_secs(60 + dice.below(100)));
        }
        if once_in(dice, 2) {
            timeouts.flush = Duration::from_secs(1 + dice.below(20));
        }
    }
}
