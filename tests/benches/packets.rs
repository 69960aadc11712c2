//! The packet layer of v2 beside the raw ciphers and the `bip324` crate, all in one run:
//!
//! ```sh
//! cargo bench -p peer-tests --bench packets
//! ```
//!
//! Everybody seals from a shared payload into a buffer that is used again, as a queue of messages does, and opens in place,
//! as bytes from a socket are. The raw ciphers do nothing else: no length, no header, no rekeying. `ring in place` does not
//! even copy, so no packet layer can be as fast.

#![expect(clippy::unwrap_used, reason = "a measurement, not a library")]

use std::time::Duration;

use bip324::{CipherSession, GarbageResult, Handshake, Initialized, PacketType, VersionResult};
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use peer_core::bip324::{LENGTH_LEN, PacketOpener, PacketSealer};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

const SIZES: [usize; 5] = [100, 1_024, 65_536, 1_048_576, 4_000_000];
const KEY: [u8; 32] = [7; 32];
const TAG_LEN: usize = 16;

fn raw_ring() -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &KEY).unwrap())
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

fn seal(c: &mut Criterion) {
    for size in SIZES {
        let mut group = c.benchmark_group(format!("seal/{size}"));
        group.throughput(Throughput::Bytes(size as u64));
        let payload = vec![0x5a; size];

        let mut sealer = PacketSealer::new(&KEY, &KEY);
        let mut out = Vec::new();
        group.bench_function("peer-core", |b| {
            b.iter(|| {
                out.clear();
                sealer
                    .seal(&[&[2], &payload], &[], false, &mut out)
                    .unwrap();
                out.len()
            });
        });

        let (mut session, _) = sessions();
        let mut contents = vec![2];
        contents.extend(&payload);
        let mut packet = vec![0; contents.len() + 20];
        group.bench_function("bip324", |b| {
            b.iter(|| {
                let cipher = session.outbound();
                cipher.encrypt(&contents, &mut packet, PacketType::Genuine, None)
            });
        });

        let ring = raw_ring();
        let mut buffer = Vec::with_capacity(size + TAG_LEN);
        group.bench_function("ring", |b| {
            b.iter(|| {
                buffer.clear();
                buffer.extend_from_slice(&payload);
                let tag = ring.seal_in_place_separate_tag(nonce(), Aad::empty(), &mut buffer);
                buffer.extend_from_slice(tag.unwrap().as_ref());
                buffer.len()
            });
        });
        let mut buffer = payload.clone();
        group.bench_function("ring in place", |b| {
            b.iter(|| ring.seal_in_place_separate_tag(nonce(), Aad::empty(), &mut buffer));
        });

        let rustcrypto = ChaCha20Poly1305::new(&KEY.into());
        group.bench_function("RustCrypto in place", |b| {
            b.iter(|| {
                let text = buffer.as_mut_slice().into();
                rustcrypto.encrypt_inout_detached(&[0; 12].into(), b"", text)
            });
        });
        group.finish();
    }
}

