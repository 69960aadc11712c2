//! `version`: the first message of a connection, by which each side says who it is.
//!
//! ```text
//!  version i32 │ services u64 │ time i64 │ receiver 26 │ sender 26 │ nonce u64 │ agent str │ height i32 │ relay u8
//!  ◄───────────────── always there: 46 bytes ─────────►◄──────── each may be where the message ends ────────────►
//! ```
//!
//! The tail grew over the years and old peers leave it out from some field on. What was there is kept in
//! [`VersionMessage::tail`], so that a message read and written again is the same.

use bytes::Bytes;

use super::codec::{Payload, fields};
use super::error::{EncodeErrorKind, check_size};
use super::{Codec, UserAgent};
use crate::wire::{FieldError, NetAddr, Reader, ServiceFlags, TxEncoding, Writer};

/// The `version` message.
///
/// Fields after [`receiver`](Self::receiver) are on the wire as far as [`tail`](Self::tail) says; the others hold
/// the value that their absence means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionMessage {
    /// Highest protocol version that the sender speaks. Signed on the wire; negative in no honest message.
    pub version: i32,
    /// What the sender offers.
    pub services: ServiceFlags,
    /// The sender's clock, in seconds since the Unix epoch. Any value can arrive; Core takes a negative one as 0.
    pub timestamp: i64,
    /// The receiver as the sender sees it. An address without a legacy form is sent as zeros.
    pub receiver: NetAddr,
    /// The sender. Core ignores it and sends zeros.
    pub sender: NetAddr,
    /// Random number by which a node recognises a connection to itself. 1 if absent.
    pub nonce: u64,
    /// Software of the sender (BIP14). Empty if absent.
    pub user_agent: UserAgent,
    /// Height of the sender's best block. −1 if absent.
    pub start_height: i32,
    /// Whether the receiver should announce transactions (BIP37). Yes if absent.
    pub relay: Relay,
    /// Last field that is on the wire.
    pub tail: VersionTail,
}

/// How far a `version` message goes: its last field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionTail {
    /// Ends with the address of the receiver.
    Receiver,
    /// Ends with the address of the sender.
    Sender,
    /// Ends with the nonce.
    Nonce,
    /// Ends with the user agent.
    UserAgent,
    /// Ends with the height, as before BIP37.
    StartHeight,
    /// Complete.
    Relay,
}

/// The relay flag as the byte it is on the wire. Any byte but 0 means yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Relay(u8);

impl Relay {
    /// Announce no transactions until a bloom filter is set.
    pub const NO: Self = Self(0);
    /// Announce transactions.
    pub const YES: Self = Self(1);

    /// Whether transactions are wanted.
    #[must_use]
    pub const fn is_wanted(self) -> bool {
        self.0 != 0
    }
}

impl From<bool> for Relay {
    fn from(wanted: bool) -> Self {
        Self(u8::from(wanted))
    }
}

impl VersionMessage {
    /// Shortest valid payload in bytes.
    pub const MIN_LEN: usize = 46;

    /// A complete message with the fields that have no neutral value; set the others afterwards.
    ///
    /// `timestamp` is in seconds since the Unix epoch. Addresses are unspecified, the user agent is empty, the height
    /// is 0 and transactions are wanted.
    #[must_use]
    pub fn new(version: i32, services: ServiceFlags, timestamp: i64, nonce: u64) -> Self {
        Self {
            version,
            services,
            timestamp,
            receiver: NetAddr::UNSPECIFIED,
            sender: NetAddr::UNSPECIFIED,
            nonce,
            user_agent: UserAgent::default(),
            start_height: 0,
            relay: Relay::YES,
            tail: VersionTail::Relay,
        }
    }
}

/// There are two addresses: an error names the address rather than the part of it.
fn read_addr(reader: &mut Reader<'_>, field: &'static str) -> Result<NetAddr, FieldError> {
    NetAddr::decode(reader).map_err(|error| FieldError { field, ..error })
}

impl Payload for VersionMessage {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        fields(&payload, |reader| {
            let mut message = Self {
                version: reader.i32("version")?,
                services: ServiceFlags(reader.u64("services")?),
                timestamp: reader.i64("timestamp")?,
                receiver: read_addr(reader, "receiver")?,
                sender: NetAddr::UNSPECIFIED,
                nonce: 1,
                user_agent: UserAgent::default(),
                start_height: -1,
                relay: Relay::YES,
                tail: VersionTail::Receiver,
            };
            if !reader.is_empty() {
                message.sender = read_addr(reader, "sender")?;
                message.tail = VersionTail::Sender;
            }
            if !reader.is_empty() {
                message.nonce = reader.u64("nonce")?;
                message.tail = VersionTail::Nonce;
            }
            if !reader.is_empty() {
                let agent = reader.var_bytes("user agent", codec.limits.user_agent)?;
                message.user_agent = UserAgent::from_bytes(agent);
                message.tail = VersionTail::UserAgent;
            }
            if !reader.is_empty() {
                message.start_height = reader.i32("start height")?;
                message.tail = VersionTail::StartHeight;
            }
            if !reader.is_empty() {
                message.relay = Relay(reader.u8("relay")?);
                message.tail = VersionTail::Relay;
            }
            Ok(message)
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        let length = self.user_agent.as_bytes().len();
        check_size("user agent", length, codec.limits.user_agent)
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.i32(self.version);
        out.u64(self.services.bits());
        out.i64(self.timestamp);
        self.receiver.encode(out);
        if self.tail >= VersionTail::Sender {
            self.sender.encode(out);
        }
        if self.tail >= VersionTail::Nonce {
            out.u64(self.nonce);
        }
        if self.tail >= VersionTail::UserAgent {
            out.var_bytes(self.user_agent.as_bytes());
        }
        if self.tail >= VersionTail::StartHeight {
            out.i32(self.start_height);
        }
        if self.tail >= VersionTail::Relay {
            out.u8(self.relay.0);
        }
    }
}
