//! Packets: sealed into a buffer, opened where they lie.

use alloc::vec::Vec;

use super::cipher::{LengthCipher, PacketCipher};
use super::{LENGTH_LEN, MAX_CONTENTS, PACKET_OVERHEAD, TAG_LEN};

/// The bit of a packet's header that makes it a decoy; the others are for later (BIP324).
const IGNORE_BIT: u8 = 0x80;

/// The tag is not that of the packet and of what is authenticated with it: the stream is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the packet is not authentic")]
pub struct Unauthentic;

/// More contents than the three bytes of a length can tell ([`MAX_CONTENTS`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{length} bytes of contents, a packet takes at most {MAX_CONTENTS}")]
pub struct ContentsTooLong {
    /// Bytes of contents.
    pub length: usize,
}

/// Makes the packets of one direction, in order.
pub struct PacketSealer {
    length: LengthCipher,
    packet: PacketCipher,
}

impl PacketSealer {
    /// From the two keys of the direction: lengths and packets.
    pub fn new(length_key: &[u8; 32], packet_key: &[u8; 32]) -> Self {
        Self {
            length: LengthCipher::new(length_key),
            packet: PacketCipher::new(packet_key),
        }
    }

    /// Appends the next packet to `out`: its contents are `parts`, one after the other.
    ///
    /// # Errors
    /// If there is too much of it; nothing is appended then.
    #[inline]
    pub fn seal(
        &mut self,
        parts: &[&[u8]],
        aad: &[u8],
        is_decoy: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), ContentsTooLong> {
        let contents: usize = parts.iter().map(|part| part.len()).sum();
        let length = prefix(contents)?;
        let start = out.len();
        out.reserve(contents.saturating_add(PACKET_OVERHEAD));
        out.extend_from_slice(&length);
        out.push(if is_decoy { IGNORE_BIT } else { 0 });
        for part in parts {
            out.extend_from_slice(part);
        }
        out.extend_from_slice(&[0; TAG_LEN]);
        self.seal_in_place(out.get_mut(start..).unwrap_or_default(), aad);
        Ok(())
    }

    /// No packet is about to be made: gives back what was made ready for the next, half a kilobyte.
    /// Everything works on as before.
    pub fn rest(&mut self) {
        self.packet.rest();
    }

    /// The packet lies there in the clear, complete but for its tag.
    #[inline]
    fn seal_in_place(&mut self, packet: &mut [u8], aad: &[u8]) {
        let Some((length, sealed)) = packet.split_first_chunk_mut::<LENGTH_LEN>() else {
            return;
        };
        let Some((text, tag)) = sealed.split_last_chunk_mut::<TAG_LEN>() else {
            return;
        };
        self.length.apply(length);
        match self.packet.seal(aad, text) {
            Ok(made) => *tag = made,
            // Only of more than 256 GB, which are no packet. Nothing leaves in the clear.
            Err(Unauthentic) => text.fill(0),
        }
    }
}

fn prefix(contents: usize) -> Result<[u8; LENGTH_LEN], ContentsTooLong> {
    let too_long = ContentsTooLong { length: contents };
    match u32::try_from(contents).map(u32::to_le_bytes) {
        Ok([a, b, c, 0]) => Ok([a, b, c]),
        _ => Err(too_long),
    }
}

/// Opens the packets of one direction, in order.
pub struct PacketOpener {
    length: LengthCipher,
    packet: PacketCipher,
    /// A packet was not authentic: none is, from there on.
    is_lost: bool,
}

/// A packet that was authentic.
#[derive(Debug, PartialEq, Eq)]
pub struct OpenedPacket<'a> {
    /// Its contents, where the packet lies.
    pub contents: &'a [u8],
    /// It is to be ignored.
    pub is_decoy: bool,
}

impl PacketOpener {
    /// From the two keys of the direction: lengths and packets.
    pub fn new(length_key: &[u8; 32], packet_key: &[u8; 32]) -> Self {
        Self {
            length: LengthCipher::new(length_key),
            packet: PacketCipher::new(packet_key),
            is_lost: false,
        }
    }

    /// The length of the next packet's contents. To be asked once a packet: the cipher moves on.
    ///
    /// Nothing vouches for it before the packet was opened: a limit belongs on it, and no memory.
    #[inline]
    pub fn open_length(&mut self, mut encrypted: [u8; LENGTH_LEN]) -> usize {
        self.length.apply(&mut encrypted);
        let [a, b, c] = encrypted;
        u32::from_le_bytes([a, b, c, 0]) as usize
    }

    /// No packet is about to come: gives back what was made ready for the next, half a kilobyte.
    /// Everything works on as before.
    pub fn rest(&mut self) {
        self.packet.rest();
    }

    /// Opens the packet whose length was told last, in place: `sealed` is what follows the length,
    /// header, contents and tag.
    ///
    /// # Errors
    /// If it is not authentic, and then for ever.
    #[inline]
    pub fn open<'a>(
        &mut self,
        sealed: &'a mut [u8],
        aad: &[u8],
    ) -> Result<OpenedPacket<'a>, Unauthentic> {
        if self.is_lost {
            return Err(Unauthentic);
        }
        match self.packet.open(aad, sealed) {
            Ok([header, contents @ ..]) => Ok(OpenedPacket {
                is_decoy: *header & IGNORE_BIT != 0,
                contents,
            }),
            _ => {
                self.is_lost = true;
                Err(Unauthentic)
            }
        }
    }
}

impl core::fmt::Debug for PacketSealer {
    /// Leaves the keys out.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PacketSealer").finish_non_exhaustive()
    }
}

impl core::fmt::Debug for PacketOpener {
    /// Leaves the keys out.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PacketOpener").finish_non_exhaustive()
    }
}
