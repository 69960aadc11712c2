//! How connections, and reactors, end.

use std::time::{Duration, Instant};

use peer_core::message::Message;
use peer_core::{DisconnectReason, Goodbye, HangUp, Link, SendError};
use peer_mio::{Command, QueueError, RefusedCommand, Shutdown};

use crate::help::{Heard, PATIENCE, Stage, config, large};

const LOCAL: DisconnectReason = DisconnectReason::Local(Goodbye::Requested);

#[test]
fn what_was_sent_before_a_disconnect_arrives() {
    let mut stage = Stage::new();
    let (left, right) = stage.negotiated();
    for fill in 0..3 {
        stage.peer(left).send(large(fill, 300_000)).unwrap();
    }
    stage.peer(left).disconnect();
    let late = stage.peer(left).send(Message::GetAddr).unwrap_err();
    assert!(matches!(late, SendError::Closed), "{late}");
    stage.until(|_, peers| peers.is_empty());
    let diary = stage.diary();
    let came: Vec<_> = (0..3).map(|fill| large(fill, 300_000)).collect();
    assert!(diary.messages(right) == came.iter().collect::<Vec<_>>());
    assert_eq!(diary.reason(left), Some(&LOCAL));
    let end_of_stream = DisconnectReason::HungUp(HangUp::EndOfStream);
    assert_eq!(diary.reason(right), Some(&end_of_stream));
    for id in [left, right] {
        let ends = |heard: &&Heard| matches!(heard, Heard::Disconnected(_) | Heard::Closed);
        assert_eq!(diary.of(id).iter().filter(ends).count(), 2);
        assert_eq!(diary.of(id).last(), Some(&Heard::Closed));
    }
}

#[test]
fn an_abort_waits_for_nothing() {
    let mut stage = Stage::new();
    let (left, right) = stage.negotiated();
    stage.peer(left).send(large(1, 3_000_000)).unwrap();
    stage.peer(left).abort();
    stage.peer(left).abort();
    stage.until(|diary, _| diary.of(left).last() == Some(&Heard::Closed));
    assert_eq!(stage.diary().reason(left), Some(&LOCAL));
    stage.until(|diary, _| diary.of(right).last() == Some(&Heard::Closed));
    assert!(stage.diary().messages(right).is_empty());
}

#[test]
fn a_graceful_shutdown_carries_out_what_was_queued_and_flushes_it() {
    let remote = Stage::new();
    let mut stage = Stage::new();
    let address = remote.address;
    let remote = remote.leave();
    let peers = stage.reactor.peers();
    let id = peers.dial(address, config(7), Link::outbound()).unwrap();
    stage.until(|diary, _| diary.of(id).contains(&Heard::Negotiated));
    let handle = stage.reactor.handle();
    for fill in 0..100 {
        let command = Command::Peer(id, large(fill, 1_000).into());
        handle.queue(command).unwrap();
    }
    handle.shut_down(Shutdown::Graceful);
    let diary = stage.reactor.run().unwrap();
    assert_eq!(diary.reason(id), Some(&LOCAL));
    assert_eq!(diary.of(id).last(), Some(&Heard::Closed));
    let remote = remote.join().unwrap();
    let there = *remote.heard.keys().next().unwrap();
    let sent: Vec<_> = (0..100).map(|fill| large(fill, 1_000)).collect();
    assert_eq!(remote.messages(there), sent.iter().collect::<Vec<_>>());
    let refused = handle.call(|_, _| ());
    assert!(matches!(refused, Err(QueueError::Closed(_))));
    handle.shut_down(Shutdown::Immediate);
}

#[test]
fn an_immediate_shutdown_is_over_at_once() {
    let mut stage = Stage::new();
    let (left, _) = stage.negotiated();
    // A dial that is under way, and data that nobody takes.
    stage.diary().pause_after = Some(1);
    for fill in 0..2 {
        let _ = stage.peer(left).send(large(fill, 3_000_000));
    }
    let address = stage.address;
    let peers = stage.reactor.peers();
    let dialling = peers.dial(address, config(9), Link::outbound()).unwrap();
    stage.reactor.handle().shut_down(Shutdown::Immediate);
    let start = Instant::now();
    let diary = stage.reactor.run().unwrap();
    assert!(start.elapsed() < PATIENCE);
    assert!(diary.of(dialling).is_empty());
    let told = diary.heard.values().map(|heard| heard.last());
    assert!(told.clone().count() >= 2);
    assert!(told.into_iter().all(|last| last == Some(&Heard::Closed)));
}

#[test]
fn a_finished_reactor_has_nothing_more_to_do() {
    let mut stage = Stage::new();
    stage.reactor.peers().shut_down(Shutdown::Graceful);
    assert!(!stage.reactor.turn(None).unwrap());
    assert!(!stage.reactor.turn(None).unwrap());
}

#[test]
fn who_is_gone_is_not_there_any_more() {
    let mut stage = Stage::new();
    let (left, right) = stage.negotiated();
    stage.peer(left).abort();
    stage.until(|_, peers| peers.is_empty());
    // Somebody else sits in its place.
    let (next, _) = stage.negotiated();
    assert_ne!(next, left);
    assert!(stage.reactor.peers().get(left).is_none());
    assert!(stage.reactor.peers().get(right).is_none());
    let handle = stage.reactor.handle();
    handle
        .queue(Command::Peer(left, Message::GetAddr.into()))
        .unwrap();
    stage.until(|diary, _| !diary.refused.is_empty());
    let (id, refused) = stage.diary().refused.pop().unwrap();
    assert_eq!(id, left);
    let RefusedCommand::Gone(peer_core::Command::Send(message)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(message.message(), &Message::GetAddr);
}

#[test]
fn a_remote_that_does_not_close_is_not_waited_for_long() {
    let mut stage = Stage::new();
    let remote = std::net::TcpStream::connect(stage.address).unwrap();
    stage.until(|_, peers| peers.len() == 1);
    let id = stage.reactor.peers().ids()[0];
    stage.until(|diary, _| diary.of(id).contains(&Heard::Connected));
    let start = Instant::now();
    stage.peer(id).disconnect();
    stage.until(|_, peers| peers.is_empty());
    assert!(start.elapsed() >= Duration::from_millis(500), "patience");
    drop(remote);
}
