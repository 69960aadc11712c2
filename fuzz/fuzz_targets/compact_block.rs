//! Compact blocks are put together again or refused. The body is `fuzz::compact_block` in `tests/src/fuzz/mod.rs`, which plain tests run as well.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peer_fuzz::fuzz::compact_block(input));
