//! [`Peers`]: all connections of a reactor, for those who run on its thread.
//!
//! What is wanted of a connection is done to its machine at once; its socket has a turn afterwards,
//! when everybody's turn has come.

mod peer;
mod ports;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use peer_adapter::{ConnectError, Deck, Pump, TapeSink, V2Limiter, entropy};
use peer_core::{Config, EncodedMessage, Epoch, Link, SendError, Timestamp, TransportPolicy};
use slab::Slab;

pub use self::peer::Peer;
pub use self::ports::PortId;
pub(crate) use self::ports::{Arrival, Ports, is_port};
use crate::connection::{Connection, Stage};
use crate::error::StartError;
use crate::handle::Shutdown;
use crate::limits::Limits;
use crate::recorder::Recorder;
use crate::socket::Stream;
use crate::timers::Timers;

/// Names a connection of one reactor. Never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId {
    serial: u64,
    slot: usize,
}

impl PeerId {
    /// What never stood for a connection.
    pub(crate) const NOBODY: Self = Self {
        serial: u64::MAX,
        slot: usize::MAX,
    };
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.serial)
    }
}

/// All connections and ports of a reactor. Handlers are given it; so are
/// [calls](crate::Command::Call) from other threads, and whoever has the
/// [`Reactor`](crate::Reactor) in hand.
#[derive(Debug)]
pub struct Peers {
    pub(crate) limits: Limits,
    pub(crate) clock: Epoch,
    registry: Registry,
    pub(crate) connections: Slab<Box<Connection>>,
    /// Of the next connection.
    serial: u64,
    pub(crate) inbound: usize,
    /// Those that have something to do, in the order in which they had it.
    pub(crate) queue: VecDeque<usize>,
    pub(crate) timers: Timers,
    pub(crate) ports: Ports,
    pub(crate) limiter: Option<V2Limiter>,
    pub(crate) recorder: Recorder,
    pub(crate) shutdown: Option<Shutdown>,
}

/// What became of a [broadcast](Peers::broadcast), in connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broadcast {
    /// It is queued to these.
    pub queued: usize,
    /// These read more slowly than is sent, and have no room for it.
    pub full: usize,
    /// It cannot go to these: another network or version, a purpose that forbids it, or they are
    /// leaving.
    pub refused: usize,
}

impl Peers {
    pub(crate) fn new(registry: Registry, limits: Limits) -> Self {
        Self {
            limiter: limits.v2_handshakes.map(V2Limiter::new),
            limits,
            clock: Epoch::start(),
            registry,
            connections: Slab::new(),
            serial: 0,
            inbound: 0,
            queue: VecDeque::new(),
            timers: Timers::default(),
            ports: Ports::default(),
            recorder: Recorder::default(),
            shutdown: None,
        }
    }

