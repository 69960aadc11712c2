//! The chains that ship with the programs, and the node that serves one in the same process.
//!
//! 310 blocks of regtest, made and signed by a real node, and 120 for each of NavCoin's networks, composed without one.
//! Where they come from, and how to make them again: `data/README.md`.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use peer_core::Config;
use peer_core::message::UserAgent;
use peer_core::network::{Network, ServiceFlags};

use crate::server::ServedChain;

/// The network that is served where nobody asks for another.
pub const NETWORK: Network = Network::REGTEST;

/// The chain of regtest. It is part of the program, so it needs no file; its blocks are views over these bytes.
#[must_use]
pub fn chain() -> Arc<ServedChain> {
    static CHAIN: LazyLock<Arc<ServedChain>> = LazyLock::new(|| {
        let records = Bytes::from_static(include_bytes!("../data/regtest-chain.dat"));
        Arc::new(ServedChain::from_records(NETWORK, &records))
    });
    CHAIN.clone()
}

/// A node that serves a chain in this process.
#[derive(Clone, Debug)]
pub struct Demo {
    chain: Arc<ServedChain>,
}

impl Demo {
    /// That of `network`; `None` if there is no chain of it here.
    #[must_use]
    pub fn of(network: &Network) -> Option<Self> {
        let chain = match records(network.name)? {
            None => chain(),
            Some(records) => {
                let records = Bytes::from_static(records);
                Arc::new(ServedChain::from_records(*network, &records))
            }
        };
        Some(Self { chain })
    }

    /// What it serves.
    #[must_use]
    pub fn chain(&self) -> Arc<ServedChain> {
        self.chain.clone()
    }

    /// What it is like. Its secret is its own: it is not the peer that syncs.
    #[must_use]
    pub fn config(&self) -> Config {
        let network = *self.chain.network();
        let mut config = Config::with_secret(network, rand::random());
        config.services = ServiceFlags::NETWORK | ServiceFlags::WITNESS;
        if network.v2_transport {
            config.services |= ServiceFlags::P2P_V2;
        }
        // No part of the name is illegal, so there is no error to fall back from.
        config.user_agent = UserAgent::new("peer-demo", env!("CARGO_PKG_VERSION"), &["embedded"])
            .unwrap_or_default();
        config
    }

    /// The height that it advertises.
    #[must_use]
    pub fn height(&self) -> i32 {
        i32::try_from(self.chain.height()).unwrap_or(i32::MAX)
    }
}

/// The records of the chain of that network: `None` if there are none here, and none of its own if it is the default's.
fn records(name: &str) -> Option<Option<&'static [u8]>> {
    if name == NETWORK.name {
        return Some(None);
    }
    let records: &[u8] = match name {
        "navcoin" => include_bytes!("../data/navcoin-chain.dat"),
        "navcoin-testnet" => include_bytes!("../data/navcoin-testnet-chain.dat"),
        "navcoin-devnet" => include_bytes!("../data/navcoin-devnet-chain.dat"),
        "navcoin-regtest" => include_bytes!("../data/navcoin-regtest-chain.dat"),
        _ => return None,
    };
    Some(Some(records))
}

#[cfg(test)]
mod tests {
    use super::*;
    use peer_core::bip152::{self, CmpctBlockError, PartialBlock};
    use peer_core::message::{Codec, Message, MessageLimits};
    use peer_core::wire::{BlockHeader, TxEncoding, navcoin};
    use serde_json::Value;

    /// What the makers of the files said about them.
    fn check(chain: &ServedChain, told: &Value) {
        assert_eq!(u64::from(chain.height()), told["blocks"].as_u64().unwrap());
        for (height, hash) in told["hash_at"].as_object().unwrap() {
            let header = chain.header(height.parse().unwrap()).unwrap();
            let found = chain.network().block_hash(&header).unwrap();
            assert_eq!(found.to_string(), hash.as_str().unwrap());
        }
    }

    #[test]
    fn every_block_of_the_file_is_there() {
        let told = include_str!("../data/regtest-chain.json");
        check(&chain(), &serde_json::from_str(told).unwrap());
    }

    /// Each transaction and block, taken apart and put together, is what it was.
    #[test]
    fn every_block_of_navcoin_is_there() {
        let told: Value =
            serde_json::from_str(include_str!("../data/navcoin-chains.json")).unwrap();
        for (name, told) in told.as_object().unwrap() {
            let network = Network::by_name(name).unwrap();
            let chain = Demo::of(network).unwrap().chain();
            check(&chain, told);
            let mut transactions = 0;
            for block in (1..=chain.height()).filter_map(|height| chain.block(height)) {
                assert_eq!(block.check_merkle_root(), Ok(()));
                assert_eq!(block.check_witness_commitment(), Ok(()));
                transactions += u64::from(block.tx_count());
                let owned = navcoin::Block::from_view(block).unwrap();
                assert_eq!(owned.to_bytes(TxEncoding::Witness), *block.bytes());
                assert_eq!(owned.to_bytes(TxEncoding::Base), block.without_witness());
            }
            assert_eq!(transactions, told["transactions"].as_u64().unwrap());
        }
    }

    /// NavCoin speaks version 1: by txid, and without witnesses. The signature comes along.
    #[test]
    fn compact_blocks_of_navcoin_come_back() {
        let network = Network::NAVCOIN;
        let limits = MessageLimits::DEFAULT;
        let codec = Codec::new(&network, network.protocol_version, &limits);
        let chain = Demo::of(&network).unwrap().chain();
        for block in (1..=chain.height()).filter_map(|height| chain.block(height)) {
            let compact = bip152::compact(block, 5, 1, []).unwrap();
            let sent = Message::CmpctBlock(Box::new(compact));
            let payload = sent.payload(&codec, TxEncoding::Base).unwrap();
            let heard = Message::decode(&sent.command(), payload, &codec).unwrap();
            assert_eq!(heard.message, sent);
            let Message::CmpctBlock(heard) = heard.message else {
                panic!("{heard:?}");
            };
            let mut partial = PartialBlock::new(&network, &heard, 1).unwrap();
            let known: Vec<_> = block.transactions().step_by(2).collect();
            partial.offer_all(&known);
            let answer = bip152::answer(block, &partial.request(), 1).unwrap();
            let whole = partial.complete(&answer).unwrap();
            assert_eq!(*whole.bytes(), block.without_witness());
            assert_eq!(whole.signature(), block.signature());
        }
        // An old block has no hash here, so nothing could be asked for.
        let genesis = BlockHeader::from_bytes(&[1; 80]);
        let old = BlockHeader {
            version: 1,
            ..genesis
        };
        let first = chain.block(1).unwrap();
        let mut compact = bip152::compact(first, 5, 1, []).unwrap();
        compact.header = old;
        let error = PartialBlock::new(&network, &compact, 1).unwrap_err();
        assert_eq!(error, CmpctBlockError::Nameless { header_version: 1 });
        assert!(!error.is_invalid());
    }

    #[test]
    fn others_have_no_chain_here() {
        for network in [Network::MAINNET, Network::LITECOIN_REGTEST] {
            assert!(Demo::of(&network).is_none(), "{}", network.name);
        }
        assert_eq!(Demo::of(&NETWORK).unwrap().height(), 310);
    }
}
