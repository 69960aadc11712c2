//! Runs seeds of the simulation: so many of them, for so long, one of them again with its picture, or one long run.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints"
)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use peer_tests::sim::{Length, Options, Report, run};

/// A virtual network of machines, with everything checked after every step.
#[derive(Debug, Parser)]
struct Args {
    /// Runs this seed alone, and draws the connection that it fails on.
    #[arg(long)]
    seed: Option<u64>,
    /// With a seed: draws this wire, whether or not it fails.
    #[arg(long)]
    wire: Option<usize>,
    /// Lines of a picture at most: the last ones.
    #[arg(long, default_value_t = 120)]
    lines: usize,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many seeds.
    #[arg(long, default_value_t = 20_000)]
    seeds: u64,
    /// Runs seeds for so many minutes, however many that are. 0: until one fails.
    #[arg(long)]
    minutes: Option<u64>,
    /// Threads; each runs seeds of its own.
    #[arg(long)]
    threads: Option<usize>,
    /// Every so-manieth seed is run twice, and once without its hostile remotes.
    #[arg(long, default_value_t = 50)]
    again: u64,
    /// One long run of so many nodes in place of many short ones.
    #[arg(long, value_name = "NODES")]
    long: Option<usize>,
    /// Virtual hours of the long run.
    #[arg(long, default_value_t = 24)]
    hours: u64,
}

impl Args {
    fn options(&self) -> Options {
        Options::of(match self.long {
            Some(nodes) => Length::Long {
                nodes,
                hours: self.hours,
            },
            None => Length::Short,
        })
    }

    /// The command that runs a seed again.
    fn command(&self, seed: u64) -> String {
        let long = self
            .long
            .map(|nodes| format!(" --long {nodes} --hours {}", self.hours));
        let long = long.unwrap_or_default();
        format!("cargo run --profile sim -p peer-tests --bin simulate -- --seed {seed}{long}")
    }
}

/// What all runs came to.
#[derive(Debug, Default)]
struct Sum {
    runs: u64,
    hash: u64,
    connected_micros: u64,
    connections: usize,
    steps: u64,
    bytes: u64,
    negotiated: usize,
    delivered: u64,
    announced: u64,
    foretold: u64,
}

impl Sum {
    fn add(&mut self, report: &Report) {
        self.runs += 1;
        // In no order: threads finish when they do.
        self.hash ^= report.hash;
        self.connected_micros += report.connected_micros;
        self.connections += report.connections;
        self.steps += report.steps;
        self.bytes += report.bytes;
        self.negotiated += report.negotiated;
        self.delivered += report.delivered;
        self.announced += report.announced;
        self.foretold += report.foretold;
    }

    fn join(&mut self, other: &Self) {
        self.runs += other.runs;
        self.hash ^= other.hash;
        self.connected_micros += other.connected_micros;
        self.connections += other.connections;
        self.steps += other.steps;
        self.bytes += other.bytes;
        self.negotiated += other.negotiated;
        self.delivered += other.delivered;
        self.announced += other.announced;
        self.foretold += other.foretold;
    }

    fn print(&self, took: Duration) {
        let seconds = took.as_secs_f64().max(0.001);
        let hours = self.connected_micros as f64 / 3.6e9;
        println!(
            "{} runs in {seconds:.1} s: {:.0} seeds/s",
            self.runs,
            self.runs as f64 / seconds
        );
        println!(
            "{hours:.0} hours of connections: {:.0} sim-hours/s",
            hours / seconds
        );
        println!(
            "{} connections, {} negotiated, {} steps, {} MB",
            self.connections,
            self.negotiated,
            self.steps,
            self.bytes / 1_000_000
        );
        println!(
            "{} messages and {} announcements as promised, {} attacks ended as foretold",
            self.delivered, self.announced, self.foretold
        );
        println!("trace {:016x}", self.hash);
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    // A panic is reported with its seed.
    std::panic::set_hook(Box::new(|_| {}));
    let begun = Instant::now();
    if let Some(seed) = args.seed {
        return one(&args, seed);
    }
    let sum = many(&args, begun);
    match sum {
        Ok(sum) => {
            sum.print(begun.elapsed());
            ExitCode::SUCCESS
        }
        Err(seed) => {
            eprintln!("failed: {}", args.command(seed));
            one(&args, seed);
            ExitCode::FAILURE
        }
    }
}

/// One seed, with a picture of the connection that it fails on.
fn one(args: &Args, seed: u64) -> ExitCode {
    let begun = Instant::now();
    let report = run(seed, args.options());
    let failing = || report.failure.as_ref().map(|_| report.wire);
    let wire = args.wire.or_else(failing);
    if let Some(wire) = wire {
        println!("{}", drawn(args, seed, wire).picture);
    }
    let differs = || differs(args, seed, &report);
    if let Some(words) = report.failure.clone().or_else(differs) {
        println!("seed {seed} failed: {words}");
        println!("again: {}", args.command(seed));
        return ExitCode::FAILURE;
    }
    let mut sum = Sum::default();
    sum.add(&report);
    sum.print(begun.elapsed());
    ExitCode::SUCCESS
}

/// The same run, and the picture of a wire.
fn drawn(args: &Args, seed: u64, wire: usize) -> Report {
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    run(
        seed,
        Options {
            traced: Some(wire),
            lines: args.lines,
            ..args.options()
        },
    )
}

/// A second run is the same, and one without hostile remotes is the same for everybody else.
fn differs(args: &Args, seed: u64, report: &Report) -> Option<String> {
    let again = run(seed, args.options());
    if again.hash != report.hash {
        return Some("a second run differs".to_owned());
    }
    let alone = run(
        seed,
        Options {
            hostile: false,
            ..args.options()
        },
    );
    let place = alone
        .wires
        .iter()
        .zip(&report.wires)
        .position(|(alone, with)| alone != with);
    if let Some(place) = place {
        return Some(format!(
            "honest wire {place} differs where hostile remotes are there"
        ));
    }
    (alone.wires.len() != report.wires.len())
        .then(|| "hostile remotes change how often is dialled".to_owned())
}

/// Many seeds on several threads; the lowest that fails.
fn many(args: &Args, begun: Instant) -> Result<Sum, u64> {
    let threads = args
        .threads
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    let seeds = if args.long.is_some() { 1 } else { args.seeds };
    let until = args
        .minutes
        .map(|minutes| Duration::from_secs(minutes * 60));
    let next = AtomicU64::new(args.from);
    let failed = AtomicU64::new(u64::MAX);
    let stopped = AtomicBool::new(false);
    let work = || {
        let mut sum = Sum::default();
        while !stopped.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let is_over = match until {
                Some(until) => !until.is_zero() && begun.elapsed() >= until,
                None => seed >= args.from + seeds,
            };
            if is_over {
                break;
            }
            let report = run(seed, args.options());
            let mut is_bad = report.failure.is_some();
            if !is_bad && args.long.is_none() && seed.is_multiple_of(args.again.max(1)) {
                is_bad = differs(args, seed, &report).is_some();
            }
            if is_bad {
                failed.fetch_min(seed, Ordering::Relaxed);
                stopped.store(true, Ordering::Relaxed);
            }
            sum.add(&report);
        }
        sum
    };
    let sums: Vec<Sum> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles
            .into_iter()
            .filter_map(|handle| handle.join().ok())
            .collect()
    });
    match failed.load(Ordering::Relaxed) {
        u64::MAX => {
            let mut all = Sum::default();
            for sum in &sums {
                all.join(sum);
            }
            Ok(all)
        }
        seed => Err(seed),
    }
}
