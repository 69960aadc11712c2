//! Streams that are not sockets.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use peer_core::{DisconnectReason, HangUp};
use tokio::io::{AsyncRead, AsyncWrite, BufStream, DuplexStream, ReadBuf, duplex};

use crate::help::{
    assert_same, config, inbound, large, next_message, numbered, outbound, run, soon, to_the_end,
    until_negotiated,
};

/// A stream that holds back what is written until it is flushed, as TLS may.
#[tokio::test]
async fn a_buffering_stream_is_flushed() {
    let (left, right) = duplex(100);
    let (left, right) = (BufStream::new(left), BufStream::new(right));
    let (mut left, mut right) = (
        run(outbound(left, config(7))),
        run(inbound(right, config(8))),
    );
    until_negotiated(&mut left.events).await;
    until_negotiated(&mut right.events).await;
    left.peer.send(numbered(1)).await.unwrap();
    assert_same(&next_message(&mut right.events).await, &numbered(1));
    left.peer.queue(large(1, 100_000)).unwrap();
    left.peer.disconnect();
    let (messages, _) = to_the_end(&mut right.events).await;
    assert!(messages == [large(1, 100_000)]);
}

/// Interrupts every other call, moves at most seven bytes, knows no vectored write, and breaks
/// after so many bytes written.
struct Crank {
    inner: DuplexStream,
    interrupt: bool,
    writes_left: usize,
}

impl Crank {
    fn new(inner: DuplexStream, writes_left: usize) -> Self {
        Self {
            inner,
            interrupt: false,
            writes_left,
        }
    }

    fn interrupts(&mut self) -> bool {
        self.interrupt = !self.interrupt;
        self.interrupt
    }
}

impl AsyncRead for Crank {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.interrupts() {
            return Poll::Ready(Err(io::ErrorKind::Interrupted.into()));
        }
        let mut few = [0; 7];
        let len = few.len().min(buf.remaining());
        let mut few = ReadBuf::new(&mut few[..len]);
        let read = Pin::new(&mut self.inner).poll_read(cx, &mut few);
        buf.put_slice(few.filled());
        read
    }
}

impl AsyncWrite for Crank {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.interrupts() {
            return Poll::Ready(Err(io::ErrorKind::Interrupted.into()));
        }
        if self.writes_left == 0 {
            return Poll::Ready(Ok(0));
        }
        let len = buf.len().min(7).min(self.writes_left);
        let written = Pin::new(&mut self.inner).poll_write(cx, &buf[..len]);
        if let Poll::Ready(Ok(n)) = written {
            self.writes_left -= n;
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn a_stream_of_seven_bytes_and_interruptions() {
    let (left, right) = duplex(4_096);
    let left = outbound(Crank::new(left, usize::MAX), config(7));
    let (mut left, mut right) = (run(left), run(inbound(right, config(8))));
    until_negotiated(&mut left.events).await;
    until_negotiated(&mut right.events).await;
    left.peer.queue(large(1, 20_000)).unwrap();
    right.peer.queue(large(2, 20_000)).unwrap();
    assert_same(&next_message(&mut right.events).await, &large(1, 20_000));
    assert_same(&next_message(&mut left.events).await, &large(2, 20_000));
}

/// What the remote said before the stream broke is heard.
#[tokio::test]
async fn a_stream_that_takes_no_more_is_read_to_its_end() {
    let (left, right) = duplex(4_096);
    let left = outbound(Crank::new(left, 1_000), config(7));
    let (mut left, mut right) = (run(left), run(inbound(right, config(8))));
    until_negotiated(&mut left.events).await;
    until_negotiated(&mut right.events).await;
    right.peer.send(numbered(1)).await.unwrap();
    let error = left.peer.send(large(1, 2_000)).await.unwrap_err();
    let (messages, reason) = to_the_end(&mut left.events).await;
    assert_eq!(messages, [numbered(1)]);
    assert_eq!(reason, DisconnectReason::HungUp(HangUp::LocalError));
    let ended = soon(left.driver).await.unwrap();
    assert_eq!(ended.reason, reason);
    // The one error leads to the other, as errors do.
    let source = error.source().expect("how it ended");
    assert_eq!(source.to_string(), ended.to_string());
    assert!(ended.to_string().contains("local socket error"), "{ended}");
}
