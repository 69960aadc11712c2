//! The example programs as they are run; see `peer_programs::trials`.

peer_programs::program_tests!("peer-tokio");
