//! What `peercat` is told on the command line.

use core::time::Duration;
use std::path::PathBuf;

use clap::{ArgGroup, Parser, ValueEnum};
use peer_core::message::UserAgent;
use peer_core::network::{Network, ServiceFlags};
use peer_core::{Config, RequestTimeouts, Trickle};

use super::exit::Exit;
use super::logging::{self, Level};
use super::offer::{self, Offer};
use super::plan::Plan;
use super::reels::Reels;
use super::request;
use super::services::parse_services;
use super::serving::Shelf;
use crate::cli;
use crate::endpoint::Endpoint;

/// A netcat for the peer-to-peer protocol of Bitcoin and its relatives.
///
/// Connects to a node or listens for nodes, conducts the handshake, answers pings, and prints everything else that
/// happens as one JSON object a line.
#[derive(Clone, Debug, Parser)]
#[command(name = "peercat", version, after_help = AFTER_HELP.as_str())]
#[command(group = ArgGroup::new("mode").required(true))]
pub struct Args {
    /// Connect to a node. PORT is the network's default port if left out
    #[arg(long, value_name = "HOST:PORT", group = "mode")]
    connect: Option<Endpoint>,
    /// Listen for nodes. Port 0 picks a free one; the first line says which
    #[arg(long, value_name = "HOST:PORT", group = "mode")]
    listen: Option<Endpoint>,
    /// Network to speak
    #[arg(long, value_name = "NAME", value_parser = cli::network_parser(), default_value = "mainnet")]
    network: &'static Network,
    /// How frames travel; those who dial us choose with auto
    #[arg(long, value_enum, value_name = "TRANSPORT", default_value = "auto")]
    transport: cli::Transport,
    /// How we name ourselves (BIP14): NAME:VERSION, or a whole user agent
    #[arg(long, value_name = "AGENT", value_parser = cli::user_agent, default_value = DEFAULT_AGENT)]
    user_agent: UserAgent,
    /// Services we claim to offer: names or numbers joined by | or a comma
    #[arg(long, value_name = "SERVICES", value_parser = parse_services, default_value = "NONE")]
    services: ServiceFlags,
    /// Protocol version we advertise; remotes with a lower one than 31800, or than this, are refused
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u32).range(1..=0x7fff_ffff))]
    protocol_version: Option<u32>,
    /// Seconds between keep-alive pings; 0 for none [default: 120]
    #[arg(long, value_name = "SECONDS", value_parser = cli::seconds)]
    ping_interval: Option<Duration>,
    /// Seconds a pong may take; 0 for ever [default: 1200]
    #[arg(long, value_name = "SECONDS", value_parser = cli::seconds)]
    pong_timeout: Option<Duration>,
    /// Seconds the remote may be silent; 0 for ever [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = cli::seconds)]
    idle_timeout: Option<Duration>,
    /// Seconds the handshake may take [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = cli::positive_seconds)]
    negotiate_timeout: Option<Duration>,
    /// Message to send to each peer after the handshake; may be given several times
    #[arg(long, value_name = "COMMAND[:ARGS]")]
    send: Vec<String>,
    /// Object to announce to each peer after the handshake, and to serve; may be given several times
    #[arg(long, value_name = "OBJECT")]
    announce: Vec<String>,
    /// When announcements leave: none (at once), fixed:SECONDS, btcd (every 10 s) or core (at random) [default: core]
    #[arg(long, value_name = "POLICY", value_parser = pace)]
    trickle: Option<Trickle>,
    /// Seconds a request may go unanswered, of any kind; 0 for ever [default: 30, getheaders 90]
    #[arg(long, value_name = "SECONDS", value_parser = cli::seconds)]
    request_timeout: Option<Duration>,
    /// Print a line with all numbers of a connection at its end
    #[arg(long)]
    stats: bool,
    /// Print such a line every so many seconds as well
    #[arg(long, value_name = "SECONDS", value_parser = cli::positive_seconds)]
    stats_interval: Option<Duration>,
    /// Say on stderr what happens: debug tells messages in a line each, trace in full and in bytes
    #[arg(long, value_enum, value_name = "LEVEL")]
    log: Option<Level>,
    /// Log lines a minute that each peer may cause [default: no limit]
    #[arg(long, value_name = "N")]
    log_limit: Option<u32>,
    /// End after so many lines about messages, from all peers together; version and verack are none of these
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = cli::positive_seconds)]
    duration: Option<Duration>,
    /// Peers served at once with --listen; more are closed as they come
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), default_value = "1000")]
    max_peers: u32,
    /// Show the bytes of every frame on stderr; of v2, message type and payload as they are when decrypted
    #[arg(long)]
    hexdump: bool,
    /// Record connections, to be replayed bit for bit: the first to FILE, more to FILE.2 and so on. Holds keys and secrets
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// How bad input is met: as this library does by default, or as Bitcoin Core or btcd do
    #[arg(long, value_enum, value_name = "POLICY", default_value = "default")]
    strictness: Policy,
}

