//! Tapes of anything, and sealed records of anything. The body is `fuzz::tape` in `tests/src/fuzz.rs`, which plain tests run as well.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peer_fuzz::fuzz::tape(input));
