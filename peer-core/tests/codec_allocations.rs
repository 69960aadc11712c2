//! What decoding and encoding cost in memory, and what compact blocks and filters do beyond it. A binary of its own, because it replaces the allocator by a counting one.

#![expect(clippy::unwrap_used, reason = "in a test a panic is a failure")]

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use peer_core::bip152::PartialBlock;
use peer_core::bip158::BasicFilter;
use peer_core::message::{
    CmpctBlock, Codec, CommandName, Headers, InvKind, InvVect, Inventory, Message, MessageKind,
    MessageLimits, Ping, PrefilledList, PrefilledTx, ShortId, TxEncoding,
};
use peer_core::network::Network;
use peer_core::wire::{BlockHash, BlockHeader, Hash, TxFormat, TxView};

const LIMITS: MessageLimits = MessageLimits::DEFAULT;
const CODEC: Codec<'_> = Codec::new(&Network::MAINNET, 70_016, &LIMITS);

/// Bytes before the payload of a v1 frame.
const FRAME_HEADER: usize = 24;

/// What decoding `payload` allocates. It is owned by nobody else, as when it comes from a frame.
fn decoding(command: &CommandName, payload: Vec<u8>) -> AllocationInfo {
    let payload = Bytes::from(payload);
    let mut decoded = None;
    let info = measure(|| decoded = Some(Message::decode(command, payload, &CODEC)));
    drop(decoded);
    info
}

fn payload(message: &Message) -> Vec<u8> {
    message.payload(&CODEC, TxEncoding::Full).unwrap().into()
}

fn data(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/messages/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

/// Frames that made another decoder allocate up to 48,000 times their size: here, 16 times and no more.
#[test]
fn no_amplification() {
    for name in [
        "blocktxn-8f83bd9f",
        "blocktxn-bf2f624a",
        "blocktxn-c25daa8e",
        "headers-e6290567",
    ] {
        let frame = data(&format!("amplifiers/{name}.v1frame.bin"));
        let command: [u8; 12] = frame[4..16].try_into().unwrap();
        let command = CommandName::from_bytes(command).unwrap();
        let info = decoding(&command, frame[FRAME_HEADER..].to_vec());
        assert!(
            info.bytes_max <= 16 * frame.len() as u64,
            "{name}: {info:?}"
        );
    }
}

/// The largest claims that the limits let pass, with nothing behind them, under every name.
#[test]
fn claims_allocate_nothing() {
    for kind in MessageKind::ALL {
        for before in 0..100 {
            for claimed in [
                &[0xfd, 0xcf, 0x07][..],
                &[0xfe, 0x4f, 0xc3, 0, 0],
                &[0xff; 9],
            ] {
                let mut payload = vec![0; before];
                payload.extend_from_slice(claimed);
                let frame = FRAME_HEADER + payload.len();
                let info = decoding(&kind.command(), payload);
                assert!(
                    info.bytes_max <= 16 * frame as u64,
                    "{kind} {before}: {info:?}"
                );
            }
        }
    }
}

/// All the messages of a session with a real node.
#[test]
fn no_message_costs_more_than_its_payload_is_worth() {
    let recording = String::from_utf8(data("litecoind-0.21.2.1-regtest.txt")).unwrap();
    for line in recording.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        let hex = columns[4];
        let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let payload: Vec<_> = (0..hex.len()).step_by(2).map(digits).collect();
        let frame = FRAME_HEADER + payload.len();
        let info = decoding(&columns[2].parse().unwrap(), payload);
        assert!(info.bytes_max <= 16 * frame as u64, "{line}: {info:?}");
    }
}

/// Views keep the payload as it is: nothing for the items, nothing to share it.
#[test]
fn views_allocate_nothing() {
    let item = InvVect::new(InvKind::Wtx, Hash::ALL_ZERO);
    let inventory = Inventory::new(&Network::MAINNET, vec![item; 50_000]).unwrap();
    let header = BlockHeader::from_bytes(&[0; 80]);
    let headers = Headers::new(&Network::MAINNET, vec![header; 2_000]);
    for message in [
        Message::Inv(inventory.clone()),
        Message::GetData(inventory.clone()),
        Message::NotFound(inventory),
        Message::Headers(headers),
    ] {
        let info = decoding(&message.command(), payload(&message));
        assert_eq!(info.count_total, 0, "{}", message.command());
    }
}

#[test]
fn looking_at_views_allocates_nothing() {
    let items: Vec<_> = (0..=u8::MAX)
        .map(|byte| InvVect::new(InvKind::Tx, Hash::from_bytes([byte; 32])))
        .collect();
    let inventory = Inventory::new(&Network::MAINNET, items.clone()).unwrap();
    let info = measure(|| assert!(inventory.iter().eq(items.iter().copied())));
    assert_eq!(info.count_total, 0);
}

