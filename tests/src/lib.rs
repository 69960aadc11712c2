//! What the tests of several crates share. Test programs and fixtures live beside it, one folder a kind of test.
//!
//! Nothing here ships, and nothing here may know how the library works inside: helpers only describe the outside world.
//!
//! - [`script`]: a remote that says exactly what a test wants, and a machine that hears it;
//! - [`pair`]: two machines, the wires between them, and virtual time;
//! - [`link`]: how a stream is cut into pieces on its way;
//! - [`capture`]: what real nodes said to each other;
//! - [`composed`]: what nodes that are not at hand would say;
//! - [`hostile`]: what odd and hostile remotes say, as data;
//! - [`fuzz`]: the bodies of the fuzz targets;
//! - [`tape`]: recorded machines, replayed and damaged;
//! - [`node`]: the real nodes themselves;
//! - [`sim`]: a virtual network of machines.

extern crate alloc;

pub mod capture;
#[path = "../../peer-core/tests/codec/composed.rs"]
pub mod composed;
pub mod fuzz;
pub mod hostile;
pub mod link;
pub mod node;
pub mod pair;
pub mod script;
#[path = "../sim/engine/mod.rs"]
pub mod sim;
pub mod tape;

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
