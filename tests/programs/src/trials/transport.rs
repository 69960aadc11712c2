//! Trials of `--transport`: which transport two programs agree on, and what becomes of those who agree on none.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{JoinHandle, spawn};

use serde_json::Value;

use super::peercat::{connect, hold, listen, scripted};
use super::process::{Ended, Examples, PATIENCE};

/// Regtest's, which a v1 node looks for.
const MAGIC: [u8; 4] = [0xfa, 0xbf, 0xb5, 0xda];

/// Bytes of a v1 header. A v1 node takes as many of whatever comes for one.
const HEADER_LEN: usize = 24;

/// Both know v2: whatever of the two they were told, they speak it, and name the session alike.
pub fn peercats_agree_on_v2(examples: &Examples) {
    for (dialling, listening) in [
        ("auto", "auto"),
        ("v2", "v2"),
        ("v2", "auto"),
        ("auto", "v2"),
    ] {
        let (listener, address) = listen(examples, &["--transport", listening, "--stats"]);
        let dialler = dial(examples, &address, dialling, &["--count", "3", "--stats"]);
        let context = format!("{dialling} dials {listening}: {}", dialler.errors);
        assert_eq!(dialler.code, 0, "{context}");
        let ours = only(&dialler, "negotiated");
        let theirs = listener.event("negotiated");
        let session = ours["session_id"].as_str().expect("a session id");
        assert_eq!(session.len(), 64, "{context}");
        assert_ne!(session, "0".repeat(64), "{context}");
        let end = only(&dialler, "stats");
        for line in [&ours, &theirs, &end, &listener.event("stats")] {
            assert_eq!(line["transport"], "v2", "{context}");
            assert_eq!(line["session_id"], session, "{context}");
        }
    }
}

/// One that speaks v1 is spoken to in v1, unless that is not wanted.
pub fn peercat_listener_takes_v1_if_it_may(examples: &Examples) {
    for listening in ["auto", "v1"] {
        let (listener, address) = listen(examples, &["--transport", listening]);
        let dialler = dial(examples, &address, "v1", &["--count", "3"]);
        assert_eq!(dialler.code, 0, "{listening}: {}", dialler.errors);
        for line in [only(&dialler, "negotiated"), listener.event("negotiated")] {
            assert_eq!(line["transport"], "v1");
            assert_eq!(line["session_id"], Value::Null);
        }
    }
    let (listener, address) = listen(examples, &["--transport", "v2"]);
    let dialler = dial(examples, &address, "v1", &[]);
    assert_eq!(dialler.code, 9, "{}", dialler.errors);
    assert_eq!(only(&dialler, "disconnected")["negotiated"], false);
    let refused = listener.event("disconnected");
    assert_eq!(refused["class"], "frame");
    let reason = refused["reason"].as_str().expect("a reason");
    assert!(reason.contains("v1 where only v2 is accepted"), "{reason}");
}

