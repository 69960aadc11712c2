//! When timers must fire and what for, told from the documented rules and what passed over the wire. Knows nothing of
//! how the machine keeps time.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use peer_core::{Config, Event, RequestKind, Timer, Timestamp, Trickle};
use peer_tests::script::Frame;

use super::listing::seconds;

/// What a tick led to.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) events: Vec<Event>,
    pub(crate) frames: Vec<Frame>,
    /// A ping was among the frames.
    pub(crate) pinged: bool,
}

impl Told {
    /// The payload of the only frame of that name.
    fn take_frame(&mut self, name: &str) -> Vec<u8> {
        let index = self.frames.iter().position(|frame| frame.name() == name);
        let index = index.unwrap_or_else(|| panic!("no {name} in {:?}", self.frames));
        self.frames.remove(index).payload
    }

    fn take_unanswered(&mut self) -> Vec<RequestKind> {
        let events = std::mem::take(&mut self.events);
        let kind = |event| match event {
            Event::Unanswered(what) => what.request,
            other => panic!("{other:?}"),
        };
        events.into_iter().map(kind).collect()
    }
}

/// The trickle, as far as it can be known from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Nothing waits.
    Rests,
    /// Something waits since then, and the schedule is to be asked.
    Asks,
    /// The schedule was asked at that time.
    Waits(Timestamp),
}

pub(crate) struct Model {
    config: Config,
    started: Timestamp,
    /// Timers that are set, to instants that are rounded to the grain. The trickle's is not here if it is random.
    set: BTreeMap<Timer, Timestamp>,
    last_heard: Timestamp,
    /// Pings that left, and when.
    pings: VecDeque<(u64, Timestamp)>,
    /// Requests that are owed an answer: when each left, or was last worked on.
    owed: Vec<(RequestKind, Timestamp)>,
    turn: Turn,
    waiting: usize,
}

impl Model {
    pub(crate) fn new(config: &Config, now: Timestamp) -> Self {
        let mut model = Self {
            config: config.clone(),
            started: now,
            set: BTreeMap::new(),
            last_heard: now,
            pings: VecDeque::new(),
            owed: Vec::new(),
            turn: Turn::Rests,
            waiting: 0,
        };
        model.arm(Timer::Negotiation, now, Duration::from_secs(30));
        model.arm(Timer::Idle, now, Duration::from_secs(300));
        model
    }

    /// Sets a timer for `span` from `from`.
    fn arm(&mut self, timer: Timer, from: Timestamp, span: Duration) {
        let at = self.round(from.saturating_add(span));
        self.set.insert(timer, at);
    }

    /// The first multiple of the grain that is not earlier.
    fn round(&self, at: Timestamp) -> Timestamp {
        let grain = self.config.timeouts.grain.as_micros() as u64;
        match grain {
            0 => at,
            grain => Timestamp::from_micros(at.as_micros().div_ceil(grain) * grain),
        }
    }

    // --- what happens ---------------------------------------------------------------------

    pub(crate) fn negotiated(&mut self, now: Timestamp) {
        self.set.remove(&Timer::Negotiation);
        self.arm(Timer::Ping, now, Duration::from_secs(120));
    }

    /// The remote was heard. A whole block or `headers` is an answer; a part of one is progress.
    pub(crate) fn heard(&mut self, now: Timestamp, events: &[Event], whole: bool) {
        self.last_heard = now;
        let answers = |command: &str| match command {
            "block" => Some(RequestKind::Blocks),
            "headers" => Some(RequestKind::GetHeaders),
            _ => None,
        };
        for event in events {
            if let Event::Message { message, .. } = event
                && let Some(kind) = answers(message.command().as_str())
                && let Some(index) = self.owed.iter().position(|(owed, _)| *owed == kind)
            {
                self.owed.remove(index);
            }
        }
        if !whole {
            for (kind, since) in &mut self.owed {
                // The only thing that comes in pieces is the block.
                if *kind == RequestKind::Blocks {
                    *since = now;
                }
            }
        }
        if self.owed.is_empty() {
            self.set.remove(&Timer::Stall);
        }
    }

    pub(crate) fn ponged(&mut self, nonce: u64) {
        // What left before it is not waited for any longer.
        let answered = self.pings.iter().position(|(known, _)| *known == nonce);
        self.pings.drain(..=answered.unwrap());
        if self.pings.is_empty() {
            self.set.remove(&Timer::Pong);
        }
    }

    /// A frame has left, as soon as it was queued.
    pub(crate) fn left(&mut self, now: Timestamp, frame: &Frame) {
        if !self.set.contains_key(&Timer::WriteStall) {
            self.arm(Timer::WriteStall, now, Duration::from_secs(120));
        }
        if let ("ping", Some(nonce)) = (frame.name().as_str(), frame.nonce()) {
            self.pings.push_back((nonce, now));
            if !self.set.contains_key(&Timer::Pong) {
                self.arm(Timer::Pong, now, Duration::from_secs(1_200));
            }
        }
    }

    pub(crate) fn asked(&mut self, now: Timestamp, kind: RequestKind) {
        self.owed.push((kind, now));
        let due = self.round(now.saturating_add(span_of(kind)));
        let set = self.set.entry(Timer::Stall).or_insert(due);
        *set = (*set).min(due);
    }

