//! [`Stage`]: what all peers of one run share at runtime, whatever runs it: the writer, the time to end.

use core::time::Duration;
use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use async_channel::Sender;
use peer_core::{Epoch, Timestamp};

use super::exit::Exit;
use super::output::Output;
use super::plan::Plan;
use crate::ending::Ending;

/// Prints for everybody, and knows when it is time to end. Cloning it costs little; when the last clone is gone, the
/// last line is written.
#[derive(Clone, Debug)]
pub struct Stage {
    plan: Arc<Plan>,
    clock: Epoch,
    output: Sender<Output>,
    ending: Ending,
}

/// The writer's thread.
#[derive(Debug)]
pub struct Writer {
    done: Receiver<()>,
    /// What the process ends with, as far as it is known.
    exit: Arc<AtomicU8>,
}

impl Stage {
    /// Starts the threads that write, and that wait for the time to end: after [`Plan::duration`], or when the user or
    /// the system says so. Who says so again does not want to wait for peers to part and lines to be read.
    ///
    /// # Errors
    ///
    /// If the system does not tell signals.
    pub fn start(plan: Plan) -> io::Result<(Self, Writer)> {
        let ending = Ending::on_signals(Exit::Clean.code())?;
        let exit = Arc::new(AtomicU8::new(Exit::Clean.code()));
        if let Some(duration) = plan.duration() {
            let ending = ending.clone();
            thread::spawn(move || {
                thread::sleep(duration);
                ending.end();
            });
        }
        let known = exit.clone();
        ending.when_it_comes(move || {
            thread::sleep(PATIENCE);
            process::exit(known.load(Ordering::Relaxed).into());
        });
        let (output, pending) = async_channel::bounded::<Output>(PENDING_OUTPUT);
        let (written, done) = sync_channel(1);
        let end = ending.clone();
        thread::spawn(move || {
            while let Ok(output) = pending.recv_blocking() {
                if output.write().is_err() {
                    // Its reader has left, and nothing is printed any more.
                    end.end();
                    pending.close();
                }
            }
            let _ = written.send(());
        });
        let stage = Self {
            plan: Arc::new(plan),
            clock: Epoch::start(),
            output,
            ending,
        };
        Ok((stage, Writer { done, exit }))
    }

    /// What is to be done.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The clock, for timers.
    #[must_use]
    pub fn clock(&self) -> Epoch {
        self.clock
    }

    /// The time to end.
    #[must_use]
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// Ends everything if as much was received as was wanted.
    pub fn end_if_finished(&self) {
        if self.plan.is_finished() {
            self.ending.end();
        }
    }

    /// Waits while stdout is behind. When its reader has left, nothing is printed any more.
    pub async fn print(&self, output: Output) {
        let _ = self.output.send(output).await;
    }

    /// The same, for those who have nothing else to do.
    pub fn print_blocking(&self, output: Output) {
        let _ = self.output.send_blocking(output);
    }

    /// Says why nothing can be done, on both streams.
    pub fn failure(&self, address: &str, error: impl core::fmt::Display) -> [Output; 2] {
        Output::failed(address, error, self.now())
    }
}

impl Writer {
    /// Ends the program, once the last line is written: whoever reads our lines gets that too, unless it has stopped
    /// reading. All clones of the stage must be gone.
    pub fn finish(self, exit: Exit) -> ! {
        self.exit.store(exit.code(), Ordering::Relaxed);
        let _ = self.done.recv_timeout(PATIENCE);
        process::exit(exit.code().into());
    }
}

/// Pieces of output that wait for the reader of stdout; beyond it the peers wait.
const PENDING_OUTPUT: usize = 1_024;

/// How long the last lines may take, and peers to part, before the program ends without them.
const PATIENCE: Duration = Duration::from_secs(10);
