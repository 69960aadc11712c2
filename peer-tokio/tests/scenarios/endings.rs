//! The ways a connection ends, and what is still told.

use std::sync::Arc;
use std::time::Duration;

use peer_core::{DisconnectReason, Goodbye, HangUp, Link};
use peer_tokio::{Listener, QueueError, SendError, dial};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::help::{
    End, against_bytes, config, config_v1, inbound, large, negotiated, numbered, numbers, outbound,
    pair, run, shake_hands, soon, tcp_pair, to_the_end, until_negotiated,
};

const LOCAL: DisconnectReason = DisconnectReason::Local(Goodbye::Requested);

async fn over_tcp() -> (End, End) {
    let (left, right) = tcp_pair().await;
    let (mut left, mut right) = (
        run(outbound(left, config(7))),
        run(inbound(right, config(8))),
    );
    until_negotiated(&mut left.events).await;
    until_negotiated(&mut right.events).await;
    (left, right)
}

#[tokio::test]
async fn a_graceful_disconnect_flushes_what_was_queued() {
    for tcp in [false, true] {
        let (left, mut right) = if tcp {
            over_tcp().await
        } else {
            negotiated(4_096).await
        };
        let received = tokio::spawn(async move { to_the_end(&mut right.events).await });
        for number in 0..4 {
            left.peer.queue(numbered(number)).unwrap();
            left.peer
                .send(large(number as u8, 1_500_000))
                .await
                .unwrap();
        }
        // More than the machine takes at once: some wait outside it.
        for fill in 6..10 {
            while left.peer.queue(large(fill, 2_000_000)).is_err() {
                tokio::task::yield_now().await;
            }
        }
        left.peer.disconnect();
        assert!(
            left.peer.queue(numbered(99)).is_err(),
            "after the goodbye nothing is taken"
        );
        let (messages, reason) = soon(received).await.unwrap();
        assert_eq!(numbers(&messages), [0, 1, 2, 3]);
        assert!(messages.last() == Some(&large(9, 2_000_000)));
        assert_eq!(reason, DisconnectReason::HungUp(HangUp::EndOfStream));
        assert_eq!(soon(left.peer.closed()).await.reason, LOCAL);
    }
}

