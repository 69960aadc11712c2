//! Which lines there are, at which level, and what they say.

use core::time::Duration;

use peer_core::message::Message;
use peer_core::{HangUp, Link, Purpose};
use peer_tests::script::{Frame, Probe, VersionPayload, list};
use tracing::Level;

use crate::recorder::{Line, recorded, texts};
use crate::{config, link, negotiated, talkative};

const PING: u64 = 0x0102_0304_0506_0708;

/// A whole life: greeted, pinged, left after a second and a half.
fn life(link: Link) -> Probe {
    let mut probe = Probe::new(config(), link);
    probe.tell(&VersionPayload::default().frame());
    probe.tell(&Frame::empty("wtxidrelay"));
    probe.tell(&Frame::empty("verack"));
    probe.wait(Duration::from_millis(1_500));
    probe.tell(&Frame::ping(PING));
    probe.machine.hung_up(HangUp::EndOfStream, probe.now);
    probe.heard();
    probe
}

#[test]
fn a_life_at_debug() {
    let (probe, lines) = recorded(Level::DEBUG, || life(link()));
    let texts = texts(&lines);
    let expected = [
        "new inbound connection: FullRelay",
        "<- version: 70016, height 7, relay, nonce 1122334455667788, NETWORK|WITNESS|NETWORK_LIMITED, /script:1.0/",
        "remote: version 70016, height 7, services NETWORK|WITNESS|NETWORK_LIMITED, /script:1.0/",
        "-> version: 70016, height 0, relay, nonce ",
        "-> wtxidrelay",
        "-> sendaddrv2",
        "-> verack",
        "<- wtxidrelay",
        "<- verack",
        "negotiated: version 70016, wtxidrelay over v1",
        "-> ping: nonce ",
        "<- ping: nonce 0102030405060708",
        "-> pong: nonce 0102030405060708",
        "disconnected after 1.500 s: hung up: end of stream",
    ];
    assert_eq!(texts.len(), expected.len(), "{texts:#?}");
    for (text, expected) in texts.iter().zip(expected) {
        // Our own nonces are random; everything else is there to the letter.
        if expected.ends_with("nonce ") {
            assert!(text.starts_with(expected), "{text}");
        } else {
            assert_eq!(*text, expected);
        }
    }
    for line in &lines {
        assert_eq!(line.level, Level::DEBUG);
        assert_eq!(line.field("peer"), Some("7"));
        assert_eq!(line.field("addr"), Some("203.0.113.9:18444"));
        assert_eq!(line.field("direction"), Some("\"inbound\""));
        let is_message = line.text.starts_with("<-") || line.text.starts_with("->");
        let target = if is_message { "message" } else { "life" };
        assert_eq!(line.target, format!("peer_core::{target}"));
    }
    let last = lines.last().unwrap();
    let stats = probe.machine.stats();
    assert_eq!(
        last.field("received"),
        Some(&*stats.bytes_received.to_string())
    );
    assert_eq!(last.field("sent"), Some(&*stats.bytes_sent.to_string()));
}

#[test]
fn a_connection_without_address_has_none() {
    let link = Link::outbound().with_purpose(Purpose::Feeler);
    let (_, lines) = recorded(Level::DEBUG, || life(link));
    assert!(lines.iter().all(|line| line.field("addr").is_none()));
    assert!(
        lines
            .iter()
            .all(|line| line.field("direction") == Some("\"outbound\""))
    );
    assert_eq!(lines[0].text, "new outbound connection: Feeler");
    let last = &lines.last().unwrap().text;
    assert_eq!(
        *last,
        "disconnected after 0.000 s: closed by us: feeler completed"
    );
}

#[test]
fn nothing_above_debug() {
    for level in [Level::INFO, Level::WARN, Level::ERROR] {
        let (_, lines) = recorded(level, || life(link()));
        assert_eq!(lines, []);
    }
}

fn inv() -> Frame {
    // Two transactions by wtxid (5), a block (2).
    let mut payload = vec![3];
    for (number, byte) in [(5_u8, 0xa1), (5, 0xa2), (2, 0xb3)] {
        payload.extend([number, 0, 0, 0]);
        payload.extend([byte; 31]);
        payload.push(0);
    }
    Frame::new("inv", payload)
}

fn of<'a>(lines: &'a [Line], target: &str) -> Vec<&'a Line> {
    lines.iter().filter(|line| line.target == target).collect()
}

