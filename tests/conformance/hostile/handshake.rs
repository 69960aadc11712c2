//! Before and during the handshake: rows of sections 2.2, 2.3, 2.4 and 2.10.

use peer_core::message::MessageKind;
use peer_core::wire::ServiceFlags;
use peer_core::{Config, DisconnectReason, Goodbye, Incompatible, Link, Purpose, Violation};
use peer_tests::script::{Frame, VersionPayload, compact_size};

use super::{Must, Row, check, row, version};
use crate::support::{Preset, Stage, command};
use Must::{Deliver, Drop, End};
use Stage::{Fresh, Greeted, Up};

/// Bits 0 and 3 (BIP159: 10).
const NETWORK: u64 = 1;
const WITNESS: u64 = 8;
const LIMITED: u64 = 1 << 10;

fn full_node(config: &mut Config) {
    config.required_services = ServiceFlags(NETWORK | WITNESS);
}

fn pruned_node(config: &mut Config) {
    config.required_services = ServiceFlags(LIMITED | WITNESS);
}

fn missing(offered: u64, missing: u64) -> Must {
    End(DisconnectReason::Incompatible(Incompatible::Services {
        offered: ServiceFlags(offered),
        missing: ServiceFlags(missing),
    }))
}

#[test]
fn versions_under_every_preset() {
    let services = |services| version(|version| version.services = services);
    let outbound = |number, what, frame: Frame, must| {
        row(number, what, [frame], must)
            .at(Fresh)
            .leading_to(Greeted)
            .over(Link::outbound())
    };
    let no_witness = missing(NETWORK, WITNESS);
    let no_history = missing(LIMITED | WITNESS, NETWORK);
    let mut rows = vec![
        outbound(18, "no witnesses", services(NETWORK), no_witness).with(full_node),
        outbound(18, "everything", services(NETWORK | WITNESS), Drop).with(full_node),
        outbound(19, "a pruned node", services(LIMITED | WITNESS), no_history).with(full_node),
        outbound(
            19,
            "a pruned node will do",
            services(LIMITED | WITNESS),
            Drop,
        )
        .with(pruned_node),
        outbound(20, "a feeler", services(9), End(Goodbye::FeelerDone.into()))
            .over(Link::outbound().with_purpose(Purpose::Feeler)),
    ];
    for time in [i64::MIN, -1, 0, i64::MAX] {
        let frame = version(|version| version.time = time);
        rows.push(
            row(24, "any time", [frame], Drop)
                .at(Fresh)
                .leading_to(Greeted),
        );
    }
    // Up to and with the receiver, the sender, the nonce, the user agent, the height, the relay flag.
    for length in [46, 72, 80, 93, 97, 98] {
        let frame = Frame::new("version", &VersionPayload::default().to_bytes()[..length]);
        rows.push(
            row(26, "a shorter one", [frame], Drop)
                .at(Fresh)
                .leading_to(Greeted),
        );
    }
    let hasty = ["wtxidrelay", "sendaddrv2", "wtxidrelay", "verack"].map(Frame::empty);
    let hasty: Vec<Frame> = [version(|_| {})].into_iter().chain(hasty).collect();
    for link in [Link::inbound(), Link::outbound()] {
        let all = row(28, "everything at once", hasty.clone(), Deliver(3));
        rows.push(all.at(Fresh).leading_to(Up).over(link));
    }
    check(&rows);
}

/// Rows 45 and 46: pongs that answer nothing.
#[test]
fn pongs_under_every_preset() {
    let short = row(45, "three bytes", [Frame::new("pong", [1, 2, 3])], Drop);
    check(&[
        short.btcd(Must::Malformed(MessageKind::Pong)),
        row(46, "nobody asked", [Frame::pong(99)], Deliver(1)),
        row(
            46,
            "many that nobody asked for",
            vec![Frame::pong(99); 50],
            Deliver(50),
        ),
    ]);
}

fn feature(id: &[u8], data: &[u8]) -> Frame {
    let size = |bytes: &[u8]| compact_size(bytes.len() as u64);
    Frame::new("feature", [&size(id)[..], id, &size(data), data].concat())
}

