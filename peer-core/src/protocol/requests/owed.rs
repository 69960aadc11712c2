//! What is owed at the moment, and the bookkeeping: which request an answer belongs to, and when what is due.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use super::items::{Batch, Form, Items, Object};
use super::progress::Progress;
use super::questions::{Asked, Question};
use crate::message::{InvVect, Inventory, Message, MessageKind};
use crate::network::Network;
use crate::protocol::Cx;
use crate::protocol::identity::Identity;
use crate::request::{RequestKind, Unanswered};
use crate::time::Timestamp;
use crate::timer::Timer;
use crate::transport::Partial;
use crate::wire::{BlockHeader, Hash};

/// What is owed. Numbers of requests rise in the order of leaving.
#[derive(Debug, Default)]
pub(super) struct Owed {
    /// The number of the last request.
    pub(super) last: u64,
    /// Not left yet.
    pub(super) queued: VecDeque<(u64, Queued)>,
    pub(super) items: Items,
    pub(super) asked: VecDeque<Asked>,
    pub(super) progress: Progress,
    /// Time in which the remote could not be heard. What is kept here in timestamps is counted without it.
    pub(super) deaf: Duration,
}

#[derive(Debug)]
pub(super) enum Queued {
    Items(Inventory),
    Question(Question),
}

/// What an object that arrived could have been asked for as. Ids of transactions are only computed where some are owed.
pub(super) fn object(message: &Message, identity: &Identity<'_>, items: &Items) -> Option<Object> {
    match message {
        Message::Tx(_) if items.has_transactions() => {
            Some(Object::transaction(identity.txid()?, identity.wtxid()?))
        }
        Message::Block(_) | Message::MerkleBlock(_) | Message::CmpctBlock(_) => {
            Object::block(message.kind(), identity.block_hash()?.into())
        }
        _ if items.has_others() => Some(Object::new(identity.navcoin()?, Form::Other)),
        _ => None,
    }
}

impl Owed {
    /// The time, without that in which the remote could not be heard.
    pub(super) fn heard(&self, now: Timestamp) -> Timestamp {
        let deaf = u64::try_from(self.deaf.as_micros()).unwrap_or(u64::MAX);
        Timestamp::from_micros(now.as_micros().saturating_sub(deaf))
    }

    /// Requests that have left.
    pub(super) fn len(&self) -> usize {
        self.items.batches().len().saturating_add(self.asked.len())
    }

    pub(super) fn is_idle(&self) -> bool {
        self.len() == 0 && self.queued.is_empty()
    }

    pub(super) fn take_queued(&mut self, number: u64) -> Option<Queued> {
        // They leave in order, so it is the first.
        let (front, _) = self.queued.front()?;
        if *front != number {
            return None;
        }
        self.queued.pop_front().map(|(_, queued)| queued)
    }

    pub(super) fn leave_unwatched(&self, cx: &mut Cx<'_>) {
        cx.stats.requests_unwatched = cx.stats.requests_unwatched.saturating_add(1);
    }

    pub(super) fn count(&self, cx: &mut Cx<'_>) {
        cx.stats.requests_in_flight = self.len();
        if self.len() == 0 {
            cx.timers.stop(Timer::Stall);
        }
    }

    /// An object arrived: the oldest request for it has it.
    pub(super) fn on_object(&mut self, now: Timestamp, object: &Object) {
        if let Some(number) = self.items.take(object) {
            self.advance(number, now);
        }
    }

    /// The same, where a whole block may be the answer to `getblocktxn`, too.
    pub(super) fn on_object_or_block(
        &mut self,
        now: Timestamp,
        object: &Object,
        message: &Message,
        identity: &Identity<'_>,
    ) {
        let whole = matches!(message, Message::Block(_));
        let hash = identity.block_hash().filter(|_| whole);
        let question = hash.and_then(|hash| self.asks_for_transactions_of(hash.into()));
        let item = self.items.find(object).map(|(.., number)| number);
        match question {
            Some(question) if item.is_none_or(|item| question < item) => self.close(question, now),
            _ => self.on_object(now, object),
        }
    }

