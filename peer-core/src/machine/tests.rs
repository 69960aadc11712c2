//! What the types promise to those who hold many of them, on any thread. Behaviour is tested from outside.

mod raw_frames;
mod verdicts;

use core::panic::{RefUnwindSafe, UnwindSafe};

use super::*;
use crate::network::Network;
use crate::{Command, EncodedMessage, SendError};

fn travels<T: Send + Sync + UnwindSafe + RefUnwindSafe + Unpin + 'static>() {}

#[test]
fn everything_an_adapter_holds_can_travel_between_threads() {
    travels::<PeerMachine>();
    travels::<Event>();
    travels::<Config>();
    travels::<Command>();
    travels::<SendError>();
    travels::<EncodedMessage>();
    travels::<Stats>();
}

#[test]
fn events_are_small_and_a_machine_is_about_a_kilobyte() {
    assert!(size_of::<Event>() <= 64, "{}", size_of::<Event>());
    let machine = size_of::<PeerMachine>();
    assert!(machine <= 1_280, "{machine}");
}

#[test]
fn an_idle_machine_owns_no_buffer() {
    let config = Arc::new(Config::with_secret(Network::REGTEST, [7; 32]));
    let machine = PeerMachine::from_seed(config, Link::inbound(), Timestamp::ZERO, [1; 32]);
    assert_eq!(machine.memory_held(), 0);
}

#[test]
fn neither_secret_nor_seed_can_be_printed() {
    let config = Arc::new(Config::with_secret(Network::REGTEST, [0xe7; 32]));
    let machine = PeerMachine::from_seed(config, Link::inbound(), Timestamp::ZERO, [0xd9; 32]);
    let text = alloc::format!("{machine:?}");
    assert!(!text.contains("231") && !text.contains("217"), "{text}");
}
