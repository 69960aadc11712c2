//! What happens on each kind of bad or odd input: a policy, with three presets.
//!
//! The codec reports, this decides. Frame errors (wrong magic, impossible length) are not listed:
//! after them the stream is lost and every policy disconnects.

/// What is done with one message that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reaction {
    /// Not delivered, counted; the connection stays (until a limit per minute, where one applies).
    Drop,
    /// Delivered as if nothing were odd, and counted.
    Deliver,
    /// The connection ends with a typed reason.
    Disconnect,
}

/// What is done with a frame that is longer than it may be, judged from its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Oversized {
    /// Received like any other.
    Accept,
    /// Discarded as it arrives, costing no memory; the connection stays.
    Skip,
    /// The connection ends with a typed reason, before a byte of the payload is stored.
    Disconnect,
}

/// The policy. Each field names a stimulus; the presets are [`Strictness::default`],
/// [`Strictness::core`] and [`Strictness::btcd`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Strictness {
    /// A second `version`. Default `Disconnect` (as btcd; Core drops it).
    pub duplicate_version: Reaction,
    /// A second `verack`. Default `Drop` (as Core; btcd disconnects).
    pub duplicate_verack: Reaction,
    /// A v1 checksum that is not the payload's. Default `Drop` up to
    /// [`Limits::bad_checksums_per_minute`](crate::Limits) (Core drops for ever, btcd
    /// disconnects). `Deliver` counts as `Drop`: such bytes are not to be trusted.
    pub bad_checksum: Reaction,
    /// A payload that does not decode as its command says. Default `Drop` with a `Misbehavior`
    /// event up to [`Limits::malformed_per_minute`](crate::Limits) (Core drops for ever, btcd
    /// disconnects). `Deliver` counts as `Drop`: there is nothing to deliver.
    pub malformed: Reaction,
    /// Bytes after a complete payload (for `feature` always an error). Default `Deliver` (as
    /// Core; btcd disconnects).
    pub trailing_bytes: Reaction,
    /// A command that is not printable ASCII padded with NUL. Default `Drop` (as Core; btcd
    /// disconnects). `Deliver` counts as `Drop`.
    pub bad_command: Reaction,
    /// A count inside a message above its limit (`inv` 50,001, `addr` 1,001, locator 102 ...), or a
    /// `sendcmpct` that is neither for nor against announcing (BIP152). Default `Disconnect` (as both). `Deliver` counts as `Drop`.
    pub over_limit: Reaction,
    /// A known message before the remote's `version`, or before its `verack`. Default `Drop` (as
    /// Core; btcd disconnects). `Deliver` counts as `Drop`.
    pub early_message: Reaction,
    /// A `reject` (BIP61) before the remote's `version`: why it does not want us, before it hangs up. Default `Deliver`
    /// (Core reads none; btcd disconnects).
    pub early_reject: Reaction,
    /// `sendaddrv2`, `wtxidrelay` or `feature` after `verack`. Default `Disconnect` (as Core).
    pub late_negotiation: Reaction,
    /// A transaction, or its announcement, though we said that we want none. Default `Disconnect`
    /// (as Core).
    pub unwanted_transaction: Reaction,
    /// `filterload`, `filteradd`, `filterclear` or `mempool` though we do not offer the BLOOM
    /// service, from a remote of version 70011 or later, which knows that (BIP111). Default
    /// `Disconnect` (as Core, and as the documents of btcd's `peer` promise; today its server does it).
    pub bloom_without_service: Reaction,
    /// The same from an older remote. Default `Drop` (as the documents of btcd's `peer` promise;
    /// Core disconnects, and so does btcd's server).
    pub bloom_without_service_old: Reaction,
    /// A request without an answer in time, of a kind that honest nodes always answer
    /// ([`RequestKind::silence_is_legal`](crate::RequestKind)). Default `Disconnect` (as btcd; Core asks elsewhere).
    /// Anything else tells [`Event::Unanswered`](crate::Event::Unanswered).
    pub unanswered: Reaction,
    /// The same of a kind that honest nodes sometimes answer with silence. Default `Drop`: an event and nothing more
    /// (btcd disconnects).
    pub unanswered_legally: Reaction,
    /// `filteradd` without a filter loaded (BIP37). Default `Disconnect` (as Core, which calls it
    /// misbehaving, and btcd's server).
    pub filter_add_without_filter: Reaction,
    /// `filterclear` without a filter loaded. Default `Deliver` (as Core; btcd's server
    /// disconnects).
    pub filter_clear_without_filter: Reaction,
    /// `reject` (BIP61) from a remote of before version 70002. Default `Drop` (Core reads none at
    /// any version; for btcd it does not decode, which ends the connection).
    pub reject_below_version: Reaction,
    /// `addr` or `addrv2` with no entry. Default `Deliver` (as Core; btcd's server disconnects).
    pub empty_addr: Reaction,
    /// A payload before `verack` longer than [`Limits::early_payload`](crate::Limits). Default
    /// `Disconnect`. Core accepts it, which costs it 4 MB a stranger; its preset skips.
    pub oversized_early: Oversized,
    /// A payload longer than any valid one of its command, within the frame limit. Default
    /// `Accept` (as Core, which ignores the surplus; btcd disconnects).
    pub oversized_for_type: Oversized,
    /// Whether a `reject` (BIP61) goes out before a disconnect that the remote caused, where its
    /// version reads it. Default false (as Core since 0.20; btcd sends it).
    pub send_reject: bool,
}

