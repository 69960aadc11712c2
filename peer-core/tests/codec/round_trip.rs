//! Properties: every message is read as it was written, and no bytes at all make the codec panic or change them.

use bytes::Bytes;
use peer_core::message::*;
use peer_core::network::Network;
use peer_core::wire::*;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::samples::{DRAFT, LIMITS, codec_for, decode, samples};

fn bytes(len: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), len).prop_map(Bytes::from)
}

fn hash<T: From<Hash> + core::fmt::Debug>() -> impl Strategy<Value = T> {
    any::<[u8; 32]>().prop_map(|bytes| T::from(Hash::from_bytes(bytes)))
}

fn list<T: Item + From<Hash> + core::fmt::Debug>(most: usize) -> impl Strategy<Value = List<T>> {
    vec(hash::<T>(), 0..most).prop_map(List::from_items)
}

fn header() -> impl Strategy<Value = BlockHeader> {
    any::<[[u8; 16]; 5]>().prop_map(|parts| {
        let bytes: Vec<u8> = parts.concat();
        BlockHeader::from_bytes(&bytes.try_into().unwrap())
    })
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let input = (
        any::<[u8; 32]>(),
        any::<[u32; 2]>(),
        bytes(0..40),
        vec(bytes(0..20), 0..3),
    );
    let input = input.prop_map(|(txid, [vout, sequence], script_sig, witness)| TxIn {
        previous_output: OutPoint {
            txid: Txid::from_bytes(txid),
            vout,
        },
        script_sig,
        sequence,
        witness,
    });
    let output = (any::<i64>(), bytes(0..40));
    let output = output.prop_map(|(value, script_pubkey)| TxOut {
        value,
        script_pubkey,
    });
    (
        any::<i32>(),
        vec(input, 1..4),
        vec(output, 0..4),
        any::<u32>(),
    )
        .prop_map(|(version, inputs, outputs, lock_time)| Transaction {
            version,
            inputs,
            outputs,
            lock_time,
        })
}

fn tx() -> impl Strategy<Value = TxView> {
    transaction().prop_map(|transaction| transaction.to_view().unwrap())
}

fn block() -> impl Strategy<Value = BlockView> {
    (header(), vec(transaction(), 0..5)).prop_map(|(header, transactions)| {
        let block = Block {
            header,
            transactions,
        };
        block.to_view().unwrap()
    })
}

fn rising() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::btree_set(any::<u16>(), 0..20).prop_map(|set| set.into_iter().collect())
}

fn prefilled() -> impl Strategy<Value = PrefilledList> {
    (rising(), vec(tx(), 3)).prop_map(|(indexes, txs)| {
        let prefilled: Vec<_> = indexes
            .into_iter()
            .zip(txs)
            .map(|(index, transaction)| PrefilledTx { index, transaction })
            .collect();
        PrefilledList::new(TxFormat::Bitcoin, &prefilled).unwrap()
    })
}

fn address() -> impl Strategy<Value = AddrEntry> {
    let address = prop_oneof![
        any::<[u8; 4]>().prop_map(Address::Ipv4),
        any::<[u8; 32]>().prop_map(Address::TorV3),
        any::<[u8; 32]>().prop_map(Address::I2p),
        any::<[u8; 15]>().prop_map(|rest| {
            let mut bytes = [0xfc; 16];
            bytes[1..].copy_from_slice(&rest);
            Address::Cjdns(bytes)
        }),
    ];
    (any::<u32>(), any::<u64>(), address, any::<u16>()).prop_map(
        |(time, services, address, port)| AddrEntry {
            time,
            services: ServiceFlags(services),
            address,
            port,
        },
    )
}

fn legacy_address() -> impl Strategy<Value = AddrEntry> {
    (address(), any::<[u8; 16]>()).prop_map(|(entry, bytes)| AddrEntry {
        address: Address::from_legacy(bytes),
        ..entry
    })
}

