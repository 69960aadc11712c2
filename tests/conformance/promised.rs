//! What the two Go packages promised and the live network has dropped, or never had: `alert`, the filter messages of
//! BIP157's drafts, NavCoin. Off where nobody speaks it, and there for who asks.

use core::time::Duration;

use crate::Probe;
use bytes::Bytes;
use peer_core::message::{
    Alert, DraftLocator, EncodeErrorKind, GetCFHeaders, GetCFilter, InvKind, InvVect, Inventory,
    Message, MessageKind,
};
use peer_core::network::{BlockId, Gates, HeaderHash, NEVER, Network, ServiceFlags};
use peer_core::wire::{BlockHash, BlockHeader, BlockView, Hash, TxFormat};
use peer_core::{
    Announced, Announcement, Config, DisconnectReason, Link, RequestKind, SendError, Timeout,
};
use peer_tests::composed::{Section, sections};
use peer_tests::script::{Frame, REGTEST, VersionPayload};

use crate::listeners::{Heard, heard};
use crate::matrix::samples;
use crate::support::config;

const DRAFTS: &str = include_str!("../../peer-core/tests/data/messages/draft-filters.txt");
const NAVCOIN: &str = include_str!("../../peer-core/tests/data/navcoin/composed.txt");

/// The NavCoin package speaks 70013.
fn navd() -> VersionPayload {
    VersionPayload::of(70_013)
}

fn said(section: &Section) -> Frame {
    Frame::new(&section.command, section.bytes.clone())
}

fn payload_of(kind: MessageKind) -> Vec<u8> {
    let mut samples = samples();
    samples.retain(|(known, _)| *known == kind);
    samples.remove(0).1
}

// --- alert ------------------------------------------------------------------------------------

/// Recorded: the last alert, as Core sends it to remotes of up to 70012.
fn last_alert() -> Frame {
    Frame::new("alert", payload_of(MessageKind::Alert))
}

fn alert_over(version: i32, config: Config) -> Heard {
    let version = VersionPayload::of(version);
    let mut probe = Probe::negotiated_with(config, Link::outbound(), &version);
    let heard = heard(&probe.tell(&last_alert()));
    assert!(probe.is_alive());
    heard
}

#[test]
fn an_alert_is_heard_up_to_its_last_version() {
    assert_eq!(alert_over(70_012, config()).messages, ["alert"]);
    assert_eq!(alert_over(60_001, config()).messages, ["alert"]);
    let later = alert_over(70_013, config());
    assert!(later.messages.is_empty());
    let payload = Bytes::from(last_alert().payload);
    assert_eq!(later.unknown, [("alert".to_owned(), payload)]);
    assert_eq!(later.misbehavior, 0);

    let mut endless = config();
    endless.network.gates.last_alert = NEVER;
    assert_eq!(alert_over(70_016, endless).messages, ["alert"]);
}

#[test]
fn an_alert_is_sent_up_to_its_last_version() {
    let alert = || {
        Message::Alert(Box::new(Alert {
            body: Bytes::from_static(b"body"),
            signature: Bytes::from_static(b"signature"),
        }))
    };
    let old = VersionPayload::of(70_012);
    let mut probe = Probe::negotiated_with(config(), Link::inbound(), &old);
    probe.machine.send(alert()).unwrap();
    let sent = probe.read().pop().unwrap();
    assert_eq!(sent.name(), "alert");
    assert_eq!(sent.payload, b"\x04body\x09signature");

    let mut probe = Probe::negotiated(config(), Link::inbound());
    let Err(SendError::Encode(error)) = probe.machine.send(alert()) else {
        panic!("sent");
    };
    let (last, negotiated) = (70_012, 70_016);
    let kind = EncodeErrorKind::VersionTooHigh { last, negotiated };
    assert_eq!(error.kind, kind);
}

// --- the drafts of BIP157 ---------------------------------------------------------------------

fn draft() -> Config {
    let mut config = config();
    config.network.gates.draft_filters = 0;
    config
}

