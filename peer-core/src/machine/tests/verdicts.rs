//! Verdicts that were once wrong: pongs owed under traffic, pings that leave together, reasons
//! after a hang-up, transactions on block-only links, configurations that cannot work.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use super::*;
use crate::message::{
    CommandName, InvKind, InvVect, Inventory, Message, MessageLimits, Ping, UserAgent,
    VersionMessage,
};
use crate::network::Network;
use crate::transport::v1::{self, Header};
use crate::wire::{Hash, ServiceFlags, TxEncoding};
use crate::{
    Annoyance, Config, ConfigError, DisconnectReason, Event, Goodbye, Link, MisbehaviorKind,
    Purpose, SendError, Timeout, TransportPolicy,
};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

fn frame(message: &Message) -> Vec<u8> {
    let limits = MessageLimits::default();
    let codec = crate::message::Codec::new(&Network::REGTEST, 70_016, &limits);
    let payload = message.payload(&codec, TxEncoding::Full).unwrap();
    let header = Header {
        magic: Network::REGTEST.magic,
        command: message.command().to_bytes(),
        length: u32::try_from(payload.len()).unwrap(),
        checksum: v1::checksum(&payload),
    };
    [&header.to_bytes()[..], &payload].concat()
}

fn config() -> Config {
    let mut config = Config::with_secret(Network::REGTEST, [1; 32]);
    config.timeouts.grain = Duration::ZERO;
    config.transport = TransportPolicy::V1;
    config
}

/// A machine whose remote has just sent `version` and `verack`, and has read everything.
fn negotiated(config: Config, link: Link) -> PeerMachine {
    let mut machine = PeerMachine::from_seed(Arc::new(config), link, NOW, [9; 32]);
    let version = VersionMessage::new(70_016, ServiceFlags::NONE, 0, 1);
    say(&mut machine, &Message::Version(Box::new(version)), NOW);
    say(&mut machine, &Message::Verack, NOW);
    drain(&mut machine, NOW);
    assert!(machine.is_negotiated());
    machine
}

fn say(machine: &mut PeerMachine, message: &Message, now: Timestamp) -> Vec<Event> {
    let bytes = frame(message);
    let mut events = Vec::new();
    let mut rest = &bytes[..];
    while !rest.is_empty() && !machine.is_closed() {
        rest = &rest[machine.receive(rest, now)..];
        events.extend(core::iter::from_fn(|| machine.poll_event()));
    }
    events
}

/// The socket takes everything; returns it.
fn drain(machine: &mut PeerMachine, now: Timestamp) -> Vec<u8> {
    let mut sent = Vec::new();
    while machine.wants_write() {
        let before = sent.len();
        sent.extend(machine.outbound().slices().flatten());
        machine.sent(sent.len() - before, now);
    }
    sent
}

fn ending(events: &[Event]) -> Option<&DisconnectReason> {
    events.iter().find_map(|event| match event {
        Event::Disconnected { reason, .. } => Some(reason),
        _ => None,
    })
}

/// CONFORMANCE row 50: even while other traffic flows both ways.
#[test]
fn a_pong_is_owed_in_time_however_much_else_arrives() {
    let mut machine = negotiated(config(), Link::inbound());
    let command = CommandName::new("flood").unwrap();
    let flood = Message::Unknown {
        command,
        payload: Bytes::from(alloc::vec![0; 100_000]),
    };
    let mut now = NOW;
    while now < NOW.saturating_add(Duration::from_secs(1_199)) {
        now = now.saturating_add(Duration::from_secs(1));
        assert_eq!(ending(&say(&mut machine, &flood, now)), None);
        machine.tick(now);
        drain(&mut machine, now);
    }
    let mut events = say(&mut machine, &flood, now);
    machine.tick(NOW.saturating_add(Duration::from_secs(1_200)));
    events.extend(core::iter::from_fn(|| machine.poll_event()));
    assert_eq!(
        ending(&events),
        Some(&DisconnectReason::Timeout(Timeout::Pong))
    );
}

