//! Lines about connections in memory: what a script that reads them relies on.

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use peer_core::message::{InvKind, InvVect, Inventory, Message, UserAgent};
use peer_core::network::Network;
use peer_core::wire::Hash;
use peer_core::{
    Config, Direction, DisconnectReason, Event, Garbage, HangUp, SendError, Timeout,
    TransportPolicy,
};
use serde_json::Value;

use super::session::Session;
use super::*;
use crate::testing::{Wire, serving};

/// The dialling side is ours, and prints; the listening side does what a test wants.
struct Meeting {
    wire: Wire,
    session: Session,
    lines: Vec<Value>,
    dumps: Vec<String>,
}

impl Meeting {
    fn new(change: impl FnOnce(&mut Config), count: Option<u64>, listener: Config) -> Self {
        let mut config = Config::with_secret(Network::REGTEST, [1; 32]);
        change(&mut config);
        let requests = vec![Message::GetAddr];
        let plan = Arc::new(Plan::new(config.clone(), requests, count, None));
        let wire = Wire::new(config, listener, 310);
        let peer = "192.0.2.1:18444".to_owned();
        let (session, first) = Session::open(plan, peer, Direction::Outbound, wire.now);
        let mut meeting = Self {
            wire,
            session,
            lines: Vec::new(),
            dumps: Vec::new(),
        };
        meeting.keep(Some(first));
        meeting
    }

    fn plain() -> Self {
        Self::new(|_| {}, None, serving(Network::REGTEST))
    }

    fn over(transport: TransportPolicy) -> Self {
        let change = |config: &mut Config| config.transport = transport;
        Self::new(change, None, serving(Network::REGTEST))
    }

    /// Until nothing moves any more.
    fn settle(&mut self) {
        while let Some((ours, _)) = self.wire.turn() {
            for event in ours {
                self.tell(&event);
            }
        }
    }

    fn tell(&mut self, event: &Event) {
        let at = Snapshot {
            now: self.wire.now,
            stats: self.wire.dialler.stats(),
            remote: self.wire.dialler.remote(),
        };
        let output = self.session.on_event(event, &at);
        self.keep(output);
    }

    fn keep(&mut self, output: Option<Output>) {
        match output {
            Some(Output::Line(line)) => {
                assert_eq!(line.find('\n'), Some(line.len() - 1), "{line:?}");
                let value: Value = serde_json::from_str(&line).unwrap();
                for field in ["event", "peer", "time"] {
                    assert!(value.get(field).is_some(), "{field}: {line}");
                }
                self.lines.push(value);
            }
            Some(Output::Note(dump)) => self.dumps.push(dump),
            None => {}
        }
    }

    fn raw(&mut self, command: &str, payload: &'static [u8]) {
        let command = command.parse().unwrap();
        let payload = Bytes::from_static(payload);
        let message = Message::Unknown { command, payload };
        self.wire.listener.send(message).unwrap();
        self.settle();
    }

    fn names(&self) -> Vec<&str> {
        let names = self.lines.iter().map(|line| line["event"].as_str());
        names.map(Option::unwrap).collect()
    }

    fn last(&self) -> &Value {
        self.lines.last().unwrap()
    }
}

#[test]
fn a_connection_from_its_first_line_to_its_last() {
    let v1 = a_connection_over(TransportPolicy::V1, 32);
    assert_eq!(v1["transport"], "v1");
    assert_eq!(v1["session_id"], Value::Null);
    // Its message type takes one byte, and what encrypts it 20.
    let v2 = a_connection_over(TransportPolicy::Auto, 29);
    assert_eq!(v2["transport"], "v2");
    let session = v2["session_id"].as_str().unwrap();
    assert!(session.len() == 64 && session.bytes().all(|digit| digit.is_ascii_hexdigit()));
}

