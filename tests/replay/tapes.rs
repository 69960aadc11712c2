//! Recorded sessions, recorded by us: replayed bit for bit, and refused where they were changed or cut.

use peer_core::tape::{TapeError, TapedMachine};
use peer_tests::capture::{Capture, Way};
use peer_tests::link::{Cuts, Dice};
use peer_tests::script::START;
use peer_tests::tape::{Replayed, replay};

use crate::recorded::{hear, machine, run};

/// Captures in which both sides shook hands, each with both ways.
fn sessions() -> impl Iterator<Item = (Capture, Way)> {
    let captures = Capture::all().into_iter();
    let captures =
        captures.filter(|capture| Way::BOTH.iter().all(|way| capture.version(*way).is_some()));
    captures.flat_map(|capture| Way::BOTH.map(|way| (capture.clone(), way)))
}

/// The tape of a machine that hears it, and what the machine said.
fn record(capture: &Capture, way: Way, cuts: Cuts) -> (Vec<u8>, TapedMachine, Vec<u8>) {
    let plain = machine(capture, way);
    let (config, link) = (plain.config().clone(), *plain.link());
    let mut taped = TapedMachine::from_seed(config, link, START, [4; 32]);
    let outcome = hear(&mut taped, capture.stream(way), cuts);
    let (_, untaped) = run(capture, way, cuts);
    assert!(outcome == untaped, "recording changes nothing");
    (taped.end_tape(), taped, outcome.output)
}

#[test]
fn every_session_is_replayed_bit_for_bit() {
    let mut count = 0;
    for (capture, way) in sessions() {
        for cuts in [Cuts::Whole, Cuts::Random(7)] {
            let at = format!("{} {way:?} {cuts:?}", capture.name);
            let (tape, taped, output) = record(&capture, way, cuts);
            for piece in [usize::MAX, 1_000] {
                let again = replay(&tape, piece).unwrap();
                assert!(again.said == output, "{at}");
                assert_eq!(again.stats, taped.stats(), "{at}");
                let last = again.events.last().unwrap();
                assert!(last.starts_with("Disconnected"), "{at}: {last}");
            }
            count += 1;
        }
    }
    assert_eq!(count, 112);
}

/// What came in is on the tape, and little else.
#[test]
fn tapes_are_compact() {
    for (capture, way) in sessions() {
        let (tape, ..) = record(&capture, way, Cuts::Whole);
        let replayed = replay(&tape, usize::MAX).unwrap();
        // The birth, and some ten bytes a call.
        let most = capture.stream(way).len() + 700 + 12 * replayed.calls as usize;
        assert!(
            tape.len() <= most,
            "{}: {} {most}",
            capture.name,
            tape.len()
        );
    }
}

fn refused(tape: &[u8]) -> TapeError {
    let result: Result<Replayed, TapeError> = replay(tape, usize::MAX);
    result.unwrap_err()
}

/// Bytes at which a tape is changed or cut: all of a short one, and some of a long one.
fn places(length: usize) -> Vec<usize> {
    let mut dice = Dice::new(length as u64);
    match length {
        0..3_000 => (0..length).collect(),
        _ => (0..60)
            .map(|_| dice.below(length as u64) as usize)
            .collect(),
    }
}

#[test]
fn a_changed_byte_is_found_where_it_is() {
    let (mut shortest, mut found) = (usize::MAX, 0);
    for (capture, way) in sessions() {
        let (tape, ..) = record(&capture, way, Cuts::Whole);
        shortest = shortest.min(tape.len());
        for at in places(tape.len()) {
            let mut changed = tape.clone();
            changed[at] ^= 1 << (at % 8);
            let error = refused(&changed);
            let offset = error.offset() as usize;
            assert!(offset <= at, "{}: {at}, {error}", capture.name);
            // It is in the block that begins there: nothing that comes before it is doubted.
            let (head, format) = (
                matches!(error, TapeError::NotATape { .. }),
                matches!(error, TapeError::Version { .. }),
            );
            let damaged = matches!(
                error,
                TapeError::Damaged { .. } | TapeError::Truncated { .. }
            );
            assert!(
                if at < 8 {
                    head
                } else if at == 8 {
                    format
                } else {
                    damaged
                },
                "{error}"
            );
            found += 1;
        }
    }
    assert!(shortest < 3_000 && found > 3_000, "{shortest} {found}");
}

#[test]
fn a_cut_is_found_and_what_came_before_is_replayed() {
    for (capture, way) in sessions().step_by(3) {
        let (tape, ..) = record(&capture, way, Cuts::Random(3));
        for at in places(tape.len()) {
            let error = refused(&tape[..at]);
            let TapeError::Truncated { offset } = error else {
                panic!("{}: {at}, {error}", capture.name);
            };
            assert!(offset <= at as u64);
        }
    }
}

/// Taken after every event, so that there are many blocks: what is lost in a crash is the last piece.
#[test]
fn pieces_are_a_tape_as_far_as_they_go() {
    let capture = Capture::load("knots-knots-v1/conn-00");
    let plain = machine(&capture, Way::FromDialler);
    let (config, link) = (plain.config().clone(), *plain.link());
    let mut taped = TapedMachine::from_seed(config, link, START, [4; 32]);
    let mut pieces = vec![taped.take_tape()];
    for piece in capture.stream(Way::FromDialler).chunks(100) {
        taped.receive(piece, START);
        while taped.poll_event().is_some() {}
        pieces.push(taped.take_tape());
    }
    assert!(pieces.len() > 10);
    let mut tape: Vec<u8> = Vec::new();
    for piece in pieces {
        tape.extend(piece);
        let whole = TapeError::Truncated {
            offset: tape.len() as u64,
        };
        assert_eq!(refused(&tape), whole, "all of it is there, but for the end");
    }
    tape.extend(taped.end_tape());
    assert_eq!(replay(&tape, 1).unwrap().stats, taped.stats());
}
