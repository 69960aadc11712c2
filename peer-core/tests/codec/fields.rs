//! The values in messages whose makers said what is in them, or whose parts prove each other.

use peer_core::message::{
    EncodeErrorKind, InvKind, InvVect, Message, MessageKind, Reject, RejectCode, TxEncoding,
    VersionTail,
};
use peer_core::network::ServiceFlags;
use peer_core::wire::{BlockHash, FilterHash, FilterHeader, Txid, sha256d};

use crate::samples::{Sample, decode, mainnet, sample, samples};

/// The payload of a message that is known to be of one kind.
macro_rules! the {
    ($variant:ident, $sample:expr) => {
        match $sample.message() {
            Message::$variant(payload) => payload,
            other => panic!("{other:?}"),
        }
    };
}

/// The samples of `section` in the recording of litecoind.
fn recorded(section: &str, kind: MessageKind) -> Vec<Sample> {
    let mut found = samples();
    found.retain(|sample| {
        let name = sample.name.split_once('/');
        name.is_some_and(|(of, _)| of == section) && sample.kind == kind
    });
    found
}

/// As annotated in the developer reference.
#[test]
fn version_of_2014() {
    let version = the!(Version, sample("devdocs-version"));
    assert_eq!(version.version, 70_002);
    assert_eq!(version.services, ServiceFlags::NETWORK);
    assert_eq!(version.timestamp, 1_415_483_324);
    assert_eq!(version.receiver.to_string(), "198.27.100.9:8333");
    assert_eq!(version.sender.to_string(), "203.0.113.192:8333");
    assert_eq!(version.user_agent.to_string(), "/Satoshi:0.9.3/");
    assert_eq!(version.start_height, 329_167);
    assert!(version.relay.is_wanted());
    assert_eq!(version.tail, VersionTail::Relay);
}

/// rust-bitcoin's test spells the fields out.
#[test]
fn version_with_an_onion_sender() {
    let version = the!(Version, sample("rust-bitcoin-version-from-satoshi"));
    assert_eq!(version.timestamp, 1_401_217_254);
    assert_eq!(version.nonce, 16_735_069_437_859_780_935);
    assert_eq!(version.user_agent.to_string(), "/Satoshi:0.9.99/");
    assert_eq!(version.start_height, 302_892);
    // Version 2 onion services went by an address in fd87:d87e:eb43::/48.
    assert_eq!(version.sender.socket_addr(), None);
}

/// A field that is left out has the value its absence means, and ends up absent again (see `whole.rs`).
#[test]
fn version_without_its_tail() {
    let whole = sample("devdocs-version");
    let cut = |tail: VersionTail, len: usize| {
        let decoded = whole.decode(whole.payload.slice(..len)).unwrap();
        let Message::Version(version) = decoded.message else {
            panic!("{decoded:?}");
        };
        assert_eq!(version.tail, tail);
        version
    };
    let least = cut(VersionTail::Receiver, 46);
    assert_eq!(least.version, 70_002);
    assert_eq!(least.nonce, 1);
    assert_eq!(least.start_height, -1);
    assert!(least.relay.is_wanted());
    assert!(least.user_agent.as_bytes().is_empty());
    cut(VersionTail::Sender, 72);
    cut(VersionTail::Nonce, 80);
    cut(VersionTail::UserAgent, 96);
    let most = cut(VersionTail::StartHeight, 100);
    assert_eq!(most.start_height, 329_167);
    assert!(most.relay.is_wanted());
}

#[test]
fn relay_is_any_byte() {
    for (name, byte) in [("0x17", 0x17), ("0x76", 0x76)] {
        let sample = sample(&format!("version-relay-{name}_cmd12-plus-payload.bin"));
        assert_eq!(sample.payload.last(), Some(&byte));
        assert!(the!(Version, sample).relay.is_wanted());
    }
}

fn txid(hex: &str) -> Txid {
    hex.parse().unwrap()
}

