//! Recordings that are no conversation: a dialler of v2 who was refused, and a node that dialled itself.

use alloc::sync::Arc;

use peer_core::network::Network;
use peer_core::{
    Config, DisconnectReason, Event, FrameError, HangUp, Incompatible, Link, PeerMachine,
    TransportPolicy,
};
use peer_tests::capture::{Capture, Way};
use peer_tests::link::Cuts;
use peer_tests::pair::Pair;
use peer_tests::script::{Frame, Probe, START, VersionPayload, end};

use crate::recorded::hear;

fn config(secret: u8) -> Config {
    let mut config = Config::with_secret(Network::REGTEST, [secret; 32]);
    config.transport = TransportPolicy::V1;
    config
}

#[test]
fn a_stream_of_v2_is_wrong_magic_from_its_fourth_byte_on() {
    let capture = Capture::load("knots-knots-v2-refused-then-v1/conn-00");
    let stream = capture.stream(Way::FromDialler);
    assert_eq!(stream.len(), 1_581);
    let got = *stream.first_chunk().unwrap();
    let wrong_magic = DisconnectReason::Frame(FrameError::WrongMagic {
        got,
        expected: Network::REGTEST.magic,
    });
    let mut probe = Probe::new(config(1), Link::inbound());
    assert_eq!(end(&probe.say(&stream[..3])), None);
    assert_eq!(end(&probe.say(&stream[3..4])), Some(&wrong_magic));
    assert_eq!(probe.read(), [], "the listener said nothing, as recorded");

    let machine = || {
        let config = Arc::new(config(1));
        PeerMachine::from_seed(config, Link::inbound(), START, [1; 32]).into()
    };
    let whole = hear(&mut machine(), stream, Cuts::Whole);
    for cuts in (0..=stream.len()).map(Cuts::At).chain([Cuts::Bytewise]) {
        assert_eq!(hear(&mut machine(), stream, cuts), whole);
    }
    // The act and the end.
    assert_eq!(whole.events.len(), 2);
}

/// As recorded: the dialler says `version`, hears nothing, and both ends close.
#[test]
fn a_node_that_dialled_itself_hangs_up_without_a_word() {
    let capture = Capture::load("knots-self-connect-v1/conn-00");
    assert_eq!(capture.entries(Way::FromDialler).len(), 1);
    assert_eq!(capture.stream(Way::ToDialler), b"");

    let mut pair = Pair::new(config(1), config(1));
    pair.drive();
    let ourselves = DisconnectReason::Incompatible(Incompatible::SelfConnection);
    assert_eq!(end(&pair.listener.events), Some(&ourselves));
    assert_eq!(pair.listener.machine.stats().bytes_sent, 0);
    pair.dialler.machine.hung_up(HangUp::EndOfStream, pair.now);
    pair.drive();
    let hung_up = DisconnectReason::HungUp(HangUp::EndOfStream);
    assert_eq!(end(&pair.dialler.events), Some(&hung_up));
}

/// The recorded `version` itself is nobody's own nonce here: another node is answered.
#[test]
fn the_recorded_version_is_not_ours() {
    let capture = Capture::load("knots-self-connect-v1/conn-00");
    let stream = capture.stream(Way::FromDialler);
    let (frame, _) = Frame::cut(stream).unwrap();
    let recorded = VersionPayload::parse(&frame.payload).unwrap();
    let mut probe = Probe::new(config(1), Link::inbound());
    let events = probe.say(stream);
    assert!(matches!(&events[..], [Event::Version(version)] if version.nonce == recorded.nonce));
    assert_eq!(
        probe.read_names(),
        ["version", "wtxidrelay", "sendaddrv2", "verack"]
    );
}
