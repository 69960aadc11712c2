use super::super::offer::Offer;
use super::super::serving::Shelf;
use super::*;
use crate::testing::{TX, TXID, Wire, serving};
use peer_core::message::{InvKind, InvVect, Inventory, Message, Ping};
use peer_core::network::Network;
use peer_core::wire::Hash;
use peer_core::{Config, DisconnectReason, Goodbye, HangUp, Link, Ticket};
use serde_json::Value;

const START: Timestamp = Timestamp::from_secs(1_700_000_000);

fn config() -> Config {
    Config::with_secret(Network::REGTEST, [1; 32])
}

/// Pings to send, and the transaction to offer, if it is.
fn plan(pings: u64, offers: bool) -> Plan {
    let ping = |nonce| Message::Ping(Ping { nonce: Some(nonce) });
    let mut plan = Plan::new(config(), (0..pings).map(ping).collect(), None, None);
    if offers {
        let offer = Offer::parse(&format!("tx:{TX}"), &config()).unwrap();
        plan.shelf = Shelf::new(vec![offer], &plan.config.network);
    }
    plan
}

fn open(plan: Plan) -> Conversation {
    let name = "192.0.2.1:8333".to_owned();
    Conversation::open(Arc::new(plan), name, Direction::Outbound, START)
}

fn at(now: Timestamp) -> Snapshot<'static> {
    Snapshot {
        now,
        stats: Wire::new(config(), serving(Network::REGTEST), 0)
            .dialler
            .stats(),
        remote: None,
    }
}

fn lines(talk: &mut Conversation) -> Vec<Value> {
    let output = core::iter::from_fn(|| talk.next_output());
    let parse = |output| match output {
        Output::Line(line) => serde_json::from_str(&line).unwrap(),
        Output::Note(note) => panic!("{note}"),
    };
    output.map(parse).collect()
}

fn names(talk: &mut Conversation) -> Vec<String> {
    let name = |line: Value| line["event"].as_str().unwrap().to_owned();
    lines(talk).into_iter().map(name).collect()
}

/// What is commanded, by name; everything is done at once.
fn carry_all_out(talk: &mut Conversation, now: Timestamp) -> Vec<&'static str> {
    let mut done = Vec::new();
    while let Some(command) = talk.next_command(now) {
        done.push(match &command {
            Command::Send(message) => match message.message() {
                Message::Ping(_) => "ping",
                Message::Tx(_) => "tx",
                Message::NotFound(_) => "notfound",
                other => panic!("{other:?}"),
            },
            Command::Announce(_) => "announce",
            Command::Disconnect => "disconnect",
            other => panic!("{other:?}"),
        });
        let outcome = match command {
            Command::Announce(_) => Outcome::Announced(Announced::Queued),
            _ => Outcome::Done,
        };
        talk.on_outcome(&Ok::<_, String>(outcome), now);
    }
    done
}

fn getdata() -> Event {
    getdata_times(1)
}

/// Asks for the same in one message.
fn getdata_times(count: usize) -> Event {
    let hash: Hash = TXID.parse::<peer_core::wire::Txid>().unwrap().into();
    let items = vec![InvVect::new(InvKind::WitnessTx, hash); count];
    Event::Message {
        message: Message::GetData(Inventory::new(&Network::REGTEST, items).unwrap()),
        wire_len: 61,
    }
}

fn gone(reason: DisconnectReason) -> Event {
    Event::Disconnected {
        reason,
        sent_through: None::<Ticket>,
    }
}

const LOCAL: DisconnectReason = DisconnectReason::Local(Goodbye::Requested);

#[test]
fn requests_then_announcements_then_answers_one_at_a_time() {
    let mut talk = open(plan(2, true));
    assert_eq!(names(&mut talk), ["connected"]);
    assert!(talk.next_command(START).is_none(), "before the handshake");
    talk.on_event(&Event::Negotiated, &at(START));
    talk.on_event(&getdata(), &at(START));
    assert!(talk.next_command(START).is_some());
    assert!(talk.next_command(START).is_none(), "one is on its way");
    talk.on_outcome(&Ok::<_, String>(Outcome::Done), START);
    let done = carry_all_out(&mut talk, START);
    assert_eq!(done, ["ping", "announce", "tx"]);
    let told = [
        "negotiated",
        "message",
        "sent",
        "sent",
        "announced",
        "served",
    ];
    assert_eq!(names(&mut talk), told);
    assert!(!talk.is_over());
}

#[test]
fn what_cannot_be_sent_is_told_with_its_reason() {
    let mut talk = open(plan(1, false));
    talk.on_event(&Event::Negotiated, &at(START));
    assert!(talk.next_command(START).is_some());
    talk.on_outcome(&Err("nobody listens"), START);
    let last = lines(&mut talk).pop().unwrap();
    assert_eq!(last["event"], "unsent");
    assert_eq!(last["command"], "ping");
    assert_eq!(last["error"], "nobody listens");
}

