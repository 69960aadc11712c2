//! Many connections at once, and one that wants everything.

use std::sync::Arc;

use peer_core::message::{Message, Ping};
use peer_core::{DisconnectReason, Goodbye, Link};
use peer_tokio::{Listener, dial};
use tokio::task::JoinSet;

use crate::help::{
    config, large, negotiated, next_message, numbered, run, soon, to_the_end, until_negotiated,
};

const LOCAL: DisconnectReason = DisconnectReason::Local(Goodbye::Requested);

async fn listener() -> (Arc<Listener>, std::net::SocketAddr) {
    let listener = Listener::bind("127.0.0.1:0", Arc::new(config(8)))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    (Arc::new(listener), address)
}

#[tokio::test]
async fn a_thousand_short_connections() {
    const CONNECTIONS: usize = 1_000;
    const AT_ONCE: usize = 50;
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        let mut ends = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let mut end = run(listener.accept().await.unwrap());
            ends.spawn(async move {
                let _alive = end.peer;
                to_the_end(&mut end.events).await.0.len()
            });
        }
        ends.join_all().await
    });
    let config = Arc::new(config(7));
    let mut clients = JoinSet::new();
    for index in 0..CONNECTIONS {
        if clients.len() >= AT_ONCE {
            soon(clients.join_next()).await.unwrap().unwrap();
        }
        let config = config.clone();
        clients.spawn(async move {
            let mut end = run(dial(address, config, Link::outbound()).await.unwrap());
            until_negotiated(&mut end.events).await;
            end.peer.send(numbered(index as u32)).await.unwrap();
            drop(end.peer);
            assert_eq!(to_the_end(&mut end.events).await.1, LOCAL);
            assert_eq!(soon(end.driver).await.unwrap().reason, LOCAL);
        });
    }
    soon(clients.join_all()).await;
    let received = soon(server).await.unwrap();
    assert_eq!(received, vec![1; CONNECTIONS]);
}

#[tokio::test]
async fn connections_that_say_nothing_or_nonsense_do_not_disturb_the_listener() {
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        let mut reasons = Vec::new();
        loop {
            let mut end = run(listener.accept().await.unwrap());
            let mut event = soon(end.events.next()).await;
            if let Some(peer_core::Event::Misbehavior(_)) = event {
                // What was wrong is told before the end.
                event = soon(end.events.next()).await;
            }
            match event {
                Some(peer_core::Event::Version(_)) => return reasons,
                Some(peer_core::Event::Disconnected { reason, .. }) => reasons.push(reason),
                other => panic!("{other:?}"),
            }
        }
    });
    for nonsense in [
        &b""[..],
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        &[0xff; 2_000],
    ] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, nonsense)
            .await
            .ok();
        drop(stream);
    }
    let _good = run(dial(address, Arc::new(config(7)), Link::outbound())
        .await
        .unwrap());
    let reasons = soon(server).await.unwrap();
    // The nonsense could have been a v2 key.
    for reason in reasons {
        assert!(matches!(reason, DisconnectReason::HungUp(_)), "{reason}");
    }
}

/// One thread, one remote that sends as fast as it can to an application that takes everything:
/// another connection on the thread is served all the same.
#[tokio::test]
async fn a_flood_does_not_starve_the_others() {
    let (flooded, flooding) = negotiated(1_024 * 1_024).await;
    let (calm, mut other) = negotiated(4_096).await;
    tokio::spawn(async move { while flooding.peer.send(large(0, 100_000)).await.is_ok() {} });
    let mut events = flooded.events;
    tokio::spawn(async move { while events.next().await.is_some() {} });
    for number in 0..50 {
        let sent = flooded.peer.stats().bytes_received;
        calm.peer.send(numbered(number)).await.unwrap();
        assert_eq!(next_message(&mut other.events).await, numbered(number));
        let meanwhile = flooded.peer.stats().bytes_received - sent;
        assert!(
            meanwhile < 8_000_000,
            "{meanwhile} bytes before its turn came"
        );
    }
    assert!(flooded.peer.stats().bytes_received > 1_000_000);
}

#[tokio::test]
async fn shutdown_under_load() {
    const CONNECTIONS: usize = 50;
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        let mut ends = Vec::new();
        while ends.len() < CONNECTIONS {
            ends.push(run(listener.accept().await.unwrap()));
        }
        ends
    });
    let config = Arc::new(config(7));
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut end = run(dial(address, config.clone(), Link::outbound())
            .await
            .unwrap());
        clients.spawn(async move {
            let peer = end.peer.clone();
            let talk = tokio::spawn(async move {
                let mut nonce = 0;
                while peer
                    .send(Message::Ping(Ping { nonce: Some(nonce) }))
                    .await
                    .is_ok()
                    && peer.send(large(1, 50_000)).await.is_ok()
                {
                    nonce += 1;
                }
            });
            let reason = to_the_end(&mut end.events).await.1;
            soon(talk).await.unwrap();
            reason
        });
    }
    let mut ends = soon(server).await.unwrap();
    for end in &mut ends {
        until_negotiated(&mut end.events).await;
    }
    // Some in order, some at once, some by dropping.
    let mut drivers = Vec::new();
    for (index, end) in ends.into_iter().enumerate() {
        match index % 3 {
            0 => {
                end.peer.disconnect();
                drivers.push((end.driver, Some(end.events)));
            }
            1 => {
                end.peer.abort();
                drivers.push((end.driver, Some(end.events)));
            }
            _ => drivers.push((end.driver, None)),
        }
    }
    for (driver, _events) in drivers {
        assert_eq!(soon(driver).await.unwrap().reason, LOCAL);
    }
    for reason in soon(clients.join_all()).await {
        assert!(matches!(reason, DisconnectReason::HungUp(_)), "{reason}");
    }
}

/// Waiting would not make it listen.
#[cfg(unix)]
#[tokio::test]
async fn a_socket_that_cannot_accept_is_an_error() {
    use std::net::{TcpListener, UdpSocket};
    use std::os::fd::OwnedFd;

    let deaf = UdpSocket::bind("127.0.0.1:0").unwrap();
    deaf.set_nonblocking(true).unwrap();
    let address = deaf.local_addr().unwrap();
    let socket = TcpListener::from(OwnedFd::from(deaf));
    let socket = tokio::net::TcpListener::from_std(socket).unwrap();
    let listener = Listener::new(socket, Arc::new(config(8))).unwrap();
    // So that there is something to try for.
    let caller = UdpSocket::bind("127.0.0.1:0").unwrap();
    caller.send_to(b"hello", address).unwrap();
    let error = soon(listener.accept()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
}
