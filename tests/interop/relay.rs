//! Transactions and blocks on their way between us and a node, with the node's own trickle.

use core::time::Duration;
use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use peer_core::message::{
    Codec, FeeFilter, InvKind, InvVect, Inventory, Locator, Message, MessageKind, MessageLimits,
};
use peer_core::wire::{BlockHash, Hash, TxView};
use peer_core::{Announced, Announcement, Event};
use peer_tests::node::{Node, wait_for};
use serde_json::{Value, json};

use crate::ours::{NETWORK, Ours, agree, wrong};
use crate::setting::Setting;
use crate::{Failure, check};

/// A node trickles for seconds, sometimes for many.
const PATIENCE: Duration = Duration::from_secs(60);

/// Blocks until the first coins can be spent.
const MATURE: u32 = 105;

pub(crate) fn transactions(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    node.mine(MATURE)?;
    node.rpc("syncwithvalidationinterfacequeue", &[])?;
    let home = setting.home()?;
    let silent = setting.home_with(|config| config.relay = false)?;
    let old = setting.home_with(|config| config.wtxid_relay = false)?;
    let mut ours = home.dial(node.p2p_addr())?;
    let mut by_txid = old.dial(node.p2p_addr())?;
    let mut unwilling = silent.dial(node.p2p_addr())?;
    let mut choosy = home.dial(node.p2p_addr())?;
    for peer in [&mut ours, &mut by_txid, &mut unwilling, &mut choosy] {
        peer.negotiated_by_both()?;
    }
    choosy.send(Message::FeeFilter(FeeFilter {
        fee_rate: FeeFilter::MAX_FEE_RATE,
    }))?;

    from_the_node(&node, &mut ours, &mut by_txid)?;
    // All of them are inbound to the node, which trickles to them at once: what was to come has come.
    std::thread::sleep(Duration::from_secs(2));
    hears_of_no_transaction(&mut unwilling, "a peer without relay")?;
    hears_of_no_transaction(&mut choosy, "a peer with a high fee filter")?;

    to_the_node(&node, &mut ours)?;
    Ok(node.stop()?)
}

/// The node makes one; we hear of it, fetch it, and do not tell the node of it.
fn from_the_node(node: &Node, ours: &mut Ours<'_>, by_txid: &mut Ours<'_>) -> Result<(), Failure> {
    let made = make(node, 1)?;
    // A fee of a whole block's reward is fine here.
    node.rpc("sendrawtransaction", &[json!(made.hex), json!(0)])?;
    let wtxid = InvVect::new(InvKind::Wtx, made.tx.wtxid());
    hears_of(ours, wtxid)?;
    hears_of(by_txid, InvVect::new(InvKind::Tx, made.tx.txid()))?;
    let came = ours.transaction(wtxid)?;
    agree("txid", came.txid(), made.tx.txid())?;
    let announced = ours.announce(made.announcement(None))?;
    agree("what it told us", announced, Announced::Known)?;
    agree(
        "requests in flight",
        ours.peer.stats().requests_in_flight,
        0,
    )
}

/// We have one; the node hears of it, fetches it, and has it.
fn to_the_node(node: &Node, ours: &mut Ours<'_>) -> Result<(), Failure> {
    // It told us what it does not want to hear of.
    let filter = ours.peer.stats().fee_filter;
    check(filter > 0, || "the node has no fee filter".into())?;
    let made = make(node, 2)?;
    let poor = ours.announce(made.announcement(Some(filter - 1)))?;
    agree("below its fee filter", poor, Announced::Unwanted)?;
    let queued = ours.announce(made.announcement(Some(filter)))?;
    agree("at its fee filter", queued, Announced::Queued)?;
    let wanted = ours.until("a getdata", |event| match event {
        Event::Message {
            message: Message::GetData(list),
            ..
        } => list.iter().find(|item| item.kind.is_transaction()),
        _ => None,
    })?;
    agree(
        "what it asks for",
        wanted,
        InvVect::new(InvKind::Wtx, made.tx.wtxid()),
    )?;
    ours.send(Message::Tx(made.tx.clone()))?;
    let txid = made.tx.txid().to_string();
    wait_for("the node has the transaction", PATIENCE, || {
        let pool = node.rpc("getrawmempool", &[])?;
        let pool = pool.as_array().cloned().unwrap_or_default();
        Ok(pool.contains(&Value::from(txid.clone())).then_some(()))
    })?;
    agree(
        "objects announced",
        ours.peer.stats().inventory_announced,
        1,
    )
}

/// Blocks: by `inv`, and by `headers` once we have asked for that and shown that we have the parent.
pub(crate) fn blocks(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    node.mine(3)?;
    node.rpc("syncwithvalidationinterfacequeue", &[])?;
    let home = setting.home()?;
    let mut ours = home.dial(node.p2p_addr())?;
    ours.negotiated_by_both()?;
    let first = mine_one(&node)?;
    hears_of(&mut ours, InvVect::new(InvKind::Block, first))?;
    ours.send(Message::SendHeaders)?;
    let genesis = hash_at(&node, 0)?;
    let locator = Locator::from_chain(0, BlockHash::ALL_ZERO, |_| Some(genesis.into()));
    ours.send(Message::GetHeaders(Box::new(locator)))?;
    let mut last = first;
    ours.until("all headers", |event| headers_end_at(&event, last))?;
    last = mine_one(&node)?;
    ours.until("a header", |event| headers_end_at(&event, last))?;
    let announced = ours.peer.stats().last_announced_block.map(Hash::from);
    agree("the block announced last", announced, Some(last))?;
    Ok(node.stop()?)
}

