//! Our statistics and the node's `getpeerinfo`, field by field, once both have come to rest. Bytes must agree to the byte.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use peer_core::message::{
    CommandName, FeeFilter, InvKind, InvVect, Inventory, Locator, Message, Ping, SendCmpct,
};
use peer_core::wire::{AddrEntry, Address, BlockHash, Hash, ServiceFlags};
use peer_core::{CommandCounters, Stats, TransportKind};
use peer_tests::node::{Node, wait_for};
use serde_json::Value;

use crate::ours::{NETWORK, Ours, agree, wrong};
use crate::peers::{mine, same_transport};
use crate::setting::Setting;
use crate::{Failure, check};

const PATIENCE: Duration = Duration::from_secs(60);

/// What we ask not to be announced below: satoshi per 1,000 virtual bytes.
const FEE_FILTER: i64 = 12_345;

pub(crate) fn we_dial(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    mine(&node)?;
    let home = setting.home()?;
    let mut ours = home.dial(node.p2p_addr())?;
    converse(&node, &mut ours)?;
    compare(&node, &ours)?;
    Ok(node.stop()?)
}

pub(crate) fn the_node_dials(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    mine(&node)?;
    let home = setting.home()?;
    let listener = home.listen()?;
    let address = listener.local_addr().map_err(wrong("our address"))?;
    setting.dial_us(&node, address)?;
    let mut ours = home.accept(&listener)?;
    converse(&node, &mut ours)?;
    compare(&node, &ours)?;
    Ok(node.stop()?)
}

/// Some of everything, so that there is something to count.
fn converse(node: &Node, ours: &mut Ours<'_>) -> Result<(), Failure> {
    ours.negotiated()?;
    let tip: Hash = node.tip()?.parse().map_err(wrong("the node's tip"))?;
    ours.block(tip)?;
    let genesis = node.rpc("getblockhash", &[0.into()])?;
    let genesis: BlockHash = genesis
        .as_str()
        .unwrap_or_default()
        .parse()
        .map_err(wrong("genesis"))?;
    let locator = Locator::from_chain(0, BlockHash::ALL_ZERO, |_| Some(genesis));
    ours.send(Message::GetHeaders(Box::new(locator)))?;
    ours.until("headers", |event| match event {
        peer_core::Event::Message {
            message: Message::Headers(headers),
            ..
        } => (headers.len() == 3).then_some(()),
        _ => None,
    })?;
    for nonce in 1..=3 {
        ours.send(Message::Ping(Ping::new(nonce)))?;
    }
    ours.send(Message::MemPool)?;
    ours.send(Message::SendHeaders)?;
    ours.send(Message::SendCmpct(SendCmpct {
        announce: true,
        version: 2,
    }))?;
    ours.send(Message::FeeFilter(FeeFilter {
        fee_rate: FEE_FILTER,
    }))?;
    let nobody_has = InvVect::new(InvKind::Tx, Hash::from_bytes([7; 32]));
    let list = Inventory::new(&NETWORK, [nobody_has]).map_err(wrong("getdata"))?;
    ours.send(Message::GetData(list))?;
    ours.send(Message::Unknown {
        command: CommandName::new("whatever").map_err(wrong("a command"))?,
        payload: Bytes::from_static(b"nobody knows"),
    })?;
    let sent = ours.push_addrv2(addresses())?;
    agree("addresses sent", sent.len(), addresses().len())
}

/// Of a range that is nobody's.
fn addresses() -> Vec<AddrEntry> {
    let entry = |last: u8| AddrEntry {
        time: 1_700_000_000,
        services: ServiceFlags::NETWORK,
        address: Address::Ipv4([250, 1, 2, last]),
        port: 8333,
    };
    (1..=5).map(entry).collect()
}

/// Waits until both have counted everything, then compares.
fn compare(node: &Node, ours: &Ours<'_>) -> Result<(), Failure> {
    let mut last = (Stats::clone(&ours.peer.stats()), Value::Null);
    let rest = wait_for("both have come to rest", PATIENCE, || {
        let them = node.peers()?.pop().unwrap_or_default();
        let us = ours.peer.stats();
        let quiet = us.traffic == last.0.traffic && them["bytesrecv"] == last.1["bytesrecv"];
        let equal = them["bytesrecv"] == us.bytes_sent && them["bytessent"] == us.bytes_received;
        let all_answered = us.pings_in_flight == 0 && !them["pingtime"].is_null();
        last = (us, them);
        Ok((quiet && equal && all_answered).then_some(()))
    });
    let (us, them) = last;
    rest.map_err(|error| {
        let (sent, received) = (us.bytes_sent, us.bytes_received);
        Failure::Wrong(format!(
            "{error}: we sent {sent} and received {received} bytes, the node says {them}"
        ))
    })?;
    let beside = bytes_of_no_message(&us);
    for (all, traffic) in [
        (us.bytes_received, &us.traffic.received),
        (us.bytes_sent, &us.traffic.sent),
    ] {
        let rest = all.checked_sub(traffic.total().bytes);
        check(rest.is_some_and(|rest| beside.contains(&rest)), || {
            format!("our commands do not add up: {rest:?} bytes are of none: {us:?}")
        })?;
    }
    same_counters("received", &us.traffic.received, &them["bytessent_per_msg"])?;
    same_counters("sent", &us.traffic.sent, &them["bytesrecv_per_msg"])?;
    same_facts(&us, &them)?;
    same_times(&us, &them)?;
    same_addresses(&us, &them)
}

