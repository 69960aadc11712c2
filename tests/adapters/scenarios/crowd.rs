//! Thousands of short connections, and what is left of them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use peer_core::DisconnectReason;
use peer_tests::script::VersionPayload;

use crate::adapter::{Adapter, End};
use crate::plain::Plain;
use crate::scene::{Scene, diallers, listeners};
use crate::told::{to_the_end, until_negotiated};

const CONNECTIONS: usize = 2_000;
const AT_ONCE: usize = 50;

/// How a connection ends, and what the listening side says of it.
const ENDINGS: [(&str, &str); 6] = [
    ("in order", "hung up: end of stream"),
    ("garbage", "bad frame"),
    ("reset", "hung up: connection reset"),
    ("half a handshake", "hung up: end of stream"),
    ("nothing", "hung up: end of stream"),
    ("two of a kind", "hung up: end of stream"),
];

pub(crate) fn thousands_of_short_connections<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (adapter, address) = (&scene.adapter, scene.listening.address);
    let next = AtomicUsize::new(0);
    let ends = thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= CONNECTIONS {
                        return;
                    }
                    come_and_go(adapter, address, ENDINGS[number % ENDINGS.len()].0);
                }
            });
        }
        let servants: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                let end = scene.accepted();
                scope.spawn(move || to_the_end(&*end).reason)
            })
            .collect();
        let ends = servants.into_iter().map(|servant| servant.join().unwrap());
        tally(ends.map(|reason| class(&reason)))
    });
    let wanted = (0..CONNECTIONS).map(|number| ENDINGS[number % ENDINGS.len()].1.to_owned());
    assert_eq!(ends, tally(wanted));

    assert!(scene.listening.accepted.try_recv().is_err(), "nobody else");
    #[cfg(target_os = "linux")]
    descriptors::assert_one(scene.listening.address.port());
    let (_end, mut plain) = scene.met();
    assert!(plain.is_answered(6));
}

/// One short life.
fn come_and_go<A: Adapter>(adapter: &A, address: SocketAddr, ending: &str) {
    if ending == "two of a kind" {
        let end = adapter.dial(address, diallers());
        let end = end.unwrap();
        until_negotiated(&*end);
        end.disconnect();
        let reason = to_the_end(&*end).reason;
        assert_eq!(
            reason.to_string(),
            "closed by us: the application disconnected"
        );
        return;
    }
    let mut plain = Plain::connect(address);
    match ending {
        "in order" => {
            plain.shake_hands();
            assert!(plain.is_answered(7));
            plain.stop_talking();
        }
        "garbage" => plain.say(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        "reset" => {
            plain.shake_hands();
            plain.hear_named("ping");
            plain.reset();
            return;
        }
        "half a handshake" => {
            plain.tell(&VersionPayload::default().frame());
            plain.stop_talking();
        }
        _ => plain.stop_talking(),
    }
    plain.hear_all();
}

/// The reason without its particulars.
fn class(reason: &DisconnectReason) -> String {
    match reason {
        DisconnectReason::Frame(_) => "bad frame".to_owned(),
        other => other.to_string(),
    }
}

fn tally(classes: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for class in classes {
        *tally.entry(class).or_default() += 1;
    }
    tally
}

/// Sockets of this process, told by their port, since other tests open and close sockets meanwhile.
#[cfg(target_os = "linux")]
mod descriptors {
    use std::collections::HashSet;
    use std::fs;

    use crate::scene::until;

    /// Fails unless the listener's is soon the only descriptor of a socket at `port`.
    pub(super) fn assert_one(port: u16) {
        assert!(count(port) >= 1, "the listener is not seen");
        until("only the listener is left", || count(port) == 1);
    }

    /// Descriptors of TCP sockets that have `port` at this end or at the other.
    fn count(port: u16) -> usize {
        let inodes = inodes(port);
        let descriptors = fs::read_dir("/proc/self/fd").unwrap();
        // Some are gone before they are looked at.
        descriptors
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .filter(|target| target.to_str().is_some_and(|name| inodes.contains(name)))
            .count()
    }

    /// `socket:[inode]` of the sockets at `port`, as links to them are called. Columns: number, local and remote
    /// address, state, and from the tenth on the inode.
    fn inodes(port: u16) -> HashSet<String> {
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        let port = format!(":{port:04X}");
        let lines = table.lines().skip(1);
        lines
            .filter_map(|line| {
                let columns: Vec<_> = line.split_whitespace().collect();
                let ours = columns.get(1..3)?.iter().any(|end| end.ends_with(&port));
                ours.then(|| format!("socket:[{}]", columns.get(9).unwrap_or(&"?")))
            })
            .collect()
    }
}
