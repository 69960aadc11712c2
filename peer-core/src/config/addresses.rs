//! How many addresses of other nodes a remote may tell us.

use core::time::Duration;

/// A token bucket on the entries of incoming `addr` and `addrv2`, as Bitcoin Core has it since 22.0: without one a
/// remote fills an address book with whatever it likes (CVE-2024-52919).
///
/// A connection begins with one token and an entry takes one. Entries for which there is none are dropped at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddrRateLimit {
    /// Time in which one token comes back. Default 10 s (Core: `MAX_ADDR_RATE_PER_SECOND`, 0.1). Zero brings them all
    /// back at once, so that `burst` is what one message may hold.
    pub refill: Duration,
    /// Tokens that waiting brings, at most. Default 1,000 (Core: `MAX_ADDR_PROCESSING_TOKEN_BUCKET`).
    pub burst: u32,
    /// Tokens for the answer to our first `getaddr`, on top of that. Default 1,000, as many as one message holds (Core:
    /// `MAX_ADDR_TO_SEND`).
    pub getaddr_boost: u32,
}

impl Default for AddrRateLimit {
    fn default() -> Self {
        Self {
            refill: Duration::from_secs(10),
            burst: 1_000,
            getaddr_boost: 1_000,
        }
    }
}
