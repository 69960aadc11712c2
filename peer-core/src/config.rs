//! What the caller decides once for many peers. Data only; the rooms that obey it are elsewhere.

mod addresses;
mod error;
mod limits;
mod requests;
mod timeouts;
mod transport;
mod trickle;

use alloc::vec::Vec;
use core::time::Duration;

use rand_core::CryptoRng;

use crate::message::{Codec, Message, MessageLimits, UserAgent};
use crate::network::Network;
use crate::protocol::{MAX_INVENTORY, is_handshake};
use crate::strictness::Strictness;
use crate::wire::ServiceFlags;

pub use self::addresses::AddrRateLimit;
pub use self::error::ConfigError;
pub use self::limits::Limits;
pub use self::requests::RequestTimeouts;
pub use self::timeouts::Timeouts;
#[cfg(feature = "_bip324")]
pub use self::transport::RecordedKey;
pub use self::transport::{Garbage, TransportPolicy, V2Options};
pub use self::trickle::Trickle;

/// Most bytes of garbage in a v2 handshake (BIP324).
const MAX_GARBAGE: usize = 4_095;

/// Settings shared by any number of peers; wrap it in an `Arc`.
///
/// Every field has a default that suits the open network, with its reason in its documentation.
/// The fields are public: make one with [`Config::new`] and change what differs.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The network spoken: magic, versions, limits, formats.
    pub network: Network,
    /// The protocol version advertised in `version`. Default: the network's (70016 on Bitcoin).
    pub protocol_version: u32,
    /// Remotes advertising a lower version are refused. Default 31800 (Core:
    /// `MIN_PEER_PROTO_VERSION`); btcd accepts 209.
    pub minimum_version: u32,
    /// The services advertised in `version`. Default none.
    pub services: ServiceFlags,
    /// Services an outbound remote must offer, else it is refused as
    /// [`Incompatible::Services`](crate::Incompatible). Default none: a crawler talks to everyone. Full
    /// nodes want `NETWORK | WITNESS`, as Core does.
    pub required_services: ServiceFlags,
    /// The BIP14 user agent advertised in `version`. Default `/peer-core:<crate version>/`.
    pub user_agent: UserAgent,
    /// The relay flag of `version` (BIP37): whether transactions may be announced to us unasked.
    /// Default true. Block-relay-only and feeler links always send false.
    pub relay: bool,
    /// Connections go through a proxy: the remote's address is left out of `version` (our own
    /// never stands there). Default false.
    pub proxy: bool,
    /// Offer `sendaddrv2` (BIP155) where the remote's version allows. Default true.
    pub send_addr_v2: bool,
    /// Offer `wtxidrelay` (BIP339) where the remote's version allows. Default true.
    pub wtxid_relay: bool,
    /// Hold the handshake after the remote's `version` until the application accepts or refuses
    /// it, within the negotiation timeout. Default false: the machine answers at once.
    pub review_version: bool,
    /// Do not refuse connections to ourselves. For tests. Default false.
    pub allow_self_connection: bool,
    /// Emit [`Event::Read`](crate::Event::Read) and [`Event::Wrote`](crate::Event::Wrote) with
    /// the raw bytes of every frame. Default false.
    pub raw_events: bool,
    /// Messages sent of the machine's own accord right after negotiation, in this order. What the
    /// connection's purpose forbids, or the remote's version, is left out, and so is `getaddr` to a
    /// remote that dialled us, which does not answer it. Default empty: what to ask a peer belongs to
    /// the application.
    pub greeting: Vec<Message>,
    /// How many addresses the remote may tell us; `None` for as many as it likes. Default as Core; btcd has no limit.
    pub addr_rate_limit: Option<AddrRateLimit>,
    /// Which transport is used: v1, v2 or what the remote knows. Default
    /// [`TransportPolicy::Auto`]; [`Link::transport`](crate::Link) decides for one connection. Nodes
    /// that accept v2 say so with the service [`P2P_V2`](ServiceFlags::P2P_V2).
    pub transport: TransportPolicy,
    /// What our side of v2 handshakes is like. Of no effect without the feature `v2`.
    pub v2: V2Options,
    /// What happens on each kind of bad input.
    pub strictness: Strictness,
    /// Bounds of memory and patience.
    pub limits: Limits,
    /// Deadlines and intervals.
    pub timeouts: Timeouts,
    /// When what [`announce`](crate::PeerMachine::announce) is given leaves. Default [`Trickle::CORE`].
    pub trickle: Trickle,
    /// Keyed into our `version` nonces so that we recognise them (see [`Config::new`]).
    pub(crate) secret: [u8; 32],
}

