//! The same under async-std and under smol.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests have std, and fail by panicking"
)]

use std::future::Future;
use std::io::Read;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_lite::FutureExt;
use peer_async_std::{Connection, Disconnected, Events, Listener, Peer, TcpStream, connect, dial};
use peer_core::message::{CommandName, Message};
use peer_core::network::Network;
use peer_core::{Config, DisconnectReason, Event, Goodbye, HangUp, Link, Timeout};

const LOCAL: DisconnectReason = DisconnectReason::Local(Goodbye::Requested);

/// What differs.
trait Runtime {
    fn block_on<T>(future: impl Future<Output = T>) -> T;
    fn spawn(future: impl Future<Output = Arc<Disconnected>> + Send + 'static);
    /// A stream of the runtime's own.
    async fn own_stream(address: std::net::SocketAddr) -> TcpStream;
}

struct AsyncStd;

impl Runtime for AsyncStd {
    fn block_on<T>(future: impl Future<Output = T>) -> T {
        async_std::task::block_on(soon(future))
    }

    fn spawn(future: impl Future<Output = Arc<Disconnected>> + Send + 'static) {
        drop(async_std::task::spawn(future));
    }

    async fn own_stream(address: std::net::SocketAddr) -> TcpStream {
        let stream = std::net::TcpStream::connect(address).unwrap();
        #[cfg(feature = "async-std")]
        return async_std::net::TcpStream::from(stream).into();
        #[cfg(not(feature = "async-std"))]
        return stream.try_into().unwrap();
    }
}

struct Smol;

impl Runtime for Smol {
    fn block_on<T>(future: impl Future<Output = T>) -> T {
        smol::block_on(soon(future))
    }

    fn spawn(future: impl Future<Output = Arc<Disconnected>> + Send + 'static) {
        smol::spawn(future).detach();
    }

