//! `FAULTS.md` is complete, and the tests it names are there and are run.

use std::collections::BTreeSet;
use std::path::Path;

/// What a row may say instead of naming a test; a reason follows.
const EXCUSE: &str = "does not apply: ";

/// Every test in the sources below `folder`.
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
fn tests_of(source: &str) -> Vec<String> {
    let (mut is_test, mut tests) = (false, Vec::new());
    for line in source.lines().map(str::trim_start) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if line.starts_with("#[ignore") {
            is_test = false;
        } else if let Some(rest) = line
            .strip_prefix("async ")
            .unwrap_or(line)
            .strip_prefix("fn ")
            && core::mem::take(&mut is_test)
        {
            tests.extend(rest.split_once('(').map(|(name, _)| name.to_owned()));
        }
    }
    tests
}

/// The cells of the rows of the table under `heading`, without its head.
fn table<'a>(text: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let after = text.split(heading).nth(1).unwrap();
    let lines = after.lines().skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches(['|', ' ']).split(" | ").collect())
        .collect()
}

/// A row keeps what its last cell promises: a reason, or tests that are there.
fn check(row: &[&str], known: &BTreeSet<String>) {
    let (first, last) = (row[0], row[row.len() - 1]);
    if let Some(reason) = last.strip_prefix(EXCUSE) {
        assert!(!reason.is_empty(), "{first}: excused for nothing");
        return;
    }
    let mut named = last.split('`').skip(1).step_by(2).peekable();
    assert!(named.peek().is_some(), "{first}: neither test nor reason");
    for test in named {
        assert!(known.contains(test), "{first}: there is no test {test}");
    }
}

#[test]
fn every_fault_has_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("FAULTS.md")).unwrap();
    let mut known = BTreeSet::new();
    tests_in(root.parent().unwrap(), &mut known);

    let faults = table(&text, "## Faults");
    let numbers: Vec<String> = (1..=31).map(|number| number.to_string()).collect();
    assert!(faults.iter().map(|row| row[0]).eq(&numbers), "all 31");
    let counterparts = table(&text, "## Tests");
    assert!(counterparts.iter().map(|row| row[0]).eq(TESTS), "all tests");
    for row in faults.iter().chain(&counterparts) {
        check(row, &known);
    }
}

/// Only what is run counts as a test.
#[test]
fn helpers_and_ignored_tests_do_not_count() {
    let source = "
        fn helper(a: u8) {}
        #[test]
        fn plain() {}
        fn another() {}
        #[tokio::test(start_paused = true)]
        async fn paused() {}
        #[test]
        #[ignore]
        fn left_out() {}
        // #[test]
        fn commented() {}
    ";
    assert_eq!(tests_of(source), ["plain", "paused"]);
}

/// Those of CONFORMANCE 2.14.
const TESTS: [&str; 20] = [
    "TestDisconnectBeforeAssociateConnection",
    "TestAssociateConnectionDisconnectRace",
    "TestPeerConnection",
    "TestPeerListeners",
    "TestOutboundPeer",
    "TestUnsupportedVersionPeer",
    "TestDuplicateVersionMsg",
    "TestUpdateLastBlockHeight",
    "TestSendAddrV2Handshake",
    "TestV2HandshakeAdmission",
    "recover_test.go",
    "p2pdowngrader_test.go",
    "v2transport",
    "wire/message_test.go:182",
    "wire/message_test.go:384",
    "wire/message_test.go:432",
    "wire/*OverflowErrors",
    "VarIntNonCanonical",
    "TxWitnessOverflowPanic",
    "internal/inbound",
];
