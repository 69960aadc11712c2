//! v2 and v1: which is agreed on, whoever dials, and what becomes of those who know only one.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};

use peer_core::{
    Config, DisconnectReason, FrameError, Goodbye, HangUp, Timeout, TransportKind, TransportPolicy,
    V2Stage,
};
use peer_tests::script::{REGTEST, VersionPayload};

use crate::adapter::{Adapter, End};
use crate::plain::Plain;
use crate::scene::{SHORT, Scene, diallers, in_v1, limits, listeners};
use crate::told::{to_the_end, until_negotiated};

fn only_v2(mut config: Config) -> Config {
    config.transport = TransportPolicy::V2;
    config
}

pub(crate) fn v2_is_agreed_on<A: Adapter>() {
    for (ours, theirs) in [
        (diallers(), listeners()),
        (only_v2(diallers()), listeners()),
        (diallers(), only_v2(listeners())),
    ] {
        let scene = Scene::<A>::new(theirs);
        let dialled = scene.adapter.dial(scene.listening.address, ours).unwrap();
        let accepted = scene.accepted();
        until_negotiated(&*dialled);
        until_negotiated(&*accepted);
        let (here, there) = (dialled.stats(), accepted.stats());
        assert_eq!(here.transport, Some(TransportKind::V2));
        assert_eq!(there.transport, Some(TransportKind::V2));
        assert!(here.session_id.is_some());
        assert_eq!(here.session_id, there.session_id);
    }
}

pub(crate) fn v1_is_spoken_with_who_dials_so<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let dialled = scene
        .adapter
        .dial(scene.listening.address, in_v1(diallers()))
        .unwrap();
    let accepted = scene.accepted();
    for end in [&dialled, &accepted] {
        until_negotiated(&**end);
        let stats = end.stats();
        assert_eq!(stats.transport, Some(TransportKind::V1));
        assert_eq!(stats.session_id, None);
    }
}

/// A node on a thread, which lives as `life` says; where it listens.
fn node<R: Send + 'static>(
    life: impl FnOnce(&TcpListener) -> R + Send + 'static,
) -> (SocketAddr, JoinHandle<(TcpListener, R)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let rest = life(&listener);
        (listener, rest)
    });
    (address, thread)
}

/// Hangs up on who comes next as soon as it is clear how they begin: the bytes that tell.
fn hang_up_on_next(listener: &TcpListener) -> Vec<u8> {
    let mut plain = Plain::accept(listener);
    let begin = plain.hear_bytes(24);
    plain.hang_up();
    begin
}

fn assert_hung_up(reason: &DisconnectReason) {
    assert!(
        matches!(
            reason,
            DisconnectReason::HungUp(HangUp::EndOfStream | HangUp::Reset)
        ),
        "{reason}"
    );
}

