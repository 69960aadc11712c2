//! Anything done to a machine in any order. The body is `fuzz::machine` in `tests/src/fuzz/machine.rs`, which plain tests run as well.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peer_fuzz::fuzz::machine(input));
