//! One line about a message, for people: counts, the first and the last of a list, heights, nonces.
//!
//! Bounded and printable whatever the message holds. Text that a remote chose stands last, so that it cannot pass for
//! something that we say. Looks at what is cheap to find: nothing is verified, and at most a few hashes are made.

use core::fmt::{self, Display, Formatter};

use super::*;
use crate::wire::{AddrEntry, BlockHash, BlockView, TxView};

/// Longest summary, in characters.
const LONGEST: usize = 200;

impl Message {
    /// The message in one line, for logs and screens.
    ///
    /// At most 200 characters of printable ASCII, whatever a remote put into it. The words may change between
    /// versions; programs should look at the message itself. Blocks are named by the double SHA-256 of their headers.
    ///
    /// ```
    /// use peer_core::message::{Message, Ping};
    ///
    /// let ping = Message::Ping(Ping::new(0xfeed));
    /// assert_eq!(ping.summary().to_string(), "ping: nonce 000000000000feed");
    /// ```
    #[must_use]
    pub fn summary(&self) -> impl Display + Copy + '_ {
        OneLine {
            shown: Summary(self),
            max: LONGEST,
        }
    }
}

#[derive(Clone, Copy)]
struct Summary<'a>(&'a Message);

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Message::Unknown { command, payload } => {
                // Quoted, because it may look like a summary.
                let (name, size) = (command.as_str(), payload.len());
                write!(f, "unknown {name:?}, {size} bytes")
            }
            known => {
                f.write_str(known.command().as_str())?;
                details(known, f)
            }
        }
    }
}

/// So many of something.
struct Count(usize, &'static str);

impl Display for Count {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(count, thing) = self;
        let ending = match thing {
            _ if *count == 1 => "",
            thing if thing.ends_with(['s', 'h']) => "es",
            _ => "s",
        };
        write!(f, "{count} {thing}{ending}")
    }
}

/// What follows the name of a message.
fn details(message: &Message, f: &mut Formatter<'_>) -> fmt::Result {
    match message {
        Message::Version(version) => version_line(version, f),
        Message::SendTxRcncl(offer) => {
            write!(f, ": version {}, salt {:016x}", offer.version, offer.salt)
        }
        Message::Feature(feature) => {
            write!(f, ": {} bytes for {}", feature.data.len(), feature.id)
        }
        Message::Ping(Ping { nonce: None }) => f.write_str(": no nonce"),
        Message::Ping(Ping { nonce: Some(nonce) }) | Message::Pong(Pong { nonce }) => {
            write!(f, ": nonce {nonce:016x}")
        }
        Message::Inv(list) | Message::GetData(list) | Message::NotFound(list) => {
            inventory_line(list, f)
        }
        Message::FeeFilter(FeeFilter { fee_rate }) => write!(f, ": {fee_rate} sat/kvB"),
        Message::GetBlocks(locator) | Message::GetHeaders(locator) => locator_line(locator, f),
        Message::Headers(headers) => headers_line(headers, f),
        Message::Block(block) => block_line(block, f),
        Message::Tx(tx) | Message::DandelionTx(tx) => tx_line(tx, f),
        Message::AggSess(session) | Message::DAggSess(session) => {
            write!(f, ": version {}", session.version())
        }
        Message::EncCand(candidate) | Message::DanEncCand(candidate) => {
            write!(f, ": {} bytes", candidate.data.len())
        }
        Message::FilterLoad(load) => filter_load_line(load, f),
        Message::FilterAdd(FilterAdd { data }) => write!(f, ": {} bytes", data.len()),
        Message::MerkleBlock(block) => merkle_block_line(block, f),
        Message::SendCmpct(SendCmpct { announce, version }) => {
            let bandwidth = if *announce { "high" } else { "low" };
            write!(f, ": version {version}, {bandwidth} bandwidth")
        }
        Message::GetBlockTxn(ask) => {
            let count = Count(ask.indexes.len(), "transaction");
            write!(f, ": {count} of {}", ask.block_hash)
        }
        Message::CmpctBlock(block) => compact_block_line(block, f),
        Message::BlockTxn(answer) => {
            let count = Count(answer.transactions.len(), "transaction");
            write!(f, ": {count} of {}", answer.block_hash)
        }
        Message::GetCFilters(range) | Message::GetCFHeaders(GetCFHeaders::Range(range)) => {
            filters(range.filter_type, f)?;
            write!(f, "from height {} to {}", range.start_height, range.stop)
        }
        Message::GetCFHeaders(GetCFHeaders::Draft(ask)) => {
            filters(ask.filter_type, f)?;
            write!(f, "{}", Count(ask.hashes.len(), "hash"))?;
            write!(f, ", stop {}", ask.stop)
        }
        Message::GetCFilter(ask) => {
            filters(ask.filter_type, f)?;
            write!(f, "of {}", ask.block_hash)
        }
        Message::CFTypes(types) => write!(f, ": {}", Count(types.types.len(), "type")),
        Message::CFilter(filter) => {
            filters(filter.filter_type, f)?;
            write!(f, "{} bytes of {}", filter.filter.len(), filter.block_hash)
        }
        Message::CFHeaders(headers) => {
            filters(headers.filter_type, f)?;
            write!(f, "{} up to {}", headers.filter_hashes.len(), headers.stop)
        }
        Message::GetCFCheckpt(ask) => {
            filters(ask.filter_type, f)?;
            write!(f, "up to {}", ask.stop)
        }
        Message::CFCheckpt(points) => {
            filters(points.filter_type, f)?;
            write!(f, "{} up to {}", points.filter_headers.len(), points.stop)
        }
        Message::Addr(list) => addresses_line(list.len(), list.iter().next(), f),
        Message::AddrV2(list) => addresses_line(list.len(), list.iter().next(), f),
        Message::Alert(alert) => write!(f, ": {} bytes", alert.body.len()),
        Message::Reject(reject) => reject_line(reject, f),
        Message::Verack
        | Message::SendAddrV2
        | Message::WtxidRelay
        | Message::MemPool
        | Message::GetCFTypes
        | Message::SendHeaders
        | Message::FilterClear
        | Message::GetAddr
        | Message::Unknown { .. } => Ok(()),
    }
}

