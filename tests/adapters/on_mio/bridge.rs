//! The handler, and what it writes on the board of each connection for the threads that wait there.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use peer_core::{
    Command, DisconnectReason, Event, Link, Outcome, Remote, SendError, Stats, Ticket,
};
use peer_mio::{Handle, Handler, Peer, PeerId, Peers, RefusedCommand};

use super::MioEnd;
use crate::adapter::{Heard, NotSent};

/// Events that wait for the application; the connection is paused while it is full.
const EVENTS: usize = 64;

/// What became of a command.
type Answer = Sender<Result<Outcome, NotSent>>;

/// The handler.
#[derive(Default)]
pub(crate) struct Bridge {
    pub(super) handle: Option<Handle<Self>>,
    /// To whom those go who come in.
    pub(super) came: Option<Sender<Arc<MioEnd>>>,
    /// Who waits for a dial.
    pub(super) dials: HashMap<PeerId, Sender<io::Result<Arc<MioEnd>>>>,
    records: HashMap<PeerId, Record>,
}

/// What the reactor's thread knows of a connection.
struct Record {
    board: Arc<Board>,
    /// Messages that have not left.
    tickets: VecDeque<(Ticket, Outcome, Answer)>,
    /// Commands that there is no room for.
    line: VecDeque<(Command, Answer)>,
    /// Those who came when it was too late.
    late: Vec<Answer>,
}

impl Bridge {
    fn admit(&mut self, peer: &Peer<'_>) -> Arc<MioEnd> {
        let board = Arc::new(Board::new(peer.stats()));
        let record = Record {
            board: board.clone(),
            tickets: VecDeque::new(),
            line: VecDeque::new(),
            late: Vec::new(),
        };
        self.records.insert(peer.id(), record);
        Arc::new(MioEnd {
            handle: self.handle.clone().unwrap(),
            id: peer.id(),
            link: *peer.link(),
            board,
        })
    }

    /// Whether somebody waits for room.
    pub(super) fn has_line(&self, id: PeerId) -> bool {
        let record = self.records.get(&id);
        record.is_some_and(|record| !record.line.is_empty())
    }

    pub(super) fn command(
        &mut self,
        peers: &mut Peers,
        id: PeerId,
        command: Command,
        answer: Answer,
    ) {
        let (Some(record), Some(peer)) = (self.records.get_mut(&id), peers.get(id)) else {
            // The board tells why.
            return;
        };
        record.line.push_back((command, answer));
        record.move_up(peer);
    }
}

impl Record {
    /// Carries out what there is room for.
    fn move_up(&mut self, mut peer: Peer<'_>) {
        while let Some((command, answer)) = self.line.pop_front() {
            match peer.command(command) {
                Ok(outcome) => match outcome.ticket() {
                    Some(ticket) => self.tickets.push_back((ticket, outcome, answer)),
                    None => drop(answer.send(Ok(outcome))),
                },
                Err(SendError::Full(message)) => {
                    self.line.push_front((message.into(), answer));
                    return;
                }
                Err(SendError::Closed) => self.late.push(answer),
                Err(error) => drop(answer.send(Err(NotSent::Refused(error)))),
            }
        }
    }

    fn sent(&mut self, through: Option<Ticket>) {
        while let Some((ticket, ..)) = self.tickets.front()
            && Some(*ticket) <= through
            && let Some((_, outcome, answer)) = self.tickets.pop_front()
        {
            let _ = answer.send(Ok(outcome));
        }
    }

    fn unsent(&mut self, ticket: Ticket, error: SendError) {
        if let Some(place) = self.tickets.iter().position(|(known, ..)| *known == ticket)
            && let Some((_, _, answer)) = self.tickets.remove(place)
        {
            let _ = answer.send(Err(NotSent::Refused(error)));
        }
    }

    fn ended(&mut self, reason: &DisconnectReason, through: Option<Ticket>) {
        self.sent(through);
        let tickets = self.tickets.drain(..).map(|(_, _, answer)| answer);
        let line = self.line.drain(..).map(|(_, answer)| answer);
        for answer in tickets.chain(line).chain(self.late.drain(..)) {
            let _ = answer.send(Err(NotSent::Disconnected(reason.clone())));
        }
    }
}

