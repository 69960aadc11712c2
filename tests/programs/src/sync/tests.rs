//! Whole syncs against the demo chain, and against servers that lie about it.

use core::time::Duration;

use bytes::Bytes;
use peer_core::message::{Headers, InvKind, InvVect, Inventory, Locator, Message};
use peer_core::network::{Network, ServiceFlags};
use peer_core::wire::{BlockHash, BlockView, MerkleError, TxEncoding, WitnessCommitmentError};
use peer_core::{Config, DisconnectReason, Event, HangUp, Outgoing};

use super::*;
use crate::demo;
use crate::server::{ChainServer, ServedChain};
use crate::testing::{Wire, serving};

/// What a server does with a reply before it sends it: nothing, something else, or several things.
type Lie<'l> = &'l mut dyn FnMut(Outgoing) -> Vec<Outgoing>;

struct Meeting {
    sync: ChainSync,
    wire: Wire,
    server: ChainServer,
}

impl Meeting {
    fn with(options: Options, listener: Config, height: i32) -> Self {
        let dialler = Config::with_secret(demo::NETWORK, [1; 32]);
        Self {
            sync: ChainSync::new(demo::NETWORK, options),
            wire: Wire::new(dialler, listener, height),
            server: ChainServer::new(demo::chain()),
        }
    }

    fn new() -> Self {
        Self::with(Options::default(), serving(demo::NETWORK), 310)
    }

    /// Runs until the end; when all is quiet, time passes.
    fn run(&mut self, lie: Lie<'_>) -> Result<Report, SyncError> {
        for _ in 0..10_000 {
            match self.wire.turn() {
                Some((ours, theirs)) => self.deliver(ours, theirs, lie)?,
                None => self.wire.wait(Duration::from_secs(1)),
            }
            self.sync.tick(self.wire.now)?;
            if self.sync.is_done() {
                let stats = self.wire.dialler.stats();
                let now = self.wire.now;
                let name = "memory".to_owned();
                return Ok(self.sync.report(Ending::Complete, name, stats, now));
            }
        }
        panic!("no end in sight: {:?}", self.sync.progress());
    }

    fn deliver(
        &mut self,
        ours: Vec<Event>,
        theirs: Vec<Event>,
        lie: Lie<'_>,
    ) -> Result<(), SyncError> {
        for event in ours {
            self.sync.on_event(event, self.wire.now)?;
            while let Some(message) = self.sync.next_message() {
                self.wire.dialler.send(message).unwrap();
            }
        }
        for event in theirs {
            self.server.on_event(event);
            while let Some(reply) = self.server.next_reply() {
                for reply in lie(reply) {
                    let command = peer_core::Command::Send(reply);
                    self.wire.listener.command(command).unwrap();
                }
            }
        }
        Ok(())
    }

    fn run_honestly(&mut self) -> Result<Report, SyncError> {
        self.run(&mut |reply| vec![reply])
    }
}

/// Puts `change(block)` in the place of the block at `height`.
fn replacing(
    height: u32,
    change: impl Fn(&BlockView) -> Bytes,
) -> impl FnMut(Outgoing) -> Vec<Outgoing> {
    let target = demo::chain().block(height).unwrap().clone();
    move |reply| match reply.message() {
        Message::Block(block) if *block == target => {
            let bytes = change(block);
            let command = "block".parse().unwrap();
            let payload = bytes;
            vec![Message::Unknown { command, payload }.into()]
        }
        _ => vec![reply],
    }
}

/// The one value of the node's own account of the chain.
fn told(field: &str) -> u64 {
    let told: serde_json::Value =
        serde_json::from_str(include_str!("../../data/regtest-chain.json")).unwrap();
    told[field].as_u64().unwrap()
}

