//! Whatever a remote says, it cannot write lines of its own, nor control a terminal.

use peer_core::Link;
use peer_tests::script::{Frame, Probe, VersionPayload, list};
use tracing::Level;

use crate::recorder::{Line, recorded};
use crate::{config, negotiated, talkative};

const NASTY: &[u8] = b"\x1b[2J\r\nERROR peer_core::life: disconnected\0\xff\xe2\x80\xa8\x7f";

fn assert_one_line(line: &Line) {
    let printable = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if line.target != "peer_core::payload" {
        assert!(printable(&line.text), "{line:?}");
    }
    // A dump has lines, but they begin with offsets and hold nothing that is not printable.
    assert!(line.text.lines().all(printable), "{line:?}");
    assert!(
        line.fields.values().all(|value| printable(value)),
        "{line:?}"
    );
}

#[test]
fn user_agents() {
    let mut agents = vec![
        NASTY.to_vec(),
        NASTY.repeat(20)[..256].to_vec(),
        vec![b'\n'; 256],
    ];
    agents.extend((0..=255).map(|byte| vec![byte; 3]));
    for agent in agents {
        let version = VersionPayload {
            agent,
            ..VersionPayload::default()
        };
        let (_, lines) = recorded(Level::TRACE, || {
            Probe::new(talkative(), Link::inbound()).tell(&version.frame());
        });
        assert!(lines.iter().any(|line| line.text.starts_with("remote: ")));
        lines.iter().for_each(assert_one_line);
    }
}

#[test]
fn commands() {
    let mut commands = vec![
        *b"\x1b[2J\r\nfaked!",
        *b"tx\0\0\0\0\0\0\0\0\0x",
        *b"a\" b=\\n c=1 ",
    ];
    commands.extend((0..=255).map(|byte| [byte; 12]));
    for command in commands {
        let mut probe = negotiated(talkative());
        let (_, lines) = recorded(Level::TRACE, || {
            probe.tell(&Frame::new("", b"payload".as_slice()).with_command(command));
        });
        assert!(lines.len() >= 2, "{lines:?}");
        lines.iter().for_each(assert_one_line);
    }
    // What looks like fields of ours stands in quotes.
    let mut probe = negotiated(config());
    let (_, lines) = recorded(Level::DEBUG, || {
        probe.tell(&Frame::new("inv: peer=\"1", [0; 3]));
    });
    assert_eq!(lines[0].text, r#"<- unknown "inv: peer=\"1", 3 bytes"#);
    assert_eq!(lines[0].field("command"), Some(r#""inv: peer=\"1""#));
}

#[test]
fn texts_inside_messages() {
    let text = list(NASTY.len(), &[])
        .into_iter()
        .chain(NASTY.iter().copied());
    let reject: Vec<u8> = [3, b'\n', b'\r', 0x1b, 0x10]
        .into_iter()
        .chain(text)
        .collect();
    let feature = [&list(NASTY.len(), &[])[..], NASTY, &[2, b'\n', 0x1b]].concat();
    let mut config = talkative();
    config.protocol_version = 70_017;
    for (name, payload) in [("reject", reject), ("feature", feature)] {
        let (_, lines) = recorded(Level::TRACE, || {
            let mut probe = Probe::new(config.clone(), Link::inbound());
            probe.tell(&VersionPayload::of(70_017).frame());
            probe.tell(&Frame::new(name, payload));
        });
        let summary = format!("<- {name}: ");
        assert!(
            lines.iter().any(|line| line.text.starts_with(&summary)),
            "{lines:#?}"
        );
        lines.iter().for_each(assert_one_line);
    }
}

/// Reasons of disconnects that quote the remote.
#[test]
fn last_words() {
    let wrong = [
        Frame::empty("verack").with_magic(*b"\n\x1b[H"),
        Frame::empty("")
            .with_command(*b"\r\n\x1b[2Jxxxxxx")
            .claiming(u32::MAX),
    ];
    for frame in wrong {
        let (_, lines) = recorded(Level::TRACE, || {
            Probe::new(talkative(), Link::inbound()).tell(&frame);
        });
        let last = lines.last().unwrap();
        assert!(
            last.text
                .starts_with("disconnected after 0.000 s: bad frame: "),
            "{last:?}"
        );
        lines.iter().for_each(assert_one_line);
    }
}
