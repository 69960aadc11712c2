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
    ("another network", "bad frame"),
    ("reset", "hung up: connection reset"),
    ("half a handshake", "hung up: end of stream"),
    ("nothing", "hung up: end of stream"),
    ("two of a kind", "hung up: end of stream"),
];

/// On Linux in a process of its own, where nobody else opens and closes descriptors meanwhile.
pub(crate) fn thousands_of_short_connections<A: Adapter>() {
    #[cfg(target_os = "linux")]
    if !alone::is_alone() {
        return alone::run();
    }
    let scene = Scene::<A>::new(listeners());
    // So that everything is open that an adapter opens once.
    let (end, plain) = scene.met();
    plain.stop_talking();
    plain.hear_all();
    to_the_end(&*end);
    drop(end);
    #[cfg(target_os = "linux")]
    let before = alone::descriptors();

    let ends = come_and_go_all(&scene);
    let wanted = (0..CONNECTIONS).map(|number| ENDINGS[number % ENDINGS.len()].1.to_owned());
    assert_eq!(ends, tally(wanted));

    assert!(scene.listening.accepted.try_recv().is_err(), "nobody else");
    #[cfg(target_os = "linux")]
    alone::assert_soon(before);
    let (_end, mut plain) = scene.met();
    assert!(plain.is_answered(6));
}

/// All lives, `AT_ONCE` at once; how they ended as the listening side has it.
fn come_and_go_all<A: Adapter>(scene: &Scene<A>) -> BTreeMap<String, usize> {
    let (adapter, address) = (&scene.adapter, scene.listening.address);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
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
    })
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
        "another network" => {
            plain.tell(&VersionPayload::default().frame().with_magic(*b"GET "));
        }
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

/// A process of its own, and its file descriptors.
#[cfg(target_os = "linux")]
mod alone {
    use std::env::{current_exe, var_os};
    use std::fs;
    use std::process::Command;
    use std::thread;

    use crate::scene::until;

    /// Set where nothing else runs.
    const MARK: &str = "ADAPTERS_ALONE";

    pub(super) fn is_alone() -> bool {
        var_os(MARK).is_some()
    }

    /// Runs the test of this thread again, alone.
    pub(super) fn run() {
        let current = thread::current();
        let mut test = Command::new(current_exe().unwrap());
        test.args(["--exact", "--nocapture", current.name().unwrap()]);
        let output = test.env(MARK, "1").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{wrong}");
        assert!(said.contains("1 passed"), "it did not run: {said}");
    }

    /// How many are open.
    pub(super) fn descriptors() -> usize {
        fs::read_dir("/proc/self/fd").unwrap().count()
    }

    /// Fails unless as many are soon open as before.
    pub(super) fn assert_soon(before: usize) {
        until("no descriptor is left over", || descriptors() == before);
    }
}
