//! [`Blocks`]: from the bytes of a tape to its records, of which none is seen before its block is known to be whole.

use alloc::vec::Vec;

use super::error::TapeError;
use super::input::{FEATURES, Kind};
use super::recorder::{BLOCK, Seals};
use super::settings::NETWORK;
use super::value::{In, Unreadable, Value, varint};
use super::witness::WITNESS_LEN;
use super::{MAGIC, MAX_RECORD, SEAL_LEN, VERSION};
use crate::network::Network;

/// What a block can have: it is sealed once it has [`BLOCK`] bytes, so only its last record goes beyond.
const MAX_BLOCK: usize = BLOCK + MAX_RECORD + 64;

/// What was fed and not replayed.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    fed: Vec<u8>,
    /// How much of it was read.
    read: usize,
    /// Where `fed` begins, in everything that was fed.
    start: u64,
    /// The block that is being read, found whole.
    block: Vec<u8>,
    /// How much of it was read.
    at: usize,
    /// Where it begins, in everything that was fed.
    block_start: u64,
    /// The seals of the tape that has begun.
    seals: Option<Seals>,
}

/// One record.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) offset: u64,
    pub(super) kind: Kind,
    body: Vec<u8>,
    /// The witness behind it.
    pub(super) mark: Option<[u8; WITNESS_LEN]>,
}

impl Record {
    /// Reads the body, which must be nothing else.
    pub(super) fn read<T>(
        &self,
        network: &Network,
        take: impl FnOnce(&mut In<'_>) -> Result<T, Unreadable>,
    ) -> Result<T, TapeError> {
        let offset = self.offset;
        let mut from = In::new(&self.body, *network);
        let value = take(&mut from).map_err(|Unreadable(what)| match what {
            NETWORK => TapeError::NetworkNeeded { offset },
            FEATURES => TapeError::Features { offset },
            what => TapeError::Malformed { offset, what },
        })?;
        match from.rest {
            [] => Ok(value),
            _ => Err(TapeError::Malformed {
                offset,
                what: "length",
            }),
        }
    }
}

impl Blocks {
    /// More of the tape.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        // Moved when that is less work than what was read.
        if self.read > self.fed.len() / 2 {
            self.fed.drain(..self.read);
            self.start = self.start.saturating_add(self.read as u64);
            self.read = 0;
        }
        self.fed.extend_from_slice(bytes);
    }

    /// Where the first thing begins that was not read as a whole.
    pub(super) fn offset(&self) -> u64 {
        self.start.saturating_add(self.read as u64)
    }

    /// Whether everything was read, and no tape has begun that did not end.
    pub(super) fn is_between_tapes(&self) -> bool {
        self.seals.is_none() && self.read == self.fed.len()
    }

    /// The next record; `None` if there is no block as a whole.
    pub(super) fn next(&mut self) -> Result<Option<Record>, TapeError> {
        if self.at == self.block.len() {
            let ready = self.open_tape()? && self.open_block()?;
            if !ready {
                return Ok(None);
            }
        }
        let offset = self.block_start.saturating_add(self.at as u64);
        let rest = self.block.get(self.at..).unwrap_or_default();
        let mut from = In::new(rest, Network::MAINNET);
        let record = cut(&mut from, offset);
        self.at = self.block.len().saturating_sub(from.rest.len());
        let malformed = |Unreadable(what)| TapeError::Malformed { offset, what };
        record.map(Some).map_err(malformed)
    }

    /// The record at `offset` that was read last said that its tape ends.
    pub(super) fn end_tape(&mut self, offset: u64) -> Result<(), TapeError> {
        if self.at < self.block.len() {
            let what = "order";
            return Err(TapeError::Malformed { offset, what });
        }
        self.seals = None;
        Ok(())
    }

    /// Reads how a tape begins, if none has begun; whether one has.
    fn open_tape(&mut self) -> Result<bool, TapeError> {
        if self.seals.is_some() {
            return Ok(true);
        }
        let offset = self.offset();
        let rest = self.fed.get(self.read..).unwrap_or_default();
        let begun = rest.len().min(MAGIC.len());
        if rest.get(..begun) != MAGIC.get(..begun) {
            return Err(TapeError::NotATape { offset });
        }
        match rest.get(MAGIC.len()) {
            None => return Ok(false),
            Some(&VERSION) => {}
            Some(&version) => return Err(TapeError::Version { offset, version }),
        }
        self.read = self.read.saturating_add(MAGIC.len() + 1);
        self.seals = Some(Seals::default());
        Ok(true)
    }

    /// Reads the next block, if it is there as a whole and what was sealed.
    fn open_block(&mut self) -> Result<bool, TapeError> {
        let offset = self.offset();
        let damaged = TapeError::Damaged { offset };
        let fed = self.fed.get(self.read..).unwrap_or_default();
        let mut rest = fed;
        let Some(len) = varint(&mut rest).map_err(|_| damaged.clone())? else {
            return Ok(false);
        };
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if len == 0 || len > MAX_BLOCK {
            return Err(damaged);
        }
        let start = fed.len().saturating_sub(rest.len());
        let Some((block, rest)) = rest.split_at_checked(len) else {
            return Ok(false);
        };
        let Some(seal) = rest.first_chunk::<SEAL_LEN>() else {
            return Ok(false);
        };
        if self.seals.as_mut().map(|seals| seals.next(block)) != Some(*seal) {
            return Err(damaged);
        }
        self.block = block.to_vec();
        self.at = 0;
        self.block_start = offset.saturating_add(start as u64);
        self.read = self.read.saturating_add(start + len + SEAL_LEN);
        Ok(true)
    }
}

/// One record off what is left of a block.
fn cut(from: &mut In<'_>, offset: u64) -> Result<Record, Unreadable> {
    let kind = Kind::from_byte(from.byte()?).ok_or(Unreadable("kind"))?;
    let body = from.run()?.to_vec();
    let mark = kind.is_witnessed().then(|| Value::take(from)).transpose()?;
    Ok(Record {
        offset,
        kind,
        body,
        mark,
    })
}
