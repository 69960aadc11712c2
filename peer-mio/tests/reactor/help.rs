//! A handler that writes down what it hears, and a reactor in the hand of the test.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use peer_core::message::{CommandName, Message};
use peer_core::network::Network;
use peer_core::{Config, DisconnectReason, Event, Link};
use peer_mio::{Handler, Limits, Peer, PeerId, Peers, PortId, Reactor, RefusedCommand};

/// What a handler was told, in words that compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Connected,
    Version,
    Negotiated,
    Message(Message),
    Sent,
    Disconnected(DisconnectReason),
    Closed,
}

/// Writes everything down, by connection.
#[derive(Default)]
pub(crate) struct Diary {
    pub(crate) heard: BTreeMap<PeerId, Vec<Heard>>,
    pub(crate) dials_failed: Vec<(PeerId, Link, io::Error)>,
    pub(crate) turned_away: Vec<SocketAddr>,
    pub(crate) refused: Vec<(PeerId, RefusedCommand)>,
    /// Pauses every connection that hears this many messages.
    pub(crate) pause_after: Option<usize>,
}

impl Diary {
    pub(crate) fn of(&self, id: PeerId) -> &[Heard] {
        self.heard.get(&id).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn messages(&self, id: PeerId) -> Vec<&Message> {
        let messages = self.of(id).iter().filter_map(|heard| match heard {
            Heard::Message(message) => Some(message),
            _ => None,
        });
        messages.collect()
    }

    pub(crate) fn reason(&self, id: PeerId) -> Option<&DisconnectReason> {
        self.of(id).iter().find_map(|heard| match heard {
            Heard::Disconnected(reason) => Some(reason),
            _ => None,
        })
    }

    fn note(&mut self, id: PeerId, heard: Heard) {
        self.heard.entry(id).or_default().push(heard);
    }
}

impl Handler for Diary {
    fn on_event(&mut self, mut peer: Peer<'_>, event: Event) {
        let id = peer.id();
        match event {
            Event::Version(_) => self.note(id, Heard::Version),
            Event::Negotiated => self.note(id, Heard::Negotiated),
            Event::Sent { .. } => self.note(id, Heard::Sent),
            Event::Disconnected { reason, .. } => self.note(id, Heard::Disconnected(reason)),
            Event::Message { message, .. } if !is_own(&message) => {
                self.note(id, Heard::Message(message));
                if self.pause_after == Some(self.messages(id).len()) {
                    peer.pause();
                }
            }
            _ => {}
        }
    }

    fn on_connected(&mut self, peer: Peer<'_>) {
        self.note(peer.id(), Heard::Connected);
    }

    fn on_closed(&mut self, peers: &mut Peers, id: PeerId) {
        assert!(peers.get(id).is_none(), "closed is gone");
        self.note(id, Heard::Closed);
    }

    fn on_dial_failed(&mut self, _: &mut Peers, id: PeerId, link: &Link, error: io::Error) {
        self.dials_failed.push((id, *link, error));
    }

    fn on_turned_away(&mut self, _: &mut Peers, remote: SocketAddr) {
        self.turned_away.push(remote);
    }

    fn on_port_failed(&mut self, _: &mut Peers, _: PortId, error: io::Error) {
        panic!("the port failed: {error}");
    }

    fn on_refused(&mut self, _: &mut Peers, id: PeerId, refused: RefusedCommand) {
        self.refused.push((id, refused));
    }
}

/// What machines send of their own accord, and what is of no interest.
fn is_own(message: &Message) -> bool {
    match message {
        Message::Ping(_) | Message::Pong(_) | Message::WtxidRelay | Message::SendAddrV2 => true,
        Message::Unknown { command, .. } => command.as_str() == "flood",
        _ => false,
    }
}

/// More than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Settings of the side `secret` stands for: two sides that are to talk need two secrets.
pub(crate) fn config(secret: u8) -> Arc<Config> {
    Arc::new(quick(secret))
}

/// The same, to be changed. Parting is short: no remote here needs long.
pub(crate) fn quick(secret: u8) -> Config {
    let mut config = Config::with_secret(Network::REGTEST, [secret; 32]);
    config.timeouts.flush = Duration::from_millis(500);
    config
}

pub(crate) fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A reactor, and a port of it.
pub(crate) struct Stage {
    pub(crate) reactor: Reactor<Diary>,
    pub(crate) port: PortId,
    pub(crate) address: SocketAddr,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default(), config(8))
    }

    pub(crate) fn with(limits: Limits, config: Arc<Config>) -> Self {
        let mut reactor = Reactor::new(limits, Diary::default()).unwrap();
        let port = reactor.peers().listen(anywhere(), config).unwrap();
        let address = reactor.peers().local_addr(port).unwrap();
        Self {
            reactor,
            port,
            address,
        }
    }

    pub(crate) fn diary(&mut self) -> &mut Diary {
        self.reactor.handler()
    }

    /// Takes turns until `done` says so.
    pub(crate) fn until(&mut self, mut done: impl FnMut(&mut Diary, &mut Peers) -> bool) {
        let start = Instant::now();
        loop {
            let (diary, peers) = self.reactor.parts();
            if done(diary, peers) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "it does not come to that");
            self.reactor.turn(Some(Duration::from_millis(10))).unwrap();
        }
    }

    /// Dials itself and shakes hands: the dialling end and the accepted one.
    pub(crate) fn negotiated(&mut self) -> (PeerId, PeerId) {
        let before: Vec<PeerId> = self.diary().heard.keys().copied().collect();
        let (peers, address) = (self.reactor.peers(), self.address);
        let dialled = peers.dial(address, config(7), Link::outbound()).unwrap();
        let mut accepted = None;
        self.until(|diary, _| {
            let mut new = diary.heard.keys().filter(|id| !before.contains(id));
            accepted = new.find(|id| **id != dialled).copied();
            let shaken = |id| diary.of(id).contains(&Heard::Negotiated);
            shaken(dialled) && accepted.is_some_and(shaken)
        });
        (dialled, accepted.unwrap())
    }

    /// Lets its reactor run on a thread of its own; the diary comes when every connection is closed.
    pub(crate) fn leave(mut self) -> JoinHandle<Diary> {
        std::thread::spawn(move || {
            self.until(|diary, peers| !diary.heard.is_empty() && peers.is_empty());
            std::mem::take(self.diary())
        })
    }

    pub(crate) fn peer(&mut self, id: PeerId) -> Peer<'_> {
        self.reactor
            .peers()
            .get(id)
            .expect("the connection is there")
    }
}

/// A message of `len` bytes, made of `fill`.
pub(crate) fn large(fill: u8, len: usize) -> Message {
    Message::Unknown {
        command: CommandName::new("large").unwrap(),
        payload: Bytes::from(vec![fill; len]),
    }
}