/// In which a ping takes so many bytes; gives the line about the end of the handshake.
fn a_connection_over(transport: TransportPolicy, ping_len: u32) -> Value {
    let mut meeting = Meeting::over(transport);
    meeting.settle();
    let names = [
        "connected",
        "version",
        "message",
        "message",
        "negotiated",
        "message",
        "message",
    ];
    assert_eq!(meeting.names(), names);
    let [
        connected,
        version,
        wtxidrelay,
        sendaddrv2,
        negotiated,
        ping,
        pong,
    ] = &meeting.lines[..]
    else {
        panic!("{:?}", meeting.lines);
    };
    assert_eq!(connected["direction"], "outbound");
    assert_eq!(connected["peer"], "192.0.2.1:18444");
    assert_eq!(connected["time"], 1_700_000_000.0);
    assert_eq!(version["version"], 70_016);
    assert_eq!(version["services"], 9);
    assert_eq!(
        version["service_names"],
        serde_json::json!(["NETWORK", "WITNESS"])
    );
    assert_eq!(version["start_height"], 310);
    assert_eq!(version["relay"], true);
    assert_eq!(negotiated["protocol_version"], 70_016);
    assert_eq!(negotiated["wtxid_relay"], true);
    // The listener's keep-alive.
    assert_eq!(
        (&ping["command"], &ping["wire_len"]),
        (&"ping".into(), &ping_len.into())
    );
    assert!(ping["nonce"].is_u64());
    assert_eq!(wtxidrelay["command"], "wtxidrelay");
    assert_eq!(sendaddrv2["command"], "sendaddrv2");
    assert_eq!(pong["command"], "pong");
    let negotiated = negotiated.clone();

    meeting.wire.wait(Duration::from_millis(2500));
    meeting.wire.listener.disconnect();
    meeting
        .wire
        .dialler
        .hung_up(HangUp::EndOfStream, meeting.wire.now);
    meeting.settle();
    let end = meeting.last();
    assert_eq!(end["event"], "disconnected");
    assert_eq!(end["reason"], "hung up: end of stream");
    assert_eq!(
        (&end["class"], &end["exit_code"]),
        (&"clean".into(), &0.into())
    );
    assert_eq!(end["duration"], 2.5);
    assert_eq!(end["messages"], 4);
    assert_eq!(end["bytes_sent"], meeting.wire.dialler.stats().bytes_sent);
    assert_eq!(meeting.session.exit(), Exit::Clean);
    negotiated
}

#[test]
fn strings_of_the_remote_stay_within_their_line() {
    let mut listener = serving(Network::REGTEST);
    let hostile = b"/\x1b[2J\"}\n{\"event\":\"negotiated\"}\xff\0/";
    listener.user_agent = UserAgent::from_bytes(Bytes::from_static(hostile));
    let mut meeting = Meeting::new(|_| {}, None, listener);
    meeting.settle();
    assert_eq!(
        meeting.lines[1]["user_agent"],
        String::from_utf8_lossy(hostile).into_owned()
    );
    // reject: a command, a code and a reason, of which two are text.
    meeting.raw("reject", b"\x03\"\n\x9b\x10\x04\xf0\x9f\x92\x80");
    let reject = meeting.last();
    assert_eq!(reject["refused"], "\"\n\u{fffd}");
    assert_eq!(reject["code_name"], "invalid");
    assert_eq!(reject["reason"], "\u{1f480}");
}

#[test]
fn messages_nobody_knows_are_shown_in_part() {
    // What nobody knows has no short type in v2.
    for (transport, wire_len) in [(TransportPolicy::V1, 324), (TransportPolicy::V2, 333)] {
        let mut meeting = Meeting::over(transport);
        meeting.settle();
        meeting.raw("x y\"z", &[0xab; 300]);
        let line = meeting.last();
        assert_eq!(line["command"], "x y\"z");
        assert_eq!(
            (&line["wire_len"], &line["payload_len"]),
            (&wire_len.into(), &300.into())
        );
        assert_eq!(line["payload"], "ab".repeat(256));
    }
}

#[test]
fn what_does_not_decode_is_misbehaviour() {
    let mut meeting = Meeting::plain();
    meeting.settle();
    meeting.raw("ping", &[1, 2, 3]);
    let line = meeting.last();
    assert_eq!(line["event"], "misbehavior");
    assert_eq!(
        (&line["command"], &line["kind"]),
        (&"ping".into(), &"malformed".into())
    );
    assert_eq!(line["severity"], "careless");
    assert!(line["text"].as_str().unwrap().contains("nonce"), "{line}");
}

