//! What the presets make of events: PROTOCOL 3.5 and 3.7, and Core's index of disconnects.

use alloc::boxed::Box;
use alloc::vec;

use super::*;
use crate::error::{Annoyance, Malformed};
use crate::message::{CommandName, InvVect};
use crate::network::Network;
use crate::wire::{Hash, ServiceFlags};

const START: Timestamp = Timestamp::from_secs(1_700_000_000);

fn at(seconds: u64) -> Timestamp {
    START.saturating_add(Duration::from_secs(seconds))
}

fn event(message: Message) -> Event {
    Event::Message {
        message,
        wire_len: 0,
    }
}

fn inventory(kind: InvKind, count: usize) -> Inventory {
    let items = vec![InvVect::new(kind, Hash::from_bytes([1; 32])); count];
    Inventory::new(&Network::REGTEST, items).unwrap()
}

fn act(command: &str, kind: MisbehaviorKind) -> Event {
    let command = CommandName::new(command).ok();
    Event::Misbehavior(Box::new(Misbehavior::new(command, kind)))
}

fn violation(violation: Violation) -> Event {
    Event::Misbehavior(Box::new(Misbehavior::new(
        violation.command(),
        MisbehaviorKind::Violation(violation),
    )))
}

fn not_served(kind: MessageKind) -> Event {
    violation(Violation::NotServed {
        command: kind.command(),
        service: ServiceFlags::BLOOM,
    })
}

fn bad_checksum() -> Event {
    let command = CommandName::new("ping").unwrap();
    act(
        "ping",
        MisbehaviorKind::Malformed(Malformed::Checksum { command }),
    )
}

/// One act of each severity.
fn acts() -> [Event; 4] {
    [
        act(
            "pong",
            MisbehaviorKind::Annoyance(Annoyance::UnsolicitedPong),
        ),
        bad_checksum(),
        not_served(MessageKind::MemPool),
        violation(Violation::NoFilter {
            command: MessageKind::FilterAdd.command(),
        }),
    ]
}

/// What each preset makes of one act of each severity, by a clean score: penalty and points.
#[test]
fn one_act_of_each_severity() {
    use Penalty::{Ban, Disconnect, None};
    for (policy, expected) in [
        (
            BanPolicy::default(),
            [(None, 0), (None, 2), (None, 20), (Ban, 100)],
        ),
        (
            BanPolicy::core(),
            [(None, 0), (None, 0), (Disconnect, 0), (Ban, 100)],
        ),
        (
            BanPolicy::btcd(),
            [(None, 0), (Disconnect, 0), (Disconnect, 0), (Disconnect, 0)],
        ),
        (
            BanPolicy::noban(),
            [(None, 0), (None, 0), (None, 0), (None, 0)],
        ),
    ] {
        for (act, expected) in acts().iter().zip(expected) {
            let mut score = BanScore::new(policy);
            let penalty = score.on_event(act, START);
            assert_eq!((penalty, score.score(START)), expected, "{act:?}");
        }
    }
}

/// Fault 28 of PROTOCOL 4.5: the 100 points for a bloom command are a ban here.
#[test]
fn a_bloom_command_without_the_service_bans_under_btcds_policy() {
    for kind in [
        MessageKind::FilterLoad,
        MessageKind::FilterAdd,
        MessageKind::FilterClear,
    ] {
        let mut score = BanScore::new(BanPolicy::btcd());
        assert_eq!(score.on_event(&not_served(kind), START), Penalty::Ban);
        // They stay.
        assert_eq!(score.score(at(1_000_000)), 100);
    }
    // From before 70011 it was dropped, and costs the connection.
    let dropped = MisbehaviorKind::Annoyance(Annoyance::NotServed);
    let mut score = BanScore::new(BanPolicy::btcd());
    let penalty = score.on_event(&act("filterload", dropped), START);
    assert_eq!((penalty, score.score(START)), (Penalty::Disconnect, 0));
}

/// One below the threshold is no ban, the threshold is.
#[test]
fn the_threshold_is_reached_not_exceeded() {
    for (points, penalty) in [
        (99, Penalty::None),
        (100, Penalty::Ban),
        (101, Penalty::Ban),
    ] {
        let policy = BanPolicy {
            careless: Points::persistent(points),
            ..BanPolicy::default()
        };
        let mut score = BanScore::new(policy);
        assert_eq!(score.on_event(&bad_checksum(), START), penalty, "{points}");
    }
}

/// 33 points a `mempool`, halved within 60 s: the fourth at once is 132, one a minute never gets there.
#[test]
fn mempool_costs_33_that_fade() {
    let mempool = event(Message::MemPool);
    let mut score = BanScore::new(BanPolicy::btcd());
    for sum in [33, 66, 99] {
        assert_eq!(score.on_event(&mempool, START), Penalty::None);
        assert_eq!(score.score(START), sum);
    }
    // 99 × 2^(-t/60).
    for (seconds, left) in [(0, 99), (30, 70), (60, 49), (61, 48), (600, 0)] {
        assert_eq!(score.score(at(seconds)), left, "{seconds}");
    }
    assert_eq!(score.on_event(&mempool, START), Penalty::Ban);

    let mut score = BanScore::new(BanPolicy::btcd());
    for minute in 0..100 {
        assert_eq!(score.on_event(&mempool, at(60 * minute)), Penalty::None);
    }
    // 33 × (1 + 1/2 + 1/4 + ...), all but.
    assert_eq!(score.score(at(60 * 99)), 65);
}

