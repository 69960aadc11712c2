//! An honest application at one end of a connection: it serves a real chain, syncs from it, relays transactions, gossips
//! addresses, and now and then does nothing at all.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use peer_core::message::{InvKind, InvVect, Inventory, Locator, Message};
use peer_core::network::Network;
use peer_core::wire::{BlockHash, Hash, TxView};
use peer_core::{Announced, Announcement, Event, SendError, Timestamp};
use peer_programs::server::{ChainServer, ServedChain};

use super::gossip::Gossip;
use super::subject::{Subject, Taken};
use super::{Check, demand};

/// A transaction that some honest node made.
#[derive(Clone, Debug)]
pub(crate) struct Coin {
    pub(crate) view: TxView,
    pub(crate) txid: [u8; 32],
    pub(crate) wtxid: [u8; 32],
}

/// What the application wants of the rest of its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A transaction came that the node did not have.
    Relay(usize),
}

/// One end of a connection, with a machine and an application.
pub(crate) struct Side {
    pub(crate) subject: Subject,
    pub(crate) node: usize,
    pub(crate) gossip: Gossip,
    /// Pings that arrived here and are not answered.
    pub(crate) pinged: VecDeque<u64>,
    /// What could not be sent yet.
    pub(crate) pending: VecDeque<Message>,
    /// It waits for `Writable`.
    pub(crate) is_full: bool,
    /// It polls nothing until then.
    pub(crate) sleeps_until: u64,
    server: ChainServer,
    chain: Arc<ServedChain>,
    /// The highest header that it has, and blocks that it awaits.
    pub(crate) height: u32,
    pub(crate) wanted: VecDeque<u32>,
    pub(crate) is_syncing: bool,
    asked: BTreeSet<Hash>,
    /// The other side of this connection is honest.
    pub(crate) has_friend: bool,
    /// It sent its `getaddr`.
    pub(crate) asked_for_addresses: bool,
    /// Messages may be lost on their way to it.
    pub(crate) is_careless: bool,
    /// It asked for the end.
    pub(crate) said_goodbye: bool,
}

impl Side {
    pub(crate) fn new(
        mut subject: Subject,
        node: usize,
        chain: &Arc<ServedChain>,
        has_friend: bool,
    ) -> Self {
        subject.watch.has_friend = has_friend;
        Self {
            subject,
            node,
            gossip: Gossip::default(),
            pinged: VecDeque::new(),
            pending: VecDeque::new(),
            is_full: false,
            sleeps_until: 0,
            server: ChainServer::new(chain.clone()),
            chain: chain.clone(),
            height: 0,
            wanted: VecDeque::new(),
            is_syncing: false,
            asked: BTreeSet::new(),
            has_friend,
            asked_for_addresses: false,
            is_careless: false,
            said_goodbye: false,
        }
    }

    /// Something happened. Transactions are looked up among `coins`, those the node has are in `pool`.
    pub(crate) fn on_event(
        &mut self,
        event: &Event,
        coins: &Coins,
        pool: &BTreeSet<usize>,
    ) -> Result<Option<Wish>, String> {
        match event {
            Event::Negotiated => self.on_negotiated(),
            Event::V2Admission => self.subject.machine.admit_v2(),
            Event::Writable => self.is_full = false,
            Event::Message { message, wire_len } => match message {
                Message::GetHeaders(_) => self.server.on_event(Event::Message {
                    message: message.clone(),
                    wire_len: *wire_len,
                }),
                Message::GetData(list) => self.on_getdata(list, coins, pool),
                Message::Headers(headers) => self.on_headers(headers)?,
                Message::Block(block) => self.on_block(block)?,
                Message::Inv(list) => self.on_inv(list, coins, pool),
                Message::Tx(tx) => return Ok(self.on_tx(tx, coins, pool)),
                Message::GetAddr => {
                    self.subject.unpolled = true;
                }
                _ => {}
            },
            _ => {}
        }
        Ok(None)
    }

    fn on_negotiated(&mut self) {
        if self.height > 0 {
            self.ask_for_headers();
        }
    }

    pub(crate) fn ask_for_headers(&mut self) {
        self.is_syncing = true;
        let (chain, network) = (&self.chain, Network::REGTEST);
        let hash = |height| match height {
            0 => Some(network.genesis),
            _ => chain.header(height).map(|header| header.block_hash()),
        };
        let locator = Locator::from_chain(self.height, BlockHash::default(), hash);
        self.pending
            .push_back(Message::GetHeaders(Box::new(locator)));
    }