#[test]
fn the_whole_demo_chain_arrives_as_its_node_described_it() {
    let report = Meeting::new().run_honestly().unwrap();
    assert_eq!(u64::from(report.headers), told("blocks"));
    assert_eq!(
        report.tip.to_string(),
        "12de6a65a6a13c85ef4a26775ee5cc18df29a01ea18e68e3fc769d3042ed29ec"
    );
    assert_eq!(u64::from(report.tally.blocks), told("blocks"));
    assert_eq!(
        report.tally.transactions,
        told("transactions_with_genesis") - 1
    );
    assert_eq!(report.tally.bytes, told("block_bytes"));
    // Every coinbase has a witness, and some transactions of the blocks that spend witness outputs.
    assert!(report.tally.with_witness >= told("blocks") + told("blocks_spending_witness"));
    assert!(report.tally.with_witness < report.tally.transactions);

    let text = report.to_string();
    for part in [
        "synced regtest",
        "memory",
        "70016 negotiated (70016 ours, 70016 theirs)",
        "NETWORK|WITNESS",
        "310 (links and sha256d proof of work checked)",
        "310 (checked: merkle roots and witness commitments)",
        "3041 (",
        "0.97 MB",
        "MB/s",
        "ping",
    ] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn a_node_without_witnesses_gives_the_chain_without_them() {
    let mut listener = serving(demo::NETWORK);
    listener.services = ServiceFlags::NETWORK;
    let report = Meeting::with(Options::default(), listener, 310)
        .run_honestly()
        .unwrap();
    assert_eq!(report.tally.blocks, 310);
    assert_eq!(report.tally.bytes, told("stripped_bytes"));
    assert_eq!(report.tally.with_witness, 0);
    assert!(report.to_string().contains("offers no witnesses"));
}

#[test]
fn stops_where_it_is_told_to() {
    let options = |change: fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        Meeting::with(options, serving(demo::NETWORK), 310)
            .run_honestly()
            .unwrap()
    };
    let report = options(|options| options.stop_height = Some(33));
    assert_eq!((report.headers, report.tally.blocks), (33, 33));
    let report = options(|options| options.headers_only = true);
    assert_eq!((report.headers, report.tally.blocks), (310, 0));
    let report = options(|options| options.window = 1);
    assert_eq!((report.headers, report.tally.blocks), (310, 310));
}

#[test]
fn a_node_that_claims_too_much_is_asked_once_more_and_believed_no_further() {
    let mut meeting = Meeting::with(Options::default(), serving(demo::NETWORK), i32::MAX);
    assert_eq!(meeting.run_honestly().unwrap().headers, 310);
    let mut meeting = Meeting::with(Options::default(), serving(demo::NETWORK), -7);
    assert_eq!(meeting.run_honestly().unwrap().headers, 310);
}

#[test]
fn headers_in_small_portions_and_a_block_announced_meanwhile() {
    let short = ServedChain::new(demo::NETWORK, Vec::new());
    let mut portions = 0;
    let mut announced = false;
    let mut lie = |reply: Outgoing| match reply.message() {
        Message::Headers(headers) => {
            portions += 1;
            // The last ten blocks are found while we download the others.
            let most = if announced { 310 } else { 300 };
            let known = demo::chain();
            let allowed = |hash: BlockHash| {
                (1..=most).any(|height| known.header(height).unwrap().block_hash() == hash)
            };
            let some = headers.iter().take(100);
            let some = some.filter(|header| allowed(header.block_hash()));
            vec![Message::Headers(Headers::new(short.network(), some)).into()]
        }
        Message::Block(_) if !announced => {
            announced = true;
            let tip = demo::chain().header(310).unwrap().block_hash();
            let item = InvVect::new(InvKind::Block, tip);
            let inv = Inventory::new(&demo::NETWORK, [item]).unwrap();
            vec![Message::Inv(inv).into(), reply]
        }
        _ => vec![reply],
    };
    let report = Meeting::new().run(&mut lie).unwrap();
    assert_eq!((report.headers, report.tally.blocks), (310, 310));
    // 100, 200, 300, nothing more; then the ten that were announced.
    assert_eq!(portions, 5);
}

#[test]
fn answers_the_question_that_core_waits_for() {
    let mut meeting = Meeting::new();
    meeting.run_honestly().unwrap();
    let question = Message::GetHeaders(Box::new(Locator {
        version: 70_016,
        hashes: [demo::NETWORK.genesis].into_iter().collect(),
        stop: BlockHash::ALL_ZERO,
    }));
    let event = Event::Message {
        message: question,
        wire_len: 0,
    };
    meeting.sync.on_event(event, meeting.wire.now).unwrap();
    let answer = meeting.sync.next_message();
    assert!(matches!(answer, Some(Message::Headers(headers)) if headers.is_empty()));
}

