//! Downloads the chain of a node, headers first, and checks it.
//!
//! ```sh
//! cargo run --release -p peer-tokio --example sync
//! cargo run --release -p peer-tokio --example sync -- --connect 127.0.0.1:8333 --network mainnet
//! ```
//!
//! The program is `peer_programs::sync`, which knows no socket; `on` is what it needs of the runtime. Without `--connect`
//! a listener in this very process serves the demo chain.

mod on;

use std::process::ExitCode;

fn main() -> ExitCode {
    peer_programs::sync::run::<on::Tokio>()
}
