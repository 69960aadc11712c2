//! What is known of the remote once its `version` arrived.

use crate::message::VersionMessage;
use crate::wire::ServiceFlags;

/// The remote as it described itself, and what was agreed with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remote {
    /// Its `version` message.
    pub version: VersionMessage,
    /// The protocol version in force: the lower of ours and its.
    pub protocol_version: u32,
    /// It wants transactions announced by wtxid (BIP339).
    pub wtxid_relay: bool,
    /// It understands `addrv2` (BIP155).
    pub addr_v2: bool,
}

impl Remote {
    /// The services it offers.
    pub fn services(&self) -> ServiceFlags {
        self.version.services
    }
}
