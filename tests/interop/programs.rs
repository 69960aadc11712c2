//! The example programs of every adapter against real nodes: what one of them can do, all can.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use peer_core::TransportKind;
use peer_tests::node::{Kind, Node};
use serde_json::Value;

use crate::ours::{agree, wrong};
use crate::setting::Setting;
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
    // What `cargo run` told this driver about its own package. A build script that looks at it (ring's does) would have
    // everything built anew.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// What the programs are told about the node: its network, and the transport to ask for.
fn about(setting: &Setting) -> [&'static str; 4] {
    let network = match setting.kind {
        Kind::Knots => "regtest",
        _ => "litecoin-regtest",
    };
    ["--network", network, "--transport", setting.argument()]
}

/// `sync`, the program that the README shows, takes a whole chain.
pub(crate) fn sync(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    // More than one `headers` can hold; on Litecoin fewer than until MWEB begins (432), which needs more than mining.
    let blocks = match setting.kind {
        Kind::Knots => 2_150,
        _ => 420,
    };
    let node = setting.start(wrapper)?;
    node.mine(blocks)?;
    take_all(setting, &node, blocks.into())?;
    Ok(node.stop()?)
}

/// `sync` takes all the blocks of a node, with all that is in them, and checks them.
pub(crate) fn take_all(setting: &Setting, node: &Node, blocks: u64) -> Result<(), Failure> {
    let address = node.p2p_addr().to_string();
    for adapter in ADAPTERS {
        let arguments = [&["--connect", &address], &about(setting)[..]].concat();
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
        let transport = said.lines().find(|line| line.contains(" transport "));
        let spoken = setting.transport.to_string();
        let as_wanted = transport.is_some_and(|line| line.contains(&spoken));
        check(as_wanted, || {
            format!("{adapter}: not over {spoken}:\n{said}")
        })?;
    }
    Ok(())
}

/// `peercat` dials the node, and is dialled by it; what it prints agrees with what the node says of itself.
pub(crate) fn peercat(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    for adapter in ADAPTERS {
        let always = [&about(setting)[..], &["--duration", "60"]].concat();
        dial(setting, &node, adapter, &always)?;

        let listen = ["--listen", "127.0.0.1:0", "--count", MESSAGES];
        let mut command = program(adapter, "peercat", &[&listen[..], &always].concat());
        let child = command.stdout(Stdio::piped()).spawn();
        let mut listener = Listener(child.map_err(wrong("start peercat"))?);
        let stdout = listener.0.stdout.take();
        let stdout = stdout.ok_or_else(|| Failure::Wrong("no stdout".to_owned()))?;
        let mut said = String::new();
        let mut lines = BufReader::new(stdout);
        lines.read_line(&mut said).map_err(wrong("read peercat"))?;
        setting.dial_us(&node, listening(&said)?)?;
        lines
            .read_to_string(&mut said)
            .map_err(wrong("read peercat"))?;
        let status = listener.0.wait().map_err(wrong("end peercat"))?;
        check(status.success(), || {
            format!("{adapter}: peercat listens: {status}")
        })?;
        judge(setting, &node, adapter, &said)?;
    }
    Ok(node.stop()?)
}

/// `peercat` dials a node that hangs up on v2, under the network's name on which nodes know it, once more and no more.
pub(crate) fn peercat_falls_back(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    let always = ["--network", "regtest", "--transport", "auto"];
    let mut dials = 0;
    for adapter in ADAPTERS {
        dial(setting, &node, adapter, &always)?;
        dials += setting.dials();
    }
    // The node numbers its peers from 0 on, those that it hung up on too.
    let home = setting.home()?;
    let mut ours = home.dial(node.p2p_addr())?;
    ours.negotiated()?;
    dials += setting.dials();
    // Those that were there before may not be gone yet.
    let them = node.peers()?.pop().unwrap_or_default();
    agree("dials", Some(dials - 1), them["id"].as_u64())?;
    Ok(node.stop()?)
}

fn dial(setting: &Setting, node: &Node, adapter: &str, always: &[&str]) -> Result<(), Failure> {
    let address = node.p2p_addr().to_string();
    let dial = [
        "--connect",
        &address,
        "--send",
        "ping:77",
        "--count",
        MESSAGES,
    ];
    let output = program(adapter, "peercat", &[&dial[..], always].concat()).output();
    let output = output.map_err(wrong("start peercat"))?;
    check(output.status.success(), || {
        let complained = String::from_utf8_lossy(&output.stderr);
        format!("{adapter}: peercat dials: {} {complained}", output.status)
    })?;
    judge(
        setting,
        node,
        adapter,
        &String::from_utf8_lossy(&output.stdout),
    )
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

/// The lines tell of one connection, a handshake with this node, its messages, and a clean end.
fn judge(setting: &Setting, node: &Node, adapter: &str, said: &str) -> Result<(), Failure> {
    let about = node.rpc("getnetworkinfo", &[])?;
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
    let spoken = |line: &&Value| {
        line["transport"] == setting.transport.to_string()
            && line["session_id"].is_string() == (setting.transport == TransportKind::V2)
    };
    let complete = all("connected").len() == 1
        && all("negotiated").len() == 1
        && all("negotiated").iter().all(spoken)
        && all("message").len().to_string() == MESSAGES
        && all("disconnected").len() == 1;
    check(as_told && clean && complete, || {
        format!("{adapter}: {said}")
    })
}
