//! Every field of a message, against the same field of the other crate's message.

use bitcoin::p2p::address::{AddrV2, AddrV2Message};
use bitcoin::p2p::message::NetworkMessage;
use bitcoin::p2p::message_blockdata::Inventory as TheirInventory;
use bitcoin::p2p::message_bloom::BloomFlags;
use bitcoin::p2p::message_network::VersionMessage as TheirVersion;
use bitcoin::{block, hashes::Hash as _};
use peer_core::message::{
    FilterRange, GetCFHeaders, InvVect, Inventory, Locator, Message, VersionMessage,
};
use peer_core::network::InvNumbering;
use peer_core::wire::{AddrV2Record, BlockHeader, NetAddr, TxView};

/// Panics where the two messages differ.
pub(super) fn compare(ours: &Message, theirs: &NetworkMessage) {
    use NetworkMessage as T;
    match (ours, theirs) {
        (Message::Version(ours), T::Version(theirs)) => version(ours, theirs),
        (Message::Verack, T::Verack)
        | (Message::SendAddrV2, T::SendAddrV2)
        | (Message::WtxidRelay, T::WtxidRelay)
        | (Message::MemPool, T::MemPool)
        | (Message::SendHeaders, T::SendHeaders)
        | (Message::FilterClear, T::FilterClear)
        | (Message::GetAddr, T::GetAddr) => {}
        (Message::Ping(ours), T::Ping(theirs)) => assert_eq!(ours.nonce, Some(*theirs)),
        (Message::Pong(ours), T::Pong(theirs)) => assert_eq!(ours.nonce, *theirs),
        (Message::Inv(ours), T::Inv(theirs))
        | (Message::GetData(ours), T::GetData(theirs))
        | (Message::NotFound(ours), T::NotFound(theirs)) => inventory(ours, theirs),
        (Message::FeeFilter(ours), T::FeeFilter(theirs)) => assert_eq!(ours.fee_rate, *theirs),
        (Message::GetBlocks(ours), T::GetBlocks(theirs)) => {
            let stop = &theirs.stop_hash;
            locator(ours, theirs.version, &theirs.locator_hashes, stop);
        }
        (Message::GetHeaders(ours), T::GetHeaders(theirs)) => {
            let stop = &theirs.stop_hash;
            locator(ours, theirs.version, &theirs.locator_hashes, stop);
        }
        (Message::Headers(ours), T::Headers(theirs)) => {
            all(ours.iter(), theirs, |ours, theirs| header(&ours, theirs));
        }
        (Message::Block(ours), T::Block(theirs)) => {
            header(&ours.header(), &theirs.header);
            assert_eq!(ours.block_hash().to_bytes(), bytes(&theirs.block_hash()));
            all(ours.transactions(), &theirs.txdata, |ours, theirs| {
                transaction(&ours, theirs);
            });
            assert_eq!(ours.total_size(), theirs.total_size());
            assert_eq!(ours.weight() as u64, theirs.weight().to_wu());
        }
        (Message::Tx(ours), T::Tx(theirs)) => transaction(ours, theirs),
        (Message::Addr(ours), T::Addr(theirs)) => all(ours.iter(), theirs, |ours, theirs| {
            assert_eq!(ours.time, theirs.0);
            address(&ours.net_addr(), &theirs.1);
        }),
        (Message::AddrV2(ours), T::AddrV2(theirs)) => all(ours.records(), theirs, address_v2),
        (Message::Alert(_), T::Alert(_)) => panic!("not the same layout: {ours:?}, {theirs:?}"),
        (Message::Reject(ours), T::Reject(theirs)) => {
            assert_eq!(ours.message.as_bytes(), theirs.message.as_bytes());
            assert_eq!(ours.code.0, theirs.ccode as u8);
            assert_eq!(ours.reason.as_bytes(), theirs.reason.as_bytes());
            let hash = ours.hash.map(|hash| hash.to_bytes());
            assert_eq!(hash, Some(theirs.hash.to_byte_array()));
        }
        _ => bloom(ours, theirs),
    }
}

