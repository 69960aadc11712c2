//! Tapes of anything.

use alloc::sync::Arc;

use peer_core::network::Network;
use peer_core::tape::TapedMachine;
use peer_core::{Config, Link};

use super::number;
use crate::script::START;
use crate::tape as tapes;

/// Tapes of anything: no panic, an error that says where, and the same however they are fed. Of the first 8 bytes the
/// lowest bit chooses whether the rest is a tape, or records that are sealed as they should be: a byte for the kind, one
/// for the length, and the body.
pub fn tape(input: &[u8]) {
    let (seed, rest) = number(input);
    let tape = if seed & 1 == 0 {
        rest.to_vec()
    } else {
        tape_of(rest)
    };
    let whole = tapes::replay(&tape, usize::MAX);
    let piece = (seed >> 1 & 0xff) as usize + 1;
    let again = tapes::replay(&tape, piece);
    match (&whole, &again) {
        (Ok(whole), Ok(again)) => {
            assert!(whole.events == again.events && whole.said == again.said);
            assert_eq!(whole.stats, again.stats);
        }
        (Err(whole), Err(again)) => {
            assert_eq!(whole, again);
            assert!(whole.offset() <= tape.len() as u64);
        }
        _ => assert!(
            whole.is_ok() == again.is_ok(),
            "fed otherwise it is another tape"
        ),
    }
}

fn tape_of(mut rest: &[u8]) -> Vec<u8> {
    let config = Arc::new(Config::with_secret(Network::REGTEST, [7; 32]));
    let mut machine = TapedMachine::from_seed(config, Link::inbound(), START, [5; 32]);
    let mut records = Vec::new();
    while let [kind, length, after @ ..] = rest {
        let (body, after) = after.split_at(after.len().min(usize::from(*length)));
        records.push((*kind, body.to_vec()));
        rest = after;
    }
    tapes::forge(&machine.take_tape(), &records)
}
