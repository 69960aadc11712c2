//! The application's messages: accepted, queued in order, told of when they have left.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec;

use bytes::Bytes;

use super::PeerMachine;
use crate::command::{Command, Outcome};
use crate::encoded::EncodedMessage;
use crate::error::{Outgoing, SendError};
use crate::event::{Event, RawFrame};
use crate::message::Message;
use crate::protocol::{is_handshake, may_send};
use crate::transport::TransportKind;
use crate::transport::outbox::{Lane, Parcel, Tapped, Ticket};
use crate::transport::v1::HEADER_LEN;
use crate::wire::TxEncoding;

/// Where the order of sending stands.
#[derive(Debug)]
pub(super) struct Tickets {
    next: Ticket,
    /// The last one of which every byte has left.
    pub(super) sent: Option<Ticket>,
    /// `sent` has moved since it was last told.
    pub(super) untold: bool,
    /// A message was handed back, and `Writable` is owed.
    pub(super) writable_owed: bool,
}

impl Default for Tickets {
    fn default() -> Self {
        Self {
            next: Ticket::FIRST,
            sent: None,
            untold: false,
            writable_owed: false,
        }
    }
}

impl Tickets {
    fn take(&mut self) -> Ticket {
        let next = self.next.next();
        core::mem::replace(&mut self.next, next)
    }
}

/// Messages accepted before the version is known for which they are to be encoded.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    messages: VecDeque<(Ticket, Outgoing)>,
    bytes: usize,
}

impl Waiting {
    /// Wire bytes they will take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes of memory held.
    pub(super) fn held(&self) -> usize {
        let entry = size_of::<(Ticket, Outgoing)>();
        let entries = self.messages.capacity().saturating_mul(entry);
        entries.saturating_add(self.bytes)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl PeerMachine {
    /// Queues a message; transactions and blocks with all they have ([`TxEncoding::Full`]).
    ///
    /// Before the handshake is complete messages wait for it. The ticket comes back in
    /// [`Event::Sent`] once the socket has taken the last byte, or the connection ends and
    /// [`Event::Disconnected`] says through which ticket things were sent.
    ///
    /// # Errors
    /// [`SendError`]; a full queue hands the message back.
    pub fn send(&mut self, message: Message) -> Result<Ticket, SendError> {
        self.send_outgoing(Outgoing::Message(message, TxEncoding::Full))
    }

    /// Queues a message with transactions and blocks encoded as asked: `Base` leaves the witness out, `Witness` the MWEB
    /// data, for remotes that did not ask for it ([`InvKind::encoding`](crate::message::InvKind::encoding)).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_with_encoding(
        &mut self,
        message: Message,
        encoding: TxEncoding,
    ) -> Result<Ticket, SendError> {
        self.send_outgoing(Outgoing::Message(message, encoding))
    }

    /// Queues a message that was encoded once for many peers; shares its bytes.
    ///
    /// # Errors
    /// As [`send`](Self::send), and when it was encoded for another network or for a version that
    /// lays it out differently.
    pub fn send_encoded(&mut self, message: &EncodedMessage) -> Result<Ticket, SendError> {
        self.send_outgoing(Outgoing::Encoded(message.clone()))
    }

    /// Queues a packet that the remote ignores (v2), with `contents_len` bytes of contents; nobody
    /// else can tell it from a message. What is longer than the longest message is cut to that.
    ///
    /// # Errors
    /// In v1, and before the handshake is complete; where the queue is full; after the end.
    pub fn send_decoy(&mut self, contents_len: u32) -> Result<Ticket, SendError> {
        if !self.accepts_messages() {
            return Err(SendError::Closed);
        }
        if !self.is_negotiated() || self.transport.kind() != Some(TransportKind::V2) {
            return Err(SendError::DecoyWithoutV2);
        }
        if self.queued() >= self.config.limits.send_high {
            return Err(SendError::DecoyDropped);
        }
        let ticket = self.tickets.take();
        let len = contents_len.min(self.config.network.max_payload) as usize;
        let len = len.min(self.transport.outbox.max_payload());
        let parcel = Parcel::decoy(Bytes::from(vec![0; len]), ticket);
        self.transport.outbox.push(Lane::Data, parcel);
        let (protocol, mut cx) = self.rooms();
        protocol.on_outbox_touched(&mut cx);
        Ok(ticket)
    }

    /// The imperatives as data, for adapters and replay.
    ///
    /// # Errors
    /// As the method the command stands for.
    pub fn command(&mut self, command: Command) -> Result<Outcome, SendError> {
        match command {
            Command::Send(outgoing) => return self.send_outgoing(outgoing).map(Outcome::Queued),
            Command::PushAddr(list) => return self.push_addr(&list).map(Outcome::Addresses),
            Command::PushAddrV2(list) => return self.push_addrv2(&list).map(Outcome::Addresses),
            Command::AnswerGetAddr(list) => {
                return self.answer_getaddr(&list).map(Outcome::Addresses);
            }
            Command::PushGetBlocks(locator) => {
                return self.push_getblocks(*locator).map(Outcome::of);
            }
            Command::PushGetHeaders(locator) => {
                return self.push_getheaders(*locator).map(Outcome::of);
            }
            Command::PushReject(reject) => return self.push_reject(*reject).map(Outcome::of),
            Command::AcceptVersion => self.accept_version(),
            Command::RefuseVersion(reject) => self.refuse_version(reject.map(|reject| *reject)),
            Command::AdmitV2 => self.admit_v2(),
            Command::RefuseV2 => self.refuse_v2(),
            Command::SendDecoy(len) => return self.send_decoy(len).map(Outcome::Queued),
            Command::Disconnect => self.disconnect(),
            Command::Abort => self.abort(),
            Command::Announce(announcement) => {
                return self.announce(announcement).map(Outcome::Announced);
            }
            Command::AddKnownInventory(item) => self.add_known_inventory(item),
            Command::UpdateLastBlockHeight(height) => self.update_last_block_height(height),
            Command::UpdateLastAnnouncedBlock(block) => self.update_last_announced_block(block),
        }
        Ok(Outcome::Done)
    }

    fn send_outgoing(&mut self, outgoing: Outgoing) -> Result<Ticket, SendError> {
        if !self.accepts_messages() {
            return Err(SendError::Closed);
        }
        let message = outgoing.message();
        let command = message.command();
        if is_handshake(message) {
            return Err(SendError::Reserved { command });
        }
        if !may_send(self.link.purpose, message) {
            return Err(SendError::Purpose { command });
        }
        if self.queued() >= self.config.limits.send_high {
            self.tickets.writable_owed = true;
            return Err(SendError::Full(outgoing));
        }
        let parcel = self.wrap(&outgoing)?;
        let ticket = self.tickets.take();
        if self.is_negotiated() {
            self.queue(parcel, ticket, &outgoing);
        } else {
            let wire_len = HEADER_LEN.saturating_add(parcel.payload.as_slice().len());
            self.waiting.bytes = self.waiting.bytes.saturating_add(wire_len);
            self.waiting.messages.push_back((ticket, outgoing));
        }
        Ok(ticket)
    }

    /// The handshake is complete: what waited for it is encoded for the version agreed on.
    pub(super) fn release_waiting(&mut self) {
        let waiting = core::mem::take(&mut self.waiting);
        for (ticket, outgoing) in waiting.messages {
            match self.wrap(&outgoing) {
                Ok(parcel) => self.queue(parcel, ticket, &outgoing),
                Err(error) => {
                    self.events.push_back(Event::Unsent {
                        ticket,
                        error: Box::new(error),
                    });
                }
            }
        }
    }

    /// What has left since last time.
    pub(super) fn on_departures(&mut self) {
        while let Some(departed) = self.transport.outbox.next_departed() {
            self.stats.frames_sent = self.stats.frames_sent.saturating_add(1);
            let sent = &mut self.stats.traffic.sent;
            sent.add(departed.kind, 1, departed.wire_len as u64);
            if let Some(ticket) = departed.ticket {
                self.tickets.sent = Some(ticket);
                self.tickets.untold = true;
            }
            let (protocol, mut cx) = self.rooms();
            protocol.on_departed(&mut cx, departed);
        }
    }

    /// The next frame handed to the socket's window, where the application wants to see them.
    pub(super) fn next_wrote(&mut self) -> Option<Event> {
        let Tapped {
            command,
            header,
            payload,
        } = self.transport.outbox.next_tapped()?;
        Some(Event::Wrote(Box::new(RawFrame {
            command: Some(command),
            header,
            payload,
        })))
    }

    /// The next event that needs no frame to be opened.
    pub(super) fn next_event(&mut self) -> Option<Event> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        if let Some(wrote) = self.next_wrote() {
            return Some(wrote);
        }
        self.next_progress()
    }

