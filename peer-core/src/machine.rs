//! [`PeerMachine`]: the doors, and the wiring behind them. No protocol rule lives here.
//!
//! - `machine.rs`: the state and the doors of bytes and time;
//! - `machine/looking.rs`: everything that takes `&self`;
//! - `machine/announcing.rs`: the application's announcements;
//! - `machine/opening.rs`: landed frames become messages, messages become events;
//! - `machine/sending.rs`: the application's messages, tickets, back-pressure;
//! - `machine/pushing.rs`: messages that the machine makes from what the application has;
//! - `machine/closing.rs`: the ways a connection ends.

mod announcing;
mod closing;
mod looking;
mod opening;
mod pushing;
mod sending;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

use rand_core::CryptoRng;

use self::closing::Phase;
use self::sending::{Tickets, Waiting};
use crate::config::Config;
use crate::error::{DisconnectReason, HangUp, Timeout};
use crate::event::{Event, EventQueue};
use crate::link::Link;
use crate::log::Log;
use crate::protocol::{Cx, Protocol};
use crate::remote::Remote;
use crate::rng::Rng;
use crate::stats::Stats;
use crate::time::Timestamp;
use crate::timer::{Timer, Timers};
use crate::transport::{Outbound, Transport};

/// The protocol state of one connection.
///
/// Bytes, the clock and commands go in; bytes, events and the next wake-up time come out. There
/// are five kinds of method, and an adapter can be written from their names:
///
/// - *lend*: [`inbound`](Self::inbound) and [`outbound`](Self::outbound) lend windows to the
///   socket;
/// - *past tense*: [`received`](Self::received), [`sent`](Self::sent), [`hung_up`](Self::hung_up)
///   and [`tick`](Self::tick) say what the world did, and when;
/// - *imperative*: [`send`](Self::send), [`disconnect`](Self::disconnect) and the like are the
///   application's wishes;
/// - *pull*: [`poll_event`](Self::poll_event) gives what there is to know, one at a time;
/// - *look*: everything that takes `&self`.
///
/// ```text
/// loop {
///     while let Some(event) = peer.poll_event() { tell the application, or stop polling }
///     if let Some(window) = peer.inbound() { n = socket.read(window);     peer.received(n, now) }
///     if peer.wants_write()                { n = socket.writev(outbound); peer.sent(n, now) }
///     if now >= peer.deadline()            { peer.tick(now) }
///     sleep only after a turn in which none of these did anything
/// }
/// ```
///
/// Frames are opened when an event is asked for, until one yields an event: an application that
/// stops polling stops the machine wanting input, and nothing piles up inside.
///
/// The machine never reads a clock and never draws entropy after its birth: its output is a
/// function of configuration, link, seed and the sequence of calls, bit for bit, on any platform.
///
/// ```
/// use std::sync::Arc;
/// use peer_core::{Config, Event, Link, PeerMachine, Timestamp, network::Network};
///
/// // Two identities: machines of one configuration would recognise themselves and hang up.
/// let ours = Arc::new(Config::with_secret(Network::REGTEST, [7; 32]));
/// let theirs = Arc::new(Config::with_secret(Network::REGTEST, [8; 32]));
/// let now = Timestamp::from_secs(1_700_000_000);
/// let mut dialler = PeerMachine::from_seed(ours, Link::outbound(), now, [1; 32]);
/// let mut listener = PeerMachine::from_seed(theirs, Link::inbound(), now, [2; 32]);
///
/// // The whole network: what one lends as outbound, the other receives.
/// fn carry(from: &mut PeerMachine, to: &mut PeerMachine, now: Timestamp) -> Vec<Event> {
///     let bytes = from.outbound().to_vec();
///     let taken = to.receive(&bytes, now);
///     from.sent(taken, now);
///     std::iter::from_fn(|| to.poll_event()).collect()
/// }
///
/// for _ in 0..3 {
///     for event in carry(&mut dialler, &mut listener, now) {
///         println!("listener: {event:?}");
///     }
///     for event in carry(&mut listener, &mut dialler, now) {
///         println!("dialler: {event:?}");
///     }
/// }
/// assert_eq!(dialler.remote().unwrap().protocol_version, 70_016);
/// ```
#[derive(Debug)]
pub struct PeerMachine {
    config: Arc<Config>,
    link: Link,
    now: Timestamp,
    rng: Rng,
    timers: Timers,
    transport: Transport,
    protocol: Protocol,
    remote: Option<Box<Remote>>,
    /// Apart, so that a machine stays small: looked at rarely.
    stats: Box<Stats>,
    phase: Phase,
    /// Events that have happened and were not polled: few, whatever arrives.
    events: EventQueue,
    tickets: Tickets,
    /// Messages accepted before the handshake ended.
    waiting: Waiting,
    /// A verdict on the remote is due; it is spoken once everything that had been received by then
    /// (counted in bytes) was opened.
    overdue: Option<u64>,
    log: Log,
}

