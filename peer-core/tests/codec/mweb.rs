//! Compact blocks and their transactions with MWEB data and without, as litecoind sent them to peers that had agreed on
//! versions 3, 2 and 1; and which version means which encoding.

use peer_core::bip152::encoding;
use peer_core::message::{Message, TxEncoding};
use peer_core::network::Network;
use peer_core::wire::BlockView;

use super::samples::{Sample, sample};

/// Who asked, with the version of compact blocks that they had agreed on.
const PEERS: [(&str, u64); 3] = [("mweb", 3), ("segwit", 2), ("old", 1)];

fn recorded(peer: &str, what: &str) -> Sample {
    sample(&format!("mweb/to {peer}: {what}"))
}

#[test]
fn versions_of_compact_blocks() {
    let encodings = [1, 2, 3].map(encoding);
    let known = [TxEncoding::Base, TxEncoding::Witness, TxEncoding::Full];
    assert_eq!(encodings, known);
}

/// What goes to one peer is what the node itself sent to that peer.
#[test]
fn transactions_of_a_block() {
    for block in ["full", "empty"] {
        let what = format!("transactions of {block}");
        let whole = recorded("mweb", &what);
        for (peer, version) in PEERS {
            let theirs = recorded(peer, &what);
            let ours = whole.message().payload(&whole.codec(), encoding(version));
            assert_eq!(ours.unwrap(), theirs.payload, "{block} to {peer}");
        }
    }
}

/// Nonce and short ids are another peer's own, and what follows is the same: the prefilled transactions in their
/// encoding, and the MWEB block in the fullest.
#[test]
fn compact_blocks() {
    const HEADER_AND_NONCE: usize = 80 + 8;
    for kind in ["full", "empty"] {
        let block = recorded("mweb", &format!("mweb-block {kind}"));
        let Message::Block(block) = block.message() else {
            panic!("no block");
        };
        let what = format!("cmpct-block {kind}");
        let whole = recorded("mweb", &what);
        let Message::CmpctBlock(message) = whole.message() else {
            panic!("no compact block");
        };
        assert_eq!(message.header, block.header());
        assert_eq!(message.tail, block.tail());
        assert_eq!(message.tx_count(), block.tx_count() as usize);
        let prefilled: Vec<_> = message.prefilled.iter().collect();
        assert!(prefilled.first().unwrap().transaction.is_coinbase());
        assert!(prefilled.last().unwrap().transaction.is_hogex());
        let ids = 1 + 6 * message.short_ids.len();

        for (peer, version) in PEERS {
            let encoding = encoding(version);
            let theirs = recorded(peer, &what);
            let ours = whole.message().payload(&whole.codec(), encoding).unwrap();
            let after = |payload: &[u8]| payload[HEADER_AND_NONCE + ids..].to_vec();
            assert_eq!(after(&ours), after(&theirs.payload), "{kind} to {peer}");
            let Message::CmpctBlock(theirs) = theirs.message() else {
                panic!("no compact block");
            };
            assert_eq!(theirs.tail.is_empty(), version < 3, "{kind} to {peer}");
        }
    }
}

/// The tail has the structure of an MWEB block or it is refused; what follows it counts as following.
#[test]
fn a_tail_is_looked_into() {
    let sample = recorded("mweb", "cmpct-block empty");
    let whole = recorded("mweb", "mweb-block empty");
    let block = BlockView::from_bytes(whole.payload, Network::LITECOIN.tx_format).unwrap();
    let start = sample.payload.len() - block.tail().len();
    for present in 2..=255 {
        let mut payload = sample.payload.to_vec();
        payload[start] = present;
        let error = sample.decode(payload).unwrap_err();
        assert!(error.to_string().contains("mweb block"), "{error}");
    }
    // A block with nothing but a coinbase has none.
    let absent = [&sample.payload[..start], &[0]].concat();
    let decoded = sample.decode(absent).unwrap();
    assert_eq!(decoded.trailing, 0);
    let longer = [&sample.payload[..], &[7]].concat();
    assert_eq!(sample.decode(longer).unwrap().trailing, 1);
}
