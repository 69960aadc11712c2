//! Inventory: what the remote knows, what it is to hear of, and when.
//!
//! ```text
//!  announce ─┬─ block ─► a short line ─────────────────────────────► headers, inv
//!            └─ other ─► the line (bounded, oldest dropped) ─trickle─► inv
//!                              │ left out: known by now, or not wanted any more
//!                 the cache ◄──┘◄── what either side announced, sent or requested
//! ```
//!
//! Nothing is announced that the remote knows, or twice. What may be announced, and what an `inv` of the remote should
//! lead to, is the application's business; so are `cmpctblock` announcements (BIP152) and the filter of BIP37.

mod books;
mod leaving;
mod recent;
mod schedule;

use alloc::boxed::Box;

use self::books::{Block, Books, Waiting};
pub(crate) use self::recent::MAX_CAPACITY;
use crate::announcement::{Announced, Announcement, plain};
use crate::config::{Config, Trickle};
use crate::error::SendError;
use crate::message::{
    EncodeError, EncodeErrorKind, InvKind, InvVect, Inventory as List, Message, MessageKind,
};
use crate::protocol::Cx;
use crate::protocol::identity::Identity;
use crate::time::Timestamp;
use crate::timer::Timer;
use crate::wire::{BlockHash, Hash};

#[derive(Debug)]
pub(super) struct Inventory {
    /// When the connection was made.
    started: Timestamp,
    /// The remote's last `feefilter`.
    fee_filter: u64,
    /// Apart and only once needed: most connections of a crawler never are.
    books: Option<Box<Books>>,
    /// The remote sent `sendheaders`.
    wants_headers: bool,
    /// The remote set a bloom filter, or removed it: either way it wants transactions (BIP37).
    wants_transactions: bool,
}

impl Inventory {
    pub(super) const fn start(cx: &Cx<'_>) -> Self {
        Self {
            started: cx.now,
            fee_filter: 0,
            books: None,
            wants_headers: false,
            wants_transactions: false,
        }
    }

    /// Bytes on the heap.
    pub(super) fn held(&self) -> usize {
        self.books.as_ref().map_or(0, |books| books.held())
    }

    /// The connection ends: nothing is announced any more.
    pub(super) fn end(&mut self) {
        self.books = None;
    }

    // --- what the remote says -------------------------------------------------------------

    /// How the remote wants blocks announced. It may say so before `verack`.
    pub(super) fn on_wish(&mut self, cx: &mut Cx<'_>, message: &Message) {
        match message {
            Message::SendHeaders => {
                self.wants_headers = true;
                cx.stats.wants_headers = true;
            }
            Message::SendCmpct(wish) if matches!(wish.version, 1 | 2) => {
                cx.stats.wants_compact_blocks = wish.announce;
            }
            _ => {}
        }
    }

    pub(super) fn on_message(
        &mut self,
        cx: &mut Cx<'_>,
        message: &Message,
        identity: &Identity<'_>,
    ) {
        match message {
            Message::Tx(_) => cx.stats.last_transaction_received = Some(cx.now),
            Message::Block(_) | Message::MerkleBlock(_) => {
                cx.stats.last_block_received = Some(cx.now);
            }
            Message::CmpctBlock(_) => {
                cx.stats.last_block_received = Some(cx.now);
                cx.stats.last_announced_block = identity.block_hash();
            }
            Message::Inv(list) => {
                if let Some(block) = last_block(list) {
                    cx.stats.last_announced_block = Some(block);
                }
            }
            Message::Headers(headers) if headers.len() <= MOST_HEADERS => {
                let last = headers.last();
                if let Some(hash) = last.and_then(|last| cx.config.network.block_hash(&last)) {
                    cx.stats.last_announced_block = Some(hash);
                }
            }
            // It knows of what it asks for.
            Message::GetData(list) => return self.learn_list(cx, list),
            Message::FeeFilter(filter) if filter.is_in_money_range() => {
                self.fee_filter = u64::try_from(filter.fee_rate).unwrap_or_default();
                cx.stats.fee_filter = self.fee_filter;
            }
            Message::FilterLoad(_) | Message::FilterClear => {
                self.wants_transactions = true;
                cx.stats.relays_transactions = true;
            }
            other => return self.on_wish(cx, other),
        }
        self.learn_message(cx, message, identity);
    }

