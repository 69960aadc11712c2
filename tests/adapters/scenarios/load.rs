//! Much at once: shutting down in the middle of it, and a calm connection beside a loud one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use peer_core::{DisconnectReason, Goodbye};
use peer_tests::script::{Frame, stream};

use crate::adapter::{Adapter, End, Farewell, NotQueued};
use crate::plain::Plain;
use crate::scene::{Scene, listeners, until};
use crate::told::{
    Rest, assert_numbered, assert_same, next_message, numbered, numbered_frame, take, to_the_end,
};

const LOCAL: DisconnectReason = DisconnectReason::Local(Goodbye::Requested);

/// Connections under load.
const CONNECTIONS: usize = 6;

/// Payload of what the side sends that is shut down. The other side sends small ones, so that what it has under way
/// does not outgrow what a parting socket puts up with.
const LEN: usize = 5_000;

/// A connection on which both sides send and take all they can.
struct Loaded {
    /// Numbered messages that the side was to send that is shut down, all taken by its queue.
    sender: JoinHandle<u32>,
    /// What happened at that side.
    here: JoinHandle<Rest>,
    /// What happened at the other.
    there: JoinHandle<Rest>,
    other_sender: JoinHandle<()>,
}

impl Loaded {
    fn new<E: End>(here: Arc<E>, there: Arc<E>) -> Self {
        let (end, other) = (here.clone(), there.clone());
        Self {
            sender: thread::spawn(move || queue_all(&*end)),
            here: thread::spawn(move || to_the_end(&*here)),
            there: thread::spawn(move || to_the_end(&*there)),
            other_sender: thread::spawn(move || {
                let mut number = 0;
                while other.command(numbered(number, 0).into()).is_ok() {
                    number += 1;
                }
            }),
        }
    }

    /// Waits for the end; gives how many messages were queued, and what both sides heard.
    fn end(self) -> (u32, Rest, Rest) {
        self.other_sender.join().unwrap();
        let queued = self.sender.join().unwrap();
        (
            queued,
            self.here.join().unwrap(),
            self.there.join().unwrap(),
        )
    }
}

/// Queues until the connection is closed; how many messages were taken.
fn queue_all(end: &impl End) -> u32 {
    let mut number = 0;
    loop {
        match end.queue(numbered(number, LEN).into()) {
            Ok(()) => number += 1,
            Err(NotQueued::Full(_)) => thread::sleep(Duration::from_millis(1)),
            Err(NotQueued::Closed(_)) => return number,
        }
    }
}

/// Two adapters with loaded connections between them: the one that is to be shut down, and the other.
fn under_load<A: Adapter>(flush: Duration) -> (A, A, Vec<Loaded>) {
    let mut config = listeners();
    config.timeouts.flush = flush;
    let scene = Scene::<A>::new(config);
    let other = A::start();
    let pairs: Vec<_> = (0..CONNECTIONS).map(|_| scene.pair_with(&other)).collect();
    let looks: Vec<_> = pairs
        .iter()
        .map(|(there, here)| [there.clone(), here.clone()])
        .collect();
    let loaded = pairs
        .into_iter()
        .map(|(there, here)| Loaded::new(here, there))
        .collect();
    for end in looks.iter().flatten() {
        until("the load is on", || end.stats().bytes_received > 10_000);
    }
    (scene.adapter, other, loaded)
}

pub(crate) fn shut_down_in_order<A: Adapter>() {
    let (adapter, other, loaded) = under_load::<A>(Duration::from_secs(60));
    adapter.shut_down(Farewell::InOrder);
    for loaded in loaded {
        let (queued, here, there) = loaded.end();
        assert_eq!(here.reason, LOCAL);
        assert!(
            matches!(there.reason, DisconnectReason::HungUp(_)),
            "{}",
            there.reason
        );
        assert_numbered(&there.messages, 0, queued as usize, LEN);
        assert!(!here.messages.is_empty());
    }
    other.shut_down(Farewell::InOrder);
}