/// Length × 99 / 50,000, rounded down each time.
#[test]
fn getdata_costs_its_share_of_99() {
    for (items, points) in [
        (0, 0),
        (505, 0),
        (506, 1),
        (1_000, 1),
        (25_000, 49),
        (50_000, 99),
    ] {
        let mut score = BanScore::new(BanPolicy::btcd());
        let getdata = event(Message::GetData(inventory(InvKind::WitnessBlock, items)));
        assert_eq!(score.on_event(&getdata, START), Penalty::None);
        assert_eq!(score.score(START), points, "{items}");
    }
    // 50,000 twice at once is 198.
    let mut score = BanScore::new(BanPolicy::btcd());
    let getdata = event(Message::GetData(inventory(InvKind::Tx, 50_000)));
    assert_eq!(score.on_event(&getdata, START), Penalty::None);
    assert_eq!(score.on_event(&getdata, START), Penalty::Ban);
}

/// 20 that stay for each block, 10 that fade for each transaction, the end for anything else.
#[test]
fn notfound_costs_by_what_it_names() {
    let told = |policy, kind, count, later| {
        let mut score = BanScore::new(policy);
        let notfound = event(Message::NotFound(inventory(kind, count)));
        let penalty = score.on_event(&notfound, START);
        (penalty, score.score(at(later)))
    };
    let btcd = BanPolicy::btcd();
    assert_eq!(told(btcd, InvKind::Block, 4, 600), (Penalty::None, 80));
    assert_eq!(told(btcd, InvKind::WitnessBlock, 5, 0), (Penalty::Ban, 100));
    assert_eq!(told(btcd, InvKind::Tx, 9, 60), (Penalty::None, 45));
    assert_eq!(told(btcd, InvKind::WitnessTx, 10, 0), (Penalty::Ban, 100));
    assert_eq!(
        told(btcd, InvKind::FilteredBlock, 1, 0),
        (Penalty::Disconnect, 0)
    );
    assert_eq!(told(btcd, InvKind::Tx, 0, 0), (Penalty::None, 0));
    for policy in [BanPolicy::default(), BanPolicy::core(), BanPolicy::noban()] {
        for kind in [InvKind::Block, InvKind::Tx, InvKind::FilteredBlock] {
            assert_eq!(told(policy, kind, 50_000, 0), (Penalty::None, 0));
        }
    }
}

/// What the machine forgives in a minute bans nobody by default; the worst three together would not.
#[test]
fn the_forgiven_is_forgiven_by_default() {
    let mut score = BanScore::new(BanPolicy::default());
    for _ in 0..32 {
        assert_eq!(score.on_event(&bad_checksum(), START), Penalty::None);
    }
    assert_eq!(score.score(START), 64);
    let mut score = BanScore::new(BanPolicy::default());
    for time in 0..4 {
        let late = not_served(MessageKind::MemPool);
        assert_eq!(score.on_event(&late, at(time)), Penalty::None);
    }
    let fifth = score.on_event(&not_served(MessageKind::MemPool), at(3_600));
    assert_eq!(fifth, Penalty::Ban);
}

/// A score that is full says so when something is added, and not for every `pong` after it.
#[test]
fn what_costs_nothing_has_no_consequence() {
    let mut score = BanScore::new(BanPolicy::default());
    let [harmless, .., hostile] = acts();
    assert_eq!(score.on_event(&hostile, START), Penalty::Ban);
    for event in [harmless, event(Message::GetAddr), Event::Negotiated] {
        assert_eq!(score.on_event(&event, START), Penalty::None);
    }
    assert_eq!(score.on_event(&bad_checksum(), START), Penalty::Ban);
}

#[test]
fn the_ends_of_time_and_of_numbers_do_no_harm() {
    let all = Points::new(u32::MAX, u32::MAX);
    let policy = BanPolicy {
        careless: all,
        getdata: all,
        notfound_tx: all,
        notfound_block: all,
        ..BanPolicy::default()
    };
    let events = [
        bad_checksum(),
        event(Message::GetData(inventory(InvKind::Tx, 50_000))),
        event(Message::NotFound(inventory(InvKind::Tx, 50_000))),
        event(Message::NotFound(inventory(InvKind::Block, 2))),
    ];
    let mut score = BanScore::new(policy);
    for now in [Timestamp::MAX, Timestamp::ZERO, START, Timestamp::MAX] {
        for event in &events {
            assert_eq!(score.on_event(event, now), Penalty::Ban);
            assert_eq!(score.score(now), u32::MAX);
        }
    }
    // A jump to the end of time lets everything fade that fades, and a way back brings nothing back.
    let mut score = BanScore::new(BanPolicy::btcd());
    score.on_event(&event(Message::MemPool), START);
    assert_eq!(score.score(Timestamp::MAX), 0);
    score.on_event(&event(Message::MemPool), Timestamp::MAX);
    assert_eq!(score.score(START), 33);
}
