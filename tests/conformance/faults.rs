//! `FAULTS.md` is complete, and what it names is there.

use std::collections::BTreeSet;
use std::path::Path;

/// Every function of the workspace's sources.
fn functions(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                functions(&path, found);
            }
        } else if name.ends_with(".rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let words = text.split("fn ").skip(1);
            found.extend(words.filter_map(|rest| Some(rest.split_once('(')?.0.to_owned())));
        }
    }
}

/// The rows of a table whose first cell begins with `prefix`: that cell, and the tests named in the row.
fn rows<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = (&'a str, Vec<&'a str>)> {
    text.lines().filter_map(move |line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let first = cells.next().filter(|first| first.starts_with(prefix))?;
        let tests = line.split('`').skip(1).step_by(2);
        Some((first, tests.filter(|name| name.contains('_')).collect()))
    })
}

#[test]
fn every_fault_has_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("FAULTS.md")).unwrap();
    let mut known = BTreeSet::new();
    functions(root.parent().unwrap(), &mut known);
    let mut faults = BTreeSet::new();
    let heads = ["#", "test there"];
    for (row, tests) in rows(&text, "").filter(|(row, _)| !heads.contains(row)) {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("| {row} |")))
            .unwrap();
        let excused = line.contains("does not apply");
        assert!(
            excused || !tests.is_empty(),
            "{row}: neither a test nor a reason"
        );
        for test in tests {
            assert!(known.contains(test), "{row}: there is no test {test}");
        }
        if let Ok(number) = row.parse::<u32>() {
            faults.insert(number);
        }
    }
    assert!(faults.into_iter().eq(1..=31), "all 31 have their row");
    for test in [
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
        "OverflowErrors",
        "internal/inbound",
    ] {
        assert_eq!(rows(&text, test).count(), 1, "{test}");
    }
}
