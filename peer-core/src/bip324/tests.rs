//! The vectors of BIP324, and what they do not ask.
//!
//! The keystream of lengths, rekeying, both ciphers and the key schedule are pinned by the packet vectors (the last of
//! them is the 1,000th packet or so of its session). The curve is libsecp256k1's; its rows check that we call it right.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use secp256k1::PublicKey;
use secp256k1::ellswift::ElligatorSwift;
use serde_json::Value;

use super::aead::Key;
use super::cipher::REKEY_INTERVAL;
use super::keys::shared_secret;
use super::*;

const PACKETS: &str = include_str!("../../tests/data/bip324/packet_encoding_test_vectors.csv");
const DECODING: &str = include_str!("../../tests/data/bip324/ellswift_decode_test_vectors.csv");
const INVERSE: &str = include_str!("../../tests/data/bip324/xswiftec_inv_test_vectors.csv");
const CHACHA20_POLY1305: &str =
    include_str!("../../tests/data/bip324/wycheproof-chacha20-poly1305.json");

/// Mainnet's, as in the vectors.
const MAGIC: [u8; 4] = [0xf9, 0xbe, 0xb4, 0xd9];

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    hex(text).try_into().unwrap()
}

/// One line of a table, its fields under the names of the first line.
struct Row<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Row<'a> {
    fn get(&self, name: &str) -> &'a str {
        self.0.iter().find(|(known, _)| *known == name).unwrap().1
    }
}

fn rows(table: &str) -> impl Iterator<Item = Row<'_>> {
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(move |line| Row(names.iter().copied().zip(line.split(',')).collect()))
}

fn x_of(ellswift: [u8; 64]) -> [u8; 32] {
    let point = PublicKey::from_ellswift(ElligatorSwift::from_array(ellswift));
    point.x_only_public_key().0.to_byte_array()
}

#[test]
fn every_packet_vector() {
    let mut count = 0;
    for row in rows(PACKETS) {
        count += 1;
        let role = if row.get("in_initiating") == "1" {
            Role::Initiator
        } else {
            Role::Responder
        };
        let secret = array(row.get("in_priv_ours"));
        let ours = array(row.get("in_ellswift_ours"));
        let theirs = array(row.get("in_ellswift_theirs"));
        assert_eq!(x_of(ours), array::<32>(row.get("mid_x_ours")));
        assert_eq!(x_of(theirs), array::<32>(row.get("mid_x_theirs")));
        let shared = shared_secret(&secret, &ours, &theirs, role);
        assert_eq!(*shared, array::<32>(row.get("mid_shared_secret")));

        let pair = KeyPair::from_parts(secret, ours).unwrap();
        let mut keys = pair.agree(&theirs, role, SALT_PREFIX, MAGIC);
        assert_eq!(keys.session_id, array(row.get("out_session_id")));
        let terminator = array(row.get("mid_send_garbage_terminator"));
        assert_eq!(keys.send_terminator, terminator);
        let terminator = array(row.get("mid_recv_garbage_terminator"));
        assert_eq!(keys.receive_terminator, terminator);

        // What we send, the other side opens with the keys of the table.
        let (length, packet) = match role {
            Role::Initiator => ("mid_initiator_l", "mid_initiator_p"),
            Role::Responder => ("mid_responder_l", "mid_responder_p"),
        };
        let mut opener = PacketOpener::new(&array(row.get(length)), &array(row.get(packet)));
        let mut sealed = Vec::new();
        for _ in 0..row.get("in_idx").parse::<usize>().unwrap() {
            sealed.clear();
            keys.sealer.seal(&[], &[], false, &mut sealed).unwrap();
            open(&mut opener, &mut sealed, &[]).unwrap();
        }
        let contents = hex(row.get("in_contents")).repeat(row.get("in_multiply").parse().unwrap());
        let (aad, is_decoy) = (hex(row.get("in_aad")), row.get("in_ignore") == "1");
        sealed.clear();
        keys.sealer
            .seal(&[&contents], &aad, is_decoy, &mut sealed)
            .unwrap();
        let (whole, end) = (
            row.get("out_ciphertext"),
            row.get("out_ciphertext_endswith"),
        );
        assert!(!whole.is_empty() || !end.is_empty());
        assert!(whole.is_empty() || sealed == hex(whole));
        assert!(sealed.ends_with(&hex(end)));
        let opened = open(&mut opener, &mut sealed, &aad).unwrap();
        assert_eq!((opened.contents, opened.is_decoy), (&*contents, is_decoy));
    }
    assert_eq!(count, 7);
}

