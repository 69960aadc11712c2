//! Compact blocks that contradict themselves, transactions that collide, and noise.

use bytes::Bytes;
use peer_core::bip152::{self, CmpctBlockError, CompleteError, PartialBlock};
use peer_core::message::{
    CmpctBlock, Message, MessageKind, PrefilledList, PrefilledTx, ShortId, TxEncoding,
};
use peer_core::network::Network;
use peer_core::wire::{List, TxFormat, TxView};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{V1, V2, block, block_of, codec, coinbase, decode, file, start, transaction};

fn captured() -> CmpctBlock {
    decode(file("messages/compact898352.raw"), &Network::MAINNET)
}

fn refuse(compact: &CmpctBlock) -> CmpctBlockError {
    PartialBlock::new(&Network::MAINNET, compact, V2).unwrap_err()
}

fn prefilled(indexes: impl IntoIterator<Item = u16>) -> PrefilledList {
    let transaction = transaction(0, 0, b"").to_view().unwrap();
    let list: Vec<_> = indexes
        .into_iter()
        .map(|index| PrefilledTx {
            index,
            transaction: transaction.clone(),
        })
        .collect();
    PrefilledList::new(TxFormat::Bitcoin, &list).unwrap()
}

fn short_ids(count: u64) -> List<ShortId> {
    (0..count)
        .map(|number| {
            let [a, b, c, d, e, f, ..] = number.to_le_bytes();
            ShortId([a, b, c, d, e, f])
        })
        .collect()
}

/// Core's `CBlockHeader::IsNull`.
#[test]
fn a_compact_block_without_a_header_is_invalid() {
    let mut compact = captured();
    compact.header.bits = 0;
    assert_eq!(refuse(&compact), CmpctBlockError::NullHeader);
    assert!(refuse(&compact).is_invalid());
}

#[test]
fn a_compact_block_without_transactions_is_invalid() {
    let mut compact = captured();
    compact.short_ids = List::default();
    compact.prefilled = prefilled([]);
    assert_eq!(refuse(&compact), CmpctBlockError::NoTransactions);
    assert!(refuse(&compact).is_invalid());
}

/// A prefilled transaction may stand behind all short ids and the prefilled ones before it, and no further back.
#[test]
fn a_prefilled_transaction_with_a_gap_before_it_is_invalid() {
    let mut compact = captured();
    assert_eq!(compact.short_ids.len(), 9);
    for indexes in [&[9][..], &[0, 10], &[8, 9, 11], &[3, 4, 5]] {
        compact.prefilled = prefilled(indexes.iter().copied());
        let partial = start(&compact, V2);
        let missing: Vec<_> = partial.missing().iter().collect();
        assert_eq!(missing.len(), 9);
        assert!(missing.iter().all(|index| !indexes.contains(index)));
    }
    let gaps = [
        (&[10][..], 10, 9),
        (&[0, 11], 11, 10),
        (&[9, 10, 12], 12, 11),
        (&[65_535], 65_535, 9),
    ];
    for (indexes, index, before) in gaps {
        compact.prefilled = prefilled(indexes.iter().copied());
        let expected = CmpctBlockError::PrefilledIndex { index, before };
        assert_eq!(refuse(&compact), expected);
        assert!(expected.is_invalid());
    }
}

/// Core's `CTransaction::IsNull`.
#[test]
fn an_empty_prefilled_transaction_is_invalid() {
    let empty = TxView::from_bytes(Bytes::from_static(&[0; 10]), TxFormat::Bitcoin).unwrap();
    let mut compact = captured();
    let prefilled = [PrefilledTx {
        index: 0,
        transaction: empty,
    }];
    compact.prefilled = PrefilledList::new(TxFormat::Bitcoin, &prefilled).unwrap();
    let expected = CmpctBlockError::NullTransaction { index: 0 };
    assert_eq!(refuse(&compact), expected);
    assert!(expected.is_invalid());
}

