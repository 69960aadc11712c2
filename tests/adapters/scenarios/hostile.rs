//! The rows of `peer_tests::hostile` over real sockets, under every preset, while an honest remote beside them is served.
//!
//! What an adapter adds to the machine is that bytes get there and the end gets out: that we hang up where the machine
//! says so, go on where not, and tell the application why.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

use peer_core::wire::ServiceFlags;
use peer_core::{Config, DisconnectReason, HangUp};
use peer_tests::hostile::{Must, Row, rows};
use peer_tests::script::Frame;

use crate::adapter::Adapter;
use crate::plain::Plain;
use crate::scene::{Scene, in_v1, listeners};
use crate::told::{Rest, to_the_end};
use crate::watch::PATIENCE;

pub(crate) fn rows_by_default<A: Adapter>() {
    every_row::<A>(|config| config, 0);
}

pub(crate) fn rows_as_core<A: Adapter>() {
    every_row::<A>(|config| config.like_core(), 1);
}

pub(crate) fn rows_as_btcd<A: Adapter>() {
    every_row::<A>(|config| config.like_btcd(), 2);
}

fn every_row<A: Adapter>(preset: impl Fn(Config) -> Config, index: usize) {
    let mut wrong = Vec::new();
    for row in rows() {
        let mut config = preset(in_v1(listeners()));
        config.services = ServiceFlags::NONE;
        (row.settings)(&mut config);
        let found = check::<A>(&row, config, row.must[index]);
        let (number, about) = (row.number, row.about);
        wrong.extend(found.map(|found| format!("{number} ({about}): {found}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is wrong with what became of the row.
fn check<A: Adapter>(row: &Row, config: Config, must: Must) -> Option<String> {
    let scene = Scene::<A>::new(config);
    let (_honest_end, mut honest) = scene.met();
    let (end, plain) = scene.meet();
    let end = {
        let end = Arc::clone(&end);
        thread::spawn(move || to_the_end(&*end))
    };
    let mut remote = Talker::new(plain);
    let taken = remote.say_all(row.before().iter().map(Frame::to_bytes))
        && remote.say_all((row.say)())
        && must != Must::Part
        && remote.goes_on(&row.after(), must != Must::Quiet);
    let beside = honest.is_answered(5);
    remote.leave();
    let rest = end.join().unwrap();
    if !(beside && honest.is_answered(6)) {
        return Some("the honest one is not answered".into());
    }
    if must != Must::Part && !taken {
        return Some(format!("does not go on: {}", rest.reason));
    }
    judge(row, must, &rest)
}

/// A remote that hears while it speaks, and can be hung up on in the middle of it.
struct Talker {
    plain: Plain,
    heard: Receiver<Frame>,
    hearing: JoinHandle<()>,
}

impl Talker {
    fn new(plain: Plain) -> Self {
        let mut ear = plain.again();
        let (tell, heard) = mpsc::channel();
        let hearing = thread::spawn(move || {
            while let Some(frame) = ear.hear() {
                // Nobody may care.
                let _ = tell.send(frame);
            }
        });
        Self {
            plain,
            heard,
            hearing,
        }
    }

    /// Whether all of it was taken.
    fn say_all(&mut self, pieces: impl IntoIterator<Item = Vec<u8>>) -> bool {
        pieces.into_iter().all(|piece| {
            let taken = self.plain.say_what_is_taken(&piece, PATIENCE);
            taken == piece.len()
        })
    }

    /// Ends the handshake; whether a ping is answered then.
    fn goes_on(&mut self, handshake: &[Frame], has_pongs: bool) -> bool {
        const NONCE: u64 = 0xfeed;
        let ping = has_pongs.then(|| Frame::ping(NONCE));
        let frames = handshake.iter().chain(&ping);
        self.say_all(frames.map(Frame::to_bytes))
            && (!has_pongs
                || self.hears(|frame| frame.name() == "pong" && frame.nonce() == Some(NONCE)))
    }

    fn hears(&self, is_wanted: impl Fn(&Frame) -> bool) -> bool {
        while let Ok(frame) = self.heard.recv_timeout(PATIENCE) {
            if is_wanted(&frame) {
                return true;
            }
        }
        false
    }

    /// Hears us out, after the end of what it had to say.
    fn leave(self) {
        // Where we have hung up there is nothing to end.
        self.plain.end_of_talk();
        self.hearing.join().unwrap();
    }
}

fn judge(row: &Row, must: Must, rest: &Rest) -> Option<String> {
    let by_us = !matches!(
        rest.reason,
        DisconnectReason::Local(_) | DisconnectReason::HungUp(_)
    );
    if (must == Must::Part) != by_us {
        return Some(format!("the end: {}", rest.reason));
    }
    if must == Must::Part {
        return None;
    }
    if rest.reason != DisconnectReason::HungUp(HangUp::EndOfStream) {
        return Some(format!("the end: {}", rest.reason));
    }
    let last = row.last_command();
    let heard: Vec<String> = rest
        .messages
        .iter()
        .map(|message| message.command().to_string())
        .collect();
    let is_heard = heard
        .last()
        .is_some_and(|heard| Some(heard) == last.as_ref());
    let wrong = must == Must::Deliver && !is_heard || must == Must::Drop && is_heard;
    wrong.then(|| format!("delivered: {heard:?}"))
}
