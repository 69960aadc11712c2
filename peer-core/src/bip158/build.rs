//! Making the filter of a block, for those who serve them.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{BasicFilter, Range, golomb};
use crate::wire::{BlockHash, BlockView, TxView, Writer};

impl BasicFilter {
    /// The filter of `block`, whose inputs spend outputs that were locked with the scripts `spent`, in any order
    /// (Core's `BasicFilterElements`).
    ///
    /// Left out are empty scripts, and outputs that begin with `OP_RETURN`, which nobody can spend.
    pub fn of_block<S: AsRef<[u8]>>(
        block_hash: BlockHash,
        block: &BlockView,
        spent: impl IntoIterator<Item = S>,
    ) -> Self {
        let transactions: Vec<TxView> = block.transactions().collect();
        let spent: Vec<S> = spent.into_iter().collect();
        let paid = transactions
            .iter()
            .flat_map(|transaction| transaction.outputs().map(|output| output.script_pubkey))
            .filter(|script| script.first() != Some(&OP_RETURN));
        let mut elements: BTreeSet<&[u8]> = paid.chain(spent.iter().map(AsRef::as_ref)).collect();
        elements.remove(&[][..]);
        Self::of_elements(block_hash, &elements)
    }

    fn of_elements(block_hash: BlockHash, elements: &BTreeSet<&[u8]>) -> Self {
        // A block in 32 bits of bytes has no more than that.
        let count = u32::try_from(elements.len()).unwrap_or(u32::MAX);
        let range = Range::new(block_hash, count);
        let mut values: Vec<u64> = elements
            .iter()
            .map(|element| range.value(element))
            .collect();
        values.sort_unstable();
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).size(elements.len());
        golomb::encode(values, &mut bytes);
        Self {
            bytes: bytes.into(),
            block_hash,
            count,
        }
    }
}

/// The first byte of a script that makes an output unspendable.
const OP_RETURN: u8 = 0x6a;
