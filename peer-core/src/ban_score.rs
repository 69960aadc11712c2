//! Scores of misbehaviour, for applications that keep remotes away.
//!
//! The machine tells what a remote did ([`Misbehavior`](crate::Misbehavior)) and ends the
//! connection where [`Strictness`](crate::Strictness) says so. Whether the remote may come back is
//! the application's to decide: it keeps one [`BanScore`] a remote, shows it every event, and does
//! what the [`Penalty`] says. No list of addresses is kept here, and no time of a ban.
//!
//! Of peers that are never punished (Core: `noban`) the application keeps no score, or one under
//! [`BanPolicy::noban`].

mod decay;

use core::time::Duration;

use self::decay::Decaying;
use crate::error::Violation;
use crate::event::Event;
use crate::message::{Inventory, Message, MessageKind};
use crate::misbehavior::{Misbehavior, MisbehaviorKind, Severity};
use crate::network::InvKind;
use crate::time::Timestamp;

/// What one act adds to a score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Points {
    /// Points that stay.
    pub persistent: u32,
    /// Points that halve with every [`BanPolicy::half_life`].
    pub transient: u32,
}

impl Points {
    /// Nothing.
    pub const NONE: Self = Self::new(0, 0);

    /// So many that stay, and so many that fade.
    pub const fn new(persistent: u32, transient: u32) -> Self {
        Self {
            persistent,
            transient,
        }
    }

    /// Points that stay.
    pub const fn persistent(points: u32) -> Self {
        Self::new(points, 0)
    }

    /// Points that fade.
    pub const fn transient(points: u32) -> Self {
        Self::new(0, points)
    }

    fn plus(self, other: Self) -> Self {
        Self::new(
            self.persistent.saturating_add(other.persistent),
            self.transient.saturating_add(other.transient),
        )
    }

    fn times(self, count: u32) -> Self {
        Self::new(
            self.persistent.saturating_mul(count),
            self.transient.saturating_mul(count),
        )
    }
}

/// What is to become of a remote after an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Penalty {
    /// Nothing.
    #[default]
    None,
    /// End the connection; the remote may come back. (The machine often has ended it already.)
    Disconnect,
    /// End the connection and keep the remote away for a while (btcd: 24 hours, by host; Core:
    /// discourages the address until it is restarted).
    Ban,
}

/// What is punished, and how: data only.
///
/// The presets are [`BanPolicy::default`], [`BanPolicy::core`], [`BanPolicy::btcd`] and
/// [`BanPolicy::noban`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BanPolicy {
    /// For misbehaviour that is [`Severity::Harmless`]. Default nothing.
    pub harmless: Points,
    /// For misbehaviour that is [`Severity::Careless`]. Default 2 that fade: what the machine
    /// forgives in a minute stays below the ban.
    pub careless: Points,
    /// For misbehaviour that is [`Severity::Forbidden`]. Default 20 that stay.
    pub forbidden: Points,
    /// For misbehaviour that is [`Severity::Hostile`]. Default 100 that stay: one act is enough.
    pub hostile: Points,
    /// In addition for `filterload`, `filteradd` and `filterclear` without the BLOOM service where
    /// they end the connection (by default from version 70011 on, which knows the service).
    /// Default nothing.
    pub bloom_not_served: Points,
    /// For each `mempool` delivered. Default 33 that fade (as btcd).
    pub mempool: Points,
    /// For a `getdata` of 50,000 items, a shorter one costs its share, rounded down. Default 99
    /// that fade (as btcd).
    pub getdata: Points,
    /// For each block in a `notfound`. Default nothing; btcd's 20 ban a pruned node that is asked
    /// for five old blocks.
    pub notfound_block: Points,
    /// For each transaction in a `notfound`. Default nothing: transactions are replaced and mined
    /// between announcement and request.
    pub notfound_tx: Points,
    /// Whether anything else in a `notfound` ends the connection. Default false (btcd: true).
    pub notfound_other_disconnects: bool,
    /// The least severity that ends the connection, where [`Strictness`](crate::Strictness) has
    /// not. Default `None`: the machine's judgement stands.
    pub disconnect_from: Option<Severity>,
    /// The score that leads to a ban; `None`: never. Default 100.
    pub ban_at: Option<u32>,
    /// Time in which points that fade halve. Default 60 s (as btcd). Zero: they are gone with the
    /// next microsecond.
    pub half_life: Duration,
}

