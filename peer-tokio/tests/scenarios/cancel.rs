//! Futures given up half-way.

use std::future::Future;
use std::task::{Context, Poll, Waker};

use peer_core::message::Message;
use tokio::io::duplex;

use crate::help::{
    assert_same, config, inbound, large, negotiated, next_message, numbered, outbound, run, soon,
};

/// Polls once, without anyone to wake.
fn poke<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_send_given_up_keeps_the_order() {
    let (left, mut right) = negotiated(64).await;
    for number in 0..200 {
        {
            let mut send = std::pin::pin!(left.peer.send(numbered(number)));
            assert!(poke(send.as_mut()).is_pending());
            if number % 3 == 0 {
                tokio::task::yield_now().await;
            }
        }
        assert_same(&next_message(&mut right.events).await, &numbered(number));
    }
}

#[tokio::test]
async fn a_send_given_up_before_there_was_room_is_not_sent() {
    let (left, right) = duplex(4_096);
    let (left, right) = (outbound(left, config(7)), inbound(right, config(8)));
    let peer = left.0.clone();
    // Nobody drives the connection yet.
    let mut taken = 0;
    while peer.queue(numbered(taken)).is_ok() {
        taken += 1;
    }
    {
        let mut first = Box::pin(peer.send(numbered(90_000)));
        let mut second = Box::pin(peer.send(numbered(taken)));
        let mut third = Box::pin(peer.send(numbered(taken + 1)));
        assert!(poke(first.as_mut()).is_pending());
        assert!(poke(second.as_mut()).is_pending());
        assert!(poke(third.as_mut()).is_pending());
        drop(first);
        let (left, mut right) = (run(left), run(right));
        let receive = async {
            for number in 0..taken + 2 {
                assert_same(&next_message(&mut right.events).await, &numbered(number));
            }
        };
        let (second, third, ()) = soon(async { tokio::join!(second, third, receive) }).await;
        second.unwrap();
        third.unwrap();
        left.peer.send(Message::GetAddr).await.unwrap();
        assert_same(&next_message(&mut right.events).await, &Message::GetAddr);
    }
}

#[tokio::test]
async fn a_place_given_up_after_it_was_called_goes_to_the_next() {
    let (left, right) = duplex(4_096);
    let (left, right) = (outbound(left, config(7)), inbound(right, config(8)));
    let peer = left.0.clone();
    // One message over the bytes fills the line.
    peer.queue(large(1, 2_000_000)).unwrap();
    let mut given_up = Box::pin(peer.send(numbered(1)));
    assert!(poke(given_up.as_mut()).is_pending());
    let next = tokio::spawn({
        let peer = peer.clone();
        async move { peer.send(numbered(2)).await }
    });
    tokio::task::yield_now().await;
    let (_left, mut right) = (run(left), run(right));
    // By now the first was called, but nobody polls it.
    assert_same(&next_message(&mut right.events).await, &large(1, 2_000_000));
    drop(given_up);
    soon(next).await.unwrap().unwrap();
    assert_same(&next_message(&mut right.events).await, &numbered(2));
}

#[tokio::test]
async fn the_queue_does_not_overtake_those_who_wait() {
    let (left, mut right) = negotiated(4_096).await;
    left.peer.queue(large(1, 2_000_000)).unwrap();
    let mut waiting = Box::pin(left.peer.send(numbered(1)));
    assert!(poke(waiting.as_mut()).is_pending());
    assert_same(&next_message(&mut right.events).await, &large(1, 2_000_000));
    // There is room by now, but it is somebody's.
    assert!(left.peer.queue(numbered(2)).is_err());
    soon(waiting).await.unwrap();
    left.peer.queue(numbered(2)).unwrap();
    for number in [1, 2] {
        assert_same(&next_message(&mut right.events).await, &numbered(number));
    }
}

#[tokio::test]
async fn taking_an_event_given_up_takes_none() {
    let (left, mut right) = negotiated(64).await;
    for number in 0..100 {
        left.peer.queue(numbered(number)).unwrap();
        // Given up many times before it comes.
        let message = loop {
            tokio::select! {
                biased;
                message = next_message(&mut right.events) => break message,
                () = tokio::task::yield_now() => {}
            }
        };
        assert_eq!(message, numbered(number));
    }
}

#[tokio::test]
async fn waiting_for_the_end_given_up_leaves_nothing_behind() {
    let (left, _right) = negotiated(64).await;
    for _ in 0..10_000 {
        let mut closed = std::pin::pin!(left.peer.closed());
        assert!(poke(closed.as_mut()).is_pending());
    }
    left.peer.abort();
    soon(left.peer.closed()).await;
}
