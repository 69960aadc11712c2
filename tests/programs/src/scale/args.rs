//! Arguments of `scale`.

use core::time::Duration;

use clap::{Parser, ValueEnum};

use crate::cli::{Transport, parse, positive_seconds};

/// What thousands of connections cost: this process dials a second one of its own that many times,
/// on loopback, and is measured.
#[derive(Debug, Parser)]
#[command(name = "scale", version)]
pub(super) struct Args {
    /// Connections
    #[arg(long, default_value_t = 10_000, value_parser = up_to::<25_000>)]
    pub(super) peers: usize,

    /// How long to watch them do nothing; with the default every peer has its keep-alive ping in that time
    #[arg(long, value_name = "SECONDS", default_value = "130", value_parser = positive_seconds)]
    pub(super) idle: Duration,

    /// Connections that are being made at a time
    #[arg(long, default_value_t = 256, value_parser = up_to::<4_096>)]
    pub(super) at_once: usize,

    /// How frames travel
    #[arg(long, value_enum, value_name = "TRANSPORT", default_value = "v1")]
    pub(super) transport: Transport,

    /// Be the second process
    #[arg(long, hide = true)]
    pub(super) serve: bool,
}

impl Args {
    /// The arguments of the process; ends it if they make no sense.
    pub(super) fn read(adapter: &str) -> Self {
        parse(adapter)
    }

    /// How long everything may take before the second process ends by itself.
    pub(super) fn longest(&self) -> Duration {
        self.idle + Duration::from_secs(120)
    }

    /// Those of the second process.
    pub(super) fn of_the_other(&self) -> [String; 7] {
        let transport = self.transport.to_possible_value();
        [
            "--serve".to_owned(),
            "--peers".to_owned(),
            self.peers.to_string(),
            "--idle".to_owned(),
            self.idle.as_secs_f64().to_string(),
            "--transport".to_owned(),
            transport.map_or_else(String::new, |value| value.get_name().to_owned()),
        ]
    }
}

/// A number from 1 to `MOST`.
fn up_to<const MOST: usize>(text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|_| "not a number")?;
    if !(1..=MOST).contains(&number) {
        return Err(format!("must be from 1 to {MOST}"));
    }
    Ok(number)
}
