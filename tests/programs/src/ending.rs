//! [`Ending`]: the time to end, for tasks that wait for it and threads that look.

use std::io;
use std::process;
use std::thread;

use async_channel::{Receiver, Sender};

/// Comes once. Clones are the same.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Closed once it has come; nothing is ever sent.
    sender: Sender<()>,
    receiver: Receiver<()>,
}

impl Ending {
    /// One that comes when the user or the system says so (Ctrl-C; SIGTERM). Saying so again ends the process at once,
    /// with `code`.
    ///
    /// # Errors
    ///
    /// If the system does not tell, or was asked before.
    pub fn on_signals(code: u8) -> io::Result<Self> {
        let (sender, receiver) = async_channel::bounded(1);
        let ending = Self { sender, receiver };
        let told = ending.clone();
        let mut again = false;
        signals::tell(move || {
            if core::mem::replace(&mut again, true) {
                process::exit(code.into());
            }
            told.end();
        })?;
        Ok(ending)
    }

    /// It is time.
    pub fn end(&self) {
        self.sender.close();
    }

    /// Whether it has come.
    #[must_use]
    pub fn has_come(&self) -> bool {
        self.receiver.is_closed()
    }

    /// Waits for it.
    pub async fn come(&self) {
        // Fails when the channel is closed, and nothing else happens to it.
        let _ = self.receiver.recv().await;
    }

    /// Calls when it comes, on a thread of its own.
    pub fn when_it_comes(&self, call: impl FnOnce() + Send + 'static) {
        let receiver = self.receiver.clone();
        thread::spawn(move || {
            let _ = receiver.recv_blocking();
            call();
        });
    }
}

/// Not SIGHUP: who closes the terminal of a program under `nohup` does not mean it.
#[cfg(unix)]
mod signals {
    use std::{io, thread};

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    pub(super) fn tell(mut call: impl FnMut() + Send + 'static) -> io::Result<()> {
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        thread::spawn(move || signals.forever().for_each(|_| call()));
        Ok(())
    }
}

#[cfg(not(unix))]
mod signals {
    use std::io;

    pub(super) fn tell(call: impl FnMut() + Send + 'static) -> io::Result<()> {
        ctrlc::set_handler(call).map_err(io::Error::other)
    }
}
