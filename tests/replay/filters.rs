//! The filters of a chain as a node served them, against its blocks, its `cfheaders` and each other.

use std::collections::BTreeMap;

use peer_core::bip158::{BASIC, BasicFilter, filter_headers};
use peer_core::message::{CFHeaders, Message};
use peer_core::wire::{BlockHash, BlockView, FilterHeader};
use peer_tests::capture::{Capture, Way};
use peer_tests::script::HEADER_LEN;

use crate::recorded::{codec, decode, negotiated_version, network};

/// What a node answered to someone who asked for everything.
#[derive(Default)]
struct Served {
    blocks: BTreeMap<BlockHash, BlockView>,
    /// In the order of the chain.
    filters: Vec<BasicFilter>,
    headers: Vec<CFHeaders>,
}

fn served() -> Served {
    let capture = Capture::load("client-knots-v1/conn-00");
    let codec = codec(network(&capture), negotiated_version(&capture));
    let mut served = Served::default();
    let stream = capture.stream(Way::ToDialler);
    for entry in capture.entries(Way::ToDialler) {
        let payload = &stream[entry.offset + HEADER_LEN..][..entry.length];
        match decode(payload, &entry.command, &codec).message {
            Message::Block(block) => drop(served.blocks.insert(block.block_hash(), block)),
            Message::CFilter(filter) => {
                assert_eq!(filter.filter_type, BASIC);
                let filter = BasicFilter::new(filter.block_hash, filter.filter);
                served.filters.push(filter.unwrap());
            }
            Message::CFHeaders(headers) => served.headers.push(*headers),
            _ => {}
        }
    }
    served
}

#[test]
fn filters_have_the_hashes_and_make_the_headers_that_the_node_named() {
    let Served {
        filters, headers, ..
    } = served();
    assert_eq!((filters.len(), headers.len()), (301, 1));
    let [headers] = &headers[..] else {
        unreachable!();
    };
    let hashes: Vec<_> = filters.iter().map(BasicFilter::hash).collect();
    // Filters were asked for from the first block on, headers from the second to the 201st.
    assert!(
        headers
            .filter_hashes
            .iter()
            .eq(hashes[1..201].iter().copied())
    );
    let mut chain = filter_headers(FilterHeader::ALL_ZERO, hashes);
    assert_eq!(chain.next(), headers.previous_header);
}

#[test]
fn filters_match_what_their_blocks_pay_to() {
    let Served {
        blocks, filters, ..
    } = served();
    let (mut matched, mut made) = (0, 0);
    for filter in &filters {
        let Some(block) = blocks.get(&filter.block_hash()) else {
            continue;
        };
        for transaction in block.transactions() {
            for output in transaction.outputs() {
                let is_spendable = output.script_pubkey.first() != Some(&0x6a);
                assert_eq!(filter.matches(output.script_pubkey), is_spendable);
                matched += usize::from(is_spendable);
            }
        }
        // Only of a block that spends nothing are all scripts known.
        if block.tx_count() == 1 {
            let ours = BasicFilter::of_block(filter.block_hash(), block, [[0; 0]; 0]);
            assert_eq!(ours, *filter);
            made += 1;
        }
    }
    // One output of each of 19 coinbases, and two of each of three other transactions.
    assert_eq!((matched, made), (19 + 6, 18));
}
