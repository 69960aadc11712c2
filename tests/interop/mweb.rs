//! Litecoin's extension block: transactions and blocks with MWEB data, from a node to us and from us to another.

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

use peer_core::message::{InvKind, InvVect, Message};
use peer_core::network::Network;
use peer_core::wire::{BlockView, Hash, ServiceFlags, TxView};
use peer_core::{Announced, Announcement, Config, Event, Outgoing};
use peer_programs::server::ServedChain;
use peer_tests::node::{Node, wait_for};
use serde_json::{Value, json};

use crate::ours::{Ours, SERVICES, agree, wrong};
use crate::peers::serve;
use crate::programs::take_all;
use crate::relay::hears_of;
use crate::setting::Setting;
use crate::{Failure, check};

const PATIENCE: Duration = Duration::from_secs(60);

/// Height of the last block without MWEB on regtest.
const BEFORE: u64 = 431;

fn network(config: &mut Config) {
    config.network = Network::LITECOIN_REGTEST;
}

fn with_mweb(config: &mut Config) {
    network(config);
    config.services = SERVICES | ServiceFlags::MWEB;
}

pub(crate) fn both_ways(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    let miner = fund(&node)?;
    let home = setting.home_with(with_mweb)?;
    let plain = setting.home_with(network)?;
    let mut ours = home.dial(node.p2p_addr())?;
    let mut without = plain.dial(node.p2p_addr())?;
    ours.negotiated_by_both()?;
    without.negotiated_by_both()?;

    let made = spend(&node, &miner)?;
    for peer in [&mut ours, &mut without] {
        hears_of_all(&node, peer, &made)?;
    }
    for txid in made {
        transaction(&node, &mut ours, &mut without, &txid)?;
    }
    let tip = mine(&node, &miner, 1)?;
    block(&node, &mut ours, &tip)?;
    take_all(setting, &node, BEFORE + 2)?;

    // Another node takes the whole chain from us, and then a transaction.
    let other = setting.start(wrapper)?;
    let listener = home.listen()?;
    let address = listener.local_addr().map_err(wrong("our address"))?;
    setting.dial_us(&other, address)?;
    let mut theirs = home.accept(&listener)?;
    let chain = ServedChain::new(Network::LITECOIN_REGTEST, whole_chain(&node, &mut ours)?);
    serve(&mut theirs, &other, Arc::new(chain), &tip)?;
    let paid = send(&node, "mweb", &new_address(&node, "mweb", "mweb")?, 1)?;
    relay(&node, &mut ours, &other, &mut theirs, &paid)?;
    other.stop()?;
    Ok(node.stop()?)
}

/// A wallet with coins of the usual kind and one with coins in the extension block; an address of the first.
fn fund(node: &Node) -> Result<Value, Failure> {
    for wallet in ["usual", "mweb"] {
        node.rpc("createwallet", &[json!(wallet)])?;
    }
    let miner = new_address(node, "usual", "bech32")?;
    mine(node, &miner, BEFORE)?;
    for amount in [10, 20] {
        send(node, "usual", &new_address(node, "mweb", "mweb")?, amount)?;
    }
    mine(node, &miner, 1)?;
    Ok(miner)
}

/// Ids of transactions that peg in, stay within MWEB, and peg out.
fn spend(node: &Node, miner: &Value) -> Result<[String; 3], Failure> {
    let hidden = new_address(node, "mweb", "mweb")?;
    Ok([
        send(node, "usual", &hidden, 7)?,
        send(node, "mweb", &hidden, 3)?,
        send(node, "mweb", miner, 2)?,
    ])
}

fn new_address(node: &Node, wallet: &str, kind: &str) -> Result<Value, Failure> {
    Ok(node.wallet(wallet, "getnewaddress", &[json!(""), json!(kind)])?)
}

fn send(node: &Node, wallet: &str, address: &Value, amount: u32) -> Result<String, Failure> {
    let params = [address.clone(), json!(amount)];
    Ok(text(&node.wallet(wallet, "sendtoaddress", &params)?))
}

/// Mines to an address; gives the new tip.
fn mine(node: &Node, address: &Value, count: u64) -> Result<String, Failure> {
    node.rpc("generatetoaddress", &[json!(count), address.clone()])?;
    node.rpc("syncwithvalidationinterfacequeue", &[])?;
    Ok(node.tip()?)
}

/// They are announced in whatever order, by wtxid.
fn hears_of_all(node: &Node, ours: &mut Ours<'_>, txids: &[String]) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for txid in txids {
        missing.push(by_wtxid(&told(node, txid)?)?);
    }
    ours.until("an inv of each", |event| {
        if let Event::Message {
            message: Message::Inv(list),
            ..
        } = event
        {
            missing.retain(|wanted| !list.iter().any(|item| item == *wanted));
        }
        missing.is_empty().then_some(())
    })
}

fn told(node: &Node, txid: &str) -> Result<Value, Failure> {
    Ok(node.rpc("getrawtransaction", &[json!(txid), json!(true)])?)
}

fn by_wtxid(told: &Value) -> Result<InvVect, Failure> {
    Ok(InvVect::new(InvKind::Wtx, hash(&told["hash"])?))
}

