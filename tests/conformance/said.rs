//! The rows of `peer_tests::hostile` on a bare machine, under every preset: what becomes of the connection, and what it
//! costs. Over real sockets they are told to every adapter.

use crate::Probe;
use peer_core::{DisconnectReason, Event, Link};
use peer_tests::hostile::{Must, Row, rows};
use peer_tests::script::end;

use crate::support::{Preset, assert_over, delivered};

/// What a machine may hold of one remote when all that it said was looked at: nothing of what a row says stays.
const HELD: usize = 64 * 1_024;

/// Says the row; what was heard of it, and how the connection stands.
fn say(row: &Row, preset: Preset) -> (Probe, Vec<Event>) {
    let mut config = preset.config();
    config.services = peer_core::wire::ServiceFlags::NONE;
    (row.settings)(&mut config);
    let mut probe = Probe::new(config, Link::inbound());
    for frame in row.before() {
        let events = probe.tell(&frame);
        assert_eq!(end(&events), None, "{}", row.number);
    }
    let mut events = Vec::new();
    for piece in (row.say)() {
        events.extend(probe.say(&piece));
        if end(&events).is_some() {
            break;
        }
    }
    (probe, events)
}

/// What is wrong with what became of it.
fn check(row: &Row, preset: Preset, must: Must) -> Option<String> {
    let (mut probe, events) = say(row, preset);
    match (must, end(&events)) {
        (Must::Part, Some(DisconnectReason::Local(_)) | None) => return Some("stays".into()),
        (Must::Part, Some(_)) => {
            assert_over(&mut probe, &events);
            return None;
        }
        (_, Some(reason)) => return Some(format!("ends: {reason}")),
        (_, None) => {}
    }
    let later = row
        .after()
        .iter()
        .find_map(|frame| end(&probe.tell(frame)).cloned());
    if let Some(reason) = later {
        return Some(format!("ends later: {reason}"));
    }
    if must != Must::Quiet && !probe.is_alive() {
        return Some("no ping is answered".into());
    }
    let heard = delivered(&events);
    let last = row.last_command();
    let is_heard = heard
        .last()
        .is_some_and(|heard| Some(heard) == last.as_ref());
    if must == Must::Deliver && !is_heard || must == Must::Drop && is_heard {
        return Some(format!("delivered: {heard:?}"));
    }
    let held = probe.machine.memory_held();
    (held > HELD).then(|| format!("holds {held} bytes"))
}

fn check_all(rows: impl Iterator<Item = Row>) {
    let mut wrong = Vec::new();
    for row in rows {
        for (preset, must) in Preset::ALL.into_iter().zip(row.must) {
            let found = check(&row, preset, must);
            let (number, about) = (row.number, row.about);
            wrong.extend(found.map(|found| format!("{number} ({about}), {preset:?}: {found}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

v1_only! {
    #[test]
    fn every_row_meets_every_preset() {
        check_all(rows().into_iter());
    }
}

/// What does not depend on how frames travel.
#[test]
fn rows_that_travel_in_any_frame_meet_every_preset() {
    check_all(rows().into_iter().filter(|row| !row.v1_only));
}
