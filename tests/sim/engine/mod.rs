//! A virtual network of machines: virtual time, one seed, one thread; what must hold is checked after every step.
//!
//! Everything follows from the seed: who is there, what the wires are like, what goes wrong, and who is hostile. What
//! must come out is foretold by models that see only what goes into a machine and what comes out of it.
//!
//! - `plan`: what the seed decides beforehand: nodes and their settings, wires and their faults;
//! - `world`: the queue of what happens, ordered by time; `pipe`: one direction of a wire;
//! - `subject`: a machine, driven as an adapter drives it, and everything that holds for it by itself;
//!   `book`: the messages it promised to send; `watch`: when its timers must have fired;
//!   `bound`: what it may hold; `tap`: its frames, read from its bytes;
//! - `app`: an honest application; `gossip`: what it announces, and what must come of that;
//! - `delivery`: what one end said against what the other heard;
//! - `script`: a remote that is not honest, `attack`: what it says;
//! - `trace`: the hash of a run, and its picture.

mod app;
mod attack;
mod book;
mod bound;
mod delivery;
mod ending;
mod gossip;
mod pipe;
mod plan;
mod script;
mod subject;
mod tap;
mod trace;
mod watch;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use self::plan::Length;
use self::world::World;

/// What went wrong, in words.
pub(crate) type Check = Result<(), String>;

/// Fails the step unless the condition holds.
macro_rules! demand {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use demand;

/// How a seed is run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How much of a network, and for how long.
    pub length: Length,
    /// The hostile remotes are there. Without them everybody else must do exactly the same.
    pub hostile: bool,
    /// Keep what is needed for a picture of this wire.
    pub traced: Option<usize>,
    /// Lines of the picture at most.
    pub lines: usize,
}

impl Options {
    /// A run of that length with everybody in it.
    #[must_use]
    pub const fn of(length: Length) -> Self {
        Self {
            length,
            hostile: true,
            traced: None,
            lines: 120,
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Hash of everything that happened, in its order.
    pub hash: u64,
    /// The same of each wire between honest nodes, in the order of their making.
    pub wires: Vec<u64>,
    /// Virtual microseconds that passed.
    pub micros: u64,
    /// Connections there were.
    pub connections: usize,
    /// Virtual microseconds of all connections together.
    pub connected_micros: u64,
    /// Steps of machines.
    pub steps: u64,
    /// Bytes that machines gave to sockets.
    pub bytes: u64,
    /// Handshakes that were completed on both sides.
    pub negotiated: usize,
    /// Messages that arrived as they were promised.
    pub delivered: u64,
    /// Objects that arrived in an `inv` as they were announced.
    pub announced: u64,
    /// Acts of hostile remotes that had the consequence that was foretold.
    pub foretold: u64,
    /// What went wrong, if anything did.
    pub failure: Option<String>,
    /// The wire that it went wrong on.
    pub wire: usize,
    /// The picture of the connection that it went wrong on, where it was asked for.
    pub picture: String,
}

/// Runs one seed.
#[must_use]
pub fn run(seed: u64, options: Options) -> Report {
    let mut world = World::new(seed, options);
    let ended = catch_unwind(AssertUnwindSafe(|| world.run()));
    let failure = match ended {
        Ok(Ok(())) => None,
        Ok(Err(words)) => Some(words),
        Err(panic) => Some(format!("panic: {}", words_of(panic.as_ref()))),
    };
    world.report(failure)
}

/// The machines of a seed as they are when so many microseconds have passed.
///
/// # Errors
/// What went wrong until then.
pub fn machines_at(seed: u64, micros: u64) -> Result<Vec<peer_core::PeerMachine>, String> {
    let mut world = World::new(seed, Options::of(Length::Short));
    world.run_until(micros)?;
    Ok(world.into_machines())
}

fn words_of(panic: &(dyn core::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "without words".to_owned())
}
