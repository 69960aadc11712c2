//! [`Session`]: one peer, from the first line about it to the last.

use core::fmt::Display;
use core::time::Duration;
use std::sync::Arc;

use peer_core::message::{CommandName, Message};
use peer_core::{
    Announced, Direction, DisconnectReason, Event, FrameError, Malformed, Misbehavior,
    MisbehaviorKind, Remote, Stats, Timeout, Timer, Timestamp, Unanswered, Violation,
};

use super::describe;
use super::exit::Exit;
use super::hexdump;
use super::line::Fields;
use super::numbers;
use super::offer::Offer;
use super::output::Output;
use super::plan::Plan;
use super::serving::Serving;

/// The lines about one peer.
#[derive(Debug)]
pub(crate) struct Session {
    plan: Arc<Plan>,
    /// How the peer is called in every line.
    peer: String,
    negotiated: bool,
    messages: u64,
    exit: Option<Exit>,
}

/// What the connection says about itself when an event is told.
#[derive(Clone, Debug)]
pub struct Snapshot<'a> {
    /// The time.
    pub now: Timestamp,
    /// The numbers.
    pub stats: Stats,
    /// The remote, once it introduced itself.
    pub remote: Option<&'a Remote>,
}

impl Session {
    /// A connection was made: the session, and its first line. `peer` is the remote's address.
    #[must_use]
    pub(crate) fn open(
        plan: Arc<Plan>,
        peer: String,
        direction: Direction,
        now: Timestamp,
    ) -> (Self, Output) {
        let direction = direction.to_string();
        let fields = Fields::event("connected", Some(&peer), now).with("direction", direction);
        let session = Self {
            plan,
            peer,
            negotiated: false,
            messages: 0,
            exit: None,
        };
        (session, Output::Line(fields.into_line()))
    }

    /// What is to be printed about `event`, if anything.
    pub(crate) fn on_event(&mut self, event: &Event, at: &Snapshot<'_>) -> Option<Output> {
        let line = |name: &str| Fields::event(name, Some(&self.peer), at.now);
        let fields = match event {
            Event::Version(version) => line("version").and(describe::version(version)),
            Event::Negotiated => {
                self.negotiated = true;
                line("negotiated")
                    .and(agreement(at.remote))
                    .and(numbers::transport(&at.stats))
            }
            Event::Message { message, wire_len } => {
                if !self.plan.count_message() {
                    return None;
                }
                self.messages += 1;
                line("message")
                    .with_text("command", message.command())
                    .with("wire_len", *wire_len)
                    .and(describe::message(message, &self.plan.config.network))
            }
            Event::Unsent { error, .. } => line("unsent").with_text("error", error),
            Event::Misbehavior(misbehavior) => line("misbehavior").and(offence(misbehavior)),
            Event::Unanswered(unanswered) => line("unanswered").and(self.silence(unanswered)),
            Event::Read(frame) => {
                return Some(Output::Note(hexdump::frame(&self.peer, "<-", frame)));
            }
            Event::Wrote(frame) => {
                return Some(Output::Note(hexdump::frame(&self.peer, "->", frame)));
            }
            Event::Disconnected { reason, .. } => {
                let exit = *self.exit.insert(Exit::of(reason, self.negotiated));
                line("disconnected")
                    .with_text("reason", reason)
                    .with("class", exit.class())
                    .with("exit_code", exit.code())
                    .and(self.details(reason))
                    .and(self.totals(at))
            }
            // What was sent is told by those who sent it.
            _ => return None,
        };
        Some(Output::Line(fields.into_line()))
    }

    /// What the peer is given when it asks.
    #[must_use]
    pub(crate) fn serving(&self) -> Serving {
        Serving::new(self.plan.clone(), self.peer.clone())
    }

    /// The numbers, if they are wanted.
    #[must_use]
    pub(crate) fn numbers(&self, at: &Snapshot<'_>) -> Option<Output> {
        let line = || {
            let line = Fields::event("stats", Some(&self.peer), at.now);
            Output::Line(line.and(numbers::fields(&at.stats)).into_line())
        };
        self.plan.stats.then(line)
    }

    /// What to send once the handshake is complete.
    #[must_use]
    pub(crate) fn requests(&self) -> Requests {
        Requests {
            plan: self.plan.clone(),
            peer: self.peer.clone(),
        }
    }

    /// How the connection ended; before it did, that it could not be used.
    #[must_use]
    pub(crate) fn exit(&self) -> Exit {
        self.exit.unwrap_or(Exit::HungUp)
    }