/// A block of a real chain that a whole payload holds.
#[test]
fn objects_allocate_nothing() {
    let name = "blocks/rust-bitcoin-mainnet_block_000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae.raw";
    let block = data(&format!("../{name}"));
    let info = decoding(&MessageKind::Block.command(), block);
    assert_eq!(info.count_total, 0);
}

#[test]
fn a_list_is_sent_as_it_came() {
    let item = InvVect::new(InvKind::Wtx, Hash::ALL_ZERO);
    let inventory = Inventory::new(&Network::MAINNET, vec![item; 1_000]).unwrap();
    let message = Message::Inv(inventory);
    // The first share begins the count of references.
    let first = message.payload(&CODEC, TxEncoding::Full).unwrap();
    let mut second = None;
    let info = measure(|| second = message.payload(&CODEC, TxEncoding::Full).ok());
    assert_eq!(info.count_total, 0);
    assert_eq!(second, Some(first));
}

#[test]
fn ping_and_pong_allocate_nothing() {
    for command in [MessageKind::Ping.command(), MessageKind::Pong.command()] {
        let info = decoding(&command, vec![7; 8]);
        assert_eq!(info.count_total, 0);
    }
    let mut out = Vec::with_capacity(8);
    let ping = Message::Ping(Ping::new(7));
    let info = measure(|| {
        ping.encode_into(&CODEC, TxEncoding::Full, &mut out)
            .unwrap();
    });
    assert_eq!(info.count_total, 0);
    assert_eq!(out, 7u64.to_le_bytes());
}

/// As many short ids as there may be, and as many of the smallest transactions: less than twice what arrived.
#[test]
fn a_compact_block_of_any_kind_costs_less_than_it_weighs_twice() {
    // Version, one input without a script, no outputs, lock time.
    let smallest = [&[2, 0, 0, 0, 1][..], &[0; 36 + 1 + 4], &[0], &[0; 4]].concat();
    let smallest = TxView::from_bytes(smallest.into(), TxFormat::Bitcoin).unwrap();
    let prefilled: Vec<_> = (0..u16::MAX)
        .map(|index| PrefilledTx {
            index,
            transaction: smallest.clone(),
        })
        .collect();
    let short_ids =
        (0..u16::MAX).map(|number| ShortId([number as u8, (number >> 8) as u8, 0, 0, 0, 0]));
    for (short_ids, prefilled) in [
        (short_ids.collect::<Vec<_>>(), &[][..]),
        (vec![], &prefilled[..]),
    ] {
        let message = Message::CmpctBlock(Box::new(CmpctBlock {
            header: BlockHeader::from_bytes(&[1; 80]),
            nonce: 0,
            short_ids: short_ids.into_iter().collect(),
            prefilled: PrefilledList::new(TxFormat::Bitcoin, prefilled).unwrap(),
            tail: Bytes::new(),
        }));
        let size = payload(&message).len();
        let Message::CmpctBlock(compact) = message else {
            unreachable!();
        };
        let mut partial = None;
        let info = measure(|| partial = PartialBlock::new(&Network::MAINNET, &compact, 2).ok());
        let partial = partial.unwrap();
        assert!(info.bytes_max < 2 * size as u64, "{info:?}");
        let info = measure(|| assert!(partial.assemble().is_err()));
        assert!(info.bytes_max < 2 * size as u64, "{info:?}");
    }
}

/// However many elements a filter has: nothing to read it, and 8 bytes for each script that is looked for.
#[test]
fn a_filter_costs_what_is_asked_of_it() {
    // Elements of zeros, which take 20 bits each.
    let count = 0xffff_u16;
    let mut bytes = vec![0xfd];
    bytes.extend(count.to_le_bytes());
    bytes.resize(3 + usize::from(count) * 20 / 8 + 1, 0);
    let bytes = Bytes::from(bytes);
    let mut filter = None;
    let reading = || filter = BasicFilter::new(BlockHash::ALL_ZERO, bytes).ok();
    assert_eq!(measure(reading).count_total, 0);
    let filter = filter.unwrap();
    let scripts: Vec<_> = (0..1_000_u32).map(u32::to_le_bytes).collect();
    let info = measure(|| assert!(!filter.matches_any(&scripts)));
    assert_eq!((info.count_total, info.bytes_max), (1, 8_000));
}

/// The tests above would prove nothing with a counter that does not count.
#[test]
fn the_counter_counts() {
    let info = measure(|| drop(core::hint::black_box(vec![0_u8; 100])));
    assert_eq!((info.count_total, info.bytes_total), (1, 100));
}
