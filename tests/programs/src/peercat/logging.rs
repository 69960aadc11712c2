//! `--log`: what the machine says of itself, on stderr.

use clap::ValueEnum;
use tracing_subscriber::filter::LevelFilter;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Level {
    Error,
    Warn,
    Info,
    /// The life of connections, and a line for each message.
    Debug,
    /// Messages in full, and their bytes.
    Trace,
}

/// Installs the one subscriber of the program. A second call changes nothing.
pub(super) fn install(level: Level) {
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    // Fails only if there is one already.
    let _ = subscriber.try_init();
}
