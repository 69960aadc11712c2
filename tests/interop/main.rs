//! Runs every scenario against real nodes and says, in one last line, whether all of them passed.
//!
//! The nodes must be there already: `run.sh` beside this file fetches them and calls this program. A node that is
//! missing makes its scenarios skipped, and a run with skipped scenarios has not passed.

mod control;
mod ours;
mod peers;
mod programs;
mod relay;
mod statistics;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use peer_tests::node::{Kind, NodeError};

/// Some scenarios could not run because a node is missing; those that ran were good.
const SKIPPED: u8 = 77;

/// Meets real nodes on loopback. Exit code: 0 passed, 1 failed, 77 skipped in part or whole.
#[derive(Parser)]
struct Arguments {
    /// Wrapper that starts Bitcoin Knots: the `run` that get-node.sh leaves.
    #[arg(long, value_name = "RUN")]
    knots: Option<PathBuf>,
    /// Wrapper that starts Litecoin Core.
    #[arg(long, value_name = "RUN")]
    litecoin: Option<PathBuf>,
    /// Run only the scenarios whose name contains this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

/// What a scenario found wrong.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The node could not be driven; says nothing about our own code.
    #[error("node: {0}")]
    Node(#[from] NodeError),
    /// Something is not as it must be.
    #[error("{0}")]
    Wrong(String),
}

/// Turns a condition that must hold into a [`Failure`] that names it.
fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(Failure::Wrong(otherwise()))
    }
}

/// One thing to try. It starts the nodes that it needs from the wrapper and leaves nothing running.
struct Scenario {
    name: &'static str,
    kind: Kind,
    run: fn(&std::path::Path) -> Result<(), Failure>,
}

const fn scenario(
    name: &'static str,
    kind: Kind,
    run: fn(&std::path::Path) -> Result<(), Failure>,
) -> Scenario {
    Scenario { name, kind, run }
}

const SCENARIOS: &[Scenario] = &[
    scenario("knots: node control", Kind::Knots, control::knots),
    scenario("litecoin: node control", Kind::Litecoin, control::litecoin),
    scenario("knots: we dial", Kind::Knots, |node| {
        peers::we_dial(Kind::Knots, node)
    }),
    scenario("litecoin: we dial", Kind::Litecoin, |node| {
        peers::we_dial(Kind::Litecoin, node)
    }),
    scenario("knots: it dials us", Kind::Knots, |node| {
        peers::the_node_dials(Kind::Knots, node)
    }),
    scenario("litecoin: it dials us", Kind::Litecoin, |node| {
        peers::the_node_dials(Kind::Litecoin, node)
    }),
    scenario("knots: 4 MB block", Kind::Knots, |node| {
        peers::large_block(Kind::Knots, node)
    }),
    scenario("litecoin: 4 MB block", Kind::Litecoin, |node| {
        peers::large_block(Kind::Litecoin, node)
    }),
    scenario("knots: full sync", Kind::Knots, |node| {
        programs::sync(Kind::Knots, node)
    }),
    scenario("litecoin: full sync", Kind::Litecoin, |node| {
        programs::sync(Kind::Litecoin, node)
    }),
    scenario("knots: peercat of every adapter", Kind::Knots, |node| {
        programs::peercat(Kind::Knots, node)
    }),
    scenario(
        "litecoin: peercat of every adapter",
        Kind::Litecoin,
        |node| programs::peercat(Kind::Litecoin, node),
    ),
    scenario("knots: statistics, we dial", Kind::Knots, |node| {
        statistics::we_dial(Kind::Knots, node)
    }),
    scenario("litecoin: statistics, we dial", Kind::Litecoin, |node| {
        statistics::we_dial(Kind::Litecoin, node)
    }),
    scenario("knots: statistics, it dials us", Kind::Knots, |node| {
        statistics::the_node_dials(Kind::Knots, node)
    }),
    scenario(
        "litecoin: statistics, it dials us",
        Kind::Litecoin,
        |node| statistics::the_node_dials(Kind::Litecoin, node),
    ),
    scenario("knots: transactions both ways", Kind::Knots, |node| {
        relay::transactions(Kind::Knots, node)
    }),
    scenario("litecoin: transactions both ways", Kind::Litecoin, |node| {
        relay::transactions(Kind::Litecoin, node)
    }),
    scenario("knots: block announcements", Kind::Knots, |node| {
        relay::blocks(Kind::Knots, node)
    }),
    scenario("litecoin: block announcements", Kind::Litecoin, |node| {
        relay::blocks(Kind::Litecoin, node)
    }),
    scenario("knots: restarts", Kind::Knots, |node| {
        relay::restarts(Kind::Knots, node)
    }),
    scenario("litecoin: restarts", Kind::Litecoin, |node| {
        relay::restarts(Kind::Litecoin, node)
    }),
];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for scenario in SCENARIOS
        .iter()
        .filter(|s| s.name.contains(&arguments.only))
    {
        let wrapper = match scenario.kind {
            Kind::Knots => &arguments.knots,
            _ => &arguments.litecoin,
        };
        let Some(wrapper) = wrapper else {
            println!("SKIPPED  {}: no such node here", scenario.name);
            skipped += 1;
            continue;
        };
        let start = Instant::now();
        let outcome = (scenario.run)(wrapper);
        let seconds = start.elapsed().as_secs_f32();
        match outcome {
            Ok(()) => {
                println!("ok       {} ({seconds:.1} s)", scenario.name);
                passed += 1;
            }
            Err(failure) => {
                println!("FAILED   {} ({seconds:.1} s): {failure}", scenario.name);
                failed += 1;
            }
        }
    }
    let (word, code) = match (passed, failed, skipped) {
        (1.., 0, 0) => ("PASSED", 0),
        (_, 0, 1..) => ("SKIPPED", SKIPPED),
        _ => ("FAILED", 1),
    };
    println!("interop: {word} ({passed} passed, {failed} failed, {skipped} skipped)");
    ExitCode::from(code)
}
