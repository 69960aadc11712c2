//! [`Limits`]: how much a reactor takes on.

use std::time::Duration;

use peer_adapter::V2Limits;

/// What a reactor takes on in all. What each connection may cost is in
/// [`peer_core::Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections of every kind, those being dialled and those being closed included. Each costs a
    /// file descriptor, and about 3 KiB of memory while it is idle. 10,000.
    pub peers: usize,
    /// Connections that remotes have made, among them. One more is closed as soon as it is
    /// accepted. 10,000.
    pub inbound: usize,
    /// How long a connection may take to be made. 10 s.
    pub dial_timeout: Duration,
    /// How many v2 handshakes of remotes that dial us are begun, all ports together; those beyond
    /// are hung up on. `None` (default): as many as come, or as the application answers to
    /// [`Event::V2Admission`](peer_core::Event::V2Admission) where it asked for that.
    pub v2_handshakes: Option<V2Limits>,
    /// Commands from other threads that wait for the reactor; 0 counts as 1. 1,024.
    pub commands: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            peers: 10_000,
            inbound: 10_000,
            dial_timeout: Duration::from_secs(10),
            v2_handshakes: None,
            commands: 1_024,
        }
    }
}
