use super::*;
use crate::message::{Headers, InvKind, InvVect, Inventory};
use crate::network::Network;

const fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn locator(first: u8, stop: u8) -> Box<Locator> {
    Box::new(Locator {
        version: 70_016,
        hashes: [first, 1]
            .map(|byte| BlockHash::from_bytes([byte; 32]))
            .into_iter()
            .collect(),
        stop: BlockHash::from_bytes([stop; 32]),
    })
}

fn getheaders(first: u8, stop: u8) -> Message {
    Message::GetHeaders(locator(first, stop))
}

fn getblocks(first: u8, stop: u8) -> Message {
    Message::GetBlocks(locator(first, stop))
}

fn inv(kind: InvKind) -> Message {
    let item = InvVect::new(kind, BlockHash::from_bytes([4; 32]));
    Message::Inv(Inventory::new(&Network::REGTEST, [item]).unwrap())
}

#[test]
fn a_question_is_a_repetition_by_its_kind_its_first_hash_and_its_stop() {
    let mut room = Repeats::default();
    assert!(!room.is_repeat(at(0), &getheaders(5, 0)));
    room.on_queued(&RequestTimeouts::default(), at(0), &getheaders(5, 0));
    assert!(room.is_repeat(at(1), &getheaders(5, 0)));
    for other in [getheaders(6, 0), getheaders(5, 9), getblocks(5, 0)] {
        assert!(!room.is_repeat(at(1), &other), "{other:?}");
    }
    // Back to back: what was asked before the last one may be asked again.
    room.on_queued(&RequestTimeouts::default(), at(1), &getheaders(6, 0));
    assert!(!room.is_repeat(at(2), &getheaders(5, 0)));
    assert!(room.is_repeat(at(2), &getheaders(6, 0)));
}

/// btcd remembers for ever.
#[test]
fn what_was_not_answered_in_time_may_be_asked_again() {
    for (question, patience) in [(getblocks(5, 0), 30), (getheaders(5, 0), 90)] {
        let mut room = Repeats::default();
        room.on_queued(&RequestTimeouts::default(), at(100), &question);
        let last = Timestamp::from_micros((100 + patience) * 1_000_000 - 1);
        assert!(room.is_repeat(last, &question));
        assert!(!room.is_repeat(at(100 + patience), &question));
        assert!(!room.is_repeat(Timestamp::MAX, &question));
        room.on_queued(&RequestTimeouts::default(), Timestamp::MAX, &question);
        assert!(!room.is_repeat(Timestamp::MAX, &question));
    }
}

#[test]
fn an_answer_ends_the_question_of_its_kind() {
    let mut room = Repeats::default();
    let headers = || Message::Headers(Headers::new(&Network::REGTEST, []));
    let ask = |room: &mut Repeats| {
        room.on_queued(&RequestTimeouts::default(), at(0), &getblocks(5, 0));
        room.on_queued(&RequestTimeouts::default(), at(0), &getheaders(5, 0));
    };
    let open = |room: &Repeats| {
        let [blocks, headers] = [getblocks(5, 0), getheaders(5, 0)];
        (
            room.is_repeat(at(1), &blocks),
            room.is_repeat(at(1), &headers),
        )
    };
    for (answer, left) in [
        (headers(), (true, false)),
        (inv(InvKind::Block), (false, true)),
        (inv(InvKind::Tx), (true, true)),
        (Message::SendHeaders, (true, true)),
    ] {
        ask(&mut room);
        assert_eq!(open(&room), (true, true));
        room.on_message(&answer);
        assert_eq!(open(&room), left, "{answer:?}");
    }
    room.on_answered(MessageKind::GetBlocks);
    room.on_answered(MessageKind::GetHeaders);
    room.on_answered(MessageKind::GetData);
    assert_eq!(open(&room), (false, false));
    assert_eq!(room.held(), 0);
}

#[test]
fn no_hash_at_all_is_a_question_as_well() {
    let mut room = Repeats::default();
    let empty = || {
        Message::GetHeaders(Box::new(Locator {
            version: 0,
            hashes: [].into_iter().collect(),
            stop: BlockHash::from_bytes([7; 32]),
        }))
    };
    room.on_queued(&RequestTimeouts::default(), at(0), &empty());
    assert!(room.is_repeat(at(1), &empty()));
    assert!(!room.is_repeat(at(1), &getheaders(1, 7)));
}