#[test]
fn filters_of_the_drafts_are_heard_where_the_network_has_them() {
    let mut probe = Probe::negotiated_with(draft(), Link::inbound(), &navd());
    for section in sections(DRAFTS) {
        let events = probe.tell(&said(&section));
        assert_eq!(heard(&events).messages, [section.command], "{events:?}");
    }
    assert!(probe.is_alive());
}

/// Off: three are no messages, and the three whose names BIP157 kept are read as BIP157 has them, never guessed.
#[test]
fn filters_of_the_drafts_are_not_guessed() {
    let mut probe = Probe::negotiated_with(config(), Link::inbound(), &navd());
    for section in sections(DRAFTS) {
        let heard = heard(&probe.tell(&said(&section)));
        match section.command.as_str() {
            "getcfilter" | "getcftypes" | "cftypes" => {
                assert_eq!(heard.unknown.len(), 1, "{section:?}");
                assert_eq!(heard.misbehavior, 0);
            }
            // As long as BIP157 has it: the first byte of the hash passes for the type, and so on. Or longer than that, and
            // the rest is left over.
            "cfilter" | "getcfheaders" => assert_eq!(heard.messages, [section.command]),
            // A filter header that nobody sent, and a count of what is left of the hashes.
            _ => assert_eq!((heard.messages.len(), heard.misbehavior), (0, 1)),
        }
    }
    assert!(probe.is_alive());
    let ask = Message::GetCFTypes;
    let Err(SendError::Encode(error)) = probe.machine.send(ask) else {
        panic!("sent");
    };
    assert_eq!(error.kind, EncodeErrorKind::NotOnNetwork);
}

/// The section of the drafts under that name.
fn draft_frame(command: &str) -> Frame {
    let mut sections = sections(DRAFTS);
    sections.retain(|section| section.command == command);
    said(&sections.remove(0))
}

/// Questions of the drafts are owed an answer like all others.
#[test]
fn questions_of_the_drafts_are_answered() {
    let of_a_block = Message::GetCFilter(GetCFilter {
        block_hash: BlockHash::from_bytes([0xa1; 32]),
        filter_type: 1,
    });
    let after_a_locator = Message::GetCFHeaders(GetCFHeaders::Draft(Box::new(DraftLocator {
        hashes: [BlockHash::from_bytes([0xb1; 32])].into_iter().collect(),
        stop: BlockHash::ALL_ZERO,
        filter_type: 0,
    })));
    for (question, answer, other) in [
        (of_a_block, "cfilter", "cftypes"),
        (after_a_locator, "cfheaders", "cfilter"),
        (Message::GetCFTypes, "cftypes", "cfheaders"),
    ] {
        let mut probe = Probe::negotiated_with(draft(), Link::outbound(), &navd());
        let asked = question.command();
        probe.machine.send(question).unwrap();
        assert_eq!(probe.read_names(), [asked.as_str()]);
        for (said, left) in [(other, 1), (answer, 0)] {
            probe.tell(&draft_frame(said));
            assert_eq!(probe.machine.stats().requests_in_flight, left, "{asked}");
        }
    }
    let mut probe = Probe::negotiated_with(draft(), Link::outbound(), &navd());
    probe.machine.send(Message::GetCFTypes).unwrap();
    probe.read();
    let stall = Timeout::Stall(RequestKind::GetCFTypes);
    let ends = heard(&probe.wait(Duration::from_secs(60))).ends;
    assert_eq!(ends, [DisconnectReason::Timeout(stall)]);
}

/// What the NavCoin package has, all at once: its callbacks are called on NavCoin, at its version.
#[test]
fn alerts_and_filters_as_navd_has_them() {
    let mut config = navcoin();
    config.network.gates = Gates::NAVD;
    config.protocol_version = 70_013;
    let mut probe = Probe::negotiated_with(config, Link::inbound(), &navd());
    let alert = Frame::new("alert", *b"\x04body\x09signature");
    assert_eq!(heard(&probe.tell(&alert)).messages, ["alert"]);
    for section in sections(DRAFTS) {
        let heard = heard(&probe.tell(&said(&section)));
        assert_eq!(heard.messages, [section.command]);
    }
    probe.machine.send(Message::GetCFTypes).unwrap();
    assert!(probe.read_names().contains(&"getcftypes".to_owned()));
}

