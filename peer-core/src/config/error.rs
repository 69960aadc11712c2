//! What can be wrong with a configuration in itself.

use crate::message::CommandName;

/// Settings that contradict themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A timeout of zero would end every connection at once; an interval of zero never rests.
    #[error("timeout `{timer}` is zero")]
    ZeroTimeout {
        /// The field of [`Timeouts`](crate::Timeouts), or [`Config::trickle`](crate::Config).
        timer: &'static str,
    },
    /// We would refuse ourselves.
    #[error("protocol version {own} is below the minimum {minimum} asked of others")]
    VersionBelowMinimum {
        /// [`Config::protocol_version`](crate::Config::protocol_version).
        own: u32,
        /// [`Config::minimum_version`](crate::Config::minimum_version).
        minimum: u32,
    },
    /// `version` carries a signed number.
    #[error("protocol version {own} does not fit into a version message")]
    VersionTooLarge {
        /// [`Config::protocol_version`](crate::Config::protocol_version).
        own: u32,
    },
    /// The user agent has characters that are not printable ASCII (BIP14).
    #[error("the user agent is not printable ASCII")]
    UserAgent,
    /// The machine conducts the handshake itself.
    #[error("{command} belongs to the handshake and cannot be a greeting")]
    Greeting {
        /// The message in [`Config::greeting`](crate::Config::greeting).
        command: CommandName,
    },
    /// With this limit no connection could work.
    #[error("limit `{limit}` is {value}, at least {least} is needed")]
    LimitTooLow {
        /// The field of [`Limits`](crate::Limits).
        limit: &'static str,
        /// Its value.
        value: usize,
        /// What it must be at least.
        least: usize,
    },
    /// The machine cannot keep so much.
    #[error("limit `{limit}` is {value}, at most {most} is possible")]
    LimitTooHigh {
        /// The field of [`Limits`](crate::Limits).
        limit: &'static str,
        /// Its value.
        value: usize,
        /// What it may be at most.
        most: usize,
    },
    /// BIP324 allows so much garbage and no more.
    #[error("{len} bytes of garbage, at most {most} are allowed")]
    GarbageTooLong {
        /// Bytes in [`V2Options::garbage`](crate::V2Options::garbage).
        len: usize,
        /// How many there may be.
        most: usize,
    },
    /// No point of the curve belongs to it.
    #[error("the recorded secret is no secret key")]
    RecordedKey,
    /// The remote would take it for a message that is too long.
    #[error("a decoy with {len} bytes of contents, at most {most} are possible")]
    DecoyTooLong {
        /// The number in [`V2Options::decoys`](crate::V2Options::decoys).
        len: u32,
        /// What it may be at most: the longest payload of the network.
        most: u32,
    },
    /// The low-water mark lies above the high-water mark.
    #[error("send_low ({low} bytes) is above send_high ({high} bytes)")]
    Watermarks {
        /// [`Limits::send_low`](crate::Limits::send_low).
        low: usize,
        /// [`Limits::send_high`](crate::Limits::send_high).
        high: usize,
    },
}