    /// The first `getblocktxn` about this block.
    fn asks_for_transactions_of(&self, block: Hash) -> Option<u64> {
        let mut asked = self.asked.iter();
        asked
            .find(|asked| asked.question.wants_transactions_of(block))
            .map(|asked| asked.number)
    }

    /// A message that is no object: the oldest question that it answers, wholly or in part.
    pub(super) fn on_reply(&mut self, cx: &Cx<'_>, now: Timestamp, message: &Message) {
        let network = &cx.config.network;
        let answered = self.asked.iter_mut().find_map(|asked| {
            let is_whole = asked.question.is_answered(message, network)?;
            Some((asked.number, is_whole))
        });
        match answered {
            Some((number, true)) => self.close(number, now),
            Some((number, false)) => self.advance(number, now),
            None => {}
        }
    }

    /// A block of which nobody can tell which it is: a sign of life for whoever waits for blocks.
    pub(super) fn on_nameless_block(&mut self, now: Timestamp) {
        if let Some(number) = self.first_with_blocks() {
            self.advance(number, now);
        }
    }

    /// A question has its answer.
    fn close(&mut self, number: u64, now: Timestamp) {
        self.asked.retain(|asked| asked.number != number);
        self.advance(number, now);
    }

    /// The remote has worked on this request: what left later was waiting for that.
    fn advance(&mut self, number: u64, now: Timestamp) {
        let batch = self.items.batches().next().map(|(number, _)| *number);
        let asked = self.asked.front().map(|asked| asked.number);
        let oldest = batch.into_iter().chain(asked).min();
        self.progress
            .answered(number, now, oldest.unwrap_or(number));
    }

    /// Which request a frame that is landing will answer at the earliest, as far as its beginning tells, and whether
    /// more of it can tell more.
    pub(super) fn whose(&self, network: &Network, partial: &Partial) -> (Option<u64>, bool) {
        if partial.is_sealed() {
            // It may be any answer, until it is whole.
            let asked = self.asked.front().map(|asked| asked.number);
            return (self.items.first().into_iter().chain(asked).min(), true);
        }
        let kind = partial.kind();
        let answers = match kind {
            Some(MessageKind::Tx) => self.items.first_with_transactions(),
            Some(MessageKind::NotFound) => self.items.first(),
            Some(MessageKind::Block | MessageKind::MerkleBlock | MessageKind::CmpctBlock) => {
                let Some(header) = partial.head().first_chunk() else {
                    return (self.first_with_blocks(), false);
                };
                let hash = network.block_hash(&BlockHeader::from_bytes(header));
                let Some(hash) = hash.map(Hash::from) else {
                    return (self.first_with_blocks(), true);
                };
                let object = Object::block(kind, hash);
                let item = object.and_then(|object| self.items.find(&object));
                let item = item.map(|(.., number)| number);
                let question = self.asks_for_transactions_of(hash);
                let question = question.filter(|_| kind == Some(MessageKind::Block));
                item.into_iter().chain(question).min()
            }
            Some(MessageKind::BlockTxn) => {
                let Some(hash) = partial.head().first_chunk() else {
                    return (self.first_asked(RequestKind::GetBlockTxn), false);
                };
                self.asks_for_transactions_of(Hash::from_bytes(*hash))
            }
            Some(MessageKind::Headers) => self.first_asked(RequestKind::GetHeaders),
            Some(MessageKind::Inv) => {
                let blocks = self.first_asked(RequestKind::GetBlocks);
                let mempool = self.first_asked(RequestKind::MemPool);
                blocks.into_iter().chain(mempool).min()
            }
            Some(MessageKind::CFilter) => self.first_asked(RequestKind::GetCFilters),
            Some(MessageKind::CFHeaders) => self.first_asked(RequestKind::GetCFHeaders),
            Some(MessageKind::CFCheckpt) => self.first_asked(RequestKind::GetCFCheckpt),
            Some(MessageKind::CFTypes) => self.first_asked(RequestKind::GetCFTypes),
            _ => None,
        };
        (answers, true)
    }

