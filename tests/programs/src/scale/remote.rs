//! The second process: how it is started, what it tells, and how it ends.

use core::error::Error;
use core::time::Duration;
use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use peer_core::Event;
use peer_core::message::Message;
use peer_core::wire::Hash;

use super::args::Args;
use super::table::Latency;

/// The second process. It ends with this.
#[derive(Debug)]
pub(super) struct Remote {
    child: Child,
    address: SocketAddr,
    lines: Receiver<String>,
    /// Closed, it says that it is time to end.
    _stdin: Option<ChildStdin>,
}

impl Remote {
    pub(super) fn start(args: &Args) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(args.of_the_other())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let (to, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if to.send(line).is_err() {
                    return;
                }
            }
        });
        let first = lines.recv_timeout(PATIENCE);
        let address = first.map(|line| line.parse());
        let Ok(Ok(address)) = address else {
            let _ = child.kill();
            let _ = child.wait();
            return Err("the second process does not listen".into());
        };
        Ok(Self {
            child,
            address,
            lines,
            _stdin: stdin,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it tells of the last broadcast, once everybody there has heard it; does `meanwhile`
    /// until then.
    pub(super) fn latency(
        &self,
        mut meanwhile: impl FnMut() -> Result<(), Box<dyn Error>>,
    ) -> Result<Latency, Box<dyn Error>> {
        let start = Instant::now();
        loop {
            if let Ok(line) = self.lines.try_recv() {
                return Latency::from_line(&line).ok_or_else(|| format!("{line:?}?").into());
            }
            if start.elapsed() > PATIENCE {
                return Err("not everybody hears the broadcast".into());
            }
            meanwhile()?;
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps what the second process hears, and tells it to the first.
#[derive(Clone, Debug)]
pub struct Tally {
    /// How many there are to hear it.
    all: usize,
    heard: Arc<Mutex<Vec<Duration>>>,
}

impl Tally {
    pub(super) fn new(all: usize) -> Self {
        let heard = Arc::default();
        Self { all, heard }
    }

    /// The second process listens there.
    pub fn listening(&self, address: SocketAddr) {
        println!("{address}");
    }

    /// Something happened on a connection of the second process. When the last of them has heard of
    /// a broadcast, that is told.
    pub fn hear(&self, event: &Event) {
        let Event::Message { message, .. } = event else {
            return;
        };
        let Message::Inv(inventory) = message else {
            return;
        };
        let Some(item) = inventory.get(0) else { return };
        let latency = age(item.hash);
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push(latency);
        if heard.len() == self.all {
            println!("{}", Latency::of(&mut heard).to_line());
            heard.clear();
        }
    }
}

/// A hash that holds the time; `round` makes it another one each time.
pub(super) fn stamp(round: u8) -> Hash {
    let mut bytes = [round; 32];
    let (time, _) = bytes.split_at_mut(8);
    time.copy_from_slice(&micros().to_le_bytes());
    Hash::from_bytes(bytes)
}

fn age(hash: Hash) -> Duration {
    let mut time = [0; 8];
    time.copy_from_slice(&hash.to_bytes()[..8]);
    Duration::from_micros(micros().saturating_sub(u64::from_le_bytes(time)))
}

/// Of the clock that both processes read.
fn micros() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| u64::try_from(now.as_micros()).unwrap_or(u64::MAX))
}

/// Ends this process when the other one has ended, or does not come to an end.
pub(super) fn end_with_the_other(longest: Duration) {
    thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    thread::spawn(move || {
        thread::sleep(longest);
        std::process::exit(1);
    });
}

/// How long the other process may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