/// Chance may do it, so the peer is not at fault.
#[test]
fn a_short_id_that_is_there_twice_calls_for_the_whole_block() {
    let mut compact = captured();
    let ids: Vec<_> = compact.short_ids.iter().collect();
    compact.short_ids = ids.iter().chain(&ids[4..5]).copied().collect();
    let expected = CmpctBlockError::DuplicateShortId { short_id: ids[4] };
    assert_eq!(refuse(&compact), expected);
    assert!(!expected.is_invalid());
}

#[test]
fn more_transactions_than_positions_are_invalid() {
    let mut compact = captured();
    compact.short_ids = short_ids(65_534);
    compact.prefilled = prefilled([65_534]);
    assert_eq!(start(&compact, V2).tx_count(), 65_535);
    let without_last: Vec<_> = start(&compact, V2).missing().iter().collect();
    assert!(without_last.into_iter().eq(0..65_534));
    compact.short_ids = short_ids(65_535);
    let count = 65_536;
    let expected = CmpctBlockError::TooManyTransactions { count };
    assert_eq!(refuse(&compact), expected);
    assert!(expected.is_invalid());
}

/// Two transactions whose short ids are the same under the salt of the captured block, found by trying 2^25 lock times.
const COLLISION: [u32; 2] = [6_830_452, 26_646_463];

/// A compact block with the header and nonce of the captured one, and the colliding short id as its only one.
fn collision() -> (CmpctBlock, [TxView; 2]) {
    let pair = COLLISION.map(|lock_time| transaction(0, lock_time, b"").to_view().unwrap());
    let mut compact = captured();
    let ids = bip152::ShortIds::new(&compact.header, compact.nonce, V2);
    let [one, other] = pair.each_ref().map(|transaction| ids.of_tx(transaction));
    assert_eq!(one, other);
    assert_ne!(pair[0].wtxid(), pair[1].wtxid());
    compact.short_ids = [one].into_iter().collect();
    (compact, pair)
}

#[test]
fn where_two_transactions_collide_neither_is_taken() {
    let (compact, [one, other]) = collision();
    for version in [V1, V2] {
        let mut partial = start(&compact, version);
        partial.offer(&one);
        assert_eq!(partial.missing_count(), 0);
        partial.offer(&other);
        assert_eq!(partial.missing_count(), 1);
        assert_eq!(partial.missing().iter().collect::<Vec<_>>(), [1]);
        // For good, whoever comes again and in whatever way.
        partial.offer(&one);
        partial.offer_all([&one, &other, &other]);
        partial.offer_by_id(other.wtxid(), &other);
        partial.look_up(|_| Some(one.clone()));
        assert_eq!(partial.missing_count(), 1);
    }
}

#[test]
fn a_transaction_may_be_offered_twice() {
    let (compact, [one, _]) = collision();
    let mut partial = start(&compact, V2);
    for _ in 0..3 {
        partial.offer(&one.detached());
        partial.offer_by_id(one.wtxid(), &one);
        assert_eq!(partial.missing_count(), 0);
    }
}

/// The txid is the same, so in version 2 there are two transactions, and in version 1, which has no witnesses, one.
#[test]
fn transactions_that_differ_in_their_witnesses_collide_only_in_version_2() {
    let plain = transaction(1, 0, b"");
    let block = block_of(vec![coinbase(), plain]);
    let signed = [b"one", b"two"].map(|witness| transaction(1, 0, witness).to_view().unwrap());
    assert_eq!(signed[0].txid(), signed[1].txid());
    assert_ne!(signed[0].wtxid(), signed[1].wtxid());

    let mut partial = start(&bip152::compact(&block, 9, V1, []).unwrap(), V1);
    partial.offer(&signed[0]);
    partial.offer(&signed[1]);
    assert_eq!(partial.assemble(), Ok(block.clone()));

    let mut partial = start(&bip152::compact(&block, 9, V2, []).unwrap(), V2);
    partial.offer(&signed[0]);
    partial.offer(&signed[1]);
    assert_eq!(partial.missing_count(), 1, "neither has the wtxid");
    let wtxid = block.transactions().nth(1).unwrap().wtxid();
    partial.offer_by_id(wtxid, &signed[0]);
    assert_eq!(partial.missing_count(), 0);
    partial.offer_by_id(wtxid, &signed[1]);
    assert_eq!(partial.missing_count(), 1);
}

