//! The second dial, in v1, that a remote may need which knows no v2.

use std::io;
use std::sync::Arc;

use peer_core::{DisconnectReason, Event, Goodbye, Link, TransportKind};
use peer_tokio::{Connection, QueueError, connect_with};
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::help::{config, config_v1, inbound, numbered, run, soon, to_the_end, until_negotiated};

type Dialled = UnboundedReceiver<DuplexStream>;

/// Dials through pipes, the other ends of which come out of the line; after `most` dials there is nobody.
async fn dial(most: usize) -> (Connection<DuplexStream>, Dialled) {
    let (sender, line) = unbounded_channel();
    let mut left = most;
    let dial = move || {
        let there = left.checked_sub(1);
        left = there.unwrap_or_default();
        let sender = sender.clone();
        async move {
            there.ok_or(io::ErrorKind::ConnectionRefused)?;
            let (ours, theirs) = duplex(4_096);
            sender.send(theirs).map_err(io::Error::other)?;
            Ok(ours)
        }
    };
    let connection = connect_with(dial, Arc::new(config(7)), Link::outbound()).await;
    (connection.unwrap(), line)
}

/// A node that knows only v1: takes a header's worth, which is none, and hangs up.
async fn refuse(mut stream: DuplexStream) {
    let mut header = [0; 24];
    soon(stream.read_exact(&mut header)).await.unwrap();
    assert_ne!(header[..4], [0xfa, 0xbf, 0xb5, 0xda]);
}

/// The application sees one connection, and what it sent before anybody answered arrives.
#[tokio::test(start_paused = true)]
async fn a_second_dial_goes_unnoticed() {
    let (connection, mut line) = dial(2).await;
    let mut end = run(connection);
    end.peer.queue(numbered(1)).unwrap();
    let sending = tokio::spawn({
        let peer = end.peer.clone();
        async move { peer.send(numbered(2)).await }
    });
    refuse(soon(line.recv()).await.unwrap()).await;
    let mut other = run(inbound(soon(line.recv()).await.unwrap(), config_v1(8)));
    let first = soon(end.events.next()).await;
    assert!(matches!(first, Some(Event::Version(_))), "{first:?}");
    until_negotiated(&mut end.events).await;
    soon(sending).await.unwrap().unwrap();
    assert_eq!(end.peer.stats().transport, Some(TransportKind::V1));
    end.peer.disconnect();
    let (messages, _) = to_the_end(&mut other.events).await;
    assert_eq!(messages, [numbered(1), numbered(2)]);
    assert!(line.recv().await.is_none(), "nobody is dialled again");
}

/// Who refuses v1 as well, or is not there any more, is left.
#[tokio::test(start_paused = true)]
async fn there_is_no_third_dial() {
    let (connection, mut line) = dial(3).await;
    let mut end = run(connection);
    end.peer.queue(numbered(1)).unwrap();
    refuse(soon(line.recv()).await.unwrap()).await;
    drop(soon(line.recv()).await.unwrap());
    let (_, reason) = to_the_end(&mut end.events).await;
    assert!(matches!(reason, DisconnectReason::HungUp(_)), "{reason}");
    assert!(line.recv().await.is_none());
    assert_eq!(soon(end.driver).await.unwrap().reason, reason);

    let (connection, mut line) = dial(1).await;
    let mut end = run(connection);
    let waiting = tokio::spawn({
        let peer = end.peer.clone();
        async move { peer.send(numbered(1)).await }
    });
    refuse(soon(line.recv()).await.unwrap()).await;
    let (_, reason) = to_the_end(&mut end.events).await;
    assert!(reason.asks_for_v1(), "{reason}");
    assert!(soon(waiting).await.unwrap().is_err(), "it is not sent");
    assert_eq!(soon(end.peer.closed()).await.reason, reason);
}

/// While somebody is dialled again our side may leave, in any of its ways.
#[tokio::test(start_paused = true)]
async fn to_leave_meanwhile_ends_it() {
    for how in ["disconnect", "abort", "drop handle", "drop driver"] {
        let dials = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let (sender, mut line) = unbounded_channel();
        let counted = dials.clone();
        let dial = move || {
            let nth = counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let sender = sender.clone();
            async move {
                if nth > 0 {
                    // Nobody answers.
                    std::future::pending::<()>().await;
                }
                let (ours, theirs) = duplex(4_096);
                sender.send(theirs).map_err(io::Error::other)?;
                Ok(ours)
            }
        };
        let connection = connect_with(dial, Arc::new(config(7)), Link::outbound()).await;
        let mut end = run(connection.unwrap());
        refuse(soon(line.recv()).await.unwrap()).await;
        while dials.load(std::sync::atomic::Ordering::Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
        match how {
            "disconnect" => end.peer.disconnect(),
            "abort" => end.peer.abort(),
            "drop handle" => drop(end.peer.clone()),
            _ => end.driver.abort(),
        }
        if how == "drop handle" {
            drop(end.peer);
            let left = DisconnectReason::Local(Goodbye::Requested);
            assert_eq!(to_the_end(&mut end.events).await.1, left, "{how}");
            continue;
        }
        let left = DisconnectReason::Local(Goodbye::Requested);
        assert_eq!(to_the_end(&mut end.events).await.1, left, "{how}");
        assert_eq!(soon(end.peer.closed()).await.reason, left);
        assert_eq!(end.peer.stats().disconnect_reason, Some(left));
        let refused = end.peer.queue(numbered(1));
        assert!(matches!(refused, Err(QueueError::Closed(_))));
    }
}

/// Two that know v2 need one dial.
#[tokio::test(start_paused = true)]
async fn who_knows_v2_is_dialled_once() {
    let (connection, mut line) = dial(9).await;
    let mut end = run(connection);
    let mut other = run(inbound(soon(line.recv()).await.unwrap(), config(8)));
    until_negotiated(&mut end.events).await;
    until_negotiated(&mut other.events).await;
    assert_eq!(end.peer.stats().transport, Some(TransportKind::V2));
    let session = end.peer.stats().session_id;
    assert!(session.is_some() && session == other.peer.stats().session_id);
    assert!(line.recv().await.is_none());
}

/// A second dial that nobody answers has the time of a handshake, and no more.
#[tokio::test(start_paused = true)]
async fn a_second_dial_does_not_take_for_ever() {
    let mut is_first = true;
    let (sender, mut line) = unbounded_channel();
    let dial = move || {
        let is_first = std::mem::take(&mut is_first);
        let sender = sender.clone();
        async move {
            if !is_first {
                std::future::pending::<()>().await;
            }
            let (ours, theirs) = duplex(4_096);
            sender.send(theirs).map_err(io::Error::other)?;
            Ok(ours)
        }
    };
    let connection = connect_with(dial, Arc::new(config(7)), Link::outbound()).await;
    let mut end = run(connection.unwrap());
    let begun = tokio::time::Instant::now();
    refuse(soon(line.recv()).await.unwrap()).await;
    let (_, reason) = to_the_end(&mut end.events).await;
    assert!(reason.asks_for_v1(), "{reason}");
    let took = begun.elapsed().as_secs();
    assert!((30..32).contains(&took), "{took} s");
}
