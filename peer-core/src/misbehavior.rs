//! What the remote did wrong, told once each, and how much it weighs.
//!
//! This says how bad an act is, not what follows from it. Whether the machine ends the connection
//! is [`Strictness`](crate::Strictness), whether the application keeps the remote away is its own
//! policy, for which [`BanScore`](crate::BanScore) is there.

use crate::error::{Annoyance, DisconnectReason, Malformed, Violation};
use crate::message::{CommandName, DecodeError, DecodeErrorKind, MessageKind};
use crate::transport::FrameError;

/// An act of the remote that breaks a rule.
///
/// What [`Strictness`](crate::Strictness) says to deliver is none. Neither is a mismatch
/// ([`Incompatible`](crate::Incompatible)), a stream that ended, or time that ran out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misbehavior {
    /// The command of the message that did it; `None` if no frame has one, or its bytes are no
    /// name.
    pub command: Option<CommandName>,
    /// What it did.
    pub kind: MisbehaviorKind,
    /// How bad that is. A suggestion: policy is the application's.
    pub severity: Severity,
}

/// Kinds of misbehaviour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MisbehaviorKind {
    /// Bytes that do not mean what their command says.
    #[error("{0}")]
    Malformed(Malformed),
    /// Behaviour that breaks the protocol, and ended the connection.
    #[error("{0}")]
    Violation(Violation),
    /// Bytes that are no frame of our network. They ended the connection.
    #[error("{0}")]
    Frame(FrameError),
    /// Pointless behaviour, or a rule broken where [`Strictness`](crate::Strictness) only drops;
    /// told once a minute and kind, counted in the statistics.
    #[error("pointless: {0}")]
    Annoyance(Annoyance),
}

/// How bad an act is, from what honest software does by accident to what only an attacker does.
///
/// The same act has the same severity however the policy reacts to it (but a frame that ends the
/// connection by its header is never read, so nobody knows what else it would have been). The
/// dividing lines are Bitcoin Core's: what it ignores, what it drops, what it hangs up on, and what
/// it calls `Misbehaving`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Pointless or obsolete: a second `verack`, an unasked `pong`, a message before its time.
    /// Honest peers do it. Core ignores it; btcd hangs up on some of it and scores none.
    Harmless,
    /// Bytes that do not mean what they should, and pointless messages by the thousand: software
    /// that is broken, or a line that is. Core drops the message and goes on; btcd hangs up.
    Careless,
    /// A rule that software of today keeps: negotiation after the handshake, transactions nobody
    /// wants, requests for a service that is not offered, frames of another network. Core hangs up
    /// and bears no grudge; btcd hangs up, and scores bloom commands.
    Forbidden,
    /// What no honest software does: counts above their limit, filters that are too large. Core
    /// calls it `Misbehaving`, hangs up and discourages the address; btcd hangs up.
    Hostile,
}

impl Severity {
    /// Every severity, the mildest first.
    pub const ALL: &'static [Self] = &[
        Self::Harmless,
        Self::Careless,
        Self::Forbidden,
        Self::Hostile,
    ];
}

impl core::fmt::Display for Severity {
    /// In one word.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Harmless => "harmless",
            Self::Careless => "careless",
            Self::Forbidden => "forbidden",
            Self::Hostile => "hostile",
        })
    }
}

impl Misbehavior {
    pub(crate) fn new(command: Option<CommandName>, kind: MisbehaviorKind) -> Self {
        let severity = weigh(command, &kind);
        Self {
            command,
            kind,
            severity,
        }
    }

    /// The act of the remote that ended a connection, if it was one.
    pub(crate) fn behind(reason: &DisconnectReason) -> Option<Self> {
        let (command, kind) = match reason {
            DisconnectReason::Frame(error) => (error.command(), MisbehaviorKind::Frame(*error)),
            DisconnectReason::Malformed(malformed) => (
                malformed.command(),
                MisbehaviorKind::Malformed(malformed.clone()),
            ),
            DisconnectReason::Violation(violation) => {
                (violation.command(), MisbehaviorKind::Violation(*violation))
            }
            DisconnectReason::Local(_)
            | DisconnectReason::Incompatible(_)
            | DisconnectReason::Timeout(_)
            | DisconnectReason::HungUp(_)
            | DisconnectReason::Downgrade(_) => return None,
        };
        Some(Self::new(command, kind))
    }
}

