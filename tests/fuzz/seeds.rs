//! Seeds of `message` and `differential` from what the tests know: messages of NavCoin, of Litecoin's extension block and
//! of BIP157's drafts, and the examples of differences to another reader.
//!
//! A seed names its message by the row in the table of messages. Who puts a row between others writes the seeds again.

use std::fs;
use std::path::Path;

use peer_core::message::{CommandName, MessageKind};
use peer_tests::composed::sections;
use peer_tests::fuzz::differential::{Case, DIFFERENCES};

/// Larger ones would make every execution slow and show nothing else.
const MAX_LEN: usize = 3_000;

/// The version in `message` that has every message: 70016.
const VERSION: u8 = 4;

/// A seed of `message` or `differential`, and what it is called.
pub(crate) type Seed = (String, Vec<u8>);

pub(crate) fn of_message() -> Vec<Seed> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../peer-core/tests/data");
    let read = |name: &str| fs::read_to_string(data.join(name)).unwrap();
    let mut seeds = Vec::new();
    for (prefix, file) in [
        ("navcoin", "navcoin/composed.txt"),
        ("draft", "messages/draft-filters.txt"),
    ] {
        for section in sections(&read(file)) {
            let name = format!("{prefix} {} {}", section.command, section.name);
            seeds.extend(seed(&name, &section.command, &section.bytes));
        }
    }
    // Its README describes the notation.
    for line in read("mweb/messages.txt").lines() {
        if let [section, command, _, payload] = line.split(" | ").collect::<Vec<_>>()[..]
            && command != "-"
            && !payload.starts_with('=')
        {
            let digits = |at: usize| u8::from_str_radix(&payload[at..at + 2], 16).unwrap();
            let payload: Vec<u8> = (0..payload.len()).step_by(2).map(digits).collect();
            seeds.extend(seed(&format!("mweb {section}"), command, &payload));
        }
    }
    seeds
}

pub(crate) fn of_differential() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for difference in DIFFERENCES {
        for (number, Case { command, payload }) in (difference.examples)().into_iter().enumerate() {
            let name = format!("difference {} {number}", difference.name);
            match CommandName::from_bytes(command) {
                Ok(command) => seeds.extend(seed(&name, command.as_str(), &payload)),
                Err(_) => seeds.push((file_name(&name), [&[0xff, 0], &command[..]].concat())),
            }
        }
    }
    seeds
}

fn seed(name: &str, command: &str, payload: &[u8]) -> Option<Seed> {
    let kind = MessageKind::from_command(&command.parse().unwrap()).unwrap();
    let row = MessageKind::ALL
        .iter()
        .position(|row| *row == kind)
        .unwrap();
    let head = [row as u8, VERSION];
    (payload.len() <= MAX_LEN).then(|| (file_name(name), [&head[..], payload].concat()))
}

/// Lower case, digits and hyphens.
fn file_name(name: &str) -> String {
    let words = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}
