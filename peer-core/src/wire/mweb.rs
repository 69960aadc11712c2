//! MWEB, Litecoin's extension block: what it adds to transactions and blocks.
//!
//! ```text
//! transaction: version │ marker flags │ inputs │ outputs │ witness │ 01 │ offsets │ body │ lock time     flags & 8
//!              version │ marker flags │ inputs │ outputs │ witness │ 00 │ lock time              flags & 8: HogEx
//!
//! block:       header │ transactions │ 01 │ MWEB header │ body    only if the last of two or more transactions is a
//!                                    │ 00                         HogEx
//!
//! body:        count inputs… │ count outputs… │ count kernels…
//! ```
//!
//! A transaction may carry inputs, outputs and kernels of the extension block beside those of its own; one that has
//! nothing of its own is *pure*. A block carries them all in its MWEB block, none in its transactions, and ends in the
//! *HogEx*: the transaction that holds the coins of the extension block, takes in what was pegged in, pays what was
//! pegged out, and commits to the MWEB header. For nodes that do not know MWEB it is a transaction like any other.
//!
//! [`TxView`](super::TxView) and [`BlockView`](super::BlockView) check the structure of all of it and find its bytes;
//! here is what they use for that, and the header. Commitments, keys, proofs and signatures are carried, never judged.
//!
//! Numbers are Bitcoin Core's `VARINT` in places, which is not a compact size.

mod body;
mod header;
mod varint;

pub use self::header::Header;

pub(super) use self::body::{first_kernel_id, scan_optional_transaction};
pub(crate) use self::header::scan_optional_block;

use super::{DecodeErrorKind, FieldError, Reader};

/// Reads whether something follows. Core takes every value but 1 for no; none of its kind writes another than 0.
fn is_present(reader: &mut Reader<'_>, field: &'static str) -> Result<bool, FieldError> {
    match reader.u8(field)? {
        0 => Ok(false),
        1 => Ok(true),
        other => {
            let value = other.into();
            Err(FieldError::new(
                field,
                DecodeErrorKind::InvalidValue { value },
            ))
        }
    }
}

#[cfg(test)]
mod tests;