fn inventory() -> impl Strategy<Value = Inventory> {
    let kind = prop_oneof![
        Just(InvKind::Error),
        Just(InvKind::Tx),
        Just(InvKind::Block),
        Just(InvKind::FilteredBlock),
        Just(InvKind::CompactBlock),
        Just(InvKind::Wtx),
        Just(InvKind::WitnessTx),
        Just(InvKind::WitnessBlock),
        Just(InvKind::FilteredWitnessBlock),
        (6..u32::MAX / 8).prop_map(InvKind::Other),
    ];
    let item = (kind, hash::<Hash>()).prop_map(|(kind, hash)| InvVect { kind, hash });
    vec(item, 0..300).prop_map(|items| {
        let inventory = Inventory::new(&Network::MAINNET, items.clone()).unwrap();
        assert_eq!(inventory.iter().collect::<Vec<_>>(), items);
        inventory
    })
}

fn version() -> impl Strategy<Value = VersionMessage> {
    let tail = prop_oneof![
        Just(VersionTail::Receiver),
        Just(VersionTail::Sender),
        Just(VersionTail::Nonce),
        Just(VersionTail::UserAgent),
        Just(VersionTail::StartHeight),
        Just(VersionTail::Relay),
    ];
    let addresses = (legacy_address(), legacy_address());
    let numbers = (
        any::<i32>(),
        any::<u64>(),
        any::<i64>(),
        any::<u64>(),
        any::<i32>(),
    );
    (tail, addresses, numbers, bytes(0..=256), any::<bool>()).prop_map(
        |(tail, addresses, (version, services, timestamp, nonce, height), agent, relay)| {
            let services = ServiceFlags(services);
            // What is not on the wire must have the value that its absence means.
            let mut message = VersionMessage::new(version, services, timestamp, 1);
            message.tail = tail;
            message.start_height = -1;
            message.receiver = addresses.0.net_addr();
            if tail >= VersionTail::Sender {
                message.sender = addresses.1.net_addr();
            }
            if tail >= VersionTail::Nonce {
                message.nonce = nonce;
            }
            if tail >= VersionTail::UserAgent {
                message.user_agent = UserAgent::from_bytes(agent);
            }
            if tail >= VersionTail::StartHeight {
                message.start_height = height;
            }
            if tail >= VersionTail::Relay {
                message.relay = Relay::from(relay);
            }
            message
        },
    )
}

fn locator() -> impl Strategy<Value = Box<Locator>> {
    (any::<u32>(), list(102), hash()).prop_map(|(version, hashes, stop)| {
        Box::new(Locator {
            version,
            hashes,
            stop,
        })
    })
}

/// A valid message of `kind`.
fn message(kind: MessageKind) -> BoxedStrategy<Message> {
    match kind {
        MessageKind::Version => version()
            .prop_map(|version| Message::Version(Box::new(version)))
            .boxed(),
        MessageKind::Verack => Just(Message::Verack).boxed(),
        MessageKind::SendAddrV2 => Just(Message::SendAddrV2).boxed(),
        MessageKind::WtxidRelay => Just(Message::WtxidRelay).boxed(),
        MessageKind::SendTxRcncl => (1..=u32::MAX, any::<u64>())
            .prop_map(|(version, salt)| Message::SendTxRcncl(SendTxRcncl { version, salt }))
            .boxed(),
        MessageKind::Feature => ("[ -~]{4,80}", bytes(0..=512))
            .prop_map(|(id, data)| {
                let id = Text::from(id);
                Message::Feature(Box::new(Feature { id, data }))
            })
            .boxed(),
        MessageKind::Ping => any::<u64>()
            .prop_map(|nonce| Message::Ping(Ping::new(nonce)))
            .boxed(),
        MessageKind::Pong => any::<u64>()
            .prop_map(|nonce| Message::Pong(Pong { nonce }))
            .boxed(),
        MessageKind::Inv => inventory().prop_map(Message::Inv).boxed(),
        MessageKind::GetData => inventory().prop_map(Message::GetData).boxed(),
        MessageKind::NotFound => inventory().prop_map(Message::NotFound).boxed(),
        MessageKind::MemPool => Just(Message::MemPool).boxed(),
        MessageKind::FeeFilter => (0..=i64::MAX)
            .prop_map(|fee_rate| Message::FeeFilter(FeeFilter { fee_rate }))
            .boxed(),
        MessageKind::GetBlocks => locator().prop_map(Message::GetBlocks).boxed(),
        MessageKind::GetHeaders => locator().prop_map(Message::GetHeaders).boxed(),
        MessageKind::Headers => vec(header(), 0..300)
            .prop_map(|headers| {
                let list = Headers::new(&Network::MAINNET, headers.clone());
                assert_eq!(list.iter().collect::<Vec<_>>(), headers);
                Message::Headers(list)
            })
            .boxed(),
        MessageKind::SendHeaders => Just(Message::SendHeaders).boxed(),
        MessageKind::Block => block().prop_map(Message::Block).boxed(),
        MessageKind::Tx => tx().prop_map(Message::Tx).boxed(),
        MessageKind::GetAddr => Just(Message::GetAddr).boxed(),
        MessageKind::Addr => vec(legacy_address(), 0..300)
            .prop_map(|entries| Message::Addr(AddrList::from_entries(entries, true).unwrap()))
            .boxed(),
        MessageKind::AddrV2 => vec(address(), 0..300)
            .prop_map(|entries| Message::AddrV2(AddrV2List::from_entries(entries).unwrap()))
            .boxed(),
        other => filters_and_others(other),
    }
}

