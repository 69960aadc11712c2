//! Raw bytes for people: offset, sixteen bytes in hexadecimal, the same as text.
//!
//! ```text
//! 127.0.0.1:18444 <- verack, 24 bytes
//! 00000000  fa bf b5 da 76 65 72 61  63 6b 00 00 00 00 00 00  |....verack......|
//! ```
//!
//! Of v2 this is what was encrypted: the message type, one byte or thirteen, and the payload. On the wire it is longer
//! by 20 bytes, and looks random.

use core::fmt::Write;

use peer_core::RawFrame;

/// A frame that was received (`<-`) or sent (`->`), header or message type and payload in one.
pub(super) fn frame(peer: &str, arrow: &str, frame: &RawFrame) -> String {
    let bytes: Vec<u8> = [&frame.header[..], &frame.payload[..]].concat();
    let length = bytes.len();
    let command = frame.command.map(|name| name.to_string());
    let command = command.unwrap_or_else(|| "not a command".to_owned());
    let mut dump = format!("{peer} {arrow} {command}, {length} bytes\n");
    dump.reserve(LINE_LEN * length.div_ceil(WIDTH));
    for (line, offset) in bytes.chunks(WIDTH).zip((0..).step_by(WIDTH)) {
        // Writing to a string does not fail.
        let _ = write_line(&mut dump, offset, line);
    }
    dump
}

fn write_line(dump: &mut String, offset: usize, line: &[u8]) -> core::fmt::Result {
    write!(dump, "{offset:08x}")?;
    for column in 0..WIDTH {
        let gap = if column % 8 == 0 { "  " } else { " " };
        match line.get(column) {
            Some(byte) => write!(dump, "{gap}{byte:02x}")?,
            None => write!(dump, "{gap}  ")?,
        }
    }
    dump.push_str("  |");
    dump.extend(line.iter().map(|byte| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '.',
    }));
    dump.push_str("|\n");
    Ok(())
}

const WIDTH: usize = 16;
const LINE_LEN: usize = 8 + 2 + 3 * WIDTH + 2 + 1 + WIDTH + 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bytes_a_line() {
        let mut dump = String::new();
        write_line(&mut dump, 0, b"\xfa\xbf\xb5\xdaverack\0\0\0\0\0\0").unwrap();
        write_line(&mut dump, 16, b"\x1b[2").unwrap();
        let expected = "\
00000000  fa bf b5 da 76 65 72 61  63 6b 00 00 00 00 00 00  |....verack......|
00000010  1b 5b 32                                          |.[2|
";
        assert_eq!(dump, expected);
    }
}
