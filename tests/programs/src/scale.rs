//! `scale`: what thousands of connections cost an adapter.
//!
//! ```text
//!   this process                         loopback                      a second process
//!   Crowd: dials, shakes hands,  ◄──── N connections ────►  the same adapter: accepts,
//!   rests, broadcasts; is measured                           tells when it hears an inv
//! ```
//!
//! The body measures and prints; an adapter's example gathers the crowd ([`Crowd`]).

mod args;
mod meter;
mod remote;
mod table;
mod tasks;

use core::error::Error;
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use peer_core::message::{InvKind, InvVect, Inventory, Message};
use peer_core::network::Network;
use peer_core::wire::TxEncoding;
use peer_core::{Config, EncodedMessage};

use self::args::Args;
use self::meter::Meter;
pub use self::remote::Tally;
use self::remote::{Remote, stamp};
use self::table::{Latency, Table};
pub use self::tasks::Tasks;

/// An adapter that holds many connections.
pub trait Crowd: Sized {
    /// The name of the adapter.
    const NAME: &'static str;

    /// Nobody is there yet.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    fn new(config: Arc<Config>) -> io::Result<Self>;

    /// Dials `address` until `peers` connections have shaken hands; never more than `at_once` are on
    /// the way to that.
    ///
    /// # Errors
    ///
    /// If any of them fails.
    fn gather(
        &mut self,
        address: SocketAddr,
        peers: usize,
        at_once: usize,
    ) -> Result<(), Box<dyn Error>>;

    /// Does for a while what connections want, and nothing else.
    ///
    /// # Errors
    ///
    /// If a connection is lost.
    fn rest(&mut self, span: Duration) -> Result<(), Box<dyn Error>>;

    /// Queues a message to every peer; to how many it was queued. It need not have left.
    fn broadcast(&mut self, message: &EncodedMessage) -> usize;

    /// The other end: listens on loopback, tells `tally` where, takes everybody in and tells it of
    /// every `inv`. Goes on until the process is ended.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    fn serve(config: Arc<Config>, tally: Tally) -> io::Result<()>;
}

/// The program. `heap` tells how many bytes are allocated in this process.
pub fn run<C: Crowd>(heap: fn() -> usize) -> ExitCode {
    let args = Args::read(C::NAME);
    let done = if args.serve {
        remote::end_with_the_other(args.longest());
        C::serve(Arc::new(config(2, &args)), Tally::new(args.peers)).map_err(Into::into)
    } else {
        measure::<C>(&args, heap).map(|table| print!("{table}"))
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure<C: Crowd>(args: &Args, heap: fn() -> usize) -> Result<Table, Box<dyn Error>> {
    meter::raise_descriptor_limit(args.peers + SPARE_DESCRIPTORS)?;
    let remote = Remote::start(args)?;
    let config = Arc::new(config(1, args));
    let mut crowd = C::new(config.clone())?;
    crowd.rest(SETTLING)?;

    let meter = Meter::new(heap);
    let before = meter.read();
    let start = Instant::now();
    crowd.gather(remote.address(), args.peers, args.at_once)?;
    let gathering = start.elapsed();
    crowd.rest(SETTLING)?;
    let gathered = meter.read();
    crowd.rest(args.idle)?;
    let rested = meter.read();

    let mut latencies = Vec::new();
    let mut queueing = Duration::ZERO;
    for round in 0..BROADCASTS {
        let message = inv(&config, round)?;
        let start = Instant::now();
        let queued = crowd.broadcast(&message);
        queueing = queueing.max(start.elapsed());
        if queued != args.peers {
            return Err(format!("a broadcast went to {queued} of {} peers", args.peers).into());
        }
        crowd.rest(BETWEEN)?;
        latencies.push(remote.latency(|| crowd.rest(BETWEEN))?);
    }
    Ok(Table {
        name: C::NAME,
        transport: config.transport,
        peers: args.peers,
        gathering,
        heap: gathered.heap.saturating_sub(before.heap),
        resident: gathered.resident.saturating_sub(before.resident),
        process: gathered.resident,
        idle: args.idle,
        idle_cpu: rested.cpu.saturating_sub(gathered.cpu),
        queueing,
        latency: Latency::worst(&latencies),
    })
}

/// Settings of one of the two sides: the defaults, timers included, but for the transport.
fn config(secret: u8, args: &Args) -> Config {
    let mut config = Config::with_secret(Network::REGTEST, [secret; 32]);
    config.transport = args.transport.into();
    config
}

/// An `inv` of one transaction that is named by the time.
fn inv(config: &Config, round: u8) -> Result<EncodedMessage, Box<dyn Error>> {
    let item = InvVect::new(InvKind::Tx, stamp(round));
    let list = Inventory::new(&config.network, vec![item])?;
    Ok(EncodedMessage::new(
        Message::Inv(list),
        config,
        TxEncoding::Witness,
    )?)
}

/// Descriptors that are not connections.
const SPARE_DESCRIPTORS: usize = 50;

/// For what is left to do to be done.
const SETTLING: Duration = Duration::from_millis(500);

/// How many times everybody is told something. The slowest time counts.
const BROADCASTS: u8 = 5;

/// From one look at the remote's answer to the next.
const BETWEEN: Duration = Duration::from_millis(100);
