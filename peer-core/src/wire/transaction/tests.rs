use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::wire::{DecodeErrorKind, FieldError, Reader, TxEncoding, TxFormat, Txid};

/// Any transaction with an encoding, mostly small; about half of them with a witness.
pub(in crate::wire) fn transactions() -> impl Strategy<Value = Transaction> {
    let script = || prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from);
    let witness = prop_oneof![Just(Vec::new()), prop::collection::vec(script(), 0..4)];
    let outpoint = (any::<[u8; 32]>(), any::<u32>()).prop_map(|(txid, vout)| OutPoint {
        txid: Txid::from_bytes(txid),
        vout,
    });
    let input = (outpoint, script(), any::<u32>(), witness).prop_map(
        |(previous_output, script_sig, sequence, witness)| TxIn {
            previous_output,
            script_sig,
            sequence,
            witness,
        },
    );
    let output = (any::<i64>(), script()).prop_map(|(value, script_pubkey)| TxOut {
        value,
        script_pubkey,
    });
    let inputs = prop::collection::vec(input, 1..5);
    let outputs = prop::collection::vec(output, 0..5);
    (any::<i32>(), inputs, outputs, any::<u32>()).prop_map(
        |(version, inputs, outputs, lock_time)| Transaction {
            version,
            inputs,
            outputs,
            lock_time,
        },
    )
}

fn view(bytes: impl Into<Bytes>) -> Result<TxView, FieldError> {
    TxView::from_bytes(bytes.into(), TxFormat::Bitcoin)
}

fn kind(bytes: impl Into<Bytes>) -> DecodeErrorKind {
    view(bytes).unwrap_err().kind
}

/// A version, `middle`, and a lock time.
fn around(middle: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0], middle, &[9, 0, 0, 0]].concat()
}

/// One input and one output, all zero, empty scripts.
fn input_and_output() -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend([0; 41]);
    bytes.push(1);
    bytes.extend([0; 9]);
    bytes
}