/// Time until a verdict on the remote is looked at again, while what had arrived when it became
/// due is not opened yet.
const SECOND_LOOK: Duration = Duration::from_secs(1);

impl PeerMachine {
    /// A machine for one connection that was just made. All entropy is drawn here: 32 bytes.
    pub fn new(config: Arc<Config>, link: Link, now: Timestamp, rng: &mut impl CryptoRng) -> Self {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        Self::from_seed(config, link, now, seed)
    }

    /// The same with a seed instead of a generator: for replay, simulation and tests.
    pub fn from_seed(config: Arc<Config>, link: Link, now: Timestamp, seed: [u8; 32]) -> Self {
        let link = link.normalized();
        let mut rng = Rng::new(seed);
        let mut timers = Timers::new(config.timeouts.grain);
        let mut transport = Transport::start(&config, &link, &mut rng);
        let mut stats = Box::new(Stats::new(&link, now));
        stats.transport = transport.kind();
        let (mut events, mut remote) = (EventQueue::default(), None);
        let mut log = Log::new(&config.limits);
        log.created(&link);
        let mut cx = Cx {
            now,
            config: &config,
            link: &link,
            rng: &mut rng,
            timers: &mut timers,
            outbox: &mut transport.outbox,
            events: &mut events,
            stats: &mut stats,
            remote: &mut remote,
            log: &mut log,
        };
        let protocol = Protocol::start(&mut cx);
        let mut machine = Self {
            protocol,
            link,
            now,
            rng,
            timers,
            transport,
            remote,
            stats,
            phase: Phase::Open { hang_up: None },
            events,
            tickets: Tickets::default(),
            waiting: Waiting::default(),
            overdue: None,
            log,
            config,
        };
        machine.watch_handshake();
        machine
    }

    // --- bytes in -------------------------------------------------------------------------

    /// Lends the window that the next bytes of the socket go to; never empty.
    ///
    /// `None` means: do not read now. The application has not polled what has arrived, the remote
    /// does not read the replies it provokes, or the connection is over.
    pub fn inbound(&mut self) -> Option<&mut [u8]> {
        if !self.wants_read() {
            return None;
        }
        self.transport.window()
    }

    /// The socket filled the first `n` bytes of the window. Zero is harmless, and not the end of
    /// the stream: that is [`hung_up`](Self::hung_up).
    pub fn received(&mut self, n: usize, now: Timestamp) {
        self.advance_to(now);
        let n = self.transport.landed_bytes(n);
        if n == 0 || self.is_closed() {
            return;
        }
        self.stats.bytes_received = self.stats.bytes_received.saturating_add(n as u64);
        self.stats.last_received = Some(self.now);
        self.count_skipped();
        let awaited = self.protocol.awaits_answers();
        let partial = awaited.then(|| self.transport.partial()).flatten();
        let (protocol, cx) = self.rooms();
        protocol.on_received(&cx);
        if let Some(partial) = partial {
            protocol.on_progress(&cx, &partial);
        }
        if self.phase.is_closing() {
            // Only so that the remote can go on reading what we flush.
            self.transport.forget_landed();
        }
    }

