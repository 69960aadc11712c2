//! The runtime-free half of an adapter: what stands between the handles of a connection and the
//! future that drives it.
//!
//! ```text
//!   Peer ──requests, orders──► ┌────────┐ ──► Session ──► PeerMachine
//!                              │ Shared │
//!   Events, listeners ◄─events─└────────┘ ◄── Session ◄── PeerMachine
//! ```
//!
//! - `shared.rs`: the two bounded queues and what is told to everyone, behind one short lock that
//!   never holds the machine and is never held while something is woken or called;
//! - `shared/session.rs`: moves requests into the machine and events out of it;
//! - `shared/stream.rs`: the events for those who take them;
//! - `shared/listeners.rs`: the events for those who are called;
//! - `shared/ledger.rs`: which message somebody waits for;
//! - `shared/waiting.rs`: futures that wait for the same thing;
//! - `shared/bounded.rs`: what the two queues have in common.
//!
//! Depends on `core::task`, `futures-core` shapes and peer-core; knows no socket, no timer and no
//! runtime, so that it can serve another adapter as it stands.

mod bounded;
mod closing;
mod ledger;
mod listeners;
mod session;
mod stream;
mod waiting;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use peer_core::{Command, Event, Link, Listeners, PeerMachine, Remote, Stats};

use self::bounded::Bounded;
pub(crate) use self::ledger::Promise;
pub(crate) use self::session::{Birth, Session};
use self::waiting::WaitList;
use crate::audience::Audience;
use crate::error::{Disconnected, QueueError};

/// Requests that wait for the driver, beyond what waits in the machine
/// ([`Limits::send_high`](peer_core::Limits)).
const MAX_REQUESTS: usize = 64;

/// Bytes of large messages among them; one message may overshoot.
const MAX_REQUEST_BYTES: usize = 1_024 * 1_024;

/// Events that wait for the application. Beyond it the machine is not polled.
const MAX_EVENTS: usize = 64;

/// Wire bytes of the messages among them; one message may overshoot.
const MAX_EVENT_BYTES: usize = 1_024 * 1_024;

/// A wish on its way to the machine.
#[derive(Debug)]
pub(crate) struct Request {
    command: Command,
    /// Of the one who waits until it was granted, and what it led to was sent.
    promise: Option<Arc<Promise>>,
}

/// How our side wants to leave. Only ever rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Farewell {
    /// It does not.
    #[default]
    Stay,
    /// After everything requested before was flushed.
    Graceful,
    /// At once.
    Abort,
}

/// What overtakes the requests.
#[derive(Debug)]
struct Orders {
    /// On the remote's v2 handshake.
    admission: Option<Command>,
    /// On the remote's `version`.
    verdict: Option<Command>,
    farewell: Farewell,
}

/// What the handles, the event stream and the session of one connection share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    link: Link,

    // From the handles to the session.
    requests: Bounded<Request>,
    /// Senders that wait for room among the requests.
    room: WaitList,
    admission: Option<Command>,
    verdict: Option<Command>,
    farewell: Farewell,
    /// The driver, while it sleeps.
    driver: Option<Waker>,

    // From the session to the event stream and the listeners.
    events: Bounded<Event>,
    /// Whoever waits for the next event of the stream.
    taker: Option<Waker>,
    /// Nobody takes events any more.
    deaf: bool,
    /// Those that are called; the session borrows them one by one.
    listeners: Listeners,
    /// The session has stopped polling events for want of room.
    starved: bool,

    // From the session to everyone.
    stats: Stats,
    remote: Option<Arc<Remote>>,
    /// The connection ended.
    ended: Option<Arc<Disconnected>>,
    /// The driver has finished, and the socket is closed.
    closed: bool,
    /// Those who wait for that.
    mourners: WaitList,
}

impl Shared {
    pub(crate) fn new(machine: &PeerMachine) -> Self {
        Self {
            state: Mutex::new(State {
                link: *machine.link(),
                requests: Bounded::new(MAX_REQUESTS, MAX_REQUEST_BYTES),
                room: WaitList::default(),
                admission: None,
                verdict: None,
                farewell: Farewell::default(),
                driver: None,
                events: Bounded::new(MAX_EVENTS, MAX_EVENT_BYTES),
                taker: None,
                deaf: false,
                listeners: Listeners::default(),
                starved: false,
                stats: machine.stats(),
                remote: None,
                ended: None,
                closed: false,
                mourners: WaitList::default(),
            }),
        }
    }

    /// A panic elsewhere while the lock was held leaves nothing half-done here.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For the handles.
impl Shared {
    pub(crate) fn link(&self) -> Link {
        self.lock().link
    }

    pub(crate) fn stats(&self) -> Stats {
        self.lock().stats.clone()
    }

    pub(crate) fn remote(&self) -> Option<Arc<Remote>> {
        self.lock().remote.clone()
    }

    /// Takes a wish if there is room now and nobody waits for it.
    pub(crate) fn try_request(&self, command: Command) -> Result<(), QueueError> {
        let mut state = self.lock();
        if state.is_closed() {
            return Err(QueueError::Closed(command));
        }
        if !state.requests.has_room() || !state.room.is_empty() {
            return Err(QueueError::Full(command));
        }
        state.requests.push(Request {
            command,
            promise: None,
        });
        rouse(state);
        Ok(())
    }

