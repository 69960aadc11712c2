//! The room by itself: what is left of it when nothing waits, and what its cache costs. Behaviour is tested from outside.

use alloc::sync::Arc;
use allocation_counter::measure;

use super::books::Keys;
use super::*;
use crate::event::EventQueue;
use crate::link::Link;
use crate::log::Log;
use crate::network::Network;
use crate::rng::Rng;
use crate::stats::Stats;
use crate::timer::Timers;
use crate::transport::outbox::Outbox;

/// A machine's worth of what a room may touch.
struct Machine {
    config: Arc<Config>,
    link: Link,
    rng: Rng,
    timers: Timers,
    outbox: Outbox,
    events: EventQueue,
    stats: Stats,
    remote: Option<Box<crate::remote::Remote>>,
    log: Log,
}

impl Machine {
    fn new() -> Self {
        let config = Config::with_secret(Network::REGTEST, [7; 32]);
        let link = Link::inbound();
        Self {
            rng: Rng::new([1; 32]),
            timers: Timers::new(config.timeouts.grain),
            outbox: Outbox::new(config.network.magic, false),
            events: EventQueue::default(),
            stats: Stats::new(&link, Timestamp::ZERO),
            remote: None,
            log: Log::new(&config.limits),
            config: Arc::new(config),
            link,
        }
    }

    fn cx(&mut self) -> Cx<'_> {
        Cx {
            now: Timestamp::ZERO,
            config: &self.config,
            link: &self.link,
            rng: &mut self.rng,
            timers: &mut self.timers,
            outbox: &mut self.outbox,
            events: &mut self.events,
            stats: &mut self.stats,
            remote: &mut self.remote,
            log: &mut self.log,
        }
    }
}

fn item(number: u64) -> InvVect {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&number.to_le_bytes());
    InvVect::new(InvKind::Other(99), Hash::from_bytes(hash))
}

#[test]
fn a_full_cache_is_all_that_is_held_when_nothing_waits() {
    let mut machine = Machine::new();
    let mut room = Inventory::start(&machine.cx());
    assert_eq!(room.held(), 0);
    let info = measure(|| {
        for number in 0..3_000 {
            room.add_known(&mut machine.cx(), item(number));
        }
    });
    assert!(info.bytes_max <= 24_000, "{}", info.bytes_max);
    assert_eq!(info.bytes_current as usize, room.held());
    let full = room.held();

    for number in 10_000..10_100 {
        let announced = room.announce(&mut machine.cx(), item(number).into());
        assert_eq!(announced.unwrap(), Announced::Queued);
    }
    assert!(room.held() > full);
    assert!(machine.timers.is_set(Timer::Trickle));
    // The remote turns out to know all of it.
    for number in 10_000..10_100 {
        room.add_known(&mut machine.cx(), item(number));
    }
    assert_eq!(room.held(), full);
    assert!(!machine.timers.is_set(Timer::Trickle));
    assert_eq!(machine.stats.inventory_withheld, 100);
    room.end();
    assert_eq!(room.held(), 0);
}

#[test]
fn a_full_line_is_bounded_too() {
    let mut machine = Machine::new();
    let mut room = Inventory::start(&machine.cx());
    for number in 0..20_000 {
        let announced = room.announce(&mut machine.cx(), item(number).into());
        assert_eq!(announced.unwrap(), Announced::Queued);
    }
    assert_eq!(machine.stats.inventory_queued, 5_000);
    assert_eq!(machine.stats.inventory_dropped, 15_000);
    assert!(room.held() <= 400_000, "{}", room.held());
}

#[test]
fn keys_cannot_be_printed() {
    let keys = alloc::format!("{:?}", Keys::new(231, 217));
    assert_eq!(keys, "Keys");
}
