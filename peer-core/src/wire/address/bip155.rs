//! The networks of BIP155: their numbers, the lengths of their addresses, and which of these are to be ignored.

use super::Address;
use crate::wire::error::saturate;
use crate::wire::{DecodeErrorKind, FieldError};

impl Address {
    /// Reads the BIP155 form.
    ///
    /// `Ok(None)` is an address to be ignored without blame: of an unknown network, which may be a later one's; a
    /// version 2 onion service; IPv4 or an onion service inside IPv6; CJDNS or Yggdrasil without their prefix.
    ///
    /// # Errors
    ///
    /// When the length is not that of a known network, or above [`MAX_ADDRESS_SIZE`].
    pub fn from_bip155(network: u8, bytes: &[u8]) -> Result<Option<Self>, FieldError> {
        let address = match network {
            IPV4 => Self::Ipv4(exactly(bytes)?),
            IPV6 => Self::from_legacy(exactly(bytes)?),
            TOR_V2 => Self::TorV2(exactly(bytes)?),
            TOR_V3 => Self::TorV3(exactly(bytes)?),
            I2P => Self::I2p(exactly(bytes)?),
            CJDNS => Self::Cjdns(exactly(bytes)?),
            YGGDRASIL => Self::Yggdrasil(exactly(bytes)?),
            _ if bytes.len() > MAX_ADDRESS_SIZE => return Err(wrong_size(bytes, MAX_ADDRESS_SIZE)),
            _ => return Ok(None),
        };
        Ok((address.network() == network && address.is_sendable()).then_some(address))
    }

    /// The number of its network.
    #[must_use]
    pub const fn network(&self) -> u8 {
        match self {
            Self::Ipv4(_) => IPV4,
            Self::Ipv6(_) => IPV6,
            Self::TorV2(_) => TOR_V2,
            Self::TorV3(_) => TOR_V3,
            Self::I2p(_) => I2P,
            Self::Cjdns(_) => CJDNS,
            Self::Yggdrasil(_) => YGGDRASIL,
        }
    }

    /// The bytes behind its network's number.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Ipv4(bytes) => bytes,
            Self::TorV2(bytes) => bytes,
            Self::Ipv6(bytes) | Self::Cjdns(bytes) | Self::Yggdrasil(bytes) => bytes,
            Self::TorV3(bytes) | Self::I2p(bytes) => bytes,
        }
    }

    /// Whether receivers of `addrv2` take it rather than ignore it.
    #[must_use]
    pub fn is_sendable(&self) -> bool {
        match self {
            Self::Ipv4(_) | Self::TorV3(_) | Self::I2p(_) => true,
            Self::Ipv6(bytes) => Self::from_legacy(*bytes) == *self,
            Self::TorV2(_) => false,
            Self::Cjdns(bytes) => bytes.starts_with(&[0xfc]),
            Self::Yggdrasil(bytes) => matches!(bytes, [0x02 | 0x03, ..]),
        }
    }
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], FieldError> {
    bytes.try_into().map_err(|_| wrong_size(bytes, N))
}

fn wrong_size(bytes: &[u8], expected: usize) -> FieldError {
    let (size, expected) = (bytes.len() as u64, saturate(expected));
    let kind = if size > u64::from(expected) {
        DecodeErrorKind::SizeAboveLimit {
            size,
            limit: expected,
        }
    } else {
        DecodeErrorKind::SizeBelowMinimum {
            size,
            minimum: expected,
        }
    };
    FieldError::new("address", kind)
}

/// The longest address of any network, present or future, in bytes (Core's `MAX_ADDRV2_SIZE`).
pub const MAX_ADDRESS_SIZE: usize = 512;

const IPV4: u8 = 1;
const IPV6: u8 = 2;
const TOR_V2: u8 = 3;
const TOR_V3: u8 = 4;
const I2P: u8 = 5;
const CJDNS: u8 = 6;
const YGGDRASIL: u8 = 7;