fn speaks_feature(config: &mut Config) {
    config.protocol_version = 70_017;
}

/// A `feature` between `version` and `verack` of a remote that has it.
fn negotiating(number: u16, what: &'static str, frames: impl Into<Vec<Frame>>, must: Must) -> Row {
    row(number, what, frames, must)
        .at(Fresh)
        .leading_to(Greeted)
        .after([VersionPayload::of(70_017).frame()])
        .with(speaks_feature)
}

/// Rows 122 to 125 (BIP434).
#[test]
fn features_under_every_preset() {
    let name = command("feature");
    let late = End(Violation::LateNegotiation { command: name }.into());
    let early = End(Violation::Early { command: name }.into());
    let too_low = End(Violation::VersionTooLowFor {
        command: name,
        needed: 70_017,
        negotiated: 70_016,
    }
    .into());
    let mut rows = vec![
        row(122, "too late", [feature(b"test", b"")], late).with(speaks_feature),
        negotiating(122, "too old", [feature(b"test", b"")], too_low)
            .after([VersionPayload::of(70_016).frame()]),
        row(123, "too early", [feature(b"test", b"")], Drop)
            .at(Fresh)
            .with(speaks_feature)
            .btcd(early),
    ];
    let mut trailing = feature(b"test", b"").payload;
    trailing.push(0);
    for (what, frame) in [
        ("no identifier", feature(b"", b"")),
        ("an identifier of 3", feature(b"abc", b"")),
        ("an identifier of 81", feature(&[b'a'; 81], b"")),
        ("data of 513", feature(b"test", &[0; 513])),
        ("a byte more", Frame::new("feature", trailing)),
        ("half an identifier", Frame::new("feature", *b"\x05test")),
        ("half of the data", Frame::new("feature", *b"\x04test\x02a")),
    ] {
        let must = Must::Malformed(MessageKind::Feature);
        rows.push(negotiating(124, what, [frame], must));
    }
    for (what, frame) in [
        ("the shortest", feature(b"four", b"")),
        ("the longest", feature(&[b'a'; 80], &[7; 512])),
        ("beyond ASCII", feature(b"n\xc3\xb6n-ascii", b"x")),
    ] {
        rows.push(negotiating(125, what, [frame], Deliver(1)));
    }
    let many = vec![feature(b"unknown", b""); 16];
    rows.push(negotiating(
        125,
        "sixteen that nobody knows",
        many,
        Deliver(16),
    ));
    check(&rows);
}

/// Rows 118 to 120 where reconciliation (BIP330) is not offered: whatever it says is one more unknown message.
#[test]
fn offers_to_reconcile_under_every_preset() {
    let offer = |version: u32| {
        let salt = [1, 2, 3, 4, 5, 6, 7, 8];
        Frame::new("sendtxrcncl", [&version.to_le_bytes()[..], &salt].concat())
    };
    let mut rows = Vec::new();
    for stage in [Greeted, Up] {
        rows.push(row(118, "version 0", [offer(0)], Deliver(1)).at(stage));
        rows.push(row(118, "twice", [offer(1), offer(1)], Deliver(2)).at(stage));
        rows.push(row(119, "version 2", [offer(2)], Deliver(1)).at(stage));
        rows.push(row(120, "without wtxidrelay", [offer(1)], Deliver(1)).at(stage));
    }
    check(&rows);
}

/// Row 21: the nonce of our own that comes back, under every preset; V45 is about what is said of it.
#[test]
fn our_own_nonce_under_every_preset() {
    for preset in Preset::ALL {
        let mut probe = crate::Probe::new(preset.config(), Link::outbound());
        let ours = probe.read().remove(0);
        let events = probe.tell(&ours);
        let ourselves = DisconnectReason::Incompatible(Incompatible::SelfConnection);
        assert_eq!(peer_tests::script::end(&events), Some(&ourselves));
        crate::support::assert_over(&mut probe, &events);
    }
}
