//! Remotes that say nothing, at every stage: found out in time, and not before.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

use peer_core::{Config, DisconnectReason, Timeout};
use peer_tests::script::{Frame, VersionPayload};

use crate::adapter::{Adapter, End};
use crate::plain::Plain;
use crate::scene::{SHORT, Scene, diallers, in_v1, listeners};
use crate::told::{numbered_frame, to_the_end};

/// Fails unless the end comes for this, `SHORT` after `since` at the earliest. There is no telling how busy the machine
/// is, so the latest is the watchdog's.
fn assert_found_out(end: &Arc<impl End>, since: Instant, timeout: Timeout) {
    let rest = to_the_end(&**end);
    assert_eq!(rest.reason, DisconnectReason::Timeout(timeout));
    assert!(since.elapsed() >= SHORT, "after {:?}", since.elapsed());
}

/// Only what is tested runs out.
fn patient(mut config: Config) -> Config {
    config.timeouts.ping_interval = None;
    config.timeouts.pong = None;
    config.timeouts.idle = None;
    config
}

pub(crate) fn without_a_version<A: Adapter>() {
    let mut config = patient(listeners());
    config.timeouts.negotiation = SHORT;
    let scene = Scene::<A>::new(config);
    let since = Instant::now();
    let (end, plain) = scene.meet();
    assert_found_out(&end, since, Timeout::Negotiation);
    assert_eq!(plain.hear_all(), []);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = patient(in_v1(diallers()));
    config.timeouts.negotiation = SHORT;
    let since = Instant::now();
    let address = listener.local_addr().unwrap();
    let end = scene.adapter.dial(address, config).unwrap();
    let plain = Plain::accept(&listener);
    assert_found_out(&end, since, Timeout::Negotiation);
    let names: Vec<_> = plain.hear_all().iter().map(Frame::name).collect();
    assert_eq!(names, ["version"]);
}

/// The time for the handshake is absolute: bytes do not extend it.
pub(crate) fn within_a_version<A: Adapter>() {
    let mut config = patient(listeners());
    config.timeouts.negotiation = SHORT;
    let scene = Scene::<A>::new(config);
    let since = Instant::now();
    let (end, mut plain) = scene.meet();
    let version = VersionPayload::default().frame().to_bytes();
    let (last, rest) = version.split_last().unwrap();
    plain.say(rest);
    assert_found_out(&end, since, Timeout::Negotiation);
    assert_eq!(end.remote(), None);
    let _ = plain.say_what_is_taken(&[*last], SHORT);
    assert_eq!(plain.hear_all(), []);
}

pub(crate) fn without_a_pong<A: Adapter>() {
    let mut config = patient(listeners());
    config.timeouts.ping_interval = listeners().timeouts.ping_interval;
    config.timeouts.pong = Some(SHORT);
    let scene = Scene::<A>::new(config);
    let since = Instant::now();
    let (end, mut plain) = scene.met();
    plain.hear_named("ping");
    // It may say what else it likes.
    plain.tell(&numbered_frame(1, 10));
    assert_found_out(&end, since, Timeout::Pong);
}

pub(crate) fn without_a_byte<A: Adapter>() {
    let mut config = patient(listeners());
    config.timeouts.idle = Some(SHORT);
    let scene = Scene::<A>::new(config);
    let since = Instant::now();
    let (end, plain) = scene.met();
    assert_found_out(&end, since, Timeout::Idle);
    let heard: Vec<_> = plain.hear_all().iter().map(Frame::name).collect();
    assert!(heard.iter().all(|name| name == "ping"), "{heard:?}");
}

pub(crate) fn within_a_frame<A: Adapter>() {
    let mut config = patient(listeners());
    config.timeouts.idle = Some(SHORT);
    let scene = Scene::<A>::new(config);
    for (len, cut) in [(10, 12), (10, 30), (500_000, 250_000)] {
        let since = Instant::now();
        let (end, mut plain) = scene.met();
        let frame = numbered_frame(1, len).to_bytes();
        // On a very busy machine it was silent for too long by now.
        plain.say_what_is_taken(&frame[..cut], SHORT);
        assert_found_out(&end, since, Timeout::Idle);
        plain.hear_all();
    }
}
