//! One of our peers as a scenario sees it: blocking, with patience, on a runtime of its own.

use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;

use peer_core::message::{InvKind, InvVect, Inventory, Message, Ping, UserAgent};
use peer_core::network::Network;
use peer_core::wire::{AddrEntry, BlockView, Hash, ServiceFlags, TxView};
use peer_core::{
    Announced, Announcement, Config, DisconnectReason, Event, Link, Outgoing, TransportKind,
};
use peer_tokio::{Connection, Events, Listener, Peer};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::{Failure, check};

/// For anything a node does at once; generous, since the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bitcoin's and Litecoin's regtest have the same magic and, before MWEB, the same formats; what differs is the
/// genesis block.
pub(crate) const NETWORK: Network = Network::REGTEST;

/// What we say we are.
pub(crate) const SERVICES: ServiceFlags =
    ServiceFlags(ServiceFlags::NETWORK.bits() | ServiceFlags::WITNESS.bits());
pub(crate) const START_HEIGHT: i32 = 7;

/// Where our peers live.
pub(crate) struct Home {
    runtime: Runtime,
    /// What must be spoken.
    transport: TransportKind,
    config: Arc<Config>,
}

impl Home {
    /// For peers that come to speak `transport`, once `change` has said how.
    pub(crate) fn with(
        transport: TransportKind,
        change: impl FnOnce(&mut Config),
    ) -> Result<Self, Failure> {
        let runtime = Runtime::new().map_err(wrong("no runtime"))?;
        let mut config = Config::with_secret(NETWORK, [7; 32]);
        config.user_agent =
            UserAgent::new("interop", "0.1.0", &["tests"]).map_err(wrong("our user agent"))?;
        config.services = SERVICES;
        change(&mut config);
        config.validate().map_err(wrong("our configuration"))?;
        let config = Arc::new(config);
        Ok(Self {
            runtime,
            transport,
            config,
        })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Dials a node.
    pub(crate) fn dial(&self, node: SocketAddr) -> Result<Ours<'_>, Failure> {
        let link = Link::outbound().with_start_height(START_HEIGHT);
        let dialled = peer_tokio::dial(node, self.config.clone(), link);
        let connection = self.runtime.block_on(dialled).map_err(wrong("dial"))?;
        Ok(self.adopt(connection))
    }

    /// Listens for nodes.
    pub(crate) fn listen(&self) -> Result<Listener, Failure> {
        let bound = Listener::bind("127.0.0.1:0", self.config.clone());
        let listener = self.runtime.block_on(bound).map_err(wrong("listen"))?;
        listener.set_start_height(START_HEIGHT);
        Ok(listener)
    }

    /// The next node that dials us.
    pub(crate) fn accept(&self, listener: &Listener) -> Result<Ours<'_>, Failure> {
        let accepted = async { tokio::time::timeout(PATIENCE, listener.accept()).await };
        let connection = self
            .runtime
            .block_on(accepted)
            .map_err(wrong("nobody dialled"))?;
        Ok(self.adopt(connection.map_err(wrong("accept"))?))
    }

    fn adopt(&self, (peer, events, driver): Connection<TcpStream>) -> Ours<'_> {
        self.runtime.spawn(driver);
        Ours {
            peer,
            events,
            home: self,
        }
    }
}

/// A connection of ours to a node.
pub(crate) struct Ours<'a> {
    pub(crate) peer: Peer,
    events: Events,
    home: &'a Home,
}