/// A flood that is never quite opened when the clock is looked at must not put the verdict off.
#[test]
fn a_verdict_waits_for_what_had_arrived_and_no_longer() {
    let mut machine = negotiated(config(), Link::inbound());
    let ping = frame(&Message::Ping(Ping::new(7)));
    let due = NOW.saturating_add(Duration::from_secs(1_200));
    let mut now = NOW;
    while now < due {
        now = now.saturating_add(Duration::from_secs(60));
        machine.receive(&ping, now);
        assert_eq!(
            ending(&core::iter::from_fn(|| machine.poll_event()).collect::<Vec<_>>()),
            None
        );
        drain(&mut machine, now);
        machine.receive(&ping, now);
        machine.tick(now);
    }
    assert!(
        !machine.is_closed(),
        "a frame that had arrived was not opened yet"
    );
    let events: Vec<_> = core::iter::from_fn(|| machine.poll_event()).collect();
    assert_eq!(ending(&events), None);
    // Something is unopened again, but it came later.
    machine.receive(&ping, now);
    machine.tick(now.saturating_add(SECOND_LOOK));
    assert!(machine.is_closed());
}

#[test]
fn two_pings_that_leave_together_are_both_answered() {
    let mut machine = negotiated(config(), Link::inbound());
    for nonce in [5, 6] {
        machine.send(Message::Ping(Ping::new(nonce))).unwrap();
    }
    drain(&mut machine, NOW);
    for nonce in [5, 6] {
        let events = say(
            &mut machine,
            &Message::Pong(crate::message::Pong { nonce }),
            NOW,
        );
        assert!(!accused(&events), "{events:?}");
    }
}

#[test]
fn pings_beyond_the_memory_of_them_are_no_accusation() {
    let mut machine = negotiated(config(), Link::inbound());
    for nonce in 1..=40 {
        machine.send(Message::Ping(Ping::new(nonce))).unwrap();
    }
    drain(&mut machine, NOW);
    for nonce in 1..=40 {
        let events = say(
            &mut machine,
            &Message::Pong(crate::message::Pong { nonce }),
            NOW,
        );
        assert!(!accused(&events), "pong {nonce}: {events:?}");
    }
    let unasked = say(
        &mut machine,
        &Message::Pong(crate::message::Pong { nonce: 99 }),
        NOW,
    );
    let late = say(
        &mut machine,
        &Message::Pong(crate::message::Pong { nonce: 99 }),
        NOW,
    );
    assert!(
        accused(&unasked) || accused(&late),
        "what nobody asked for still is"
    );
}

fn accused(events: &[Event]) -> bool {
    events.iter().any(|event| match event {
        Event::Misbehavior(what) => {
            what.kind == MisbehaviorKind::Annoyance(Annoyance::UnsolicitedPong)
        }
        _ => false,
    })
}

#[test]
fn asking_for_blocks_invites_no_transactions() {
    let link = Link::outbound().with_purpose(Purpose::BlockRelayOnly);
    let item = |kind| {
        let items = [InvVect::new(kind, Hash::from_bytes([1; 32]))];
        Inventory::new(&Network::REGTEST, items).unwrap()
    };
    let mut machine = negotiated(config(), link);
    machine
        .send(Message::GetData(item(InvKind::WitnessBlock)))
        .unwrap();
    assert!(
        machine
            .send(Message::GetData(item(InvKind::WitnessTx)))
            .is_err()
    );
    let events = say(&mut machine, &Message::Inv(item(InvKind::Wtx)), NOW);
    assert!(
        matches!(ending(&events), Some(DisconnectReason::Violation(_))),
        "{events:?}"
    );
}

#[test]
fn after_a_reset_a_slow_application_hears_of_the_reset() {
    let mut machine = negotiated(config(), Link::inbound());
    machine.send(Message::GetAddr).unwrap();
    machine.receive(&frame(&Message::SendHeaders), NOW);
    machine.hung_up(HangUp::Reset, NOW);
    machine.tick(NOW.saturating_add(Duration::from_secs(600)));
    let events: Vec<_> = core::iter::from_fn(|| machine.poll_event()).collect();
    assert!(matches!(
        events.first(),
        Some(Event::Message {
            message: Message::SendHeaders,
            ..
        })
    ));
    assert_eq!(
        ending(&events),
        Some(&DisconnectReason::HungUp(HangUp::Reset))
    );
}