    /// Copies bytes in instead of reading into the window; returns how many were taken. Poll
    /// events and offer the rest when it is less than all.
    pub fn receive(&mut self, bytes: &[u8], now: Timestamp) -> usize {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            let Some(window) = self.inbound() else { break };
            let n = window.len().min(rest.len());
            for (to, from) in window.iter_mut().zip(rest) {
                *to = *from;
            }
            self.received(n, now);
            taken = taken.saturating_add(n);
        }
        taken
    }

    /// The stream ended: in order, by a reset, or by an error of the local socket. What arrived
    /// before is still delivered; after the end of the stream in order, what is queued is still
    /// flushed if the remote takes it.
    pub fn hung_up(&mut self, how: HangUp, now: Timestamp) {
        self.advance_to(now);
        self.on_hang_up(how);
    }

    // --- bytes out ------------------------------------------------------------------------

    /// Lends what is to be written, as slices for a vectored write.
    pub fn outbound(&mut self) -> Outbound<'_> {
        self.transport.outbox.stage();
        self.transport.outbox.lend()
    }

    /// The socket took the first `n` bytes of [`outbound`](Self::outbound).
    pub fn sent(&mut self, n: usize, now: Timestamp) {
        self.advance_to(now);
        let n = self.transport.outbox.sent(n);
        if n == 0 {
            return;
        }
        self.stats.bytes_sent = self.stats.bytes_sent.saturating_add(n as u64);
        self.stats.last_sent = Some(self.now);
        self.on_departures();
        let (protocol, mut cx) = self.rooms();
        protocol.on_sent(&mut cx);
        self.close_if_flushed();
    }

    // --- time -----------------------------------------------------------------------------

    /// When [`tick`](Self::tick) wants to be called next; `None` if never. Changes rarely.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.timers.next().map(|(at, _)| at)
    }

    /// What the deadline is for.
    pub fn deadline_reason(&self) -> Option<Timer> {
        self.timers.next().map(|(_, timer)| timer)
    }

    /// Time has come to `now`. Too early or too often is harmless.
    pub fn tick(&mut self, now: Timestamp) {
        self.advance_to(now);
        // Each timer fires at most once a tick, so no setting can make this spin.
        for _ in Timer::ALL {
            let Some(timer) = self.timers.take_due(self.now) else {
                break;
            };
            self.on_timer(timer);
        }
        // What a timer queued waits from now on, not from when the time is told next.
        let (protocol, cx) = self.rooms();
        protocol.on_time(&cx);
    }

    // --- the application ------------------------------------------------------------------

    /// The next thing that happened. `None`: nothing complete has arrived, or replies that the
    /// remote provoked wait for it to read, or a verdict on its `version` is owed; ask again after
    /// anything else was called.
    ///
    /// What had arrived may have moved the handshake on, or made room, without an event: after `None` look again at
    /// [`wants_write`](Self::wants_write) and [`wants_read`](Self::wants_read).
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.next_event() {
                return Some(event);
            }
            if !self.open_next() {
                return None;
            }
        }
    }

    /// The next [`Event::Sent`] or [`Event::Writable`], past whatever else waits to be polled: for
    /// applications that take nothing from the remote just now, and still send to it. What is told
    /// here is not told again by [`poll_event`](Self::poll_event).
    pub fn poll_progress(&mut self) -> Option<Event> {
        self.next_progress()
    }

    // --- wiring ---------------------------------------------------------------------------

    /// The rooms, and what they may touch.
    fn rooms(&mut self) -> (&mut Protocol, Cx<'_>) {
        let cx = Cx {
            now: self.now,
            config: &self.config,
            link: &self.link,
            rng: &mut self.rng,
            timers: &mut self.timers,
            outbox: &mut self.transport.outbox,
            events: &mut self.events,
            stats: &mut self.stats,
            remote: &mut self.remote,
            log: &mut self.log,
        };
        (&mut self.protocol, cx)
    }

    /// Time never runs backwards here.
    fn advance_to(&mut self, now: Timestamp) {
        let span = now.saturating_since(self.now);
        self.now = self.now.max(now);
        let open = matches!(self.phase, Phase::Open { hang_up: None });
        let deaf = open && !self.wants_read();
        let unopened = open && self.transport.has_frame();
        let (protocol, cx) = self.rooms();
        protocol.on_time(&cx);
        if deaf || unopened {
            protocol.on_received(&cx);
        }
        if deaf {
            protocol.on_deafness(span);
        }
    }

    fn on_timer(&mut self, timer: Timer) {
        if timer == Timer::Flush {
            return self.on_flush_timer();
        }
        if let Phase::Open { hang_up: Some(how) } = self.phase
            && !(how.is_in_order() && timer == Timer::WriteStall)
        {
            // What a remote that hung up owes it cannot give; only our last words can still stall.
            return;
        }
        if timer.is_verdict_on_remote() && self.is_unheard() {
            let look = self.now.saturating_add(SECOND_LOOK);
            return self.timers.set(timer, look);
        }
        if let Some(stage) = self.transport.stage()
            && matches!(timer, Timer::V2Handshake | Timer::Negotiation)
        {
            let late = Timeout::V2Handshake(stage);
            return self.fail(DisconnectReason::Timeout(late));
        }
        let (protocol, mut cx) = self.rooms();
        let verdict = protocol.on_timer(&mut cx, timer);
        protocol.on_outbox_touched(&mut cx);
        if let Err(reason) = verdict {
            self.fail(reason);
        }
    }

    /// Whether something that had arrived when a verdict first became due is still unopened: it
    /// may be what the remote owes. What arrives later does not count, or a flood could put the
    /// verdict off for ever.
    fn is_unheard(&mut self) -> bool {
        let received = self.stats.bytes_received;
        let opened = received.saturating_sub(self.transport.backlog());
        let due = *self.overdue.get_or_insert(received);
        let unheard = !self.wants_read() || opened < due;
        if !unheard {
            self.overdue = None;
        }
        unheard
    }
}

#[cfg(test)]
mod tests;
