//! Slow remotes, slow applications, and remotes that do nothing at all.

use std::time::Duration;

use peer_core::message::{Message, Ping};
use peer_core::{DisconnectReason, Event, HangUp, Timeout};
use peer_tokio::{Driver, Peer, QueueError, SendError};
use tokio::io::{DuplexStream, duplex};

use crate::help::{
    End, against_bytes, assert_same, config, inbound, large, negotiated, next_message, numbered,
    numbers, outbound, run, soon, to_the_end, until_negotiated,
};

/// An end, and a remote that has shaken hands and from then on neither reads nor writes.
async fn against_sleeper() -> (End, (Peer, peer_tokio::Events, Driver<DuplexStream>)) {
    let (left, right) = duplex(4_096);
    let mut left = run(outbound(left, config(7)));
    let (peer, mut events, mut driver) = inbound(right, config(8));
    tokio::select! {
        _ = &mut driver => panic!("it goes on"),
        () = until_negotiated(&mut events) => {}
    }
    until_negotiated(&mut left.events).await;
    (left, (peer, events, driver))
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_never_reads_costs_little_and_is_left() {
    let (mut left, _sleeper) = against_sleeper().await;
    let block = large(0, 1_000_000);
    let mut taken = 0;
    // The driver gets its turn after each.
    let refused = loop {
        match left.peer.queue(block.clone()) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        tokio::task::yield_now().await;
    };
    assert!(matches!(refused, QueueError::Full(_)));
    assert!(taken <= 5, "{taken} MB were taken");
    let small = (0..10_000)
        .take_while(|n| left.peer.queue(numbered(*n)).is_ok())
        .count();
    assert_eq!(small, 0, "small ones do not slip past");

    let waiting = tokio::spawn({
        let peer = left.peer.clone();
        async move { peer.send(numbered(1)).await }
    });
    let started = tokio::time::Instant::now();
    let (_, reason) = to_the_end(&mut left.events).await;
    let stalled = DisconnectReason::Timeout(Timeout::WriteStall);
    assert_eq!(reason, stalled);
    let patience = config(7).timeouts.write_stall.unwrap();
    assert!(started.elapsed() >= patience - Duration::from_secs(1));
    assert!(started.elapsed() <= patience + Duration::from_secs(1));
    match soon(waiting).await.unwrap() {
        Err(SendError::Disconnected(ended)) => assert_eq!(ended.reason, stalled),
        other => panic!("{other:?}"),
    }
    assert!(matches!(left.peer.queue(block), Err(QueueError::Closed(_))));
}

#[tokio::test(start_paused = true)]
async fn messages_sent_before_a_handshake_that_fails_are_resolved() {
    for hang_up in [false, true] {
        let (mut end, remote) = against_bytes(config(7), 4_096);
        let sends: Vec<_> = (0..100)
            .map(|number| {
                let peer = end.peer.clone();
                tokio::spawn(async move { peer.send(numbered(number)).await })
            })
            .collect();
        tokio::task::yield_now().await;
        end.peer.queue(numbered(100)).unwrap();
        let reason = if hang_up {
            drop(remote);
            DisconnectReason::HungUp(HangUp::EndOfStream)
        } else {
            DisconnectReason::Timeout(Timeout::Negotiation)
        };
        assert_eq!(to_the_end(&mut end.events).await.1, reason);
        for send in sends {
            match soon(send).await.unwrap() {
                Err(SendError::Disconnected(ended)) => assert_eq!(ended.reason, reason),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_slow_application_stops_the_remote_and_loses_nothing() {
    const COUNT: u32 = 20_000;
    let (left, mut right) = negotiated(4_096).await;
    let peer = left.peer.clone();
    let sender = tokio::spawn(async move {
        for number in 0..COUNT {
            peer.send(numbered(number)).await.unwrap();
        }
    });
    // Until nothing moves any more: the window is closed.
    let mut received = 0;
    loop {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        let now = right.peer.stats().bytes_received;
        if now == received {
            break;
        }
        received = now;
    }
    assert!(!sender.is_finished());
    assert!(received < 80_000, "{received} bytes were read ahead");
    for number in 0..COUNT {
        assert_same(&next_message(&mut right.events).await, &numbered(number));
    }
    soon(sender).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_application_does_not_make_the_remote_guilty() {
    let (left, right) = duplex(4_096);
    let mut patient = config(7);
    patient.timeouts.write_stall = None;
    let (mut left, mut right) = (run(outbound(left, patient)), run(inbound(right, config(8))));
    until_negotiated(&mut left.events).await;
    until_negotiated(&mut right.events).await;
    for number in 0..2_000 {
        left.peer.queue(numbered(number)).unwrap();
        tokio::task::yield_now().await;
    }
    // Longer than any patience with a silent remote.
    tokio::time::sleep(Duration::from_secs(600)).await;
    for number in 0..2_000 {
        assert_same(&next_message(&mut right.events).await, &numbered(number));
    }
}

#[tokio::test]
async fn sending_resolves_while_nobody_takes_events() {
    let (mut left, right) = negotiated(4_096).await;
    let flood = tokio::spawn(async move {
        for number in 0..10_000 {
            right.peer.send(numbered(number)).await.unwrap();
        }
        right
    });
    for number in 0..10_000 {
        assert_same(&next_message(&mut left.events).await, &numbered(number));
        // In the loop that takes the events, with the line full behind us.
        if number % 100 == 0 {
            soon(left.peer.send(Message::Ping(Ping {
                nonce: Some(number.into()),
            })))
            .await
            .unwrap();
        }
    }
    drop(soon(flood).await.unwrap());
}

#[tokio::test]
async fn the_end_comes_through_a_full_line_and_loses_nothing_before_it() {
    // More than the line holds, fewer than close the window.
    const COUNT: u32 = 150;
    let (left, mut right) = negotiated(65_536).await;
    for number in 0..COUNT {
        left.peer.send(numbered(number)).await.unwrap();
    }
    left.peer.disconnect();
    // Nobody has taken an event so far, and yet the end is known.
    let ended = soon(right.peer.closed()).await;
    assert_eq!(ended.reason, DisconnectReason::HungUp(HangUp::EndOfStream));
    let (messages, reason) = to_the_end(&mut right.events).await;
    assert_eq!(reason, ended.reason);
    assert_eq!(numbers(&messages), (0..COUNT).collect::<Vec<_>>());
}

#[tokio::test]
async fn raw_frames_are_bounded_too() {
    let (left, right) = duplex(4_096);
    let mut raw = config(7);
    raw.raw_events = true;
    let (mut left, right) = (run(outbound(left, raw)), run(inbound(right, config(8))));
    tokio::spawn(async move {
        for number in 0..2_000 {
            right.peer.send(numbered(number)).await.unwrap();
        }
        right.peer.disconnect();
        right
    });
    let mut read = 0;
    let reason = loop {
        match soon(left.events.next()).await.expect("the end is told") {
            Event::Read(frame) => {
                let command = frame.command.map(|name| name.to_string());
                read += u32::from(command.as_deref() == Some("numbered"));
            }
            Event::Disconnected { reason, .. } => break reason,
            _ => {}
        }
    };
    assert_eq!(read, 2_000);
    assert_eq!(reason, DisconnectReason::HungUp(HangUp::EndOfStream));
}
