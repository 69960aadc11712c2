//! What other threads, listeners and the application's own deadline want.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use peer_core::message::Message;
use peer_core::{Event, Link, MessageListener, Timestamp};
use peer_mio::{Command, Handler, Limits, Peer, Peers, QueueError, Reactor, Shutdown};

use crate::help::{Diary, Heard, Stage, anywhere, config};

#[test]
fn other_threads_dial_send_call_and_end_it() {
    let stage = Stage::new();
    let (address, handle) = (stage.address, stage.reactor.handle());
    let (told, answers) = channel();
    let other = std::thread::spawn(move || {
        handle
            .queue(Command::Dial(address, config(7), Link::outbound()))
            .unwrap();
        // Asks until enough connections have heard what they should.
        let when = |enough: fn(&[Heard]) -> bool| loop {
            let told = told.clone();
            let look = move |diary: &mut Diary, peers: &mut Peers| {
                let heard = |id: &_| enough(diary.of(*id));
                let heard: Vec<_> = peers.ids().into_iter().filter(heard).collect();
                told.send(heard).unwrap();
            };
            handle.call(look).unwrap();
            let heard = answers.recv().unwrap();
            if heard.len() == 2 {
                break heard;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        for id in when(|heard| heard.contains(&Heard::Negotiated)) {
            let command = Command::Peer(id, Message::GetAddr.into());
            handle.wait_and_queue(command).unwrap();
        }
        // In which order a message comes and our own has left, nobody knows.
        when(|heard| heard.iter().any(|heard| matches!(heard, Heard::Message(_))));
        handle.shut_down(Shutdown::Graceful);
    });
    let diary = stage.reactor.run().unwrap();
    other.join().unwrap();
    let heard: Vec<_> = diary.heard.keys().map(|id| diary.messages(*id)).collect();
    assert_eq!(heard, [[&Message::GetAddr], [&Message::GetAddr]]);
}

#[test]
fn the_queue_is_bounded_and_says_so() {
    let mut limits = Limits::default();
    limits.commands = 3;
    let mut stage = Stage::with(limits, config(8));
    let handle = stage.reactor.handle();
    let done = Arc::new(AtomicUsize::new(0));
    let queue = || {
        let done = done.clone();
        handle.call(move |_, _| {
            done.fetch_add(1, Ordering::Relaxed);
        })
    };
    for _ in 0..3 {
        queue().unwrap();
    }
    let full = queue().unwrap_err();
    assert!(matches!(full, QueueError::Full(_)));
    assert!(matches!(full.into_command(), Command::Call(_)));
    stage.until(|_, _| done.load(Ordering::Relaxed) == 3);
    queue().unwrap();
    stage.until(|_, _| done.load(Ordering::Relaxed) == 4);
    drop(stage);
    assert!(matches!(queue(), Err(QueueError::Closed(_))));
}

/// Nobody waits for ever for a place that there never is.
#[test]
fn a_queue_always_has_one_place() {
    let mut limits = Limits::default();
    limits.commands = 0;
    let mut stage = Stage::with(limits, config(8));
    let handle = stage.reactor.handle();
    let done = Arc::new(AtomicUsize::new(0));
    let call = |done: Arc<AtomicUsize>| {
        Command::Call(Box::new(move |_, _| {
            done.fetch_add(1, Ordering::Relaxed);
        }))
    };
    handle.wait_and_queue(call(done.clone())).unwrap();
    assert!(matches!(
        handle.queue(call(done.clone())),
        Err(QueueError::Full(_))
    ));
    stage.until(|_, _| done.load(Ordering::Relaxed) == 1);
}

/// A thread that queues without end gets its commands done, and everybody else has turns.
#[test]
fn a_flood_of_commands_does_not_starve_the_connections() {
    let mut stage = Stage::new();
    let handle = stage.reactor.handle();
    let flood = std::thread::spawn(move || {
        while handle
            .wait_and_queue(Command::Call(Box::new(|_, _| ())))
            .is_ok()
        {}
    });
    let (left, right) = stage.negotiated();
    stage.peer(left).send(Message::GetAddr).unwrap();
    stage.until(|diary, _| diary.messages(right) == [&Message::GetAddr]);
    drop(stage);
    flood.join().unwrap();
}

struct Counter(Arc<AtomicUsize>);

impl MessageListener for Counter {
    fn on_getaddr(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Panics;

impl MessageListener for Panics {
    fn on_getaddr(&mut self) {
        panic!("a listener may panic");
    }
}

#[test]
fn listeners_hear_too() {
    let mut stage = Stage::new();
    let (left, right) = stage.negotiated();
    let count = Arc::new(AtomicUsize::new(0));
    let panics = stage.peer(right).add_listener(Panics);
    let listener = stage.peer(right).add_listener(Counter(count.clone()));
    stage.peer(left).send(Message::GetAddr).unwrap();
    stage.until(|diary, _| diary.messages(right).len() == 1);
    assert_eq!(count.load(Ordering::Relaxed), 1);
    assert!(!stage.peer(right).has_listener(panics));
    assert!(stage.peer(right).has_listener(listener));
    assert!(stage.peer(right).remove_listener(listener));
    assert!(!stage.peer(right).remove_listener(listener));
    stage.peer(left).send(Message::GetAddr).unwrap();
    stage.until(|diary, _| diary.messages(right).len() == 2);
    assert_eq!(count.load(Ordering::Relaxed), 1);
    // With the connection its listeners are gone.
    stage.peer(right).add_listener(Counter(count.clone()));
    assert_eq!(Arc::strong_count(&count), 2);
    stage.peer(right).abort();
    stage.until(|diary, _| diary.reason(right).is_some());
    assert_eq!(Arc::strong_count(&count), 1);
}

/// Sends everybody away who comes, and counts its own hours.
struct Bouncer {
    next: Timestamp,
    hours: usize,
    events: usize,
}

impl Handler for Bouncer {
    fn on_connected(&mut self, mut peer: Peer<'_>) {
        peer.abort();
    }

    fn on_event(&mut self, _: Peer<'_>, event: Event) {
        assert!(matches!(event, Event::Disconnected { .. }), "{event:?}");
        self.events += 1;
    }

    fn deadline(&self) -> Option<Timestamp> {
        Some(self.next)
    }

    fn on_deadline(&mut self, peers: &mut Peers, now: Timestamp) {
        assert!(now >= self.next);
        self.hours += 1;
        self.next = now.saturating_add(Duration::from_millis(20));
        if self.hours == 5 && self.events == 3 {
            peers.shut_down(Shutdown::Graceful);
        } else if self.hours == 5 {
            self.hours -= 1;
        }
    }
}

#[test]
fn a_handler_may_send_everybody_away_and_has_a_deadline_of_its_own() {
    let bouncer = Bouncer {
        next: Timestamp::ZERO,
        hours: 0,
        events: 0,
    };
    let mut reactor = Reactor::new(Limits::default(), bouncer).unwrap();
    let port = reactor.peers().listen(anywhere(), config(8)).unwrap();
    let address = reactor.peers().local_addr(port).unwrap();
    let _remotes = [(); 3].map(|()| TcpStream::connect(address).unwrap());
    let bouncer = reactor.run().unwrap();
    assert_eq!((bouncer.hours, bouncer.events), (5, 3));
}
