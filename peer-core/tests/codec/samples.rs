//! The payloads under `tests/data/messages`, each with the circumstances it was sent in.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use peer_core::message::{
    Codec, CommandName, DecodeError, Decoded, Message, MessageKind, MessageLimits,
};
use peer_core::network::Network;
use serde_json::Value;

use crate::composed::sections;

pub(crate) const LIMITS: MessageLimits = MessageLimits::DEFAULT;

/// One payload from outside.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) kind: MessageKind,
    pub(crate) payload: Bytes,
    network: &'static Network,
    version: u32,
}

impl Sample {
    pub(crate) fn codec(&self) -> Codec<'static> {
        Codec::new(self.network, self.version, &LIMITS)
    }

    pub(crate) fn decode(&self, payload: impl Into<Bytes>) -> Result<Decoded, DecodeError> {
        Message::decode(&self.kind.command(), payload.into(), &self.codec())
    }

    pub(crate) fn message(&self) -> Message {
        self.decode(self.payload.clone()).unwrap().message
    }
}

/// A codec for Bitcoin's main network at its last version.
pub(crate) fn mainnet() -> Codec<'static> {
    Codec::new(&Network::MAINNET, 70_017, &LIMITS)
}

/// A network that speaks the drafts of BIP157.
pub(crate) const DRAFT: Network = {
    let mut network = Network::SIMNET;
    network.gates.draft_filters = 0;
    network
};

/// A codec that knows messages of `kind`: for most of them, [`mainnet`].
pub(crate) fn codec_for(kind: MessageKind) -> Codec<'static> {
    let codecs = [
        mainnet(),
        Codec::new(&Network::MAINNET, 70_012, &LIMITS),
        Codec::new(&DRAFT, 70_013, &LIMITS),
        Codec::new(&Network::NAVCOIN, 80_021, &LIMITS),
    ];
    codecs
        .into_iter()
        .find(|codec| codec.knows(kind))
        .unwrap_or_else(|| panic!("{kind} is known nowhere"))
}

pub(crate) fn decode(kind: MessageKind, payload: impl Into<Bytes>) -> Result<Decoded, DecodeError> {
    Message::decode(&kind.command(), payload.into(), &codec_for(kind))
}

pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/messages")
        .join(name)
}

pub(crate) fn read(name: &str) -> Bytes {
    std::fs::read(data(name)).unwrap().into()
}

pub(crate) fn json(name: &str) -> Vec<Value> {
    serde_json::from_slice(&read(name)).unwrap()
}

pub(crate) fn text<'v>(row: &'v Value, field: &str) -> &'v str {
    row.get(field).and_then(Value::as_str).unwrap()
}

pub(crate) fn unhex(hex: &str) -> Bytes {
    assert!(hex.len().is_multiple_of(2), "{hex}");
    let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

fn kind(command: &str) -> MessageKind {
    MessageKind::from_command(&command.parse().unwrap()).unwrap()
}

/// Everything that is a whole and valid message.
pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    samples.extend(published());
    samples.extend(recording(
        "litecoind-0.21.2.1-regtest.txt",
        &Network::LITECOIN_REGTEST,
    ));
    samples.extend(recording(
        "litecoind-compact-3.txt",
        &Network::LITECOIN_REGTEST,
    ));
    samples.extend(mweb());
    samples.extend(recording("knots-29.4-regtest.txt", &Network::REGTEST));
    samples.extend(features());
    samples.extend(composed("messages/draft-filters.txt", &DRAFT, 70_013));
    samples.extend(composed("navcoin/composed.txt", &Network::NAVCOIN, 80_021));
    samples.extend(files());
    samples
}

/// The only sample of that name.
pub(crate) fn sample(name: &str) -> Sample {
    let mut found = samples();
    found.retain(|sample| sample.name == name);
    assert_eq!(found.len(), 1, "{name}");
    found.remove(0)
}

