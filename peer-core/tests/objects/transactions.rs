//! Transactions of Bitcoin Core's test files and of other projects'.

use peer_core::wire::{DecodeErrorKind, TxEncoding, TxFormat, TxView};
use serde_json::Value;

use super::{file, hex, rows};

fn view(bytes: bytes::Bytes) -> TxView {
    TxView::from_bytes(bytes, TxFormat::Bitcoin).unwrap()
}

/// The transaction, after checking that it survives being taken apart.
fn checked(bytes: bytes::Bytes) -> TxView {
    let view = view(bytes);
    let owned = view.to_transaction().unwrap();
    assert_eq!(owned.to_bytes(TxEncoding::Witness), view.bytes());
    assert_eq!(owned.to_bytes(TxEncoding::Base), view.without_witness());
    assert_eq!((owned.txid(), owned.wtxid()), (view.txid(), view.wtxid()));
    assert_eq!(owned.to_view().unwrap(), view);
    assert_eq!(view.has_witness(), view.base_size() != view.total_size());
    view
}

/// Rows that are not comments: the outputs spent, the transaction, the script flags.
fn core_rows(path: &str) -> Vec<Value> {
    let mut rows = rows(path);
    rows.retain(|row| row[0].is_array());
    rows
}

/// Each row also names the outputs that its transaction spends.
fn assert_spends(row: &Value, transaction: &TxView) {
    let outpoints: Vec<_> = transaction
        .inputs()
        .map(|input| input.previous_output)
        .collect();
    for spent in row[0].as_array().unwrap() {
        let (txid, vout) = (spent[0].as_str().unwrap(), spent[1].as_i64().unwrap());
        let named = outpoints.iter().any(|outpoint| {
            outpoint.txid.to_string() == txid && i64::from(outpoint.vout.cast_signed()) == vout
        });
        assert!(named, "{txid}:{vout} is not among {outpoints:?}");
    }
}

#[test]
fn transactions_that_core_calls_valid() {
    let rows = core_rows("transactions/tx_valid.json");
    assert_eq!(rows.len(), 121);
    let mut with_witness = 0;
    for row in &rows {
        let transaction = checked(hex(row[1].as_str().unwrap()));
        assert_spends(row, &transaction);
        with_witness += usize::from(transaction.has_witness());
    }
    assert_eq!(with_witness, 28);
}

/// They break rules of consensus and policy that are not the wire's; nearly all of them have the right structure.
#[test]
fn transactions_that_core_calls_invalid() {
    let rows = core_rows("transactions/tx_invalid.json");
    assert_eq!(rows.len(), 93);
    for row in &rows {
        let transaction = checked(hex(row[1].as_str().unwrap()));
        assert_spends(row, &transaction);
    }
}

#[test]
fn random_transactions_of_cores_signature_hash_tests() {
    let mut rows = rows("transactions/sighash.json");
    rows.retain(|row| row.as_array().unwrap().len() > 1);
    assert_eq!(rows.len(), 500);
    for row in rows {
        let transaction = checked(hex(row[0].as_str().unwrap()));
        assert!(!transaction.has_witness());
        // The row signs one of the inputs.
        assert!(row[2].as_u64().unwrap() < transaction.inputs().len() as u64);
    }
}

/// Ids, weight and content as rust-bitcoin's `segwit_transaction` test has them.
#[test]
fn a_transaction_with_known_ids_and_weight() {
    let transaction = checked(hex(
        "02000000000101595895ea20179de87052b4046dfe6fd515860505d6511a9004cf12a1f93cac7c0100000000ffffffff01\
         deb807000000000017a9140f3444e271620c736808aa7b33e370bd87cb5a078702483045022100fb60dad8df4af2841adc\
         0346638c16d0b8035f5e3f3753b88db122e70c79f9370220756e6633b17fd2710e626347d28d60b0a2d6cbb41de5174064\
         4b9fb3ba7751040121028fa937ca8cba2197a37c007176ed8941055d3bcb8627d085e94553e62f057dcc00000000",
    ));
    let txid = "f5864806e3565c34d1b41e716f72609d00b55ea5eac5b924c9719a842ef42206";
    let wtxid = "80b7d8a82d5d5bf92905b06f2014dd699e03837ca172e3a59d51426ebbe3e7f5";
    assert_eq!(transaction.txid().to_string(), txid);
    assert_eq!(transaction.wtxid().to_string(), wtxid);
    assert_eq!(transaction.weight(), 442);
    assert_eq!((transaction.version(), transaction.lock_time()), (2, 0));
    let input = transaction.inputs().next().unwrap();
    let spent = "7cac3cf9a112cf04901a51d605058615d56ffe6d04b45270e89d1720ea955859:1";
    assert_eq!(input.previous_output.to_string(), spent);
    assert_eq!((input.script_sig, input.sequence), (&[][..], u32::MAX));
    let output = transaction.outputs().next().unwrap();
    assert_eq!((output.value, output.script_pubkey.len()), (506_078, 23));
    let lengths: Vec<_> = transaction
        .witnesses()
        .flat_map(|stack| stack.iter().map(<[u8]>::len).collect::<Vec<_>>())
        .collect();
    assert_eq!(lengths, [72, 33]);
}

#[test]
fn transactions_of_other_projects() {
    for number in 1..=10 {
        checked(file(&format!("transactions/bcoin-tx{number}.raw")));
    }
}

/// A transaction that fills a block, and the one with the most witness items, under ids that everyone knows.
#[test]
fn very_large_transactions() {
    let mega = checked(file("transactions/btcd-megatx.raw"));
    let txid = "bb41a757f405890fb0f5856228e23b715702d714d59bf2b1feb70d8b2b4e3e08";
    assert_eq!(mega.txid().to_string(), txid);
    assert_eq!(mega.inputs().len(), 5_569);

    // The transaction that btcd refused for its 500,003 witness items (CVE-2022-44797).
    let huge = checked(file("transactions/rust-bitcoin-huge_witness.raw"));
    let txid = "73be398c4bdc43709db7398106609eea2a7841aaf3a4fa2000dc18184faa2a7e";
    assert_eq!(huge.txid().to_string(), txid);
    let witness = huge.witnesses().next().unwrap();
    assert_eq!(witness.len(), 500_003);
    assert_eq!(
        witness.iter().filter(|item| item.is_empty()).count(),
        500_001
    );
}

#[test]
fn a_cut_transaction_is_refused_at_every_byte() {
    for name in ["bcoin-tx2.raw", "bcoin-tx10.raw", "bcoin-tx8.raw"] {
        let bytes = file(&format!("transactions/{name}"));
        for length in 0..bytes.len() {
            let error = TxView::from_bytes(bytes.slice(..length), TxFormat::Bitcoin).unwrap_err();
            let is_end = matches!(error.kind, DecodeErrorKind::UnexpectedEnd { .. });
            assert!(is_end, "{name}, {length} bytes: {error}");
        }
    }
}
