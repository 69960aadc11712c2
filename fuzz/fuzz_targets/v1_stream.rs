//! A stream means the same whole and cut. The body is `peer_tests::fuzz::v1_stream`, which plain tests run as well.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peer_tests::fuzz::v1_stream(input));
