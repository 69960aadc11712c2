//! Behaviour: one room per concern, and the dispatcher that knows them all.
//!
//! A room is a struct with the same few hands (`on_message`, `on_timer`, where needed `on_sent`)
//! plus its own verbs. It sees the rest of the machine through [`Cx`], a split borrow, and cannot
//! name another room. No room sees a byte of a frame.
//!
//! | room | what it keeps |
//! |---|---|
//! | [`handshake`] | `version`, `verack` and the window between them |
//! | [`keepalive`] | pings, pongs, round trips |
//! | [`inventory`] | what the remote knows, what it is to hear of, and when |
//! | [`liveness`] | silence of the remote, sockets that take nothing |
//! | [`requests`] | what is owed an answer, and what happens when none comes |
//! | [`purpose`] | what this kind of connection sends and refuses |
//! | [`bloom`] | requests for a service we do not offer, filters that are not there |
//! | [`farewell`] | `reject`, which ends a connection and is read at its version |
//! | [`addresses`] | addresses we are told, at a bearable pace; whether ours were asked for |
//! | [`repeats`] | questions about the chain that await an answer |
//! | [`temper`] | counts of bad and pointless input, and when they are too many |

mod addresses;
mod bloom;
mod cx;
mod farewell;
mod gossip;
mod handshake;
mod identity;
mod inventory;
mod keepalive;
mod liveness;
mod purpose;
mod repeats;
mod requests;
mod self_nonce;
mod temper;

use core::time::Duration;

use crate::announcement::{Announced, Announcement};
use crate::error::{Annoyance, DisconnectReason, Goodbye, Malformed, SendError, Timeout};
use crate::event::Event;
use crate::link::Link;
use crate::message::{CommandName, DecodeError, InvVect, Message, MessageKind, Reject};
use crate::time::Timestamp;
use crate::timer::Timer;
use crate::transport::Partial;
use crate::transport::outbox::{Departed, Lane, Parcel};

pub(crate) use self::cx::Cx;
pub(crate) use self::farewell::reject_for;
pub(crate) use self::gossip::{Form, compose};
pub(crate) use self::handshake::is_part as is_handshake;
use self::identity::Identity;
pub(crate) use self::inventory::MAX_CAPACITY as MAX_INVENTORY;
use self::purpose::may_greet;
pub(crate) use self::purpose::may_send;

/// Whether the application hears of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It does.
    Deliver,
    /// It was for the machine alone, or is dropped.
    Keep,
}

/// What a room thinks of a message: a flow, or the end of the connection.
pub(crate) type Judgement = Result<Flow, DisconnectReason>;

/// The rooms.
#[derive(Debug)]
pub(crate) struct Protocol {
    handshake: handshake::Handshake,
    keepalive: keepalive::Keepalive,
    inventory: inventory::Inventory,
    liveness: liveness::Liveness,
    purpose: purpose::Gate,
    requests: requests::Requests,
    addresses: addresses::Addresses,
    repeats: repeats::Repeats,
    bloom: bloom::Bloom,
    temper: temper::Temper,
}

impl Protocol {
    /// Begins: an outbound link sends its `version` at once.
    pub(crate) fn start(cx: &mut Cx<'_>) -> Self {
        Self {
            handshake: handshake::Handshake::start(cx),
            keepalive: keepalive::Keepalive::default(),
            inventory: inventory::Inventory::start(cx),
            liveness: liveness::Liveness::start(cx),
            purpose: purpose::Gate::start(cx),
            requests: requests::Requests::default(),
            addresses: addresses::Addresses::start(cx.now),
            repeats: repeats::Repeats::default(),
            bloom: bloom::Bloom::default(),
            temper: temper::Temper::default(),
        }
    }

    /// Whether the remote's `verack` was opened and ours is on its way.
    pub(crate) fn is_negotiated(&self) -> bool {
        self.handshake.is_done()
    }

    /// Whether the application owes a verdict on the remote's `version`.
    pub(crate) fn awaits_review(&self) -> bool {
        self.handshake.awaits_review()
    }