    pub(crate) fn announced(&mut self, now: Timestamp) {
        self.waiting += 1;
        if self.turn == Turn::Rests {
            self.turn = Turn::Asks;
            // At once: this is no deadline of anybody's, so it is not rounded.
            self.set.insert(Timer::Trickle, now);
        }
    }

    // --- what must follow -----------------------------------------------------------------

    /// This timer fires next, and now.
    pub(crate) fn check_due(&self, timer: Timer, at: Timestamp) {
        let next = self.set.iter().map(|(timer, at)| (*at, *timer)).min();
        if timer == Timer::Trickle
            && let Turn::Waits(since) = self.turn
            && self.is_random()
        {
            assert!(
                at > since,
                "{at}: the schedule's instant is not after {since}"
            );
            assert!(
                next.is_none_or(|(next, _)| at <= next),
                "{at}: {next:?} is first"
            );
            return;
        }
        assert_eq!(Some((at, timer)), next, "{timer:?} at {at}");
    }

    /// The timers that fire now, in order. They are no longer set.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<Timer> {
        let due = self.set.iter().filter(|(_, at)| **at <= now);
        let mut due: Vec<_> = due.map(|(timer, at)| (*at, *timer)).collect();
        due.sort_unstable();
        let due: Vec<Timer> = due.into_iter().map(|(_, timer)| timer).collect();
        for timer in &due {
            self.set.remove(timer);
        }
        due
    }

    /// What a timer that fired was for. Takes away what it told.
    pub(crate) fn fired(&mut self, timer: Timer, now: Timestamp, told: &mut Told) -> String {
        match timer {
            Timer::Ping => {
                assert_eq!(told.take_frame("ping").len(), 8);
                self.arm(Timer::Ping, now, Duration::from_secs(120));
                "a ping leaves".into()
            }
            Timer::Idle => self.looked(timer, now, self.last_heard, 300),
            Timer::Pong => self.looked(timer, now, self.pings.front().unwrap().1, 1_200),
            // The ping that left in this tick has set it anew.
            Timer::WriteStall if told.pinged => {
                assert!(self.set.contains_key(&timer));
                "a ping was queued just now: looks again in 120 s".into()
            }
            Timer::WriteStall => "nothing waits: rests".into(),
            Timer::Stall => self.stalled(now, told),
            Timer::Trickle => self.trickled(now, told),
            other => panic!("{other:?} has no business here"),
        }
    }

    /// A timer that looks since when it has been waiting, and sets itself to when that is too long.
    fn looked(&mut self, timer: Timer, now: Timestamp, since: Timestamp, patience: u64) -> String {
        let patience = Duration::from_secs(patience);
        let passed = now.saturating_since(since);
        assert!(
            passed < patience,
            "{timer:?} at {now}, waiting since {since}"
        );
        self.arm(timer, since, patience);
        let left = seconds(patience - passed);
        format!("{} s have passed: looks again in {left} s", seconds(passed))
    }

    fn stalled(&mut self, now: Timestamp, told: &mut Told) -> String {
        let due = |(kind, since): &(RequestKind, Timestamp)| since.saturating_add(span_of(*kind));
        let (overdue, owed): (Vec<_>, Vec<_>) =
            self.owed.iter().copied().partition(|owed| due(owed) <= now);
        self.owed = owed;
        let told = told.take_unanswered();
        let overdue: Vec<RequestKind> = overdue.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(told, overdue, "{now}: {:?}", self.owed);
        match self.owed.iter().map(due).min() {
            Some(at) => self.set.insert(Timer::Stall, self.round(at)),
            None => None,
        };
        match (told.first(), self.owed.first()) {
            (Some(kind), _) => format!("no answer to {kind}: tells"),
            (None, Some((kind, since))) => {
                let passed = seconds(now.saturating_since(*since));
                format!("{kind} was worked on {passed} s ago: looks again")
            }
            (None, None) => panic!("nothing is owed"),
        }
    }

    fn trickled(&mut self, now: Timestamp, told: &mut Told) -> String {
        if self.turn == Turn::Asks {
            self.turn = Turn::Waits(now);
            if let Trickle::Fixed { interval } = self.config.trickle {
                let passed = now.saturating_since(self.started).as_micros();
                let ticks = passed / interval.as_micros() + 1;
                let span = interval * u32::try_from(ticks).unwrap();
                self.arm(Timer::Trickle, self.started, span);
            }
            return "something waits: asks the schedule".into();
        }
        // A count below 253, then 36 bytes each.
        let inv = told.take_frame("inv");
        let count = usize::from(inv[0]);
        assert_eq!((count, inv.len()), (self.waiting, 1 + 36 * count));
        self.waiting = 0;
        self.turn = Turn::Rests;
        format!("an inv of {count} leaves")
    }

    fn is_random(&self) -> bool {
        matches!(self.config.trickle, Trickle::Poisson { .. })
    }
}

fn span_of(kind: RequestKind) -> Duration {
    Duration::from_secs(match kind {
        RequestKind::GetHeaders => 90,
        _ => 30,
    })
}
