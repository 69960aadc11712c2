//! `version`, `verack`, and what is negotiated between them.
//!
//! ```text
//!  outbound  version ──►            ◄── version   wtxidrelay, sendaddrv2, verack ──►   ◄── … verack
//!  inbound                ◄── version   version, wtxidrelay, sendaddrv2, verack ──►    ◄── … verack
//!
//!            AwaitVersion ────────► (AwaitReview) ────────► AwaitVerack ────────► Done
//! ```
//!
//! The order of our messages is Core's. Judges only what arrives before the end of the handshake,
//! and handshake messages that arrive after it.

use alloc::boxed::Box;

use crate::error::{Annoyance, DisconnectReason, Goodbye, Incompatible, Malformed, Violation};
use crate::event::Event;
use crate::link::Purpose;
use crate::message::{
    CommandName, DecodeError, Message, MessageKind, Phase, Reject, VersionMessage,
};
use crate::protocol::{Cx, Flow, purpose, self_nonce};
use crate::remote::Remote;
use crate::strictness::Reaction;
use crate::timer::Timer;
use crate::transport::outbox::Lane;
use crate::wire::{NetAddr, ServiceFlags};

/// How far the handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The remote's `version` is awaited.
    AwaitVersion,
    /// The application looks at it.
    AwaitReview,
    /// We have answered; the remote's `verack` is awaited.
    AwaitVerack,
    /// Both are exchanged.
    Done,
}

/// What a message means for the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Flow(Flow),
    /// Dropped, and counted.
    Annoyance(Annoyance),
    /// That was the last one.
    Negotiated,
}

type Stepped = Result<Step, DisconnectReason>;

#[derive(Debug)]
pub(super) struct Handshake {
    stage: Stage,
}

