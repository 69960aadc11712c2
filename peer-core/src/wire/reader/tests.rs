use alloc::vec::Vec;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::wire::{Writer, compact_size_len};

fn read(bytes: &'static [u8]) -> Result<u64, DecodeErrorKind> {
    Reader::new(&Bytes::from_static(bytes))
        .compact_u64("n")
        .map_err(|error| error.kind)
}

/// Values and encodings from the table in the Bitcoin developer reference and Core's serialization tests.
#[test]
fn compact_size_examples() {
    assert_eq!(read(&[0x00]), Ok(0));
    assert_eq!(read(&[0xfc]), Ok(252));
    assert_eq!(read(&[0xfd, 0xfd, 0x00]), Ok(253));
    assert_eq!(read(&[0xfd, 0x03, 0x02]), Ok(515));
    assert_eq!(read(&[0xfe, 0x00, 0x00, 0x01, 0x00]), Ok(0x1_0000));
    assert_eq!(read(&[0xff, 0, 0, 0, 0, 1, 0, 0, 0]), Ok(0x1_0000_0000));
}

/// The five encodings that Core's `noncanonical` unit test refuses.
#[test]
fn compact_size_must_be_shortest() {
    let broken = |value| Err(DecodeErrorKind::NonCanonicalSize { value });
    assert_eq!(read(&[0xfd, 0x00, 0x00]), broken(0));
    assert_eq!(read(&[0xfd, 0xfc, 0x00]), broken(0xfc));
    assert_eq!(read(&[0xfe, 0x00, 0x00, 0x00, 0x00]), broken(0));
    assert_eq!(read(&[0xfe, 0xff, 0xff, 0x00, 0x00]), broken(0xffff));
    assert_eq!(
        read(&[0xff, 0xff, 0xff, 0xff, 0x01, 0, 0, 0, 0]),
        broken(0x01ff_ffff)
    );
}

#[test]
fn sizes_are_range_checked() {
    let at_limit = Bytes::from_static(&[0xfe, 0x00, 0x00, 0x00, 0x02]);
    let above = Bytes::from_static(&[0xfe, 0x01, 0x00, 0x00, 0x02]);
    assert_eq!(Reader::new(&at_limit).compact_size("n"), Ok(0x0200_0000));
    assert_eq!(
        Reader::new(&above).compact_size("n").unwrap_err().kind,
        DecodeErrorKind::SizeAboveLimit {
            size: 0x0200_0001,
            limit: 0x0200_0000
        }
    );
    assert_eq!(Reader::new(&above).compact_u64("n"), Ok(0x0200_0001));
}

#[test]
fn a_short_field_names_itself() {
    let payload = Bytes::from_static(&[1, 2, 3]);
    let mut reader = Reader::new(&payload);
    assert_eq!(reader.u16("first"), Ok(0x0201));
    assert_eq!(
        reader.u32("second"),
        Err(FieldError::new(
            "second",
            DecodeErrorKind::UnexpectedEnd {
                needed: 4,
                remaining: 1
            }
        ))
    );
}

#[test]
fn ports_are_big_endian() {
    let payload = Bytes::from_static(&[0x20, 0x8d]);
    assert_eq!(Reader::new(&payload).u16_be("port"), Ok(8333));
}

proptest! {
    #[test]
    fn compact_size_round_trip(value: u64, shift in 0u32..64) {
        let value = value >> shift;
        let mut out = Vec::new();
        Writer::new(&mut out).compact_size(value);
        prop_assert_eq!(out.len(), compact_size_len(value));
        let payload = Bytes::from(out);
        let mut reader = Reader::new(&payload);
        prop_assert_eq!(reader.compact_u64("n"), Ok(value));
        prop_assert!(reader.is_empty());
    }
}
