//! What the fuzz targets do with their input, so that plain tests on stable can do the same.
//!
//! Each function takes any bytes, panics if a rule is broken, and returns otherwise.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is a failure"
)]

pub mod differential;
mod handshake;
mod machine;
mod tape;
mod watched;

pub use self::differential::differential;
pub use self::handshake::handshake;
pub use self::machine::machine;
pub use self::tape::tape;

use alloc::sync::Arc;

use bytes::Bytes;
use peer_core::bip152::{self, CmpctBlockError, CompleteError, PartialBlock};
use peer_core::bip324::{KeyPair, Role, SALT_PREFIX, SessionKeys};
use peer_core::message::{Codec, Message, MessageKind, MessageLimits, TxEncoding};
use peer_core::network::{Gates, Network};
use peer_core::wire::{BlockHeader, BlockView, Reader, TxFormat, TxView, Writer, merkle_root};
use peer_core::{Config, Garbage, HangUp, Link, PeerMachine, Timestamp, TransportPolicy};

use crate::link::Cuts;
use crate::script::{Frame, START, VersionPayload};

/// What a target does with its input.
pub type Body = fn(&[u8]);

/// Every target by name, which is also that of its folder of seeds.
pub const TARGETS: [(&str, Body); 9] = [
    ("v1_stream", v1_stream),
    ("v2_handshake", v2_handshake),
    ("v2_packets", v2_packets),
    ("message", message),
    ("differential", differential),
    ("compact_block", compact_block),
    ("handshake", handshake),
    ("machine", machine),
    ("tape", tape),
];

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
        let lent = machine.outbound().to_vec();
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