pub(crate) fn shut_down_at_once<A: Adapter>() {
    /// A second, and what a busy machine makes of it.
    const PROMPT: Duration = Duration::from_secs(5);
    let (adapter, other, loaded) = under_load::<A>(Duration::from_secs(60));
    let started = Instant::now();
    adapter.shut_down(Farewell::AtOnce);
    assert!(started.elapsed() < PROMPT, "after {:?}", started.elapsed());
    for loaded in loaded {
        let (queued, here, there) = loaded.end();
        assert_eq!(here.reason, LOCAL);
        assert!(
            matches!(there.reason, DisconnectReason::HungUp(_)),
            "{}",
            there.reason
        );
        // What did arrive is whole and in order.
        let arrived = there.messages.len();
        assert!(arrived <= queued as usize);
        assert_numbered(&there.messages, 0, arrived, LEN);
    }
    other.shut_down(Farewell::AtOnce);
}

/// One remote floods, and its application takes everything; another on the same adapter gets its answers meanwhile.
pub(crate) fn a_flood_starves_nobody<A: Adapter>() {
    const EXCHANGES: u32 = 50;
    /// Bytes of the flood for each exchange of the neighbour, which takes a few turns of its own.
    const FAIR: u64 = 8_000_000;
    let scene = Scene::<A>::new(listeners());
    let (flooded, flooding) = scene.met();
    let (calm, mut neighbour) = scene.met();
    let stop = Arc::new(AtomicBool::new(false));
    let flood = Flood::start(flooding, stop.clone());
    let taker = thread::spawn({
        let flooded = flooded.clone();
        move || {
            // Not kept: there may be a hundred megabytes.
            while take(&*flooded).is_some() {}
        }
    });
    until("the flood is on", || {
        flooded.stats().bytes_received > 1_000_000
    });

    // However the machine shares its time out: until there were enough of both.
    let (before, mut exchanges, mut meanwhile) = (flooded.stats().bytes_received, 0, 0);
    while exchanges < EXCHANGES || meanwhile < FAIR {
        exchange(&*calm, &mut neighbour, exchanges);
        exchanges += 1;
        meanwhile = flooded.stats().bytes_received - before;
    }
    assert!(
        meanwhile < u64::from(exchanges) * FAIR,
        "{meanwhile} bytes of the flood"
    );
    let after = flooded.stats().bytes_received;
    until("the flood goes on", || {
        flooded.stats().bytes_received > after
    });
    stop.store(true, Ordering::Relaxed);
    flood.end();
    taker.join().unwrap();
    assert!(matches!(flooded.closed(), DisconnectReason::HungUp(_)));
}

/// A message each way, and a ping.
fn exchange(calm: &impl End, neighbour: &mut Plain, number: u32) {
    neighbour.tell(&numbered_frame(number, 100));
    assert_same(&next_message(calm), &numbered(number, 100));
    calm.command(numbered(number, 100).into()).unwrap();
    let heard = neighbour.hear_named("numbered");
    assert_eq!(heard, numbered_frame(number, 100));
    assert!(neighbour.is_answered(u64::from(number)));
}

/// A remote that says valid pings and unknown messages as fast as it can, and reads all answers.
struct Flood {
    speaker: JoinHandle<()>,
    hearer: JoinHandle<()>,
}

impl Flood {
    fn start(mut plain: Plain, stop: Arc<AtomicBool>) -> Self {
        let mut ear = plain.again();
        // Small ones keep the application busy, large ones the adapter alone.
        let small = (0..20).flat_map(|n| [Frame::ping(n), Frame::new("flood", [n as u8; 50])]);
        let large = (0..20).map(|n| Frame::new("flood", [n; 100_000]));
        let flood = stream(&small.chain(large).collect::<Vec<_>>());
        let speaker = thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                plain.say(&flood);
            }
            plain.hang_up();
        });
        let hearer = thread::spawn(move || ear.hear_and_forget());
        Self { speaker, hearer }
    }

    fn end(self) {
        self.speaker.join().unwrap();
        self.hearer.join().unwrap();
    }
}
