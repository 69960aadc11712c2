//! A netcat for the protocol: prints what peers do, one JSON object a line.
//!
//! ```sh
//! cargo run --release -p peer-tokio --example peercat -- --connect 127.0.0.1:8333 --send getaddr --duration 10
//! cargo run --release -p peer-tokio --example peercat -- --listen 127.0.0.1:0 --network regtest
//! ```
//!
//! The program is `peer_programs::peercat`, which knows no socket; `on` is what it needs of the runtime.

mod on;

fn main() {
    peer_programs::peercat::run::<on::Tokio>();
}
