//! The chain of headers: what hangs together from the genesis block on, and was worked for.
//!
//! Of each header only the hash is kept, 32 bytes: it is what blocks are asked for by, and a block that has the hash
//! has the header. The longest chain there is takes some 100 MB.

use peer_core::message::{Headers, Locator};
use peer_core::network::Network;
use peer_core::wire::BlockHash;
use thiserror::Error;

use crate::pow::{self, PowError};

/// A chain of header hashes, from the genesis block of a network on.
#[derive(Clone, Debug)]
pub(crate) struct HeaderChain {
    network: Network,
    /// By height; never empty, as the first is the genesis block.
    hashes: Vec<BlockHash>,
}

/// What a `headers` message did to the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extended {
    /// Headers that were not in the chain before.
    pub(crate) added: u32,
    /// Height up to which the chain is the one it was before.
    pub(crate) fork: u32,
}

/// Why a `headers` message is not a part of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The first header follows one that is not in our chain, although our locator goes down to the genesis block.
    #[error(
        "the headers begin after {parent}, which is not in the chain from genesis {genesis}; is the node on another \
         network?"
    )]
    Unconnected {
        /// What the first header follows.
        parent: BlockHash,
        /// The first block of our network.
        genesis: BlockHash,
    },
    /// A header does not follow the one before it in the message.
    #[error("the header at height {height} follows {parent} instead of {expected}")]
    BrokenLink {
        /// Height that it would have.
        height: u32,
        /// What it follows.
        parent: BlockHash,
        /// What it should follow.
        expected: BlockHash,
    },
    /// No work was done for a header.
    #[error("the header at height {height} has no proof of work: {error}")]
    Pow {
        /// Height that it would have.
        height: u32,
        /// What is wrong with it.
        error: PowError,
    },
    /// What identifies a block of this version takes a hash function that is not here.
    #[error(
        "the header at height {height} has version {version}, and no function is at hand for the hash of such blocks"
    )]
    Nameless {
        /// Height that it would have.
        height: u32,
        /// The version of the header.
        version: i32,
    },
    /// A chain so long that no network has it: the node makes it up, or it does not fit into memory.
    #[error("more than {} headers", HeaderChain::MAX_HEIGHT)]
    TooMany,
}

impl HeaderChain {
    /// Heights above this are refused: 320 MB of hashes, three times what the longest chain has.
    pub(crate) const MAX_HEIGHT: u32 = 10_000_000;

    pub(crate) fn new(network: Network) -> Self {
        Self {
            network,
            hashes: vec![network.genesis],
        }
    }

