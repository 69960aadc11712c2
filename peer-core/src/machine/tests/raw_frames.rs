//! `Config::raw_events`, and an application that takes no events.

use alloc::string::ToString;
use core::time::Duration;

use super::*;
use crate::message::{CommandName, Message};
use crate::{DisconnectReason, Timeout};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

fn numbered(number: u32) -> Message {
    Message::Unknown {
        command: CommandName::new("numbered").unwrap(),
        payload: number.to_le_bytes().to_vec().into(),
    }
}

/// A machine that shows its frames and has shaken hands.
fn negotiated() -> PeerMachine {
    let machine = |secret: u8, link, raw| {
        let mut config = Config::with_secret(Network::REGTEST, [secret; 32]);
        config.raw_events = raw;
        config.timeouts.idle = None;
        PeerMachine::from_seed(Arc::new(config), link, NOW, [secret; 32])
    };
    let mut ours = machine(7, Link::outbound(), true);
    let mut theirs = machine(8, Link::inbound(), false);
    for _ in 0..4 {
        carry(&mut ours, &mut theirs);
        carry(&mut theirs, &mut ours);
    }
    assert!(ours.is_negotiated());
    write_all(&mut ours, NOW);
    while ours.poll_event().is_some() {}
    ours
}

fn carry(from: &mut PeerMachine, to: &mut PeerMachine) {
    let bytes = from.outbound().to_vec();
    let taken = to.receive(&bytes, NOW);
    from.sent(taken, NOW);
    while to.poll_event().is_some() {}
}

/// A socket that takes everything at once; how many bytes that were.
fn write_all(machine: &mut PeerMachine, now: Timestamp) -> usize {
    let mut written = 0;
    while machine.wants_write() {
        let n = machine.outbound().len();
        assert!(n > 0, "what wants to be written is lent");
        machine.sent(n, now);
        written += n;
    }
    written
}

#[test]
fn an_application_that_takes_no_events_stops_the_frames_it_wants_to_see() {
    let mut machine = negotiated();
    let mut accepted = 0;
    for number in 0..100_000 {
        if machine.send(numbered(number)).is_ok() {
            accepted += 1;
        }
        write_all(&mut machine, NOW);
    }
    assert!(accepted < 100_000, "the queue fills up at last");
    assert!(machine.events.len() <= 4_096, "{}", machine.events.len());

    // Longer than the patience with a remote that accepts nothing: it was not asked to.
    let later = NOW.saturating_add(Duration::from_secs(600));
    machine.tick(later);
    let mut seen = 0;
    loop {
        match machine.poll_event() {
            Some(Event::Wrote(frame)) => {
                let command = frame.command.map(|command| command.to_string());
                seen += u32::from(command.as_deref() == Some("numbered"));
            }
            Some(Event::Disconnected { reason, .. }) => panic!("{reason}"),
            Some(_) => {}
            None if write_all(&mut machine, later) > 0 => {}
            None => break,
        }
    }
    assert_eq!(seen, accepted, "every frame is shown once it may leave");
}

#[test]
fn a_remote_that_accepts_nothing_is_still_left() {
    let mut machine = negotiated();
    machine.send(numbered(1)).unwrap();
    // Staged, shown, and not taken by the socket.
    assert!(!machine.outbound().is_empty());
    machine.sent(0, NOW);
    machine.tick(NOW.saturating_add(Duration::from_secs(600)));
    let reason = core::iter::from_fn(|| machine.poll_event()).find_map(|event| match event {
        Event::Disconnected { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(reason, Some(DisconnectReason::Timeout(Timeout::WriteStall)));
}
