//! The same bytes in other pieces: the same events, the same answers.

use peer_tests::capture::{Capture, Way};
use peer_tests::link::Cuts;

use crate::recorded::run;

/// One small capture of each kind, for the cuts that cost most.
const OF_EACH_KIND: [&str; 7] = [
    "client-knots-v1/conn-10",
    "client-knots-v1/conn-01",
    "knots-knots-v1/conn-03",
    "knots-knots-v1/conn-04",
    "knots-knots-v1-recon/conn-03",
    "knots-knots-v2-refused-then-v1/conn-02",
    "ltc-ltc-v1/conn-01",
];

fn assert_same(capture: &Capture, way: Way, cuts: &[Cuts]) {
    if capture.version(way.other()).is_none() {
        return;
    }
    let (machine, whole) = run(capture, way, Cuts::Whole);
    for cuts in cuts {
        let (other, outcome) = run(capture, way, *cuts);
        let at = format!("{} {way:?} {cuts:?}", capture.name);
        assert!(outcome.events == whole.events, "{at}: other events");
        assert!(outcome.output == whole.output, "{at}: other answers");
        let (mut ours, mut theirs) = (machine.stats(), other.stats());
        if !whole.events.last().unwrap().contains("HungUp") {
            // What arrives after the end is not taken, and how much arrives before it depends on the cut.
            (ours.bytes_received, theirs.bytes_received) = (0, 0);
        }
        assert_eq!(theirs, ours, "{at}");
        assert_eq!(other.remote(), machine.remote(), "{at}");
    }
}

#[test]
fn random_and_regular_cuts_change_nothing() {
    let mut cuts: Vec<Cuts> = (1..=6).map(Cuts::Random).collect();
    cuts.extend([23, 24, 25, 1_460, 4_096, 65_536].map(Cuts::Fixed));
    for capture in Capture::all() {
        // Five megabytes are enough a few times.
        let cuts = if capture.name.contains("bigblock") {
            &cuts[..3]
        } else {
            &cuts
        };
        for way in Way::BOTH {
            assert_same(&capture, way, cuts);
        }
    }
}

#[test]
fn byte_by_byte_changes_nothing() {
    for capture in Capture::all() {
        for way in Way::BOTH {
            assert_same(&capture, way, &[Cuts::Bytewise]);
        }
    }
}

#[test]
fn a_cut_at_any_position_changes_nothing() {
    for name in OF_EACH_KIND {
        let capture = Capture::load(name);
        for way in Way::BOTH {
            let positions = 0..=capture.stream(way).len();
            let cuts: Vec<Cuts> = positions.map(Cuts::At).collect();
            assert_same(&capture, way, &cuts);
        }
    }
}

/// Around a block of four megabytes: the cuts where frames begin, where headers end, and where buffers do.
#[test]
fn a_cut_around_the_edges_of_a_large_frame_changes_nothing() {
    let capture = Capture::load("knots-knots-v1-bigblock/conn-00");
    let way = Way::ToDialler;
    let large = capture.entries(way).iter().find(|e| e.length > 3_000_000);
    let large = large.unwrap();
    let payload = large.offset + 24;
    let edges = [
        large.offset,
        large.offset + 12,
        payload,
        payload + 1,
        payload + 4_072,
        payload + 65_536,
        payload + large.length - 1,
        payload + large.length,
    ];
    assert_same(&capture, way, &edges.map(Cuts::At));
}
