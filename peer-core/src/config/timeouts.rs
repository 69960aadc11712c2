//! Deadlines and intervals, with the reason for each default.

use core::time::Duration;

use super::RequestTimeouts;

/// Deadlines and intervals. `None` switches an optional one off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// From connection to the end of the handshake, absolute: bytes do not extend it. Default
    /// 30 s (as btcd; Core allows 60 s).
    pub negotiation: Duration,
    /// For each stage of the v2 handshake ([`V2Stage`](crate::V2Stage)), from the one before; all
    /// of them count towards `negotiation` as well. Default 15 s (Core and btcd have none of their
    /// own).
    pub v2_stage: Option<Duration>,
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
    /// From a request having left to its answer.
    pub requests: RequestTimeouts,
    /// Deadlines are rounded up to multiples of this so that many peers share wake-ups. Default
    /// 100 ms; zero is exact.
    pub grain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            negotiation: Duration::from_secs(30),
            v2_stage: Some(Duration::from_secs(15)),
            ping_interval: Some(Duration::from_secs(2 * 60)),
            initial_ping: true,
            pong: Some(Duration::from_secs(20 * 60)),
            idle: Some(Duration::from_secs(5 * 60)),
            write_stall: Some(Duration::from_secs(2 * 60)),
            flush: Duration::from_secs(5),
            addr_fetch: Some(Duration::from_secs(5 * 60)),
            requests: RequestTimeouts::default(),
            grain: Duration::from_millis(100),
        }
    }
}
