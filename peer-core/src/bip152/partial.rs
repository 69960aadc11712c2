//! [`PartialBlock`]: a block of which some transactions are known and the others are named.
//!
//! Follows Bitcoin Core's `PartiallyDownloadedBlock`, except that a failed completion takes nothing away.

use alloc::collections::btree_map::Entry;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::{CmpctBlockError, CompleteError, MAX_TXS, ShortIds, in_encoding};
use crate::message::{
    BlockTxn, CmpctBlock, GetBlockTxn, IndexList, PrefilledList, ShortId, TxList,
};
use crate::network::Network;
use crate::wire::{
    BlockHash, BlockHeader, BlockView, DecodeErrorKind, FieldError, Hash, TxEncoding, TxFormat,
    TxView, Writer, compact_size_len,
};

/// A block under reconstruction from a [`CmpctBlock`]. See the [module](super) for how it is used.
#[derive(Clone)]
pub struct PartialBlock {
    header: BlockHeader,
    block_hash: BlockHash,
    ids: ShortIds,
    /// The transactions that are only named, in rising order of short ids, all of which differ.
    named: Vec<Named>,
    prefilled: PrefilledList,
    /// Those of the named ones that were found, by position, as they are in a block of the version's encoding.
    found: BTreeMap<u16, TxView>,
    /// Positions for which several were found. They are not in `found`.
    ambiguous: BTreeSet<u16>,
    tail: Bytes,
    format: TxFormat,
    size_limit: u32,
}

/// A transaction that is only named: 8 bytes for the 6 that arrived.
#[derive(Clone, Copy)]
struct Named {
    short_id: ShortId,
    position: u16,
}

impl PartialBlock {
    /// Begins with a compact block in a version of BIP152. Keeps its bytes alive.
    ///
    /// # Errors
    ///
    /// When it contradicts itself, or two of its transactions have the same short id: see
    /// [`CmpctBlockError::is_invalid`].
    pub fn new(
        network: &Network,
        block: &CmpctBlock,
        version: u64,
    ) -> Result<Self, CmpctBlockError> {
        check(block)?;
        let header_version = block.header.version;
        let block_hash = network.block_hash(&block.header);
        Ok(Self {
            header: block.header,
            block_hash: block_hash.ok_or(CmpctBlockError::Nameless { header_version })?,
            ids: ShortIds::new(&block.header, block.nonce, version),
            named: named(block)?,
            prefilled: block.prefilled.clone(),
            found: BTreeMap::new(),
            ambiguous: BTreeSet::new(),
            tail: block.tail.clone(),
            format: network.tx_format,
            size_limit: network.max_payload,
        })
    }

    // --- what it is ------------------------------------------------------------------------

    /// The hash of the block.
    #[must_use]
    pub const fn block_hash(&self) -> BlockHash {
        self.block_hash
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &BlockHeader {
        &self.header
    }

    /// How its short ids are made, for who keeps an index of their own.
    #[must_use]
    pub const fn short_ids(&self) -> &ShortIds {
        &self.ids
    }

    /// Transactions in the block.
    #[must_use]
    pub fn tx_count(&self) -> usize {
        self.named.len() + self.prefilled.len()
    }

    /// Transactions that are missing.
    #[must_use]
    pub fn missing_count(&self) -> usize {
        self.named.len() - self.found.len()
    }

    /// Positions of the transactions that are missing.
    #[must_use]
    pub fn missing(&self) -> IndexList {
        let mut prefilled = self.prefilled.iter().peekable();
        let missing = self.positions().filter(|position| {
            let is_prefilled = prefilled.next_if(|prefilled| prefilled.index == *position);
            is_prefilled.is_none() && !self.found.contains_key(position)
        });
        // Cannot fail: the positions rise.
        IndexList::from_indexes(missing).unwrap_or_default()
    }

    /// The question for what is missing. Not to be sent where nothing is.
    #[must_use]
    pub fn request(&self) -> GetBlockTxn {
        GetBlockTxn {
            block_hash: self.block_hash,
            indexes: self.missing(),
        }
    }

    // --- what is already here --------------------------------------------------------------

    /// Takes the transaction if it seems to be one of the block's. It is hashed for that.
    ///
    /// The same one may be offered again. Where two different ones have the short id of the same transaction, neither
    /// is believed, nor any that is offered later: that transaction stays missing, and is to be asked for.
    pub fn offer(&mut self, transaction: &TxView) {
        let short_id = self.ids.of_tx(transaction);
        self.take(short_id, transaction);
    }

    /// [`offer`](Self::offer) of a transaction whose id is known, so that nothing is hashed: the txid in version 1, the
    /// wtxid in any other. A wrong id does no worse than a collision.
    pub fn offer_by_id(&mut self, id: impl Into<Hash>, transaction: &TxView) {
        let short_id = self.ids.of_id(id);
        self.take(short_id, transaction);
    }

    /// [`offer`](Self::offer)s them until nothing is missing: as Core does, at the risk that the last ones would have
    /// told of a collision, which [`assemble`](Self::assemble) finds out.
    pub fn offer_all<'t>(&mut self, transactions: impl IntoIterator<Item = &'t TxView>) {
        if self.missing_count() == 0 {
            return;
        }
        for transaction in transactions {
            self.offer(transaction);
            if self.missing_count() == 0 {
                return;
            }
        }
    }

