//! [`Log`] with the feature `tracing`: what happens becomes lines.

use core::fmt::Display;

use tracing::{Level, enabled, event, field};

use super::Budget;
use super::hexdump::HexDump;
use crate::config::Limits;
use crate::error::DisconnectReason;
use crate::link::Link;
use crate::message::{CommandName, Message, OneLine, VersionMessage};
use crate::remote::Remote;
use crate::stats::Stats;
use crate::time::Timestamp;
use crate::transport::TransportKind;
use crate::transport::outbox::Parcel;

const LIFE: &str = "peer_core::life";
const MISBEHAVIOR: &str = "peer_core::misbehavior";
const MESSAGE: &str = "peer_core::message";
const PAYLOAD: &str = "peer_core::payload";

/// Longest text of a line about anything but a message, in characters.
const LONGEST: usize = 300;

/// Longest parsed message, in characters.
const LONGEST_DUMP: usize = 4_096;

/// One event with what every line has. The macro looks once more whether anybody listens, and evaluates and formats
/// what it is given only then.
macro_rules! line {
    ($log:ident, $link:ident, $target:ident, $level:ident, { $($fields:tt)* }, $($text:tt)+) => {
        event!(
            target: $target,
            Level::$level,
            {
                peer = $link.id,
                addr = $link.remote.map(field::display),
                direction = $link.direction.name(),
                suppressed = $log.budget.take_left_out(),
                $($fields)*
            },
            $($text)+
        )
    };
}

/// What is kept for the log: how much the remote may still provoke.
#[derive(Debug)]
pub(crate) struct Log {
    budget: Budget,
}

impl Log {
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self {
            budget: Budget::new(limits.log_lines_per_minute),
        }
    }

    /// The machine was made.
    pub(crate) fn created(&mut self, link: &Link) {
        let (way, purpose) = (link.direction.name(), link.purpose);
        line!(
            self,
            link,
            LIFE,
            DEBUG,
            {},
            "new {way} connection: {purpose:?}"
        );
    }

    /// The remote said who it is, which it can once.
    pub(crate) fn introduced(&mut self, link: &Link, version: &VersionMessage) {
        let shown = one_line(Introduced(version));
        line!(self, link, LIFE, DEBUG, {}, "remote: {shown}");
    }

    /// Both `verack`s are exchanged.
    pub(crate) fn negotiated(
        &mut self,
        link: &Link,
        remote: Option<&Remote>,
        transport: Option<TransportKind>,
    ) {
        let (Some(remote), Some(transport)) = (remote, transport) else {
            return;
        };
        let wtxid_relay = if remote.wtxid_relay {
            ", wtxidrelay"
        } else {
            ""
        };
        let addr_v2 = if remote.addr_v2 { ", sendaddrv2" } else { "" };
        let version = remote.protocol_version;
        line!(
            self,
            link,
            LIFE,
            DEBUG,
            {},
            "negotiated: version {version}{wtxid_relay}{addr_v2} over {transport}"
        );
    }

    /// The connection is over.
    pub(crate) fn disconnected(
        &mut self,
        link: &Link,
        now: Timestamp,
        reason: &DisconnectReason,
        stats: &Stats,
    ) {
        let span = now.saturating_since(stats.connected_at);
        let (seconds, millis) = (span.as_secs(), span.subsec_millis());
        line!(
            self,
            link,
            LIFE,
            DEBUG,
            { received = stats.bytes_received, sent = stats.bytes_sent },
            "disconnected after {seconds}.{millis:03} s: {}",
            one_line(reason)
        );
    }

    /// The remote did something wrong, or pointless.
    pub(crate) fn misbehaved(
        &mut self,
        link: &Link,
        now: Timestamp,
        command: Option<CommandName>,
        kind: &dyn Display,
    ) {
        if enabled!(target: MISBEHAVIOR, Level::DEBUG) && self.budget.spend(now) {
            let command = command.as_ref().map(CommandName::as_str);
            line!(
                self,
                link,
                MISBEHAVIOR,
                DEBUG,
                { command },
                "{}",
                one_line(kind)
            );
        }
    }

    /// A frame was opened, whatever will become of it.
    pub(crate) fn opened(
        &mut self,
        link: &Link,
        now: Timestamp,
        command: Option<&CommandName>,
        payload: &[u8],
    ) {
        if !payload.is_empty() && enabled!(target: PAYLOAD, Level::TRACE) && self.budget.spend(now)
        {
            let (command, bytes) = (command.map(CommandName::as_str), payload.len());
            let dump = HexDump(payload);
            line!(self, link, PAYLOAD, TRACE, { way = "in", command, bytes }, "<-\n{dump}");
        }
    }

    /// A message of the remote was decoded; nobody has looked at it yet.
    pub(crate) fn received(
        &mut self,
        link: &Link,
        now: Timestamp,
        message: &Message,
        wire_len: u32,
    ) {
        let command = message.command();
        let (command, bytes) = (command.as_str(), wire_len);
        if enabled!(target: MESSAGE, Level::DEBUG) && self.budget.spend(now) {
            let summary = message.summary();
            line!(self, link, MESSAGE, DEBUG, { way = "in", command, bytes }, "<- {summary}");
        }
        if enabled!(target: MESSAGE, Level::TRACE) && self.budget.spend(now) {
            let parsed = Parsed(message);
            line!(self, link, MESSAGE, TRACE, { way = "in", command, bytes }, "<- {parsed}");
        }
    }

    /// A message was queued to be sent.
    pub(crate) fn queued(
        &mut self,
        link: &Link,
        now: Timestamp,
        message: &Message,
        parcel: &Parcel,
        bytes: usize,
    ) {
        let command = parcel.command.as_str();
        if enabled!(target: MESSAGE, Level::DEBUG) && self.may_queue(now, parcel) {
            let summary = message.summary();
            line!(self, link, MESSAGE, DEBUG, { way = "out", command, bytes }, "-> {summary}");
        }
        if enabled!(target: MESSAGE, Level::TRACE) && self.may_queue(now, parcel) {
            let parsed = Parsed(message);
            line!(self, link, MESSAGE, TRACE, { way = "out", command, bytes }, "-> {parsed}");
        }
        let payload = parcel.payload.as_slice();
        if !payload.is_empty()
            && enabled!(target: PAYLOAD, Level::TRACE)
            && self.may_queue(now, parcel)
        {
            let (bytes, dump) = (payload.len(), HexDump(payload));
            line!(self, link, PAYLOAD, TRACE, { way = "out", command, bytes }, "->\n{dump}");
        }
    }

    /// What we say unprovoked is ours to bound.
    fn may_queue(&mut self, now: Timestamp, parcel: &Parcel) -> bool {
        !parcel.provoked || self.budget.spend(now)
    }
}

const fn one_line<T: Display>(shown: T) -> OneLine<T> {
    OneLine {
        shown,
        max: LONGEST,
    }
}

/// Who the remote says it is.
struct Introduced<'a>(&'a VersionMessage);

impl Display for Introduced<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let VersionMessage {
            version,
            start_height,
            services,
            user_agent,
            ..
        } = self.0;
        write!(
            f,
            "version {version}, height {start_height}, services {services}, {user_agent}"
        )
    }
}

/// A message as its `Debug` shows it, cut.
struct Parsed<'a>(&'a Message);

impl Display for Parsed<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let line = OneLine {
            shown: AsDebug(self.0),
            max: LONGEST_DUMP,
        };
        line.fmt(f)
    }
}

/// What `Debug` shows, for those who want `Display`.
struct AsDebug<T>(T);

impl<T: core::fmt::Debug> Display for AsDebug<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
