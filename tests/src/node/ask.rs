//! The questions and orders that tests have for a node, over [`Node::rpc`].

use core::net::SocketAddr;

use serde_json::{Value, json};

use super::{Kind, Node, NodeError};

/// Output that anyone can spend without a signature (`OP_TRUE`), as the descriptor that blocks are mined to.
pub(super) const ANYONE: &str = "raw(51)#8lvh9jxk";

impl Node {
    /// Mines `count` blocks that hold nothing but their coinbase; anyone can spend it. Gives their hashes, in the order
    /// of the chain, in the usual reversed hex.
    ///
    /// # Errors
    /// As [`Node::rpc`].
    pub fn mine(&self, count: u32) -> Result<Vec<String>, NodeError> {
        const METHOD: &str = "generatetodescriptor";
        let answer = self.rpc(METHOD, &[json!(count), json!(ANYONE)])?;
        let hashes = answer.as_array().map(|list| {
            list.iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
        hashes.ok_or(NodeError::Unexpected {
            method: METHOD,
            answer,
        })
    }

    /// Gives the node a serialised block; it must extend what the node has.
    ///
    /// # Errors
    /// [`NodeError::Unexpected`] with the node's reason if it does not take the block.
    pub fn submit_block(&self, block: &[u8]) -> Result<(), NodeError> {
        const METHOD: &str = "submitblock";
        match self.rpc(METHOD, &[json!(hex(block))])? {
            Value::Null => Ok(()),
            answer => Err(NodeError::Unexpected {
                method: METHOD,
                answer,
            }),
        }
    }

    /// Height of the node's best block.
    ///
    /// # Errors
    /// As [`Node::rpc`].
    pub fn height(&self) -> Result<u64, NodeError> {
        const METHOD: &str = "getblockcount";
        let answer = self.rpc(METHOD, &[])?;
        answer.as_u64().ok_or(NodeError::Unexpected {
            method: METHOD,
            answer,
        })
    }

    /// Hash of the node's best block in the usual reversed hex.
    ///
    /// # Errors
    /// As [`Node::rpc`].
    pub fn tip(&self) -> Result<String, NodeError> {
        const METHOD: &str = "getbestblockhash";
        match self.rpc(METHOD, &[])? {
            Value::String(hash) => Ok(hash),
            answer => Err(NodeError::Unexpected {
                method: METHOD,
                answer,
            }),
        }
    }

    /// The node's own view of its peers: the rows of `getpeerinfo`.
    ///
    /// # Errors
    /// As [`Node::rpc`].
    pub fn peers(&self) -> Result<Vec<Value>, NodeError> {
        const METHOD: &str = "getpeerinfo";
        match self.rpc(METHOD, &[])? {
            Value::Array(rows) => Ok(rows),
            answer => Err(NodeError::Unexpected {
                method: METHOD,
                answer,
            }),
        }
    }

    /// Makes the node dial `address` once, with the v1 transport or (Knots started with v2 on) the v2 transport.
    ///
    /// # Errors
    /// As [`Node::rpc`]. The node does not say whether the connection came about: see [`Node::peers`].
    pub fn dial(&self, address: SocketAddr, v2: bool) -> Result<(), NodeError> {
        let mut params = vec![json!(address.to_string()), json!("onetry")];
        if self.kind == Kind::Knots {
            params.push(json!(v2));
        }
        self.rpc("addnode", &params)?;
        Ok(())
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_lower_case_and_in_order() {
        assert_eq!(hex(&[0x00, 0x9f, 0xff]), "009fff");
    }
}
