//! What a listener knows of the connections that it accepts: a number for each, and the height that they advertise.

use core::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::net::SocketAddr;

use peer_core::Link;

/// Makes the links of accepted connections.
#[derive(Debug, Default)]
pub struct Inbound {
    start_height: AtomicI32,
    accepted: AtomicU64,
}

impl Inbound {
    /// Sets the height that is advertised from now on. 0 at first.
    pub fn set_start_height(&self, height: i32) {
        self.start_height.store(height, Ordering::Relaxed);
    }

    /// The link of the next connection, with a number of its own: 1 for the first.
    pub fn link(&self, remote: SocketAddr, local: Option<SocketAddr>) -> Link {
        let number = self.accepted.fetch_add(1, Ordering::Relaxed);
        let mut link = Link::inbound()
            .with_id(number.wrapping_add(1))
            .with_remote(remote)
            .with_start_height(self.start_height.load(Ordering::Relaxed));
        link.local = local;
        link
    }
}
