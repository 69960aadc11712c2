//! Bitcoin's variable-length integer: its limits and its length, shared by [`Reader`](super::Reader) and
//! [`Writer`](super::Writer).
//!
//! | first byte | value        | bytes in all |
//! |------------|--------------|--------------|
//! | `00`–`fc`  | itself       | 1            |
//! | `fd`       | next 2, LE   | 3            |
//! | `fe`       | next 4, LE   | 5            |
//! | `ff`       | next 8, LE   | 9            |
//!
//! Only the shortest form of a value is valid.

/// Largest value that a compact size may have where it counts or measures something: 32 MiB (Core's `MAX_SIZE`).
///
/// The one exception is the service bits of an `addrv2` entry (BIP155), which use the encoding for a plain number.
pub const MAX_SIZE: u64 = 0x0200_0000;

/// Longest compact size on the wire, in bytes (btcd's `MaxVarIntPayload`).
pub(crate) const MAX_COMPACT_SIZE_LEN: usize = 9;

/// Number of bytes that `value` takes as a compact size: 1, 3, 5 or 9.
#[must_use]
pub const fn compact_size_len(value: u64) -> usize {
    match value {
        0..=0xfc => 1,
        0xfd..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => MAX_COMPACT_SIZE_LEN,
    }
}
