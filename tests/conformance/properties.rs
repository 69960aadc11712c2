//! Rules that hold for any input: the bodies of the fuzz targets over random input and over the committed seeds.

use std::fs;
use std::path::Path;

use peer_tests::fuzz;
use peer_tests::link::Dice;
use peer_tests::script::{Frame, VersionPayload};
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn the_committed_seeds_break_no_rule() {
    for (name, run) in fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../fuzz/seeds")
            .join(name);
        let mut seeds = 0;
        for file in fs::read_dir(folder).unwrap() {
            run(&fs::read(file.unwrap().path()).unwrap());
            seeds += 1;
        }
        assert!(seeds >= 6, "{name}: {seeds}");
    }
}

/// Frames of which some part is wrong, as a hostile remote would send them: better than noise at getting anywhere.
fn frames(seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut bytes = Vec::new();
    for (kind, payload) in crate::matrix::samples() {
        if payload.len() > 3_000 || dice.below(3) == 0 {
            continue;
        }
        let mut payload = payload;
        if let Some(at) = (dice.below(3) == 0).then(|| dice.below(payload.len() as u64) as usize)
            && let Some(byte) = payload.get_mut(at)
        {
            *byte ^= 1 << dice.below(8);
        }
        let mut frame = Frame::new(kind.command().as_str(), payload);
        if dice.below(20) == 0 {
            frame = frame.with_bad_checksum();
        }
        if dice.below(40) == 0 {
            frame.length ^= 1 << dice.below(24);
        }
        bytes.extend(frame.to_bytes());
        if dice.below(8) == 0 {
            bytes.extend(VersionPayload::default().frame().to_bytes());
        }
    }
    bytes
}

#[test]
fn damaged_streams_mean_the_same_however_they_are_cut() {
    for seed in 0..40 {
        let mut input = seed.to_string().into_bytes();
        input.resize(8, 0);
        // After the handshake (even) and without one (odd).
        input[0] = seed as u8;
        input.extend(frames(seed));
        fuzz::v1_stream(&input);
    }
}

#[test]
fn damaged_payloads_are_written_as_they_were_read() {
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        for (index, (_, payload)) in crate::matrix::samples().into_iter().enumerate() {
            let mut input = vec![index as u8, dice.roll() as u8];
            input.extend(payload);
            let at = 2 + dice.below(input.len() as u64 - 2) as usize;
            if let Some(byte) = input.get_mut(at) {
                *byte = dice.roll() as u8;
            }
            fuzz::message(&input);
            fuzz::differential(&input);
        }
    }
}

proptest! {
    #[test]
    fn machines_survive_anything(input in vec(any::<u8>(), 0..600)) {
        fuzz::machine(&input);
    }

    #[test]
    fn machines_survive_what_looks_like_a_session(seed in any::<u64>(), operations in vec(0..16_u8, 0..200)) {
        fuzz::machine(&[&seed.to_le_bytes()[..], &operations].concat());
    }

    #[test]
    fn tapes_of_anything_are_refused_and_say_where(
        seed in any::<u64>(),
        records in vec((0..13_u8, vec(any::<u8>(), 0..60)), 0..5),
        noise in vec(any::<u8>(), 0..300),
    ) {
        let records = records.iter().flat_map(|(kind, body)| {
            [&[*kind, body.len() as u8], &body[..]].concat()
        });
        let records: Vec<u8> = records.collect();
        fuzz::tape(&[&(seed | 1).to_le_bytes()[..], &records].concat());
        fuzz::tape(&[&(seed & !1).to_le_bytes()[..], &noise].concat());
        fuzz::tape(&[&(seed & !1).to_le_bytes()[..], b"PeerTape\x01", &noise].concat());
    }

    #[test]
    fn handshakes_end_whatever_happens_on_the_wire(input in vec(any::<u8>(), 0..200)) {
        fuzz::handshake(&input);
    }

    #[test]
    fn handshakes_on_a_good_wire_end_well(settings in any::<u64>(), operations in vec(0..4_u8, 0..100)) {
        fuzz::handshake(&[&settings.to_le_bytes()[..], &operations].concat());
    }

    #[test]
    fn noise_means_the_same_however_it_is_cut(input in vec(any::<u8>(), 0..200)) {
        fuzz::v1_stream(&input);
    }

    #[test]
    fn strangers_mean_the_same_however_they_are_cut(input in vec(any::<u8>(), 0..300)) {
        fuzz::v2_handshake(&input);
    }

    #[test]
    fn packets_mean_the_same_however_they_are_cut(
        seed in any::<u64>(),
        records in vec((any::<u8>(), vec(any::<u8>(), 0..40)), 0..20),
    ) {
        let records = records.iter().flat_map(|(kind, contents)| {
            [&[*kind, contents.len() as u8], &contents[..]].concat()
        });
        fuzz::v2_packets(&seed.to_le_bytes().into_iter().chain(records).collect::<Vec<_>>());
    }

    #[test]
    fn compact_blocks_become_their_blocks_or_none(input in vec(any::<u8>(), 8..300)) {
        fuzz::compact_block(&input);
    }

    #[test]
    fn payloads_are_read_as_another_reads_them(input in vec(any::<u8>(), 2..200)) {
        fuzz::differential(&input);
    }

    #[test]
    fn payloads_are_written_as_they_were_read(input in vec(any::<u8>(), 2..200)) {
        fuzz::message(&input);
    }
}