    /// The first request that a block may answer.
    fn first_with_blocks(&self) -> Option<u64> {
        let items = self.items.first_with_blocks();
        let question = self.first_asked(RequestKind::GetBlockTxn);
        items.into_iter().chain(question).min()
    }

    fn first_asked(&self, kind: RequestKind) -> Option<u64> {
        let mut asked = self.asked.iter();
        asked
            .find(|asked| asked.question.kind() == kind)
            .map(|asked| asked.number)
    }

    /// When everything owed is due, by the time that [`Owed::heard`] counts.
    fn deadlines<'a>(&'a self, cx: &'a Cx<'_>) -> impl Iterator<Item = (u64, Timestamp)> + 'a {
        let batches = self.items.batches();
        let batches =
            batches.map(|(number, batch)| (*number, batch.since, RequestKind::Transactions));
        let asked = self.asked.iter();
        let asked = asked.map(|asked| (asked.number, asked.since, asked.question.kind()));
        let (timeouts, frame) = (&cx.config.timeouts.requests, cx.stats.frames_received);
        batches
            .chain(asked)
            .filter_map(move |(number, since, kind)| {
                let due = self.progress.due(number, since, timeouts.of(kind)?, frame);
                Some((number, due))
            })
    }

    /// Removes what is overdue, oldest first.
    pub(super) fn take_overdue(&mut self, cx: &Cx<'_>) -> Vec<Unanswered> {
        let now = self.heard(cx.now);
        let due = self.deadlines(cx).filter(|(_, due)| *due <= now);
        let mut overdue: Vec<u64> = due.map(|(number, _)| number).collect();
        overdue.sort_unstable();
        let mut unanswered = Vec::new();
        for number in &overdue {
            if let Some((batch, missing)) = self.items.give_up(*number) {
                unanswered.extend(unanswered_items(&batch, &missing));
            }
        }
        self.asked.retain(|asked| {
            let is_overdue = overdue.binary_search(&asked.number).is_ok();
            if is_overdue {
                unanswered.push(Unanswered {
                    request: asked.question.kind(),
                    items: Vec::new(),
                    ticket: asked.ticket,
                });
            }
            !is_overdue
        });
        unanswered
    }

    /// Sets the timer to the first deadline there is.
    pub(super) fn arm(&self, cx: &mut Cx<'_>) {
        let now = self.heard(cx.now);
        let next = self.deadlines(cx).map(|(_, due)| due).min();
        if let Some(due) = next {
            let at = cx.now.saturating_add(due.saturating_since(now));
            cx.timers.set(Timer::Stall, at);
        }
    }

    pub(super) fn held(&self) -> usize {
        let queued = self
            .queued
            .capacity()
            .saturating_mul(size_of::<(u64, Queued)>());
        let asked = self.asked.capacity().saturating_mul(size_of::<Asked>());
        [
            size_of::<Self>(),
            queued,
            asked,
            self.items.held(),
            self.progress.held(),
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }
}

/// One event for each kind of object that is missing.
fn unanswered_items(batch: &Batch, missing: &[InvVect]) -> impl Iterator<Item = Unanswered> {
    let kinds = [
        RequestKind::Transactions,
        RequestKind::Blocks,
        RequestKind::OtherObjects,
    ];
    let ticket = batch.ticket;
    kinds.into_iter().filter_map(move |request| {
        let of_kind = |item: &&InvVect| RequestKind::of_item(item.kind) == request;
        let items: Vec<InvVect> = missing.iter().filter(of_kind).copied().collect();
        (!items.is_empty()).then_some(Unanswered {
            request,
            items,
            ticket,
        })
    })
}