#[test]
fn the_misbehaviour_that_ends_a_connection_has_a_line_before_its_end() {
    for (command, payload, kind, severity) in [
        ("wtxidrelay", &[][..], "violation", "forbidden"),
        ("inv", &[0xfd, 0x51, 0xc3], "malformed", "hostile"),
        ("pong", &[7; 8], "annoyance", "harmless"),
    ] {
        let mut meeting = Meeting::plain();
        meeting.settle();
        meeting.raw(command, payload);
        let lines = &meeting.lines;
        let told = lines.iter().rfind(|line| line["event"] == "misbehavior");
        let told = told.unwrap();
        assert_eq!(told["command"], command);
        assert_eq!(told["kind"], kind);
        assert_eq!(told["severity"], severity);
        let ended = meeting.last()["event"] == "disconnected";
        assert_eq!(ended, kind != "annoyance");
    }
}

#[test]
fn no_more_messages_than_were_wanted() {
    let mut meeting = Meeting::new(|_| {}, Some(5), serving(Network::REGTEST));
    meeting.settle();
    meeting.raw("one", &[]);
    meeting.raw("two", &[]);
    let messages = meeting
        .names()
        .into_iter()
        .filter(|name| *name == "message");
    assert_eq!(messages.count(), 5);
    assert_eq!(meeting.last()["command"], "one");
}

#[test]
fn a_plan_is_finished_when_all_messages_are_there() {
    let config = Config::with_secret(Network::REGTEST, [1; 32]);
    let plan = Plan::new(config.clone(), vec![], Some(1), None);
    assert!(!plan.is_finished());
    assert!(plan.count_message());
    assert!(plan.is_finished());
    assert!(!plan.count_message());
    let endless = Plan::new(config, vec![], None, None);
    assert!(endless.count_message() && !endless.is_finished());
}

#[test]
fn hexdumps_show_whole_frames_both_ways() {
    let dumps = dumps_over(TransportPolicy::V1);
    let verack = "\
verack, 24 bytes
00000000  fa bf b5 da 76 65 72 61  63 6b 00 00 00 00 00 00  |....verack......|
00000010  00 00 00 00 5d f6 e0 e2                           |....]...|
";
    assert!(dumps.contains(&format!("192.0.2.1:18444 <- {verack}")));
    assert!(dumps.contains(&format!("192.0.2.1:18444 -> {verack}")));
    let version = |dump: &String| dump.contains("|....version.....");
    assert!(dumps.iter().any(version));
}

/// Not what is on the wire, which shows nothing: the message type, in full or one byte of it, and the payload.
#[test]
fn hexdumps_of_v2_show_what_was_encrypted_both_ways() {
    let dumps = dumps_over(TransportPolicy::V2);
    let verack = "\
verack, 13 bytes
00000000  00 76 65 72 61 63 6b 00  00 00 00 00 00           |.verack......|
";
    assert!(dumps.contains(&format!("192.0.2.1:18444 <- {verack}")));
    assert!(dumps.contains(&format!("192.0.2.1:18444 -> {verack}")));
    let ping = "192.0.2.1:18444 <- ping, 9 bytes\n00000000  12 ";
    assert!(dumps.iter().any(|dump| dump.starts_with(ping)), "{dumps:?}");
}

fn dumps_over(transport: TransportPolicy) -> Vec<String> {
    let change = |config: &mut Config| {
        config.transport = transport;
        config.raw_events = true;
    };
    let mut meeting = Meeting::new(change, None, serving(Network::REGTEST));
    meeting.settle();
    meeting.dumps
}

#[test]
fn the_end_says_which_limit_was_reached() {
    let mut meeting = Meeting::plain();
    meeting.tell(&Event::Disconnected {
        reason: DisconnectReason::Timeout(Timeout::Negotiation),
        sent_through: None,
    });
    let end = meeting.last();
    assert_eq!(end["class"], "timeout");
    assert_eq!(
        (&end["timer"], &end["limit"]),
        (&"Negotiation".into(), &30.0.into())
    );
    assert_eq!(end["negotiated"], false);
    assert_eq!(meeting.session.exit(), Exit::Timeout);
}

