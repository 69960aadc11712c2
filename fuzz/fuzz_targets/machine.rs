//! Anything done to a machine in any order. The body is `peer_tests::fuzz::machine`, which plain tests run as well.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peer_tests::fuzz::machine(input));
