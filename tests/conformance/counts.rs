//! Counts inside messages: the limit is accepted, one more ends the connection (rows 11 to 13, 59, 60, 77, 78, 92).

use peer_core::message::{DecodeErrorKind, MessageKind};
use peer_core::{DisconnectReason, FrameError, Link, Malformed};
use peer_tests::script::{Frame, compact_size, list};

use crate::matrix::is_unknown;
use crate::support::{
    ADDR_ENTRY, ADDRV2_ENTRY, INV_ENTRY, Preset, Reaction, Stage, filterload, reaction,
};

/// A limit of a message, and the payload that has `count` of what it limits.
struct Limit(&'static str, usize, fn(usize) -> Vec<u8>);

const LIMITS: [Limit; 13] = [
    Limit("inv", 50_000, |count| list(count, &INV_ENTRY)),
    Limit("getdata", 50_000, |count| list(count, &INV_ENTRY)),
    Limit("notfound", 50_000, |count| list(count, &INV_ENTRY)),
    Limit("headers", 2_000, |count| list(count, &[0; 81])),
    Limit("addr", 1_000, |count| list(count, &ADDR_ENTRY)),
    Limit("addrv2", 1_000, |count| list(count, &ADDRV2_ENTRY)),
    Limit("getheaders", 101, locator),
    Limit("getblocks", 101, locator),
    Limit("filterload", 36_000, |size| filter(size, 1)),
    Limit("filterload", 50, |functions| filter(3, functions)),
    Limit("filteradd", 520, |size| list(size, &[1])),
    Limit("cfheaders", 2_000, |count| {
        [vec![0; 65], list(count, &[7; 32])].concat()
    }),
    Limit("getblocktxn", 65_535, |count| {
        [vec![0; 32], list(count, &[0])].concat()
    }),
];

fn locator(count: usize) -> Vec<u8> {
    [
        &70_016_u32.to_le_bytes()[..],
        &list(count, &[3; 32]),
        &[0; 32],
    ]
    .concat()
}

fn filter(size: usize, functions: usize) -> Vec<u8> {
    let functions = (functions as u32).to_le_bytes();
    [&list(size, &[0xb5])[..], &functions, &[0; 4], &[0]].concat()
}

impl Limit {
    fn frame(&self, count: usize) -> Frame {
        Frame::new(self.0, self.2(count))
    }

    fn limit(&self, preset: Preset) -> usize {
        match (self.0, preset) {
            ("getheaders" | "getblocks", Preset::Btcd) => 500,
            _ => self.1,
        }
    }
}

#[test]
fn the_limit_is_accepted_and_one_more_is_the_end() {
    for preset in Preset::ALL {
        for row in &LIMITS {
            let limit = row.limit(preset);
            let mut probe = Stage::Up.probe(preset.config(), Link::inbound());
            probe.tell(&filterload());
            let got = reaction(&mut probe, Stage::Up, &row.frame(limit).to_bytes());
            assert_eq!(got, Reaction::Deliver(1), "{} {limit} {preset:?}", row.0);

            let above = row.frame(limit + 1);
            let got = reaction(&mut probe, Stage::Up, &above.to_bytes());
            let Reaction::End(reason) = got else {
                panic!("{} {limit} {preset:?}", row.0);
            };
            match reason {
                DisconnectReason::Malformed(Malformed::Payload(error)) => {
                    assert_eq!(error.message.command().as_str(), row.0);
                    let kind = DecodeErrorKind::CountAboveLimit {
                        count: limit as u64 + 1,
                        limit: limit as u32,
                    };
                    assert_eq!(error.kind, kind, "{}", row.0);
                }
                // btcd knows from the header that the frame is longer than any of its kind.
                DisconnectReason::Frame(FrameError::PayloadTooLarge { length, .. }) => {
                    assert_eq!(preset, Preset::Btcd, "{}", row.0);
                    assert_eq!(length, above.length);
                }
                other => panic!("{}: {other}", row.0),
            }
        }
    }
}

/// V3, V8: the count alone is enough, no item needs to follow; however large it claims to be.
#[test]
fn a_count_is_judged_before_the_first_item() {
    let lists = ["inv", "getdata", "notfound", "headers", "addr", "addrv2"];
    for name in lists {
        for count in [100_000, 0xffff_ffff, u64::MAX] {
            let frame = Frame::new(name, compact_size(count));
            for preset in Preset::ALL {
                let mut probe = Stage::Up.probe(preset.config(), Link::inbound());
                let got = reaction(&mut probe, Stage::Up, &frame.to_bytes());
                let Reaction::End(DisconnectReason::Malformed(Malformed::Payload(error))) = got
                else {
                    panic!("{name} {count}: {got:?}");
                };
                assert!(error.is_limit(), "{error}");
            }
        }
    }
}

/// V28: empty lists say nothing; they are delivered and counted.
#[test]
fn empty_lists_are_counted() {
    for name in ["inv", "getdata", "notfound", "addr", "addrv2"] {
        let mut probe = Stage::Up.probe(Preset::Default.config(), Link::inbound());
        let got = reaction(&mut probe, Stage::Up, &Frame::new(name, [0]).to_bytes());
        assert_eq!(got, Reaction::Deliver(1), "{name}");
        let empty = peer_core::Annoyance::Empty;
        assert_eq!(probe.machine.stats().annoyance(empty), 1, "{name}");
    }
}

/// V26: every size of filter and number of functions up to the limits, zero included (row 79, CVE-2013-5700).
#[test]
fn every_filter_decodes() {
    let mut probe = Stage::Up.probe(Preset::Default.config(), Link::inbound());
    for size in 0..=2 {
        for functions in 0..=50 {
            let frame = Frame::new("filterload", filter(size, functions));
            let got = reaction(&mut probe, Stage::Up, &frame.to_bytes());
            assert_eq!(got, Reaction::Deliver(1), "{size} {functions}");
        }
    }
    let added = Frame::new("filteradd", list(3, &[1]));
    assert_eq!(
        reaction(&mut probe, Stage::Up, &added.to_bytes()),
        Reaction::Deliver(1)
    );
}

/// Trailing bytes of every message that can have them: delivered by default, the end for btcd.
#[test]
fn bytes_after_the_end_are_forgiven_by_default() {
    let mut payloads = crate::matrix::samples();
    // Of these every byte belongs to the message.
    payloads.retain(|(kind, _)| {
        !matches!(
            kind,
            MessageKind::Feature | MessageKind::Version | MessageKind::Verack
        )
    });
    for (kind, payload) in payloads {
        // Of what is unknown every byte belongs to it, too.
        if matches!(kind, MessageKind::WtxidRelay | MessageKind::SendAddrV2) || is_unknown(kind) {
            continue;
        }
        let longer = Frame::new(kind.command().as_str(), [&payload[..], &[0xee]].concat());
        let mut probe = Stage::Up.probe(Preset::Default.config(), Link::inbound());
        probe.tell(&filterload());
        let got = reaction(&mut probe, Stage::Up, &longer.to_bytes());
        assert_eq!(got, Reaction::Deliver(1), "{kind}");
        assert_eq!(probe.machine.stats().trailing_bytes, 1, "{kind}");

        let mut probe = Stage::Up.probe(Preset::Btcd.config(), Link::inbound());
        let got = reaction(&mut probe, Stage::Up, &longer.to_bytes());
        let command = kind.command();
        let trailing = DisconnectReason::Malformed(Malformed::TrailingBytes { command, count: 1 });
        match got {
            // Or the header alone said that it is too long for its kind.
            Reaction::End(DisconnectReason::Frame(_)) => {}
            other => assert_eq!(other, Reaction::End(trailing), "{kind}"),
        }
    }
}
