//! `sync`: downloads the chain of a node, headers first, and checks what it gets.
//!
//! ```text
//!   Event, now ──► ChainSync ──► messages to send        the only part that knows the protocol
//!                     │  │  └──► Progress ──► Display    a bar, or plain lines
//!                     │  └─────► Report                  the summary at the end
//!                     ▼
//!              HeaderChain, BlockDownload                the two halves of the job
//! ```
//!
//! What is checked: that headers link up from the genesis block and each has its proof of work; that every block is one
//! that was asked for, and holds the transactions its header commits to and the witnesses its coinbase commits to.
//! What is not: difficulty adjustment, scripts, amounts, anything that needs the outputs spent. It is not a wallet.

mod args;
mod display;
mod download;
mod error;
mod job;
mod report;
mod tasks;

pub use self::args::Args;
pub use self::display::Display;
pub use self::download::{BlockError, Tally};
pub use self::error::SyncError;
pub use self::job::{ChainSync, Options, Phase, Progress};
pub use self::report::{Ending, Report};
pub use self::tasks::{exit_code, interrupted_early, run};
pub use crate::headers::HeaderError;
pub use crate::pow::PowError;

/// How long parting from the node may take.
pub const COURTESY: core::time::Duration = core::time::Duration::from_secs(1);

/// Exit code after Ctrl-C or SIGTERM, as shells have it: 128 and the number of the signal.
pub const INTERRUPTED: u8 = 130;

#[cfg(test)]
mod tests;
