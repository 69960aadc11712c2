//! What the tests of several crates share. Test programs and fixtures live beside it, one folder a kind of test.
//!
//! Nothing here ships, and nothing here may know how the library works inside: helpers only describe the outside world.

pub mod node;
