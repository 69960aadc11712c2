//! The nodes alone: what every other scenario relies on when it starts, mines, asks and ends them.
//!
//! When one of these fails, look at the node and at its control before looking at our peers.

use core::time::Duration;
use std::path::Path;

use peer_tests::node::{Kind, Node, wait_for};
use serde_json::Value;

use crate::setting::Setting;
use crate::{Failure, check};

/// The 4 MB that a block message can hold, and what counts as close to it.
const LARGE: core::ops::Range<u64> = 3_980_000..4_000_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// A real chain with segwit transactions; see `programs/data/README.md`.
const CHAIN: &[u8] = include_bytes!("../programs/data/regtest-chain.dat");
const CHAIN_FACTS: &str = include_str!("../programs/data/regtest-chain.json");

pub(crate) fn nodes(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    if setting.kind == Kind::Litecoin {
        return two_nodes_share_a_large_block(setting, wrapper, "/LitecoinCore:");
    }
    takes_the_demo_chain(wrapper)?;
    two_nodes_share_a_large_block(setting, wrapper, "/Satoshi:")
}

fn takes_the_demo_chain(wrapper: &Path) -> Result<(), Failure> {
    let node = Node::start(Kind::Knots, wrapper, &[])?;
    let mut rest = CHAIN;
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = u32::from_le_bytes(*length) as usize;
        let block = after.split_at_checked(length);
        let (block, after) =
            block.ok_or_else(|| Failure::Wrong("the chain file ends early".into()))?;
        node.submit_block(block)?;
        rest = after;
    }
    let facts: Value = serde_json::from_str(CHAIN_FACTS).unwrap_or_default();
    let (height, tip) = (node.height()?, node.tip()?);
    check(facts["blocks"] == height && facts["tip"] == *tip, || {
        format!("the node is at {height} {tip} after the demo chain")
    })?;
    Ok(node.stop()?)
}

fn two_nodes_share_a_large_block(
    setting: &Setting,
    wrapper: &Path,
    name: &str,
) -> Result<(), Failure> {
    let ours = setting.start(wrapper)?;
    let other = setting.start(wrapper)?;
    check(ours.p2p_addr() != other.p2p_addr(), || {
        "two nodes with one address".into()
    })?;

    let block = ours.mine_big_block()?;
    check(LARGE.contains(&block.size), || {
        format!("large block of {} bytes", block.size)
    })?;
    check(ours.tip()? == block.hash, || {
        "the large block is not the tip".into()
    })?;

    setting.dial_us(&other, ours.p2p_addr())?;
    wait_for("the other node has the large block", PATIENCE, || {
        Ok((other.tip()? == block.hash).then_some(()))
    })?;
    let peers = ours.peers()?;
    let told = peers.first().map_or(&Value::Null, |peer| &peer["subver"]);
    check(
        told.as_str().is_some_and(|subver| subver.starts_with(name)),
        || format!("the peer calls itself {told}"),
    )?;

    other.kill()?;
    wait_for("the killed peer is gone", PATIENCE, || {
        Ok(ours.peers()?.is_empty().then_some(()))
    })?;
    Ok(ours.stop()?)
}