    /// Height of the last header; 0 for the genesis block.
    pub(crate) fn height(&self) -> u32 {
        // `extend` lets no height above MAX_HEIGHT in.
        u32::try_from(self.hashes.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Hash of the last header.
    pub(crate) fn tip(&self) -> BlockHash {
        self.hashes.last().copied().unwrap_or(self.network.genesis)
    }

    pub(crate) fn hash_at(&self, height: u32) -> Option<BlockHash> {
        self.hashes.get(usize::try_from(height).ok()?).copied()
    }

    /// Forgets what is above `height`.
    pub(crate) fn truncate(&mut self, height: u32) {
        let keep = usize::try_from(height).unwrap_or(usize::MAX);
        self.hashes.truncate(keep.saturating_add(1));
    }

    /// Where this chain is, for a node to tell what follows.
    pub(crate) fn locator(&self) -> Locator {
        let locator = Locator::from_chain(self.height(), BlockHash::ALL_ZERO, |height| {
            self.hash_at(height)
        });
        Locator {
            version: self.network.protocol_version,
            ..locator
        }
    }

    /// Checks `headers` and appends what is new. Where they leave our chain below its tip, they replace what we had
    /// above: the node's best chain is another one now.
    ///
    /// # Errors
    ///
    /// See [`HeaderError`]; the chain is then as it was.
    pub(crate) fn extend(&mut self, headers: &Headers) -> Result<Extended, HeaderError> {
        let unchanged = Extended {
            added: 0,
            fork: self.height(),
        };
        let Some(first) = headers.get(0) else {
            return Ok(unchanged);
        };
        let start = self.child_of(first.prev_blockhash)?;
        let hashes = self.check(start, first.prev_blockhash, headers)?;
        let known = self.hashes.get(start..).unwrap_or_default();
        let common = known.iter().zip(&hashes).take_while(|(a, b)| a == b);
        let common = common.count();
        let Some(new) = hashes.get(common..).filter(|new| !new.is_empty()) else {
            return Ok(unchanged);
        };
        self.hashes.truncate(start.saturating_add(common));
        let fork = self.height();
        self.hashes.extend_from_slice(new);
        Ok(Extended {
            added: self.height().saturating_sub(fork),
            fork,
        })
    }

    /// The height of what follows `parent`.
    fn child_of(&self, parent: BlockHash) -> Result<usize, HeaderError> {
        // From the end, where it nearly always is.
        let height = self.hashes.iter().rposition(|hash| *hash == parent);
        let genesis = self.network.genesis;
        height
            .map(|height| height.saturating_add(1))
            .ok_or(HeaderError::Unconnected { parent, genesis })
    }

    /// The hashes of `headers`, the first of which has height `start` and follows `parent`.
    fn check(
        &self,
        start: usize,
        parent: BlockHash,
        headers: &Headers,
    ) -> Result<Vec<BlockHash>, HeaderError> {
        let mut expected = parent;
        let mut hashes = Vec::with_capacity(headers.len());
        for (header, index) in headers.iter().zip(start..) {
            let height = u32::try_from(index).unwrap_or(u32::MAX);
            if height > Self::MAX_HEIGHT {
                return Err(HeaderError::TooMany);
            }
            let parent = header.prev_blockhash;
            if parent != expected {
                return Err(HeaderError::BrokenLink {
                    height,
                    parent,
                    expected,
                });
            }
            let hash = self.network.block_hash(&header);
            let hash = hash.ok_or(HeaderError::Nameless {
                height,
                version: header.version,
            })?;
            pow::check(&self.network, &header, hash)
                .map_err(|error| HeaderError::Pow { height, error })?;
            hashes.push(hash);
            expected = hash;
        }
        Ok(hashes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo;

    fn message(from: u32, to: u32) -> Headers {
        let chain = demo::chain();
        let headers = (from..=to).filter_map(|height| chain.header(height));
        Headers::new(&Network::REGTEST, headers)
    }

    #[test]
    fn grows_by_what_is_new() {
        let mut chain = HeaderChain::new(Network::REGTEST);
        let extended = |added, fork| Ok(Extended { added, fork });
        assert_eq!(chain.extend(&message(1, 100)), extended(100, 0));
        assert_eq!(chain.extend(&message(50, 90)), extended(0, 100));
        assert_eq!(chain.extend(&message(90, 310)), extended(210, 100));
        assert_eq!(chain.extend(&message(2, 1)), extended(0, 310));
        // Written down by the node that made the chain.
        let tip = "12de6a65a6a13c85ef4a26775ee5cc18df29a01ea18e68e3fc769d3042ed29ec";
        assert_eq!(chain.tip().to_string(), tip);
    }

    #[test]
    fn refuses_gaps_and_breaks() {
        let mut chain = HeaderChain::new(Network::REGTEST);
        let parent = demo::chain().header(5).unwrap().prev_blockhash;
        let genesis = Network::REGTEST.genesis;
        let gap = chain.extend(&message(5, 9));
        assert_eq!(gap, Err(HeaderError::Unconnected { parent, genesis }));

        let headers = message(1, 9);
        let broken = headers.iter().enumerate().filter(|(index, _)| *index != 3);
        let broken = Headers::new(&Network::REGTEST, broken.map(|(_, header)| header));
        let found = chain.extend(&broken);
        assert!(
            matches!(found, Err(HeaderError::BrokenLink { height: 4, .. })),
            "{found:?}"
        );
        assert_eq!(chain.height(), 0);
    }

    #[test]
    fn refuses_headers_without_work() {
        let mut chain = HeaderChain::new(Network::REGTEST);
        let mut idle = demo::chain().header(1).unwrap();
        // Every other nonce meets regtest's target; the first that does not is a few steps away.
        while idle.meets_target(idle.block_hash()) {
            idle.nonce += 1;
        }
        let idle = Headers::new(&Network::REGTEST, [idle]);
        let found = chain.extend(&idle);
        assert!(
            matches!(found, Err(HeaderError::Pow { height: 1, .. })),
            "{found:?}"
        );
    }

    #[test]
    fn locator_ends_at_the_genesis_block() {
        let mut chain = HeaderChain::new(Network::REGTEST);
        assert_eq!(chain.locator().hashes.len(), 1);
        chain.extend(&message(1, 310)).unwrap();
        let locator = chain.locator().hashes;
        assert_eq!(locator.first(), Some(chain.tip()));
        assert_eq!(locator.get(11), chain.hash_at(299));
        assert_eq!(locator.get(12), chain.hash_at(297));
        assert_eq!(locator.get(13), chain.hash_at(293));
        assert_eq!(locator.last(), Some(Network::REGTEST.genesis));
        assert_eq!(locator.len(), 20);
    }
}
