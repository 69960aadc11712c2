//! The summary at the end, for people.

use core::fmt;
use core::time::Duration;
use std::io::{self, Write};

use peer_core::Stats;
use peer_core::message::VersionMessage;
use peer_core::network::{Network, PowHash};
use peer_core::wire::BlockHash;

use super::Tally;

/// How the job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything is there.
    Complete,
    /// The user ended it.
    Interrupted,
}

/// What was reached.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// How the job ended.
    pub ending: Ending,
    /// Name or address of the node.
    pub peer: String,
    /// The network.
    pub network: Network,
    /// The node's `version`, if it came that far.
    pub remote: Option<Box<VersionMessage>>,
    /// Headers above the genesis block.
    pub headers: u32,
    /// Hash of the last one.
    pub tip: BlockHash,
    /// No blocks were wanted.
    pub headers_only: bool,
    /// Blocks were asked for with their witnesses.
    pub with_witness: bool,
    /// What the blocks held.
    pub tally: Tally,
    /// The numbers of the connection.
    pub stats: Stats,
    /// From the end of the handshake on; before that, from the connection on.
    pub took: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.network.name;
        let seconds = self.took.as_secs_f64();
        match self.ending {
            Ending::Complete => writeln!(f, "synced {name} in {seconds:.2} s\n")?,
            Ending::Interrupted => writeln!(f, "interrupted after {seconds:.2} s of {name}\n")?,
        }
        self.write_node(f)?;
        self.write_chain(f)?;
        self.write_speed(f)
    }
}

impl Report {
    /// Prints it. That nobody reads it is no error.
    ///
    /// # Errors
    ///
    /// When stdout does not take it.
    pub fn print(&self) -> io::Result<()> {
        match write!(io::stdout(), "{self}") {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            printed => printed,
        }
    }

    fn write_node(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        row(f, "peer", &self.peer)?;
        let Some(remote) = &self.remote else {
            return row(f, "version", "not received");
        };
        let ours = self.network.protocol_version;
        let theirs = remote.version;
        let negotiated = i64::from(theirs).min(ours.into());
        row(f, "user agent", &remote.user_agent)?;
        let versions = format!("{negotiated} negotiated ({ours} ours, {theirs} theirs)");
        row(f, "version", versions)?;
        row(f, "services", remote.services)?;
        match (self.stats.transport, self.stats.session_id) {
            (Some(transport), Some([a, b, c, d, ..])) => {
                let session = format_args!("{transport}, session {a:02x}{b:02x}{c:02x}{d:02x}...");
                row(f, "transport", session)
            }
            (Some(transport), None) => row(f, "transport", transport),
            (None, _) => row(f, "transport", "not settled"),
        }
    }

    fn write_chain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            blocks,
            transactions,
            with_witness,
            bytes,
            ..
        } = self.tally;
        let work = match self.network.pow {
            PowHash::Scrypt => "links and scrypt proof of work checked",
            PowHash::Stake => "links checked; proof of stake is not",
            _ => "links and sha256d proof of work checked",
        };
        let headers = self.headers;
        let checked = format!("{headers} ({work})");
        row(f, "headers", checked)?;
        row(f, "tip", format_args!("{} at height {headers}", self.tip))?;
        if self.headers_only {
            return row(f, "blocks", "not wanted");
        }
        let checked = if self.with_witness {
            "merkle roots and witness commitments"
        } else {
            "merkle roots; the node offers no witnesses"
        };
        let blocks = format!("{blocks} (checked: {checked})");
        row(f, "blocks", blocks)?;
        let without = transactions.saturating_sub(with_witness);
        let split = format!("{transactions} ({with_witness} with witness, {without} without)");
        row(f, "transactions", split)?;
        row(f, "block data", format_args!("{:.2} MB", megabytes(bytes)))
    }

    fn write_speed(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No job is over in less than a microsecond; the bound keeps the division honest.
        let seconds = self.took.as_secs_f64().max(1e-6);
        let received = megabytes(self.stats.bytes_received);
        let sent = megabytes(self.stats.bytes_sent);
        let speed = received / seconds;
        row(
            f,
            "received",
            format_args!("{received:.2} MB in {seconds:.2} s, {speed:.2} MB/s (sent {sent:.2} MB)"),
        )?;
        match (self.stats.ping, self.stats.min_ping) {
            (Some(last), Some(least)) => {
                let (last, least) = (milliseconds(last), milliseconds(least));
                row(
                    f,
                    "ping",
                    format_args!("{last:.2} ms (least {least:.2} ms)"),
                )
            }
            _ => row(f, "ping", "no answer yet"),
        }
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, value: impl fmt::Display) -> fmt::Result {
    writeln!(f, "  {name:<14}{value}")
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn milliseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
