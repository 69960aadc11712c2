//! What a message says, as the fields of a line. Hashes are written as explorers show them; long lists and payloads are
//! cut, their whole length stands beside them.

use core::fmt::Display;

use peer_core::message::{
    AggregationSession, CmpctBlock, EncryptedCandidate, GetCFHeaders, InvVect, Inventory, Locator,
    MerkleBlock, Message, Reject, VersionMessage,
};
use peer_core::network::Network;
use peer_core::wire::{AddrEntry, BlockHeader, BlockView, ServiceFlags, TxView};
use serde_json::Value;

use super::line::{self, Fields};
use super::request::kind_name;
use super::services;

/// The fields of `message`. Its command is told elsewhere.
pub(super) fn message(message: &Message, network: &Network) -> Fields {
    let fields = Fields::default();
    match message {
        Message::Ping(ping) => fields.with("nonce", ping.nonce),
        Message::Pong(pong) => fields.with("nonce", pong.nonce),
        Message::Inv(items) | Message::GetData(items) | Message::NotFound(items) => {
            inventory(items, network)
        }
        Message::FeeFilter(filter) => fields.with("fee_rate", filter.fee_rate),
        Message::GetBlocks(question) | Message::GetHeaders(question) => locator(question),
        Message::Headers(headers) => {
            let hash = |header: BlockHeader| block_hash(&header, network);
            fields
                .with("count", headers.len())
                .with("first", headers.get(0).map(hash))
                .with("last", headers.last().map(hash))
        }
        Message::Block(view) => block(view, network),
        Message::Tx(view) | Message::DandelionTx(view) => transaction(view),
        Message::MerkleBlock(proof) => merkle_block(proof, network),
        Message::SendCmpct(offer) => fields
            .with("announce", offer.announce)
            .with("version", offer.version),
        Message::CmpctBlock(sketch) => compact_block(sketch, network),
        Message::GetBlockTxn(question) => fields
            .with_text("block_hash", question.block_hash)
            .with("count", question.indexes.len())
            .with("indexes", list(question.indexes.iter(), Value::from)),
        Message::BlockTxn(answer) => fields
            .with_text("block_hash", answer.block_hash)
            .with("count", answer.transactions.len())
            .with(
                "txids",
                list(answer.transactions.iter(), |tx| text(tx.txid())),
            ),
        Message::Addr(addresses) => fields
            .with("count", addresses.len())
            .with("addresses", list(addresses.iter(), address)),
        Message::AddrV2(addresses) => fields
            .with("count", addresses.len())
            .with("addresses", list(addresses.iter(), address)),
        Message::Reject(reject) => refusal(reject),
        Message::Alert(alert) => fields
            .with("body_len", alert.body.len())
            .with("signature_len", alert.signature.len()),
        Message::SendTxRcncl(offer) => fields
            .with("version", offer.version)
            .with("salt", offer.salt),
        Message::Feature(feature) => fields
            .with("id", line::text(&feature.id))
            .with("data_len", feature.data.len())
            .with("data", line::hex(&feature.data)),
        Message::AggSess(session) | Message::DAggSess(session) => aggregation_session(session),
        Message::EncCand(candidate) | Message::DanEncCand(candidate) => {
            encrypted_candidate(candidate)
        }
        Message::Unknown { payload, .. } => fields
            .with("payload_len", payload.len())
            .with("payload", line::hex(payload)),
        other => filters(other),
    }
}

/// Bloom filters and compact block filters. Messages without fields have none here either.
fn filters(message: &Message) -> Fields {
    let fields = Fields::default();
    match message {
        Message::FilterLoad(filter) => fields
            .with("filter_len", filter.filter.len())
            .with("functions", filter.hash_funcs)
            .with("tweak", filter.tweak)
            .with("flags", filter.update.0),
        Message::FilterAdd(element) => fields
            .with("data_len", element.data.len())
            .with("data", line::hex(&element.data)),
        Message::GetCFilters(range) | Message::GetCFHeaders(GetCFHeaders::Range(range)) => fields
            .with("filter_type", range.filter_type)
            .with("start_height", range.start_height)
            .with_text("stop", range.stop),
        Message::GetCFHeaders(GetCFHeaders::Draft(question)) => fields
            .with("filter_type", question.filter_type)
            .with("count", question.hashes.len())
            .with("locator", list(question.hashes.iter(), text))
            .with_text("stop", question.stop),
        Message::GetCFilter(question) => fields
            .with("filter_type", question.filter_type)
            .with_text("block_hash", question.block_hash),
        Message::CFTypes(answer) => fields.with(
            "filter_types",
            list(answer.types.iter().copied(), Value::from),
        ),
        Message::CFilter(filter) => fields
            .with("filter_type", filter.filter_type)
            .with_text("block_hash", filter.block_hash)
            .with("filter_len", filter.filter.len()),
        Message::CFHeaders(answer) => fields
            .with("filter_type", answer.filter_type)
            .with_text("stop", answer.stop)
            .with(
                "previous",
                answer.previous_header.map(|header| header.to_string()),
            )
            .with("count", answer.filter_hashes.len()),
        Message::GetCFCheckpt(question) => fields
            .with("filter_type", question.filter_type)
            .with_text("stop", question.stop),
        Message::CFCheckpt(answer) => fields
            .with("filter_type", answer.filter_type)
            .with_text("stop", answer.stop)
            .with("count", answer.filter_headers.len()),
        _ => fields,
    }
}

