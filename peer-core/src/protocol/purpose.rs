//! What a connection of a given purpose sends and refuses. Judges whole messages, keeps two facts.

use crate::config::Config;
use crate::error::{DisconnectReason, Violation};
use crate::link::{Link, Purpose};
use crate::message::{CommandName, InvKind, Inventory, Message, MessageKind};
use crate::protocol::Cx;
use crate::strictness::Reaction;
use crate::timer::Timer;

/// Whether `version` invites transactions (its relay flag, BIP37).
pub(super) fn relay_flag(config: &Config, link: &Link) -> bool {
    config.relay && !matches!(link.purpose, Purpose::BlockRelayOnly | Purpose::Feeler)
}

/// Whether the greeting may have this. Who dialled us does not answer `getaddr` (Core, btcd), and is not asked.
pub(super) fn may_greet(link: &Link, message: &Message) -> bool {
    let in_vain = link.is_inbound() && matches!(message, Message::GetAddr);
    !in_vain && may_send(link.purpose, message)
}

/// Whether the application (or the greeting) may send this on a connection of this purpose.
pub(crate) fn may_send(purpose: Purpose, message: &Message) -> bool {
    use MessageKind as K;
    match purpose {
        Purpose::FullRelay => true,
        // Nothing that tells transactions or addresses apart from blocks.
        Purpose::BlockRelayOnly => match message {
            Message::Inv(list) | Message::GetData(list) => !names_transactions(list),
            other => !matches!(
                other.kind(),
                Some(
                    K::Tx
                        | K::GetAddr
                        | K::Addr
                        | K::AddrV2
                        | K::FeeFilter
                        | K::MemPool
                        | K::FilterLoad
                        | K::FilterAdd
                        | K::FilterClear
                )
            ),
        },
        // It asks for addresses; of everything else only what costs nobody anything.
        Purpose::AddressFetch => matches!(
            message.kind(),
            None | Some(K::GetAddr | K::Ping | K::FeeFilter | K::SendHeaders | K::SendCmpct)
        ),
        Purpose::Feeler => false,
    }
}

/// Whether objects of this kind may be announced on a connection of this purpose, block or transaction.
pub(super) fn may_announce(purpose: Purpose, kind: InvKind) -> bool {
    match purpose {
        Purpose::FullRelay => true,
        Purpose::BlockRelayOnly => !kind.is_transaction(),
        Purpose::AddressFetch | Purpose::Feeler => false,
    }
}

/// What to do with a message of the remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Deliver,
    Drop,
    /// Dropped, and an annoyance.
    Unwanted,
}

#[derive(Debug)]
pub(super) struct Gate {
    /// Transactions may come: `version` invited them, or the application asked since.
    transactions_wanted: bool,
    fulfilled: bool,
}

impl Gate {
    pub(super) fn start(cx: &mut Cx<'_>) -> Self {
        if cx.link.purpose == Purpose::AddressFetch
            && let Some(life) = cx.config.timeouts.addr_fetch
        {
            cx.timers.set(Timer::AddrFetch, cx.now.saturating_add(life));
        }
        Self {
            transactions_wanted: relay_flag(cx.config, cx.link),
            fulfilled: false,
        }
    }

    /// Whether the connection has done what it was for.
    pub(super) fn is_fulfilled(&self) -> bool {
        self.fulfilled
    }

    /// The application asks for transactions: from now on they are not unwanted.
    pub(super) fn on_queued(&mut self, message: &Message) {
        self.transactions_wanted |= match message {
            Message::GetData(list) => names_transactions(list),
            Message::MemPool | Message::FilterLoad(_) | Message::FilterClear => true,
            _ => false,
        };
    }

    pub(super) fn on_message(
        &self,
        cx: &Cx<'_>,
        message: &Message,
    ) -> Result<Verdict, DisconnectReason> {
        let gossip_refused = cx.link.purpose == Purpose::BlockRelayOnly;
        match message {
            Message::Addr(_) | Message::AddrV2(_) if gossip_refused => Ok(Verdict::Drop),
            Message::Tx(_) => self.on_transactions(cx, message.command()),
            Message::Inv(inv) if !self.transactions_wanted && names_transactions(inv) => {
                self.on_transactions(cx, message.command())
            }
            _ => Ok(Verdict::Deliver),
        }
    }

    /// The application gets a message.
    pub(super) fn on_delivery(&mut self, cx: &Cx<'_>, message: &Message) {
        let addresses = match message {
            Message::Addr(list) => list.len(),
            Message::AddrV2(list) => list.len(),
            _ => 0,
        };
        // One entry may be the remote's own address; more are the answer.
        self.fulfilled |= cx.link.purpose == Purpose::AddressFetch && addresses > 1;
    }

    fn on_transactions(
        &self,
        cx: &Cx<'_>,
        command: CommandName,
    ) -> Result<Verdict, DisconnectReason> {
        match cx.config.strictness.unwanted_transaction {
            _ if self.transactions_wanted => Ok(Verdict::Deliver),
            Reaction::Deliver => Ok(Verdict::Deliver),
            Reaction::Drop => Ok(Verdict::Unwanted),
            Reaction::Disconnect => Err(Violation::UnwantedTransaction { command }.into()),
        }
    }
}

/// Whether any item is a transaction, or a filtered block, which comes with some.
fn names_transactions(inv: &Inventory) -> bool {
    inv.iter()
        .any(|item| item.kind.is_transaction() || item.kind.is_filtered_block())
}
