//! What one end announced to the other: each object arrives once, in the form that was agreed, within the time that the
//! trickle allows; what does not arrive is accounted for.

use core::time::Duration;
use std::collections::BTreeMap;

use peer_core::message::{InvKind, InvVect};
use peer_core::wire::Hash;
use peer_core::{Config, Stats, Timestamp, Trickle};

use super::{Check, demand};

/// Means of a random schedule after which an object must have left: missed once in 10^11 times.
const MEANS: u32 = 26;

#[derive(Debug)]
struct Told {
    kind: InvKind,
    has_arrived: bool,
}

/// Announcements of one end.
#[derive(Debug, Default)]
pub(crate) struct Gossip {
    told: BTreeMap<Hash, Told>,
    /// Announcements that the machine took.
    pub(crate) taken: u64,
    /// Those that arrived.
    pub(crate) arrived: u64,
    /// Objects that had left when this was last looked at.
    left: u64,
    /// Since when something waits and nothing leaves.
    waits: Option<Timestamp>,
    /// What the other end announced, when nothing of ours was queued.
    heard: std::collections::BTreeSet<Hash>,
}

impl Gossip {
    /// The machine took an announcement.
    pub(crate) fn announced(&mut self, item: InvVect, clock: Timestamp, was_idle: bool) {
        self.taken += 1;
        if was_idle {
            self.waits = Some(clock);
        }
        let told = Told {
            kind: item.kind,
            has_arrived: false,
        };
        self.told.insert(item.hash, told);
    }

    /// The other end said that it has this. Unless it is said already, it is not said any more: nothing of what was
    /// announced is on its way where as much has arrived as has left.
    pub(crate) fn heard(&mut self, item: InvVect, is_idle: bool, left: u64) {
        let told = self.told.get(&item.hash);
        let is_unsaid =
            told.is_none_or(|told| !told.has_arrived && is_idle && left == self.arrived);
        if is_unsaid {
            self.heard.insert(item.hash);
        }
    }

    /// Something arrived at the other end.
    pub(crate) fn arrives(&mut self, item: InvVect) -> Check {
        // A machine remembers a thousand hashes, of which blocks take 310, and a transaction two.
        let is_remembered = self.told.len() + self.heard.len() < 300;
        let is_known = is_remembered && self.heard.contains(&item.hash);
        demand!(!is_known, "{item:?} is announced to who announced it");
        let Some(told) = self.told.get_mut(&item.hash) else {
            return Err(format!("{item:?} was never announced here"));
        };
        demand!(!told.has_arrived, "{item:?} is announced twice");
        demand!(
            told.kind == item.kind,
            "{item:?}, announced as {:?}",
            told.kind
        );
        told.has_arrived = true;
        self.arrived += 1;
        Ok(())
    }

    /// Transactions that the other end was told of.
    pub(crate) fn transactions(&self) -> impl Iterator<Item = Hash> {
        let arrived = self.told.iter().filter(|(_, told)| told.has_arrived);
        arrived
            .filter(|(_, told)| told.kind.is_transaction())
            .map(|(hash, _)| *hash)
    }

    /// Whether a block of this hash was announced and has not arrived.
    pub(crate) fn awaits(&self, hash: Hash) -> bool {
        self.told
            .get(&hash)
            .is_some_and(|told| !told.has_arrived && told.kind.is_block())
    }

    /// After every tick, which may be `late`: what waits does not wait for ever, and nothing is lost.
    pub(crate) fn check(
        &mut self,
        config: &Config,
        stats: &Stats,
        queued: usize,
        clock: Timestamp,
        late: Duration,
    ) -> Check {
        let gone = stats.inventory_announced + stats.inventory_dropped + stats.inventory_withheld;
        let all = gone + stats.inventory_queued as u64;
        demand!(
            all == self.taken,
            "{} announcements, {all} are accounted for",
            self.taken
        );
        let most = config.limits.inventory_queue + 8;
        demand!(
            stats.inventory_queued <= most,
            "{} announcements wait",
            stats.inventory_queued
        );
        let has_left = stats.inventory_announced
            > core::mem::replace(&mut self.left, stats.inventory_announced);
        if stats.inventory_queued == 0 || has_left || queued >= config.limits.send_high {
            self.waits = (stats.inventory_queued > 0).then_some(clock);
            return Ok(());
        }
        let since = *self.waits.get_or_insert(clock);
        let patience = longest(config.trickle, stats.inventory_queued);
        let due = since
            .saturating_add(patience)
            .saturating_add(config.timeouts.grain + 2 * late);
        demand!(
            clock < due,
            "{} announcements wait for {:?} ({:?})",
            stats.inventory_queued,
            clock.saturating_since(since),
            config.trickle
        );
        Ok(())
    }
}

/// How long so many objects may wait.
pub(crate) fn longest(trickle: Trickle, waiting: usize) -> Duration {
    match trickle {
        // Not a moment; but the clock of the model may be ahead by one step.
        Trickle::Immediate => Duration::from_millis(1),
        Trickle::Fixed { interval } => interval,
        Trickle::Poisson {
            inbound,
            outbound,
            per_flush,
        } => {
            let flushes = u32::try_from(waiting / per_flush.max(1)).unwrap_or(u32::MAX);
            inbound
                .max(outbound)
                .saturating_mul(MEANS.saturating_add(flushes.saturating_mul(2)))
        }
        _ => Duration::MAX,
    }
}
