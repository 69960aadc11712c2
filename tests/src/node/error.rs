//! What can go wrong between a test and the node it drives. Never about our own peers.

use core::time::Duration;
use std::io;
use std::process::ExitStatus;

use serde_json::Value;

use super::rpc::RpcError;

/// Why a node did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// A file, folder, port or process could not be had.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The node ended while it was starting; holds what it wrote last.
    #[error("{program} ended at start ({status}): {said}")]
    Ended {
        /// Its program.
        program: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of its error output.
        said: String,
    },
    /// An RPC gave no result.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// An RPC gave a result of another shape than its documentation says.
    #[error("{method} answered something unexpected: {answer}")]
    Unexpected {
        /// The method called.
        method: &'static str,
        /// Its answer.
        answer: Value,
    },
    /// Something that was waited for did not happen.
    #[error("waited {limit:?} in vain: {what}")]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long.
        limit: Duration,
    },
}

/// Makes the function for `map_err` that says what was being done.
pub(super) fn doing(what: &'static str) -> impl FnOnce(io::Error) -> NodeError {
    move |source| NodeError::Io { what, source }
}
