//! Two machines and anything that can happen between them. The body is `fuzz::handshake` in `tests/src/fuzz/handshake.rs`, which plain tests run as well.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peer_fuzz::fuzz::handshake(input));
