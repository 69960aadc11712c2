//! NavCoin's transactions and blocks: what Navcoin Core 7 writes that Bitcoin does not.
//!
//! ```text
//! transaction: version │ time │ marker flag │ inputs │ outputs │ witness │ lock time │ strDZeel │ balance sig │ tx sig
//!                 4       4     as BIP144                                     4        from v2    v & 0x30      v & 0x10
//!
//! output:      value │ script                                                       bit 63 of the first 8 bytes is clear
//!              flags │ the fields that the flags name │ script                      bit 63 is set
//!              ff×8  │ value │ three keys │ range proof │ script                    all bits are set
//!
//! block:       header │ transactions │ signature
//! ```
//!
//! [`TxView`](super::TxView) and [`BlockView`](super::BlockView) read all of it without an allocation and give what
//! NavCoin shares with Bitcoin; the owned forms here have the rest, share the bytes of the view they came from, and
//! encode to the same bytes. Signatures, keys and proofs are carried, never judged: a node does not refuse a point that
//! is none when it reads it.
//!
//! The layout is that of Navcoin Core 7.0.3's source. No node was at hand to confirm it: only the two genesis blocks
//! are real.

mod block;
mod output;
mod transaction;

pub use self::block::Block;
pub(in crate::wire) use self::output::RawOutput;
pub use self::output::{Blsct, Bulletproof, OutputFlags, TxOut};
pub(in crate::wire) use self::transaction::Trailer;
pub use self::transaction::Transaction;
