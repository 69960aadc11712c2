//! What holds for every message: it is what it was when it is written again, no part of it is it, and what follows is
//! not part of it.

use alloc::collections::BTreeSet;

use bytes::{Bytes, BytesMut};
use peer_core::message::{DecodeErrorKind, Feature, Message, MessageKind, TxEncoding, VersionTail};

use crate::samples::{Sample, samples};

#[test]
fn there_is_a_sample_of_every_message() {
    let known: BTreeSet<_> = MessageKind::ALL.iter().copied().collect();
    let seen: BTreeSet<_> = samples().iter().map(|sample| sample.kind).collect();
    assert_eq!(known, seen);
}

#[test]
fn written_again_it_is_the_same() {
    for sample in samples() {
        let decoded = sample.decode(sample.payload.clone()).unwrap();
        assert_eq!(decoded.trailing, 0, "{}", sample.name);
        assert_eq!(decoded.message.kind(), Some(sample.kind));
        match encode(&sample, &decoded.message) {
            Some(payload) => assert_eq!(payload, sample.payload, "{}", sample.name),
            // BIP434 asks for printable identifiers, and for tolerance of others.
            None => assert!(sample.name.contains("non-ASCII"), "{}", sample.name),
        }
    }
}

/// Both ways of encoding, which must agree.
fn encode(sample: &Sample, message: &Message) -> Option<Bytes> {
    let mut out = vec![0xee];
    let into = message.encode_into(&sample.codec(), TxEncoding::Full, &mut out);
    let payload = message.payload(&sample.codec(), TxEncoding::Full);
    assert_eq!(into.err(), payload.as_ref().err().copied());
    let payload = payload.ok()?;
    assert_eq!(out[1..], payload[..], "{}", sample.name);
    Some(payload)
}

#[test]
fn views_share_the_payload() {
    let within = |part: &Bytes, whole: &Bytes| whole.as_ptr_range().contains(&part.as_ptr());
    for sample in samples() {
        let message = sample.message();
        let shared = matches!(
            message,
            Message::Inv(_)
                | Message::GetData(_)
                | Message::NotFound(_)
                | Message::Headers(_)
                | Message::Addr(_)
                | Message::AddrV2(_)
                | Message::Block(_)
                | Message::Tx(_)
        );
        if shared {
            let payload = message.payload(&sample.codec(), TxEncoding::Full);
            assert!(
                within(&payload.unwrap(), &sample.payload),
                "{}",
                sample.name
            );
        }
    }
}

/// Cut anywhere, a message is an error. The exceptions are the fields that `version` and `reject` may leave out, and
/// what a chain adds to `cmpctblock`: there the part is a message of its own, which is written again as that part.
#[test]
fn cut_short_it_is_an_error() {
    for sample in samples() {
        for len in 0..sample.payload.len() {
            let part = sample.payload.slice(..len);
            let Ok(decoded) = sample.decode(part.clone()) else {
                continue;
            };
            let optional = match sample.kind {
                MessageKind::Version | MessageKind::Reject => true,
                MessageKind::CmpctBlock => sample.codec().network.compact_block_tail,
                _ => false,
            };
            assert!(optional, "{} at {len}", sample.name);
            let again = encode(&sample, &decoded.message).unwrap();
            assert_eq!(again.len(), len - decoded.trailing);
            assert!(part.starts_with(&again));
        }
    }
}

#[test]
fn an_error_says_what_is_missing() {
    for sample in samples() {
        for len in 0..sample.payload.len() {
            let Err(error) = sample.decode(sample.payload.slice(..len)) else {
                continue;
            };
            assert_eq!(error.message, sample.kind);
            assert!(!error.field.is_empty());
            if let DecodeErrorKind::UnexpectedEnd { needed, remaining } = error.kind {
                assert!(needed > remaining);
                assert!(remaining as usize <= len);
            }
        }
    }
}

#[test]
fn what_follows_is_counted_and_left_out() {
    for sample in samples() {
        let message = sample.message();
        let takes_more = match &message {
            // What follows would be the next field.
            Message::Version(version) => version.tail != VersionTail::Relay,
            // What follows would be the chain's own.
            Message::CmpctBlock(_) => sample.codec().network.compact_block_tail,
            _ => false,
        };
        if takes_more {
            continue;
        }
        for count in [1, 2, 31] {
            let mut longer = BytesMut::from(&sample.payload[..]);
            longer.extend_from_slice(&vec![0; count]);
            let longer = sample.decode(longer.freeze());
            if matches!(message, Message::Feature(_)) {
                let kind = DecodeErrorKind::TrailingBytes {
                    count: count as u32,
                };
                assert_eq!(longer.unwrap_err().kind, kind);
                continue;
            }
            let longer = longer.unwrap();
            assert_eq!(longer.trailing, count, "{}", sample.name);
            assert_eq!(longer.message, message, "{}", sample.name);
            let again = encode(&sample, &longer.message).unwrap();
            assert_eq!(again, sample.payload, "{}", sample.name);
        }
    }
}

#[test]
fn no_sample_is_above_the_largest_payload() {
    for sample in samples() {
        let largest = sample.kind.max_payload(&sample.codec());
        assert!(sample.payload.len() <= largest, "{}", sample.name);
    }
}

/// A name does not make bytes a message: every payload under every other name is decoded without a panic, and what
/// comes out is what went in.
#[test]
fn under_another_name() {
    for sample in samples() {
        for kind in MessageKind::ALL {
            let codec = sample.codec();
            let decoded = Message::decode_as(*kind, sample.payload.clone(), &codec);
            let Ok(decoded) = decoded else { continue };
            let len = sample.payload.len() - decoded.trailing;
            if let Ok(again) = decoded.message.payload(&codec, TxEncoding::Full) {
                assert_eq!(again, sample.payload[..len], "{} as {kind}", sample.name);
            }
        }
    }
}

#[test]
fn feature_is_the_one_that_takes_no_more_bytes() {
    let features = samples()
        .into_iter()
        .filter_map(|sample| match sample.message() {
            Message::Feature(feature) => Some(*feature),
            _ => None,
        });
    let lengths: Vec<_> = features
        .map(|Feature { id, data, .. }| (id.len(), data.len()))
        .collect();
    assert_eq!(lengths, [(4, 0), (80, 0), (4, 0), (4, 512), (4, 0)]);
}
