//! Addresses that the remote tells: how many are believed, and which (row 69, V23; the figures are those of Core's
//! functional test `p2p_addr_relay`).

use core::time::Duration;

use crate::Probe;
use peer_core::message::Message;
use peer_core::{AddrRateLimit, Annoyance, Config, Event, Link, Purpose, Timestamp};
use peer_tests::link::{Cuts, Dice};
use peer_tests::script::{Frame, VersionPayload, compact_size, end};

use crate::support::{ADDR_ENTRY, ADDRV2_ENTRY, Preset, config, delivered};

/// An `addr` entry of today with this number in its IPv4 address.
pub(crate) fn addr_entry(number: u32) -> Vec<u8> {
    let mut entry = ADDR_ENTRY.to_vec();
    entry[24..28].copy_from_slice(&number.to_be_bytes());
    entry
}

/// An `addrv2` entry of an IPv4 address (BIP155).
fn addrv2_entry(number: u32) -> Vec<u8> {
    let mut entry = ADDRV2_ENTRY.to_vec();
    entry[7..11].copy_from_slice(&number.to_be_bytes());
    entry
}

/// A message of entries that are all different.
fn addresses(name: &str, numbers: impl ExactSizeIterator<Item = u32>) -> Frame {
    let mut payload = compact_size(numbers.len() as u64);
    for number in numbers {
        payload.extend(match name {
            "addr" => addr_entry(number),
            _ => addrv2_entry(number),
        });
    }
    Frame::new(name, payload)
}

/// The numbers of the entries that were delivered, message by message.
fn told(events: &[Event]) -> Vec<Vec<u32>> {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    let numbers = |event: &Event| match event {
        Event::Message {
            message: Message::Addr(list),
            ..
        } => {
            let entries = list.as_encoded()[compact_size(list.len() as u64).len()..].chunks(30);
            Some(entries.map(|entry| number(&entry[24..28])).collect())
        }
        Event::Message {
            message: Message::AddrV2(list),
            ..
        } => {
            let entries = list.as_encoded()[compact_size(list.len() as u64).len()..].chunks(13);
            Some(entries.map(|entry| number(&entry[7..11])).collect())
        }
        _ => None,
    };
    events.iter().filter_map(numbers).collect()
}

/// Entries delivered and dropped so far.
fn counted(probe: &Probe) -> (u64, u64) {
    let stats = probe.machine.stats();
    (stats.addr_processed, stats.addr_rate_limited)
}

/// So that hours pass without a word.
fn patient() -> Config {
    patient_as(Preset::Default)
}

fn patient_as(preset: Preset) -> Config {
    let mut config = preset.config();
    config.timeouts.ping_interval = None;
    config.timeouts.idle = None;
    config
}

/// Whom we asked may answer: 600 pass, then the rest of 1,001; then one every ten seconds.
#[test]
fn an_answer_passes_and_a_flood_does_not() {
    for preset in [Preset::Default, Preset::Core] {
        for name in ["addr", "addrv2"] {
            let mut probe = Probe::negotiated(patient_as(preset), Link::outbound());
            probe.machine.send(Message::GetAddr).unwrap();
            for (wait, count, expected) in [
                (0, 600, (600, 0)),
                (0, 600, (1_001, 199)),
                (100, 200, (1_011, 389)),
                (1_000, 200, (1_111, 489)),
                (9, 200, (1_111, 689)),
                (1, 200, (1_112, 888)),
            ] {
                probe.wait(Duration::from_secs(wait));
                let before = counted(&probe);
                let events = probe.tell(&addresses(name, 0..count));
                assert_eq!(counted(&probe), expected, "{name} {wait}");
                let passed = told(&events).concat();
                assert_eq!(passed.len() as u64, expected.0 - before.0);
                // In their order, each at most once, and only what was said.
                assert!(passed.windows(2).all(|pair| pair[0] < pair[1]));
                assert!(passed.iter().all(|number| *number < count));
                assert!(probe.is_alive());
            }
        }
    }
}

#[test]
fn whoever_was_not_asked_may_tell_of_itself() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    assert_eq!(told(&probe.tell(&addresses("addr", 7..8))), [[7]]);
    // Nothing is left of these, so nobody hears of them.
    for name in ["addr", "addrv2"] {
        assert_eq!(delivered(&probe.tell(&addresses(name, 0..3))), [""; 0]);
    }
    assert_eq!(counted(&probe), (1, 6));
    // A list without entries takes no token.
    for name in ["addr", "addrv2"] {
        assert_eq!(delivered(&probe.tell(&Frame::new(name, [0]))), [name]);
    }
    assert_eq!(counted(&probe), (1, 6));
    assert!(probe.is_alive());
}

