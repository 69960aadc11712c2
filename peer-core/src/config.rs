//! What the caller decides once for many peers. Data only; the rooms that obey it are elsewhere.

use alloc::vec::Vec;
use core::time::Duration;

use rand_core::CryptoRng;

use crate::message::{Codec, CommandName, Message, MessageLimits, UserAgent};
use crate::network::Network;
use crate::protocol::is_handshake;
use crate::strictness::Strictness;
use crate::wire::ServiceFlags;

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
    /// connection's purpose forbids, or the remote's version, is left out. Default empty: what to
    /// ask a peer belongs to the application.
    pub greeting: Vec<Message>,
    /// What happens on each kind of bad input.
    pub strictness: Strictness,
    /// Bounds of memory and patience.
    pub limits: Limits,
    /// Deadlines and intervals.
    pub timeouts: Timeouts,
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
            strictness: Strictness::default(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
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
        self.timeouts.initial_ping = false;
        self.timeouts.pong = None;
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
            ("addr_fetch", timeouts.addr_fetch),
        ];
        if let Some((timer, _)) = spans
            .into_iter()
            .find(|(_, span)| *span == Some(Duration::ZERO))
        {
            return Err(ConfigError::ZeroTimeout { timer });
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

/// Settings that contradict themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A timeout of zero would end every connection at once.
    #[error("timeout `{timer}` is zero")]
    ZeroTimeout {
        /// The field of [`Timeouts`].
        timer: &'static str,
    },
    /// We would refuse ourselves.
    #[error("protocol version {own} is below the minimum {minimum} asked of others")]
    VersionBelowMinimum {
        /// [`Config::protocol_version`].
        own: u32,
        /// [`Config::minimum_version`].
        minimum: u32,
    },
    /// `version` carries a signed number.
    #[error("protocol version {own} does not fit into a version message")]
    VersionTooLarge {
        /// [`Config::protocol_version`].
        own: u32,
    },
    /// The user agent has characters that are not printable ASCII (BIP14).
    #[error("the user agent is not printable ASCII")]
    UserAgent,
    /// The machine conducts the handshake itself.
    #[error("{command} belongs to the handshake and cannot be a greeting")]
    Greeting {
        /// The message in [`Config::greeting`].
        command: CommandName,
    },
    /// With this limit no connection could work.
    #[error("limit `{limit}` is {value}, at least {least} is needed")]
    LimitTooLow {
        /// The field of [`Limits`].
        limit: &'static str,
        /// Its value.
        value: usize,
        /// What it must be at least.
        least: usize,
    },
    /// The low-water mark lies above the high-water mark.
    #[error("send_low ({low} bytes) is above send_high ({high} bytes)")]
    Watermarks {
        /// [`Limits::send_low`].
        low: usize,
        /// [`Limits::send_high`].
        high: usize,
    },
}

/// Bounds of memory and patience. None can be switched off; all can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Counts and sizes inside messages.
    pub message: MessageLimits,
    /// Longest payload accepted until the remote's `verack` was opened: a handshake message needs
    /// no more, and strangers must not make us hold more. Default 1,024 bytes (as Zebra).
    pub early_payload: u32,
    /// Wire bytes of replies the remote provoked (pongs) that may wait; beyond it nothing more is
    /// opened or read until it reads. Default 64 KiB.
    pub provoked: usize,
    /// Wire bytes the application may have waiting before `send` answers
    /// [`SendError::Full`](crate::SendError::Full); one message may overshoot. Default 1,000,000
    /// (Core: `-maxsendbuffer`).
    pub send_high: usize,
    /// After `Full`, [`Event::Writable`](crate::Event::Writable) comes when no more than this
    /// waits. Default 256,000 bytes.
    pub send_low: usize,
    /// So many frames with a wrong checksum within a minute end the connection, where the policy
    /// drops them. Default 32.
    pub bad_checksums_per_minute: u32,
    /// So many payloads that do not decode (and commands that are not ASCII) within a minute end
    /// the connection, where the policy drops them. Default 32.
    pub malformed_per_minute: u32,
    /// Legal but pointless messages of one kind (duplicate `verack`, unsolicited `pong`, empty
    /// `inv`, known messages before their time) forgiven per minute. Default 1,000.
    pub annoyances_per_minute: u32,
    /// Pings whose pong may be outstanding; further automatic ones wait. Default 16, more than
    /// fit into the default pong deadline.
    pub pings_in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: MessageLimits::default(),
            early_payload: 1_024,
            provoked: 64 * 1_024,
            send_high: 1_000_000,
            send_low: 256_000,
            bad_checksums_per_minute: 32,
            malformed_per_minute: 32,
            annoyances_per_minute: 1_000,
            pings_in_flight: 16,
        }
    }
}

/// Deadlines and intervals. `None` switches an optional one off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// From connection to the end of the handshake, absolute: bytes do not extend it. Default
    /// 30 s (as btcd; Core allows 60 s).
    pub negotiation: Duration,
    /// Between keep-alive pings. Default 2 minutes (as Core and btcd).
    pub ping_interval: Option<Duration>,
    /// Whether the first ping goes out right after negotiation (as Core) instead of one interval
    /// later (as btcd). Default true.
    pub initial_ping: bool,
    /// From a ping having left to its pong. Default 20 minutes (as Core; btcd has none).
    pub pong: Option<Duration>,
    /// Without a byte from the remote. Default 5 minutes (as btcd; Core allows 20).
    pub idle: Option<Duration>,
    /// Without the remote accepting a byte while data waits for it. Default 2 minutes.
    pub write_stall: Option<Duration>,
    /// Given to a graceful disconnect for what is queued. Default 5 s.
    pub flush: Duration,
    /// Life of an address-fetch connection. Default 5 minutes (as Core).
    pub addr_fetch: Option<Duration>,
    /// Deadlines are rounded up to multiples of this so that many peers share wake-ups. Default
    /// 100 ms; zero is exact.
    pub grain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            negotiation: Duration::from_secs(30),
            ping_interval: Some(Duration::from_secs(2 * 60)),
            initial_ping: true,
            pong: Some(Duration::from_secs(20 * 60)),
            idle: Some(Duration::from_secs(5 * 60)),
            write_stall: Some(Duration::from_secs(2 * 60)),
            flush: Duration::from_secs(5),
            addr_fetch: Some(Duration::from_secs(5 * 60)),
            grain: Duration::from_millis(100),
        }
    }
}
