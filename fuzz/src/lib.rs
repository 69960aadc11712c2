//! The bodies of the fuzz targets and what they need, taken from the tests by path: depending on the crate of the tests
//! would bring everything that they need for real nodes.

extern crate alloc;

#[path = "../../tests/src/fuzz/mod.rs"]
pub mod fuzz;
#[path = "../../tests/src/link.rs"]
pub mod link;
#[path = "../../tests/src/script/mod.rs"]
pub mod script;
#[path = "../../tests/src/tape.rs"]
pub mod tape;
