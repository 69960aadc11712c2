//! Remotes that say little at a time, or take nothing.

use std::thread;
use std::time::Duration;

use peer_core::{Command, DisconnectReason, Timeout};
use peer_tests::script::{Frame, VersionPayload, stream};

use crate::adapter::{Adapter, End, NotQueued, NotSent};
use crate::plain::Plain;
use crate::scene::{SHORT, Scene, listeners};
use crate::told::{
    assert_numbered, next_message, numbered, numbered_frame, to_the_end, until_negotiated,
};

/// A whole life of numbered messages of `len` bytes.
fn life(count: u32, len: usize) -> Vec<u8> {
    let mut frames = vec![VersionPayload::default().frame(), Frame::empty("verack")];
    frames.extend((0..count).map(|number| numbered_frame(number, len)));
    frames.push(Frame::ping(77));
    stream(&frames)
}

/// The pieces of `life` are heard like the whole.
fn assert_heard<'a, A: Adapter>(
    pieces: impl Iterator<Item = &'a [u8]>,
    count: u32,
    len: usize,
) -> Plain {
    let scene = Scene::<A>::new(listeners());
    let (end, mut plain) = scene.meet();
    let mut said = 0;
    for piece in pieces {
        plain.say(piece);
        said += piece.len() as u64;
    }
    until_negotiated(&*end);
    let messages: Vec<_> = (0..count).map(|_| next_message(&*end)).collect();
    assert_numbered(&messages, 0, count as usize, len);
    assert_eq!(plain.hear_named("pong"), Frame::pong(77));
    assert_eq!(end.stats().bytes_received, said);
    plain
}

pub(crate) fn byte_by_byte<A: Adapter>() {
    let life = life(10, 40);
    assert_heard::<A>(life.chunks(1), 10, 40);
}

/// Cuts around the 24 bytes of a header and its parts, and through payloads.
pub(crate) fn in_odd_cuts<A: Adapter>() {
    const CUTS: [usize; 12] = [1, 3, 4, 15, 23, 24, 25, 47, 1_023, 4_099, 65_537, 100_003];
    let life = life(40, 30_011);
    let mut rest = &life[..];
    let mut cuts = CUTS.iter().cycle();
    let pieces = core::iter::from_fn(|| {
        let len = rest.len().min(*cuts.next()?);
        let (piece, after) = rest.split_at(len);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    });
    assert_heard::<A>(pieces, 40, 30_011);
}

pub(crate) fn who_reads_nothing_is_left<A: Adapter>() {
    const LEN: usize = 100_000;
    /// All buffers of the kernels, of the machine and of the adapter come to it.
    const MOST: usize = 24_000_000;
    let mut config = listeners();
    config.timeouts.write_stall = Some(SHORT);
    let scene = Scene::<A>::new(config);
    let (end, _plain) = scene.met();
    let stalled = DisconnectReason::Timeout(Timeout::WriteStall);

    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let end = end.clone();
            // The kernel takes a few.
            thread::spawn(move || {
                loop {
                    if let Err(error) = end.command(numbered(1, LEN).into()) {
                        return error;
                    }
                }
            })
        })
        .collect();
    let (mut taken, mut full) = (0, 0);
    loop {
        match end.queue(numbered(0, LEN).into()) {
            Ok(()) => taken += LEN,
            Err(NotQueued::Full(command)) => {
                assert!(
                    matches!(command, Command::Send(message) if *message.message() == numbered(0, LEN)),
                    "not what was to be queued"
                );
                full += 1;
                thread::sleep(Duration::from_millis(1));
            }
            Err(NotQueued::Closed(_)) => break,
        }
    }
    assert!(full > 0, "the queue never was full");
    assert!(taken < MOST, "{taken} bytes were queued");
    let rest = to_the_end(&*end);
    assert_eq!(rest.reason, stalled);
    for sender in waiting {
        match sender.join().unwrap() {
            NotSent::Disconnected(reason) => assert_eq!(reason, stalled),
            other => panic!("{other:?}"),
        }
    }
}
