//! `--announce`: what peers are told of, and given when they ask for it.
//!
//! Grammar: `tx:HEX[:FEERATE]`, `block:HEX` and `inv:TYPE:HASH`; `@FILE` in place of HEX reads the bytes, or their
//! hexadecimal digits, from a file. Everything that can be wrong with one is an error before anything is connected.

use std::path::Path;

use bytes::Bytes;
use peer_core::message::{Codec, InvKind, InvVect, Inventory, Message, MessageKind};
use peer_core::wire::{Hash, ParseHashError};
use peer_core::{Announced, Announcement, Config, Timestamp};
use thiserror::Error;

use super::line::Fields;
use super::output::Output;
use super::request::{self, RequestError};

/// Text that is nothing to announce.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OfferError {
    /// Not one of the three forms.
    #[error(
        "{0:?} is none of tx:HEX[:FEERATE], block:HEX, inv:TYPE:HASH (@FILE reads HEX from a file)"
    )]
    Form(String),
    /// Bytes in hexadecimal were expected.
    #[error("{0:?} is not a string of bytes in hexadecimal")]
    Hex(String),
    /// A file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// Its name.
        path: String,
        /// Why.
        error: String,
    },
    /// The bytes are no transaction, or no block.
    #[error("not a {what}: {error}")]
    Object {
        /// What they should be.
        what: &'static str,
        /// What is wrong with them.
        error: String,
    },
    /// Such a block is identified by a hash function that is not here.
    #[error("no function is at hand for the hash of a block of version {0}")]
    Nameless(i32),
    /// A hash was expected.
    #[error("{0:?} is no hash: {1}")]
    Hash(String, ParseHashError),
    /// A fee rate was expected.
    #[error("{0:?} is no fee rate in satoshi per 1,000 virtual bytes")]
    FeeRate(String),
    /// As in `--send`.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// The grammar, in `--help`.
pub(super) const GRAMMAR: &str = "\
Objects for --announce, served when a peer asks for them with getdata:
  tx:HEX[:FEERATE]    a raw transaction; FEERATE in satoshi per 1,000 virtual bytes meets the peer's feefilter
  block:HEX           a raw block
  inv:TYPE:HASH       anything, announced only
@FILE in place of HEX reads the bytes, or their hexadecimal digits, from a file.";

/// Something to announce, and to serve.
#[derive(Clone, Debug)]
pub struct Offer {
    announcement: Announcement,
    /// The `tx` or `block`, if it is at hand.
    object: Option<Message>,
    /// How lines name it.
    name: InvVect,
}

impl Offer {
    /// What `text` stands for on the network of `config`.
    pub(super) fn parse(text: &str, config: &Config) -> Result<Self, OfferError> {
        let wrong = || OfferError::Form(shortened(text));
        let (form, rest) = text.split_once(':').ok_or_else(wrong)?;
        match form {
            "tx" => {
                let (bytes, fee_rate) = match rest.rsplit_once(':') {
                    Some((bytes, rate)) if !rest.starts_with('@') || is_number(rate) => {
                        (bytes, Some(rate))
                    }
                    _ => (rest, None),
                };
                let parse = |rate: &str| {
                    rate.parse()
                        .map_err(|_| OfferError::FeeRate(rate.to_owned()))
                };
                Self::tx(&read(bytes)?, fee_rate.map(parse).transpose()?, config)
            }
            "block" => Self::block(&read(rest)?, config),
            "inv" => {
                let (kind, hash) = rest.split_once(':').ok_or_else(wrong)?;
                let kind = request::inv_kind(kind, &config.network)?;
                let hash: Hash = hash
                    .parse()
                    .map_err(|error| OfferError::Hash(hash.to_owned(), error))?;
                let name = InvVect::new(kind, hash);
                Inventory::new(&config.network, [name]).map_err(RequestError::from)?;
                Ok(Self {
                    announcement: name.into(),
                    object: None,
                    name,
                })
            }
            _ => Err(wrong()),
        }
    }