fn bloom(ours: &Message, theirs: &NetworkMessage) {
    use NetworkMessage as T;
    match (ours, theirs) {
        (Message::FilterLoad(ours), T::FilterLoad(theirs)) => {
            let flags = match theirs.flags {
                BloomFlags::None => 0,
                BloomFlags::All => 1,
                BloomFlags::PubkeyOnly => 2,
            };
            let theirs = (&theirs.filter[..], theirs.hash_funcs, theirs.tweak, flags);
            let ours = (&ours.filter[..], ours.hash_funcs, ours.tweak, ours.update.0);
            assert_eq!(ours, theirs);
        }
        (Message::FilterAdd(ours), T::FilterAdd(theirs)) => assert_eq!(ours.data, theirs.data),
        (Message::MerkleBlock(ours), T::MerkleBlock(theirs)) => {
            header(&ours.header, &theirs.header);
            assert_eq!(ours.tx_count, theirs.txn.num_transactions());
            all(ours.hashes.iter(), theirs.txn.hashes(), |ours, theirs| {
                assert_eq!(ours.to_bytes(), theirs.to_byte_array());
            });
            let bit = |at: usize| ours.flags[at / 8] >> (at % 8) & 1 == 1;
            let bits = (0..8 * ours.flags.len()).map(bit);
            assert!(bits.eq(theirs.txn.bits().iter().copied()));
        }
        _ => compact(ours, theirs),
    }
}

fn compact(ours: &Message, theirs: &NetworkMessage) {
    use NetworkMessage as T;
    match (ours, theirs) {
        (Message::SendCmpct(ours), T::SendCmpct(theirs)) => {
            assert_eq!(ours.announce, theirs.send_compact);
            assert_eq!(ours.version, theirs.version);
        }
        (Message::CmpctBlock(ours), T::CmpctBlock(theirs)) => {
            let theirs = &theirs.compact_block;
            header(&ours.header, &theirs.header);
            assert_eq!(ours.nonce, theirs.nonce);
            all(ours.short_ids.iter(), &theirs.short_ids, |ours, theirs| {
                assert_eq!(ours.0, *theirs.as_bytes());
            });
            // Ours are positions in the block, theirs what the wire has: the distance from the one before.
            let mut next = 0;
            all(
                ours.prefilled.iter(),
                &theirs.prefilled_txs,
                |ours, theirs| {
                    assert_eq!(u32::from(ours.index), next + u32::from(theirs.idx));
                    next = u32::from(ours.index) + 1;
                    transaction(&ours.transaction, &theirs.tx);
                },
            );
            assert!(ours.tail.is_empty());
        }
        (Message::GetBlockTxn(ours), T::GetBlockTxn(theirs)) => {
            let theirs = &theirs.txs_request;
            assert_eq!(ours.block_hash.to_bytes(), bytes(&theirs.block_hash));
            all(ours.indexes.iter(), &theirs.indexes, |ours, theirs| {
                assert_eq!(u64::from(ours), *theirs);
            });
        }
        (Message::BlockTxn(ours), T::BlockTxn(theirs)) => {
            let theirs = &theirs.transactions;
            assert_eq!(ours.block_hash.to_bytes(), bytes(&theirs.block_hash));
            all(
                ours.transactions.iter(),
                &theirs.transactions,
                |ours, theirs| {
                    transaction(&ours, theirs);
                },
            );
        }
        _ => filters(ours, theirs),
    }
}

