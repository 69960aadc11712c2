//! Questions that are no `getdata`, and which messages answer them.
//!
//! The wire has no request ids, so an answer is known by what it says. Where an announcement looks like an answer it
//! passes for one; where it can be told apart it does not.

use alloc::boxed::Box;

use crate::message::{GetCFHeaders, Headers, InvVect, Inventory, Locator, Message};
use crate::network::Network;
use crate::request::RequestKind;
use crate::time::Timestamp;
use crate::transport::outbox::Ticket;
use crate::wire::{BlockHash, Hash};

/// Filters that one `getcfilters` can ask for (BIP157); further ones are not waited for.
const MAX_CFILTERS: u16 = 1_000;

/// A question that has left.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) number: u64,
    pub(super) question: Question,
    pub(super) ticket: Option<Ticket>,
    pub(super) since: Timestamp,
}

/// What was asked, as far as the answer tells it.
#[derive(Debug)]
pub(super) enum Question {
    Blocks,
    Headers(Box<Locator>),
    MemPool,
    CFilters {
        filter_type: u8,
        stop: BlockHash,
        /// Filters still to come at the most.
        left: u16,
    },
    CFHeaders {
        filter_type: u8,
        stop: Option<BlockHash>,
    },
    CFTypes,
    CFCheckpt {
        filter_type: u8,
        stop: BlockHash,
    },
    BlockTxn(BlockHash),
}

impl Question {
    /// The question of a message, if it is one.
    pub(super) fn of(message: &Message) -> Option<Self> {
        Some(match message {
            Message::GetBlocks(_) => Self::Blocks,
            Message::GetHeaders(locator) => Self::Headers(locator.clone()),
            Message::MemPool => Self::MemPool,
            Message::GetCFilters(range) => Self::CFilters {
                filter_type: range.filter_type,
                stop: range.stop,
                left: MAX_CFILTERS,
            },
            Message::GetCFilter(asked) => Self::CFilters {
                filter_type: asked.filter_type,
                stop: asked.block_hash,
                left: 1,
            },
            Message::GetCFTypes => Self::CFTypes,
            Message::GetCFHeaders(asked) => Self::CFHeaders {
                filter_type: asked.filter_type(),
                // A locator does not say where the answer ends.
                stop: match asked {
                    GetCFHeaders::Range(range) => Some(range.stop),
                    GetCFHeaders::Draft(_) => None,
                },
            },
            Message::GetCFCheckpt(asked) => Self::CFCheckpt {
                filter_type: asked.filter_type,
                stop: asked.stop,
            },
            Message::GetBlockTxn(asked) => Self::BlockTxn(asked.block_hash),
            _ => return None,
        })
    }

    pub(super) const fn kind(&self) -> RequestKind {
        match self {
            Self::Blocks => RequestKind::GetBlocks,
            Self::Headers(_) => RequestKind::GetHeaders,
            Self::MemPool => RequestKind::MemPool,
            Self::CFilters { .. } => RequestKind::GetCFilters,
            Self::CFHeaders { .. } => RequestKind::GetCFHeaders,
            Self::CFTypes => RequestKind::GetCFTypes,
            Self::CFCheckpt { .. } => RequestKind::GetCFCheckpt,
            Self::BlockTxn(_) => RequestKind::GetBlockTxn,
        }
    }

    /// Whether it is about transactions of this block.
    pub(super) fn wants_transactions_of(&self, block: Hash) -> bool {
        matches!(self, Self::BlockTxn(hash) if Hash::from(*hash) == block)
    }

    /// Whether `message` answers it: `None` if not, else whether that was all of the answer.
    pub(super) fn is_answered(&mut self, message: &Message, network: &Network) -> Option<bool> {
        let is_whole = match (self, message) {
            (Self::Blocks, Message::Inv(list)) => all(list, |item| item.kind.is_block()),
            (Self::MemPool, Message::Inv(list)) => all(list, |item| item.kind.is_transaction()),
            (Self::Headers(locator), Message::Headers(headers)) => {
                follows(headers, locator, network)
            }
            (
                Self::CFilters {
                    filter_type,
                    stop,
                    left,
                },
                Message::CFilter(filter),
            ) => {
                if filter.filter_type != *filter_type || *left == 0 {
                    return None;
                }
                *left = left.saturating_sub(1);
                return Some(filter.block_hash == *stop);
            }
            (Self::CFHeaders { filter_type, stop }, Message::CFHeaders(answer)) => {
                answer.filter_type == *filter_type && stop.is_none_or(|stop| answer.stop == stop)
            }
            (Self::CFTypes, Message::CFTypes(_)) => true,
            (Self::CFCheckpt { filter_type, stop }, Message::CFCheckpt(answer)) => {
                answer.filter_type == *filter_type && answer.stop == *stop
            }
            (Self::BlockTxn(hash), Message::BlockTxn(answer)) => answer.block_hash == *hash,
            _ => false,
        };
        is_whole.then_some(true)
    }
}

/// Answers to `getblocks` and `mempool` bring one kind of object; a mixed `inv` is an announcement.
fn all(list: &Inventory, is: impl FnMut(InvVect) -> bool) -> bool {
    !list.is_empty() && list.iter().all(is)
}

/// Whether `headers` can be the answer: nothing, what follows a block of the locator (or the first block, when the
/// remote knows none of them), or the one block asked for. Announcements of blocks elsewhere on the chain are not.
fn follows(headers: &Headers, locator: &Locator, network: &Network) -> bool {
    let Some(first) = headers.get(0) else {
        return true;
    };
    if locator.hashes.is_empty() {
        let hash = network.block_hash(&first);
        return hash.is_none_or(|hash| hash == locator.stop);
    }
    let previous = first.prev_blockhash;
    previous == network.genesis || locator.hashes.iter().any(|hash| hash == previous)
}
