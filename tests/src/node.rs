//! Starts, asks and stops real nodes (Bitcoin Knots, Litecoin Core) on regtest.
//!
//! A [`Node`] listens on loopback only, never dials what its address table holds, keeps its data in a scratch folder,
//! and is stopped when dropped. This module knows nothing of our own peers: it is what they are measured against.

mod ask;
mod big_block;
mod error;
mod rpc;

use core::net::{Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use serde_json::Value;

pub use big_block::BigBlock;
pub use error::NodeError;
pub use rpc::RpcError;

use error::doing;

/// A node answers about 0.3 s after its start; a loaded machine gets much longer.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// Time for a clean stop before the process is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// Free ports are found by asking for one and giving it back, so another process may take it before the node does.
const START_ATTEMPTS: u32 = 3;
const POLL: Duration = Duration::from_millis(25);

/// Which node software.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Bitcoin Knots 29, a current derivative of Bitcoin Core: v1 and v2 transport, compact filters, bloom filters.
    Knots,
    /// Litecoin Core 0.21: the code base of Bitcoin Core 0.21, v1 transport only.
    Litecoin,
}

impl Kind {
    const fn program(self) -> &'static str {
        match self {
            Self::Knots => "bitcoind",
            Self::Litecoin => "litecoind",
        }
    }

    /// Switches that only one of the programs has: no port mapping, no built-in addresses, no built-in expiry date.
    const fn switches(self) -> &'static [&'static str] {
        match self {
            Self::Knots => &["-natpmp=0", "-fixedseeds=0", "-softwareexpiry=0"],
            Self::Litecoin => &["-upnp=0"],
        }
    }
}

/// Polls until `ready` gives something, at most for `limit`; `what` names it in the error.
///
/// # Errors
/// What `ready` returned as an error, or [`NodeError::Timeout`].
pub fn wait_for<T>(
    what: &'static str,
    limit: Duration,
    mut ready: impl FnMut() -> Result<Option<T>, NodeError>,
) -> Result<T, NodeError> {
    let start = Instant::now();
    loop {
        if let Some(found) = ready()? {
            return Ok(found);
        }
        if start.elapsed() > limit {
            return Err(NodeError::Timeout { what, limit });
        }
        sleep(POLL);
    }
}

/// A running node. Dropping it stops the process and removes its data.
#[derive(Debug)]
pub struct Node {
    kind: Kind,
    wrapper: PathBuf,
    extra: Vec<String>,
    process: Child,
    folder: PathBuf,
    p2p: SocketAddr,
    rpc: SocketAddr,
}

