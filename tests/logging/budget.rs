//! V45 (CVE-2025-54604, CVE-2025-54605): nothing that a remote does fills a log.

use core::time::Duration;

use peer_core::{Config, HangUp};
use peer_tests::script::{Frame, Probe, VersionPayload, stream};
use tracing::Level;

use crate::recorder::{Line, recorded};
use crate::{config, link, negotiated};

/// Lines left out, as the lines tell it.
fn left_out(lines: &[Line]) -> u64 {
    let counts = lines.iter().filter_map(|line| line.field("suppressed"));
    counts.map(|count| count.parse::<u64>().unwrap()).sum()
}

/// Forgives everything, so that a flood can go on.
fn patient() -> Config {
    config().like_core()
}

fn floods() -> [(&'static str, Vec<Frame>); 6] {
    let version = VersionPayload::default().frame();
    let bad = |_| Frame::new("tx", [1, 2, 3]).with_bad_checksum();
    let unknown = |number: u32| Frame::new("whatever", number.to_le_bytes());
    let no_name = |_| Frame::empty("").with_command([0x1b; 12]);
    [
        ("pings", (0..5_000).map(Frame::ping).collect()),
        ("pongs", (0..5_000).map(Frame::pong).collect()),
        ("bad checksums", (0..5_000).map(bad).collect()),
        ("unknown messages", (0..5_000).map(unknown).collect()),
        ("no names", (0..5_000).map(no_name).collect()),
        ("the same version and nonce", vec![version; 5_000]),
    ]
}

/// A hundred thousand frames of each kind: ten lines in the minute, ten in the next, and the count of the others.
#[test]
fn a_flood_provokes_ten_lines_a_minute() {
    for (what, frames) in floods() {
        let flood = stream(&frames);
        for level in [Level::DEBUG, Level::TRACE] {
            let mut probe = negotiated(patient());
            let (_, first) = recorded(level, || {
                for _ in 0..20 {
                    probe.say(&flood);
                    probe.wait(Duration::from_millis(2_900));
                }
            });
            assert_eq!(first.len(), 10, "{what}: {first:#?}");
            assert_eq!(left_out(&first), 0, "{what}");
            // The minute is over.
            probe.wait(Duration::from_secs(2));
            let (_, second) = recorded(level, || probe.say(&flood));
            assert_eq!(second.len(), 10, "{what}");
            assert!(
                left_out(&second[..1]) >= 19 * 5_000,
                "{what}: {:?}",
                second[0]
            );
            assert_eq!(left_out(&second[1..]), 0, "{what}");
            // What was left out since is told at the end at the latest.
            let (_, last) = recorded(level, || {
                probe.machine.hung_up(HangUp::Reset, probe.now);
                probe.heard()
            });
            assert_eq!(last.len(), 1, "{what}");
            assert!(left_out(&last) >= 4_990, "{what}: {last:?}");
        }
    }
}

/// Every line is accounted for: said, or in the count.
#[test]
fn nothing_is_left_out_silently() {
    let mut probe = negotiated(patient());
    let pings: Vec<Frame> = (0..1_000).map(Frame::ping).collect();
    let (_, mut lines) = recorded(Level::DEBUG, || probe.say(&stream(&pings)));
    let (_, rest) = recorded(Level::DEBUG, || probe.machine.abort());
    lines.extend(rest);
    // One line for each ping, one for each pong, and the end.
    assert_eq!(lines.len() as u64 + left_out(&lines), 2 * 1_000 + 1);
}

#[test]
fn the_limit_is_a_setting() {
    let pings: Vec<Frame> = (0..1_000).map(Frame::ping).collect();
    for (limit, expected) in [(0, 0), (1, 1), (100, 100), (u32::MAX, 2_000)] {
        let mut config = patient();
        config.limits.log_lines_per_minute = limit;
        let mut probe = negotiated(config);
        let (_, lines) = recorded(Level::DEBUG, || probe.say(&stream(&pings)));
        assert_eq!(lines.len(), expected);
    }
}

/// What nobody hears costs nothing: a listener who comes later still hears ten lines.
#[test]
fn only_what_is_heard_is_counted() {
    let mut probe = negotiated(patient());
    let pings: Vec<Frame> = (0..1_000).map(Frame::ping).collect();
    let (_, lines) = recorded(None, || probe.say(&stream(&pings)));
    assert_eq!(lines, []);
    let (_, lines) = recorded(Level::DEBUG, || probe.say(&stream(&pings)));
    assert_eq!(lines.len(), 10);
    assert_eq!(left_out(&lines), 0);
}

/// Lines of life are not limited, because there are four at most, whatever the remote says.
#[test]
fn a_flood_does_not_hide_the_end() {
    let mut config = config();
    config.limits.log_lines_per_minute = 0;
    // It is kept: the machine that replays what it did would say it again.
    let (_probe, lines) = recorded(Level::DEBUG, || {
        let mut probe = Probe::new(config, link());
        for _ in 0..100 {
            probe.tell(&VersionPayload::default().frame());
            probe.tell(&Frame::empty("verack"));
        }
        probe
    });
    let life = lines.iter().filter(|line| line.target == "peer_core::life");
    let starts: Vec<&str> = life
        .filter_map(|line| line.text.split([':', ' ']).next())
        .collect();
    assert_eq!(starts, ["new", "remote", "negotiated", "disconnected"]);
}
