//! MWEB objects on Litecoin: what they answer, and what they go by. The bytes are litecoind's own.

use std::collections::HashMap;

use bytes::Bytes;
use peer_core::message::{InvKind, InvVect, Inventory, Message};
use peer_core::network::Network;
use peer_core::wire::{BlockView, Hash, TxEncoding, TxFormat, TxView};
use peer_core::{Announced, Config, Event, Link};
use peer_tests::script::Frame;

use crate::Probe;

const NETWORK: &Network = &Network::LITECOIN_REGTEST;

/// The objects that were recorded, with everything that they have, by what the recording calls them.
fn recorded() -> HashMap<String, Vec<u8>> {
    let text = include_str!("../../peer-core/tests/data/mweb/messages.txt");
    let whole = text.lines().filter_map(|line| {
        let (section, rest) = line.split_once(" | ")?;
        let name = section.strip_prefix("to mweb: mweb-")?;
        let (_, hex) = rest.rsplit_once(" | ")?;
        let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let bytes = (0..hex.len()).step_by(2).map(digits).collect();
        Some((name.to_owned(), bytes))
    });
    whole.collect()
}

fn tx(kind: &str) -> TxView {
    let bytes = recorded().remove(&format!("tx of {kind}")).unwrap();
    TxView::from_bytes(bytes.into(), TxFormat::Litecoin).unwrap()
}

fn block(kind: &str) -> BlockView {
    let bytes = recorded().remove(&format!("block {kind}")).unwrap();
    BlockView::from_bytes(bytes.into(), TxFormat::Litecoin).unwrap()
}

fn probe() -> Probe {
    let config = Config::with_secret(*NETWORK, [1; 32]);
    Probe::negotiated(config, Link::outbound())
}

fn ask(probe: &mut Probe, kind: InvKind, hash: Hash) -> Frame {
    let list = Inventory::new(NETWORK, [InvVect::new(kind, hash)]).unwrap();
    probe.machine.send(Message::GetData(list)).unwrap();
    let mut frames = probe.read();
    assert_eq!(probe.machine.stats().requests_in_flight, 1);
    frames.pop().unwrap()
}

fn is_answered(probe: &mut Probe, answer: &Frame) -> bool {
    probe.tell(answer);
    probe.machine.stats().requests_in_flight == 0
}

/// Litecoin Core's `MSG_MWEB_BLOCK`. A block answers whatever form it was asked for in, and comes in.
#[test]
fn a_block_answers_in_whatever_form() {
    let block = block("full");
    let hash = block.block_hash().into();
    for (kind, number) in [
        (InvKind::Block, [2, 0, 0, 0]),
        (InvKind::WitnessBlock, [2, 0, 0, 0x40]),
        (InvKind::MwebBlock, [2, 0, 0, 0x60]),
    ] {
        for encoding in [TxEncoding::Full, TxEncoding::Witness, TxEncoding::Base] {
            let mut probe = probe();
            let asked = ask(&mut probe, kind, hash);
            assert_eq!(asked.payload[1..5], number);
            let answer = Frame::new("block", block.to_bytes(encoding).to_vec());
            assert!(is_answered(&mut probe, &answer), "{kind:?} {encoding:?}");
        }
    }
}

/// Litecoin Core's `MSG_MWEB_TX`. A transaction of nothing but MWEB data goes by its kernel, in which form it is whole
/// or is not there at all.
#[test]
fn a_transaction_answers_by_either_id() {
    for kind in ["peg-in", "peg-in without witness", "pure", "peg-out"] {
        let tx = tx(kind);
        for (by, number, id) in [
            (InvKind::MwebTx, [1, 0, 0, 0x60], Hash::from(tx.txid())),
            (InvKind::WitnessTx, [1, 0, 0, 0x40], tx.txid().into()),
            (InvKind::Wtx, [5, 0, 0, 0], tx.wtxid().into()),
        ] {
            let mut probe = probe();
            let asked = ask(&mut probe, by, id);
            assert_eq!(asked.payload[1..5], number);
            let stripped = Frame::new("tx", tx.without_witness().to_vec());
            if tx.is_mweb_only() {
                assert!(!is_answered(&mut probe, &stripped), "{kind} {by:?}");
            }
            let answer = Frame::new("tx", tx.bytes().to_vec());
            assert!(is_answered(&mut probe, &answer), "{kind} {by:?}");
        }
    }
}

/// What a remote sent or asked for needs no announcement to it.
#[test]
fn what_a_remote_has_is_known_by_its_kernel() {
    let tx = tx("pure");
    let announce = |probe: &mut Probe| {
        let announcement = peer_core::Announcement::Tx {
            txid: tx.txid(),
            wtxid: tx.wtxid(),
            fee_rate: None,
        };
        probe.machine.announce(announcement).unwrap()
    };
    let mut fresh = probe();
    assert_eq!(announce(&mut fresh), Announced::Queued);
    let mut sender = probe();
    sender.tell(&Frame::new("tx", tx.bytes().to_vec()));
    assert_eq!(announce(&mut sender), Announced::Known);
}

/// Each encoding leaves as it is asked for, and all there is if nothing is said.
#[test]
fn objects_leave_as_they_are_asked_for() {
    let block = block("full");
    let mut probe = probe();
    let message = || Message::Block(block.clone());
    probe.machine.send(message()).unwrap();
    for encoding in [TxEncoding::Full, TxEncoding::Witness, TxEncoding::Base] {
        probe
            .machine
            .send_with_encoding(message(), encoding)
            .unwrap();
    }
    let sizes: Vec<_> = probe
        .read()
        .iter()
        .map(|frame| frame.payload.len())
        .collect();
    let told = include_str!("../../peer-core/tests/data/mweb/truth.json");
    let told: serde_json::Value = serde_json::from_str(told).unwrap();
    let told = &told["blocks"]["full"];
    let size = |name: &str| usize::try_from(told[name].as_u64().unwrap()).unwrap();
    let with_witness = size("weight") - 3 * size("strippedsize");
    let whole = size("size");
    assert_eq!(sizes, [whole, whole, with_witness, size("strippedsize")]);
}

/// Flags that only Litecoin knows, on another network: the message is malformed.
#[test]
fn elsewhere_it_is_malformed() {
    let bytes = Bytes::from(recorded().remove("tx of pure").unwrap());
    let config = Config::with_secret(Network::REGTEST, [1; 32]);
    let mut probe = Probe::negotiated(config, Link::outbound());
    let events = probe.tell(&Frame::new("tx", bytes.to_vec()));
    let came = |event: &Event| matches!(event, Event::Message { .. });
    assert!(!events.iter().any(came), "{events:?}");
}
