//! What a connection is for: what it sends, what it refuses, when it is done (rows 20, 29, 66, 71 to 73, 103; 2.12a).

use core::time::Duration;

use crate::Probe;
use peer_core::message::{FeeFilter, Message, SendCmpct};
use peer_core::{
    Annoyance, Config, DisconnectReason, Event, Goodbye, Link, Purpose, Reaction as Policy,
    SendError, Timeout, Violation,
};
use peer_tests::script::{Frame, VersionPayload, end, list};

use crate::support::{
    ADDR_ENTRY, ADDRV2_ENTRY, INV_ENTRY, Preset, assert_over, command, config, delivered,
};

/// What Core says of its own accord after `verack`, as far as the machine can be told to: `getaddr`, `sendcmpct`,
/// `feefilter`. (`getheaders` needs a chain.)
fn like_core() -> Config {
    let mut config = config();
    let cmpct = SendCmpct {
        announce: false,
        version: 2,
    };
    config.greeting = vec![
        Message::GetAddr,
        Message::SendCmpct(cmpct),
        Message::FeeFilter(FeeFilter { fee_rate: 1_000 }),
    ];
    config
}

fn outbound(purpose: Purpose) -> Link {
    Link::outbound().with_purpose(purpose)
}

/// Table 2.12a, without `getheaders` and the place of `ping`, which is not queued behind the greeting.
#[test]
fn each_purpose_says_what_core_says() {
    let opening = ["version", "wtxidrelay", "sendaddrv2", "verack"];
    let all = &["getaddr", "sendcmpct", "feefilter"][..];
    for (link, greeting) in [
        (Link::inbound(), &all[1..]),
        (outbound(Purpose::FullRelay), all),
        (outbound(Purpose::AddressFetch), all),
        (outbound(Purpose::BlockRelayOnly), &all[1..2]),
    ] {
        for preset in Preset::ALL {
            let mut config = preset.config();
            config.greeting = like_core().greeting;
            let mut probe = Probe::new(config, link);
            probe.tell(&VersionPayload::default().frame());
            probe.tell(&Frame::empty("verack"));
            let said = probe.read_names();
            assert_eq!(said[..4], opening, "{link:?}");
            let pings = said.iter().filter(|name| *name == "ping").count();
            // btcd waits for the first interval.
            assert_eq!(pings, usize::from(preset != Preset::Btcd));
            let rest = said[4..].iter().filter(|name| *name != "ping");
            assert!(rest.eq(greeting), "{link:?}: {said:?}");
        }
    }
}

/// Row 20.
#[test]
fn a_feeler_ends_with_the_version_of_the_remote() {
    let mut probe = Probe::new(like_core(), outbound(Purpose::Feeler));
    assert_eq!(probe.read_names(), ["version"]);
    let events = probe.tell(&VersionPayload::default().frame());
    assert!(matches!(
        &events[..],
        [Event::Version(_), Event::Disconnected { .. }]
    ));
    let done = DisconnectReason::Local(Goodbye::FeelerDone);
    assert_eq!(end(&events), Some(&done));
    assert_eq!(probe.read(), []);
    assert_over(&mut probe, &events);
}

/// Rows 71 to 73.
#[test]
fn an_address_fetch_ends_with_more_than_one_address() {
    for preset in [Preset::Default, Preset::Core] {
        for (name, entry) in [("addr", &ADDR_ENTRY[..]), ("addrv2", &ADDRV2_ENTRY)] {
            let mut probe = Probe::negotiated(preset.config(), outbound(Purpose::AddressFetch));
            probe.machine.send(Message::GetAddr).unwrap();
            for count in [1, 0, 1] {
                let events = probe.tell(&Frame::new(name, list(count, entry)));
                assert_eq!(delivered(&events), [name]);
                assert!(probe.is_alive(), "{name} {count}");
            }
            let events = probe.tell(&Frame::new(name, list(2, entry)));
            assert_eq!(delivered(&events), [name]);
            let done = DisconnectReason::Local(Goodbye::AddressesFetched);
            assert_eq!(end(&events), Some(&done));
            assert_over(&mut probe, &events);
        }
        // Other connections have no such end.
        let mut probe = Probe::negotiated(preset.config(), Link::outbound());
        probe.tell(&Frame::new("addr", list(2, &ADDR_ENTRY)));
        assert!(probe.is_alive());
    }
}

#[test]
fn an_address_fetch_without_addresses_lasts_five_minutes() {
    for preset in Preset::ALL {
        let mut config = preset.config();
        config.timeouts.grain = Duration::ZERO;
        let mut probe = Probe::negotiated(config, outbound(Purpose::AddressFetch));
        for second in 0..299 {
            assert_eq!(end(&probe.wait(Duration::from_secs(1))), None, "{second}");
            assert!(probe.is_alive());
        }
        let events = probe.wait(Duration::from_secs(1));
        let timeout = DisconnectReason::Timeout(Timeout::AddrFetch);
        assert_eq!(end(&events), Some(&timeout));
    }
}

