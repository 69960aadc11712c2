//! [`Text`]: a string that a peer sent, which may be anything.

use alloc::string::String;
use core::fmt::{self, Write};

use bytes::Bytes;

/// Text from the wire: bytes that are meant to be read by people but may be any.
///
/// It keeps the bytes as they are. Shown, every byte that is not printable ASCII becomes `?`, so that a peer cannot
/// write control characters into a terminal or lines into a log.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Bytes);

impl Text {
    /// Text of any bytes.
    #[must_use]
    pub const fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The bytes as they were sent.
    #[must_use]
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no text.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Bytes> for Text {
    fn from(bytes: Bytes) -> Self {
        Self::new(bytes)
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Bytes::from(text))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| {
            f.write_char(match byte {
                0x20..=0x7e => char::from(*byte),
                _ => '?',
            })
        })
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `Bytes` escapes what is not printable.
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn shown_without_control_characters() {
        let text = Text::from(Bytes::from_static(b"/a\x1b[2J\n\xff:1 ~/\x7f\0"));
        assert_eq!(text.to_string(), "/a?[2J??:1 ~/??");
    }
}
