//! BIP155 addresses of Bitcoin Core's tests, and the lists that carry them.

use bytes::Bytes;
use peer_core::wire::{AddrEntry, AddrList, AddrV2List, Address, FieldError, Reader, ServiceFlags};
use serde_json::Value;

use super::{file, hex, rows};

fn decode(payload: &Bytes) -> Result<AddrV2List, FieldError> {
    AddrV2List::decode(&mut Reader::new(payload), 1_000)
}

fn vectors() -> Vec<Value> {
    let file: Value =
        serde_json::from_slice(&file("addresses/addrv2_address_vectors.json")).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

/// A list of the vector and of 9.9.9.9:8333 behind it, which shows where the vector was taken to end.
fn list_of(vector: &Value) -> Bytes {
    let address = hex(vector["hex"].as_str().unwrap());
    let entry = |address: &[u8]| [&hex("61bc664900"), address, &hex("208d")].concat();
    [&[2][..], &entry(&address), &entry(&hex("010409090909"))]
        .concat()
        .into()
}

#[test]
fn addresses_are_taken_ignored_or_refused_as_in_core() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 22);
    for vector in vectors {
        let payload = list_of(&vector);
        let list = decode(&payload);
        let expected = match vector["expect"].as_str().unwrap() {
            "error" => {
                assert!(list.is_err(), "{vector}");
                continue;
            }
            "ignored" => 1,
            "ok" | "ok-internal" => 2,
            other => panic!("unknown expectation {other}"),
        };
        let list = list.unwrap();
        assert_eq!(list.as_encoded(), &payload, "{vector}");
        assert_eq!(list.len(), 2);
        let entries: Vec<_> = list.iter().collect();
        assert_eq!(entries.len(), expected, "{vector}");
        assert_eq!(
            entries.last().unwrap().net_addr().to_string(),
            "9.9.9.9:8333"
        );
    }
}

/// The names that Core gives the addresses it accepts.
#[test]
fn addresses_are_shown_as_in_core() {
    for vector in vectors().iter().filter(|vector| vector["expect"] == "ok") {
        let list = decode(&list_of(vector)).unwrap();
        let address = list.iter().next().unwrap().address;
        let note = vector["note"].as_str().unwrap();
        if let Address::TorV3(_) = address {
            // The last digit of the key and the first of the checksum share a letter of the name.
            let name = address.to_string();
            let key = name.strip_prefix("torv3:").unwrap();
            assert_eq!(key[..51], note[..51]);
        } else {
            assert_eq!(address.to_string(), note);
        }
    }
}

#[test]
fn messages_of_cores_functional_tests() {
    let expect = |row: &Value| decode(&hex(row["hex"].as_str().unwrap()));
    let rows = rows("addresses/addrv2_message_vectors.json");
    let [empty, none, too_long, unknown_first] = rows.as_slice() else {
        panic!("{} rows", rows.len())
    };
    assert!(expect(empty).is_err());
    assert!(expect(none).unwrap().is_empty());
    assert!(expect(too_long).is_err());
    let list = expect(unknown_first).unwrap();
    assert_eq!(list.len(), 2);
    let unknown = list.records().next().unwrap();
    assert_eq!(
        (unknown.network, unknown.address),
        (0x99, &[0xab, 0xab][..])
    );
    assert_eq!(unknown.entry(), None);
    let shown: Vec<_> = list
        .iter()
        .map(|entry| entry.net_addr().to_string())
        .collect();
    assert_eq!(shown, ["9.9.9.9:8333"]);
}

/// The same three addresses in both forms, from Core's `netbase_tests.cpp`.
#[test]
fn both_forms_of_a_list_say_the_same() {
    let legacy = hex(
        "0361bc66490000000000000000000000000000000000000000000000010000796276830100000000000000000000\
         0000000000000000000000000100f1ffffffff480400000000000000000000000000000000000000000001f1f2",
    );
    let v2 = hex(
        "0361bc66490002100000000000000000000000000000000100007962768301021000000000000000000000000000\
         00000100f1fffffffffd4804021000000000000000000000000000000001f1f2",
    );
    let list = AddrList::decode(&mut Reader::new(&legacy), 1_000, true).unwrap();
    let list_v2 = decode(&v2).unwrap();
    let entries: Vec<AddrEntry> = list.iter().collect();
    assert_eq!(entries, list_v2.iter().collect::<Vec<_>>());
    assert_eq!(
        AddrList::from_entries(entries.clone(), true)
            .unwrap()
            .as_encoded(),
        &legacy
    );
    assert_eq!(
        AddrV2List::from_entries(entries.clone())
            .unwrap()
            .as_encoded(),
        &v2
    );

    let [first, second, third] = entries.as_slice() else {
        panic!("{} entries", entries.len())
    };
    assert_eq!(first.net_addr().to_string(), "[::1]:0");
    assert_eq!(
        (first.time, first.services),
        (0x4966_bc61, ServiceFlags::NONE)
    );
    assert_eq!(
        (second.port, second.services),
        (0x00f1, ServiceFlags::NETWORK)
    );
    assert_eq!((third.time, third.port), (u32::MAX, 0xf1f2));
    let services =
        ServiceFlags::WITNESS | ServiceFlags::COMPACT_FILTERS | ServiceFlags::NETWORK_LIMITED;
    assert_eq!(third.services, services);
}
