//! Whether somebody listens changes nothing that the machine does.

use core::time::Duration;

use peer_core::message::{Message, Ping};
use peer_core::{Config, HangUp};
use peer_tests::capture::{Capture, Way};
use peer_tests::script::{Frame, Probe, VersionPayload};
use tracing::Level;

use crate::recorder::recorded;
use crate::{config, link, talkative};

/// Everything that comes out of a conversation with good, odd and bad words.
fn conversation(config: Config, words: &[u8]) -> (Vec<String>, Vec<Frame>, String) {
    let mut probe = Probe::new(config, link());
    let mut events = Vec::new();
    let mut hear = |heard: Vec<_>| events.extend(heard.iter().map(|event| format!("{event:?}")));
    hear(probe.tell(&VersionPayload::default().frame()));
    hear(probe.tell(&Frame::empty("verack")));
    hear(probe.tell(&Frame::new("odd", [1; 300]).with_bad_checksum()));
    hear(probe.tell(&Frame::new("inv", [0])));
    let _ = probe.machine.send(Message::Ping(Ping::new(9)));
    hear(probe.wait(Duration::from_secs(130)));
    hear(probe.say(words));
    probe.machine.hung_up(HangUp::EndOfStream, probe.now);
    hear(probe.heard());
    let written = probe.read();
    (events, written, format!("{:?}", probe.machine.stats()))
}

#[test]
fn listening_changes_nothing() {
    let mut captures = Capture::all();
    captures.retain(|capture| !capture.name.contains("bigblock"));
    assert!(captures.len() > 10);
    for capture in captures {
        for way in Way::BOTH {
            let words = capture.stream(way);
            for config in [config(), talkative().like_core()] {
                let alone = conversation(config.clone(), words);
                for level in [None, Some(Level::DEBUG), Some(Level::TRACE)] {
                    let (heard, lines) = recorded(level, || conversation(config.clone(), words));
                    assert_eq!(lines.is_empty(), level.is_none());
                    assert!(heard == alone, "{} {level:?}", capture.name);
                }
            }
        }
    }
}