    /// Asks `index` once for each transaction that is missing, in rising order of short ids.
    ///
    /// What it returns is not hashed, and taken at its word as in [`offer_by_id`](Self::offer_by_id). Where it knows
    /// several, it should return none.
    pub fn look_up(&mut self, mut index: impl FnMut(ShortId) -> Option<TxView>) {
        for Named { short_id, position } in &self.named {
            if self.found.contains_key(position) || self.ambiguous.contains(position) {
                continue;
            }
            if let Some(transaction) = index(*short_id) {
                let transaction = in_block(transaction, self.ids.encoding());
                self.found.insert(*position, transaction);
            }
        }
    }

    fn take(&mut self, short_id: ShortId, transaction: &TxView) {
        let Some(position) = self.position(short_id) else {
            return;
        };
        if self.ambiguous.contains(&position) {
            return;
        }
        let transaction = in_block(transaction.clone(), self.ids.encoding());
        match self.found.entry(position) {
            Entry::Vacant(entry) => {
                entry.insert(transaction);
            }
            Entry::Occupied(entry) if entry.get().bytes() == transaction.bytes() => {}
            Entry::Occupied(entry) => {
                entry.remove();
                self.ambiguous.insert(position);
            }
        }
    }

    fn position(&self, short_id: ShortId) -> Option<u16> {
        let at = self
            .named
            .binary_search_by_key(&short_id, |named| named.short_id);
        self.named.get(at.ok()?).map(|named| named.position)
    }

    // --- the whole -------------------------------------------------------------------------

    /// The block, where nothing is missing. Takes nothing away, whether or not it succeeds.
    ///
    /// # Errors
    ///
    /// [`TooFew`](CompleteError::TooFew) where something is missing. Otherwise these are not the transactions of the
    /// block, which is to be asked for as a whole.
    pub fn assemble(&self) -> Result<BlockView, CompleteError> {
        self.put_together(&TxList::new(self.format, []))
    }

    /// The block, with the transactions that were missing, in block order. Takes nothing away, whether or not it
    /// succeeds: after an answer that does not fit another one can be tried.
    ///
    /// # Errors
    ///
    /// When the answer does not fit the question, or these are not the transactions of the block: see
    /// [`CompleteError::is_invalid`].
    pub fn complete(&self, answer: &BlockTxn) -> Result<BlockView, CompleteError> {
        if answer.block_hash != self.block_hash {
            return Err(CompleteError::WrongBlock {
                expected: self.block_hash,
                received: answer.block_hash,
            });
        }
        self.put_together(&answer.transactions)
    }

    fn put_together(&self, others: &TxList) -> Result<BlockView, CompleteError> {
        let (missing, received) = (self.missing_count(), others.len());
        if received < missing {
            return Err(CompleteError::TooFew { missing, received });
        }
        if received > missing {
            return Err(CompleteError::TooMany { missing, received });
        }
        let block = self.parse(self.bytes(others)?)?;
        block.check_merkle_root().map_err(CompleteError::Merkle)?;
        if block.coinbase().is_none() {
            return Err(CompleteError::NoCoinbase);
        }
        // Core asks only where segregated witness is active, which depends on the chain. A block of before then that
        // commits to witnesses without having any is asked for as a whole instead, which does no harm.
        if self.ids.encoding() != TxEncoding::Base {
            block
                .check_witness_commitment()
                .map_err(CompleteError::Witness)?;
        }
        block.check_mweb_commitment().map_err(CompleteError::Mweb)?;
        Ok(block)
    }

