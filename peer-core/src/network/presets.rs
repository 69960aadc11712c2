//! The networks that come with the crate.

use super::{BlockId, Gates, InvNumbering, Network, PowHash};
use crate::wire::{BlockHash, TxFormat};

impl Network {
    /// Bitcoin.
    pub const MAINNET: Self = Self {
        name: "mainnet",
        magic: [0xf9, 0xbe, 0xb4, 0xd9],
        default_port: 8333,
        genesis: hash("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"),
        protocol_version: 70_016,
        min_protocol_version: 31_800,
        max_payload: 4_000_000,
        v2_transport: true,
        v2_salt: "bitcoin_v2_shared_secret",
        gates: Gates::BITCOIN,
        inv_numbering: InvNumbering::Bitcoin,
        header_entry_len: 81,
        tx_format: TxFormat::Bitcoin,
        compact_block_tail: false,
        block_id: BlockId::Sha256d,
        pow: PowHash::Sha256d,
        pow_limit_bits: 0x1d00_ffff,
    };

    /// Bitcoin's third test network.
    pub const TESTNET3: Self = Self {
        name: "testnet3",
        magic: [0x0b, 0x11, 0x09, 0x07],
        default_port: 18_333,
        genesis: hash("000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"),
        ..Self::MAINNET
    };

    /// Bitcoin's fourth test network (BIP94).
    pub const TESTNET4: Self = Self {
        name: "testnet4",
        magic: [0x1c, 0x16, 0x3f, 0x28],
        default_port: 48_333,
        genesis: hash("00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"),
        ..Self::MAINNET
    };

    /// The default signet (BIP325). For another one see [`custom_signet`](Self::custom_signet).
    pub const SIGNET: Self = Self {
        name: "signet",
        magic: [0x0a, 0x03, 0xcf, 0x40],
        default_port: 38_333,
        genesis: hash("00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"),
        pow_limit_bits: 0x1e03_77ae,
        ..Self::MAINNET
    };

    /// Bitcoin Core's regression test mode.
    pub const REGTEST: Self = Self {
        name: "regtest",
        magic: [0xfa, 0xbf, 0xb5, 0xda],
        default_port: 18_444,
        genesis: hash("0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"),
        pow_limit_bits: 0x207f_ffff,
        ..Self::MAINNET
    };

    /// btcd's simulation network.
    pub const SIMNET: Self = Self {
        name: "simnet",
        magic: [0x16, 0x1c, 0x14, 0x12],
        default_port: 18_555,
        genesis: hash("683e86bd5c6d110d91b94b97137ba6bfe02dbbdb8e3dff722a669b5d69d77af6"),
        pow_limit_bits: 0x207f_ffff,
        ..Self::MAINNET
    };

    /// Litecoin. Its nodes know no v2 transport.
    pub const LITECOIN: Self = Self {
        name: "litecoin",
        magic: [0xfb, 0xc0, 0xb6, 0xdb],
        default_port: 9333,
        genesis: hash("12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2"),
        max_payload: 32_000_000,
        v2_transport: false,
        gates: Gates::LITECOIN,
        inv_numbering: InvNumbering::Litecoin,
        tx_format: TxFormat::Litecoin,
        compact_block_tail: true,
        pow: PowHash::Scrypt,
        pow_limit_bits: 0x1e0f_ffff,
        ..Self::MAINNET
    };

    /// Litecoin's test network, which its own software calls testnet4.
    pub const LITECOIN_TESTNET: Self = Self {
        name: "litecoin-testnet",
        magic: [0xfd, 0xd2, 0xc8, 0xf1],
        default_port: 19_335,
        genesis: hash("4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0"),
        ..Self::LITECOIN
    };

    /// Litecoin Core's regression test mode. Its magic is the same as that of Bitcoin's.
    pub const LITECOIN_REGTEST: Self = Self {
        name: "litecoin-regtest",
        magic: [0xfa, 0xbf, 0xb5, 0xda],
        default_port: 19_444,
        genesis: hash("530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9"),
        pow_limit_bits: 0x207f_ffff,
        ..Self::LITECOIN
    };

    /// NavCoin. Its nodes know no v2 transport, refuse remotes below version 80020, and hang up on those whose clock
    /// is off by more than half a minute. Hashes of old blocks take a function: [`BlockId::ByVersion`].
    pub const NAVCOIN: Self = Self {
        name: "navcoin",
        magic: [0x80, 0x50, 0x34, 0x20],
        default_port: 44_440,
        genesis: hash("00006a4e3e18c71c6d48ad6c261e2254fa764cf29607a4357c99b712dfbb8e6a"),
        protocol_version: 80_021,
        max_payload: 8_000_000,
        v2_transport: false,
        gates: Gates::NAVCOIN,
        inv_numbering: InvNumbering::NavCoin,
        header_entry_len: 82,
        tx_format: TxFormat::NavCoin,
        compact_block_tail: true,
        block_id: BlockId::ByVersion {
            above: 6,
            older: None,
        },
        pow: PowHash::Stake,
        pow_limit_bits: 0x1f00_ffff,
        ..Self::MAINNET
    };

    /// NavCoin's test network.
    pub const NAVCOIN_TESTNET: Self = Self {
        name: "navcoin-testnet",
        magic: [0x32, 0x24, 0xf2, 0x07],
        default_port: 15_556,
        genesis: hash("0000f8186df4648c46f445a25decd423fa6b62ed220849093f73f6f364116894"),
        ..Self::NAVCOIN
    };

    /// NavCoin's network for developers.
    pub const NAVCOIN_DEVNET: Self = Self {
        name: "navcoin-devnet",
        magic: [0xa8, 0xb3, 0x89, 0xfa],
        default_port: 18_886,
        genesis: hash("0000971c241a5a1b8462c3cb8d455f0493043eb37c7163f88c658c70aa689929"),
        ..Self::NAVCOIN
    };

    /// Navcoin Core's regression test mode. Each node makes a first block of its own when it starts, so `genesis` is to
    /// be set to what it is on yours: here stands the constant in the source, which no node has.
    pub const NAVCOIN_REGTEST: Self = Self {
        name: "navcoin-regtest",
        magic: [0x7d, 0x11, 0xb7, 0x89],
        default_port: 18_886,
        genesis: hash("0000e01b12644af6917e5aada637a609dd9590ad6bdc4828cd8df95258d85c02"),
        ..Self::NAVCOIN
    };

    /// All presets.
    pub const ALL: &'static [Self] = &[
        Self::MAINNET,
        Self::TESTNET3,
        Self::TESTNET4,
        Self::SIGNET,
        Self::REGTEST,
        Self::SIMNET,
        Self::LITECOIN,
        Self::LITECOIN_TESTNET,
        Self::LITECOIN_REGTEST,
        Self::NAVCOIN,
        Self::NAVCOIN_TESTNET,
        Self::NAVCOIN_DEVNET,
        Self::NAVCOIN_REGTEST,
    ];
}

/// A hash literal. Only evaluated at compile time, where a wrong one is a compile error.
#[expect(clippy::panic, reason = "a compile error, never reached at run time")]
const fn hash(hex: &str) -> BlockHash {
    match BlockHash::from_hex(hex) {
        Ok(hash) => hash,
        Err(_) => panic!("not a hash"),
    }
}
