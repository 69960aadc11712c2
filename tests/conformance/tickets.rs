//! What becomes of each message that was accepted: sent, told, or resolved at the end. Nobody waits for ever.

use crate::Probe;
use bytes::Bytes;
use peer_core::message::{CommandName, FeeFilter, Message, Ping};
use peer_core::{DisconnectReason, Event, HangUp, Link, SendError, Timeout};
use peer_tests::link::Dice;
use peer_tests::pair::Pair;
use peer_tests::script::{Frame, VersionPayload};

use crate::support::config;

fn custom(size: usize) -> Message {
    Message::Unknown {
        command: CommandName::new("custom").unwrap(),
        payload: Bytes::from(vec![3; size]),
    }
}

/// Through which ticket things were sent, by the last event.
fn resolved(events: &[Event]) -> Option<u64> {
    let Some(Event::Disconnected { sent_through, .. }) = events.last() else {
        panic!("{events:?}");
    };
    sent_through.map(|ticket| ticket.number())
}

/// Fault 5: fifty messages queued before the handshake, which fails. All are resolved, none blocks.
#[test]
fn messages_queued_before_a_failed_handshake_are_resolved() {
    type Failure = (&'static str, fn(&mut Probe) -> Vec<Event>);
    let failures: [Failure; 4] = [
        ("timeout", |probe| {
            probe.wait(core::time::Duration::from_secs(31))
        }),
        ("reset", |probe| {
            probe.machine.hung_up(HangUp::Reset, probe.now);
            probe.heard()
        }),
        ("too old", |probe| {
            probe.tell(&VersionPayload::of(1).frame())
        }),
        ("disconnect", |probe| {
            probe.machine.disconnect();
            probe.heard()
        }),
    ];
    for (what, fail) in failures {
        for link in [Link::inbound(), Link::outbound()] {
            let mut probe = Probe::new(config(), link);
            for number in 1..=60 {
                let ticket = probe.machine.send(Message::GetAddr).unwrap();
                assert_eq!(ticket.number(), number);
            }
            let before = probe.read_names();
            let events = fail(&mut probe);
            assert_eq!(resolved(&events), None, "{what}");
            let said = [before, probe.read_names()].concat();
            assert!(!said.contains(&"getaddr".to_owned()), "{what}");
            let refused = probe.machine.send(Message::GetAddr);
            assert!(matches!(refused, Err(SendError::Closed)), "{what}");
            assert_eq!(probe.machine.memory_held(), 0);
        }
    }
}

#[test]
fn messages_queued_before_the_handshake_leave_after_it_in_order() {
    let mut probe = Probe::new(config(), Link::outbound());
    probe.read();
    for size in 0..20 {
        probe.machine.send(custom(size)).unwrap();
    }
    assert_eq!(probe.read(), []);
    probe.tell(&VersionPayload::default().frame());
    probe.read();
    let events = probe.tell(&Frame::empty("verack"));
    let mut said = probe.read();
    said.retain(|frame| frame.name() == "custom");
    assert!(said.iter().map(|frame| frame.payload.len()).eq(0..20));
    let sent = events.iter().filter_map(|event| match event {
        Event::Sent { through } => Some(through.number()),
        _ => None,
    });
    assert_eq!(sent.last(), Some(20));
}

/// The same limits hold before the handshake as after it.
#[test]
fn the_queue_before_the_handshake_is_bounded() {
    let mut probe = Probe::new(config(), Link::outbound());
    let mut accepted = 0;
    while let Ok(ticket) = probe.machine.send(custom(999_976 / 10)) {
        accepted = ticket.number();
        assert!(accepted < 100);
    }
    assert!((10..=11).contains(&accepted), "{accepted}");
}

/// What the remote turns out not to know is handed back as an event, and does not hold up the rest.
#[test]
fn messages_that_the_remote_does_not_know_are_unsent() {
    let fee = || Message::FeeFilter(FeeFilter { fee_rate: 1 });
    let mut probe = Probe::new(config(), Link::outbound());
    for message in [
        Message::GetAddr,
        Message::SendHeaders,
        custom(1),
        fee(),
        Message::GetAddr,
    ] {
        probe.machine.send(message).unwrap();
    }
    probe.tell(&VersionPayload::of(70_011).frame());
    probe.read();
    let events = probe.tell(&Frame::empty("verack"));
    let unsent = events.iter().filter_map(|event| match event {
        Event::Unsent { ticket, error } => {
            assert!(matches!(**error, SendError::Encode(_)), "{error}");
            Some(ticket.number())
        }
        _ => None,
    });
    assert_eq!(unsent.collect::<Vec<_>>(), [2, 4]);
    let mut said = probe.read_names();
    said.retain(|name| name != "ping");
    assert_eq!(said, ["getaddr", "custom", "getaddr"]);
    // Once the version is known, it is said at once.
    let refused = probe.machine.send(fee());
    assert!(matches!(refused, Err(SendError::Encode(_))), "{refused:?}");
    let ticket = probe.machine.send(Message::GetAddr).unwrap();
    assert_eq!(ticket.number(), 6, "a refused message takes no ticket");
}

v1_only! {
    /// The watermark only rises, speaks for every ticket, and is exact at the end, wherever that comes.
    #[test]
    fn the_watermark_tells_exactly_what_has_left() {
        for seed in 0..100 {
            let mut dice = Dice::new(seed);
            let mut probe = Probe::negotiated(config(), Link::inbound());
            probe.reads = false;
            let mut ends = Vec::new();
            let mut offset = 0;
            for _ in 0..30 {
                let size = dice.length().min(20_000);
                if probe.machine.send(custom(size)).is_ok() {
                    offset += 24 + size;
                    ends.push(offset);
                }
            }
            let stop = dice.below(offset as u64 + 1) as usize;
            let (mut written, mut told) = (0, 0);
            let complete = |written: usize| ends.iter().filter(|end| **end <= written).count() as u64;
            while written < stop {
                let n = dice
                    .length()
                    .min(stop - written)
                    .min(probe.machine.outbound().len());
                probe.machine.sent(n, probe.now);
                written += n;
                if dice.below(3) == 0 {
                    for event in probe.heard() {
                        let Event::Sent { through } = event else {
                            panic!("{event:?}");
                        };
                        assert!(through.number() > told, "told twice");
                        told = through.number();
                        assert_eq!(told, complete(written));
                    }
                    assert_eq!(told, complete(written));
                }
            }
            match dice.below(2) {
                0 => probe.machine.abort(),
                _ => probe.machine.hung_up(HangUp::Reset, probe.now),
            }
            let sent = Some(complete(written)).filter(|count| *count > 0);
            assert_eq!(resolved(&probe.heard()), sent, "seed {seed}");
        }
    }
}

/// Custom messages go both ways, whatever their name.
#[test]
fn unknown_messages_can_be_sent_and_received() {
    let mut dialler = peer_core::Config::with_secret(peer_core::network::Network::REGTEST, [8; 32]);
    dialler.transport = peer_core::TransportPolicy::V1;
    let mut pair = Pair::new(dialler, config());
    pair.drive();
    for name in ["custom", "A B", "", "twelve chars"] {
        let message = Message::Unknown {
            command: CommandName::new(name).unwrap(),
            payload: Bytes::from_static(b"anything"),
        };
        pair.dialler.machine.send(message.clone()).unwrap();
        pair.drive();
        let heard = pair.listener.events.last();
        assert!(
            matches!(heard, Some(Event::Message { message: m, wire_len: 32 }) if *m == message)
        );
    }
}

/// Pings of the application are messages like others: a ticket, `Sent`, and a pong that is matched.
#[test]
fn pings_of_the_application_have_tickets() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    let ticket = probe.machine.send(Message::Ping(Ping::new(99))).unwrap();
    let events = probe.heard();
    assert!(matches!(events[..], [Event::Sent { through }] if through == ticket));
    probe.tell(&Frame::pong(99));
    assert_eq!(probe.machine.stats().pings_in_flight, 0);
    assert!(probe.machine.stats().ping.is_some());
}