/// A slow application is not the remote's fault: addresses that have arrived count, polled or not.
#[test]
fn addresses_that_wait_to_be_polled_are_in_time() {
    let mut probe = Probe::negotiated(config(), outbound(Purpose::AddressFetch));
    probe.polls = false;
    probe.tell(&Frame::new("addr", list(2, &ADDR_ENTRY)));
    probe.wait(Duration::from_secs(600));
    probe.polls = true;
    let events = probe.heard();
    assert_eq!(delivered(&events), ["addr"]);
    let done = DisconnectReason::Local(Goodbye::AddressesFetched);
    assert_eq!(end(&events), Some(&done));
}

fn transaction() -> Frame {
    let mut tx = vec![1, 0, 0, 0, 1];
    tx.extend([0x0c; 36]);
    tx.extend([0, 0xff, 0xff, 0xff, 0xff, 1]);
    tx.extend([0; 8]);
    tx.extend([0, 0, 0, 0, 0]);
    Frame::new("tx", tx)
}

fn announcement(kind: u32) -> Frame {
    let mut entry = INV_ENTRY;
    entry[..4].copy_from_slice(&kind.to_le_bytes());
    Frame::new("inv", list(1, &entry))
}

/// Row 103: those who were told that we want no transactions.
#[test]
fn transactions_that_nobody_wants_end_the_connection() {
    let mut quiet = config();
    quiet.relay = false;
    for (config, link) in [
        (config(), outbound(Purpose::BlockRelayOnly)),
        (quiet.clone(), Link::outbound()),
        (quiet, Link::inbound()),
    ] {
        // A transaction, one announced by txid, one by wtxid.
        for frame in [transaction(), announcement(1), announcement(5)] {
            let mut probe = Probe::negotiated(config.clone(), link);
            let events = probe.tell(&frame);
            let command = command(&frame.name());
            let unwanted = DisconnectReason::Violation(Violation::UnwantedTransaction { command });
            assert_eq!(end(&events), Some(&unwanted));

            let mut lenient = config.clone();
            lenient.strictness.unwanted_transaction = Policy::Drop;
            let mut probe = Probe::negotiated(lenient, link);
            assert_eq!(delivered(&probe.tell(&frame)), [""; 0]);
            let count = probe
                .machine
                .stats()
                .annoyance(Annoyance::UnwantedTransaction);
            assert_eq!(count, 1);
            assert!(probe.is_alive());
        }
        // A block is always welcome.
        let mut probe = Probe::negotiated(config, link);
        assert_eq!(delivered(&probe.tell(&announcement(2))), ["inv"]);
        assert!(probe.is_alive());
    }
    let mut probe = Probe::negotiated(config(), Link::outbound());
    assert_eq!(delivered(&probe.tell(&transaction())), ["tx"]);
}

/// BIP37: whoever said relay = 0 and then sets a filter wants transactions after all.
#[test]
fn an_application_may_change_its_mind() {
    let mut quiet = config();
    quiet.relay = false;
    let mut probe = Probe::negotiated(quiet, Link::outbound());
    probe.machine.send(Message::FilterClear).unwrap();
    assert_eq!(delivered(&probe.tell(&transaction())), ["tx"]);
    assert!(probe.is_alive());
}

/// Row 64: no address gossip on a block-relay connection, in either direction.
#[test]
fn block_relay_connections_know_no_addresses() {
    for preset in Preset::ALL {
        let mut probe = Probe::negotiated(preset.config(), outbound(Purpose::BlockRelayOnly));
        let events = probe.tell(&Frame::new("addr", list(3, &ADDR_ENTRY)));
        assert_eq!(delivered(&events), [""; 0]);
        assert!(probe.is_alive());
        let refused = probe.machine.send(Message::GetAddr);
        assert!(
            matches!(refused, Err(SendError::Purpose { .. })),
            "{refused:?}"
        );
        assert_eq!(probe.read(), []);
    }
}

#[test]
fn inbound_links_have_one_purpose() {
    for purpose in [
        Purpose::BlockRelayOnly,
        Purpose::AddressFetch,
        Purpose::Feeler,
    ] {
        let link = Link::inbound().with_purpose(purpose);
        assert_eq!(link, Link::inbound());
    }
}

/// What belongs to the handshake is not the application's to send.
#[test]
fn the_handshake_is_the_machines_own() {
    let mut probe = Probe::negotiated(config(), Link::inbound());
    for message in [Message::Verack, Message::SendAddrV2, Message::WtxidRelay] {
        let refused = probe.machine.send(message);
        assert!(
            matches!(refused, Err(SendError::Reserved { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(probe.read(), []);
}
