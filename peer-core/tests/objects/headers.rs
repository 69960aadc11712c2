//! Headers that link up, and the work in them.

use bytes::Bytes;
use peer_core::network::Network;
use peer_core::wire::{BlockHash, BlockHeader, Reader, Target, Writer};

use super::{file, hex};

/// Reads headers to the end and checks that they link, meet their targets and are encoded as they came.
fn check_chain(bytes: &Bytes, first_link: BlockHash) -> Vec<BlockHeader> {
    let limit = Target::from_compact(Network::MAINNET.pow_limit_bits).unwrap();
    let mut reader = Reader::new(bytes);
    let mut headers = Vec::new();
    let mut encoded = Vec::new();
    let mut link = first_link;
    while !reader.is_empty() {
        let header = BlockHeader::decode(&mut reader).unwrap();
        assert_eq!(header.prev_blockhash, link);
        link = header.block_hash();
        assert!(header.meets_target(link), "{link}");
        assert!(header.target().unwrap() <= limit, "{link}");
        header.encode(&mut Writer::new(&mut encoded));
        headers.push(header);
    }
    assert_eq!(encoded, bytes[..]);
    headers
}

#[test]
fn the_first_headers_of_the_main_network() {
    let bytes = file("headers/nakamoto-mainnet-headers-from-1.bin");
    let headers = check_chain(&bytes, Network::MAINNET.genesis);
    assert_eq!(headers.len(), 1_111);
    // Block 1,000, as every block explorer has it.
    let hash = "00000000c937983704a73af28acdec37b049d214adbda81d7e2a3dd146f6ed09";
    assert_eq!(headers[999].block_hash().to_string(), hash);
}

#[test]
fn two_sources_agree() {
    let text = file("headers/btcd-mainnet-headers-1-11.txt");
    let lines = str::from_utf8(&text).unwrap().lines();
    let bytes: Bytes = lines.flat_map(hex).collect();
    let headers = check_chain(&bytes, Network::MAINNET.genesis);
    assert_eq!(headers.len(), 11);
    let others = file("headers/nakamoto-mainnet-headers-from-1.bin");
    assert!(others.starts_with(&bytes));
    // An entry of a `headers` message: the header, then a transaction count of zero.
    assert_eq!(
        file("headers/bcoin-headers1.raw"),
        [&bytes[..80], &[0]].concat()
    );
}
