//! What can go wrong on our side of a connection, and how a connection ended. What the remote did
//! wrong is a [`DisconnectReason`] of peer-core.

use std::io;
use std::sync::Arc;

use peer_core::{Command, ConfigError, DisconnectReason, Stats, Ticket};

/// Why a connection was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The configuration contradicts itself.
    #[error("configuration: {0}")]
    Config(#[from] ConfigError),
    /// The operating system gave no entropy.
    #[error("no entropy: {0}")]
    Entropy(#[from] getrandom::Error),
}

impl From<ConnectError> for io::Error {
    /// `InvalidInput` for the configuration, `Other` for entropy; the error itself stays inside.
    fn from(error: ConnectError) -> Self {
        let kind = match error {
            ConnectError::Config(_) => io::ErrorKind::InvalidInput,
            ConnectError::Entropy(_) => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// Why [`Peer::send`](crate::Peer::send) did not send, or another wish was not granted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The message cannot go to this remote: it breaks a limit, the version or the purpose of the
    /// connection does not have it. The connection goes on. Never `Full` or `Closed`.
    #[error(transparent)]
    Refused(#[from] peer_core::SendError),
    /// The connection ended before the socket had taken the last byte; how is the source.
    #[error("not sent, the connection ended")]
    Disconnected(#[source] Arc<Disconnected>),
}

/// Why [`Peer::queue`](crate::Peer::queue) took nothing. What was to be done comes back.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The remote takes data more slowly than the application makes it.
    #[error("the queue is full")]
    Full(Command),
    /// The connection is over, or being ended by our side.
    #[error("the connection is closed")]
    Closed(Command),
}

impl QueueError {
    /// What was not taken.
    pub fn into_command(self) -> Command {
        match self {
            Self::Full(command) | Self::Closed(command) => command,
        }
    }
}

/// How a connection ended; as an error, the reason in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("disconnected: {reason}")]
#[non_exhaustive]
pub struct Disconnected {
    /// Why: the first cause that came true. A dropped [`Driver`](crate::Driver) counts as the
    /// application's wish.
    pub reason: DisconnectReason,
    /// The last message of which the socket took every byte, in the order of sending.
    pub sent_through: Option<Ticket>,
    /// The numbers at the end.
    pub stats: Stats,
}
