//! NavCoin's own messages: sessions in which transactions are aggregated, and candidates for them.
//!
//! `dandeliontx` is a transaction like that of `tx`. What a session or a candidate means is the wallet's affair; keys and
//! ciphertexts are carried as they are. Layouts of Navcoin Core 7.0.3, not confirmed by a node.

use alloc::vec::Vec;

use bytes::Bytes;

use super::codec::{Payload, fields};
use super::error::{EncodeErrorKind, check_size};
use super::{Codec, Text};
use crate::wire::{FieldError, Hash, TxEncoding, Writer, sha256d};

/// The hash of what `write` writes.
fn hash_of(write: impl FnOnce(&mut Writer<'_>)) -> Hash {
    let mut payload = Vec::new();
    write(&mut Writer::new(&mut payload));
    Hash::from_bytes(sha256d(&payload))
}

/// The payload of `aggsess` and `daggsess`: where transactions are collected to be aggregated into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AggregationSession {
    /// Version 1.
    HiddenService {
        /// Onion address of the session.
        hidden_service: Text,
    },
    /// Version 2.
    PublicKey {
        /// BLS key that candidates are encrypted to.
        public_key: Bytes,
    },
    /// Version 3.
    PublicKeyAndData {
        /// BLS key that candidates are encrypted to.
        public_key: Bytes,
        /// What the session says of itself, in JSON.
        data: Bytes,
    },
    /// A version that has nothing more.
    Other {
        /// The version: none of the above.
        version: i32,
    },
}

impl AggregationSession {
    /// The version, as it stands first on the wire.
    #[must_use]
    pub const fn version(&self) -> i32 {
        match self {
            Self::HiddenService { .. } => 1,
            Self::PublicKey { .. } => 2,
            Self::PublicKeyAndData { .. } => 3,
            Self::Other { version } => *version,
        }
    }

    /// The hash that it is announced by: double SHA-256 of the payload.
    #[must_use]
    pub fn hash(&self) -> Hash {
        hash_of(|out| self.write(out))
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.i32(self.version());
        match self {
            Self::HiddenService { hidden_service } => out.var_bytes(hidden_service.as_bytes()),
            Self::PublicKey { public_key } => out.var_bytes(public_key),
            Self::PublicKeyAndData { public_key, data } => {
                out.var_bytes(public_key);
                out.var_bytes(data);
            }
            Self::Other { .. } => {}
        }
    }
}

impl Payload for AggregationSession {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        let limit = codec.limits.navcoin_string;
        fields(&payload, |reader| {
            Ok(match reader.i32("version")? {
                1 => Self::HiddenService {
                    hidden_service: Text::from(reader.var_bytes("hidden service", limit)?),
                },
                2 => Self::PublicKey {
                    public_key: reader.var_bytes("public key", limit)?,
                },
                3 => Self::PublicKeyAndData {
                    public_key: reader.var_bytes("public key", limit)?,
                    data: reader.var_bytes("data", limit)?,
                },
                version => Self::Other { version },
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        let limit = codec.limits.navcoin_string;
        match self {
            Self::HiddenService { hidden_service } => {
                check_size("hidden service", hidden_service.as_bytes().len(), limit)
            }
            Self::PublicKey { public_key } => check_size("public key", public_key.len(), limit),
            Self::PublicKeyAndData { public_key, data } => {
                check_size("public key", public_key.len(), limit)?;
                check_size("data", data.len(), limit)
            }
            Self::Other { version: 1..=3 } => {
                Err(EncodeErrorKind::InvalidValue { field: "version" })
            }
            Self::Other { .. } => Ok(()),
        }
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        self.write(out);
    }
}

/// The payload of `enccand` and `danenccand`: a transaction for a session, encrypted to its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedCandidate {
    /// BLS key of the sender.
    pub public_key: Bytes,
    /// The session, up to [`MAX_SESSION_ID`](Self::MAX_SESSION_ID) bytes; `None` in the older form, which goes on with
    /// the data.
    pub session_id: Option<Bytes>,
    /// The ciphertext. In the older form it is longer than a session id can be: that is how the two are told apart.
    pub data: Bytes,
}

impl EncryptedCandidate {
    /// Bytes of a session id at the most. A string longer than that in its place is the data.
    pub const MAX_SESSION_ID: usize = 48;

    /// The hash that it is announced by: double SHA-256 of the payload.
    #[must_use]
    pub fn hash(&self) -> Hash {
        hash_of(|out| self.write(out))
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.var_bytes(&self.public_key);
        if let Some(session_id) = &self.session_id {
            out.var_bytes(session_id);
        }
        out.var_bytes(&self.data);
    }
}

impl Payload for EncryptedCandidate {
    fn decode(payload: Bytes, codec: &Codec<'_>) -> Result<(Self, usize), FieldError> {
        let limit = codec.limits.navcoin_string;
        fields(&payload, |reader| {
            let public_key = reader.var_bytes("public key", limit)?;
            let second = reader.var_bytes("session id or data", limit)?;
            let (session_id, data) = if second.len() > Self::MAX_SESSION_ID {
                (None, second)
            } else {
                (Some(second), reader.var_bytes("data", limit)?)
            };
            Ok(Self {
                public_key,
                session_id,
                data,
            })
        })
    }

    fn check(&self, codec: &Codec<'_>) -> Result<(), EncodeErrorKind> {
        let limit = codec.limits.navcoin_string;
        check_size("public key", self.public_key.len(), limit)?;
        check_size("data", self.data.len(), limit)?;
        match &self.session_id {
            Some(session_id) => check_size("session id", session_id.len(), Self::MAX_SESSION_ID),
            // It would be read as a session id.
            None if self.data.len() <= Self::MAX_SESSION_ID => {
                Err(EncodeErrorKind::InvalidValue { field: "data" })
            }
            None => Ok(()),
        }
    }

    fn encode(&self, _codec: &Codec<'_>, _encoding: TxEncoding, out: &mut Writer<'_>) {
        self.write(out);
    }
}
