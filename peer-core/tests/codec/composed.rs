//! Files of bytes with comments, `composed.txt` and the like: sections `[command] name`, each of which is a payload.

#![expect(clippy::expect_used, reason = "in a test a panic is a failure")]

/// One payload.
#[derive(Clone, Debug)]
pub struct Section {
    /// The message that it is a payload of.
    pub command: String,
    /// What is particular about it.
    pub name: String,
    /// The payload.
    pub bytes: Vec<u8>,
}

/// The sections of a file.
///
/// # Panics
///
/// On a line that is not in the notation.
#[must_use]
pub fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines() {
        let heading = line
            .strip_prefix('[')
            .and_then(|line| line.split_once("] "));
        if let Some((command, name)) = heading {
            sections.push(Section {
                command: command.to_owned(),
                name: name.to_owned(),
                bytes: Vec::new(),
            });
        } else if let Some(section) = sections.last_mut() {
            section.bytes.extend(bytes_of(line));
        }
    }
    sections
}

/// `11`, `11*48` and `"text"`, up to a `#`. A quotation mark in a text is written twice.
fn bytes_of(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        if let Some(text) = rest.strip_prefix('"') {
            // Same length, so that positions are those of the line.
            let marked = text.replace("\"\"", "\u{1}\u{1}");
            let (inside, _) = marked.split_once('"').expect("the end of a text");
            let end = inside.len();
            bytes.extend(text[..end].replace("\"\"", "\"").bytes());
            rest = text[end + 1..].trim_start();
            continue;
        }
        let (word, tail) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let (byte, count) = word.split_once('*').unwrap_or((word, "1"));
        let byte = u8::from_str_radix(byte, 16).expect("two hexadecimal digits");
        let count = count.parse().expect("a number");
        bytes.extend(core::iter::repeat_n(byte, count));
        rest = tail.trim_start();
    }
    bytes
}