#[test]
fn inventory() {
    let inventory = the!(Inv, sample("devdocs-inv"));
    let items: Vec<_> = inventory.iter().collect();
    let expected = [
        "5af521b6a11d0829e43247224f03ca42c41f0b5d92a009c55d1fac09d7ff55de",
        "c78dc6b217985ee84ae972d8f1aa55a0b8246f767829261880e03770996dd391",
    ];
    assert_eq!(
        items,
        expected.map(|hex| InvVect::new(InvKind::Tx, txid(hex)))
    );
}

/// What was asked for by hash is what came.
#[test]
fn requests_and_answers() {
    let asked = |section| {
        let request = the!(GetData, recorded(section, MessageKind::GetData)[0]);
        request.get(0).unwrap()
    };
    let tx = the!(Tx, recorded("getdata-wtx", MessageKind::Tx)[0]);
    let wtx = asked("getdata-wtx");
    assert_eq!(wtx, InvVect::new(InvKind::Wtx, tx.wtxid()));
    for (section, kind) in [
        ("getdata-block", InvKind::Block),
        ("getdata-witness-block", InvKind::WitnessBlock),
    ] {
        let block = the!(Block, recorded(section, MessageKind::Block)[0]);
        assert_eq!(asked(section), InvVect::new(kind, block.block_hash()));
        assert_eq!(block.has_witness(), kind == InvKind::WitnessBlock);
        assert_eq!(block.check_merkle_root(), Ok(()));
    }
    let missing = the!(
        NotFound,
        recorded("getdata-unknown-tx", MessageKind::NotFound)[0]
    );
    assert_eq!(missing.get(0), Some(asked("getdata-unknown-tx")));
}

/// Blocks 900,000 to 900,002 of the main network: linked, and each worth its proof of work.
#[test]
fn headers() {
    let headers = the!(Headers, sample("rust-bitcoin-headers-900000..900002"));
    assert_eq!(headers.len(), 3);
    let hashes: Vec<_> = headers.iter().map(|header| header.block_hash()).collect();
    let first = "000000000000000000010538edbfd2d5b809a33dd83f284aeea41c6d0d96968a";
    assert_eq!(hashes[0].to_string(), first);
    for (previous, header) in hashes.iter().zip(headers.iter().skip(1)) {
        assert_eq!(header.prev_blockhash, *previous);
        assert!(header.meets_target(header.block_hash()));
    }
    assert_eq!(headers.get(2), headers.last());
    assert_eq!(headers.get(3), None);
}

#[test]
fn locator() {
    let locator = the!(GetBlocks, sample("devdocs-getblocks"));
    assert_eq!(locator.version, 70_001);
    assert_eq!(locator.hashes.len(), 2);
    assert_eq!(
        locator.hashes.first().unwrap().to_string(),
        "00000000000000001bd3146aa1555e10b23b63e6d484987237b575778a609fd3"
    );
    assert_eq!(locator.stop, BlockHash::ALL_ZERO);
}

/// The partial tree of each leads to the root in its header.
#[test]
fn merkle_blocks() {
    for (name, txs) in [
        ("devdocs-merkleblock", 7),
        ("rust-bitcoin-merkleblock", 1),
        ("rust-bitcoin-merkle_block.hex", 9),
        ("merkle300025.raw", 461),
    ] {
        let block = the!(MerkleBlock, sample(name));
        assert_eq!(block.tx_count, txs, "{name}");
        let proven = block.extract_matches().unwrap();
        assert_eq!(proven.root, block.header.merkle_root, "{name}");
        assert!(!proven.matches.is_empty(), "{name}");
    }
}