/// One that speaks nothing but v1 hangs up on v2: who insists has failed, who does not dials again and says nothing of
/// the first time.
pub fn peercat_dials_v1_after_v2(examples: &Examples) {
    let (listener, address) = listen(examples, &["--transport", "v1"]);
    let dialler = dial(examples, &address, "v2", &[]);
    assert_eq!(dialler.code, 9, "{}", dialler.errors);
    let end = only(&dialler, "disconnected");
    assert_eq!(
        (&end["class"], &end["negotiated"]),
        (&"hung-up".into(), &false.into())
    );
    let reason = end["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("hung up"), "{reason}");
    assert_eq!(end["transport"], Value::Null);
    let refused = listener.event("disconnected");
    assert_eq!(refused["class"], "frame");
    assert!(
        refused["reason"]
            .as_str()
            .expect("a reason")
            .contains("magic")
    );

    let dialler = dial(examples, &address, "auto", &["--count", "3"]);
    assert_eq!(dialler.code, 0, "{}", dialler.errors);
    only(&dialler, "connected");
    only(&dialler, "disconnected");
    assert_eq!(only(&dialler, "negotiated")["transport"], "v1");
    assert_eq!(listener.event("disconnected")["class"], "frame");
    assert_eq!(listener.event("negotiated")["transport"], "v1");
}

/// The same against a server that does no more than to look at 24 bytes, and counts who comes: two, and no more.
pub fn peercat_dials_twice_at_most(examples: &Examples) {
    let (_node, node) = listen(examples, &["--transport", "v1"]);
    let server = Server::v1_only(node);
    let dialler = dial(examples, &server.address, "auto", &["--count", "3"]);
    assert_eq!(dialler.code, 0, "{}", dialler.errors);
    assert_eq!(server.counted(), ["refused", "taken"]);
    only(&dialler, "connected");
    assert_eq!(only(&dialler, "negotiated")["transport"], "v1");

    // Nobody is ever taken. Who insists on one transport does not come again.
    for (transport, dials) in [("auto", 2), ("v2", 1), ("v1", 1)] {
        for how in [HangUp::InOrder, HangUp::Reset] {
            let server = Server::refusing(how);
            let dialler = dial(examples, &server.address, transport, &[]);
            assert_eq!(dialler.code, 9, "{transport}: {}", dialler.errors);
            assert_eq!(server.counted().len(), dials, "{transport}");
            only(&dialler, "connected");
            let end = only(&dialler, "disconnected");
            assert_eq!(end["class"], "hung-up", "{transport}");
        }
    }
}

/// Somebody hangs up on v2 and then is not there any more. peer-mio tells of a connection once its transport is settled,
/// and so of none; the others have told of one.
pub fn peercat_may_find_nobody_the_second_time(examples: &Examples) {
    let (address, server) = scripted(Vec::new(), |mut stream| {
        stream.read_exact(&mut [0; HEADER_LEN]).expect("a key");
    });
    let dialler = dial(examples, &address, "auto", &[]);
    server.join().expect("the server ends");
    if examples.adapter() == "peer-mio" {
        assert_eq!(dialler.code, 3, "{}", dialler.errors);
        only(&dialler, "failed");
    } else {
        assert_eq!(dialler.code, 9, "{}", dialler.errors);
        only(&dialler, "connected");
        let end = only(&dialler, "disconnected");
        let reason = end["reason"].as_str().expect("a reason");
        assert!(
            reason.starts_with("hung up on v2, v1 is to be tried"),
            "{reason}"
        );
    }
}

/// What is no v2 after a key, and a remote that goes silent in the middle of it.
pub fn peercat_v2_ends_with_the_class_of_the_end(examples: &Examples) {
    let script = |bytes: &[u8], more: &[&str]| {
        let (address, server) = scripted(bytes.to_vec(), hold);
        let ended = dial(examples, &address, "v2", more);
        server.join().expect("the server ends");
        let end = only(&ended, "disconnected");
        assert_eq!(end["exit_code"], ended.code);
        (
            ended.code,
            end["reason"].as_str().unwrap_or_default().to_owned(),
        )
    };
    // A key is 64 bytes, garbage 4,095 at most, and its terminator 16.
    let (code, reason) = script(&[7; 64 + 4_095 + 16], &[]);
    assert_eq!(code, 4, "{reason}");
    assert!(reason.contains("garbage terminator"), "{reason}");
    for sent in [&[][..], &[7; 63], &[7; 100]] {
        let (code, reason) = script(sent, &["--negotiate-timeout", "0.1"]);
        assert_eq!(code, 8, "{reason}");
    }
}

fn dial(examples: &Examples, address: &str, transport: &str, more: &[&str]) -> Ended {
    let arguments = [&["--transport", transport], more].concat();
    examples.run("peercat", &connect(address, &arguments))
}

/// The one line about `event`.
fn only(ended: &Ended, event: &str) -> Value {
    let mut found = ended.events();
    found.retain(|line| line["event"] == event);
    assert_eq!(found.len(), 1, "{event} in {:?}", ended.lines);
    found.remove(0)
}

/// How a server parts from those whom it does not understand.
#[derive(Clone, Copy, Debug)]
pub(super) enum HangUp {
    InOrder,
    /// As who has not read everything.
    Reset,
}

/// One that looks at 24 bytes and counts.
pub(super) struct Server {
    pub(super) address: String,
    /// Ends when somebody comes and says nothing.
    thread: JoinHandle<Vec<&'static str>>,
}

impl Server {
    /// Takes nobody.
    pub(super) fn refusing(how: HangUp) -> Self {
        Self::start(move |_, stream| {
            part(stream, how);
            "refused"
        })
    }

    /// Hangs up on whoever does not begin with the magic, and has `node` talk to the others, one after the other.
    fn v1_only(node: String) -> Self {
        Self::start(move |head, stream| {
            if !head.starts_with(&MAGIC) {
                part(stream, HangUp::Reset);
                return "refused";
            }
            let mut node = TcpStream::connect(&node).expect("the node is there");
            node.write_all(&head).expect("the node reads");
            let handle = |stream: &TcpStream| stream.try_clone().expect("a handle");
            let (from, to) = (handle(&node), handle(&stream));
            let there = spawn(move || relay(stream, node));
            relay(from, to);
            there.join().expect("a relay ends");
            "taken"
        })
    }

    fn start(
        mut serve: impl FnMut([u8; HEADER_LEN], TcpStream) -> &'static str + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let thread = spawn(move || {
            let mut told = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().expect("somebody");
                stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
                let mut head = [0; HEADER_LEN];
                if stream.read_exact(&mut head).is_err() {
                    return told;
                }
                told.push(serve(head, stream));
            }
        });
        Self { address, thread }
    }

    /// What became of everybody who came so far. To be asked when nobody comes any more.
    pub(super) fn counted(self) -> Vec<&'static str> {
        drop(TcpStream::connect(&self.address).expect("the server listens"));
        self.thread.join().expect("the server ends")
    }
}

fn part(mut stream: TcpStream, how: HangUp) {
    if matches!(how, HangUp::InOrder) {
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

/// Carries bytes until there are no more.
fn relay(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
}