    // --- what the application says --------------------------------------------------------

    /// A message of the application is about to be queued: the remote will know what is in it.
    pub(super) fn on_queued(&mut self, cx: &mut Cx<'_>, message: &Message) {
        let network = &cx.config.network;
        self.learn_message(cx, message, &Identity::new(message, network));
    }

    /// The application knows that the remote knows.
    pub(super) fn add_known(&mut self, cx: &mut Cx<'_>, item: InvVect) {
        self.learn(cx, [item.hash]);
    }

    /// Something to be announced.
    pub(super) fn announce(
        &mut self,
        cx: &mut Cx<'_>,
        announcement: Announcement,
    ) -> Result<Announced, SendError> {
        let (item, fee_rate, alias) = match announcement {
            Announcement::Block { header } => {
                let Some(hash) = cx.config.network.block_hash(&header) else {
                    return Err(cannot_be_named("header"));
                };
                let header = Some(header);
                return Ok(self.announce_block(cx, Block { hash, header }));
            }
            Announcement::Tx {
                txid,
                wtxid,
                fee_rate,
            } => {
                let [txid, wtxid] = [
                    InvVect::new(InvKind::Tx, txid),
                    InvVect::new(InvKind::Wtx, wtxid),
                ];
                let by_wtxid = cx.remote.as_ref().is_some_and(|remote| remote.wtxid_relay);
                let (item, other) = if by_wtxid {
                    (wtxid, txid)
                } else {
                    (txid, wtxid)
                };
                (item, fee_rate, other.hash)
            }
            Announcement::Item(item) => (item, None, item.hash),
        };
        let item = InvVect::new(plain(item.kind), item.hash);
        if !can_be_named(cx.config, item.kind) {
            return Err(cannot_be_named("inventory"));
        }
        if item.kind.is_block() {
            let (hash, header) = (item.hash.into(), None);
            return Ok(self.announce_block(cx, Block { hash, header }));
        }
        let waiting = Waiting {
            item,
            fee_rate: fee_rate.unwrap_or(u64::MAX),
            alias: self.books(cx).keys.fingerprint(alias),
        };
        Ok(self.enqueue(cx, waiting))
    }

    fn announce_block(&mut self, cx: &mut Cx<'_>, block: Block) -> Announced {
        let books = self.books(cx);
        let waits = books.blocks.iter().any(|other| other.hash == block.hash);
        if waits || books.known.contains(books.keys.fingerprint(block.hash)) {
            return Announced::Known;
        }
        if books.blocks.len() >= MOST_BLOCKS {
            books.blocks.pop_front();
            count(&mut cx.stats.inventory_dropped, 1);
        }
        books.blocks.push_back(block);
        self.send_blocks(cx);
        self.tidy(cx);
        Announced::Queued
    }

    fn enqueue(&mut self, cx: &mut Cx<'_>, waiting: Waiting) -> Announced {
        let is_unwanted = self.is_unwanted(cx, &waiting);
        let books = self.books(cx);
        let key = books.keys.fingerprint(waiting.item.hash);
        if [key, waiting.alias].into_iter().any(|key| books.has(key)) {
            return Announced::Known;
        }
        if is_unwanted {
            return Announced::Unwanted;
        }
        if books.line.insert(key, waiting).is_some() {
            count(&mut cx.stats.inventory_dropped, 1);
        }
        if cx.config.trickle == Trickle::Immediate {
            self.flush(cx);
        } else if !cx.timers.is_set(Timer::Trickle) {
            // Calls of the application carry no time, and ours may be old: the schedule is asked when we next hear it.
            books.is_drawn = false;
            cx.timers.set_due(Timer::Trickle, cx.now);
        }
        self.tidy(cx);
        Announced::Queued
    }

    // --- what the remote knows ------------------------------------------------------------

