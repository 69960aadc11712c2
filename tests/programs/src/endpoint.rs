//! `HOST:PORT` as people type it.

use core::fmt;
use core::net::Ipv6Addr;
use core::str::FromStr;

use thiserror::Error;

/// Where to connect to, or to listen: a name or an address, and a port that may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: Option<u16>,
}

/// Text that is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Nothing in front of the port.
    #[error("the host is missing")]
    NoHost,
    /// What follows the colon is no port.
    #[error("{0:?} is not a port (0 to 65535)")]
    Port(String),
    /// An opening bracket without its closing one, or something else than an IPv6 address between them.
    #[error("brackets are for IPv6 addresses, as in [::1]:8333")]
    Brackets,
}

impl Endpoint {
    /// Host and port as the socket functions of every runtime take them; `default` where no port was typed.
    #[must_use]
    pub fn or_port(&self, default: u16) -> (&str, u16) {
        (&self.host, self.port.unwrap_or(default))
    }
}

/// `host`, `host:port`, `1.2.3.4:port`, `[::1]:port`, or a bare IPv6 address, in which all colons are its own.
impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (host, port) = if text.parse::<Ipv6Addr>().is_ok() {
            (text, None)
        } else if let Some(bracketed) = text.strip_prefix('[') {
            let (host, rest) = bracketed.split_once(']').ok_or(EndpointError::Brackets)?;
            let port = match (rest.strip_prefix(':'), rest) {
                (_, "") => None,
                (Some(port), _) => Some(port),
                (None, _) => return Err(EndpointError::Brackets),
            };
            if host.parse::<Ipv6Addr>().is_err() {
                return Err(EndpointError::Brackets);
            }
            (host, port)
        } else {
            match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            }
        };
        if host.is_empty() {
            return Err(EndpointError::NoHost);
        }
        let port = port
            .map(|port| {
                port.parse()
                    .map_err(|_| EndpointError::Port(port.to_owned()))
            })
            .transpose()?;
        let host = host.to_owned();
        Ok(Self { host, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.host.contains(':'), self.port) {
            (true, Some(port)) => write!(f, "[{}]:{port}", self.host),
            (false, Some(port)) => write!(f, "{}:{port}", self.host),
            (_, None) => f.write_str(&self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type() {
        let parsed = |text: &str| {
            let endpoint: Endpoint = text.parse().unwrap();
            let (host, port) = endpoint.or_port(8333);
            (host.to_owned(), port, endpoint.to_string())
        };
        for (text, host, port) in [
            ("node.example:18444", "node.example", 18_444),
            ("node.example", "node.example", 8_333),
            ("127.0.0.1:0", "127.0.0.1", 0),
            ("[::1]:18444", "::1", 18_444),
            ("::1", "::1", 8_333),
        ] {
            assert_eq!(parsed(text), (host.to_owned(), port, text.to_owned()));
        }
        assert_eq!(parsed("[::1]").0, "::1");
    }

    #[test]
    fn what_is_no_endpoint() {
        let refused = |text: &str| text.parse::<Endpoint>().unwrap_err();
        assert_eq!(refused(""), EndpointError::NoHost);
        assert_eq!(refused(":8333"), EndpointError::NoHost);
        assert_eq!(refused("host:"), EndpointError::Port(String::new()));
        assert_eq!(refused("host:65536"), EndpointError::Port("65536".into()));
        assert_eq!(refused("host:1:2"), EndpointError::Port("1:2".into()));
        assert_eq!(refused("[::1"), EndpointError::Brackets);
        assert_eq!(refused("[::1]8333"), EndpointError::Brackets);
        assert_eq!(refused("[host]:8333"), EndpointError::Brackets);
    }
}
