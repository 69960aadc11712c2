//! What decodes is written again, and decodes to the same. The body is `fuzz::message` in `tests/src/fuzz/mod.rs`, which plain tests run as well.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peer_fuzz::fuzz::message(input));
