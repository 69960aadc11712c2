//! [`Replayer`]: reads a tape, piece by piece, and does with a fresh machine what was done with the recorded one.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;

use super::blocks::{Blocks, Record};
use super::error::{Gap, TapeError};
use super::input::{Begin, Input, Kind, Output};
use super::value::Value;
use super::witness::{Witness, leaving};
use crate::command::Command;
use crate::config::Config;
use crate::machine::PeerMachine;
use crate::network::Network;
use crate::time::Timestamp;
use crate::transport::TransportKind;

/// Memory that the machine of a replay may hold, in bytes, unless [`Replayer::within`] says otherwise. More than a
/// machine with default limits ever does, which is 6 MB.
pub const DEFAULT_MEMORY: usize = 64 * 1_024 * 1_024;

/// Replays a tape: feed it, and take [steps](Self::step) until there are none.
///
/// Every step is compared with what was recorded, so a tape that was replayed to its end gave the same bytes, events
/// and deadlines, bit for bit. What was changed, cut off or came out differently is an error that says where; after an
/// error there are no more steps, and the machine can be looked at as it was left.
///
/// Tapes may stand one after the other, as they do where a connection was dialled again: each begins with a new machine.
///
/// With the feature `tracing` the machine says what it does, as the recorded one did.
///
/// It holds what it was fed and has not replayed, and the machine: however the bytes are chosen, nothing is allocated
/// for what they merely claim.
#[derive(Debug)]
pub struct Replayer {
    blocks: Blocks,
    /// What a tape does not hold of its network is taken from here.
    network: Network,
    most_memory: usize,
    run: Option<Box<Run>>,
    recorded_by: Option<String>,
    /// The first error; there are no more steps.
    failed: Option<TapeError>,
}

/// A tape being replayed.
#[derive(Debug)]
struct Run {
    machine: PeerMachine,
    witness: Witness,
    last: Timestamp,
    /// Records so far.
    count: u64,
    is_over: bool,
}

/// One call, made again.
#[derive(Debug)]
#[non_exhaustive]
pub struct Step {
    /// Where its record begins, in bytes from the beginning of what was fed.
    pub offset: u64,
    /// How many calls came before it, the machine's birth counted.
    pub number: u64,
    /// The call.
    pub input: Input,
    /// What it came to, the same as when it was recorded.
    pub output: Output,
}

impl Default for Replayer {
    fn default() -> Self {
        Self {
            blocks: Blocks::default(),
            network: Network::MAINNET,
            most_memory: DEFAULT_MEMORY,
            run: None,
            recorded_by: None,
            failed: None,
        }
    }
}

impl Replayer {
    /// One that has heard nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// For tapes of a network that is not among the presets: its name, its salt (if that is its own) and the function
    /// that hashes its older headers (if there is one) stand on no tape, and are taken from `network`.
    #[must_use]
    pub fn on(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// With another bound than [`DEFAULT_MEMORY`], for tapes of machines with higher limits.
    #[must_use]
    pub fn within(mut self, bytes: usize) -> Self {
        self.most_memory = bytes;
        self
    }

    /// The next piece of the tape, of any length.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.blocks.feed(bytes);
        }
    }

    /// Makes the next call again. `None` if what was fed has no complete block any more.
    ///
    /// # Errors
    /// The first thing that is wrong with the tape, or that came out otherwise; ever again once it was found.
    pub fn step(&mut self) -> Result<Option<Step>, TapeError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let step = self.next_step();
        if let Err(error) = &step {
            self.failed = Some(error.clone());
        }
        step
    }

    /// Nothing more is fed: whether the tape was complete, as far as it was stepped through.
    ///
    /// # Errors
    /// [`TapeError::Truncated`] if it was not, or what [`step`](Self::step) failed with.
    pub fn finish(&self) -> Result<(), TapeError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let is_over = self.run.as_ref().is_some_and(|run| run.is_over);
        if is_over && self.blocks.is_between_tapes() {
            return Ok(());
        }
        let offset = self.blocks.offset();
        Err(TapeError::Truncated { offset })
    }

    /// The machine as far as it has come: of the last tape that began.
    pub fn machine(&self) -> Option<&PeerMachine> {
        self.run.as_ref().map(|run| &run.machine)
    }

    /// The version of this library that recorded the tape. Another one's machines may differ.
    pub fn recorded_by(&self) -> Option<&str> {
        self.recorded_by.as_deref()
    }

    fn next_step(&mut self) -> Result<Option<Step>, TapeError> {
        loop {
            let Some(record) = self.blocks.next()? else {
                return Ok(None);
            };
            let offset = record.offset;
            match (
                record.kind,
                self.run.as_deref_mut().filter(|run| !run.is_over),
            ) {
                (Kind::Begin, None) => self.begin(&record)?,
                (Kind::Begin, Some(_)) | (_, None) => {
                    return Err(TapeError::Malformed {
                        offset,
                        what: "order",
                    });
                }
                (Kind::Gap, Some(_)) => {
                    let gap = record.read(&self.network, Gap::take)?;
                    return Err(TapeError::Gap { offset, gap });
                }
                (Kind::End, Some(run)) => {
                    record.read(&self.network, |_| Ok(()))?;
                    run.is_over = true;
                    self.blocks.end_tape(offset)?;
                }
                (_, Some(run)) => return run.step(&record, self.most_memory).map(Some),
            }
        }
    }

    fn begin(&mut self, record: &Record) -> Result<(), TapeError> {
        let begin = record.read(&self.network, Begin::take)?;
        let offset = record.offset;
        self.recorded_by = Some(begin.recorder);
        if decoys(&begin.config) > self.most_memory {
            return Err(TapeError::TooMuchMemory { offset });
        }
        let config = Arc::new(begin.config);
        let mut run = Box::new(Run {
            machine: PeerMachine::from_seed(config, begin.link, begin.now, begin.seed),
            witness: Witness::default(),
            last: begin.now,
            count: 0,
            is_over: false,
        });
        let witnessed = run.compare(record, &Output::Nothing);
        self.run = Some(run);
        witnessed
    }
}

