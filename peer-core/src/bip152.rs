//! Compact blocks (BIP152) beyond their encoding: short ids, a block put together again from transactions that are
//! already here, and both sides of asking for the rest.
//!
//! Everything here is a function of its arguments: no peer, no state of a connection, no mempool. The messages are
//! [`CmpctBlock`], [`GetBlockTxn`] and [`BlockTxn`]; which peer they came from, whether they were asked for, and what
//! becomes of a peer that sent nonsense is known elsewhere. Nor is it decided here whether a block is valid: a block
//! that comes out is the one that its header commits to, and no more than that.
//!
//! ```text
//!   CmpctBlock ──► PartialBlock::new ──► offer, look_up ──► request ──► GetBlockTxn ──► the peer
//!                                              │                                            │
//!                           BlockView ◄─── assemble, complete ◄──────── BlockTxn ◄──────────┘
//!
//!   the peer's side:  BlockView ──► compact ──► CmpctBlock;   BlockView, GetBlockTxn ──► answer ──► BlockTxn
//! ```
//!
//! ```
//! use peer_core::bip152::{self, PartialBlock};
//! use peer_core::network::Network;
//! # use peer_core::wire::*;
//! # fn transaction(vout: u32) -> Transaction {
//! #     Transaction {
//! #         version: 2,
//! #         inputs: vec![TxIn {
//! #             previous_output: OutPoint { vout, ..OutPoint::NULL },
//! #             script_sig: Default::default(),
//! #             sequence: 0,
//! #             witness: vec![],
//! #         }],
//! #         outputs: vec![TxOut { value: 1, script_pubkey: Default::default() }],
//! #         lock_time: 0,
//! #     }
//! # }
//! # fn some_block() -> Result<BlockView, Box<dyn std::error::Error>> {
//! #     let header = BlockHeader {
//! #         version: 4,
//! #         prev_blockhash: Network::REGTEST.genesis,
//! #         merkle_root: TxMerkleNode::ALL_ZERO,
//! #         time: 0,
//! #         bits: 0x207f_ffff,
//! #         nonce: 0,
//! #     };
//! #     let transactions = vec![transaction(u32::MAX), transaction(1), transaction(2)];
//! #     let mut block = Block { header, transactions };
//! #     block.header.merkle_root = block.to_view()?.compute_merkle_root().ok_or("no root")?;
//! #     Ok(block.to_view()?)
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let block = some_block()?;
//! # let mempool: Vec<TxView> = block.transactions().skip(2).collect();
//!
//! // One node has a block of three transactions, and announces it.
//! let compact = bip152::compact(&block, 0x5eed, 2, [])?;
//! assert_eq!((compact.prefilled.len(), compact.short_ids.len()), (1, 2));
//!
//! // Another knows one of them, and asks for what is missing.
//! let mut partial = PartialBlock::new(&Network::REGTEST, &compact, 2)?;
//! partial.offer_all(&mempool);
//! let question = partial.request();
//! assert_eq!(question.indexes.iter().collect::<Vec<_>>(), [1]);
//!
//! let answer = bip152::answer(&block, &question, 2)?;
//! assert_eq!(partial.complete(&answer)?, block);
//! # Ok(())
//! # }
//! ```
//!
//! # Which version
//!
//! Both sides say with `sendcmpct`, after `verack` and from protocol version 70014 on
//! ([`Gates::compact_blocks`](crate::network::Gates::compact_blocks)), which versions they understand, the one they
//! like best first. The first of the remote's that we know is what is sent to it, and the first of ours that it knows
//! is what it sends; a version that is not known counts as not said. A choice stands once the `pong` to a `ping` sent
//! after `sendcmpct` is back.
//!
//! | version | short ids are made of | transactions are sent | |
//! |---|---|---|---|
//! | 1 | txids | without witnesses | NavCoin; Core no longer speaks it |
//! | 2 | wtxids | with witnesses | Bitcoin |
//! | 3 | wtxids | with witnesses and MWEB data | Litecoin's own: the MWEB block follows, or a zero for none |
//!
//! Functions here take the version as `sendcmpct` has it: 1 (or 0, which nobody agrees on) is the first row, anything
//! above 3 is as 3. A block of version 1 comes out without witnesses, as if it had been asked for without them: the
//! other side never says what the coinbase's witness is. Where segregated witness is active it is of no use to a node
//! that validates, which is why Core did not ask for it any more from then on. The same holds on Litecoin of version 2
//! and MWEB data.
//!
//! # When which message
//!
//! - `sendcmpct` with `announce` asks for high bandwidth: new blocks come as `cmpctblock` without being asked for,
//!   before they are validated. Core lets three peers do so. The others announce with `inv` or `headers`.
//! - `getdata` with [`InvKind::CompactBlock`](crate::message::InvKind::CompactBlock) asks for a `cmpctblock`; that kind
//!   never stands in an `inv`. It is asked only of peers that said `sendcmpct`, and only for new blocks: of a block
//!   more than [`MAX_CMPCTBLOCK_DEPTH`] below the tip Core sends the whole as `block`.
//! - `getblocktxn` asks the peer that sent a `cmpctblock` for what is missing, and `blocktxn` answers. Of a block more
//!   than [`MAX_BLOCKTXN_DEPTH`] below the tip the answer is the whole `block`. Nothing is asked where nothing is
//!   missing.
//! - `getdata` with [`InvKind::WitnessBlock`](crate::message::InvKind::WitnessBlock) (version 1: `Block`, version 3:
//!   `MwebBlock`) asks for the whole block where it could not be put together: the errors tell
//!   ([`CmpctBlockError::is_invalid`], [`CompleteError::is_invalid`]).
//!
//! Peers may relay a compact block before they validate it. Core punishes for one that contradicts itself, never for
//! one whose block turned out to be invalid.
//!
//! # Bounds
//!
//! A compact block has at most 65,535 transactions, which positions of 16 bits can tell apart; the codec refuses more
//! ([`MessageLimits::compact_txs`](crate::message::MessageLimits::compact_txs)), and so does [`PartialBlock::new`]
//! where no codec was in between. Per short id 8 bytes are allocated; per transaction found, a view that shares its
//! bytes. An offer costs its hash, a binary search and at most one comparison, whatever the short ids are. No block is
//! put together that would not fit into a message ([`Network::max_payload`](crate::network::Network::max_payload)),
//! however large the transactions are that a hostile compact block names.
//!
//! [`CmpctBlock`]: crate::message::CmpctBlock
//! [`GetBlockTxn`]: crate::message::GetBlockTxn
//! [`BlockTxn`]: crate::message::BlockTxn