v1_only! {
    /// Whatever passes whole arrives byte for byte.
    #[test]
    fn what_fits_is_delivered_as_it_came() {
        let mut probe = Probe::negotiated(config(), Link::outbound());
        probe.machine.send(Message::GetAddr).unwrap();
        let frame = addresses("addr", 0..1_000);
        let events = probe.tell(&frame);
        let whole = |event: &Event| match event {
            Event::Message {
                message: Message::Addr(list),
                wire_len,
            } => list.as_encoded() == &frame.payload && *wire_len == 24 + 3 + 30_000,
            _ => false,
        };
        assert!(events.iter().any(whole));
    }
}

/// One of ten passes, each as often as the others: their order on the wire gains nothing.
#[test]
fn which_ones_pass_is_drawn() {
    for name in ["addr", "addrv2"] {
        let mut config = config();
        let mut limit = AddrRateLimit::default();
        (limit.refill, limit.burst) = (Duration::ZERO, 1);
        config.addr_rate_limit = Some(limit);
        let mut probe = Probe::negotiated(config, Link::inbound());
        let frame = addresses(name, 0..10);
        let mut seen = [0_i64; 10];
        for _ in 0..3_000 {
            for number in told(&probe.tell(&frame)).concat() {
                seen[number as usize] += 1;
            }
        }
        assert_eq!(seen.iter().sum::<i64>(), 3_000);
        let squares: i64 = seen.iter().map(|count| (count - 300).pow(2)).sum();
        // Chi-square with 9 degrees of freedom is above 33.7 once in 10,000 times.
        assert!(squares * 10 < 337 * 300, "{name} {seen:?}");
    }
}

/// Entries of networks that nobody knows count as any other, and pass as they came.
#[test]
fn entries_to_be_ignored_count() {
    let strange = [&[0, 0, 0, 1, 9, 0xaa, 3][..], &[7, 7, 7], &[0, 1]].concat();
    let mut limit = AddrRateLimit::default();
    limit.getaddr_boost = 4;
    let mut config = config();
    config.addr_rate_limit = Some(limit);
    let mut probe = Probe::negotiated(config, Link::outbound());
    probe.machine.send(Message::GetAddr).unwrap();
    let payload = [&[8][..], &strange.repeat(8)].concat();
    let events = probe.tell(&Frame::new("addrv2", payload));
    assert_eq!(counted(&probe), (5, 3));
    let lists = events.iter().filter_map(|event| match event {
        Event::Message {
            message: Message::AddrV2(list),
            ..
        } => Some(list),
        _ => None,
    });
    let lists: Vec<_> = lists.collect();
    assert_eq!(lists.len(), 1);
    assert_eq!(
        lists[0].as_encoded()[..],
        [&[5][..], &strange.repeat(5)].concat()
    );
    assert_eq!(lists[0].iter().count(), 0);
}

/// The tokens for an answer come once, however the question was asked and however often.
#[test]
fn the_first_getaddr_brings_tokens() {
    let mut greeting = config();
    greeting.greeting = vec![Message::GetAddr];
    for (config, link, asks) in [
        (greeting.clone(), Link::outbound(), 0),
        (greeting, Link::inbound(), 2),
        (config(), Link::inbound(), 1),
        (config(), Link::outbound(), 9),
    ] {
        let mut probe = Probe::negotiated(config, link);
        for _ in 0..asks {
            probe.machine.send(Message::GetAddr).unwrap();
        }
        for _ in 0..3 {
            probe.tell(&addresses("addr", 0..1_000));
        }
        assert_eq!(counted(&probe), (1_001, 1_999), "{asks}");
    }
    // One that waits for the handshake as well.
    let mut probe = Probe::new(config(), Link::outbound());
    probe.machine.send(Message::GetAddr).unwrap();
    probe.tell(&VersionPayload::default().frame());
    probe.tell(&Frame::empty("verack"));
    probe.tell(&addresses("addr", 0..1_000));
    assert_eq!(counted(&probe), (1_000, 0));
}

/// Waiting fills the bucket to 1,000; what the question brings comes on top.
#[test]
fn patience_has_a_limit() {
    for (asks, most) in [(false, 1_000), (true, 2_000)] {
        let mut probe = Probe::negotiated(patient(), Link::outbound());
        probe.wait(Duration::from_secs(86_400));
        if asks {
            probe.machine.send(Message::GetAddr).unwrap();
        }
        probe.wait(Duration::from_secs(86_400));
        for _ in 0..3 {
            probe.tell(&addresses("addr", 0..1_000));
        }
        assert_eq!(counted(&probe), (most, 3_000 - most));
    }
}

#[test]
fn the_limit_can_be_taken_away() {
    let mut unlimited = config();
    unlimited.addr_rate_limit = None;
    for config in [unlimited, Preset::Btcd.config()] {
        let mut probe = Probe::negotiated(config, Link::inbound());
        for _ in 0..5 {
            let events = probe.tell(&addresses("addr", 0..1_000));
            assert_eq!(told(&events)[0].len(), 1_000);
        }
        assert_eq!(counted(&probe), (5_000, 0));
    }
    assert!(Preset::Core.config().addr_rate_limit.is_some());
}

