//! A block close to the largest that the network carries, made by the node from a transaction with large witnesses.
//!
//! The transaction spends twenty P2WSH outputs. Their script drops four hundred items and is content, so each input
//! carries four hundred items of nearly the largest size a witness item may have (520 bytes). No signature is needed.

use serde_json::{Value, json};

use super::ask::{ANYONE, hex};
use super::{Node, NodeError};

/// `OP_2DROP`, 200 times (a script may have 201 such operations), then `OP_TRUE`.
const DROPS: usize = 200;
const OP_2DROP: u8 = 0x6d;
const OP_TRUE: u8 = 0x51;
/// The output that the script locks: `OP_0` and a push of the SHA-256 of the script.
const OUTPUT: [u8; 34] = [
    0x00, 0x20, 0x6a, 0xfc, 0xa8, 0xdf, 0x41, 0xea, 0x1b, 0x63, 0xbb, 0x85, 0x8a, 0xd1, 0xf3, 0x00,
    0xc5, 0xf3, 0xb8, 0x2f, 0x84, 0xf6, 0x54, 0x0b, 0x3b, 0xc6, 0x04, 0x38, 0xec, 0x81, 0x01, 0x0e,
    0xdd, 0x63,
];

const INPUTS: u8 = 20;
/// Brings the block to 3.99 MB: with 496 bytes an item its weight would pass 4,000,000 (`MAX_BLOCK_WEIGHT`).
const ITEM_LEN: u16 = 495;
/// A repeating byte: captures of such a block compress well.
const FILLER: u8 = 0x5a;

/// Blocks after which a coinbase may be spent (`COINBASE_MATURITY`).
const MATURITY: u32 = 100;
/// Value of each locked output in satoshi. What is left of the coin is the fee.
const VALUE: u64 = 10_000;

/// A large block that the node has mined.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BigBlock {
    /// Its hash in the usual reversed hex.
    pub hash: String,
    /// Its size in bytes with witness data, as the node counts it.
    pub size: u64,
}

impl Node {
    /// Mines a block of about 3.99 MB as its new tip, and 102 small ones before it. Takes about a second.
    ///
    /// # Errors
    /// As [`Node::rpc`].
    pub fn mine_big_block(&self) -> Result<BigBlock, NodeError> {
        let hashes = self.mine(MATURITY + 1)?;
        let coin = self.coinbase_of(hashes.first().map_or("", String::as_str))?;
        let (_, funding) = self.mine_transaction(&funding_transaction(&coin))?;
        let (hash, _) = self.mine_transaction(&large_transaction(&funding))?;
        let answer = self.rpc("getblock", &[json!(hash), json!(1)])?;
        let size = answer["size"].as_u64();
        let size = size.ok_or(NodeError::Unexpected {
            method: "getblock",
            answer,
        })?;
        Ok(BigBlock { hash, size })
    }

    fn coinbase_of(&self, block: &str) -> Result<TxId, NodeError> {
        let answer = self.rpc("getblock", &[json!(block), json!(1)])?;
        TxId::parse(&answer["tx"][0]).ok_or(NodeError::Unexpected {
            method: "getblock",
            answer,
        })
    }

    /// Mines a block with one transaction besides its coinbase; gives the block's hash and the transaction's id.
    fn mine_transaction(&self, raw: &[u8]) -> Result<(String, TxId), NodeError> {
        const METHOD: &str = "generateblock";
        let answer = self.rpc(METHOD, &[json!(ANYONE), json!([hex(raw)])])?;
        let Some(hash) = answer["hash"].as_str().map(str::to_owned) else {
            return Err(NodeError::Unexpected {
                method: METHOD,
                answer,
            });
        };
        let block = self.rpc("getblock", &[json!(hash), json!(1)])?;
        let id = TxId::parse(&block["tx"][1]);
        let id = id.ok_or(NodeError::Unexpected {
            method: "getblock",
            answer: block,
        })?;
        Ok((hash, id))
    }
}

/// Names a transaction, in the order of the wire.
struct TxId([u8; 32]);

impl TxId {
    /// Reads the usual reversed hex.
    fn parse(value: &Value) -> Option<Self> {
        let mut id = [0; 32];
        let text = value.as_str().filter(|text| text.len() == 64)?;
        for (byte, at) in id.iter_mut().rev().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self(id))
    }
}

/// Spends the first output of `coin`, which anyone can spend, to the outputs that the large transaction needs.
fn funding_transaction(coin: &TxId) -> Vec<u8> {
    let mut raw = 2_u32.to_le_bytes().to_vec();
    raw.push(1);
    push_input(&mut raw, coin, 0);
    raw.push(INPUTS);
    for _ in 0..INPUTS {
        push_output(&mut raw, VALUE, &OUTPUT);
    }
    raw.extend([0; 4]);
    raw
}

/// Spends all outputs of `funding` with witnesses as large as the block can take.
fn large_transaction(funding: &TxId) -> Vec<u8> {
    let script = [[OP_2DROP; DROPS].as_slice(), &[OP_TRUE]].concat();
    let item = [
        [0xfd].as_slice(),
        &ITEM_LEN.to_le_bytes(),
        &[FILLER; ITEM_LEN as usize],
    ]
    .concat();
    let items = 2 * DROPS as u16;

    let mut raw = 2_u32.to_le_bytes().to_vec();
    raw.extend([0, 1]); // BIP144: marker and flag
    raw.push(INPUTS);
    for index in 0..INPUTS {
        push_input(&mut raw, funding, index);
    }
    raw.push(1);
    push_output(&mut raw, VALUE, &[OP_TRUE]);
    for _ in 0..INPUTS {
        raw.push(0xfd);
        raw.extend((items + 1).to_le_bytes());
        for _ in 0..items {
            raw.extend_from_slice(&item);
        }
        raw.push(script.len() as u8);
        raw.extend_from_slice(&script);
    }
    raw.extend([0; 4]);
    raw
}

/// An input without a script. `index` counts the outputs of the transaction that it spends.
fn push_input(raw: &mut Vec<u8>, spent: &TxId, index: u8) {
    raw.extend_from_slice(&spent.0);
    raw.extend(u32::from(index).to_le_bytes());
    raw.push(0);
    raw.extend([0xff; 4]);
}

fn push_output(raw: &mut Vec<u8>, value: u64, script: &[u8]) {
    raw.extend(value.to_le_bytes());
    raw.push(script.len() as u8);
    raw.extend_from_slice(script);
}
