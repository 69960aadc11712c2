//! Things dropped, early and late.

use peer_core::{DisconnectReason, Goodbye, HangUp};
use peer_tokio::SendError;
use tokio::io::AsyncReadExt;

use crate::help::{End, negotiated, numbered, numbers, soon, to_the_end, unspawned};

const LOCAL: DisconnectReason = DisconnectReason::Local(Goodbye::Requested);
const REMOTE: DisconnectReason = DisconnectReason::HungUp(HangUp::EndOfStream);

#[tokio::test]
async fn a_dropped_driver_closes_the_socket_and_resolves_everything() {
    let (mut left, mut right) = negotiated(4_096).await;
    let waiting = tokio::spawn({
        let peer = left.peer.clone();
        async move { peer.send(crate::help::large(0, 4_000_000)).await }
    });
    tokio::task::yield_now().await;
    left.driver.abort();
    assert!(soon(left.driver).await.unwrap_err().is_cancelled());
    match soon(waiting).await.unwrap() {
        Err(SendError::Disconnected(ended)) => assert_eq!(ended.reason, LOCAL),
        other => panic!("{other:?}"),
    }
    assert_eq!(to_the_end(&mut left.events).await.1, LOCAL);
    assert_eq!(soon(left.peer.closed()).await.reason, LOCAL);
    assert!(left.peer.send(numbered(1)).await.is_err());
    // In the middle of a frame.
    let hung_up = to_the_end(&mut right.events).await.1;
    assert!(matches!(hung_up, DisconnectReason::HungUp(_)), "{hung_up}");
}

#[tokio::test]
async fn a_driver_dropped_before_its_first_poll_resolves_everything() {
    let (peer, mut events, driver, mut theirs) = unspawned();
    peer.queue(numbered(1)).unwrap();
    let waiting = tokio::spawn({
        let peer = peer.clone();
        async move { peer.send(numbered(2)).await }
    });
    let mourner = tokio::spawn({
        let peer = peer.clone();
        async move { peer.closed().await }
    });
    tokio::task::yield_now().await;
    drop(driver);
    assert!(soon(waiting).await.unwrap().is_err());
    assert_eq!(soon(mourner).await.unwrap().reason, LOCAL);
    assert_eq!(to_the_end(&mut events).await, (vec![], LOCAL));
    assert_eq!(theirs.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn the_last_handle_dropped_disconnects_after_what_was_queued() {
    let (left, mut right) = negotiated(64).await;
    let End {
        peer,
        mut events,
        driver,
    } = left;
    let clone = peer.clone();
    drop(peer);
    for number in 0..50 {
        clone.queue(numbered(number)).unwrap();
    }
    drop(clone);
    let (messages, reason) = to_the_end(&mut right.events).await;
    assert_eq!(numbers(&messages), (0..50).collect::<Vec<_>>());
    assert_eq!(reason, REMOTE);
    assert_eq!(to_the_end(&mut events).await.1, LOCAL);
    assert_eq!(soon(driver).await.unwrap().reason, LOCAL);
}

#[tokio::test]
async fn the_events_dropped_disconnect_after_what_was_queued() {
    let (left, mut right) = negotiated(64).await;
    left.peer.queue(numbered(1)).unwrap();
    drop(left.events);
    let (messages, _) = to_the_end(&mut right.events).await;
    assert_eq!(numbers(&messages), [1]);
    assert_eq!(soon(left.peer.closed()).await.reason, LOCAL);
}

#[tokio::test]
async fn the_events_dropped_with_a_full_line_do_not_hold_the_connection() {
    let (left, right) = negotiated(4_096).await;
    for number in 0..60_000 {
        if right.peer.queue(numbered(number)).is_err() {
            tokio::task::yield_now().await;
        }
    }
    drop(left.events);
    assert_eq!(soon(left.driver).await.unwrap().reason, LOCAL);
}

#[tokio::test]
async fn everything_dropped_at_once_ends_both_sides() {
    let (left, right) = negotiated(4_096).await;
    drop((left.peer, left.events));
    assert_eq!(soon(left.driver).await.unwrap().reason, LOCAL);
    assert_eq!(soon(right.driver).await.unwrap().reason, REMOTE);
}