impl Default for Strictness {
    fn default() -> Self {
        Self {
            duplicate_version: Reaction::Disconnect,
            duplicate_verack: Reaction::Drop,
            bad_checksum: Reaction::Drop,
            malformed: Reaction::Drop,
            trailing_bytes: Reaction::Deliver,
            bad_command: Reaction::Drop,
            over_limit: Reaction::Disconnect,
            early_message: Reaction::Drop,
            early_reject: Reaction::Deliver,
            late_negotiation: Reaction::Disconnect,
            unwanted_transaction: Reaction::Disconnect,
            bloom_without_service: Reaction::Disconnect,
            bloom_without_service_old: Reaction::Drop,
            unanswered: Reaction::Disconnect,
            unanswered_legally: Reaction::Drop,
            filter_add_without_filter: Reaction::Disconnect,
            filter_clear_without_filter: Reaction::Deliver,
            reject_below_version: Reaction::Drop,
            empty_addr: Reaction::Deliver,
            oversized_early: Oversized::Disconnect,
            oversized_for_type: Oversized::Accept,
            send_reject: false,
        }
    }
}

impl Strictness {
    /// As Bitcoin Core reacts (v31.99). Core also counts nothing and waits longer: see
    /// [`Config::like_core`](crate::Config::like_core).
    pub fn core() -> Self {
        Self {
            duplicate_version: Reaction::Drop,
            early_reject: Reaction::Drop,
            bloom_without_service_old: Reaction::Disconnect,
            unanswered: Reaction::Drop,
            oversized_early: Oversized::Skip,
            ..Self::default()
        }
    }

    /// As btcd's `peer` and `wire` packages react (2c67bc29), and its server where that judges
    /// for them. Bloom commands without the service follow the documents of `peer`, for btcd's and
    /// its forks: the end from 70011 on, not delivered below.
    pub fn btcd() -> Self {
        Self {
            duplicate_verack: Reaction::Disconnect,
            bad_checksum: Reaction::Disconnect,
            malformed: Reaction::Disconnect,
            trailing_bytes: Reaction::Disconnect,
            bad_command: Reaction::Disconnect,
            early_message: Reaction::Disconnect,
            early_reject: Reaction::Disconnect,
            unanswered_legally: Reaction::Disconnect,
            filter_clear_without_filter: Reaction::Disconnect,
            reject_below_version: Reaction::Disconnect,
            empty_addr: Reaction::Disconnect,
            oversized_for_type: Oversized::Disconnect,
            send_reject: true,
            ..Self::default()
        }
    }
}
