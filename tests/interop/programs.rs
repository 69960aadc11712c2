//! The example programs of every adapter against real nodes: what one of them can do, all can.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use peer_tests::node::{Kind, Node};
use serde_json::Value;

use crate::ours::wrong;
use crate::peers::switches;
use crate::{Failure, check};

const ADAPTERS: [&str; 3] = ["peer-tokio", "peer-mio", "peer-async-std"];

/// Messages of the node that a listener waits for: any node sends as many after the handshake.
const MESSAGES: &str = "3";

fn program(adapter: &str, name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--release", "--package", adapter])
        .args(["--example", name, "--"])
        .args(arguments)
        .stdin(Stdio::null());
    command
}

fn network(kind: Kind) -> &'static str {
    match kind {
        Kind::Knots => "regtest",
        _ => "litecoin-regtest",
    }
}

/// `sync`, the program that the README shows, takes a whole chain.
pub(crate) fn sync(kind: Kind, wrapper: &Path) -> Result<(), Failure> {
    // More than one `headers` can hold; on Litecoin fewer than until MWEB begins (432), which needs more than mining.
    let blocks = match kind {
        Kind::Knots => 2_150,
        _ => 420,
    };
    let node = Node::start(kind, wrapper, switches(kind))?;
    node.mine(blocks)?;
    let address = node.p2p_addr().to_string();
    for adapter in ADAPTERS {
        let arguments = ["--connect", &address, "--network", network(kind)];
        let output = program(adapter, "sync", &arguments).output();
        let output = output.map_err(wrong("start sync"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        check(output.status.success(), || {
            format!("{adapter}: sync: {} {complained}", output.status)
        })?;
        // Headers and blocks alike: the summary tells both counts.
        let counted = said.replace([',', '_', '\u{202f}'], "");
        check(counted.matches(&blocks.to_string()).count() >= 2, || {
            format!("{adapter}: {blocks} headers and blocks are not in the summary:\n{said}")
        })?;
    }
    Ok(node.stop()?)
}

/// `peercat` dials the node, and is dialled by it; what it prints agrees with what the node says of itself.
pub(crate) fn peercat(kind: Kind, wrapper: &Path) -> Result<(), Failure> {
    let node = Node::start(kind, wrapper, switches(kind))?;
    let about = node.rpc("getnetworkinfo", &[])?;
    let address = node.p2p_addr().to_string();
    for adapter in ADAPTERS {
        let always = ["--network", network(kind), "--duration", "60"];
        let dial = [
            "--connect",
            &address,
            "--send",
            "ping:77",
            "--count",
            MESSAGES,
        ];
        let output = program(adapter, "peercat", &[&dial[..], &always].concat()).output();
        let output = output.map_err(wrong("start peercat"))?;
        check(output.status.success(), || {
            let complained = String::from_utf8_lossy(&output.stderr);
            format!("{adapter}: peercat dials: {} {complained}", output.status)
        })?;
        judge(adapter, &String::from_utf8_lossy(&output.stdout), &about)?;

        let listen = ["--listen", "127.0.0.1:0", "--count", MESSAGES];
        let mut command = program(adapter, "peercat", &[&listen[..], &always].concat());
        let child = command.stdout(Stdio::piped()).spawn();
        let mut listener = Listener(child.map_err(wrong("start peercat"))?);
        let stdout = listener.0.stdout.take();
        let stdout = stdout.ok_or_else(|| Failure::Wrong("no stdout".to_owned()))?;
        let mut said = String::new();
        let mut lines = BufReader::new(stdout);
        lines.read_line(&mut said).map_err(wrong("read peercat"))?;
        node.dial(listening(&said)?, false)?;
        lines
            .read_to_string(&mut said)
            .map_err(wrong("read peercat"))?;
        let status = listener.0.wait().map_err(wrong("end peercat"))?;
        check(status.success(), || {
            format!("{adapter}: peercat listens: {status}")
        })?;
        judge(adapter, &said, &about)?;
    }
    Ok(node.stop()?)
}

/// A peercat that listens. It does not outlive its scenario.
struct Listener(Child);

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where it listens, by its first line.
fn listening(line: &str) -> Result<SocketAddr, Failure> {
    let line: Value = serde_json::from_str(line).map_err(wrong("read its first line"))?;
    let address = line["address"].as_str().unwrap_or_default();
    address.parse().map_err(wrong("its address"))
}

/// The lines tell of a handshake with this node, of its messages, and of a clean end.
fn judge(adapter: &str, said: &str, about: &Value) -> Result<(), Failure> {
    let lines: Result<Vec<Value>, _> = said.lines().map(serde_json::from_str).collect();
    let lines = lines.map_err(wrong("read what peercat says"))?;
    let all = |event: &str| {
        let found = lines.iter().filter(|line| line["event"] == event);
        found.collect::<Vec<_>>()
    };
    let version = all("version");
    let as_told = version.len() == 1
        && version[0]["user_agent"] == about["subversion"]
        && version[0]["version"] == about["protocolversion"];
    let clean = all("disconnected")
        .iter()
        .all(|line| line["class"] == "clean");
    let complete = all("negotiated").len() == 1
        && all("message").len().to_string() == MESSAGES
        && all("disconnected").len() == 1;
    check(as_told && clean && complete, || {
        format!("{adapter}: {said}")
    })
}
