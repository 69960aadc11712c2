//! Row 135: when a remote that hangs up asks for v1, and when it does not.

use peer_core::{DisconnectReason, HangUp, Link, TransportKind, TransportPolicy};
use peer_tests::script::end;
use peer_tests::tape::Watched;

use super::remote::{Probe, Remote, config};

/// A machine that has sent `sent` bytes of its key and garbage, and heard nothing.
fn dialled(policy: TransportPolicy, sent: usize) -> Probe {
    let mut probe = Probe::new(config(), Link::outbound().with_transport(policy));
    if sent < probe.wire.heard.len() {
        probe = silent(policy);
        let n = probe.machine.outbound().len().min(sent);
        probe.machine.sent(n, probe.now);
    }
    probe
}

/// The same, and the socket has taken nothing.
fn silent(policy: TransportPolicy) -> Probe {
    let config = alloc::sync::Arc::new({
        let mut config = config();
        config.transport = policy;
        config
    });
    let mut probe = Probe::new((*config).clone(), Link::inbound());
    probe.reads = false;
    let start = peer_tests::script::START;
    probe.machine = Watched::new(config, Link::outbound(), start, [5; 32]);
    probe
}

fn hung_up(mut probe: Probe, how: HangUp) -> DisconnectReason {
    probe.reads = false;
    probe.machine.hung_up(how, probe.now);
    end(&probe.heard()).unwrap().clone()
}

#[test]
fn who_hangs_up_on_a_key_may_know_only_v1() {
    for how in [HangUp::EndOfStream, HangUp::Reset] {
        let reason = hung_up(dialled(TransportPolicy::Auto, usize::MAX), how);
        assert_eq!(reason, DisconnectReason::Downgrade(how));
        assert!(reason.asks_for_v1());
        assert_eq!(
            reason.to_string(),
            format!("hung up on v2, v1 is to be tried: {how}")
        );
        // A header is enough to be refused, and nothing less.
        let enough = hung_up(dialled(TransportPolicy::Auto, 24), how);
        assert_eq!(enough, DisconnectReason::Downgrade(how));
        let less = hung_up(dialled(TransportPolicy::Auto, 23), how);
        assert_eq!(less, DisconnectReason::HungUp(how));
    }
}

/// The fault of ours is no refusal (btcd takes every error for one).
#[test]
fn a_socket_that_fails_is_no_refusal() {
    let how = HangUp::LocalError;
    let reason = hung_up(dialled(TransportPolicy::Auto, usize::MAX), how);
    assert_eq!(reason, DisconnectReason::HungUp(how));
}

#[test]
fn who_wants_only_v2_is_not_told_to_try_v1() {
    let how = HangUp::EndOfStream;
    let reason = hung_up(dialled(TransportPolicy::V2, usize::MAX), how);
    assert_eq!(reason, DisconnectReason::HungUp(how));
}

#[test]
fn who_has_said_anything_knows_v2() {
    let mut probe = dialled(TransportPolicy::Auto, usize::MAX);
    probe.say_raw(&[0]);
    let reason = hung_up(probe, HangUp::Reset);
    assert_eq!(reason, DisconnectReason::HungUp(HangUp::Reset));
    let mut probe = dialled(TransportPolicy::Auto, usize::MAX);
    Remote::shake(&mut probe);
    let reason = hung_up(probe, HangUp::Reset);
    assert_eq!(reason, DisconnectReason::HungUp(HangUp::Reset));
}

/// Nobody who was dialled is told to dial.
#[test]
fn a_listener_never_downgrades() {
    let mut probe = Probe::new(config(), Link::inbound());
    probe.say_raw(&[0xff]);
    let reason = hung_up(probe, HangUp::Reset);
    assert_eq!(reason, DisconnectReason::HungUp(HangUp::Reset));
}

/// What is tried then: the same settings, and a link that says so.
#[test]
fn the_second_link_is_v1() {
    let link = Link::outbound().with_transport(TransportPolicy::V1);
    let probe = Probe::new(config(), link);
    assert_eq!(probe.machine.transport(), Some(TransportKind::V1));
    assert_eq!(probe.wire.heard[4..11], *b"version");
    assert_eq!(
        hung_up(probe, HangUp::Reset),
        DisconnectReason::HungUp(HangUp::Reset)
    );
}
