//! A machine in the place of each recorded node comes to what that node negotiated.

use peer_core::{Config, DisconnectReason, Incompatible, Link, Purpose, TransportPolicy};
use peer_tests::capture::{Capture, Way};
use peer_tests::link::Cuts;
use peer_tests::script::{Frame, Probe, VersionPayload, end};

use crate::recorded::{
    Outcome, heard, negotiated_version, network, number, purpose, recorded_version, run,
};

/// What the machine keeps to itself.
const INTERNAL: [&str; 2] = ["version", "verack"];

/// Our side of the handshake, in the order in which Core sends it (row 30).
const ORDER: [&str; 4] = ["version", "wtxidrelay", "sendaddrv2", "verack"];

/// Captures in which both sides shook hands.
fn handshakes() -> Vec<Capture> {
    let mut captures = Capture::all();
    captures.retain(|capture| Way::BOTH.iter().all(|way| capture.version(*way).is_some()));
    assert_eq!(captures.len(), 28);
    captures
}

/// The machine's words.
fn words(outcome: &Outcome) -> Vec<Frame> {
    let (mut frames, mut rest) = (Vec::new(), outcome.output.as_slice());
    while let Some((frame, len)) = Frame::cut(rest) {
        frames.push(frame);
        rest = &rest[len..];
    }
    assert!(rest.is_empty());
    frames
}

#[test]
fn machines_negotiate_what_the_nodes_negotiated() {
    for capture in handshakes() {
        for way in Way::BOTH {
            let at = format!("{} {way:?}", capture.name);
            let (machine, _) = run(&capture, way, Cuts::Whole);
            let info = capture.version(way).unwrap();
            let remote = machine.remote().unwrap();
            assert_eq!(
                remote.protocol_version,
                negotiated_version(&capture),
                "{at}"
            );
            assert_eq!(
                i64::from(remote.version.version),
                number(info, "version"),
                "{at}"
            );
            assert_eq!(
                Some(remote.services().bits()),
                info["services"].as_u64(),
                "{at}"
            );
            let agent = remote.version.user_agent.to_string();
            assert_eq!(Some(agent.as_str()), info["user_agent"].as_str(), "{at}");
            let height = i64::from(remote.version.start_height);
            assert_eq!(height, number(info, "start_height"), "{at}");
            // A flag that is not there means yes (BIP37).
            let relay = recorded_version(&capture, way).relay.unwrap_or(1) != 0;
            assert_eq!(remote.version.relay.is_wanted(), relay, "{at}");
            assert_eq!(machine.stats().start_height.map(i64::from), Some(height));
            // What was offered is what stands in the stream between `version` and `verack`.
            let offers = |command: &str| {
                let entries = capture.entries(way).iter();
                entries
                    .take_while(|entry| entry.command != "verack")
                    .any(|entry| entry.command == command)
            };
            // A feeler has gone by then.
            let stays = purpose_of(&capture, way) != Purpose::Feeler;
            assert_eq!(remote.wtxid_relay, stays && offers("wtxidrelay"), "{at}");
            assert_eq!(remote.addr_v2, stays && offers("sendaddrv2"), "{at}");
        }
    }
}

fn purpose_of(capture: &Capture, way: Way) -> Purpose {
    match way {
        Way::FromDialler => Purpose::FullRelay,
        Way::ToDialler => purpose(capture),
    }
}

#[test]
fn the_application_hears_every_message_that_was_recorded() {
    for capture in handshakes() {
        for way in Way::BOTH {
            let at = format!("{} {way:?}", capture.name);
            let (_, outcome) = run(&capture, way, Cuts::Whole);
            let recorded = capture.entries(way).iter().map(|e| e.command.as_str());
            let recorded: Vec<&str> = recorded.filter(|c| !INTERNAL.contains(c)).collect();
            let last = outcome.events.last().unwrap();
            match purpose_of(&capture, way) {
                Purpose::Feeler => {
                    assert!(last.contains("FeelerDone"), "{at}: {last}");
                    assert_eq!(heard(&outcome), [""; 0], "{at}");
                }
                // It has what it came for before the recording ends.
                Purpose::AddressFetch => {
                    assert!(last.contains("AddressesFetched"), "{at}: {last}");
                    let addresses = recorded.iter().position(|c| c.starts_with("addr"));
                    assert_eq!(heard(&outcome), recorded[..=addresses.unwrap()], "{at}");
                }
                _ => {
                    assert!(last.contains("HungUp(EndOfStream)"), "{at}: {last}");
                    assert_eq!(heard(&outcome), recorded, "{at}");
                }
            }
        }
    }
}