    /// A message of the remote, decoded.
    pub(crate) fn on_message(&mut self, cx: &mut Cx<'_>, message: &Message) -> Judgement {
        if !farewell::is_spoken(cx, message)? {
            return self.annoyed(cx, message.command(), Annoyance::VersionTooLow);
        }
        if !self.handshake.is_done() || handshake::is_part(message) {
            return match self.handshake.on_message(cx, message)? {
                handshake::Step::Flow(flow) => {
                    if flow == Flow::Deliver {
                        self.inventory.on_wish(cx, message);
                    }
                    Ok(flow)
                }
                handshake::Step::Annoyance(kind) => self.annoyed(cx, message.command(), kind),
                handshake::Step::Negotiated => {
                    self.on_negotiated(cx);
                    Ok(Flow::Keep)
                }
            };
        }
        if let Some(annoyance) = self.bloom.on_message(cx, message)? {
            return self.annoyed(cx, message.command(), annoyance);
        }
        if let Some(annoyance) = temper::pointless(cx.config, message)? {
            self.annoyed(cx, message.command(), annoyance)?;
        }
        let identity = Identity::new(message, &cx.config.network);
        self.requests.on_message(cx, message, &identity);
        self.inventory.on_message(cx, message, &identity);
        self.repeats.on_message(message);
        match message {
            Message::Ping(ping) => keepalive::answer(cx, ping),
            Message::Pong(pong) if !self.keepalive.on_pong(cx, pong) => {
                self.annoyed(cx, message.command(), Annoyance::UnsolicitedPong)?;
            }
            Message::GetAddr if !self.addresses.on_getaddr() => {
                self.annoyed(cx, message.command(), Annoyance::RepeatedGetAddr)?;
            }
            _ => {}
        }
        match self.purpose.on_message(cx, message)? {
            purpose::Verdict::Deliver => Ok(Flow::Deliver),
            purpose::Verdict::Drop => Ok(Flow::Keep),
            purpose::Verdict::Unwanted => {
                self.annoyed(cx, message.command(), Annoyance::UnwantedTransaction)
            }
        }
    }

    /// The application is about to get a message: what is left of it, if anything.
    pub(crate) fn on_delivery(&mut self, cx: &mut Cx<'_>, message: &mut Message) -> Flow {
        let flow = self.addresses.on_delivery(cx, message);
        if flow == Flow::Deliver {
            self.purpose.on_delivery(cx, message);
        }
        flow
    }

    /// Whether the remote asked for addresses, may have some, and was sent none.
    pub(crate) fn owes_addresses(&self, link: &Link) -> bool {
        self.addresses.owes_answer(link)
    }

    /// It was sent some.
    pub(crate) fn on_addresses_answered(&mut self) {
        self.addresses.on_answered();
    }

    /// Whether this asks again what was asked last and is not answered yet.
    pub(crate) fn is_repeat(&self, now: Timestamp, message: &Message) -> bool {
        self.repeats.is_repeat(now, message)
    }

    /// The reason to end a connection that has done what it was for.
    pub(crate) fn fulfilled(&self) -> Option<Goodbye> {
        self.purpose
            .is_fulfilled()
            .then_some(Goodbye::AddressesFetched)
    }

    /// A payload that did not decode.
    pub(crate) fn on_malformed(
        &mut self,
        cx: &mut Cx<'_>,
        error: DecodeError,
    ) -> Result<(), DisconnectReason> {
        if error.message == MessageKind::Pong {
            self.keepalive.on_short_pong(cx);
        }
        match self.handshake.on_malformed(cx, &error)? {
            handshake::Step::Annoyance(kind) => {
                self.temper
                    .on_annoyance(cx, Some(error.message.command()), kind)
            }
            _ => self.temper.on_bad_payload(cx, error),
        }
    }

    /// A frame that could not be given to a decoder.
    pub(crate) fn on_bad_frame(
        &mut self,
        cx: &mut Cx<'_>,
        malformed: Malformed,
    ) -> Result<(), DisconnectReason> {
        self.temper.on_bad_frame(cx, malformed)
    }

    /// Bytes after a payload that decoded; tells whether to deliver the message.
    pub(crate) fn on_trailing(
        &mut self,
        cx: &mut Cx<'_>,
        command: CommandName,
        count: usize,
    ) -> Judgement {
        self.temper.on_trailing(cx, command, count)
    }

    /// A frame is skipped because it is too long.
    pub(crate) fn on_skipped(
        &mut self,
        cx: &mut Cx<'_>,
        command: Option<CommandName>,
    ) -> Result<(), DisconnectReason> {
        self.temper.on_annoyance(cx, command, Annoyance::Oversized)
    }

    /// The application's verdict on the remote's `version`.
    pub(crate) fn accept_version(&mut self, cx: &mut Cx<'_>) {
        self.handshake.accept(cx);
    }

    /// The application wants a reject sent to the remote it refuses.
    pub(crate) fn refuse_version(&self, cx: &mut Cx<'_>, reject: Option<Reject>) {
        self.handshake.refuse(cx, reject);
    }

    /// A message of the application is about to be queued. Returns what comes back when it has
    /// left: a token that means something to the room that gave it.
    pub(crate) fn on_queued(&mut self, cx: &mut Cx<'_>, message: &Message) -> u64 {
        self.purpose.on_queued(message);
        self.addresses.on_queued(cx, message);
        let timeouts = &cx.config.timeouts.requests;
        self.repeats.on_queued(timeouts, cx.now, message);
        self.inventory.on_queued(cx, message);
        match message {
            Message::Ping(ping) => self.keepalive.on_queued(ping),
            _ => self.requests.on_queued(cx.config, message),
        }
    }