/// Opens one packet that lies there with its length.
fn open<'a>(
    opener: &mut PacketOpener,
    packet: &'a mut [u8],
    aad: &[u8],
) -> Result<OpenedPacket<'a>, Unauthentic> {
    let (length, sealed) = packet.split_first_chunk_mut().unwrap();
    assert_eq!(opener.open_length(*length) + 1 + TAG_LEN, sealed.len());
    opener.open(sealed, aad)
}

#[test]
fn every_ellswift_decoding_vector() {
    let mut count = 0;
    for row in rows(DECODING) {
        count += 1;
        assert_eq!(x_of(array(row.get("ellswift"))), array(row.get("x")));
    }
    assert_eq!(count, 76);
}

/// libsecp256k1 does not offer the inverse map by itself, so what it must find is checked by the map: each `t` of a row
/// is one of its `x`. That a case has no `t`, which the empty fields say, cannot be asked.
#[test]
fn every_t_of_the_inverse_vectors_decodes_to_its_x() {
    let (mut count, mut checked, mut none) = (0, 0, 0);
    for row in rows(INVERSE) {
        count += 1;
        for case in 0..8 {
            let t = row.get(&alloc::format!("case{case}_t"));
            if t.is_empty() {
                none += 1;
                continue;
            }
            let ellswift = array(&[row.get("u"), t].concat());
            assert_eq!(x_of(ellswift), array(row.get("x")));
            checked += 1;
        }
    }
    assert_eq!((count, checked + none), (32, 256));
    assert!(checked > 60, "{checked}");
}

/// Runs the vectors of Wycheproof on one of the two `Key`s, which share no trait.
macro_rules! judge {
    ($Key:ty) => {{
        let (valid, invalid) = wycheproof(
            |key, nonce, aad, text| {
                let mut text = text.to_vec();
                let tag = <$Key>::new(key).seal(nonce, aad, &mut text).unwrap();
                (text, tag)
            },
            |key, nonce, aad, sealed| {
                let opened = <$Key>::new(key).open(nonce, aad, sealed);
                opened.map(|text| text.to_vec())
            },
        );
        assert!(valid > 200 && invalid > 50, "{valid} {invalid}");
    }};
}

/// Both backends where both are there. Our nonces always have 12 bytes, and tags 16.
#[test]
fn every_wycheproof_vector_of_the_aead() {
    judge!(Key);
}

#[cfg(all(feature = "v2", feature = "v2-pure"))]
#[test]
fn every_wycheproof_vector_of_the_other_aead() {
    use super::aead::over_rustcrypto::Key;
    judge!(Key);
}

type Sealing = fn(&[u8; 32], [u8; 12], &[u8], &[u8]) -> (Vec<u8>, [u8; TAG_LEN]);
type Opening = fn(&[u8; 32], [u8; 12], &[u8], &mut [u8]) -> Result<Vec<u8>, Unauthentic>;

/// Runs the file; how many vectors were to open, and how many were not.
fn wycheproof(seal: Sealing, open: Opening) -> (usize, usize) {
    let file: Value = serde_json::from_str(CHACHA20_POLY1305).unwrap();
    let groups = file["testGroups"].as_array().unwrap().iter();
    let sized = groups.filter(|group| group["ivSize"] == 96 && group["tagSize"] == 128);
    let (mut valid, mut invalid) = (0, 0);
    for case in sized.flat_map(|group| group["tests"].as_array().unwrap()) {
        let field = |name: &str| hex(case[name].as_str().unwrap());
        let (key, nonce) = (
            field("key").try_into().unwrap(),
            field("iv").try_into().unwrap(),
        );
        let (aad, text, tag) = (field("aad"), field("msg"), field("tag"));
        let mut sealed = [field("ct"), tag.clone()].concat();
        let opened = open(&key, nonce, &aad, &mut sealed);
        if case["result"] == "valid" {
            valid += 1;
            assert_eq!(opened.unwrap(), text, "{case}");
            let (made, made_tag) = seal(&key, nonce, &aad, &text);
            assert_eq!((made, made_tag.to_vec()), (field("ct"), tag), "{case}");
        } else {
            invalid += 1;
            assert_eq!(opened, Err(Unauthentic), "{case}");
        }
    }
    (valid, invalid)
}

