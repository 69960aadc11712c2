//! How announcements are put off, so that nobody learns from their time where an object came from.

use core::time::Duration;

/// When transactions, and whatever else is not a block, are announced. Blocks never wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trickle {
    /// At once, each in a message of its own. Tells the remote when we learnt of what: for tests, and where both ends
    /// belong to one owner.
    Immediate,
    /// All that wait, at fixed intervals counted from the start of the connection.
    Fixed {
        /// From one to the next.
        interval: Duration,
    },
    /// At random, with exponentially distributed spans, so that the next time can never be foreseen.
    Poisson {
        /// Mean span on inbound connections. They share one schedule: all machines of one
        /// [`Config`](crate::Config) announce at the same instants, so that many connections teach a spy no more than
        /// one. The schedule is cut into slots of a fiftieth of this, and at least a millisecond.
        inbound: Duration,
        /// Mean span on outbound connections, each of which has its own schedule.
        outbound: Duration,
        /// Objects announced at a time; 5 more for each 1,000 that wait, and never more than 1,000.
        per_flush: usize,
    },
}

impl Trickle {
    /// As Bitcoin Core: 5 s inbound, 2 s outbound (`INBOUND_INVENTORY_BROADCAST_INTERVAL`,
    /// `OUTBOUND_INVENTORY_BROADCAST_INTERVAL`), 70 at a time (`INVENTORY_BROADCAST_TARGET`; 35 in releases up to 28).
    pub const CORE: Self = Self::Poisson {
        inbound: Duration::from_secs(5),
        outbound: Duration::from_secs(2),
        per_flush: 70,
    };

    /// As btcd: every 10 s (`DefaultTrickleInterval`).
    pub const BTCD: Self = Self::Fixed {
        interval: Duration::from_secs(10),
    };

    /// Whether a span in it is zero.
    pub(super) fn has_no_span(self) -> bool {
        match self {
            Self::Immediate => false,
            Self::Fixed { interval } => interval.is_zero(),
            Self::Poisson {
                inbound, outbound, ..
            } => inbound.is_zero() || outbound.is_zero(),
        }
    }
}

impl Default for Trickle {
    /// [`Trickle::CORE`].
    fn default() -> Self {
        Self::CORE
    }
}