#[test]
fn machines_say_what_the_nodes_said_in_their_handshake() {
    for capture in handshakes() {
        for way in Way::BOTH {
            let at = format!("{} {way:?}", capture.name);
            let (_, outcome) = run(&capture, way, Cuts::Whole);
            let words = words(&outcome);
            assert!(words.iter().all(Frame::is_intact), "{at}");
            assert!(
                words.iter().all(|f| f.magic == network(&capture).magic),
                "{at}"
            );

            let ours = VersionPayload::parse(&words[0].payload).unwrap();
            let recorded = recorded_version(&capture, way.other());
            assert_eq!(ours.version, recorded.version, "{at}");
            assert_eq!(ours.services, recorded.services, "{at}");
            assert_eq!(ours.height, recorded.height, "{at}");
            // BIP37 clients of old leave the flag out; we always say it.
            assert_eq!(ours.relay.unwrap_or(1), recorded.relay.unwrap_or(1), "{at}");

            // Old clients of the capture spoke less than they might: compare with nodes only.
            let said: Vec<String> = words.iter().map(Frame::name).collect();
            let said = said.iter().filter(|name| ORDER.contains(&name.as_str()));
            let gated = negotiated_version(&capture) < 70_016;
            let expected: &[&str] = match purpose_of(&capture, way) {
                Purpose::Feeler => &ORDER[..1],
                _ if gated => &["version", "verack"],
                _ => &ORDER,
            };
            assert!(said.eq(expected), "{at}");
        }
    }
}

#[test]
fn machines_answer_the_pings_of_the_nodes_and_no_others() {
    for capture in handshakes() {
        for way in Way::BOTH {
            let at = format!("{} {way:?}", capture.name);
            if purpose_of(&capture, way) != Purpose::FullRelay {
                continue;
            }
            let (machine, outcome) = run(&capture, way, Cuts::Whole);
            let words = words(&outcome);
            let pongs = words.iter().filter(|frame| frame.name() == "pong");
            let stream = capture.stream(way);
            let pings = capture.entries(way).iter().filter(|e| e.command == "ping");
            // Before BIP31 pings have no nonce and get no answer.
            let pings = pings.filter(|_| negotiated_version(&capture) > 60_000);
            let pings = pings.map(|e| &stream[e.offset + 24..e.offset + 24 + e.length]);
            assert!(
                pongs.map(|frame| frame.payload.as_slice()).eq(pings),
                "{at}"
            );
            // One keep-alive ping of our own, with a nonce if the remote knows nonces.
            let own: Vec<&Frame> = words.iter().filter(|f| f.name() == "ping").collect();
            assert_eq!(own.len(), 1, "{at}");
            let nonce = own[0].nonce().filter(|nonce| *nonce != 0);
            assert_eq!(
                nonce.is_some(),
                negotiated_version(&capture) > 60_000,
                "{at}"
            );
            assert_eq!(machine.stats().bytes_received, stream.len() as u64, "{at}");
            assert_eq!(
                machine.stats().frames_received,
                capture.entries(way).len() as u64,
                "{at}"
            );
            assert_eq!(machine.stats().bytes_sent, outcome.output.len() as u64);
            assert_eq!(machine.stats().frames_sent, words.len() as u64);
            assert_eq!(machine.stats().malformed, 0, "{at}");
            assert_eq!(machine.stats().bad_checksums, 0, "{at}");
        }
    }
}

#[test]
fn a_machine_below_its_minimum_refuses_the_old_client() {
    let capture = Capture::load("client-knots-v1/conn-06");
    let mut config = Config::with_secret(*network(&capture), [9; 32]);
    config.transport = TransportPolicy::V1;
    config.minimum_version = 31_801;
    let mut probe = Probe::new(config, Link::inbound());
    let events = probe.say(capture.stream(Way::FromDialler));
    let refused = DisconnectReason::Incompatible(Incompatible::Version {
        version: 31_800,
        minimum: 31_801,
    });
    assert_eq!(end(&events), Some(&refused));
    assert_eq!(probe.read(), [], "inbound, so nothing was said");
}