#[test]
fn a_block_with_a_changed_transaction() {
    let mut lie = replacing(221, |block| {
        let mut bytes = block.bytes().to_vec();
        // The lock time of the last transaction.
        *bytes.last_mut().unwrap() ^= 1;
        bytes.into()
    });
    let error = Meeting::new().run(&mut lie).unwrap_err();
    assert!(
        matches!(
            error,
            SyncError::Block(BlockError::Merkle {
                height: 221,
                error: MerkleError::Mismatch { .. }
            })
        ),
        "{error}"
    );
}

#[test]
fn a_block_without_its_witnesses() {
    let mut lie = replacing(221, BlockView::without_witness);
    let error = Meeting::new().run(&mut lie).unwrap_err();
    assert_eq!(
        error.to_string(),
        "block 221: witness commitment without witness data"
    );
}

#[test]
fn a_block_with_other_witnesses() {
    let mut lie = replacing(1, |block| {
        // The coinbase's witness is its reserved value: 32 bytes before the lock time.
        let mut bytes = block.bytes().to_vec();
        let at = bytes.len() - 4 - 1;
        bytes[at] ^= 1;
        bytes.into()
    });
    let error = Meeting::new().run(&mut lie).unwrap_err();
    let SyncError::Block(BlockError::Witness { height, error }) = error else {
        panic!("{error}");
    };
    assert_eq!((height, error), (1, WitnessCommitmentError::Mismatch));
}

#[test]
fn another_block_than_the_one_asked_for() {
    let other = demo::chain().block(300).unwrap().bytes().clone();
    let mut lie = replacing(5, |_| other.clone());
    let error = Meeting::new().run(&mut lie).unwrap_err();
    let hash = demo::chain().header(300).unwrap().block_hash();
    assert_eq!(
        error.to_string(),
        format!("the node sent block {hash}, which was not asked for")
    );
}

#[test]
fn bytes_that_are_no_block() {
    let mut lie = replacing(5, |block| block.bytes().slice(..100));
    let error = Meeting::new().run(&mut lie).unwrap_err();
    assert!(matches!(error, SyncError::Malformed(_)), "{error}");
    assert!(error.to_string().contains("block"), "{error}");
}

#[test]
fn a_block_that_the_node_does_not_have() {
    let missing = demo::chain().header(40).unwrap().block_hash();
    let mut lie = |reply: Outgoing| match reply.message() {
        Message::Block(block) if block.block_hash() == missing => {
            let item = InvVect::new(InvKind::WitnessBlock, missing);
            let list = Inventory::new(&demo::NETWORK, [item]).unwrap();
            vec![Message::NotFound(list).into()]
        }
        _ => vec![reply],
    };
    let error = Meeting::new().run(&mut lie).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the node does not have block {missing} at height 40 of its own chain")
    );
}

#[test]
fn silence_instead_of_a_block() {
    let mut lie = |reply: Outgoing| match reply.message() {
        Message::Block(_) => vec![],
        _ => vec![reply],
    };
    let error = Meeting::new().run(&mut lie).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing gained for 30 s while waiting for block 1"
    );
}

#[test]
fn silence_instead_of_headers() {
    let error = Meeting::new().run(&mut |_| vec![]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing gained for 30 s while waiting for headers; the node may still be in its initial block download"
    );
}

#[test]
fn a_node_that_claims_a_chain_and_gives_nothing() {
    let nothing = || Message::Headers(Headers::new(&demo::NETWORK, []));
    let error = Meeting::new()
        .run(&mut |_| vec![nothing().into()])
        .unwrap_err();
    assert!(
        matches!(error, SyncError::NoHeaders { claimed: 310 }),
        "{error}"
    );
    // A node that claims nothing and has nothing is a node with an empty chain.
    let mut empty = Meeting::with(Options::default(), serving(demo::NETWORK), 0);
    let report = empty.run(&mut |_| vec![nothing().into()]).unwrap();
    assert_eq!((report.headers, report.tally.blocks), (0, 0));
}

#[test]
fn headers_of_another_chain() {
    let mut lie = |reply: Outgoing| match reply.message() {
        Message::Headers(headers) => {
            let rest = Headers::new(&demo::NETWORK, headers.iter().skip(1));
            vec![Message::Headers(rest).into()]
        }
        _ => vec![reply],
    };
    let error = Meeting::new().run(&mut lie).unwrap_err();
    assert!(
        matches!(error, SyncError::Header(HeaderError::Unconnected { .. })),
        "{error}"
    );
}

