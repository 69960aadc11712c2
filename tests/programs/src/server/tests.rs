use super::*;
use crate::demo;

fn ask(question: Message) -> Vec<Outgoing> {
    let mut server = ChainServer::new(demo::chain());
    server.on_event(Event::Message {
        message: question,
        wire_len: 0,
    });
    iter::from_fn(|| server.next_reply()).collect()
}

fn headers_after(hashes: &[BlockHash], stop: BlockHash) -> Headers {
    let locator = Locator {
        version: 70_016,
        hashes: hashes.iter().copied().collect(),
        stop,
    };
    let replies = ask(Message::GetHeaders(Box::new(locator)));
    let [Outgoing::Message(Message::Headers(headers), _)] = &replies[..] else {
        panic!("{replies:?}");
    };
    headers.clone()
}

fn hash(height: u32) -> BlockHash {
    demo::chain().header(height).unwrap().block_hash()
}

/// First and last height of an answer.
fn span(headers: &Headers) -> Option<(u32, u32)> {
    let chain = demo::chain();
    let height = |header: BlockHeader| chain.heights.get(&header.block_hash()).copied();
    Some((height(headers.get(0)?)?, height(headers.last()?)?))
}

#[test]
fn headers_follow_the_locator() {
    let genesis = Network::REGTEST.genesis;
    let none = BlockHash::ALL_ZERO;
    let stranger = BlockHash::from_bytes([7; 32]);
    assert_eq!(span(&headers_after(&[genesis], none)), Some((1, 310)));
    assert_eq!(
        span(&headers_after(&[hash(300), genesis], none)),
        Some((301, 310))
    );
    assert_eq!(
        span(&headers_after(&[stranger, hash(9)], none)),
        Some((10, 310))
    );
    assert_eq!(span(&headers_after(&[stranger], none)), Some((1, 310)));
    assert_eq!(span(&headers_after(&[hash(310)], none)), None);
    assert_eq!(span(&headers_after(&[genesis], hash(5))), Some((1, 5)));
    assert_eq!(span(&headers_after(&[hash(9)], hash(5))), None);
    assert_eq!(span(&headers_after(&[], hash(5))), Some((5, 5)));
    assert_eq!(span(&headers_after(&[], stranger)), None);
}

#[test]
fn blocks_come_in_the_encoding_asked_for_and_the_rest_is_not_found() {
    let stranger = InvVect::new(InvKind::WitnessBlock, BlockHash::from_bytes([7; 32]));
    let transaction = InvVect::new(InvKind::WitnessTx, hash(3));
    let wanted = [
        stranger,
        InvVect::new(InvKind::WitnessBlock, hash(221)),
        transaction,
        InvVect::new(InvKind::Block, hash(1)),
    ];
    let replies = ask(Message::GetData(
        Inventory::new(&Network::REGTEST, wanted).unwrap(),
    ));
    let [with, without, not_found] = &replies[..] else {
        panic!("{replies:?}");
    };
    let is_block = |reply: &Outgoing, height, wanted| match reply {
        Outgoing::Message(Message::Block(block), encoding) => {
            block.block_hash() == hash(height) && *encoding == wanted
        }
        _ => false,
    };
    assert!(is_block(with, 221, TxEncoding::Witness));
    assert!(is_block(without, 1, TxEncoding::Base));
    let Message::NotFound(missing) = not_found.message() else {
        panic!("{not_found:?}");
    };
    assert!(missing.iter().eq([stranger, transaction]));
}

#[test]
fn other_messages_have_no_answer() {
    assert!(ask(Message::GetAddr).is_empty());
    let nothing = Inventory::new(&Network::REGTEST, []).unwrap();
    assert!(ask(Message::GetData(nothing)).is_empty());
}
