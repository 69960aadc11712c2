use alloc::vec::Vec;

use super::pad::ADVANCE;
use super::*;
use crate::message::{Codec, MessageLimits};
use crate::network::Network;
use crate::strictness::Oversized;
use crate::transport::v1::{self, Admission, HEADER_LEN, Header};
use crate::transport::{Frame, Opened};

/// An unknown message of `length` payload bytes, no two neighbouring stretches of which are alike.
fn frame(length: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..length).map(|at| (at / 251 + at % 251) as u8).collect();
    let header = Header {
        magic: Network::REGTEST.magic,
        command: *b"hostile\0\0\0\0\0",
        length: length as u32,
        checksum: v1::checksum(&payload),
    };
    [header.to_bytes().as_slice(), &payload].concat()
}

/// Lets `stream` land in portions of at most `portion` bytes, and cuts what comes of it. Checks
/// after each portion that no more is held than was paid for.
fn land(stream: &[u8], portion: usize) -> Vec<Frame> {
    let limits = MessageLimits::default();
    let admission = Admission {
        magic: Network::REGTEST.magic,
        limit: Network::REGTEST.max_payload,
        skip_limit: Network::REGTEST.max_payload,
        codec: Codec::new(&Network::REGTEST, 70_016, &limits),
        oversized_for_type: Oversized::Accept,
    };
    let (mut landing, mut frames, mut taken) = (Landing::default(), Vec::new(), 0);
    let mut reader = v1::Reader::default();
    while taken < stream.len() {
        let window = landing.window().expect("everything was opened");
        let n = window.len().min(portion).min(stream.len() - taken);
        assert!(n > 0, "an empty window after {taken} bytes");
        window[..n].copy_from_slice(&stream[taken..taken + n]);
        assert_eq!(landing.landed_bytes(n), n);
        taken += n;
        loop {
            match reader.open(&mut landing, &admission).unwrap() {
                Opened::Frame(frame) => frames.push(frame),
                Opened::Nothing => break,
                other => unreachable!("nothing is too long here: {other:?}"),
            }
        }
        let held = landing.held();
        assert!(held <= 4 * taken + 64 * 1_024, "{held} held for {taken}");
    }
    assert!(!landing.is_mid_frame(), "the stream ends between frames");
    frames
}

#[test]
fn frames_land_whole_whatever_their_size() {
    // The sizes of the buffers and what follows from them, and the largest frame.
    let edges = [
        SMALL_HEAD,
        LARGE_HEAD,
        2 * ADVANCE,
        4 * ADVANCE,
        5 * ADVANCE,
        16 * ADVANCE,
        21 * ADVANCE,
    ];
    let around = |edge: usize| [edge - HEADER_LEN - 1, edge - 1, edge, edge + 1, edge + 38];
    let sizes = edges.into_iter().flat_map(around).chain([
        0,
        300_000,
        1_200_000,
        Network::REGTEST.max_payload as usize,
    ]);
    for size in sizes {
        // The second tells whether the first took what was not its own.
        let stream = [frame(size), frame(30)].concat();
        for portion in [1_460, usize::MAX] {
            let frames = land(&stream, portion);
            let lengths: Vec<_> = frames.iter().map(|frame| frame.payload.len()).collect();
            assert_eq!(lengths, [size, 30], "in portions of {portion}");
            assert!(frames.iter().all(|frame| frame.intact));
            assert!(frames[0].payload == stream[HEADER_LEN..HEADER_LEN + size]);
            assert_eq!(frames[0].wire_len as usize, HEADER_LEN + size);
        }
    }
}

#[test]
fn what_was_not_landed_in_is_given_back() {
    let mut landing = Landing::default();
    assert_eq!(landing.held(), 0);
    assert_eq!(
        landing.window().map(|window| window.len()),
        Some(SMALL_HEAD)
    );
    assert_eq!(landing.held(), SMALL_HEAD);
    landing.clear();
    assert_eq!(landing.held(), 0);
}
