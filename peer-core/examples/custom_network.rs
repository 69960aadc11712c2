//! A network of one's own, and two machines that speak it.
//!
//! ```sh
//! cargo run -p peer-core --example custom_network
//! ```
//!
//! A network is a value: copy the nearest one and set what differs. Nothing else in the library has to know of it. The
//! machines here are carried over memory; over sockets it is the same `Config`.

use std::sync::Arc;

use peer_core::message::{CommandName, Headers, Locator, Message};
use peer_core::network::{Gates, NEVER, Network, PowHash};
use peer_core::wire::BlockHash;
use peer_core::{Config, Event, Link, PeerMachine, Timestamp, TransportPolicy};

/// The chain of the island. It numbers its protocol versions itself, has no wtxid relay, and knows no v2 transport.
const ISLAND: Network = {
    let mut network = Network::REGTEST;
    network.name = "island";
    network.magic = *b"isle";
    network.default_port = 17_333;
    network.genesis = BlockHash::from_bytes([0x15; 32]);
    network.protocol_version = 90_002;
    network.min_protocol_version = 90_001;
    network.max_payload = 8_000_000;
    network.v2_transport = false;
    network.gates = gates();
    network.pow = PowHash::Scrypt;
    network
};

/// Since which of its versions a rule holds: from the beginning as on Bitcoin, but for these.
const fn gates() -> Gates {
    let mut gates = Gates::BITCOIN;
    gates.addrv2 = 90_002;
    gates.wtxidrelay = NEVER;
    gates.feature = NEVER;
    gates
}

/// When all of this happens. Machines have no clock of their own.
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

/// A message that only the islanders know.
const TIDE: &str = "tide";

/// A machine of `network`. The seed stands for all entropy of the connection, the secret for whose it is.
fn machine(network: Network, link: Link, number: u8) -> PeerMachine {
    let mut config = Config::with_secret(network, [number; 32]);
    config.services = peer_core::wire::ServiceFlags::NETWORK;
    PeerMachine::from_seed(Arc::new(config), link, NOW, [number; 32])
}

/// All of the network there is: what one lends, the other receives. Returns what the receiver hears.
fn carry(from: &mut PeerMachine, to: &mut PeerMachine) -> Vec<Event> {
    let bytes = from.outbound().to_vec();
    let taken = to.receive(&bytes, NOW);
    from.sent(taken, NOW);
    std::iter::from_fn(|| to.poll_event()).collect()
}

/// Two machines of the island shake hands, ask and answer.
fn islanders(lines: &mut Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
    let mut dialler = machine(ISLAND, Link::outbound(), 1);
    let mut listener = machine(ISLAND, Link::inbound(), 2);
    let question = Locator::from_chain(0, BlockHash::ALL_ZERO, |_| Some(ISLAND.genesis));
    // Both wait until the handshake is complete, and leave then in this order.
    dialler.send(Message::GetHeaders(Box::new(question)))?;
    dialler.send(Message::Unknown {
        command: CommandName::new(TIDE)?,
        payload: "high".into(),
    })?;
    for _ in 0..4 {
        for event in carry(&mut dialler, &mut listener) {
            hear("listener", &event, &mut listener, lines)?;
        }
        for event in carry(&mut listener, &mut dialler) {
            hear("dialler", &event, &mut dialler, lines)?;
        }
    }
    Ok(())
}

/// What an application on the island does when something happens.
fn hear(
    who: &str,
    event: &Event,
    peer: &mut PeerMachine,
    lines: &mut Vec<String>,
) -> Result<(), Box<dyn std::error::Error>> {
    match event {
        Event::Negotiated => {
            let stats = peer.stats();
            let version = stats.protocol_version.unwrap_or_default();
            let (v2, wtxid) = (stats.addr_v2, stats.wtxid_relay);
            lines.push(format!(
                "{who}: version {version}, addrv2 {v2}, wtxid relay {wtxid}"
            ));
        }
        Event::Message { message, .. } => match message {
            Message::GetHeaders(question)
                if question.hashes.iter().any(|hash| hash == ISLAND.genesis) =>
            {
                lines.push(format!("{who}: asked for headers after our genesis block"));
                peer.send(Message::Headers(Headers::new(&ISLAND, [])))?;
            }
            Message::Headers(headers) => {
                lines.push(format!("{who}: {} headers", headers.len()));
            }
            Message::Unknown { command, payload } => {
                let text = String::from_utf8_lossy(payload);
                lines.push(format!("{who}: {command} is {text}"));
            }
            _ => {}
        },
        Event::Disconnected { reason, .. } => lines.push(format!("{who}: {reason}")),
        _ => {}
    }
    Ok(())
}

/// A machine of another network dials the island, and is refused for its first four bytes.
fn stranger(lines: &mut Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
    let link = Link::outbound().with_transport(TransportPolicy::V1);
    let mut dialler = machine(Network::REGTEST, link, 3);
    let mut listener = machine(ISLAND, Link::inbound(), 4);
    for event in carry(&mut dialler, &mut listener) {
        hear("listener", &event, &mut listener, lines)?;
    }
    Ok(())
}

fn run() -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut lines = Vec::new();
    islanders(&mut lines)?;
    stranger(&mut lines)?;
    Ok(lines)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in run()? {
        println!("{line}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn islanders_understand_each_other_and_nobody_else_does() {
        let lines = run().unwrap();
        let (refusal, spoken) = lines.split_last().unwrap();
        let expected = [
            "dialler: version 90002, addrv2 true, wtxid relay false",
            "listener: version 90002, addrv2 true, wtxid relay false",
            "listener: asked for headers after our genesis block",
            "listener: tide is high",
            "dialler: 0 headers",
        ];
        assert_eq!(spoken, expected);
        // In the order of the wire: regtest's magic, and ours, which is text.
        let magics =
            "magic [fa, bf, b5, da] (as text: \\xfa\\xbf\\xb5\\xda) instead of [69, 73, 6c, 65]";
        assert_eq!(*refusal, format!("listener: bad frame: {magics}"));
    }
}
