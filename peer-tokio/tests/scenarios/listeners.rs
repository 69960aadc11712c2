//! Callbacks beside the stream and instead of it: added, removed and failing while events go on.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use peer_core::message::CommandName;
use peer_core::{
    DisconnectReason, Event, Goodbye, HangUp, ListenerId, MessageListener, RawFrame, Ticket,
};
use peer_tokio::{Peer, QueueError};
use tokio::io::duplex;

use crate::help::{
    End, config, inbound, negotiated, next_message, numbered, numbers, outbound, pair, run, soon,
    to_the_end, unspawned, until_negotiated,
};

const LOCAL: DisconnectReason = DisconnectReason::Local(Goodbye::Requested);

/// Writes down what it hears.
type Notes = Arc<Mutex<Vec<String>>>;

fn read(notes: &Notes) -> Vec<String> {
    notes.lock().unwrap().clone()
}

/// How often a line was written.
fn count(notes: &Notes, line: &str) -> usize {
    read(notes).iter().filter(|note| *note == line).count()
}

/// Every event as it is. Whether it still exists is seen by the number of those who hold the notes.
struct Scribe(Notes);

impl Scribe {
    fn write(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }
}

impl MessageListener for Scribe {
    fn on_event(&mut self, event: &Event) {
        self.write(format!("{event:?}"));
    }

    fn on_sent(&mut self, _: Ticket) {
        panic!("the stream does not tell it");
    }
}

/// The numbers it hears, and the end.
struct Reader(Notes);

impl MessageListener for Reader {
    fn on_unknown(&mut self, _: &CommandName, payload: &Bytes) {
        self.0.lock().unwrap().push(number(payload).to_string());
    }

    fn on_disconnected(&mut self, _: &DisconnectReason) {
        self.0.lock().unwrap().push("end".into());
    }
}

fn number(payload: &Bytes) -> u32 {
    u32::from_le_bytes(payload.as_ref().try_into().unwrap())
}

/// Does something with each number it hears.
struct Doer<F>(F);

impl<F: FnMut(u32)> MessageListener for Doer<F> {
    fn on_unknown(&mut self, _: &CommandName, payload: &Bytes) {
        (self.0)(number(payload));
    }
}

/// Sends a number and waits until the other side has taken it from its stream: all its listeners
/// have heard it then.
async fn tell(from: &End, to: &mut End, number: u32) {
    from.peer.send(numbered(number)).await.unwrap();
    assert_eq!(next_message(&mut to.events).await, numbered(number));
}

#[tokio::test]
async fn listeners_hear_what_the_stream_tells_and_before_it() {
    let (left, right) = duplex(4_096);
    let connection = outbound(left, config(7));
    let notes = Notes::default();
    connection.0.add_listener(Scribe(notes.clone()));
    let mut left = run(connection);
    let mut right = run(inbound(right, config(8)));
    until_negotiated(&mut right.events).await;
    let sender = tokio::spawn(async move {
        for number in 0..200 {
            right.peer.send(numbered(number)).await.unwrap();
        }
        right.peer.disconnect();
        right
    });
    let mut taken = Vec::new();
    while let Some(event) = soon(left.events.next()).await {
        if matches!(event, Event::Negotiated) {
            // So that there is something to be told of: what was sent is not heard.
            left.peer.send(numbered(0)).await.unwrap();
        }
        taken.push(format!("{event:?}"));
        assert!(read(&notes).len() >= taken.len());
    }
    soon(sender).await.unwrap();
    assert!(taken.len() > 200 && taken.first().unwrap().starts_with("Version("));
    assert_eq!(read(&notes), taken);
    let ends = |note: &&String| note.starts_with("Disconnected");
    assert_eq!(taken.iter().filter(ends).count(), 1);
    assert!(taken.last().as_ref().is_some_and(ends));
    assert_eq!(Arc::strong_count(&notes), 1, "the listener is dropped");
}

#[tokio::test]
async fn listeners_come_and_go_while_events_go_on() {
    let (left, mut right) = negotiated(4_096).await;
    let (first, second) = (Notes::default(), Notes::default());
    tell(&left, &mut right, 1).await;
    let one = right.peer.add_listener(Reader(first.clone()));
    tell(&left, &mut right, 2).await;
    // From another task, with another handle.
    let peer = right.peer.clone();
    let reader = Reader(second.clone());
    let other = tokio::spawn(async move { peer.add_listener(reader) });
    let two = other.await.unwrap();
    assert!(one != two && right.peer.has_listener(one) && right.peer.has_listener(two));
    tell(&left, &mut right, 3).await;
    assert!(right.peer.remove_listener(one));
    assert_eq!(Arc::strong_count(&first), 1, "it is dropped at once");
    assert!(!right.peer.remove_listener(one) && !right.peer.has_listener(one));
    tell(&left, &mut right, 4).await;
    left.peer.disconnect();
    to_the_end(&mut right.events).await;
    assert_eq!(read(&first), ["2", "3"]);
    assert_eq!(read(&second), ["3", "4", "end"]);
    assert!(!right.peer.has_listener(two));
}