#[test]
fn questions_beyond_the_line_are_passed_over() {
    let mut talk = open(plan(1, true));
    talk.on_event(&Event::Negotiated, &at(START));
    assert!(talk.next_command(START).is_some(), "the ping keeps it busy");
    for _ in 0..PENDING_QUESTIONS + 3 {
        talk.on_event(&getdata(), &at(START));
    }
    let passed_over = |line: &&Value| line["event"] == "served" && line["error"].is_string();
    assert_eq!(lines(&mut talk).iter().filter(passed_over).count(), 3);
    talk.on_outcome(&Ok::<_, String>(Outcome::Done), START);
    let done = carry_all_out(&mut talk, START);
    let served = done.iter().filter(|name| **name == "tx").count();
    assert_eq!(served, PENDING_QUESTIONS);
}

#[test]
fn the_end_waits_for_what_was_begun_but_not_for_long() {
    // Nothing to wait for.
    let mut talk = open(plan(0, false));
    talk.on_event(&Event::Negotiated, &at(START));
    talk.end(START);
    assert_eq!(carry_all_out(&mut talk, START), ["disconnect"]);
    assert_eq!(talk.deadline(), None, "once is enough");

    // Before the handshake there is nothing either.
    let mut talk = open(plan(3, true));
    talk.end(START);
    assert_eq!(carry_all_out(&mut talk, START), ["disconnect"]);

    // What was asked for is still done; what the remote asks now is not.
    let mut talk = open(plan(2, true));
    talk.on_event(&Event::Negotiated, &at(START));
    assert!(talk.next_command(START).is_some());
    talk.end(START);
    talk.on_event(&getdata(), &at(START));
    assert!(talk.next_command(START).is_none());
    talk.on_outcome(&Ok::<_, String>(Outcome::Done), START);
    let done = carry_all_out(&mut talk, START);
    assert_eq!(done, ["ping", "announce", "disconnect"]);

    // One who does not read is not waited for longer than that.
    let mut talk = open(plan(1, false));
    talk.on_event(&Event::Negotiated, &at(START));
    assert!(talk.next_command(START).is_some());
    talk.end(START);
    let until = talk.deadline().unwrap();
    assert_eq!(until, START.saturating_add(Duration::from_secs(1)));
    assert!(talk.next_command(START).is_none());
    let farewell = talk.next_command(until);
    assert!(matches!(farewell, Some(Command::Disconnect)));
}

#[test]
fn it_is_over_once_everything_is_told() {
    let mut talk = open(plan(3, true));
    talk.on_event(&Event::Negotiated, &at(START));
    talk.on_event(&getdata(), &at(START));
    assert!(talk.next_command(START).is_some());
    talk.on_event(
        &gone(DisconnectReason::HungUp(HangUp::EndOfStream)),
        &at(START),
    );
    assert!(!talk.is_over(), "the outcome is owed");
    talk.on_outcome(&Err("gone"), START);
    // Each of the others is told too; questions are not answered any more.
    for _ in 0..3 {
        assert!(!talk.is_over());
        assert!(talk.next_command(START).is_some());
        talk.on_outcome(&Err("gone"), START);
    }
    assert!(talk.next_command(START).is_none());
    let told = lines(&mut talk);
    let failed: Vec<_> = told.iter().filter(|line| line["error"] == "gone").collect();
    let failed: Vec<_> = failed.iter().map(|line| &line["event"]).collect();
    assert_eq!(failed, ["unsent", "unsent", "unsent", "announced"]);
    assert!(talk.is_over());
    assert_eq!(talk.exit(), Exit::Clean);

    // Nothing was begun, so nothing is told.
    let mut talk = open(plan(3, true));
    talk.on_event(&gone(LOCAL), &at(START));
    assert_eq!(names(&mut talk), ["connected", "disconnected"]);
    assert!(talk.is_over());
}

#[test]
fn numbers_are_told_at_intervals_and_at_the_end() {
    let mut plan = plan(0, false);
    plan.stats = true;
    plan.stats_interval = Some(Duration::from_secs(5));
    let mut talk = open(plan);
    let first = talk.deadline().unwrap();
    assert_eq!(first, START.saturating_add(Duration::from_secs(5)));
    talk.tick(&at(START));
    assert_eq!(names(&mut talk), ["connected"], "it was not time");
    // Times that were missed are not made up for.
    let late = START.saturating_add(Duration::from_secs(17));
    talk.tick(&at(late));
    assert_eq!(names(&mut talk), ["stats"]);
    let next = late.saturating_add(Duration::from_secs(5));
    assert_eq!(talk.deadline(), Some(next));
    talk.on_event(&gone(LOCAL), &at(late));
    assert_eq!(names(&mut talk), ["disconnected", "stats"]);
    assert_eq!(talk.deadline(), None);
}

