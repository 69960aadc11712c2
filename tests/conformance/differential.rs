//! Against the p2p types of the crate `bitcoin`: what the table of differences says, and nothing else, is read
//! differently. The body and the table are `fuzz::differential`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use peer_core::message::MessageKind;
use peer_tests::capture::{Capture, Way};
use peer_tests::composed::sections;
use peer_tests::fuzz::differential::{Case, DIFFERENCES, explain};
use peer_tests::script::HEADER_LEN;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A difference that is gone must go from the table as well.
#[test]
fn every_difference_is_still_there() {
    for difference in DIFFERENCES {
        let examples = (difference.examples)();
        assert!(!examples.is_empty(), "{}", difference.name);
        for case in examples {
            let explained = explain(&case);
            assert_eq!(explained, Some(difference.name), "{case:?}");
        }
    }
}

#[test]
fn the_readme_has_the_differences() {
    let readme = fs::read_to_string(root().join("fuzz/README.md")).unwrap();
    let table = readme.split_once("## Differences").unwrap().1;
    let rows = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let listed: Vec<&str> = rows.skip(1).collect();
    let names: Vec<&str> = DIFFERENCES.iter().map(|row| row.name).collect();
    assert_eq!(listed, names);
}

/// Everything that nodes said to each other, and the differences that came up.
#[test]
fn captures_agree_but_for_what_is_listed() {
    let mut found = BTreeSet::new();
    let mut messages = 0;
    for capture in Capture::all() {
        for way in Way::BOTH {
            for entry in capture.entries(way) {
                let start = entry.offset + HEADER_LEN;
                let payload = &capture.stream(way)[start..start + entry.length];
                let Some(kind) = MessageKind::from_command(&entry.command.parse().unwrap()) else {
                    continue;
                };
                messages += 1;
                found.extend(explain(&Case::new(kind, payload.to_vec())));
            }
        }
    }
    assert!(messages > 1_000, "{messages}");
    // The captures have a client that says what old nodes said, and bytes behind the end.
    let names = [
        "alert with its signature",
        "messages that bitcoin does not know",
        "short version",
        "trailing bytes",
    ];
    assert!(found.iter().eq(&names), "{found:?}");
}

/// Every payload under `peer-core/tests/data`, valid or not, under every name.
#[test]
fn samples_under_any_name_agree_but_for_what_is_listed() {
    let mut cases = 0;
    for payload in payloads(&root().join("peer-core/tests/data")) {
        for kind in MessageKind::ALL {
            let case = Case::new(*kind, payload.clone());
            explain(&case);
            cases += 1;
        }
    }
    assert!(cases > 50_000, "{cases}");
}

/// What a file holds, as far as it looks like payloads: composed sections, hexadecimal digits in text, or the file.
fn payloads(folder: &Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(payloads(&path));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        match String::from_utf8(bytes) {
            Ok(text) if ["composed.txt", "draft-filters.txt"].contains(&name) => {
                found.extend(sections(&text).into_iter().map(|section| section.bytes));
            }
            Ok(text) => found.extend(digits(&text)),
            Err(error) => found.push(error.into_bytes()),
        }
    }
    // The same is told of blocks of megabytes by those of kilobytes.
    found.retain(|payload| payload.len() < 100_000);
    found.sort();
    found.dedup();
    found
}

fn digits(text: &str) -> impl Iterator<Item = Vec<u8>> {
    text.split(|c: char| !c.is_ascii_hexdigit())
        .filter(|word| word.len() >= 8 && word.len().is_multiple_of(2))
        .map(|word| {
            let byte = |at: usize| u8::from_str_radix(&word[at..at + 2], 16).unwrap();
            (0..word.len()).step_by(2).map(byte).collect()
        })
}
