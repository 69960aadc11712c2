//! What the fuzz targets do with their input, so that plain tests on stable can do the same.
//!
//! Each function takes any bytes, panics if a rule is broken, and returns otherwise.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is a failure"
)]

pub mod differential;

pub use self::differential::differential;

use alloc::sync::Arc;
use core::time::Duration;

use bytes::Bytes;
use peer_core::bip152::{self, CmpctBlockError, CompleteError, PartialBlock};
use peer_core::bip324::{KeyPair, Role, SALT_PREFIX, SessionKeys};
use peer_core::message::{
    Codec, InvKind, InvVect, Inventory, Locator, Message, MessageKind, MessageLimits, Ping,
    TxEncoding,
};
use peer_core::network::{Gates, Network, ServiceFlags};
use peer_core::tape::TapedMachine;
use peer_core::wire::{
    AddrEntry, Address, BlockHash, BlockHeader, BlockView, Hash, Reader, TxFormat, TxView, Writer,
    merkle_root,
};
use peer_core::{
    Command, Config, Event, Garbage, HangUp, Link, PeerMachine, Timestamp, TransportPolicy,
};

use crate::link::{Cuts, Dice};
use crate::script::{Frame, START, VersionPayload};
use crate::tape;

/// Splits the input into a number and the rest.
fn number(input: &[u8]) -> (u64, &[u8]) {
    match input.split_first_chunk() {
        Some((bytes, rest)) => (u64::from_le_bytes(*bytes), rest),
        None => (0, input),
    }
}

/// A stream means the same whole and cut: the first 8 bytes choose the cuts, the rest is what a remote says after a
/// correct handshake or, if the lowest bit is set, from the beginning.
pub fn v1_stream(input: &[u8]) {
    let (seed, stream) = number(input);
    let hear = |cuts: Cuts| {
        let mut config = Config::with_secret(Network::REGTEST, [7; 32]);
        config.transport = TransportPolicy::V1;
        let config = Arc::new(config);
        let mut machine = PeerMachine::from_seed(config, Link::inbound(), START, [5; 32]);
        let mut heard = Vec::new();
        let mut said = Vec::new();
        let greeting = [VersionPayload::default().frame(), Frame::empty("verack")];
        let greeting = crate::script::stream(greeting.iter().skip(2 * (seed & 1) as usize));
        let pieces = Cuts::Whole.pieces(&greeting).chain(cuts.pieces(stream));
        feed(&mut machine, pieces, &mut heard, &mut said);
        (heard, said)
    };
    let whole = hear(Cuts::Whole);
    assert!(hear(Cuts::Random(seed)) == whole, "cut at random");
    assert!(hear(Cuts::Bytewise) == whole, "byte by byte");
}

/// The same of what a stranger says from the beginning where v1 and v2 are accepted, or to one who has dialled in v2: the
/// lowest bit chooses.
///
/// Whether our own key has left before the end is heard of depends on who is quicker, so of two lists of words one may
/// only be longer.
pub fn v2_handshake(input: &[u8]) {
    let (seed, stream) = number(input);
    let hear = |cuts: Cuts| {
        let config = Arc::new(Config::with_secret(Network::REGTEST, [7; 32]));
        let link = [Link::inbound(), Link::outbound()][(seed & 1) as usize];
        let mut machine = PeerMachine::from_seed(config, link, START, [5; 32]);
        let (mut heard, mut said) = (Vec::new(), Vec::new());
        take_all(&mut machine, START, &mut heard, &mut said);
        feed(&mut machine, cuts.pieces(stream), &mut heard, &mut said);
        (heard, said)
    };
    let (heard, said) = hear(Cuts::Whole);
    for cuts in [Cuts::Random(seed), Cuts::Bytewise] {
        let (other, words) = hear(cuts);
        assert!(other == heard, "{cuts:?}");
        assert!(words.starts_with(&said) || said.starts_with(&words));
    }
}