impl Ours<'_> {
    /// Waits for the event that `wanted` is about; others are passed over. The end of the connection is always wrong.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(Event) -> Option<T>,
    ) -> Result<T, Failure> {
        loop {
            let event = self.next_within(PATIENCE)?;
            let event = event.ok_or_else(|| Failure::Wrong(format!("no sign of {what}")))?;
            if let Event::Disconnected { reason, .. } = event {
                return Err(Failure::Wrong(format!("waiting for {what}: {reason}")));
            }
            if let Some(found) = wanted(event) {
                return Ok(found);
            }
        }
    }

    pub(crate) fn negotiated(&mut self) -> Result<(), Failure> {
        self.until("the end of the handshake", |event| {
            matches!(event, Event::Negotiated).then_some(())
        })?;
        let stats = self.peer.stats();
        agree("the transport", stats.transport, Some(self.home.transport))?;
        let is_v2 = self.home.transport == TransportKind::V2;
        agree("a session", stats.session_id.is_some(), is_v2)
    }

    /// As [`negotiated`](Self::negotiated), and so it is for the node: it announces nothing to whose `verack` it has not
    /// read yet, and does not make up for it.
    pub(crate) fn negotiated_by_both(&mut self) -> Result<(), Failure> {
        const NONCE: u64 = 0x0bad_cafe;
        self.negotiated()?;
        self.send(Message::Ping(Ping::new(NONCE)))?;
        self.until("the pong behind our verack", |event| match event {
            Event::Message {
                message: Message::Pong(pong),
                ..
            } => (pong.nonce == NONCE).then_some(()),
            _ => None,
        })
    }

    /// Waits for the end and tells its reason.
    pub(crate) fn end(&mut self) -> Result<DisconnectReason, Failure> {
        loop {
            match self.next_within(PATIENCE)? {
                Some(Event::Disconnected { reason, .. }) => return Ok(reason),
                Some(_) => {}
                None => return Err(Failure::Wrong("the connection does not end".into())),
            }
        }
    }

    pub(crate) fn send(&self, message: impl Into<Outgoing>) -> Result<(), Failure> {
        let sent = async { tokio::time::timeout(PATIENCE, self.peer.send(message)).await };
        let sent = self.home.runtime.block_on(sent);
        sent.map_err(wrong("sending takes too long"))?
            .map_err(wrong("send"))
    }

    pub(crate) fn announce(
        &self,
        announcement: impl Into<Announcement>,
    ) -> Result<Announced, Failure> {
        let announced = self.peer.announce(announcement);
        self.home
            .runtime
            .block_on(announced)
            .map_err(wrong("announce"))
    }

    pub(crate) fn push_addrv2(&self, addresses: Vec<AddrEntry>) -> Result<Vec<AddrEntry>, Failure> {
        let pushed = self.peer.push_addrv2(addresses);
        self.home
            .runtime
            .block_on(pushed)
            .map_err(wrong("push addrv2"))
    }

    /// Asks for a block by hash, with its witnesses, and waits for it.
    pub(crate) fn block(&mut self, hash: Hash) -> Result<BlockView, Failure> {
        self.block_as(InvKind::WitnessBlock, hash)
    }

    /// Asks for a block by hash in a certain form, and waits for it.
    pub(crate) fn block_as(&mut self, kind: InvKind, hash: Hash) -> Result<BlockView, Failure> {
        self.ask_for(InvVect::new(kind, hash))?;
        self.until("the block", |event| match event {
            Event::Message {
                message: Message::Block(block),
                ..
            } => (Hash::from(block.block_hash()) == hash).then_some(block),
            _ => None,
        })
    }

    /// Asks for a transaction, and waits for one.
    pub(crate) fn transaction(&mut self, item: InvVect) -> Result<TxView, Failure> {
        self.ask_for(item)?;
        self.until("the transaction", |event| match event {
            Event::Message {
                message: Message::Tx(tx),
                ..
            } => Some(tx),
            _ => None,
        })
    }

    fn ask_for(&self, item: InvVect) -> Result<(), Failure> {
        let list = Inventory::new(&self.home.config.network, [item]).map_err(wrong("getdata"))?;
        self.send(Message::GetData(list))
    }

    /// The next event; `None` if there is none for so long.
    pub(crate) fn next_within(&mut self, patience: Duration) -> Result<Option<Event>, Failure> {
        let next = async { tokio::time::timeout(patience, self.events.next()).await };
        match self.home.runtime.block_on(next) {
            Ok(Some(event)) => Ok(Some(event)),
            Ok(None) => Err(Failure::Wrong("the connection has ended already".into())),
            Err(_) => Ok(None),
        }
    }
}

/// Turns an error of our own side into a failure that says what was being done.
pub(crate) fn wrong<E: core::fmt::Display>(doing: &str) -> impl Fn(E) -> Failure {
    move |error| Failure::Wrong(format!("{doing}: {error}"))
}

/// Two views of one fact must agree.
pub(crate) fn agree<A, B>(what: &str, ours: A, theirs: B) -> Result<(), Failure>
where
    A: core::fmt::Debug + PartialEq<B>,
    B: core::fmt::Debug,
{
    check(ours == theirs, || {
        format!("{what}: we say {ours:?}, the node {theirs:?}")
    })
}
