//! The ways a connection ends: what arrived is delivered, what was queued leaves or not, the first reason is the reason.

use core::time::Duration;

use crate::Probe;
use peer_core::message::{Message, Reject, RejectCode, Text};
use peer_core::{DisconnectReason, Event, Goodbye, HangUp, Link, Timer};
use peer_tests::script::{Frame, VersionPayload, end, stream};

use crate::support::{Preset, Stage, assert_over, config, delivered};

fn hung_up(how: HangUp) -> DisconnectReason {
    DisconnectReason::HungUp(how)
}

v1_only! {
    /// A stream that ends between frames ended in order; one that ends in a frame was cut off. At every byte.
    #[test]
    fn the_end_of_the_stream_is_told_from_a_stream_cut_off() {
        let bytes = stream(&[Frame::ping(1), Frame::new("foobar", [1; 40])]);
        let boundaries = [0, 32, 96];
        assert_eq!(bytes.len(), 96);
        for cut in 0..=bytes.len() {
            let mut probe = Probe::negotiated(config(), Link::inbound());
            let heard = probe.say(&bytes[..cut]);
            let complete = boundaries.iter().filter(|end| **end <= cut).count() - 1;
            assert_eq!(delivered(&heard).len(), complete);
            probe.machine.hung_up(HangUp::EndOfStream, probe.now);
            let events = probe.heard();
            let how = if boundaries.contains(&cut) {
                HangUp::EndOfStream
            } else {
                HangUp::Truncated
            };
            assert_eq!(end(&events), Some(&hung_up(how)), "{cut}");
            assert_over(&mut probe, &events);
        }
        // In the middle of a large frame, and of one that is skipped.
        for (preset, stage) in [(Preset::Default, Stage::Up), (Preset::Core, Stage::Fresh)] {
            let mut probe = stage.probe(preset.config(), Link::inbound());
            probe.say(&Frame::new("block", vec![7; 100_000]).to_bytes()[..90_000]);
            probe.machine.hung_up(HangUp::EndOfStream, probe.now);
            assert_eq!(end(&probe.heard()), Some(&hung_up(HangUp::Truncated)));
        }
    }
}

/// However it ended, and however late the application polls: what arrived whole is delivered, then the end.
#[test]
fn what_arrived_before_the_end_is_delivered() {
    for how in [HangUp::EndOfStream, HangUp::Reset, HangUp::LocalError] {
        for late in [0, 3_600] {
            let mut probe = Probe::negotiated(config(), Link::inbound());
            probe.polls = false;
            let frames = [Frame::ping(1), Frame::new("foobar", [1]), Frame::ping(2)];
            probe.tell(&frames[0]);
            probe.say(&stream(&frames[1..]));
            probe.machine.hung_up(how, probe.now);
            assert!(!probe.machine.wants_read());
            probe.wait(Duration::from_secs(late));
            probe.polls = true;
            let events = probe.heard();
            assert_eq!(delivered(&events), ["ping", "foobar", "ping"], "{how:?}");
            assert_eq!(end(&events), Some(&hung_up(how)));
            assert_over(&mut probe, &events);
        }
    }
}

v1_only! {
    /// Pongs that nobody will read must not keep the end from being told.
    #[test]
    fn a_reset_behind_thousands_of_pings_is_told() {
        for how in [HangUp::Reset, HangUp::LocalError] {
            let mut probe = Probe::negotiated(config(), Link::inbound());
            probe.reads = false;
            let pings: Vec<Frame> = (1..=10_000).map(Frame::ping).collect();
            let pings = stream(&pings);
            let (mut taken, mut heard) = (0, 0);
            loop {
                let n = probe.machine.receive(&pings[taken..], probe.now);
                taken += n;
                let events = probe.heard();
                heard += events.len();
                if n == 0 {
                    break;
                }
            }
            probe.machine.hung_up(how, probe.now);
            let events = probe.heard();
            assert_eq!(heard + delivered(&events).len(), taken / 32, "{how:?}");
            assert_eq!(end(&events), Some(&hung_up(how)));
            assert_over(&mut probe, &events);
        }
    }
}

/// After the end of the remote's stream it may still read: what is queued leaves.
#[test]
fn a_half_closed_connection_is_flushed() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    probe.reads = false;
    probe.machine.send(Message::GetAddr).unwrap();
    probe.tell(&Frame::ping(9));
    probe.machine.hung_up(HangUp::EndOfStream, probe.now);
    assert_eq!(probe.heard().len(), 0);
    assert_eq!(probe.machine.deadline_reason(), Some(Timer::Flush));
    probe.reads = true;
    let events = probe.heard();
    assert_eq!(probe.read_names(), ["pong", "getaddr"]);
    let [
        Event::Disconnected {
            reason,
            sent_through,
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*reason, hung_up(HangUp::EndOfStream));
    assert_eq!(sent_through.map(|ticket| ticket.number()), Some(1));
}

