//! How connections begin, and how many there are.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use peer_core::Link;
use peer_core::message::Message;
use peer_mio::{Limits, Shutdown, StartError};
use socket2::{Domain, Socket, Type};

use crate::help::{Heard, Stage, anywhere, config};

#[test]
fn two_ends_meet_and_are_told_of_in_order() {
    let mut stage = Stage::new();
    let port = stage.port;
    assert!(stage.reactor.peers().set_start_height(port, 170));
    let (dialled, accepted) = stage.negotiated();
    let address = stage.address;
    assert_eq!(stage.peer(dialled).link().remote, Some(address));
    assert_eq!(stage.peer(dialled).stats().start_height, Some(170));
    assert!(stage.peer(accepted).link().is_inbound());
    assert_eq!(stage.peer(accepted).link().local, Some(address));
    let theirs = stage.peer(accepted).link().remote;
    assert!(theirs.is_some());
    assert_eq!(stage.peer(dialled).link().local, theirs);
    for id in [dialled, accepted] {
        let first = &stage.diary().of(id)[..3];
        assert_eq!(first, [Heard::Connected, Heard::Version, Heard::Negotiated]);
    }
    stage.peer(dialled).send(Message::GetAddr).unwrap();
    stage.until(|diary, _| diary.messages(accepted) == [&Message::GetAddr]);
    stage.until(|diary, _| diary.of(dialled).contains(&Heard::Sent));
}

#[test]
fn nobody_there_is_told_once() {
    let mut stage = Stage::new();
    let gone = TcpListener::bind(anywhere()).unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let link = Link::outbound().with_id(42);
    let id = stage
        .reactor
        .peers()
        .dial(address, config(7), link)
        .unwrap();
    stage.until(|diary, _| !diary.dials_failed.is_empty());
    let (failed, link, error) = stage.diary().dials_failed.pop().unwrap();
    assert_eq!((failed, link.id, link.remote), (id, 42, Some(address)));
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert!(stage.diary().of(id).is_empty());
    assert!(stage.reactor.peers().is_empty());
}

/// A port whose line is full, where nobody is called: the system keeps new ones waiting.
fn crowded() -> (Socket, Vec<TcpStream>) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&anywhere().into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let wait = Duration::from_millis(100);
    let line = std::iter::from_fn(|| TcpStream::connect_timeout(&address, wait).ok());
    let line = line.take(100).collect::<Vec<_>>();
    assert!(line.len() < 100, "the line never fills");
    (socket, line)
}

#[test]
fn a_dial_has_its_time() {
    let mut limits = Limits::default();
    limits.dial_timeout = Duration::from_millis(100);
    let mut stage = Stage::with(limits, config(8));
    let (socket, _line) = crowded();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let peers = stage.reactor.peers();
    let id = peers.dial(address, config(7), Link::outbound()).unwrap();
    stage.until(|diary, _| !diary.dials_failed.is_empty());
    let (failed, _, error) = stage.diary().dials_failed.pop().unwrap();
    assert_eq!((failed, error.kind()), (id, io::ErrorKind::TimedOut));
}

#[test]
fn a_dial_that_is_given_up_is_not_told_of() {
    let mut stage = Stage::new();
    let address = stage.address;
    let peers = stage.reactor.peers();
    let id = peers.dial(address, config(7), Link::outbound()).unwrap();
    assert!(peers.get(id).is_none(), "not made yet");
    assert!(peers.cancel_dial(id));
    assert!(!peers.cancel_dial(id));
    stage.until(|_, peers| peers.get(id).is_none() && peers.len() <= 1);
    // The other end may have been accepted, and hears that nobody is there.
    stage.until(|_, peers| peers.is_empty());
    assert!(stage.diary().of(id).is_empty());
    assert!(stage.diary().dials_failed.is_empty());
}

#[test]
fn there_are_no_more_peers_than_are_allowed() {
    let mut limits = Limits::default();
    limits.peers = 6;
    limits.inbound = 2;
    let mut stage = Stage::with(limits, config(8));
    let remotes: Vec<_> = (0..5)
        .map(|_| TcpStream::connect(stage.address).unwrap())
        .collect();
    stage.until(|diary, _| diary.turned_away.len() == 3);
    assert_eq!(stage.reactor.peers().len(), 2);
    assert_eq!(
        stage.diary().turned_away,
        remotes[2..]
            .iter()
            .map(|remote| remote.local_addr().unwrap())
            .collect::<Vec<_>>()
    );
    let other = TcpListener::bind(anywhere()).unwrap();
    let elsewhere = other.local_addr().unwrap();
    let peers = stage.reactor.peers();
    for _ in 0..4 {
        peers.dial(elsewhere, config(7), Link::outbound()).unwrap();
    }
    let refused = peers.dial(elsewhere, config(7), Link::outbound());
    assert!(matches!(
        refused,
        Err(StartError::TooManyPeers { limit: 6 })
    ));
    // One that leaves makes room.
    drop(remotes);
    stage.until(|_, peers| peers.len() == 4);
    let peers = stage.reactor.peers();
    peers.dial(elsewhere, config(7), Link::outbound()).unwrap();
}

#[test]
fn a_configuration_that_contradicts_itself_starts_nothing() {
    let mut stage = Stage::new();
    let mut config = crate::help::quick(7);
    config.limits.send_high = 0;
    let expected = config.validate().unwrap_err();
    let address = stage.address;
    let peers = stage.reactor.peers();
    let refused = peers.dial(address, config.into(), Link::outbound());
    let Err(StartError::Connect(peer_mio::ConnectError::Config(error))) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(error, expected);
}

#[test]
fn a_stream_made_elsewhere_is_taken_over() {
    let mut stage = Stage::new();
    let stream = TcpStream::connect(stage.address).unwrap();
    let peers = stage.reactor.peers();
    let id = peers.adopt(stream, config(7), Link::outbound()).unwrap();
    stage.until(|diary, _| diary.of(id).contains(&Heard::Negotiated));
    assert!(!stage.diary().of(id).contains(&Heard::Connected));
}

#[test]
fn nothing_is_begun_while_the_reactor_shuts_down() {
    let mut stage = Stage::new();
    let address = stage.address;
    let peers = stage.reactor.peers();
    peers.shut_down(Shutdown::Graceful);
    let refused = peers.dial(address, config(7), Link::outbound());
    assert!(matches!(refused, Err(StartError::ShuttingDown)));
    let refused = peers.listen(anywhere(), config(7));
    assert!(matches!(refused, Err(StartError::ShuttingDown)));
    assert!(TcpStream::connect(address).is_err(), "the port is closed");
}