fn filters(ours: &Message, theirs: &NetworkMessage) {
    use NetworkMessage as T;
    match (ours, theirs) {
        (Message::GetCFilters(ours), T::GetCFilters(theirs)) => {
            range(
                ours,
                theirs.filter_type,
                theirs.start_height,
                &theirs.stop_hash,
            );
        }
        (Message::GetCFHeaders(GetCFHeaders::Range(ours)), T::GetCFHeaders(theirs)) => {
            range(
                ours,
                theirs.filter_type,
                theirs.start_height,
                &theirs.stop_hash,
            );
        }
        (Message::CFilter(ours), T::CFilter(theirs)) => {
            assert_eq!(ours.filter_type, theirs.filter_type);
            assert_eq!(ours.block_hash.to_bytes(), bytes(&theirs.block_hash));
            assert_eq!(ours.filter, theirs.filter);
        }
        (Message::CFHeaders(ours), T::CFHeaders(theirs)) => {
            assert_eq!(ours.filter_type, theirs.filter_type);
            assert_eq!(ours.stop.to_bytes(), bytes(&theirs.stop_hash));
            let previous = ours.previous_header.map(|header| header.to_bytes());
            let theirs_previous = theirs.previous_filter_header.to_byte_array();
            assert_eq!(previous, Some(theirs_previous));
            all(
                ours.filter_hashes.iter(),
                &theirs.filter_hashes,
                |ours, theirs| {
                    assert_eq!(ours.to_bytes(), theirs.to_byte_array());
                },
            );
        }
        (Message::GetCFCheckpt(ours), T::GetCFCheckpt(theirs)) => {
            assert_eq!(ours.filter_type, theirs.filter_type);
            assert_eq!(ours.stop.to_bytes(), bytes(&theirs.stop_hash));
        }
        (Message::CFCheckpt(ours), T::CFCheckpt(theirs)) => {
            assert_eq!(ours.filter_type, theirs.filter_type);
            assert_eq!(ours.stop.to_bytes(), bytes(&theirs.stop_hash));
            all(
                ours.filter_headers.iter(),
                &theirs.filter_headers,
                |ours, theirs| {
                    assert_eq!(ours.to_bytes(), theirs.to_byte_array());
                },
            );
        }
        (
            Message::Unknown { command, payload },
            T::Unknown {
                command: name,
                payload: bytes,
            },
        ) => {
            assert_eq!(command.as_str(), name.as_ref());
            assert_eq!(payload, bytes);
        }
        _ => panic!("not the same message: {ours:?}, {theirs:?}"),
    }
}

/// As many on both sides, and each like its counterpart.
fn all<A, B>(ours: impl Iterator<Item = A>, theirs: &[B], mut compare: impl FnMut(A, &B)) {
    let mut theirs = theirs.iter();
    for ours in ours {
        compare(ours, theirs.next().unwrap());
    }
    assert_eq!(theirs.len(), 0);
}

fn bytes(hash: &bitcoin::BlockHash) -> [u8; 32] {
    hash.to_byte_array()
}

fn version(ours: &VersionMessage, theirs: &TheirVersion) {
    assert_eq!(ours.version.cast_unsigned(), theirs.version);
    assert_eq!(ours.services.bits(), theirs.services.to_u64());
    assert_eq!(ours.timestamp, theirs.timestamp);
    address(&ours.receiver, &theirs.receiver);
    address(&ours.sender, &theirs.sender);
    assert_eq!(ours.nonce, theirs.nonce);
    assert_eq!(ours.user_agent.as_bytes(), theirs.user_agent.as_bytes());
    assert_eq!(ours.start_height, theirs.start_height);
    assert_eq!(ours.relay.is_wanted(), theirs.relay);
}

fn address(ours: &NetAddr, theirs: &bitcoin::p2p::Address) {
    assert_eq!(ours.services.bits(), theirs.services.to_u64());
    let segments = theirs.address.iter().flat_map(|part| part.to_be_bytes());
    assert!(segments.eq(ours.address.to_legacy().unwrap()));
    assert_eq!(ours.port, theirs.port);
}

fn address_v2(ours: AddrV2Record<'_>, theirs: &AddrV2Message) {
    assert_eq!(ours.time, theirs.time);
    assert_eq!(ours.services.bits(), theirs.services.to_u64());
    assert_eq!(ours.port, theirs.port);
    let (network, address) = match &theirs.addr {
        AddrV2::Ipv4(ip) => (1, ip.octets().to_vec()),
        AddrV2::Ipv6(ip) => (2, ip.octets().to_vec()),
        AddrV2::TorV2(key) => (3, key.to_vec()),
        AddrV2::TorV3(key) => (4, key.to_vec()),
        AddrV2::I2p(hash) => (5, hash.to_vec()),
        AddrV2::Cjdns(ip) => (6, ip.octets().to_vec()),
        AddrV2::Unknown(network, bytes) => (*network, bytes.clone()),
    };
    assert_eq!((ours.network, ours.address), (network, &address[..]));
    // What is taken for an address is the one that was sent.
    if let Some(entry) = ours.entry() {
        assert_eq!(entry.address.network(), network);
        assert_eq!(entry.address.as_bytes(), address);
    }
}

