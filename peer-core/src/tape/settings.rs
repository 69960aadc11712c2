//! What a machine is told at birth, as it stands on a tape: configuration, network and link.
//!
//! A new field does not compile until it is named here, and changes [`VERSION`](super::VERSION).

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use super::value::{In, Out, Unreadable, Value, fields, put_run, variants};
#[cfg(feature = "_bip324")]
use crate::config::RecordedKey;
use crate::config::{
    AddrRateLimit, Config, Garbage, Limits, RequestTimeouts, Timeouts, TransportPolicy, Trickle,
    V2Options,
};
use crate::link::{Direction, Link, Purpose};
use crate::message::{MessageLimits, UserAgent};
use crate::network::{BlockId, Gates, HeaderHash, InvNumbering, Network, PowHash};
use crate::strictness::{Oversized, Reaction, Strictness};
use crate::wire::{BlockHash, ServiceFlags, TxFormat};

fields! {
    // The network comes first: what follows is read for it.
    Config {
        network, secret, protocol_version, minimum_version, services, required_services, user_agent, relay, proxy,
        send_addr_v2, wtxid_relay, review_version, allow_self_connection, raw_events, greeting, addr_rate_limit,
        transport, v2, strictness, limits, timeouts, trickle,
    }
    AddrRateLimit { refill, burst, getaddr_boost }
    Strictness {
        duplicate_version, duplicate_verack, bad_checksum, malformed, trailing_bytes, bad_command, over_limit,
        early_message, early_reject, late_negotiation, unwanted_transaction, bloom_without_service, bloom_without_service_old,
        unanswered, unanswered_legally, filter_add_without_filter, filter_clear_without_filter, reject_below_version,
        empty_addr, oversized_early, oversized_for_type, send_reject,
    }
    Limits {
        message, early_payload, early_packet, early_decoys, provoked, send_high, send_low, bad_checksums_per_minute,
        malformed_per_minute, annoyances_per_minute, pings_in_flight, requests_in_flight, items_in_flight,
        known_inventory, inventory_queue, log_lines_per_minute,
    }
    MessageLimits {
        inv, headers, locator, addr, user_agent, feature_id_min, feature_id, feature_data, filter, filter_hash_funcs,
        filter_add, merkle_hashes, merkle_flags, compact_txs, cfilter, cfheaders, cfcheckpt, reject_message,
        reject_reason, alert, draft_cf_locator, cftypes, navcoin_string,
    }
    Timeouts {
        negotiation, v2_stage, ping_interval, initial_ping, pong, idle, write_stall, flush, addr_fetch, requests, grain,
    }
    RequestTimeouts {
        getdata, getblocks, getheaders, mempool, getcfilters, getcfheaders, getcfcheckpt, getcftypes, getblocktxn,
    }
    Gates {
        multiple_addr, addr_time, headers, pong, mempool, bloom, reject, bloom_service, sendheaders, feefilter,
        compact_blocks, addrv2, wtxidrelay, feature, last_alert, draft_filters, navcoin,
    }
    Link { id, direction, purpose, remote, local, remote_services, start_height, transport }
}

variants! {
    Trickle { 0 = Immediate, 1 = Fixed { interval }, 2 = Poisson { inbound, outbound, per_flush } }
    Garbage { 0 = Random, 1 = Fixed(bytes) }
    Reaction { 0 = Drop, 1 = Deliver, 2 = Disconnect }
    Oversized { 0 = Accept, 1 = Skip, 2 = Disconnect }
    Direction { 0 = Inbound, 1 = Outbound }
    Purpose { 0 = FullRelay, 1 = BlockRelayOnly, 2 = AddressFetch, 3 = Feeler }
    InvNumbering { 0 = Bitcoin, 1 = Litecoin, 2 = NavCoin }
    PowHash { 0 = Sha256d, 1 = Scrypt, 2 = Stake }
    TxFormat { 0 = Bitcoin, 1 = Litecoin, 2 = NavCoin }
    BlockId { 0 = Sha256d, 1 = ByVersion { above, older } }
}

impl Value for TransportPolicy {
    fn put(&self, out: &mut Out) {
        out.bytes.push(match self {
            Self::Auto => 0,
            Self::V1 => 1,
            #[cfg(feature = "_bip324")]
            Self::V2 => 2,
        });
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        match from.byte()? {
            0 => Ok(Self::Auto),
            1 => Ok(Self::V1),
            #[cfg(feature = "_bip324")]
            2 => Ok(Self::V2),
            _ => Err(Unreadable("transport policy")),
        }
    }
}

#[cfg(feature = "_bip324")]
fields! {
    V2Options { admission, garbage, decoys, recorded_key }
    RecordedKey { secret, ellswift }
}

