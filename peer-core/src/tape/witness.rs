//! What a machine said and how it looks, in one hash that goes on from call to call.
//!
//! ```text
//!   witness = SHA-256( witness before | what the call came to | what can be looked at afterwards )
//! ```
//!
//! Events and errors enter by what they print, messages by their payloads: so a witness holds between builds of one
//! version of this library, on every platform.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use sha2::{Digest, Sha256};

use super::input::Output;
use super::wishes::payload;
use crate::command::Outcome;
use crate::error::SendError;
use crate::event::{Event, RawFrame};
use crate::machine::PeerMachine;
use crate::message::Message;
use crate::network::Network;

/// Bytes of it that stand on a tape.
pub(super) const WITNESS_LEN: usize = 4;

/// The witness of all calls so far.
#[derive(Debug, Default)]
pub(super) struct Witness([u8; 32]);

impl Witness {
    /// Hears what a call came to.
    pub(super) fn hear(&mut self, said: &Said<'_>, machine: &PeerMachine) {
        let mut hash = Hash(Sha256::new().chain_update(self.0));
        hash.said(said, machine);
        hash.face(machine);
        self.0 = hash.0.finalize().into();
    }

    /// What stands on the tape.
    pub(super) fn mark(&self) -> [u8; WITNESS_LEN] {
        self.0.first_chunk().copied().unwrap_or_default()
    }
}

/// What a call came to.
pub(super) enum Said<'a> {
    Nothing,
    Sent(&'a [u8]),
    Event(Option<&'a Event>),
    Outcome(Result<&'a Outcome, &'a SendError>),
}

impl<'a> From<&'a Output> for Said<'a> {
    fn from(output: &'a Output) -> Self {
        match output {
            Output::Nothing => Self::Nothing,
            Output::Sent(bytes) => Self::Sent(bytes),
            Output::Event(event) => Self::Event(event.as_ref()),
            Output::Outcome(outcome) => Self::Outcome(outcome.as_ref()),
        }
    }
}

/// Everything that is hashed.
struct Hash(Sha256);

impl Hash {
    fn said(&mut self, said: &Said<'_>, machine: &PeerMachine) {
        match said {
            Said::Nothing => self.number(0),
            Said::Sent(bytes) => {
                self.number(1);
                self.run(bytes);
            }
            Said::Event(None) => self.number(2),
            Said::Event(Some(event)) => {
                self.number(3);
                self.event(event, machine);
            }
            Said::Outcome(Ok(outcome)) => {
                self.number(4);
                self.text(format_args!("{outcome:?}"));
            }
            // What is handed back is not told.
            Said::Outcome(Err(error)) => {
                self.number(5);
                self.text(format_args!("{error}"));
            }
        }
    }

    fn event(&mut self, event: &Event, machine: &PeerMachine) {
        match event {
            Event::Message { message, wire_len } => {
                self.number(u64::from(*wire_len));
                let network = &machine.config().network;
                self.message(message, network, machine.version());
            }
            Event::Read(frame) | Event::Wrote(frame) => {
                let RawFrame {
                    command,
                    header,
                    payload,
                } = &**frame;
                self.number(u64::from(matches!(event, Event::Read(_))));
                self.text(format_args!("{command:?}"));
                self.run(header);
                self.run(payload);
            }
            // What comes back is told by the error alone.
            Event::Unsent { ticket, error } => self.text(format_args!("{ticket:?} {error}")),
            Event::Negotiated => self.text(format_args!("{event:?} {:?}", machine.remote())),
            Event::Disconnected { .. } => {
                self.text(format_args!("{event:?} {:?}", machine.stats()));
            }
            event => self.text(format_args!("{event:?}")),
        }
    }

    fn message(&mut self, message: &Message, network: &Network, version: u32) {
        self.text(format_args!("{:?}", message.command()));
        match payload(message, network, version) {
            Some(payload) => self.run(&payload),
            // Some may be heard and not said.
            None => self.text(format_args!("{message:?}")),
        }
    }

    /// What an adapter looks at.
    fn face(&mut self, machine: &PeerMachine) {
        let flags = [
            machine.wants_read(),
            machine.wants_write(),
            machine.is_negotiated(),
            machine.is_closed(),
        ];
        self.0.update(flags.map(u8::from));
        self.number(machine.queued() as u64);
        self.number(machine.sent_through().map_or(0, |ticket| ticket.number()));
        let deadline = machine.deadline();
        self.number(deadline.map_or(u64::MAX, |at| at.as_micros()));
        self.text(format_args!("{:?}", machine.deadline_reason()));
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    fn run(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn text(&mut self, text: fmt::Arguments<'_>) {
        let mut count = Counted(&mut self.0, 0);
        // Hashing does not fail.
        let _ = count.write_fmt(text);
        let length = count.1;
        self.number(length);
    }
}

/// Hashes text as it is made, and counts it.
struct Counted<'a>(&'a mut Sha256, u64);

impl Write for Counted<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text);
        self.1 = self.1.saturating_add(text.len() as u64);
        Ok(())
    }
}

/// The bytes that leave when `n` of those that were lent are taken.
pub(super) fn leaving(machine: &PeerMachine, n: usize) -> Vec<u8> {
    let lent = machine.lent();
    let n = n.min(lent.len());
    let mut bytes = Vec::with_capacity(n);
    for slice in lent.slices() {
        let rest = n.saturating_sub(bytes.len());
        bytes.extend_from_slice(slice.get(..rest.min(slice.len())).unwrap_or_default());
    }
    bytes
}
