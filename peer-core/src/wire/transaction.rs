//! Transactions, twice: [`TxView`] over the bytes they arrived in, and [`Transaction`] to build and change.
//!
//! The layout is BIP144's:
//!
//! ```text
//! version │ marker flag │ count inputs… │ count outputs… │ witness per input… │ lock time
//!    4    │  00     01  │               │                │                    │     4
//!         └── only together with the witness, and then at least one item ──┘
//! ```
//!
//! Other layouts add to that; see [`TxFormat`](super::TxFormat).
//!
//! Structure only: scripts, amounts and signatures are carried, never judged.

mod item;
mod iter;
mod layout;
mod owned;
mod view;

pub use self::item::{OutPoint, TxInView, TxOutView, WitnessView};
pub use self::iter::{Inputs, Outputs, WitnessIter, Witnesses};
pub use self::owned::{Transaction, TxIn, TxOut};
pub use self::view::TxView;

pub(super) use self::item::{count, string};
pub(super) use self::layout::Layout;
pub(super) use self::owned::{write_inputs, write_witnesses};

#[cfg(test)]
pub(super) mod tests;
