//! The tests of btcd's `peer` package (CONFORMANCE 2.14), as they are here. What is tested elsewhere is named in
//! `tests/FAULTS.md`. Not applicable yet, as they are about the encrypted transport: TestV2HandshakeAdmission, and the
//! tests of `p2pdowngrader`, `v2transport` and `internal/inbound`.

mod wire;

use crate::Probe;
use peer_core::message::{Message, MessageKind, UserAgent};
use peer_core::network::{Network, ServiceFlags};
use peer_core::{
    Config, Direction, DisconnectReason, Event, Incompatible, Link, Outcome, SendError,
    TransportPolicy, Violation,
};
use peer_tests::pair::Pair;
use peer_tests::script::{START, VersionPayload, end};

use crate::support::{assert_over, delivered};

/// As the Go tests: no ping of its own accord at the start.
fn config(secret: u8, version: u32, services: ServiceFlags) -> Config {
    let mut config = Config::with_secret(Network::REGTEST, [secret; 32]).like_btcd();
    // What is counted there is bytes of v1.
    config.transport = TransportPolicy::V1;
    config.user_agent = UserAgent::new("peer", "1.0", &["comment"]).unwrap();
    config.services = services;
    config.protocol_version = version;
    config
}

/// TestPeerConnection: plain, and through a proxy; each side with a version of its own, or both with the newest.
#[test]
fn two_peers_know_the_same_of_each_other() {
    // What follows each `version` before the `verack`: nothing, or `wtxidrelay` and `sendaddrv2`, which have no payload.
    for (version, between) in [(70_013, 0), (70_016, 2)] {
        for proxy in [false, true] {
            know_the_same(version, between, proxy);
        }
    }
}

fn know_the_same(version: u32, between: u64, proxy: bool) {
    let witness = ServiceFlags::NETWORK | ServiceFlags::WITNESS;
    let mut dialling = config(1, 70_016, witness);
    dialling.proxy = proxy;
    let listening = config(2, version, ServiceFlags::NONE);
    let remote = "10.0.0.1:8333".parse().unwrap();
    let link = Link::outbound().with_id(1).with_remote(remote);
    let link = link.with_start_height(5);
    let mut pair = Pair::linked((dialling, link), (listening, Link::inbound().with_id(2)));
    pair.drive();
    let (dialler, listener) = (&pair.dialler.machine, &pair.listener.machine);
    for (machine, other, services, advertised, height) in [
        (dialler, listener, ServiceFlags::NONE, version as i32, 0),
        (listener, dialler, witness, 70_016, 5),
    ] {
        let stats = machine.stats();
        assert!(machine.is_negotiated());
        assert_eq!(stats.negotiated_at, Some(START));
        let agent = stats.user_agent.as_ref().unwrap().to_string();
        assert_eq!(agent, "/peer:1.0(comment)/");
        assert_eq!(stats.services, Some(services));
        assert_eq!(stats.protocol_version, Some(version));
        assert_eq!(stats.advertised_version, Some(advertised));
        let heights = (stats.start_height, stats.last_block);
        assert_eq!(heights, (Some(height), Some(height)));
        assert_eq!(stats.time_offset, 0);
        let pings = (stats.ping, stats.min_ping, stats.last_ping);
        assert_eq!(pings, (None, None, None));
        let owed = (stats.ping_since, stats.ping_nonce, stats.pings_in_flight);
        assert_eq!(owed, (None, None, 0));
        assert_eq!(stats.connected_at, START);
        assert_eq!(stats.last_sent, Some(START));
        assert_eq!(stats.last_received, Some(START));
        // A `version` of 86 bytes and the user agent, and a `verack`, each with 24 of header.
        let greeting = 24 + 86 + 19;
        assert_eq!(stats.bytes_sent, greeting + between * 24 + 24);
        assert_eq!(stats.bytes_received, other.stats().bytes_sent);
        for (kind, bytes) in [(MessageKind::Version, greeting), (MessageKind::Verack, 24)] {
            for way in [&stats.traffic.sent, &stats.traffic.received] {
                let counter = way.get(Some(kind));
                assert_eq!((counter.messages, counter.bytes), (1, bytes), "{kind}");
            }
        }
        assert_eq!(stats.frames_sent, 2 + between);
        assert_eq!(stats.frames_received, 2 + between);
        assert_eq!(stats.disconnect_reason, None);
        // The snapshot is what can be looked up one by one.
        let remote = machine.remote().unwrap();
        assert_eq!(remote.services(), services);
        assert_eq!(remote.protocol_version, version);
        assert_eq!(remote.version.version, advertised);
        assert_eq!(remote.version.start_height, height);
        assert_eq!(stats.id, machine.link().id);
        assert_eq!(stats.direction, machine.link().direction);
    }
    let dialler = dialler.stats();
    assert_eq!((dialler.direction, dialler.id), (Direction::Outbound, 1));
    assert_eq!(dialler.remote_addr, Some(remote));
    let heard = listener.remote().unwrap();
    let listener = listener.stats();
    assert_eq!((listener.direction, listener.id), (Direction::Inbound, 2));
    let named = heard.version.receiver.socket_addr() == Some(remote);
    assert_eq!(named, !proxy, "{heard:?}");
}

