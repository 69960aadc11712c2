//! Items of `getdata` that are owed, found by hash.

use alloc::collections::{BTreeMap, BTreeSet, btree_map};
use alloc::vec::Vec;

use crate::message::{InvKind, InvVect, Inventory, MessageKind};
use crate::request::RequestKind;
use crate::time::Timestamp;
use crate::transport::outbox::Ticket;
use crate::wire::{Hash, Txid, Wtxid};

/// In which form an object comes that was asked for; with or without witness and MWEB data is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// A transaction, by txid.
    Tx,
    /// A transaction, by wtxid.
    Wtx,
    Block,
    Filtered,
    Compact,
    Other,
}

impl Form {
    pub(super) const fn of(kind: InvKind) -> Self {
        match kind {
            InvKind::Tx | InvKind::WitnessTx | InvKind::MwebTx => Self::Tx,
            InvKind::Wtx => Self::Wtx,
            InvKind::Block | InvKind::WitnessBlock | InvKind::MwebBlock => Self::Block,
            InvKind::FilteredBlock | InvKind::FilteredWitnessBlock => Self::Filtered,
            InvKind::CompactBlock => Self::Compact,
            InvKind::MwebHeader | InvKind::MwebLeafset => Self::Other,
            InvKind::DandelionTx | InvKind::DandelionWitnessTx => Self::Other,
            InvKind::EncCand | InvKind::DandelionEncCand => Self::Other,
            InvKind::AggSession | InvKind::DandelionAggSession => Self::Other,
            InvKind::Error | InvKind::Other(_) => Self::Other,
        }
    }

    const fn request(self) -> RequestKind {
        match self {
            Self::Tx | Self::Wtx => RequestKind::Transactions,
            Self::Block | Self::Filtered | Self::Compact => RequestKind::Blocks,
            Self::Other => RequestKind::OtherObjects,
        }
    }
}

/// What arrived, in all the forms in which it may have been asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object([Option<(Hash, Form)>; 2]);

impl Object {
    /// In one form.
    pub(super) const fn new(hash: Hash, form: Form) -> Self {
        Self([Some((hash, form)), None])
    }

    /// A transaction, by either id.
    pub(super) fn transaction(txid: Txid, wtxid: Wtxid) -> Self {
        Self([
            Some((txid.into(), Form::Tx)),
            Some((wtxid.into(), Form::Wtx)),
        ])
    }

    /// A block as it comes in a message of that kind; `None` for messages without a block. A whole block also answers
    /// who asked for a compact one: Core sends it when the block is too old for that.
    pub(super) fn block(kind: Option<MessageKind>, hash: Hash) -> Option<Self> {
        Some(match kind? {
            MessageKind::Block => Self([Some((hash, Form::Block)), Some((hash, Form::Compact))]),
            MessageKind::CmpctBlock => Self::new(hash, Form::Compact),
            MessageKind::MerkleBlock => Self::new(hash, Form::Filtered),
            _ => return None,
        })
    }

    fn forms(&self) -> impl Iterator<Item = (Hash, Form)> {
        self.0.into_iter().flatten()
    }
}

/// An item that is owed: the object, and the number of the `getdata` that asked for it.
pub(super) type Item = (Hash, Form, u64);

/// One `getdata` that has left.
#[derive(Debug)]
pub(super) struct Batch {
    list: Inventory,
    pub(super) ticket: Option<Ticket>,
    pub(super) since: Timestamp,
    /// Items still owed: all of them, and the transactions among them.
    open: usize,
    transactions: usize,
}

#[derive(Debug, Default)]
pub(super) struct Items {
    owed: BTreeSet<Item>,
    batches: BTreeMap<u64, Batch>,
    /// Transactions among `owed`.
    transactions: usize,
}

impl Items {
    /// Whether anything but transactions is owed.
    pub(super) fn has_others(&self) -> bool {
        self.owed.len() > self.transactions
    }

