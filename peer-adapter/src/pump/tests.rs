//! Pumps over pipes in memory, on a clock set by hand.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use peer_core::message::{CommandName, Message};
use peer_core::network::Network;
use peer_core::{Config, Event, Goodbye, Link, PeerMachine};

use super::*;

/// One direction of a pipe.
#[derive(Debug, Default)]
struct Lane {
    bytes: VecDeque<u8>,
    /// Its writer will write no more.
    shut: bool,
    /// The next write says that nobody reads any more.
    dead: bool,
    /// Bytes that went through.
    passed: usize,
}

/// One end of a pipe that holds `capacity` bytes each way.
#[derive(Debug)]
struct Pipe {
    inward: Rc<RefCell<Lane>>,
    outward: Rc<RefCell<Lane>>,
    capacity: usize,
}

impl Pipe {
    fn pair(capacity: usize) -> (Self, Self) {
        let lanes: [Rc<RefCell<Lane>>; 2] = Default::default();
        let end = |inward: usize| Self {
            inward: lanes[inward].clone(),
            outward: lanes[1 - inward].clone(),
            capacity,
        };
        (end(0), end(1))
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.outward.borrow_mut().shut = true;
        self.inward.borrow_mut().dead = true;
    }
}

impl Socket for Pipe {
    fn poll_read(&mut self, _: &mut Context<'_>, window: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut lane = self.inward.borrow_mut();
        if lane.bytes.is_empty() && !lane.shut {
            return Poll::Pending;
        }
        let n = window.len().min(lane.bytes.len());
        for (slot, byte) in window.iter_mut().zip(lane.bytes.drain(..n)) {
            *slot = byte;
        }
        lane.passed += n;
        Poll::Ready(Ok(n))
    }

    fn poll_write(
        &mut self,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut lane = self.outward.borrow_mut();
        if lane.dead {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = self.capacity.saturating_sub(lane.bytes.len());
        let bytes = slices.iter().flat_map(|slice| slice.iter().copied());
        let before = lane.bytes.len();
        lane.bytes.extend(bytes.take(room));
        match lane.bytes.len() - before {
            0 => Poll::Pending,
            n => Poll::Ready(Ok(n)),
        }
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outward.borrow_mut().shut = true;
        Poll::Ready(Ok(()))
    }
}

/// A clock set by hand.
#[derive(Debug, Default)]
struct Hands(Cell<Timestamp>);

impl Hands {
    fn advance(&self, span: Duration) {
        self.0.set(self.0.get().saturating_add(span));
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.get()
    }
}

/// The simplest owner: keeps what it hears.
struct Keeper {
    machine: TapedMachine,
    events: Vec<Event>,
    /// Takes no events.
    busy_elsewhere: bool,
    /// What waits for room in the machine.
    wishes: VecDeque<Message>,
    reason: Option<DisconnectReason>,
}

impl Keeper {
    fn messages(&self) -> usize {
        let is_message = |event: &&Event| matches!(event, Event::Message { .. });
        self.events.iter().filter(is_message).count()
    }
}

impl Owner for Keeper {
    fn machine(&mut self) -> &mut TapedMachine {
        &mut self.machine
    }

    fn exchange(&mut self, _: &mut Context<'_>, hung_up: bool, _: Timestamp) -> bool {
        if self.busy_elsewhere && !hung_up {
            return false;
        }
        let room = self.machine.config().limits.send_high;
        while self.machine.queued() < room
            && let Some(wish) = self.wishes.pop_front()
        {
            // After the end nobody is there to carry it out.
            let _ = self.machine.send(wish);
        }
        let before = self.events.len();
        self.events
            .extend(std::iter::from_fn(|| self.machine.poll_event()));
        if let Some(Event::Disconnected { reason, .. }) = self.events.last() {
            self.reason = Some(reason.clone());
        }
        self.events.len() > before
    }

    fn is_starved(&self) -> bool {
        self.busy_elsewhere
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.machine.deadline()
    }