impl Handshake {
    /// Arms the one deadline of the handshake; the dialling side greets.
    pub(super) fn start(cx: &mut Cx<'_>) -> Self {
        let deadline = cx.now.saturating_add(cx.config.timeouts.negotiation);
        cx.timers.set(Timer::Negotiation, deadline);
        if !cx.link.is_inbound() {
            send_version(cx);
        }
        Self {
            stage: Stage::AwaitVersion,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    pub(super) fn awaits_review(&self) -> bool {
        self.stage == Stage::AwaitReview
    }

    /// A message before the end of the handshake, or a handshake message after it.
    pub(super) fn on_message(&mut self, cx: &mut Cx<'_>, message: &Message) -> Stepped {
        match (self.stage, message) {
            (_, Message::Unknown { .. }) => Ok(Step::Flow(Flow::Deliver)),
            (Stage::AwaitVersion, Message::Version(version)) => self.on_version(cx, version),
            (_, Message::Version(_)) => on_duplicate(
                cx.config.strictness.duplicate_version,
                Violation::DuplicateVersion,
            ),
            (Stage::AwaitVerack, Message::Verack) => {
                self.stage = Stage::Done;
                Ok(Step::Negotiated)
            }
            (Stage::Done, Message::Verack) => on_duplicate(
                cx.config.strictness.duplicate_verack,
                Violation::DuplicateVerack,
            ),
            (Stage::AwaitVerack, message) if is_part(message) => negotiate(cx, message),
            (Stage::AwaitVerack, message) if is_tolerated_early(cx, message) => {
                Ok(Step::Flow(Flow::Deliver))
            }
            (Stage::Done, Message::SendTxRcncl(_)) => Ok(Step::Flow(Flow::Deliver)),
            (Stage::Done, message) => on_late(cx.config.strictness.late_negotiation, message),
            (_, message) => on_early(cx, message.command()),
        }
    }

    /// A message that does not decode. Before its time it is early, whatever it holds; a `feature` ends the connection
    /// where it is spoken (BIP434); all others are for somebody else to judge.
    pub(super) fn on_malformed(&self, cx: &Cx<'_>, error: &DecodeError) -> Stepped {
        let kind = error.message;
        let early = match self.stage {
            Stage::AwaitVersion => kind.phase() != Phase::Opening,
            Stage::AwaitReview | Stage::AwaitVerack => kind.phase() == Phase::Established,
            Stage::Done => false,
        };
        if early {
            return on_early(cx, kind.command());
        }
        if kind == MessageKind::Feature {
            let malformed = Malformed::Payload(Box::new(*error));
            return Err(DisconnectReason::Malformed(malformed));
        }
        Ok(Step::Flow(Flow::Deliver))
    }

    /// The application accepts the remote's `version`.
    pub(super) fn accept(&mut self, cx: &mut Cx<'_>) {
        if self.stage == Stage::AwaitReview {
            self.answer(cx);
        }
    }

    /// The application refuses it; a reject goes first where the remote reads it.
    pub(super) fn refuse(&self, cx: &mut Cx<'_>, reject: Option<Reject>) {
        if let Some(reject) = reject.filter(|_| self.stage == Stage::AwaitReview) {
            cx.send_own(Lane::Handshake, &Message::Reject(Box::new(reject)), 0);
        }
    }

    fn on_version(&mut self, cx: &mut Cx<'_>, version: &VersionMessage) -> Stepped {
        let theirs = u32::try_from(version.version).unwrap_or(0);
        describe(cx, version, theirs.min(cx.config.protocol_version));
        cx.log.introduced(cx.link, version);
        *cx.remote = Some(Box::new(Remote {
            version: version.clone(),
            protocol_version: theirs.min(cx.config.protocol_version),
            wtxid_relay: false,
            addr_v2: false,
        }));
        cx.events
            .push_back(Event::Version(Box::new(version.clone())));
        judge_version(cx, version)?;
        if cx.link.purpose == Purpose::Feeler {
            return Err(DisconnectReason::Local(Goodbye::FeelerDone));
        }
        if cx.config.review_version {
            self.stage = Stage::AwaitReview;
        } else {
            self.answer(cx);
        }
        Ok(Step::Flow(Flow::Keep))
    }

    /// Everything we say between the remote's `version` and its `verack`.
    fn answer(&mut self, cx: &mut Cx<'_>) {
        self.stage = Stage::AwaitVerack;
        if cx.link.is_inbound() {
            send_version(cx);
        }
        let gates = &cx.config.network.gates;
        if cx.config.wtxid_relay && cx.version() >= gates.wtxidrelay {
            cx.send_own(Lane::Handshake, &Message::WtxidRelay, 0);
        }
        if cx.config.send_addr_v2 && cx.version() >= gates.addrv2 {
            cx.send_own(Lane::Handshake, &Message::SendAddrV2, 0);
        }
        cx.send_own(Lane::Handshake, &Message::Verack, 0);
    }
}

/// What the remote says of itself, for the statistics.
fn describe(cx: &mut Cx<'_>, version: &VersionMessage, negotiated: u32) {
    let ours = i64::try_from(cx.now.as_secs()).unwrap_or(i64::MAX);
    let stats = &mut *cx.stats;
    stats.advertised_version = Some(version.version);
    stats.protocol_version = Some(negotiated);
    stats.services = Some(version.services);
    stats.user_agent = Some(version.user_agent.clone());
    stats.start_height = Some(version.start_height);
    stats.last_block = stats.last_block.max(Some(version.start_height));
    stats.time_offset = version.timestamp.saturating_sub(ours);
    stats.relays_transactions = version.relay.is_wanted();
}

/// Whether a message belongs to the handshake.
pub(crate) fn is_part(message: &Message) -> bool {
    let phase = message.kind().map(MessageKind::phase);
    matches!(phase, Some(Phase::Opening | Phase::Negotiation))
}

/// `sendheaders`, `sendcmpct` and the like: Core takes them any time after `version`.
fn is_tolerated_early(cx: &Cx<'_>, message: &Message) -> bool {
    message
        .kind()
        .is_some_and(|kind| kind.phase() == Phase::Opened)
        && cx.config.strictness.early_message != Reaction::Disconnect
}

/// The rejection rules, the cheapest first.
fn judge_version(cx: &Cx<'_>, version: &VersionMessage) -> Result<(), DisconnectReason> {
    let config = cx.config;
    let window = config.timeouts.negotiation;
    // Dialling as well: a remote that sends our nonce back is a mirror.
    if !config.allow_self_connection
        && self_nonce::is_ours(&config.secret, version.nonce, cx.now, window)
    {
        return Err(DisconnectReason::Incompatible(Incompatible::SelfConnection));
    }
    let minimum = config.minimum_version;
    if u32::try_from(version.version).unwrap_or(0) < minimum {
        let version = version.version;
        return Err(DisconnectReason::Incompatible(Incompatible::Version {
            version,
            minimum,
        }));
    }
    let missing = ServiceFlags(config.required_services.bits() & !version.services.bits());
    if !cx.link.is_inbound() && missing != ServiceFlags::NONE {
        let offered = version.services;
        return Err(DisconnectReason::Incompatible(Incompatible::Services {
            offered,
            missing,
        }));
    }
    Ok(())
}

/// `wtxidrelay`, `sendaddrv2`, `feature` and `sendtxrcncl` between `version` and `verack`.
fn negotiate(cx: &mut Cx<'_>, message: &Message) -> Stepped {
    let negotiated = cx.version();
    let gates = &cx.config.network.gates;
    if let Message::Feature(_) = message
        && negotiated < gates.feature
    {
        let (command, needed) = (message.command(), gates.feature);
        return Err(Violation::VersionTooLowFor {
            command,
            needed,
            negotiated,
        }
        .into());
    }
    if let Some(remote) = cx.remote {
        match message {
            // Core ignores it below its version, and takes `sendaddrv2` at any.
            Message::WtxidRelay => remote.wtxid_relay |= negotiated >= gates.wtxidrelay,
            Message::SendAddrV2 => remote.addr_v2 = true,
            _ => {}
        }
        cx.stats.wtxid_relay = remote.wtxid_relay;
        cx.stats.addr_v2 = remote.addr_v2;
    }
    Ok(Step::Flow(Flow::Deliver))
}

fn on_duplicate(reaction: Reaction, violation: Violation) -> Stepped {
    match reaction {
        Reaction::Disconnect => Err(violation.into()),
        Reaction::Deliver => Ok(Step::Flow(Flow::Deliver)),
        Reaction::Drop => Ok(Step::Annoyance(Annoyance::DuplicateHandshake)),
    }
}

fn on_late(reaction: Reaction, message: &Message) -> Stepped {
    match reaction {
        Reaction::Disconnect => Err(Violation::LateNegotiation {
            command: message.command(),
        }
        .into()),
        Reaction::Deliver => Ok(Step::Flow(Flow::Deliver)),
        Reaction::Drop => Ok(Step::Annoyance(Annoyance::LateNegotiation)),
    }
}

fn on_early(cx: &Cx<'_>, command: CommandName) -> Stepped {
    let strictness = &cx.config.strictness;
    let is_reject = command == MessageKind::Reject.command();
    let reaction = if is_reject {
        strictness.early_reject
    } else {
        strictness.early_message
    };
    match reaction {
        Reaction::Disconnect => Err(Violation::Early { command }.into()),
        Reaction::Deliver if is_reject => Ok(Step::Flow(Flow::Deliver)),
        Reaction::Deliver | Reaction::Drop => Ok(Step::Annoyance(Annoyance::Early)),
    }
}

/// Queues our `version`. Our own address never stands in it, the remote's only without a proxy.
fn send_version(cx: &mut Cx<'_>) {
    let (config, link) = (cx.config, cx.link);
    let random = cx.rng.next_u64();
    // Only what we dial can come back to us, so only those nonces need to be recognisable.
    let nonce = if link.is_inbound() {
        random
    } else {
        self_nonce::make(&config.secret, random, cx.now, config.timeouts.negotiation)
    };
    let version = i32::try_from(config.protocol_version).unwrap_or(i32::MAX);
    let timestamp = i64::try_from(cx.now.as_secs()).unwrap_or(i64::MAX);
    let mut message = VersionMessage::new(version, config.services, timestamp, nonce);
    message.receiver = match link.remote.filter(|_| !config.proxy) {
        Some(address) => NetAddr::new(link.remote_services, address),
        None => NetAddr::UNSPECIFIED,
    };
    message.sender.services = config.services;
    message.user_agent = config.user_agent.clone();
    message.start_height = link.start_height;
    message.relay = purpose::relay_flag(config, link).into();
    cx.send_own(Lane::Handshake, &Message::Version(Box::new(message)), 0);
}
