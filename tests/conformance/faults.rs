//! `FAULTS.md` is complete, and the tests it names are there and are run.

use crate::tables::{all_tests, table, workspace, wrong_tests};

#[test]
fn every_fault_has_a_test_that_exists() {
    let text = std::fs::read_to_string(workspace().join("tests/FAULTS.md")).unwrap();
    let known = all_tests();
    let faults = table(&text, "## Faults");
    let numbers: Vec<String> = (1..=31).map(|number| number.to_string()).collect();
    assert!(faults.iter().map(|row| row[0]).eq(&numbers), "all 31");
    let counterparts = table(&text, "## Tests");
    assert!(counterparts.iter().map(|row| row[0]).eq(TESTS), "all tests");
    for row in faults.iter().chain(&counterparts) {
        let wrong = wrong_tests(row[row.len() - 1], &known);
        assert!(wrong.is_empty(), "{}: {wrong:?}", row[0]);
    }
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
