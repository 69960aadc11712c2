//! Why a connection ended, why a message was refused. Errors are sorted by culprit: ours
//! ([`SendError`]), the remote's bytes ([`Malformed`]), the remote's behaviour ([`Violation`]), or
//! an honest mismatch ([`Incompatible`]).

mod remote;
mod send;

use crate::request::RequestKind;
use crate::timer::Timer;
use crate::transport::{FrameError, V2Stage};

pub use self::remote::{Annoyance, Incompatible, Malformed, Violation};
pub use self::send::{Outgoing, SendError};

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
    /// The remote hung up on our v2 key without having sent a byte, as nodes do that know only v1
    /// (BIP324): connect again, once, with a link of [`TransportPolicy::V1`](crate::TransportPolicy).
    /// Only where [`TransportPolicy::Auto`](crate::TransportPolicy) was asked for.
    #[error("hung up on v2, v1 is to be tried: {0}")]
    Downgrade(HangUp),
}

impl DisconnectReason {
    /// Whether the remote is to be dialled again, once, with a link of
    /// [`TransportPolicy::V1`](crate::TransportPolicy).
    pub const fn asks_for_v1(&self) -> bool {
        matches!(self, Self::Downgrade(_))
    }
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
    /// The application refused to spend a v2 handshake on the remote.
    #[error("the v2 handshake was not admitted")]
    V2Refused,
    /// A feeler connection has seen the remote's `version`.
    #[error("feeler completed")]
    FeelerDone,
    /// An address-fetch connection has its addresses.
    #[error("addresses fetched")]
    AddressesFetched,
}

/// What did not happen in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Timeout {
    /// The handshake was not complete ([`Timeouts::negotiation`](crate::Timeouts)).
    #[error("the handshake was not complete in time")]
    Negotiation,
    /// The v2 handshake came no further
    /// ([`Timeouts::v2_stage`](crate::Timeouts), or the deadline of the whole).
    #[error("the v2 handshake waited too long for the {0}")]
    V2Handshake(V2Stage),
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
    /// No answer to a request ([`Timeouts::requests`](crate::Timeouts)).
    #[error("no answer to {0} in time")]
    Stall(RequestKind),
}

impl Timeout {
    /// The timer that fired.
    pub const fn timer(self) -> Timer {
        match self {
            Self::Negotiation => Timer::Negotiation,
            Self::V2Handshake(_) => Timer::V2Handshake,
            Self::Pong => Timer::Pong,
            Self::Idle => Timer::Idle,
            Self::WriteStall => Timer::WriteStall,
            Self::AddrFetch => Timer::AddrFetch,
            Self::Stall(_) => Timer::Stall,
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