    /// Takes the wish when there is room and everyone who came earlier was served: strictly in
    /// order, so that one task's messages leave in the order in which it began to send them.
    /// `place` is where the caller stands in the line; give it to [`Shared::leave_line`].
    pub(crate) fn poll_request(
        &self,
        cx: &Context<'_>,
        place: &mut Option<u64>,
        command: &mut Option<Command>,
    ) -> Poll<Result<Arc<Promise>, Arc<Disconnected>>> {
        let mut state = self.lock();
        if let Some(ended) = &state.ended {
            return Poll::Ready(Err(ended.clone()));
        }
        let id = *place.get_or_insert_with(|| state.room.join());
        let open = state.farewell == Farewell::Stay
            && state.requests.has_room()
            && state.room.is_first(id);
        let Some(command) = command.take_if(|_| open) else {
            state.room.wait(id, cx.waker());
            return Poll::Pending;
        };
        let promise = Arc::new(Promise::default());
        state.requests.push(Request {
            command,
            promise: Some(promise.clone()),
        });
        rouse(state);
        Poll::Ready(Ok(promise))
    }

    /// The place goes to whoever is next.
    pub(crate) fn leave_line(&self, place: u64) {
        let mut state = self.lock();
        state.room.leave(place);
        let next = state.room.first();
        drop(state);
        wake(next);
    }

    pub(crate) fn verdict(&self, verdict: Command) {
        let mut state = self.lock();
        match verdict {
            Command::AdmitV2 | Command::RefuseV2 => state.admission = Some(verdict),
            verdict => state.verdict = Some(verdict),
        }
        rouse(state);
    }

    pub(crate) fn leave(&self, farewell: Farewell) {
        let mut state = self.lock();
        state.farewell = state.farewell.max(farewell);
        rouse(state);
    }
}

/// For the session.
impl Shared {
    /// Reports for duty: `waker` is woken when there is something to do.
    fn report(&self, waker: &Waker, machine: &PeerMachine) -> Orders {
        let mut state = self.lock();
        if state.ended.is_none() {
            machine.stats_into(&mut state.stats);
        }
        register(&mut state.driver, waker);
        Orders {
            admission: state.admission.take(),
            verdict: state.verdict.take(),
            farewell: state.farewell,
        }
    }

    /// The connection begins anew, over another stream.
    fn set_link(&self, link: Link) {
        self.lock().link = link;
    }

    /// Whether our side wants to leave.
    fn is_left(&self) -> bool {
        self.lock().farewell != Farewell::Stay
    }

    fn next_request(&self) -> Option<Request> {
        let mut state = self.lock();
        let request = state.requests.pop()?;
        let next = state.room.first();
        drop(state);
        wake(next);
        Some(request)
    }

    fn has_requests(&self) -> bool {
        !self.lock().requests.is_empty()
    }

    /// Whether another event may be polled; if not, the application's taking some wakes the
    /// driver.
    fn has_event_room(&self) -> bool {
        let mut state = self.lock();
        let room = state.deaf || state.events.has_room();
        state.starved = !room;
        room
    }

    /// Tells the application what happened, the listeners first; the numbers and what is known of
    /// the remote are never older than the event.
    fn publish(&self, event: Event, machine: &PeerMachine, remote: Option<Arc<Remote>>) {
        let mut state = self.lock();
        machine.stats_into(&mut state.stats);
        if remote.is_some() {
            state.remote = remote;
        }
        if !state.listeners.is_empty() {
            drop(state);
            { self }.call_listeners(&event);
            state = self.lock();
        }
        if state.deaf {
            return;
        }
        state.events.push(event);
        let taker = state.taker.take();
        drop(state);
        wake(taker);
    }

    /// The connection ended; returns those whose messages nobody will take any more.
    fn end(&self, ended: Arc<Disconnected>) -> VecDeque<Request> {
        let last = Event::Disconnected {
            reason: ended.reason.clone(),
            sent_through: ended.sent_through,
        };
        let mut state = self.lock();
        state.stats.clone_from(&ended.stats);
        // A listener that hears of the end can queue nothing any more.
        state.farewell = state.farewell.max(Farewell::Graceful);
        drop(state);
        { self }.call_listeners(&last);
        let mut state = self.lock();
        state.ended = Some(ended);
        if !state.deaf {
            state.events.push(last);
        }
        let unsent = state.requests.drain();
        let woken = state.room.drain();
        let taker = state.taker.take();
        drop(state);
        { self }.dismiss_listeners();
        wake(woken.into_iter().chain(taker));
        unsent
    }

    /// Nothing more will happen.
    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let woken = state.mourners.drain();
        drop(state);
        wake(woken);
    }
}

/// There is something to do for the driver.
fn rouse(mut state: MutexGuard<'_, State>) {
    let driver = state.driver.take();
    drop(state);
    wake(driver);
}

/// Remembers whom to wake; cheap if it is the same as before.
fn register(slot: &mut Option<Waker>, waker: &Waker) {
    match slot {
        Some(known) => known.clone_from(waker),
        None => *slot = Some(waker.clone()),
    }
}

/// Never called with the lock held: a waker may run anything.
fn wake(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}
