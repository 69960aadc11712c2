//! With whom a scenario is played, and over which transport.

use std::net::SocketAddr;
use std::path::Path;

use peer_core::{Config, TransportKind, TransportPolicy};
use peer_tests::node::{Kind, Node};

use crate::Failure;
use crate::ours::Home;

/// A kind of node, what we ask for, and what must come of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Of the node, beside those that all have.
    switches: &'static [&'static str],
    /// Which transport our side asks for.
    pub(crate) policy: TransportPolicy,
    /// Which one must be spoken then.
    pub(crate) transport: TransportKind,
}

/// Both sides know v2.
pub(crate) const KNOTS_V2: Setting = Setting {
    name: "knots v2",
    kind: Kind::Knots,
    switches: &["-v2transport=1"],
    policy: TransportPolicy::Auto,
    transport: TransportKind::V2,
};

/// The same node, and our side wants v1.
pub(crate) const KNOTS_V1: Setting = Setting {
    name: "knots v1",
    policy: TransportPolicy::V1,
    transport: TransportKind::V1,
    ..KNOTS_V2
};

/// The same, and our side wants nothing but v2.
pub(crate) const KNOTS_V2_ONLY: Setting = Setting {
    name: "knots v2 only",
    policy: TransportPolicy::V2,
    ..KNOTS_V2
};

/// The node is told not to know v2.
pub(crate) const KNOTS_WITHOUT_V2: Setting = Setting {
    name: "knots without v2",
    switches: &["-v2transport=0"],
    transport: TransportKind::V1,
    ..KNOTS_V2
};

/// It knows no v2, and we try: on the network that we think it is, nodes do.
pub(crate) const LITECOIN: Setting = Setting {
    name: "litecoin",
    kind: Kind::Litecoin,
    switches: &[],
    policy: TransportPolicy::Auto,
    transport: TransportKind::V1,
};

/// The same with its wallet in use, on the network that it is of. It announces at once.
pub(crate) const LITECOIN_MWEB: Setting = Setting {
    name: "litecoin mweb",
    switches: &[
        "-txindex=1",
        "-fallbackfee=0.0002",
        "-whitelist=noban@127.0.0.1",
    ],
    ..LITECOIN
};

impl Setting {
    /// Starts such a node.
    pub(crate) fn start(&self, wrapper: &Path) -> Result<Node, Failure> {
        Ok(Node::start(self.kind, wrapper, self.switches)?)
    }

    /// A home for our peers.
    pub(crate) fn home(&self) -> Result<Home, Failure> {
        self.home_with(|_| {})
    }

    /// With something set otherwise.
    pub(crate) fn home_with(&self, change: impl FnOnce(&mut Config)) -> Result<Home, Failure> {
        let set = |config: &mut Config| {
            config.transport = self.policy;
            change(config);
        };
        Home::with(self.transport, set)
    }

    /// Has the node dial us, in the transport of this setting.
    pub(crate) fn dial_us(&self, node: &Node, address: SocketAddr) -> Result<(), Failure> {
        Ok(node.dial(address, self.transport == TransportKind::V2)?)
    }

    /// How many connections it takes until a node that we dial is one that we talk to.
    pub(crate) fn dials(&self) -> u64 {
        let tries_v2 = self.policy != TransportPolicy::V1;
        1 + u64::from(tries_v2 && self.transport == TransportKind::V1)
    }

    /// What the programs call the transport that we ask for.
    pub(crate) fn argument(&self) -> &'static str {
        match self.policy {
            TransportPolicy::V1 => "v1",
            TransportPolicy::V2 => "v2",
            _ => "auto",
        }
    }
}
