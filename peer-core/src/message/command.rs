//! [`CommandName`]: the twelve bytes that name a message in a frame.

use core::fmt;
use core::str::FromStr;

use thiserror::Error;

/// Name of a message: up to 12 printable ASCII characters, padded with zeros on the wire.
///
/// The empty name is valid, as it is in Bitcoin Core; no message has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandName([u8; Self::LEN]);

/// Bytes that cannot name a message: not printable ASCII, text after a zero, or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a command is at most 12 printable ASCII characters, padded with zeros")]
pub struct InvalidCommand;

impl CommandName {
    /// Length on the wire in bytes (Core's `MESSAGE_TYPE_SIZE`).
    pub const LEN: usize = 12;

    /// The empty name.
    pub(crate) const EMPTY: Self = Self([0; Self::LEN]);

    /// The name `text`.
    ///
    /// # Errors
    ///
    /// When it is longer than 12 bytes or has a character outside `0x20..=0x7e`.
    pub const fn new(text: &str) -> Result<Self, InvalidCommand> {
        let text = text.as_bytes();
        if text.len() > Self::LEN {
            return Err(InvalidCommand);
        }
        let mut bytes = [0; Self::LEN];
        let mut i = 0;
        while i < text.len() {
            if !is_printable(text[i]) {
                return Err(InvalidCommand);
            }
            bytes[i] = text[i];
            i += 1;
        }
        Ok(Self(bytes))
    }

    /// From the bytes of a frame.
    ///
    /// # Errors
    ///
    /// When a byte before the first zero is outside `0x20..=0x7e`, or one after it is not zero.
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Result<Self, InvalidCommand> {
        let (text, padding) = bytes.split_at(text_len(&bytes));
        if text.iter().all(|byte| is_printable(*byte)) && padding.iter().all(|byte| *byte == 0) {
            Ok(Self(bytes))
        } else {
            Err(InvalidCommand)
        }
    }

    /// The name as it stands in a frame, padded with zeros.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        self.0
    }

    /// The name without its padding.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.0.get(..text_len(&self.0)).unwrap_or_default();
        // Every constructor checked that this is ASCII.
        core::str::from_utf8(text).unwrap_or_default()
    }
}

const fn is_printable(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e)
}

fn text_len(bytes: &[u8; CommandName::LEN]) -> usize {
    bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(CommandName::LEN)
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandName({:?})", self.as_str())
    }
}

impl FromStr for CommandName {
    type Err = InvalidCommand;

    fn from_str(text: &str) -> Result<Self, InvalidCommand> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_characters_fit() {
        let name = CommandName::new("getcfcheckpt").unwrap();
        assert_eq!(&name.to_bytes(), b"getcfcheckpt");
        assert_eq!(name.as_str(), "getcfcheckpt");
        assert_eq!(CommandName::new("getcfcheckpts"), Err(InvalidCommand));
    }

    #[test]
    fn padding_is_zeros() {
        let name = CommandName::from_bytes(*b"tx\0\0\0\0\0\0\0\0\0\0").unwrap();
        assert_eq!(name.as_str(), "tx");
        let text_after_zero = *b"tx\0\0\0\0\0\0\0\0\0x";
        assert_eq!(
            CommandName::from_bytes(text_after_zero),
            Err(InvalidCommand)
        );
        assert_eq!(CommandName::from_bytes([0; 12]).unwrap().as_str(), "");
    }

    #[test]
    fn only_printable_ascii() {
        for byte in 1..=u8::MAX {
            let valid = (0x20..=0x7e).contains(&byte);
            assert_eq!(CommandName::from_bytes([byte; 12]).is_ok(), valid);
        }
        assert_eq!(CommandName::new("a\0"), Err(InvalidCommand));
        assert_eq!(CommandName::new("é"), Err(InvalidCommand));
    }
}
