//! Tables in Markdown that name tests, and the tests there are.
//!
//! Sources are read as tokens, so that tests inside macros count, and what only looks like one in a string does not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What a row may say instead of naming a test; a reason follows.
pub(crate) const EXCUSE: &str = "does not apply:";

/// The folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap().to_owned()
}

/// Every test in the sources of the workspace.
pub(crate) fn all_tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    tests_in(&workspace(), &mut found);
    found
}

fn tests_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                tests_in(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.extend(tests_of(&std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The functions of a source that are tests and are run.
pub(crate) fn tests_of(source: &str) -> Vec<String> {
    let mut tests = Vec::new();
    collect(source.parse().unwrap(), &mut tests);
    tests
}

/// What the attributes before a function say of it.
#[derive(Default)]
struct Marks {
    is_test: bool,
    is_ignored: bool,
}

fn collect(tokens: TokenStream, tests: &mut Vec<String>) {
    let mut marks = Marks::default();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                if let Some(TokenTree::Group(attribute)) = tokens.peek() {
                    marks.hear(attribute.stream());
                    tokens.next();
                }
            }
            TokenTree::Ident(word) if word == "fn" => {
                let Marks {
                    is_test,
                    is_ignored,
                } = core::mem::take(&mut marks);
                if let Some(TokenTree::Ident(name)) = tokens.peek()
                    && is_test
                    && !is_ignored
                {
                    tests.push(name.to_string());
                }
            }
            TokenTree::Ident(word) if word == "pub" || word == "async" => {}
            TokenTree::Group(group) => {
                // `pub(crate)` may stand between a function and its attributes, a block may not.
                if group.delimiter() == Delimiter::Brace {
                    marks = Marks::default();
                }
                collect(group.stream(), tests);
            }
            _ => marks = Marks::default(),
        }
    }
}

impl Marks {
    /// Hears `test`, `tokio::test(..)`, `ignore = ".."`, `cfg_attr(.., ignore)` and the like.
    fn hear(&mut self, attribute: TokenStream) {
        let path: Vec<String> = attribute
            .clone()
            .into_iter()
            .map_while(|token| match token {
                TokenTree::Ident(word) => Some(word.to_string()),
                TokenTree::Punct(colon) if colon.as_char() == ':' => Some(String::new()),
                _ => None,
            })
            .filter(|word| !word.is_empty())
            .collect();
        let said = attribute.to_string();
        let mut words = said.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        self.is_test |= path.last().is_some_and(|word| word == "test");
        self.is_ignored |= match path.first().map_or("", String::as_str) {
            "ignore" => true,
            "cfg_attr" => words.any(|word| word == "ignore"),
            _ => false,
        };
    }
}

/// The cells of the rows of the table under `heading`, without its head.
pub(crate) fn table<'a>(text: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let after = text.split(&format!("{heading}\n")).nth(1);
    let lines = after
        .unwrap_or_else(|| panic!("there is no {heading}"))
        .lines();
    let lines = lines.skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(cells).collect()
}

/// The cells of one row. A bar inside a cell is written `\|`.
fn cells(row: &str) -> Vec<&str> {
    let row = row.trim().trim_start_matches('|').trim_end_matches('|');
    row.split(" | ").map(str::trim).collect()
}

/// What is set as code in a text.
pub(crate) fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The programs in a text.
pub(crate) fn fences(text: &str) -> Vec<String> {
    let blocks = text.split("\n```").skip(1).step_by(2);
    blocks
        .filter_map(|block| Some(format!("{}\n", block.split_once('\n')?.1)))
        .collect()
}

/// A text without the programs in it.
pub(crate) fn without_fences(text: &str) -> String {
    text.split("\n```").step_by(2).collect()
}

/// What is wrong with the last cell of a row, which names tests that are there, or gives a reason why there are none.
pub(crate) fn wrong_tests(cell: &str, known: &BTreeSet<String>) -> Vec<String> {
    if let Some(reason) = cell.strip_prefix(EXCUSE) {
        let empty = reason.trim().is_empty();
        return Vec::from_iter(empty.then(|| "excused for nothing".to_owned()));
    }
    if code(cell).next().is_none() {
        return vec!["neither test nor reason".to_owned()];
    }
    code(cell)
        .filter(|test| !known.contains(*test))
        .map(|test| format!("there is no test {test}"))
        .collect()
}

/// Only what is run counts as a test.
#[test]
fn helpers_and_ignored_tests_do_not_count() {
    let source = r##"
        fn helper(a: u8) {}
        #[test]
        fn plain() {}
        fn another() {}
        /// Told to ignore nothing.
        #[tokio::test(start_paused = true)]
        async fn paused() {}
        #[test]
        #[ignore]
        fn left_out() {}
        #[test]
        #[ignore = "slow"]
        fn put_off() {}
        #[test]
        #[cfg_attr(debug_assertions, ignore)]
        fn left_out_now_and_then() {}
        // #[test]
        fn commented() {}
        const SOURCE: &str = "#[test] fn quoted() {}";
        #[cfg(test)]
        fn of_tests() {}
        mod inner {
            #[test]
            #[should_panic]
            pub(super) fn nested() {}
        }
        only_here! {
            #[test]
            fn in_a_macro() {}
        }
        macro_rules! make { ($name:ident) => { #[test] fn $name() {} } }
    "##;
    assert_eq!(
        tests_of(source),
        ["plain", "paused", "nested", "in_a_macro"]
    );
}

/// A table ends where its lines end, and only the one under its heading is read.
#[test]
fn a_table_is_the_one_under_its_heading() {
    let text =
        "## A\n\ntext\n\n| x | y |\n|---|---|\n| 1 | 2 `a` |\n|  | 4 |\n\n| not | this |\n## B\n";
    assert_eq!(table(text, "## A"), [vec!["1", "2 `a`"], vec!["", "4"]]);
}

#[test]
fn tests_are_named_or_excused() {
    let known = BTreeSet::from(["one".to_owned(), "two".to_owned()]);
    assert!(wrong_tests("`one`, `two` (a remark)", &known).is_empty());
    assert!(wrong_tests("does not apply: it is different", &known).is_empty());
    assert_eq!(
        wrong_tests("`one`, `three`", &known),
        ["there is no test three"]
    );
    assert_eq!(
        wrong_tests("does not apply:", &known),
        ["excused for nothing"]
    );
    assert_eq!(
        wrong_tests("of course", &known),
        ["neither test nor reason"]
    );
}