impl Default for BanPolicy {
    fn default() -> Self {
        Self {
            harmless: Points::NONE,
            careless: Points::transient(2),
            forbidden: Points::persistent(20),
            hostile: Points::persistent(100),
            bloom_not_served: Points::NONE,
            mempool: Points::transient(33),
            getdata: Points::transient(99),
            notfound_block: Points::NONE,
            notfound_tx: Points::NONE,
            notfound_other_disconnects: false,
            disconnect_from: None,
            ban_at: Some(100),
            half_life: Duration::from_secs(60),
        }
    }
}

impl BanPolicy {
    /// As Bitcoin Core since 28: no scores. One act of `Misbehaving` discourages the address, what
    /// else it hangs up on costs the connection, nothing else costs anything.
    pub fn core() -> Self {
        Self {
            hostile: Points::persistent(100),
            disconnect_from: Some(Severity::Forbidden),
            ban_at: Some(100),
            ..Self::noban()
        }
    }

    /// As btcd's server scores (2c67bc29), with one thing put right: btcd bans above 100, so that
    /// the 100 points for a bloom command never banned anybody; here 100 is enough. Malformed
    /// messages cost the connection and no points.
    pub fn btcd() -> Self {
        Self {
            bloom_not_served: Points::persistent(100),
            mempool: Points::transient(33),
            getdata: Points::transient(99),
            notfound_block: Points::persistent(20),
            notfound_tx: Points::transient(10),
            notfound_other_disconnects: true,
            disconnect_from: Some(Severity::Careless),
            ban_at: Some(100),
            ..Self::noban()
        }
    }

    /// Nothing is punished: for remotes that are trusted (Core: `noban`, btcd: whitelisted).
    pub fn noban() -> Self {
        Self {
            careless: Points::NONE,
            forbidden: Points::NONE,
            hostile: Points::NONE,
            mempool: Points::NONE,
            getdata: Points::NONE,
            ban_at: None,
            ..Self::default()
        }
    }

    /// What an event costs, and whether it ends the connection whatever the score.
    fn judge(&self, event: &Event) -> (Points, bool) {
        match event {
            Event::Misbehavior(misbehavior) => {
                let ends = self
                    .disconnect_from
                    .is_some_and(|least| misbehavior.severity >= least);
                (self.misbehavior(misbehavior), ends)
            }
            Event::Message { message, .. } => self.message(message),
            _ => (Points::NONE, false),
        }
    }

    fn misbehavior(&self, misbehavior: &Misbehavior) -> Points {
        let points = match misbehavior.severity {
            Severity::Harmless => self.harmless,
            Severity::Careless => self.careless,
            Severity::Forbidden => self.forbidden,
            Severity::Hostile => self.hostile,
        };
        if is_bloom_not_served(&misbehavior.kind) {
            points.plus(self.bloom_not_served)
        } else {
            points
        }
    }

    fn message(&self, message: &Message) -> (Points, bool) {
        match message {
            Message::MemPool => (self.mempool, false),
            Message::GetData(list) => {
                let items = u32::try_from(list.len()).unwrap_or(u32::MAX);
                (share(self.getdata, items), false)
            }
            Message::NotFound(list) => self.notfound(list),
            _ => (Points::NONE, false),
        }
    }

