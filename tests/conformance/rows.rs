//! `CONFORMANCE.md` is complete, and the tests it names are there and are run.

use std::collections::BTreeSet;

use crate::tables::{EXCUSE, all_tests, code, table, workspace, wrong_tests};

/// The sections of the conformance table, and their last rows.
const SECTIONS: [(&str, usize); 12] = [
    ("## 2.1 Frames of v1", 16),
    ("## 2.2 Handshake", 32),
    ("## 2.3 Nothing leaks", 43),
    ("## 2.4 Pings and silences", 53),
    ("## 2.5 Bans", 58),
    ("## 2.6 Addresses", 74),
    ("## 2.7 Filters", 86),
    ("## 2.8 Headers and locators", 95),
    ("## 2.9 Transactions and compact blocks", 116),
    ("## 2.10 Negotiation", 125),
    ("## 2.11 BIP324", 142),
    ("## 2.12 Liveness", 146),
];

/// The kinds of connection in table 2.12a.
const CONNECTIONS: [&str; 7] = [
    "inbound",
    "inbound, reconciling",
    "outbound full-relay",
    "outbound addr-fetch",
    "outbound block-relay-only",
    "rejected for services",
    "private broadcast",
];

/// The stimuli of table 2.13.
const PRESETS: [&str; 19] = [
    "second `version`",
    "second `verack`",
    "bad checksum (v1)",
    "unknown command",
    "known message before its time",
    "decode error in a known payload",
    "trailing bytes",
    "bad command",
    "count above its limit",
    "locator above its limit",
    "minimum version",
    "`addr` with 0 entries",
    "bloom message without the service",
    "handshake timeout",
    "silence",
    "v2 payload of 4,000,001 B and more with a 1-byte type",
    "v2 decoys",
    "wrong magic, length above the limit, failed authentication",
    "frame limit",
];

/// Vulnerabilities in section 3.
const VULNERABILITIES: usize = 51;

/// Rows that may be excused though they are not the policy of a node: how many connections there are is not a matter of
/// one handshake.
const SLOTS: &str = "32";

/// What a text says: mistakes, rows that have tests, and rows that have a reason to have none.
#[derive(Debug, Default)]
struct Found {
    wrong: Vec<String>,
    apply: usize,
    excused: usize,
}

impl Found {
    /// Reads the table under `heading`: rows of so many cells, whose first ones are `keys` and whose last ones name tests.
    fn read<'a>(
        &mut self,
        text: &'a str,
        (heading, cells): (&str, usize),
        keys: &[String],
        known: &BTreeSet<String>,
    ) -> Vec<Vec<&'a str>> {
        let rows = table(text, heading);
        for row in &rows {
            let mut wrong = wrong_tests(row[row.len() - 1], known);
            if row.len() != cells {
                wrong.push(format!("{} cells, not {cells}", row.len()));
            }
            if row.iter().any(|cell| cell.is_empty()) {
                wrong.push("a cell is empty".to_owned());
            }
            let excused = row[row.len() - 1].starts_with(EXCUSE);
            self.excused += usize::from(excused);
            self.apply += usize::from(!excused);
            let name = row[0];
            self.wrong
                .extend(wrong.into_iter().map(|wrong| format!("{name}: {wrong}")));
        }
        let found: Vec<&str> = rows.iter().map(|row| row[0]).collect();
        if found != *keys {
            self.wrong.push(format!("{heading}: rows {found:?}"));
        }
        rows
    }

    /// What is wrong with the layer and the source of a numbered row.
    fn judge(&mut self, row: &[&str]) {
        let [number, _, _, layer, source, tests] = row else {
            return;
        };
        let mut layers = layer.split(", ");
        if !layers.all(|layer| ["W", "T", "H", "S", "N"].contains(&layer)) {
            self.wrong.push(format!("{number}: layer {layer}"));
        }
        if tests.starts_with(EXCUSE) && *layer != "N" && *number != SLOTS {
            self.wrong.push(format!("{number}: {layer} needs a test"));
        }
        let named = |path: &str| path.starts_with("fn/") || path.starts_with("core/");
        if code(source).filter(|path| named(path)).count() != 1 {
            self.wrong.push(format!("{number}: source {source}"));
        }
    }
}

