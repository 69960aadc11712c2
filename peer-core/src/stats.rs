//! Numbers about one connection, kept by the machine and copied out on request.
//!
//! Everything that btcd's `StatsSnap` and Core's `getpeerinfo` tell of a peer is here, under the field's own names.
//! Rooms write, nobody decides by what stands here.

mod traffic;

use core::net::SocketAddr;
use core::time::Duration;

pub use self::traffic::{CommandCounter, CommandCounters, Traffic};
use crate::error::{Annoyance, DisconnectReason};
use crate::link::{Direction, Link, Purpose};
use crate::message::UserAgent;
use crate::time::Timestamp;
use crate::transport::TransportKind;
use crate::wire::{BlockHash, ServiceFlags};

/// A snapshot of one connection in numbers. Bytes are bytes on the wire, headers included.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    // --- who ---
    /// The caller's name for the peer ([`Link::id`](crate::Link)).
    pub id: u64,
    /// Who dialled.
    pub direction: Direction,
    /// What the connection is for (Core: `connection_type`).
    pub purpose: Purpose,
    /// The remote's address (Core: `addr`).
    pub remote_addr: Option<SocketAddr>,
    /// Our own address of the connection (Core: `addrbind`).
    pub local_addr: Option<SocketAddr>,
    /// How frames travel; `None` until that is settled (Core: `transport_protocol_type`, where it
    /// is "detecting").
    pub transport: Option<TransportKind>,
    /// Names the encrypted session (BIP324; Core: `session_id`). The same at the remote, unless
    /// somebody sits between.
    pub session_id: Option<[u8; 32]>,

    // --- what its `version` said; `None` until it arrived ---
    /// The version the remote advertised, whatever it is.
    pub advertised_version: Option<i32>,
    /// The version in force: the lower of ours and the remote's.
    pub protocol_version: Option<u32>,
    /// The services it offers.
    pub services: Option<ServiceFlags>,
    /// Its user agent (Core: `subver`).
    pub user_agent: Option<UserAgent>,
    /// The height in its `version`.
    pub start_height: Option<i32>,
    /// The remote's clock minus ours when its `version` arrived, in seconds, saturating.
    pub time_offset: i64,

    // --- what was agreed since ---
    /// It takes announcements of transactions: its relay flag, or a bloom filter it set since (Core: `relaytxes`).
    pub relays_transactions: bool,
    /// It wants transactions announced by wtxid (BIP339).
    pub wtxid_relay: bool,
    /// It understands `addrv2` (BIP155).
    pub addr_v2: bool,
    /// It wants blocks announced by `headers` (BIP130; btcd: `WantsHeaders`).
    pub wants_headers: bool,
    /// It wants blocks announced by `cmpctblock` (BIP152 high bandwidth; Core: `bip152_hb_from`).
    pub wants_compact_blocks: bool,
    /// It wants no transactions announced below this, in satoshi per 1,000 virtual bytes (BIP133; Core:
    /// `minfeefilter`). 0 until it says so.
    pub fee_filter: u64,
    /// The highest block it is known to have: first the height in its `version`, then what the application tells.
    /// Only rises (btcd: `LastBlock`).
    pub last_block: Option<i32>,
    /// The block it announced last, by `inv`, `headers` or `cmpctblock`, or the application says so (btcd:
    /// `LastAnnouncedBlock`).
    pub last_announced_block: Option<BlockHash>,

    // --- when ---
    /// When the machine was made.
    pub connected_at: Timestamp,
    /// When the handshake was complete.
    pub negotiated_at: Option<Timestamp>,
    /// When the last byte arrived.
    pub last_received: Option<Timestamp>,
    /// When the socket last took a byte.
    pub last_sent: Option<Timestamp>,
    /// When it last brought a block (Core: `last_block`), whole, compact or filtered.
    pub last_block_received: Option<Timestamp>,
    /// When it last brought a transaction (Core: `last_transaction`).
    pub last_transaction_received: Option<Timestamp>,

    // --- how much ---
    /// Bytes received, all of them.
    pub bytes_received: u64,
    /// Bytes the socket has taken.
    pub bytes_sent: u64,
    /// Complete frames received, whatever became of them.
    pub frames_received: u64,
    /// Frames of which every byte has left.
    pub frames_sent: u64,
    /// The same by command.
    pub traffic: Traffic,
    /// Decoys received (v2): packets that say nothing. Their bytes are among those of no command.
    pub decoys_received: u64,

    // --- pings ---
    /// Round trip of the last answered ping (btcd: `LastPingMicros`).
    pub ping: Option<Duration>,
    /// Shortest round trip of all (Core: `minping`).
    pub min_ping: Option<Duration>,
    /// When the oldest ping left whose pong is outstanding (Core: `pingwait` counts from it).
    pub ping_since: Option<Timestamp>,
    /// Pings whose pong is outstanding.
    pub pings_in_flight: usize,
    /// When the last ping left (btcd: `LastPingTime`).
    pub last_ping: Option<Timestamp>,
    /// Nonce of the last ping while its pong is outstanding (btcd: `LastPingNonce`).
    pub ping_nonce: Option<u64>,

    // --- requests ---
    /// Requests that have left and are owed an answer; a `getdata` counts once.
    pub requests_in_flight: usize,
    /// Requests whose deadline passed without an answer.
    pub requests_unanswered: u64,
    /// Requests that were not watched because [`Limits`](crate::Limits) has no more room for them.
    pub requests_unwatched: u64,

    // --- inventory ---
    /// Objects announced by the trickle, and blocks.
    pub inventory_announced: u64,
    /// Objects that wait to be announced, or waited when the connection ended.
    pub inventory_queued: usize,
    /// Objects that waited and were dropped, oldest first, for want of room.
    pub inventory_dropped: u64,
    /// Objects that waited and were left out in the end: the remote knew them, or did not want them any more.
    pub inventory_withheld: u64,

    // --- addresses ---
    /// Addresses of `addr` and `addrv2` that were delivered (Core: `addr_processed`).
    pub addr_processed: u64,
    /// Addresses that were dropped because they came too fast (Core: `addr_rate_limited`).
    pub addr_rate_limited: u64,

    // --- what was wrong ---
    /// Frames dropped for their checksum.
    pub bad_checksums: u64,
    /// Payloads dropped because they did not decode, and commands that were no names.
    pub malformed: u64,
    /// Messages delivered though bytes followed their payload.
    pub trailing_bytes: u64,
    /// Unknown commands delivered.
    pub unknown_messages: u64,
    /// Legal but pointless messages, by kind; see [`Stats::annoyance`].
    pub(crate) annoyances: [u64; Annoyance::ALL.len()],
    /// Why the connection ended, once it has.
    pub disconnect_reason: Option<DisconnectReason>,
}

