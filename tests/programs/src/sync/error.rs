//! Why a sync came to nothing, in one line each.

use core::time::Duration;

use peer_core::{DisconnectReason, HangUp, Misbehavior, SendError};
use thiserror::Error;

use super::BlockError;
use crate::headers::HeaderError;

/// Why a sync ended before its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SyncError {
    /// The headers are no chain of this network.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A block is not what it should be.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// The node says it has a chain and gives nothing of it.
    #[error(
        "the node claims height {claimed} but has no headers for us; it may still be in its initial block download, or on \
         another network"
    )]
    NoHeaders {
        /// The height in its `version`.
        claimed: i32,
    },
    /// The node did not answer a question, or only what we knew.
    #[error("nothing gained for {} s while waiting for {waiting_for}{hint}", .after.as_secs_f32())]
    Stalled {
        /// How long we waited.
        after: Duration,
        /// What for.
        waiting_for: String,
        /// Why that may be.
        hint: &'static str,
    },
    /// What we wait for came as bytes that do not mean it.
    #[error("what we wait for came and is unusable: {}", .0.kind)]
    Malformed(Box<Misbehavior>),
    /// The connection ended.
    #[error("disconnected {while_}: {reason}{}", hint(.reason, .while_))]
    Disconnected {
        /// Why.
        reason: DisconnectReason,
        /// What we were doing.
        while_: &'static str,
    },
    /// A question could not be sent.
    #[error("cannot ask: {0}")]
    Unsent(Box<SendError>),
}

pub(super) const DURING_HANDSHAKE: &str = "during the handshake";

/// The usual cause, where there is one.
fn hint(reason: &DisconnectReason, while_: &str) -> &'static str {
    match reason {
        DisconnectReason::Frame(_) => "; is the node on another network?",
        DisconnectReason::HungUp(HangUp::EndOfStream | HangUp::Reset)
            if while_ == DURING_HANDSHAKE =>
        {
            "; is the node on another network, or full?"
        }
        _ => "",
    }
}