fn filters_and_others(kind: MessageKind) -> BoxedStrategy<Message> {
    match kind {
        MessageKind::FilterLoad => (bytes(0..=36_000), 0u32..=50, any::<u32>(), any::<u8>())
            .prop_map(|(filter, hash_funcs, tweak, update)| {
                Message::FilterLoad(FilterLoad {
                    filter,
                    hash_funcs,
                    tweak,
                    update: BloomUpdate(update),
                })
            })
            .boxed(),
        MessageKind::FilterAdd => bytes(0..=520)
            .prop_map(|data| Message::FilterAdd(FilterAdd { data }))
            .boxed(),
        MessageKind::FilterClear => Just(Message::FilterClear).boxed(),
        MessageKind::MerkleBlock => (header(), any::<u32>(), list(300), bytes(0..300))
            .prop_map(|(header, tx_count, hashes, flags)| {
                Message::MerkleBlock(Box::new(MerkleBlock {
                    header,
                    tx_count,
                    hashes,
                    flags,
                }))
            })
            .boxed(),
        MessageKind::SendCmpct => (any::<bool>(), any::<u64>())
            .prop_map(|(announce, version)| Message::SendCmpct(SendCmpct { announce, version }))
            .boxed(),
        MessageKind::GetBlockTxn => (hash(), rising())
            .prop_map(|(block_hash, rising)| {
                let indexes = IndexList::from_indexes(rising.clone()).unwrap();
                assert_eq!(indexes.iter().collect::<Vec<_>>(), rising);
                Message::GetBlockTxn(Box::new(GetBlockTxn {
                    block_hash,
                    indexes,
                }))
            })
            .boxed(),
        MessageKind::BlockTxn => (hash(), vec(tx(), 0..5))
            .prop_map(|(block_hash, txs)| {
                let transactions = TxList::new(TxFormat::Bitcoin, &txs);
                assert_eq!(transactions.iter().collect::<Vec<_>>(), txs);
                Message::BlockTxn(Box::new(BlockTxn {
                    block_hash,
                    transactions,
                }))
            })
            .boxed(),
        MessageKind::CmpctBlock => (
            header(),
            any::<u64>(),
            vec(any::<[u8; 6]>(), 0..300),
            prefilled(),
        )
            .prop_map(|(header, nonce, ids, prefilled)| {
                Message::CmpctBlock(Box::new(CmpctBlock {
                    header,
                    nonce,
                    short_ids: ids.into_iter().map(ShortId).collect(),
                    prefilled,
                    tail: Bytes::new(),
                }))
            })
            .boxed(),
        other => compact_filters_and_legacy(other),
    }
}