impl Config {
    /// Defaults for `network`. `rng` gives the secret by which machines of this configuration
    /// recognise a connection to themselves: machines that share it know each other's `version`
    /// nonces, nobody else can tell. Separate identities must not share a configuration.
    pub fn new(network: Network, rng: &mut impl CryptoRng) -> Self {
        let mut secret = [0; 32];
        rng.fill_bytes(&mut secret);
        Self::with_secret(network, secret)
    }

    /// The same with a secret chosen by the caller, for replay and simulation.
    pub fn with_secret(network: Network, secret: [u8; 32]) -> Self {
        Self {
            protocol_version: network.protocol_version,
            minimum_version: network.min_protocol_version,
            network,
            services: ServiceFlags::NONE,
            required_services: ServiceFlags::NONE,
            user_agent: own_user_agent(),
            relay: true,
            proxy: false,
            send_addr_v2: true,
            wtxid_relay: true,
            review_version: false,
            allow_self_connection: false,
            raw_events: false,
            greeting: Vec::new(),
            addr_rate_limit: Some(AddrRateLimit::default()),
            transport: TransportPolicy::default(),
            v2: V2Options::default(),
            strictness: Strictness::default(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            trickle: Trickle::default(),
            secret,
        }
    }

    /// Behaves towards bad input as Bitcoin Core does: forgiving, with Core's timeouts.
    #[must_use]
    pub fn like_core(mut self) -> Self {
        self.strictness = Strictness::core();
        self.timeouts.negotiation = Duration::from_secs(60);
        self.timeouts.idle = Some(Duration::from_secs(20 * 60));
        self.limits.bad_checksums_per_minute = u32::MAX;
        self.limits.malformed_per_minute = u32::MAX;
        self.limits.annoyances_per_minute = u32::MAX;
        self
    }

    /// Behaves towards bad input as btcd's `peer` package does: any slip ends the connection.
    #[must_use]
    pub fn like_btcd(mut self) -> Self {
        self.strictness = Strictness::btcd();
        self.limits.message = MessageLimits::btcd();
        self.minimum_version = 209;
        self.addr_rate_limit = None;
        self.timeouts.initial_ping = false;
        self.timeouts.pong = None;
        self.timeouts.requests = RequestTimeouts::btcd();
        self.trickle = Trickle::BTCD;
        self
    }

    /// The codec of a connection at protocol version `version`.
    pub(crate) fn codec(&self, version: u32) -> Codec<'_> {
        Codec::new(&self.network, version, &self.limits.message)
    }

    /// Whether we advertise a version that has `feature` (BIP434); if not it is one more message that we do not know.
    pub(crate) fn speaks_feature(&self) -> bool {
        self.protocol_version >= self.network.gates.feature
    }

