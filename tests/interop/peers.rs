//! Our peers and real nodes: both ways of connecting, what each side thinks of the other, blocks of every size, and
//! the ends.

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use peer_core::wire::{Hash, ServiceFlags};
use peer_core::{DisconnectReason, Goodbye, HangUp, Stats, TransportKind};
use peer_programs::server::{ChainServer, ServedChain};
use peer_tests::node::{Node, wait_for};
use serde_json::Value;

use crate::ours::{Home, NETWORK, Ours, SERVICES, START_HEIGHT, agree, wrong};
use crate::setting::Setting;
use crate::{Failure, check};

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn we_dial(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    mine(&node)?;
    let home = setting.home()?;
    let mut ours = home.dial(node.p2p_addr())?;
    ours.negotiated()?;
    let them = compare_views(&home, &node, &ours, true)?;
    // It numbers its peers from 0 on, those that it hung up on too.
    agree(
        "dials",
        setting.dials(),
        them["id"].as_u64().unwrap_or(99) + 1,
    )?;
    measure_ping(&node, &ours)?;

    // A clean end on our side.
    ours.peer.disconnect();
    agree(
        "the end",
        ours.end()?,
        DisconnectReason::Local(Goodbye::Requested),
    )?;
    gone(&node)?;

    // An abrupt one on the node's.
    let mut ours = home.dial(node.p2p_addr())?;
    ours.negotiated()?;
    node.kill()?;
    let reason = ours.end()?;
    check(matches!(reason, DisconnectReason::HungUp(_)), || {
        format!("after the node was killed: {reason}")
    })
}

pub(crate) fn the_node_dials(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    mine(&node)?;
    let home = setting.home()?;
    let listener = home.listen()?;
    let address = listener.local_addr().map_err(wrong("our address"))?;

    setting.dial_us(&node, address)?;
    let mut ours = home.accept(&listener)?;
    ours.negotiated()?;
    compare_views(&home, &node, &ours, false)?;
    measure_ping(&node, &ours)?;

    // A clean end on the node's side.
    node.rpc("disconnectnode", &[address.to_string().into()])?;
    agree(
        "the end",
        ours.end()?,
        DisconnectReason::HungUp(HangUp::EndOfStream),
    )?;
    gone(&node)?;

    // An abrupt one on ours.
    setting.dial_us(&node, address)?;
    let mut ours = home.accept(&listener)?;
    ours.negotiated()?;
    ours.peer.abort();
    ours.end()?;
    gone(&node)?;
    Ok(node.stop()?)
}

/// A block of the largest size there is, to us and from us.
pub(crate) fn large_block(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    let large = node.mine_big_block()?;
    let home = setting.home()?;
    let mut ours = home.dial(node.p2p_addr())?;
    ours.negotiated()?;
    let hash: Hash = large.hash.parse().map_err(wrong("the node's hash"))?;
    let block = ours.block(hash)?;
    agree(
        "the size of the block",
        block.total_size() as u64,
        large.size,
    )?;
    block.check_merkle_root().map_err(wrong("merkle root"))?;
    block
        .check_witness_commitment()
        .map_err(wrong("witness commitment"))?;

    // Another node takes the whole chain, that block included, from us.
    let mut blocks = Vec::new();
    for height in 1..=node.height()? {
        let hash = node.rpc("getblockhash", &[height.into()])?;
        let hash = hash
            .as_str()
            .unwrap_or_default()
            .parse()
            .map_err(wrong("hash"))?;
        blocks.push(ours.block(hash)?);
    }
    let mut network = NETWORK;
    network.genesis = genesis(&node)?.parse().map_err(wrong("genesis"))?;
    let chain = Arc::new(ServedChain::new(network, blocks));
    let other = setting.start(wrapper)?;
    let listener = home.listen()?;
    let address = listener.local_addr().map_err(wrong("our address"))?;
    setting.dial_us(&other, address)?;
    serve(&mut home.accept(&listener)?, &other, chain, &large.hash)?;
    other.stop()?;
    Ok(node.stop()?)
}

/// Mines a few blocks, and waits until every part of the node knows: the one that tells its height to peers hears of it
/// last.
pub(crate) fn mine(node: &Node) -> Result<(), Failure> {
    node.mine(3)?;
    node.rpc("syncwithvalidationinterfacequeue", &[])?;
    Ok(())
}

