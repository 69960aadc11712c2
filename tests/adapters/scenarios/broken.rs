//! Connections that end at the remote's side: half, in the middle of something, or with a reset.

use std::thread;

use peer_core::{DisconnectReason, HangUp};
use peer_tests::script::stream;

use crate::adapter::{Adapter, End, NotQueued, NotSent};
use crate::plain::Plain;
use crate::scene::{Scene, fill, listeners, until};
use crate::told::{assert_numbered, numbered, numbered_frame, to_the_end};

const LEN: usize = 90_000;

/// Queued by now: what a machine holds for its remote (`Limits::send_high`), and more than a kernel takes at once.
pub(crate) fn half_closed<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (end, plain) = scene.met();
    for number in 0..10 {
        end.queue(numbered(number, LEN).into()).unwrap();
    }
    assert_flushed(&*end, plain, 10);
}

/// As much as the adapter takes.
pub(crate) fn half_closed_with_a_full_queue<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (end, plain) = scene.met();
    let queued = fill(&*end, LEN);
    assert_flushed(&*end, plain, queued as usize);
}

/// The remote says one thing more, and that it says no more: it still gets all that was queued for it.
fn assert_flushed(end: &impl End, mut plain: Plain, queued: usize) {
    plain.tell(&numbered_frame(100, 10));
    plain.stop_talking();
    let mut heard = plain.hear_all();
    heard.retain(|frame| frame.name() == "numbered");
    assert_eq!(heard.len(), queued);
    for (number, frame) in (0..).zip(heard) {
        assert!(frame == numbered_frame(number, LEN), "{number}");
    }

    let rest = to_the_end(end);
    assert_numbered(&rest.messages, 100, 1, 10);
    assert_eq!(rest.reason, DisconnectReason::HungUp(HangUp::EndOfStream));
    assert!(matches!(
        end.queue(numbered(0, 0).into()),
        Err(NotQueued::Closed(_))
    ));
}

pub(crate) fn cut_off_within_a_frame<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    for cut in [1, 23, 24, 24 + LEN / 2, 24 + LEN - 1] {
        let (end, mut plain) = scene.met();
        plain.tell(&numbered_frame(1, LEN));
        plain.say(&numbered_frame(2, LEN).to_bytes()[..cut]);
        plain.stop_talking();
        let rest = to_the_end(&*end);
        assert_numbered(&rest.messages, 1, 1, LEN);
        assert_eq!(
            rest.reason,
            DisconnectReason::HungUp(HangUp::Truncated),
            "{cut}"
        );
        plain.hear_all();
    }
}

/// What had arrived before a reset and was read is still told.
pub(crate) fn reset_after_words<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (end, mut plain) = scene.met();
    plain.say(&stream(
        &[0, 1, 2, 3, 4].map(|number| numbered_frame(number, 100)),
    ));
    // All before the pong was read, and nobody has taken any of it.
    assert!(plain.is_answered(4));
    plain.reset();
    assert_eq!(end.closed(), DisconnectReason::HungUp(HangUp::Reset));
    let rest = to_the_end(&*end);
    assert_numbered(&rest.messages, 0, 5, 100);
    assert_eq!(rest.reason, DisconnectReason::HungUp(HangUp::Reset));
}

pub(crate) fn reset_while_senders_wait<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (end, plain) = scene.met();
    let senders: Vec<_> = (0..4)
        .map(|_| {
            let end = end.clone();
            thread::spawn(move || {
                loop {
                    if let Err(error) = end.command(numbered(1, 1_000_000).into()) {
                        return error;
                    }
                }
            })
        })
        .collect();
    // Until the queue is full, which is when all of them wait.
    until("the queue is full", || {
        matches!(end.queue(numbered(2, LEN).into()), Err(NotQueued::Full(_)))
    });
    plain.reset();
    let rest = to_the_end(&*end);
    assert_eq!(rest.reason, DisconnectReason::HungUp(HangUp::Reset));
    for sender in senders {
        match sender.join().unwrap() {
            NotSent::Disconnected(reason) => assert_eq!(reason, rest.reason),
            other => panic!("{other:?}"),
        }
    }
}
