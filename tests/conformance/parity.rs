//! `PARITY.md` and `BIPS.md` are complete and true: no name of the Go packages is left out, every item of ours that is
//! named is public, and every test that is named is run.

mod go;

use std::collections::BTreeSet;

use self::go::{BEHAVIOUR, BIPS, CONFIG, LISTENERS, Name, PACKAGE, PEER, STATS};
use crate::items::Items;
use crate::tables::{all_tests, code, fences, table, without_fences, workspace, wrong_tests};

/// What is known of the workspace.
struct Known {
    items: Items,
    tests: BTreeSet<String>,
}

impl Known {
    fn of_workspace() -> Self {
        Self {
            items: Items::of_workspace(),
            tests: all_tests(),
        }
    }

    /// What is wrong with the table under `heading`, whose rows have so many cells and begin with those of `expected`.
    /// The third cell names items, the last one tests.
    fn wrong_rows(
        &self,
        (heading, cells): (&str, usize),
        expected: &[&[&str]],
        text: &str,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut seen = BTreeSet::new();
        for row in table(text, heading) {
            let key: Vec<&str> = row.iter().map(|cell| bare(cell)).collect();
            let name = key.get(..2).unwrap_or(&key).join(" ");
            let place = expected.iter().position(|begin| key.starts_with(begin));
            match place {
                None => wrong.push(format!("{name}: there is no such thing")),
                Some(place) if !seen.insert(place) => wrong.push(format!("{name}: twice")),
                Some(_) if row.len() != cells => wrong.push(format!("{name}: {} cells", row.len())),
                Some(_) => {
                    let told = self.wrong_row(&row).into_iter();
                    wrong.extend(told.map(|told| format!("{name}: {told}")));
                }
            }
        }
        let missing = (0..expected.len()).filter(|place| !seen.contains(place));
        wrong.extend(missing.map(|place| format!("{}: no row", expected[place].join(" "))));
        wrong
    }

    fn wrong_row(&self, row: &[&str]) -> Vec<String> {
        let [_, _, here, .., tests] = row else {
            return vec!["too short".to_owned()];
        };
        let mut wrong = wrong_tests(tests, &self.tests);
        if code(here).next().is_none() {
            wrong.push("no item is named".to_owned());
        }
        let strange = code(here).filter(|name| !self.items.has(name));
        wrong.extend(strange.map(|name| format!("there is no public item {name}")));
        wrong
    }

    /// What a text says of items that are none, outside its tables' first columns: whatever looks like a path.
    fn wrong_names(&self, text: &str) -> Vec<String> {
        let text = without_fences(text);
        let paths = code(&text).filter(|name| name.contains("::") && !self.items.has(name));
        let mut wrong: Vec<String> = paths
            .map(|name| format!("there is no public item {name}"))
            .collect();
        for promise in ["planned", "todo", "tbd", "not yet"] {
            if text.to_lowercase().contains(promise) {
                wrong.push(format!("it promises something: {promise:?}"));
            }
        }
        wrong
    }
}

/// A cell without what sets it as code.
fn bare(cell: &str) -> &str {
    cell.trim_matches('`')
}

fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap()
}

fn begin(names: &[Name]) -> Vec<[&'static str; 2]> {
    names
        .iter()
        .map(|Name(whose, name)| [*whose, *name])
        .collect()
}

fn wrong_in_parity(text: &str, known: &Known) -> Vec<String> {
    let tables = [
        ("## Package", PACKAGE),
        ("## Config", CONFIG),
        ("## MessageListeners", LISTENERS),
        ("## Peer", PEER),
        ("## StatsSnap", STATS),
        ("## Behaviour", BEHAVIOUR),
    ];
    let mut wrong = known.wrong_names(text);
    for (heading, names) in tables {
        let begin = begin(names);
        let begin: Vec<&[&str]> = begin.iter().map(|cells| &cells[..]).collect();
        wrong.extend(known.wrong_rows((heading, 5), &begin, text));
    }
    // The hints have no tests of their own, and name items all the same.
    for heading in ["## How the shape maps", "### The types in their signatures"] {
        for row in table(text, heading) {
            let names =
                code(row[1]).filter(|name| name.starts_with(|first: char| first.is_uppercase()));
            let names = names.filter(|name| !name.contains(' ') && !known.items.has(name));
            wrong.extend(names.map(|name| format!("{}: there is no public item {name}", row[0])));
        }
    }
    wrong
}

#[test]
fn what_they_have_is_here() {
    let wrong = wrong_in_parity(&read("peer-core/PARITY.md"), &Known::of_workspace());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_bip_has_items_and_tests_that_exist() {
    let (text, known) = (read("peer-core/BIPS.md"), Known::of_workspace());
    let begin: Vec<[&str; 1]> = BIPS.iter().map(|number| [*number]).collect();
    let begin: Vec<&[&str]> = begin.iter().map(|cells| &cells[..]).collect();
    let mut wrong = known.wrong_names(&text);
    wrong.extend(known.wrong_rows(("# BIPs", 6), &begin, &text));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_example_shown_is_the_one_that_runs() {
    let (text, program) = (
        read("peer-core/PARITY.md"),
        read("peer-tokio/examples/ported.rs"),
    );
    assert_eq!(fences(&text), [program]);
}

#[cfg(test)]
mod tests;