fn compact_filters_and_legacy(kind: MessageKind) -> BoxedStrategy<Message> {
    match kind {
        MessageKind::GetCFilters => (any::<u8>(), any::<u32>(), hash())
            .prop_map(|(filter_type, start_height, stop)| {
                Message::GetCFilters(FilterRange {
                    filter_type,
                    start_height,
                    stop,
                })
            })
            .boxed(),
        MessageKind::CFilter => (any::<u8>(), hash(), bytes(0..1_000))
            .prop_map(|(filter_type, block_hash, filter)| {
                Message::CFilter(Box::new(CFilter {
                    filter_type,
                    block_hash,
                    filter,
                }))
            })
            .boxed(),
        MessageKind::GetCFHeaders => (any::<u8>(), any::<u32>(), hash())
            .prop_map(|(filter_type, start_height, stop)| {
                Message::GetCFHeaders(GetCFHeaders::Range(FilterRange {
                    filter_type,
                    start_height,
                    stop,
                }))
            })
            .boxed(),
        MessageKind::CFHeaders => (any::<u8>(), hash(), hash(), list(300))
            .prop_map(|(filter_type, stop, previous_header, filter_hashes)| {
                Message::CFHeaders(Box::new(CFHeaders {
                    filter_type,
                    stop,
                    previous_header: Some(previous_header),
                    filter_hashes,
                }))
            })
            .boxed(),
        MessageKind::GetCFCheckpt => (any::<u8>(), hash())
            .prop_map(|(filter_type, stop)| {
                Message::GetCFCheckpt(GetCFCheckpt { filter_type, stop })
            })
            .boxed(),
        MessageKind::CFCheckpt => (any::<u8>(), hash(), list(300))
            .prop_map(|(filter_type, stop, filter_headers)| {
                Message::CFCheckpt(Box::new(CFCheckpt {
                    filter_type,
                    stop,
                    filter_headers,
                }))
            })
            .boxed(),
        MessageKind::Alert => (bytes(0..200), bytes(0..100))
            .prop_map(|(body, signature)| Message::Alert(Box::new(Alert { body, signature })))
            .boxed(),
        MessageKind::Reject => {
            let hash = proptest::option::of(hash());
            (bytes(0..=12), any::<u8>(), bytes(0..=512), hash)
                .prop_map(|(message, code, reason, hash)| {
                    Message::Reject(Box::new(Reject {
                        message: Text::from(message),
                        code: RejectCode(code),
                        reason: Text::from(reason),
                        hash,
                    }))
                })
                .boxed()
        }
        MessageKind::GetCFilter => (any::<u8>(), hash())
            .prop_map(|(filter_type, block_hash)| {
                Message::GetCFilter(GetCFilter {
                    block_hash,
                    filter_type,
                })
            })
            .boxed(),
        MessageKind::GetCFTypes => Just(Message::GetCFTypes).boxed(),
        MessageKind::CFTypes => bytes(0..=256)
            .prop_map(|types| Message::CFTypes(CFTypes { types }))
            .boxed(),
        other => navcoin(other),
    }
}

fn navcoin(kind: MessageKind) -> BoxedStrategy<Message> {
    match kind {
        MessageKind::DandelionTx => {
            let transactions: Vec<Message> = samples()
                .iter()
                .filter(|sample| sample.codec().network == &Network::NAVCOIN)
                .filter_map(|sample| match sample.message() {
                    Message::Tx(tx) => Some(Message::DandelionTx(tx)),
                    _ => None,
                })
                .collect();
            proptest::sample::select(transactions).boxed()
        }
        MessageKind::AggSess => session()
            .prop_map(|session| Message::AggSess(Box::new(session)))
            .boxed(),
        MessageKind::DAggSess => session()
            .prop_map(|session| Message::DAggSess(Box::new(session)))
            .boxed(),
        MessageKind::EncCand => candidate()
            .prop_map(|candidate| Message::EncCand(Box::new(candidate)))
            .boxed(),
        MessageKind::DanEncCand => candidate()
            .prop_map(|candidate| Message::DanEncCand(Box::new(candidate)))
            .boxed(),
        other => panic!("no strategy for {other}"),
    }
}

fn session() -> impl Strategy<Value = AggregationSession> {
    prop_oneof![
        bytes(0..100).prop_map(|text| AggregationSession::HiddenService {
            hidden_service: Text::from(text)
        }),
        bytes(0..100).prop_map(|public_key| AggregationSession::PublicKey { public_key }),
        (bytes(0..100), bytes(0..300)).prop_map(|(public_key, data)| {
            AggregationSession::PublicKeyAndData { public_key, data }
        }),
        (4..=i32::MAX).prop_map(|version| AggregationSession::Other { version }),
        (i32::MIN..=0).prop_map(|version| AggregationSession::Other { version }),
    ]
}

