use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::SocketAddr;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::wire::{DecodeErrorKind, Reader, ServiceFlags, Writer};

const LIMIT: usize = 1_000;

fn any_address() -> impl Strategy<Value = Address> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(Address::Ipv4),
        any::<[u8; 16]>().prop_map(Address::Ipv6),
        any::<[u8; 10]>().prop_map(Address::TorV2),
        any::<[u8; 32]>().prop_map(Address::TorV3),
        any::<[u8; 32]>().prop_map(Address::I2p),
        any::<[u8; 15]>().prop_map(|tail| Address::Cjdns(after(0xfc, tail))),
        (2_u8..4, any::<[u8; 15]>()).prop_map(|(head, tail)| Address::Yggdrasil(after(head, tail))),
    ]
}

fn after(head: u8, tail: [u8; 15]) -> [u8; 16] {
    let mut bytes = [head; 16];
    bytes[1..].copy_from_slice(&tail);
    bytes
}

fn entries() -> impl Strategy<Value = Vec<AddrEntry>> {
    let entry = (any::<u32>(), any::<u64>(), any_address(), any::<u16>()).prop_map(
        |(time, services, address, port)| AddrEntry {
            time,
            services: ServiceFlags(services),
            address,
            port,
        },
    );
    prop::collection::vec(entry, 0..8)
}

fn decode(bytes: &Bytes, timed: bool) -> Result<AddrList, DecodeErrorKind> {
    AddrList::decode(&mut Reader::new(bytes), LIMIT, timed).map_err(|error| error.kind)
}

fn decode_v2(bytes: &Bytes) -> Result<AddrV2List, DecodeErrorKind> {
    AddrV2List::decode(&mut Reader::new(bytes), LIMIT).map_err(|error| error.kind)
}

