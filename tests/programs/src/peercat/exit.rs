//! Exit codes: one for each class of end, so that scripts can tell them apart.

use peer_core::{DisconnectReason, Goodbye, HangUp};

/// How the program, or one connection, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// We ended it as we were told to, or the remote closed in order after the handshake.
    Clean,
    /// Arguments that make no sense.
    Usage,
    /// No connection could be made, or no port opened.
    Connect,
    /// Frames of another network, or of no network.
    Frame,
    /// Bytes that do not mean what their command says, more than are forgiven.
    Malformed,
    /// Behaviour that breaks the protocol.
    Violation,
    /// A protocol version or services that we do not want, or ourselves.
    Incompatible,
    /// Something did not happen in time.
    Timeout,
    /// The connection was reset, ended in the middle of a frame, or ended before the handshake was complete.
    HungUp,
}

impl Exit {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 9] = [
        Self::Clean,
        Self::Usage,
        Self::Connect,
        Self::Frame,
        Self::Malformed,
        Self::Violation,
        Self::Incompatible,
        Self::Timeout,
        Self::HungUp,
    ];

    /// The table in `--help`.
    pub(super) const TABLE: &str = "\
Exit codes:
  0  clean      --count, --duration, Ctrl-C or SIGTERM ended it, the reader of stdout left,
                or the remote closed in order after the handshake; a listener ends so whatever its peers do
  2  usage      the arguments make no sense
  3  connect    no connection could be made, or the port could not be opened
  4  frame      frames of another network, or of no network
  5  malformed  bytes that do not mean what their command says, more than are forgiven
  6  violation  behaviour that breaks the protocol
  7  incompatible  a protocol version that we do not speak, or a connection to ourselves
  8  timeout    handshake, pong, idle, write or request timeout
  9  hung-up    reset, end within a frame, or end before the handshake was complete";

    /// The code that the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Usage => crate::cli::USAGE,
            Self::Connect => 3,
            Self::Frame => 4,
            Self::Malformed => 5,
            Self::Violation => 6,
            Self::Incompatible => 7,
            Self::Timeout => 8,
            Self::HungUp => 9,
        }
    }

    /// The name in `class` of a `disconnected` line.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Usage => "usage",
            Self::Connect => "connect",
            Self::Frame => "frame",
            Self::Malformed => "malformed",
            Self::Violation => "violation",
            Self::Incompatible => "incompatible",
            Self::Timeout => "timeout",
            Self::HungUp => "hung-up",
        }
    }

    /// How a connection ended for `reason`.
    #[must_use]
    pub const fn of(reason: &DisconnectReason, negotiated: bool) -> Self {
        match reason {
            DisconnectReason::Local(Goodbye::VersionRefused) => Self::Incompatible,
            DisconnectReason::Local(_) => Self::Clean,
            DisconnectReason::Frame(_) => Self::Frame,
            DisconnectReason::Malformed(_) => Self::Malformed,
            DisconnectReason::Violation(_) => Self::Violation,
            DisconnectReason::Incompatible(_) => Self::Incompatible,
            DisconnectReason::Timeout(_) => Self::Timeout,
            DisconnectReason::HungUp(HangUp::EndOfStream) if negotiated => Self::Clean,
            // Whatever else there will be is an end that nobody wanted.
            _ => Self::HungUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peer_core::{Incompatible, Timeout, Violation};

    #[test]
    fn every_class_has_its_own_code_and_name_and_both_are_in_the_help() {
        for (index, exit) in Exit::ALL.into_iter().enumerate() {
            let row = format!("\n  {}  {}", exit.code(), exit.class());
            assert!(Exit::TABLE.contains(&row), "{row:?}");
            for other in &Exit::ALL[index + 1..] {
                assert_ne!(exit.code(), other.code());
                assert_ne!(exit.class(), other.class());
            }
        }
    }

    #[test]
    fn the_end_of_the_stream_is_clean_only_after_the_handshake() {
        let end = |how| DisconnectReason::HungUp(how);
        assert_eq!(Exit::of(&end(HangUp::EndOfStream), true), Exit::Clean);
        assert_eq!(Exit::of(&end(HangUp::EndOfStream), false), Exit::HungUp);
        for how in [HangUp::Truncated, HangUp::Reset, HangUp::LocalError] {
            assert_eq!(Exit::of(&end(how), true), Exit::HungUp);
        }
    }

    #[test]
    fn reasons_by_class() {
        for (reason, exit) in [
            (DisconnectReason::Local(Goodbye::Requested), Exit::Clean),
            (
                DisconnectReason::Violation(Violation::DuplicateVersion),
                Exit::Violation,
            ),
            (
                DisconnectReason::Incompatible(Incompatible::SelfConnection),
                Exit::Incompatible,
            ),
            (DisconnectReason::Timeout(Timeout::Pong), Exit::Timeout),
        ] {
            assert_eq!(Exit::of(&reason, true), exit);
        }
    }
}