fn assert_nobody_else_comes(listener: &TcpListener) {
    listener.set_nonblocking(true).unwrap();
    thread::sleep(SHORT);
    let error = listener.accept().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

pub(crate) fn who_knows_only_v1_is_dialled_once_more<A: Adapter>() {
    let (address, node) = node(|listener| {
        assert_ne!(hang_up_on_next(listener)[..4], REGTEST);
        let (stream, from) = listener.accept().unwrap();
        let mut plain = Plain::new(stream);
        plain.shake_hands();
        (from, plain)
    });
    let adapter = A::start();
    let end = adapter.dial(address, diallers()).unwrap();
    until_negotiated(&*end);
    let (listener, (came_from, mut plain)) = node.join().unwrap();
    let stats = end.stats();
    assert_eq!(stats.transport, Some(TransportKind::V1));
    assert_eq!(stats.session_id, None);
    let link = end.link();
    assert_eq!((link.remote, link.local), (Some(address), Some(came_from)));
    assert!(plain.is_answered(5));
    assert_nobody_else_comes(&listener);
}

/// Once, and no more.
pub(crate) fn who_refuses_v1_as_well_is_left<A: Adapter>() {
    let (address, node) = node(|listener| [(); 2].map(|()| hang_up_on_next(listener)));
    let adapter = A::start();
    let end = adapter.dial(address, diallers()).unwrap();
    assert_hung_up(&to_the_end(&*end).reason);
    let (listener, begins) = node.join().unwrap();
    assert_ne!(begins[0][..4], REGTEST);
    assert_eq!(begins[1][..4], REGTEST);
    assert_nobody_else_comes(&listener);
}

/// Who wants v2 and nothing else is not given v1.
pub(crate) fn v2_alone_is_not_downgraded<A: Adapter>() {
    let (address, node) = node(hang_up_on_next);
    let adapter = A::start();
    let end = adapter.dial(address, only_v2(diallers())).unwrap();
    assert_hung_up(&to_the_end(&*end).reason);
    assert_nobody_else_comes(&node.join().unwrap().0);
}

/// A remote that has said anything at all knows v2, or is no node: there is no second try.
pub(crate) fn who_has_answered_is_not_dialled_again<A: Adapter>() {
    let (address, node) = node(|listener| {
        let mut plain = Plain::accept(listener);
        plain.hear_bytes(64);
        plain.say(&[7]);
        plain.stop_talking();
        plain.hear_and_forget();
    });
    let adapter = A::start();
    let end = adapter.dial(address, diallers()).unwrap();
    let rest = to_the_end(&*end);
    let truncated = DisconnectReason::HungUp(HangUp::Truncated);
    assert_eq!(rest.reason, truncated);
    assert_nobody_else_comes(&node.join().unwrap().0);
}

pub(crate) fn v1_is_refused_where_only_v2_is_accepted<A: Adapter>() {
    let scene = Scene::<A>::new(only_v2(listeners()));
    let (end, mut plain) = scene.meet();
    plain.tell(&VersionPayload::default().frame());
    assert_eq!(plain.hear_all(), []);
    let refused = DisconnectReason::Frame(FrameError::V1Refused);
    assert_eq!(to_the_end(&*end).reason, refused);
}

/// A v2 dialler where only v1 is accepted: hung up on, and there again in v1.
pub(crate) fn v2_is_refused_where_only_v1_is_accepted<A: Adapter>() {
    let scene = Scene::<A>::new(in_v1(listeners()));
    let dialled = scene
        .adapter
        .dial(scene.listening.address, diallers())
        .unwrap();
    let refused = to_the_end(&*scene.accepted()).reason;
    assert!(
        matches!(
            refused,
            DisconnectReason::Frame(FrameError::WrongMagic { .. })
        ),
        "{refused}"
    );
    until_negotiated(&*dialled);
    until_negotiated(&*scene.accepted());
    assert_eq!(dialled.stats().transport, Some(TransportKind::V1));
}

/// Silence after the connection was made is no wish for v1: a node that does not know v2 hangs up.
pub(crate) fn silence_is_no_downgrade<A: Adapter>() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let adapter = A::start();
    let mut config = diallers();
    config.timeouts.v2_stage = Some(SHORT);
    let end = adapter.dial(address, config).unwrap();
    let late = DisconnectReason::Timeout(Timeout::V2Handshake(V2Stage::Key));
    assert_eq!(to_the_end(&*end).reason, late);
    drop(Plain::accept(&listener));
    assert_nobody_else_comes(&listener);
}

/// So many at once, and no more; v1 costs nothing and is not counted.
pub(crate) fn v2_handshakes_are_limited<A: Adapter>() {
    let adapter = A::start_with(Some(limits(3)));
    let listening = adapter.listen(listeners());
    let scene = Scene { adapter, listening };
    let mut kept = Vec::new();
    for _ in 0..3 {
        kept.push(scene.pair());
    }
    let refused = scene
        .adapter
        .dial(scene.listening.address, only_v2(diallers()));
    let reason = to_the_end(&*scene.accepted()).reason;
    assert_eq!(reason, DisconnectReason::Local(Goodbye::V2Refused));
    let reason = to_the_end(&*refused.unwrap()).reason;
    assert!(matches!(reason, DisconnectReason::HungUp(_)), "{reason}");
    let (_end, mut plain) = scene.met();
    assert!(plain.is_answered(1));
    for (dialled, accepted) in &kept {
        assert_eq!(dialled.stats().session_id, accepted.stats().session_id);
    }
}