    /// Headers that follow ours are taken, and the last blocks of them asked for.
    fn on_headers(&mut self, headers: &peer_core::message::Headers) -> Check {
        if !self.is_syncing
            || !self.has_friend
            || self.is_careless
            || (headers.len() <= 1 && self.height < self.chain.height())
        {
            return Ok(());
        }
        for header in headers {
            self.height += 1;
            let real = self.chain.header(self.height);
            demand!(
                real == Some(header),
                "header {} is not that of the chain",
                self.height
            );
        }
        self.is_syncing = false;
        let first = self.height.saturating_sub(6).max(1);
        self.ask_for_blocks(first..=self.height);
        Ok(())
    }

    pub(crate) fn ask_for_blocks(&mut self, heights: core::ops::RangeInclusive<u32>) {
        let mut items = Vec::new();
        for height in heights {
            if let Some(header) = self.chain.header(height) {
                items.push(InvVect::new(InvKind::WitnessBlock, header.block_hash()));
                self.wanted.push_back(height);
            }
        }
        if let Ok(list) = Inventory::new(&Network::REGTEST, items)
            && !list.is_empty()
        {
            self.pending.push_back(Message::GetData(list));
        }
    }

    /// Blocks come in the order in which they were asked for, byte for byte.
    fn on_block(&mut self, block: &peer_core::wire::BlockView) -> Check {
        if !self.has_friend || self.is_careless {
            return Ok(());
        }
        let Some(height) = self.wanted.pop_front() else {
            return Err("a block that nobody asked for".into());
        };
        let real = self.chain.block(height);
        demand!(
            real.is_some_and(|real| real.bytes() == block.bytes()),
            "block {height} is not that of the chain"
        );
        Ok(())
    }

    fn on_getdata(&mut self, list: &Inventory, coins: &Coins, pool: &BTreeSet<usize>) {
        let mut missing = Vec::new();
        let mut blocks = Vec::new();
        for item in list {
            match coins.find(item.hash).filter(|index| pool.contains(index)) {
                Some(index) => {
                    let view = coins.list[index].view.clone();
                    self.pending.push_back(Message::Tx(view));
                }
                None if item.kind == InvKind::WitnessBlock => blocks.push(item),
                None => missing.push(item),
            }
        }
        let network = Network::REGTEST;
        if let Some(list) = Inventory::new(&network, missing)
            .ok()
            .filter(|list| !list.is_empty())
        {
            self.pending.push_back(Message::NotFound(list));
        }
        if let Some(list) = Inventory::new(&network, blocks)
            .ok()
            .filter(|list| !list.is_empty())
        {
            self.server.on_event(Event::Message {
                message: Message::GetData(list),
                wire_len: 0,
            });
        }
    }

    /// What the node does not have is asked for, once on each connection.
    fn on_inv(&mut self, list: &Inventory, coins: &Coins, pool: &BTreeSet<usize>) {
        let mut items = Vec::new();
        for item in list {
            let Some(index) = coins.find(item.hash) else {
                continue;
            };
            if self.has_friend && !pool.contains(&index) && self.asked.insert(item.hash) {
                let kind = match item.kind {
                    InvKind::Tx => InvKind::WitnessTx,
                    kind => kind,
                };
                items.push(InvVect::new(kind, item.hash));
            }
        }
        if let Ok(list) = Inventory::new(&Network::REGTEST, items)
            && !list.is_empty()
        {
            self.pending.push_back(Message::GetData(list));
        }
    }

    fn on_tx(&self, tx: &TxView, coins: &Coins, pool: &BTreeSet<usize>) -> Option<Wish> {
        let index = coins.find(Hash::from(tx.txid()))?;
        (self.has_friend && !pool.contains(&index)).then_some(Wish::Relay(index))
    }

    /// Sends what waits, as far as the machine takes it. Whether anything was sent.
    pub(crate) fn flush(&mut self) -> Result<bool, String> {
        let mut moved = false;
        while !self.is_full && self.subject.over.is_none() {
            if self.pending.is_empty() {
                let Some(reply) = self.server.next_reply() else {
                    break;
                };
                self.pending.push_back(reply.message().clone());
            }
            let Some(message) = self.pending.pop_front() else {
                break;
            };
            match self.subject.send(message)? {
                Taken::Queued => moved = true,
                Taken::Full(message) => {
                    self.pending.push_front(message);
                    self.is_full = true;
                }
                Taken::Refused => {}
            }
        }
        Ok(moved)
    }

    /// Announces a transaction.
    pub(crate) fn announce(
        &mut self,
        coin: &Coin,
        fee_rate: Option<u64>,
        clock: Timestamp,
    ) -> Check {
        let (txid, wtxid) = (coin.txid.into_hash(), coin.wtxid.into_hash());
        let announcement = Announcement::Tx {
            txid: peer_core::wire::Txid::from_bytes(coin.txid),
            wtxid: peer_core::wire::Wtxid::from_bytes(coin.wtxid),
            fee_rate,
        };
        let by_wtxid = self
            .subject
            .machine
            .remote()
            .is_some_and(|remote| remote.wtxid_relay);
        let item = if by_wtxid {
            InvVect::new(InvKind::Wtx, wtxid)
        } else {
            InvVect::new(InvKind::Tx, txid)
        };
        self.announced(announcement, item, clock)
    }