#[tokio::test]
async fn a_listener_may_change_the_listeners_of_its_own_connection() {
    let (left, mut right) = negotiated(4_096).await;
    let [own, added, victim] = [(); 3].map(|()| Notes::default());
    let own_id = Arc::new(OnceLock::<ListenerId>::new());
    let victim_id = Arc::new(OnceLock::<ListenerId>::new());
    let listener = Doer({
        let (peer, own, added) = (right.peer.clone(), own.clone(), added.clone());
        let (own_id, victim_id) = (own_id.clone(), victim_id.clone());
        move |number: u32| {
            own.lock().unwrap().push(number.to_string());
            if number == 2 {
                assert!(peer.remove_listener(*own_id.get().unwrap()));
                assert!(!peer.remove_listener(*own_id.get().unwrap()), "it is gone");
                assert!(peer.remove_listener(*victim_id.get().unwrap()));
                peer.add_listener(Reader(added.clone()));
            }
        }
    });
    own_id.set(right.peer.add_listener(listener)).unwrap();
    let id = right.peer.add_listener(Reader(victim.clone()));
    victim_id.set(id).unwrap();
    for number in 1..=3 {
        tell(&left, &mut right, number).await;
    }
    assert_eq!(read(&own), ["1", "2"]);
    assert_eq!(Arc::strong_count(&own), 1, "it is dropped");
    assert_eq!(read(&victim), ["1"], "removed before its turn");
    assert_eq!(read(&added), ["3"], "no half of what had begun");
}

/// Something that fails even when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("as it is dropped");
    }
}

#[tokio::test]
async fn a_listener_that_panics_harms_nobody_else() {
    let (mut left, mut right) = negotiated(4_096).await;
    let [before, after] = [(); 2].map(|()| Notes::default());
    right.peer.add_listener(Reader(before.clone()));
    let bad = [
        right
            .peer
            .add_listener(Doer(|number| assert_ne!(number, 2))),
        // Takes the lock of the notes with it.
        right.peer.add_listener(Doer({
            let own = Notes::default();
            move |_| {
                let _held = own.lock().unwrap();
                panic!("with a lock held");
            }
        })),
        right.peer.add_listener(Doer({
            let bomb = Bomb;
            move |_| {
                let _here = &bomb;
                panic!("and more");
            }
        })),
        right
            .peer
            .add_listener(Doer(|_| std::panic::panic_any(Bomb))),
    ];
    right.peer.add_listener(Reader(after.clone()));
    let there = |peer: &Peer| bad.map(|id| peer.has_listener(id));
    assert_eq!(there(&right.peer), [true; 4]);
    tell(&left, &mut right, 1).await;
    assert_eq!(there(&right.peer), [true, false, false, false]);
    tell(&left, &mut right, 2).await;
    assert_eq!(there(&right.peer), [false; 4]);
    tell(&left, &mut right, 3).await;
    // Nothing is poisoned: the other way works, and the end is in order.
    tell(&right, &mut left, 4).await;
    right.peer.disconnect();
    assert_eq!(soon(right.driver).await.unwrap().reason, LOCAL);
    for notes in [before, after] {
        assert_eq!(read(&notes), ["1", "2", "3", "end"]);
    }
}

#[tokio::test]
async fn a_panic_at_the_end_does_not_hide_the_end() {
    struct Last(Bomb);
    impl MessageListener for Last {
        fn on_disconnected(&mut self, _: &DisconnectReason) {
            panic!("at the end");
        }
    }
    /// Dropped with the others at the end, and fails then.
    struct Quiet(Bomb);
    impl MessageListener for Quiet {}

    let (left, _right) = negotiated(4_096).await;
    let notes = Notes::default();
    left.peer.add_listener(Last(Bomb));
    left.peer.add_listener(Quiet(Bomb));
    left.peer.add_listener(Quiet(Bomb));
    left.peer.add_listener(Reader(notes.clone()));
    left.peer.disconnect();
    assert_eq!(soon(left.peer.closed()).await.reason, LOCAL);
    assert_eq!(read(&notes), ["end"]);
    assert_eq!(Arc::strong_count(&notes), 1);
}

