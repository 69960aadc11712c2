use std::sync::Arc;

use peer_core::network::Network;
use peer_core::{Config, Link, PeerMachine};

use super::*;

/// Fields of [`Stats`] and what lines call them: getpeerinfo's names where it has the number.
const NAMES: &[(&str, &[&str])] = &[
    ("id", &["id"]),
    ("direction", &["inbound"]),
    ("purpose", &["purpose"]),
    ("remote_addr", &["addr"]),
    ("local_addr", &["addrbind"]),
    ("transport", &["transport", "transport_protocol_type"]),
    ("session_id", &["session_id"]),
    ("advertised_version", &["version"]),
    ("protocol_version", &["protocol_version"]),
    ("services", &["services", "servicesnames"]),
    ("user_agent", &["subver"]),
    ("start_height", &["startingheight"]),
    ("time_offset", &["timeoffset"]),
    ("relays_transactions", &["relaytxes"]),
    ("wtxid_relay", &["wtxid_relay"]),
    ("addr_v2", &["addr_v2"]),
    ("wants_headers", &["wants_headers"]),
    ("wants_compact_blocks", &["bip152_hb_from"]),
    ("fee_filter", &["minfeefilter"]),
    ("last_block", &["last_block_height"]),
    ("last_announced_block", &["last_announced_block"]),
    ("connected_at", &["conntime"]),
    ("negotiated_at", &["negotiated_at"]),
    ("last_received", &["lastrecv"]),
    ("last_sent", &["lastsend"]),
    ("last_block_received", &["last_block"]),
    ("last_transaction_received", &["last_transaction"]),
    ("bytes_received", &["bytesrecv"]),
    ("bytes_sent", &["bytessent"]),
    ("frames_received", &["frames_received"]),
    ("frames_sent", &["frames_sent"]),
    (
        "traffic",
        &[
            "bytesrecv_per_msg",
            "bytessent_per_msg",
            "recv_per_msg",
            "sent_per_msg",
        ],
    ),
    ("decoys_received", &["decoys_received"]),
    ("ping", &["pingtime"]),
    ("min_ping", &["minping"]),
    ("ping_since", &["ping_since"]),
    ("pings_in_flight", &["pings_in_flight"]),
    ("last_ping", &["last_ping"]),
    ("ping_nonce", &["ping_nonce"]),
    ("requests_in_flight", &["requests_in_flight"]),
    ("requests_unanswered", &["requests_unanswered"]),
    ("requests_unwatched", &["requests_unwatched"]),
    ("inventory_announced", &["inventory_announced"]),
    ("inventory_queued", &["inventory_queued"]),
    ("inventory_dropped", &["inventory_dropped"]),
    ("inventory_withheld", &["inventory_withheld"]),
    ("addr_processed", &["addr_processed"]),
    ("addr_rate_limited", &["addr_rate_limited"]),
    ("bad_checksums", &["bad_checksums"]),
    ("malformed", &["malformed"]),
    ("trailing_bytes", &["trailing_bytes"]),
    ("unknown_messages", &["unknown_messages"]),
    ("annoyances", &["annoyances"]),
    ("disconnect_reason", &["disconnect_reason"]),
];

fn untouched() -> Stats {
    let config = Arc::new(Config::with_secret(Network::REGTEST, [1; 32]));
    let now = Timestamp::from_secs(1_700_000_000);
    PeerMachine::from_seed(config, Link::outbound(), now, [2; 32]).stats()
}

/// A field that is added to [`Stats`] and forgotten here is found.
#[test]
fn every_number_has_a_name() {
    let shown = format!("{:#?}", untouched());
    let names = shown
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| !line.starts_with([' ', ']', '}', ')']))
        .filter_map(|line| line.split_once(':'));
    let names: Vec<&str> = names.map(|(name, _)| name).collect();
    let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, known);

    let line: Value = fields(&untouched()).into();
    let line = line.as_object().unwrap();
    for name in NAMES.iter().flat_map(|(_, names)| *names) {
        assert!(line.contains_key(*name), "{name}");
    }
    let told: usize = NAMES.iter().map(|(_, names)| names.len()).sum();
    assert_eq!(line.len(), told);
}

#[test]
fn what_is_not_known_is_null_and_every_annoyance_counts() {
    let line: Value = fields(&untouched()).into();
    for name in [
        "addr",
        "version",
        "subver",
        "pingtime",
        "lastrecv",
        "disconnect_reason",
    ] {
        assert!(line[name].is_null(), "{name}");
    }
    assert_eq!(line["conntime"], 1_700_000_000.0);
    let annoyances = line["annoyances"].as_object().unwrap();
    assert_eq!(annoyances.len(), Annoyance::ALL.len());
    assert!(annoyances.values().all(|count| *count == 0));
}