fn version_line(version: &VersionMessage, f: &mut Formatter<'_>) -> fmt::Result {
    let VersionMessage {
        version,
        services,
        nonce,
        user_agent,
        start_height,
        relay,
        ..
    } = version;
    let relay = if relay.is_wanted() { "" } else { "no " };
    write!(
        f,
        ": {version}, height {start_height}, {relay}relay, nonce {nonce:016x}, {services}, {user_agent}"
    )
}

fn inventory_line(list: &Inventory, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, ": {}", Count(list.len(), "item"))?;
    let mut counts = KINDS.map(|name| (0_usize, name));
    for item in list {
        if let Some((count, _)) = counts.get_mut(kind_index(item.kind)) {
            *count = count.saturating_add(1);
        }
    }
    for (count, name) in counts.into_iter().filter(|(count, _)| *count > 0) {
        write!(f, ", {count} {name}")?;
    }
    if let Some(first) = list.get(0) {
        write!(f, ", first {}", first.hash)?;
    }
    let last = list.len().checked_sub(1).filter(|index| *index > 0);
    match last.and_then(|index| list.get(index)) {
        Some(last) => write!(f, ", last {}", last.hash),
        None => Ok(()),
    }
}

/// Kinds of objects as they are counted, in the order in which they are shown.
const KINDS: [&str; 8] = [
    "block",
    "witness block",
    "compact block",
    "filtered block",
    "tx",
    "wtx",
    "witness tx",
    "other",
];

const fn kind_index(kind: InvKind) -> usize {
    match kind {
        InvKind::Block => 0,
        InvKind::WitnessBlock | InvKind::MwebBlock => 1,
        InvKind::CompactBlock => 2,
        InvKind::FilteredBlock | InvKind::FilteredWitnessBlock => 3,
        InvKind::Tx => 4,
        InvKind::Wtx => 5,
        InvKind::WitnessTx | InvKind::MwebTx => 6,
        _ => 7,
    }
}

fn locator_line(locator: &Locator, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, ": {}", Count(locator.hashes.len(), "hash"))?;
    if let Some(first) = locator.hashes.first() {
        write!(f, ", first {first}")?;
    }
    if locator.stop == BlockHash::ALL_ZERO {
        f.write_str(", no stop")
    } else {
        write!(f, ", stop {}", locator.stop)
    }
}

fn headers_line(headers: &Headers, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, ": {}", headers.len())?;
    if let Some(first) = headers.get(0) {
        write!(f, ", first {}", first.block_hash())?;
    }
    match headers.last().filter(|_| headers.len() > 1) {
        Some(last) => write!(f, ", last {}", last.block_hash()),
        None => Ok(()),
    }
}

fn block_line(block: &BlockView, f: &mut Formatter<'_>) -> fmt::Result {
    let count = Count(block.tx_count() as usize, "transaction");
    let (hash, size) = (block.block_hash(), block.bytes().len());
    write!(f, ": {hash}, {count}, {size} bytes")
}

fn tx_line(tx: &TxView, f: &mut Formatter<'_>) -> fmt::Result {
    let inputs = Count(tx.inputs().len(), "input");
    let outputs = Count(tx.outputs().len(), "output");
    let (txid, size) = (tx.txid(), tx.bytes().len());
    write!(f, ": {txid}, {inputs}, {outputs}, {size} bytes")
}

fn filter_load_line(load: &FilterLoad, f: &mut Formatter<'_>) -> fmt::Result {
    let (size, functions) = (load.filter.len(), load.hash_funcs);
    let (tweak, update) = (load.tweak, load.update.0);
    write!(
        f,
        ": {size} bytes, {functions} functions, tweak {tweak:08x}, update {update}"
    )
}

fn merkle_block_line(block: &MerkleBlock, f: &mut Formatter<'_>) -> fmt::Result {
    let count = Count(block.tx_count as usize, "transaction");
    let nodes = Count(block.hashes.len(), "node");
    write!(f, ": {}, {nodes} over {count}", block.header.block_hash())
}

fn compact_block_line(block: &CmpctBlock, f: &mut Formatter<'_>) -> fmt::Result {
    let hash = block.header.block_hash();
    let (short, whole) = (
        Count(block.short_ids.len(), "short id"),
        block.prefilled.len(),
    );
    write!(f, ": {hash}, {short}, {whole} prefilled")
}

fn filters(filter_type: u8, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, ": type {filter_type}, ")
}

fn addresses_line(count: usize, first: Option<AddrEntry>, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, ": {}", Count(count, "address"))?;
    match first {
        Some(AddrEntry { address, port, .. }) => write!(f, ", first {address} port {port}"),
        None => Ok(()),
    }
}

fn reject_line(reject: &Reject, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, ": {}", reject.code)?;
    if let Some(hash) = reject.hash {
        write!(f, ", {hash}")?;
    }
    write!(f, ", {}, {}", reject.message, reject.reason)
}