#[tokio::test]
async fn detached_a_connection_lives_on_callbacks_alone() {
    // Each side answers a number with the next: many more events than the line holds.
    const LAST: u32 = 1_000;
    let (left, right) = pair(4_096);
    let heard = Arc::new(AtomicU32::new(0));
    for end in [&left, &right] {
        let (peer, heard) = (end.peer.clone(), heard.clone());
        end.peer.add_listener(Doer(move |number| {
            assert_eq!(heard.swap(number, Ordering::Relaxed) + 1, number);
            if number == LAST {
                peer.disconnect();
            } else {
                peer.queue(numbered(number + 1)).unwrap();
            }
        }));
    }
    left.events.detach();
    right.events.detach();
    left.peer.queue(numbered(1)).unwrap();
    // 1 comes to the right, 2 to the left, and so on.
    let (left_end, right_end) = (
        soon(left.peer.closed()).await,
        soon(right.peer.closed()).await,
    );
    assert_eq!(heard.load(Ordering::Relaxed), LAST);
    let remote = DisconnectReason::HungUp(HangUp::EndOfStream);
    assert_eq!([&left_end.reason, &right_end.reason], [&LOCAL, &remote]);
}

#[tokio::test]
async fn the_line_holds_listeners_back_until_it_is_given_up() {
    const COUNT: u32 = 2_000;
    let (left, right) = negotiated(4_096).await;
    let notes = Notes::default();
    right.peer.add_listener(Reader(notes.clone()));
    let peer = left.peer.clone();
    let sender = tokio::spawn(async move {
        for number in 0..COUNT {
            peer.send(numbered(number)).await.unwrap();
        }
    });
    // Until nothing moves any more: nobody takes from the stream.
    let mut heard = usize::MAX;
    while heard != read(&notes).len() {
        heard = read(&notes).len();
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    }
    assert!(heard > 0 && heard < 80, "{heard} were heard ahead");
    assert!(!sender.is_finished());
    right.events.detach();
    soon(sender).await.unwrap();
    left.peer.disconnect();
    soon(right.peer.closed()).await;
    let mut wanted: Vec<_> = (0..COUNT).map(|number| number.to_string()).collect();
    wanted.push("end".into());
    assert_eq!(read(&notes), wanted);
}

#[tokio::test]
async fn detached_the_last_handle_still_ends_the_connection() {
    let (left, mut right) = negotiated(4_096).await;
    let notes = Notes::default();
    left.peer.add_listener(Reader(notes.clone()));
    left.events.detach();
    left.peer.queue(numbered(5)).unwrap();
    drop(left.peer);
    let (messages, _) = to_the_end(&mut right.events).await;
    assert_eq!(numbers(&messages), [5]);
    assert_eq!(soon(left.driver).await.unwrap().reason, LOCAL);
    assert_eq!(count(&notes, "end"), 1);
}

#[tokio::test]
async fn the_end_is_heard_whoever_makes_it() {
    // The driver is dropped, before its first poll and later; the remote leaves; we do.
    let (peer, _events, driver, _theirs) = unspawned();
    let notes = Notes::default();
    peer.add_listener(Reader(notes.clone()));
    drop(driver);
    assert_eq!(read(&notes), ["end"]);
    assert_eq!(Arc::strong_count(&notes), 1);

    for way in 0..3 {
        let (left, right) = negotiated(4_096).await;
        let notes = Notes::default();
        // A handle in a listener is no ring that nobody opens.
        let peer = left.peer.clone();
        let holder = notes.clone();
        left.peer.add_listener(Doer(move |_| {
            let _both = (&peer, &holder);
        }));
        left.peer.add_listener(Reader(notes.clone()));
        match way {
            0 => left.driver.abort(),
            1 => right.peer.disconnect(),
            _ => left.peer.abort(),
        }
        soon(left.peer.closed()).await;
        assert_eq!(read(&notes), ["end"], "{way}");
        assert_eq!(Arc::strong_count(&notes), 1, "{way}");
        // Too late to hear anything.
        let late = left.peer.add_listener(Reader(notes.clone()));
        assert!(!left.peer.has_listener(late));
        assert_eq!(Arc::strong_count(&notes), 1, "{way}");
    }
}

#[tokio::test]
async fn what_is_queued_as_the_end_is_heard_comes_back() {
    struct Talker(Peer, Notes);
    impl MessageListener for Talker {
        fn on_disconnected(&mut self, reason: &DisconnectReason) {
            // The numbers are those of the end already.
            assert_eq!(self.0.stats().disconnect_reason.as_ref(), Some(reason));
            let refused = matches!(self.0.queue(numbered(1)), Err(QueueError::Closed(_)));
            self.1.lock().unwrap().push(format!("refused: {refused}"));
        }
    }
    let (left, right) = negotiated(4_096).await;
    let notes = Notes::default();
    left.peer
        .add_listener(Talker(left.peer.clone(), notes.clone()));
    right.peer.disconnect();
    soon(left.peer.closed()).await;
    assert_eq!(read(&notes), ["refused: true"]);
}

