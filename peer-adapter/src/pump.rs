//! [`Pump`]: moves bytes and time between a socket and a machine.
//!
//! ```text
//!   a turn:   wishes in, events out  ─►  read once  ─►  write once  ─►  flush
//!             └──────── the owner's ─┘
//!   turns follow each other while anything happens and the budget lasts;
//!   then time is judged; then the pump waits, or gives way to the others on its thread
//! ```
//!
//! It knows no message and no rule of the protocol, and nothing of who wakes it: the same pump runs
//! in the poll function of a future and in a loop over ready sockets.

mod broken;
mod parting;

use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use peer_core::tape::TapedMachine;
use peer_core::{DisconnectReason, Epoch, HangUp, Timestamp};

use self::broken::Broken;
use self::parting::Parting;

/// A stream of bytes that never blocks. What is not ready is `Pending`; `cx` is for those who wake
/// tasks, and whoever learns of readiness in another way may ignore it.
pub trait Socket {
    /// Reads once, into a window that is never empty; 0 is the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>, window: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes once, of slices that are not all empty; one that cannot write several takes the first.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>;

    /// Sees to it that what was written leaves, where the stream holds it back (TLS, for instance).
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Shuts the write half down. Called again until it is ready.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Whether a read that was `Pending` just now says something of the stream, or only that it is
    /// somebody else's turn.
    fn pending_is_true(&self) -> bool {
        true
    }
}

/// A clock that does not go back.
pub trait Clock {
    /// The present.
    fn now(&self) -> Timestamp;
}

impl Clock for Epoch {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }
}

/// The one who has the machine: wants things of it, and hears what it tells.
pub trait Owner {
    /// Its machine; the doors for bytes are the pump's.
    fn machine(&mut self) -> &mut TapedMachine;

    /// Wishes in, events out; whether anything happened. Once the socket `hung_up` nothing more
    /// arrives: what has arrived is little, and must be taken whatever happens.
    fn exchange(&mut self, cx: &mut Context<'_>, hung_up: bool, now: Timestamp) -> bool;

    /// Whether the machine may have more to tell and has to wait for somebody to take it. Whoever
    /// takes some calls for the pump.
    fn is_starved(&self) -> bool;

    /// When [`tick`](Self::tick) wants to be called.
    fn deadline(&self) -> Option<Timestamp>;

    /// Time has come to `now`.
    fn tick(&mut self, now: Timestamp);

    /// Whether wishes wait that the machine has no room for yet, and would still carry out: at the
    /// end of the remote's stream it is given time for them, as its handles were promised.
    fn has_wishes(&self) -> bool;

    /// A run is over, the last one if `is_last`: what was recorded of it may be put away.
    fn wind(&mut self, is_last: bool);

    /// Why the connection ended, once the last event was told.
    fn ended(&self) -> Option<&DisconnectReason>;

    /// After the end: how long the socket may be kept for what was flushed to arrive. `None`: it
    /// is closed at once, as it is when there is nobody to part from.
    fn patience(&mut self, cx: &mut Context<'_>, now: Timestamp) -> Option<Timestamp>;
}

/// What is to be done after a [run](Pump::run).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Run again when the socket is ready, when there is something to exchange, or when this time
    /// has come, if there is one.
    Wait(Option<Timestamp>),
    /// Run again soon: there is more to do, and others wait for their turn.
    Yield,
    /// The connection is over and the socket closed.
    Done,
}

/// One socket, and how far it has come.
#[derive(Debug)]
pub struct Pump<S> {
    /// None once it is closed.
    socket: Option<S>,
    /// The socket takes no more; what had arrived is read before the machine hears of it.
    broken: Option<Broken>,
    /// The remote has said all that it will. Until then it is still sent what waits for the machine,
    /// which hears of this afterwards.
    last_call: Option<Timestamp>,
    /// The machine knows that nothing more comes.
    hung_up: bool,
    /// Bytes may sit in a buffer of the socket.
    unflushed: bool,
    /// For when the connection has ended, and the socket has not.
    parting: Parting,
}

impl<S> Pump<S> {
    /// Over a socket that is connected.
    pub fn new(socket: S) -> Self {
        Self {
            socket: Some(socket),
            broken: None,
            last_call: None,
            hung_up: false,
            unflushed: false,
            parting: Parting::default(),
        }
    }