// --- NavCoin ----------------------------------------------------------------------------------

/// NavCoin under the magic that these frames have.
fn navcoin() -> Config {
    let mut config = Config::with_secret(Network::NAVCOIN, [7; 32]);
    config.network.magic = REGTEST;
    config.services = ServiceFlags::BLOOM;
    config
}

/// The `version` of the composed file, which says what Navcoin Core 7.0.3 says.
fn navcoin_version() -> Frame {
    let mut sections = sections(NAVCOIN);
    sections.retain(|section| section.command == "version");
    said(&sections.remove(0))
}

fn navcoin_probe(config: Config, link: Link) -> Probe {
    let mut probe = Probe::new(config, link);
    probe.tell(&navcoin_version());
    probe.tell(&Frame::empty("verack"));
    assert!(probe.machine.is_negotiated());
    probe
}

/// Nothing of what Bitcoin introduced later is said, though the version is above all of Bitcoin's.
#[test]
fn the_handshake_with_navcoin_is_that_of_its_time() {
    for link in [Link::inbound(), Link::outbound()] {
        let mut probe = navcoin_probe(navcoin(), link);
        let remote = probe.machine.remote().unwrap();
        assert_eq!(remote.protocol_version, 80_021);
        assert_eq!(remote.version.user_agent.to_string(), "/Navcoin:7.0.3/");
        let names = probe.read_names();
        assert_eq!(names, ["version", "verack", "ping"]);
    }
    // What would end a connection on Bitcoin is one more unknown message here.
    let mut probe = navcoin_probe(navcoin(), Link::outbound());
    for name in ["sendaddrv2", "wtxidrelay", "feature", "alert", "getcftypes"] {
        let heard = heard(&probe.tell(&Frame::empty(name)));
        assert_eq!(heard.unknown.len(), 1, "{name}");
    }
    assert!(probe.is_alive());
}

#[test]
fn every_message_of_navcoin_is_heard() {
    let mut probe = navcoin_probe(navcoin(), Link::inbound());
    let mut count = 0;
    for section in sections(NAVCOIN) {
        if section.command == "version" {
            continue;
        }
        let events = probe.tell(&said(&section));
        let heard = heard(&events);
        assert_eq!(heard.messages, [section.command], "{}", section.name);
        count += 1;
    }
    assert_eq!(count, 23);
    assert!(probe.is_alive());
}

/// A node asks each peer that it dialled whether it takes part in Dandelion, whatever that peer wants to hear of.
#[test]
fn the_probe_for_dandelion_is_no_transaction() {
    let mut config = navcoin();
    config.relay = false;
    let mut probe = navcoin_probe(config, Link::inbound());
    let mut item = vec![1, 9, 0, 0, 0];
    item.extend([0xff; 32]);
    let heard = heard(&probe.tell(&Frame::new("inv", item)));
    assert_eq!((heard.messages.len(), heard.misbehavior), (1, 0));
    assert!(probe.is_alive());
}

/// On Bitcoin the same bytes are what they always were: unknown.
#[test]
fn messages_of_navcoin_are_unknown_elsewhere() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    for name in [
        "dandeliontx",
        "aggsess",
        "daggsess",
        "enccand",
        "danenccand",
    ] {
        let heard = heard(&probe.tell(&Frame::new(name, [1, 0, 0, 0, 0])));
        assert_eq!((heard.unknown.len(), heard.misbehavior), (1, 0), "{name}");
    }
    assert!(probe.is_alive());
}