impl Node {
    /// Starts a node and waits until its RPC answers.
    ///
    /// `wrapper` is the `run` that `get-node.sh` leaves; `extra` are more switches of the node, which win over ours
    /// (`-v2transport=0`, `-peertimeout=5`, ...).
    ///
    /// # Errors
    /// [`NodeError::Ended`] with the node's own words if it does not come up.
    pub fn start(kind: Kind, wrapper: &Path, extra: &[&str]) -> Result<Self, NodeError> {
        let mut attempt = 1;
        loop {
            match Self::start_once(kind, wrapper, extra) {
                Err(NodeError::Ended { .. }) if attempt < START_ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }

    fn start_once(kind: Kind, wrapper: &Path, extra: &[&str]) -> Result<Self, NodeError> {
        let (p2p, rpc) = free_addresses().map_err(doing("find free ports"))?;
        let folder = scratch_folder().map_err(doing("make a data folder"))?;
        let process = match spawn(kind, wrapper, extra, &folder, (p2p, rpc)) {
            Ok(process) => process,
            Err(error) => {
                // Nothing runs yet that could own the folder. Should this fail too, the first error is the one to tell.
                let _ = fs::remove_dir_all(&folder);
                return Err(error);
            }
        };
        let mut node = Self {
            kind,
            wrapper: wrapper.to_owned(),
            extra: extra.iter().copied().map(str::to_owned).collect(),
            process,
            folder,
            p2p,
            rpc,
        };
        node.wait_until_up()?;
        Ok(node)
    }

    fn wait_until_up(&mut self) -> Result<(), NodeError> {
        wait_for("the node answers", START_PATIENCE, || {
            if let Some(status) = self
                .process
                .try_wait()
                .map_err(doing("look after the node"))?
            {
                let said = fs::read_to_string(self.folder.join("stderr")).unwrap_or_default();
                let program = self.kind.program();
                return Err(NodeError::Ended {
                    program,
                    status,
                    said: last_lines(&said, 3),
                });
            }
            Ok(self.rpc("getblockcount", &[]).ok())
        })?;
        Ok(())
    }

    /// Which software this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Where the node accepts peers: 127.0.0.1 and a port of its own.
    #[must_use]
    pub const fn p2p_addr(&self) -> SocketAddr {
        self.p2p
    }

    /// Process id, for messages.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Calls an RPC method with positional parameters and gives its result.
    ///
    /// # Errors
    /// [`NodeError::Rpc`] with the node's code and words.
    pub fn rpc(&self, method: &str, params: &[Value]) -> Result<Value, NodeError> {
        Ok(rpc::call(self.rpc, "/", method, params)?)
    }

    /// The same of one of its wallets.
    ///
    /// # Errors
    /// As [`Node::rpc`].
    pub fn wallet(&self, wallet: &str, method: &str, params: &[Value]) -> Result<Value, NodeError> {
        let path = format!("/wallet/{wallet}");
        Ok(rpc::call(self.rpc, &path, method, params)?)
    }

    /// The last `count` lines of the node's log, which tells each message and each reason for a disconnect.
    #[must_use]
    pub fn log_tail(&self, count: usize) -> String {
        let log = fs::read(self.folder.join("regtest/debug.log")).unwrap_or_default();
        last_lines(&String::from_utf8_lossy(&log), count)
    }

    /// Ends the node, in good order or as a power cut would, and starts it again with the same data and addresses.
    ///
    /// # Errors
    /// As [`Node::start`] and [`Node::stop`].
    pub fn restart(&mut self, in_order: bool) -> Result<(), NodeError> {
        if in_order {
            self.rpc("stop", &[])?;
            self.wait_until_ended()?;
        } else {
            self.process.kill().map_err(doing("kill the node"))?;
            self.process
                .wait()
                .map_err(doing("wait for the killed node"))?;
        }
        let extra: Vec<&str> = self.extra.iter().map(String::as_str).collect();
        let addresses = (self.p2p, self.rpc);
        self.process = spawn(self.kind, &self.wrapper, &extra, &self.folder, addresses)?;
        self.wait_until_up()
    }

    /// Ends the node at once, as a power cut would: its sockets are closed by the system, with nothing said.
    ///
    /// # Errors
    /// [`NodeError::Io`] if the system refuses.
    pub fn kill(mut self) -> Result<(), NodeError> {
        self.process.kill().map_err(doing("kill the node"))?;
        self.process
            .wait()
            .map_err(doing("wait for the killed node"))?;
        Ok(())
    }

    /// Ends the node in good order: it closes its connections, then its databases.
    ///
    /// # Errors
    /// [`NodeError::Timeout`] if it does not end in time; it is killed then.
    pub fn stop(mut self) -> Result<(), NodeError> {
        self.rpc("stop", &[])?;
        self.wait_until_ended()
    }

    fn wait_until_ended(&mut self) -> Result<(), NodeError> {
        wait_for("the node ends", STOP_PATIENCE, || {
            self.process.try_wait().map_err(doing("wait for the node"))
        })?;
        Ok(())
    }
}

impl Drop for Node {
    /// Never fails aloud: a test that panics must still see its own message.
    fn drop(&mut self) {
        let running = matches!(self.process.try_wait(), Ok(None));
        if running && (self.rpc("stop", &[]).is_err() || self.wait_until_ended().is_err()) {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Starts the program on the data in `folder`.
fn spawn(
    kind: Kind,
    wrapper: &Path,
    extra: &[&str],
    folder: &Path,
    (p2p, rpc): (SocketAddr, SocketAddr),
) -> Result<Child, NodeError> {
    let errors = File::create(folder.join("stderr")).map_err(doing("make a data folder"))?;
    Command::new(wrapper)
        .arg(kind.program())
        .args([
            "-regtest",
            "-server=1",
            "-listen=1",
            "-connect=0",
            "-dnsseed=0",
        ])
        .args([
            "-discover=0",
            "-listenonion=0",
            "-rpcbind=127.0.0.1",
            "-rpcallowip=127.0.0.1",
        ])
        .args([
            "-blockfilterindex=1",
            "-peerblockfilters=1",
            "-peerbloomfilters=1",
            "-txindex=1",
        ])
        .args([
            "-fallbackfee=0.0002",
            "-acceptnonstdtxn=1",
            "-dbcache=16",
            "-par=1",
        ])
        .args(["-debug=net", "-printtoconsole=0"])
        .arg(format!("-datadir={}", folder.display()))
        .arg(format!("-bind={p2p}"))
        .arg(format!("-rpcport={}", rpc.port()))
        .arg(format!("-rpcuser={}", rpc::USER))
        .arg(format!("-rpcpassword={}", rpc::USER))
        .args(kind.switches())
        .args(extra)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors)
        .spawn()
        .map_err(doing("start the node's wrapper"))
}

/// Two loopback addresses with ports that nobody holds right now.
fn free_addresses() -> io::Result<(SocketAddr, SocketAddr)> {
    let any = (Ipv4Addr::LOCALHOST, 0);
    let (first, second) = (TcpListener::bind(any)?, TcpListener::bind(any)?);
    Ok((first.local_addr()?, second.local_addr()?))
}

/// A new empty folder below the system's folder for temporary files (`TMPDIR`).
fn scratch_folder() -> io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("peer-node-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_lines_are_the_last() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("", 2), "");
    }

    #[test]
    fn a_wrapper_that_is_no_program_is_an_error() {
        let error = Node::start(Kind::Knots, Path::new("/nonexistent/run"), &[]).unwrap_err();
        assert!(
            error.to_string().starts_with("start the node's wrapper: "),
            "{error}"
        );
    }

    #[test]
    fn a_program_that_ends_at_once_is_an_error() {
        let error = Node::start(Kind::Knots, Path::new("/bin/false"), &[]).unwrap_err();
        assert!(
            matches!(
                error,
                NodeError::Ended {
                    program: "bitcoind",
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn waiting_ends() {
        let error = wait_for::<()>("nothing", Duration::ZERO, || Ok(None)).unwrap_err();
        assert_eq!(error.to_string(), "waited 0ns in vain: nothing");
    }
}
