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

/// Anything on one line of a log or a screen: what is not printable ASCII becomes `?`, and what does not fit into `max`
/// characters ends in `...`. Nothing behind the cut is formatted, so a long list costs no more than a short one.
#[derive(Clone, Copy)]
pub(crate) struct OneLine<T> {
    pub(crate) shown: T,
    /// Longest line, in characters.
    pub(crate) max: usize,
}

impl<T: fmt::Display> fmt::Display for OneLine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Cutter {
            left: self.max.saturating_sub(CUT.len()),
            out: f,
            is_cut: false,
        };
        match write!(out, "{}", self.shown) {
            Err(_) if out.is_cut => f.write_str(CUT),
            result => result,
        }
    }
}

/// Stands where the rest was cut off.
const CUT: &str = "...";

/// Fails at the first character that has no room, which makes whatever is formatted stop there.
struct Cutter<'a, 'f> {
    out: &'a mut fmt::Formatter<'f>,
    left: usize,
    is_cut: bool,
}

impl Write for Cutter<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let Some(left) = self.left.checked_sub(1) else {
                self.is_cut = true;
                return Err(fmt::Error);
            };
            self.left = left;
            self.out.write_char(match character {
                ' '..='~' => character,
                _ => '?',
            })?;
        }
        Ok(())
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

    fn cut(shown: impl fmt::Display, max: usize) -> String {
        OneLine { shown, max }.to_string()
    }

    #[test]
    fn one_line_is_cut_and_printable() {
        assert_eq!(cut("1234567", 10), "1234567");
        assert_eq!(cut("12345678", 10), "1234567...");
        assert_eq!(cut("a\r\nb\x1b[2J\u{2028}\u{e9}", 100), "a??b?[2J??");
        assert_eq!(cut("", 0), "");
    }

    /// Shows itself for ever, as far as it is let.
    struct Endless;

    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                f.write_str("again ")?;
            }
        }
    }

    #[test]
    fn nothing_behind_the_cut_is_formatted() {
        assert_eq!(cut(Endless, 15), "again again ...");
    }
}
