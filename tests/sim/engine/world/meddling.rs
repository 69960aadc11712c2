//! What goes wrong: wires that break, clocks that jump, nodes that begin anew.

use peer_core::HangUp;

use super::{End, What, World};
use crate::sim::Check;
use crate::sim::plan::{Fault, SECOND};
use crate::sim::trace::mix;

impl World {
    pub(super) fn fault(&mut self, at: usize, index: usize) -> Check {
        self.at = at;
        let now = self.now;
        let Some((_, fault)) = self.wires[at].plan.faults.get(index).copied() else {
            return Ok(());
        };
        self.trace.say(now, at, 0, || format!("!! {fault:?}"));
        let wire = &mut self.wires[at];
        wire.is_tainted = true;
        match fault {
            Fault::Reset { loses } => {
                for end in 0..2 {
                    let pipe = &mut wire.pipes[end];
                    if loses {
                        pipe.lose();
                    }
                    let arrival = pipe.close(HangUp::Reset, now, &mut wire.dice);
                    if let Some(arrival) = arrival {
                        self.queue.push(core::cmp::Reverse((
                            arrival,
                            self.sequence,
                            What::Drive(at, end),
                        )));
                    }
                }
                for pipe in &mut self.wires[at].pipes {
                    pipe.is_dead = true;
                }
            }
            Fault::Cut => {
                wire.is_cut = true;
                for pipe in &mut wire.pipes {
                    pipe.lose();
                    pipe.is_dead = true;
                }
            }
            Fault::Stall { end, span } => {
                let until = wire.pipes[end].stall(now + span);
                self.schedule(until, What::Drive(at, end));
            }
        }
        for end in 0..2 {
            self.schedule(now, What::Drive(at, end));
        }
        Ok(())
    }

    /// The clock of a node jumps. Whoever is awake is told at once.
    pub(super) fn jump(&mut self, node: usize, index: usize) -> Check {
        let Some((_, by)) = self.nodes[node].plan.jumps.get(index).copied() else {
            return Ok(());
        };
        self.nodes[node].offset += by;
        for (at, end) in self.nodes[node].wires.clone() {
            // Deadlines that pass in a jump are nobody's fault.
            self.wires[at].is_tainted = true;
            self.trace.say(self.now, at, end, || {
                format!("!! the clock jumps by {:.3} s", by as f64 / 1e6)
            });
            self.wires[at].ticks[end].0 = u64::MAX;
            self.schedule(self.now, What::Drive(at, end));
        }
        Ok(())
    }

    /// A node begins anew: its connections are gone, and it dials whom it had dialled.
    pub(super) fn restart(&mut self, node: usize) -> Check {
        for (at, end) in self.nodes[node].wires.clone() {
            if self.wires[at].absent[end] || !matches!(self.wires[at].ends[end], End::Honest(_)) {
                continue;
            }
            self.at = at;
            self.trace
                .say(self.now, at, end, || "!! restarts".to_owned());
            self.wires[at].is_tainted = true;
            if let Some(side) = self.side(at, end) {
                side.subject.machine.abort();
                side.subject.watch.is_leaving = true;
                side.said_goodbye = true;
                side.sleeps_until = 0;
                side.subject.check()?;
            }
            self.drive(at, end)?;
            if end == 0 && self.wires[at].plan.hostile.is_none() {
                self.redial(at, 5 * SECOND, None);
            }
        }
        Ok(())
    }

    /// The same wire once more.
    pub(super) fn redial(
        &mut self,
        at: usize,
        delay: u64,
        transport: Option<peer_core::TransportPolicy>,
    ) {
        let mut plan = self.wires[at].plan.clone();
        if self.is_quiet {
            return;
        }
        plan.begins = self.now + delay;
        plan.faults.clear();
        plan.flip = None;
        plan.seed = mix(plan.seed, 77);
        plan.transport = transport.or(plan.transport);
        self.lay(plan);
    }
}