/// The same of packets, after a correct exchange of keys. The first 8 bytes choose garbage and cuts, and whether a correct
/// handshake follows; the rest is packets: a byte that says what kind (decoy, not sealed at all, or a message), one for the
/// length, and the contents.
pub fn v2_packets(input: &[u8]) {
    let (seed, records) = number(input);
    let hear = |cuts: Cuts| {
        let mut config = Config::with_secret(Network::REGTEST, [7; 32]);
        config.v2.garbage = Garbage::Fixed(Bytes::new());
        let link = [Link::inbound(), Link::outbound()][(seed & 1) as usize];
        let mut machine = PeerMachine::from_seed(Arc::new(config), link, START, [5; 32]);
        let (mut heard, mut said) = (Vec::new(), Vec::new());
        let pair = KeyPair::from_secret([0x5c; 32], [0x1e; 32]).unwrap();
        machine.receive(pair.ellswift(), START);
        take_all(&mut machine, START, &mut heard, &mut said);
        let role = [Role::Initiator, Role::Responder][(seed & 1) as usize];
        let magic = Network::REGTEST.magic;
        let mut keys = pair.agree(said.first_chunk().unwrap(), role, SALT_PREFIX, magic);
        let stream = packets(&mut keys, seed, records);
        feed(&mut machine, cuts.pieces(&stream), &mut heard, &mut said);
        (heard, said)
    };
    let whole = hear(Cuts::Whole);
    assert!(hear(Cuts::Random(seed)) == whole, "cut at random");
    assert!(hear(Cuts::Bytewise) == whole, "byte by byte");
}

/// What follows the key: garbage, terminator, version packet, perhaps a handshake, and the packets of the input.
fn packets(keys: &mut SessionKeys, seed: u64, mut records: &[u8]) -> Vec<u8> {
    let garbage = vec![0xaa; usize::try_from(seed >> 8 & 0xfff).unwrap()];
    let mut stream = [&garbage[..], &keys.send_terminator].concat();
    let mut seal = |contents: &[&[u8]], aad: &[u8], is_decoy: bool, stream: &mut Vec<u8>| {
        keys.sealer.seal(contents, aad, is_decoy, stream).unwrap();
    };
    seal(&[], &garbage, false, &mut stream);
    if seed & 2 == 0 {
        for frame in [VersionPayload::default().frame(), Frame::empty("verack")] {
            seal(
                &[&[0], &frame.command, &frame.payload],
                &[],
                false,
                &mut stream,
            );
        }
    }
    while let [kind, length, rest @ ..] = records {
        let (contents, after) = rest.split_at(rest.len().min(usize::from(*length)));
        match kind % 4 {
            0 => seal(&[contents], &[], true, &mut stream),
            // From here on nothing is authentic.
            1 if kind >> 2 == 0 => stream.extend_from_slice(contents),
            _ => seal(&[contents], &[], false, &mut stream),
        }
        records = after;
    }
    stream
}

/// Says everything, then hangs up.
fn feed<'a>(
    machine: &mut PeerMachine,
    pieces: impl Iterator<Item = &'a [u8]>,
    heard: &mut Vec<String>,
    said: &mut Vec<u8>,
) {
    for piece in pieces {
        let mut rest = piece;
        while !rest.is_empty() && !machine.is_closed() {
            let taken = machine.receive(rest, START);
            rest = &rest[taken..];
            take_all(machine, START, heard, said);
        }
    }
    machine.hung_up(HangUp::EndOfStream, START);
    take_all(machine, START, heard, said);
    assert!(machine.is_closed());
}

fn take_all(
    machine: &mut PeerMachine,
    now: Timestamp,
    heard: &mut Vec<String>,
    said: &mut Vec<u8>,
) {
    loop {
        let event = machine.poll_event();
        let lent: Vec<u8> = machine.outbound().slices().flatten().copied().collect();
        machine.sent(lent.len(), now);
        said.extend(&lent);
        match event {
            Some(event) => heard.push(format!("{event:?}")),
            None if lent.is_empty() => return,
            None => {}
        }
    }
}