#[test]
fn an_announcement_that_crosses_the_question() {
    let tip = Headers::new(&demo::NETWORK, demo::chain().header(310));
    let announcement = || Outgoing::from(Message::Headers(tip.clone()));
    let mut first = true;
    let mut lie = |reply: Outgoing| {
        let announce = core::mem::take(&mut first);
        let before = announce.then(announcement);
        before.into_iter().chain([reply]).collect()
    };
    assert_eq!(Meeting::new().run(&mut lie).unwrap().headers, 310);
    // If nothing else comes, that was the answer, and it was wrong.
    let error = Meeting::new()
        .run(&mut |_| vec![announcement()])
        .unwrap_err();
    assert!(
        matches!(error, SyncError::Header(HeaderError::Unconnected { .. })),
        "{error}"
    );
}

#[test]
fn silence_where_everything_claimed_is_there() {
    // The node announces a block, and does not answer the question for it.
    let mut questions = 0;
    let mut lie = |reply: Outgoing| match reply.message() {
        Message::Headers(_) => {
            questions += 1;
            if questions == 1 { vec![reply] } else { vec![] }
        }
        Message::Block(_) if questions == 1 => {
            questions += 1;
            let item = InvVect::new(InvKind::Block, BlockHash::ALL_ZERO);
            let inv = Inventory::new(&demo::NETWORK, [item]).unwrap();
            vec![Message::Inv(inv).into(), reply]
        }
        _ => vec![reply],
    };
    let report = Meeting::new().run(&mut lie).unwrap();
    assert_eq!((report.headers, report.tally.blocks), (310, 310));
    assert_eq!(questions, 3);
}

#[test]
fn two_branches_told_in_turns_are_no_progress() {
    // The same 100 headers and then 99 of them with another end, for ever: the clock runs out.
    let options = Options {
        stop_height: Some(5_000),
        ..Options::default()
    };
    let listener = serving(demo::NETWORK);
    let mut meeting = Meeting::with(options, listener, 5_000);
    let chain = demo::chain();
    let mut fork = chain.header(100).unwrap();
    fork.time += 1;
    while !fork.meets_target(fork.block_hash()) {
        fork.nonce += 1;
    }
    let mut turn = 0_u32;
    let mut lie = |_: Outgoing| {
        turn += 1;
        let common = (1..100).filter_map(|height| chain.header(height));
        let end = if turn.is_multiple_of(2) {
            chain.header(100).unwrap()
        } else {
            fork
        };
        let headers = Headers::new(&Network::REGTEST, common.chain([end]));
        vec![Message::Headers(headers).into()]
    };
    // Each question takes a tenth of a second, as on a real network.
    let error = (0..1_000).find_map(|_| {
        meeting.wire.wait(Duration::from_millis(100));
        let (ours, theirs) = meeting.wire.turn()?;
        let result = meeting.deliver(ours, theirs, &mut lie);
        result
            .and_then(|()| meeting.sync.tick(meeting.wire.now))
            .err()
    });
    let error = error.unwrap();
    assert!(matches!(error, SyncError::Stalled { .. }), "{error}");
}

#[test]
fn a_node_that_hangs_up() {
    let mut meeting = Meeting::new();
    let hung_up = || Event::Disconnected {
        reason: DisconnectReason::HungUp(HangUp::EndOfStream),
        sent_through: None,
    };
    let now = meeting.wire.now;
    let error = meeting.sync.on_event(hung_up(), now).unwrap_err();
    assert_eq!(
        error.to_string(),
        "disconnected during the handshake: hung up: end of stream; is the node on another network, or full?"
    );
    meeting.sync.on_event(Event::Negotiated, now).unwrap();
    let error = meeting.sync.on_event(hung_up(), now).unwrap_err();
    assert_eq!(
        error.to_string(),
        "disconnected while waiting for headers: hung up: end of stream"
    );
}

#[test]
fn the_encoding_is_the_one_asked_for() {
    // A node that offers witnesses is asked for them, block by block.
    let mut kinds = Vec::new();
    let mut lie = |reply: Outgoing| {
        if let Outgoing::Message(Message::Block(_), encoding) = &reply {
            kinds.push(*encoding);
        }
        vec![reply]
    };
    Meeting::new().run(&mut lie).unwrap();
    assert_eq!(kinds, vec![TxEncoding::Witness; 310]);
}
