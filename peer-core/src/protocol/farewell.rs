//! `reject` (BIP61): the one that goes before a disconnect, for policies that send one, and those
//! that arrive.
//!
//! Only reasons that the remote gave get one; silence and hang-ups do not. Neither sent nor read
//! below version 70002, which introduced it. Core reads none at any version, btcd fails to decode
//! them below.

use alloc::string::String;

use crate::error::{DisconnectReason, Incompatible, Violation};
use crate::message::{Message, MessageKind, Reject, RejectCode};
use crate::protocol::Cx;
use crate::strictness::Reaction;

/// Whether a message of the remote may pass, or is to be dropped and counted.
pub(super) fn is_spoken(cx: &Cx<'_>, message: &Message) -> Result<bool, DisconnectReason> {
    let (needed, negotiated) = (cx.config.network.gates.reject, cx.version());
    // Before the remote's `version` there is none in force; it is early then.
    if !matches!(message, Message::Reject(_)) || cx.remote.is_none() || negotiated >= needed {
        return Ok(true);
    }
    match cx.config.strictness.reject_below_version {
        Reaction::Deliver => Ok(true),
        Reaction::Drop => Ok(false),
        Reaction::Disconnect => Err(Violation::VersionTooLowFor {
            command: message.command(),
            needed,
            negotiated,
        }
        .into()),
    }
}

/// What to tell the remote about the end, if anything.
pub(crate) fn reject_for(reason: &DisconnectReason) -> Option<Reject> {
    let (message, code, text) = match reason {
        DisconnectReason::Malformed(malformed) => {
            (malformed.command(), RejectCode::MALFORMED, "malformed")
        }
        DisconnectReason::Violation(violation) => {
            let (code, text) = match violation {
                Violation::DuplicateVersion => (RejectCode::DUPLICATE, "duplicate version message"),
                Violation::DuplicateVerack => (RejectCode::DUPLICATE, "duplicate verack message"),
                Violation::Early { .. } => {
                    (RejectCode::MALFORMED, "before the handshake was complete")
                }
                _ => return None,
            };
            (violation.command(), code, text)
        }
        DisconnectReason::Incompatible(mismatch) => {
            let (code, text) = match mismatch {
                Incompatible::Version { .. } => (RejectCode::OBSOLETE, "protocol version too low"),
                Incompatible::Services { .. } => (RejectCode::NONSTANDARD, "services missing"),
                Incompatible::SelfConnection => return None,
            };
            (Some(MessageKind::Version.command()), code, text)
        }
        _ => return None,
    };
    // Bytes that are no name are not sent back.
    let message = message.map_or_else(String::new, |command| command.as_str().into());
    Some(Reject {
        message: message.into(),
        code,
        reason: text.into(),
        hash: None,
    })
}