#[test]
fn nothing_is_accepted_that_cannot_leave() {
    let mut machine = negotiated(config(), Link::inbound());
    machine.hung_up(HangUp::EndOfStream, NOW);
    assert!(machine.send(Message::GetAddr).is_ok());
    machine.hung_up(HangUp::Reset, NOW);
    assert!(matches!(
        machine.send(Message::GetAddr),
        Err(SendError::Closed)
    ));
}

/// The life of an address fetch does not grow by what else arrives.
#[test]
fn an_address_fetch_ends_in_time() {
    let link = Link::outbound().with_purpose(Purpose::AddressFetch);
    let mut machine = negotiated(config(), link);
    let mut now = NOW;
    while now < NOW.saturating_add(Duration::from_secs(300)) {
        now = now.saturating_add(Duration::from_secs(30));
        let events = say(&mut machine, &Message::SendHeaders, now);
        assert_ne!(
            ending(&events),
            Some(&DisconnectReason::Local(Goodbye::AddressesFetched))
        );
        machine.tick(now);
    }
    assert!(machine.is_closed());
}

#[test]
fn the_default_user_agent_names_the_library() {
    let agent = config().user_agent.to_string();
    assert!(
        agent.starts_with("/peer-core:") && agent.ends_with('/'),
        "{agent}"
    );
}

#[test]
fn configurations_that_cannot_work_are_refused() {
    let refused = |change: fn(&mut Config)| {
        let mut config = config();
        assert_eq!(config.validate(), Ok(()));
        change(&mut config);
        config.validate().unwrap_err()
    };
    let limit = |error| match error {
        ConfigError::LimitTooLow { limit, .. } => limit,
        other => panic!("{other}"),
    };
    assert_eq!(
        limit(refused(|config| config.limits.provoked = 0)),
        "provoked"
    );
    let no_queue = refused(|config| {
        (config.limits.send_high, config.limits.send_low) = (0, 0);
    });
    assert_eq!(limit(no_queue), "send_high");
    assert_eq!(
        limit(refused(|config| config.limits.early_payload = 85)),
        "early_payload"
    );
    assert_eq!(
        limit(refused(|config| config.limits.message.user_agent = 5)),
        "message.user_agent"
    );
    assert!(matches!(
        refused(|config| config.greeting = alloc::vec![Message::Verack]),
        ConfigError::Greeting { .. }
    ));
    assert_eq!(
        refused(|config| config.user_agent = UserAgent::from_bytes(Bytes::from_static(b"\x1b"))),
        ConfigError::UserAgent
    );
    assert!(matches!(
        refused(|config| config.protocol_version = u32::MAX),
        ConfigError::VersionTooLarge { .. }
    ));
    let zero = refused(|config| config.timeouts.ping_interval = Some(Duration::ZERO));
    assert_eq!(
        zero,
        ConfigError::ZeroTimeout {
            timer: "ping_interval"
        }
    );
}

/// CONFORMANCE rows 84 and 2.13; BIP111 draws the line at 70011.
#[test]
fn bloom_commands_without_the_service_end_the_connection_or_are_dropped() {
    let react = |config: Config, version| {
        let mut config = config;
        config.protocol_version = version;
        let mut machine = negotiated(config, Link::inbound());
        let events = say(&mut machine, &Message::FilterClear, NOW);
        let delivered = events
            .iter()
            .any(|event| matches!(event, Event::Message { .. }));
        (ending(&events).is_some(), delivered)
    };
    assert_eq!(react(config(), 70_011), (true, false));
    assert_eq!(react(config(), 70_010), (false, false));
    assert_eq!(react(config().like_core(), 70_010), (true, false));
    assert_eq!(react(config().like_btcd(), 70_011), (true, false));
    assert_eq!(react(config().like_btcd(), 70_010), (false, false));
    let mut serving = config();
    serving.services = ServiceFlags::BLOOM;
    assert_eq!(react(serving, 70_011), (false, true));
}
