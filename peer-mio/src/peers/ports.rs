//! Ports: where remotes come in.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Token};
use peer_adapter::{Backoff, ConnectError};
use peer_core::{Config, Link, Timestamp};
use slab::Slab;

use super::Peers;
use crate::error::StartError;

/// Names a port of one reactor. Never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId {
    serial: u64,
    slot: usize,
}

/// A socket that listens.
#[derive(Debug)]
struct Port {
    serial: u64,
    socket: TcpListener,
    config: Arc<Config>,
    start_height: i32,
    backoff: Backoff,
    /// Until when the system is left alone.
    until: Option<Timestamp>,
    /// Remotes may wait there.
    is_ready: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    ports: Slab<Port>,
    serial: u64,
}

/// One who came in, or why nobody did.
#[derive(Debug)]
pub(crate) enum Arrival {
    Remote(TcpStream, Arc<Config>, Link),
    /// The port is closed now.
    Failed(PortId, io::Error),
}

/// Ports have the upper half of all tokens.
const FIRST_TOKEN: usize = 1 << (usize::BITS - 1);

/// Whether a token, which is not the waker's, is a port's.
pub(crate) const fn is_port(token: Token) -> bool {
    token.0 >= FIRST_TOKEN
}

impl Ports {
    /// The poll said that remotes wait there.
    pub(crate) fn note(&mut self, token: Token) {
        if let Some(port) = self.ports.get_mut(token.0 & !FIRST_TOKEN) {
            port.is_ready = true;
        }
    }

    /// When somebody is to be looked for next: at once, if anybody may wait.
    pub(crate) fn deadline(&self, now: Timestamp) -> Option<Timestamp> {
        let ready = self.ports.iter().filter(|(_, port)| port.is_ready);
        ready.map(|(_, port)| port.until.unwrap_or(now)).min()
    }

    /// The next remote that waits anywhere.
    pub(crate) fn accept(&mut self, now: Timestamp) -> Option<Arrival> {
        let ready = |port: &Port| port.is_ready && port.until.is_none_or(|until| until <= now);
        while let Some((slot, port)) = self.ports.iter_mut().find(|(_, port)| ready(port)) {
            match port.accept(now) {
                Ok(Some((stream, link))) => {
                    return Some(Arrival::Remote(stream, port.config.clone(), link));
                }
                Ok(None) => {}
                Err(error) => {
                    let serial = self.ports.remove(slot).serial;
                    return Some(Arrival::Failed(PortId { serial, slot }, error));
                }
            }
        }
        None
    }

    pub(super) fn close_all(&mut self) {
        self.ports.clear();
    }

    fn get_mut(&mut self, id: PortId) -> Option<&mut Port> {
        let port = self.ports.get_mut(id.slot)?;
        (port.serial == id.serial).then_some(port)
    }
}

impl Port {
    /// `None` if nobody is there, or this is not the time.
    fn accept(&mut self, now: Timestamp) -> io::Result<Option<(TcpStream, Link)>> {
        self.until = None;
        match self.socket.accept() {
            Ok((stream, remote)) => {
                self.backoff.accepted();
                let mut link = Link::inbound()
                    .with_remote(remote)
                    .with_start_height(self.start_height);
                link.local = stream.local_addr().ok();
                return Ok(Some((stream, link)));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_ready = false,
            // A pause leaves it ready: the poll would not say again that remotes wait.
            Err(error) => {
                let pause = self.backoff.after(error)?;
                self.until = pause.map(|pause| now.saturating_add(pause));
            }
        }
        Ok(None)
    }
}

impl Peers {
    /// Listens on `address`, where all connections have one configuration; port 0 picks one
    /// ([`local_addr`](Self::local_addr) tells which).
    ///
    /// Connections that died in the line are passed over. When the system is out of file
    /// descriptors or memory, or its network is down, nobody is accepted for a moment, up to a
    /// second.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn listen(
        &mut self,
        address: SocketAddr,
        config: Arc<Config>,
    ) -> Result<PortId, StartError> {
        self.open(TcpListener::bind(address)?, config)
    }

    /// The same on a socket that listens already, for those who set options on it before. It is
    /// made non-blocking.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn listen_on(
        &mut self,
        socket: std::net::TcpListener,
        config: Arc<Config>,
    ) -> Result<PortId, StartError> {
        socket.set_nonblocking(true)?;
        self.open(TcpListener::from_std(socket), config)
    }

    fn open(
        &mut self,
        mut socket: TcpListener,
        mut config: Arc<Config>,
    ) -> Result<PortId, StartError> {
        config.validate().map_err(ConnectError::from)?;
        if self.limiter.is_some() {
            Arc::make_mut(&mut config).v2.admission = true;
        }
        if self.shutdown.is_some() {
            return Err(StartError::ShuttingDown);
        }
        let entry = self.ports.ports.vacant_entry();
        let slot = entry.key();
        let token = Token(FIRST_TOKEN | slot);
        self.registry
            .register(&mut socket, token, Interest::READABLE)?;
        let serial = self.ports.serial;
        self.ports.serial = serial.saturating_add(1);
        entry.insert(Port {
            serial,
            socket,
            config,
            start_height: 0,
            backoff: Backoff::default(),
            until: None,
            is_ready: true,
        });
        Ok(PortId { serial, slot })
    }

    /// The address listened on; `None` if the port is closed, or the system does not tell.
    pub fn local_addr(&self, port: PortId) -> Option<SocketAddr> {
        let entry = self.ports.ports.get(port.slot)?;
        let there = entry.serial == port.serial;
        there.then(|| entry.socket.local_addr().ok()).flatten()
    }

    /// Sets the height of our best block that connections accepted there from now on advertise. 0
    /// at first. Whether there is such a port.
    pub fn set_start_height(&mut self, port: PortId, height: i32) -> bool {
        let entry = self.ports.get_mut(port);
        entry.map(|port| port.start_height = height).is_some()
    }

    /// Closes every port; connections made there stay.
    pub fn close_ports(&mut self) {
        self.ports.close_all();
    }

    /// Closes a port; connections made there stay. Whether there was one.
    pub fn close_port(&mut self, port: PortId) -> bool {
        let there = self.ports.get_mut(port).is_some();
        if there {
            self.ports.ports.remove(port.slot);
        }
        there
    }
}