/// The node's `getpeerinfo` about us, which is given, and our view of the node.
fn compare_views(
    home: &Home,
    node: &Node,
    ours: &Ours<'_>,
    inbound: bool,
) -> Result<Value, Failure> {
    // The node counts a peer only once it has opened our verack.
    let them = wait_for("the node knows us", PATIENCE, || {
        let peer = node.peers()?.pop();
        Ok(peer.filter(|peer| peer["version"].as_u64().is_some_and(|version| version > 0)))
    })?;
    let config = home.config();
    agree(
        "our version",
        config.protocol_version,
        them["version"].as_u64().unwrap_or(0) as u32,
    )?;
    agree(
        "our user agent",
        config.user_agent.to_string(),
        text(&them["subver"]),
    )?;
    agree(
        "our services",
        format!("{:016x}", SERVICES.bits()),
        text(&them["services"]),
    )?;
    agree(
        "our height",
        START_HEIGHT,
        them["startingheight"].as_i64().unwrap_or(-1) as i32,
    )?;
    agree(
        "who dialled",
        inbound,
        them["inbound"].as_bool().unwrap_or(!inbound),
    )?;
    same_transport(&ours.peer.stats(), &them)?;

    let about = node.rpc("getnetworkinfo", &[])?;
    let remote = ours.peer.remote();
    let remote = remote.ok_or_else(|| Failure::Wrong("we know nothing of the node".into()))?;
    agree(
        "its version",
        i64::from(remote.version.version),
        number(&about["protocolversion"]),
    )?;
    agree(
        "its user agent",
        remote.version.user_agent.to_string(),
        text(&about["subversion"]),
    )?;
    let services = u64::from_str_radix(&text(&about["localservices"]), 16);
    let services = ServiceFlags(services.map_err(wrong("the node's services"))?);
    agree("its services", remote.services(), services)?;
    agree(
        "its height",
        i64::from(remote.version.start_height),
        node.height()? as i64,
    )?;
    let negotiated = config
        .protocol_version
        .min(remote.version.version.unsigned_abs());
    agree(
        "the negotiated version",
        remote.protocol_version,
        negotiated,
    )?;
    check(remote.addr_v2 && remote.wtxid_relay, || {
        "the node offered neither sendaddrv2 nor wtxidrelay".into()
    })?;
    Ok(them)
}

/// Which transport it is, and the name of the session. Nodes that know no v2 tell neither.
pub(crate) fn same_transport(us: &Stats, them: &Value) -> Result<(), Failure> {
    let Some(transport) = them["transport_protocol_type"].as_str() else {
        return agree("the transport", us.transport, Some(TransportKind::V1));
    };
    let ours = us.transport.map(|transport| transport.to_string());
    agree("the transport", ours, Some(transport.to_owned()))?;
    let id = us.session_id.unwrap_or_default();
    let ours: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let ours = us.session_id.map_or_else(String::new, |_| ours);
    agree("the session", ours, text(&them["session_id"]))
}

/// Both sides have measured a round trip.
fn measure_ping(node: &Node, ours: &Ours<'_>) -> Result<(), Failure> {
    wait_for("both know the ping", PATIENCE, || {
        let theirs = node
            .peers()?
            .pop()
            .is_some_and(|peer| peer["pingtime"].as_f64().is_some());
        let stats = ours.peer.stats();
        Ok((theirs && stats.ping.is_some() && stats.min_ping <= stats.ping).then_some(()))
    })?;
    Ok(())
}

/// Serves `chain` to a node that has dialled us until it has the tip.
pub(crate) fn serve(
    ours: &mut Ours<'_>,
    node: &Node,
    chain: Arc<ServedChain>,
    tip: &str,
) -> Result<(), Failure> {
    ours.negotiated()?;
    let mut server = ChainServer::new(chain);
    wait_until(
        || Ok(node.tip()? == tip),
        || {
            if let Some(event) = ours.next_within(Duration::from_millis(50))? {
                server.on_event(event);
            }
            while let Some(reply) = server.next_reply() {
                ours.send(reply)?;
            }
            Ok(())
        },
    )
}

/// Works until something is so.
fn wait_until(
    done: impl Fn() -> Result<bool, Failure>,
    mut work: impl FnMut() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let start = Instant::now();
    while !done()? {
        check(start.elapsed() < PATIENCE, || {
            "the node does not get the chain".into()
        })?;
        work()?;
    }
    Ok(())
}

fn gone(node: &Node) -> Result<(), Failure> {
    let left = || Ok(node.peers()?.is_empty().then_some(()));
    Ok(wait_for("the node has noticed the end", PATIENCE, left)?)
}

fn genesis(node: &Node) -> Result<String, Failure> {
    Ok(text(&node.rpc("getblockhash", &[0.into()])?))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}