/// Objects that were asked for are recognised by the hash that a node announces them by.
#[test]
fn objects_of_navcoin_answer_what_asked_for_them() {
    let mut probe = navcoin_probe(navcoin(), Link::outbound());
    probe.read();
    for section in sections(NAVCOIN) {
        let kind = match section.command.as_str() {
            "block" => InvKind::Block,
            "tx" if section.name == "plain" => InvKind::Tx,
            "dandeliontx" => InvKind::DandelionTx,
            "aggsess" => InvKind::AggSession,
            "daggsess" => InvKind::DandelionAggSession,
            "enccand" => InvKind::EncCand,
            "danenccand" => InvKind::DandelionEncCand,
            _ => continue,
        };
        // What each is announced by: of a block its header, of all others their bytes.
        let hashed = match kind {
            InvKind::Block => &section.bytes[..80],
            _ => &section.bytes,
        };
        let hash = Hash::from_bytes(peer_tests::script::sha256d(hashed));
        let item = Inventory::new(&Network::NAVCOIN, [InvVect::new(kind, hash)]).unwrap();
        probe.machine.send(Message::GetData(item)).unwrap();
        assert_eq!(probe.read_names(), ["getdata"]);
        assert_eq!(probe.machine.stats().requests_in_flight, 1);
        probe.tell(&said(&section));
        let left = probe.machine.stats().requests_in_flight;
        assert_eq!(left, 0, "{}: {}", section.command, section.name);
    }
}

/// The genesis blocks as they are published, with the hashes that X13 makes of their headers.
fn genesis_blocks() -> [(Network, BlockView, BlockHash); 2] {
    let text = include_str!("../../peer-core/tests/data/navcoin/genesis.json");
    let told: serde_json::Value = serde_json::from_str(text).unwrap();
    [
        ("main", Network::NAVCOIN),
        ("test", Network::NAVCOIN_TESTNET),
    ]
    .map(|(name, network)| {
        let text = |field: &str| told[name][field].as_str().unwrap().to_owned();
        let digits = text("block");
        let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        let bytes: Bytes = (0..digits.len()).step_by(2).map(byte).collect();
        let block = BlockView::from_bytes(bytes, TxFormat::NavCoin).unwrap();
        (network, block, text("block_hash").parse().unwrap())
    })
}

/// A function of the caller, which stands for X13: it knows two headers by heart.
fn by_heart(header: &[u8; 80]) -> [u8; 32] {
    let known = genesis_blocks();
    let mut known = known.iter();
    let found = known.find(|(_, block, _)| block.header().to_bytes() == *header);
    found.map_or([0; 32], |(.., hash)| hash.to_bytes())
}

/// Blocks of old versions are identified by whatever function the network was given.
#[test]
fn old_blocks_of_navcoin_take_a_function() {
    for (network, block, published) in genesis_blocks() {
        assert_eq!(network.genesis, published);
        let header = block.header();
        let mut config = navcoin();
        let asks = |config: Config| {
            let mut probe = navcoin_probe(config, Link::outbound());
            probe.read();
            let item = InvVect::new(InvKind::Block, published);
            let items = Inventory::new(&network, [item]).unwrap();
            probe.machine.send(Message::GetData(items)).unwrap();
            probe.read();
            let frame = Frame::new("block", block.bytes().to_vec());
            let heard = heard(&probe.tell(&frame));
            assert_eq!(heard.messages, ["block"]);
            let announced = probe.machine.announce(Announcement::Block { header });
            (probe.machine.stats().requests_in_flight, announced)
        };

        // Without one it is not known which block this is, nor can it be announced.
        assert_eq!(config.network.block_hash(&header), None);
        let (owed, announced) = asks(config.clone());
        assert_eq!(owed, 1);
        assert!(
            matches!(announced, Err(SendError::Encode(_))),
            "{announced:?}"
        );

        config.network.block_id = BlockId::ByVersion {
            above: 6,
            older: Some(HeaderHash(by_heart)),
        };
        assert_eq!(config.network.block_hash(&header), Some(published));
        let (owed, announced) = asks(config.clone());
        assert_eq!(owed, 0);
        // It came from there.
        assert_eq!(announced.unwrap(), Announced::Known);

        // Newer ones are SHA-256d's, whatever the function says.
        let newer = BlockHeader {
            version: 7,
            ..header
        };
        let expected = peer_tests::script::sha256d(&newer.to_bytes());
        let hash = config.network.block_hash(&newer);
        assert_eq!(hash, Some(BlockHash::from_bytes(expected)));
    }
}
