//! What is printed, and where.

use core::fmt;
use std::io::{self, Write};

use peer_core::Timestamp;
use peer_core::network::Network;

use super::line::Fields;

/// A piece of output: whole lines, which are written at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// A JSON object and the end of the line, for stdout.
    Line(String),
    /// A hexdump or a word to people, for stderr.
    Note(String),
}

impl Output {
    /// We listen on `address`: the first line of a listener.
    #[must_use]
    pub fn listening(address: impl fmt::Display, network: &Network, now: Timestamp) -> Self {
        let fields = Fields::event("listening", None, now)
            .with_text("address", address)
            .with("network", network.name);
        Self::Line(fields.into_line())
    }

    /// No connection could be made to `address`, or no port opened there: for programs, and for people.
    #[must_use]
    pub fn failed(address: &str, error: impl fmt::Display, now: Timestamp) -> [Self; 2] {
        let fields = Fields::event("failed", Some(address), now).with_text("error", &error);
        [
            Self::Line(fields.into_line()),
            Self::Note(format!("error: {address}: {error}\n")),
        ]
    }

    /// A peer was closed at once because there are `max_peers` already.
    #[must_use]
    pub fn refused(peer: &str, max_peers: usize, now: Timestamp) -> Self {
        let fields = Fields::event("refused", Some(peer), now)
            .with("reason", "too many peers")
            .with("max_peers", max_peers);
        Self::Line(fields.into_line())
    }

    /// Writes it, and makes sure that readers see it.
    ///
    /// # Errors
    ///
    /// When stdout does not take it, in most cases because its reader has left: time to end. A closed stderr is no
    /// error.
    pub fn write(&self) -> io::Result<()> {
        match self {
            Self::Line(line) => {
                let mut out = io::stdout().lock();
                out.write_all(line.as_bytes())?;
                out.flush()
            }
            Self::Note(note) => {
                let _ = io::stderr().write_all(note.as_bytes());
                Ok(())
            }
        }
    }
}