proptest! {
    #[test]
    fn owned_to_view_and_back(transaction in transactions()) {
        let view = transaction.to_view().unwrap();
        let owned = view.to_transaction();
        prop_assert_eq!(owned.as_ref(), Some(&transaction));
        prop_assert_eq!(view.bytes(), &transaction.to_bytes(TxEncoding::Witness));
        prop_assert_eq!(view.without_witness(), transaction.to_bytes(TxEncoding::Base));
        prop_assert_eq!(view.has_witness(), transaction.has_witness());
        prop_assert_eq!(view.txid(), transaction.txid());
        prop_assert_eq!(view.wtxid(), transaction.wtxid());
        prop_assert_eq!(view.detached(), view);
    }

    #[test]
    fn sizes_are_those_of_the_encodings(transaction in transactions()) {
        let view = transaction.to_view().unwrap();
        let (base, total) = (view.without_witness().len(), view.bytes().len());
        prop_assert_eq!(view.base_size(), base);
        prop_assert_eq!(view.total_size(), total);
        prop_assert_eq!(view.weight(), 3 * base + total);
    }

    #[test]
    fn iterators_know_their_length(transaction in transactions()) {
        let view = transaction.to_view().unwrap();
        prop_assert_eq!(view.inputs().len(), view.inputs().count());
        prop_assert_eq!(view.outputs().len(), view.outputs().count());
        prop_assert_eq!(view.witnesses().len(), view.inputs().count());
        for witness in view.witnesses() {
            prop_assert_eq!(witness.len(), witness.iter().count());
            prop_assert_eq!(witness.is_empty(), witness.iter().next().is_none());
        }
    }

    #[test]
    fn nothing_is_missing_and_nothing_is_left_over(transaction in transactions()) {
        let bytes = transaction.to_bytes(TxEncoding::Witness);
        for length in 0..bytes.len() {
            let kind = kind(bytes.slice(..length));
            let is_end = matches!(kind, DecodeErrorKind::UnexpectedEnd { .. });
            prop_assert!(is_end, "{} of {} bytes: {}", length, bytes.len(), kind);
        }
        let longer = [&bytes[..], &[0, 1]].concat();
        prop_assert_eq!(kind(longer.clone()), DecodeErrorKind::TrailingBytes { count: 2 });
        let longer = Bytes::from(longer);
        let mut reader = Reader::new(&longer);
        let first = TxView::decode(&mut reader, TxFormat::Bitcoin).unwrap();
        prop_assert_eq!(first.bytes(), &bytes);
        prop_assert_eq!(reader.remaining(), 2);
    }

    /// Whatever is accepted is re-encoded as it came, so its id is the one that the sender means.
    #[test]
    fn damaged_transactions_fail_or_are_taken_as_they_are(
        transaction in transactions(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = transaction.to_bytes(TxEncoding::Witness).to_vec();
        for (index, value) in damage {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        if let Ok(view) = view(bytes.clone()) {
            prop_assert_eq!(view.to_transaction().unwrap().to_bytes(TxEncoding::Witness), bytes);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for bytes in [bytes.clone(), around(&bytes), around(&[&[0, 1], &bytes[..]].concat())] {
            if let Ok(view) = view(bytes.clone()) {
                prop_assert_eq!(view.to_transaction().unwrap().to_bytes(TxEncoding::Witness), bytes);
            }
        }
    }
}

/// Views are moved about inside messages and events.
#[test]
fn views_are_small() {
    assert_eq!(size_of::<TxView>(), 48);
}

/// Bitcoin Core reads two zeros as no inputs and no outputs, not as a marker with flags of zero.
#[test]
fn neither_inputs_nor_outputs() {
    let bytes = around(&[0, 0]);
    let view = view(bytes.clone()).unwrap();
    assert_eq!((view.inputs().len(), view.outputs().len()), (0, 0));
    assert_eq!((view.version(), view.lock_time()), (2, 9));
    assert!(!view.has_witness() && !view.is_coinbase());
    assert_eq!(
        view.to_transaction().unwrap().to_view().unwrap().bytes(),
        &bytes
    );
}

#[test]
fn flags_other_than_witness_are_refused() {
    let body = input_and_output();
    for flags in 2..=255 {
        let bytes = around(&[&[0, flags], &body[..], &[0]].concat());
        assert_eq!(
            kind(bytes),
            DecodeErrorKind::InvalidValue {
                value: flags.into()
            }
        );
    }
}

#[test]
fn a_witness_flag_needs_a_witness() {
    let body = input_and_output();
    let flagged = |stacks: &[u8]| around(&[&[0, 1], &body[..], stacks].concat());
    assert_eq!(kind(flagged(&[0])), DecodeErrorKind::SuperfluousWitness);
    assert_eq!(
        kind(around(&[0, 1, 0, 0])),
        DecodeErrorKind::SuperfluousWitness
    );

    // One empty item is a witness.
    let view = view(flagged(&[1, 0])).unwrap();
    assert!(view.has_witness());
    let witness = view.witnesses().next().unwrap();
    assert_eq!(witness.iter().collect::<Vec<_>>(), [&[] as &[u8]; 1]);
}

#[test]
fn outputs_without_inputs_have_no_encoding() {
    let output = TxOut {
        value: 1,
        script_pubkey: Bytes::new(),
    };
    let transaction = Transaction {
        version: 1,
        inputs: vec![],
        outputs: vec![output],
        lock_time: 0,
    };
    let error = transaction.to_view().unwrap_err();
    assert_eq!(
        error,
        FieldError::new("inputs", DecodeErrorKind::InvalidValue { value: 0 })
    );
}

/// Each count once at a value that the bytes behind it cannot hold: refused at the count, as missing bytes.
#[test]
fn counts_are_bounded_by_the_bytes_left() {
    let end = |field, needed, remaining| {
        FieldError::new(field, DecodeErrorKind::UnexpectedEnd { needed, remaining })
    };
    let inputs = around(&[2; 1 + 60]);
    assert_eq!(view(inputs), Err(end("inputs", 82, 64)));

    let mut outputs = input_and_output();
    outputs[42] = 2;
    assert_eq!(view(around(&outputs)), Err(end("outputs", 18, 13)));

    let mut witness = [&[0, 1], &input_and_output()[..]].concat();
    witness.push(5);
    assert_eq!(view(around(&witness)), Err(end("witness", 5, 4)));
}

#[test]
fn lengths_are_bounded_and_in_their_shortest_form() {
    let claim = |length: &[u8]| {
        let mut bytes = around(&input_and_output());
        bytes.splice(41..42, length.iter().copied());
        kind(bytes)
    };
    assert_eq!(
        claim(&[0xfd, 0xfc, 0]),
        DecodeErrorKind::NonCanonicalSize { value: 0xfc }
    );
    assert_eq!(
        claim(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        DecodeErrorKind::SizeAboveLimit {
            size: u64::MAX,
            limit: 0x0200_0000
        }
    );
    assert_eq!(
        claim(&[0xfe, 0, 0, 0, 2]),
        DecodeErrorKind::UnexpectedEnd {
            needed: 0x0200_0000,
            remaining: 18
        }
    );
}

#[test]
fn a_coinbase_spends_nothing_and_nothing_else() {
    let coinbase = |inputs: &[OutPoint]| {
        let inputs = inputs.iter().map(|previous_output| TxIn {
            previous_output: *previous_output,
            script_sig: Bytes::new(),
            sequence: 0,
            witness: vec![],
        });
        let transaction = Transaction {
            version: 1,
            inputs: inputs.collect(),
            outputs: vec![],
            lock_time: 0,
        };
        transaction.to_view().unwrap().is_coinbase()
    };
    assert!(coinbase(&[OutPoint::NULL]));
    assert!(!coinbase(&[OutPoint::NULL, OutPoint::NULL]));
    assert!(!coinbase(&[OutPoint {
        vout: 0,
        ..OutPoint::NULL
    }]));
}