    /// The socket, until it is closed.
    pub fn socket_mut(&mut self) -> Option<&mut S> {
        self.socket.as_mut()
    }
}

impl<S: Socket> Pump<S> {
    /// Does what can be done now, but not more than is fair.
    pub fn run(
        &mut self,
        owner: &mut impl Owner,
        clock: &impl Clock,
        cx: &mut Context<'_>,
    ) -> Step {
        let step = self.take_turns(owner, clock, cx);
        owner.wind(step == Step::Done);
        step
    }

    fn take_turns(
        &mut self,
        owner: &mut impl Owner,
        clock: &impl Clock,
        cx: &mut Context<'_>,
    ) -> Step {
        let mut budget = BUDGET;
        while owner.ended().is_none() {
            let now = clock.now();
            budget = budget.saturating_sub(TURN);
            if self.turn(owner, cx, now, &mut budget) && budget > 0 {
                continue;
            }
            // Time is judged after all that has arrived, or as much of it as is fair.
            let until = self.watch_time(owner, clock.now());
            if budget == 0 {
                return Step::Yield;
            }
            if let Some(step) = until {
                return step;
            }
        }
        self.part(owner, cx, clock.now())
    }

    /// Events, read, write. False if nothing is left to do but wait.
    fn turn(
        &mut self,
        owner: &mut impl Owner,
        cx: &mut Context<'_>,
        now: Timestamp,
        budget: &mut usize,
    ) -> bool {
        let mut busy = owner.exchange(cx, self.hung_up, now);
        busy |= self.read(owner, cx, now, budget);
        busy |= self.write(owner.machine(), cx, now);
        busy | self.flush(owner.machine(), cx, now)
    }

    /// Tells the time if it was asked for; how long to wait if not. The clock decides, not the
    /// timer that was set.
    fn watch_time(&mut self, owner: &mut impl Owner, now: Timestamp) -> Option<Step> {
        if self
            .broken
            .as_mut()
            .is_some_and(|broken| broken.is_due(now))
        {
            return None;
        }
        let last_words = self.broken.as_ref().and_then(Broken::until);
        let pump = last_words.into_iter().chain(self.last_call);
        let until = owner.deadline().into_iter().chain(pump).min();
        if until.is_some_and(|at| at <= now) {
            owner.tick(now);
            return None;
        }
        Some(Step::Wait(until))
    }

    /// Reads once, into the window the machine lends.
    fn read(
        &mut self,
        owner: &mut impl Owner,
        cx: &mut Context<'_>,
        now: Timestamp,
        budget: &mut usize,
    ) -> bool {
        if let Some(until) = self.last_call {
            return self.close_down(owner, until, now);
        }
        let read = match self.poll_read(owner.machine(), cx, *budget) {
            Some(Poll::Ready(read)) => read,
            Some(Poll::Pending) => {
                // Gives the window back: a connection that hears nothing owns no buffer.
                owner.machine().received(0, now);
                return self.break_off(owner, true, now);
            }
            None => return self.break_off(owner, false, now),
        };
        match read {
            // The window is never empty, so this is the end of the stream.
            Ok(0) => {
                let machine = owner.machine();
                machine.received(0, now);
                self.last_call = Some(now.saturating_add(machine.config().timeouts.flush));
            }
            Ok(n) => {
                *budget = budget.saturating_sub(n);
                owner.machine().received(n, now);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.broken = None;
                self.hang_up(owner.machine(), meaning(&error), now);
            }
        }
        true
    }

    /// One read of at most `most` bytes; `None` if the machine wants none now.
    fn poll_read(
        &mut self,
        machine: &mut TapedMachine,
        cx: &mut Context<'_>,
        most: usize,
    ) -> Option<Poll<io::Result<usize>>> {
        let socket = self.socket.as_mut()?;
        let window = machine.inbound()?;
        let len = window.len().min(most.max(TURN));
        Some(socket.poll_read(cx, window.get_mut(..len)?))
    }