/// It comes with all that the node has of it, and goes by the ids that the node says. Who does not offer MWEB gets it
/// without.
fn transaction(
    node: &Node,
    ours: &mut Ours<'_>,
    without: &mut Ours<'_>,
    txid: &str,
) -> Result<(), Failure> {
    let told = told(node, txid)?;
    let wtxid = by_wtxid(&told)?;
    let by_txid = InvVect::new(InvKind::MwebTx, hash(&told["txid"])?);
    for item in [wtxid, by_txid] {
        let tx = ours.transaction(item)?;
        agree("bytes", hex(tx.bytes()), text(&told["hex"]))?;
        agree("txid", tx.txid().to_string(), text(&told["txid"]))?;
        agree("wtxid", tx.wtxid().to_string(), text(&told["hash"]))?;
        check(tx.mweb().is_some(), || format!("{txid} has no MWEB data"))?;
    }
    let whole = ours.transaction(wtxid)?;
    let encoding = wtxid.kind.encoding(SERVICES);
    let encoding = encoding.ok_or_else(|| Failure::Wrong("no encoding".into()))?;
    let less = without.transaction(wtxid)?;
    agree(
        "bytes without MWEB",
        less.bytes(),
        &whole.to_bytes(encoding),
    )
}

/// It comes in the form that was asked for, and keeps its commitments in each.
fn block(node: &Node, ours: &mut Ours<'_>, tip: &str) -> Result<(), Failure> {
    let name: Hash = tip.parse().map_err(wrong("the node's hash"))?;
    let whole = ours.block_as(InvKind::MwebBlock, name)?;
    let told = node.rpc("getblock", &[json!(tip), json!(0)])?;
    agree("bytes", hex(whole.bytes()), text(&told))?;
    let told = node.rpc("getblock", &[json!(tip), json!(2)])?;
    let header = whole.mweb_header();
    let header = header.ok_or_else(|| Failure::Wrong("no MWEB header".into()))?;
    agree(
        "MWEB header",
        hex(&header.hash()),
        text(&told["mweb"]["hash"]),
    )?;
    let kernels = told["mweb"]["kernels"].as_array().map(Vec::len);
    agree(
        "kernels",
        header.kernel_count,
        kernels.unwrap_or_default() as u64,
    )?;
    for kind in [InvKind::MwebBlock, InvKind::WitnessBlock, InvKind::Block] {
        let block = ours.block_as(kind, name)?;
        block.check_merkle_root().map_err(wrong("merkle root"))?;
        block
            .check_mweb_commitment()
            .map_err(wrong("MWEB commitment"))?;
        if kind != InvKind::Block {
            block
                .check_witness_commitment()
                .map_err(wrong("witness commitment"))?;
        }
        let encoding = kind.encoding(SERVICES);
        let encoding = encoding.ok_or_else(|| Failure::Wrong("no encoding".into()))?;
        agree("bytes", block.bytes(), &whole.to_bytes(encoding))?;
    }
    Ok(())
}

fn whole_chain(node: &Node, ours: &mut Ours<'_>) -> Result<Vec<BlockView>, Failure> {
    let mut blocks = Vec::new();
    for height in 1..=node.height()? {
        let name = node.rpc("getblockhash", &[json!(height)])?;
        blocks.push(ours.block_as(InvKind::MwebBlock, hash(&name)?)?);
    }
    Ok(blocks)
}

/// From one node through us to the other, which takes it for good.
fn relay(
    node: &Node,
    ours: &mut Ours<'_>,
    other: &Node,
    theirs: &mut Ours<'_>,
    txid: &str,
) -> Result<(), Failure> {
    let wtxid = by_wtxid(&told(node, txid)?)?;
    hears_of(ours, wtxid)?;
    let tx: TxView = ours.transaction(wtxid)?;
    check(tx.is_mweb_only(), || format!("{txid} is not only MWEB"))?;
    let announced = theirs.announce(Announcement::Tx {
        txid: tx.txid(),
        wtxid: tx.wtxid(),
        fee_rate: None,
    })?;
    agree("the announcement", announced, Announced::Queued)?;
    let wanted = theirs.until("a getdata", |event| match event {
        Event::Message {
            message: Message::GetData(list),
            ..
        } => list.iter().find(|item| item.kind.is_transaction()),
        _ => None,
    })?;
    agree("what it asks for", wanted, wtxid)?;
    let remote = theirs.peer.remote();
    let services = remote.map(|remote| remote.services()).unwrap_or_default();
    let encoding = wanted.kind.encoding(services).unwrap_or_default();
    theirs.send(Outgoing::Message(Message::Tx(tx), encoding))?;
    wait_for("the other node has the transaction", PATIENCE, || {
        let pool = other.rpc("getrawmempool", &[])?;
        let pool = pool.as_array().cloned().unwrap_or_default();
        Ok(pool.contains(&json!(txid)).then_some(()))
    })?;
    Ok(())
}

fn hash(value: &Value) -> Result<Hash, Failure> {
    text(value).parse().map_err(wrong("the node's hash"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
