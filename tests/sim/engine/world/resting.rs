//! The end of a run: first nothing new, then a look at everything, then farewells.

use peer_core::{DisconnectReason, Purpose, TransportPolicy};

use super::{End, FAREWELL, What, World, both};
use crate::sim::app::Side;
use crate::sim::ending::{self, Circumstances};
use crate::sim::plan::SECOND;
use crate::sim::{Check, demand};

/// Looks at a network that does not come to rest. That nothing waits too long is checked elsewhere.
const MOST_TRIES: u32 = 400;

impl World {
    /// Nothing new from here on; everybody is awake.
    pub(super) fn quiet(&mut self) -> Check {
        self.is_quiet = true;
        for at in 0..self.wires.len() {
            for end in 0..2 {
                if let Some(side) = self.side(at, end) {
                    side.sleeps_until = 0;
                }
                self.schedule(self.now, What::Drive(at, end));
            }
        }
        Ok(())
    }

    /// A connection ended, for a reason that an honest remote can give.
    pub(super) fn judge_end(&mut self, at: usize, end: usize, reason: &DisconnectReason) -> Check {
        let wire = &mut self.wires[at];
        let around = Circumstances {
            is_tainted: wire.is_tainted,
            is_corrupt: wire.is_corrupt,
            is_mismatched: wire.is_mismatched,
            is_alone: wire.absent[1 - end] || wire.told_end[end],
        };
        let (own, other) = both(&mut wire.ends, end);
        if let (End::Honest(side), End::Honest(other)) = (own, other) {
            ending::check_reason(side, other, reason, around)?;
            if reason.asks_for_v1() && end == 0 {
                self.redial(at, SECOND / 10, Some(TransportPolicy::V1));
            }
        }
        Ok(())
    }

    /// Everything must have come to rest. A ping may be on its way just now, and a transaction that trickles from
    /// node to node takes a while at each of them, so there are several tries.
    pub(super) fn judge(&mut self, tries: u32) -> Check {
        let mut is_restless = false;
        for at in 0..self.wires.len() {
            self.at = at;
            is_restless |= self.judge_wire(at, tries >= MOST_TRIES)?;
        }
        if is_restless {
            self.schedule(self.now + SECOND * 3 / 2, What::Judge(tries + 1));
        } else {
            self.schedule(self.now, What::Goodbye);
        }
        Ok(())
    }

    /// Whether it has not come to rest.
    fn judge_wire(&self, at: usize, is_last: bool) -> Result<bool, String> {
        let wire = &self.wires[at];
        let (End::Honest(left), End::Honest(right)) = (&wire.ends[0], &wire.ends[1]) else {
            return Ok(false);
        };
        if wire.is_tainted || wire.absent != [false; 2] {
            return Ok(false);
        }
        for side in [left, right] {
            let known =
                side.subject.is_negotiated || side.subject.over.is_some() || wire.is_mismatched;
            demand!(known, "a handshake that neither ends nor fails");
        }
        if !left.subject.is_negotiated || !right.subject.is_negotiated {
            return Ok(false);
        }
        let is_moving = wire.pipes.iter().any(|pipe| !pipe.is_quiet());
        let is_restless = [left, right]
            .into_iter()
            .any(|side| ending::is_restless(side));
        if (is_moving || is_restless) && !is_last {
            return Ok(true);
        }
        demand!(!is_moving, "it does not come to rest");
        ending::check_rest(left, right)?;
        ending::check_rest(right, left)?;
        if wire.plan.purpose == Purpose::FullRelay {
            self.check_spread(left, right)?;
            self.check_spread(right, left)?;
        }
        Ok(false)
    }

    /// What one announced the other's node has: it came by this connection or had come by another.
    fn check_spread(&self, side: &Side, other: &Side) -> Check {
        let pool = &self.nodes[other.node].pool;
        for hash in side.gossip.transactions() {
            let Some(coin) = self.coins.find(hash) else {
                continue;
            };
            demand!(
                pool.contains(&coin),
                "transaction {coin} was announced to a node, which does not have it"
            );
        }
        Ok(())
    }

    /// Everybody says goodbye, and everybody is told of the end.
    pub(super) fn goodbye(&mut self) -> Check {
        if self.is_over {
            self.schedule(self.now, What::Stop);
            return self.check_farewells();
        }
        self.is_over = true;
        for at in 0..self.wires.len() {
            let end = usize::from(self.wires[at].plan.seed.is_multiple_of(2));
            let ends = match self.wires[at].plan.hostile {
                Some((hostile, _)) => [1 - hostile, 1 - hostile],
                None => [end, end],
            };
            let end = ends[0];
            if self.wires[at].absent[end] {
                continue;
            }
            self.at = at;
            if let Some(side) = self.side(at, end)
                && side.subject.over.is_none()
            {
                side.said_goodbye = true;
                if !side.subject.watch.is_leaving {
                    side.subject.disconnect()?;
                }
            }
            self.drive(at, end)?;
        }
        self.schedule(self.now + FAREWELL, What::Goodbye);
        Ok(())
    }

    /// Whoever was not cut off knows of the end, and what was sent before it has arrived.
    fn check_farewells(&mut self) -> Check {
        for at in 0..self.wires.len() {
            self.at = at;
            let wire = &self.wires[at];
            for end in 0..2 {
                if let End::Honest(side) = &wire.ends[end] {
                    let is_told = side.subject.over.is_some();
                    demand!(
                        is_told || wire.is_tainted,
                        "end {end} was not told of the end"
                    );
                }
            }
            let (End::Honest(left), End::Honest(right)) = (&wire.ends[0], &wire.ends[1]) else {
                continue;
            };
            self.report.announced += left.gossip.arrived + right.gossip.arrived;
        }
        Ok(())
    }
}