    async fn own_stream(address: std::net::SocketAddr) -> TcpStream {
        let stream = std::net::TcpStream::connect(address).unwrap();
        #[cfg(feature = "smol")]
        return smol::net::TcpStream::try_from(stream).unwrap().into();
        #[cfg(not(feature = "smol"))]
        return stream.try_into().unwrap();
    }
}

macro_rules! under_both {
    ($($name:ident)*) => {
        mod async_std_runs { $(#[test] fn $name() { super::$name::<super::AsyncStd>(); })* }
        mod smol_runs { $(#[test] fn $name() { super::$name::<super::Smol>(); })* }
    };
}

under_both! {
    large_messages_both_ways
    the_remote_hears_at_once_that_we_have_left
    nobody_there_is_an_error_of_the_dial
    an_accept_given_up_takes_nobody
    what_is_dropped_ends_the_connection
    silence_is_timed_out
    short_connections_by_the_hundred
}

/// Fails the test instead of hanging it.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    let late = async {
        async_io::Timer::after(Duration::from_secs(100)).await;
        panic!("it hangs")
    };
    future.or(late).await
}

fn config(secret: u8) -> Config {
    Config::with_secret(Network::REGTEST, [secret; 32])
}

async fn listener() -> Listener {
    Listener::bind("127.0.0.1:0", Arc::new(config(8)))
        .await
        .unwrap()
}

fn run<R: Runtime>((peer, events, driver): Connection<TcpStream>) -> (Peer, Events) {
    R::spawn(driver);
    (peer, events)
}

async fn until_negotiated(events: &mut Events) {
    loop {
        match events.next().await.expect("the stream goes on") {
            Event::Negotiated => return,
            Event::Disconnected { reason, .. } => panic!("disconnected: {reason}"),
            _ => {}
        }
    }
}

async fn to_the_end(events: &mut Events) -> DisconnectReason {
    loop {
        if let Event::Disconnected { reason, .. } = events.next().await.expect("an end is told") {
            assert!(events.next().await.is_none(), "the end comes last");
            return reason;
        }
    }
}

/// Both ends of a connection that has shaken hands.
async fn pair<R: Runtime>() -> [(Peer, Events); 2] {
    let listener = listener().await;
    listener.set_start_height(170);
    let address = listener.local_addr().unwrap();
    let dialled = dial(address, Arc::new(config(7)), Link::outbound())
        .await
        .unwrap();
    let accepted = listener.accept().await.unwrap();
    assert_eq!(dialled.0.link().remote, Some(address));
    assert_eq!(dialled.0.link().local, accepted.0.link().remote);
    assert_eq!(accepted.0.link().local, Some(address));
    let mut pair = [run::<R>(dialled), run::<R>(accepted)];
    for (_, events) in &mut pair {
        until_negotiated(events).await;
    }
    assert_eq!(pair[0].0.stats().start_height, Some(170));
    pair
}

fn large(fill: u8) -> Message {
    Message::Unknown {
        command: CommandName::new("large").unwrap(),
        payload: Bytes::from(vec![fill; 4_000_000]),
    }
}

async fn next_large(events: &mut Events) -> Message {
    loop {
        match events.next().await.expect("the stream goes on") {
            Event::Message { message, .. } if message.kind().is_none() => return message,
            Event::Disconnected { reason, .. } => panic!("disconnected: {reason}"),
            _ => {}
        }
    }
}

fn large_messages_both_ways<R: Runtime>() {
    R::block_on(async {
        let [(left, mut from_right), (right, mut from_left)] = pair::<R>().await;
        let send = futures_lite::future::zip(left.send(large(1)), right.send(large(2)));
        let (sent_left, sent_right) = send.await;
        sent_left.unwrap();
        sent_right.unwrap();
        assert!(next_large(&mut from_left).await == large(1));
        assert!(next_large(&mut from_right).await == large(2));
        left.disconnect();
        let end_of_stream = DisconnectReason::HungUp(HangUp::EndOfStream);
        assert_eq!(to_the_end(&mut from_left).await, end_of_stream);
        assert_eq!(left.closed().await.reason, LOCAL);
    });
}

/// A remote that does not close has to hear of our end all the same: the write half is shut down,
/// whatever kind of stream it is.
fn the_remote_hears_at_once_that_we_have_left<R: Runtime>() {
    R::block_on(async {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = R::own_stream(socket.local_addr().unwrap()).await;
        let (mut remote, _) = socket.accept().unwrap();
        let (peer, mut events) = {
            let (peer, events, driver) =
                connect(stream, Arc::new(config(7)), Link::outbound()).unwrap();
            R::spawn(driver);
            (peer, events)
        };
        let heard = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            remote.read_to_end(&mut bytes).unwrap();
            (remote, bytes)
        });
        peer.disconnect();
        assert_eq!(to_the_end(&mut events).await, LOCAL);
        // Timeouts::flush is longer than this by far.
        let heard = blocking::unblock(move || heard.join().unwrap());
        let late = async {
            async_io::Timer::after(Duration::from_secs(5)).await;
            panic!("the write half stays open")
        };
        let (remote, _) = heard.or(late).await;
        drop(remote);
        peer.closed().await;
    });
}

fn nobody_there_is_an_error_of_the_dial<R: Runtime>() {
    R::block_on(async {
        let listener = listener().await;
        let address = listener.local_addr().unwrap();
        drop(listener);
        let refused = dial(address, Arc::new(config(7)), Link::outbound()).await;
        let kind = refused.map(drop).unwrap_err().kind();
        assert_eq!(kind, std::io::ErrorKind::ConnectionRefused);
    });
}

fn an_accept_given_up_takes_nobody<R: Runtime>() {
    R::block_on(async {
        let listener = listener().await;
        {
            let accepting = pin!(listener.accept());
            let mut cx = Context::from_waker(Waker::noop());
            assert!(matches!(accepting.poll(&mut cx), Poll::Pending));
        }
        let address = listener.local_addr().unwrap();
        let remote = std::net::TcpStream::connect(address).unwrap();
        let (peer, ..) = listener.accept().await.unwrap();
        assert_eq!(peer.link().remote, remote.local_addr().ok());
    });
}

fn what_is_dropped_ends_the_connection<R: Runtime>() {
    R::block_on(async {
        let end_of_stream = DisconnectReason::HungUp(HangUp::EndOfStream);
        let [(left, mut from_right), (right, mut from_left)] = pair::<R>().await;
        drop(left);
        assert_eq!(to_the_end(&mut from_right).await, LOCAL);
        assert_eq!(to_the_end(&mut from_left).await, end_of_stream);
        assert_eq!(right.closed().await.reason, end_of_stream);

        let [(left, from_right), (_right, mut from_left)] = pair::<R>().await;
        drop(from_right);
        assert_eq!(left.closed().await.reason, LOCAL);
        assert_eq!(to_the_end(&mut from_left).await, end_of_stream);

        let listener = listener().await;
        let address = listener.local_addr().unwrap();
        let dialled = dial(address, Arc::new(config(7)), Link::outbound()).await;
        let (peer, mut events, driver) = dialled.unwrap();
        drop(driver);
        assert_eq!(to_the_end(&mut events).await, LOCAL);
        assert!(peer.send(Message::GetAddr).await.is_err());
        assert!(peer.queue(Message::GetAddr).is_err());
    });
}

fn silence_is_timed_out<R: Runtime>() {
    R::block_on(async {
        let mut hasty = config(8);
        hasty.timeouts.negotiation = Duration::from_millis(200);
        let listener = Listener::bind("127.0.0.1:0", Arc::new(hasty))
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        let _silent = std::net::TcpStream::connect(address).unwrap();
        let (_peer, mut events) = run::<R>(listener.accept().await.unwrap());
        let reason = to_the_end(&mut events).await;
        assert!(
            matches!(reason, DisconnectReason::Timeout(Timeout::Negotiation)),
            "{reason}"
        );
    });
}

fn short_connections_by_the_hundred<R: Runtime>() {
    R::block_on(async {
        let listener = listener().await;
        let address = listener.local_addr().unwrap();
        for _ in 0..300 {
            let dialled = dial(address, Arc::new(config(7)), Link::outbound()).await;
            let (left, mut from_right) = run::<R>(dialled.unwrap());
            let (right, mut from_left) = run::<R>(listener.accept().await.unwrap());
            until_negotiated(&mut from_right).await;
            left.disconnect();
            assert_eq!(to_the_end(&mut from_right).await, LOCAL);
            to_the_end(&mut from_left).await;
            drop(right);
        }
    });
}