/// Presets of [`Strictness`](peer_core::Strictness).
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Policy {
    Default,
    Core,
    Btcd,
}

/// Which way round.
#[derive(Clone, Debug)]
pub enum Mode {
    /// Dial this node; the port is there.
    Connect {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// Serve whoever dials.
    Listen {
        /// Name or address of our side.
        host: String,
        /// Port; 0 for any.
        port: u16,
        /// Peers served at once.
        max_peers: usize,
    },
}

const DEFAULT_AGENT: &str = concat!("peercat:", env!("CARGO_PKG_VERSION"));

static AFTER_HELP: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
    let (messages, objects) = (request::GRAMMAR, offer::GRAMMAR);
    format!("{messages}\n\n{objects}\n\n{LINES}\n\n{}", Exit::TABLE)
});

const LINES: &str = "\
Lines on stdout, all with event, peer (address, or null) and time (seconds since 1970):
  listening     address, network
  connected     direction
  version       the fields of the remote's version message
  negotiated    protocol_version, wtxid_relay, addr_v2, transport (v1 or v2), session_id (of v2, in hexadecimal)
  message       command, wire_len, and what the message says; long lists and payloads are cut
  sent, unsent  command of a --send message, and why it could not be sent
  announced     type, hash and result of an --announce object: queued, known, unwanted
  served        command, type and hash of what a peer asked for and was sent, or error
  unanswered    request, items and limit of what was not answered in time
  misbehavior   command, kind, severity and text of what the remote did wrong
  disconnected  reason, class, exit_code, transport (null: not agreed on), negotiated, bytes_sent, bytes_received, duration ...
  stats         with --stats, after disconnected: all numbers, named as in getpeerinfo
  refused       a peer above --max-peers
  failed        error: no connection, or no port";

impl Args {
    /// The arguments of this process. Ends it with a message where they make no sense.
    #[must_use]
    pub fn read(adapter: &str) -> (Mode, Plan) {
        let args: Self = cli::parse(adapter);
        match args.plan() {
            Ok(plan) => {
                if let Some(level) = args.log {
                    logging::install(level);
                }
                (args.mode(), plan)
            }
            Err(error) => error.exit(),
        }
    }

    fn mode(&self) -> Mode {
        let default = self.network.default_port;
        let owned = |endpoint: &Endpoint| {
            let (host, port) = endpoint.or_port(default);
            (host.to_owned(), port)
        };
        if let Some(endpoint) = &self.connect {
            let (host, port) = owned(endpoint);
            return Mode::Connect { host, port };
        }
        // The parser lets no third case through; listening on nothing would fail in its own words.
        let (host, port) = self.listen.as_ref().map(owned).unwrap_or_default();
        Mode::Listen {
            host,
            port,
            max_peers: usize::try_from(self.max_peers).unwrap_or(usize::MAX),
        }
    }