/// A node that goes and comes back, in order and not.
pub(crate) fn restarts(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let mut node = setting.start(wrapper)?;
    node.mine(3)?;
    let home = setting.home()?;
    let before = descriptors();
    for in_order in [true, false, true] {
        let mut ours = home.dial(node.p2p_addr())?;
        ours.negotiated()?;
        let stats = ours.peer.stats();
        check(stats.bytes_received < 10_000, || {
            "numbers of another connection".into()
        })?;
        // Nobody has this block, so the question is open when the node goes.
        let item = InvVect::new(InvKind::Block, Hash::from_bytes([9; 32]));
        let list = Inventory::new(&NETWORK, [item]).map_err(wrong("getdata"))?;
        ours.send(Message::GetData(list))?;
        agree(
            "requests in flight",
            ours.peer.stats().requests_in_flight,
            1,
        )?;
        node.restart(in_order)?;
        let reason = ours.end()?;
        check(
            matches!(reason, peer_core::DisconnectReason::HungUp(_)),
            || format!("after the node went: {reason}"),
        )?;
        let refused = ours.announce(InvVect::new(InvKind::Tx, Hash::from_bytes([1; 32])));
        check(refused.is_err(), || "an announcement to nobody".into())?;
    }
    let mut ours = home.dial(node.p2p_addr())?;
    ours.negotiated()?;
    ours.peer.disconnect();
    ours.end()?;
    drop(ours);
    wait_for("all descriptors are closed", PATIENCE, || {
        Ok((descriptors() <= before).then_some(()))
    })?;
    Ok(node.stop()?)
}

/// Files and sockets that this process has open.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// A transaction that spends the coins of a block whoever asks.
struct Made {
    hex: String,
    tx: TxView,
}

impl Made {
    fn announcement(&self, fee_rate: Option<u64>) -> Announcement {
        Announcement::Tx {
            txid: self.tx.txid(),
            wtxid: self.tx.wtxid(),
            fee_rate,
        }
    }
}

fn make(node: &Node, height: u64) -> Result<Made, Failure> {
    let block = node.rpc("getblock", &[json!(hash_at(node, height)?.to_string())])?;
    let inputs = json!([{ "txid": block["tx"][0], "vout": 0 }]);
    // Thirty-two bytes of data, and all the rest for the miner.
    let outputs = json!([{ "data": "77".repeat(32) }]);
    let hex = node.rpc("createrawtransaction", &[inputs, outputs])?;
    let hex = hex.as_str().unwrap_or_default().to_owned();
    let bytes: Result<Vec<u8>, _> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16))
        .collect();
    let bytes = Bytes::from(bytes.map_err(wrong("the node's hexadecimal"))?);
    let codec = Codec::new(&NETWORK, 70_016, &MessageLimits::DEFAULT);
    let decoded = Message::decode_as(MessageKind::Tx, bytes, &codec);
    match decoded.map_err(wrong("its transaction"))?.message {
        Message::Tx(tx) => Ok(Made { hex, tx }),
        other => Err(Failure::Wrong(format!("no transaction: {other:?}"))),
    }
}

fn hash_at(node: &Node, height: u64) -> Result<Hash, Failure> {
    let hash = node.rpc("getblockhash", &[json!(height)])?;
    hash.as_str()
        .unwrap_or_default()
        .parse()
        .map_err(wrong("hash"))
}

fn mine_one(node: &Node) -> Result<Hash, Failure> {
    node.mine(1)?;
    node.tip()?.parse().map_err(wrong("the node's tip"))
}

pub(crate) fn hears_of(ours: &mut Ours<'_>, wanted: InvVect) -> Result<(), Failure> {
    let start = Instant::now();
    ours.until(&format!("an inv of {wanted:?}"), |event| {
        let found = matches!(
            event,
            Event::Message { message: Message::Inv(list), .. } if list.iter().any(|item| item == wanted)
        );
        (found || start.elapsed() > PATIENCE).then_some(found)
    })?
    .then_some(())
    .ok_or_else(|| Failure::Wrong(format!("no inv of {wanted:?}")))
}

fn hears_of_no_transaction(ours: &mut Ours<'_>, who: &str) -> Result<(), Failure> {
    while let Some(event) = ours.next_within(Duration::from_millis(100))? {
        if let Event::Message {
            message: Message::Inv(list),
            ..
        } = event
        {
            let hears = list.iter().any(|item| item.kind.is_transaction());
            check(!hears, || format!("{who} is told of {list:?}"))?;
        }
    }
    Ok(())
}

fn headers_end_at(event: &Event, last: Hash) -> Option<()> {
    let Event::Message {
        message: Message::Headers(headers),
        ..
    } = event
    else {
        return None;
    };
    let tip = headers.last()?.block_hash();
    (Hash::from(tip) == last).then_some(())
}