/// What decodes is written again, and what is written decodes to the same message: the first byte chooses the message,
/// the second the version, the rest is the payload.
pub fn message(input: &[u8]) {
    const VERSIONS: [u32; 6] = [209, 31_800, 60_002, 70_013, 70_016, 70_017];
    /// With every message that there is, and the drafts of BIP157.
    const NAVD: Network = {
        let mut network = Network::NAVCOIN_REGTEST;
        network.gates = Gates::NAVD;
        network
    };
    let [kind, version, payload @ ..] = input else {
        return;
    };
    let kind = MessageKind::ALL[usize::from(*kind) % MessageKind::ALL.len()];
    let version = VERSIONS[usize::from(*version) % VERSIONS.len()];
    for network in [&Network::REGTEST, &Network::LITECOIN_REGTEST, &NAVD] {
        let limits = MessageLimits::DEFAULT;
        let codec = Codec::new(network, version, &limits);
        let payload = Bytes::copy_from_slice(payload);
        let Ok(first) = Message::decode_as(kind, payload.clone(), &codec) else {
            continue;
        };
        assert!(first.trailing <= payload.len());
        // Some values may be heard and not said.
        let Ok(written) = first.message.payload(&codec, TxEncoding::Full) else {
            continue;
        };
        let second = Message::decode_as(kind, written.clone(), &codec).unwrap();
        assert_eq!(second.trailing, 0, "{kind}");
        assert_eq!(second.message, first.message, "{kind}");
        let again = second.message.payload(&codec, TxEncoding::Full);
        assert_eq!(again.unwrap(), written, "{kind}");
    }
}

