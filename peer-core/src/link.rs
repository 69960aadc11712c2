//! One connection as its owner sees it: who, which way, what for.

use core::fmt;
use core::net::SocketAddr;

use crate::config::TransportPolicy;
use crate::wire::ServiceFlags;

/// Which side dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The remote dialled us.
    Inbound,
    /// We dialled the remote.
    Outbound,
}

impl Direction {
    /// `inbound` or `outbound`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

impl fmt::Display for Direction {
    /// `inbound` or `outbound`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a connection is for (Core: `ConnectionType`). It decides what the machine sends of its own
/// accord, what it lets the application send, and what it refuses to receive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Everything: blocks, transactions, addresses. The only purpose of an inbound connection.
    #[default]
    FullRelay,
    /// Blocks only: `version` asks for no transactions, and transactions, their announcements and
    /// address gossip are neither sent nor accepted.
    BlockRelayOnly,
    /// One question for addresses: ends when an `addr` or `addrv2` with more than one entry was
    /// delivered, or after [`Timeouts::addr_fetch`](crate::Timeouts).
    AddressFetch,
    /// Tests that the remote answers: ends as soon as its `version` arrived.
    Feeler,
}

/// One connection. Make it with [`Link::inbound`] or [`Link::outbound`] and set what differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// The caller's name for the peer; the machine only keeps it. 0 by default.
    pub id: u64,
    /// Who dialled.
    pub direction: Direction,
    /// What for. On inbound links the machine takes it for [`Purpose::FullRelay`].
    pub purpose: Purpose,
    /// The remote's address where there is one: sent to it in `version` (unless
    /// [`Config::proxy`](crate::Config)), otherwise unused.
    pub remote: Option<SocketAddr>,
    /// Our own address of the connection where there is one; never sent.
    pub local: Option<SocketAddr>,
    /// The services the remote is known for, sent back to it in `version` beside its address.
    pub remote_services: ServiceFlags,
    /// The height of our best block, sent in `version`.
    pub start_height: i32,
    /// Which transport this connection may use; `None` for what
    /// [`Config::transport`](crate::Config) says.
    pub transport: Option<TransportPolicy>,
}

impl Link {
    /// We dialled: full relay, height 0.
    pub const fn outbound() -> Self {
        Self::new(Direction::Outbound)
    }

    /// The remote dialled: full relay, height 0.
    pub const fn inbound() -> Self {
        Self::new(Direction::Inbound)
    }

    const fn new(direction: Direction) -> Self {
        Self {
            id: 0,
            direction,
            purpose: Purpose::FullRelay,
            remote: None,
            local: None,
            remote_services: ServiceFlags::NONE,
            start_height: 0,
            transport: None,
        }
    }

    /// With the caller's name for the peer.
    #[must_use]
    pub const fn with_id(mut self, id: u64) -> Self {
        self.id = id;
        self
    }

    /// With our own address of the connection.
    #[must_use]
    pub const fn with_local(mut self, local: SocketAddr) -> Self {
        self.local = Some(local);
        self
    }

    /// With the remote's address.
    #[must_use]
    pub const fn with_remote(mut self, remote: SocketAddr) -> Self {
        self.remote = Some(remote);
        self
    }

    /// With a purpose; ignored on inbound links.
    #[must_use]
    pub const fn with_purpose(mut self, purpose: Purpose) -> Self {
        if matches!(self.direction, Direction::Outbound) {
            self.purpose = purpose;
        }
        self
    }

    /// With the services the remote is known for.
    #[must_use]
    pub const fn with_remote_services(mut self, services: ServiceFlags) -> Self {
        self.remote_services = services;
        self
    }

    /// With the height of our best block.
    #[must_use]
    pub const fn with_start_height(mut self, height: i32) -> Self {
        self.start_height = height;
        self
    }

    /// With a transport of its own.
    #[must_use]
    pub const fn with_transport(mut self, transport: TransportPolicy) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Nobody dials us for a purpose of ours.
    pub(crate) const fn normalized(mut self) -> Self {
        if self.is_inbound() {
            self.purpose = Purpose::FullRelay;
        }
        self
    }

    /// Whether the remote dialled.
    pub const fn is_inbound(&self) -> bool {
        matches!(self.direction, Direction::Inbound)
    }
}

impl fmt::Display for Link {
    /// The remote's address and who dialled, as btcd's `Peer.String`: `203.0.113.7:8333 (outbound)`. `unknown` stands for
    /// an address that was not told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.remote {
            Some(remote) => write!(f, "{remote} ({})", self.direction),
            None => write!(f, "unknown ({})", self.direction),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// btcd's format string is `%s (%s)`.
    #[test]
    fn shown_with_address_and_direction() {
        let v4 = "203.0.113.7:8333".parse().unwrap();
        let v6 = "[2001:db8::7]:18555".parse().unwrap();
        let shown = |link: Link| link.to_string();
        let outbound = Link::outbound().with_remote(v4);
        assert_eq!(shown(outbound), "203.0.113.7:8333 (outbound)");
        let inbound = Link::inbound().with_remote(v6);
        assert_eq!(shown(inbound), "[2001:db8::7]:18555 (inbound)");
        assert_eq!(shown(Link::inbound()), "unknown (inbound)");
    }
}