/// How many bytes each side sends that belong to no message: none in v1; in v2 key, garbage, terminator and version
/// packet.
fn bytes_of_no_message(us: &Stats) -> RangeInclusive<u64> {
    let least = 64 + 16 + 20;
    match us.transport {
        Some(TransportKind::V2) => least..=least + 4_095,
        _ => 0..=0,
    }
}

/// Bytes of each command, those without a name included.
fn same_counters(what: &str, ours: &CommandCounters, theirs: &Value) -> Result<(), Failure> {
    let ours: BTreeMap<String, u64> = ours
        .named()
        .map(|(name, counter)| (name.to_string(), counter.bytes))
        .collect();
    let theirs = theirs.as_object().into_iter().flatten();
    let theirs: BTreeMap<String, u64> = theirs
        .map(|(name, bytes)| (name.clone(), bytes.as_u64().unwrap_or_default()))
        .filter(|(_, bytes)| *bytes > 0)
        .collect();
    agree(&format!("bytes {what} by command"), ours, theirs)
}

fn same_facts(us: &Stats, them: &Value) -> Result<(), Failure> {
    let inbound = us.direction == peer_core::Direction::Inbound;
    agree("who dialled", !inbound, them["inbound"] == true)?;
    agree("our relay flag", true, them["relaytxes"] == true)?;
    agree("its relay flag", us.relays_transactions, true)?;
    let filter = them["minfeefilter"].as_f64().unwrap_or_default() * 1e8;
    agree("our fee filter", FEE_FILTER, filter.round() as i64)?;
    check(us.fee_filter > 0, || "it told us no fee filter".into())?;
    agree("its answers to sendaddrv2", us.addr_v2, true)?;
    same_transport(us, them)?;
    if let Some(chosen) = them["bip152_hb_from"].as_bool() {
        agree("our wish for compact blocks", true, chosen)?;
    }
    if let Some(chosen) = them["bip152_hb_to"].as_bool() {
        agree(
            "its wish for compact blocks",
            us.wants_compact_blocks,
            chosen,
        )?;
    }
    agree(
        "nothing was wrong",
        (us.bad_checksums, us.malformed),
        (0, 0),
    )?;
    let ping = us.ping.zip(us.min_ping);
    check(ping.is_some_and(|(last, least)| least <= last), || {
        "we know no ping".into()
    })?;
    let theirs = them["pingtime"].as_f64().zip(them["minping"].as_f64());
    check(theirs.is_some_and(|(last, least)| least <= last), || {
        "the node knows no ping".into()
    })
}

/// Clocks on one machine, read at slightly different times, in whole seconds.
fn same_times(us: &Stats, them: &Value) -> Result<(), Failure> {
    let near = |what: &str, ours: i64, theirs: &Value| {
        let theirs = theirs.as_i64().unwrap_or(i64::MIN);
        check(ours.abs_diff(theirs) <= 1, || {
            format!("{what}: we say {ours}, the node {theirs}")
        })
    };
    let seconds = |at: peer_core::Timestamp| at.as_secs() as i64;
    near("connected at", seconds(us.connected_at), &them["conntime"])?;
    let received = us.last_received.map(seconds).unwrap_or_default();
    near("last byte from it", received, &them["lastsend"])?;
    let sent = us.last_sent.map(seconds).unwrap_or_default();
    near("last byte from us", sent, &them["lastrecv"])?;
    near("clocks", -us.time_offset, &them["timeoffset"])
}

/// Every address that we sent was taken or was too fast.
fn same_addresses(us: &Stats, them: &Value) -> Result<(), Failure> {
    let sent = us
        .traffic
        .sent
        .get(Some(peer_core::message::MessageKind::AddrV2));
    agree("addrv2 messages", sent.messages, 1)?;
    let counted = them["addr_processed"]
        .as_u64()
        .zip(them["addr_rate_limited"].as_u64());
    match counted {
        Some((processed, limited)) => agree(
            "addresses that arrived",
            addresses().len() as u64,
            processed + limited,
        ),
        // Older nodes do not count them.
        None => Ok(()),
    }
}