/// A hostile compact block may name the largest transactions that are known to be in a mempool.
#[test]
fn no_block_is_put_together_that_no_message_could_hold() {
    let mega = file("transactions/btcd-megatx.raw");
    let mega = TxView::from_bytes(mega, TxFormat::Bitcoin).unwrap();
    let mut compact = captured();
    for (count, fits) in [(4, true), (5, false), (9, false), (60_000, false)] {
        compact.short_ids = short_ids(count);
        let mut partial = start(&compact, V2);
        partial.look_up(|_| Some(mega.clone()));
        let error = partial.assemble().unwrap_err();
        assert_eq!(
            matches!(error, CompleteError::Merkle(_)),
            fits,
            "{count}: {error}"
        );
        if !fits {
            let limit = 4_000_000;
            assert!(
                matches!(error, CompleteError::TooLarge { size, limit: l } if l == limit && size > count * 999_657)
            );
        }
    }
}

/// Everything that can be done with a compact block, whatever it says.
fn play(compact: &CmpctBlock) {
    let block = block("bcoin-block898352.raw");
    for version in [0, V1, V2, 3, u64::MAX] {
        for network in [&Network::MAINNET, &Network::LITECOIN] {
            let Ok(mut partial) = PartialBlock::new(network, compact, version) else {
                continue;
            };
            for transaction in block.transactions().step_by(2) {
                partial.offer(&transaction);
            }
            partial.look_up(|id| (id.0[0] & 1 == 0).then(|| block.coinbase().unwrap()));
            let question = partial.request();
            assert_eq!(question.indexes.len(), partial.missing_count());
            if let Ok(answer) = bip152::answer(&block, &question, version) {
                // What comes out is the block of the header or nothing.
                if let Ok(completed) = partial.complete(&answer) {
                    assert_eq!(completed.header(), compact.header);
                    assert_eq!(completed.check_merkle_root(), Ok(()));
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn noise_is_survived(payload in vec(any::<u8>(), 88..400)) {
        for network in [&Network::MAINNET, &Network::LITECOIN] {
            let kind = MessageKind::CmpctBlock;
            let decoded = Message::decode_as(kind, payload.clone().into(), &codec(network));
            if let Ok(Message::CmpctBlock(compact)) = decoded.map(|decoded| decoded.message) {
                play(&compact);
            }
        }
    }

    /// Short ids, positions and transactions of any number and kind.
    #[test]
    fn wild_compact_blocks_are_survived(
        ids in vec(any::<[u8; 6]>(), 0..20),
        gaps in vec(0_u16..5, 0..20),
        bits in any::<u32>(),
        tail in vec(any::<u8>(), 0..3),
    ) {
        let mut compact = captured();
        compact.header.bits = bits;
        compact.short_ids = ids.into_iter().map(ShortId).collect();
        let mut next = 0;
        let indexes: Vec<_> = gaps.into_iter().map(|gap| {
            let index = next + gap;
            next = index + 1;
            index
        }).collect();
        compact.prefilled = prefilled(indexes);
        compact.tail = tail.into();
        play(&compact);
    }

    /// One byte of a real one is another.
    #[test]
    fn damaged_compact_blocks_are_survived(at in 0_usize..265, byte in any::<u8>()) {
        let mut payload = file("messages/compact898352.raw").to_vec();
        payload[at] = byte;
        let kind = MessageKind::CmpctBlock;
        let decoded = Message::decode_as(kind, payload.into(), &codec(&Network::MAINNET));
        if let Ok(Message::CmpctBlock(compact)) = decoded.map(|decoded| decoded.message) {
            play(&compact);
            let payload = Message::CmpctBlock(compact).payload(&codec(&Network::MAINNET), TxEncoding::Witness);
            prop_assert!(payload.is_ok());
        }
    }
}