fn inventory(ours: &Inventory, theirs: &[TheirInventory]) {
    all(ours.iter(), theirs, |InvVect { kind, hash }, theirs| {
        let number = match theirs {
            TheirInventory::Error => 0,
            TheirInventory::Transaction(_) => 1,
            TheirInventory::Block(_) => 2,
            TheirInventory::CompactBlock(_) => 4,
            TheirInventory::WTx(_) => 5,
            TheirInventory::WitnessTransaction(_) => 0x4000_0001,
            TheirInventory::WitnessBlock(_) => 0x4000_0002,
            TheirInventory::Unknown { inv_type, .. } => *inv_type,
        };
        assert_eq!(InvNumbering::Bitcoin.number(kind), Some(number));
        assert_eq!(Some(hash.to_bytes()), theirs.network_hash());
    });
}

fn locator(ours: &Locator, version: u32, hashes: &[bitcoin::BlockHash], stop: &bitcoin::BlockHash) {
    assert_eq!(ours.version, version);
    all(ours.hashes.iter(), hashes, |ours, theirs| {
        assert_eq!(ours.to_bytes(), bytes(theirs));
    });
    assert_eq!(ours.stop.to_bytes(), bytes(stop));
}

fn range(ours: &FilterRange, filter_type: u8, start: u32, stop: &bitcoin::BlockHash) {
    let theirs = (filter_type, start, bytes(stop));
    let ours = (ours.filter_type, ours.start_height, ours.stop.to_bytes());
    assert_eq!(ours, theirs);
}

fn header(ours: &BlockHeader, theirs: &block::Header) {
    assert_eq!(ours.version, theirs.version.to_consensus());
    assert_eq!(
        ours.prev_blockhash.to_bytes(),
        bytes(&theirs.prev_blockhash)
    );
    assert_eq!(
        ours.merkle_root.to_bytes(),
        theirs.merkle_root.to_byte_array()
    );
    assert_eq!(ours.time, theirs.time);
    assert_eq!(ours.bits, theirs.bits.to_consensus());
    assert_eq!(ours.nonce, theirs.nonce);
    assert_eq!(ours.block_hash().to_bytes(), bytes(&theirs.block_hash()));
}

fn transaction(ours: &TxView, theirs: &bitcoin::Transaction) {
    assert_eq!(ours.version(), theirs.version.0);
    assert_eq!(ours.lock_time(), theirs.lock_time.to_consensus_u32());
    all(ours.inputs(), &theirs.input, |ours, theirs| {
        let (point, theirs_point) = (ours.previous_output, theirs.previous_output);
        assert_eq!(point.txid.to_bytes(), theirs_point.txid.to_byte_array());
        assert_eq!(point.vout, theirs_point.vout);
        assert_eq!(ours.script_sig, theirs.script_sig.as_bytes());
        assert_eq!(ours.sequence, theirs.sequence.0);
    });
    all(ours.outputs(), &theirs.output, |ours, theirs| {
        assert_eq!(ours.value.cast_unsigned(), theirs.value.to_sat());
        assert_eq!(ours.script_pubkey, theirs.script_pubkey.as_bytes());
    });
    all(ours.witnesses(), &theirs.input, |ours, theirs| {
        assert!(ours.iter().eq(theirs.witness.iter()));
    });
    assert_eq!(
        ours.txid().to_bytes(),
        theirs.compute_txid().to_byte_array()
    );
    assert_eq!(
        ours.wtxid().to_bytes(),
        theirs.compute_wtxid().to_byte_array()
    );
    assert_eq!(ours.base_size(), theirs.base_size());
    assert_eq!(ours.total_size(), theirs.total_size());
    assert_eq!(ours.weight() as u64, theirs.weight().to_wu());
}