    fn totals(&self, at: &Snapshot<'_>) -> Fields {
        let stats = &at.stats;
        let duration = at.now.saturating_since(stats.connected_at);
        let ping = stats.ping.map(|ping| ping.as_secs_f64());
        // Null as long as nothing was agreed on: it may have ended for that.
        let transport = stats.transport.map(|transport| transport.to_string());
        Fields::default()
            .with("transport", transport)
            .with("negotiated", self.negotiated)
            .with("messages", self.messages)
            .with("bytes_sent", stats.bytes_sent)
            .with("bytes_received", stats.bytes_received)
            .with("duration", duration.as_secs_f64())
            .with("ping", ping)
    }

    fn silence(&self, unanswered: &Unanswered) -> Fields {
        let config = &self.plan.config;
        let (request, items) = (unanswered.request, unanswered.items.iter().copied());
        let limit = config.timeouts.requests.of(request);
        Fields::default()
            .with_text("request", request)
            .and(describe::items(items, &config.network))
            .with("limit", limit.map(|span| span.as_secs_f64()))
    }

    /// The numbers that decided, where there are any.
    fn details(&self, reason: &DisconnectReason) -> Fields {
        let fields = Fields::default();
        let seconds = |span: Duration| span.as_secs_f64();
        let timeouts = &self.plan.config.timeouts;
        match reason {
            DisconnectReason::Timeout(timeout) => {
                let timer = timeout.timer();
                let limit = match timer {
                    Timer::Negotiation => Some(timeouts.negotiation),
                    Timer::Pong => timeouts.pong,
                    Timer::Idle => timeouts.idle,
                    Timer::WriteStall => timeouts.write_stall,
                    Timer::Stall => match timeout {
                        Timeout::Stall(request) => timeouts.requests.of(*request),
                        _ => None,
                    },
                    _ => None,
                };
                fields
                    .with_text("timer", format_args!("{timer:?}"))
                    .with("limit", limit.map(seconds))
            }
            DisconnectReason::Frame(FrameError::PayloadTooLarge { length, limit, .. }) => {
                fields.with("length", *length).with("limit", *limit)
            }
            DisconnectReason::Malformed(Malformed::TooMany { limit, .. })
            | DisconnectReason::Violation(Violation::Annoying { limit, .. }) => {
                fields.with("limit", *limit)
            }
            _ => fields,
        }
    }
}

/// The messages for one peer, and the lines about them: apart from the session, since a peer that does not read must
/// not keep us from hearing what it says.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    plan: Arc<Plan>,
    peer: String,
}

impl Requests {
    /// The messages, in the order of sending.
    pub(crate) fn messages(&self) -> &[Message] {
        &self.plan.requests
    }

    /// What to announce.
    pub(crate) fn offers(&self) -> &[Offer] {
        self.plan.shelf.offers()
    }

    /// The line about what became of an announcement.
    pub(crate) fn announced<E: Display>(
        &self,
        offer: &Offer,
        result: &Result<Announced, E>,
        now: Timestamp,
    ) -> Output {
        offer.outcome(&self.peer, result, now)
    }

    /// The line about one of them: its last byte has left, or it could not be sent.
    pub(crate) fn outcome<E: Display>(
        &self,
        command: CommandName,
        result: &Result<(), E>,
        now: Timestamp,
    ) -> Output {
        let line = |name| Fields::event(name, Some(&self.peer), now).with_text("command", command);
        let fields = match result {
            Ok(()) => line("sent"),
            Err(error) => line("unsent").with_text("error", error),
        };
        Output::Line(fields.into_line())
    }
}

fn agreement(remote: Option<&Remote>) -> Fields {
    let Some(remote) = remote else {
        return Fields::default();
    };
    Fields::default()
        .with("protocol_version", remote.protocol_version)
        .with("wtxid_relay", remote.wtxid_relay)
        .with("addr_v2", remote.addr_v2)
}

fn offence(misbehavior: &Misbehavior) -> Fields {
    let kind = match misbehavior.kind {
        MisbehaviorKind::Malformed(_) => "malformed",
        MisbehaviorKind::Violation(_) => "violation",
        MisbehaviorKind::Frame(_) => "frame",
        _ => "annoyance",
    };
    let command = misbehavior.command.map(|command| command.to_string());
    Fields::default()
        .with("command", command)
        .with("kind", kind)
        .with_text("severity", misbehavior.severity)
        .with_text("text", &misbehavior.kind)
}
