//! What btcd's `peer` tests of connections that end before, or while, they begin.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use peer_core::{DisconnectReason, Goodbye};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

use crate::help::{config, outbound, soon};

/// A stream that counts how often it was closed.
struct Counted {
    stream: DuplexStream,
    closed: Arc<AtomicUsize>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.closed.fetch_add(1, Ordering::SeqCst);
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// TestDisconnectBeforeAssociateConnection.
#[tokio::test(start_paused = true)]
async fn disconnected_before_it_began_it_closes_once() {
    let closed = Arc::new(AtomicUsize::new(0));
    let (stream, theirs) = duplex(4_096);
    let stream = Counted {
        stream,
        closed: closed.clone(),
    };
    let (peer, _events, driver) = outbound(stream, config(7));
    peer.abort();
    peer.abort();
    let ended = soon(driver).await;
    let requested = DisconnectReason::Local(Goodbye::Requested);
    assert_eq!(ended.reason, requested);
    assert_eq!(closed.load(Ordering::SeqCst), 1);
    assert_eq!(ended.stats.negotiated_at, None);
    assert_eq!(soon(peer.closed()).await.reason, requested);
    drop(theirs);
}

/// TestAssociateConnectionDisconnectRace.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_races_of_begin_and_end_close_once_each() {
    for _ in 0..100 {
        let closed = Arc::new(AtomicUsize::new(0));
        let (stream, theirs) = duplex(4_096);
        let stream = Counted {
            stream,
            closed: closed.clone(),
        };
        let (peer, events, driver) = outbound(stream, config(7));
        let driver = tokio::spawn(driver);
        let ending = tokio::spawn({
            let peer = peer.clone();
            async move { peer.abort() }
        });
        soon(ending).await.unwrap();
        let ended = soon(driver).await.unwrap();
        assert_eq!(ended.reason, DisconnectReason::Local(Goodbye::Requested));
        assert_eq!(closed.load(Ordering::SeqCst), 1);
        drop((events, theirs));
    }
}
