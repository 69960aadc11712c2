use alloc::vec::Vec;

use bytes::Bytes;

use super::*;
use crate::wire::{DecodeErrorKind, Hash, Reader};

fn hash(byte: u8) -> Hash {
    Hash::from_bytes([byte; 32])
}

#[test]
fn empty() {
    let list = List::<Hash>::default();
    assert_eq!(list.as_encoded().as_ref(), &[0]);
    assert_eq!(list.len(), 0);
    assert_eq!(list.first(), None);
    assert_eq!(list.last(), None);
    assert_eq!(list, List::from_items([]));
}

#[test]
fn long_count() {
    let list: List<Hash> = (0..=252).map(hash).collect();
    assert_eq!(list.as_encoded().get(..3), Some(&[0xfd, 0xfd, 0x00][..]));
    assert_eq!(list.len(), 253);
    assert_eq!(list.iter().len(), 253);
    assert_eq!(list.last(), Some(hash(252)));
    assert_eq!(list.get(253), None);
    assert_eq!(list.get(usize::MAX), None);
    let back: Vec<Hash> = list.iter().rev().collect();
    assert_eq!(back.first(), Some(&hash(252)));
    assert_eq!(back.last(), Some(&hash(0)));
}

#[test]
fn read_shares_the_payload() {
    let mut payload = Vec::from([2]);
    payload.extend_from_slice(&[7; 64]);
    payload.push(99);
    let payload = Bytes::from(payload);
    let mut reader = Reader::new(&payload);
    let list = reader.list::<Hash>("hashes", 2).unwrap();
    assert_eq!(reader.remaining(), 1);
    assert_eq!(list.as_encoded().as_ptr(), payload.as_ptr());
    assert_eq!(list.iter().collect::<Vec<_>>(), [hash(7), hash(7)]);
}

#[test]
fn a_claimed_count_is_checked_before_the_records() {
    let payload = Bytes::from_static(&[0xfe, 0xff, 0xff, 0xff, 0xff]);
    let error = Reader::new(&payload).list::<Hash>("hashes", 500);
    assert_eq!(
        error.unwrap_err().kind,
        DecodeErrorKind::CountAboveLimit {
            count: 0xffff_ffff,
            limit: 500
        }
    );
    let error = Reader::new(&payload).list::<Hash>("hashes", usize::MAX);
    assert!(matches!(
        error.unwrap_err().kind,
        DecodeErrorKind::UnexpectedEnd { remaining: 0, .. }
    ));
}
