//! The tests of btcd's `peer` package (CONFORMANCE 2.14), as they are here. What is tested elsewhere is named in
//! `tests/FAULTS.md`, which also tells which rows belong to the encrypted transport.

use peer_core::message::{Message, UserAgent};
use peer_core::network::{Network, ServiceFlags};
use peer_core::{
    Config, Direction, DisconnectReason, Event, Incompatible, Link, Outcome, SendError, Violation,
};
use peer_tests::pair::Pair;
use peer_tests::script::{Frame, Probe, START, VersionPayload, end};

use crate::support::{assert_over, delivered};

/// As the Go tests: no ping of its own accord at the start.
fn config(secret: u8, version: u32, services: ServiceFlags) -> Config {
    let mut config = Config::with_secret(Network::REGTEST, [secret; 32]).like_btcd();
    config.user_agent = UserAgent::new("peer", "1.0", &["comment"]).unwrap();
    config.services = services;
    config.protocol_version = version;
    config
}

/// TestPeerConnection: plain, and through a proxy; each side with a version of its own.
#[test]
fn two_peers_know_the_same_of_each_other() {
    let witness = ServiceFlags::NETWORK | ServiceFlags::WITNESS;
    for proxy in [false, true] {
        let mut dialling = config(1, 70_016, witness);
        dialling.proxy = proxy;
        let listening = config(2, 70_013, ServiceFlags::NONE);
        let remote = "10.0.0.1:8333".parse().unwrap();
        let link = Link::outbound()
            .with_id(1)
            .with_remote(remote)
            .with_start_height(5);
        let mut pair = Pair::linked((dialling, link), (listening, Link::inbound().with_id(2)));
        pair.drive();
        for (side, other, services) in [
            (&pair.dialler, &pair.listener, ServiceFlags::NONE),
            (&pair.listener, &pair.dialler, witness),
        ] {
            let stats = side.machine.stats();
            assert!(side.machine.is_negotiated());
            assert_eq!(stats.negotiated_at, Some(START));
            assert_eq!(
                stats.user_agent.as_ref().unwrap().to_string(),
                "/peer:1.0(comment)/"
            );
            assert_eq!(stats.services, Some(services));
            let has_witness = services.contains(ServiceFlags::WITNESS);
            assert_eq!(
                side.machine
                    .remote()
                    .unwrap()
                    .services()
                    .contains(ServiceFlags::WITNESS),
                has_witness
            );
            assert_eq!(stats.protocol_version, Some(70_013));
            assert_eq!(stats.time_offset, 0);
            assert_eq!(
                (stats.ping, stats.last_ping, stats.ping_nonce),
                (None, None, None)
            );
            assert_eq!((stats.connected_at, stats.last_sent), (START, Some(START)));
            // A `version` of 86 bytes and the user agent, and a `verack`, each with 24 of header. The version agreed on
            // has nothing in between.
            assert_eq!(stats.bytes_sent, 24 + 86 + 19 + 24);
            assert_eq!(stats.bytes_received, other.machine.stats().bytes_sent);
            // The snapshot is what can be looked up one by one.
            let remote = side.machine.remote().unwrap();
            assert_eq!(stats.advertised_version, Some(remote.version.version));
            assert_eq!(stats.start_height, Some(remote.version.start_height));
            assert_eq!(stats.last_block, stats.start_height);
            assert_eq!(stats.id, side.machine.link().id);
            assert_eq!(stats.direction, side.machine.link().direction);
            assert_eq!(stats.disconnect_reason, None);
        }
        let dialler = pair.dialler.machine.stats();
        assert_eq!((dialler.direction, dialler.id), (Direction::Outbound, 1));
        assert_eq!(dialler.remote_addr, Some(remote));
        assert_eq!(pair.listener.machine.stats().start_height, Some(5));
        let heard = &pair.listener.machine.remote().unwrap().version.receiver;
        let named = heard.socket_addr() == Some(remote);
        assert_eq!(named, !proxy, "{heard:?}");
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

/// Fault 26, and wire's TestReadMessageWireErrors: every byte counts, whatever became of its frame.
#[test]
fn bytes_of_frames_that_came_to_nothing_are_counted() {
    let ping = Frame::ping(1);
    let unknown = Frame::new("unknown", vec![0; 15 * 1_024]);
    let cases = [
        (
            "a wrong checksum",
            Frame::new("ping", [1, 2]).with_bad_checksum(),
            26,
        ),
        ("no name", Frame::empty("x").with_command([0xff; 12]), 24),
        ("a payload cut short", Frame::new("ping", [1]), 25),
        ("unknown", unknown, 24 + 15 * 1_024),
        ("fine", ping, 32),
    ];
    for (what, frame, length) in cases {
        let forgiving = Config::with_secret(Network::REGTEST, [1; 32]);
        let mut probe = Probe::negotiated(forgiving, Link::inbound());
        let before = probe.machine.stats();
        probe.now = probe.now.saturating_add(core::time::Duration::from_secs(9));
        probe.tell(&frame);
        let after = probe.machine.stats();
        assert_eq!(
            after.bytes_received - before.bytes_received,
            length,
            "{what}"
        );
        assert_eq!(
            after.traffic.received.total().bytes,
            after.bytes_received,
            "{what}"
        );
        assert_eq!(after.last_received, Some(probe.now), "{what}");
        assert_eq!(after.frames_received - before.frames_received, 1, "{what}");
    }
}
