//! Bytes for people: offset, hexadecimal, ASCII, as `hexdump -C` prints them.

use core::fmt::{self, Write};

/// Bytes shown; of the rest only the number is told.
const SHOWN: usize = 4_096;

/// Bytes in a line.
const WIDTH: usize = 16;

/// Shows a payload as lines of `offset  16 bytes  |ASCII|`, without a line break at the end.
pub(super) struct HexDump<'a>(pub(super) &'a [u8]);

impl fmt::Display for HexDump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..SHOWN).unwrap_or(self.0);
        for (index, line) in shown.chunks(WIDTH).enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            write_line(f, index.saturating_mul(WIDTH), line)?;
        }
        match self.0.len().saturating_sub(shown.len()) {
            0 => Ok(()),
            more => write!(f, "\n{more} more bytes"),
        }
    }
}

fn write_line(f: &mut fmt::Formatter<'_>, offset: usize, line: &[u8]) -> fmt::Result {
    write!(f, "{offset:08x} ")?;
    for column in 0..WIDTH {
        if column % 8 == 0 {
            f.write_char(' ')?;
        }
        match line.get(column) {
            Some(byte) => write!(f, "{byte:02x} ")?,
            None => f.write_str("   ")?,
        }
    }
    f.write_str(" |")?;
    for byte in line {
        f.write_char(match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        })?;
    }
    f.write_char('|')
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    /// What `hexdump -C` prints of the same bytes.
    #[test]
    fn looks_like_hexdump() {
        let bytes = b"\xf9\xbe\xb4\xd9version\0\0\0\0\0|\x1b[2J\n~ \x7f\xff";
        let expected = "\
00000000  f9 be b4 d9 76 65 72 73  69 6f 6e 00 00 00 00 00  |....version.....|
00000010  7c 1b 5b 32 4a 0a 7e 20  7f ff                    ||.[2J.~ ..|";
        assert_eq!(HexDump(bytes).to_string(), expected);
        assert_eq!(HexDump(b"").to_string(), "");
    }

    #[test]
    fn bounded() {
        let whole = HexDump(&[0; SHOWN]).to_string();
        assert_eq!(whole.lines().count(), 256);
        assert!(whole.lines().all(|line| line.len() == 78), "{whole}");
        let cut = HexDump(&vec![0; 4_000_000]).to_string();
        assert_eq!(cut.strip_prefix(&whole), Some("\n3995904 more bytes"));
    }
}