/// The fields of a `version` message.
pub(super) fn version(version: &VersionMessage) -> Fields {
    let agent = String::from_utf8_lossy(version.user_agent.as_bytes());
    let fields = Fields::default().with("version", version.version);
    offer(fields, version.services)
        .with("timestamp", version.timestamp)
        .with_text("receiver", version.receiver)
        .with_text("sender", version.sender)
        .with("nonce", version.nonce)
        .with("user_agent", agent.into_owned())
        .with("start_height", version.start_height)
        .with("relay", version.relay.is_wanted())
}

fn offer(fields: Fields, offered: ServiceFlags) -> Fields {
    fields
        .with("services", offered.bits())
        .with("service_names", services::names(offered))
}

fn inventory(items: &Inventory, network: &Network) -> Fields {
    self::items(items.iter(), network)
}

/// How many they are, and the first of them.
pub(super) fn items(items: impl ExactSizeIterator<Item = InvVect>, network: &Network) -> Fields {
    Fields::default().with("count", items.len()).with(
        "items",
        list(items, |item| {
            Fields::default()
                .with("type", kind_name(item.kind, network))
                .with_text("hash", item.hash)
                .into()
        }),
    )
}

fn locator(question: &Locator) -> Fields {
    Fields::default()
        .with("version", question.version)
        .with("count", question.hashes.len())
        .with("locator", list(question.hashes.iter(), text))
        .with_text("stop", question.stop)
}

/// `null` where the network takes a hash function that is not at hand.
fn block_hash(header: &BlockHeader, network: &Network) -> Option<String> {
    network.block_hash(header).map(|hash| hash.to_string())
}

fn header(header: &BlockHeader, network: &Network) -> Fields {
    Fields::default()
        .with("hash", block_hash(header, network))
        .with_text("previous", header.prev_blockhash)
        .with("timestamp", header.time)
        .with_text("bits", format_args!("{:08x}", header.bits))
}

fn block(block: &BlockView, network: &Network) -> Fields {
    let fields = header(&block.header(), network)
        .with("transactions", block.tx_count())
        .with("size", block.total_size())
        .with("base_size", block.base_size())
        .with("weight", block.weight())
        .with("has_witness", block.has_witness());
    match block.signature() {
        Some(signature) => fields.with("signature", line::hex(signature)),
        None => fields,
    }
}

fn transaction(transaction: &TxView) -> Fields {
    let fields = Fields::default()
        .with_text("txid", transaction.txid())
        .with_text("wtxid", transaction.wtxid())
        .with("inputs", transaction.inputs().len())
        .with("outputs", transaction.outputs().len())
        .with("size", transaction.total_size())
        .with("weight", transaction.weight())
        .with("has_witness", transaction.has_witness());
    match transaction.time() {
        Some(time) => fields.with("timestamp", time),
        None => fields,
    }
}

/// NavCoin's `aggsess`.
fn aggregation_session(session: &AggregationSession) -> Fields {
    let fields = Fields::default()
        .with_text("hash", session.hash())
        .with("version", session.version());
    match session {
        AggregationSession::HiddenService { hidden_service } => {
            fields.with("hidden_service", line::text(hidden_service))
        }
        AggregationSession::PublicKey { public_key } => {
            fields.with("public_key", line::hex(public_key))
        }
        AggregationSession::PublicKeyAndData { public_key, data } => fields
            .with("public_key", line::hex(public_key))
            .with("data_len", data.len())
            .with("data", line::hex(data)),
        AggregationSession::Other { .. } => fields,
    }
}

/// NavCoin's `enccand`.
fn encrypted_candidate(candidate: &EncryptedCandidate) -> Fields {
    Fields::default()
        .with_text("hash", candidate.hash())
        .with("public_key", line::hex(&candidate.public_key))
        .with("session_id", candidate.session_id.as_deref().map(line::hex))
        .with("data_len", candidate.data.len())
}

fn merkle_block(proof: &MerkleBlock, network: &Network) -> Fields {
    header(&proof.header, network)
        .with("transactions", proof.tx_count)
        .with("hashes", proof.hashes.len())
        .with("flags_len", proof.flags.len())
}

fn compact_block(sketch: &CmpctBlock, network: &Network) -> Fields {
    header(&sketch.header, network)
        .with("nonce", sketch.nonce)
        .with("transactions", sketch.tx_count())
        .with("short_ids", sketch.short_ids.len())
        .with("prefilled", sketch.prefilled.len())
}

fn address(entry: AddrEntry) -> Value {
    let fields = Fields::default().with("last_seen", entry.time);
    offer(fields, entry.services)
        .with_text("address", entry.net_addr())
        .into()
}

fn refusal(reject: &Reject) -> Fields {
    Fields::default()
        .with("refused", line::text(&reject.message))
        .with("code", reject.code.0)
        .with_text("code_name", reject.code)
        .with("reason", line::text(&reject.reason))
        .with("hash", reject.hash.map(|hash| hash.to_string()))
}

/// The first [`MAX_ITEMS`] of a list.
fn list<T>(items: impl Iterator<Item = T>, show: impl Fn(T) -> Value) -> Vec<Value> {
    items.take(MAX_ITEMS).map(show).collect()
}

fn text(value: impl Display) -> Value {
    Value::String(value.to_string())
}

/// Items shown of a list.
const MAX_ITEMS: usize = 50;
