//! What decodes is written again, and decodes to the same. The body is `peer_tests::fuzz::message`, which plain tests run as well.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peer_tests::fuzz::message(input));
