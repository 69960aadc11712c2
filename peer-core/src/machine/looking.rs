//! Looking at a machine: nothing here changes it.

use alloc::sync::Arc;

use super::PeerMachine;
use super::closing::Phase;
use crate::config::Config;
use crate::link::Link;
use crate::remote::Remote;
use crate::stats::Stats;
use crate::transport::outbox::Ticket;
use crate::transport::{Outbound, TransportKind};

impl PeerMachine {
    /// Whether [`inbound`](Self::inbound) would lend a window. Touches no memory.
    pub fn wants_read(&self) -> bool {
        match &self.phase {
            Phase::Open { hang_up: None } => {
                self.transport.has_room()
                    && self.transport.outbox.provoked() < self.config.limits.provoked
            }
            Phase::Open { hang_up: Some(_) } | Phase::Closed => false,
            Phase::Closing { remote_done, .. } => !remote_done,
        }
    }

    /// Whether there is something to write.
    pub fn wants_write(&self) -> bool {
        !self.transport.outbox.is_empty() && !self.transport.outbox.is_held_back()
    }

    /// Wire bytes that wait to be sent.
    pub fn queued(&self) -> usize {
        self.transport
            .outbox
            .queued()
            .saturating_add(self.waiting.bytes())
    }

    /// The last ticket of which every byte was taken by the socket, as
    /// [`Event::Sent`](crate::Event::Sent) tells it: for adapters that must know while their application polls no
    /// events.
    pub fn sent_through(&self) -> Option<Ticket> {
        self.tickets.sent
    }

    /// Whether the connection is over: no more bytes either way. The last events may still have
    /// to be polled.
    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// Whether both `verack`s are exchanged.
    pub fn is_negotiated(&self) -> bool {
        self.protocol.is_negotiated()
    }

    /// How frames travel; `None` until that is settled: by the remote's first bytes where it dialled
    /// us, in v2 by its version packet.
    pub fn transport(&self) -> Option<TransportKind> {
        self.transport.kind()
    }

    /// The window as it was lent last, with what the socket has put there; empty if none is.
    pub(crate) fn lent_window(&mut self) -> &mut [u8] {
        self.transport.lent_window()
    }

    /// What was lent to be written and has not left.
    pub(crate) fn lent(&self) -> Outbound<'_> {
        self.transport.outbox.lend()
    }

    /// What is known of the remote; `None` until its `version` arrived.
    pub fn remote(&self) -> Option<&Remote> {
        self.remote.as_deref()
    }

    /// The link the machine was made for.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// The configuration the machine was made with.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The numbers so far.
    pub fn stats(&self) -> Stats {
        (*self.stats).clone()
    }

    /// The numbers so far, written over older ones: for those who look often, as it allocates nothing.
    pub fn stats_into(&self, into: &mut Stats) {
        self.stats.copy_to(into);
    }

    /// Heap bytes held by buffers and queues, bodies shared with other peers included; without the
    /// ciphers of a v2 session, some 1,500 bytes that do not change.
    pub fn memory_held(&self) -> usize {
        [
            self.transport.held(),
            self.waiting.held(),
            self.events.held(),
            self.protocol.held(),
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }
}
