//! [`ChainSync`]: the conversation with the node, from the handshake to the last block.
//!
//! ```text
//!   Handshake ──negotiated──► Headers ──an answer with nothing more──► Blocks ──all here──► Done
//!                                ▲                                       │
//!                                └──────── a new block was announced ────┘
//! ```

use core::time::Duration;
use std::collections::VecDeque;

use peer_core::message::{Headers, Inventory, Message, MessageKind, MessageLimits, VersionMessage};
use peer_core::network::{Network, ServiceFlags};
use peer_core::{Event, Misbehavior, MisbehaviorKind, Stats, Timestamp};

use super::download::BlockDownload;
use super::error::{DURING_HANDSHAKE, SyncError};
use super::report::{Ending, Report};
use super::{BlockError, Tally};
use crate::headers::{HeaderChain, HeaderError};

/// How far to go, and with how much patience.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Last height wanted; `None` for the whole chain.
    pub stop_height: Option<u32>,
    /// Download no blocks.
    pub headers_only: bool,
    /// Give up when nothing was gained for so long. Default 30 s.
    pub stall_timeout: Duration,
    /// Blocks asked for and not arrived yet, at most. Default 16, as Core allows itself with one peer.
    pub window: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            stop_height: None,
            headers_only: false,
            stall_timeout: Duration::from_secs(30),
            window: 16,
        }
    }
}

/// What the job is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The handshake is not complete.
    Handshake,
    /// Headers arrive.
    Headers,
    /// Blocks arrive.
    Blocks,
    /// Everything is there.
    Done,
}

/// How far the job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What it is at.
    pub phase: Phase,
    /// Headers so far.
    pub headers: u32,
    /// Headers expected: what the node claimed, or more if there were more.
    pub headers_expected: u32,
    /// What the blocks held so far.
    pub tally: Tally,
}

/// The download of one chain from one node.
///
/// Give it every event and the time, and send what [`next_message`](Self::next_message) has after each, until it
/// [is done](Self::is_done) or an error comes back.
#[derive(Debug)]
pub struct ChainSync {
    network: Network,
    options: Options,
    phase: Phase,
    chain: HeaderChain,
    blocks: BlockDownload,
    remote: Option<Box<VersionMessage>>,
    outbox: VecDeque<Message>,
    /// A block was announced that we do not know: ask for headers again when all blocks are here.
    announced: bool,
    negotiated_at: Option<Timestamp>,
    /// Headers came that follow nothing we know.
    stray: Option<HeaderError>,
    /// When we last gained something, and the greatest height that was ever gained.
    gained: (Timestamp, u32),
}

impl ChainSync {
    /// A job on `network`, before the handshake.
    #[must_use]
    pub fn new(network: Network, options: Options) -> Self {
        Self {
            network,
            options,
            phase: Phase::Handshake,
            chain: HeaderChain::new(network),
            blocks: BlockDownload::new(network, options.window.max(1)),
            remote: None,
            outbox: VecDeque::new(),
            announced: false,
            stray: None,
            negotiated_at: None,
            gained: (Timestamp::ZERO, 0),
        }
    }

    /// Something happened on the connection.
    ///
    /// # Errors
    ///
    /// When the job cannot be finished. Nothing more will come of it.
    pub fn on_event(&mut self, event: Event, now: Timestamp) -> Result<(), SyncError> {
        match event {
            Event::Version(version) => self.on_version(version),
            Event::Negotiated => {
                self.negotiated_at = Some(now);
                self.gained.0 = now;
                self.ask_for_headers();
            }
            Event::Message { message, .. } => self.on_message(message, now)?,
            Event::Misbehavior(misbehavior) if spoils_the_job(&misbehavior) => {
                return Err(SyncError::Malformed(misbehavior));
            }
            Event::Unsent { error, .. } => return Err(SyncError::Unsent(error)),
            Event::Disconnected { reason, .. } => {
                let while_ = self.doing();
                return Err(SyncError::Disconnected { reason, while_ });
            }
            _ => {}
        }
        Ok(())
    }