    /// Announces a block of the chain.
    pub(crate) fn announce_block(&mut self, height: u32, clock: Timestamp) -> Check {
        let Some(header) = self.chain.header(height) else {
            return Ok(());
        };
        let item = InvVect::new(InvKind::Block, header.block_hash());
        self.announced(Announcement::Block { header }, item, clock)
    }

    /// Addresses were chosen, and a message with them queued, or not.
    pub(crate) fn note_pushed(&mut self, pushed: Result<peer_core::Pushed, SendError>) -> Check {
        match pushed {
            Ok(pushed) => {
                let Some(ticket) = pushed.ticket else {
                    return Ok(());
                };
                let by_v2 = self
                    .subject
                    .machine
                    .remote()
                    .is_some_and(|remote| remote.addr_v2);
                let message = addresses(&pushed.sent, by_v2)?;
                self.subject.promise_pushed(ticket, &message)
            }
            Err(SendError::Full(_)) => {
                self.subject.owed_writable = true;
                Ok(())
            }
            Err(SendError::Closed | SendError::NotNegotiated | SendError::Purpose { .. }) => Ok(()),
            Err(error) => Err(format!("addresses: {error}")),
        }
    }

    fn announced(&mut self, announcement: Announcement, item: InvVect, clock: Timestamp) -> Check {
        // What waits is dated when the machine next hears the time, which is now.
        let clock = clock.max(self.subject.clock());
        let was_idle = self.subject.stats.inventory_queued == 0;
        match self.subject.machine.announce(announcement) {
            Ok(Announced::Queued) => self.gossip.announced(item, clock, was_idle),
            Ok(_)
            | Err(SendError::Closed | SendError::NotNegotiated | SendError::Purpose { .. }) => {}
            Err(error) => return Err(format!("announce: {error}")),
        }
        self.subject.check()
    }
}

/// The message that says these.
fn addresses(entries: &[peer_core::wire::AddrEntry], by_v2: bool) -> Result<Message, String> {
    use peer_core::wire::{AddrList, AddrV2List};
    let entries = entries.iter().copied();
    let message = if by_v2 {
        AddrV2List::from_entries(entries).map(Message::AddrV2)
    } else {
        AddrList::from_entries(entries, true).map(Message::Addr)
    };
    message.map_err(|error| error.to_string())
}

trait IntoHash {
    fn into_hash(self) -> Hash;
}

impl IntoHash for [u8; 32] {
    fn into_hash(self) -> Hash {
        Hash::from_bytes(self)
    }
}

/// All transactions that honest nodes made.
#[derive(Debug, Default)]
pub(crate) struct Coins {
    pub(crate) list: Vec<Coin>,
    index: std::collections::BTreeMap<Hash, usize>,
}

impl Coins {
    pub(crate) fn find(&self, hash: Hash) -> Option<usize> {
        self.index.get(&hash).copied()
    }

    /// A new one: its bytes written from their layout, its ids computed from them.
    pub(crate) fn mint(&mut self, dice: &mut crate::link::Dice) -> usize {
        let most = if dice.below(20) == 0 { 3_000 } else { 250 };
        let script_len = dice.below(most) as usize;
        let script: Vec<u8> = (0..script_len).map(|_| dice.roll() as u8).collect();
        let mut inputs = vec![1];
        inputs.extend((0..4).flat_map(|_| dice.roll().to_le_bytes()));
        inputs.extend([0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1]);
        inputs.extend(dice.below(1 << 40).to_le_bytes());
        inputs.extend(crate::script::compact_size(script_len as u64));
        inputs.extend(&script);
        let base = [&[2, 0, 0, 0][..], &inputs, &[0; 4]].concat();
        let bytes = if dice.below(2) == 0 {
            let witness = [1, 3, 7, 7, 7];
            [&[2, 0, 0, 0, 0, 1][..], &inputs, &witness, &[0; 4]].concat()
        } else {
            base.clone()
        };
        let (txid, wtxid) = (
            crate::script::sha256d(&base),
            crate::script::sha256d(&bytes),
        );
        let view = TxView::from_bytes(bytes.into(), Network::REGTEST.tx_format);
        let index = self.list.len();
        if let Ok(view) = view {
            self.list.push(Coin { view, txid, wtxid });
            self.index.insert(Hash::from_bytes(txid), index);
            self.index.insert(Hash::from_bytes(wtxid), index);
        }
        index
    }
}
