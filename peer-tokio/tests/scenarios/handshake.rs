//! Two ends get to know each other.

use std::sync::Arc;

use peer_core::message::Message;
use peer_core::network::Network;
use peer_core::{DisconnectReason, Event, Goodbye, HangUp, Incompatible, Link};
use peer_tokio::{Listener, connect, dial};

use crate::help::{config, inbound, negotiated, outbound, run, soon, to_the_end, until_negotiated};

#[tokio::test]
async fn over_a_pipe_of_any_size() {
    for capacity in [1, 2, 23, 24, 25, 4_096] {
        let (left, right) = negotiated(capacity).await;
        for end in [&left, &right] {
            let remote = end.peer.remote().expect("the remote is known");
            assert_eq!(remote.protocol_version, 70_016);
            assert!(end.peer.stats().negotiated_at.is_some());
        }
    }
}

#[tokio::test]
async fn over_tcp_with_addresses() {
    let listener = Listener::bind("127.0.0.1:0", Arc::new(config(8)))
        .await
        .unwrap();
    listener.set_start_height(170);
    let address = listener.local_addr().unwrap();
    let (dialled, accepted) = tokio::join!(
        dial(address, Arc::new(config(7)), Link::outbound()),
        listener.accept(),
    );
    let (mut left, mut right) = (run(dialled.unwrap()), run(accepted.unwrap()));
    until_negotiated(&mut left.events).await;
    until_negotiated(&mut right.events).await;
    assert_eq!(left.peer.link().remote, Some(address));
    assert_eq!(left.peer.stats().start_height, Some(170));
    assert!(right.peer.link().is_inbound());
    assert_eq!(right.peer.link().local, Some(address));
    assert!(right.peer.link().remote.is_some());
    assert_eq!(left.peer.link().local, right.peer.link().remote);

    left.peer.send(Message::GetAddr).await.unwrap();
    left.peer.disconnect();
    let (messages, reason) = to_the_end(&mut right.events).await;
    assert!(messages.contains(&Message::GetAddr));
    assert_eq!(reason, DisconnectReason::HungUp(HangUp::EndOfStream));
    let ended = soon(left.driver).await.unwrap();
    assert_eq!(ended.reason, DisconnectReason::Local(Goodbye::Requested));
}

/// btcd numbers peers as they come; so does a listener.
#[tokio::test]
async fn accepted_connections_are_numbered() {
    let listener = Listener::bind("127.0.0.1:0", Arc::new(config(8)))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    for number in 1..=3 {
        let (_dialled, accepted) = tokio::join!(
            dial(address, Arc::new(config(7)), Link::outbound()),
            listener.accept(),
        );
        let (peer, ..) = accepted.unwrap();
        assert_eq!(peer.link().id, number);
        assert_eq!(peer.stats().id, number);
    }
}

/// btcd's `HostToNetAddress`: a name is looked up by the dial, and the link has the address that it led to.
#[tokio::test]
async fn a_name_is_looked_up_by_the_dial() {
    let listener = Listener::bind("127.0.0.1:0", Arc::new(config(8)))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let host = ("localhost", address.port());
    let dialled = dial(host, Arc::new(config(7)), Link::outbound()).await;
    let (peer, ..) = dialled.unwrap();
    assert_eq!(peer.link().remote, Some(address));
    assert_eq!(peer.link().to_string(), format!("{address} (outbound)"));
}

/// Behind a tunnel the socket's address is not the remote's.
#[tokio::test]
async fn an_address_that_is_known_is_kept() {
    let listener = Listener::bind("127.0.0.1:0", Arc::new(config(8)))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let real = "203.0.113.7:8333".parse().unwrap();
    let link = Link::outbound().with_remote(real);
    let (peer, ..) = dial(address, Arc::new(config(7)), link).await.unwrap();
    assert_eq!(peer.link().remote, Some(real));
}

/// Two configurations are two identities; one is one, and knows itself.
#[tokio::test]
async fn the_operating_system_tells_identities_apart() {
    let make = || peer_tokio::config(Network::REGTEST).unwrap();
    let (ours, theirs) = (make(), make());
    for (theirs, stranger) in [(theirs, true), (ours.clone(), false)] {
        let (left, right) = tokio::io::duplex(4_096);
        let mut left = run(outbound(left, ours.clone()));
        let mut right = run(inbound(right, theirs));
        if stranger {
            until_negotiated(&mut left.events).await;
            until_negotiated(&mut right.events).await;
        } else {
            let itself = DisconnectReason::Incompatible(Incompatible::SelfConnection);
            assert_eq!(to_the_end(&mut right.events).await.1, itself);
        }
    }
}

#[tokio::test]
async fn the_version_may_be_reviewed() {
    for accept in [true, false] {
        let mut reviewing = config(7);
        reviewing.review_version = true;
        let (left, right) = tokio::io::duplex(4_096);
        let mut left = run(outbound(left, reviewing));
        let mut right = run(inbound(right, config(8)));
        // Waits behind the verdict, and must not keep it.
        left.peer.queue(Message::GetAddr).unwrap();
        assert!(matches!(
            soon(left.events.next()).await,
            Some(Event::Version(_))
        ));
        if accept {
            left.peer.accept_version();
            until_negotiated(&mut left.events).await;
            until_negotiated(&mut right.events).await;
        } else {
            left.peer.refuse_version(None);
            let (_, reason) = to_the_end(&mut left.events).await;
            assert_eq!(reason, DisconnectReason::Local(Goodbye::VersionRefused));
        }
    }
}

#[test]
fn settings_that_contradict_themselves_start_nothing() {
    let mut wrong = config(7);
    wrong.timeouts.flush = std::time::Duration::ZERO;
    let wrong = Arc::new(wrong);
    let (stream, _other) = tokio::io::duplex(64);
    let error = connect(stream, wrong.clone(), Link::outbound()).unwrap_err();
    assert!(matches!(error, peer_tokio::ConnectError::Config(_)));

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let error = runtime
        .block_on(Listener::bind("127.0.0.1:0", wrong.clone()))
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    // Before anything is dialled: nobody listens on this port.
    let error = runtime
        .block_on(dial("127.0.0.1:1", wrong, Link::outbound()))
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