    /// Header, transactions and tail, in one exact allocation.
    fn bytes(&self, others: &TxList) -> Result<Vec<u8>, CompleteError> {
        let count = compact_size_len(self.tx_count() as u64);
        let around = (BlockHeader::SIZE + count + self.tail.len()) as u64;
        // The same bytes may be counted more than once, so that memory does not bound the sum.
        let sizes = self
            .transactions(others)
            .map(|transaction| transaction.total_size() as u64);
        let (size, limit) = (around + sizes.sum::<u64>(), self.size_limit);
        if size > u64::from(limit) {
            return Err(CompleteError::TooLarge { size, limit });
        }
        let mut bytes = Vec::with_capacity(size as usize);
        let mut writer = Writer::new(&mut bytes);
        self.header.encode(&mut writer);
        writer.size(self.tx_count());
        for transaction in self.transactions(others) {
            writer.bytes(transaction.bytes());
        }
        writer.bytes(&self.tail);
        Ok(bytes)
    }

    /// All transactions in block order: prefilled, found, or the next of `others`.
    fn transactions(&self, others: &TxList) -> impl Iterator<Item = TxView> {
        let mut prefilled = self.prefilled.iter().peekable();
        let mut found = self.found.iter().peekable();
        let mut others = others.iter();
        let encoding = self.ids.encoding();
        self.positions().filter_map(move |position| {
            if let Some(given) = prefilled.next_if(|given| given.index == position) {
                return Some(in_encoding(given.transaction, encoding));
            }
            if let Some((_, transaction)) = found.next_if(|(at, _)| **at == position) {
                return Some(transaction.clone());
            }
            others.next().map(|other| in_encoding(other, encoding))
        })
    }

    /// A tail of one zero says that nothing follows, which the block itself may leave unsaid (Litecoin).
    fn parse(&self, bytes: Vec<u8>) -> Result<BlockView, CompleteError> {
        let cut = BlockView::cut(bytes.into(), self.format);
        let (block, trailing) = cut.map_err(CompleteError::Layout)?;
        if trailing == 0 || (trailing == 1 && *self.tail == [0]) {
            return Ok(block);
        }
        let kind = DecodeErrorKind::TrailingBytes {
            count: u32::try_from(trailing).unwrap_or(u32::MAX),
        };
        Err(CompleteError::Layout(FieldError::new("block", kind)))
    }

    fn positions(&self) -> impl Iterator<Item = u16> {
        // As many as fit: there are no more than `MAX_TXS`.
        (0..=u16::MAX).take(self.tx_count())
    }
}

impl fmt::Debug for PartialBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartialBlock")
            .field("block_hash", &self.block_hash)
            .field("tx_count", &self.tx_count())
            .field("missing", &self.missing_count())
            .finish_non_exhaustive()
    }
}

/// What Core checks before it looks at the short ids.
fn check(block: &CmpctBlock) -> Result<(), CmpctBlockError> {
    if block.header.bits == 0 {
        return Err(CmpctBlockError::NullHeader);
    }
    match block.tx_count() {
        0 => return Err(CmpctBlockError::NoTransactions),
        count if count > MAX_TXS => return Err(CmpctBlockError::TooManyTransactions { count }),
        _ => {}
    }
    for (given, prefilled) in block.prefilled.iter().enumerate() {
        let index = prefilled.index;
        let before = block.short_ids.len() + given;
        if usize::from(index) > before {
            return Err(CmpctBlockError::PrefilledIndex { index, before });
        }
        let transaction = prefilled.transaction;
        if transaction.inputs().len() == 0 && transaction.outputs().len() == 0 {
            return Err(CmpctBlockError::NullTransaction { index });
        }
    }
    Ok(())
}

/// The short ids with their positions: the ones that no prefilled transaction has.
fn named(block: &CmpctBlock) -> Result<Vec<Named>, CmpctBlockError> {
    let mut prefilled = block.prefilled.iter().peekable();
    let free = (0..=u16::MAX).filter(|position| {
        let taken = prefilled.next_if(|prefilled| prefilled.index == *position);
        taken.is_none()
    });
    let mut named = Vec::with_capacity(block.short_ids.len());
    let places = block.short_ids.iter().zip(free);
    named.extend(places.map(|(short_id, position)| Named { short_id, position }));
    named.sort_unstable_by_key(|named| named.short_id);
    let mut pairs = named.iter().zip(named.iter().skip(1));
    match pairs.find(|(one, next)| one.short_id == next.short_id) {
        Some((Named { short_id, .. }, _)) => Err(CmpctBlockError::DuplicateShortId {
            short_id: *short_id,
        }),
        None => Ok(named),
    }
}

/// A transaction from elsewhere as it is in a block, which has the MWEB data of its transactions in one place.
fn in_block(transaction: TxView, encoding: TxEncoding) -> TxView {
    let encoding = match encoding {
        TxEncoding::Full => TxEncoding::Witness,
        other => other,
    };
    in_encoding(transaction, encoding)
}
