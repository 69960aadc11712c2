//! Everything but messages that the handle asks of the machine: what it leads to comes back.

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Wake, Waker};

use peer_core::message::{InvKind, InvVect, Locator, Message, Reject, RejectCode};
use peer_core::wire::{AddrEntry, Address, BlockHash, BlockHeader, ServiceFlags};
use peer_core::{Announced, Announcement, Command, Outcome};
use peer_tokio::{Peer, QueueError, SendError};

use crate::help::{negotiated, next_message, numbered, pair, soon, unspawned};

fn addresses(count: u32) -> Vec<AddrEntry> {
    let entry = |i: u32| AddrEntry {
        time: 1_700_000_000,
        services: ServiceFlags::NETWORK,
        address: Address::Ipv4((0x0100_0000 + i).to_be_bytes()),
        port: 8333,
    };
    (0..count).map(entry).collect()
}

fn locator() -> Locator {
    Locator::from_chain(0, BlockHash::ALL_ZERO, |_| {
        Some(BlockHash::from_bytes([5; 32]))
    })
}

#[tokio::test]
async fn what_was_sent_is_what_the_other_side_hears() {
    let (left, mut right) = negotiated(64 * 1_024).await;
    let sent = soon(left.peer.push_addrv2(addresses(1_500))).await.unwrap();
    assert_eq!(sent.len(), 1_000);
    // One token: that much is heard of what was not asked for.
    let Message::AddrV2(heard) = next_message(&mut right.events).await else {
        panic!("no addrv2");
    };
    assert!(heard.iter().all(|entry| sent.contains(&entry)));
    assert_eq!(right.peer.stats().addr_rate_limited, 999);
    let sent = soon(left.peer.push_addr(Vec::new())).await.unwrap();
    assert!(sent.is_empty());
}

#[tokio::test]
async fn questions_are_not_repeated_and_say_so() {
    let (left, mut right) = negotiated(64 * 1_024).await;
    assert!(soon(left.peer.push_getheaders(locator())).await.unwrap());
    assert!(!soon(left.peer.push_getheaders(locator())).await.unwrap());
    assert!(soon(left.peer.push_getblocks(locator())).await.unwrap());
    assert!(matches!(
        next_message(&mut right.events).await,
        Message::GetHeaders(_)
    ));
    assert!(matches!(
        next_message(&mut right.events).await,
        Message::GetBlocks(_)
    ));
}

#[tokio::test]
async fn getaddr_is_answered_once_and_only_to_who_dialled() {
    let (mut left, mut right) = negotiated(64 * 1_024).await;
    soon(left.peer.send(Message::GetAddr)).await.unwrap();
    assert!(matches!(
        next_message(&mut right.events).await,
        Message::GetAddr
    ));
    let sent = soon(right.peer.answer_getaddr(addresses(3))).await.unwrap();
    assert_eq!(sent, addresses(3));
    let Message::AddrV2(heard) = next_message(&mut left.events).await else {
        panic!("no addrv2");
    };
    assert!(heard.iter().eq(addresses(3)));
    let again = soon(right.peer.answer_getaddr(addresses(3))).await.unwrap();
    assert!(again.is_empty());
    soon(right.peer.send(Message::GetAddr)).await.unwrap();
    assert!(matches!(
        next_message(&mut left.events).await,
        Message::GetAddr
    ));
    let dialled = soon(left.peer.answer_getaddr(addresses(3))).await.unwrap();
    assert!(dialled.is_empty());
}

#[tokio::test]
async fn a_reject_reaches_who_reads_it() {
    let (left, mut right) = negotiated(64 * 1_024).await;
    let reject = Reject {
        message: "tx".into(),
        code: RejectCode::DUST,
        reason: "too small".into(),
        hash: None,
    };
    assert!(soon(left.peer.push_reject(reject.clone())).await.unwrap());
    let heard = next_message(&mut right.events).await;
    assert_eq!(heard, Message::Reject(Box::new(reject)));
}

