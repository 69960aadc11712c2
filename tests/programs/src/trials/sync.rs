//! Trials of `sync`.

use core::time::Duration;
use std::io::Read;
use std::net::TcpListener;
use std::thread::sleep;

use super::process::Examples;
use super::transport::{HangUp, Server};

/// Without arguments: the whole job, and a summary.
pub fn sync_downloads_the_demo_chain(examples: &Examples) {
    let sync = examples.run("sync", &[]);
    let summary = sync.lines.join("\n");
    assert_eq!(sync.code, 0, "{}\n{summary}", sync.errors);
    for part in [
        "synced regtest",
        "127.0.0.1:",
        "/peer-demo:",
        "70016 negotiated",
        "NETWORK|WITNESS",
        "310 (links",
        "12de6a65a6a13c85ef4a26775ee5cc18df29a01ea18e68e3fc769d3042ed29ec at height 310",
        "310 (checked: merkle roots and witness commitments)",
        "3041 (",
        "0.97 MB",
        "MB/s",
        " ms (least",
    ] {
        assert!(summary.contains(part), "{part:?} is not in:\n{summary}");
    }
    // Progress, in plain lines: stderr is no terminal here.
    assert!(sync.errors.contains("blocks 0/310"), "{}", sync.errors);
}

/// `--transport`: the whole job in each, and the summary says which it was.
pub fn sync_uses_the_transport_it_is_told_to(examples: &Examples) {
    for (asked, told) in [
        ("v1", "transport     v1\n"),
        ("v2", "transport     v2, session "),
        ("auto", "transport     v2, session "),
    ] {
        let sync = examples.run("sync", &["--transport", asked]);
        let summary = sync.lines.join("\n");
        assert_eq!(sync.code, 0, "{asked}: {}\n{summary}", sync.errors);
        assert!(summary.contains(told), "{asked}: {summary}");
        assert!(summary.contains("310 (checked: "), "{asked}: {summary}");
    }
}

/// `--stop-height` and `--headers-only`.
pub fn sync_stops_where_it_is_told_to(examples: &Examples) {
    let sync = examples.run("sync", &["--stop-height", "7", "--headers-only"]);
    let summary = sync.lines.join("\n");
    assert_eq!(sync.code, 0, "{}", sync.errors);
    assert!(summary.contains("at height 7"), "{summary}");
    assert!(summary.contains("not wanted"), "{summary}");
}

/// One line on stderr, nothing on stdout, exit code 1.
pub fn sync_fails_in_one_line(examples: &Examples) {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let sync = examples.run("sync", &["--connect", &address]);
    assert_eq!((sync.code, sync.lines.len()), (1, 0));
    let expected = format!("error: cannot connect to {address}: ");
    assert!(sync.errors.starts_with(&expected), "{}", sync.errors);
    assert_eq!(sync.errors.lines().count(), 1, "{}", sync.errors);

    // A server that hangs up at once, and as often as it is dialled.
    for (transport, dials) in [("v1", 1), ("v2", 1), ("auto", 2)] {
        let server = Server::refusing(HangUp::InOrder);
        let arguments = ["--connect", &server.address, "--transport", transport];
        let sync = examples.run("sync", &arguments);
        assert_eq!(sync.code, 1, "{transport}");
        assert_eq!(server.counted().len(), dials, "{transport}");
        let last = sync.errors.lines().last().unwrap();
        assert!(
            last.starts_with("error: disconnected during the handshake: "),
            "{transport}: {}",
            sync.errors
        );
    }
}

/// Ctrl-C: the summary all the same, and exit code 130.
#[cfg(unix)]
pub fn sync_says_how_far_it_came(examples: &Examples) {
    let (code, summary, _) = interrupted(examples, "v1");
    assert_eq!(code, 130);
    assert!(summary.starts_with("interrupted after "), "{summary}");
    assert!(summary.contains("at height 0"), "{summary}");
}

/// Ctrl-C while it is not known yet how frames travel. To peer-mio that is no connection yet, and there is nothing to
/// sum up.
#[cfg(unix)]
pub fn sync_ends_before_the_transport_is_settled(examples: &Examples) {
    let (code, summary, errors) = interrupted(examples, "auto");
    assert_eq!(code, 130);
    if examples.adapter() == "peer-mio" {
        assert_eq!(summary, "");
        let said = "interrupted before there was a connection";
        assert!(errors.contains(said), "{errors}");
    } else {
        assert!(summary.starts_with("interrupted after "), "{summary}");
    }
}

/// Dials somebody who is silent, and is told to end: exit code, stdout and stderr.
#[cfg(unix)]
fn interrupted(examples: &Examples, transport: &str) -> (i32, String, String) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let arguments = ["--connect", &address, "--transport", transport];
    let mut sync = examples.start("sync", &arguments);
    let (mut stream, _) = silent.accept().unwrap();
    stream.read_exact(&mut [0; 24]).unwrap();
    // It is past connecting now; a moment later it listens to signals.
    sleep(Duration::from_millis(300));
    sync.signal("INT");
    (sync.wait(), sync.rest().join("\n"), sync.errors())
}

/// Exit code 2.
pub fn sync_knows_wrong_arguments(examples: &Examples) {
    for wrong in [
        &["--network", "nonet"][..],
        &["--network", "litecoin"],
        &["--connect", "host:port"],
        &["stray"],
    ] {
        let sync = examples.run("sync", wrong);
        assert_eq!(sync.code, 2, "{wrong:?}");
        assert!(sync.errors.starts_with("error: "), "{}", sync.errors);
    }
}