    fn tick(&mut self, now: Timestamp) {
        self.machine.tick(now);
    }

    fn wind(&mut self, _: bool) {}

    fn has_wishes(&self) -> bool {
        !self.wishes.is_empty()
    }

    fn ended(&self) -> Option<&DisconnectReason> {
        self.reason.as_ref()
    }

    fn patience(&mut self, _: &mut Context<'_>, now: Timestamp) -> Option<Timestamp> {
        Some(now.saturating_add(PATIENCE))
    }
}

const PATIENCE: Duration = Duration::from_secs(10);

/// An owner and its pump.
struct End {
    keeper: Keeper,
    pump: Pump<Pipe>,
}

impl End {
    fn new(pipe: Pipe, link: Link, secret: u8, now: Timestamp) -> Self {
        let config = Config::with_secret(Network::REGTEST, [secret; 32]);
        let machine = PeerMachine::from_seed(Arc::new(config), link, now, [secret; 32]);
        Self {
            keeper: Keeper {
                machine: machine.into(),
                events: Vec::new(),
                busy_elsewhere: false,
                wishes: VecDeque::new(),
                reason: None,
            },
            pump: Pump::new(pipe),
        }
    }

    fn run(&mut self, clock: &Hands) -> Step {
        let mut cx = Context::from_waker(Waker::noop());
        self.pump.run(&mut self.keeper, clock, &mut cx)
    }
}

struct Pair {
    left: End,
    right: End,
    clock: Hands,
}

impl Pair {
    fn new(capacity: usize) -> Self {
        let clock = Hands(Cell::new(Timestamp::from_secs(1_700_000_000)));
        let (left, right) = Pipe::pair(capacity);
        Self {
            left: End::new(left, Link::outbound(), 7, clock.now()),
            right: End::new(right, Link::inbound(), 8, clock.now()),
            clock,
        }
    }

    fn negotiated(capacity: usize) -> Self {
        let mut pair = Self::new(capacity);
        pair.settle();
        assert!(pair.left.keeper.machine.is_negotiated());
        assert!(pair.right.keeper.machine.is_negotiated());
        pair
    }

