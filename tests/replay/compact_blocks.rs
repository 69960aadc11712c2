//! Recorded compact blocks, put together from the transactions that were relayed before them and, where a node asked
//! for some, from the answer that it got.

use peer_core::bip152::{self, PartialBlock};
use peer_core::message::{BlockTxn, CmpctBlock, GetBlockTxn, Message, TxEncoding};
use peer_core::network::Network;
use peer_core::wire::{BlockHash, TxView};
use peer_tests::capture::{Capture, Way};
use peer_tests::script::HEADER_LEN;

use crate::recorded::{codec, decode, negotiated_version, network};

/// What a connection had to do with compact blocks, both directions together.
struct Recording {
    network: &'static Network,
    /// The one that the nodes agreed on.
    version: u64,
    compact_blocks: Vec<CmpctBlock>,
    questions: Vec<GetBlockTxn>,
    answers: Vec<BlockTxn>,
    transactions: Vec<TxView>,
}

impl Recording {
    fn new(capture: &Capture) -> Self {
        let network = network(capture);
        let version = if *network == Network::LITECOIN_REGTEST {
            3
        } else {
            2
        };
        let mut recording = Self {
            network,
            version,
            compact_blocks: Vec::new(),
            questions: Vec::new(),
            answers: Vec::new(),
            transactions: Vec::new(),
        };
        let codec = codec(network, negotiated_version(capture));
        for way in Way::BOTH {
            for entry in capture.entries(way) {
                let payload = &capture.stream(way)[entry.offset + HEADER_LEN..][..entry.length];
                match decode(payload, &entry.command, &codec).message {
                    Message::CmpctBlock(block) => recording.compact_blocks.push(*block),
                    Message::GetBlockTxn(question) => recording.questions.push(*question),
                    Message::BlockTxn(answer) => recording.answers.push(*answer),
                    Message::Tx(transaction) => recording.transactions.push(transaction),
                    _ => {}
                }
            }
        }
        recording
    }

    fn start(&self, block: &CmpctBlock) -> PartialBlock {
        let mut partial = PartialBlock::new(self.network, block, self.version).unwrap();
        partial.offer_all(&self.transactions);
        partial
    }

    fn question(&self, block: BlockHash) -> Option<&GetBlockTxn> {
        let mut questions = self.questions.iter();
        questions.find(|question| question.block_hash == block)
    }

    fn answer(&self, block: BlockHash) -> Option<&BlockTxn> {
        let mut answers = self.answers.iter();
        answers.find(|answer| answer.block_hash == block)
    }
}

fn recordings() -> impl Iterator<Item = Recording> {
    let names = [
        "client-knots-v1/conn-00",
        "client-knots-v1/conn-09",
        "client-knots-v1/conn-10",
        "knots-knots-v1/conn-00",
        "knots-knots-v1-recon/conn-00",
        "ltc-ltc-v1/conn-00",
    ];
    names
        .map(Capture::load)
        .into_iter()
        .map(|c| Recording::new(&c))
}

/// The nodes asked for what we would have asked for, and the answer completes the block: the miner's merkle root and
/// witness commitment say so. What was sent is what we would have sent, byte for byte.
#[test]
fn recorded_compact_blocks_become_blocks_and_the_same_compact_blocks_again() {
    let (mut at_once, mut after_an_answer) = (0, 0);
    for recording in recordings() {
        let codec = codec(recording.network, 70_016);
        let payload = |message: Message| message.payload(&codec, TxEncoding::Full).unwrap();
        for compact in &recording.compact_blocks {
            let partial = recording.start(compact);
            let hash = partial.block_hash();
            let block = match recording.question(hash) {
                Some(question) => {
                    assert_eq!(partial.request(), *question);
                    let answer = recording.answer(hash).unwrap();
                    let block = partial.complete(answer).unwrap();
                    let ours = bip152::answer(&block, question, recording.version).unwrap();
                    assert_eq!(ours, *answer);
                    after_an_answer += 1;
                    block
                }
                // The client of conn-09 had nothing and asked for nothing.
                None if partial.missing_count() > 0 => continue,
                None => {
                    at_once += 1;
                    partial.assemble().unwrap()
                }
            };
            assert_eq!(block.block_hash(), hash);
            let nonce = compact.nonce;
            let ours = bip152::compact(&block, nonce, recording.version, []).unwrap();
            let theirs = payload(Message::CmpctBlock(compact.clone().into()));
            assert_eq!(payload(Message::CmpctBlock(ours.into())), theirs);
        }
    }
    assert_eq!((at_once, after_an_answer), (14, 4));
}

/// Litecoin's transactions have witnesses here. Their short ids are of wtxids in version 3, as in 2.
#[test]
fn short_ids_of_version_3_are_of_wtxids() {
    let recording = Recording::new(&Capture::load("ltc-ltc-v1/conn-00"));
    let compact = &recording.compact_blocks;
    let named = compact.iter().map(|block| block.short_ids.len()).sum();
    let mut found = [0; 3];
    for (version, found) in (1..).zip(&mut found) {
        for block in compact {
            let mut partial = PartialBlock::new(recording.network, block, version).unwrap();
            partial.offer_all(&recording.transactions);
            *found += block.short_ids.len() - partial.missing_count();
        }
    }
    assert_eq!(found[1], found[2]);
    assert!(found[0] < found[1], "{found:?}");
    assert_eq!((named, found[1]), (6, 5), "one was asked for");
}
