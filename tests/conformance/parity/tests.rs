//! Of the checker itself: whatever may be wrong with a table is noticed.

use super::Known;
use crate::items::Items;
use crate::tables::tests_of;

const CRATE: &str = "
    pub struct Peer { pub open: u8, hidden: u8 }
    impl Peer {
        pub fn send(&self) {}
        pub(crate) fn internal(&self) {}
        fn private(&self) {}
    }
    mod inner { pub fn unreachable() {} }
";

const TESTS: &str = "
    #[test]
    fn it_sends() {}
    fn helper() {}
    #[test]
    #[ignore]
    fn put_off() {}
";

const EXPECTED: [&[&str]; 2] = [&["both", "Send"], &["navd", "OnAlert"]];

fn known() -> Known {
    let tests = tests_of(TESTS).into_iter().collect();
    let items = Items::of_source(CRATE);
    Known { items, tests }
}

/// What is said of a table with these rows.
fn wrong(rows: &[&str]) -> Vec<String> {
    let head = "| in | Go | here | difference | test |\n|---|---|---|---|---|\n";
    let text = format!("## T\n\n{head}{}\n", rows.join("\n"));
    known().wrong_rows(("## T", 5), &EXPECTED, &text)
}

const SEND: &str = "| both | `Send` | `Peer::send` | none | `it_sends` |";
const ALERT: &str = "| navd | `OnAlert` | `Peer::open` | none | does not apply: nobody sends it |";

#[test]
fn a_complete_table_is_accepted() {
    assert_eq!(wrong(&[SEND, ALERT]), [""; 0]);
    assert_eq!(wrong(&[ALERT, SEND]), [""; 0]);
}

#[test]
fn a_row_that_is_missing_or_too_many_is_noticed() {
    assert_eq!(wrong(&[SEND]), ["navd OnAlert: no row"]);
    assert_eq!(wrong(&[SEND, ALERT, SEND]), ["both Send: twice"]);
    let made_up = "| both | `OnPinch` | `Peer::send` | none | `it_sends` |";
    assert_eq!(
        wrong(&[SEND, made_up, ALERT]),
        ["both OnPinch: there is no such thing"]
    );
    // Of the other package.
    let moved = SEND.replace("both", "btcd");
    let told = ["btcd Send: there is no such thing", "both Send: no row"];
    assert_eq!(wrong(&[&moved, ALERT]), told);
    let short = "| both | `Send` | `Peer::send` | `it_sends` |";
    assert_eq!(wrong(&[short, ALERT]), ["both Send: 4 cells"]);
}

#[test]
fn an_item_that_nobody_can_name_is_noticed() {
    for name in [
        "Peer::made_up",
        "Peer::private",
        "Peer::internal",
        "Peer::hidden",
        "inner::unreachable",
    ] {
        let row = SEND.replace("Peer::send", name);
        let told = format!("both Send: there is no public item {name}");
        assert_eq!(wrong(&[&row, ALERT]), [told]);
    }
    let row = SEND.replace("`Peer::send`", "somewhere");
    assert_eq!(wrong(&[&row, ALERT]), ["both Send: no item is named"]);
}

#[test]
fn a_test_that_is_not_run_is_noticed() {
    for name in ["made_up", "helper", "put_off"] {
        let row = SEND.replace("it_sends", name);
        let told = format!("both Send: there is no test {name}");
        assert_eq!(wrong(&[&row, ALERT]), [told]);
    }
    let row = ALERT.replace("nobody sends it", "");
    assert_eq!(wrong(&[SEND, &row]), ["navd OnAlert: excused for nothing"]);
    let row = SEND.replace("`it_sends`", "surely");
    assert_eq!(
        wrong(&[&row, ALERT]),
        ["both Send: neither test nor reason"]
    );
}

/// In the text around the tables as well, but not in programs.
#[test]
fn names_in_prose_are_looked_at() {
    let known = known();
    let text =
        "`Peer::send` and `peer.send()`.\n\n```rust\nuse made::up;\n// TODO\n```\n\n`Peer` again.";
    assert_eq!(known.wrong_names(text), [""; 0]);
    let told = known.wrong_names("`Peer::send` or `Peer::receive`.");
    assert_eq!(told, ["there is no public item Peer::receive"]);
    for promise in ["Planned for later.", "TODO", "not yet there"] {
        assert_eq!(known.wrong_names(promise).len(), 1, "{promise}");
    }
}
