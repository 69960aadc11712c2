//! The chain that ships with the programs, 310 blocks of regtest made and signed by a real node, and the node that
//! serves it in the same process.
//!
//! Where the chain comes from, and how to make it again: `data/README.md`.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use peer_core::Config;
use peer_core::message::UserAgent;
use peer_core::network::{Network, ServiceFlags};

use crate::server::ServedChain;

/// The network that the chain belongs to.
pub const NETWORK: Network = Network::REGTEST;

/// The chain. It is part of the program, so it needs no file; its blocks are views over these bytes.
#[must_use]
pub fn chain() -> Arc<ServedChain> {
    static CHAIN: LazyLock<Arc<ServedChain>> = LazyLock::new(|| {
        let records = Bytes::from_static(include_bytes!("../data/regtest-chain.dat"));
        Arc::new(ServedChain::from_records(NETWORK, &records))
    });
    CHAIN.clone()
}

/// What the node that serves the chain is like. Its secret is its own: it is not the peer that syncs.
#[must_use]
pub fn config() -> Config {
    let mut config = Config::with_secret(NETWORK, rand::random());
    config.services = ServiceFlags::NETWORK | ServiceFlags::WITNESS | ServiceFlags::P2P_V2;
    // No part of the name is illegal, so there is no error to fall back from.
    config.user_agent =
        UserAgent::new("peer-demo", env!("CARGO_PKG_VERSION"), &["embedded"]).unwrap_or_default();
    config
}

/// The height that it advertises.
#[must_use]
pub fn height() -> i32 {
    i32::try_from(chain().height()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_of_the_file_is_there() {
        let told: serde_json::Value =
            serde_json::from_str(include_str!("../data/regtest-chain.json")).unwrap();
        let chain = chain();
        assert_eq!(u64::from(chain.height()), told["blocks"].as_u64().unwrap());
        for (height, hash) in told["hash_at"].as_object().unwrap() {
            let header = chain.header(height.parse().unwrap()).unwrap();
            assert_eq!(header.block_hash().to_string(), hash.as_str().unwrap());
        }
    }
}
