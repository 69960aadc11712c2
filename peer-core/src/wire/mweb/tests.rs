use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::wire::{FieldError, TxEncoding, TxFormat, TxView, sha256d};

/// Published in Bitcoin Core's `serialize.h`, as examples of `VARINT`.
#[test]
fn published_numbers() {
    let examples: [(u64, &[u8]); 11] = [
        (0, &[0x00]),
        (1, &[0x01]),
        (127, &[0x7f]),
        (128, &[0x80, 0x00]),
        (255, &[0x80, 0x7f]),
        (256, &[0x81, 0x00]),
        (16_383, &[0xfe, 0x7f]),
        (16_384, &[0xff, 0x00]),
        (16_511, &[0xff, 0x7f]),
        (65_535, &[0x82, 0xfe, 0x7f]),
        (1 << 32, &[0x8e, 0xfe, 0xfe, 0xff, 0x00]),
    ];
    for (value, expected) in examples {
        assert_eq!(number(value), expected, "{value}");
        let expected = Bytes::from_static(expected);
        let mut reader = Reader::new(&expected);
        assert_eq!(varint::read(&mut reader, "number", u64::MAX), Ok(value));
        assert!(reader.is_empty());
    }
}

#[test]
fn numbers_have_a_limit() {
    for max in [127, i32::MAX as u64, i64::MAX as u64, u64::MAX] {
        let read = |value: Vec<u8>| varint::read(&mut Reader::new(&value.into()), "number", max);
        assert_eq!(read(number(max)), Ok(max));
        if let Some(above) = max.checked_add(1) {
            read(number(above)).unwrap_err();
        }
        // No number has so many bytes, whatever their last one.
        read(vec![0xff; 20]).unwrap_err();
        read([vec![0xff; 10], vec![0]].concat()).unwrap_err();
    }
}

fn number(value: u64) -> Vec<u8> {
    varint::VarInt::new(value).as_bytes().to_vec()
}

/// `part` if `bit` of `features` wants it.
fn optional(features: u8, bit: u8, part: Vec<u8>) -> Vec<u8> {
    if features & bit == 0 { vec![] } else { part }
}

fn string() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| {
        let mut string = vec![bytes.len() as u8];
        string.extend(bytes);
        string
    })
}

fn filler(length: usize) -> impl Strategy<Value = Vec<u8>> {
    any::<u8>().prop_map(move |byte| vec![byte; length])
}

fn counted(parts: &[Vec<u8>]) -> Vec<u8> {
    [vec![parts.len() as u8], parts.concat()].concat()
}

/// Any input, output and kernel with whatever features, laid out as Litecoin Core writes them.
fn inputs() -> impl Strategy<Value = Vec<u8>> {
    (any::<u8>(), filler(98), filler(33), string(), filler(64)).prop_map(
        |(features, fixed, key, extra, signature)| {
            [
                vec![features],
                fixed,
                optional(features, 1, key),
                optional(features, 2, extra),
                signature,
            ]
            .concat()
        },
    )
}

fn outputs() -> impl Strategy<Value = Vec<u8>> {
    (filler(99), any::<u8>(), filler(58), string(), filler(739)).prop_map(
        |(fixed, features, standard, extra, proof_and_signature)| {
            [
                fixed,
                vec![features],
                optional(features, 1, standard),
                optional(features, 2, extra),
                proof_and_signature,
            ]
            .concat()
        },
    )
}

fn kernels() -> impl Strategy<Value = Vec<u8>> {
    let amount = || (0..=i64::MAX as u64).prop_map(number);
    let height = (0..=i32::MAX as u64).prop_map(number);
    let script = filler(30).prop_map(|script| [vec![30], script].concat());
    let peg_out = (amount(), script).prop_map(|(amount, script)| [amount, script].concat());
    let peg_outs = prop::collection::vec(peg_out, 0..3).prop_map(|peg_outs| counted(&peg_outs));
    let numbers = (amount(), amount(), peg_outs, height);
    (any::<u8>(), numbers, filler(33), string(), filler(97)).prop_map(
        |(features, (fee, peg_in, peg_outs, height), excess, extra, fixed)| {
            [
                vec![features],
                optional(features, 1, fee),
                optional(features, 2, peg_in),
                optional(features, 4, peg_outs),
                optional(features, 8, height),
                optional(features, 16, excess),
                optional(features, 32, extra),
                fixed,
            ]
            .concat()
        },
    )
}

/// The MWEB part of a transaction, with the byte in front.
fn parts() -> impl Strategy<Value = Vec<u8>> {
    (
        filler(64),
        prop::collection::vec(inputs(), 0..3),
        prop::collection::vec(outputs(), 0..3),
        prop::collection::vec(kernels(), 1..3),
    )
        .prop_map(|(offsets, inputs, outputs, kernels)| {
            let body = [counted(&inputs), counted(&outputs), counted(&kernels)].concat();
            [vec![1], offsets, body].concat()
        })
}