/// Compact blocks: the first 8 bytes are the nonce, the lowest of which chooses the version; the rest is what a peer
/// sent, and, as far as it is transactions, a block of our own.
///
/// Of a peer's compact block comes the block of its header or none. Ours comes back whole, whichever transactions the
/// receiver has.
pub fn compact_block(input: &[u8]) {
    let (nonce, rest) = number(input);
    let version = nonce & 3;
    let payload = Bytes::copy_from_slice(rest);
    for network in [
        &Network::REGTEST,
        &Network::LITECOIN_REGTEST,
        &Network::NAVCOIN,
    ] {
        let block = block_of(&payload, network.tx_format);
        let limits = MessageLimits::DEFAULT;
        let codec = Codec::new(network, 70_016, &limits);
        let decoded = Message::decode_as(MessageKind::CmpctBlock, payload.clone(), &codec);
        if let Ok(Message::CmpctBlock(theirs)) = decoded.map(|decoded| decoded.message)
            && let Ok(mut partial) = PartialBlock::new(network, &theirs, version)
        {
            let coinbase = block.coinbase();
            partial.look_up(|id| coinbase.clone().filter(|_| id.0[0] & 1 == 0));
            assert_eq!(partial.request().indexes.len(), partial.missing_count());
            if let Ok(whole) = partial.assemble() {
                assert_eq!(whole.header(), theirs.header);
            }
        }
        let Ok(ours) = bip152::compact(&block, nonce, version, []) else {
            continue;
        };
        match PartialBlock::new(network, &ours, version) {
            Ok(partial) => complete(partial, &block, nonce, version),
            // The input has a transaction twice.
            Err(CmpctBlockError::DuplicateShortId { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Offers every transaction whose bit in `chosen` is set, and asks for the others.
fn complete(mut partial: PartialBlock, block: &BlockView, chosen: u64, version: u64) {
    for (index, transaction) in block.transactions().enumerate() {
        if chosen >> (index % 64) & 1 == 1 {
            partial.offer(&transaction);
        }
    }
    let answer = bip152::answer(block, &partial.request(), version).unwrap();
    match partial.complete(&answer) {
        Ok(whole) if version < 2 => assert_eq!(*whole.bytes(), block.without_witness()),
        Ok(whole) => assert_eq!(whole, *block),
        // No consensus was asked whether these are a block.
        Err(
            CompleteError::NoCoinbase
            | CompleteError::Witness(_)
            | CompleteError::Mweb(_)
            | CompleteError::Merkle(_),
        ) => {}
        Err(error) => panic!("{error}"),
    }
}

/// A block of the transactions that stand at the beginning of these bytes. Those without inputs are left out: they are in
/// no block, and have no encoding without what Litecoin adds.
fn block_of(bytes: &Bytes, format: TxFormat) -> BlockView {
    let mut reader = Reader::new(bytes);
    let transactions: Vec<TxView> =
        core::iter::from_fn(|| TxView::decode(&mut reader, format).ok())
            .filter(|transaction| transaction.inputs().len() > 0)
            .collect();
    let root = merkle_root(transactions.iter().map(|tx| tx.txid().to_bytes()));
    let mut header = [1; BlockHeader::SIZE];
    if let Some(root) = root {
        header[36..68].copy_from_slice(&root.root);
    }
    let mut block = Vec::new();
    let mut writer = Writer::new(&mut block);
    writer.bytes(&header);
    writer.size(transactions.len());
    for transaction in &transactions {
        writer.bytes(transaction.bytes());
    }
    match format {
        TxFormat::NavCoin => writer.var_bytes(b"signature"),
        // Behind a HogEx comes MWEB data, or the byte that says that there is none.
        TxFormat::Litecoin if ends_in_hogex(&transactions) => writer.u8(0),
        _ => {}
    }
    BlockView::from_bytes(block.into(), format).unwrap()
}

/// Whether a block of these has MWEB data: a lone HogEx is the coinbase.
fn ends_in_hogex(transactions: &[TxView]) -> bool {
    matches!(transactions, [_, .., last] if last.is_hogex())
}

/// Anything done to a machine in any order: no panic, no deadline in the past, bounded memory, one end and nothing after
/// it, and the same again from what was recorded. Each operation takes its arguments from the input.
pub fn machine(input: &[u8]) {
    let (heard, said, mut machine) = act(input);
    assert!(machine.is_recorded());
    let again = tape::replay(&machine.end_tape(), usize::MAX).unwrap();
    assert!(again.events == heard, "other events from the tape");
    assert!(again.said == said, "other bytes from the tape");
    assert_eq!(again.stats, machine.stats());
}

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
    let whole = tape::replay(&tape, usize::MAX);
    let piece = (seed >> 1 & 0xff) as usize + 1;
    let again = tape::replay(&tape, piece);
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
    tape::forge(&machine.take_tape(), &records)
}

/// Plays the input as a list of operations; what came out.
fn act(input: &[u8]) -> (Vec<String>, Vec<u8>, TapedMachine) {
    let (seed, mut rest) = number(input);
    let mut dice = Dice::new(seed);
    let mut config = Config::with_secret(Network::REGTEST, [7; 32]);
    config.review_version = seed & 2 != 0;
    config.raw_events = seed & 4 != 0;
    config.transport = [TransportPolicy::V1, TransportPolicy::Auto][(seed >> 5 & 1) as usize];
    config.v2.admission = seed & 64 != 0;
    let config = match seed >> 3 & 3 {
        0 => config.like_core(),
        1 => config.like_btcd(),
        _ => config,
    };
    let link = [Link::inbound(), Link::outbound()][(seed & 1) as usize];
    let mut now = START;
    let mut machine = TapedMachine::from_seed(Arc::new(config), link, now, [5; 32]);
    let (mut heard, mut said, mut is_over) = (Vec::new(), Vec::new(), false);
    while let Some((&operation, after)) = rest.split_first() {
        rest = after;
        match operation % 16 {
            0 => say(&mut machine, &VersionPayload::default().frame(), now),
            1 => say(&mut machine, &Frame::empty("verack"), now),
            2 => say(&mut machine, &Frame::ping(dice.roll()), now),
            3 | 4 => {
                // The bytes of the input as they are.
                let length = usize::from(operation).min(rest.len());
                let (bytes, after) = rest.split_at(length);
                machine.receive(bytes, now);
                rest = after;
            }
            5 => {
                // A frame of a known kind with a payload from the input.
                let kind = MessageKind::ALL[usize::from(operation) % MessageKind::ALL.len()];
                let (payload, after) = rest.split_at(rest.len().min(64));
                say(
                    &mut machine,
                    &Frame::new(kind.command().as_str(), payload),
                    now,
                );
                rest = after;
            }
            6 => drop(machine.send(Message::Ping(Ping::new(dice.roll())))),
            7 => drop(machine.command(wish(&mut dice))),
            8 => now = now.saturating_add(Duration::from_millis(dice.below(100_000))),
            9 => machine.tick(now),
            10 => {
                let lent: Vec<u8> = machine.outbound().slices().flatten().copied().collect();
                let n = usize::try_from(dice.below(lent.len() as u64 + 1)).unwrap();
                machine.sent(n, now);
                said.extend(&lent[..n]);
            }
            11 if operation & 16 != 0 => machine.admit_v2(),
            12 if operation & 16 != 0 => machine.refuse_v2(),
            11 => machine.accept_version(),
            12 => machine.refuse_version(None),
            13 if dice.below(4) == 0 => {
                let how = [HangUp::EndOfStream, HangUp::Reset][(operation >> 7) as usize];
                machine.hung_up(how, now);
            }
            14 if dice.below(8) == 0 => machine.disconnect(),
            15 if dice.below(8) == 0 => machine.abort(),
            _ => {
                if let Some(event) = machine.poll_event() {
                    assert!(!is_over, "{event:?} after the end");
                    is_over = matches!(event, Event::Disconnected { .. });
                    heard.push(format!("{event:?}"));
                }
            }
        }
        check(&mut machine, now);
    }
    (heard, said, machine)
}

/// Something to send that the machine has its own mind about.
fn wish(dice: &mut Dice) -> Command {
    let which = dice.below(12);
    let mut addresses = || {
        let count = dice.below(1_100);
        let entry = |_| AddrEntry {
            time: 0,
            services: ServiceFlags::NONE,
            address: Address::from_legacy(u128::from(dice.below(2_000)).to_be_bytes()),
            port: 0,
        };
        (0..count).map(entry).collect()
    };
    match which {
        0 => Command::PushAddr(addresses()),
        1 => Command::PushAddrV2(addresses()),
        2 => Command::AnswerGetAddr(addresses()),
        3 => Command::PushGetBlocks(Box::new(locator(dice))),
        4 => Command::PushGetHeaders(Box::new(locator(dice))),
        5 | 6 => Command::Announce(object(dice).into()),
        7 => Command::AddKnownInventory(object(dice)),
        8 | 9 => {
            let items: Vec<InvVect> = (0..dice.below(5)).map(|_| object(dice)).collect();
            let list = Inventory::new(&Network::REGTEST, items).unwrap();
            Command::Send(Message::GetData(list).into())
        }
        10 => Command::Send(Message::MemPool.into()),
        11 => Command::SendDecoy(u32::try_from(dice.below(100_000)).unwrap()),
        _ => Command::Send(Message::GetAddr.into()),
    }
}

/// One of few, so that the same one comes again.
fn object(dice: &mut Dice) -> InvVect {
    let kinds = [
        InvKind::Tx,
        InvKind::Wtx,
        InvKind::Block,
        InvKind::CompactBlock,
    ];
    let kind = kinds[dice.below(4) as usize];
    InvVect::new(kind, Hash::from_bytes([dice.below(8) as u8; 32]))
}

fn locator(dice: &mut Dice) -> Locator {
    let tip = u32::try_from(dice.below(1 << 32)).unwrap();
    Locator::from_chain(tip, BlockHash::ALL_ZERO, |_| Some(BlockHash::ALL_ZERO))
}

fn say(machine: &mut TapedMachine, frame: &Frame, now: Timestamp) {
    machine.receive(&frame.to_bytes(), now);
}

fn check(machine: &mut TapedMachine, now: Timestamp) {
    assert!(machine.memory_held() < 6_000_000);
    assert_eq!(machine.inbound().is_some(), machine.wants_read());
    if machine.is_closed() {
        assert!(!machine.wants_write() && !machine.wants_read());
        assert_eq!(machine.deadline(), None);
    }
    machine.tick(now);
    assert!(machine.deadline().is_none_or(|at| at >= now));
}
