//! Numbers about one connection, kept by the machine and copied out on request.

use core::time::Duration;

use crate::error::Annoyance;
use crate::time::Timestamp;

/// A snapshot of the numbers of one connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// When the machine was made.
    pub connected_at: Timestamp,
    /// When the handshake was complete.
    pub negotiated_at: Option<Timestamp>,
    /// Bytes received, all of them.
    pub bytes_received: u64,
    /// Bytes the socket has taken.
    pub bytes_sent: u64,
    /// Complete frames received, whatever became of them.
    pub frames_received: u64,
    /// Frames of which every byte has left.
    pub frames_sent: u64,
    /// When the last byte arrived.
    pub last_received: Option<Timestamp>,
    /// When the socket last took a byte.
    pub last_sent: Option<Timestamp>,
    /// The remote's clock minus ours when its `version` arrived, in seconds, saturating.
    pub time_offset: i64,
    /// The height in the remote's `version`.
    pub start_height: Option<i32>,
    /// Round trip of the last answered ping.
    pub ping: Option<Duration>,
    /// Shortest round trip of all.
    pub min_ping: Option<Duration>,
    /// When the oldest ping left whose pong is outstanding (Core: `pingwait` counts from it).
    pub ping_since: Option<Timestamp>,
    /// Pings whose pong is outstanding.
    pub pings_in_flight: usize,
    /// Frames dropped for their checksum.
    pub bad_checksums: u64,
    /// Payloads dropped because they did not decode, and commands that were no names.
    pub malformed: u64,
    /// Messages delivered though bytes followed their payload.
    pub trailing_bytes: u64,
    /// Unknown commands delivered.
    pub unknown_messages: u64,
    /// Legal but pointless messages, by kind; see [`Stats::annoyance`].
    pub(crate) annoyances: [u64; Annoyance::ALL.len()],
}

impl Stats {
    /// How often the remote was annoying in this way.
    pub fn annoyance(&self, kind: Annoyance) -> u64 {
        self.annoyances
            .get(kind as usize)
            .copied()
            .unwrap_or_default()
    }
}
