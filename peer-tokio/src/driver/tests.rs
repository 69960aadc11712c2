//! What of a driver cannot be seen from outside.

use std::future::poll_fn;

use futures_core::Stream;
use peer_core::message::{CommandName, Message, Ping};
use peer_core::network::Network;
use peer_core::{Config, Event, Link};
use tokio::io::{DuplexStream, duplex};

use super::*;
use crate::{Connection, connect_seeded};

fn end(stream: DuplexStream, link: Link, secret: u8) -> Connection<DuplexStream> {
    let config = Config::with_secret(Network::REGTEST, [secret; 32]);
    connect_seeded(stream, Arc::new(config), link, [secret; 32]).unwrap()
}

#[tokio::test]
async fn an_idle_connection_owns_no_buffer() {
    let (left, right) = duplex(256 * 1_024);
    let (_left, mut left_events, mut left) = end(left, Link::outbound(), 7);
    let (right, mut right_events, mut remote) = end(right, Link::inbound(), 8);
    // Until nothing moves any more; gives the number of messages that came.
    let mut settle = async || {
        let (mut came, mut still) = (0, 0);
        while still < 10 {
            still += 1;
            poll_fn(|cx| {
                assert!(Pin::new(&mut left).poll(cx).is_pending());
                assert!(Pin::new(&mut remote).poll(cx).is_pending());
                while let Poll::Ready(event) = Pin::new(&mut left_events).poll_next(cx) {
                    came += usize::from(matches!(event, Some(Event::Message { .. })));
                    still = 0;
                }
                while Pin::new(&mut right_events).poll_next(cx).is_ready() {
                    still = 0;
                }
                Poll::Ready(())
            })
            .await;
        }
        (came, left.session.machine.memory_held())
    };
    let (_, held) = settle().await;
    assert_eq!(held, 0, "after the handshake");
    // A burst, which makes the next buffer a large one.
    for nonce in 0..60 {
        let filler = Message::Unknown {
            command: CommandName::new("filler").unwrap(),
            payload: vec![nonce; 3_000].into(),
        };
        right.queue(filler).unwrap();
    }
    right.queue(Message::Ping(Ping { nonce: Some(1) })).unwrap();
    let (came, held) = settle().await;
    assert!(came >= 60, "{came}");
    assert_eq!(held, 0, "after a burst");
}
