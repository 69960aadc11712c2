//! What decoding and encoding depend on besides the bytes, and what every payload type does.

use alloc::boxed::Box;
use alloc::vec::Vec;

use bytes::Bytes;

use super::error::{check_size, check_version};
use super::{
    CommandName, DecodeError, EncodeError, EncodeErrorKind, Message, MessageKind, MessageLimits,
};
use crate::network::{NEVER, Network};
use crate::wire::{FieldError, Reader, TxEncoding, Writer};

/// The circumstances of a connection that change how messages are laid out.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Codec<'a> {
    /// The network.
    pub network: &'a Network,
    /// Protocol version of the connection: the lower of both sides', or our own until the remote's is known.
    pub version: u32,
    /// Limits on counts and sizes.
    pub limits: &'a MessageLimits,
}

impl<'a> Codec<'a> {
    /// A codec for `network` at protocol version `version` within `limits`.
    #[must_use]
    pub const fn new(network: &'a Network, version: u32, limits: &'a MessageLimits) -> Self {
        Self {
            network,
            version,
            limits,
        }
    }

    /// Whether the connection's version has reached `gate`.
    #[must_use]
    pub const fn has(&self, gate: u32) -> bool {
        self.version >= gate
    }

    /// Whether a message of that kind is one on this connection. If not, what comes under its name is unknown.
    ///
    /// A message is known below the version that introduced it, as in Core, but not on a network that never has it.
    /// `alert` is not known above its last version.
    #[must_use]
    pub fn knows(&self, kind: MessageKind) -> bool {
        let gates = &self.network.gates;
        match kind {
            MessageKind::Alert => self.version <= gates.last_alert,
            _ => kind.min_version(gates) != NEVER,
        }
    }
}

/// A decoded message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decoded {
    /// The message.
    pub message: Message,
    /// Bytes of the payload after the end of the message. They are not part of it: Core ignores them, btcd
    /// disconnects.
    pub trailing: usize,
}

impl Message {
    /// The message that `payload` is under the name `command`.
    ///
    /// A known message below the version that introduced it is decoded all the same, as Core does; see
    /// [`Codec::knows`]. Views share the payload's memory.
    ///
    /// # Errors
    ///
    /// When the payload is not laid out as the message is, or breaks one of the limits. An unknown command is no error
    /// but [`Message::Unknown`].
    pub fn decode(
        command: &CommandName,
        payload: Bytes,
        codec: &Codec<'_>,
    ) -> Result<Decoded, DecodeError> {
        match MessageKind::from_command(command).filter(|kind| codec.knows(*kind)) {
            Some(kind) => Self::decode_as(kind, payload, codec),
            None => Ok(Decoded {
                message: Self::Unknown {
                    command: *command,
                    payload,
                },
                trailing: 0,
            }),
        }
    }

    /// The message of `kind` that `payload` is: [`decode`](Self::decode) for when the name came as a short id, or
    /// whether the connection [knows](Codec::knows) the message is decided already.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn decode_as(
        kind: MessageKind,
        payload: Bytes,
        codec: &Codec<'_>,
    ) -> Result<Decoded, DecodeError> {
        match Self::read(kind, payload, codec) {
            Ok((message, trailing)) => Ok(Decoded { message, trailing }),
            Err(error) => Err(DecodeError::new(kind, error)),
        }
    }

    /// The payload to send, shared with the message where it is a view and `encoding` asks for nothing else.
    ///
    /// `encoding` matters for messages that carry transactions.
    ///
    /// # Errors
    ///
    /// When the message may not be sent on this connection: see [`EncodeErrorKind`].
    pub fn payload(&self, codec: &Codec<'_>, encoding: TxEncoding) -> Result<Bytes, EncodeError> {
        self.check(codec)?;
        let body = self.body();
        let payload = body.shared(encoding).unwrap_or_else(|| {
            let mut out = Vec::new();
            body.encode(codec, encoding, &mut Writer::new(&mut out));
            Bytes::from(out)
        });
        self.check_len(payload.len(), codec)?;
        Ok(payload)
    }

    /// Appends the payload to `out`. For small messages: nothing is allocated if `out` has room.
    ///
    /// # Errors
    ///
    /// As [`payload`](Self::payload); `out` is then as it was.
    pub fn encode_into(
        &self,
        codec: &Codec<'_>,
        encoding: TxEncoding,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        self.check(codec)?;
        let start = out.len();
        self.body().encode(codec, encoding, &mut Writer::new(out));
        let checked = self.check_len(out.len() - start, codec);
        if checked.is_err() {
            out.truncate(start);
        }
        checked
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeError> {
        let required = self
            .kind()
            .map_or(0, |kind| kind.min_version(&codec.network.gates));
        check_version(required, codec.version)
            .and_then(|()| self.body().check(codec))
            .map_err(|kind| self.encode_error(kind))
    }

    fn check_len(&self, len: usize, codec: &Codec<'_>) -> Result<(), EncodeError> {
        check_size("payload", len, codec.network.max_payload as usize)
            .map_err(|kind| self.encode_error(kind))
    }

    fn encode_error(&self, kind: EncodeErrorKind) -> EncodeError {
        EncodeError {
            command: self.command(),
            kind,
        }
    }
}

/// The layout of one message.
pub(super) trait Payload {
    /// The message that `payload` begins with, and the number of bytes after it.
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError>
    where
        Self: Sized;

    /// Whether the message may be sent: its limits, its values, and a layout that fits the connection. Where every
    /// value is valid, it may.
    fn check(&self, _codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        Ok(())
    }

    /// Writes a message that passed [`check`](Self::check).
    fn encode(&self, codec: &Codec<'_>, encoding: TxEncoding, out: &mut Writer<'_>);

    /// The encoded message, if it exists as it is to be sent and need not be written again.
    fn shared(&self, _encoding: TxEncoding) -> Option<Bytes> {
        None
    }
}

/// Decodes a message field by field.
pub(super) fn fields<T>(
    payload: &Bytes,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, FieldError>,
) -> Result<(T, usize), FieldError> {
    let mut reader = Reader::new(payload);
    let message = read(&mut reader)?;
    Ok((message, reader.remaining()))
}

/// The payload of an unknown message: all there is.
impl Payload for Bytes {
    fn decode(payload: Bytes, _codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        Ok((payload, 0))
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        out.bytes(self);
    }

    fn shared(&self, _encoding: TxEncoding) -> Option<Bytes> {
        Some(self.clone())
    }
}

/// The payload of a message that has none.
impl Payload for () {
    fn decode(payload: Bytes, _codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        Ok(((), payload.len()))
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, _out: &mut Writer<'_>) {}

    fn shared(&self, _encoding: TxEncoding) -> Option<Bytes> {
        Some(Bytes::new())
    }
}

/// Large messages that are rare are boxed, so that all others stay small.
impl<T: Payload> Payload for Box<T> {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        T::decode(payload, codec).map(|(message, trailing)| (Self::new(message), trailing))
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        T::check(self, codec)
    }

    fn encode(&self, codec: &Codec<'_>, encoding: TxEncoding, out: &mut Writer<'_>) {
        T::encode(self, codec, encoding, out);
    }

    fn shared(&self, encoding: TxEncoding) -> Option<Bytes> {
        T::shared(self, encoding)
    }
}
