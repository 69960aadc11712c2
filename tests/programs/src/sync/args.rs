//! What `sync` is told on the command line.

use core::time::Duration;

use clap::Parser;
use peer_core::message::UserAgent;
use peer_core::network::Network;
use peer_core::{Config, Reaction};

use super::Options;
use crate::cli;
use crate::demo::{self, Demo};
use crate::endpoint::Endpoint;

/// Downloads the chain of a node, headers first, and checks it.
///
/// Without arguments a node in this very process serves a real regtest chain of 310 blocks on loopback, and the program
/// syncs from that. With --network navcoin, navcoin-testnet, navcoin-devnet or navcoin-regtest it serves one of that.
#[derive(Clone, Debug, Parser)]
#[command(name = "sync", version, after_help = AFTER_HELP)]
pub struct Args {
    /// Node to sync from. PORT is the network's default port if left out
    #[arg(long, value_name = "HOST:PORT")]
    pub connect: Option<Endpoint>,
    /// Network of the node [default: mainnet; regtest without --connect]
    #[arg(long, value_name = "NAME", value_parser = cli::network_parser())]
    network: Option<&'static Network>,
    /// How frames travel
    #[arg(long, value_enum, value_name = "TRANSPORT", default_value = "auto")]
    transport: cli::Transport,
    /// Stop at this height
    #[arg(long, value_name = "HEIGHT", value_parser = clap::value_parser!(u32).range(1..))]
    stop_height: Option<u32>,
    /// Download no blocks
    #[arg(long)]
    headers_only: bool,
    /// How we name ourselves (BIP14): NAME:VERSION, or a whole user agent
    #[arg(long, value_name = "AGENT", value_parser = cli::user_agent, default_value = DEFAULT_AGENT)]
    user_agent: UserAgent,
    /// Give up when nothing was gained for so long, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = cli::positive_seconds, default_value = "30")]
    stall_timeout: Duration,
}

const DEFAULT_AGENT: &str = concat!("peer-sync:", env!("CARGO_PKG_VERSION"));

const AFTER_HELP: &str = "\
Exit codes:
  0    the chain was downloaded and all checks passed
  1    it was not; one line on stderr says why
  2    the arguments make no sense
  130  ended by Ctrl-C or SIGTERM; the summary says how far it came";

impl Args {
    /// The arguments of this process. Ends it with a message where they make no sense.
    #[must_use]
    pub fn read(adapter: &str) -> Self {
        let args: Self = cli::parse(adapter);
        if let Err(error) = args.check() {
            error.exit();
        }
        args
    }

    fn check(&self) -> Result<(), clap::Error> {
        if self.connect.is_none() && Demo::of(self.network()).is_none() {
            let name = self.network().name;
            return Err(cli::usage_error::<Self>(format_args!(
                "the node in this process has chains of regtest and NavCoin only; --network {name} needs --connect \
                 HOST:PORT",
            )));
        }
        Ok(())
    }

    /// The network to speak.
    #[must_use]
    pub fn network(&self) -> &'static Network {
        let default = match self.connect {
            Some(_) => &Network::MAINNET,
            None => &demo::NETWORK,
        };
        self.network.unwrap_or(default)
    }

    /// What our side of the connection is like: it wants blocks and no transactions.
    #[must_use]
    pub fn config(&self) -> Config {
        let mut config = Config::with_secret(*self.network(), rand::random());
        config.user_agent = self.user_agent.clone();
        config.relay = false;
        config.transport = self.transport.into();
        config.timeouts.write_stall = Some(self.stall_timeout);
        // Not worth a lost sync if the node sends some all the same.
        config.strictness.unwanted_transaction = Reaction::Drop;
        config
    }

    /// How far to go, and with how much patience.
    #[must_use]
    pub fn options(&self) -> Options {
        Options {
            stop_height: self.stop_height,
            headers_only: self.headers_only,
            stall_timeout: self.stall_timeout,
            ..Options::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Args, clap::Error> {
        let args = Args::try_parse_from([&["sync"], arguments].concat())?;
        args.check().map(|()| args)
    }

    #[test]
    fn the_network_has_a_default_for_each_use() {
        assert_eq!(read(&[]).unwrap().network().name, "regtest");
        let node = ["--connect", "node.example"];
        assert_eq!(read(&node).unwrap().network().name, "mainnet");
        for network in Network::ALL {
            let args = read(&[&node[..], &["--network", network.name]].concat()).unwrap();
            assert_eq!(args.network(), network);
        }
        let args = read(&[&node[..], &["--network", "bitcoin"]].concat()).unwrap();
        assert_eq!(args.network().name, "mainnet");
    }

    #[test]
    fn wrong_arguments_are_usage_errors() {
        for wrong in [
            &["--network", "litecoin"][..],
            &["--network", "nonet"],
            &["--connect", ":1"],
            &["--stop-height", "0"],
            &["--stall-timeout", "0"],
            &["--user-agent", "x"],
            &["extra"],
        ] {
            let error = read(wrong).unwrap_err();
            assert_eq!(error.exit_code(), i32::from(cli::USAGE), "{wrong:?}");
        }
    }

    #[test]
    fn the_configuration_is_valid() {
        let args = read(&["--user-agent", "/a:1/b:2/", "--stop-height", "7"]).unwrap();
        assert_eq!(args.config().validate(), Ok(()));
        assert_eq!(args.config().user_agent.to_string(), "/a:1/b:2/");
        assert_eq!(args.options().stop_height, Some(7));
    }
}