/// After a reset nothing can leave.
#[test]
fn a_reset_drops_what_was_queued() {
    for how in [HangUp::Reset, HangUp::LocalError] {
        let mut probe = Probe::negotiated(config(), Link::inbound());
        probe.reads = false;
        probe.machine.send(Message::GetAddr).unwrap();
        probe.machine.hung_up(how, probe.now);
        assert!(!probe.machine.wants_write());
        let events = probe.heard();
        assert_eq!(end(&events), Some(&hung_up(how)));
        probe.reads = true;
        assert_over(&mut probe, &events);
    }
}

#[test]
fn disconnect_flushes_and_abort_does_not() {
    for (abort, said) in [(false, &["getaddr"][..]), (true, &[])] {
        let mut probe = Probe::negotiated(config(), Link::inbound());
        probe.read();
        probe.reads = false;
        probe.machine.send(Message::GetAddr).unwrap();
        if abort {
            probe.machine.abort();
        } else {
            probe.machine.disconnect();
        }
        probe.reads = true;
        let events = probe.heard();
        assert_eq!(probe.read_names(), said);
        let left = DisconnectReason::Local(Goodbye::Requested);
        assert_eq!(end(&events), Some(&left));
        assert_over(&mut probe, &events);
    }
}

/// While the last words leave, the remote may go on writing and may go: neither changes why it ended.
#[test]
fn the_first_reason_is_the_reason() {
    type Meanwhile = (&'static str, fn(&mut Probe));
    let meanwhile: [Meanwhile; 8] = [
        ("abort", |probe| probe.machine.abort()),
        ("disconnect", |probe| probe.machine.disconnect()),
        ("reset", |probe| {
            probe.machine.hung_up(HangUp::Reset, probe.now);
        }),
        ("end", |probe| {
            probe.machine.hung_up(HangUp::EndOfStream, probe.now);
        }),
        ("garbage", |probe| drop(probe.say(&[0xff; 5_000]))),
        ("stall", |probe| drop(probe.wait(Duration::from_secs(4)))),
        ("verdict", |probe| probe.machine.accept_version()),
        ("nothing", |_| {}),
    ];
    for (what, happens) in meanwhile {
        let mut config = config();
        config.review_version = true;
        config.timeouts.write_stall = Some(Duration::from_secs(1));
        let mut probe = Probe::new(config, Link::inbound());
        probe.tell(&VersionPayload::default().frame());
        probe.reads = false;
        probe.machine.refuse_version(Some(Reject {
            message: Text::from("version"),
            code: RejectCode::NONSTANDARD,
            reason: Text::from("no"),
            hash: None,
        }));
        assert!(!probe.machine.is_closed());
        happens(&mut probe);
        let mut events = probe.heard();
        events.extend(probe.wait(Duration::from_secs(10)));
        let refused = DisconnectReason::Local(Goodbye::VersionRefused);
        assert_eq!(end(&events), Some(&refused), "{what}");
        assert_over(&mut probe, &events);
    }
}

/// TestOutboundPeer, TestDisconnectBeforeAssociateConnection: endings are idempotent.
#[test]
fn to_end_twice_is_to_end_once() {
    let mut probe = Probe::new(config(), Link::outbound());
    probe.machine.disconnect();
    probe.machine.disconnect();
    probe.machine.hung_up(HangUp::EndOfStream, probe.now);
    probe.machine.hung_up(HangUp::Reset, probe.now);
    let events = probe.heard();
    assert_eq!(events.len(), 1);
    assert_over(&mut probe, &events);
}

/// At every stage, in both directions, with nothing or half a frame having arrived.
#[test]
fn hang_ups_end_every_stage() {
    for stage in Stage::ALL {
        for link in [Link::inbound(), Link::outbound()] {
            for how in [
                HangUp::EndOfStream,
                HangUp::Truncated,
                HangUp::Reset,
                HangUp::LocalError,
            ] {
                let mut probe = stage.probe(config(), link);
                probe.machine.hung_up(how, probe.now);
                let events = probe.heard();
                assert_eq!(end(&events), Some(&hung_up(how)), "{stage:?}");
                assert_over(&mut probe, &events);
            }
        }
    }
}
