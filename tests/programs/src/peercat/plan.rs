//! What all peers of one run share.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use peer_adapter::TapeSink;
use peer_core::Config;
use peer_core::message::Message;

use super::reels::Reels;
use super::serving::Shelf;

/// What is to be done with every peer, and how much in all. Shared by the sessions of all peers.
#[derive(Debug)]
pub struct Plan {
    pub(super) config: Arc<Config>,
    /// Sent to each peer once the handshake is complete, in this order.
    pub(super) requests: Vec<Message>,
    /// Announced to each peer then, and served.
    pub(super) shelf: Shelf,
    /// Whether the numbers of a connection are printed at its end.
    pub(super) stats: bool,
    /// From one line of numbers to the next, while a peer is there.
    pub(super) stats_interval: Option<Duration>,
    /// Where connections are recorded.
    pub(super) reels: Option<Reels>,
    /// Messages to print in all; then it is over.
    count: Option<u64>,
    /// How long it may take in all.
    duration: Option<Duration>,
    received: AtomicU64,
}

impl Plan {
    pub(super) fn new(
        config: Config,
        requests: Vec<Message>,
        count: Option<u64>,
        duration: Option<Duration>,
    ) -> Self {
        Self {
            config: Arc::new(config),
            requests,
            shelf: Shelf::default(),
            stats: false,
            stats_interval: None,
            reels: None,
            count,
            duration,
            received: AtomicU64::new(0),
        }
    }

    /// The configuration of every connection.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        self.config.clone()
    }

    /// After how long the program ends by itself.
    #[must_use]
    pub const fn duration(&self) -> Option<Duration> {
        self.duration
    }

    /// How often the numbers of a peer that is there are printed, if at all.
    #[must_use]
    pub const fn stats_interval(&self) -> Option<Duration> {
        self.stats_interval
    }

    /// Where the tape of the next connection goes, if it is recorded.
    #[must_use]
    pub fn tape(&self) -> Option<TapeSink> {
        self.reels.as_ref().and_then(Reels::next)
    }

    /// Whether as many messages were received, from all peers together, as were wanted.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.count
            .is_some_and(|count| self.received.load(Ordering::Relaxed) >= count)
    }

    /// Counts a message that arrived; false if it is one more than were wanted.
    pub(super) fn count_message(&self) -> bool {
        let before = self.received.fetch_add(1, Ordering::Relaxed);
        self.count.is_none_or(|count| before < count)
    }
}