/// Fault 5: nothing waits for ever, whether the handshake comes to an end or not.
#[tokio::test]
async fn what_cannot_be_done_is_told() {
    let (peer, events, driver, theirs) = unspawned();
    let driver = tokio::spawn(driver);
    // Nothing was negotiated.
    let refused = soon(peer.push_getheaders(locator())).await.unwrap_err();
    assert!(matches!(
        refused,
        SendError::Refused(peer_core::SendError::NotNegotiated)
    ));
    drop(theirs);
    soon(driver).await.unwrap();
    let ended = soon(peer.push_addr(addresses(1))).await.unwrap_err();
    assert!(matches!(ended, SendError::Disconnected(_)));
    let command = Command::PushAddr(addresses(1));
    assert!(matches!(
        peer.queue(command),
        Err(QueueError::Closed(Command::PushAddr(_)))
    ));
    drop(events);
}

/// The order of asking is the order of the wire, whatever is asked.
#[tokio::test]
async fn wishes_are_carried_out_in_order() {
    let (left, mut right) = negotiated(64 * 1_024).await;
    left.peer.queue(numbered(1)).unwrap();
    left.peer
        .queue(Command::PushGetHeaders(Box::new(locator())))
        .unwrap();
    left.peer.queue(numbered(2)).unwrap();
    let outcome = soon(left.peer.command(Message::SendHeaders)).await.unwrap();
    assert!(matches!(outcome, Outcome::Queued(ticket) if ticket.number() == 4));
    let mut names = Vec::new();
    for _ in 0..4 {
        names.push(next_message(&mut right.events).await.command().to_string());
    }
    assert_eq!(names, ["numbered", "getheaders", "numbered", "sendheaders"]);
}

/// Farewells said as commands are those of the handle.
#[tokio::test]
async fn a_farewell_may_be_a_command() {
    for farewell in [Command::Disconnect, Command::Abort] {
        let (left, right) = pair(64 * 1_024);
        let outcome = soon(left.peer.command(farewell)).await.unwrap();
        assert_eq!(outcome, Outcome::Done);
        soon(left.peer.closed()).await;
        soon(right.peer.closed()).await;
    }
}

/// Blocks at once, in the form that the remote asked for, and not twice.
#[tokio::test]
async fn a_block_is_announced_once_and_as_asked() {
    let (left, mut right) = negotiated(64 * 1_024).await;
    let block = |nonce: u32| {
        let mut header = [7; 80];
        header[76..].copy_from_slice(&nonce.to_le_bytes());
        BlockHeader::from_bytes(&header)
    };
    let announce = |nonce: u32| {
        left.peer.announce(Announcement::Block {
            header: block(nonce),
        })
    };
    assert_eq!(soon(announce(1)).await.unwrap(), Announced::Queued);
    assert_eq!(soon(announce(1)).await.unwrap(), Announced::Known);
    let Message::Inv(list) = next_message(&mut right.events).await else {
        panic!("no inv");
    };
    let item = InvVect::new(InvKind::Block, block(1).block_hash());
    assert!(list.iter().eq([item]));
    soon(right.peer.send(Message::SendHeaders)).await.unwrap();
    while !left.peer.stats().wants_headers {
        tokio::task::yield_now().await;
    }
    assert_eq!(soon(announce(2)).await.unwrap(), Announced::Queued);
    let Message::Headers(headers) = next_message(&mut right.events).await else {
        panic!("no headers");
    };
    assert!(headers.iter().eq([block(2)]));
    soon(left.peer.update_last_block_height(9)).await.unwrap();
    assert_eq!(soon(left.peer.add_known_inventory(item)).await.unwrap(), ());
}

/// Notes what the numbers are at the moment its owner is told.
struct Witness {
    peer: Peer,
    bytes_sent: OnceLock<u64>,
}

impl Wake for Witness {
    fn wake(self: Arc<Self>) {
        let _ = self.bytes_sent.set(self.peer.stats().bytes_sent);
    }
}

/// Who is told that a message was sent finds it in the numbers, even on another thread.
#[tokio::test]
async fn what_was_sent_is_counted_before_it_is_told() {
    let (left, _right) = negotiated(64 * 1_024).await;
    let before = left.peer.stats().bytes_sent;
    let witness = Arc::new(Witness {
        peer: left.peer.clone(),
        bytes_sent: OnceLock::new(),
    });
    let waker = Waker::from(witness.clone());
    let mut sending = pin!(left.peer.send(numbered(1)));
    let first = sending.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(first.is_pending());
    while witness.bytes_sent.get().is_none() {
        tokio::task::yield_now().await;
    }
    // A frame is 24 bytes at least.
    assert!(witness.bytes_sent.get() >= Some(&(before + 24)));
    soon(sending).await.unwrap();
}
