//! Permission, before curve work is spent on a stranger.

use core::time::Duration;

use peer_core::{Config, DisconnectReason, Event, Goodbye, HangUp, Link, Timeout, TransportKind};
use peer_tests::script::{VersionPayload, end};

use super::remote::{Probe, assert_open, config, pair};

fn asking() -> Config {
    let mut config = config();
    config.v2.admission = true;
    config
}

/// A stranger has said its key, and the application was asked.
fn asked() -> Probe {
    let mut probe = Probe::new(asking(), Link::inbound());
    probe.say_raw(pair().ellswift());
    let events = probe.heard();
    assert!(matches!(events[..], [Event::V2Admission]), "{events:?}");
    assert_eq!(probe.wire.heard, b"");
    probe
}

#[test]
fn who_is_admitted_is_answered() {
    let mut probe = asked();
    // Nothing else happens meanwhile, and it is asked once.
    probe.say_raw(&[0; 1_000]);
    probe.wait(Duration::from_secs(20));
    assert_open(&mut probe);
    probe.machine.admit_v2();
    assert_open(&mut probe);
    // Key, garbage, terminator, version packet.
    assert_eq!(probe.wire.heard.len(), 64 + 7 + 16 + 20);
    // Too late to change one's mind.
    probe.machine.refuse_v2();
    probe.machine.admit_v2();
    assert_open(&mut probe);
}

#[test]
fn who_is_refused_is_left() {
    let mut probe = asked();
    probe.machine.refuse_v2();
    let refused = DisconnectReason::Local(Goodbye::V2Refused);
    assert_eq!(end(&probe.heard()), Some(&refused));
}

/// Whoever is refused hears something, so that it does not come again in the clear.
#[test]
fn a_refusal_is_no_downgrade() {
    let mut dialler = Probe::new(config(), Link::outbound());
    let mut listener = Probe::new(asking(), Link::inbound());
    listener.say_raw(&dialler.wire.heard);
    listener.machine.refuse_v2();
    listener.heard();
    assert!(listener.machine.is_closed());
    assert_eq!(listener.wire.heard.len(), 8);
    dialler.say_raw(&listener.wire.heard);
    dialler.machine.hung_up(HangUp::EndOfStream, dialler.now);
    let left = DisconnectReason::HungUp(HangUp::Truncated);
    assert_eq!(end(&dialler.heard()), Some(&left));
}

/// The time of the handshake goes on.
#[test]
fn nobody_waits_for_ever() {
    let mut probe = asked();
    let events = probe.wait(Duration::from_secs(30));
    let late = DisconnectReason::Timeout(Timeout::Negotiation);
    assert_eq!(end(&events), Some(&late));
}

#[test]
fn a_stranger_that_leaves_is_forgotten() {
    let mut probe = asked();
    probe.machine.hung_up(HangUp::EndOfStream, probe.now);
    let left = DisconnectReason::HungUp(HangUp::Truncated);
    assert_eq!(end(&probe.heard()), Some(&left));
    probe.machine.admit_v2();
    assert_eq!(probe.wire.heard, b"");
}

/// v1 costs no curve work, and dialling is our own wish.
#[test]
fn nobody_else_needs_permission() {
    let mut probe = Probe::new(asking(), Link::inbound());
    let events = probe.say(&VersionPayload::default().frame().to_bytes());
    assert!(matches!(events[..], [Event::Version(_)]), "{events:?}");
    assert_eq!(probe.machine.transport(), Some(TransportKind::V1));
    let mut probe = Probe::new(asking(), Link::outbound());
    assert_open(&mut probe);
    assert_eq!(probe.wire.heard.len(), 64 + 7);
    // Without the setting nobody is asked, and nothing that is said changes anything.
    let mut probe = Probe::new(config(), Link::inbound());
    probe.machine.admit_v2();
    probe.machine.refuse_v2();
    probe.say_raw(&[0xff]);
    assert_eq!(probe.wire.heard.len(), 64 + 7);
}