    fn plan(&self) -> Result<Plan, clap::Error> {
        let config = self.config();
        config.validate().map_err(cli::usage_error::<Self>)?;
        let parse = |text: &String| {
            request::parse(text, &config)
                .map_err(|error| cli::usage_error::<Self>(format_args!("--send {text}: {error}")))
        };
        let requests = self.send.iter().map(parse).collect::<Result<_, _>>()?;
        let parse = |text: &String| {
            Offer::parse(text, &config).map_err(|error| {
                cli::usage_error::<Self>(format_args!("--announce {text:.40}: {error}"))
            })
        };
        let offers = self.announce.iter().map(parse).collect::<Result<_, _>>()?;
        let mut plan = Plan::new(config, requests, self.count, self.duration);
        plan.shelf = Shelf::new(offers, &plan.config.network);
        plan.stats = self.stats || self.stats_interval.is_some();
        plan.stats_interval = self.stats_interval;
        if let Some(path) = &self.record {
            let reels = Reels::open(path).map_err(|error| {
                cli::usage_error::<Self>(format_args!("--record {}: {error}", path.display()))
            })?;
            plan.reels = Some(reels);
        }
        Ok(plan)
    }

    fn config(&self) -> Config {
        let config = Config::with_secret(*self.network, rand::random());
        // The presets have timers of their own, which those given here replace.
        let mut config = match self.strictness {
            Policy::Default => config,
            Policy::Core => config.like_core(),
            Policy::Btcd => config.like_btcd(),
        };
        config.user_agent = self.user_agent.clone();
        config.services = self.services;
        config.transport = self.transport.into();
        if let Some(version) = self.protocol_version {
            config.protocol_version = version;
            config.minimum_version = config.minimum_version.min(version);
        }
        config.raw_events = self.hexdump;
        config.limits.log_lines_per_minute = self.log_limit.unwrap_or(u32::MAX);
        config.trickle = self.trickle.unwrap_or(config.trickle);
        let timeouts = &mut config.timeouts;
        let optional = [
            (&mut timeouts.ping_interval, self.ping_interval),
            (&mut timeouts.pong, self.pong_timeout),
            (&mut timeouts.idle, self.idle_timeout),
        ];
        for (timeout, given) in optional {
            if let Some(given) = given {
                *timeout = Some(given).filter(|span| !span.is_zero());
            }
        }
        if let Some(given) = self.request_timeout {
            let given = Some(given).filter(|span| !span.is_zero());
            timeouts.requests = RequestTimeouts::all(given);
        }
        if let Some(given) = self.negotiate_timeout {
            timeouts.negotiation = given;
        }
        config
    }
}

