//! Addresses as text.

use core::fmt::{self, Write};

use super::Address;

/// The name that a user would type, where it follows from the address alone.
///
/// That is not so for version 3 onion services, whose name ends in a SHA3 checksum that this crate does not compute:
/// they show as `torv3:` and the key in base 32.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ip) = self.ip() {
            return write!(f, "{ip}");
        }
        let (prefix, suffix) = match self {
            Self::TorV2(_) => ("", ".onion"),
            Self::TorV3(_) => ("torv3:", ""),
            _ => ("", ".b32.i2p"),
        };
        f.write_str(prefix)?;
        write_base32(self.as_bytes(), f)?;
        f.write_str(suffix)
    }
}

/// Base 32 in lower case without padding (RFC 4648).
fn write_base32(bytes: &[u8], out: &mut impl Write) -> fmt::Result {
    let (mut pending, mut bits) = (0_u16, 0);
    for byte in bytes {
        pending = pending << 8 | u16::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.write_char(digit(pending >> bits))?;
        }
    }
    if bits > 0 {
        out.write_char(digit(pending << (5 - bits)))?;
    }
    Ok(())
}

/// The digit of the five lowest bits.
fn digit(bits: u16) -> char {
    match (bits & 31) as u8 {
        letter @ 0..26 => char::from(b'a' + letter),
        number => char::from(b'2' + number - 26),
    }
}
