//! Runs every scenario against real nodes and says, in one last line, whether all of them passed.
//!
//! The nodes must be there already: `run.sh` beside this file fetches them and calls this program. A node that is
//! missing makes its scenarios skipped, and a run with skipped scenarios has not passed.

mod control;
mod mweb;
mod ours;
mod peers;
mod programs;
mod relay;
mod setting;
mod statistics;
mod transport;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use peer_tests::node::{Kind, NodeError};

use self::setting::{
    KNOTS_V1, KNOTS_V2, KNOTS_V2_ONLY, KNOTS_WITHOUT_V2, LITECOIN, LITECOIN_MWEB, Setting,
};

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

/// One thing to try, in each of the settings in which it is worth trying. It starts the nodes that it needs from the
/// wrapper and leaves nothing running.
struct Scenario {
    name: &'static str,
    settings: &'static [Setting],
    run: fn(&Setting, &Path) -> Result<(), Failure>,
}

const fn scenario(
    name: &'static str,
    settings: &'static [Setting],
    run: fn(&Setting, &Path) -> Result<(), Failure>,
) -> Scenario {
    Scenario {
        name,
        settings,
        run,
    }
}

const EVERYWHERE: &[Setting] = &[KNOTS_V2, KNOTS_V1, LITECOIN];
/// What takes long in any.
const V2_AND_V1: &[Setting] = &[KNOTS_V2, LITECOIN];
const CONNECTING: &[Setting] = &[KNOTS_V2, KNOTS_V1, KNOTS_WITHOUT_V2, LITECOIN];
const WITHOUT_V2: &[Setting] = &[KNOTS_WITHOUT_V2, LITECOIN];

const SCENARIOS: &[Scenario] = &[
    scenario("node control", V2_AND_V1, control::nodes),
    scenario("we dial", CONNECTING, peers::we_dial),
    scenario("it dials us", CONNECTING, peers::the_node_dials),
    scenario("4 MB block", EVERYWHERE, peers::large_block),
    scenario("rekeying", &[KNOTS_V2], transport::rekeying),
    scenario(
        "it falls back to v1",
        &[KNOTS_V2],
        transport::the_node_falls_back,
    ),
    scenario("v2 or nothing", WITHOUT_V2, transport::v2_or_nothing),
    scenario(
        "full sync",
        &[KNOTS_V2_ONLY, KNOTS_V1, LITECOIN],
        programs::sync,
    ),
    scenario("peercat of every adapter", EVERYWHERE, programs::peercat),
    scenario(
        "peercat falls back to v1",
        WITHOUT_V2,
        programs::peercat_falls_back,
    ),
    scenario("statistics, we dial", EVERYWHERE, statistics::we_dial),
    scenario(
        "statistics, it dials us",
        EVERYWHERE,
        statistics::the_node_dials,
    ),
    scenario("transactions both ways", V2_AND_V1, relay::transactions),
    scenario("block announcements", EVERYWHERE, relay::blocks),
    scenario("restarts", EVERYWHERE, relay::restarts),
    scenario("to us and from us", &[LITECOIN_MWEB], mweb::both_ways),
];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let all = SCENARIOS.iter().flat_map(|scenario| {
        let settings = scenario.settings.iter();
        settings.map(move |setting| {
            (
                format!("{}: {}", setting.name, scenario.name),
                scenario,
                setting,
            )
        })
    });
    for (name, scenario, setting) in all.filter(|(name, ..)| name.contains(&arguments.only)) {
        let wrapper = match setting.kind {
            Kind::Knots => &arguments.knots,
            _ => &arguments.litecoin,
        };
        let Some(wrapper) = wrapper else {
            println!("SKIPPED  {name}: no such node here");
            skipped += 1;
            continue;
        };
        let start = Instant::now();
        let outcome = (scenario.run)(setting, wrapper);
        let seconds = start.elapsed().as_secs_f32();
        match outcome {
            Ok(()) => {
                println!("ok       {name} ({seconds:.1} s)");
                passed += 1;
            }
            Err(failure) => {
                println!("FAILED   {name} ({seconds:.1} s): {failure}");
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
