//! The records: every call that changes a machine, and what frames them.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use super::error::Gap;
use super::value::{In, Out, Unreadable, Value, put_run, unzigzag, variants, zigzag};
use crate::command::{Command, Outcome};
use crate::config::Config;
use crate::error::{HangUp, SendError};
use crate::event::Event;
use crate::link::Link;
use crate::time::Timestamp;

/// One call of a machine that may change it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// [`inbound`](crate::PeerMachine::inbound).
    Inbound,
    /// [`received`](crate::PeerMachine::received), and what it was that had been put into the window.
    Received {
        /// The bytes.
        bytes: Bytes,
        /// When.
        now: Timestamp,
    },
    /// [`hung_up`](crate::PeerMachine::hung_up).
    HungUp {
        /// How.
        how: HangUp,
        /// When.
        now: Timestamp,
    },
    /// [`outbound`](crate::PeerMachine::outbound).
    Outbound,
    /// [`sent`](crate::PeerMachine::sent).
    Sent {
        /// How many bytes, by the caller's count.
        n: u64,
        /// When.
        now: Timestamp,
    },
    /// [`tick`](crate::PeerMachine::tick).
    Tick {
        /// When.
        now: Timestamp,
    },
    /// [`poll_event`](crate::PeerMachine::poll_event).
    PollEvent,
    /// [`poll_progress`](crate::PeerMachine::poll_progress).
    PollProgress,
    /// [`command`](crate::PeerMachine::command), or the method it stands for.
    Command(Command),
}

/// What a call came to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Output {
    /// It returns nothing.
    Nothing,
    /// Of [`Input::Sent`]: the bytes that left.
    Sent(Vec<u8>),
    /// Of the two polls.
    Event(Option<Event>),
    /// Of [`Input::Command`].
    Outcome(Result<Outcome, SendError>),
}

/// What a record is of: its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Begin,
    Inbound,
    Received,
    HungUp,
    Outbound,
    Sent,
    Tick,
    PollEvent,
    PollProgress,
    Command,
    Gap,
    End,
}

impl Kind {
    /// By the numbers that they have.
    const ALL: [Self; 12] = [
        Self::Begin,
        Self::Inbound,
        Self::Received,
        Self::HungUp,
        Self::Outbound,
        Self::Sent,
        Self::Tick,
        Self::PollEvent,
        Self::PollProgress,
        Self::Command,
        Self::Gap,
        Self::End,
    ];

    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }

    /// Whether a witness stands behind the record: the call says or changes something that can be looked at.
    pub(super) const fn is_witnessed(self) -> bool {
        !matches!(self, Self::Inbound | Self::Outbound | Self::Gap | Self::End)
    }

    /// The call, as errors name it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Begin => "from_seed",
            Self::Inbound => "inbound",
            Self::Received => "received",
            Self::HungUp => "hung_up",
            Self::Outbound => "outbound",
            Self::Sent => "sent",
            Self::Tick => "tick",
            Self::PollEvent => "poll_event",
            Self::PollProgress => "poll_progress",
            Self::Command => "command",
            Self::Gap => "gap",
            Self::End => "end",
        }
    }
}

variants! {
    Gap { 0 = Untaken, 1 = TooLong, 2 = Unwritable }
}

/// The first record: everything that a machine is made of.
pub(super) struct Begin {
    /// The version of this library that recorded it.
    pub(super) recorder: String,
    pub(super) config: Config,
    pub(super) link: Link,
    pub(super) now: Timestamp,
    pub(super) seed: [u8; 32],
}

impl Begin {
    pub(super) fn put(config: &Config, link: &Link, now: Timestamp, seed: [u8; 32]) -> Out {
        let mut out = Out::new(config.network, config.protocol_version);
        put_run(&mut out.bytes, env!("CARGO_PKG_VERSION").as_bytes());
        HAS_V2.put(&mut out);
        config.put(&mut out);
        link.put(&mut out);
        now.as_micros().put(&mut out);
        seed.put(&mut out);
        out
    }

    pub(super) fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        let recorder = from.run()?;
        if bool::take(from)? != HAS_V2 {
            return Err(Unreadable(FEATURES));
        }
        Ok(Self {
            recorder: String::from_utf8_lossy(recorder).into_owned(),
            config: Value::take(from)?,
            link: Value::take(from)?,
            now: Timestamp::from_micros(Value::take(from)?),
            seed: Value::take(from)?,
        })
    }
}

/// Whether this build has v2: machines with and without behave differently.
const HAS_V2: bool = cfg!(feature = "_bip324");

/// What is wrong with a tape of another build.
pub(super) const FEATURES: &str = "features";

/// Times are told as the difference to the one before; clocks may go back.
pub(super) fn put_time(now: Timestamp, last: &mut Timestamp, out: &mut Out) {
    let step = now.as_micros().wrapping_sub(last.as_micros());
    out.varint(zigzag(step.cast_signed()));
    *last = now;
}

fn take_time(from: &mut In<'_>, last: &mut Timestamp) -> Result<Timestamp, Unreadable> {
    let step = unzigzag(from.varint()?).cast_unsigned();
    *last = Timestamp::from_micros(last.as_micros().wrapping_add(step));
    Ok(*last)
}

impl Input {
    /// Reads the body of a record of that kind; `None` if it is none of a call.
    pub(super) fn take(
        kind: Kind,
        from: &mut In<'_>,
        last: &mut Timestamp,
    ) -> Result<Option<Self>, Unreadable> {
        let input = match kind {
            Kind::Inbound => Self::Inbound,
            Kind::Received => {
                let now = take_time(from, last)?;
                let bytes = Bytes::copy_from_slice(core::mem::take(&mut from.rest));
                Self::Received { bytes, now }
            }
            Kind::HungUp => Self::HungUp {
                now: take_time(from, last)?,
                how: Value::take(from)?,
            },
            Kind::Outbound => Self::Outbound,
            Kind::Sent => Self::Sent {
                now: take_time(from, last)?,
                n: Value::take(from)?,
            },
            Kind::Tick => Self::Tick {
                now: take_time(from, last)?,
            },
            Kind::PollEvent => Self::PollEvent,
            Kind::PollProgress => Self::PollProgress,
            Kind::Command => Self::Command(Value::take(from)?),
            Kind::Begin | Kind::Gap | Kind::End => return Ok(None),
        };
        Ok(Some(input))
    }
}