    fn tx(bytes: &[u8], fee_rate: Option<u64>, config: &Config) -> Result<Self, OfferError> {
        let object = decode(MessageKind::Tx, "transaction", bytes, config)?;
        let Message::Tx(tx) = &object else {
            return Err(OfferError::Form("tx".to_owned()));
        };
        let (txid, wtxid) = (tx.txid(), tx.wtxid());
        Ok(Self {
            announcement: Announcement::Tx {
                txid,
                wtxid,
                fee_rate,
            },
            name: InvVect::new(InvKind::Tx, txid),
            object: Some(object),
        })
    }

    fn block(bytes: &[u8], config: &Config) -> Result<Self, OfferError> {
        let object = decode(MessageKind::Block, "block", bytes, config)?;
        let Message::Block(block) = &object else {
            return Err(OfferError::Form("block".to_owned()));
        };
        let header = block.header();
        let hash = config.network.block_hash(&header);
        let hash = hash.ok_or(OfferError::Nameless(header.version))?;
        Ok(Self {
            announcement: Announcement::Block { header },
            name: InvVect::new(InvKind::Block, hash),
            object: Some(object),
        })
    }

    /// The `tx` or `block` itself, if it is at hand.
    pub(super) const fn object(&self) -> Option<&Message> {
        self.object.as_ref()
    }

    /// What to announce.
    #[must_use]
    pub const fn announcement(&self) -> Announcement {
        self.announcement
    }

    /// The line about what became of the announcement.
    pub(super) fn outcome<E: core::fmt::Display>(
        &self,
        peer: &str,
        result: &Result<Announced, E>,
        now: Timestamp,
    ) -> Output {
        let fields = Fields::event("announced", Some(peer), now)
            .with("type", self.type_name())
            .with_text("hash", self.name.hash);
        let fields = match result {
            Ok(announced) => fields.with("result", word(*announced)),
            Err(error) => fields.with_text("error", error),
        };
        Output::Line(fields.into_line())
    }

    fn type_name(&self) -> &'static str {
        match self.name.kind {
            InvKind::Tx => "tx",
            InvKind::Block => "block",
            _ => "inv",
        }
    }
}

fn word(announced: Announced) -> &'static str {
    match announced {
        Announced::Known => "known",
        Announced::Unwanted => "unwanted",
        _ => "queued",
    }
}

/// An argument as an error names it: it may be a whole block.
fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    shown
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Bytes typed in hexadecimal, or in a file as they are or in hexadecimal.
fn read(text: &str) -> Result<Vec<u8>, OfferError> {
    let Some(path) = text.strip_prefix('@') else {
        let bytes = request::hex(text).map_err(|_| OfferError::Hex(shortened(text)))?;
        return Ok(bytes.into());
    };
    let bytes = std::fs::read(Path::new(path)).map_err(|error| OfferError::File {
        path: path.to_owned(),
        error: error.to_string(),
    })?;
    let digits = core::str::from_utf8(&bytes).ok().map(str::trim);
    match digits.and_then(|digits| request::hex(digits).ok()) {
        Some(bytes) if !bytes.is_empty() => Ok(bytes.into()),
        _ => Ok(bytes),
    }
}

/// The object and nothing after it.
fn decode(
    kind: MessageKind,
    what: &'static str,
    bytes: &[u8],
    config: &Config,
) -> Result<Message, OfferError> {
    let wrong = |error: String| OfferError::Object { what, error };
    let codec = Codec::new(
        &config.network,
        config.protocol_version,
        &config.limits.message,
    );
    let payload = Bytes::copy_from_slice(bytes);
    let decoded =
        Message::decode_as(kind, payload, &codec).map_err(|error| wrong(error.to_string()))?;
    match decoded.trailing {
        0 => Ok(decoded.message),
        count => Err(wrong(format!("{count} bytes follow it"))),
    }
}

/// Characters of an argument in an error.
const SHOWN: usize = 40;

#[cfg(test)]
mod tests;