impl Stats {
    /// A connection of which nothing is known yet.
    pub(crate) fn new(link: &Link, now: Timestamp) -> Self {
        Self {
            id: link.id,
            direction: link.direction,
            purpose: link.purpose,
            remote_addr: link.remote,
            local_addr: link.local,
            transport: None,
            session_id: None,
            advertised_version: None,
            protocol_version: None,
            services: None,
            user_agent: None,
            start_height: None,
            time_offset: 0,
            relays_transactions: false,
            wtxid_relay: false,
            addr_v2: false,
            wants_headers: false,
            wants_compact_blocks: false,
            fee_filter: 0,
            last_block: None,
            last_announced_block: None,
            connected_at: now,
            negotiated_at: None,
            last_received: None,
            last_sent: None,
            last_block_received: None,
            last_transaction_received: None,
            bytes_received: 0,
            bytes_sent: 0,
            frames_received: 0,
            frames_sent: 0,
            traffic: Traffic::default(),
            decoys_received: 0,
            ping: None,
            min_ping: None,
            ping_since: None,
            pings_in_flight: 0,
            last_ping: None,
            ping_nonce: None,
            requests_in_flight: 0,
            requests_unanswered: 0,
            requests_unwatched: 0,
            inventory_announced: 0,
            inventory_queued: 0,
            inventory_dropped: 0,
            inventory_withheld: 0,
            addr_processed: 0,
            addr_rate_limited: 0,
            bad_checksums: 0,
            malformed: 0,
            trailing_bytes: 0,
            unknown_messages: 0,
            annoyances: [0; Annoyance::ALL.len()],
            disconnect_reason: None,
        }
    }

    /// How often the remote was annoying in this way.
    pub fn annoyance(&self, kind: Annoyance) -> u64 {
        self.annoyances
            .get(kind as usize)
            .copied()
            .unwrap_or_default()
    }

    /// Copies everything to `into`, whose memory is used again.
    pub(crate) fn copy_to(&self, into: &mut Self) {
        let mut traffic = core::mem::take(&mut into.traffic);
        traffic.copy_from(&self.traffic);
        let Self {
            user_agent,
            disconnect_reason,
            ..
        } = self;
        *into = Self {
            user_agent: user_agent.clone(),
            disconnect_reason: disconnect_reason.clone(),
            traffic,
            ..*self
        };
    }
}
