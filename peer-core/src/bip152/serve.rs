//! The side that has the block: making a compact block of it, and answering what the receiver lacks.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use bytes::Bytes;

use super::{CompactError, IndexOutOfRange, MAX_TXS, ShortIds, encoding, in_encoding};
use crate::message::{BlockTxn, CmpctBlock, GetBlockTxn, PrefilledList, PrefilledTx, TxList};
use crate::wire::{BlockView, List, TxEncoding, TxFormat};

/// The compact block of `block`: its coinbase, on Litecoin its HogEx, the transactions at the positions `prefilled` (in
/// any order), and short ids of the others, in this version of BIP152.
///
/// The `nonce` is to be random and new for each block; the result may be sent to any number of peers that agreed on the
/// version. It hashes the whole block.
///
/// # Errors
///
/// When there are no transactions or too many of them, or `prefilled` names one that is not there.
pub fn compact(
    block: &BlockView,
    nonce: u64,
    version: u64,
    prefilled: impl IntoIterator<Item = u16>,
) -> Result<CmpctBlock, CompactError> {
    let count = block.tx_count();
    if count == 0 {
        return Err(CompactError::NoTransactions);
    }
    if count as usize > MAX_TXS {
        return Err(CompactError::TooManyTransactions { count });
    }
    // The coinbase, which nobody has who has not seen the block.
    let mut chosen = BTreeSet::from([0]);
    chosen.extend(prefilled);
    if let Some(&index) = chosen.last() {
        check_index(block, index)?;
    }
    if block
        .transactions()
        .last()
        .is_some_and(|last| last.is_hogex())
    {
        // Nobody has that either. It is within 16 bits, as the count is.
        chosen.extend(u16::try_from(count - 1));
    }
    let header = block.header();
    let ids = ShortIds::new(&header, nonce, version);
    let (mut whole, mut short) = (Vec::new(), Vec::new());
    for (index, transaction) in (0..=u16::MAX).zip(block.transactions()) {
        if chosen.contains(&index) {
            let transaction = in_encoding(transaction, encoding(version));
            whole.push(PrefilledTx { index, transaction });
        } else {
            short.push(ids.of_tx(&transaction));
        }
    }
    Ok(CmpctBlock {
        header,
        nonce,
        short_ids: List::from_items(short),
        // Cannot fail: the positions rise.
        prefilled: PrefilledList::new(block.format(), &whole)
            .map_err(|error| out_of_range(block, error.index))?,
        tail: tail(block, version),
    })
}

/// The answer to `request`, whose block is `block`, in this version of BIP152.
///
/// # Errors
///
/// When a transaction is asked for that is not in the block, which no honest peer does.
pub fn answer(
    block: &BlockView,
    request: &GetBlockTxn,
    version: u64,
) -> Result<BlockTxn, IndexOutOfRange> {
    let mut wanted = request.indexes.iter().peekable();
    let mut transactions = Vec::new();
    for (index, transaction) in (0_u32..).zip(block.transactions()) {
        if wanted.peek().is_none() {
            break;
        }
        if wanted
            .next_if(|wanted| u32::from(*wanted) == index)
            .is_some()
        {
            transactions.push(in_encoding(transaction, encoding(version)));
        }
    }
    // They rise, so what is left is behind the end.
    if let Some(index) = wanted.next() {
        return Err(out_of_range(block, index));
    }
    Ok(BlockTxn {
        block_hash: request.block_hash,
        transactions: TxList::new(block.format(), &transactions),
    })
}

fn check_index(block: &BlockView, index: u16) -> Result<(), IndexOutOfRange> {
    if u32::from(index) < block.tx_count() {
        Ok(())
    } else {
        Err(out_of_range(block, index))
    }
}

fn out_of_range(block: &BlockView, index: u16) -> IndexOutOfRange {
    IndexOutOfRange {
        index,
        tx_count: block.tx_count(),
    }
}

/// What the block has after its transactions. On Litecoin that is MWEB data, for those who agreed on it, and a zero
/// stands for none.
fn tail(block: &BlockView, version: u64) -> Bytes {
    let has_mweb = encoding(version) == TxEncoding::Full;
    match block.tail() {
        _ if block.format() == TxFormat::Litecoin && !has_mweb => Bytes::new(),
        [] if block.format() == TxFormat::Litecoin => Bytes::from_static(&[0]),
        tail => block.bytes().slice_ref(tail),
    }
}