/// Closing with unread data in the socket would reset it, and destroy the block on its way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_flushed_arrives_though_the_remote_talks_all_the_time() {
    for _ in 0..20 {
        let (left, mut right) = over_tcp().await;
        let chatter = right.peer.clone();
        let chatter =
            tokio::spawn(async move { while chatter.send(large(0, 10_000)).await.is_ok() {} });
        left.peer.queue(large(1, 4_000_000)).unwrap();
        left.peer.disconnect();
        let (messages, reason) = to_the_end(&mut right.events).await;
        assert!(messages.contains(&large(1, 4_000_000)), "lost, {reason}");
        soon(chatter).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_graceful_disconnect_does_not_wait_for_a_remote_that_never_reads() {
    let (left, right) = tokio::io::duplex(4_096);
    let mut left = run(outbound(left, config(7)));
    let (_peer, mut events, mut driver) = inbound(right, config(8));
    tokio::select! {
        _ = &mut driver => panic!("it goes on"),
        () = until_negotiated(&mut events) => {}
    }
    until_negotiated(&mut left.events).await;
    for _ in 0..3 {
        let _ = left.peer.queue(large(0, 2_000_000));
        tokio::task::yield_now().await;
    }
    let started = tokio::time::Instant::now();
    left.peer.disconnect();
    assert_eq!(to_the_end(&mut left.events).await.1, LOCAL);
    soon(left.peer.closed()).await;
    let flush = config(7).timeouts.flush;
    assert!(started.elapsed() >= flush);
    assert!(
        started.elapsed() <= flush + Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn an_abort_waits_for_nothing() {
    let (mut left, right) = negotiated(4_096).await;
    left.peer.queue(large(0, 4_000_000)).unwrap();
    tokio::task::yield_now().await;
    let started = tokio::time::Instant::now();
    left.peer.abort();
    assert_eq!(to_the_end(&mut left.events).await.1, LOCAL);
    assert_eq!(soon(left.driver).await.unwrap().reason, LOCAL);
    assert_eq!(started.elapsed(), Duration::ZERO);
    let truncated = soon(right.driver).await.unwrap();
    assert_eq!(
        truncated.reason,
        DisconnectReason::HungUp(HangUp::Truncated)
    );
}

#[tokio::test]
async fn a_remote_that_half_closes_still_gets_what_was_sent() {
    let (left, mut right) = tcp_pair().await;
    let mut left = run(outbound(left, config(7)));
    shake_hands(&mut right).await;
    until_negotiated(&mut left.events).await;
    left.peer.queue(large(5, 3_000_000)).unwrap();
    tokio::task::yield_now().await;
    right.shutdown().await.unwrap();
    let mut came = Vec::new();
    soon(right.read_to_end(&mut came)).await.unwrap();
    assert!(came.len() > 3_000_000, "{} bytes", came.len());
    let hung_up = DisconnectReason::HungUp(HangUp::EndOfStream);
    assert_eq!(to_the_end(&mut left.events).await.1, hung_up);
    let ended = soon(left.driver).await.unwrap();
    assert!(ended.sent_through.is_some(), "the block counts as sent");
}

#[tokio::test]
async fn a_raw_remote_that_half_closes_in_order_or_not() {
    for (bytes, how) in [
        (&b""[..], HangUp::EndOfStream),
        (&[0xfa, 0xbf][..], HangUp::Truncated),
    ] {
        let (mut end, mut remote) = against_bytes(config(7), 4_096);
        remote.write_all(bytes).await.unwrap();
        remote.shutdown().await.unwrap();
        assert_eq!(
            to_the_end(&mut end.events).await.1,
            DisconnectReason::HungUp(how)
        );
        // And the other half follows.
        let mut rest = Vec::new();
        remote.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"");
    }
}

#[tokio::test]
async fn a_reset_is_told_as_such_and_resolves_everything() {
    let (left, right) = tcp_pair().await;
    let mut left = run(outbound(left, config_v1(7)));
    let waiting = tokio::spawn({
        let peer = left.peer.clone();
        async move { peer.send(numbered(1)).await }
    });
    tokio::task::yield_now().await;
    right.set_zero_linger().unwrap();
    drop(right);
    let reason = to_the_end(&mut left.events).await.1;
    assert_eq!(reason, DisconnectReason::HungUp(HangUp::Reset));
    match soon(waiting).await.unwrap() {
        Err(SendError::Disconnected(ended)) => assert_eq!(ended.reason, reason),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn closed_tells_every_clone_before_and_after() {
    let (left, right) = negotiated(4_096).await;
    let waiters: Vec<_> = (0..500)
        .map(|_| {
            let peer = left.peer.clone();
            tokio::spawn(async move { peer.closed().await })
        })
        .collect();
    tokio::task::yield_now().await;
    right.peer.disconnect();
    let ended = soon(left.driver).await.unwrap();
    assert_eq!(ended.reason, DisconnectReason::HungUp(HangUp::EndOfStream));
    assert_eq!(ended.stats.bytes_sent, left.peer.stats().bytes_sent);
    for waiter in waiters {
        assert!(Arc::ptr_eq(&soon(waiter).await.unwrap(), &ended));
    }
    assert!(Arc::ptr_eq(&soon(left.peer.closed()).await, &ended));
    match left.peer.send(numbered(1)).await {
        Err(SendError::Disconnected(told)) => assert!(Arc::ptr_eq(&told, &ended)),
        other => panic!("{other:?}"),
    }
}

/// btcd's `Connected`: from the beginning until either side ends it.
#[tokio::test]
async fn a_handle_knows_whether_the_connection_is_over() {
    let (left, right) = pair(4_096);
    assert!(!left.peer.is_closed() && !right.peer.is_closed());
    left.peer.disconnect();
    assert!(left.peer.is_closed());
    assert!(matches!(
        left.peer.queue(numbered(1)),
        Err(QueueError::Closed(_))
    ));
    soon(right.peer.closed()).await;
    assert!(right.peer.is_closed());
    soon(left.peer.closed()).await;
    assert!(left.peer.is_closed());
}

/// A driver that is kept after its end, as a `select!` over a reference does, keeps no socket.
#[tokio::test]
async fn closed_means_that_the_socket_is_closed() {
    for abort in [false, true] {
        let (ours, mut theirs) = tcp_pair().await;
        let (peer, _events, mut driver) = outbound(ours, config(7));
        let waiting = tokio::spawn({
            let peer = peer.clone();
            async move { peer.closed().await }
        });
        if abort {
            peer.abort();
        } else {
            peer.disconnect();
            theirs.shutdown().await.unwrap();
        }
        let ended = soon(&mut driver).await;
        assert!(Arc::ptr_eq(&soon(waiting).await.unwrap(), &ended));
        soon(theirs.read_to_end(&mut Vec::new())).await.unwrap();
        // Shut down, the socket would still take what we say; closed, it resets. The first write
        // asks, the answer comes a moment later.
        soon(async { while theirs.write_all(b"anybody?").await.is_ok() {} }).await;
        drop(driver);
    }
}

#[tokio::test]
async fn nobody_listening_there_is_an_error_of_the_dial() {
    let listener = Listener::bind("127.0.0.1:0", Arc::new(config(8)))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = dial(address, Arc::new(config(7)), Link::outbound())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}