fn open(c: &mut Criterion) {
    for size in SIZES {
        let mut group = c.benchmark_group(format!("open/{size}"));
        group.throughput(Throughput::Bytes(size as u64));
        let payload = vec![0x5a; size];
        let batch = if size < 10_000 {
            BatchSize::NumIterations(64)
        } else {
            BatchSize::NumIterations(2)
        };

        let mut sealer = PacketSealer::new(&KEY, &KEY);
        let mut opener = PacketOpener::new(&KEY, &KEY);
        group.bench_function("peer-core", |b| {
            b.iter_batched_ref(
                || {
                    let mut packet = Vec::new();
                    sealer
                        .seal(&[&[2], &payload], &[], false, &mut packet)
                        .unwrap();
                    packet
                },
                |packet| {
                    let (length, sealed) = packet.split_first_chunk_mut::<LENGTH_LEN>().unwrap();
                    let length = opener.open_length(*length);
                    opener.open(sealed, &[]).unwrap().contents.len() + length
                },
                batch,
            );
        });

        let (mut left, mut right) = sessions();
        let mut contents = vec![2];
        contents.extend(&payload);
        group.bench_function("bip324", |b| {
            b.iter_batched_ref(
                || {
                    let cipher = left.outbound();
                    cipher.encrypt_to_vec(&contents, PacketType::Genuine, None)
                },
                |packet| {
                    let (length, sealed) = packet.split_first_chunk_mut::<LENGTH_LEN>().unwrap();
                    let length = right.inbound().decrypt_packet_len(*length);
                    let opened = right.inbound().decrypt_in_place(sealed, None);
                    opened.unwrap().1.len() + length
                },
                batch,
            );
        });

        let ring = raw_ring();
        group.bench_function("ring in place", |b| {
            b.iter_batched_ref(
                || {
                    let mut sealed = payload.clone();
                    let tag = ring.seal_in_place_separate_tag(nonce(), Aad::empty(), &mut sealed);
                    sealed.extend_from_slice(tag.unwrap().as_ref());
                    sealed
                },
                |sealed| {
                    ring.open_in_place(nonce(), Aad::empty(), sealed)
                        .unwrap()
                        .len()
                },
                batch,
            );
        });
        group.finish();
    }
}

/// Two ends of a session of the `bip324` crate, initiator first.
fn sessions() -> (CipherSession, CipherSession) {
    const MAGIC: [u8; 4] = [0xfa, 0xbf, 0xb5, 0xda];
    let mut hello = [[0; 64], [0; 64]];
    let begin = |role, hello: &mut [u8]| {
        let handshake = Handshake::<Initialized>::new(MAGIC, role).unwrap();
        handshake.send_key(None, hello).unwrap()
    };
    let left = begin(bip324::Role::Initiator, &mut hello[0]);
    let right = begin(bip324::Role::Responder, &mut hello[1]);
    let (left, right) = (
        left.receive_key(hello[1]).unwrap(),
        right.receive_key(hello[0]).unwrap(),
    );
    let mut flights = [[0; 36], [0; 36]];
    let left = left.send_version(&mut flights[0], None).unwrap();
    let right = right.send_version(&mut flights[1], None).unwrap();
    let finish = |handshake: Handshake<bip324::SentVersion>, flight: &mut [u8]| {
        let (terminator, packet) = flight.split_at_mut(16);
        let found = handshake.receive_garbage(terminator).ok().unwrap();
        let GarbageResult::FoundGarbage { mut handshake, .. } = found else {
            unreachable!("no garbage");
        };
        let (length, packet) = packet.split_first_chunk_mut::<3>().unwrap();
        handshake.decrypt_packet_len(*length).unwrap();
        match handshake.receive_version(packet).ok().unwrap() {
            VersionResult::Complete { cipher } => cipher,
            VersionResult::Decoy(_) => unreachable!("no decoys"),
        }
    };
    let [of_left, of_right] = &mut flights;
    (finish(left, of_right), finish(right, of_left))
}

/// Keys and shared secrets, which a handshake needs one of each.
fn curve(c: &mut Criterion) {
    use peer_core::bip324::{KeyPair, Role, SALT_PREFIX};
    let mut group = c.benchmark_group("curve");
    group.bench_function("key pair", |b| {
        b.iter(|| KeyPair::from_secret(KEY, [9; 32]).unwrap());
    });
    let (ours, theirs) = (
        KeyPair::from_secret(KEY, [9; 32]).unwrap(),
        KeyPair::from_secret([8; 32], [9; 32]).unwrap(),
    );
    group.bench_function("session keys", |b| {
        b.iter(|| ours.agree(theirs.ellswift(), Role::Initiator, SALT_PREFIX, *b"test"));
    });
    group.finish();
}

criterion_group! {
    name = packets;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = seal, open, curve
}
criterion_main!(packets);
