//! `version`: which ones are accepted, what is made of them, and what ours says (rows 18, 24 to 27, 39).

use core::net::SocketAddr;

use crate::Probe;
use peer_core::message::{DecodeErrorKind, MessageKind};
use peer_core::wire::ServiceFlags;
use peer_core::{
    Config, DisconnectReason, Event, Incompatible, Link, MisbehaviorKind, Purpose, Timestamp,
};
use peer_tests::script::{Frame, START, VersionPayload, end};

use crate::support::{Preset, assert_over, bad_payload, config};

/// How long the default `version` is up to the end of each field (section 1.4).
const TAILS: [(usize, &str); 6] = [
    (46, "receiver"),
    (72, "sender"),
    (80, "nonce"),
    (93, "user agent"),
    (97, "start height"),
    (98, "relay"),
];

/// Row 26: what is not there has a value all the same.
#[test]
fn each_tail_may_be_absent() {
    for preset in Preset::ALL {
        let version = VersionPayload {
            relay: Some(0),
            ..VersionPayload::default()
        };
        let payload = version.to_bytes();
        assert_eq!(payload.len(), 98);
        for (length, field) in TAILS {
            let mut probe = Probe::new(preset.config(), Link::inbound());
            let events = probe.tell(&Frame::new("version", &payload[..length]));
            let [Event::Version(heard)] = &events[..] else {
                panic!("{field}: {events:?}");
            };
            assert_eq!(heard.version, 70_016);
            assert_eq!(heard.services.bits(), 0x409);
            assert_eq!(heard.nonce, if length >= 80 { version.nonce } else { 1 });
            let agent = heard.user_agent.as_bytes();
            assert_eq!(
                agent,
                if length >= 93 {
                    &b"/script:1.0/"[..]
                } else {
                    b""
                }
            );
            assert_eq!(heard.start_height, if length >= 97 { 7 } else { -1 });
            assert_eq!(heard.relay.is_wanted(), length < 98, "{field}");
            probe.tell(&Frame::empty("verack"));
            assert!(probe.machine.is_negotiated() && probe.is_alive(), "{field}");
        }
    }
}

#[test]
fn a_version_cut_inside_a_field_is_no_version() {
    let payload = VersionPayload::default().to_bytes();
    for length in 0..payload.len() {
        if TAILS.iter().any(|(end, _)| *end == length) {
            continue;
        }
        let frame = Frame::new("version", &payload[..length]);
        let mut probe = Probe::new(config(), Link::inbound());
        let events = probe.tell(&frame);
        assert!(matches!(&events[..], [Event::Misbehavior(_)]), "{length}");
        assert_eq!(probe.machine.remote(), None, "{length}");
        assert_eq!(probe.read(), [], "{length}");
        // The right one is still welcome.
        probe.tell(&VersionPayload::default().frame());
        assert!(probe.machine.remote().is_some(), "{length}");

        let mut probe = Probe::new(Preset::Btcd.config(), Link::inbound());
        let events = probe.tell(&frame);
        assert!(
            matches!(end(&events), Some(DisconnectReason::Malformed(_))),
            "{length}"
        );
    }
}

/// Row 27: 256 bytes are accepted; with 257 it is a message that does not decode, and is ignored.
#[test]
fn the_user_agent_has_256_bytes_at_most() {
    let version = |length| VersionPayload {
        agent: vec![b'a'; length],
        ..VersionPayload::default()
    };
    for preset in Preset::ALL {
        let mut probe = Probe::new(preset.config(), Link::inbound());
        probe.tell(&version(256).frame());
        let remote = probe.machine.remote().unwrap();
        assert_eq!(remote.version.user_agent.as_bytes().len(), 256);

        let mut probe = Probe::new(preset.config(), Link::inbound());
        let events = probe.tell(&version(257).frame());
        assert_eq!(probe.machine.remote(), None);
        let kind = DecodeErrorKind::SizeAboveLimit {
            size: 257,
            limit: 256,
        };
        let bad = bad_payload(MessageKind::Version, "user agent", kind);
        if preset == Preset::Btcd {
            // The header says already that it is too long.
            assert!(end(&events).is_some());
            continue;
        }
        let [Event::Misbehavior(misbehavior)] = &events[..] else {
            panic!("{events:?}");
        };
        let MisbehaviorKind::Malformed(malformed) = &misbehavior.kind else {
            panic!("{misbehavior:?}");
        };
        assert_eq!(DisconnectReason::Malformed(malformed.clone()), bad);
    }
}

/// Row 25 and TestUnsupportedVersionPeer: the lowest version accepted, and the first refused.
#[test]
fn old_versions_are_refused_without_a_word() {
    for (preset, minimum) in [
        (Preset::Default, 31_800),
        (Preset::Core, 31_800),
        (Preset::Btcd, 209),
    ] {
        for version in [minimum, minimum + 1, 70_016, 70_017, 80_021, i32::MAX] {
            let remote = VersionPayload::of(version);
            let probe = Probe::negotiated_with(preset.config(), Link::inbound(), &remote);
            let negotiated = probe.machine.remote().unwrap().protocol_version;
            assert_eq!(negotiated, version.min(70_016) as u32, "{preset:?}");
        }
        for version in [minimum - 1, 1, 0, -1, i32::MIN] {
            let mut probe = Probe::new(preset.config(), Link::inbound());
            let events = probe.tell(&VersionPayload::of(version).frame());
            let refused = DisconnectReason::Incompatible(Incompatible::Version {
                version,
                minimum: minimum as u32,
            });
            assert_eq!(end(&events), Some(&refused), "{preset:?}");
            assert_eq!(probe.read(), [], "{preset:?} {version}");
            assert_over(&mut probe, &events);
        }
    }
}

