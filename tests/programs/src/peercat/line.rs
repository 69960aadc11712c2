//! One line of output: a JSON object in printable ASCII, whatever the remote sent.
//!
//! Text of the remote is taken as UTF-8 with what is none replaced. Everything outside printable ASCII is escaped, so a
//! line is a line for every reader, and no terminal obeys a stranger.

use core::fmt;
use std::io;

use peer_core::Timestamp;
use peer_core::message::Text;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};

/// The fields of a JSON object, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// The fields that every line begins with.
    pub(super) fn event(name: &str, peer: Option<&str>, now: Timestamp) -> Self {
        Self::default()
            .with("event", name)
            .with("peer", peer)
            .with("time", seconds(now))
    }

    /// With one more field. A second one of the same name would replace the first.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// With something that shows itself as text: a hash, an address, a reason.
    #[must_use]
    pub(super) fn with_text(self, name: &str, value: impl fmt::Display) -> Self {
        self.with(name, value.to_string())
    }

    /// With all `fields` at the end.
    #[must_use]
    pub(super) fn and(mut self, fields: Self) -> Self {
        self.0.extend(fields.0);
        self
    }

    /// The line, with its end.
    pub(super) fn into_line(self) -> String {
        let mut line = Vec::new();
        let mut serializer = Serializer::with_formatter(&mut line, Ascii);
        // Neither writing to memory nor a map with text as keys can fail.
        let _ = self.0.serialize(&mut serializer);
        line.push(b'\n');
        String::from_utf8(line).unwrap_or_default()
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.0)
    }
}

/// Seconds since the Unix epoch, with microseconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of our age fit into 53 bits"
)]
pub(super) fn seconds(at: Timestamp) -> f64 {
    at.as_micros() as f64 / 1e6
}

/// Text of the remote.
pub(super) fn text(text: &Text) -> String {
    String::from_utf8_lossy(text.as_bytes()).into_owned()
}

/// Bytes in hexadecimal, the first [`MAX_BYTES`] of them.
pub(super) fn hex(bytes: &[u8]) -> String {
    let shown = bytes.iter().take(MAX_BYTES);
    shown.map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes shown of anything that has no meaning to us; its whole length stands beside it.
pub(super) const MAX_BYTES: usize = 256;

/// Escapes in strings what is not printable ASCII.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        for character in fragment.chars() {
            if matches!(character, ' '..='~') {
                writer.write_all(&[character as u8])?;
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn a_line_is_printable_ascii_and_means_what_was_said() {
        for hostile in [
            &b"/ok:1/"[..],
            b"\0\x01\n\r\t\"\\\x1b[2J\x7f",
            b"\xff\xfe broken \xc3",
            "C1 \u{9b}31m, RTL \u{202e}, line \u{2028}, \u{1f480}".as_bytes(),
            b"{\"event\":\"x\"}\n{\"event\":\"forged\"}",
        ] {
            let told = text(&Text::new(Bytes::from_static(hostile)));
            assert_eq!(told, String::from_utf8_lossy(hostile));
            let line = Fields::default().with("text", told.clone()).into_line();
            let body = line.strip_suffix('\n').unwrap();
            assert!(
                body.bytes().all(|byte| matches!(byte, b' '..=b'~')),
                "{body}"
            );
            let read: Value = serde_json::from_str(body).unwrap();
            assert_eq!(read["text"], told);
        }
    }

    #[test]
    fn fields_keep_their_order() {
        let now = Timestamp::from_micros(1_700_000_000_250_000);
        let fields = Fields::event("message", Some("1.2.3.4:5"), now).with("alpha", 1);
        assert_eq!(
            fields.into_line(),
            "{\"event\":\"message\",\"peer\":\"1.2.3.4:5\",\"time\":1700000000.25,\"alpha\":1}\n"
        );
    }

    #[test]
    fn hexadecimal_is_cut() {
        assert_eq!(hex(&[0, 0xff]), "00ff");
        assert_eq!(hex(&[1; 1000]).len(), 2 * MAX_BYTES);
    }
}
