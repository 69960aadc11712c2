//! Which of the addresses at hand go to the remote, and in which form (BIP155). Keeps nothing and sends nothing.
//!
//! What the application hands in is its own matter: duplicates are left out, and of more than a message holds a
//! uniform random sample is taken.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::message::Message;
use crate::protocol::Cx;
use crate::wire::{AddrEntry, AddrList, AddrV2List, Address};

/// The form that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `addr`.
    Legacy,
    /// `addrv2` if the remote takes it, `addr` if not.
    Negotiated,
}

/// The message that tells as many of `entries` as it can, and which ones these are; `None` if there are none.
pub(crate) fn compose(
    cx: &mut Cx<'_>,
    entries: &[AddrEntry],
    form: Form,
) -> Option<(Message, Vec<AddrEntry>)> {
    let is_v2 = form == Form::Negotiated && cx.remote.as_ref().is_some_and(|remote| remote.addr_v2);
    let sendable = sendable(entries, is_v2);
    let picked = cx.rng.sample(most(cx), sendable.len());
    let chosen: Vec<AddrEntry> = picked
        .iter()
        .filter_map(|index| sendable.get(*index).copied())
        .collect();
    if chosen.is_empty() {
        return None;
    }
    let entries = chosen.iter().copied();
    // Neither fails: only entries that have the form are left.
    let message = if is_v2 {
        Message::AddrV2(AddrV2List::from_entries(entries).ok()?)
    } else {
        let timed = cx.version() >= cx.config.network.gates.addr_time;
        Message::Addr(AddrList::from_entries(entries, timed).ok()?)
    };
    Some((message, chosen))
}

/// How many the remote takes in one message.
fn most(cx: &Cx<'_>) -> usize {
    let limit = MAX_ADDR_TO_SEND.min(cx.config.limits.message.addr);
    if cx.version() < cx.config.network.gates.multiple_addr {
        limit.min(1)
    } else {
        limit
    }
}

/// The entries that have the form, each address and port once.
fn sendable(entries: &[AddrEntry], is_v2: bool) -> Vec<AddrEntry> {
    let mut seen = BTreeSet::new();
    entries
        .iter()
        .map(|entry| AddrEntry {
            address: plain(entry.address),
            ..*entry
        })
        .filter(|entry| has_form(entry.address, is_v2) && seen.insert((entry.address, entry.port)))
        .collect()
}

/// An address inside IPv6 as what it is: `addr` cannot tell them apart, and in `addrv2` they must not be sent.
fn plain(address: Address) -> Address {
    match address {
        Address::Ipv6(bytes) => Address::from_legacy(bytes),
        other => other,
    }
}

/// Version 2 onion services have a legacy form and are gossiped in neither: BIP155 has them ignored, and nothing
/// answers there any more.
fn has_form(address: Address, is_v2: bool) -> bool {
    address.is_sendable() && (is_v2 || address.to_legacy().is_some())
}

/// Entries in one message, whatever the remote would take (Core's `MAX_ADDR_TO_SEND`).
const MAX_ADDR_TO_SEND: usize = 1_000;