/// Row 18: an outbound remote must offer what is asked of it; an inbound one need not.
#[test]
fn services_are_asked_of_those_we_dial() {
    for preset in Preset::ALL {
        let required = 0x9;
        let mut config = preset.config();
        config.required_services = ServiceFlags(required);
        for services in [0, 1, 8, 9, 0x400, 0x409, u64::MAX] {
            let remote = VersionPayload {
                services,
                ..VersionPayload::default()
            };
            let mut probe = Probe::new(config.clone(), Link::outbound());
            assert_eq!(probe.read_names(), ["version"]);
            let events = probe.tell(&remote.frame());
            let missing = required & !services;
            let refused = DisconnectReason::Incompatible(Incompatible::Services {
                offered: ServiceFlags(services),
                missing: ServiceFlags(missing),
            });
            assert_eq!(end(&events), (missing != 0).then_some(&refused));
            if missing != 0 {
                // btcd says why.
                let said = &["reject"][usize::from(preset != Preset::Btcd)..];
                assert_eq!(probe.read_names(), said, "{services:#x}");
            }
            let probe = Probe::negotiated_with(config.clone(), Link::inbound(), &remote);
            assert_eq!(probe.machine.remote().unwrap().services().bits(), services);
        }
    }
}

/// Row 24, V29 (CVE-2024-52912): any time is accepted, and no difference overflows.
#[test]
fn the_remote_may_believe_any_time() {
    for preset in Preset::ALL {
        let clocks = [Timestamp::ZERO, START, Timestamp::MAX];
        for theirs in [i64::MIN, i64::MIN + 1, -1, 0, 1_700_000_060, i64::MAX] {
            for now in clocks {
                let mut probe = Probe::at(preset.config(), Link::inbound(), now);
                let remote = VersionPayload {
                    time: theirs,
                    ..VersionPayload::default()
                };
                probe.tell(&remote.frame());
                let expected = theirs.saturating_sub(now.as_secs() as i64);
                assert_eq!(probe.machine.stats().time_offset, expected);
                probe.tell(&Frame::empty("verack"));
                assert!(probe.machine.is_negotiated());
            }
        }
    }
}

fn our_version(config: Config, link: Link) -> VersionPayload {
    let mut probe = Probe::new(config, link);
    if link.is_inbound() {
        probe.tell(&VersionPayload::default().frame());
    }
    let said = probe.read();
    assert_eq!(said[0].name(), "version");
    assert_eq!(said[0].length, said[0].payload.len() as u32);
    VersionPayload::parse(&said[0].payload).unwrap()
}

/// Row 39: what our `version` says, and what it never does.
#[test]
fn our_version_says_what_was_configured_and_no_address_of_ours() {
    for preset in Preset::ALL {
        let mut config = preset.config();
        config.services = ServiceFlags(0x409);
        let address: SocketAddr = "250.1.2.3:18444".parse().unwrap();
        let mapped: [u8; 18] = [
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 250, 1, 2, 3, 0x48, 0x0c,
        ];
        for link in [Link::inbound(), Link::outbound()] {
            let link = link.with_remote(address).with_start_height(812_345);
            let ours = our_version(config.clone(), link);
            assert_eq!(ours.version, 70_016);
            assert_eq!(ours.services, 0x409);
            assert_eq!(ours.time, 1_700_000_000);
            assert_eq!(ours.receiver[8..], mapped);
            assert_eq!(ours.sender[8..], [0; 18]);
            assert_eq!(ours.height, 812_345);
            assert_eq!(ours.relay, Some(1));
            assert_eq!(ours.agent[..], config.user_agent.as_bytes()[..]);

            let mut hidden = config.clone();
            hidden.proxy = true;
            assert_eq!(our_version(hidden, link).receiver, [0; 26]);
            let mut quiet = config.clone();
            quiet.relay = false;
            assert_eq!(our_version(quiet, link).relay, Some(0));
        }
        // Row 29.
        for (purpose, relay) in [
            (Purpose::FullRelay, 1),
            (Purpose::BlockRelayOnly, 0),
            (Purpose::AddressFetch, 1),
            (Purpose::Feeler, 0),
        ] {
            let link = Link::outbound().with_purpose(purpose);
            assert_eq!(
                our_version(config.clone(), link).relay,
                Some(relay),
                "{purpose:?}"
            );
        }
    }
}

#[test]
fn no_two_connections_share_a_nonce() {
    let nonces = (0..64_u8).map(|seed| {
        let machine = |link| {
            let config = alloc::sync::Arc::new(config());
            let mut machine = peer_core::PeerMachine::from_seed(config, link, START, [seed; 32]);
            let bytes = machine.outbound().to_vec();
            VersionPayload::parse(&Frame::cut(&bytes).unwrap().0.payload)
                .unwrap()
                .nonce
        };
        machine(Link::outbound())
    });
    let mut nonces: Vec<u64> = nonces.collect();
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), 64);
}
