use super::*;
use crate::demo;
use crate::testing::{TX, TXID, WTXID};
use peer_core::Config;
use peer_core::wire::Hash;
use serde_json::Value;

const TIP: &str = "12de6a65a6a13c85ef4a26775ee5cc18df29a01ea18e68e3fc769d3042ed29ec";
const NOBODY: [u8; 32] = [7; 32];

fn config() -> Config {
    Config::with_secret(Network::REGTEST, [1; 32])
}

/// Offers the blocks of the demo chain at these heights, and the transaction.
fn offering(heights: &[u32]) -> Serving {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let chain = demo::chain();
    let blocks = heights.iter().map(|height| {
        let block = chain.block(*height).unwrap();
        format!("block:{}", hex(block.bytes()))
    });
    let texts = blocks.chain([format!("tx:{TX}")]);
    let offers = texts.map(|text| Offer::parse(&text, &config()).unwrap());
    with(offers.collect())
}

fn with(offers: Vec<Offer>) -> Serving {
    let mut plan = Plan::new(config(), Vec::new(), None, None);
    plan.shelf = Shelf::new(offers, &plan.config.network);
    Serving::new(Arc::new(plan), "192.0.2.1:8333".to_owned())
}

fn asked(message: Message) -> Event {
    Event::Message {
        message,
        wire_len: 0,
    }
}

fn getdata(items: impl IntoIterator<Item = (InvKind, Hash)>) -> Event {
    let items = items.into_iter().map(|(kind, hash)| InvVect { kind, hash });
    let items = Inventory::new(&Network::REGTEST, items).unwrap();
    asked(Message::GetData(items))
}

fn getheaders(hashes: &[BlockHash], stop: BlockHash) -> Event {
    asked(Message::GetHeaders(Box::new(Locator {
        version: 70_016,
        hashes: hashes.iter().copied().collect(),
        stop,
    })))
}

fn answers(serving: &Serving, event: &Event) -> Vec<Answer> {
    let question = serving.question(event).expect("a question");
    serving.answers(question).collect()
}

fn hash(text: &str) -> Hash {
    text.parse().unwrap()
}

fn height(height: u32) -> BlockHash {
    demo::chain().header(height).unwrap().block_hash()
}

fn line(serving: &Serving, answer: &Answer) -> Value {
    let now = Timestamp::from_secs(1_700_000_000);
    let Output::Line(line) = serving.served(answer, &Ok::<_, String>(()), now) else {
        panic!("no line");
    };
    serde_json::from_str(&line).unwrap()
}

#[test]
fn transactions_come_as_they_were_asked_for() {
    let serving = offering(&[]);
    let (txid, wtxid) = (hash(TXID), hash(WTXID));
    for (kind, hash, encoding, name) in [
        (InvKind::Tx, txid, TxEncoding::Base, "tx"),
        (InvKind::WitnessTx, txid, TxEncoding::Witness, "witness-tx"),
        (InvKind::Wtx, wtxid, TxEncoding::Witness, "wtx"),
    ] {
        let found = answers(&serving, &getdata([(kind, hash)]));
        let [answer] = &found[..] else {
            panic!("{found:?}");
        };
        let Outgoing::Message(Message::Tx(tx), as_asked) = answer.message() else {
            panic!("{answer:?}");
        };
        assert_eq!(tx.txid().to_string(), TXID);
        assert_eq!(as_asked, encoding, "{kind:?}");
        let line = line(&serving, answer);
        assert_eq!(
            (&line["event"], &line["command"]),
            (&"served".into(), &"tx".into())
        );
        assert_eq!(line["type"], name);
        assert_eq!(line["hash"], hash.to_string());
    }
}

#[test]
fn a_hash_of_the_other_sort_names_nothing() {
    let serving = offering(&[]);
    let swapped = [
        (InvKind::Tx, hash(WTXID)),
        (InvKind::WitnessTx, hash(WTXID)),
        (InvKind::Wtx, hash(TXID)),
    ];
    let found = answers(&serving, &getdata(swapped));
    let [answer] = &found[..] else {
        panic!("{found:?}");
    };
    let Outgoing::Message(Message::NotFound(missing), _) = answer.message() else {
        panic!("{answer:?}");
    };
    let named: Vec<_> = missing.iter().map(|item| (item.kind, item.hash)).collect();
    assert_eq!(named, swapped);
    let line = line(&serving, answer);
    assert_eq!(
        (&line["command"], &line["count"]),
        (&"notfound".into(), &3.into())
    );
    assert_eq!(line["items"][2]["type"], "wtx");
}

