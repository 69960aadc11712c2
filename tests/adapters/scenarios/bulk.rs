//! The largest messages there are, both ways at once.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use peer_core::message::{CommandName, Message};
use peer_core::wire::{BlockView, TxFormat};
use peer_core::{Event, Outcome};
use peer_tests::script::Frame;

use crate::adapter::{Adapter, End};
use crate::scene::{Scene, listeners, until};
use crate::told::{assert_same, next_message, take};

/// Payload of the largest frame (Core: `MAX_PROTOCOL_MESSAGE_LENGTH`).
const LARGEST: usize = 4_000_000;

/// A block of mainnet, a transaction with a large inscription in it.
fn real_block() -> Bytes {
    const NAME: &str = "rust-bitcoin-mainnet_block_000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae.raw";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../peer-core/tests/data/blocks");
    let block = std::fs::read(folder.join(NAME)).unwrap();
    assert_eq!(block.len(), 1_381_836);
    block.into()
}

fn block_message() -> Message {
    Message::Block(BlockView::from_bytes(real_block(), TxFormat::Bitcoin).unwrap())
}

/// The largest message, its bytes different from each other and from those of another `seed`.
fn largest(seed: u32) -> Message {
    let numbers = (0..LARGEST as u32 / 4).map(|number| number.wrapping_mul(2_654_435_761) ^ seed);
    Message::Unknown {
        command: CommandName::new("largest").unwrap(),
        payload: numbers.flat_map(u32::to_le_bytes).collect(),
    }
}

fn talk(seed: u32) -> Vec<Message> {
    vec![
        block_message(),
        largest(seed),
        block_message(),
        largest(!seed),
    ]
}

pub(crate) fn large_messages_both_ways<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (dialled, accepted) = scene.pair();
    let ends = [(dialled.clone(), 1), (accepted.clone(), 2)];
    let before: Vec<_> = ends.iter().map(|end| end.0.stats().bytes_sent).collect();
    let senders = ends.map(|(end, seed)| {
        thread::spawn(move || {
            for message in talk(seed) {
                let outcome = end.command(message.into());
                assert!(matches!(outcome, Ok(Outcome::Queued(_))), "{outcome:?}");
            }
        })
    });
    // Both are at it before anybody takes anything.
    for (end, before) in [&dialled, &accepted].into_iter().zip(before) {
        until("both send", || end.stats().bytes_sent >= before + 50_000);
    }
    let takers = [(dialled, 2), (accepted, 1)].map(|(end, seed)| {
        thread::spawn(move || {
            for wanted in talk(seed) {
                assert_same(&next_message(&*end), &wanted);
            }
            end
        })
    });
    for sender in senders {
        sender.join().unwrap();
    }
    let ends = takers.map(|taker| taker.join().unwrap());
    let payloads = 2 * (1_381_836 + LARGEST as u64);
    for end in ends {
        let stats = end.stats();
        assert!(stats.bytes_sent > payloads && stats.bytes_received > payloads);
    }
}

pub(crate) fn a_real_block_to_and_from_a_plain_socket<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (end, mut plain) = scene.met();
    let frame = Frame::new("block", real_block());

    let sender = thread::spawn({
        let end: Arc<A::End> = end.clone();
        move || end.command(block_message().into()).map(drop)
    });
    plain.tell(&frame);
    loop {
        match take(&*end) {
            Some(Event::Message { message, wire_len }) if message == block_message() => {
                assert_eq!(wire_len, 1_381_836 + 24);
                break;
            }
            Some(Event::Message { message, .. }) => {
                assert_eq!(message.command().to_string(), "ping");
            }
            other => panic!("{other:?}"),
        }
    }
    let heard = plain.hear_named("block");
    assert!(heard == frame, "not the same block");
    assert!(sender.join().unwrap().is_ok());
    assert!(plain.is_answered(2));
}
