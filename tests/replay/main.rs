//! What real nodes said to each other, said again to our machines: it decodes, it is written again as it was, and it
//! leads to what was negotiated, however the stream is cut.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is a failure"
)]

extern crate alloc;

mod compact_blocks;
mod cuts;
mod filters;
mod frames;
mod machines;
mod recorded;
mod sealed;
mod special;
mod tapes;
