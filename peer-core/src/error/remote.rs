//! What the remote did wrong, or did not do right: its bytes, its behaviour, or an honest mismatch.

use alloc::boxed::Box;

use crate::message::{CommandName, DecodeError, MessageKind};
use crate::wire::ServiceFlags;

/// Bytes of the remote that do not mean what their command says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The v1 checksum is not that of the payload.
    #[error("{command}: wrong checksum")]
    Checksum {
        /// The command in the header, as text.
        command: CommandName,
    },
    /// The payload does not decode, or breaks a limit inside the message.
    #[error("{0}")]
    Payload(Box<DecodeError>),
    /// The command is not printable ASCII padded with NUL.
    #[error("command bytes {command:02x?} are not a name")]
    Command {
        /// The bytes of the header.
        command: [u8; 12],
    },
    /// A v2 packet ends before it has named its message.
    #[error("a packet with {len} bytes of contents, too few for the type of a message")]
    MessageType {
        /// Bytes of contents.
        len: usize,
    },
    /// Bytes follow a complete payload.
    #[error("{command}: {count} bytes after the payload")]
    TrailingBytes {
        /// The message.
        command: CommandName,
        /// How many bytes are too many.
        count: usize,
    },
    /// As many of the above within a minute as a limit allows.
    #[error("{limit} malformed messages within a minute, the last: {last}")]
    TooMany {
        /// The limit of [`Limits`](crate::Limits) that was reached.
        limit: u32,
        /// The one that reached it.
        last: Box<Self>,
    },
}

/// Behaviour of the remote that breaks the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A second `version`.
    #[error("a second version")]
    DuplicateVersion,
    /// A second `verack`.
    #[error("a second verack")]
    DuplicateVerack,
    /// A message that may only follow the handshake arrived before its end.
    #[error("{command} before the handshake was complete")]
    Early {
        /// The message.
        command: CommandName,
    },
    /// A negotiation message arrived after `verack`.
    #[error("{command} after verack")]
    LateNegotiation {
        /// The message.
        command: CommandName,
    },
    /// `feature` (BIP434) or `reject` (BIP61) from a remote whose version does not have it.
    #[error("{command} needs protocol version {needed}, negotiated is {negotiated}")]
    VersionTooLowFor {
        /// The message.
        command: CommandName,
        /// The version that introduces it.
        needed: u32,
        /// The negotiated version.
        negotiated: u32,
    },
    /// A transaction or its announcement though our `version` asked for none.
    #[error("{command} brings transactions, which we asked not to be sent")]
    UnwantedTransaction {
        /// The message.
        command: CommandName,
    },
    /// A message without content that the policy does not accept.
    #[error("{command} without entries")]
    Empty {
        /// The message.
        command: CommandName,
    },
    /// A request for a service that we do not offer.
    #[error("{command} needs the service {service}, which we do not offer")]
    NotServed {
        /// The message.
        command: CommandName,
        /// The service.
        service: ServiceFlags,
    },
    /// `filteradd` or `filterclear` (BIP37) without a filter loaded.
    #[error("{command} without a filter loaded")]
    NoFilter {
        /// The message.
        command: CommandName,
    },
    /// Too many legal but pointless messages in a minute.
    #[error("{limit} pointless messages within a minute ({annoyance})")]
    Annoying {
        /// The message that was one too many; `None` if its bytes are no name.
        command: Option<CommandName>,
        /// Which kind.
        annoyance: Annoyance,
        /// The limit of [`Limits`](crate::Limits) that was reached.
        limit: u32,
    },
}

impl Malformed {
    /// The command of the message; `None` if its bytes are no name.
    pub fn command(&self) -> Option<CommandName> {
        match self {
            Self::Checksum { command } | Self::TrailingBytes { command, .. } => Some(*command),
            Self::Payload(error) => Some(error.message.command()),
            Self::Command { .. } | Self::MessageType { .. } => None,
            Self::TooMany { last, .. } => last.command(),
        }
    }
}

impl Violation {
    /// The command of the message; `None` if its bytes are no name.
    pub const fn command(&self) -> Option<CommandName> {
        match self {
            Self::DuplicateVersion => Some(MessageKind::Version.command()),
            Self::DuplicateVerack => Some(MessageKind::Verack.command()),
            Self::Early { command }
            | Self::LateNegotiation { command }
            | Self::VersionTooLowFor { command, .. }
            | Self::UnwantedTransaction { command }
            | Self::Empty { command }
            | Self::NotServed { command, .. }
            | Self::NoFilter { command } => Some(*command),
            Self::Annoying { command, .. } => *command,
        }
    }
}

/// Legal but pointless behaviour that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Annoyance {
    /// A second `verack`, or a second `version` where the policy drops it.
    DuplicateHandshake,
    /// A known message before the handshake was complete.
    Early,
    /// A negotiation message after `verack` where the policy drops it.
    LateNegotiation,
    /// A `pong` nobody asked for.
    UnsolicitedPong,
    /// `inv`, `getdata`, `notfound` or `addr` with no entry.
    Empty,
    /// A transaction that nobody wants, where the policy drops it.
    UnwantedTransaction,
    /// A frame longer than its kind allows, skipped.
    Oversized,
    /// A request for a service that we do not offer, where the policy drops it.
    NotServed,
    /// A `getaddr` after the first: one is answered per connection.
    RepeatedGetAddr,
    /// A change to a bloom filter that is not loaded, where the policy drops it.
    NoFilter,
    /// A message that the version in force does not have, where the policy drops it.
    VersionTooLow,
}

impl Annoyance {
    /// Every kind, in the order of the counters.
    pub const ALL: &'static [Self] = &[
        Self::DuplicateHandshake,
        Self::Early,
        Self::LateNegotiation,
        Self::UnsolicitedPong,
        Self::Empty,
        Self::UnwantedTransaction,
        Self::Oversized,
        Self::NotServed,
        Self::RepeatedGetAddr,
        Self::NoFilter,
        Self::VersionTooLow,
    ];
}

impl core::fmt::Display for Annoyance {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::DuplicateHandshake => "a handshake message again",
            Self::Early => "a message before its time",
            Self::LateNegotiation => "negotiation after the handshake",
            Self::UnsolicitedPong => "a pong nobody asked for",
            Self::Empty => "a list without entries",
            Self::UnwantedTransaction => "a transaction nobody wants",
            Self::Oversized => "a frame longer than its kind allows",
            Self::NotServed => "a request for a service that is not offered",
            Self::RepeatedGetAddr => "addresses asked for again",
            Self::NoFilter => "a change to a filter that is not loaded",
            Self::VersionTooLow => "a message that the version in force does not have",
        })
    }
}

/// A mismatch that is nobody's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Incompatible {
    /// The remote's protocol version is below our minimum.
    #[error("protocol version {version}, at least {minimum} is needed")]
    Version {
        /// What the remote advertised.
        version: i32,
        /// [`Config::minimum_version`](crate::Config).
        minimum: u32,
    },
    /// The remote lacks services we need.
    #[error("services {offered}, missing {missing}")]
    Services {
        /// What the remote offers.
        offered: ServiceFlags,
        /// Those of [`Config::required_services`](crate::Config) that it does not.
        missing: ServiceFlags,
    },
    /// The remote is ourselves.
    #[error("connected to ourselves")]
    SelfConnection,
}
