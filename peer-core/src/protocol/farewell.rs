//! The `reject` (BIP61) that goes before a disconnect, for policies that send one.
//!
//! Only reasons that the remote gave get one; silence and hang-ups do not.

use crate::error::{DisconnectReason, Incompatible, Malformed, Violation};
use crate::message::{Reject, RejectCode};

/// What to tell the remote about the end, if anything.
pub(crate) fn reject_for(reason: &DisconnectReason) -> Option<Reject> {
    let (message, code, text) = match reason {
        DisconnectReason::Malformed(malformed) => {
            (command_of(malformed), RejectCode::MALFORMED, "malformed")
        }
        DisconnectReason::Violation(Violation::DuplicateVersion) => (
            "version".into(),
            RejectCode::DUPLICATE,
            "duplicate version message",
        ),
        DisconnectReason::Violation(Violation::DuplicateVerack) => (
            "verack".into(),
            RejectCode::DUPLICATE,
            "duplicate verack message",
        ),
        DisconnectReason::Violation(Violation::Early { command }) => (
            command.as_str().into(),
            RejectCode::MALFORMED,
            "before the handshake was complete",
        ),
        DisconnectReason::Incompatible(Incompatible::Version { .. }) => (
            "version".into(),
            RejectCode::OBSOLETE,
            "protocol version too low",
        ),
        DisconnectReason::Incompatible(Incompatible::Services { .. }) => (
            "version".into(),
            RejectCode::NONSTANDARD,
            "services missing",
        ),
        _ => return None,
    };
    Some(Reject {
        message: message.into(),
        code,
        reason: text.into(),
        hash: None,
    })
}

fn command_of(malformed: &Malformed) -> alloc::string::String {
    match malformed {
        Malformed::Checksum { command } | Malformed::TrailingBytes { command, .. } => {
            command.as_str().into()
        }
        Malformed::Payload(error) => error.message.command().as_str().into(),
        Malformed::Command { .. } => alloc::string::String::new(),
        Malformed::TooMany { last, .. } => command_of(last),
    }
}
