//! A remote that says exactly what a test wants, right or wrong, in bytes that the library under test did not write.
//!
//! [`Frame`] is a v1 frame of which any part may be false; [`VersionPayload`] the one payload that no conversation can do
//! without; [`Probe`] a machine that hears such a remote.

mod probe;
mod version;
mod wire;

use sha2::{Digest, Sha256};

pub use probe::{Probe, ProbeOver, START, end};
pub use version::VersionPayload;
pub use wire::{V1, V2, Wire};

/// First bytes of every frame on Bitcoin's regtest.
pub const REGTEST: [u8; 4] = [0xfa, 0xbf, 0xb5, 0xda];

/// Length of a v1 header.
pub const HEADER_LEN: usize = 24;

/// A v1 frame. Made right by [`Frame::new`]; the methods make it wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// First four bytes.
    pub magic: [u8; 4],
    /// The command field, whatever it holds.
    pub command: [u8; 12],
    /// The length that the header claims.
    pub length: u32,
    /// The checksum that the header claims.
    pub checksum: [u8; 4],
    /// The bytes after the header.
    pub payload: Vec<u8>,
}

impl Frame {
    /// A correct frame on regtest. A command of more than 12 bytes is cut.
    #[must_use]
    pub fn new(command: &str, payload: impl Into<Vec<u8>>) -> Self {
        let payload = payload.into();
        let mut padded = [0; 12];
        for (to, from) in padded.iter_mut().zip(command.bytes()) {
            *to = from;
        }
        let [a, b, c, d, ..] = sha256d(&payload);
        Self {
            magic: REGTEST,
            command: padded,
            length: payload.len() as u32,
            checksum: [a, b, c, d],
            payload,
        }
    }

    /// A correct frame without payload.
    #[must_use]
    pub fn empty(command: &str) -> Self {
        Self::new(command, [])
    }

    /// A `ping` with a nonce.
    #[must_use]
    pub fn ping(nonce: u64) -> Self {
        Self::new("ping", nonce.to_le_bytes())
    }

    /// A `pong` with a nonce.
    #[must_use]
    pub fn pong(nonce: u64) -> Self {
        Self::new("pong", nonce.to_le_bytes())
    }

    /// With other first bytes.
    #[must_use]
    pub const fn with_magic(mut self, magic: [u8; 4]) -> Self {
        self.magic = magic;
        self
    }

    /// With any bytes for a command.
    #[must_use]
    pub const fn with_command(mut self, command: [u8; 12]) -> Self {
        self.command = command;
        self
    }

    /// With a length that is not the payload's.
    #[must_use]
    pub const fn claiming(mut self, length: u32) -> Self {
        self.length = length;
        self
    }

    /// With a checksum that is not the payload's.
    #[must_use]
    pub fn with_bad_checksum(mut self) -> Self {
        self.checksum = self.checksum.map(|byte| !byte);
        self
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = self.length.to_le_bytes();
        let header: [&[u8]; 4] = [&self.magic, &self.command, &length, &self.checksum];
        let mut bytes = header.concat();
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// The command as text, for comparing.
    #[must_use]
    pub fn name(&self) -> String {
        let text = self.command.iter().take_while(|byte| **byte != 0);
        text.map(|byte| char::from(*byte)).collect()
    }

    /// Whether the checksum is the payload's.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.checksum == sha256d(&self.payload)[..4]
    }

    /// The first eight bytes of the payload as a number: the nonce of a `ping` or `pong`.
    #[must_use]
    pub fn nonce(&self) -> Option<u64> {
        self.payload
            .first_chunk()
            .map(|bytes| u64::from_le_bytes(*bytes))
    }

    /// The first frame in `bytes` and how long it is; `None` if it is not complete.
    #[must_use]
    pub fn cut(bytes: &[u8]) -> Option<(Self, usize)> {
        let [m0, m1, m2, m3, command @ .., l0, l1, l2, l3, c0, c1, c2, c3] =
            *bytes.first_chunk::<HEADER_LEN>()?;
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        let end = HEADER_LEN.checked_add(usize::try_from(length).ok()?)?;
        let frame = Self {
            magic: [m0, m1, m2, m3],
            command,
            length,
            checksum: [c0, c1, c2, c3],
            payload: bytes.get(HEADER_LEN..end)?.to_vec(),
        };
        Some((frame, end))
    }
}

/// The bytes of several frames, one after the other.
#[must_use]
pub fn stream<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> Vec<u8> {
    frames.into_iter().flat_map(Frame::to_bytes).collect()
}

/// A compact size in its shortest form.
#[must_use]
pub fn compact_size(value: u64) -> Vec<u8> {
    let bytes = value.to_le_bytes();
    match value {
        0..=0xfc => vec![bytes[0]],
        0xfd..=0xffff => [&[0xfd], &bytes[..2]].concat(),
        0x1_0000..=0xffff_ffff => [&[0xfe], &bytes[..4]].concat(),
        _ => [&[0xff], &bytes[..]].concat(),
    }
}

/// A count, then that many times the same item: `inv`, `headers`, `addr` and the like.
#[must_use]
pub fn list(count: usize, item: &[u8]) -> Vec<u8> {
    let mut payload = compact_size(count as u64);
    payload.extend(item.repeat(count));
    payload
}

/// Double SHA-256.
#[must_use]
pub fn sha256d(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(Sha256::digest(bytes)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The `verack` on mainnet as bitcoin.org's developer reference prints it.
    #[test]
    fn a_frame_is_what_the_reference_says() {
        let verack = Frame::empty("verack").with_magic([0xf9, 0xbe, 0xb4, 0xd9]);
        let bytes = verack.to_bytes();
        assert_eq!(bytes[..4], [0xf9, 0xbe, 0xb4, 0xd9]);
        assert_eq!(&bytes[4..16], b"verack\0\0\0\0\0\0");
        assert_eq!(bytes[16..], [0, 0, 0, 0, 0x5d, 0xf6, 0xe0, 0xe2]);
        assert_eq!(Frame::cut(&bytes), Some((verack.clone(), 24)));
        assert_eq!(Frame::cut(&bytes[..23]), None);
        assert!(verack.is_intact() && !verack.with_bad_checksum().is_intact());
    }
}
