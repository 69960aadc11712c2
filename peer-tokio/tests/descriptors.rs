//! A listener that runs out of file descriptors, and gets some back.
//!
//! In a process of its own, with a limit of its own: the example `peercat`, which must be built
//! (`cargo test` does, or `cargo build --examples`).
#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests have std, and fail by panicking"
)]

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use peer_core::network::Network;
use peer_core::{Config, Event, Link};

/// File descriptors of the listening process: a dozen are its own.
const DESCRIPTORS: usize = 24;

/// More connections than it can have.
const CONNECTIONS: usize = 40;

/// More than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A peercat that listens. Ends with the test.
struct Peercat {
    child: Child,
    lines: Receiver<String>,
}

impl Peercat {
    fn listen() -> Self {
        let script = format!("ulimit -n {DESCRIPTORS}; exec \"$0\" \"$@\"");
        let mut child = Command::new("sh")
            .args(["-c", &script])
            .arg(example("peercat"))
            .args(["--listen", "127.0.0.1:0", "--network", "regtest"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// What is between the quotes after `"address":` in its first line.
    fn address(&self) -> String {
        let line = self.lines.recv_timeout(PATIENCE).expect("it listens");
        let (_, rest) = line.split_once("\"address\":\"").expect("an address");
        rest.split('"').next().unwrap().to_owned()
    }

    /// The connections that it tells of, until it is silent for a while after the first.
    fn connections(&self) -> usize {
        let (mut connections, mut patience) = (0, PATIENCE);
        while let Ok(line) = self.lines.recv_timeout(patience) {
            connections += usize::from(line.contains("\"event\":\"connected\""));
            patience = Duration::from_secs(1);
        }
        connections
    }
}

impl Drop for Peercat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where cargo puts the examples of the package whose test this is.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    let program = profile.join("examples").join(name);
    assert!(program.exists(), "{} is not built", program.display());
    program
}

#[tokio::test]
async fn a_listener_out_of_descriptors_goes_on_when_it_has_some() {
    let mut peercat = Peercat::listen();
    let address = peercat.address();
    let crowd: Vec<_> = (0..CONNECTIONS)
        .map(|_| TcpStream::connect(&address).expect("the kernel answers"))
        .collect();
    let served = peercat.connections();
    assert!((1..DESCRIPTORS).contains(&served), "{served} were served");
    assert!(peercat.child.try_wait().unwrap().is_none(), "it gave up");

    drop(crowd);
    let config = Config::with_secret(Network::REGTEST, [7; 32]);
    let (_peer, mut events, driver) =
        peer_tokio::dial(&*address, Arc::new(config), Link::outbound())
            .await
            .unwrap();
    let driver = tokio::spawn(driver);
    let negotiated = async {
        while let Some(event) = events.next().await {
            if matches!(event, Event::Negotiated) {
                return true;
            }
        }
        false
    };
    let negotiated = tokio::time::timeout(PATIENCE, negotiated).await;
    assert_eq!(negotiated, Ok(true));
    driver.abort();
}
