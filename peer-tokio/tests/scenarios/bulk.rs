//! Large messages, through pipes much smaller than they are.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use peer_core::EncodedMessage;
use peer_core::message::Message;
use peer_core::network::Network;
use peer_core::wire::{BlockView, TxEncoding, TxFormat};

use crate::help::{assert_same, config, large, negotiated, next_message, soon};

/// As large as a frame may be.
const LARGEST: usize = 4_000_000;

/// A mainnet block of 1.4 MB with witnesses.
const BLOCK: &str = "rust-bitcoin-mainnet_block_000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae.raw";

fn block() -> BlockView {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../peer-core/tests/data/blocks")
        .join(BLOCK);
    let bytes = Bytes::from(std::fs::read(path).unwrap());
    BlockView::from_bytes(bytes, TxFormat::Bitcoin).unwrap()
}

#[tokio::test]
async fn both_ends_send_four_megabytes_at_once() {
    let (mut left, mut right) = negotiated(4_096).await;
    // Nobody takes an event before both are sent.
    let (sent_left, sent_right) = soon(async {
        tokio::join!(
            left.peer.send(large(b'l', LARGEST)),
            right.peer.send(large(b'r', LARGEST)),
        )
    })
    .await;
    sent_left.unwrap();
    sent_right.unwrap();
    assert_same(&next_message(&mut left.events).await, &large(b'r', LARGEST));
    assert_same(
        &next_message(&mut right.events).await,
        &large(b'l', LARGEST),
    );
}

#[tokio::test]
async fn a_block_encoded_once_goes_to_many_and_arrives_as_it_is() {
    let block = block();
    let encoded = EncodedMessage::new(
        Message::Block(block.clone()),
        &config(7),
        TxEncoding::Witness,
    )
    .unwrap();
    for _ in 0..4 {
        let (left, mut right) = negotiated(65_536).await;
        let (sent, came) = tokio::join!(
            left.peer.send(encoded.clone()),
            next_message(&mut right.events)
        );
        sent.unwrap();
        assert_same(&came, &Message::Block(block.clone()));
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_and_the_connection_goes_on() {
    let (left, mut right) = negotiated(4_096).await;
    let refused = left.peer.send(Message::Verack).await.unwrap_err();
    assert!(matches!(
        refused,
        peer_tokio::SendError::Refused(peer_core::SendError::Reserved { .. })
    ));
    let foreign = peer_core::Config::with_secret(Network::MAINNET, [9; 32]);
    let foreign = EncodedMessage::new(Message::GetAddr, &foreign, TxEncoding::Witness).unwrap();
    let refused = left.peer.send(foreign).await.unwrap_err();
    assert!(matches!(
        refused,
        peer_tokio::SendError::Refused(peer_core::SendError::WrongNetwork)
    ));
    left.peer.send(Message::GetAddr).await.unwrap();
    assert_same(&next_message(&mut right.events).await, &Message::GetAddr);
}

#[tokio::test]
async fn many_handles_send_at_once() {
    let (left, mut right) = negotiated(4_096).await;
    const TASKS: u32 = 50;
    const EACH: u32 = 40;
    let peer = Arc::new(left.peer.clone());
    let senders: Vec<_> = (0..TASKS)
        .map(|task| {
            let peer = peer.as_ref().clone();
            tokio::spawn(async move {
                for index in 0..EACH {
                    let number = task * EACH + index;
                    peer.send(crate::help::numbered(number)).await.unwrap();
                }
            })
        })
        .collect();
    let mut last = [None; TASKS as usize];
    for _ in 0..TASKS * EACH {
        let message = next_message(&mut right.events).await;
        let number = crate::help::numbers(&[message])[0];
        let (task, index) = (number / EACH, number % EACH);
        let last = &mut last[task as usize];
        assert!(
            last.is_none_or(|last| last < index),
            "each task's messages come in order"
        );
        *last = Some(index);
    }
    for sender in senders {
        soon(sender).await.unwrap();
    }
}