    /// Runs both in turns until nothing has moved for a while.
    fn settle(&mut self) -> (Step, Step) {
        let mut steps = (Step::Yield, Step::Yield);
        let mut last = (0, 0);
        let mut still = 0;
        while still < 3 {
            steps = (self.left.run(&self.clock), self.right.run(&self.clock));
            let passed = |machine: &PeerMachine| {
                let stats = machine.stats();
                (stats.bytes_sent + stats.bytes_received) as usize
            };
            let now = (
                passed(&self.left.keeper.machine),
                passed(&self.right.keeper.machine),
            );
            still = if now == last { still + 1 } else { 0 };
            last = now;
        }
        steps
    }
}

fn filler(len: usize) -> Message {
    Message::Unknown {
        command: CommandName::new("filler").unwrap(),
        payload: Bytes::from(vec![1; len]),
    }
}

#[test]
fn two_ends_meet_through_a_pipe_of_any_size() {
    for capacity in [1, 23, 24, 25, 65_536] {
        let mut pair = Pair::negotiated(capacity);
        let (left, _) = pair.settle();
        let deadline = pair.left.keeper.machine.deadline();
        assert!(deadline.is_some());
        assert_eq!(left, Step::Wait(deadline), "{capacity}");
    }
}

#[test]
fn an_idle_connection_owns_no_buffer() {
    let mut pair = Pair::negotiated(256 * 1_024);
    assert_eq!(
        pair.left.keeper.machine.memory_held(),
        0,
        "after the handshake"
    );
    let before = pair.left.keeper.messages();
    // A burst, which makes the next buffer a large one.
    for _ in 0..60 {
        pair.right.keeper.machine.send(filler(3_000)).unwrap();
    }
    pair.settle();
    assert_eq!(pair.left.keeper.messages(), before + 60);
    assert_eq!(pair.left.keeper.machine.memory_held(), 0, "after a burst");
}

#[test]
fn a_run_reads_no_more_than_is_fair() {
    const MUCH: usize = 3_000_000;
    let mut pair = Pair::negotiated(usize::MAX);
    pair.right.keeper.machine.send(filler(MUCH)).unwrap();
    while pair.right.keeper.machine.wants_write() {
        pair.right.run(&pair.clock);
    }
    let lane = pair.left.pump.socket_mut().unwrap().inward.clone();
    let mut runs = 0;
    while pair.left.keeper.messages() == 0 || !lane.borrow().bytes.is_empty() {
        let before = lane.borrow().passed;
        let step = pair.left.run(&pair.clock);
        let read = lane.borrow().passed - before;
        assert!(read <= BUDGET + TURN, "{read} bytes in one run");
        let waits = matches!(step, Step::Wait(_));
        assert_eq!(waits, lane.borrow().bytes.is_empty(), "{step:?}");
        runs += 1;
    }
    assert!(runs >= MUCH / (BUDGET + TURN), "{runs} runs");
}

#[test]
fn time_is_judged_after_what_had_arrived() {
    let mut pair = Pair::negotiated(65_536);
    // The ping that is due now, and its pong, which waits in the pipe when the verdict is due.
    let ping = pair.left.keeper.machine.deadline().unwrap();
    pair.clock.0.set(ping);
    pair.left.run(&pair.clock);
    pair.right.run(&pair.clock);
    pair.clock.advance(Duration::from_secs(24 * 60 * 60));
    pair.left.run(&pair.clock);
    assert_eq!(pair.left.keeper.reason, None);
    assert!(pair.left.keeper.machine.stats().ping.is_some());
}

#[test]
fn a_machine_that_is_not_asked_for_events_stops_the_reading() {
    let mut pair = Pair::negotiated(1_024 * 1_024);
    pair.left.keeper.busy_elsewhere = true;
    let before = pair.left.keeper.messages();
    for _ in 0..40 {
        pair.right.keeper.machine.send(filler(20_000)).unwrap();
        pair.settle();
    }
    let lane = pair.left.pump.socket_mut().unwrap().inward.clone();
    assert!(
        lane.borrow().bytes.len() > 500_000,
        "most was left where it was"
    );
    assert!(pair.left.keeper.machine.memory_held() < 200_000);
    pair.left.keeper.busy_elsewhere = false;
    pair.settle();
    assert_eq!(pair.left.keeper.messages(), before + 40);
}

#[test]
fn what_had_arrived_is_told_before_a_broken_socket_is() {
    let mut pair = Pair::negotiated(65_536);
    let before = pair.left.keeper.messages();
    pair.right.keeper.machine.send(filler(2_000)).unwrap();
    pair.right.run(&pair.clock);
    // It reads no more, but its writing half lives.
    pair.left
        .pump
        .socket_mut()
        .unwrap()
        .outward
        .borrow_mut()
        .dead = true;
    pair.left.keeper.machine.send(filler(10)).unwrap();
    let step = pair.left.run(&pair.clock);
    assert_eq!(pair.left.keeper.messages(), before + 1);
    assert_eq!(pair.left.keeper.reason, None);
    let Step::Wait(Some(until)) = step else {
        panic!("{step:?}");
    };
    assert!(until.saturating_since(pair.clock.now()) <= Duration::from_millis(100));
    pair.clock.0.set(until);
    assert_eq!(pair.left.run(&pair.clock), Step::Done);
    let reset = DisconnectReason::HungUp(HangUp::Reset);
    assert_eq!(pair.left.keeper.reason, Some(reset));
}

#[test]
fn a_socket_is_closed_once_the_remote_has_heard_everything() {
    let mut pair = Pair::negotiated(65_536);
    pair.left.keeper.machine.send(filler(50_000)).unwrap();
    pair.left.keeper.machine.disconnect();
    let lanes = {
        let socket = pair.left.pump.socket_mut().unwrap();
        (socket.inward.clone(), socket.outward.clone())
    };
    let started = pair.clock.now();
    let step = pair.left.run(&pair.clock);
    let local = DisconnectReason::Local(Goodbye::Requested);
    assert_eq!(pair.left.keeper.reason, Some(local));
    assert!(lanes.1.borrow().shut, "the write half is shut down");
    assert_eq!(step, Step::Wait(Some(started.saturating_add(PATIENCE))));
    // The remote, which knows nothing yet, talks on; that is read and forgotten.
    pair.right
        .pump
        .socket_mut()
        .unwrap()
        .outward
        .borrow_mut()
        .bytes
        .extend([0; 30_000]);
    assert_eq!(pair.left.run(&pair.clock), step);
    assert!(lanes.0.borrow().bytes.is_empty());
    // It hears all, and closes.
    assert_eq!(pair.right.run(&pair.clock), Step::Done);
    assert!(pair.right.keeper.messages() >= 1);
    assert_eq!(pair.left.run(&pair.clock), Step::Done);
    assert!(pair.left.pump.socket_mut().is_none());
    assert_eq!(pair.left.run(&pair.clock), Step::Done, "and again");
}

/// A remote that has said all hears everything that was to be said to it.
#[test]
fn a_half_closed_connection_still_has_its_wishes_carried_out() {
    let mut pair = Pair::negotiated(65_536);
    let before = pair.right.keeper.messages();
    pair.left.keeper.wishes = vec![filler(900_000); 20].into();
    pair.right
        .pump
        .socket_mut()
        .unwrap()
        .outward
        .borrow_mut()
        .shut = true;
    let end_of_stream = DisconnectReason::HungUp(HangUp::EndOfStream);
    while pair.left.keeper.reason.is_none() {
        pair.left.run(&pair.clock);
        pair.right.run(&pair.clock);
    }
    pair.right.run(&pair.clock);
    assert_eq!(pair.left.keeper.reason, Some(end_of_stream.clone()));
    assert_eq!(pair.right.keeper.messages(), before + 20);

    // But not for ever: this one does not read.
    let mut pair = Pair::negotiated(65_536);
    pair.left.keeper.wishes = vec![filler(900_000); 20].into();
    pair.right
        .pump
        .socket_mut()
        .unwrap()
        .outward
        .borrow_mut()
        .shut = true;
    let Step::Wait(Some(until)) = pair.left.run(&pair.clock) else {
        panic!("nothing to wait for");
    };
    let flush = pair.left.keeper.machine.config().timeouts.flush;
    assert!(until <= pair.clock.now().saturating_add(flush));
    pair.clock.advance(flush);
    pair.left.run(&pair.clock);
    pair.clock.advance(flush);
    pair.left.run(&pair.clock);
    assert_eq!(pair.left.keeper.reason, Some(end_of_stream));
}

#[test]
fn patience_with_a_parting_remote_has_an_end() {
    let mut pair = Pair::negotiated(65_536);
    pair.left.keeper.machine.disconnect();
    assert!(matches!(pair.left.run(&pair.clock), Step::Wait(Some(_))));
    pair.clock.advance(PATIENCE);
    assert_eq!(pair.left.run(&pair.clock), Step::Done);

    let mut pair = Pair::negotiated(usize::MAX);
    pair.left.keeper.machine.disconnect();
    let lane = pair.right.pump.socket_mut().unwrap().outward.clone();
    let (mut forgotten, mut step) = (0, Step::Yield);
    while step != Step::Done && forgotten < 100_000_000 {
        lane.borrow_mut()
            .bytes
            .extend(std::iter::repeat_n(0, 50_000));
        forgotten += 50_000;
        step = pair.left.run(&pair.clock);
    }
    assert!((8_000_000..9_000_000).contains(&forgotten), "{forgotten}");
}