    fn notfound(&self, list: &Inventory) -> (Points, bool) {
        let costs = [self.notfound_block, self.notfound_tx] != [Points::NONE; 2];
        if !costs && !self.notfound_other_disconnects {
            return (Points::NONE, false);
        }
        let (mut blocks, mut transactions, mut others) = (0_u32, 0_u32, false);
        for item in list {
            match item.kind {
                InvKind::Block | InvKind::WitnessBlock | InvKind::MwebBlock => {
                    blocks = blocks.saturating_add(1);
                }
                kind if kind.is_transaction() => transactions = transactions.saturating_add(1),
                _ => others = true,
            }
        }
        if others && self.notfound_other_disconnects {
            // btcd looks no further.
            return (Points::NONE, true);
        }
        let points = self.notfound_block.times(blocks);
        (points.plus(self.notfound_tx.times(transactions)), false)
    }
}

/// The share of `points` that `items` of 50,000 cost, rounded down as btcd does.
fn share(points: Points, items: u32) -> Points {
    let of = |points: u32| {
        let share = u64::from(points).saturating_mul(u64::from(items)) / MAX_INV;
        u32::try_from(share).unwrap_or(u32::MAX)
    };
    Points::new(of(points.persistent), of(points.transient))
}

/// btcd scores filters, not `mempool`, and only what ended the connection.
fn is_bloom_not_served(kind: &MisbehaviorKind) -> bool {
    let MisbehaviorKind::Violation(violation @ Violation::NotServed { .. }) = kind else {
        return false;
    };
    let command = violation.command();
    let kind = command.as_ref().and_then(MessageKind::from_command);
    matches!(
        kind,
        Some(MessageKind::FilterLoad | MessageKind::FilterAdd | MessageKind::FilterClear)
    )
}

/// The score of one remote, which the application keeps as long as it likes.
///
/// ```
/// use peer_core::{BanPolicy, BanScore, Event, Penalty, PeerMachine, Timestamp};
///
/// /// Hands on what is to be known, and says whether the remote is to be kept away.
/// fn poll(peer: &mut PeerMachine, score: &mut BanScore, now: Timestamp) -> bool {
///     while let Some(event) = peer.poll_event() {
///         match score.on_event(&event, now) {
///             Penalty::Ban => return true,
///             Penalty::Disconnect => peer.disconnect(),
///             _ => {}
///         }
///     }
///     false
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BanScore {
    policy: BanPolicy,
    persistent: u32,
    transient: Decaying,
}

impl BanScore {
    /// A clean one.
    pub fn new(policy: BanPolicy) -> Self {
        Self {
            policy,
            persistent: 0,
            transient: Decaying::default(),
        }
    }

    /// Counts an event, and says what is to become of the remote because of it. Events that cost
    /// nothing change nothing, also when the score is high.
    ///
    /// A clock that goes backwards counts as one that stands.
    pub fn on_event(&mut self, event: &Event, now: Timestamp) -> Penalty {
        let (points, ends) = self.policy.judge(event);
        let otherwise = if ends {
            Penalty::Disconnect
        } else {
            Penalty::None
        };
        if points == Points::NONE {
            return otherwise;
        }
        self.persistent = self.persistent.saturating_add(points.persistent);
        self.transient
            .add(points.transient, now, self.policy.half_life);
        match self.policy.ban_at {
            Some(threshold) if self.score(now) >= threshold => Penalty::Ban,
            _ => otherwise,
        }
    }

    /// The score: points that stayed and what is left of those that fade, rounded down.
    pub fn score(&self, now: Timestamp) -> u32 {
        let transient = self.transient.at(now, self.policy.half_life);
        self.persistent.saturating_add(transient)
    }

    /// The policy it follows.
    pub fn policy(&self) -> &BanPolicy {
        &self.policy
    }
}

/// Items of the longest `getdata` (Core: `MAX_INV_SZ`; btcd: `MaxInvPerMsg`).
const MAX_INV: u64 = 50_000;

#[cfg(test)]
mod tests;
