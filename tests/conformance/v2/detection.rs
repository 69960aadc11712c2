//! Telling v1 from v2 by what comes first (rows 126, 127 and 129).

use peer_core::network::Network;
use peer_core::{
    DisconnectReason, FrameError, Link, Timeout, TransportKind, TransportPolicy, V2Stage,
};
use peer_tests::script::{REGTEST, VersionPayload, end};

use super::remote::{OURS, Probe, assert_open, config, config_as, ended};
use crate::support::Preset;

/// What a v1 connection begins with.
fn version() -> Vec<u8> {
    VersionPayload::default().frame().to_bytes()
}

/// Row 126.
#[test]
fn fifteen_bytes_of_v1_decide_nothing_and_the_sixteenth_does() {
    for preset in Preset::ALL {
        let mut probe = Probe::new(config_as(preset), Link::inbound());
        for byte in &version()[..15] {
            probe.say_raw(&[*byte]);
            assert_open(&mut probe);
            assert_eq!(probe.machine.transport(), None);
        }
        probe.say_raw(&version()[15..16]);
        assert_eq!(probe.machine.transport(), Some(TransportKind::V1));
        assert_eq!(probe.machine.stats().session_id, None);
        assert_eq!(probe.wire.heard, b"");
        probe.say_raw(&version()[16..]);
        assert_eq!(probe.wire.heard[..16], version()[..16]);
        // In one piece it is the same.
        let mut whole = Probe::new(config_as(preset), Link::inbound());
        whole.say_raw(&version());
        assert_eq!(whole.wire.heard, probe.wire.heard);
    }
}

/// Row 129: nothing is said before the first byte that differs, and the key right after it.
#[test]
fn the_first_byte_that_differs_decides_for_v2() {
    for preset in Preset::ALL {
        for differs in 0..16 {
            let mut probe = Probe::new(config_as(preset), Link::inbound());
            probe.say_raw(&version()[..differs]);
            assert_eq!(probe.wire.heard, b"");
            assert_open(&mut probe);
            probe.say_raw(&[version()[differs] ^ 1]);
            assert_eq!(probe.wire.heard.len(), 64 + OURS.len(), "{differs}");
            assert_open(&mut probe);
            assert_eq!(probe.machine.transport(), None);
            // Row 130.
            probe.wait(core::time::Duration::from_secs(15));
            let late = Timeout::V2Handshake(V2Stage::Key);
            assert_eq!(
                probe.machine.stats().disconnect_reason,
                Some(DisconnectReason::Timeout(late))
            );
        }
    }
}

/// Row 127: it could be a key, but nobody believes that.
#[test]
fn a_version_of_another_network_is_no_key() {
    for preset in Preset::ALL {
        for network in [Network::MAINNET, Network::SIGNET, Network::LITECOIN] {
            let mut settings = preset.config();
            settings.transport = TransportPolicy::Auto;
            let mut probe = Probe::new(settings, Link::inbound());
            let frame = VersionPayload::default().frame();
            let stranger = frame.with_magic(network.magic).to_bytes();
            probe.say_raw(&stranger[..15]);
            assert_open(&mut probe);
            probe.say_raw(&stranger[15..16]);
            let wrong = FrameError::WrongMagic {
                got: network.magic,
                expected: REGTEST,
            };
            assert_eq!(ended(&mut probe), Some(DisconnectReason::Frame(wrong)));
        }
    }
}

/// Who accepts only one of the two.
#[test]
fn policies_refuse_the_other_transport() {
    let mut probe = Probe::new(
        config(),
        Link::inbound().with_transport(TransportPolicy::V2),
    );
    probe.say_raw(&version()[..15]);
    assert_open(&mut probe);
    probe.say_raw(&version()[15..16]);
    let refused = DisconnectReason::Frame(FrameError::V1Refused);
    assert_eq!(ended(&mut probe), Some(refused));
    assert_eq!(probe.wire.heard, b"");

    let only_v1 = Link::inbound().with_transport(TransportPolicy::V1);
    let mut probe = Probe::new(config(), only_v1);
    assert_eq!(probe.machine.transport(), Some(TransportKind::V1));
    probe.say_raw(super::remote::pair().ellswift());
    let events = probe.heard();
    assert!(matches!(
        end(&events),
        Some(DisconnectReason::Frame(FrameError::WrongMagic { .. }))
    ));
    assert_eq!(probe.wire.heard, b"");
}

/// Where nodes know no v2 it is neither offered nor expected, unless asked for.
#[test]
fn networks_without_v2() {
    let mut settings = config();
    settings.network = Network::LITECOIN_REGTEST;
    let probe = Probe::new(settings.clone(), Link::outbound());
    assert_eq!(probe.machine.transport(), Some(TransportKind::V1));
    assert_eq!(probe.wire.heard[..16], version()[..16]);
    let mut probe = Probe::new(settings.clone(), Link::inbound());
    probe.say_raw(b"GET ");
    assert!(matches!(
        ended(&mut probe),
        Some(DisconnectReason::Frame(FrameError::WrongMagic { .. }))
    ));
    let asked = Link::outbound().with_transport(TransportPolicy::V2);
    let probe = Probe::new(settings, asked);
    assert_eq!(probe.wire.heard.len(), 64 + OURS.len());
}