proptest! {
    #[test]
    fn every_16_bytes_are_a_legacy_address(bytes in any::<[u8; 16]>(), tail in any::<[u8; 10]>()) {
        let mapped = after_prefix(&IPV4_MAPPED, &tail[..4]);
        let onion = after_prefix(&ONION_CAT, &tail);
        for bytes in [bytes, mapped, onion] {
            prop_assert_eq!(Address::from_legacy(bytes).to_legacy(), Some(bytes));
        }
    }

    #[test]
    fn entries_to_list_and_back(entries in entries(), timed in any::<bool>()) {
        let mut entries = entries;
        entries.retain(|entry| entry.address.to_legacy().is_some());
        let list = AddrList::from_entries(entries.clone(), timed).unwrap();
        if !timed {
            entries.iter_mut().for_each(|entry| entry.time = 0);
        }
        prop_assert_eq!(list.len(), entries.len());
        prop_assert_eq!(list.is_empty(), entries.is_empty());
        prop_assert_eq!(list.iter().collect::<Vec<_>>(), entries);

        let bytes = list.as_encoded();
        prop_assert_eq!(decode(bytes, timed), Ok(list.clone()));
        for length in 0..bytes.len() {
            let error = decode(&bytes.slice(..length), timed).unwrap_err();
            let is_end = matches!(error, DecodeErrorKind::UnexpectedEnd { .. });
            prop_assert!(is_end, "{} bytes: {}", length, error);
        }
    }

    #[test]
    fn entries_to_v2_list_and_back(entries in entries()) {
        let mut entries = entries;
        entries.retain(|entry| entry.address.is_sendable());
        let list = AddrV2List::from_entries(entries.clone()).unwrap();
        prop_assert_eq!(list.len(), entries.len());
        prop_assert_eq!(list.records().len(), entries.len());
        prop_assert_eq!(list.is_empty(), entries.is_empty());
        prop_assert_eq!(list.iter().collect::<Vec<_>>(), entries);

        let bytes = list.as_encoded();
        prop_assert_eq!(decode_v2(bytes), Ok(list.clone()));
        for length in 0..bytes.len() {
            let error = decode_v2(&bytes.slice(..length)).unwrap_err();
            let is_end = matches!(error, DecodeErrorKind::UnexpectedEnd { .. });
            prop_assert!(is_end, "{} bytes: {}", length, error);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0_u8..8) {
        let bytes = Bytes::from([&[count], &bytes[..]].concat());
        for timed in [false, true] {
            if let Ok(list) = decode(&bytes, timed) {
                prop_assert_eq!(list.iter().count(), usize::from(count));
                prop_assert!(bytes.starts_with(list.as_encoded()));
            }
        }
        if let Ok(list) = decode_v2(&bytes) {
            prop_assert_eq!(list.records().count(), usize::from(count));
            prop_assert!(list.iter().count() <= usize::from(count));
            prop_assert!(bytes.starts_with(list.as_encoded()));
        }
    }

    /// A `version` message is re-encoded as it came, whatever its addresses are.
    #[test]
    fn a_net_addr_keeps_its_bytes(bytes in any::<[u8; NetAddr::SIZE]>()) {
        let payload = Bytes::copy_from_slice(&bytes);
        let net_addr = NetAddr::decode(&mut Reader::new(&payload)).unwrap();
        let mut encoded = Vec::new();
        net_addr.encode(&mut Writer::new(&mut encoded));
        prop_assert_eq!(encoded, payload);
    }
}

fn after_prefix(prefix: &[u8], tail: &[u8]) -> [u8; 16] {
    [prefix, tail].concat().try_into().unwrap()
}

fn net_addr(socket: &str) -> NetAddr {
    NetAddr::new(ServiceFlags::NETWORK, socket.parse().unwrap())
}

#[test]
fn socket_addresses_go_in_and_come_out() {
    for text in ["1.2.3.4:8333", "[2001:db8::1]:18333", "[fc00::1]:0"] {
        let socket: SocketAddr = text.parse().unwrap();
        let net_addr = net_addr(text);
        assert_eq!(net_addr.socket_addr(), Some(socket));
        assert_eq!(net_addr.to_string(), text);
    }
    assert_eq!(
        net_addr("[::ffff:1.2.3.4]:1").address,
        Address::Ipv4([1, 2, 3, 4])
    );
    assert_eq!(net_addr("[fd87:d87e:eb43::1]:1").socket_addr(), None);
    assert_eq!(NetAddr::UNSPECIFIED.to_string(), "[::]:0");
}

#[test]
fn what_has_no_legacy_form_is_written_as_zeros_or_refused() {
    let address = Address::TorV3([7; 32]);
    let net_addr = NetAddr {
        services: ServiceFlags::WITNESS,
        address,
        port: 8333,
    };
    let mut encoded = Vec::new();
    net_addr.encode(&mut Writer::new(&mut encoded));
    assert_eq!(encoded, [&[8][..], &[0; 25]].concat());

    let entry = AddrEntry {
        time: 1,
        services: ServiceFlags::NONE,
        address,
        port: 8333,
    };
    let error = AddrList::from_entries([entry], true).unwrap_err();
    assert_eq!(error, AddressError::NoLegacyForm(address));
    assert!(AddrV2List::from_entries([entry]).is_ok());
}

#[test]
fn what_receivers_ignore_is_not_sent() {
    let mapped = Address::from_legacy(after_prefix(&IPV4_MAPPED, &[1, 2, 3, 4]));
    assert!(mapped.is_sendable());
    for address in [
        Address::Ipv6(after_prefix(&IPV4_MAPPED, &[1, 2, 3, 4])),
        Address::Ipv6(after_prefix(&ONION_CAT, &[0; 10])),
        Address::TorV2([0; 10]),
        Address::Cjdns([0xfd; 16]),
        Address::Yggdrasil([0x04; 16]),
    ] {
        let entry = AddrEntry {
            time: 1,
            services: ServiceFlags::NONE,
            address,
            port: 1,
        };
        let error = AddrV2List::from_entries([entry]).unwrap_err();
        assert_eq!(error, AddressError::Ignored(address));
        assert_eq!(
            Address::from_bip155(address.network(), address.as_bytes()),
            Ok(None)
        );
    }
}

/// Yggdrasil is in BIP155's table but not yet in Core's tests.
#[test]
fn yggdrasil_addresses_have_16_bytes_in_their_prefix() {
    for head in [0x02, 0x03] {
        let bytes = after(head, [9; 15]);
        assert_eq!(
            Address::from_bip155(7, &bytes),
            Ok(Some(Address::Yggdrasil(bytes)))
        );
    }
    let size = Address::from_bip155(7, &[2; 15]).unwrap_err().kind;
    assert_eq!(
        size,
        DecodeErrorKind::SizeBelowMinimum {
            size: 15,
            minimum: 16
        }
    );
    let size = Address::from_bip155(7, &[2; 17]).unwrap_err().kind;
    assert_eq!(
        size,
        DecodeErrorKind::SizeAboveLimit {
            size: 17,
            limit: 16
        }
    );
}

/// An unknown network's addresses are skipped up to 512 bytes; above, not even a claim of more is believed.
#[test]
fn addresses_of_unknown_networks_are_bounded() {
    assert_eq!(Address::from_bip155(0xaa, &[0; MAX_ADDRESS_SIZE]), Ok(None));
    let size = Address::from_bip155(0xaa, &[0; MAX_ADDRESS_SIZE + 1])
        .unwrap_err()
        .kind;
    assert_eq!(
        size,
        DecodeErrorKind::SizeAboveLimit {
            size: 513,
            limit: 512
        }
    );

    let claim = Bytes::from_static(&[1, 0, 0, 0, 0, 0, 0xaa, 0xfd, 0x01, 0x02]);
    assert_eq!(decode_v2(&claim), Err(size));
}

#[test]
fn counts_above_the_limit_are_refused_before_the_entries() {
    let claim = Bytes::from_static(&[0xfd, 0xe9, 0x03]);
    let expected = DecodeErrorKind::CountAboveLimit {
        count: 1_001,
        limit: 1_000,
    };
    assert_eq!(decode(&claim, true), Err(expected));
    assert_eq!(decode_v2(&claim), Err(expected));

    let entry = AddrEntry {
        time: 1,
        services: ServiceFlags::NONE,
        address: Address::Ipv4([127, 0, 0, 1]),
        port: 1,
    };
    let full = AddrList::from_entries([entry; LIMIT], true).unwrap();
    assert_eq!(decode(full.as_encoded(), true).unwrap().len(), LIMIT);
    let full = AddrV2List::from_entries([entry; LIMIT]).unwrap();
    assert_eq!(decode_v2(full.as_encoded()).unwrap().len(), LIMIT);
}

/// The services of an `addrv2` entry are a number, not a size: no bound but 64 bits.
#[test]
fn services_may_use_all_bits() {
    let services = ServiceFlags(u64::MAX);
    let entry = AddrEntry {
        time: 1,
        services,
        address: Address::Ipv4([1; 4]),
        port: 1,
    };
    let list = AddrV2List::from_entries([entry]).unwrap();
    assert_eq!(
        decode_v2(list.as_encoded()).unwrap().iter().next(),
        Some(entry)
    );
}

fn ascending() -> impl Strategy<Value = Vec<bool>> {
    prop::collection::vec(any::<bool>(), 8)
}

proptest! {
    /// What is left of a list is those entries, byte for byte, and no others.
    #[test]
    fn a_selection_is_the_entries_selected(entries in entries(), keep in ascending(), timed in any::<bool>()) {
        let indices: Vec<usize> = (0..entries.len()).filter(|index| keep[*index]).collect();
        let legacy: Vec<AddrEntry> = entries
            .iter()
            .map(|entry| AddrEntry { address: Address::Ipv4([entry.port as u8; 4]), ..*entry })
            .collect();
        let kept = indices.iter().map(|index| legacy[*index]);
        let expected = AddrList::from_entries(kept.clone(), timed).unwrap();
        let list = AddrList::from_entries(legacy.iter().copied(), timed).unwrap();
        prop_assert_eq!(list.select(&indices), expected);

        let v2 = AddrV2List::from_entries(legacy.iter().copied()).unwrap();
        prop_assert_eq!(v2.select(&indices), AddrV2List::from_entries(kept).unwrap());
    }
}

/// Entries of unknown networks, of any length, count and stay as they came.
#[test]
fn a_selection_keeps_what_nobody_understands() {
    let known = [&[1, 0, 0, 0, 9, 1, 4][..], &[10, 0, 0, 1], &[0x20, 0x8d]].concat();
    let strange = [&[2, 0, 0, 0, 9, 0xaa, 3][..], &[7, 7, 7], &[0, 1]].concat();
    let list = |count: u8, entries: &[&[u8]]| {
        let bytes = Bytes::from([&[count], entries.concat().as_slice()].concat());
        decode_v2(&bytes).unwrap()
    };
    let all = list(4, &[&known, &strange, &known, &strange]);
    assert_eq!(all.select(&[1, 2]), list(2, &[&strange, &known]));
    assert_eq!(all.select(&[3]), list(1, &[&strange]));
    assert_eq!(all.select(&[0, 1, 2, 3]), all);
    // Nothing is made up where there is nothing.
    assert_eq!(all.select(&[3, 4, 9]), list(1, &[&strange]));
}
