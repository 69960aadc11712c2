//! What is known of a node: its address and port, its services, and in gossip when it was last seen.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use super::Address;
use crate::wire::{FieldError, Reader, ServiceFlags, Writer};

/// A node as a `version` message names it: 26 bytes, legacy form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetAddr {
    /// What the node offers.
    pub services: ServiceFlags,
    /// Where it is.
    pub address: Address,
    /// Its port; big-endian on the wire, unlike everything else.
    pub port: u16,
}

impl NetAddr {
    /// Bytes of the legacy form.
    pub const SIZE: usize = 8 + 16 + 2;

    /// No services, no address, no port: what a node writes that has nothing to say about itself.
    pub const UNSPECIFIED: Self = Self {
        services: ServiceFlags::NONE,
        address: Address::Ipv6([0; 16]),
        port: 0,
    };

    /// The node at a socket address.
    #[must_use]
    pub fn new(services: ServiceFlags, socket: SocketAddr) -> Self {
        Self {
            services,
            address: socket.ip().into(),
            port: socket.port(),
        }
    }

    /// Reads the legacy form.
    ///
    /// # Errors
    ///
    /// When fewer than [`SIZE`](Self::SIZE) bytes are left.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            services: ServiceFlags(reader.u64("services")?),
            address: Address::from_legacy(reader.array("address")?),
            port: reader.u16_be("port")?,
        })
    }

    /// Appends the legacy form, [`SIZE`](Self::SIZE) bytes: exactly those that were read. An address that has no
    /// legacy form is written as zeros, port included.
    pub fn encode(&self, writer: &mut Writer<'_>) {
        let (address, port) = match self.address.to_legacy() {
            Some(address) => (address, self.port),
            None => ([0; 16], 0),
        };
        writer.u64(self.services.bits());
        writer.bytes(&address);
        writer.u16_be(port);
    }

    /// The socket address; `None` where the operating system has none.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        self.address.ip().map(|ip| SocketAddr::new(ip, self.port))
    }
}

/// `host:port`, with brackets around IPv6.
impl fmt::Display for NetAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address.ip() {
            Some(IpAddr::V6(ipv6)) => write!(f, "[{ipv6}]:{}", self.port),
            _ => write!(f, "{}:{}", self.address, self.port),
        }
    }
}

/// A node as gossip names it, in `addr` and `addrv2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddrEntry {
    /// When it was last seen, in seconds since the Unix epoch; 0 where the protocol version has no such field.
    pub time: u32,
    /// What it offers.
    pub services: ServiceFlags,
    /// Where it is.
    pub address: Address,
    /// Its port; 0 on I2P.
    pub port: u16,
}

impl AddrEntry {
    /// The node without the time.
    #[must_use]
    pub const fn net_addr(&self) -> NetAddr {
        NetAddr {
            services: self.services,
            address: self.address,
            port: self.port,
        }
    }

    /// The socket address; `None` where the operating system has none.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        self.net_addr().socket_addr()
    }
}
