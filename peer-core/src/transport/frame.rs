//! What is cut from the stream, whatever it looked like there, and why it cannot be.

use bytes::Bytes;

use crate::message::{CommandName, MessageKind};

/// How frames travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// In the clear, each with magic and checksum.
    V1,
    /// Encrypted and authenticated (BIP324).
    V2,
}

impl core::fmt::Display for TransportKind {
    /// As Core's `getpeerinfo` writes it (`transport_protocol_type`).
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        })
    }
}

/// What the v2 handshake waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum V2Stage {
    /// The 64 bytes of the remote's key.
    Key,
    /// The end of the remote's garbage.
    GarbageTerminator,
    /// The remote's version packet, the first that is no decoy.
    VersionPacket,
}

impl core::fmt::Display for V2Stage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Key => "key",
            Self::GarbageTerminator => "garbage terminator",
            Self::VersionPacket => "version packet",
        })
    }
}

/// A frame that cannot be: the stream is lost from here on, so the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The four magic bytes are those of another network, or of another protocol altogether.
    #[error("magic {got:02x?} (as text: {}) instead of {expected:02x?}", got.escape_ascii())]
    WrongMagic {
        /// The bytes received.
        got: [u8; 4],
        /// The bytes of our network.
        expected: [u8; 4],
    },
    /// The header claims more payload than is accepted at this point of the connection.
    #[error(
        "{}: payload of {length} bytes, at most {limit} are accepted",
        printable(command)
    )]
    PayloadTooLarge {
        /// The command in the header, not validated.
        command: [u8; 12],
        /// The length in the header.
        length: u32,
        /// The limit it breaks.
        limit: u32,
    },
    /// The remote began in v1, and only v2 is accepted ([`TransportPolicy`](crate::TransportPolicy)).
    #[error("v1 where only v2 is accepted")]
    V1Refused,
    /// After the remote's key and as much garbage as there may be no terminator had come (BIP324).
    #[error("no garbage terminator after {limit} bytes of garbage")]
    NoGarbageTerminator {
        /// Most bytes of garbage.
        limit: usize,
    },
    /// A v2 packet is longer than any message.
    #[error("packet with {length} bytes of contents, at most {limit} are accepted")]
    PacketTooLarge {
        /// The length told, in bytes of contents. Nothing vouches for it.
        length: usize,
        /// The limit it breaks.
        limit: usize,
    },
    /// A v2 packet did not decrypt: it was changed on its way, or comes from somebody without the
    /// keys.
    #[error("packet {number} is not authentic")]
    Unauthentic {
        /// Packets of the remote before it.
        number: u64,
    },
    /// More decoys before the version packet than
    /// [`Limits::early_decoys`](crate::Limits) allows.
    #[error("{limit} bytes of decoys before the version packet")]
    EarlyDecoys {
        /// The limit, in bytes.
        limit: u64,
    },
}

impl FrameError {
    /// The command in the header, if it got that far and has one.
    pub fn command(&self) -> Option<CommandName> {
        match self {
            Self::PayloadTooLarge { command, .. } => CommandName::from_bytes(*command).ok(),
            _ => None,
        }
    }
}

/// A command as text, whatever bytes it has.
fn printable(command: &[u8; 12]) -> core::slice::EscapeAscii<'_> {
    let len = command
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last.saturating_add(1));
    command.get(..len).unwrap_or_default().escape_ascii()
}

/// What a frame calls its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// Twelve bytes, not validated.
    Command([u8; 12]),
    /// A short id (v2) that we know.
    Kind(MessageKind),
    /// A short id that we do not know.
    Unknown(u8),
    /// A packet that ends before it has named its message.
    Cut {
        /// Bytes of its contents.
        len: usize,
    },
}

impl Name {
    /// The name of the message, if it is one.
    pub(crate) fn command(&self) -> Option<CommandName> {
        match self {
            Self::Command(bytes) => CommandName::from_bytes(*bytes).ok(),
            Self::Kind(kind) => Some(kind.command()),
            Self::Unknown(_) | Self::Cut { .. } => None,
        }
    }
}

/// What stands before the payload: the header of a v1 frame, or the type of a v2 message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    bytes: [u8; Self::MAX],
    len: u8,
}

impl Head {
    /// A v1 header is the longest there is.
    const MAX: usize = 24;

    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut head = [0; Self::MAX];
        let len = bytes.len().min(Self::MAX);
        for (to, from) in head.iter_mut().zip(bytes) {
            *to = *from;
        }
        // Not above MAX.
        let len = u8::try_from(len).unwrap_or_default();
        Self { bytes: head, len }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// One complete frame.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// What it calls itself.
    pub(crate) name: Name,
    /// The payload, an allocation of its own.
    pub(crate) payload: Bytes,
    /// Bytes the frame took on the wire, all of them.
    pub(crate) wire_len: u32,
    /// Whether the checksum in the header is that of the payload (v1).
    pub(crate) intact: bool,
    /// What stood before the payload.
    pub(crate) head: Head,
}

/// What opening the next frame gave.
#[derive(Debug)]
pub(crate) enum Opened {
    /// No complete frame has landed.
    Nothing,
    /// A frame.
    Frame(Frame),
    /// A message whose payload is not looked at, as it is too long.
    Skipping {
        name: Name,
        /// Bytes of it that have not been counted while they arrived, nor will be.
        wire_len: u32,
    },
    /// A packet that says nothing (v2).
    Decoy { wire_len: u32 },
    /// The handshake of the transport came to another stage.
    Stage,
    /// A v2 handshake may begin, if it is admitted.
    AdmissionWanted,
    /// It is settled which transport is spoken.
    Settled(Settled),
}

/// The transport that is spoken.
#[derive(Debug)]
pub(crate) enum Settled {
    V1,
    V2 { session_id: [u8; 32] },
}

/// A frame of which not everything has arrived: what it claims to be, and how its payload begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partial {
    /// `None` for what is sealed, and shows nothing before it is whole (v2).
    command: Option<[u8; 12]>,
    head: [u8; Self::HEAD],
    /// How much of `head` has arrived.
    len: usize,
}

impl Partial {
    /// Enough to tell which block it is about: a block header.
    const HEAD: usize = 80;

    pub(super) fn new(command: [u8; 12], payload: &[u8]) -> Self {
        let mut head = [0; Self::HEAD];
        let len = payload.len().min(Self::HEAD);
        for (to, from) in head.iter_mut().zip(payload) {
            *to = *from;
        }
        Self {
            command: Some(command),
            head,
            len,
        }
    }

    /// Of a v2 packet.
    #[cfg(feature = "_bip324")]
    pub(super) fn sealed() -> Self {
        Self {
            command: None,
            head: [0; Self::HEAD],
            len: 0,
        }
    }

    /// Whether nothing is known of it but that it comes.
    pub(crate) fn is_sealed(&self) -> bool {
        self.command.is_none()
    }

    /// The message that it claims to be.
    pub(crate) fn kind(&self) -> Option<MessageKind> {
        let command = CommandName::from_bytes(self.command?).ok()?;
        MessageKind::from_command(&command)
    }

    /// The first bytes of its payload.
    pub(crate) fn head(&self) -> &[u8] {
        self.head.get(..self.len).unwrap_or_default()
    }
}