    /// Whether any transaction is owed.
    pub(super) fn has_transactions(&self) -> bool {
        self.transactions > 0
    }

    /// Items that are owed.
    pub(super) fn len(&self) -> usize {
        self.owed.len()
    }

    /// The `getdata` that are owed something, in the order of leaving.
    pub(super) fn batches(&self) -> btree_map::Iter<'_, u64, Batch> {
        self.batches.iter()
    }

    /// A `getdata` has left. An item that it names twice is owed once.
    pub(super) fn add(
        &mut self,
        number: u64,
        list: Inventory,
        ticket: Option<Ticket>,
        now: Timestamp,
    ) {
        let (mut open, mut transactions) = (0_usize, 0_usize);
        for item in &list {
            let form = Form::of(item.kind);
            if self.owed.insert((item.hash, form, number)) {
                open = open.saturating_add(1);
                let is_tx = form.request() == RequestKind::Transactions;
                transactions = transactions.saturating_add(usize::from(is_tx));
            }
        }
        let batch = Batch {
            list,
            ticket,
            since: now,
            open,
            transactions,
        };
        self.transactions = self.transactions.saturating_add(transactions);
        self.batches.insert(number, batch);
    }

    /// The oldest item that an object answers.
    pub(super) fn find(&self, object: &Object) -> Option<Item> {
        let oldest = |(hash, form): (Hash, Form)| {
            let range = (hash, form, 0)..=(hash, form, u64::MAX);
            self.owed.range(range).next().copied()
        };
        let found = object.forms().filter_map(oldest);
        found.min_by_key(|(.., number)| *number)
    }

    /// Removes it, and returns the number of its `getdata`.
    pub(super) fn take(&mut self, object: &Object) -> Option<u64> {
        let item = self.find(object)?;
        self.owed.remove(&item);
        let (_, form, number) = item;
        let is_tx = usize::from(form.request() == RequestKind::Transactions);
        self.transactions = self.transactions.saturating_sub(is_tx);
        let batch = self.batches.get_mut(&number)?;
        batch.open = batch.open.saturating_sub(1);
        batch.transactions = batch.transactions.saturating_sub(is_tx);
        if batch.open == 0 {
            self.batches.remove(&number);
        }
        Some(number)
    }

    /// The first `getdata` that is owed anything.
    pub(super) fn first(&self) -> Option<u64> {
        self.batches.keys().next().copied()
    }

    /// The first `getdata` that is owed transactions.
    pub(super) fn first_with_transactions(&self) -> Option<u64> {
        self.first_of(|batch| batch.transactions > 0)
    }

    /// The first `getdata` that is owed something else.
    pub(super) fn first_with_blocks(&self) -> Option<u64> {
        self.first_of(|batch| batch.open > batch.transactions)
    }

    fn first_of(&self, is_owed: impl Fn(&Batch) -> bool) -> Option<u64> {
        let mut batches = self.batches.iter();
        batches
            .find(|(_, batch)| is_owed(batch))
            .map(|(number, _)| *number)
    }

    /// Waits for a `getdata` no longer; what it was owed.
    pub(super) fn give_up(&mut self, number: u64) -> Option<(Batch, Vec<InvVect>)> {
        let batch = self.batches.remove(&number)?;
        let owed = &mut self.owed;
        let missing = batch.list.iter();
        let missing = missing.filter(|item| owed.remove(&(item.hash, Form::of(item.kind), number)));
        let missing = missing.collect();
        self.transactions = self.transactions.saturating_sub(batch.transactions);
        Some((batch, missing))
    }

    /// Bytes on the heap, about: nodes of these trees are at least half full.
    pub(super) fn held(&self) -> usize {
        let items = self.owed.len().saturating_mul(size_of::<Item>());
        let batches = self.batches.len().saturating_mul(size_of::<(u64, Batch)>());
        items.saturating_add(batches).saturating_mul(2)
    }
}
