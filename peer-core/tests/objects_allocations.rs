//! What it costs in memory to look at a block. A binary of its own, because it replaces the allocator by a counting one.

#![expect(clippy::unwrap_used, reason = "in a test a panic is a failure")]

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use peer_core::wire::{AddrV2List, BlockView, Reader, TxFormat, TxView};

/// A file of `tests/data/blocks`, already shared: the first clone of `Bytes` made from a `Vec` allocates once, to count
/// references from then on.
fn shared(name: &str) -> Bytes {
    let path = format!("{}/tests/data/blocks/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = Bytes::from(std::fs::read(&path).unwrap());
    drop(bytes.clone());
    bytes
}

/// 1.38 MB, 2,500 transactions, 2,065 of them with a witness.
const LARGE: &str = "rust-bitcoin-mainnet_block_000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae.raw";

fn decode(bytes: &Bytes) -> BlockView {
    BlockView::from_bytes(bytes.clone(), TxFormat::Bitcoin).unwrap()
}

#[test]
fn decoding_a_block_allocates_nothing() {
    let bytes = shared(LARGE);
    let info = measure(|| assert_eq!(decode(&bytes).tx_count(), 2_500));
    assert_eq!(info.count_total, 0);
}

#[test]
fn looking_at_everything_in_a_block_allocates_nothing() {
    let bytes = shared(LARGE);
    let block = decode(&bytes);
    let mut seen = 0;
    let info = measure(|| {
        for transaction in block.transactions() {
            seen += transaction
                .inputs()
                .map(|input| input.script_sig.len())
                .sum::<usize>();
            seen += transaction
                .outputs()
                .map(|output| output.script_pubkey.len())
                .sum::<usize>();
            let items = transaction
                .witnesses()
                .map(|witness| witness.iter().map(<[u8]>::len).sum::<usize>());
            seen += items.sum::<usize>();
            assert_ne!(transaction.txid().to_bytes(), [0; 32]);
        }
    });
    assert_eq!(info.count_total, 0);
    // Scripts and witnesses are most of a block.
    assert!(
        seen > bytes.len() / 2 && seen < bytes.len(),
        "{seen} bytes of scripts and witnesses"
    );
}

/// MWEB data is no exception, in blocks and in transactions.
#[test]
fn mweb_allocates_nothing() {
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/mweb/messages.txt");
    let recorded = std::fs::read_to_string(recorded).unwrap();
    let payload = |section: &str| {
        let line = recorded.lines().find(|line| line.starts_with(section));
        let (_, hex) = line.unwrap().rsplit_once(" | ").unwrap();
        let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let bytes: Bytes = (0..hex.len()).step_by(2).map(digits).collect();
        drop(bytes.clone());
        bytes
    };
    let block = payload("to mweb: mweb-block full |");
    let pure = payload("to mweb: mweb-tx of pure |");
    let info = measure(|| {
        let view = BlockView::from_bytes(block.clone(), TxFormat::Litecoin).unwrap();
        assert_eq!(view.check_merkle_root(), Ok(()));
        assert_eq!(view.check_witness_commitment(), Ok(()));
        assert_eq!(view.check_mweb_commitment(), Ok(()));
        assert_eq!(view.mweb_header().unwrap().kernel_count, 4);
        assert_eq!(
            view.total_size() + 3 * view.base_size() - view.weight(),
            7_804
        );
        let view = TxView::from_bytes(pure.clone(), TxFormat::Litecoin).unwrap();
        assert_ne!(view.txid().to_bytes(), [0; 32]);
        assert!(view.is_mweb_only());
    });
    assert_eq!(info.count_total, 0);
}

#[test]
fn checking_a_block_allocates_nothing() {
    let block = decode(&shared(LARGE));
    let info = measure(|| {
        assert_eq!(block.check_merkle_root(), Ok(()));
        assert_eq!(block.check_witness_commitment(), Ok(()));
    });
    assert_eq!(info.count_total, 0);
}

/// A block without its witnesses is one exact copy, and so is a transaction cut out of its block.
#[test]
fn only_what_is_copied_is_allocated() {
    let block = decode(&shared(LARGE));
    let info = measure(|| assert_eq!(block.without_witness().len(), 870_406));
    assert_eq!(info.count_total, 1);
    assert_eq!(info.bytes_total, 870_406);

    let first = block.coinbase().unwrap();
    let AllocationInfo { bytes_total, .. } = measure(|| assert_eq!(first.detached(), first));
    assert_eq!(bytes_total, first.total_size() as u64);
}

/// A count is only a claim: largest counts that still pass as sizes, with nothing behind them.
#[test]
fn claimed_counts_allocate_nothing() {
    const CLAIM: [u8; 5] = [0xfe, 0, 0, 0, 2];
    let block = Bytes::from([&[0; 80][..], &CLAIM].concat());
    let inputs = Bytes::from([&[1, 0, 0, 0][..], &CLAIM, &[0; 100]].concat());
    let addresses = Bytes::from_static(&CLAIM);
    for bytes in [&block, &inputs, &addresses] {
        drop(bytes.clone());
    }
    let info = measure(|| {
        assert!(BlockView::from_bytes(block.clone(), TxFormat::Bitcoin).is_err());
        assert!(TxView::from_bytes(inputs.clone(), TxFormat::Bitcoin).is_err());
        assert!(AddrV2List::decode(&mut Reader::new(&addresses), usize::MAX).is_err());
    });
    assert_eq!(info.count_total, 0);
}