/// After the handshake; nothing of it is left to print.
fn negotiated(plan: Plan) -> Conversation {
    let mut talk = open(plan);
    talk.on_event(&Event::Negotiated, &at(START));
    assert_eq!(names(&mut talk), ["connected", "negotiated"]);
    talk
}

#[test]
fn saying_again_that_it_is_time_gives_no_more_time() {
    let mut talk = negotiated(plan(1, false));
    assert!(talk.next_command(START).is_some());
    talk.end(START);
    let until = talk.deadline().unwrap();
    talk.end(START.saturating_add(Duration::from_millis(999)));
    assert_eq!(talk.deadline(), Some(until));
}

#[test]
fn the_earlier_of_numbers_and_last_words_comes_first() {
    for (interval, first) in [(300, 300), (5_000, 1_000)] {
        let mut plan = plan(1, false);
        plan.stats = true;
        plan.stats_interval = Some(Duration::from_millis(interval));
        let mut talk = negotiated(plan);
        assert!(talk.next_command(START).is_some());
        talk.end(START);
        let first = START.saturating_add(Duration::from_millis(first));
        assert_eq!(talk.deadline(), Some(first));
    }
}

#[test]
fn numbers_are_told_at_the_very_deadline() {
    let mut plan = plan(0, false);
    plan.stats = true;
    plan.stats_interval = Some(Duration::from_secs(5));
    let mut talk = negotiated(plan);
    // Woken at the deadline and finding nothing to do, a timer would spin.
    let deadline = talk.deadline().unwrap();
    talk.tick(&at(deadline));
    assert_eq!(names(&mut talk), ["stats"]);
    assert!(talk.deadline() > Some(deadline));
}

#[test]
fn what_became_of_an_announcement_is_told() {
    for (announced, word) in [
        (Announced::Queued, "queued"),
        (Announced::Known, "known"),
        (Announced::Unwanted, "unwanted"),
    ] {
        let mut talk = negotiated(plan(0, true));
        let command = talk.next_command(START);
        assert!(matches!(command, Some(Command::Announce(_))));
        talk.on_outcome(&Ok::<_, String>(Outcome::Announced(announced)), START);
        assert_eq!(lines(&mut talk)[0]["result"], word);
    }
}

#[test]
fn an_answer_under_way_when_the_remote_leaves_is_the_last() {
    let mut talk = negotiated(plan(0, true));
    assert_eq!(carry_all_out(&mut talk, START), ["announce"]);
    // The first question has two answers, the second one.
    talk.on_event(&getdata_times(2), &at(START));
    talk.on_event(&getdata(), &at(START));
    let first = talk.next_command(START);
    assert!(matches!(first, Some(Command::Send(_))));
    talk.on_event(&gone(DisconnectReason::HungUp(HangUp::Reset)), &at(START));
    let told = ["announced", "message", "message", "disconnected"];
    assert_eq!(names(&mut talk), told);
    assert!(!talk.is_over(), "its outcome is awaited");
    talk.on_outcome(&Err("gone"), START);
    assert!(talk.next_command(START).is_none());
    assert!(!talk.is_over(), "a line waits");
    assert_eq!(names(&mut talk), ["served"]);
    assert!(talk.is_over());
    assert_eq!(talk.exit(), Exit::HungUp);
}

#[test]
fn it_is_not_over_between_two_outcomes() {
    let mut talk = negotiated(plan(2, false));
    assert!(talk.next_command(START).is_some());
    talk.on_event(&gone(LOCAL), &at(START));
    talk.on_outcome(&Err("gone"), START);
    assert_eq!(names(&mut talk), ["disconnected", "unsent"]);
    assert!(!talk.is_over(), "the second is to be told");
    assert!(talk.next_command(START).is_some());
    talk.on_outcome(&Err("gone"), START);
    assert_eq!(names(&mut talk), ["unsent"]);
    assert!(talk.is_over());
}

/// With two machines: what it says arrives.
#[test]
fn a_conversation_with_a_machine() {
    let mut wire = Wire::new(config(), serving(Network::REGTEST), 310);
    let mut talk = Conversation::open(
        Arc::new(plan(3, true)),
        "192.0.2.1:8333".to_owned(),
        Link::outbound().direction,
        wire.now,
    );
    let mut pings = 0;
    loop {
        let now = wire.now;
        while let Some(command) = talk.next_command(now) {
            let result = wire.dialler.command(command);
            talk.on_outcome(&result, now);
        }
        let Some((ours, theirs)) = wire.turn() else {
            break;
        };
        for event in &ours {
            talk.on_event(event, &at(now));
        }
        let is_ping = |event: &&Event| {
            matches!(
                event,
                Event::Message {
                    message: Message::Ping(Ping { nonce: Some(0..=2) }),
                    ..
                }
            )
        };
        pings += theirs.iter().filter(is_ping).count();
    }
    assert_eq!(pings, 3);
    let told = names(&mut talk);
    assert_eq!(told.iter().filter(|name| *name == "sent").count(), 3);
    assert!(told.contains(&"announced".to_owned()));
}
