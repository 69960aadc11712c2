//! Addresses of nodes, in the two forms that the protocol has for them.
//!
//! The legacy form is 16 bytes that are an IPv6 address or pretend to be one; BIP155 names the network and gives each
//! its own length. Both become an [`Address`], and lists of either keep the bytes they arrived in. Whether an address
//! is reachable, or worth remembering, is for the application to say.

mod bip155;
mod entry;
mod list;
mod list_v2;
mod name;

pub use self::bip155::MAX_ADDRESS_SIZE;
pub use self::entry::{AddrEntry, NetAddr};
pub use self::list::{AddrIter, AddrList};
pub use self::list_v2::{AddrV2List, AddrV2Record, AddrV2Records};

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;

/// Where a node can be reached, without the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Address {
    /// IPv4.
    Ipv4([u8; 4]),
    /// IPv6.
    Ipv6([u8; 16]),
    /// Tor onion service, version 2: the start of the hash of its key. Gone from the Tor network since 2021.
    TorV2([u8; 10]),
    /// Tor onion service, version 3: its ed25519 key.
    TorV3([u8; 32]),
    /// I2P: hash of the destination. Nodes use port 0 there.
    I2p([u8; 32]),
    /// CJDNS: an IPv6 address in `fc00::/8`.
    Cjdns([u8; 16]),
    /// Yggdrasil: an IPv6 address in `0200::/7`.
    Yggdrasil([u8; 16]),
}

impl Address {
    /// Reads the legacy form, in which every 16 bytes are an address.
    ///
    /// IPv4 is `::ffff:0:0/96` there and version 2 onion services are `fd87:d87e:eb43::/48` ("OnionCat").
    #[must_use]
    pub fn from_legacy(bytes: [u8; 16]) -> Self {
        if let Some(Ok(ipv4)) = bytes.strip_prefix(&IPV4_MAPPED).map(TryInto::try_into) {
            Self::Ipv4(ipv4)
        } else if let Some(Ok(onion)) = bytes.strip_prefix(&ONION_CAT).map(TryInto::try_into) {
            Self::TorV2(onion)
        } else {
            Self::Ipv6(bytes)
        }
    }

    /// The legacy form; `None` for the networks that have none.
    #[must_use]
    pub fn to_legacy(self) -> Option<[u8; 16]> {
        let mut bytes = [0; 16];
        match self {
            Self::Ipv4(ipv4) => {
                bytes[..12].copy_from_slice(&IPV4_MAPPED);
                bytes[12..].copy_from_slice(&ipv4);
            }
            Self::TorV2(onion) => {
                bytes[..6].copy_from_slice(&ONION_CAT);
                bytes[6..].copy_from_slice(&onion);
            }
            Self::Ipv6(ipv6) => bytes = ipv6,
            Self::TorV3(_) | Self::I2p(_) | Self::Cjdns(_) | Self::Yggdrasil(_) => return None,
        }
        Some(bytes)
    }

    /// The address as the operating system takes it; `None` for onion services and I2P.
    #[must_use]
    pub const fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Ipv4([a, b, c, d]) => Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d))),
            Self::Ipv6(bytes) | Self::Cjdns(bytes) | Self::Yggdrasil(bytes) => {
                Some(IpAddr::V6(Ipv6Addr::from_bits(u128::from_be_bytes(bytes))))
            }
            Self::TorV2(_) | Self::TorV3(_) | Self::I2p(_) => None,
        }
    }
}

/// As [`Address::from_legacy`]: an IPv4-mapped IPv6 address becomes IPv4. Nothing tells CJDNS and Yggdrasil from IPv6
/// here; name them where they are meant.
impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ipv4) => Self::Ipv4(ipv4.octets()),
            IpAddr::V6(ipv6) => Self::from_legacy(ipv6.octets()),
        }
    }
}

/// Why an address cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressError {
    /// `addr` has no form for it; only `addrv2` does.
    #[error("{0} cannot be written in an addr message")]
    NoLegacyForm(Address),
    /// BIP155 has receivers ignore it: version 2 onion services, IPv4 or an onion service inside IPv6, and prefixes
    /// that are not their network's.
    #[error("{0} must not be sent in an addrv2 message")]
    Ignored(Address),
}

const IPV4_MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const ONION_CAT: [u8; 6] = [0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43];

#[cfg(test)]
mod tests;
