//! Trials of both programs on NavCoin: two of our own peers, over blocks that neither of them wrote.

use peer_core::network::Network;
use serde_json::Value;

use super::process::{Examples, Running};
use crate::demo::Demo;

/// Each network's chain is downloaded from our own node.
pub fn sync_downloads_the_chains_of_navcoin(examples: &Examples) {
    for (network, tip) in [
        (
            "navcoin",
            "b60f18c1b0f0a459f00a3a124322e53097e09353a5d2b27be4f2656bd0287bdc",
        ),
        (
            "navcoin-testnet",
            "5ff36c6b9fc98963fed3a781b1dd7a47de11acd2923d1c442c2eaf75600220f5",
        ),
        (
            "navcoin-devnet",
            "c47fb0886e789728b1668d3a1c1cf83842ab057973a0082cc1753c71bd4d287b",
        ),
        (
            "navcoin-regtest",
            "1746288181e639af926215d71783dfeedd9122fecfb8b2b140fc395d5428c39b",
        ),
    ] {
        let sync = examples.run("sync", &["--network", network]);
        let summary = sync.lines.join("\n");
        assert_eq!(sync.code, 0, "{network}: {}\n{summary}", sync.errors);
        for part in [
            &format!("synced {network} "),
            "80021 negotiated",
            "transport     v1\n",
            "120 (links checked; proof of stake is not)",
            &format!("{tip} at height 120"),
            "120 (checked: merkle roots and witness commitments)",
            "570 (30 with witness, 540 without)",
        ] {
            assert!(summary.contains(part), "{part:?} is not in:\n{summary}");
        }
    }
}

/// Confidential outputs of either encoding, a coinstake and a signature are in these.
const HEIGHTS: [u32; 2] = [45, 46];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Waits for the message of that name.
fn message(peer: &Running, command: &str) -> Value {
    loop {
        let line = peer.event("message");
        if line["command"] == command {
            return line;
        }
    }
}

/// One announces and serves blocks and a transaction; the other asks for them, and says what only NavCoin has.
pub fn peercats_speak_navcoin(examples: &Examples) {
    let chain = Demo::of(&Network::NAVCOIN).unwrap().chain();
    let blocks = HEIGHTS.map(|height| chain.block(height).unwrap());
    let hash = |index: usize| {
        let hash = Network::NAVCOIN.block_hash(&blocks[index].header());
        hash.unwrap().to_string()
    };
    let tx = blocks[1].transactions().last().unwrap();
    let [first, second] = blocks.map(|block| format!("block:{}", hex(block.bytes())));
    let loose = format!("tx:{}", hex(tx.bytes()));
    let mut arguments = vec![
        "--listen",
        "127.0.0.1:0",
        "--network",
        "navcoin",
        "--duration",
        "60",
    ];
    for offer in [&first, &second, &loose] {
        arguments.extend(["--announce", offer]);
    }
    let listener = examples.start("peercat", &arguments);
    let address = listener.address();

    let headers = format!("getheaders:{}", blocks[0].header().prev_blockhash);
    let data = format!("getdata:block:{},{}:tx:{}", hash(0), hash(1), tx.txid());
    // Version 3: a key of 48 bytes, and three of data.
    let session = format!("raw:aggsess:0300000030{}03616263", "11".repeat(48));
    let mut arguments = vec![
        "--connect",
        &address,
        "--network",
        "navcoin",
        "--duration",
        "60",
    ];
    for send in [&headers, &data, &session] {
        arguments.extend(["--send", send]);
    }
    let dialler = examples.start("peercat", &arguments);

    let heard = message(&dialler, "headers");
    assert_eq!(heard["count"], 2);
    assert_eq!(heard["last"], hash(1));
    for (index, block) in blocks.iter().enumerate() {
        let heard = message(&dialler, "block");
        assert_eq!(heard["hash"], hash(index));
        assert_eq!(heard["size"], block.total_size());
        assert_eq!(heard["signature"], hex(block.signature().unwrap()));
    }
    let heard = message(&dialler, "tx");
    assert_eq!(heard["txid"], tx.txid().to_string());
    assert_eq!(heard["timestamp"], tx.time().unwrap());
    assert_eq!(heard["outputs"], 3);
    let heard = message(&listener, "aggsess");
    assert_eq!(heard["version"], 3);
    assert_eq!(heard["public_key"], "11".repeat(48));
    assert_eq!(heard["data"], "616263");
}