/// One input and one output, all zero, empty scripts.
fn input_and_output() -> Vec<u8> {
    [vec![1], vec![0; 41], vec![1], vec![0; 9]].concat()
}

/// A transaction with these flags, `middle` being what comes between them and the lock time.
fn transaction(flags: u8, middle: &[&[u8]]) -> Bytes {
    [&[2, 0, 0, 0, 0, flags], &middle.concat()[..], &[9, 0, 0, 0]]
        .concat()
        .into()
}

fn view(bytes: Bytes) -> Result<TxView, FieldError> {
    TxView::from_bytes(bytes, TxFormat::Litecoin)
}

proptest! {
    /// Beside a witness and without one: what is there, and what is left of it in each encoding.
    #[test]
    fn parts_are_found_and_left_out(part in parts()) {
        let (body, witness) = (input_and_output(), [1, 2, 7, 7]);
        let base = Bytes::from([&[2, 0, 0, 0], &body[..], &[9, 0, 0, 0]].concat());
        let with_witness = transaction(1, &[&body, &witness]);
        for (full, other) in [
            (transaction(8, &[&body, &part]), &base),
            (transaction(9, &[&body, &witness, &part]), &with_witness),
        ] {
            let view = view(full.clone()).unwrap();
            prop_assert_eq!(view.mweb(), Some(&part[1..]));
            prop_assert!(!view.is_hogex() && !view.is_mweb_only());
            prop_assert_eq!(view.has_witness(), other != &base);
            prop_assert_eq!(view.to_bytes(TxEncoding::Full), full);
            prop_assert_eq!(&view.to_bytes(TxEncoding::Witness), other);
            prop_assert_eq!(view.without_witness(), base.clone());
            prop_assert_eq!(view.txid().to_bytes(), sha256d(&base));
            prop_assert_eq!(view.wtxid().to_bytes(), sha256d(other));
            prop_assert_eq!(view.base_size(), base.len());
            prop_assert_eq!(view.weight(), 3 * base.len() + other.len());
            prop_assert_eq!((view.outputs().len(), view.lock_time()), (1, 9));
            prop_assert_eq!(view.to_transaction(), None);
            prop_assert_eq!(view.detached(), view);
        }
    }

    #[test]
    fn nothing_is_missing_and_nothing_is_left_over(part in parts()) {
        let bytes = transaction(8, &[&[0, 0], &part]);
        prop_assert!(view(bytes.clone()).unwrap().is_mweb_only());
        for length in 0..bytes.len() {
            let kind = view(bytes.slice(..length)).unwrap_err().kind;
            let is_end = matches!(kind, DecodeErrorKind::UnexpectedEnd { .. });
            prop_assert!(is_end, "{} of {} bytes: {}", length, bytes.len(), kind);
        }
        let longer = [&bytes[..], &[0]].concat().into();
        let trailing = DecodeErrorKind::TrailingBytes { count: 1 };
        prop_assert_eq!(view(longer).unwrap_err().kind, trailing);
    }

    /// Whatever is accepted is passed on as it came, and has ids.
    #[test]
    fn damage_is_refused_or_taken_as_it_is(
        part in parts(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = transaction(8, &[&[0, 0], &part]).to_vec();
        for (index, value) in damage {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        if let Ok(view) = view(bytes.clone().into()) {
            prop_assert_eq!(view.to_bytes(TxEncoding::Full), bytes);
            prop_assert!(view.to_bytes(TxEncoding::Witness).len() <= view.total_size());
            let _ = (view.txid(), view.wtxid(), view.mweb(), view.weight());
        }
    }

    #[test]
    fn random_bytes_never_panic(
        flags in prop_oneof![Just(8), Just(9)],
        middle in prop::collection::vec(any::<u8>(), 0..200),
        tail in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = view(transaction(flags, &[&middle]));
        let _ = view(transaction(8, &[&[0, 0, 1], &middle]));
        let _ = scan_optional_block(&mut Reader::new(&tail.into()));
    }
}

#[test]
fn a_hogex_has_outputs() {
    let hogex = view(transaction(8, &[&input_and_output(), &[0]])).unwrap();
    assert!(hogex.is_hogex() && !hogex.is_mweb_only());
    assert_eq!(hogex.mweb(), None);
    assert_eq!(hogex.base_size() + 3, hogex.total_size());
    assert_eq!(hogex.to_transaction(), None);

    let without_outputs = [&input_and_output()[..42], &[0]].concat();
    let error = view(transaction(8, &[&without_outputs, &[0]])).unwrap_err();
    let kind = DecodeErrorKind::InvalidValue { value: 0 };
    assert_eq!(error, FieldError::new("hogex outputs", kind));
}

#[test]
fn flags_have_their_networks() {
    let body = input_and_output();
    let bytes = transaction(8, &[&body, &[0]]);
    for format in [TxFormat::Bitcoin, TxFormat::NavCoin] {
        TxView::from_bytes(bytes.clone(), format).unwrap_err();
    }
    for flags in (2..=255).filter(|flags| ![8, 9].contains(flags)) {
        let error = view(transaction(flags, &[&body, &[0]])).unwrap_err();
        let value = flags.into();
        let kind = DecodeErrorKind::InvalidValue { value };
        assert_eq!(error, FieldError::new("flags", kind));
    }
    // Whether MWEB data follows is said by 0 and 1, and by nothing else.
    for present in 2..=255 {
        let error = view(transaction(8, &[&body, &[present]])).unwrap_err();
        let value = present.into();
        let kind = DecodeErrorKind::InvalidValue { value };
        assert_eq!(error, FieldError::new("mweb", kind));
    }
}

#[test]
fn a_witness_flag_needs_a_witness_beside_mweb_too() {
    let hogex = |stack: &[u8]| view(transaction(9, &[&input_and_output(), stack, &[0]]));
    assert_eq!(
        hogex(&[0]).unwrap_err().kind,
        DecodeErrorKind::SuperfluousWitness
    );
    let hogex = hogex(&[1, 0]).unwrap();
    assert!(hogex.has_witness() && hogex.is_hogex());
    assert_eq!(hogex.witnesses().count(), 1);
}

/// A kernel without anything optional, of these features.
fn kernel(features: u8, middle: &[u8]) -> Vec<u8> {
    [&[features], middle, &[3; 97]].concat()
}

fn pure(kernels: &[Vec<u8>]) -> Result<TxView, FieldError> {
    let body = [vec![0, 0], counted(kernels)].concat();
    view(transaction(8, &[&[0, 0, 1], &[5; 64], &body]))
}

#[test]
fn kernels_are_needed_and_name_a_pure_transaction() {
    let error = pure(&[]).unwrap_err();
    let kind = DecodeErrorKind::InvalidValue { value: 0 };
    assert_eq!(error, FieldError::new("kernels", kind));

    let (first, second) = (kernel(0, &[]), kernel(1, &[7]));
    let id = pure(&[first.clone(), second.clone()]).unwrap().txid();
    assert_eq!(pure(core::slice::from_ref(&first)).unwrap().txid(), id);
    assert_ne!(pure(&[second, first]).unwrap().txid(), id);
}

/// Litecoin Core does not write an empty list again, so its id is that of a kernel without: features apart.
#[test]
fn empty_lists_are_not_part_of_a_kernel_id() {
    let id = |features, middle: &[u8]| pure(&[kernel(features, middle)]).unwrap().txid();
    let hash = |kernel: &[u8]| *blake3::hash(kernel).as_bytes();
    assert_eq!(id(4, &[0]).to_bytes(), hash(&kernel(4, &[])));
    assert_eq!(id(32, &[0]).to_bytes(), hash(&kernel(32, &[])));
    assert_eq!(id(32, &[1, 8]).to_bytes(), hash(&kernel(32, &[1, 8])));
}

#[test]
fn peg_outs_pay_to_a_script() {
    let error = pure(&[kernel(4, &[1, 5, 0])]).unwrap_err();
    let kind = DecodeErrorKind::SizeBelowMinimum {
        size: 0,
        minimum: 1,
    };
    assert_eq!(error, FieldError::new("peg-out script", kind));
    assert!(pure(&[kernel(4, &[1, 5, 1, 0x51])]).is_ok());
}

/// Each count once at a value that the bytes behind it cannot hold: refused at the count, as missing bytes.
#[test]
fn counts_are_bounded_by_the_bytes_left() {
    let field = |body: &[u8]| {
        let error = view(transaction(8, &[&[0, 0, 1], &[5; 64], body])).unwrap_err();
        assert!(matches!(error.kind, DecodeErrorKind::UnexpectedEnd { .. }));
        error.field
    };
    assert_eq!(field(&[0xfe, 0, 0, 0, 1]), "mweb inputs");
    assert_eq!(field(&[0, 0xfe, 0, 0, 0, 1]), "mweb outputs");
    assert_eq!(field(&[0, 0, 0xfe, 0, 0, 0, 1]), "kernels");
    let peg_outs = kernel(4, &[0xfe, 0, 0, 0, 1]);
    assert_eq!(field(&[&[0, 0, 1], &peg_outs[..]].concat()), "peg-outs");
    let extra_data = kernel(32, &[0xfe, 0, 0, 0, 1]);
    assert_eq!(
        field(&[&[0, 0, 1], &extra_data[..]].concat()),
        "kernel extra data"
    );
}
