//! Networks as data: everything that differs from one chain of the Bitcoin family to the next.
//!
//! A [`Network`] is a value. Nothing in this crate asks *which* network it is; code asks for a property, such as the
//! magic or the protocol version at which a rule begins. A chain that is not among the presets is made by copying the
//! nearest one and setting what differs:
//!
//! ```
//! use peer_core::network::Network;
//!
//! let mut mine = Network::REGTEST;
//! mine.name = "mine";
//! mine.magic = *b"mine";
//! assert_eq!(mine.gates, Network::REGTEST.gates);
//! ```
//!
//! `examples/custom_network.rs` goes all the way: a chain with versions, limits and a message of its own, two machines
//! that speak it, and a stranger that is refused (`cargo run -p peer-core --example custom_network`).

mod block_id;
mod gates;
mod inventory;
mod presets;

pub use self::block_id::{BlockId, HeaderHash};
pub use self::gates::{Gates, NEVER};
pub use self::inventory::{InvKind, InvNumbering};
pub use crate::wire::{ServiceFlags, TxFormat};

use alloc::vec::Vec;

use crate::wire::{BlockHash, BlockHeader, Writer, sha256d};

/// The parameters of one chain that its peer-to-peer protocol depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Network {
    /// Name, as [`by_name`](Self::by_name) takes it.
    pub name: &'static str,
    /// First four bytes of every v1 frame, in the order of the wire (Core's `pchMessageStart`).
    pub magic: [u8; 4],
    /// TCP port that nodes listen on by default.
    pub default_port: u16,
    /// Hash of the first block.
    pub genesis: BlockHash,
    /// Protocol version that is advertised by default.
    pub protocol_version: u32,
    /// Lowest protocol version of a remote that is accepted by default (Core's `MIN_PEER_PROTO_VERSION`).
    pub min_protocol_version: u32,
    /// Largest payload of a frame, in bytes (Core's `MAX_PROTOCOL_MESSAGE_LENGTH`).
    pub max_payload: u32,
    /// Whether nodes of this chain know the v2 transport (BIP324), so that
    /// [`TransportPolicy::Auto`](crate::TransportPolicy) offers it and expects it.
    pub v2_transport: bool,
    /// What the salt of the v2 key derivation begins with; the magic follows (BIP324). Some chains have a text of their
    /// own, and nobody but themselves can talk to them then.
    pub v2_salt: &'static str,
    /// Protocol versions at which rules begin.
    pub gates: Gates,
    /// What the numbers in inventory vectors mean.
    pub inv_numbering: InvNumbering,
    /// Size of one entry of a `headers` message, in bytes: 80 for the header, then zeros for whatever a full block
    /// would have after it.
    pub header_entry_len: usize,
    /// Layout of transactions and blocks.
    pub tx_format: TxFormat,
    /// Whether `cmpctblock` may go on after its transactions with data of the chain's own, such as Litecoin's MWEB
    /// block or NavCoin's block signature. An MWEB block must have the structure of one; anything else is kept and not
    /// looked into.
    pub compact_block_tail: bool,
    /// Hash that a block is identified by.
    pub block_id: BlockId,
    /// Hash that a block header's proof of work is judged by.
    pub pow: PowHash,
    /// Easiest proof-of-work target, in the compact form of a header's `bits`.
    pub pow_limit_bits: u32,
}

/// Hash function of a chain's proof of work. What a block is identified by is another matter: [`BlockId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PowHash {
    /// Double SHA-256, the block hash itself.
    Sha256d,
    /// scrypt with N = 1024, r = 1, p = 1. This crate does not compute it.
    Scrypt,
    /// None that a header shows: the chain is secured by proof of stake.
    Stake,
}

impl Network {
    /// The preset called `name`: `mainnet` (or `bitcoin`), `testnet3`, `testnet4`, `signet`, `regtest`, `simnet`,
    /// `litecoin`, `litecoin-testnet`, `litecoin-regtest`, `navcoin`, `navcoin-testnet`, `navcoin-devnet` or
    /// `navcoin-regtest`. `litecoin-mainnet` and `navcoin-mainnet` are other names of the plain ones.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let name = match name {
            "bitcoin" => Self::MAINNET.name,
            other => other.strip_suffix("-mainnet").unwrap_or(other),
        };
        Self::ALL.iter().find(|network| network.name == name)
    }

    /// The hash that identifies the block of `header` on this network; `None` if that takes a function which the network
    /// was not given. See [`BlockId`].
    #[must_use]
    pub fn block_hash(&self, header: &BlockHeader) -> Option<BlockHash> {
        self.block_id.of(header)
    }

    /// A signet with its own block challenge (BIP325), which decides the magic and nothing else.
    #[must_use]
    pub fn custom_signet(challenge: &[u8]) -> Self {
        let mut script = Vec::new();
        Writer::new(&mut script).var_bytes(challenge);
        let [a, b, c, d, ..] = sha256d(&script);
        Self {
            name: "custom-signet",
            magic: [a, b, c, d],
            ..Self::SIGNET
        }
    }
}

#[cfg(test)]
mod tests;