/// Bytes of the decoys that a machine makes in a v2 handshake.
fn decoys(config: &Config) -> usize {
    let lens = config.v2.decoys.iter().map(|len| *len as usize);
    lens.fold(0, usize::saturating_add)
}

impl Run {
    fn step(&mut self, record: &Record, most_memory: usize) -> Result<Step, TapeError> {
        let offset = record.offset;
        let network = self.machine.config().network;
        let last = &mut self.last;
        let input = record.read(&network, |from| Input::take(record.kind, from, last))?;
        let Some(input) = input else {
            let what = "kind";
            return Err(TapeError::Malformed { offset, what });
        };
        let added = match &input {
            Input::Command(Command::SendDecoy(len)) => self.weigh_decoy(*len),
            _ => 0,
        };
        let number = self.count;
        if self.machine.memory_held().saturating_add(added) > most_memory {
            return Err(TapeError::TooMuchMemory { offset });
        }
        let output = self
            .apply(input.clone())
            .ok_or_else(|| TapeError::Diverged {
                offset,
                number,
                call: record.kind.name(),
            })?;
        self.compare(record, &output)?;
        Ok(Step {
            offset,
            number,
            input,
            output,
        })
    }

    /// Bytes that a decoy of so many would take: it is made of nothing but its length.
    fn weigh_decoy(&self, len: u32) -> usize {
        let is_v2 = self.machine.transport() == Some(TransportKind::V2);
        if !is_v2 || !self.machine.is_negotiated() {
            return 0;
        }
        len.min(self.machine.config().network.max_payload) as usize
    }

    /// Makes the call; `None` if the machine has no room for what was received.
    fn apply(&mut self, input: Input) -> Option<Output> {
        let machine = &mut self.machine;
        match input {
            Input::Inbound => drop(machine.inbound().map(|_| ())),
            Input::Received { bytes, now } => {
                let window = machine.lent_window().get_mut(..bytes.len())?;
                window.copy_from_slice(&bytes);
                machine.received(bytes.len(), now);
            }
            Input::HungUp { how, now } => machine.hung_up(how, now),
            Input::Outbound => drop(machine.outbound()),
            Input::Sent { n, now } => {
                let n = usize::try_from(n).unwrap_or(usize::MAX);
                let left = leaving(machine, n);
                machine.sent(n, now);
                return Some(Output::Sent(left));
            }
            Input::Tick { now } => machine.tick(now),
            Input::PollEvent => return Some(Output::Event(machine.poll_event())),
            Input::PollProgress => return Some(Output::Event(machine.poll_progress())),
            Input::Command(command) => return Some(Output::Outcome(machine.command(command))),
        }
        Some(Output::Nothing)
    }

    /// Whether the call came to what was recorded.
    fn compare(&mut self, record: &Record, output: &Output) -> Result<(), TapeError> {
        let number = self.count;
        self.count = self.count.saturating_add(1);
        let Some(mark) = record.mark else {
            return Ok(());
        };
        self.witness.hear(&output.into(), &self.machine);
        if self.witness.mark() == mark {
            return Ok(());
        }
        Err(TapeError::Diverged {
            offset: record.offset,
            number,
            call: record.kind.name(),
        })
    }
}