fn session() -> (SessionKeys, SessionKeys) {
    let ours = KeyPair::from_secret([1; 32], [2; 32]).unwrap();
    let theirs = KeyPair::from_secret([3; 32], [4; 32]).unwrap();
    (
        ours.agree(theirs.ellswift(), Role::Initiator, SALT_PREFIX, MAGIC),
        theirs.agree(ours.ellswift(), Role::Responder, SALT_PREFIX, MAGIC),
    )
}

#[test]
fn keys_are_replaced_on_both_sides_alike() {
    let (mut left, mut right) = session();
    for number in 0..(3 * REKEY_INTERVAL + 1) {
        let mut packet = Vec::new();
        let contents = number.to_le_bytes();
        left.sealer
            .seal(&[&contents], &[], false, &mut packet)
            .unwrap();
        let opened = open(&mut right.opener, &mut packet, &[]).unwrap();
        assert_eq!(opened.contents, contents);
    }
}

#[test]
fn one_flipped_bit_ends_it_for_ever() {
    let packet_len = PACKET_OVERHEAD + 5;
    for bit in 0..packet_len * 8 {
        let (mut left, mut right) = session();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        left.sealer
            .seal(&[b"hello"], b"aad", false, &mut first)
            .unwrap();
        left.sealer
            .seal(&[b"again"], &[], false, &mut second)
            .unwrap();
        first[bit / 8] ^= 1 << (bit % 8);
        let (length, sealed) = first.split_first_chunk_mut().unwrap();
        let told = right.opener.open_length(*length);
        // A length is not vouched for by itself: cut as told, the packet is not authentic.
        assert_eq!(told == 5, bit >= 8 * LENGTH_LEN);
        if told == 5 {
            assert_eq!(right.opener.open(sealed, b"aad"), Err(Unauthentic));
        } else {
            let mut cut = vec![0; (told + 1 + TAG_LEN).min(1_000)];
            assert_eq!(right.opener.open(&mut cut, b"aad"), Err(Unauthentic));
        }
        let (length, sealed) = second.split_first_chunk_mut().unwrap();
        right.opener.open_length(*length);
        assert_eq!(right.opener.open(sealed, &[]), Err(Unauthentic));
    }
}

#[test]
fn what_is_authenticated_beside_the_packet_counts() {
    let (mut left, mut right) = session();
    let mut packet = Vec::new();
    left.sealer
        .seal(&[], b"garbage", true, &mut packet)
        .unwrap();
    let opened = open(&mut right.opener, &mut packet, b"garbagf");
    assert_eq!(opened, Err(Unauthentic));
}

#[test]
fn contents_have_a_longest() {
    let (mut left, _) = session();
    let mut packet = vec![7];
    let long = vec![0; MAX_CONTENTS];
    let refused = left.sealer.seal(&[&long, &[0]], &[], false, &mut packet);
    assert_eq!(
        refused,
        Err(ContentsTooLong {
            length: MAX_CONTENTS + 1
        })
    );
    assert_eq!(packet, [7]);
    left.sealer.seal(&[&long], &[], false, &mut packet).unwrap();
    assert_eq!(packet.len(), 1 + MAX_CONTENTS + PACKET_OVERHEAD);
}

#[test]
fn truncated_packets_are_not_authentic() {
    for len in 0..=TAG_LEN {
        let (_, mut right) = session();
        assert_eq!(right.opener.open(&mut vec![0; len], &[]), Err(Unauthentic));
    }
}

#[test]
fn no_secret_is_printed() {
    let pair = KeyPair::from_secret([0xab; 32], [0; 32]).unwrap();
    let (keys, _) = session();
    let text: String = alloc::format!("{pair:?} {keys:?} {:?} {:?}", keys.sealer, keys.opener);
    assert!(!text.contains("171") && !text.contains("ab, "), "{text}");
    assert_eq!(
        KeyPair::from_secret([0; 32], [0; 32]).err(),
        Some(InvalidSecret)
    );
    assert_eq!(
        KeyPair::from_parts([0xff; 32], [0; 64]).err(),
        Some(InvalidSecret)
    );
}

/// What keys are kept in wipes itself: the keystream, and every array of bytes that is a key. (Of the packet cipher in use
/// that is so with `v2-pure`; ring has no way.)
#[test]
fn what_holds_a_secret_is_wiped() {
    fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    wiped::<chacha20::ChaCha20>();
    wiped::<zeroize::Zeroizing<[u8; 32]>>();
    #[cfg(feature = "v2-pure")]
    wiped::<chacha20poly1305::ChaCha20Poly1305>();
}
