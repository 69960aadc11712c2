//! `--send`: messages as people type them, `COMMAND[:ARGUMENT...]`.
//!
//! Arguments are separated by colons, items of a list by commas. Everything that can be typed wrong is an error here,
//! before anything is connected.

use core::str::FromStr;

use bytes::Bytes;
use peer_core::Config;
use peer_core::message::{
    BloomUpdate, Codec, EncodeError, FeeFilter, FilterAdd, FilterLoad, FilterRange, GetBlockTxn,
    GetCFCheckpt, GetCFHeaders, Headers, IndexList, InvKind, InvVect, InvalidIndexes, Inventory,
    Locator, Message, Ping, Pong, SendCmpct, TxEncoding, UnnumberedKind,
};
use peer_core::network::Network;
use peer_core::wire::{BlockHash, ParseHashError};
use thiserror::Error;

/// Text that is no message to send.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Nothing in the grammar begins with this word.
    #[error("no message {0:?} can be typed; raw:COMMAND:HEX sends any")]
    UnknownCommand(String),
    /// An argument that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// More arguments than the message takes.
    #[error("{0:?} is one argument too many")]
    TooMany(String),
    /// A number was expected, or one of a smaller range.
    #[error("{what}: {text:?} is no number, or too large")]
    Number {
        /// The argument.
        what: &'static str,
        /// What stands in its place.
        text: String,
    },
    /// A hash was expected.
    #[error("{text:?} is no hash: {error}; write 64 hexadecimal digits, or genesis")]
    Hash {
        /// What stands in its place.
        text: String,
        /// What is wrong with it.
        error: ParseHashError,
    },
    /// Bytes in hexadecimal were expected.
    #[error("{0:?} is not a string of bytes in hexadecimal")]
    Hex(String),
    /// The type of an inventory item was expected.
    #[error("{0:?} is no type of inventory; one of {names} or a number", names = TYPE_NAMES)]
    Type(String),
    /// The network has no such type.
    #[error(transparent)]
    Unnumbered(#[from] UnnumberedKind),
    /// Indexes that do not rise.
    #[error(transparent)]
    Indexes(#[from] InvalidIndexes),
    /// A command in a frame is shorter and ASCII.
    #[error("{0:?} cannot name a message: at most 12 printable ASCII characters can")]
    Command(String),
    /// The message may not be sent as it is, at the protocol version we advertise.
    #[error("{0}")]
    Unsendable(#[from] EncodeError),
}

/// The grammar, in `--help`.
pub(super) const GRAMMAR: &str = "\
Messages for --send (arguments separated by colons, lists by commas):
  getaddr | mempool | sendheaders | filterclear | headers
  ping[:NONCE]                            pong:NONCE
  getheaders[:HASH,...[:STOP]]            getblocks[:HASH,...[:STOP]]
  getdata:TYPE:HASH,...[:TYPE:HASH,...]   also inv and notfound
  feefilter:RATE                          sendcmpct[:ANNOUNCE[:VERSION]]
  getblocktxn:BLOCK:INDEX,...             getcfcheckpt:STOP[:FILTERTYPE]
  getcfilters:HEIGHT:STOP[:FILTERTYPE]    getcfheaders:HEIGHT:STOP[:FILTERTYPE]
  filterload:HEX[:FUNCTIONS[:TWEAK[:FLAGS]]]   filteradd:HEX
  raw:COMMAND[:HEX]                       any message, known or not, with any payload
HASH, BLOCK and STOP are 64 hexadecimal digits as explorers show them, or genesis. TYPE is a number or one of
tx, wtx, witness-tx, block, witness-block, filtered-block, compact-block; on Litecoin also mweb-tx, mweb-block,
mweb-header, mweb-leafset; on NavCoin dandelion-tx, dandelion-witness-tx, enccand, dandelion-enccand, aggsession,
dandelion-aggsession.";

/// The message that `text` stands for, if it may be sent with `config`.
pub(super) fn parse(text: &str, config: &Config) -> Result<Message, RequestError> {
    let mut words = Words {
        rest: Some(text),
        network: &config.network,
    };
    let message = message(&mut words)?;
    words.end()?;
    let limits = &config.limits.message;
    let codec = Codec::new(&config.network, config.protocol_version, limits);
    message.payload(&codec, TxEncoding::Full)?;
    Ok(message)
}

fn message(words: &mut Words<'_>) -> Result<Message, RequestError> {
    Ok(match words.next("COMMAND")? {
        "getaddr" => Message::GetAddr,
        "mempool" => Message::MemPool,
        "sendheaders" => Message::SendHeaders,
        "filterclear" => Message::FilterClear,
        "headers" => Message::Headers(Headers::new(words.network, [])),
        "ping" => Message::Ping(Ping::new(words.number_or("NONCE", rand::random())?)),
        "pong" => Message::Pong(Pong {
            nonce: words.number("NONCE")?,
        }),
        "getheaders" => Message::GetHeaders(Box::new(words.locator()?)),
        "getblocks" => Message::GetBlocks(Box::new(words.locator()?)),
        "getdata" => Message::GetData(words.inventory()?),
        "inv" => Message::Inv(words.inventory()?),
        "notfound" => Message::NotFound(words.inventory()?),
        "feefilter" => Message::FeeFilter(FeeFilter {
            fee_rate: words.number("RATE")?,
        }),
        "sendcmpct" => Message::SendCmpct(SendCmpct {
            announce: words.number_or("ANNOUNCE", 0_u8)? != 0,
            version: words.number_or("VERSION", 2)?,
        }),
        "getblocktxn" => Message::GetBlockTxn(Box::new(GetBlockTxn {
            block_hash: words.hash("BLOCK")?,
            indexes: IndexList::from_indexes(words.numbers("INDEX")?)?,
        })),
        "getcfilters" => Message::GetCFilters(words.filter_range()?),
        "getcfheaders" => Message::GetCFHeaders(GetCFHeaders::Range(words.filter_range()?)),
        "getcfcheckpt" => {
            let stop = words.hash("STOP")?;
            let filter_type = words.number_or("FILTERTYPE", 0)?;
            Message::GetCFCheckpt(GetCFCheckpt { filter_type, stop })
        }
        "filterload" => Message::FilterLoad(FilterLoad {
            filter: words.bytes("HEX")?,
            hash_funcs: words.number_or("FUNCTIONS", 1)?,
            tweak: words.number_or("TWEAK", 0)?,
            update: BloomUpdate(words.number_or("FLAGS", 0)?),
        }),
        "filteradd" => Message::FilterAdd(FilterAdd {
            data: words.bytes("HEX")?,
        }),
        "raw" => words.raw()?,
        other => return Err(RequestError::UnknownCommand(other.to_owned())),
    })
}

/// What is left of the text, one argument after the other.
struct Words<'a> {
    /// `None` after the last argument; an empty text is an argument that is empty.
    rest: Option<&'a str>,
    network: &'a Network,
}

impl<'a> Words<'a> {
    fn take(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let (word, rest) = match rest.split_once(':') {
            Some((word, rest)) => (word, Some(rest)),
            None => (rest, None),
        };
        self.rest = rest;
        Some(word)
    }

    fn next(&mut self, what: &'static str) -> Result<&'a str, RequestError> {
        let word = self.take().filter(|word| !word.is_empty());
        word.ok_or(RequestError::Missing(what))
    }

    fn end(&mut self) -> Result<(), RequestError> {
        match self.take() {
            None => Ok(()),
            Some(word) => Err(RequestError::TooMany(word.to_owned())),
        }
    }

    fn number<T: FromStr>(&mut self, what: &'static str) -> Result<T, RequestError> {
        number(what, self.next(what)?)
    }

    fn number_or<T: FromStr>(&mut self, what: &'static str, default: T) -> Result<T, RequestError> {
        self.take().map_or(Ok(default), |word| number(what, word))
    }

    fn numbers<T: FromStr>(&mut self, what: &'static str) -> Result<Vec<T>, RequestError> {
        let list = self.next(what)?.split(',');
        list.map(|word| number(what, word)).collect()
    }

    fn hash(&mut self, what: &'static str) -> Result<BlockHash, RequestError> {
        let word = self.next(what)?;
        self.read_hash(word)
    }

    fn bytes(&mut self, what: &'static str) -> Result<Bytes, RequestError> {
        hex(self.next(what)?)
    }

    /// Without hashes: everything after the genesis block.
    fn locator(&mut self) -> Result<Locator, RequestError> {
        let hashes = match self.take() {
            None => vec![self.network.genesis],
            Some(list) => self.hashes(list)?,
        };
        let stop = match self.take() {
            None => BlockHash::ALL_ZERO,
            Some(word) => self.read_hash(word)?,
        };
        Ok(Locator {
            version: self.network.protocol_version,
            hashes: hashes.into_iter().collect(),
            stop,
        })
    }

    fn inventory(&mut self) -> Result<Inventory, RequestError> {
        let mut items = Vec::new();
        loop {
            let kind = self.next("TYPE")?;
            let kind = inv_kind(kind, self.network)?;
            let list = self.next("HASH")?;
            let hashes = self.hashes(list)?;
            items.extend(hashes.into_iter().map(|hash| InvVect::new(kind, hash)));
            if self.rest.is_none() {
                return Ok(Inventory::new(self.network, items)?);
            }
        }
    }

    fn filter_range(&mut self) -> Result<FilterRange, RequestError> {
        let start_height = self.number("HEIGHT")?;
        let stop = self.hash("STOP")?;
        Ok(FilterRange {
            filter_type: self.number_or("FILTERTYPE", 0)?,
            start_height,
            stop,
        })
    }

    /// Sent as it is: also a payload that the command cannot have, and what only the machine sends otherwise.
    fn raw(&mut self) -> Result<Message, RequestError> {
        let name = self.next("COMMAND")?;
        let command = name
            .parse()
            .map_err(|_| RequestError::Command(name.to_owned()))?;
        let payload = self.take().map_or(Ok(Bytes::new()), hex)?;
        Ok(Message::Unknown { command, payload })
    }

    fn hashes(&self, list: &str) -> Result<Vec<BlockHash>, RequestError> {
        list.split(',').map(|word| self.read_hash(word)).collect()
    }

    fn read_hash(&self, word: &str) -> Result<BlockHash, RequestError> {
        if word == "genesis" {
            return Ok(self.network.genesis);
        }
        word.parse().map_err(|error| RequestError::Hash {
            text: word.to_owned(),
            error,
        })
    }
}

fn number<T: FromStr>(what: &'static str, word: &str) -> Result<T, RequestError> {
    word.parse().map_err(|_| RequestError::Number {
        what,
        text: word.to_owned(),
    })
}

pub(super) fn hex(text: &str) -> Result<Bytes, RequestError> {
    let refused = || RequestError::Hex(text.to_owned());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(refused());
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = pairs.iter().map(|[high, low]| {
        let byte = digit(*high)? << 4 | digit(*low)?;
        u8::try_from(byte).ok()
    });
    let bytes: Option<Vec<u8>> = pairs.collect();
    bytes.map(Bytes::from).ok_or_else(refused)
}

/// The kinds of inventory that have a name here, for reading and for showing.
const KINDS: [(InvKind, &str); 17] = [
    (InvKind::Tx, "tx"),
    (InvKind::Wtx, "wtx"),
    (InvKind::WitnessTx, "witness-tx"),
    (InvKind::MwebTx, "mweb-tx"),
    (InvKind::Block, "block"),
    (InvKind::WitnessBlock, "witness-block"),
    (InvKind::MwebBlock, "mweb-block"),
    (InvKind::FilteredBlock, "filtered-block"),
    (InvKind::CompactBlock, "compact-block"),
    (InvKind::MwebHeader, "mweb-header"),
    (InvKind::MwebLeafset, "mweb-leafset"),
    (InvKind::DandelionTx, "dandelion-tx"),
    (InvKind::DandelionWitnessTx, "dandelion-witness-tx"),
    (InvKind::EncCand, "enccand"),
    (InvKind::DandelionEncCand, "dandelion-enccand"),
    (InvKind::AggSession, "aggsession"),
    (InvKind::DandelionAggSession, "dandelion-aggsession"),
];

const TYPE_NAMES: &str = "tx, wtx, witness-tx, block, witness-block, filtered-block, compact-block, mweb-tx, mweb-block, \
                          mweb-header, mweb-leafset, dandelion-tx, dandelion-witness-tx, enccand, dandelion-enccand, \
                          aggsession, dandelion-aggsession";

pub(super) fn inv_kind(word: &str, network: &Network) -> Result<InvKind, RequestError> {
    let named = KINDS.iter().find(|(_, name)| *name == word);
    let number = || {
        word.parse()
            .ok()
            .map(|number| network.inv_numbering.kind(number))
    };
    named
        .map(|(kind, _)| *kind)
        .or_else(number)
        .ok_or_else(|| RequestError::Type(word.to_owned()))
}

/// The name of a kind, or its number.
pub(super) fn kind_name(kind: InvKind, network: &Network) -> String {
    let named = KINDS.iter().find(|(known, _)| *known == kind);
    let number = || network.inv_numbering.number(kind).unwrap_or_default();
    named.map_or_else(|| number().to_string(), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests;
