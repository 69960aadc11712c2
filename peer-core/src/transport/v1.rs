//! The v1 frame: 24 bytes of header, then the payload. Byte layout and checksum only.
//!
//! ```text
//!  0        4                16       20        24
//!  ┌────────┬────────────────┬────────┬─────────┬───────── ─ ─
//!  │ magic  │ command        │ length │ checksum│ payload
//!  └────────┴────────────────┴────────┴─────────┴───────── ─ ─
//!             NUL padded       u32 LE   first 4 bytes of SHA256(SHA256(payload))
//! ```

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::landing::Landing;
use super::{Frame, FrameError, Head, Name, Opened, Partial};
use crate::message::{Codec, CommandName, MessageKind};
use crate::strictness::Oversized;

/// Bytes of a v1 header (Core: `CMessageHeader::HEADER_SIZE`).
pub(crate) const HEADER_LEN: usize = 24;

/// A v1 header as it stands on the wire; nothing about it is validated yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) magic: [u8; 4],
    pub(crate) command: [u8; 12],
    pub(crate) length: u32,
    pub(crate) checksum: [u8; 4],
}

impl Header {
    pub(crate) fn parse(bytes: &[u8; HEADER_LEN]) -> Self {
        let [m0, m1, m2, m3, command @ .., l0, l1, l2, l3, c0, c1, c2, c3] = *bytes;
        Self {
            magic: [m0, m1, m2, m3],
            command,
            length: u32::from_le_bytes([l0, l1, l2, l3]),
            checksum: [c0, c1, c2, c3],
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let (magic, rest) = bytes.split_at_mut(4);
        let (command, rest) = rest.split_at_mut(12);
        let (length, checksum) = rest.split_at_mut(4);
        magic.copy_from_slice(&self.magic);
        command.copy_from_slice(&self.command);
        length.copy_from_slice(&self.length.to_le_bytes());
        checksum.copy_from_slice(&self.checksum);
        bytes
    }
}

/// First four bytes of the double SHA-256 of `payload`.
pub(crate) fn checksum(payload: &[u8]) -> [u8; 4] {
    finish(Sha256::new_with_prefix(payload))
}

/// The checksum of everything `digest` was fed.
pub(crate) fn finish(digest: Sha256) -> [u8; 4] {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(digest.finalize()).into();
    [a, b, c, d]
}

/// Cuts v1 frames from what has landed.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// The header of the large frame whose payload lands by itself.
    header: Option<[u8; HEADER_LEN]>,
}

impl Reader {
    /// Whether the next [`open`](Self::open) would give a frame, or at least judge a header that
    /// was not judged before.
    pub(super) fn has_frame(&self, landing: &Landing) -> bool {
        if let Some(pad) = landing.pad() {
            return pad.is_complete();
        }
        let landed = landing.landed();
        landed.first_chunk().is_some_and(|header| {
            let whole = HEADER_LEN.saturating_add(Header::parse(header).length as usize);
            whole <= landed.len() || !landing.fits(whole)
        })
    }

    /// The frame that has begun to arrive and is not complete, if no complete one comes before it.
    pub(super) fn partial(&self, landing: &Landing) -> Option<Partial> {
        if let (Some(header), Some(pad)) = (&self.header, landing.pad()) {
            let command = Header::parse(header).command;
            return (!pad.is_complete()).then(|| Partial::new(command, pad.begun()));
        }
        let (raw, payload) = landing.landed().split_first_chunk::<HEADER_LEN>()?;
        let header = Header::parse(raw);
        let is_complete = payload.len() >= header.length as usize;
        (!is_complete).then(|| Partial::new(header.command, payload))
    }

    /// Cuts the next frame, if one is complete.
    pub(super) fn open(
        &mut self,
        landing: &mut Landing,
        admission: &Admission<'_>,
    ) -> Result<Opened, FrameError> {
        if let Some(header) = self.header {
            let Some(pad) = landing.take_pad() else {
                return Ok(Opened::Nothing);
            };
            self.header = None;
            let (payload, digest) = pad.into_body();
            let checksum = digest.map_or_else(|| checksum(&payload), finish);
            return Ok(Opened::Frame(cut(header, Bytes::from(payload), checksum)));
        }
        admission.judge_magic(landing.landed())?;
        let Some(raw) = landing.landed().first_chunk::<HEADER_LEN>().copied() else {
            return Ok(Opened::Nothing);
        };
        let header = Header::parse(&raw);
        let length = header.length as usize;
        let whole = HEADER_LEN.saturating_add(length);
        if admission.judge(&header)? == Verdict::Skip {
            landing.discard(whole);
            let name = Name::Command(header.command);
            // Its bytes count as they come.
            return Ok(Opened::Skipping { name, wire_len: 0 });
        }
        if let Some(payload) = landing.landed().get(HEADER_LEN..whole) {
            let frame = cut(raw, Bytes::copy_from_slice(payload), checksum(payload));
            landing.consume(whole);
            return Ok(Opened::Frame(frame));
        }
        if !landing.fits(whole) {
            self.header = Some(raw);
            landing.begin_pad(HEADER_LEN, length, true);
        }
        Ok(Opened::Nothing)
    }
}

fn cut(raw: [u8; HEADER_LEN], payload: Bytes, checksum: [u8; 4]) -> Frame {
    let header = Header::parse(&raw);
    Frame {
        name: Name::Command(header.command),
        wire_len: header.length.saturating_add(HEADER_LEN as u32),
        intact: header.checksum == checksum,
        payload,
        head: Head::new(&raw),
    }
}

