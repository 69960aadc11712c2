//! Runs the bodies of the fuzz targets on stable, without libFuzzer: the committed seeds, damaged at random.
//!
//! It is blind: no coverage tells it which damage led somewhere new. What it is for is a machine without the tools, and a
//! fixed number of executions for every change. The same arguments always try the same inputs.

#![expect(clippy::unwrap_used, reason = "in a test a panic is a failure")]

mod seeds;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use peer_tests::fuzz::{Body, TARGETS};
use peer_tests::link::Dice;

/// Tries damaged seeds on the fuzz targets.
#[derive(Debug, Parser)]
struct Options {
    /// How long each target may run.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How often each target runs, at most.
    #[arg(long, default_value_t = u64::MAX)]
    runs: u64,
    /// Where the random numbers begin.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write the seeds that come from other fixtures again, and run nothing.
    #[arg(long)]
    write_seeds: bool,
    /// The targets; all if there are none.
    targets: Vec<String>,
}

/// Longest input, in bytes, as libFuzzer has it.
const MAX_LEN: usize = 4_096;

fn main() -> ExitCode {
    let options = Options::parse();
    if options.write_seeds {
        write_seeds("message", seeds::of_message());
        write_seeds("differential", seeds::of_message());
        write_seeds("differential", seeds::of_differential());
        return ExitCode::SUCCESS;
    }
    let chosen =
        |name: &str| options.targets.is_empty() || options.targets.iter().any(|t| t == name);
    let mut code = ExitCode::SUCCESS;
    for (name, body) in TARGETS {
        if chosen(name) && !run(name, body, &options) {
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// Runs one target; whether it broke no rule.
fn run(name: &str, body: Body, options: &Options) -> bool {
    let seeds = read_seeds(name);
    let mut dice = Dice::new(options.seed);
    let start = Instant::now();
    let mut runs = 0;
    while runs < options.runs && start.elapsed() < Duration::from_secs(options.seconds) {
        let input = damaged(&seeds, &mut dice);
        runs += 1;
        if catch_unwind(|| body(&input)).is_err() {
            let path = keep(name, &input);
            println!(
                "{name}: a rule is broken after {runs} executions by {}",
                path.display()
            );
            return false;
        }
    }
    println!(
        "{name}: {runs} executions in {:.1} s, coverage not measured",
        start.elapsed().as_secs_f32()
    );
    true
}

fn folder(kind: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz")
        .join(kind)
        .join(name)
}

/// In the order of their names, so that a run can be repeated.
fn read_seeds(name: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder("seeds", name)).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn write_seeds(name: &str, seeds: Vec<seeds::Seed>) {
    for (file, bytes) in seeds {
        fs::write(folder("seeds", name).join(file), bytes).unwrap();
    }
}

fn keep(name: &str, input: &[u8]) -> PathBuf {
    let folder = folder("artifacts", name);
    fs::create_dir_all(&folder).unwrap();
    let number = fs::read_dir(&folder).unwrap().count();
    let path = folder.join(format!("stable-{number}"));
    fs::write(&path, input).unwrap();
    path
}

/// A seed after one to eight acts of damage.
fn damaged(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut input = one(seeds, dice).to_vec();
    for _ in 0..=dice.below(8) {
        damage(&mut input, one(seeds, dice), dice);
    }
    input.truncate(MAX_LEN);
    input
}

fn one<'a>(seeds: &'a [Vec<u8>], dice: &mut Dice) -> &'a [u8] {
    &seeds[dice.below(seeds.len() as u64) as usize]
}

fn damage(input: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    /// Where counts and flags change their meaning.
    const EDGES: [u8; 10] = [0, 1, 2, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff, 0x10];
    let range = |len: usize, dice: &mut Dice| {
        let start = dice.below(len as u64 + 1) as usize;
        let len = (dice.below(32) as usize + 1).min(len - start);
        start..start + len
    };
    let here = range(input.len(), dice);
    let there = range(other.len(), dice);
    match dice.below(8) {
        0 => input
            .iter_mut()
            .skip(here.start)
            .take(1)
            .for_each(|byte| *byte ^= 1 << dice.below(8)),
        1 => input
            .iter_mut()
            .skip(here.start)
            .take(1)
            .for_each(|byte| *byte = dice.roll() as u8),
        2 | 3 => {
            let edge = EDGES[dice.below(EDGES.len() as u64) as usize];
            input
                .iter_mut()
                .skip(here.start)
                .take(1)
                .for_each(|byte| *byte = edge);
        }
        4 => drop(input.drain(here)),
        5 => drop(input.splice(here.start..here.start, other[there].iter().copied())),
        6 => drop(input.splice(here, other[there].iter().copied())),
        // The rest of another one.
        _ => {
            input.truncate(here.start);
            input.extend_from_slice(&other[there.start..]);
        }
    }
}