    /// The next event of our own sending.
    pub(super) fn next_progress(&mut self) -> Option<Event> {
        let tickets = &mut self.tickets;
        if core::mem::take(&mut tickets.untold) {
            return tickets.sent.map(|through| Event::Sent { through });
        }
        let drained = self.queued() <= self.config.limits.send_low;
        (drained && core::mem::take(&mut self.tickets.writable_owed)).then_some(Event::Writable)
    }

    fn queue(&mut self, parcel: Parcel, ticket: Ticket, outgoing: &Outgoing) {
        let (protocol, mut cx) = self.rooms();
        let token = protocol.on_queued(&mut cx, outgoing.message());
        cx.push(
            Lane::Data,
            outgoing.message(),
            Parcel {
                ticket: Some(ticket),
                token,
                ..parcel
            },
        );
        protocol.on_outbox_touched(&mut cx);
    }

    /// Encodes for the version in force.
    fn wrap(&self, outgoing: &Outgoing) -> Result<Parcel, SendError> {
        let codec = self.config.codec(self.version());
        let parcel = match outgoing {
            Outgoing::Message(message, encoding) => {
                Parcel::new(message, message.payload(&codec, *encoding)?)
            }
            Outgoing::Encoded(encoded) => encoded.parcel_for(&codec)?,
        };
        let (length, limit) = (
            parcel.payload.as_slice().len(),
            self.transport.outbox.max_payload(),
        );
        if length > limit {
            return Err(SendError::TooLongForPacket { length, limit });
        }
        Ok(parcel)
    }
}
