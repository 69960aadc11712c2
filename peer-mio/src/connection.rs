//! One connection, from its dial to its end.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;

use mio::net::TcpStream;
use peer_adapter::{Audience, Deck, Pump};
use peer_core::{Config, DisconnectReason, Event, Link, Listeners, Timestamp, TransportPolicy};

use crate::socket::Stream;

/// A machine, its socket, and what the reactor and the application want of it.
pub(crate) struct Connection {
    /// Told apart from earlier ones in the same place.
    pub(crate) serial: u64,
    /// While it is dialled, one that nobody sees: its time begins when the connection is made.
    pub(crate) machine: Deck,
    pub(crate) stage: Stage,
    /// Nobody is told of it yet: until it is known how frames travel, it may have to be dialled
    /// again.
    pub(crate) unsettled: Option<Unsettled>,
    /// It was dialled again, in v1.
    pub(crate) is_second: bool,
    /// The transport that the application asked for.
    pub(crate) asked: Option<TransportPolicy>,
    /// An event that came while the application was told of the connection, and takes none.
    pub(crate) held: Option<Event>,
    /// It waits in the line of those who have something to do.
    pub(crate) is_queued: bool,
    /// What its timer is set to.
    pub(crate) timer: Option<Timestamp>,
    /// The application takes no events.
    pub(crate) is_paused: bool,
    pub(crate) farewell: Farewell,
    /// Why it ended, once that was told.
    pub(crate) reason: Option<DisconnectReason>,
    pub(crate) listeners: Listeners,
}

/// What is needed to dial it again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsettled {
    pub(crate) address: SocketAddr,
    /// Our own address, if the application gave one.
    pub(crate) local: Option<SocketAddr>,
}

/// How far a connection has come.
pub(crate) enum Stage {
    /// Being made, until this time at most.
    Dialing {
        tcp: TcpStream,
        address: SocketAddr,
        until: Timestamp,
    },
    /// Made.
    Connected(Pump<Stream>),
    /// It has its turn just now, and whoever gave it that holds the rest.
    Busy,
    /// Given up by the application before it was made.
    Cancelled,
}

/// How our side leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    Stay,
    /// What was sent before is flushed, and the remote has until then to hear it.
    Until(Timestamp),
    AtOnce,
}

impl Connection {
    pub(crate) fn new(serial: u64, machine: Deck, stage: Stage) -> Self {
        Self {
            serial,
            machine,
            stage,
            unsettled: None,
            is_second: false,
            asked: None,
            held: None,
            is_queued: false,
            timer: None,
            is_paused: false,
            farewell: Farewell::Stay,
            reason: None,
            listeners: Listeners::default(),
        }
    }

    /// Joins the line of those who have something to do, once.
    pub(crate) fn join(&mut self, slot: usize, line: &mut VecDeque<usize>) {
        if !mem::replace(&mut self.is_queued, true) {
            line.push_back(slot);
        }
    }

    /// Whether it is past its dial, and the application knows of it.
    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.stage, Stage::Connected(_) | Stage::Busy) && self.unsettled.is_none()
    }

    /// Whether it ended so that it is to be dialled again.
    pub(crate) fn asks_for_v1(&self) -> bool {
        let reason = self.reason.as_ref();
        self.unsettled.is_some() && reason.is_some_and(DisconnectReason::asks_for_v1)
    }

    /// Whether it is being dialled, as far as the application knows.
    pub(crate) fn is_dialing(&self) -> bool {
        matches!(self.stage, Stage::Dialing { .. }) || self.unsettled.is_some()
    }

    /// What a machine needs to begin with: the link as it was asked for.
    pub(crate) fn origin(&self) -> (Arc<Config>, Link) {
        let mut link = *self.machine.link();
        link.transport = self.asked;
        (self.machine.config().clone(), link)
    }
}

impl Audience for Connection {
    fn with_listeners<R>(&mut self, act: impl FnOnce(&mut Listeners) -> R) -> R {
        act(&mut self.listeners)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("serial", &self.serial)
            .field("link", self.machine.link())
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}
