//! The simulation as tests: some seeds, what the seeds promise, and memory against an allocator that counts.
#![expect(clippy::panic, reason = "in a test a panic is a failure")]

use allocation_counter::measure;
use peer_tests::sim::{Length, Options, Report, machines_at, run};

/// Seeds that every run of the tests sees; the runner sees as many as one likes.
const SEEDS: u64 = 60;

fn of(seed: u64) -> Report {
    run(seed, Options::of(Length::Short))
}

/// A failure is a command that shows it again, and the picture.
fn pass(seed: u64) -> Report {
    let report = of(seed);
    if let Some(failure) = &report.failure {
        let options = Options {
            traced: Some(report.wire),
            ..Options::of(Length::Short)
        };
        let picture = run(seed, options).picture;
        panic!(
            "{picture}\n{failure}\nagain: cargo run --profile sim -p peer-tests --bin simulate -- --seed {seed}"
        );
    }
    report
}

#[test]
fn what_must_hold_holds_after_every_step() {
    let (mut negotiated, mut delivered, mut announced, mut foretold) = (0, 0, 0, 0);
    for seed in 0..SEEDS {
        let report = pass(seed);
        negotiated += report.negotiated;
        delivered += report.delivered;
        announced += report.announced;
        foretold += report.foretold;
    }
    // It is not an empty network that is quiet.
    assert!(
        negotiated > 80 && delivered > 4_000,
        "{negotiated} {delivered}"
    );
    assert!(announced > 200 && foretold > 4, "{announced} {foretold}");
}

#[test]
fn a_seed_is_the_same_every_time() {
    for seed in 1_000..1_020 {
        let (first, second) = (of(seed), of(seed));
        assert_eq!(first.hash, second.hash, "seed {seed}");
        assert_eq!(
            (first.steps, first.bytes),
            (second.steps, second.bytes),
            "seed {seed}"
        );
    }
    assert_ne!(of(1_000).hash, of(1_001).hash);
}

/// Whatever a hostile remote does, the traffic of everybody else is the same to the microsecond.
#[test]
fn hostile_remotes_disturb_nobody_else() {
    let mut hostile = 0;
    for seed in 2_000..2_030 {
        let with = pass(seed);
        let without = run(
            seed,
            Options {
                hostile: false,
                ..Options::of(Length::Short)
            },
        );
        hostile += with.connections - without.connections;
        assert_eq!(with.wires, without.wires, "seed {seed}");
    }
    assert!(hostile > 20, "{hostile}");
}

/// What a machine says that it holds is what the allocator gets back, but for what every connection has.
#[test]
fn memory_is_what_the_allocator_says() {
    // Statistics, ciphers, what is known of the remote.
    const STANDING: usize = 6 * 1_024;
    let (mut most, mut looked_at) = (0, 0);
    for seed in 3_000..3_060 {
        let micros = 1_000_000 * (1 + seed % 60);
        for machine in machines_at(seed, micros).unwrap() {
            let held = machine.memory_held();
            let freed = measure(|| drop(machine)).bytes_current.unsigned_abs() as usize;
            assert!(
                freed <= held + STANDING,
                "seed {seed}: {freed} freed, {held} held"
            );
            most = most.max(held);
            looked_at += 1;
        }
    }
    assert!(looked_at > 300 && most > 50_000, "{looked_at} {most}");
}

/// The picture of a run has a line for what each side did.
#[test]
fn a_run_can_be_looked_at() {
    let options = Options {
        traced: Some(0),
        ..Options::of(Length::Short)
    };
    let report = run(3, options);
    assert!(report.picture.contains("●"), "{}", report.picture);
    assert_eq!(report.hash, of(3).hash, "looking changes nothing");
}

/// A network of a hundred nodes for an hour: everything that one of them makes comes to all of them.
#[test]
fn a_relay_network_brings_everything_to_everybody() {
    let options = Options::of(Length::Long {
        nodes: 100,
        hours: 1,
    });
    let report = run(0, options);
    assert_eq!(report.failure, None);
    assert!(report.announced > 0);
}