#[tokio::test]
async fn a_listener_knows_what_the_event_tells() {
    struct Curious(Peer, Notes);
    impl MessageListener for Curious {
        fn on_verack(&mut self) {
            let remote = self.0.remote().unwrap();
            let negotiated = self.0.stats().negotiated_at.is_some();
            let note = format!("{} {negotiated}", remote.protocol_version);
            self.1.lock().unwrap().push(note);
        }
    }
    let (left, right) = pair(4_096);
    let notes = Notes::default();
    left.peer
        .add_listener(Curious(left.peer.clone(), notes.clone()));
    let (mut left, _right) = (left, right);
    until_negotiated(&mut left.events).await;
    assert_eq!(read(&notes), ["70016 true"]);
}

#[tokio::test]
async fn raw_frames_are_heard_both_ways() {
    struct Tap(Notes);
    impl MessageListener for Tap {
        fn on_read(&mut self, frame: &RawFrame) {
            let mut notes = self.0.lock().unwrap();
            notes.push(format!(
                "read {} {:?}",
                frame.command.unwrap(),
                frame.payload
            ));
        }
        fn on_write(&mut self, frame: &RawFrame) {
            let mut notes = self.0.lock().unwrap();
            notes.push(format!(
                "wrote {} {:?}",
                frame.command.unwrap(),
                frame.payload
            ));
        }
        fn on_unknown(&mut self, command: &CommandName, _: &Bytes) {
            self.0.lock().unwrap().push(command.to_string());
        }
    }
    let (left, right) = duplex(4_096);
    let mut raw = config(7);
    raw.raw_events = true;
    let (left, mut right) = (run(outbound(left, raw)), run(inbound(right, config(8))));
    let notes = Notes::default();
    left.peer.add_listener(Tap(notes.clone()));
    left.events.detach();
    until_negotiated(&mut right.events).await;
    right.peer.send(numbered(1)).await.unwrap();
    left.peer.send(numbered(2)).await.unwrap();
    assert_eq!(next_message(&mut right.events).await, numbered(2));
    right.peer.disconnect();
    soon(left.peer.closed()).await;
    let notes = read(&notes);
    let at = |line: &str| notes.iter().position(|note| note == line).expect(line);
    assert_eq!(at("read numbered b\"\\x01\\0\\0\\0\"") + 1, at("numbered"));
    let _ = at("wrote numbered b\"\\x02\\0\\0\\0\"");
    let _ = at("wrote verack b\"\"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_change_the_listeners_of_a_busy_connection() {
    const COUNT: u32 = 5_000;
    let (left, mut right) = negotiated(4_096).await;
    let steady = Notes::default();
    right.peer.add_listener(Reader(steady.clone()));
    let churn: Vec<_> = (0..4)
        .map(|_| {
            let peer = right.peer.clone();
            tokio::spawn(async move {
                let (mut rounds, notes) = (0, Notes::default());
                while peer.stats().disconnect_reason.is_none() {
                    let id = peer.add_listener(Reader(notes.clone()));
                    tokio::task::yield_now().await;
                    rounds += u32::from(peer.remove_listener(id));
                    // In the order of the wire, whatever was missed.
                    let mut heard = std::mem::take(&mut *notes.lock().unwrap());
                    heard.retain(|note| note != "end");
                    let heard: Vec<u32> = heard.iter().map(|note| note.parse().unwrap()).collect();
                    assert!(heard.is_sorted());
                }
                rounds
            })
        })
        .collect();
    let sender = tokio::spawn(async move {
        for number in 0..COUNT {
            left.peer.send(numbered(number)).await.unwrap();
        }
        left.peer.disconnect();
        left
    });
    let (messages, _) = to_the_end(&mut right.events).await;
    assert_eq!(numbers(&messages), (0..COUNT).collect::<Vec<_>>());
    assert_eq!(read(&steady).len() as u32, COUNT + 1);
    soon(sender).await.unwrap();
    for task in churn {
        assert!(soon(task).await.unwrap() > 0);
    }
}

#[test]
fn handles_go_everywhere() {
    fn everywhere<T: Send + Sync + 'static>() {}
    everywhere::<Peer>();
    everywhere::<peer_tokio::Events>();
}
