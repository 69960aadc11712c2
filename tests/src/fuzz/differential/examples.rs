//! Messages that two readers read differently, for the [table](super::differences) of what the two disagree on.

use peer_core::message::MessageKind;

use super::Case;
use crate::script::{VersionPayload, compact_size, list};

pub(super) fn version_saying(user_agent: &[u8]) -> Case {
    let version = VersionPayload {
        agent: user_agent.to_vec(),
        ..VersionPayload::default()
    };
    Case::new(MessageKind::Version, version.to_bytes())
}

/// One address of 2023 and no services, on `network`.
pub(super) fn addrv2(network: u8, address: &[u8]) -> Case {
    let head = [1, 0, 0, 0, 0x65, 0, network, address.len() as u8];
    Case::new(
        MessageKind::AddrV2,
        [&head[..], address, &[0x20, 0x8d]].concat(),
    )
}

/// A transaction in each message that has one.
pub(super) fn wherever_transactions_are(transaction: &[u8]) -> Vec<Case> {
    let behind = |kind, head: usize, count: &[u8]| {
        Case::new(kind, [&vec![0; head][..], count, transaction].concat())
    };
    vec![
        behind(MessageKind::Tx, 0, &[]),
        behind(MessageKind::Block, 80, &[1]),
        behind(MessageKind::BlockTxn, 32, &[1]),
        // No short ids; one prefilled, at 0.
        behind(MessageKind::CmpctBlock, 88, &[0, 1, 0]),
    ]
}

/// One input, no outputs.
pub(super) fn bare_transaction() -> Vec<u8> {
    let mut bytes = vec![1, 0, 0, 0, 1];
    bytes.extend([0; 36 + 1 + 4]);
    bytes.extend([0; 1 + 4]);
    bytes
}

/// One more than may be, of everything that is counted. Transactions of compact blocks are missing: what `bitcoin`
/// takes of them, it takes beyond the largest frame or not at all.
pub(super) fn counts() -> Vec<Case> {
    let locator = [&[0; 4][..], &list(102, &[1; 32]), &[0; 32]].concat();
    let filter = |size: u64, hashes: u8| {
        let bits = vec![0; size as usize];
        [
            &compact_size(size)[..],
            &bits,
            &[hashes, 0, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat()
    };
    let element = [&compact_size(521)[..], &[0; 521]].concat();
    let addrv2 = [&[0; 5][..], &[1, 4, 1, 2, 3, 4, 0, 0]].concat();
    let tail = |head: usize, count: usize| [&vec![0; head][..], &list(count, &[1; 32])].concat();
    vec![
        Case::new(MessageKind::Inv, list(50_001, &[1; 36])),
        Case::new(MessageKind::GetData, list(50_001, &[1; 36])),
        Case::new(MessageKind::NotFound, list(50_001, &[1; 36])),
        Case::new(MessageKind::GetBlocks, locator.clone()),
        Case::new(MessageKind::GetHeaders, locator),
        Case::new(MessageKind::Headers, list(2_001, &[0; 81])),
        Case::new(MessageKind::Addr, list(1_001, &[1; 30])),
        Case::new(MessageKind::AddrV2, list(1_001, &addrv2)),
        Case::new(MessageKind::FilterLoad, filter(36_001, 50)),
        Case::new(MessageKind::FilterLoad, filter(36_000, 51)),
        Case::new(MessageKind::FilterAdd, element),
        Case::new(MessageKind::CFHeaders, tail(65, 2_001)),
        Case::new(MessageKind::CFCheckpt, tail(33, 100_001)),
    ]
}

/// One byte more than may be, of everything that is measured.
pub(super) fn strings() -> Vec<Case> {
    let string = |size: u64| [compact_size(size), vec![b'a'; size as usize]].concat();
    let reject = |message: u64, reason: u64| {
        let parts = [string(message), vec![0x10], string(reason), vec![0; 32]];
        Case::new(MessageKind::Reject, parts.concat())
    };
    vec![
        version_saying(&[b'a'; 257]),
        reject(13, 0),
        reject(0, 513),
        Case::new(
            MessageKind::CFilter,
            [vec![0; 33], string(262_145)].concat(),
        ),
        // No hashes.
        Case::new(
            MessageKind::MerkleBlock,
            [vec![0; 85], string(50_001)].concat(),
        ),
        Case::new(MessageKind::Alert, string(4_097)),
    ]
}