    /// Nothing was read: tells the machine that the socket broke, if it did and nothing that had
    /// arrived would be lost. Whether it told.
    fn break_off(&mut self, owner: &mut impl Owner, wanted: bool, now: Timestamp) -> bool {
        let silent = if wanted {
            let candid = self.socket.as_ref().is_none_or(Socket::pending_is_true);
            candid && self.broken.as_ref().is_some_and(Broken::is_believed)
        } else {
            // What waits for the application is still to be read, once it has taken some. What
            // waits for the remote to read our replies never will be.
            !owner.is_starved()
        };
        let Some(broken) = self.broken.take_if(|_| silent) else {
            return false;
        };
        self.hang_up(owner.machine(), broken.how, now);
        true
    }

    /// The remote has said all: tells the machine, unless there is still something to send. Whether
    /// it told.
    fn close_down(&mut self, owner: &mut impl Owner, until: Timestamp, now: Timestamp) -> bool {
        if self.broken.is_none() && owner.has_wishes() && now < until {
            return false;
        }
        self.last_call = None;
        let broken = self.broken.take().map(|broken| broken.how);
        let how = broken.unwrap_or(HangUp::EndOfStream);
        self.hang_up(owner.machine(), how, now);
        true
    }

    fn hang_up(&mut self, machine: &mut TapedMachine, how: HangUp, now: Timestamp) {
        self.hung_up = true;
        machine.hung_up(how, now);
    }

    /// Writes once, what the machine lends.
    fn write(&mut self, machine: &mut TapedMachine, cx: &mut Context<'_>, now: Timestamp) -> bool {
        if self.broken.is_some() || !machine.wants_write() {
            return false;
        }
        let Some(written) = self.poll_write(machine, cx) else {
            return false;
        };
        match written {
            Ok(0) => self.broken = Some(Broken::new(HangUp::LocalError, now)),
            Ok(n) => {
                self.unflushed = true;
                machine.sent(n, now);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.broken = Some(Broken::new(meaning(&error), now)),
        }
        true
    }

    /// One write; `None` if the machine has nothing to lend now, or the socket takes nothing.
    fn poll_write(
        &mut self,
        machine: &mut TapedMachine,
        cx: &mut Context<'_>,
    ) -> Option<io::Result<usize>> {
        let socket = self.socket.as_mut()?;
        let outbound = machine.outbound();
        if outbound.is_empty() {
            return None;
        }
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let filled = outbound.io_slices(&mut slices);
        match socket.poll_write(cx, slices.get(..filled).unwrap_or_default()) {
            Poll::Pending => None,
            Poll::Ready(written) => Some(written),
        }
    }

    /// Lets a buffering stream write what it holds, once the machine has nothing to add.
    fn flush(&mut self, machine: &TapedMachine, cx: &mut Context<'_>, now: Timestamp) -> bool {
        if !self.unflushed || self.broken.is_some() || machine.wants_write() {
            return false;
        }
        let Some(socket) = &mut self.socket else {
            return false;
        };
        match socket.poll_flush(cx) {
            Poll::Pending => false,
            Poll::Ready(flushed) => {
                self.unflushed = false;
                self.broken = flushed.err().map(|error| Broken::new(meaning(&error), now));
                self.broken.is_some()
            }
        }
    }

    /// The connection has ended; the socket follows.
    fn part(&mut self, owner: &mut impl Owner, cx: &mut Context<'_>, now: Timestamp) -> Step {
        let patience = owner.patience(cx, now);
        let patience = patience.filter(|_| !owner.ended().is_some_and(parting::is_abrupt));
        let step = match (&mut self.socket, patience) {
            (Some(socket), Some(patience)) => self.parting.run(socket, cx, patience, now),
            _ => Step::Done,
        };
        if step == Step::Done {
            self.socket = None;
        }
        step
    }
}

/// What an error of the socket means to the machine.
fn meaning(error: &io::Error) -> HangUp {
    match error.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => HangUp::Reset,
        _ => HangUp::LocalError,
    }
}

/// Bytes read in one run, before others on the same thread have their turn. A runtime may let a
/// ready task run dozens of times before it looks who else is ready (tokio: 61), so it is not much.
const BUDGET: usize = 64 * 1_024;

/// What a turn costs beside them, so that turns without bytes are bounded too.
const TURN: usize = 1_024;

/// Slices of one vectored write.
const MAX_SLICES: usize = 64;

#[cfg(test)]
mod tests;