/// What may land, decided from the header alone, before a byte of the payload is stored. (In v2
/// from the type and the length of a message, which are known once its packet was opened.)
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admission<'a> {
    /// The network's magic.
    pub(crate) magic: [u8; 4],
    /// Longest payload accepted at this point of the connection.
    pub(crate) limit: u32,
    /// Payloads above `limit` but not above this are discarded as they arrive; longer ones are an
    /// error. Equal to `limit` where nothing is skipped.
    pub(crate) skip_limit: u32,
    /// Gives the longest valid payload of each message.
    pub(crate) codec: Codec<'a>,
    /// What happens to payloads longer than that.
    pub(crate) oversized_for_type: Oversized,
}

/// Verdict on a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Land,
    Skip,
}

impl Admission<'_> {
    /// Judges the magic as soon as it is there: strangers of another protocol may never send a
    /// whole header.
    pub(crate) fn judge_magic(&self, landed: &[u8]) -> Result<(), FrameError> {
        match landed.first_chunk() {
            Some(got) if *got != self.magic => {
                let (got, expected) = (*got, self.magic);
                Err(FrameError::WrongMagic { got, expected })
            }
            _ => Ok(()),
        }
    }

    fn judge(&self, header: &Header) -> Result<Verdict, FrameError> {
        self.judge_magic(&header.magic)?;
        self.judge_length(header.command, header.length)
    }

    /// Judges the payload of a message by its length.
    pub(super) fn judge_length(
        &self,
        command: [u8; 12],
        length: u32,
    ) -> Result<Verdict, FrameError> {
        let too_large = |limit| {
            Err(FrameError::PayloadTooLarge {
                command,
                length,
                limit,
            })
        };
        if length > self.skip_limit {
            return too_large(self.skip_limit);
        }
        if length > self.limit {
            return Ok(Verdict::Skip);
        }
        match (self.oversized_for_type, self.limit_of_type(command)) {
            (Oversized::Skip, Some(limit)) if length > limit => Ok(Verdict::Skip),
            (Oversized::Disconnect, Some(limit)) if length > limit => too_large(limit),
            _ => Ok(Verdict::Land),
        }
    }

    /// Longest valid payload of the command, if it is one that the connection's version has.
    fn limit_of_type(&self, command: [u8; 12]) -> Option<u32> {
        if self.oversized_for_type == Oversized::Accept {
            return None;
        }
        let kind = MessageKind::from_command(&CommandName::from_bytes(command).ok()?)?;
        if !self.codec.knows(kind) {
            return None;
        }
        let since = kind.min_version(&self.codec.network.gates);
        let limit = u32::try_from(kind.max_payload(&self.codec)).ok();
        limit.filter(|_| self.codec.has(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MessageLimits;
    use crate::network::Network;

    /// A `verack` on mainnet, from the developer reference of bitcoin.org.
    const VERACK: [u8; 24] = [
        0xf9, 0xbe, 0xb4, 0xd9, b'v', b'e', b'r', b'a', b'c', b'k', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0x5d, 0xf6, 0xe0, 0xe2,
    ];

    #[test]
    fn header_bytes_round_trip() {
        let header = Header::parse(&VERACK);
        assert_eq!(header.magic, [0xf9, 0xbe, 0xb4, 0xd9]);
        assert_eq!(&header.command, b"verack\0\0\0\0\0\0");
        assert_eq!(header.length, 0);
        assert_eq!(header.checksum, checksum(b""));
        assert_eq!(header.to_bytes(), VERACK);
    }

    fn header(length: u32) -> Header {
        Header {
            length,
            ..Header::parse(&VERACK)
        }
    }

    fn admission(limits: &MessageLimits) -> Admission<'_> {
        Admission {
            magic: [0xf9, 0xbe, 0xb4, 0xd9],
            limit: 1_024,
            skip_limit: 4_000_000,
            codec: Codec::new(&Network::MAINNET, 70_016, limits),
            oversized_for_type: Oversized::Accept,
        }
    }

    #[test]
    fn the_verdict_changes_exactly_at_the_limits() {
        let limits = MessageLimits::default();
        let admission = admission(&limits);
        assert_eq!(admission.judge(&header(1_024)), Ok(Verdict::Land));
        assert_eq!(admission.judge(&header(1_025)), Ok(Verdict::Skip));
        assert_eq!(admission.judge(&header(4_000_000)), Ok(Verdict::Skip));
        assert!(matches!(
            admission.judge(&header(4_000_001)),
            Err(FrameError::PayloadTooLarge {
                length: 4_000_001,
                limit: 4_000_000,
                ..
            })
        ));
        let other = Admission {
            magic: [0; 4],
            ..admission
        };
        assert!(matches!(
            other.judge(&header(0)),
            Err(FrameError::WrongMagic { .. })
        ));
    }

    #[test]
    fn a_frame_too_long_for_its_type_is_skipped_or_refused_as_the_policy_says() {
        let limits = MessageLimits::default();
        let skip = Admission {
            oversized_for_type: Oversized::Skip,
            ..admission(&limits)
        };
        assert_eq!(skip.judge(&header(0)), Ok(Verdict::Land));
        assert_eq!(skip.judge(&header(1)), Ok(Verdict::Skip));
        let refuse = Admission {
            oversized_for_type: Oversized::Disconnect,
            ..skip
        };
        assert!(matches!(
            refuse.judge(&header(1)),
            Err(FrameError::PayloadTooLarge {
                length: 1,
                limit: 0,
                ..
            })
        ));
        let unknown = Header {
            command: *b"foobar\0\0\0\0\0\0",
            ..header(1_024)
        };
        assert_eq!(refuse.judge(&unknown), Ok(Verdict::Land));
    }
}
