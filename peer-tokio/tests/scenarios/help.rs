//! Pairs of connections, and what tests do with them again and again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use peer_core::message::{CommandName, Message};
use peer_core::network::Network;
use peer_core::{Config, DisconnectReason, Event, Link, PeerMachine, Timestamp, TransportPolicy};
use peer_tokio::{Connection, Disconnected, Driver, Events, Peer, connect_seeded};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running connection.
pub(crate) struct End {
    pub(crate) peer: Peer,
    pub(crate) events: Events,
    pub(crate) driver: JoinHandle<Arc<Disconnected>>,
}

/// Settings of the side `secret` stands for: two sides that are to talk need two secrets.
pub(crate) fn config(secret: u8) -> Config {
    Config::with_secret(Network::REGTEST, [secret; 32])
}

/// The same where the other side of the wire is written by hand, in v1.
pub(crate) fn config_v1(secret: u8) -> Config {
    let mut config = config(secret);
    config.transport = TransportPolicy::V1;
    config
}

pub(crate) fn outbound<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    config: Config,
) -> Connection<S> {
    connect_seeded(stream, Arc::new(config), Link::outbound(), [1; 32]).unwrap()
}

pub(crate) fn inbound<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    config: Config,
) -> Connection<S> {
    connect_seeded(stream, Arc::new(config), Link::inbound(), [2; 32]).unwrap()
}

/// Spawns the driver.
pub(crate) fn run<S>((peer, events, driver): Connection<S>) -> End
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    End {
        peer,
        events,
        driver: tokio::spawn(driver),
    }
}

/// Two ends of a pipe that holds `capacity` bytes each way, both running.
pub(crate) fn pair(capacity: usize) -> (End, End) {
    let (left, right) = duplex(capacity);
    (
        run(outbound(left, config(7))),
        run(inbound(right, config(8))),
    )
}

/// Two ends that have shaken hands.
pub(crate) async fn negotiated(capacity: usize) -> (End, End) {
    let (mut left, mut right) = pair(capacity);
    until_negotiated(&mut left.events).await;
    until_negotiated(&mut right.events).await;
    (left, right)
}

pub(crate) async fn until_negotiated(events: &mut Events) {
    loop {
        match soon(events.next()).await.expect("the stream goes on") {
            Event::Negotiated => return,
            Event::Disconnected { reason, .. } => panic!("disconnected: {reason}"),
            _ => {}
        }
    }
}

/// What machines send of their own accord, which no test here is about.
fn is_own(message: &Message) -> bool {
    matches!(
        message,
        Message::Ping(_) | Message::Pong(_) | Message::WtxidRelay | Message::SendAddrV2
    )
}

/// Takes events to the end of the stream; gives the messages that came and the reason of the end.
pub(crate) async fn to_the_end(events: &mut Events) -> (Vec<Message>, DisconnectReason) {
    let mut messages = Vec::new();
    loop {
        match soon(events.next()).await.expect("an end is told") {
            Event::Message { message, .. } if !is_own(&message) => messages.push(message),
            Event::Disconnected { reason, .. } => {
                assert!(soon(events.next()).await.is_none(), "the end comes last");
                return (messages, reason);
            }
            _ => {}
        }
    }
}

/// The next message, whatever else comes before it.
pub(crate) async fn next_message(events: &mut Events) -> Message {
    loop {
        match soon(events.next()).await.expect("the stream goes on") {
            Event::Message { message, .. } if !is_own(&message) => return message,
            Event::Disconnected { reason, .. } => panic!("disconnected: {reason}"),
            _ => {}
        }
    }
}

/// Fails the test instead of hanging it. Longer than any timeout of the library, which matters
/// where time is paused.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(400), future)
        .await
        .expect("nothing hangs")
}

/// A message of `len` bytes, made of `fill`.
pub(crate) fn large(fill: u8, len: usize) -> Message {
    Message::Unknown {
        command: CommandName::new("large").unwrap(),
        payload: Bytes::from(vec![fill; len]),
    }
}

/// Compares without printing megabytes.
pub(crate) fn assert_same(came: &Message, wanted: &Message) {
    assert!(came == wanted, "{:.200}", format!("{came:?}"));
}

/// A small message with a number in it.
pub(crate) fn numbered(number: u32) -> Message {
    Message::Unknown {
        command: CommandName::new("numbered").unwrap(),
        payload: Bytes::copy_from_slice(&number.to_le_bytes()),
    }
}

/// The numbers in the messages that have one.
pub(crate) fn numbers(messages: &[Message]) -> Vec<u32> {
    messages
        .iter()
        .filter_map(|message| match message {
            Message::Unknown { command, payload } if command.as_str() == "numbered" => {
                Some(u32::from_le_bytes(payload.as_ref().try_into().unwrap()))
            }
            _ => None,
        })
        .collect()
}

/// A connection whose other end is in the hands of the test.
pub(crate) fn against_bytes(config: Config, capacity: usize) -> (End, DuplexStream) {
    let (ours, theirs) = duplex(capacity);
    (run(inbound(ours, config)), theirs)
}

pub(crate) async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (dialled, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    (dialled.unwrap(), accepted.unwrap().0)
}

/// When what is done by hand happens.
const THEN: Timestamp = Timestamp::from_secs(1_700_000_000);

/// Shakes hands by hand, as the accepting side.
pub(crate) async fn shake_hands(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> PeerMachine {
    let config = Arc::new(config(8));
    let mut machine = PeerMachine::from_seed(config, Link::inbound(), THEN, [2; 32]);
    while !machine.is_negotiated() {
        write_all(&mut machine, stream).await;
        let n = stream.read(machine.inbound().unwrap()).await.unwrap();
        machine.received(n, THEN);
        while machine.poll_event().is_some() {}
    }
    machine
}

/// Writes by hand what the machine has to say.
pub(crate) async fn write_all(machine: &mut PeerMachine, stream: &mut (impl AsyncWrite + Unpin)) {
    while machine.wants_write() {
        let n = stream.write(machine.outbound().first()).await.unwrap();
        machine.sent(n, THEN);
    }
}

/// A driver that was never polled.
pub(crate) fn unspawned() -> (Peer, Events, Driver<DuplexStream>, DuplexStream) {
    let (ours, theirs) = duplex(4_096);
    let (peer, events, driver) = outbound(ours, config(7));
    (peer, events, driver, theirs)
}
