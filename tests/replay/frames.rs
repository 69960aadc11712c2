//! Every recorded frame decodes completely, says what the manifest says, and is written again byte for byte.

use peer_core::message::{InvKind, Inventory, Message, TxEncoding, VersionTail};
use peer_core::network::Network;
use peer_tests::capture::{Capture, Entry, Way};
use peer_tests::script::{Frame, HEADER_LEN, sha256d};
use serde_json::{Value, json};

use crate::recorded::{codec, decode, negotiated_version, network};

/// Captures with frames in them: all but the dialler of v2 who was refused.
fn conversations() -> Vec<Capture> {
    let mut captures = Capture::all();
    assert_eq!(captures.len(), 30);
    captures.retain(|capture| capture.name != "knots-knots-v2-refused-then-v1/conn-00");
    captures
}

#[test]
fn manifests_describe_the_streams_from_the_first_byte_to_the_last() {
    let mut frames = 0;
    for capture in conversations() {
        for way in Way::BOTH {
            let (stream, mut end) = (capture.stream(way), 0);
            for entry in capture.entries(way) {
                let at = format!("{} {way:?} {}", capture.name, entry.offset);
                assert_eq!(entry.offset, end, "{at}");
                let (frame, len) = Frame::cut(&stream[end..]).unwrap();
                assert_eq!(frame.magic, network(&capture).magic, "{at}");
                assert_eq!(frame.name(), entry.command, "{at}");
                assert_eq!(frame.payload.len(), entry.length, "{at}");
                assert_eq!(hex(&sha256d(&frame.payload)), entry.sha256d, "{at}");
                assert!(frame.is_intact(), "{at}");
                end += len;
                frames += 1;
            }
            assert_eq!(end, stream.len(), "{} {way:?}", capture.name);
        }
    }
    assert_eq!(frames, 3_003);
}

#[test]
fn every_frame_is_written_again_as_it_was() {
    for capture in conversations() {
        let codec = codec(network(&capture), negotiated_version(&capture));
        for way in Way::BOTH {
            for entry in capture.entries(way) {
                let at = format!("{} {way:?} {}", capture.name, entry.command);
                let payload = payload(&capture, way, entry);
                let decoded = decode(payload, &entry.command, &codec);
                assert_eq!(decoded.trailing, 0, "{at}");
                let message = decoded.message;
                assert_eq!(message.command().as_str(), entry.command, "{at}");
                let again = message.payload(&codec, TxEncoding::Full);
                assert_eq!(again.unwrap(), payload, "{at}");
            }
        }
    }
}

#[test]
fn fields_are_what_an_independent_decoder_read() {
    let mut compared = 0;
    for capture in conversations() {
        let network = network(&capture);
        let codec = codec(network, negotiated_version(&capture));
        for way in Way::BOTH {
            for entry in capture.entries(way) {
                let Value::Object(mut theirs) = entry.info.clone() else {
                    continue;
                };
                let decoded = decode(payload(&capture, way, entry), &entry.command, &codec);
                let message = decoded.message;
                // Where there is no flag the manifest says 0, but its absence means 1 (BIP37).
                if matches!(&message, Message::Version(v) if v.tail != VersionTail::Relay) {
                    theirs.remove("relay");
                }
                let Value::Object(mut ours) = fields(&message, network) else {
                    panic!("{}: no fields", entry.command);
                };
                // The hash of a block was not always written down, the relay flag not always there.
                ours.retain(|field, _| theirs.contains_key(field));
                assert_eq!(ours, theirs, "{} {way:?} {}", capture.name, entry.offset);
                compared += 1;
            }
        }
    }
    assert!(compared > 2_200, "{compared}");
}

fn payload<'c>(capture: &'c Capture, way: Way, entry: &Entry) -> &'c [u8] {
    let start = entry.offset + HEADER_LEN;
    &capture.stream(way)[start..start + entry.length]
}

/// The message in the words of the manifests.
fn fields(message: &Message, network: &Network) -> Value {
    match message {
        Message::Version(version) => json!({
            "version": version.version,
            "services": version.services.bits(),
            "user_agent": version.user_agent.to_string(),
            "start_height": version.start_height,
            "relay": u8::from(version.relay.is_wanted()),
        }),
        Message::SendCmpct(m) => json!({ "announce": m.announce, "version": m.version }),
        Message::FeeFilter(m) => json!({ "feerate": m.fee_rate }),
        Message::GetHeaders(m) | Message::GetBlocks(m) => {
            json!({ "locator": m.hashes.len(), "stop": m.stop.to_string() })
        }
        Message::Headers(m) => json!({ "n": m.len() }),
        Message::Addr(m) => json!({ "n": m.len() }),
        Message::AddrV2(m) => json!({ "n": m.len() }),
        Message::Inv(m) | Message::GetData(m) | Message::NotFound(m) => kinds(m, network),
        Message::Block(m) => json!({ "ntx": m.tx_count(), "hash": m.block_hash().to_string() }),
        Message::CmpctBlock(m) => {
            json!({ "short": m.short_ids.len(), "prefilled": m.prefilled.len() })
        }
        other => panic!("{}", other.command()),
    }
}

/// How many of each type number.
fn kinds(inventory: &Inventory, network: &Network) -> Value {
    let mut counts = serde_json::Map::new();
    for item in inventory.iter() {
        let number = match item.kind {
            InvKind::Other(number) => number,
            kind => network.inv_numbering.number(kind).unwrap(),
        };
        let count = counts.entry(format!("{number:#x}")).or_insert(json!(0));
        *count = json!(count.as_u64().unwrap() + 1);
    }
    counts.into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