#[test]
fn a_message_received() {
    let mut probe = negotiated(talkative());
    let (_, lines) = recorded(Level::TRACE, || probe.tell(&inv()));
    let levels: Vec<Level> = lines.iter().map(|line| line.level).collect();
    assert_eq!(levels, [Level::TRACE, Level::DEBUG, Level::TRACE]);
    let [payload] = of(&lines, "peer_core::payload")[..] else {
        panic!("{lines:#?}");
    };
    let first = "\
<-
00000000  03 05 00 00 00 a1 a1 a1  a1 a1 a1 a1 a1 a1 a1 a1  |................|
";
    assert!(payload.text.starts_with(first), "{}", payload.text);
    assert_eq!(payload.text.lines().count(), 1 + 109_usize.div_ceil(16));
    assert_eq!(payload.field("bytes"), Some("109"));

    let [summary, parsed] = of(&lines, "peer_core::message")[..] else {
        panic!("{lines:#?}");
    };
    let (first, last) = ("a1".repeat(31), "b3".repeat(31));
    let expected = format!("<- inv: 3 items, 1 block, 2 wtx, first 00{first}, last 00{last}");
    assert_eq!(summary.text, expected);
    assert_eq!(summary.field("command"), Some("\"inv\""));
    assert_eq!(summary.field("way"), Some("\"in\""));
    // With its header of 24 bytes.
    assert_eq!(summary.field("bytes"), Some("133"));
    assert!(
        parsed
            .text
            .starts_with("<- Inv([InvVect { kind: Wtx, hash: Hash(00a1")
    );
}

#[test]
fn a_message_sent() {
    let mut probe = negotiated(config());
    let (_, lines) = recorded(Level::TRACE, || {
        for _ in 0..20 {
            probe.machine.send(Message::GetAddr).unwrap();
        }
        probe.read();
    });
    // What the application sends itself is not limited. There is no payload to dump.
    let debug = lines.iter().filter(|line| line.level == Level::DEBUG);
    assert!(debug.clone().all(|line| line.text == "-> getaddr"));
    assert_eq!((debug.count(), lines.len()), (20, 40));
    assert_eq!(lines[0].field("command"), Some("\"getaddr\""));
    assert_eq!(lines[0].field("way"), Some("\"out\""));
    assert_eq!(lines[0].field("bytes"), Some("24"));
}

#[test]
fn misbehaviour() {
    let mut probe = negotiated(talkative());
    let (_, lines) = recorded(Level::TRACE, || {
        probe.tell(&Frame::new("tx", b"hello".as_slice()).with_bad_checksum());
        probe.tell(&Frame::new("ping", [1, 2, 3]));
        probe.tell(&Frame::new("inv", [0]));
    });
    let told = of(&lines, "peer_core::misbehavior");
    let texts: Vec<&str> = told.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts[0], "tx: wrong checksum");
    assert!(texts[1].starts_with("ping: nonce: "), "{texts:?}");
    assert_eq!(texts[2], "pointless: a list without entries");
    assert!(told.iter().all(|line| line.level == Level::DEBUG));
    assert_eq!(told[0].field("command"), Some("\"tx\""));
    // What does not decode is dumped as well.
    assert_eq!(
        of(&lines, "peer_core::payload")[0].text,
        "<-\n00000000  68 65 6c 6c 6f                                    |hello|"
    );
}

/// V1: the text of a dump does not grow with the block.
#[test]
fn the_dump_of_a_large_block_is_bounded() {
    // One transaction with one enormous output script.
    let script = list(3_900_000, &[0x51]);
    let tx = [
        &[1, 0, 0, 0, 1][..],
        &[0; 36],
        &[0],
        &[0xff; 4],
        &[1],
        &[0; 8],
        &script,
        &[0; 4],
    ]
    .concat();
    let block = Frame::new("block", [&[0; 80][..], &[1], &tx].concat());
    let mut probe = negotiated(talkative());
    let (events, lines) = recorded(Level::TRACE, || probe.tell(&block));
    assert_eq!(events.len(), 1);
    let total: usize = lines.iter().map(|line| line.text.len()).sum();
    assert!(total < 30_000, "{total}");
    let dump = &of(&lines, "peer_core::payload")[0].text;
    assert_eq!(dump.lines().count(), 1 + 256 + 1);
    let rest = block.payload.len() - 4_096;
    assert_eq!(dump.lines().last(), Some(&*format!("{rest} more bytes")));

    let many = Frame::new("inv", list(50_000, &[1; 36]));
    let (_, lines) = recorded(Level::TRACE, || probe.tell(&many));
    let total: usize = lines.iter().map(|line| line.text.len()).sum();
    assert!(total < 30_000, "{total}");
    let parsed = texts(&lines)
        .into_iter()
        .find(|text| text.starts_with("<- Inv("));
    assert!(parsed.unwrap().ends_with("..."));
}