/// The severity of every act: the one place where it stands.
fn weigh(command: Option<CommandName>, kind: &MisbehaviorKind) -> Severity {
    match kind {
        // Core: disconnect at the header (PROTOCOL 0.1), nothing remembered.
        MisbehaviorKind::Frame(_) => Severity::Forbidden,
        MisbehaviorKind::Malformed(malformed) => weigh_malformed(malformed),
        MisbehaviorKind::Violation(violation) => weigh_violation(violation),
        MisbehaviorKind::Annoyance(annoyance) => weigh_annoyance(command, *annoyance),
    }
}

fn weigh_malformed(malformed: &Malformed) -> Severity {
    match malformed {
        Malformed::Checksum { .. }
        | Malformed::Command { .. }
        | Malformed::MessageType { .. }
        | Malformed::TrailingBytes { .. } => Severity::Careless,
        Malformed::Payload(error) => weigh_payload(error),
        Malformed::TooMany { last, .. } => weigh_malformed(last),
    }
}

fn weigh_payload(error: &DecodeError) -> Severity {
    use MessageKind as K;
    match error.message {
        // BIP434: whoever speaks it speaks it well or not at all.
        K::Feature => Severity::Forbidden,
        // BIP152: 0 or 1.
        K::SendCmpct if matches!(error.kind, DecodeErrorKind::InvalidValue { .. }) => {
            Severity::Forbidden
        }
        _ if !error.is_limit() => Severity::Careless,
        K::Inv | K::GetData | K::Headers | K::Addr | K::AddrV2 | K::FilterLoad | K::FilterAdd => {
            Severity::Hostile
        }
        K::GetBlocks | K::GetHeaders => Severity::Forbidden,
        // Too many for us; Core has no such count, or fails to decode and drops.
        _ => Severity::Careless,
    }
}

fn weigh_violation(violation: &Violation) -> Severity {
    let command = violation.command();
    match violation {
        Violation::DuplicateVersion | Violation::DuplicateVerack => {
            weigh_annoyance(command, Annoyance::DuplicateHandshake)
        }
        Violation::Early { .. } => weigh_annoyance(command, Annoyance::Early),
        Violation::LateNegotiation { .. } => weigh_annoyance(command, Annoyance::LateNegotiation),
        Violation::VersionTooLowFor { .. } => weigh_annoyance(command, Annoyance::VersionTooLow),
        Violation::UnwantedTransaction { .. } => {
            weigh_annoyance(command, Annoyance::UnwantedTransaction)
        }
        Violation::Empty { .. } => weigh_annoyance(command, Annoyance::Empty),
        Violation::NotServed { .. } => weigh_annoyance(command, Annoyance::NotServed),
        Violation::NoFilter { .. } => weigh_annoyance(command, Annoyance::NoFilter),
        // So often it is no slip any more.
        Violation::Annoying { annoyance, .. } => {
            weigh_annoyance(command, *annoyance).max(Severity::Careless)
        }
    }
}

fn weigh_annoyance(command: Option<CommandName>, annoyance: Annoyance) -> Severity {
    let is = |kind: MessageKind| command == Some(kind.command());
    match annoyance {
        Annoyance::DuplicateHandshake
        | Annoyance::Early
        | Annoyance::UnsolicitedPong
        | Annoyance::Empty
        | Annoyance::RepeatedGetAddr => Severity::Harmless,
        Annoyance::Oversized => Severity::Careless,
        Annoyance::LateNegotiation | Annoyance::UnwantedTransaction | Annoyance::NotServed => {
            Severity::Forbidden
        }
        Annoyance::VersionTooLow if is(MessageKind::Feature) => Severity::Forbidden,
        // A `reject` that Core does not read at any version.
        Annoyance::VersionTooLow => Severity::Harmless,
        Annoyance::NoFilter if is(MessageKind::FilterAdd) => Severity::Hostile,
        // Core takes a `filterclear` at any time.
        Annoyance::NoFilter => Severity::Harmless,
    }
}

#[cfg(test)]
mod tests;
