//! The example programs as they are run; see `peer_programs::trials`.

peer_programs::program_tests!("peer-tokio");

/// The example of btcd's and NavCoin's documentation, ported, prints what they say it prints.
#[test]
fn the_ported_example_prints_what_the_original_prints() {
    let examples = peer_programs::trials::Examples::beside_this_test("peer-tokio");
    let expected = vec!["outbound: received version".to_owned()];
    assert_eq!(examples.output("ported"), (0, expected));
}
