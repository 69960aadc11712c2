//! Messages that the machine makes from what the application has: addresses, questions about the chain, rejects.
//!
//! They are what the Go packages call `Push...`. Each depends on what was negotiated, so there are none before the
//! handshake is complete. Which addresses are sent and what is a repetition is for the rooms to say.

use alloc::boxed::Box;

use super::PeerMachine;
use crate::command::Pushed;
use crate::error::SendError;
use crate::message::{Locator, Message, Reject};
use crate::protocol::{Form, compose};
use crate::transport::outbox::Ticket;
use crate::wire::AddrEntry;

impl PeerMachine {
    /// Queues an `addr` with as many of `addresses` as it can hold, and says which.
    ///
    /// Of several with the same address and port the first counts. What `addr` has no form for is left out (onion
    /// services, I2P, CJDNS, Yggdrasil), and an IPv4 address inside IPv6 becomes IPv4. Up to 1,000 entries keep their
    /// order; of more, or above [`MessageLimits::addr`](crate::message::MessageLimits), a uniform random sample is
    /// taken, which keeps it as well. Remotes below version 209 get one. If nothing is left, nothing is sent.
    ///
    /// # Errors
    /// [`SendError::NotNegotiated`] before the handshake is complete; otherwise as [`send`](Self::send).
    pub fn push_addr(&mut self, addresses: &[AddrEntry]) -> Result<Pushed, SendError> {
        self.push_addresses(addresses, Form::Legacy)
    }

    /// The same with an `addrv2` (BIP155) if the remote takes it ([`Remote::addr_v2`](crate::Remote)), and an `addr` if
    /// not. In an `addrv2` all networks have a form but version 2 onion services, which BIP155 has receivers ignore.
    ///
    /// # Errors
    /// As [`push_addr`](Self::push_addr).
    pub fn push_addrv2(&mut self, addresses: &[AddrEntry]) -> Result<Pushed, SendError> {
        self.push_addresses(addresses, Form::Negotiated)
    }

    /// Answers the remote's `getaddr` as [`push_addrv2`](Self::push_addrv2) would, once per connection.
    ///
    /// Nothing is sent if the remote has not asked, was answered before, or was dialled by us: Core gives addresses to
    /// those who dialled it only, as others could know a node again by them. Nor if `addresses` has none that can be
    /// sent; the question is then still open, as it is after an error.
    ///
    /// # Errors
    /// As [`push_addr`](Self::push_addr).
    pub fn answer_getaddr(&mut self, addresses: &[AddrEntry]) -> Result<Pushed, SendError> {
        self.check_negotiated()?;
        if !self.protocol.owes_addresses(&self.link) {
            return Ok(Pushed::default());
        }
        let pushed = self.push_addresses(addresses, Form::Negotiated)?;
        if pushed.ticket.is_some() {
            self.protocol.on_addresses_answered();
        }
        Ok(pushed)
    }

    /// Queues a `getblocks`, unless the last one began and stopped at the same blocks and may still be answered: it is
    /// neither answered nor older than its deadline, 30 seconds ([`RequestTimeouts`](crate::RequestTimeouts)). `None`
    /// says that nothing was queued.
    ///
    /// # Errors
    /// As [`push_addr`](Self::push_addr); a locator above [`MessageLimits::locator`](crate::message::MessageLimits) is
    /// a [`SendError::Encode`].
    pub fn push_getblocks(&mut self, locator: Locator) -> Result<Option<Ticket>, SendError> {
        self.push_question(Message::GetBlocks(Box::new(locator)))
    }

    /// The same with a `getheaders`, whose deadline is 90 seconds.
    ///
    /// # Errors
    /// As [`push_getblocks`](Self::push_getblocks).
    pub fn push_getheaders(&mut self, locator: Locator) -> Result<Option<Ticket>, SendError> {
        self.push_question(Message::GetHeaders(Box::new(locator)))
    }

    /// Queues a `reject` (BIP61) if the remote's version has it, from 70002 on. `None` says that it does not.
    ///
    /// # Errors
    /// As [`push_addr`](Self::push_addr).
    pub fn push_reject(&mut self, reject: Reject) -> Result<Option<Ticket>, SendError> {
        self.check_negotiated()?;
        if self.version() < self.config.network.gates.reject {
            return Ok(None);
        }
        self.send(Message::Reject(Box::new(reject))).map(Some)
    }

    fn push_addresses(&mut self, addresses: &[AddrEntry], form: Form) -> Result<Pushed, SendError> {
        self.check_negotiated()?;
        let (_, mut cx) = self.rooms();
        let Some((message, sent)) = compose(&mut cx, addresses, form) else {
            return Ok(Pushed::default());
        };
        let ticket = Some(self.send(message)?);
        Ok(Pushed { sent, ticket })
    }

    fn push_question(&mut self, question: Message) -> Result<Option<Ticket>, SendError> {
        self.check_negotiated()?;
        if self.protocol.is_repeat(self.now, &question) {
            return Ok(None);
        }
        self.send(question).map(Some)
    }

    fn check_negotiated(&self) -> Result<(), SendError> {
        if !self.accepts_messages() {
            return Err(SendError::Closed);
        }
        if !self.is_negotiated() {
            return Err(SendError::NotNegotiated);
        }
        Ok(())
    }
}