    /// The present, as all machines of the reactor are told it.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Connections of every kind, those being dialled and those being closed included.
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// A connection, from [`on_connected`](crate::Handler::on_connected) to
    /// [`on_closed`](crate::Handler::on_closed); `None` before and after.
    pub fn get(&mut self, id: PeerId) -> Option<Peer<'_>> {
        let connection = self.connections.get(id.slot)?;
        let there = connection.serial == id.serial && connection.is_connected();
        there.then(|| Peer::new(self, id))
    }

    /// The connections that [`get`](Self::get) gives, as of now.
    pub fn ids(&self) -> Vec<PeerId> {
        let connected = self.connections.iter().filter(|(_, c)| c.is_connected());
        connected.map(|(slot, c)| id_of(slot, c)).collect()
    }

    /// Has connections recorded ([`peer_core::tape`]): `choose` is asked for each that is made from now on, and says
    /// where its tape goes, if anywhere. The sink takes it piece by piece, on the reactor's thread, and must not wait.
    /// Where the remote is dialled again that is a tape of its own, right behind the first.
    ///
    /// A tape holds the keys of the connection and the secret of its configuration.
    pub fn record(&mut self, choose: impl FnMut(&Link) -> Option<TapeSink> + Send + 'static) {
        self.recorder = Recorder::new(Box::new(choose));
    }

    /// Dials over TCP; small writes are not delayed (`TCP_NODELAY`). Where v2 is tried first and
    /// the remote hangs up as nodes do that know only v1, it is dialled once more, in v1 (BIP324;
    /// with [`TransportPolicy::Auto`](peer_core::TransportPolicy)); nobody is told of the first
    /// connection, and of the one that is kept once it is known how frames travel. A `link` without the remote's
    /// or our own address gets those of the socket; one that has them keeps them, as behind a tunnel
    /// or a proxy. [`Handler::on_connected`](crate::Handler::on_connected) or
    /// [`on_dial_failed`](crate::Handler::on_dial_failed) tells what became of it.
    ///
    /// # Errors
    /// [`StartError`], if it cannot even be begun.
    pub fn dial(
        &mut self,
        address: SocketAddr,
        config: Arc<Config>,
        mut link: Link,
    ) -> Result<PeerId, StartError> {
        self.admit(&config)?;
        link.remote = link.remote.or(Some(address));
        let until = self.now().saturating_add(self.limits.dial_timeout);
        let tcp = TcpStream::connect(address)?;
        let stage = Stage::Dialing {
            tcp,
            address,
            until,
        };
        let slot = self.enter(config, link, stage)?;
        let connection = &mut self.connections[slot];
        self.timers.set(slot, &mut connection.timer, Some(until));
        Ok(id_of(slot, connection))
    }

    /// Gives up a dial: neither its success nor its failure is told. Whether there was one.
    pub fn cancel_dial(&mut self, id: PeerId) -> bool {
        let Some(connection) = self.connections.get_mut(id.slot) else {
            return false;
        };
        if connection.serial != id.serial || !connection.is_dialing() {
            return false;
        }
        connection.stage = Stage::Cancelled;
        self.enqueue(id.slot);
        true
    }

    /// Speaks over a stream that somebody else has connected, through a proxy for instance: as the
    /// dialling or the accepting side, as `link` says. It is made non-blocking.
    /// [`Handler::on_connected`](crate::Handler::on_connected) is not called.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn adopt(
        &mut self,
        stream: std::net::TcpStream,
        config: Arc<Config>,
        mut link: Link,
    ) -> Result<PeerId, StartError> {
        self.admit(&config)?;
        stream.set_nonblocking(true)?;
        link.remote = link.remote.or_else(|| stream.peer_addr().ok());
        link.local = link.local.or_else(|| stream.local_addr().ok());
        let tcp = TcpStream::from_std(stream);
        let slot = self.welcome(tcp, config, link)?;
        Ok(id_of(slot, &self.connections[slot]))
    }

    /// Sends a message that was encoded once to every peer that has shaken hands: each costs a
    /// reference count, and its write when its turn comes.
    pub fn broadcast(&mut self, message: &EncodedMessage) -> Broadcast {
        let mut broadcast = Broadcast::default();
        for (slot, connection) in &mut self.connections {
            if !connection.is_connected() || !connection.machine.is_negotiated() {
                continue;
            }
            match connection.machine.send_encoded(message) {
                Ok(_) => broadcast.queued += 1,
                Err(SendError::Full(_)) => broadcast.full += 1,
                Err(_) => broadcast.refused += 1,
            }
            connection.join(slot, &mut self.queue);
        }
        broadcast
    }

    /// Shuts the reactor down: [`Reactor::run`](crate::Reactor::run) returns once every connection
    /// is closed. Nothing is dialled or accepted any more. Asked again for less, nothing changes.
    pub fn shut_down(&mut self, how: Shutdown) {
        if self.shutdown >= Some(how) {
            return;
        }
        self.shutdown = Some(how);
        self.ports.close_all();
        let slots: Vec<usize> = self.connections.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            let id = id_of(slot, &self.connections[slot]);
            if self.cancel_dial(id) {
                continue;
            }
            if let Some(mut peer) = self.get(id) {
                match how {
                    Shutdown::Graceful => peer.disconnect(),
                    Shutdown::Immediate => peer.abort(),
                }
            }
        }
    }

    /// It has something to do.
    pub(crate) fn enqueue(&mut self, slot: usize) {
        if let Some(connection) = self.connections.get_mut(slot) {
            connection.join(slot, &mut self.queue);
        }
    }

    /// The connection in `slot`, where there is one.
    pub(crate) fn at(&mut self, slot: usize) -> Peer<'_> {
        let id = self.id(slot);
        Peer::new(self, id)
    }

    pub(crate) fn id(&self, slot: usize) -> PeerId {
        id_of(slot, &self.connections[slot])
    }

    /// Whether one more may be begun.
    fn admit(&self, config: &Config) -> Result<(), StartError> {
        config.validate().map_err(ConnectError::from)?;
        if self.shutdown.is_some() {
            return Err(StartError::ShuttingDown);
        }
        let limit = self.limits.peers;
        if self.connections.len() >= limit {
            return Err(StartError::TooManyPeers { limit });
        }
        Ok(())
    }

    /// Takes a stream in that is connected.
    pub(crate) fn welcome(
        &mut self,
        tcp: TcpStream,
        config: Arc<Config>,
        link: Link,
    ) -> Result<usize, StartError> {
        // Fails only on a connection that is dead already, which its first turn will find out.
        let _ = tcp.set_nodelay(true);
        let slot = self.enter(config, link, Stage::Connected(Pump::new(Stream::new(tcp))))?;
        self.enqueue(slot);
        Ok(slot)
    }

    fn enter(
        &mut self,
        config: Arc<Config>,
        link: Link,
        mut stage: Stage,
    ) -> Result<usize, StartError> {
        let seed = entropy()?;
        let entry = self.connections.vacant_entry();
        let slot = entry.key();
        let tcp = match &mut stage {
            Stage::Dialing { tcp, .. } => Some(tcp),
            Stage::Connected(pump) => pump.socket_mut().map(Stream::tcp_mut),
            Stage::Busy | Stage::Cancelled => None,
        };
        if let Some(tcp) = tcp {
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.registry.register(tcp, Token(slot), interest)?;
        }
        self.inbound += usize::from(link.is_inbound());
        let asked = link.transport;
        let mut link = link;
        if matches!(stage, Stage::Dialing { .. }) {
            // Nobody sees this machine, so it need not make a key.
            link.transport = Some(TransportPolicy::V1);
        }
        let now = self.clock.now();
        let mut deck = Deck::new(config.clone(), link, now, seed);
        // Of a dial the recording begins when the connection is made.
        if matches!(stage, Stage::Connected(_))
            && let Some(sink) = self.recorder.sink(&link)
        {
            deck.record(sink);
            deck.begin(config, link, now, seed);
        }
        let mut connection = Connection::new(self.serial, deck, stage);
        connection.asked = asked;
        entry.insert(Box::new(connection));
        self.serial = self.serial.saturating_add(1);
        Ok(slot)
    }

    /// The connection in `slot` has come to nothing, and is dialled again, in v1.
    pub(crate) fn redial(
        &mut self,
        slot: usize,
        address: SocketAddr,
        now: Timestamp,
    ) -> io::Result<()> {
        let until = now.saturating_add(self.limits.dial_timeout);
        let mut tcp = TcpStream::connect(address)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.registry.register(&mut tcp, Token(slot), interest)?;
        let connection = &mut self.connections[slot];
        connection.stage = Stage::Dialing {
            tcp,
            address,
            until,
        };
        connection.is_second = true;
        self.timers.set(slot, &mut connection.timer, Some(until));
        Ok(())
    }

    /// The connection is no more.
    pub(crate) fn remove(&mut self, slot: usize) {
        let Some(mut connection) = self.connections.try_remove(slot) else {
            return;
        };
        self.timers.set(slot, &mut connection.timer, None);
        if connection.machine.link().is_inbound() {
            self.inbound -= 1;
        }
        if self.connections.is_empty() {
            // What a crowd has needed does not stay when it has left.
            self.connections.shrink_to_fit();
        }
    }
}

fn id_of(slot: usize, connection: &Connection) -> PeerId {
    PeerId {
        serial: connection.serial,
        slot,
    }
}