    /// Whether the settings can work together. The adapters ask before they connect; who drives a
    /// machine by hand should too.
    ///
    /// # Errors
    /// Names the first setting that cannot.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.validate_timeouts()?;
        self.validate_limits()?;
        if self.protocol_version < self.minimum_version {
            let (own, minimum) = (self.protocol_version, self.minimum_version);
            return Err(ConfigError::VersionBelowMinimum { own, minimum });
        }
        if i32::try_from(self.protocol_version).is_err() {
            return Err(ConfigError::VersionTooLarge {
                own: self.protocol_version,
            });
        }
        let agent = self.user_agent.as_bytes();
        if !agent.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(ConfigError::UserAgent);
        }
        if let Garbage::Fixed(garbage) = &self.v2.garbage
            && garbage.len() > MAX_GARBAGE
        {
            let (len, most) = (garbage.len(), MAX_GARBAGE);
            return Err(ConfigError::GarbageTooLong { len, most });
        }
        #[cfg(feature = "_bip324")]
        if let Some(RecordedKey { secret, ellswift }) = &self.v2.recorded_key
            && crate::bip324::KeyPair::from_parts(*secret, *ellswift).is_err()
        {
            return Err(ConfigError::RecordedKey);
        }
        let max_payload = self.network.max_payload;
        if let Some(len) = self.v2.decoys.iter().find(|len| **len > max_payload) {
            let (len, most) = (*len, max_payload);
            return Err(ConfigError::DecoyTooLong { len, most });
        }
        match self.greeting.iter().find(|message| is_handshake(message)) {
            Some(message) => Err(ConfigError::Greeting {
                command: message.command(),
            }),
            None => Ok(()),
        }
    }

    fn validate_timeouts(&self) -> Result<(), ConfigError> {
        let timeouts = &self.timeouts;
        let spans = [
            ("negotiation", Some(timeouts.negotiation)),
            ("flush", Some(timeouts.flush)),
            ("ping_interval", timeouts.ping_interval),
            ("pong", timeouts.pong),
            ("idle", timeouts.idle),
            ("write_stall", timeouts.write_stall),
            ("v2_stage", timeouts.v2_stage),
            ("addr_fetch", timeouts.addr_fetch),
            ("requests.getdata", timeouts.requests.getdata),
            ("requests.getblocks", timeouts.requests.getblocks),
            ("requests.getheaders", timeouts.requests.getheaders),
            ("requests.mempool", timeouts.requests.mempool),
            ("requests.getcfilters", timeouts.requests.getcfilters),
            ("requests.getcfheaders", timeouts.requests.getcfheaders),
            ("requests.getcfcheckpt", timeouts.requests.getcfcheckpt),
            ("requests.getblocktxn", timeouts.requests.getblocktxn),
        ];
        if let Some((timer, _)) = spans
            .into_iter()
            .find(|(_, span)| *span == Some(Duration::ZERO))
        {
            return Err(ConfigError::ZeroTimeout { timer });
        }
        if self.trickle.has_no_span() {
            return Err(ConfigError::ZeroTimeout { timer: "trickle" });
        }
        Ok(())
    }

    fn validate_limits(&self) -> Result<(), ConfigError> {
        /// No `version` is shorter than its payload without a user agent.
        const SHORTEST_VERSION: usize = 86;
        let limits = &self.limits;
        let agent = self.user_agent.as_bytes().len();
        let bounds = [
            ("send_high", limits.send_high, 1),
            ("provoked", limits.provoked, 1),
            (
                "early_payload",
                limits.early_payload as usize,
                SHORTEST_VERSION,
            ),
            ("message.user_agent", limits.message.user_agent, agent),
            ("inventory_queue", limits.inventory_queue, 1),
        ];
        if let Some((limit, value, least)) =
            bounds.into_iter().find(|(_, value, least)| value < least)
        {
            return Err(ConfigError::LimitTooLow {
                limit,
                value,
                least,
            });
        }
        let inventories = [
            ("known_inventory", limits.known_inventory),
            ("inventory_queue", limits.inventory_queue),
        ];
        let mut too_large = inventories
            .into_iter()
            .filter(|(_, value)| *value > MAX_INVENTORY);
        if let Some((limit, value)) = too_large.next() {
            let most = MAX_INVENTORY;
            return Err(ConfigError::LimitTooHigh { limit, value, most });
        }
        if limits.send_low > limits.send_high {
            let (low, high) = (limits.send_low, limits.send_high);
            return Err(ConfigError::Watermarks { low, high });
        }
        Ok(())
    }
}

/// `/peer-core:<version>/`.
fn own_user_agent() -> UserAgent {
    UserAgent::new("peer-core", env!("CARGO_PKG_VERSION"), &[]).unwrap_or_default()
}

impl core::fmt::Debug for Config {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Config")
            .field("network", &self.network.name)
            .field("protocol_version", &self.protocol_version)
            .field("services", &self.services)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}
