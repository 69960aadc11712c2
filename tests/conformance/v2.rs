//! What v2 has of its own: rows 126 to 142, and what a hostile peer may do with keys, garbage and packets.

mod admission;
mod decoys;
mod detection;
mod downgrade;
mod handshake;
mod independent;
mod packets;
mod remote;
mod waiting;
