//! The objects of `wire` against bytes from outside: real blocks, transactions, headers and addresses.
//!
//! Where the files come from is said in `tests/data/*/README.md`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is a failure"
)]

mod addresses;
mod blocks;
mod headers;
mod merkle;
mod mweb;
mod transactions;

use bytes::Bytes;
use serde_json::Value;

/// A file of `tests/data`.
fn file(path: &str) -> Bytes {
    let path = format!("{}/tests/data/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .into()
}

/// A JSON file of `tests/data` that is an array.
fn rows(path: &str) -> Vec<Value> {
    serde_json::from_slice(&file(path)).unwrap()
}

/// Bytes written as hexadecimal digits.
fn hex(text: &str) -> Bytes {
    let digits = text.trim().as_bytes();
    assert!(digits.len().is_multiple_of(2), "odd number of digits");
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}
