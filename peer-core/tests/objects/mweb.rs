//! Transactions and blocks with MWEB data, as a real litecoind put them on the wire, against what it said of them by RPC:
//! see `mweb/README.md`.

use std::collections::HashMap;

use bytes::Bytes;
use peer_core::wire::{
    BlockView, DecodeErrorKind, FieldError, MwebCommitmentError, TxEncoding, TxFormat, TxView,
    WitnessCommitmentError,
};
use serde_json::Value;

use super::{file, hex};

/// Everything recorded: payloads by section.
fn messages() -> HashMap<String, Bytes> {
    let text = file("mweb/messages.txt");
    let mut found = HashMap::new();
    for line in str::from_utf8(&text).unwrap().lines() {
        let [section, _, length, payload] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("a line of {} bytes", line.len());
        };
        let payload = match payload.strip_prefix("= ") {
            Some(before) => Bytes::clone(&found[before]),
            None => hex(payload),
        };
        assert_eq!(payload.len().to_string(), length, "{section}");
        found.insert(section.to_owned(), payload);
    }
    found
}

fn truth() -> Value {
    serde_json::from_slice(&file("mweb/truth.json")).unwrap()
}

fn tx(bytes: &Bytes) -> TxView {
    TxView::from_bytes(bytes.clone(), TxFormat::Litecoin).unwrap()
}

fn block(bytes: &Bytes) -> BlockView {
    BlockView::from_bytes(bytes.clone(), TxFormat::Litecoin).unwrap()
}

fn number(value: &Value) -> usize {
    value.as_u64().unwrap().try_into().unwrap()
}