fn candidate() -> impl Strategy<Value = EncryptedCandidate> {
    let with_session =
        (bytes(0..100), bytes(0..=48), bytes(0..300)).prop_map(|(public_key, session_id, data)| {
            EncryptedCandidate {
                public_key,
                session_id: Some(session_id),
                data,
            }
        });
    let without =
        (bytes(0..100), bytes(49..300)).prop_map(|(public_key, data)| EncryptedCandidate {
            public_key,
            session_id: None,
            data,
        });
    prop_oneof![with_session, without]
}

fn any_kind() -> impl Strategy<Value = MessageKind> {
    proptest::sample::select(MessageKind::ALL)
}

/// What is decoded from `payload` is, written again, the part of it that was read.
fn is_stable(kind: MessageKind, payload: &Bytes, codec: &Codec<'_>) {
    let Ok(decoded) = Message::decode_as(kind, payload.clone(), codec) else {
        return;
    };
    // Looking at a view must not panic either.
    let shown = format!("{:?}", decoded.message);
    assert!(!shown.is_empty());
    if let Ok(again) = decoded.message.payload(codec, TxEncoding::Full) {
        assert_eq!(again, payload[..payload.len() - decoded.trailing]);
    }
}

proptest! {
    #[test]
    fn every_message(message in any_kind().prop_flat_map(message)) {
        let kind = message.kind().unwrap();
        let codec = codec_for(kind);
        let payload = message.payload(&codec, TxEncoding::Full).unwrap();
        prop_assert!(payload.len() <= kind.max_payload(&codec));
        let decoded = decode(kind, payload).unwrap();
        prop_assert_eq!(decoded.trailing, 0);
        prop_assert_eq!(decoded.message, message);
    }

    /// Without witnesses a message is another, and that one has no witnesses to leave out.
    #[test]
    fn base_encoding(message in any_kind().prop_flat_map(message)) {
        let kind = message.kind().unwrap();
        let codec = codec_for(kind);
        let witness = message.payload(&codec, TxEncoding::Full).unwrap();
        let base = message.payload(&codec, TxEncoding::Base).unwrap();
        prop_assert!(base.len() <= witness.len());
        let mut out = Vec::new();
        message.encode_into(&codec, TxEncoding::Base, &mut out).unwrap();
        prop_assert_eq!(&out, &base);
        let stripped = decode(kind, base.clone()).unwrap().message;
        prop_assert_eq!(stripped.payload(&codec, TxEncoding::Full).unwrap(), base);
        if let (Message::CmpctBlock(before), Message::CmpctBlock(after)) = (&message, &stripped) {
            let positions = |block: &CmpctBlock| {
                block.prefilled.iter().map(|tx| tx.index).collect::<Vec<_>>()
            };
            prop_assert_eq!(positions(before), positions(after));
        }
        if let (Message::Tx(before), Message::Tx(after)) = (&message, &stripped) {
            prop_assert_eq!(before.txid(), after.txid());
            prop_assert!(!after.has_witness());
        }
    }

    /// Any bytes, as any message, at any version.
    #[test]
    fn any_bytes(
        kind in any_kind(),
        payload in bytes(0..300),
        version: u32,
        network in proptest::sample::select(vec![&DRAFT, &Network::LITECOIN, &Network::MAINNET, &Network::NAVCOIN]),
    ) {
        is_stable(kind, &payload, &Codec::new(network, version, &LIMITS));
    }

    /// Bytes of real messages with a few of them changed.
    #[test]
    fn nearly_messages(
        sample: proptest::sample::Index,
        changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let samples = samples();
        let sample = sample.get(&samples);
        let mut payload = sample.payload.to_vec();
        if payload.is_empty() {
            return Ok(());
        }
        for (at, byte) in changes {
            *at.get_mut(&mut payload) = byte;
        }
        is_stable(sample.kind, &payload.into(), &sample.codec());
    }

    /// What is printed is printable, whatever a peer calls itself.
    #[test]
    fn shown_text_is_printable(agent in bytes(0..256)) {
        let shown = UserAgent::from_bytes(agent).to_string();
        prop_assert!(shown.bytes().all(|byte| matches!(byte, 0x20..=0x7e)));
    }
}