impl Handler for Bridge {
    fn on_connected(&mut self, peer: Peer<'_>) {
        let end = self.admit(&peer);
        match (self.dials.remove(&peer.id()), &self.came) {
            (Some(waiting), _) => drop(waiting.send(Ok(end))),
            (None, Some(came)) => drop(came.send(end)),
            (None, None) => panic!("nobody was expected"),
        }
    }

    fn on_dial_failed(&mut self, _: &mut Peers, id: PeerId, _: &Link, error: io::Error) {
        let waiting = self.dials.remove(&id).unwrap();
        let _ = waiting.send(Err(error));
    }

    fn on_event(&mut self, mut peer: Peer<'_>, event: Event) {
        let record = self.records.get_mut(&peer.id()).unwrap();
        match event {
            Event::Sent { through } => record.sent(Some(through)),
            Event::Writable => record.move_up(peer),
            Event::Unsent { ticket, error } => record.unsent(ticket, *error),
            event => {
                let end = match &event {
                    Event::Disconnected {
                        reason,
                        sent_through,
                    } => Some((reason.clone(), *sent_through)),
                    _ => None,
                };
                if record.board.put(event, &peer) {
                    peer.pause();
                }
                if let Some((reason, through)) = end {
                    record.ended(&reason, through);
                }
            }
        }
    }

    fn on_closed(&mut self, _: &mut Peers, id: PeerId) {
        let record = self.records.remove(&id).unwrap();
        record.board.close();
    }

    fn on_refused(&mut self, _: &mut Peers, _: PeerId, refused: RefusedCommand) {
        panic!("no commands are queued: {refused}");
    }
}

/// What is known of one connection.
pub(super) struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    events: VecDeque<Event>,
    stats: Stats,
    remote: Option<Remote>,
    reason: Option<DisconnectReason>,
    closed: bool,
    /// Nobody takes events any more.
    deaf: bool,
    /// The connection is paused.
    full: bool,
}

impl Board {
    fn new(stats: Stats) -> Self {
        Self {
            state: Mutex::new(State {
                events: VecDeque::new(),
                stats,
                remote: None,
                reason: None,
                closed: false,
                deaf: false,
                full: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Writes an event down; whether there is no room for more.
    fn put(&self, event: Event, peer: &Peer<'_>) -> bool {
        let mut state = self.state.lock().unwrap();
        state.stats = peer.stats();
        state.remote = peer.remote().cloned();
        if let Event::Disconnected { reason, .. } = &event {
            state.reason = Some(reason.clone());
        }
        if !state.deaf {
            state.events.push_back(event);
        }
        state.full = state.events.len() >= EVENTS;
        self.changed.notify_all();
        state.full
    }

    fn close(&self) {
        self.state.lock().unwrap().closed = true;
        self.changed.notify_all();
    }

    /// The last hand is gone.
    pub(super) fn leave(&self) {
        let mut state = self.state.lock().unwrap();
        state.deaf = true;
        state.events.clear();
    }

    /// The next event, and whether there is room again.
    pub(super) fn take(&self, until: Instant) -> (Heard, bool) {
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(event) = state.events.pop_front() {
                let is_roomy = state.full && state.events.len() <= EVENTS / 2;
                state.full &= !is_roomy;
                return (Heard::Event(event), is_roomy);
            }
            if state.reason.is_some() {
                return (Heard::Over, false);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return (Heard::Nothing, false);
            }
            state = self.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    pub(super) fn closed(&self) -> DisconnectReason {
        let state = self.until(|state| state.closed);
        state.reason.clone().unwrap()
    }

    /// Why it ended, once it has.
    pub(super) fn reason(&self) -> DisconnectReason {
        let state = self.until(|state| state.reason.is_some());
        state.reason.clone().unwrap()
    }

    pub(super) fn stats(&self) -> Stats {
        self.state.lock().unwrap().stats.clone()
    }

    pub(super) fn remote(&self) -> Option<Remote> {
        self.state.lock().unwrap().remote.clone()
    }

    fn until(&self, done: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let state = self.state.lock().unwrap();
        let waited = self.changed.wait_while(state, |state| !done(state));
        waited.unwrap()
    }
}