/// Reads `--trickle`.
fn pace(text: &str) -> Result<Trickle, String> {
    Ok(match text {
        "none" => Trickle::Immediate,
        "core" => Trickle::CORE,
        "btcd" => Trickle::BTCD,
        _ => {
            let seconds = text.strip_prefix("fixed:");
            let seconds = seconds.ok_or("write none, fixed:SECONDS, core or btcd")?;
            let interval = cli::positive_seconds(seconds)?;
            Trickle::Fixed { interval }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use peer_core::{RequestKind, Strictness};

    fn read(arguments: &[&str]) -> Result<(Mode, Plan), clap::Error> {
        let args = Args::try_parse_from([&["peercat"], arguments].concat())?;
        Ok((args.mode(), args.plan()?))
    }

    fn config(arguments: &[&str]) -> Config {
        let connect = ["--connect", "node.example"];
        let (_, plan) = read(&[&connect, arguments].concat()).unwrap();
        (*plan.config()).clone()
    }

    #[test]
    fn either_connects_or_listens() {
        let (mode, _) = read(&["--connect", "node.example", "--network", "regtest"]).unwrap();
        assert!(matches!(mode, Mode::Connect { host, port: 18_444 } if host == "node.example"));
        let (mode, _) = read(&["--listen", "[::1]:0", "--max-peers", "3"]).unwrap();
        assert!(matches!(mode, Mode::Listen { host, port: 0, max_peers: 3 } if host == "::1"));
    }

    #[test]
    fn wrong_arguments_are_usage_errors() {
        for wrong in [
            &[][..],
            &["--connect", "a", "--listen", "b"],
            &["--connect", ""],
            &["--connect", "a", "--network", "nonet"],
            &["--connect", "a", "--services", "EVERYTHING"],
            &["--connect", "a", "--user-agent", "(x)"],
            &["--connect", "a", "--protocol-version", "0"],
            &["--connect", "a", "--protocol-version", "2147483648"],
            &["--connect", "a", "--ping-interval", "-1"],
            &["--connect", "a", "--negotiate-timeout", "0"],
            &["--connect", "a", "--count", "0"],
            &["--connect", "a", "--duration", "soon"],
            &["--connect", "a", "--send", "nonsense"],
            &["--connect", "a", "--strictness", "lax"],
            &["--connect", "a", "--announce", "tx"],
            &["--connect", "a", "--announce", "tx:00"],
            &["--connect", "a", "--announce", "block:@/nowhere"],
            &["--connect", "a", "--announce", "inv:nothing:genesis"],
            &["--connect", "a", "--announce", "inv:tx:123"],
            &["--connect", "a", "--trickle", "often"],
            &["--connect", "a", "--trickle", "fixed:0"],
            &["--connect", "a", "--stats-interval", "0"],
            &["--connect", "a", "--request-timeout", "-1"],
            &["--connect", "a", "--log", "loud"],
            &["--connect", "a", "--record", "/nowhere/at/all"],
            &["--listen", "a", "--max-peers", "0"],
        ] {
            let error = read(wrong).unwrap_err();
            assert_eq!(error.exit_code(), i32::from(cli::USAGE), "{wrong:?}");
        }
    }

    #[test]
    fn timers_are_set_by_seconds_and_switched_off_by_zero() {
        let timeouts = config(&[
            "--ping-interval",
            "0.5",
            "--pong-timeout",
            "0",
            "--idle-timeout",
            "7",
            "--negotiate-timeout",
            "1.25",
        ])
        .timeouts;
        assert_eq!(timeouts.ping_interval, Some(Duration::from_millis(500)));
        assert_eq!(timeouts.pong, None);
        assert_eq!(timeouts.idle, Some(Duration::from_secs(7)));
        assert_eq!(timeouts.negotiation, Duration::from_millis(1250));
    }

    #[test]
    fn requests_of_every_kind_have_the_time_that_is_given() {
        let requests = |seconds| config(&["--request-timeout", seconds]).timeouts.requests;
        assert_eq!(requests("0"), RequestTimeouts::OFF);
        for kind in RequestKind::ALL {
            let limit = Duration::from_millis(2500);
            assert_eq!(requests("2.5").of(*kind), Some(limit), "{kind}");
        }
    }

    #[test]
    fn announcements_leave_when_they_are_told_to() {
        let trickle = |policy| config(&["--trickle", policy]).trickle;
        assert_eq!(trickle("none"), Trickle::Immediate);
        assert_eq!(trickle("core"), Trickle::CORE);
        assert_eq!(trickle("btcd"), Trickle::BTCD);
        let interval = Duration::from_millis(1500);
        assert_eq!(trickle("fixed:1.5"), Trickle::Fixed { interval });
        // A preset has a trickle of its own, which one that is given replaces.
        assert_eq!(config(&["--strictness", "btcd"]).trickle, Trickle::BTCD);
        let given = ["--strictness", "btcd", "--trickle", "core"];
        assert_eq!(config(&given).trickle, Trickle::CORE);
    }

    #[test]
    fn numbers_now_and_then_are_numbers_at_the_end_too() {
        let plan = |more: &[&str]| read(&[&["--connect", "a"], more].concat()).unwrap().1;
        assert!(!plan(&[]).stats && plan(&["--stats"]).stats);
        let regular = plan(&["--stats-interval", "2"]);
        assert!(regular.stats);
        assert_eq!(regular.stats_interval(), Some(Duration::from_secs(2)));
    }

    #[test]
    fn an_old_version_of_ours_lowers_what_is_asked_of_others() {
        let config = config(&["--protocol-version", "209"]);
        assert_eq!(
            (config.protocol_version, config.minimum_version),
            (209, 209)
        );
    }

    #[test]
    fn policies_are_the_presets() {
        let strictness = |name| config(&["--strictness", name]).strictness;
        assert_eq!(strictness("default"), Strictness::default());
        assert_eq!(strictness("core"), Strictness::core());
        assert_eq!(strictness("btcd"), Strictness::btcd());
    }
}