/// The short ids and the prefilled coinbase make up as many transactions as the block is known to have.
#[test]
fn compact_blocks() {
    for (name, hash, txs) in [
        (
            "compact426884.raw",
            "00000000000000000431d0ead6e0bd9f90ff0d469e9b05d51e3d04971f472973",
            409,
        ),
        (
            "compact898352.raw",
            "00000000c269ad542ed9ac684cb5fa6df340d5feee0e040590225c7332b98fca",
            10,
        ),
    ] {
        let block = the!(CmpctBlock, sample(name));
        assert_eq!(block.header.block_hash().to_string(), hash);
        assert_eq!(block.tx_count(), txs);
        let prefilled: Vec<_> = block.prefilled.iter().collect();
        assert_eq!(prefilled.len(), 1);
        assert_eq!(prefilled[0].index, 0);
        assert!(prefilled[0].transaction.is_coinbase());
    }
}

/// Between nodes of Litecoin a compact block goes on with the MWEB block, absent here. It is not Bitcoin's to send.
#[test]
fn compact_block_of_litecoin() {
    let samples = recorded("compact-3", MessageKind::CmpctBlock);
    assert_eq!(samples.len(), 2);
    for sample in samples {
        assert_eq!(the!(CmpctBlock, sample).tail[..], [0]);
        let error = sample.message().payload(&mainnet(), TxEncoding::Full);
        let kind = EncodeErrorKind::OtherLayout { field: "prefilled" };
        assert_eq!(error.unwrap_err().kind, kind);
        let elsewhere = decode(MessageKind::CmpctBlock, sample.payload).unwrap();
        assert_eq!(elsewhere.trailing, 1);
    }
}

/// The answer has as many transactions as were asked for, of the same block.
#[test]
fn block_transactions() {
    let request = the!(
        GetBlockTxn,
        recorded("getblocktxn", MessageKind::GetBlockTxn)[0]
    );
    let answer = the!(BlockTxn, recorded("getblocktxn", MessageKind::BlockTxn)[0]);
    assert_eq!(request.block_hash, answer.block_hash);
    assert_eq!(request.indexes.iter().collect::<Vec<_>>(), [0]);
    assert_eq!(answer.transactions.len(), request.indexes.len());
    assert!(answer.transactions.iter().all(|tx| tx.is_coinbase()));
}

/// Filter hashes are the hashes of the filters, and nothing but chaining is needed for the headers (BIP157).
#[test]
fn compact_filters() {
    let request = the!(
        GetCFHeaders,
        recorded("cfheaders", MessageKind::GetCFHeaders)[0]
    );
    let hashes = the!(CFHeaders, recorded("cfheaders", MessageKind::CFHeaders)[0]);
    let peer_core::message::GetCFHeaders::Range(request) = request else {
        panic!("{request:?}");
    };
    assert_eq!(hashes.stop, request.stop);
    let filters: Vec<_> = recorded("cfilters", MessageKind::CFilter)
        .iter()
        .map(|sample| the!(CFilter, sample))
        .collect();
    let of_filters: Vec<_> = filters
        .iter()
        .map(|filter| FilterHash::from_bytes(sha256d(&filter.filter)))
        .collect();
    assert_eq!(hashes.filter_hashes.iter().collect::<Vec<_>>(), of_filters);
    assert_eq!(filters.last().unwrap().block_hash, request.stop);
    // The request began at height 1, so the header before is the genesis block's: its filter hash on nothing.
    assert_eq!(request.start_height, 1);
    assert_ne!(hashes.previous_header, Some(FilterHeader::ALL_ZERO));
    let checkpoints = the!(CFCheckpt, recorded("cfcheckpt", MessageKind::CFCheckpt)[0]);
    assert!(checkpoints.filter_headers.is_empty());
}

#[test]
fn bloom_filters() {
    let load = the!(FilterLoad, sample("devdocs-filterload"));
    assert_eq!(load.filter[..], [0b1011_0101, 0b0000_1111]);
    assert_eq!((load.hash_funcs, load.tweak, load.update.0), (11, 0, 0));
    let add = the!(FilterAdd, sample("devdocs-filteradd"));
    assert_eq!(add.data.len(), 32);
}

