//! Arguments that both programs take, and how their values are read.

use core::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Command, CommandFactory, Parser, ValueEnum};
use peer_core::TransportPolicy;
use peer_core::message::{UserAgent, UserAgentError};
use peer_core::network::Network;
use thiserror::Error;

/// Exit code for arguments that make no sense: clap's own.
pub const USAGE: u8 = 2;

/// How long a connection may take to be made. After it the handshake has its own time.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The arguments of this process. `--version` names the adapter as well: which of several programs of one name this is.
pub(crate) fn parse<Args: Parser>(adapter: &str) -> Args {
    let version = format!("{} over {adapter}", env!("CARGO_PKG_VERSION"));
    let mut matches = Args::command().version(version).get_matches();
    Args::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit())
}

/// Takes the name of a preset of [`Network::ALL`].
pub(crate) fn network_parser() -> impl TypedValueParser<Value = &'static Network> {
    let names = Network::ALL.iter().map(|network| {
        let value = PossibleValue::new(network.name);
        match network.name {
            "mainnet" => value.alias("bitcoin"),
            "litecoin" => value.alias("litecoin-mainnet"),
            "navcoin" => value.alias("navcoin-mainnet"),
            _ => value,
        }
    });
    // Only names of presets come as far as this.
    PossibleValuesParser::new(names).try_map(|name| Network::by_name(&name).ok_or("not a network"))
}

/// Which transport to use, as the programs call it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Transport {
    /// In the clear only
    V1,
    /// Encrypted only (BIP324)
    V2,
    /// What the remote knows: v2 first, then v1
    Auto,
}

impl From<Transport> for TransportPolicy {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::V1 => Self::V1,
            Transport::V2 => Self::V2,
            Transport::Auto => Self::Auto,
        }
    }
}

/// Seconds, with a fraction if need be.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}

/// The same, but a time of nothing is no time.
pub(crate) fn positive_seconds(text: &str) -> Result<Duration, String> {
    let span = seconds(text)?;
    if span.is_zero() {
        return Err("must be above zero".to_owned());
    }
    Ok(span)
}

/// Ends the program as clap does when it finds a fault in the arguments: `message` on stderr and exit code
/// [`USAGE`].
pub(crate) fn usage_error<Args: CommandFactory>(message: impl core::fmt::Display) -> clap::Error {
    let mut command: Command = Args::command();
    command.error(ErrorKind::ValueValidation, message)
}

/// Text that is no user agent of BIP14.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadUserAgent {
    /// Neither form.
    #[error("write NAME:VERSION, or a whole user agent such as /NAME:VERSION(COMMENT; COMMENT)/")]
    Form,
    /// A part has a character that it may not have, or the whole is too long.
    #[error(transparent)]
    Part(#[from] UserAgentError),
}

/// `NAME:VERSION`, or a whole user agent of BIP14, which begins and ends with `/`.
pub(crate) fn user_agent(text: &str) -> Result<UserAgent, BadUserAgent> {
    let entries = match text.strip_prefix('/') {
        Some(rest) => rest.strip_suffix('/').ok_or(BadUserAgent::Form)?,
        None => text,
    };
    let mut agent: Option<UserAgent> = None;
    for entry in entries.split('/') {
        let (name, rest) = entry.split_once(':').ok_or(BadUserAgent::Form)?;
        let (version, comments) = match rest.split_once('(') {
            None => (rest, Vec::new()),
            Some((version, rest)) => {
                let comments = rest.strip_suffix(')').ok_or(BadUserAgent::Form)?;
                (version, comments.split("; ").collect())
            }
        };
        agent = Some(match agent {
            None => UserAgent::new(name, version, &comments)?,
            Some(agent) => agent.append(name, version, &comments)?,
        });
    }
    agent.ok_or(BadUserAgent::Form)
}

/// An error and what it came from.
pub fn in_full(error: impl core::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agents_in_both_forms() {
        let read = |text| user_agent(text).map(|agent| agent.to_string());
        assert_eq!(read("cat:1.0"), Ok("/cat:1.0/".to_owned()));
        for whole in [
            "/Satoshi:29.4.2/Knots:20260508/",
            "/BitcoinJ:0.2(iPad; U; CPU OS 3_2_1)/AndroidBuild:0.8/",
        ] {
            assert_eq!(read(whole), Ok(whole.to_owned()));
        }
    }

    #[test]
    fn user_agents_that_are_none() {
        for text in [
            "", "/", "//", "cat", "/cat:1.0", "/cat/", "cat:1(x", "a:1//b:2",
        ] {
            assert_eq!(user_agent(text), Err(BadUserAgent::Form), "{text}");
        }
        for text in [
            "cat:",
            ":1",
            "c\u{e4}t:1",
            "cat:1:2",
            "cat:1()",
            "/a:1(b(c))/",
        ] {
            let found = user_agent(text);
            assert!(
                matches!(found, Err(BadUserAgent::Part(_))),
                "{text}: {found:?}"
            );
        }
        let long = format!("cat:{}", "1".repeat(300));
        assert!(matches!(
            user_agent(&long),
            Err(BadUserAgent::Part(UserAgentError::TooLong { .. }))
        ));
    }

    #[test]
    fn seconds_are_finite_and_not_negative() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        for text in ["", "-1", "nan", "inf", "1e300", "1s"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert!(positive_seconds("0").is_err());
        assert!(positive_seconds("0.001").is_ok());
    }
}
