//! Anything done to a machine in any order: a session is a list of operations.
//!
//! An operation is a byte, and its arguments come from the input or from the seed in front of it. Any bytes are a session,
//! and a byte more or less changes one operation, which is what `arbitrary` would be wanted for.

use alloc::sync::Arc;
use core::time::Duration;

use peer_core::message::{InvKind, InvVect, Inventory, Locator, Message, MessageKind, Ping};
use peer_core::network::{Network, ServiceFlags};
use peer_core::tape::TapedMachine;
use peer_core::wire::{AddrEntry, Address, BlockHash, Hash};
use peer_core::{Command, Config, HangUp, Link, Timestamp, TransportPolicy};

use super::number;
use super::watched::Watched;
use crate::link::Dice;
use crate::script::{Frame, START, VersionPayload};
use crate::tape;

/// Whatever is done, the rules of `watched.rs` hold, and the same comes out again from what was recorded.
pub fn machine(input: &[u8]) {
    let (mut peer, said) = act(input);
    let again = tape::replay(&peer.machine().end_tape(), usize::MAX).unwrap();
    assert!(again.events == peer.heard, "other events from the tape");
    assert!(again.said == said, "other bytes from the tape");
    assert_eq!(again.stats, peer.machine().stats());
}

/// What a machine may hold, in bytes: a block that is arriving, and what waits to be sent.
const LIMIT: usize = 6_000_000;

/// Plays the input as a list of operations; the machine, and what it said.
fn act(input: &[u8]) -> (Watched, Vec<u8>) {
    let (seed, mut rest) = number(input);
    let mut dice = Dice::new(seed);
    let mut now = START;
    let link = [Link::inbound(), Link::outbound()][(seed & 1) as usize];
    let peer = TapedMachine::from_seed(Arc::new(config(seed)), link, now, [5; 32]);
    let mut peer = Watched::new(peer, LIMIT);
    let mut said = Vec::new();
    while let Some((&operation, after)) = rest.split_first() {
        rest = after;
        match operation % 16 {
            0 => say(&mut peer, &VersionPayload::default().frame(), now),
            1 => say(&mut peer, &Frame::empty("verack"), now),
            2 => say(&mut peer, &Frame::ping(dice.roll()), now),
            3 | 4 => {
                // The bytes of the input as they are.
                let length = usize::from(operation).min(rest.len());
                let (bytes, after) = rest.split_at(length);
                peer.receive(bytes, now);
                rest = after;
            }
            5 => {
                // A frame of a known kind with a payload from the input.
                let kind = MessageKind::ALL[usize::from(operation) % MessageKind::ALL.len()];
                let (payload, after) = rest.split_at(rest.len().min(64));
                let frame = Frame::new(kind.command().as_str(), payload);
                say(&mut peer, &frame, now);
                rest = after;
            }
            6 => peer.command(Command::Send(Message::Ping(Ping::new(dice.roll())).into())),
            7 => peer.command(wish(&mut dice)),
            8 => now = now.saturating_add(Duration::from_millis(dice.below(100_000))),
            9 => peer.machine().tick(now),
            10 => said.extend(peer.take(now, |lent| dice.below(lent as u64 + 1) as usize)),
            11 if operation & 16 != 0 => peer.machine().admit_v2(),
            12 if operation & 16 != 0 => peer.machine().refuse_v2(),
            11 => peer.machine().accept_version(),
            12 => peer.machine().refuse_version(None),
            13 if dice.below(4) == 0 => {
                let how = [HangUp::EndOfStream, HangUp::Reset][(operation >> 7) as usize];
                peer.machine().hung_up(how, now);
            }
            14 if dice.below(8) == 0 => peer.machine().disconnect(),
            15 if dice.below(8) == 0 => peer.machine().abort(),
            _ => drop(peer.poll()),
        }
        peer.check(now);
    }
    (peer, said)
}

fn config(seed: u64) -> Config {
    let mut config = Config::with_secret(Network::REGTEST, [7; 32]);
    config.review_version = seed & 2 != 0;
    config.raw_events = seed & 4 != 0;
    config.transport = [TransportPolicy::V1, TransportPolicy::Auto][(seed >> 5 & 1) as usize];
    config.v2.admission = seed & 64 != 0;
    match seed >> 3 & 3 {
        0 => config.like_core(),
        1 => config.like_btcd(),
        _ => config,
    }
}

fn say(peer: &mut Watched, frame: &Frame, now: Timestamp) {
    peer.receive(&frame.to_bytes(), now);
}

/// Something to send that the machine has its own mind about.
fn wish(dice: &mut Dice) -> Command {
    let which = dice.below(12);
    let mut addresses = || {
        let count = dice.below(1_100);
        let entry = |_| AddrEntry {
            time: 0,
            services: ServiceFlags::NONE,
            address: Address::from_legacy(u128::from(dice.below(2_000)).to_be_bytes()),
            port: 0,
        };
        (0..count).map(entry).collect()
    };
    match which {
        0 => Command::PushAddr(addresses()),
        1 => Command::PushAddrV2(addresses()),
        2 => Command::AnswerGetAddr(addresses()),
        3 => Command::PushGetBlocks(Box::new(locator(dice))),
        4 => Command::PushGetHeaders(Box::new(locator(dice))),
        5 | 6 => Command::Announce(object(dice).into()),
        7 => Command::AddKnownInventory(object(dice)),
        8 | 9 => {
            let items: Vec<InvVect> = (0..dice.below(5)).map(|_| object(dice)).collect();
            let list = Inventory::new(&Network::REGTEST, items).unwrap();
            Command::Send(Message::GetData(list).into())
        }
        10 => Command::Send(Message::MemPool.into()),
        11 => Command::SendDecoy(u32::try_from(dice.below(100_000)).unwrap()),
        _ => Command::Send(Message::GetAddr.into()),
    }
}

/// One of few, so that the same one comes again.
fn object(dice: &mut Dice) -> InvVect {
    let kinds = [
        InvKind::Tx,
        InvKind::Wtx,
        InvKind::Block,
        InvKind::CompactBlock,
    ];
    let kind = kinds[dice.below(4) as usize];
    InvVect::new(kind, Hash::from_bytes([dice.below(8) as u8; 32]))
}

fn locator(dice: &mut Dice) -> Locator {
    let tip = u32::try_from(dice.below(1 << 32)).unwrap();
    Locator::from_chain(tip, BlockHash::ALL_ZERO, |_| Some(BlockHash::ALL_ZERO))
}
