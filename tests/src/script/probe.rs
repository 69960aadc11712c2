//! A machine under test, the scripted remote at the other end of its wire, and the clock between them.

use alloc::sync::Arc;
use core::time::Duration;

use peer_core::{Config, DisconnectReason, Event, Link, Timestamp};

use super::{Frame, V1, VersionPayload, Wire};
use crate::tape::Watched;

/// When probes begin.
pub const START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// A machine that hears what a test says, and whose words a test reads.
///
/// Methods speak from the remote's side of the wire: [`say`](Self::say) and [`read`](Self::read).
#[derive(Debug)]
pub struct ProbeOver<W> {
    /// The machine.
    pub machine: Watched,
    /// What the clock shows.
    pub now: Timestamp,
    /// Whether the remote takes what the machine lends, as it does from the start.
    pub reads: bool,
    /// Whether the application polls events whenever there may be some, as it does from the start.
    pub polls: bool,
    /// The remote's end of the wire.
    pub wire: W,
    /// Events that came while nobody asked for them.
    events: Vec<Event>,
}

/// A probe in v1: any bytes can be said.
pub type Probe = ProbeOver<V1>;

impl<W: Wire> ProbeOver<W> {
    /// A new connection.
    #[must_use]
    pub fn new(config: Config, link: Link) -> Self {
        Self::at(config, link, START)
    }

    /// A new connection at a certain time.
    #[must_use]
    pub fn at(mut config: Config, link: Link, now: Timestamp) -> Self {
        config.transport = W::POLICY;
        let wire = W::new(&link, config.network.magic);
        let machine = Watched::new(Arc::new(config), link, now, [5; 32]);
        let mut probe = Self {
            machine,
            now,
            reads: true,
            polls: true,
            wire,
            events: Vec::new(),
        };
        let opening = probe.wire.opening();
        probe.say_raw(&opening);
        probe
    }

    /// A connection with a node of today, past the handshake. Its words and events so far are forgotten.
    #[must_use]
    pub fn negotiated(config: Config, link: Link) -> Self {
        Self::negotiated_with(config, link, &VersionPayload::default())
    }

    /// A connection past the handshake with a remote of that `version`.
    #[must_use]
    pub fn negotiated_with(config: Config, link: Link, version: &VersionPayload) -> Self {
        let mut probe = Self::new(config, link);
        probe.tell(&version.frame());
        let events = probe.tell(&Frame::empty("verack"));
        assert!(probe.machine.is_negotiated(), "{events:?}");
        // The first ping is answered, so that none is owed.
        for frame in probe.read() {
            if let ("ping", Some(nonce)) = (frame.name().as_str(), frame.nonce()) {
                probe.tell(&Frame::pong(nonce));
            }
        }
        probe
    }

    /// The remote says `bytes`, which are frames of v1 however they travel; returns what the application heard. What
    /// the machine refuses to take is lost.
    pub fn say(&mut self, bytes: &[u8]) -> Vec<Event> {
        let said = self.wire.say(bytes);
        self.say_raw(&said);
        self.heard()
    }

    /// The remote says `bytes` as they are.
    pub fn say_raw(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        loop {
            let taken = self.machine.receive(rest, self.now);
            rest = rest.get(taken..).unwrap_or_default();
            let moved = self.settle();
            if rest.is_empty() || (taken == 0 && !moved) {
                return;
            }
        }
    }

    /// The remote says one frame.
    pub fn tell(&mut self, frame: &Frame) -> Vec<Event> {
        self.say(&frame.to_bytes())
    }

    /// What the machine said since last time.
    pub fn read(&mut self) -> Vec<Frame> {
        self.settle();
        core::iter::from_fn(|| self.wire.next()).collect()
    }

    /// The commands of what the machine said since last time.
    pub fn read_names(&mut self) -> Vec<String> {
        self.read().iter().map(Frame::name).collect()
    }

    /// Events since last time, as far as the application polls.
    pub fn heard(&mut self) -> Vec<Event> {
        self.settle();
        core::mem::take(&mut self.events)
    }

    /// Time passes, with a tick at every deadline on the way. Returns what the application heard.
    pub fn wait(&mut self, span: Duration) -> Vec<Event> {
        let end = self.now.saturating_add(span);
        let mut ticks = 0;
        while let Some(deadline) = self.machine.deadline().filter(|at| *at <= end) {
            ticks += 1;
            assert!(ticks < 100_000, "deadlines without end at {deadline}");
            self.now = self.now.max(deadline);
            self.machine.tick(self.now);
            self.settle();
        }
        self.now = end;
        self.machine.tick(end);
        self.heard()
    }

    /// Whether the connection lives: it answers a ping.
    pub fn is_alive(&mut self) -> bool {
        const NONCE: u64 = 0x0a11_fe00_0a11_fe00;
        self.read();
        self.tell(&Frame::ping(NONCE));
        let pong = |frame: &Frame| frame.name() == "pong" && frame.nonce() == Some(NONCE);
        self.read().iter().any(pong)
    }

    /// Moves everything that moves by itself; whether anything did.
    fn settle(&mut self) -> bool {
        let mut moved = false;
        loop {
            let mut now_moved = false;
            while let Some(event) = self.polls.then(|| self.machine.poll_event()).flatten() {
                self.events.push(event);
                now_moved = true;
            }
            if self.reads && self.machine.wants_write() {
                let lent = self.machine.outbound().to_vec();
                self.machine.sent(lent.len(), self.now);
                let answer = self.wire.hear(&lent);
                let taken = self.machine.receive(&answer, self.now);
                assert_eq!(taken, answer.len(), "handshakes are short");
                now_moved = true;
            }
            if !now_moved {
                return moved;
            }
            moved = true;
        }
    }
}

/// Why the connection ended, if these events tell of it.
#[must_use]
pub fn end(events: &[Event]) -> Option<&DisconnectReason> {
    events.iter().find_map(|event| match event {
        Event::Disconnected { reason, .. } => Some(reason),
        _ => None,
    })
}
