//! The second dial, in v1, that a remote may need which knows no v2; and the time in which nobody is told of the first.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use peer_core::{Event, Link};
use peer_mio::{Handler, Limits, Peer, Reactor};

use crate::help::{Heard, Stage, anywhere, config, quick};

/// Pauses what it dialled as soon as it is told of it.
#[derive(Default)]
struct Pauser {
    connected: bool,
    heard: usize,
}

impl Handler for Pauser {
    fn on_event(&mut self, peer: Peer<'_>, _: Event) {
        self.heard += usize::from(!peer.link().is_inbound());
    }

    fn on_connected(&mut self, mut peer: Peer<'_>) {
        if !peer.link().is_inbound() {
            self.connected = true;
            peer.pause();
        }
    }
}

/// Passes on everything, but the first 64 bytes of the listener well before the rest.
fn delay(proxy: &TcpListener, listener: std::net::SocketAddr) -> io::Result<()> {
    let (dialler, _) = proxy.accept()?;
    let mut listener = TcpStream::connect(listener)?;
    let (mut from, mut to) = (dialler.try_clone()?, listener.try_clone()?);
    thread::spawn(move || io::copy(&mut from, &mut to));
    let mut dialler = dialler;
    let mut key = [0; 64];
    listener.read_exact(&mut key)?;
    dialler.write_all(&key)?;
    thread::sleep(Duration::from_millis(100));
    io::copy(&mut listener, &mut dialler).map(drop)
}

/// Though the version packet and `version` come in one piece.
#[test]
fn who_is_paused_when_it_is_told_of_hears_nothing() {
    let mut reactor = Reactor::new(Limits::default(), Pauser::default()).unwrap();
    let port = reactor.peers().listen(anywhere(), config(8)).unwrap();
    let address = reactor.peers().local_addr(port).unwrap();
    let proxy = TcpListener::bind(anywhere()).unwrap();
    let through = proxy.local_addr().unwrap();
    thread::spawn(move || delay(&proxy, address));
    let id = reactor
        .peers()
        .dial(through, Arc::new(quick(7)), Link::outbound())
        .unwrap();
    let mut turns = 0;
    while turns < 20 {
        reactor.turn(Some(Duration::from_millis(10))).unwrap();
        turns += usize::from(reactor.handler().connected);
    }
    assert_eq!(reactor.handler().heard, 0);
    reactor.peers().get(id).unwrap().resume();
    while reactor.handler().heard < 2 {
        reactor.turn(Some(Duration::from_millis(10))).unwrap();
    }
}

/// Whoever dials again with the link that failed tries v2 again.
#[test]
fn a_link_that_fails_comes_back_as_it_was_given() {
    let mut stage = Stage::new();
    let server = TcpListener::bind(anywhere()).unwrap();
    let address = server.local_addr().unwrap();
    let node = thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        drop(server);
        stream.read_exact(&mut [0; 24]).unwrap();
    });
    let link = Link::outbound().with_id(42);
    let id = stage
        .reactor
        .peers()
        .dial(address, config(7), link)
        .unwrap();
    stage.until(|diary, _| !diary.dials_failed.is_empty());
    node.join().unwrap();
    let (failed, told, _) = stage.diary().dials_failed.pop().unwrap();
    assert_eq!((failed, told.id, told.transport), (id, 42, None));
    assert_eq!(stage.diary().of(id), []);
}

/// Given up at any moment, in the first dial, between the two or in the second: nothing is left, and who was told of a
/// connection was told of its end.
#[test]
fn a_dial_may_be_given_up_at_any_moment() {
    let server = TcpListener::bind(anywhere()).unwrap();
    let address = server.local_addr().unwrap();
    thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || stream.read_exact(&mut [0; 24]));
        }
    });
    let mut stage = Stage::new();
    let mut ids = Vec::new();
    for number in 0..200 {
        let peers = stage.reactor.peers();
        let id = peers.dial(address, config(7), Link::outbound()).unwrap();
        ids.push(id);
        for _ in 0..number % 12 {
            stage
                .reactor
                .turn(Some(Duration::from_micros(200)))
                .unwrap();
        }
        stage.reactor.peers().cancel_dial(id);
    }
    stage.until(|_, peers| peers.is_empty());
    for id in ids {
        let heard = stage.diary().of(id);
        let count = |what: &Heard| heard.iter().filter(|heard| *heard == what).count();
        assert_eq!(count(&Heard::Connected), count(&Heard::Closed), "{heard:?}");
    }
}