    /// The application announces something.
    pub(crate) fn announce(
        &mut self,
        cx: &mut Cx<'_>,
        announcement: Announcement,
    ) -> Result<Announced, SendError> {
        if !self.is_negotiated() {
            return Err(SendError::NotNegotiated);
        }
        if !purpose::may_announce(cx.link.purpose, announcement.kind()) {
            let command = MessageKind::Inv.command();
            return Err(SendError::Purpose { command });
        }
        self.inventory.announce(cx, announcement)
    }

    /// The application knows that the remote knows of an object.
    pub(crate) fn add_known_inventory(&mut self, cx: &mut Cx<'_>, item: InvVect) {
        self.inventory.add_known(cx, item);
    }

    /// A frame has left completely.
    pub(crate) fn on_departed(&mut self, cx: &mut Cx<'_>, departed: Departed) {
        match (departed.kind, departed.token) {
            (Some(MessageKind::Ping), nonce) => self.keepalive.on_sent(cx, nonce),
            (_, 0) => {}
            (_, number) => self.requests.on_departed(cx, number, departed.ticket),
        }
    }

    /// Heap bytes that the rooms hold.
    pub(crate) fn held(&self) -> usize {
        [
            self.inventory.held(),
            self.repeats.held(),
            self.requests.held(),
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }

    /// The connection is over: nothing that waits is waited for.
    pub(crate) fn on_end(&mut self) {
        self.inventory.end();
        self.repeats = repeats::Repeats::default();
        self.requests.clear();
    }

    /// Time is known again.
    pub(crate) fn on_time(&mut self, cx: &Cx<'_>) {
        self.liveness.on_time(cx);
    }

    /// Bytes arrived, or wait to be opened.
    pub(crate) fn on_received(&mut self, cx: &Cx<'_>) {
        self.liveness.on_received(cx);
    }

    /// The socket took bytes.
    pub(crate) fn on_sent(&mut self, cx: &mut Cx<'_>) {
        self.inventory.on_sent(cx);
        self.liveness.on_sent(cx);
    }

    /// What is queued may leave from now on: the socket has not been slow before.
    pub(crate) fn on_unblocked(&mut self, cx: &mut Cx<'_>) {
        self.liveness.on_sent(cx);
    }

    /// After anything that may have queued a frame.
    pub(crate) fn on_outbox_touched(&mut self, cx: &mut Cx<'_>) {
        self.liveness.on_queued(cx);
    }

    /// For `span` the remote could not be heard, through our own doing: it is not to blame.
    pub(crate) fn on_deafness(&mut self, span: Duration) {
        self.keepalive.on_deafness(span);
        self.requests.on_deafness(span);
    }

    /// Whether the remote owes an answer, so that a frame on its way in is worth looking at.
    pub(crate) fn awaits_answers(&self) -> bool {
        self.requests.is_waiting()
    }

    /// Bytes of a frame arrived that is not complete.
    pub(crate) fn on_progress(&mut self, cx: &Cx<'_>, partial: &Partial) {
        self.requests.on_progress(cx, partial);
    }

    /// A timer is due, and everything that had arrived was opened.
    pub(crate) fn on_timer(
        &mut self,
        cx: &mut Cx<'_>,
        timer: Timer,
    ) -> Result<(), DisconnectReason> {
        match timer {
            Timer::Negotiation => Err(DisconnectReason::Timeout(Timeout::Negotiation)),
            Timer::AddrFetch => Err(DisconnectReason::Timeout(Timeout::AddrFetch)),
            Timer::Ping | Timer::Pong => self.keepalive.on_timer(cx, timer),
            Timer::Idle | Timer::WriteStall => self.liveness.on_timer(cx, timer),
            Timer::Stall => self.requests.on_timer(cx),
            Timer::Trickle => {
                self.inventory.on_timer(cx);
                Ok(())
            }
            // The machine's own: it closes whatever the rooms think.
            Timer::Flush | Timer::V2Handshake => Ok(()),
        }
    }

    fn on_negotiated(&mut self, cx: &mut Cx<'_>) {
        cx.timers.stop(Timer::Negotiation);
        cx.stats.negotiated_at = Some(cx.now);
        cx.log
            .negotiated(cx.link, cx.remote.as_deref(), cx.stats.transport);
        cx.events.push_back(Event::Negotiated);
        self.keepalive.start(cx);
        let config = cx.config;
        for message in &config.greeting {
            if may_greet(cx.link, message)
                && let Some(parcel) = cx.encode(message)
            {
                let token = self.on_queued(cx, message);
                cx.push(Lane::Data, message, Parcel { token, ..parcel });
            }
        }
    }

    fn annoyed(
        &mut self,
        cx: &mut Cx<'_>,
        command: CommandName,
        annoyance: Annoyance,
    ) -> Judgement {
        self.temper.on_annoyance(cx, Some(command), annoyance)?;
        Ok(Flow::Keep)
    }
}