/// TestPeerConnection: the clocks of two machines may differ by a second, and it is told which way.
#[test]
fn a_second_between_two_clocks_is_told() {
    for offset in [-1, 0, 1] {
        let remote = VersionPayload {
            time: 1_700_000_000 + offset,
            ..VersionPayload::default()
        };
        let config = config(1, 70_016, ServiceFlags::NONE);
        let probe = Probe::negotiated_with(config, Link::outbound(), &remote);
        assert_eq!(probe.machine.stats().time_offset, offset);
    }
}

/// TestOutboundPeer: after the end nothing blocks, and what was queued is told to be unsent.
#[test]
fn after_the_end_sending_is_refused_at_once() {
    let mut probe = Probe::new(config(1, 70_016, ServiceFlags::NONE), Link::outbound());
    probe.reads = false;
    let waiting = probe.machine.send(Message::GetAddr).unwrap();
    probe.machine.abort();
    let events = probe.heard();
    let [Event::Disconnected { sent_through, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    assert!(sent_through.is_none_or(|sent| sent < waiting));
    for _ in 0..100 {
        assert!(matches!(
            probe.machine.send(Message::GetAddr),
            Err(SendError::Closed)
        ));
    }
    let command = probe.machine.command(Message::GetAddr.into());
    assert!(!matches!(command, Ok(Outcome::Queued(_))));
    assert_over(&mut probe, &events);
}

/// TestUnsupportedVersionPeer: our `version`, and not a word more.
#[test]
fn a_peer_of_version_one_is_refused_without_a_word() {
    let mut probe = Probe::new(config(1, 70_016, ServiceFlags::NONE), Link::outbound());
    assert_eq!(probe.read_names(), ["version"]);
    let events = probe.tell(&VersionPayload::of(1).frame());
    let refused = DisconnectReason::Incompatible(Incompatible::Version {
        version: 1,
        minimum: 209,
    });
    assert_eq!(end(&events), Some(&refused));
    assert_eq!(probe.read(), []);
    assert_over(&mut probe, &events);
}

/// TestDuplicateVersionMsg.
#[test]
fn a_second_version_ends_the_connection() {
    let mut probe = Probe::negotiated(config(1, 70_016, ServiceFlags::NONE), Link::inbound());
    let events = probe.tell(&VersionPayload::default().frame());
    let twice: DisconnectReason = Violation::DuplicateVersion.into();
    assert_eq!(end(&events), Some(&twice));
}

/// TestSendAddrV2Handshake: `addrv2` only between two that know it.
#[test]
fn addrv2_is_agreed_on_between_two_that_know_it() {
    for (dialler, listener) in [(70_016, 70_016), (70_015, 70_016), (70_016, 70_015)] {
        let none = ServiceFlags::NONE;
        let mut pair = Pair::new(config(1, dialler, none), config(2, listener, none));
        pair.drive();
        let agreed = dialler.min(listener) >= 70_016;
        for side in [&pair.dialler, &pair.listener] {
            assert!(side.machine.is_negotiated());
            assert_eq!(side.machine.stats().addr_v2, agreed, "{dialler} {listener}");
            let said = delivered(&side.events).contains(&"sendaddrv2".to_owned());
            assert_eq!(said, agreed);
        }
    }
}
