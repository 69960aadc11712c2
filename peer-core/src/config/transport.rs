//! How frames are to travel, and what a v2 handshake is like.

use alloc::vec::Vec;

use bytes::Bytes;

/// Which transport a connection may use: [`Config::transport`](crate::Config), or
/// [`Link::transport`](crate::Link) for one connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportPolicy {
    /// v2 where the remote knows it, else v1.
    ///
    /// Dialling, v2 is tried. A remote that knows only v1 takes our key for a frame of another
    /// network and hangs up: the connection ends with
    /// [`DisconnectReason::Downgrade`](crate::DisconnectReason), which asks for another connection
    /// with [`V1`](Self::V1). A stream that cannot be dialled again is better told which it is. A
    /// remote that neither hangs up nor answers is not tried again: no node is known to do that.
    ///
    /// Dialled, the remote's first bytes decide.
    ///
    /// The same as [`V1`](Self::V1) on networks whose nodes know no v2
    /// ([`Network::v2_transport`](crate::network::Network)), and without the feature `v2`.
    #[default]
    Auto,
    /// In the clear only. Dialled by a v2 remote, the connection ends with
    /// [`FrameError::WrongMagic`](crate::FrameError), and most remotes try again with v1.
    V1,
    /// Encrypted only (BIP324). A remote that begins in v1 is refused.
    #[cfg(feature = "_bip324")]
    V2,
}

impl core::fmt::Display for TransportPolicy {
    /// `auto`, `v1` or `v2`.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::V1 => "v1",
            #[cfg(feature = "_bip324")]
            Self::V2 => "v2",
        })
    }
}

/// What our side of v2 handshakes is like. The defaults are for use, the rest is for tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct V2Options {
    /// Whether [`Event::V2Admission`](crate::Event::V2Admission) asks the application before
    /// curve work is spent on a remote that dialled us, which takes some 60 us. Default false.
    pub admission: bool,
    /// What is sent between our key and the terminator. Default random.
    pub garbage: Garbage,
    /// Decoys sent before our version packet, each with so many bytes of contents. Default none.
    pub decoys: Vec<u32>,
    /// The key of a session that was recorded, to hear the remote's side of it again. Default none:
    /// every connection has a key of its own. Anything else gives all secrecy away.
    #[cfg(feature = "_bip324")]
    pub recorded_key: Option<RecordedKey>,
}

/// A secret key, and its public key as it was sent.
#[cfg(feature = "_bip324")]
#[derive(Clone, PartialEq, Eq)]
pub struct RecordedKey {
    /// The secret key.
    pub secret: [u8; 32],
    /// The encoding that was sent. Nobody checks that it belongs to the secret.
    pub ellswift: [u8; crate::bip324::ELLSWIFT_LEN],
}

#[cfg(feature = "_bip324")]
impl core::fmt::Debug for RecordedKey {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RecordedKey").finish_non_exhaustive()
    }
}

/// Bytes without meaning that follow a key, 4,095 at most (BIP324).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Garbage {
    /// A random number of random bytes, from the seed of the machine.
    #[default]
    Random,
    /// These. A pattern that all our connections share gives us away.
    Fixed(Bytes),
}