/// 32 bytes as hexadecimal digits in the order of the wire, in which MWEB objects are named.
fn forwards(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const TRANSACTIONS: [&str; 4] = ["peg-in", "peg-in without witness", "pure", "peg-out"];
const BLOCKS: [&str; 4] = ["full", "empty", "first", "before"];

#[test]
fn transactions_are_what_the_node_says() {
    let (messages, truth) = (messages(), truth());
    for kind in TRANSACTIONS {
        let told = &truth["transactions"][kind];
        let tx = tx(&messages[&format!("to mweb: mweb-tx of {kind}")]);
        assert_eq!(tx.txid().to_string(), told["txid"], "{kind}");
        assert_eq!(tx.wtxid().to_string(), told["hash"], "{kind}");
        assert_eq!(tx.total_size(), number(&told["size"]), "{kind}");
        assert_eq!(tx.version(), told["version"], "{kind}");
        assert_eq!(tx.lock_time(), told["locktime"], "{kind}");
        let canonical = |list: &str| {
            let list = told[list].as_array().unwrap();
            list.iter().filter(|item| item["ismweb"] == false).count()
        };
        assert_eq!(tx.inputs().len(), canonical("vin"), "{kind}");
        assert_eq!(tx.outputs().len(), canonical("vout"), "{kind}");
        for (output, told) in tx.outputs().zip(told["vout"].as_array().unwrap()) {
            let script = forwards(output.script_pubkey);
            assert_eq!(script, told["scriptPubKey"]["hex"], "{kind}");
        }
        assert!(tx.mweb().is_some() && !tx.is_hogex(), "{kind}");
        let is_pure = kind == "pure" || kind == "peg-out";
        assert_eq!(tx.is_mweb_only(), is_pure, "{kind}");
        if is_pure {
            let kernel = &told["vkern"][0]["kernel_id"];
            assert_eq!(forwards(tx.txid().as_bytes()), *kernel, "{kind}");
        } else {
            // What Litecoin Core adds for the input that a peg-in takes in the HogEx.
            let weight = number(&told["weight"]) - 41 * 4;
            assert_eq!(tx.weight(), weight, "{kind}");
        }
    }
}

/// The node itself leaves out what a peer did not ask for, or does not offer.
#[test]
fn transactions_are_encoded_as_the_node_does() {
    let messages = messages();
    for kind in TRANSACTIONS {
        let whole = &messages[&format!("to mweb: mweb-tx of {kind}")];
        let tx = tx(whole);
        let (txid, wtxid) = (tx.txid(), tx.wtxid());
        for (section, encoding) in [
            ("to mweb: wtx", TxEncoding::Full),
            ("to segwit: wtx", TxEncoding::Witness),
            ("to mweb: tx", TxEncoding::Base),
        ] {
            let expected = &messages[&format!("{section} of {kind}")];
            assert_eq!(&tx.to_bytes(encoding), expected, "{kind} {encoding:?}");
            let less = self::tx(expected);
            assert_eq!(less.to_bytes(TxEncoding::Full), expected);
            if !tx.is_mweb_only() {
                assert_eq!(less.txid(), txid, "{kind} {encoding:?}");
            }
            if !tx.is_mweb_only() && encoding == TxEncoding::Witness {
                assert_eq!(less.wtxid(), wtxid, "{kind}");
            }
        }
        assert_eq!(tx.base_size(), tx.without_witness().len());
    }
}

#[test]
fn blocks_are_what_the_node_says() {
    let (messages, truth) = (messages(), truth());
    for kind in BLOCKS {
        let told = &truth["blocks"][kind];
        let block = block(&messages[&format!("to mweb: mweb-block {kind}")]);
        assert_eq!(block.block_hash().to_string(), told["hash"], "{kind}");
        assert_eq!(block.total_size(), number(&told["size"]), "{kind}");
        assert_eq!(block.base_size(), number(&told["strippedsize"]), "{kind}");
        assert_eq!(block.weight(), number(&told["weight"]), "{kind}");
        assert_eq!(block.tx_count(), told["nTx"], "{kind}");
        assert_eq!(block.check_merkle_root(), Ok(()), "{kind}");
        assert_eq!(block.check_witness_commitment(), Ok(()), "{kind}");
        assert_eq!(block.check_mweb_commitment(), Ok(()), "{kind}");
        let last = block.tx_count() as usize - 1;
        for (index, tx) in block.transactions().enumerate() {
            let told = &told["tx"][index];
            assert_eq!(tx.txid().to_string(), told["txid"], "{kind} {index}");
            assert_eq!(tx.wtxid().to_string(), told["hash"], "{kind} {index}");
            assert_eq!(tx.total_size(), number(&told["size"]), "{kind} {index}");
            assert_eq!(tx.weight(), number(&told["weight"]), "{kind} {index}");
            let is_hogex = index == last && kind != "before";
            assert_eq!(tx.is_hogex(), is_hogex, "{kind} {index}");
            assert_eq!(tx.mweb(), None, "{kind} {index}");
        }
    }
}

#[test]
fn mweb_headers_are_what_the_node_says() {
    let (messages, truth) = (messages(), truth());
    for kind in BLOCKS {
        let told = &truth["blocks"][kind]["mweb"];
        let block = block(&messages[&format!("to mweb: mweb-block {kind}")]);
        let Some(header) = block.mweb_header() else {
            assert_eq!(
                (kind, block.mweb(), block.tail().len()),
                ("before", None, 0)
            );
            continue;
        };
        assert_eq!(header.height, told["height"], "{kind}");
        assert_eq!(header.output_count, told["num_txos"], "{kind}");
        assert_eq!(header.kernel_count, told["num_kernels"], "{kind}");
        for (hash, name) in [
            (header.hash(), "hash"),
            (header.output_root, "output_root"),
            (header.kernel_root, "kernel_root"),
            (header.leafset_root, "leaf_root"),
            (header.kernel_offset, "kernel_offset"),
            (header.stealth_offset, "stealth_offset"),
        ] {
            assert_eq!(forwards(&hash), told[name], "{kind} {name}");
        }
        assert_eq!(block.mweb().unwrap().len() + 1, block.tail().len());
    }
}

#[test]
fn blocks_are_encoded_as_the_node_does() {
    let messages = messages();
    for kind in BLOCKS {
        let section = |form: &str| &messages[&format!("to mweb: {form} {kind}")];
        let whole = block(section("mweb-block"));
        for (form, encoding) in [
            ("mweb-block", TxEncoding::Full),
            ("witness-block", TxEncoding::Witness),
            ("block", TxEncoding::Base),
        ] {
            assert_eq!(&whole.to_bytes(encoding), section(form), "{kind} {form}");
            let less = block(section(form));
            assert_eq!(less.to_bytes(TxEncoding::Full), section(form));
            assert_eq!(
                less.weight(),
                3 * whole.base_size()
                    + match encoding {
                        TxEncoding::Base => whole.base_size(),
                        _ => section("witness-block").len(),
                    }
            );
            assert_eq!(less.check_merkle_root(), Ok(()), "{kind} {form}");
            let committed = match encoding {
                TxEncoding::Base => Err(WitnessCommitmentError::Stripped),
                _ => Ok(()),
            };
            assert_eq!(less.check_witness_commitment(), committed, "{kind} {form}");
            assert_eq!(less.check_mweb_commitment(), Ok(()), "{kind} {form}");
            let has_mweb = encoding == TxEncoding::Full && kind != "before";
            assert_eq!(less.mweb().is_some(), has_mweb, "{kind} {form}");
        }
        // The owned form has no place for MWEB data.
        let owned = whole
            .to_block()
            .map(|block| block.to_bytes(TxEncoding::Full));
        let expected = (kind == "before").then(|| whole.bytes().clone());
        assert_eq!(owned, expected, "{kind}");
    }
}

#[test]
fn whatever_is_cut_is_missed() {
    let messages = messages();
    let is_end = |error: FieldError| matches!(error.kind, DecodeErrorKind::UnexpectedEnd { .. });
    for kind in TRANSACTIONS {
        let bytes = &messages[&format!("to mweb: mweb-tx of {kind}")];
        for length in 0..bytes.len() {
            let cut = TxView::from_bytes(bytes.slice(..length), TxFormat::Litecoin);
            assert!(is_end(cut.unwrap_err()), "{kind}: {length} bytes");
        }
    }
    for kind in BLOCKS {
        let bytes = &messages[&format!("to mweb: mweb-block {kind}")];
        for length in 0..bytes.len() {
            let cut = BlockView::from_bytes(bytes.slice(..length), TxFormat::Litecoin);
            assert!(is_end(cut.unwrap_err()), "{kind}: {length} bytes");
        }
        let longer = Bytes::from([&bytes[..], &[0]].concat());
        let trailing = DecodeErrorKind::TrailingBytes { count: 1 };
        let error = BlockView::from_bytes(longer, TxFormat::Litecoin).unwrap_err();
        assert_eq!(error.kind, trailing, "{kind}");
    }
}

/// On a network without MWEB its flag is an unknown one.
#[test]
fn elsewhere_the_flag_is_refused() {
    let messages = messages();
    let unknown = |flags| FieldError::new("flags", DecodeErrorKind::InvalidValue { value: flags });
    for (kind, flags) in TRANSACTIONS.into_iter().zip([9, 8, 8, 8]) {
        let bytes = messages[&format!("to mweb: mweb-tx of {kind}")].clone();
        let error = TxView::from_bytes(bytes, TxFormat::Bitcoin).unwrap_err();
        assert_eq!(error, unknown(flags), "{kind}");
    }
    let bytes = messages["to mweb: mweb-block full"].clone();
    let error = BlockView::from_bytes(bytes, TxFormat::Bitcoin).unwrap_err();
    assert_eq!(error, unknown(8));
    let bytes = messages["to mweb: witness-block full"].clone();
    let stripped = BlockView::from_bytes(bytes, TxFormat::Bitcoin).unwrap();
    assert_eq!(stripped.check_witness_commitment(), Ok(()));
}

/// What lies in the MWEB header, and what the HogEx says of it.
#[test]
fn the_hogex_vouches_for_the_header() {
    let bytes = messages()["to mweb: mweb-block full"].clone();
    let check = |change: &dyn Fn(&mut Vec<u8>, usize)| {
        let mut bytes = bytes.to_vec();
        let tail = block(&Bytes::from(bytes.clone())).tail().len();
        let start = bytes.len() - tail;
        change(&mut bytes, start);
        block(&bytes.into()).check_mweb_commitment()
    };
    assert_eq!(check(&|_, _| {}), Ok(()));
    // The height takes two bytes, a root follows.
    for at in [2, 3, 50, 100, 150] {
        let damaged = check(&|bytes, start| bytes[start + at] ^= 1);
        assert_eq!(damaged, Err(MwebCommitmentError::Mismatch), "byte {at}");
    }
    let absent = check(&|bytes, start| {
        bytes.truncate(start);
        bytes.push(0);
    });
    assert_eq!(absent, Err(MwebCommitmentError::Missing));
    let uncommitted = check(&|bytes, start| {
        let commitment = bytes[..start]
            .windows(2)
            .rposition(|pair| pair == [0x58, 0x20]);
        bytes[commitment.unwrap()] = 0x57;
    });
    assert_eq!(uncommitted, Err(MwebCommitmentError::Uncommitted));
}
