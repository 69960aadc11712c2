//! An application that takes no events for a while: the remote is stopped, and nothing is lost.

use std::thread;

use peer_core::{DisconnectReason, Goodbye};

use crate::adapter::{Adapter, End};
use crate::scene::{SHORT, Scene, listeners, until};
use crate::told::{assert_same, next_message, numbered, numbered_frame};

/// Payload of each message.
const LEN: usize = 10_000;

/// Messages of the remote: more than all buffers of both kernels and of the adapter take.
const COUNT: u32 = 4_000;

/// What an adapter may read for an application that takes nothing: a few times what the largest message is.
const READ_AHEAD: u64 = 8_000_000;

/// What a remote may have said then: the buffers of the kernels come to it.
const SAID_AHEAD: usize = 24_000_000;

pub(crate) fn who_takes_nothing_stops_the_remote<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (end, mut plain) = scene.met();
    let talk: Vec<u8> = (0..COUNT)
        .flat_map(|number| numbered_frame(number, LEN).to_bytes())
        .collect();

    let said = plain.say_what_is_taken(&talk, SHORT);
    assert!(said <= SAID_AHEAD, "{said} bytes were taken");
    let read = end.stats().bytes_received;
    assert!(read <= READ_AHEAD, "{read} bytes were read");
    until("some is read", || end.stats().bytes_received >= LEN as u64);

    let speaker = thread::spawn(move || {
        plain.say(&talk[said..]);
        plain
    });
    for number in 0..COUNT {
        assert_same(&next_message(&*end), &numbered(number, LEN));
    }
    let mut plain = speaker.join().unwrap();
    assert!(plain.is_answered(3));
}

pub(crate) fn who_takes_nothing_still_sends<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (end, mut plain) = scene.met();
    let talk: Vec<u8> = (0..COUNT)
        .flat_map(|number| numbered_frame(number, LEN).to_bytes())
        .collect();
    let said = plain.say_what_is_taken(&talk, SHORT);
    assert!(said < talk.len(), "the remote was not stopped");

    // What leaves is told past the line of events, which is full.
    for number in 0..100 {
        end.command(numbered(number, LEN).into()).unwrap();
        let heard = plain.hear_named("numbered");
        assert!(heard == numbered_frame(number, LEN), "{number}");
    }
    let read = end.stats().bytes_received;
    assert!(read <= READ_AHEAD, "{read} bytes were read");
    // Nobody waits for what is never taken: it ends like any other.
    end.abort();
    assert_eq!(plain.hear_all(), []);
    let reason = DisconnectReason::Local(Goodbye::Requested);
    assert_eq!(end.closed(), reason);
}
