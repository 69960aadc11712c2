//! What applications do wrong, or just do: clear errors, no harm.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use peer_core::message::Message;
use peer_core::{Command, DisconnectReason, Event, Goodbye, SendError};
use peer_tests::script::VersionPayload;
use socket2::{Domain, Socket, Type};

use crate::adapter::{Adapter, End, Heard, NotQueued, NotSent};
use crate::scene::{SHORT, Scene, diallers, fill, listeners};
use crate::told::{numbered, numbered_frame, take, to_the_end};

const LOCAL: DisconnectReason = DisconnectReason::Local(Goodbye::Requested);

/// Fails unless everything is refused, clearly, and nothing more happens.
fn assert_over(end: &Arc<impl End>, reason: &DisconnectReason) {
    match end.command(numbered(1, 0).into()) {
        Err(NotSent::Disconnected(why)) => assert_eq!(why, *reason),
        other => panic!("{other:?}"),
    }
    match end.queue(numbered(2, 5).into()) {
        Err(NotQueued::Closed(Command::Send(message))) => {
            assert_eq!(*message.message(), numbered(2, 5));
        }
        other => panic!("{other:?}"),
    }
    end.disconnect();
    end.abort();
    end.abort();
    assert_eq!(end.closed(), *reason);
    assert!(matches!(end.next_event(Duration::ZERO), Heard::Over));
}

pub(crate) fn after_the_end<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (end, plain) = scene.met();
    let before = end.stats();
    plain.stop_talking();
    let reason = to_the_end(&*end).reason;
    assert_over(&end, &reason);
    let stats = end.stats();
    assert!(stats.bytes_received >= before.bytes_received);
    assert_eq!(stats.disconnect_reason, Some(reason));
    assert!(end.remote().is_some(), "what was known still is");
}

pub(crate) fn ended_again_and_again<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    type Ways<E> = [fn(&E); 4];
    let ways: Ways<A::End> = [
        |end| (0..2).for_each(|_| end.abort()),
        |end| (0..2).for_each(|_| end.disconnect()),
        |end| {
            end.disconnect();
            end.abort();
        },
        |end| {
            for command in [Command::Disconnect, Command::Abort] {
                let _ = end.queue(command);
            }
        },
    ];
    for way in ways {
        let (end, plain) = scene.met();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| way(&end));
            }
        });
        plain.hear_all();
        assert_eq!(to_the_end(&*end).reason, LOCAL);
        assert_over(&end, &LOCAL);
    }
}

pub(crate) fn ended_within_the_handshake<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    type Ways<E> = [fn(&E); 2];
    let ways: Ways<A::End> = [A::End::abort, A::End::disconnect];
    for (said, way) in [false, true]
        .into_iter()
        .flat_map(|said| ways.map(|way| (said, way)))
    {
        let (end, mut plain) = scene.meet();
        if said {
            plain.tell(&VersionPayload::default().frame());
            plain.hear_named("version");
        }
        // Waits for the end of a handshake that never comes.
        let sender = thread::spawn({
            let end = end.clone();
            move || end.command(numbered(1, 0).into())
        });
        way(&end);
        let heard = plain.hear_all();
        let rest = to_the_end(&*end);
        assert!(rest.reason == LOCAL && !rest.negotiated, "{rest:?}");
        match sender.join().unwrap() {
            Err(NotSent::Disconnected(LOCAL)) => {}
            other => panic!("{other:?}"),
        }
        assert_over(&end, &LOCAL);
        assert!(heard.iter().all(|frame| frame.name() != "numbered"));
    }
}

/// What was queued is flushed, then the stream ends.
pub(crate) fn dropped<A: Adapter>() {
    const LEN: usize = 90_000;
    let scene = Scene::<A>::new(listeners());
    let (end, mut plain) = scene.met();
    let queued = fill(&*end, LEN);
    drop(end);
    for number in 0..queued {
        let heard = plain.hear_named("numbered");
        assert!(heard == numbered_frame(number, LEN), "{number}");
    }
    assert_eq!(plain.hear(), None);
    // Before the handshake there is nothing to flush.
    let (end, mut plain) = scene.meet();
    drop(end);
    assert_eq!(plain.hear(), None);
    let (_end, mut plain) = scene.met();
    assert!(plain.is_answered(8), "others live on");
}

pub(crate) fn refused_messages<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (end, mut plain) = scene.met();
    match end.command(Message::Verack.into()) {
        Err(NotSent::Refused(SendError::Reserved { command })) => {
            assert_eq!(command.as_str(), "verack");
        }
        other => panic!("{other:?}"),
    }
    // One byte more than the largest frame has.
    match end.command(numbered(1, 4_000_001).into()) {
        Err(NotSent::Refused(SendError::Encode(_))) => {}
        other => panic!("{:.200}", format!("{other:?}")),
    }
    end.queue(Message::Verack.into()).unwrap();
    end.command(numbered(2, 0).into()).unwrap();
    let mut heard = Vec::new();
    while heard.last() != Some(&numbered_frame(2, 0)) {
        heard.push(plain.hear().unwrap());
    }
    assert!(heard.iter().all(|frame| frame.name() != "verack"));
    assert!(plain.is_answered(9));
}

pub(crate) fn nobody_listens<A: Adapter>() {
    let adapter = A::start();
    // Taken, so that nobody else here comes to listen there, and deaf.
    let deaf = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    deaf.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    let address = deaf.local_addr().unwrap().as_socket().unwrap();
    match adapter.dial(address, diallers()) {
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
        Ok(end) => {
            let reason = to_the_end(&*end).reason;
            assert!(matches!(reason, DisconnectReason::HungUp(_)), "{reason}");
        }
    }
}

pub(crate) fn a_configuration_that_contradicts_itself<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let mut config = diallers();
    config.timeouts.negotiation = Duration::ZERO;
    let refused = scene.adapter.dial(scene.listening.address, config);
    assert_eq!(refused.err().unwrap().kind(), ErrorKind::InvalidInput);
    if let Ok(end) = scene.listening.accepted.recv_timeout(SHORT) {
        // Who finds out after it has dialled hangs up without a word.
        assert!(matches!(take(&*end), Some(Event::Disconnected { .. })));
    }
}
