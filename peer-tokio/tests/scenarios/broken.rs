//! Sockets that take no more, while what the remote had said is not read yet.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use peer_core::message::{Message, Ping};
use peer_core::{DisconnectReason, HangUp};
use peer_tokio::{Events, Peer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep};

use crate::help::{
    End, config, config_v1, numbered, numbers, outbound, run, shake_hands, soon, tcp_pair,
    to_the_end, until_negotiated, write_all,
};

const RESET: DisconnectReason = DisconnectReason::HungUp(HangUp::Reset);

/// More messages than the line of events and the machine take together.
const COUNT: u32 = 1_000;

/// An end whose application takes nothing, after a remote that has said much has left.
async fn after_a_talker<S, R>(left: S, mut remote: R) -> End
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    R: AsyncRead + AsyncWrite + Unpin,
{
    let mut left = run(outbound(left, config(7)));
    let mut machine = shake_hands(&mut remote).await;
    until_negotiated(&mut left.events).await;
    for number in 0..COUNT {
        machine.send(numbered(number)).unwrap();
    }
    // In one piece: of many small ones the remote's kernel holds some back, and forgets them when
    // it resets.
    let all = machine.outbound().to_vec();
    remote.write_all(&all).await.unwrap();
    until_still(&left).await;
    left
}

/// Until nothing is read any more: the window is shut.
async fn until_still(end: &End) {
    let mut before = 0;
    loop {
        for _ in 0..1_000 {
            yield_now().await;
        }
        let received = end.peer.stats().bytes_received;
        if received == before {
            return;
        }
        before = received;
    }
}

/// Says something now and then, so that the driver learns of a dead socket.
async fn talk(end: &End) {
    for number in 0..20 {
        if end.peer.queue(numbered(number)).is_err() {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_had_arrived_is_kept_for_a_slow_application() {
    let (left, remote) = duplex(65_536);
    let mut left = after_a_talker(left, remote).await;
    talk(&left).await;
    assert!(
        !left.driver.is_finished(),
        "the kernel still holds messages"
    );
    let (messages, reason) = to_the_end(&mut left.events).await;
    assert_eq!(numbers(&messages), (0..COUNT).collect::<Vec<_>>());
    assert_eq!(reason, RESET);
    assert_eq!(soon(left.driver).await.unwrap().reason, reason);
}

#[tokio::test]
async fn what_had_arrived_over_tcp_is_kept_for_a_slow_application() {
    let (left, remote) = tcp_pair().await;
    let mut left = after_a_talker(left, remote).await;
    talk(&left).await;
    let (messages, reason) = to_the_end(&mut left.events).await;
    assert_eq!(numbers(&messages), (0..COUNT).collect::<Vec<_>>());
    // Whether it resets or ends in order is a matter of what it had read.
    assert!(matches!(reason, DisconnectReason::HungUp(_)), "{reason}");
}

/// However the application leaves that never took an event, a dead socket goes at once.
#[tokio::test(start_paused = true)]
async fn a_dead_socket_does_not_outlive_the_application() {
    type Leave = fn(Peer, Events) -> Option<(Peer, Events)>;
    let ways: [Leave; 3] = [
        |_, _| None,
        |peer, events| {
            peer.abort();
            Some((peer, events))
        },
        |peer, events| {
            peer.disconnect();
            Some((peer, events))
        },
    ];
    for leave in ways {
        let (left, remote) = duplex(65_536);
        let left = after_a_talker(left, remote).await;
        talk(&left).await;
        assert!(!left.driver.is_finished());
        let started = Instant::now();
        let _kept = leave(left.peer, left.events);
        let ended = soon(left.driver).await.unwrap();
        assert!(matches!(ended.reason, DisconnectReason::Local(_)));
        assert!(started.elapsed() <= Duration::from_millis(200));
    }
}

/// The window may be shut for the replies we owe: a broken socket never takes them.
#[tokio::test(start_paused = true)]
async fn replies_that_cannot_leave_do_not_hold_a_dead_socket() {
    let (left, mut remote) = duplex(4_096);
    let mut left = run(outbound(left, config(7)));
    let mut machine = shake_hands(&mut remote).await;
    until_negotiated(&mut left.events).await;
    let listening = tokio::spawn(async move { to_the_end(&mut left.events).await.1 });
    let started = Instant::now();
    let flood = async {
        loop {
            let ping = Message::Ping(Ping { nonce: Some(1) });
            machine.send(ping).unwrap();
            write_all(&mut machine, &mut remote).await;
        }
    };
    // Until nothing more is taken.
    assert!(
        tokio::time::timeout(Duration::from_secs(1), flood)
            .await
            .is_err()
    );
    drop(remote);
    assert_eq!(soon(listening).await.unwrap(), RESET);
    assert!(started.elapsed() <= Duration::from_secs(2));
    assert_eq!(soon(left.driver).await.unwrap().reason, RESET);
}

/// Takes nothing, once told so, and is slow to tell what it holds.
struct Limp {
    inner: DuplexStream,
    broken: bool,
    /// Between a write that fails and the read that finds something.
    late: Option<Pin<Box<Sleep>>>,
}

impl Limp {
    fn new(inner: DuplexStream) -> Self {
        Self {
            inner,
            broken: false,
            late: None,
        }
    }
}

impl AsyncRead for Limp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(late) = &mut self.late {
            std::task::ready!(late.as_mut().poll(cx));
            self.late = None;
        }
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Limp {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.windows(8).any(|bytes| bytes == b"numbered") {
            self.late = Some(Box::pin(sleep(Duration::from_millis(10))));
            self.broken = true;
        }
        if self.broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// As where a write fails before the runtime has heard that there is something to read.
#[tokio::test(start_paused = true)]
async fn a_read_that_comes_late_is_waited_for() {
    let (left, mut remote) = duplex(4_096);
    let mut left = run(outbound(Limp::new(left), config_v1(7)));
    let mut machine = shake_hands(&mut remote).await;
    until_negotiated(&mut left.events).await;
    // Nobody else runs between these: the driver finds both at once.
    left.peer.queue(numbered(0)).unwrap();
    yield_now().await;
    machine.send(numbered(1)).unwrap();
    write_all(&mut machine, &mut remote).await;
    let (messages, reason) = to_the_end(&mut left.events).await;
    assert_eq!((messages, reason), (vec![numbered(1)], RESET));
}

/// A remote that keeps a half-dead stream open does not keep the connection.
#[tokio::test(start_paused = true)]
async fn a_stream_that_only_takes_no_more_ends_soon() {
    let (left, mut remote) = duplex(4_096);
    let mut left = run(outbound(Limp::new(left), config_v1(7)));
    let _machine = shake_hands(&mut remote).await;
    until_negotiated(&mut left.events).await;
    let started = Instant::now();
    left.peer.queue(numbered(0)).unwrap();
    assert_eq!(to_the_end(&mut left.events).await.1, RESET);
    assert!(started.elapsed() <= Duration::from_millis(500));
}
