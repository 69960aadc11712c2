//! `--stats`: the numbers of a connection as one line. Names are those of Core's `getpeerinfo` where it has the number.

use core::time::Duration;

use peer_core::{Annoyance, CommandCounters, Direction, Stats, Timestamp};
use serde_json::Value;

use super::line::{self, Fields};
use super::services;

/// Everything that [`Stats`] tells.
pub(super) fn fields(stats: &Stats) -> Fields {
    let inbound = stats.direction == Direction::Inbound;
    let services = stats.services.map(services::names);
    let agent = stats.user_agent.as_ref().map(|agent| {
        let agent = String::from_utf8_lossy(agent.as_bytes());
        agent.into_owned()
    });
    let fields = Fields::default()
        .with("id", stats.id)
        .with("addr", stats.remote_addr.map(|addr| addr.to_string()))
        .with("addrbind", stats.local_addr.map(|addr| addr.to_string()))
        .with("inbound", inbound)
        .with_text("purpose", format_args!("{:?}", stats.purpose))
        .and(transport(stats))
        .with("version", stats.advertised_version)
        .with("protocol_version", stats.protocol_version)
        .with("services", stats.services.map(|services| services.bits()))
        .with("servicesnames", services)
        .with("subver", agent)
        .with("startingheight", stats.start_height)
        .with("timeoffset", stats.time_offset);
    fields
        .and(agreed(stats))
        .and(times(stats))
        .and(traffic(stats))
        .and(pings(stats))
        .and(rooms(stats))
        .and(faults(stats))
}

/// How frames travel; the names are ours and Core's.
pub(super) fn transport(stats: &Stats) -> Fields {
    let transport = stats.transport.map(|transport| transport.to_string());
    let session = stats.session_id.map(|id| line::hex(&id));
    Fields::default()
        .with("transport", transport.clone())
        .with("transport_protocol_type", transport)
        .with("session_id", session)
}

fn agreed(stats: &Stats) -> Fields {
    let announced = stats.last_announced_block;
    Fields::default()
        .with("relaytxes", stats.relays_transactions)
        .with("wtxid_relay", stats.wtxid_relay)
        .with("addr_v2", stats.addr_v2)
        .with("wants_headers", stats.wants_headers)
        .with("bip152_hb_from", stats.wants_compact_blocks)
        .with("minfeefilter", stats.fee_filter)
        .with("last_block_height", stats.last_block)
        .with(
            "last_announced_block",
            announced.map(|hash| hash.to_string()),
        )
}

fn times(stats: &Stats) -> Fields {
    let at = |at: Option<Timestamp>| at.map(line::seconds);
    Fields::default()
        .with("conntime", line::seconds(stats.connected_at))
        .with("negotiated_at", at(stats.negotiated_at))
        .with("lastsend", at(stats.last_sent))
        .with("lastrecv", at(stats.last_received))
        .with("last_block", at(stats.last_block_received))
        .with("last_transaction", at(stats.last_transaction_received))
}

fn traffic(stats: &Stats) -> Fields {
    Fields::default()
        .with("bytessent", stats.bytes_sent)
        .with("bytesrecv", stats.bytes_received)
        .with("frames_sent", stats.frames_sent)
        .with("decoys_received", stats.decoys_received)
        .with("frames_received", stats.frames_received)
        .with(
            "bytessent_per_msg",
            counters(&stats.traffic.sent, |count| count.bytes),
        )
        .with(
            "bytesrecv_per_msg",
            counters(&stats.traffic.received, |count| count.bytes),
        )
        .with(
            "sent_per_msg",
            counters(&stats.traffic.sent, |count| count.messages),
        )
        .with(
            "recv_per_msg",
            counters(&stats.traffic.received, |count| count.messages),
        )
}

fn counters(counters: &CommandCounters, of: impl Fn(&peer_core::CommandCounter) -> u64) -> Value {
    let fields = counters
        .named()
        .fold(Fields::default(), |fields, (name, counter)| {
            fields.with(name.as_str(), of(&counter))
        });
    fields.into()
}

fn pings(stats: &Stats) -> Fields {
    let span = |span: Option<Duration>| span.map(|span| span.as_secs_f64());
    Fields::default()
        .with("pingtime", span(stats.ping))
        .with("minping", span(stats.min_ping))
        .with("pings_in_flight", stats.pings_in_flight)
        .with("ping_since", stats.ping_since.map(line::seconds))
        .with("last_ping", stats.last_ping.map(line::seconds))
        .with("ping_nonce", stats.ping_nonce)
}

fn rooms(stats: &Stats) -> Fields {
    Fields::default()
        .with("requests_in_flight", stats.requests_in_flight)
        .with("requests_unanswered", stats.requests_unanswered)
        .with("requests_unwatched", stats.requests_unwatched)
        .with("inventory_announced", stats.inventory_announced)
        .with("inventory_queued", stats.inventory_queued)
        .with("inventory_dropped", stats.inventory_dropped)
        .with("inventory_withheld", stats.inventory_withheld)
        .with("addr_processed", stats.addr_processed)
        .with("addr_rate_limited", stats.addr_rate_limited)
}

fn faults(stats: &Stats) -> Fields {
    let annoyances = Annoyance::ALL
        .iter()
        .fold(Fields::default(), |fields, kind| {
            fields.with(&format!("{kind:?}"), stats.annoyance(*kind))
        });
    let reason = stats.disconnect_reason.as_ref();
    Fields::default()
        .with("bad_checksums", stats.bad_checksums)
        .with("malformed", stats.malformed)
        .with("trailing_bytes", stats.trailing_bytes)
        .with("unknown_messages", stats.unknown_messages)
        .with("annoyances", Value::from(annoyances))
        .with("disconnect_reason", reason.map(ToString::to_string))
}

#[cfg(test)]
mod tests;
