//! What thousands of connections cost, a task for each.
//!
//! ```sh
//! cargo run --release -p peer-tokio --example scale
//! ```
//!
//! What is measured and printed is `peer_programs::scale`; `on` is what it needs of the runtime.

mod on;

use std::alloc::System;
use std::process::ExitCode;

use cap::Cap;
use peer_programs::scale::{Tasks, run};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

fn main() -> ExitCode {
    run::<Tasks<on::Tokio>>(|| HEAP.allocated())
}