#[test]
fn requests_and_what_became_of_them() {
    let meeting = Meeting::plain();
    let requests = meeting.session.requests();
    let messages = requests.messages();
    assert_eq!(messages, [Message::GetAddr]);
    let command = messages[0].command();
    let line = |result: Result<(), SendError>| {
        let Output::Line(line) = requests.outcome(command, &result, meeting.wire.now) else {
            panic!("no line");
        };
        serde_json::from_str::<Value>(&line).unwrap()
    };
    assert_eq!(line(Ok(()))["event"], "sent");
    let unsent = line(Err(SendError::Closed));
    assert_eq!(
        (&unsent["event"], &unsent["command"]),
        (&"unsent".into(), &"getaddr".into())
    );
    assert_eq!(unsent["error"], "the connection is closed");
}

/// A question for something that the other side never answers.
fn unanswered(kind: InvKind) -> Meeting {
    let mut meeting = Meeting::plain();
    meeting.settle();
    let wanted = InvVect::new(kind, Hash::from_bytes([7; 32]));
    let wanted = Inventory::new(&Network::REGTEST, [wanted]).unwrap();
    let question = Message::GetData(wanted);
    meeting.wire.dialler.send(question).unwrap();
    meeting.settle();
    meeting.wire.wait(Duration::from_secs(31));
    meeting.settle();
    meeting
}

/// Nodes are silent about blocks that they do not have.
#[test]
fn a_silence_that_is_legal_is_a_line() {
    let meeting = unanswered(InvKind::WitnessBlock);
    let line = meeting.last();
    assert_eq!(line["event"], "unanswered");
    assert_eq!(line["request"], "getdata (blocks)");
    assert_eq!((&line["count"], &line["limit"]), (&1.into(), &30.0.into()));
    assert_eq!(line["items"][0]["type"], "witness-block");
    assert_eq!(line["items"][0]["hash"], "07".repeat(32));
}

/// Of transactions they say that they do not have them.
#[test]
fn a_silence_that_is_not_ends_the_connection_and_says_after_how_long() {
    let meeting = unanswered(InvKind::WitnessTx);
    let end = meeting.last();
    assert_eq!(
        (&end["event"], &end["class"]),
        (&"disconnected".into(), &"timeout".into())
    );
    assert_eq!(
        (&end["timer"], &end["limit"]),
        (&"Stall".into(), &30.0.into())
    );
    assert_eq!(meeting.session.exit(), Exit::Timeout);
}

/// A `verack` is a header and nothing else; in v2 a type in full, and what encrypts it.
#[test]
fn numbers_are_those_of_the_connection() {
    numbers_over(TransportPolicy::V1, 24, 0);
    // Keys, terminators and version packets belong to no message.
    numbers_over(TransportPolicy::V2, 33, 64 + 16 + 20);
}

fn numbers_over(transport: TransportPolicy, verack: u64, beside: u64) {
    let mut listener = serving(Network::REGTEST);
    listener.v2.garbage = Garbage::Fixed(Bytes::new());
    let change = |config: &mut Config| config.transport = transport;
    let mut meeting = Meeting::new(change, None, listener);
    meeting.settle();
    let at = Snapshot {
        now: meeting.wire.now,
        stats: meeting.wire.dialler.stats(),
        remote: None,
    };
    assert!(meeting.session.numbers(&at).is_none());
    let config = Config::with_secret(Network::REGTEST, [1; 32]);
    let mut plan = Plan::new(config, vec![], None, None);
    plan.stats = true;
    let peer = "192.0.2.1:18444".to_owned();
    let (session, _) = Session::open(Arc::new(plan), peer, Direction::Outbound, at.now);
    meeting.keep(session.numbers(&at));
    let stats = meeting.last();
    assert_eq!(
        (&stats["event"], &stats["inbound"]),
        (&"stats".into(), &false.into())
    );
    assert_eq!(
        (&stats["version"], &stats["startingheight"]),
        (&70_016.into(), &310.into())
    );
    assert_eq!(stats["bytesrecv_per_msg"]["verack"], verack);
    assert_eq!(stats["recv_per_msg"]["verack"], 1);
    let sum = |counters: &Value| {
        let counters = counters.as_object().unwrap().values();
        counters.map(|count| count.as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(
        sum(&stats["bytesrecv_per_msg"]) + beside,
        stats["bytesrecv"].as_u64().unwrap()
    );
    assert_eq!(
        sum(&stats["sent_per_msg"]),
        stats["frames_sent"].as_u64().unwrap()
    );
}
