//! What can be wrong with a filter.

use thiserror::Error;

use crate::wire::FieldError;

/// Why these bytes are not a basic filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FilterError {
    /// They do not begin with a count.
    #[error("{0}")]
    Count(FieldError),
    /// More elements are claimed than the bytes could hold, or than filters may have (2^32).
    #[error("{count} elements in bytes for {limit}")]
    TooManyElements {
        /// The count as claimed.
        count: u64,
        /// How many the bytes could hold.
        limit: u64,
    },
    /// The bytes end before the elements do.
    #[error("the filter ends after {read} elements of {count}")]
    Truncated {
        /// Elements read.
        read: u32,
        /// The count as claimed.
        count: u32,
    },
    /// Bytes are left after the last element. (Bits of its last byte may be: they are not looked at, as in Core.)
    #[error("{count} bytes after the end of the filter")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
}