fn published() -> impl Iterator<Item = Sample> {
    json("published.json")
        .into_iter()
        .filter(|row| row["complete"] == true)
        .map(|row| Sample {
            name: text(&row, "name").into(),
            kind: kind(text(&row, "command")),
            payload: unhex(text(&row, "payload_hex")),
            network: &Network::MAINNET,
            version: 70_016,
        })
}

/// Lines of `section | direction | command | length | payload`. The section may name a protocol version.
fn recording(file: &str, network: &'static Network) -> Vec<Sample> {
    let text = String::from_utf8(read(file).into()).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .enumerate()
        .map(|(number, line)| {
            let columns: Vec<&str> = line.split('|').map(str::trim).collect();
            let [section, _, command, length, payload] = columns[..] else {
                panic!("{file}: {line}");
            };
            let payload = unhex(payload);
            assert_eq!(payload.len().to_string(), length, "{file}: {line}");
            let version = section.strip_prefix("handshake").unwrap_or("70016");
            let version: u32 = version.parse().unwrap();
            let kind = kind(command);
            Sample {
                name: format!("{section}/{command} ({})", number + 1),
                kind,
                payload,
                network,
                // Only remotes of before 70013 are told.
                version: match kind {
                    MessageKind::Alert => version.min(70_012),
                    _ => version,
                },
            }
        })
        .collect()
}

/// Each payload of `mweb/messages.txt` once; its README describes the notation.
fn mweb() -> impl Iterator<Item = Sample> {
    let text = String::from_utf8(read("../mweb/messages.txt").into()).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.into_iter().filter_map(|line| {
        let columns: Vec<&str> = line.split(" | ").collect();
        let [section, command, _, payload] = columns[..] else {
            panic!("{line}");
        };
        let is_new = command != "-" && !payload.starts_with('=');
        is_new.then(|| Sample {
            name: format!("mweb/{section}"),
            kind: kind(command),
            payload: unhex(payload),
            network: &Network::LITECOIN_REGTEST,
            version: 70_016,
        })
    })
}

/// `navcoin/composed.txt` describes the notation.
fn composed(file: &str, network: &'static Network, version: u32) -> impl Iterator<Item = Sample> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(file);
    let sections = sections(&std::fs::read_to_string(path).unwrap());
    sections.into_iter().map(move |section| Sample {
        name: format!("{}: {}", section.command, section.name),
        kind: kind(&section.command),
        payload: section.bytes.into(),
        network,
        version,
    })
}

/// No node sends `feature` yet; Core's own test has valid ones among the malformed.
fn features() -> impl Iterator<Item = Sample> {
    json("malformed.json")
        .into_iter()
        .filter(|row| text(row, "kind").starts_with("feature"))
        .filter(|row| text(row, "expect").starts_with("accept"))
        .map(|row| Sample {
            name: text(&row, "expect").into(),
            kind: MessageKind::Feature,
            payload: unhex(text(&row, "hex")),
            network: &Network::MAINNET,
            version: 70_017,
        })
}

fn files() -> Vec<Sample> {
    let sample = |name: &str, kind, payload| Sample {
        name: name.into(),
        kind,
        payload,
        network: &Network::MAINNET,
        version: 70_016,
    };
    let hex = String::from_utf8(read("rust-bitcoin-merkle_block.hex").into()).unwrap();
    let mut files = vec![sample(
        "rust-bitcoin-merkle_block.hex",
        MessageKind::MerkleBlock,
        unhex(hex.trim()),
    )];
    for (name, kind) in [
        ("compact426884.raw", MessageKind::CmpctBlock),
        ("compact898352.raw", MessageKind::CmpctBlock),
        ("merkle300025.raw", MessageKind::MerkleBlock),
    ] {
        files.push(sample(name, kind, read(name)));
    }
    for name in [
        "version-relay-0x17_cmd12-plus-payload.bin",
        "version-relay-0x76_cmd12-plus-payload.bin",
    ] {
        let payload = read(name).split_off(CommandName::LEN);
        files.push(sample(name, MessageKind::Version, payload));
    }
    files
}
