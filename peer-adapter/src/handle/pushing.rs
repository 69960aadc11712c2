//! What the machine makes messages of by itself: addresses, questions about the chain, rejects.
//!
//! Each of these is a [`Command`]; [`Peer::command`] and [`Peer::queue`] do the same without the
//! unpacking.

use peer_core::message::{Locator, Reject};
use peer_core::wire::AddrEntry;
use peer_core::{Command, Outcome};

use super::Peer;
use crate::error::SendError;

/// They wait until what was queued has left, as [`send`](Self::send) does. Before the handshake is
/// complete they are [refused](SendError::Refused): what is to be sent depends on it.
impl Peer {
    /// Sends an `addr` with as many of `addresses` as it can hold; returns which
    /// ([`PeerMachine::push_addr`](peer_core::PeerMachine::push_addr) tells how they are chosen).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn push_addr(&self, addresses: Vec<AddrEntry>) -> Result<Vec<AddrEntry>, SendError> {
        self.command(Command::PushAddr(addresses)).await.map(sent)
    }

    /// The same with an `addrv2` if the remote takes it (BIP155), and an `addr` if not.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn push_addrv2(
        &self,
        addresses: Vec<AddrEntry>,
    ) -> Result<Vec<AddrEntry>, SendError> {
        self.command(Command::PushAddrV2(addresses)).await.map(sent)
    }

    /// Answers the remote's `getaddr`, once per connection and only if it dialled us; returns what
    /// was sent.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn answer_getaddr(
        &self,
        addresses: Vec<AddrEntry>,
    ) -> Result<Vec<AddrEntry>, SendError> {
        let answer = Command::AnswerGetAddr(addresses);
        self.command(answer).await.map(sent)
    }

    /// Sends a `getblocks`, unless the same question is being answered already; whether it was
    /// sent.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn push_getblocks(&self, locator: Locator) -> Result<bool, SendError> {
        let question = Command::PushGetBlocks(Box::new(locator));
        self.command(question).await.map(was_sent)
    }

    /// The same with a `getheaders`.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn push_getheaders(&self, locator: Locator) -> Result<bool, SendError> {
        let question = Command::PushGetHeaders(Box::new(locator));
        self.command(question).await.map(was_sent)
    }

    /// Sends a `reject` (BIP61), if the remote's version has it; whether it was sent.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn push_reject(&self, reject: Reject) -> Result<bool, SendError> {
        let reject = Command::PushReject(Box::new(reject));
        self.command(reject).await.map(was_sent)
    }
}

fn sent(outcome: Outcome) -> Vec<AddrEntry> {
    match outcome {
        Outcome::Addresses(pushed) => pushed.sent,
        _ => Vec::new(),
    }
}

fn was_sent(outcome: Outcome) -> bool {
    outcome.ticket().is_some()
}