/// What a block-relay connection drops was neither processed nor too fast.
#[test]
fn what_nobody_wants_is_not_counted() {
    let link = Link::outbound().with_purpose(Purpose::BlockRelayOnly);
    let mut probe = Probe::negotiated(config(), link);
    assert_eq!(told(&probe.tell(&addresses("addr", 0..3))), [[0; 0]; 0]);
    assert_eq!(counted(&probe), (0, 0));
}

/// An address fetch is over when more than one address was delivered, not when more than one was said.
#[test]
fn an_address_fetch_counts_what_passes() {
    let link = Link::outbound().with_purpose(Purpose::AddressFetch);
    let mut probe = Probe::negotiated(config(), link);
    let events = probe.tell(&addresses("addr", 0..1_000));
    assert_eq!(told(&events)[0].len(), 1);
    assert!(probe.is_alive());
    probe.machine.send(Message::GetAddr).unwrap();
    let events = probe.tell(&addresses("addr", 0..1_000));
    assert_eq!(told(&events)[0].len(), 1_000);
    assert!(end(&events).is_some());
}

#[test]
fn clocks_may_jump() {
    let mut probe = Probe::negotiated(patient(), Link::inbound());
    probe.machine.tick(Timestamp::ZERO);
    let said = |probe: &mut Probe| {
        told(&probe.tell(&addresses("addr", 0..1_000)))
            .concat()
            .len()
    };
    assert_eq!(said(&mut probe), 1);
    let later = probe.now.saturating_add(Duration::from_secs(10));
    probe.now = Timestamp::ZERO;
    assert_eq!(said(&mut probe), 0);
    probe.now = later;
    assert_eq!(said(&mut probe), 1);
    // To the end of time, which fills the bucket and nothing more.
    probe.now = Timestamp::MAX;
    assert_eq!(said(&mut probe), 1_000);
    assert_eq!(said(&mut probe), 0);
    assert_eq!(counted(&probe), (1_002, 3_998));
}

/// However the stream is cut, the same addresses pass.
#[test]
fn what_passes_does_not_depend_on_how_the_stream_was_cut() {
    let mut dice = Dice::new(9);
    let mut stream = Vec::new();
    for name in ["addr", "addrv2"].repeat(6) {
        let count = 1 + dice.below(300) as u32;
        stream.extend(addresses(name, 0..count).to_bytes());
    }
    let heard = |cuts: Cuts| {
        let mut config = config();
        let mut limit = AddrRateLimit::default();
        (limit.refill, limit.burst) = (Duration::ZERO, 20);
        config.addr_rate_limit = Some(limit);
        let mut probe = Probe::negotiated(config, Link::inbound());
        let events = cuts.pieces(&stream).map(|piece| probe.say(piece));
        told(&events.flatten().collect::<Vec<_>>())
    };
    let whole = heard(Cuts::Whole);
    assert_eq!(whole.len(), 12);
    for cuts in [Cuts::Fixed(7), Cuts::Random(1), Cuts::Random(2)] {
        assert_eq!(heard(cuts), whole, "{cuts:?}");
    }
}

v1_only! {
    /// V23 (CVE-2024-52919): ten million addresses. Each is counted, none costs more than its bytes.
    #[test]
    fn a_flood_of_ten_million_addresses() {
        let mut probe = Probe::negotiated(config(), Link::outbound());
        probe.machine.send(Message::GetAddr).unwrap();
        let before = probe.read();
        let frame = addresses("addr", 0..1_000).to_bytes();
        let mut messages = 0_u64;
        for _ in 0..10_000 {
            let mut rest = &frame[..];
            while !rest.is_empty() {
                let window = probe.machine.inbound().unwrap();
                let n = window.len().min(rest.len());
                window[..n].copy_from_slice(&rest[..n]);
                probe.machine.received(n, probe.now);
                rest = &rest[n..];
                while let Some(event) = probe.machine.poll_event() {
                    messages += u64::from(matches!(event, Event::Message { .. }));
                }
            }
            assert_eq!(probe.machine.memory_held(), 0);
        }
        assert_eq!(counted(&probe), (1_001, 9_998_999));
        // The answer, and one more.
        assert_eq!(messages, 2, "{before:?}");
        assert!(probe.is_alive());
    }
}

/// Row 67. The first is a question, the others say nothing new; all are delivered.
#[test]
fn a_repeated_getaddr_is_an_annoyance() {
    for preset in Preset::ALL {
        for link in [Link::inbound(), Link::outbound()] {
            let mut probe = Probe::negotiated(preset.config(), link);
            for count in 0..5 {
                let events = probe.tell(&Frame::empty("getaddr"));
                assert_eq!(delivered(&events), ["getaddr"]);
                let stats = probe.machine.stats();
                assert_eq!(stats.annoyance(Annoyance::RepeatedGetAddr), count);
                let told = events
                    .iter()
                    .filter(|event| matches!(event, Event::Misbehavior(_)));
                assert_eq!(told.count(), usize::from(count == 1));
            }
            assert!(probe.is_alive());
            assert_eq!(probe.read(), []);
        }
    }
}