#[test]
fn the_end_tells_why_and_through_which_ticket_together() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    probe.machine.send(Message::GetAddr).unwrap();
    probe.reads = true;
    probe.read();
    probe.reads = false;
    probe.machine.send(custom(10)).unwrap();
    probe.machine.tick(probe.now);
    let mut events = probe.wait(core::time::Duration::from_secs(121));
    events.retain(|event| matches!(event, Event::Disconnected { .. }));
    assert_eq!(resolved(&events), Some(1));
    let stalled = DisconnectReason::Timeout(Timeout::WriteStall);
    assert_eq!(peer_tests::script::end(&events), Some(&stalled));
}

v1_only! {
    /// An application that takes nothing from the remote hears what became of its own messages, once.
    #[test]
    fn progress_is_told_past_what_is_not_taken() {
        let mut probe = Probe::negotiated(config(), Link::inbound());
        let ping = Frame::new("ping", vec![7; 8]).to_bytes();
        assert_eq!(probe.machine.receive(&ping, probe.now), ping.len());
        let mut last = None;
        let full = loop {
            match probe.machine.send(custom(600_000)) {
                Ok(ticket) => last = Some(ticket),
                Err(SendError::Full(_)) => break true,
                Err(error) => panic!("{error}"),
            }
        };
        assert!(full && last.is_some());
        assert!(probe.machine.poll_progress().is_none(), "nothing has left");
        while probe.machine.wants_write() {
            let n = probe.machine.outbound().len();
            probe.machine.sent(n, probe.now);
        }
        let told = probe.machine.poll_progress();
        assert!(
            matches!(told, Some(Event::Sent { through }) if Some(through) == last),
            "{told:?}"
        );
        let told = probe.machine.poll_progress();
        assert!(matches!(told, Some(Event::Writable)), "{told:?}");
        assert!(probe.machine.poll_progress().is_none());
        // What is left is the remote's ping, which nobody has taken.
        let events: Vec<Event> = core::iter::from_fn(|| probe.machine.poll_event()).collect();
        assert!(
            matches!(
                &events[..],
                [Event::Message {
                    message: Message::Ping(_),
                    ..
                }]
            ),
            "{events:?}"
        );
    }
}
