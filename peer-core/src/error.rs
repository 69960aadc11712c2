//! Why a connection ended, why a message was refused. Errors are sorted by culprit: ours
//! ([`SendError`]), the remote's bytes ([`Malformed`]), the remote's behaviour ([`Violation`]), or
//! an honest mismatch ([`Incompatible`]).

use crate::message::{CommandName, DecodeError, EncodeError, Message};
use crate::timer::Timer;
use crate::transport::FrameError;
use crate::wire::ServiceFlags;
use alloc::boxed::Box;

/// Why the connection ended. Exactly one per connection: the first that came true.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// Our side ended it.
    #[error("closed by us: {0}")]
    Local(Goodbye),
    /// The stream is not one of our network's frames.
    #[error("bad frame: {0}")]
    Frame(FrameError),
    /// The remote's bytes do not mean what their command says, and the policy or a limit forgives
    /// no more.
    #[error("malformed: {0}")]
    Malformed(Malformed),
    /// The remote's behaviour breaks the protocol.
    #[error("protocol violation: {0}")]
    Violation(Violation),
    /// An honest remote that we cannot, or do not want to, talk to.
    #[error("incompatible: {0}")]
    Incompatible(Incompatible),
    /// Something did not happen in time.
    #[error("timeout: {0}")]
    Timeout(Timeout),
    /// The stream ended under us.
    #[error("hung up: {0}")]
    HungUp(HangUp),
}

impl From<Violation> for DisconnectReason {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<Goodbye> for DisconnectReason {
    fn from(goodbye: Goodbye) -> Self {
        Self::Local(goodbye)
    }
}

/// Why our side ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Goodbye {
    /// The application asked for it.
    #[error("the application disconnected")]
    Requested,
    /// The application refused the remote's `version`.
    #[error("the application refused the remote's version")]
    VersionRefused,
    /// A feeler connection has seen the remote's `version`.
    #[error("feeler completed")]
    FeelerDone,
    /// An address-fetch connection has its addresses.
    #[error("addresses fetched")]
    AddressesFetched,
}

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
    /// `feature` (BIP434) from a remote whose version does not have it.
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
    /// Too many legal but pointless messages in a minute.
    #[error("{limit} pointless messages within a minute ({annoyance})")]
    Annoying {
        /// Which kind.
        annoyance: Annoyance,
        /// The limit of [`Limits`](crate::Limits) that was reached.
        limit: u32,
    },
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

/// What did not happen in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Timeout {
    /// The handshake was not complete ([`Timeouts::negotiation`](crate::Timeouts)).
    #[error("the handshake was not complete in time")]
    Negotiation,
    /// No pong ([`Timeouts::pong`](crate::Timeouts)).
    #[error("no pong in time")]
    Pong,
    /// No byte from the remote ([`Timeouts::idle`](crate::Timeouts)).
    #[error("the remote was silent")]
    Idle,
    /// The remote accepted no byte ([`Timeouts::write_stall`](crate::Timeouts)).
    #[error("the remote accepts no data")]
    WriteStall,
    /// No addresses on an address-fetch connection ([`Timeouts::addr_fetch`](crate::Timeouts)).
    #[error("no addresses in time")]
    AddrFetch,
}

impl Timeout {
    /// The timer that fired.
    pub const fn timer(self) -> Timer {
        match self {
            Self::Negotiation => Timer::Negotiation,
            Self::Pong => Timer::Pong,
            Self::Idle => Timer::Idle,
            Self::WriteStall => Timer::WriteStall,
            Self::AddrFetch => Timer::AddrFetch,
        }
    }
}

/// How the stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HangUp {
    /// The remote closed its side in order, between two frames.
    #[error("end of stream")]
    EndOfStream,
    /// The stream ended in the middle of a frame.
    #[error("end of stream in the middle of a frame")]
    Truncated,
    /// The connection was reset.
    #[error("connection reset")]
    Reset,
    /// The local socket failed.
    #[error("local socket error")]
    LocalError,
}

impl HangUp {
    /// Whether the remote only closed its side: what we send may still arrive.
    pub(crate) const fn is_in_order(self) -> bool {
        matches!(self, Self::EndOfStream | Self::Truncated)
    }
}

/// Why a message was not queued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// More than [`Limits::send_high`](crate::Limits) waits already. The message comes back;
    /// [`Event::Writable`](crate::Event::Writable) says when to try again.
    #[error("the send queue is full")]
    Full(Outgoing),
    /// The connection is closed or closing.
    #[error("the connection is closed")]
    Closed,
    /// The message cannot be encoded for this network and version.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The machine speaks this message itself (`version`, `verack` and what belongs to the
    /// handshake).
    #[error("{command} belongs to the handshake, which the machine conducts itself")]
    Reserved {
        /// The message.
        command: CommandName,
    },
    /// The connection's purpose forbids it.
    #[error("{command} is not sent on this kind of connection")]
    Purpose {
        /// The message.
        command: CommandName,
    },
    /// An [`EncodedMessage`](crate::EncodedMessage) of another network.
    #[error("encoded for another network")]
    WrongNetwork,
    /// An [`EncodedMessage`](crate::EncodedMessage) whose layout this remote's version reads
    /// differently.
    #[error("encoded for protocol version {encoded}, negotiated is {negotiated}")]
    WrongVersion {
        /// The version it was encoded for.
        encoded: u32,
        /// The negotiated version.
        negotiated: u32,
    },
}

/// A message handed back by a full queue, as it was handed in.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// From `send`, with the encoding asked for.
    Message(Message, crate::wire::TxEncoding),
    /// From `send_encoded`.
    Encoded(crate::EncodedMessage),
}