    /// The next message to send.
    pub fn next_message(&mut self) -> Option<Message> {
        if let Some(message) = self.outbox.pop_front() {
            return Some(message);
        }
        match self.phase {
            Phase::Blocks => self.blocks.next_request(&self.chain),
            _ => None,
        }
    }

    /// When [`tick`](Self::tick) wants to be called; `None` while the handshake has its own deadline.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Handshake | Phase::Done => None,
            Phase::Headers | Phase::Blocks => {
                Some(self.gained.0.saturating_add(self.options.stall_timeout))
            }
        }
    }

    /// Time has come to `now`.
    ///
    /// # Errors
    ///
    /// [`SyncError::Stalled`] when the deadline has passed, and what was wrong with the headers that came instead of an
    /// answer, if any did.
    pub fn tick(&mut self, now: Timestamp) -> Result<(), SyncError> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Ok(());
        }
        let (headers, tally) = (self.chain.height(), self.blocks.tally());
        if self.phase == Phase::Headers && headers > 0 && headers >= self.wanted_height() {
            // Asked for more than it ever claimed to have, the node says nothing. So be it.
            self.finish_headers(now);
            return Ok(());
        }
        if let Some(error) = self.stray.take() {
            return Err(error.into());
        }
        let (waiting_for, hint) = match self.phase {
            Phase::Blocks => (format!("block {}", tally.blocks.saturating_add(1)), ""),
            _ if headers == 0 => (
                "headers".to_owned(),
                "; the node may still be in its initial block download",
            ),
            _ => (format!("headers after height {headers}"), ""),
        };
        Err(SyncError::Stalled {
            after: self.options.stall_timeout,
            waiting_for,
            hint,
        })
    }

    /// Whether everything is there.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// How far the job is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let headers = self.chain.height();
        Progress {
            phase: self.phase,
            headers,
            headers_expected: headers.max(self.wanted_height()),
            tally: self.blocks.tally(),
        }
    }

    /// The summary, with the connection's own numbers; `peer` is how the node is called.
    #[must_use]
    pub fn report(&self, ending: Ending, peer: String, stats: Stats, now: Timestamp) -> Report {
        let since = self.negotiated_at.unwrap_or(stats.connected_at);
        Report {
            ending,
            peer,
            network: self.network,
            remote: self.remote.clone(),
            headers: self.chain.height(),
            tip: self.chain.tip(),
            headers_only: self.options.headers_only,
            with_witness: self.blocks.has_witness(),
            tally: self.blocks.tally(),
            stats,
            took: now.saturating_since(since),
        }
    }

    fn on_version(&mut self, version: Box<VersionMessage>) {
        self.blocks.offered(version.services);
        self.remote = Some(version);
    }

    fn on_message(&mut self, message: Message, now: Timestamp) -> Result<(), SyncError> {
        match message {
            Message::Headers(headers) if self.phase == Phase::Headers => {
                self.on_headers(&headers, now)
            }
            // Not an answer but an announcement. What it is about is asked for in its time.
            Message::Headers(headers) => {
                self.announced |= !headers.is_empty();
                Ok(())
            }
            Message::Block(block) => {
                self.blocks.on_block(&block)?;
                self.gained.0 = now;
                if self.blocks.is_complete(&self.chain) {
                    self.finish_blocks();
                }
                Ok(())
            }
            Message::NotFound(missing) => Ok(self.on_not_found(&missing)?),
            Message::Inv(items) => {
                let tip = self.chain.tip();
                let is_new = |hash| hash != tip.into();
                self.announced |= items
                    .iter()
                    .any(|item| item.kind.is_block() && is_new(item.hash));
                Ok(())
            }
            // Core asks every peer once and holds back its own announcements until there is an answer.
            Message::GetHeaders(_) => {
                let nothing = Headers::new(&self.network, []);
                self.outbox.push_back(Message::Headers(nothing));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn on_headers(&mut self, headers: &Headers, now: Timestamp) -> Result<(), SyncError> {
        let extended = match self.chain.extend(headers) {
            // So few may be an announcement that crossed our question, and the answer is still to come.
            Err(error @ HeaderError::Unconnected { .. }) if headers.len() <= MAX_ANNOUNCED => {
                self.stray = Some(error);
                return Ok(());
            }
            extended => extended?,
        };
        self.blocks.rewind(extended.fork);
        if let Some(stop) = self.options.stop_height {
            self.chain.truncate(stop);
        }
        let height = self.chain.height();
        if height > self.gained.1 {
            self.gained = (now, height);
        }
        let stop = self.options.stop_height.is_some_and(|stop| height >= stop);
        let full = headers.len() >= MessageLimits::DEFAULT.headers;
        // Nodes need not fill their answers, so an answer that is not full is the last one only where the node has no
        // more by its own account.
        let more = full || height < self.wanted_height();
        if extended.added > 0 && more && !stop {
            self.ask_for_headers();
            return Ok(());
        }
        match self.claimed_height() {
            Some(claimed) if height == 0 && claimed > 0 => Err(SyncError::NoHeaders { claimed }),
            _ => {
                self.finish_headers(now);
                Ok(())
            }
        }
    }

    fn finish_headers(&mut self, now: Timestamp) {
        self.gained.0 = now;
        let done = self.options.headers_only || self.blocks.is_complete(&self.chain);
        self.phase = if done { Phase::Done } else { Phase::Blocks };
    }

    fn finish_blocks(&mut self) {
        // Once more for what was announced meanwhile. If nothing comes of it, that was all.
        if core::mem::take(&mut self.announced) && self.options.stop_height.is_none() {
            self.ask_for_headers();
        } else {
            self.phase = Phase::Done;
        }
    }

    fn on_not_found(&self, missing: &Inventory) -> Result<(), BlockError> {
        let offers_all =
            |version: &VersionMessage| version.services.contains(ServiceFlags::NETWORK);
        let pruned = !self.remote.as_deref().is_some_and(offers_all);
        self.blocks.on_not_found(missing, pruned)
    }

    fn ask_for_headers(&mut self) {
        self.phase = Phase::Headers;
        let question = Message::GetHeaders(Box::new(self.chain.locator()));
        self.outbox.push_back(question);
    }

    fn claimed_height(&self) -> Option<i32> {
        self.remote.as_deref().map(|remote| remote.start_height)
    }

    /// The height to go to, by what the node claims.
    fn wanted_height(&self) -> u32 {
        let claimed = self.claimed_height().unwrap_or(0);
        let claimed = u32::try_from(claimed).unwrap_or(0);
        claimed.min(self.options.stop_height.unwrap_or(u32::MAX))
    }

    fn doing(&self) -> &'static str {
        match self.phase {
            Phase::Handshake => DURING_HANDSHAKE,
            Phase::Headers => "while waiting for headers",
            Phase::Blocks => "while waiting for blocks",
            Phase::Done => "at the end",
        }
    }
}

/// Headers in an announcement, at most (BIP130; Core's `MAX_BLOCKS_TO_ANNOUNCE`).
const MAX_ANNOUNCED: usize = 8;

/// Whether one of the messages that we wait for came and could not be read: waiting on would be in vain.
fn spoils_the_job(misbehavior: &Misbehavior) -> bool {
    let kind = misbehavior.command.as_ref();
    let kind = kind.and_then(MessageKind::from_command);
    matches!(misbehavior.kind, MisbehaviorKind::Malformed(_))
        && matches!(
            kind,
            Some(MessageKind::Headers | MessageKind::Block | MessageKind::NotFound)
        )
}