fn strings(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// What section 2 says, without its special tables.
fn numbered(text: &str, known: &BTreeSet<String>) -> Found {
    let (mut found, mut first) = (Found::default(), 1);
    for (heading, last) in SECTIONS {
        let keys: Vec<String> = (first..=last).map(|number| number.to_string()).collect();
        for row in found.read(text, (heading, 6), &keys, known) {
            found.judge(&row);
        }
        first = last + 1;
    }
    let count = format!(
        "{} rows apply, and have their tests; {} need a whole node.",
        found.apply, found.excused
    );
    if !text.contains(&count) {
        found.wrong.push(format!("it does not say: {count}"));
    }
    found
}

/// What is wrong with any of the tables.
fn wrong_in(text: &str, known: &BTreeSet<String>) -> Vec<String> {
    let mut found = numbered(text, known);
    let vulnerabilities: Vec<String> = (1..=VULNERABILITIES).map(|v| format!("V{v}")).collect();
    let mut others = Found::default();
    for (heading, cells, keys) in [
        ("## 2.12a What is said first", 3, strings(&CONNECTIONS)),
        ("## 2.13 Presets", 5, strings(&PRESETS)),
        ("## 3 Vulnerabilities", 4, vulnerabilities),
    ] {
        others.read(text, (heading, cells), &keys, known);
    }
    found.wrong.extend(others.wrong);
    found.wrong
}

/// The tests of the workspace, and what every adapter is put through: `room::scenario` in the list of `adapters/main.rs`.
fn known() -> BTreeSet<String> {
    let mut known = all_tests();
    let list = std::fs::read_to_string(workspace().join("tests/adapters/main.rs")).unwrap();
    known.extend(scenarios(&list));
    known
}

fn scenarios(list: &str) -> impl Iterator<Item = String> {
    let lines = list.lines().map(str::trim);
    let names = lines.filter_map(|line| line.strip_suffix(','));
    let is_path = |name: &&str| {
        let mut parts = name.split("::");
        let word = |part: &str| {
            part.bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        };
        parts.clone().count() == 2 && parts.all(|part| !part.is_empty() && word(part))
    };
    names.filter(is_path).map(str::to_owned)
}

fn read() -> String {
    std::fs::read_to_string(workspace().join("tests/CONFORMANCE.md")).unwrap()
}

#[test]
fn every_row_has_tests_that_exist_or_a_reason() {
    let (text, known) = (read(), known());
    let wrong = wrong_in(&text, &known);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let Found { apply, excused, .. } = numbered(&text, &known);
    println!("conformance rows: {apply} of {apply} pass, {excused} need a whole node");
    assert_eq!(apply + excused, 146);
}

/// What the text must not get away with, one change each.
#[test]
fn a_row_that_is_missing_or_untrue_is_noticed() {
    let (text, known) = (read(), known());
    let line = |start: &str| {
        let mut lines = text.lines();
        lines.find(|line| line.starts_with(start)).unwrap()
    };
    let row = line("| 44 |");
    let cells: Vec<&str> = row.split(" | ").collect();
    let [.., source, tests] = cells[..] else {
        panic!("{row}");
    };
    let excused = line("| 32 |");
    let fault = line("| V7 |");
    for (from, to, notice) in [
        (row, "", "rows"),
        (row, &*format!("{row}\n{row}"), "rows"),
        (fault, "", "rows"),
        (line("| inbound |"), "", "rows"),
        (line("| silence |"), "", "rows"),
        (tests, "`nobody_has_written_this` |", "there is no test"),
        (
            tests,
            "`silence::nobody_has_written_this` |",
            "there is no test",
        ),
        (tests, "of course |", "neither test nor reason"),
        (tests, "does not apply: nobody asked |", "needs a test"),
        (source, "`somewhere`", "source"),
        (source, "", "empty"),
        (
            excused,
            "| 32 | a | b | H | `fn/a.py:1` | does not apply: |",
            "excused for nothing",
        ),
        (
            excused,
            "| 32 | a | b | X | `fn/a.py:1` | does not apply: c |",
            "layer",
        ),
        (excused, "| 32 | a | does not apply: c |", "cells"),
        ("need a whole node.", "need two nodes.", "it does not say"),
    ] {
        // Only in the row that is meant: the same test may be named elsewhere.
        let changed = if row.contains(from) && from != row {
            text.replace(row, &row.replace(from, to))
        } else {
            text.replace(from, to)
        };
        let wrong = wrong_in(&changed, &known);
        assert!(
            wrong.iter().any(|wrong| wrong.contains(notice)),
            "{to:?} for {from:?}: {wrong:?}"
        );
    }
}

#[test]
fn scenarios_are_those_of_the_list() {
    let list = "
        //! - [`adapter`]: what; a::b
        mod adapter;
        adapter_tests! { @each
            silence::without_a_byte,
            crowd::A,
            one::two::three,
            alone,
            broken::half_closed,
        }";
    let found: Vec<String> = scenarios(list).collect();
    assert_eq!(found, ["silence::without_a_byte", "broken::half_closed"]);
}