#[test]
fn blocks_come_as_they_were_asked_for_and_those_that_are_not_there_in_silence() {
    let serving = offering(&[310]);
    let tip = hash(TIP);
    let found = answers(
        &serving,
        &getdata([
            (InvKind::Block, tip),
            (InvKind::Block, Hash::from_bytes(NOBODY)),
            (InvKind::WitnessBlock, tip),
            (InvKind::FilteredBlock, tip),
            (InvKind::CompactBlock, tip),
            (InvKind::Other(99), tip),
        ]),
    );
    let encodings: Vec<_> = found
        .iter()
        .map(|answer| match answer.message() {
            Outgoing::Message(Message::Block(block), encoding) => {
                assert_eq!(block.block_hash().to_string(), TIP);
                encoding
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [TxEncoding::Base, TxEncoding::Witness, TxEncoding::Witness];
    assert_eq!(encodings, expected);
}

#[test]
fn what_is_missing_is_told_once_and_last() {
    let serving = offering(&[]);
    let nobody = Hash::from_bytes(NOBODY);
    // As many as a message can name.
    let strangers = core::iter::repeat_n((InvKind::Wtx, nobody), 49_999);
    let found = answers(
        &serving,
        &getdata(strangers.chain([(InvKind::Tx, hash(TXID))])),
    );
    let commands: Vec<_> = found
        .iter()
        .map(|answer| line(&serving, answer)["command"].clone())
        .collect();
    assert_eq!(commands, ["tx", "notfound"]);
    let last = line(&serving, &found[1]);
    assert_eq!(last["count"], 49_999);
    assert_eq!(last["items"].as_array().unwrap().len(), 50);
}

#[test]
fn headers_of_what_was_announced_follow_the_locator() {
    let serving = offering(&[310, 308, 309]);
    let headers = |hashes: &[BlockHash], stop| {
        let found = answers(&serving, &getheaders(hashes, stop));
        let [answer] = &found[..] else {
            panic!("{found:?}");
        };
        let Outgoing::Message(Message::Headers(headers), _) = answer.message() else {
            panic!("{answer:?}");
        };
        headers
            .iter()
            .map(|header| header.block_hash())
            .collect::<Vec<_>>()
    };
    let none = BlockHash::ALL_ZERO;
    let genesis = Network::REGTEST.genesis;
    let all = [height(308), height(309), height(310)];
    assert_eq!(all[2].to_string(), TIP);
    assert_eq!(headers(&[height(307), genesis], none), all);
    assert_eq!(headers(&[height(307), genesis], height(309)), all[..2]);
    assert_eq!(headers(&[height(309), height(307)], none), all[2..]);
    // We know no way from there.
    assert_eq!(headers(&[genesis], none), []);
    assert_eq!(headers(&[height(310)], none), []);
}

#[test]
fn nothing_is_answered_where_nothing_was_announced() {
    let nothing = with(Vec::new());
    let data = getdata([(InvKind::Tx, hash(TXID))]);
    let headers = getheaders(&[height(307)], BlockHash::ALL_ZERO);
    assert!(nothing.question(&data).is_none());
    assert!(nothing.question(&headers).is_none());
    // Headers are for those who know a block.
    assert!(offering(&[]).question(&headers).is_none());
    assert!(offering(&[]).question(&asked(Message::MemPool)).is_none());
    assert!(offering(&[]).question(&Event::Negotiated).is_none());
}

#[test]
fn what_finds_no_room_is_told() {
    let serving = offering(&[]);
    let question = serving
        .question(&getdata([(InvKind::Tx, hash(TXID))]))
        .unwrap();
    let Output::Line(line) = serving.passed_over(&question, Timestamp::from_secs(1)) else {
        panic!("no line");
    };
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&line["event"], &line["command"]),
        (&"served".into(), &"getdata".into())
    );
    assert!(line["error"].is_string());
}
