//! Packets mean the same whole and cut. The body is `fuzz::v2_packets` in `tests/src/fuzz/mod.rs`, which plain tests run as well.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peer_fuzz::fuzz::v2_packets(input));
