//! What can go wrong on our side. What the remote did wrong is a
//! [`DisconnectReason`](peer_core::DisconnectReason) of peer-core.

use std::io;

use peer_adapter::ConnectError;

/// Why a connection was not begun, or a port not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration contradicts itself, or the operating system gave no entropy.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// There are as many connections as [`Limits::peers`](crate::Limits) allows.
    #[error("there are {limit} connections already")]
    TooManyPeers {
        /// The limit.
        limit: usize,
    },
    /// The reactor is shutting down.
    #[error("the reactor is shutting down")]
    ShuttingDown,
    /// The operating system would not.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why a command that another thread queued for a peer was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedCommand {
    /// There is no such connection: it has ended, or is not made yet. The command comes back.
    #[error("there is no such connection")]
    Gone(peer_core::Command),
    /// The machine refused it; [`Full`](peer_core::SendError::Full) gives the message back.
    #[error(transparent)]
    Send(#[from] peer_core::SendError),
}

/// Why a [`Handle`](crate::Handle) took nothing. What was to be done comes back.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum QueueError<C> {
    /// As many commands wait as [`Limits::commands`](crate::Limits) allows.
    #[error("the queue is full")]
    Full(Box<C>),
    /// The reactor is gone.
    #[error("the reactor is gone")]
    Closed(Box<C>),
}

impl<C> QueueError<C> {
    /// What was not taken.
    pub fn into_command(self) -> C {
        match self {
            Self::Full(command) | Self::Closed(command) => *command,
        }
    }
}

impl<C> std::fmt::Debug for QueueError<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}
