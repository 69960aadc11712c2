//! What btcd's `peer` tests of connections that end before, or while, they begin; and what its callbacks hold up.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use peer_core::message::{Message, MessageKind, Ping};
use peer_core::{DisconnectReason, Goodbye};
use peer_tokio::{Peer, QueueError};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::sync::Barrier;

use crate::help::{config, inbound, negotiated, numbered, outbound, run, soon};

const LOCAL: DisconnectReason = DisconnectReason::Local(Goodbye::Requested);

/// What became of a stream.
#[derive(Default)]
struct Fate {
    shut_down: AtomicUsize,
    dropped: AtomicUsize,
}

impl Fate {
    fn closed_once(&self) -> bool {
        self.shut_down.load(Ordering::SeqCst) <= 1 && self.dropped.load(Ordering::SeqCst) == 1
    }
}

/// A stream that records how it was closed, and may not be written to afterwards.
struct Watched(DuplexStream, Arc<Fate>);

impl Drop for Watched {
    fn drop(&mut self) {
        self.1.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        assert_eq!(self.1.shut_down.load(Ordering::SeqCst), 0, "after the end");
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.1.shut_down.fetch_add(1, Ordering::SeqCst);
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// After the end nothing is taken, and to end it again changes nothing.
async fn assert_over(peer: &Peer) {
    let refused = peer.queue(numbered(1));
    assert!(matches!(refused, Err(QueueError::Closed(_))), "{refused:?}");
    assert!(soon(peer.send(numbered(1))).await.is_err());
    peer.disconnect();
    peer.abort();
    assert_eq!(soon(peer.closed()).await.reason, LOCAL);
}

/// TestDisconnectBeforeAssociateConnection: ended twice before it began, it closes the stream once and never connects.
#[tokio::test(start_paused = true)]
async fn disconnected_before_it_began_it_closes_once() {
    for end in [Peer::abort, Peer::disconnect] {
        let (stream, mut theirs) = duplex(4_096);
        let fate = Arc::new(Fate::default());
        let (peer, _events, driver) = outbound(Watched(stream, fate.clone()), config(7));
        end(&peer);
        end(&peer);
        let remote = tokio::spawn(async move {
            let mut heard = Vec::new();
            theirs.read_to_end(&mut heard).await.unwrap();
            heard.len() as u64
        });
        let ended = soon(driver).await;
        assert_eq!(ended.reason, LOCAL);
        assert!(fate.closed_once());
        assert_eq!(ended.stats.negotiated_at, None);
        assert_eq!(soon(remote).await.unwrap(), ended.stats.bytes_sent);
        assert_over(&peer).await;
    }
}

/// TestAssociateConnectionDisconnectRace: a hundred connections begin and end at the same time, against remotes that
/// would shake hands. One close each, and no connection afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_races_of_begin_and_end_close_once_each() {
    let endings: [fn(Peer); 3] = [|peer| peer.abort(), |peer| peer.disconnect(), drop];
    let mut races = Vec::new();
    for number in 0..100 {
        let (stream, theirs) = duplex(4_096);
        let fate = Arc::new(Fate::default());
        let remote = run(inbound(theirs, config(8)));
        let (peer, events, driver) = outbound(Watched(stream, fate.clone()), config(7));
        let line = Arc::new(Barrier::new(2));
        let begin = tokio::spawn({
            let line = line.clone();
            async move {
                line.wait().await;
                driver.await
            }
        });
        let end = endings[number % 3];
        // Of those that end by being dropped no handle may be left.
        let kept = (number % 3 != 2).then(|| peer.clone());
        let ending = tokio::spawn(async move {
            line.wait().await;
            end(peer);
        });
        races.push((fate, begin, ending, kept, events, remote));
    }
    for (fate, begin, ending, kept, _events, remote) in races {
        soon(ending).await.unwrap();
        assert_eq!(soon(begin).await.unwrap().reason, LOCAL);
        assert!(fate.closed_once());
        if let Some(peer) = kept {
            assert_over(&peer).await;
        }
        // The remote is not left behind either.
        let theirs = soon(remote.driver).await.unwrap();
        assert!(matches!(theirs.reason, DisconnectReason::HungUp(_)));
    }
}

/// btcd's fault 23: its pongs wait until a callback returns. Here they go ahead of the application, as far as the line of
/// its events has room; beyond that the remote has to wait.
#[tokio::test(start_paused = true)]
async fn pings_are_answered_while_the_application_is_busy() {
    const PINGS: u64 = 32;
    let (left, right) = negotiated(4_096).await;
    let answered = || {
        let received = left.peer.stats().traffic.received;
        received.get(Some(MessageKind::Pong)).messages
    };
    let before = answered();
    // From here on nobody takes events on the right.
    for nonce in 1..=PINGS {
        soon(left.peer.send(Message::Ping(Ping::new(nonce))))
            .await
            .unwrap();
    }
    soon(async {
        while answered() < before + PINGS {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    })
    .await;
    assert!(!right.driver.is_finished());
}
