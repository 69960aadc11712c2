//! A machine in the place of one recorded node, hearing what the other one said.

use alloc::sync::Arc;

use peer_core::message::{Codec, Decoded, Message, MessageLimits, TxEncoding};
use peer_core::network::Network;
use peer_core::tape::TapedMachine;
use peer_core::wire::ServiceFlags;
use peer_core::{Config, Event, Link, PeerMachine, Purpose, Reaction, TransportPolicy};
use peer_tests::capture::{Capture, Way};
use peer_tests::link::Cuts;
use peer_tests::script::{Frame, START, VersionPayload, sha256d};
use serde_json::Value;

/// The network a capture was made on.
pub(crate) fn network(capture: &Capture) -> &'static Network {
    if capture.name.starts_with("ltc") {
        &Network::LITECOIN_REGTEST
    } else {
        &Network::REGTEST
    }
}

pub(crate) fn number(info: &Value, field: &str) -> i64 {
    info[field].as_i64().unwrap()
}

/// What both sides speak: the lower of their versions.
pub(crate) fn negotiated_version(capture: &Capture) -> u32 {
    let versions = Way::BOTH.map(|way| capture.version(way));
    let versions = versions.into_iter().flatten();
    let lowest = versions.map(|info| number(info, "version")).min().unwrap();
    u32::try_from(lowest).unwrap()
}

pub(crate) fn codec(network: &'static Network, version: u32) -> Codec<'static> {
    static LIMITS: MessageLimits = MessageLimits::DEFAULT;
    Codec::new(network, version, &LIMITS)
}

/// What the dialler of a capture wanted, by the captures' README.
pub(crate) fn purpose(capture: &Capture) -> Purpose {
    let knots = capture.name.starts_with("knots-knots-v1/")
        || capture.name.starts_with("knots-knots-v1-recon/");
    match capture.name.rsplit_once('-').unwrap().1 {
        "03" if knots => Purpose::BlockRelayOnly,
        "04" if knots => Purpose::AddressFetch,
        "05" if knots => Purpose::Feeler,
        _ => Purpose::FullRelay,
    }
}

/// A machine configured as the node that *heard* what went `way`.
pub(crate) fn machine(capture: &Capture, way: Way) -> PeerMachine {
    let mut config = Config::with_secret(*network(capture), [9; 32]);
    config.transport = TransportPolicy::V1;
    let own = capture.version(way.other()).unwrap();
    config.protocol_version = u32::try_from(number(own, "version")).unwrap();
    config.services = ServiceFlags(own["services"].as_u64().unwrap());
    // The node had asked for the addresses that came; the machine in its place has no application to do so.
    config.addr_rate_limit = None;
    let height = i32::try_from(number(own, "start_height")).unwrap();
    let link = match way {
        Way::FromDialler => Link::inbound(),
        Way::ToDialler => Link::outbound().with_purpose(purpose(capture)),
    };
    // A client that wants no transactions says so in its configuration; for other purposes the link does.
    let relay = recorded_version(capture, way.other()).relay;
    config.relay = relay.is_none_or(|flag| flag != 0) || link.purpose != Purpose::FullRelay;
    // It asked for transactions since, with a filter; the machine in its place has no application to do so.
    config.strictness.unwanted_transaction = Reaction::Deliver;
    config.validate().unwrap();
    PeerMachine::from_seed(
        Arc::new(config),
        link.with_start_height(height),
        START,
        [4; 32],
    )
}

/// What came out of a machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Events as lines of text; payloads by their hash.
    pub(crate) events: Vec<String>,
    /// Everything it wrote.
    pub(crate) output: Vec<u8>,
}

/// The machine hears the stream that went `way`, cut like this, and then its end.
pub(crate) fn run(capture: &Capture, way: Way, cuts: Cuts) -> (PeerMachine, Outcome) {
    let mut machine = TapedMachine::from(machine(capture, way));
    let outcome = hear(&mut machine, capture.stream(way), cuts);
    (machine.into_inner(), outcome)
}

/// Everything a stream does to a machine whose application polls and whose remote reads.
pub(crate) fn hear(machine: &mut TapedMachine, stream: &[u8], cuts: Cuts) -> Outcome {
    let mut outcome = Outcome {
        events: Vec::new(),
        output: Vec::new(),
    };
    settle(machine, &mut outcome);
    for piece in cuts.pieces(stream) {
        let mut rest = piece;
        while !rest.is_empty() && !machine.is_closed() {
            let taken = machine.receive(rest, START);
            rest = &rest[taken..];
            settle(machine, &mut outcome);
        }
    }
    machine.hung_up(peer_core::HangUp::EndOfStream, START);
    settle(machine, &mut outcome);
    outcome
}

/// Takes what there is. Output first: an answer may have been given before the events are polled, never because of it.
fn settle(machine: &mut TapedMachine, outcome: &mut Outcome) {
    loop {
        let event = machine.poll_event();
        let lent = machine.outbound().to_vec();
        machine.sent(lent.len(), START);
        outcome.output.extend(&lent);
        match event {
            Some(event) => outcome.events.push(line(machine, &event)),
            None if lent.is_empty() => return,
            None => {}
        }
    }
}

fn line(machine: &PeerMachine, event: &Event) -> String {
    let Event::Message { message, wire_len } = event else {
        return format!("{event:?}");
    };
    let version = machine.remote().map_or(0, |remote| remote.protocol_version);
    let codec = codec(network_of(machine), version);
    let content = match message.payload(&codec, TxEncoding::Full) {
        Ok(payload) => format!("{} {:02x?}", payload.len(), sha256d(&payload)),
        // Some speak of what their version does not have.
        Err(_) => format!("{message:?}"),
    };
    format!("{} {wire_len} {content}", message.command())
}

fn network_of(machine: &PeerMachine) -> &'static Network {
    Network::by_name(machine.config().network.name).unwrap()
}

/// Commands of the messages that the application heard.
pub(crate) fn heard(outcome: &Outcome) -> Vec<&str> {
    let lines = outcome.events.iter();
    lines
        .filter_map(|line| line.split_once(' '))
        .map(|(first, _)| first)
        .filter(|word| word.parse().is_ok_and(|command| !is_event(command)))
        .collect()
}

fn is_event(command: peer_core::message::CommandName) -> bool {
    // Commands are lower case, names of events are not.
    command.as_str().starts_with(char::is_uppercase)
}

/// What the library makes of a recorded payload.
pub(crate) fn decode(payload: &[u8], command: &str, codec: &Codec<'_>) -> Decoded {
    let payload = bytes::Bytes::copy_from_slice(payload);
    Message::decode(&command.parse().unwrap(), payload, codec).unwrap()
}

/// The `version` that went `way`, read without the library.
pub(crate) fn recorded_version(capture: &Capture, way: Way) -> VersionPayload {
    let (frame, _) = Frame::cut(capture.stream(way)).unwrap();
    VersionPayload::parse(&frame.payload).unwrap()
}