mod error;
mod partial;
mod serve;
mod short_ids;

pub use self::error::{CmpctBlockError, CompactError, CompleteError, IndexOutOfRange};
pub use self::partial::PartialBlock;
pub use self::serve::{answer, compact};
pub use self::short_ids::ShortIds;

use crate::wire::{TxEncoding, TxView};

/// How far below the tip a block may be to be sent as `cmpctblock` (Core's `MAX_CMPCTBLOCK_DEPTH`): 5.
pub const MAX_CMPCTBLOCK_DEPTH: u32 = 5;

/// How far below the tip a block may be for `getblocktxn` to be answered with `blocktxn` (Core's `MAX_BLOCKTXN_DEPTH`):
/// 10.
pub const MAX_BLOCKTXN_DEPTH: u32 = 10;

/// Transactions of the largest compact block: positions are 16 bits wide (BIP152).
const MAX_TXS: usize = u16::MAX as usize;

/// How transactions are sent in this version.
#[must_use]
pub const fn encoding(version: u64) -> TxEncoding {
    match version {
        0 | 1 => TxEncoding::Base,
        2 => TxEncoding::Witness,
        _ => TxEncoding::Full,
    }
}

/// The transaction as it is sent in this encoding.
fn in_encoding(transaction: TxView, encoding: TxEncoding) -> TxView {
    let bytes = transaction.to_bytes(encoding);
    if bytes.len() == transaction.total_size() {
        return transaction;
    }
    // Can only fail for one without inputs, which is in no block.
    TxView::from_bytes(bytes, transaction.format()).unwrap_or(transaction)
}