#[test]
fn fee_filter() {
    let filter = the!(FeeFilter, sample("devdocs-feefilter"));
    assert_eq!(filter.fee_rate, 48_508);
    assert!(filter.is_in_money_range());
}

#[test]
fn rejects() {
    let Reject {
        message,
        code,
        reason,
        hash,
        ..
    } = *the!(Reject, sample("devdocs-reject"));
    assert_eq!(message.to_string(), "tx");
    assert_eq!(code, RejectCode::DUPLICATE);
    assert_eq!(reason.to_string(), "bad-txns-inputs-spent");
    assert!(hash.is_some());
    let nonfinal = the!(Reject, sample("rust-bitcoin-reject_tx_nonfinal"));
    assert_eq!(nonfinal.code, RejectCode::NONSTANDARD);
    assert_eq!(nonfinal.reason.to_string(), "non-final");
    assert_eq!(
        nonfinal.hash.map(Txid::from),
        Some(txid(
            "0b46a539138b5fde4e341b37f2d945c23d41193b30caa7fcbd8bdb836cbe9b25"
        ))
    );
}

/// The last alert has 96 bytes of body on Bitcoin and 92 on Litecoin.
#[test]
fn alerts() {
    for (section, len) in [("client-knots", 96), ("handshake60000", 92)] {
        let alert = the!(Alert, recorded(section, MessageKind::Alert)[0]);
        assert_eq!(alert.body.len(), len);
        assert!(!alert.signature.is_empty());
    }
}

/// Both messages were made from the same list.
#[test]
fn addresses_in_both_forms() {
    let legacy = the!(Addr, sample("core-addr-v1-3-entries"));
    let bip155 = the!(AddrV2, sample("core-addr-v2-3-entries"));
    let legacy: Vec<_> = legacy.iter().collect();
    assert_eq!(legacy, bip155.iter().collect::<Vec<_>>());
    let addresses: Vec<_> = legacy
        .iter()
        .map(|entry| entry.net_addr().to_string())
        .collect();
    assert_eq!(addresses, ["[::1]:0", "[::1]:241", "[::1]:61938"]);
    assert_eq!(legacy[2].time, 0xffff_ffff);
}

/// Before BIP31 a `ping` was empty, and a node still sends it so to an old version.
#[test]
fn pings() {
    let new = the!(Ping, sample("devdocs-ping"));
    assert_eq!(new.nonce, Some(0x4daf_e211_2110_9400));
    let old = the!(Ping, recorded("handshake60000", MessageKind::Ping)[0]);
    assert_eq!(old.nonce, None);
}

/// The three versions that litecoind offers, in its order of preference.
#[test]
fn compact_block_versions() {
    let offers: Vec<_> = recorded("handshake70016", MessageKind::SendCmpct)
        .iter()
        .map(|sample| the!(SendCmpct, sample))
        .map(|offer| (offer.announce, offer.version))
        .collect();
    assert_eq!(offers, [(false, 3), (false, 2), (false, 1)]);
}

/// Litecoin's own service bit has no name here and is kept.
#[test]
fn services_of_litecoin() {
    let version = the!(Version, recorded("handshake70016", MessageKind::Version)[1]);
    assert_eq!(version.user_agent.to_string(), "/LitecoinCore:0.21.2.1/");
    assert!(version.services.contains(ServiceFlags(1 << 24)));
}

#[test]
fn reconciliation() {
    for salt in [0x71eb_bbdc_d645_4e2d, 0x92e8_ddef_0e28_bce1] {
        let found = recorded("knots-recon", MessageKind::SendTxRcncl);
        let found = found.iter().map(|sample| the!(SendTxRcncl, sample));
        let offer = found.into_iter().find(|offer| offer.salt == salt).unwrap();
        assert_eq!(offer.version, 1);
    }
}
