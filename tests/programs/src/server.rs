//! A node that serves one fixed chain: the other end of a demonstration or a test, as a body without a socket.
//!
//! It answers `getheaders` and `getdata` as a full node does; pings are the machine's own affair. It relays nothing
//! and wants nothing.

use core::iter;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use peer_core::message::{Headers, InvKind, InvVect, Inventory, Locator, Message};
use peer_core::network::Network;
use peer_core::wire::{BlockHash, BlockHeader, BlockView, Reader, TxEncoding};
use peer_core::{Event, Outgoing};

/// A chain to serve: blocks from height 1 on, each one following the one before.
#[derive(Clone, Debug)]
pub struct ServedChain {
    network: Network,
    /// By height, less one: the genesis block is known to everybody and not served.
    blocks: Vec<BlockView>,
    heights: HashMap<BlockHash, u32>,
}

impl ServedChain {
    /// The chain of `blocks`, the first of which has height 1.
    #[must_use]
    pub fn new(network: Network, blocks: Vec<BlockView>) -> Self {
        // A block that the network has no hash for cannot be asked for.
        let hash = |block: &BlockView| network.block_hash(&block.header()).unwrap_or_default();
        let hashes = blocks.iter().map(hash);
        let heights = iter::once(network.genesis).chain(hashes).zip(0..).collect();
        Self {
            network,
            blocks,
            heights,
        }
    }

    /// The chain in `records`: for each block its length (4 bytes, little-endian) and the block. Reads as far as that
    /// is what they are; the blocks share the bytes.
    #[must_use]
    pub fn from_records(network: Network, records: &Bytes) -> Self {
        let mut reader = Reader::new(records);
        let next = || {
            let length = usize::try_from(reader.u32("length").ok()?).ok()?;
            let record = reader.bytes("block", length).ok()?;
            BlockView::from_bytes(record, network.tx_format).ok()
        };
        Self::new(network, iter::from_fn(next).collect())
    }

    /// The network that the chain belongs to.
    #[must_use]
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// Height of the last block.
    #[must_use]
    pub fn height(&self) -> u32 {
        u32::try_from(self.blocks.len()).unwrap_or(u32::MAX)
    }

    /// The block at `height`; `None` for the genesis block and above the tip.
    #[must_use]
    pub fn block(&self, height: u32) -> Option<&BlockView> {
        self.blocks
            .get(usize::try_from(height).ok()?.checked_sub(1)?)
    }

    /// The header at `height`; `None` for the genesis block and above the tip.
    #[must_use]
    pub fn header(&self, height: u32) -> Option<BlockHeader> {
        self.block(height).map(BlockView::header)
    }

    fn block_by_hash(&self, hash: BlockHash) -> Option<&BlockView> {
        self.block(*self.heights.get(&hash)?)
    }

    /// The answer to `getheaders`: what follows the first hash of the locator that is known, or the genesis block if
    /// none is, up to the stop hash.
    fn headers_after(&self, locator: &Locator) -> Headers {
        let height_of = |hash: &BlockHash| self.heights.get(hash).copied();
        let stop = height_of(&locator.stop);
        let (first, last) = if locator.hashes.is_empty() {
            // A question for one header only.
            let wanted = stop.unwrap_or(u32::MAX);
            (wanted, wanted)
        } else {
            let fork = locator.hashes.iter().find_map(|hash| height_of(&hash));
            let fork = fork.unwrap_or(0);
            let most = fork.saturating_add(MAX_HEADERS).min(self.height());
            (fork.saturating_add(1), stop.unwrap_or(most).min(most))
        };
        let headers = (first..=last).map_while(|height| self.header(height));
        Headers::new(&self.network, headers)
    }
}

/// One peer of the node.
///
/// Give every event to [`on_event`](Self::on_event), then send what [`next_reply`](Self::next_reply) has until it has
/// nothing left: the answer to one `getdata` may be gigabytes, and exists one block at a time.
#[derive(Debug)]
pub struct ChainServer {
    chain: Arc<ServedChain>,
    /// Questions that are not completely answered yet; one, where the caller keeps to the above.
    questions: VecDeque<Question>,
}

#[derive(Debug)]
enum Question {
    Headers(Box<Locator>),
    Data {
        wanted: Inventory,
        next: usize,
        missing: Vec<InvVect>,
    },
}

impl ChainServer {
    /// A peer that is served from `chain`.
    #[must_use]
    pub fn new(chain: Arc<ServedChain>) -> Self {
        Self {
            chain,
            questions: VecDeque::new(),
        }
    }

    /// Something happened on the connection. Only questions matter.
    pub fn on_event(&mut self, event: Event) {
        let Event::Message { message, .. } = event else {
            return;
        };
        match message {
            Message::GetHeaders(locator) => self.questions.push_back(Question::Headers(locator)),
            Message::GetData(wanted) => self.questions.push_back(Question::Data {
                wanted,
                next: 0,
                missing: Vec::new(),
            }),
            _ => {}
        }
    }

    /// The next message to send to the peer.
    pub fn next_reply(&mut self) -> Option<Outgoing> {
        loop {
            let reply = match self.questions.front_mut()? {
                Question::Headers(locator) => {
                    let headers = self.chain.headers_after(locator);
                    self.questions.pop_front();
                    return Some(Message::Headers(headers).into());
                }
                Question::Data {
                    wanted,
                    next,
                    missing,
                } => {
                    let reply = next_object(&self.chain, wanted, next, missing);
                    reply.or_else(|| not_found(&self.chain, missing))
                }
            };
            match reply {
                Some(reply) => return Some(reply),
                None => self.questions.pop_front(),
            };
        }
    }
}

/// The next object of the list that there is, from position `next` on. What is passed over is `missing`.
fn next_object(
    chain: &ServedChain,
    wanted: &Inventory,
    next: &mut usize,
    missing: &mut Vec<InvVect>,
) -> Option<Outgoing> {
    while let Some(item) = wanted.get(*next) {
        *next += 1;
        let encoding = match item.kind {
            InvKind::MwebBlock => Some(TxEncoding::Full),
            InvKind::WitnessBlock => Some(TxEncoding::Witness),
            InvKind::Block => Some(TxEncoding::Base),
            _ => None,
        };
        let block = chain.block_by_hash(item.hash.into());
        match (block, encoding) {
            (Some(block), Some(encoding)) => {
                return Some(Outgoing::Message(Message::Block(block.clone()), encoding));
            }
            _ => missing.push(item),
        }
    }
    None
}

/// The list of what was missing, once.
fn not_found(chain: &ServedChain, missing: &mut Vec<InvVect>) -> Option<Outgoing> {
    let missing = core::mem::take(missing);
    if missing.is_empty() {
        return None;
    }
    let list = Inventory::new(&chain.network, missing).ok()?;
    Some(Message::NotFound(list).into())
}

/// Headers in one answer (Core's `MAX_HEADERS_RESULTS`).
const MAX_HEADERS: u32 = 2_000;

#[cfg(test)]
mod tests;
