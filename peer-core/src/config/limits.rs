//! Bounds of memory and patience, with the reason for each default.

use crate::message::MessageLimits;

/// Bounds of memory and patience. None can be switched off unless it says so; all can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Counts and sizes inside messages.
    pub message: MessageLimits,
    /// Longest payload accepted until the remote's `verack` was opened: a handshake message needs
    /// no more, and strangers must not make us hold more. Default 1,024 bytes (as Zebra).
    pub early_payload: u32,
    /// Longest packet, in bytes of contents, accepted until the remote's `verack` was opened (v2), where
    /// [`Strictness::oversized_early`](crate::Strictness) ends the connection for what is longer. Whether
    /// it is a decoy, or a message that may not have more than `early_payload`, is known once all of it
    /// is there, and held. Default 4,000,000: any decoy (as Core). Who has thousands of strangers may
    /// set it to much less; no node is known to send large decoys that early.
    pub early_packet: u32,
    /// Wire bytes of decoys before the remote's version packet (v2). Default 8,000,000: one of
    /// the largest, or thousands of small ones. After it decoys are not limited: they cost no more
    /// than any message that says nothing.
    pub early_decoys: u64,
    /// Wire bytes of replies the remote provoked (pongs) that may wait; beyond it nothing more is
    /// opened or read until it reads. Default 64 KiB.
    pub provoked: usize,
    /// Wire bytes the application may have waiting before `send` answers
    /// [`SendError::Full`](crate::SendError::Full); one message may overshoot. Default 1,000,000
    /// (Core: `-maxsendbuffer`).
    pub send_high: usize,
    /// After `Full`, [`Event::Writable`](crate::Event::Writable) comes when no more than this
    /// waits. Default 256,000 bytes.
    pub send_low: usize,
    /// So many frames with a wrong checksum within a minute end the connection, where the policy
    /// drops them. Default 32.
    pub bad_checksums_per_minute: u32,
    /// So many payloads that do not decode (and commands that are not ASCII) within a minute end
    /// the connection, where the policy drops them. Default 32.
    pub malformed_per_minute: u32,
    /// Legal but pointless messages of one kind (duplicate `verack`, unsolicited `pong`, empty
    /// `inv`, known messages before their time) forgiven per minute. Default 1,000.
    pub annoyances_per_minute: u32,
    /// Pings whose pong may be outstanding; further automatic ones wait. Default 16, more than
    /// fit into the default pong deadline.
    pub pings_in_flight: usize,
    /// Requests (`getdata`, `getheaders` and the like) whose answers are watched for at once; further ones are sent
    /// and not watched, and counted. Default 1,000: more than any node of today works on.
    pub requests_in_flight: usize,
    /// Items of all `getdata` whose answers are watched for. Default 50,000, one full message.
    pub items_in_flight: usize,
    /// Objects remembered as known to the remote, the least recently named forgotten first. A full cache of the default
    /// costs 16 kB. 0 remembers none, at most 65,534. Default 1,000 (btcd: `maxKnownInventory`; Core's filter remembers
    /// the last 50,000, at 0.4 MB a peer).
    pub known_inventory: usize,
    /// Objects that may wait to be announced, the oldest dropped first and counted. At least 1, at most 65,534. Default
    /// 5,000 (as many as Core takes from a peer, `MAX_PEER_TX_ANNOUNCEMENTS`; btcd has no limit).
    pub inventory_queue: usize,
    /// Lines (events of the `tracing` feature) a minute that the remote can provoke: summaries and dumps of what it
    /// sends and of our pongs, and its misbehaviour. What is left out is counted, and the next line tells the count.
    /// `u32::MAX` leaves nothing out, for debugging. Default 10: a remote must not be able to fill a disk
    /// (CVE-2025-54604, CVE-2025-54605).
    pub log_lines_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: MessageLimits::default(),
            early_payload: 1_024,
            early_packet: 4_000_000,
            early_decoys: 8_000_000,
            provoked: 64 * 1_024,
            send_high: 1_000_000,
            send_low: 256_000,
            bad_checksums_per_minute: 32,
            malformed_per_minute: 32,
            annoyances_per_minute: 1_000,
            pings_in_flight: 16,
            requests_in_flight: 1_000,
            items_in_flight: 50_000,
            known_inventory: 1_000,
            inventory_queue: 5_000,
            log_lines_per_minute: 10,
        }
    }
}
