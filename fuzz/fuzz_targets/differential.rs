//! Payloads mean the same to another reader. The body is `fuzz::differential` in `tests/src/fuzz/differential`, which plain tests run as well.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peer_fuzz::fuzz::differential(input));
