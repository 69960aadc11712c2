//! One more than each limit, received and sent; and that the limit itself is not one too many.

use bytes::Bytes;
use peer_core::message::*;
use peer_core::network::Network;
use peer_core::wire::{
    AddrEntry, AddrList, AddrV2List, Address, BlockHash, BlockHeader, FilterHeader, Hash, List,
    ServiceFlags, TxFormat, TxMerkleNode, Writer,
};

use crate::samples::{DRAFT, LIMITS, codec_for, decode, mainnet};

/// How a limit shows when it is broken.
#[derive(Clone, Copy, PartialEq)]
enum Is {
    /// A count, for which Core disconnects.
    Count,
    /// A size, which merely makes no message.
    Size,
}

/// A claim in a payload: after `before` bytes there is a compact size that may be `limit` and not more.
struct Claim(MessageKind, &'static str, usize, Is, usize);

const CLAIMS: [Claim; 32] = {
    use Is::{Count, Size};
    use MessageKind::*;
    [
        Claim(Version, "user agent", 80, Size, 256),
        Claim(Feature, "feature id", 0, Size, 80),
        Claim(Inv, "inventory", 0, Count, 50_000),
        Claim(GetData, "inventory", 0, Count, 50_000),
        Claim(NotFound, "inventory", 0, Count, 50_000),
        Claim(GetBlocks, "locator", 4, Count, 101),
        Claim(GetHeaders, "locator", 4, Count, 101),
        Claim(Headers, "headers", 0, Count, 2_000),
        Claim(FilterLoad, "filter", 0, Count, 36_000),
        Claim(FilterAdd, "data", 0, Count, 520),
        Claim(MerkleBlock, "hashes", 84, Count, 400_001),
        Claim(MerkleBlock, "flags", 85, Size, 50_000),
        Claim(GetBlockTxn, "indexes", 32, Count, 65_535),
        Claim(BlockTxn, "transactions", 32, Count, 65_535),
        Claim(CmpctBlock, "short ids", 88, Count, 65_535),
        Claim(CmpctBlock, "prefilled", 89, Count, 65_535),
        Claim(CFilter, "filter", 33, Size, 262_144),
        Claim(CFHeaders, "filter hashes", 65, Count, 2_000),
        Claim(CFCheckpt, "filter headers", 33, Count, 100_000),
        Claim(Addr, "addresses", 0, Count, 1_000),
        Claim(AddrV2, "addresses", 0, Count, 1_000),
        Claim(AddrV2, "address", 7, Size, 512),
        Claim(Alert, "body", 0, Size, 4_096),
        Claim(Alert, "signature", 1, Size, 4_096),
        Claim(Reject, "message", 0, Size, 12),
        Claim(Reject, "reason", 2, Size, 512),
        Claim(CFTypes, "filter types", 0, Count, 256),
        Claim(AggSess, "public key", 4, Size, 8_000_000),
        Claim(DAggSess, "hidden service", 4, Size, 8_000_000),
        Claim(EncCand, "public key", 0, Size, 8_000_000),
        Claim(EncCand, "session id or data", 1, Size, 8_000_000),
        Claim(DanEncCand, "data", 2, Size, 8_000_000),
    ]
};

impl Claim {
    fn payload(&self, claimed: usize) -> Bytes {
        let Self(kind, field, before, ..) = *self;
        let mut payload = vec![0; before];
        match (kind, field) {
            // One entry: time, services, and a network that nobody knows.
            (MessageKind::AddrV2, "address") => {
                payload[..].copy_from_slice(&[1, 0, 0, 0, 0, 0, 99]);
            }
            // The version that has the field.
            (MessageKind::AggSess, _) => payload[0] = 2,
            (MessageKind::DAggSess, _) => payload[0] = 1,
            _ => assert!(before < 100),
        }
        Writer::new(&mut payload).size(claimed);
        payload.into()
    }

    fn error(&self, claimed: usize) -> DecodeError {
        decode(self.0, self.payload(claimed)).unwrap_err()
    }
}

#[test]
fn one_more_is_refused_before_the_first_is_read() {
    for claim in CLAIMS {
        let Claim(message, field, _, is, limit) = claim;
        let (count, limit) = (limit as u64 + 1, limit as u32);
        let kind = match is {
            Is::Count => DecodeErrorKind::CountAboveLimit { count, limit },
            Is::Size => DecodeErrorKind::SizeAboveLimit { size: count, limit },
        };
        let error = claim.error(count as usize);
        assert_eq!(
            error,
            DecodeError {
                message,
                field,
                kind
            }
        );
        assert_eq!(error.is_limit(), is == Is::Count);
    }
}

/// At the limit it is only that the items are not there.
#[test]
fn the_limit_is_allowed() {
    for claim in CLAIMS {
        let error = claim.error(claim.4);
        let missing = matches!(error.kind, DecodeErrorKind::UnexpectedEnd { .. });
        assert!(missing, "{error}");
    }
}

#[test]
fn claims_of_anything() {
    for claim in CLAIMS {
        for claimed in [0x0200_0001, u32::MAX as usize, usize::MAX] {
            let error = claim.error(claimed);
            assert_eq!((error.message, error.field), (claim.0, claim.1));
        }
    }
}

/// Both lists of a compact block together are the transactions of one block.
#[test]
fn short_ids_leave_the_rest_to_prefilled() {
    let mut payload = vec![0; 88];
    Writer::new(&mut payload).size(65_535);
    payload.resize(payload.len() + 6 * 65_535, 0);
    payload.push(1);
    let error = decode(MessageKind::CmpctBlock, payload).unwrap_err();
    assert_eq!(error.field, "prefilled");
    assert_eq!(
        error.kind,
        DecodeErrorKind::CountAboveLimit { count: 1, limit: 0 }
    );
}

#[test]
fn hash_functions() {
    let payload = |functions: u8| vec![0, functions, 0, 0, 0, 0, 0, 0, 0, 0];
    assert!(decode(MessageKind::FilterLoad, payload(50)).is_ok());
    let error = decode(MessageKind::FilterLoad, payload(51)).unwrap_err();
    assert_eq!(error.field, "hash functions");
    assert!(error.is_limit());
}

/// A header that says transactions follow it.
#[test]
fn header_with_transactions() {
    let mut payload = vec![0; 1 + 81 + 81];
    payload[0] = 2;
    assert!(decode(MessageKind::Headers, payload.clone()).is_ok());
    payload[162] = 1;
    let error = decode(MessageKind::Headers, payload).unwrap_err();
    assert_eq!(error.field, "transaction count");
    assert_eq!(error.kind, DecodeErrorKind::InvalidValue { value: 1 });
}

/// btcd sends locators of up to 500.
#[test]
fn limits_are_settings() {
    let btcd = MessageLimits::btcd();
    let codec = Codec::new(&Network::MAINNET, 70_016, &btcd);
    let message = Message::GetHeaders(Box::new(locator(500)));
    let payload = message.payload(&codec, TxEncoding::Full).unwrap();
    assert!(Message::decode_as(MessageKind::GetHeaders, payload.clone(), &codec).is_ok());
    assert!(
        decode(MessageKind::GetHeaders, payload)
            .unwrap_err()
            .is_limit()
    );
}

fn locator(count: usize) -> Locator {
    Locator {
        version: 70_016,
        hashes: (0..count).map(|_| BlockHash::ALL_ZERO).collect(),
        stop: BlockHash::ALL_ZERO,
    }
}

fn addresses(count: usize) -> Vec<AddrEntry> {
    let entry = AddrEntry {
        time: 0,
        services: ServiceFlags::NONE,
        address: Address::Ipv4([192, 0, 2, 51]),
        port: 8333,
    };
    vec![entry; count]
}

fn inventory(count: usize) -> Inventory {
    let item = InvVect::new(InvKind::Tx, Hash::ALL_ZERO);
    Inventory::new(&Network::MAINNET, vec![item; count]).unwrap()
}

fn headers(count: usize) -> Headers {
    let header = BlockHeader::from_bytes(&[0; 80]);
    Headers::new(&Network::MAINNET, vec![header; count])
}

/// A message with `LIMIT + more` of whatever is limited in it.
fn messages(more: usize) -> Vec<Message> {
    let bytes = |limit: usize| Bytes::from(vec![b'x'; limit + more]);
    let header = BlockHeader::from_bytes(&[0; 80]);
    let mut version = VersionMessage::new(70_016, ServiceFlags::NONE, 0, 0);
    version.user_agent = UserAgent::from_bytes(bytes(LIMITS.user_agent));
    vec![
        Message::Version(Box::new(version)),
        Message::Feature(Box::new(Feature {
            id: Text::from(bytes(LIMITS.feature_id)),
            data: Bytes::new(),
        })),
        Message::Feature(Box::new(Feature {
            id: Text::from("feature"),
            data: bytes(LIMITS.feature_data),
        })),
        Message::Inv(inventory(LIMITS.inv + more)),
        Message::GetData(inventory(LIMITS.inv + more)),
        Message::NotFound(inventory(LIMITS.inv + more)),
        Message::GetBlocks(Box::new(locator(LIMITS.locator + more))),
        Message::GetHeaders(Box::new(locator(LIMITS.locator + more))),
        Message::Headers(headers(LIMITS.headers + more)),
        Message::FilterLoad(FilterLoad {
            filter: bytes(LIMITS.filter),
            hash_funcs: 1,
            tweak: 0,
            update: BloomUpdate::NONE,
        }),
        Message::FilterLoad(FilterLoad {
            filter: Bytes::new(),
            hash_funcs: LIMITS.filter_hash_funcs + more as u32,
            tweak: 0,
            update: BloomUpdate::NONE,
        }),
        Message::FilterAdd(FilterAdd {
            data: bytes(LIMITS.filter_add),
        }),
        Message::MerkleBlock(Box::new(MerkleBlock {
            header,
            tx_count: 1,
            hashes: List::default(),
            flags: bytes(LIMITS.merkle_flags),
        })),
        Message::GetBlockTxn(Box::new(GetBlockTxn {
            block_hash: BlockHash::ALL_ZERO,
            indexes: IndexList::from_indexes((0..=u16::MAX).take(LIMITS.compact_txs + more))
                .unwrap(),
        })),
        Message::CmpctBlock(Box::new(CmpctBlock {
            header,
            nonce: 0,
            short_ids: vec![ShortId([0; 6]); LIMITS.compact_txs + more]
                .into_iter()
                .collect(),
            prefilled: PrefilledList::new(TxFormat::Bitcoin, []).unwrap(),
            tail: Bytes::new(),
        })),
        Message::CFilter(Box::new(CFilter {
            filter_type: 0,
            block_hash: BlockHash::ALL_ZERO,
            filter: bytes(LIMITS.cfilter),
        })),
        Message::CFHeaders(Box::new(CFHeaders {
            filter_type: 0,
            stop: BlockHash::ALL_ZERO,
            previous_header: Some(FilterHeader::ALL_ZERO),
            filter_hashes: zeros(LIMITS.cfheaders + more),
        })),
        Message::CFCheckpt(Box::new(CFCheckpt {
            filter_type: 0,
            stop: BlockHash::ALL_ZERO,
            filter_headers: zeros(LIMITS.cfcheckpt + more),
        })),
        Message::Addr(AddrList::from_entries(addresses(LIMITS.addr + more), true).unwrap()),
        Message::AddrV2(AddrV2List::from_entries(addresses(LIMITS.addr + more)).unwrap()),
        Message::Alert(Box::new(Alert {
            body: bytes(LIMITS.alert),
            signature: Bytes::new(),
        })),
        Message::Alert(Box::new(Alert {
            body: Bytes::new(),
            signature: bytes(LIMITS.alert),
        })),
        Message::Reject(Box::new(Reject {
            message: Text::from(bytes(LIMITS.reject_message)),
            code: RejectCode::INVALID,
            reason: Text::default(),
            hash: None,
        })),
        Message::Reject(Box::new(Reject {
            message: Text::default(),
            code: RejectCode::INVALID,
            reason: Text::from(bytes(LIMITS.reject_reason)),
            hash: None,
        })),
        Message::CFTypes(CFTypes {
            types: bytes(LIMITS.cftypes),
        }),
    ]
}

fn zeros<T: From<Hash> + peer_core::wire::Item>(count: usize) -> List<T> {
    (0..count).map(|_| T::from(Hash::ALL_ZERO)).collect()
}

#[test]
fn one_more_is_not_sent() {
    for message in messages(1) {
        let codec = codec_for(message.kind().unwrap());
        let error = message.payload(&codec, TxEncoding::Full);
        let kind = error.unwrap_err().kind;
        let above = matches!(
            kind,
            EncodeErrorKind::CountAboveLimit { .. } | EncodeErrorKind::SizeAboveLimit { .. }
        );
        assert!(above, "{} {kind}", message.command());
    }
}

/// What may be sent at most is what is accepted at most.
#[test]
fn the_limit_is_sent_and_accepted() {
    for message in messages(0) {
        let kind = message.kind().unwrap();
        let codec = codec_for(kind);
        let payload = message.payload(&codec, TxEncoding::Full).unwrap();
        assert!(payload.len() <= kind.max_payload(&codec), "{kind}");
        let decoded = decode(kind, payload).unwrap();
        assert_eq!(decoded.message, message);
        assert_eq!(decoded.trailing, 0);
    }
}

/// A locator of BIP157's drafts has limits of its own, received and sent.
#[test]
fn draft_locators() {
    let codec = codec_for(MessageKind::CFTypes);
    assert_eq!(codec.network, &DRAFT);
    let ask = |count| {
        Message::GetCFHeaders(GetCFHeaders::Draft(Box::new(DraftLocator {
            hashes: zeros(count),
            stop: BlockHash::ALL_ZERO,
            filter_type: 0,
        })))
    };
    let payload = ask(500).payload(&codec, TxEncoding::Full).unwrap();
    assert_eq!(payload.len(), MessageKind::GetCFHeaders.max_payload(&codec));
    let decoded = Message::decode_as(MessageKind::GetCFHeaders, payload, &codec).unwrap();
    assert_eq!(decoded.message, ask(500));
    let error = ask(501).payload(&codec, TxEncoding::Full).unwrap_err();
    let (field, count, limit) = ("locator", 501, 500);
    let kind = EncodeErrorKind::CountAboveLimit {
        field,
        count,
        limit,
    };
    assert_eq!(error.kind, kind);
    let claim = Bytes::from_static(&[0xfd, 0xf5, 0x01]);
    let error = Message::decode_as(MessageKind::GetCFHeaders, claim, &codec).unwrap_err();
    let (count, limit) = (501, 500);
    let kind = DecodeErrorKind::CountAboveLimit { count, limit };
    assert_eq!((error.field, error.kind), (field, kind));
}

/// 400,001 hashes are more than a frame of Bitcoin has room for, but not more than one of Litecoin.
#[test]
fn merkle_block_hashes() {
    let codec = Codec::new(&Network::LITECOIN, 70_016, &LIMITS);
    let block = |count| {
        let hashes: List<TxMerkleNode> = zeros(count);
        Message::MerkleBlock(Box::new(MerkleBlock {
            header: BlockHeader::from_bytes(&[0; 80]),
            tx_count: 1,
            hashes,
            flags: Bytes::new(),
        }))
    };
    let at_limit = block(LIMITS.merkle_hashes);
    let error = at_limit.payload(&mainnet(), TxEncoding::Full).unwrap_err();
    assert!(matches!(
        error.kind,
        EncodeErrorKind::SizeAboveLimit {
            field: "payload",
            ..
        }
    ));
    assert!(at_limit.payload(&codec, TxEncoding::Full).is_ok());
    let above = block(LIMITS.merkle_hashes + 1).payload(&codec, TxEncoding::Full);
    assert!(matches!(
        above.unwrap_err().kind,
        EncodeErrorKind::CountAboveLimit { .. }
    ));
}