    /// Whoever says this, the remote knows of it.
    fn learn_message(&mut self, cx: &mut Cx<'_>, message: &Message, identity: &Identity<'_>) {
        if cx.config.limits.known_inventory == 0 {
            return;
        }
        match message {
            Message::Inv(list) => self.learn_list(cx, list),
            Message::Headers(headers) => {
                let network = cx.config.network;
                let newest = headers.iter().rev().take(MOST_HEADERS);
                let hashes = newest.filter_map(|header| network.block_hash(&header));
                self.learn(cx, hashes.map(Hash::from));
            }
            Message::Tx(_) => {
                let txid = identity.txid().map(Hash::from);
                let wtxid = identity.wtxid().map(Hash::from);
                let wtxid = wtxid.filter(|wtxid| txid != Some(*wtxid));
                self.learn(cx, txid.into_iter().chain(wtxid));
            }
            Message::Block(_) | Message::MerkleBlock(_) | Message::CmpctBlock(_) => {
                self.learn(cx, identity.block_hash().map(Hash::from));
            }
            // What is in the stem of Dandelion is nobody's knowledge yet.
            Message::AggSess(_) | Message::EncCand(_) => self.learn(cx, identity.navcoin()),
            _ => {}
        }
    }

    fn learn_list(&mut self, cx: &mut Cx<'_>, list: &List) {
        // Of a long list only the end would stay in the cache; but something earlier may be waiting.
        let most = if self.books.as_ref().is_some_and(|books| books.waiting() > 0) {
            list.len()
        } else {
            cx.config.limits.known_inventory
        };
        let first = list.len().saturating_sub(most);
        let items = (first..list.len()).filter_map(|index| list.get(index));
        self.learn(cx, items.map(|item| item.hash));
    }

    fn learn(&mut self, cx: &mut Cx<'_>, hashes: impl IntoIterator<Item = Hash>) {
        let mut hashes = hashes.into_iter().peekable();
        if cx.config.limits.known_inventory == 0 || hashes.peek().is_none() {
            return;
        }
        let books = self.books(cx);
        let mut withheld = 0;
        for hash in hashes {
            let key = books.keys.fingerprint(hash);
            books.known.insert(key, ());
            withheld += u64::from(books.line.remove(key).is_some());
            if !books.blocks.is_empty() {
                let before = books.blocks.len();
                books.blocks.retain(|block| hash != block.hash.into());
                withheld += (before - books.blocks.len()) as u64;
            }
        }
        count(&mut cx.stats.inventory_withheld, withheld);
        self.tidy(cx);
    }

    /// Whether the remote asked not to hear of it.
    fn is_unwanted(&self, cx: &Cx<'_>, waiting: &Waiting) -> bool {
        if !waiting.item.kind.is_transaction() {
            return false;
        }
        let invited = cx.remote.as_ref();
        let invited = invited.is_some_and(|remote| remote.version.relay.is_wanted());
        !(invited || self.wants_transactions) || waiting.fee_rate < self.fee_filter
    }

    fn books(&mut self, cx: &mut Cx<'_>) -> &mut Books {
        self.books
            .get_or_insert_with(|| Box::new(Books::new(cx.config, cx.rng)))
    }
}

/// What is wrong with an announcement without a number, or a hash.
const fn cannot_be_named(field: &'static str) -> SendError {
    SendError::Encode(EncodeError {
        command: MessageKind::Inv.command(),
        kind: EncodeErrorKind::InvalidValue { field },
    })
}

/// Whether the network has a number for it, and it means something in an `inv`.
fn can_be_named(config: &Config, kind: InvKind) -> bool {
    kind != InvKind::Error && config.network.inv_numbering.number(kind).is_some()
}

fn count(counter: &mut u64, more: u64) {
    *counter = counter.saturating_add(more);
}

/// The block that was announced last in an `inv`.
fn last_block(list: &List) -> Option<BlockHash> {
    let items = (0..list.len()).rev().filter_map(|index| list.get(index));
    let mut blocks = items.filter(|item| item.kind.is_block());
    blocks.next().map(|block| block.hash.into())
}

/// Headers that announce; more of them answer a question (Core: `MAX_BLOCKS_TO_ANNOUNCE`). Of those only the newest are
/// remembered: nobody announces older ones, and hashing 2,000 for nothing is what a flood of `headers` would want.
const MOST_HEADERS: usize = 8;

/// Blocks that wait for a remote that does not read: the newest, as with [`MOST_HEADERS`].
const MOST_BLOCKS: usize = 8;

#[cfg(test)]
mod tests;