/// Without v2 there is no recorded key; its place is kept.
#[cfg(not(feature = "_bip324"))]
impl Value for V2Options {
    fn put(&self, out: &mut Out) {
        let Self {
            admission,
            garbage,
            decoys,
        } = self;
        admission.put(out);
        garbage.put(out);
        decoys.put(out);
        false.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        let options = Self {
            admission: Value::take(from)?,
            garbage: Value::take(from)?,
            decoys: Value::take(from)?,
        };
        match bool::take(from)? {
            false => Ok(options),
            true => Err(Unreadable("recorded key")),
        }
    }
}

/// Nothing follows from the name but what is printed, so one that is not known here is replaced; the salt is needed.
impl Value for Network {
    fn put(&self, out: &mut Out) {
        let Self {
            name,
            magic,
            default_port,
            genesis,
            protocol_version,
            min_protocol_version,
            max_payload,
            v2_transport,
            v2_salt,
            gates,
            inv_numbering,
            header_entry_len,
            tx_format,
            compact_block_tail,
            block_id,
            pow,
            pow_limit_bits,
        } = self;
        put_run(&mut out.bytes, name.as_bytes());
        put_run(&mut out.bytes, v2_salt.as_bytes());
        magic.put(out);
        default_port.put(out);
        genesis.put(out);
        protocol_version.put(out);
        min_protocol_version.put(out);
        max_payload.put(out);
        v2_transport.put(out);
        gates.put(out);
        inv_numbering.put(out);
        header_entry_len.put(out);
        tx_format.put(out);
        compact_block_tail.put(out);
        block_id.put(out);
        pow.put(out);
        pow_limit_bits.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        let given = from.network;
        let known = || Self::ALL.iter().chain([&given]);
        let name = from.run()?;
        let name = known().find(|known| known.name.as_bytes() == name);
        let name = name.map_or(UNKNOWN, |known| known.name);
        let salt = from.run()?;
        let salt = known().find(|known| known.v2_salt.as_bytes() == salt);
        let v2_salt = salt.ok_or(Unreadable(NETWORK))?.v2_salt;
        let network = Self {
            name,
            magic: Value::take(from)?,
            default_port: Value::take(from)?,
            genesis: Value::take(from)?,
            protocol_version: Value::take(from)?,
            min_protocol_version: Value::take(from)?,
            max_payload: Value::take(from)?,
            v2_transport: Value::take(from)?,
            v2_salt,
            gates: Value::take(from)?,
            inv_numbering: Value::take(from)?,
            header_entry_len: Value::take(from)?,
            tx_format: Value::take(from)?,
            compact_block_tail: Value::take(from)?,
            block_id: Value::take(from)?,
            pow: Value::take(from)?,
            pow_limit_bits: Value::take(from)?,
        };
        from.network = network;
        Ok(network)
    }
}

/// What a network is called whose name nobody knows here.
const UNKNOWN: &str = "recorded";

/// What cannot be read without the network it was written for.
pub(super) const NETWORK: &str = "network";

/// That there is one. Whoever replays it has the function.
impl Value for HeaderHash {
    fn put(&self, _: &mut Out) {}

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        match from.network.block_id {
            BlockId::ByVersion {
                older: Some(hash), ..
            } => Ok(hash),
            _ => Err(Unreadable(NETWORK)),
        }
    }
}

impl Value for BlockHash {
    fn put(&self, out: &mut Out) {
        self.to_bytes().put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        Value::take(from).map(Self::from_bytes)
    }
}

impl Value for ServiceFlags {
    fn put(&self, out: &mut Out) {
        self.bits().put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        Value::take(from).map(Self)
    }
}

impl Value for UserAgent {
    fn put(&self, out: &mut Out) {
        self.as_bytes().put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        Value::take(from).map(Self::from_bytes)
    }
}

impl Value for SocketAddr {
    fn put(&self, out: &mut Out) {
        match self {
            Self::V4(address) => {
                out.bytes.push(4);
                address.ip().octets().put(out);
                address.port().put(out);
            }
            Self::V6(address) => {
                out.bytes.push(6);
                address.ip().octets().put(out);
                address.port().put(out);
                address.flowinfo().put(out);
                address.scope_id().put(out);
            }
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        match from.byte()? {
            4 => {
                let ip = Ipv4Addr::from(<[u8; 4]>::take(from)?);
                Ok(SocketAddrV4::new(ip, u16::take(from)?).into())
            }
            6 => {
                let ip = Ipv6Addr::from(<[u8; 16]>::take(from)?);
                let (port, flow, scope) = (u16::take(from)?, u32::take(from)?, u32::take(from)?);
                Ok(SocketAddrV6::new(ip, port, flow, scope).into())
            }
            _ => Err(Unreadable("address")),
        }
    }
}
