//! Requests that are owed an answer: PROTOCOL 3.2 and fault 9 of 4.5, CONFORMANCE 4 "Ours by default", row 99.

use core::time::Duration;

use crate::Probe;
use bytes::Bytes;
use peer_core::message::{
    FilterRange, GetBlockTxn, GetCFCheckpt, GetCFHeaders, IndexList, InvKind, InvVect, Inventory,
    Locator, Message, MessageKind,
};
use peer_core::network::Network;
use peer_core::wire::{BlockHash, Hash, List, TxEncoding};
use peer_core::{
    Config, DisconnectReason, EncodedMessage, Event, HangUp, Link, RequestKind, RequestTimeouts,
    Ticket, Timeout, Timer, Timestamp, Unanswered,
};
use peer_tests::capture::{Capture, Way};
use peer_tests::script::{Frame, HEADER_LEN, VersionPayload, compact_size, end, sha256d};

use crate::matrix::samples;
use crate::support::{Preset, assert_over, config, delivered, large_block};

const SECOND: Duration = Duration::from_secs(1);

/// A configuration with exact timers, and none that could interfere.
fn exact(mut config: Config) -> Config {
    config.timeouts.grain = Duration::ZERO;
    config.timeouts.ping_interval = None;
    config.timeouts.idle = None;
    config.timeouts.write_stall = None;
    config
}

fn probe() -> Probe {
    Probe::negotiated(exact(config()), Link::outbound())
}

/// Sends a request and lets it leave.
fn ask(probe: &mut Probe, request: Message) -> Ticket {
    let ticket = probe.machine.send(request).unwrap();
    probe.read();
    probe.heard();
    ticket
}

fn payload(kind: MessageKind) -> Vec<u8> {
    if kind == MessageKind::Headers {
        return recorded_headers();
    }
    let found = samples().into_iter().find(|(known, _)| *known == kind);
    found.map(|(_, payload)| payload).unwrap()
}

/// The first `headers` in the captures that is not empty.
fn recorded_headers() -> Vec<u8> {
    for capture in Capture::all() {
        for way in Way::BOTH {
            let mut entries = capture.entries(way).iter();
            let found = entries.find(|entry| entry.command == "headers" && entry.length > 1);
            if let Some(entry) = found {
                let start = entry.offset + HEADER_LEN;
                return capture.stream(way)[start..start + entry.length].to_vec();
            }
        }
    }
    panic!("no headers were recorded")
}

fn frame(kind: MessageKind) -> Frame {
    Frame::new(kind.command().as_str(), payload(kind))
}

fn hash(bytes: &[u8]) -> Hash {
    Hash::from_bytes(*bytes.first_chunk().unwrap())
}

fn getdata(items: impl IntoIterator<Item = (InvKind, Hash)>) -> Message {
    let items = items
        .into_iter()
        .map(|(kind, hash)| InvVect::new(kind, hash));
    Message::GetData(Inventory::new(&Network::REGTEST, items).unwrap())
}

fn locator(first: Hash) -> Box<Locator> {
    Box::new(Locator {
        version: 70_016,
        hashes: List::from_items([BlockHash::from(first)]),
        stop: BlockHash::ALL_ZERO,
    })
}

/// The block, the transaction and the header in the captures, by what a request would name them.
fn block_hash() -> Hash {
    Hash::from_bytes(sha256d(&payload(MessageKind::Block)[..80]))
}

fn wtxid() -> Hash {
    Hash::from_bytes(sha256d(&payload(MessageKind::Tx)))
}

fn before_headers() -> Hash {
    // A count below 253, then version and previous hash.
    hash(&payload(MessageKind::Headers)[1 + 4..])
}

/// An `inv` of one object of that number.
fn inv(number: u32, hash: [u8; 32]) -> Frame {
    Frame::new("inv", [&[1][..], &number.to_le_bytes(), &hash].concat())
}

/// One request of every kind, its right answer, and how long it may take.
fn requests() -> Vec<(RequestKind, Message, Frame, u64)> {
    let cfilter = payload(MessageKind::CFilter);
    let cfheaders = payload(MessageKind::CFHeaders);
    let checkpoint = payload(MessageKind::CFCheckpt);
    let range = |payload: &[u8]| FilterRange {
        filter_type: payload[0],
        start_height: 0,
        stop: hash(&payload[1..]).into(),
    };
    let block_txn = GetBlockTxn {
        block_hash: hash(&payload(MessageKind::BlockTxn)).into(),
        indexes: IndexList::from_indexes([0]).unwrap(),
    };
    let checkpt = GetCFCheckpt {
        filter_type: checkpoint[0],
        stop: hash(&checkpoint[1..]).into(),
    };
    let other = InvKind::Other(0x77);
    let not_found = [&[1][..], &0x77_u32.to_le_bytes(), &[9; 32]].concat();
    vec![
        (
            RequestKind::Transactions,
            getdata([(InvKind::Wtx, wtxid())]),
            frame(MessageKind::Tx),
            30,
        ),
        (
            RequestKind::Blocks,
            getdata([(InvKind::WitnessBlock, block_hash())]),
            frame(MessageKind::Block),
            30,
        ),
        (
            RequestKind::OtherObjects,
            getdata([(other, Hash::from_bytes([9; 32]))]),
            Frame::new("notfound", not_found),
            30,
        ),
        (
            RequestKind::GetBlocks,
            Message::GetBlocks(locator(Hash::from_bytes([1; 32]))),
            inv(2, [3; 32]),
            30,
        ),
        (
            RequestKind::GetHeaders,
            Message::GetHeaders(locator(before_headers())),
            frame(MessageKind::Headers),
            90,
        ),
        (RequestKind::MemPool, Message::MemPool, inv(5, [4; 32]), 30),
        (
            RequestKind::GetCFilters,
            Message::GetCFilters(range(&cfilter)),
            frame(MessageKind::CFilter),
            30,
        ),
        (
            RequestKind::GetCFHeaders,
            Message::GetCFHeaders(GetCFHeaders::Range(range(&cfheaders))),
            frame(MessageKind::CFHeaders),
            30,
        ),
        (
            RequestKind::GetCFCheckpt,
            Message::GetCFCheckpt(checkpt),
            frame(MessageKind::CFCheckpt),
            30,
        ),
        (
            RequestKind::GetBlockTxn,
            Message::GetBlockTxn(Box::new(block_txn)),
            frame(MessageKind::BlockTxn),
            30,
        ),
    ]
}

/// The kinds among the events that tell of silence.
fn unanswered(events: &[Event]) -> Vec<RequestKind> {
    let kind = |event: &Event| match event {
        Event::Unanswered(unanswered) => Some(unanswered.request),
        _ => None,
    };
    events.iter().filter_map(kind).collect()
}

fn stalled(kind: RequestKind) -> DisconnectReason {
    DisconnectReason::Timeout(Timeout::Stall(kind))
}

#[test]
fn the_table_has_every_kind() {
    let kinds: Vec<RequestKind> = requests().iter().map(|(kind, ..)| *kind).collect();
    // That of BIP157's drafts is asked on networks that have it only; see `promised`.
    let mut all = RequestKind::ALL.to_vec();
    all.retain(|kind| *kind != RequestKind::GetCFTypes);
    assert_eq!(kinds, all);
}

/// Never before the deadline, exactly at it; the end or an event, as the silence is legal or not.
#[test]
fn silence_is_judged_at_the_deadline_of_each_request() {
    let legal = [
        RequestKind::Blocks,
        RequestKind::OtherObjects,
        RequestKind::GetBlocks,
        RequestKind::GetHeaders,
        RequestKind::MemPool,
    ];
    for preset in Preset::ALL {
        for (kind, request, _, seconds) in requests() {
            let mut probe = Probe::negotiated(exact(preset.config()), Link::outbound());
            let ticket = ask(&mut probe, request.clone());
            let watched = preset != Preset::Btcd
                || !matches!(
                    kind,
                    RequestKind::GetCFilters
                        | RequestKind::GetCFHeaders
                        | RequestKind::GetCFCheckpt
                        | RequestKind::GetBlockTxn
                );
            if !watched {
                assert_eq!(probe.machine.deadline(), None, "{kind}");
                continue;
            }
            assert_eq!(probe.machine.deadline_reason(), Some(Timer::Stall));
            let due = probe.now.saturating_add(SECOND * seconds as u32);
            assert_eq!(probe.machine.deadline(), Some(due), "{kind}");
            let early = probe.wait(SECOND * seconds as u32 - Duration::from_micros(1));
            assert_eq!(unanswered(&early).len(), 0, "{preset:?} {kind}");
            assert_eq!(end(&early), None, "{preset:?} {kind}");
            let late = probe.wait(Duration::from_micros(1));
            let forgiven = match preset {
                Preset::Default => legal.contains(&kind),
                Preset::Core => true,
                Preset::Btcd => false,
            };
            assert_eq!(probe.machine.stats().requests_unanswered, 1);
            if forgiven {
                assert_eq!(unanswered(&late), [kind], "{preset:?}");
                assert!(
                    matches!(&late[..], [Event::Unanswered(what)] if what.ticket == Some(ticket))
                );
                assert_eq!(probe.machine.stats().requests_in_flight, 0);
                assert!(probe.is_alive());
                assert_eq!(probe.machine.deadline(), None);
            } else {
                assert_eq!(end(&late), Some(&stalled(kind)), "{preset:?}");
                assert_over(&mut probe, &late);
            }
        }
    }
}

/// Each request takes its own answer, delivered as always, and none of the others'.
#[test]
fn only_its_own_answer_clears_a_request() {
    for (asked, request, _, seconds) in requests() {
        for (answered, _, answer, _) in requests() {
            // The whole block is an answer to who asked for transactions of it; here they are of two blocks.
            let mut probe = probe();
            ask(&mut probe, request.clone());
            assert_eq!(probe.machine.stats().requests_in_flight, 1);
            let heard = probe.tell(&answer);
            assert_eq!(delivered(&heard), [answer.name()]);
            let own = asked == answered;
            let left = probe.machine.stats().requests_in_flight;
            assert_eq!(left, usize::from(!own), "{answered} for {asked}");
            let late = probe.wait(SECOND * seconds as u32);
            let silent = unanswered(&late).len() + usize::from(end(&late).is_some());
            assert_eq!(silent, usize::from(!own), "{answered} for {asked}");
        }
    }
}

/// Fault 9: one slot a command, which any answer clears and any request extends.
#[test]
fn one_answer_clears_one_request() {
    for (kind, request, answer, seconds) in requests() {
        let mut probe = probe();
        ask(&mut probe, request.clone());
        probe.wait(SECOND * 5);
        ask(&mut probe, request.clone());
        assert_eq!(probe.machine.stats().requests_in_flight, 2, "{kind}");
        probe.tell(&answer);
        assert_eq!(probe.machine.stats().requests_in_flight, 1, "{kind}");
        // The older one was answered, which is progress for the younger.
        let due = probe.now.saturating_add(SECOND * seconds as u32);
        let late = probe.wait(SECOND * (seconds as u32 + 1));
        assert_eq!(probe.machine.stats().requests_unanswered, 1, "{kind}");
        assert!(!late.is_empty() && due < probe.now);
        assert_eq!(probe.machine.stats().requests_in_flight, 0, "{kind}");
    }
}

#[test]
fn a_second_request_does_not_extend_the_first() {
    let mut probe = probe();
    for _ in 0..4 {
        ask(&mut probe, Message::MemPool);
        probe.wait(SECOND * 7);
    }
    // Sent at 0, 7, 14, 21; now it is 28.
    let mut seen = Vec::new();
    for second in 29..=52 {
        let silent = unanswered(&probe.wait(SECOND)).len();
        seen.extend(core::iter::repeat_n(second, silent));
    }
    assert_eq!(seen, [30, 37, 44, 51]);
}

#[test]
fn the_clock_starts_when_the_last_byte_has_left() {
    for (kind, request, _, seconds) in requests() {
        let mut probe = probe();
        probe.reads = false;
        probe.machine.send(request).unwrap();
        let queued = probe.machine.queued();
        // The socket takes all but one byte, and that one a minute later.
        assert_eq!(probe.machine.outbound().len(), queued);
        probe.machine.sent(queued - 1, probe.now);
        let waiting = probe.wait(SECOND * 60);
        assert_eq!(waiting.len(), 0, "{kind}");
        assert_eq!(probe.machine.stats().requests_in_flight, 0);
        probe.machine.sent(1, probe.now);
        assert_eq!(probe.machine.stats().requests_in_flight, 1);
        probe.reads = true;
        let before = probe.wait(SECOND * seconds as u32 - Duration::from_micros(1));
        assert_eq!(unanswered(&before).len(), 0, "{kind}");
        assert_eq!(end(&before), None);
        probe.wait(Duration::from_micros(1));
        assert_eq!(probe.machine.stats().requests_unanswered, 1, "{kind}");
    }
}

v1_only! {
    /// A large answer that takes minutes is no stall, however thin the trickle of its bytes.
    #[test]
    fn bytes_of_the_answer_push_the_deadline_on() {
        let block = large_block(&payload(MessageKind::Block));
        let bytes = Frame::new("block", block).to_bytes();
        for step in [1_usize, 40, 20_000, 150_000] {
            let mut probe = probe();
            probe
                .machine
                .send(getdata([(InvKind::Block, block_hash())]))
                .unwrap();
            ask(&mut probe, Message::GetHeaders(locator(before_headers())));
            probe.say(&bytes[..200]);
            for piece in bytes[200..].chunks(step).take(40) {
                // Behind it waits the answer to the second request, which is not late either.
                let events = probe.wait(SECOND * 29);
                assert_eq!(events.len(), 0, "{step}");
                probe.say(piece);
            }
            let rest = bytes.len().min(200 + 40 * step);
            let heard = probe.say(&bytes[rest..]);
            if rest < bytes.len() {
                assert_eq!(delivered(&heard), ["block"]);
            }
            assert_eq!(probe.machine.stats().requests_in_flight, 1);
            assert_eq!(unanswered(&probe.wait(SECOND * 89)).len(), 0);
            assert_eq!(unanswered(&probe.wait(SECOND)), [RequestKind::GetHeaders]);
        }
    }
}

/// The same trickle of a block that nobody asked for, and of frames that are no answer at all.
#[test]
fn bytes_of_something_else_push_nothing() {
    let mut foreign = payload(MessageKind::Block);
    foreign[0] ^= 1;
    let unknown = Frame::new("whatever", vec![0; 100_000]);
    for (name, frame) in [
        ("block", Frame::new("block", foreign)),
        ("unknown", unknown),
    ] {
        let bytes = frame.claiming(200_000).to_bytes();
        let mut probe = probe();
        ask(&mut probe, getdata([(InvKind::Block, block_hash())]));
        let mut silent = Vec::new();
        for piece in bytes.chunks(bytes.len() / 5 + 1) {
            probe.say(piece);
            silent.extend(unanswered(&probe.wait(SECOND * 10)));
        }
        assert_eq!(silent, [RequestKind::Blocks], "{name}");
    }
}

/// An endless row of answers that turn out to answer nothing, each begun in time to hide behind.
#[test]
fn false_answers_one_after_the_other_push_nothing_for_ever() {
    let mut probe = probe();
    ask(
        &mut probe,
        getdata([(InvKind::Wtx, Hash::from_bytes([9; 32]))]),
    );
    // A transaction of somebody else's: it may be the answer until its last byte has come.
    let bytes = frame(MessageKind::Tx).to_bytes();
    let mut ended = None;
    for second in 0..200 {
        let half = bytes.len() / 2;
        let events = if second % 2 == 0 {
            probe.say(&bytes[..half])
        } else {
            probe.say(&bytes[half..])
        };
        let waited = probe.wait(SECOND);
        if let Some(reason) = end(&events).or_else(|| end(&waited)) {
            assert_eq!(reason, &stalled(RequestKind::Transactions));
            ended = Some(second);
            break;
        }
    }
    // The one that had begun before the deadline was heard to its end.
    assert!(matches!(ended, Some(29..=31)), "{ended:?}");
}

/// Row 99: items are owed one by one, `notfound` is an answer.
#[test]
fn each_item_of_a_getdata_is_owed() {
    let ids = [[1; 32], [2; 32], [3; 32]];
    let items = ids.map(|id| (InvKind::Tx, Hash::from_bytes(id)));
    let not_found = |ids: &[[u8; 32]]| {
        let mut payload = compact_size(ids.len() as u64);
        for id in ids {
            payload.extend([1, 0, 0, 0]);
            payload.extend(id);
        }
        Frame::new("notfound", payload)
    };
    let mut probe = probe();
    ask(&mut probe, getdata(items));
    probe.tell(&not_found(&[ids[1], [7; 32]]));
    assert_eq!(probe.machine.stats().requests_in_flight, 1);
    // Twice the same: it was owed once.
    probe.tell(&not_found(&[ids[1], ids[1], ids[0]]));
    assert_eq!(probe.machine.stats().requests_in_flight, 1);
    probe.tell(&not_found(&[ids[2]]));
    assert_eq!(probe.machine.stats().requests_in_flight, 0);
    assert_eq!(probe.wait(SECOND * 100).len(), 0);
}

#[test]
fn the_event_names_what_is_missing() {
    let mut probe = Probe::negotiated(exact(config().like_core()), Link::outbound());
    let items = [
        (InvKind::Tx, Hash::from_bytes([1; 32])),
        (InvKind::WitnessBlock, block_hash()),
        (InvKind::Wtx, Hash::from_bytes([2; 32])),
        (InvKind::Block, Hash::from_bytes([3; 32])),
    ];
    let ticket = ask(&mut probe, getdata(items));
    probe.tell(&frame(MessageKind::Block));
    let events = probe.wait(SECOND * 30);
    let missing: Vec<(RequestKind, Vec<InvVect>, bool)> = events
        .into_iter()
        .map(|event| match event {
            Event::Unanswered(what) => {
                let Unanswered {
                    request,
                    items,
                    ticket: of,
                    ..
                } = *what;
                (request, items, of == Some(ticket))
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let item = |index: usize| InvVect::new(items[index].0, items[index].1);
    assert_eq!(
        missing,
        [
            (RequestKind::Transactions, vec![item(0), item(2)], true),
            (RequestKind::Blocks, vec![item(3)], true),
        ]
    );
}

/// 500 blocks over a slow line: every one of them restarts the clock of the rest, and of what was asked later; but not
/// of what was asked before, which an orderly remote would have answered by now.
#[test]
fn answers_push_on_what_was_asked_with_them_or_after_them() {
    let mut probe = probe();
    probe.machine.send(Message::MemPool).unwrap();
    let ids: Vec<Hash> = (0..100).map(|i| Hash::from_bytes([i; 32])).collect();
    let items = ids.iter().map(|id| (InvKind::Tx, *id));
    probe.machine.send(getdata(items)).unwrap();
    ask(&mut probe, Message::GetHeaders(locator(before_headers())));
    let mut silent = Vec::new();
    for id in &ids {
        silent.extend(unanswered(&probe.wait(SECOND * 20)));
        let payload = [&[1, 1, 0, 0, 0][..], &id.to_bytes()].concat();
        probe.tell(&Frame::new("notfound", payload));
    }
    assert_eq!(silent, [RequestKind::MemPool]);
    assert_eq!(unanswered(&probe.wait(SECOND * 89)).len(), 0);
    assert_eq!(unanswered(&probe.wait(SECOND)), [RequestKind::GetHeaders]);
}

/// Announcements are no answers where they can be told apart.
#[test]
fn announcements_do_not_pass_for_answers() {
    let mut probe = probe();
    probe
        .machine
        .send(Message::GetHeaders(locator(Hash::from_bytes([1; 32]))))
        .unwrap();
    probe.machine.send(Message::MemPool).unwrap();
    ask(
        &mut probe,
        Message::GetBlocks(locator(Hash::from_bytes([1; 32]))),
    );
    // Headers that do not follow any block of ours; an inv of both kinds.
    let mut header = [7; 81];
    header[80] = 0;
    probe.tell(&Frame::new("headers", [&[1][..], &header].concat()));
    let mixed = [
        &[2, 2, 0, 0, 0][..],
        &[1; 32],
        &5_u32.to_le_bytes(),
        &[2; 32],
    ];
    probe.tell(&Frame::new("inv", mixed.concat()));
    probe.tell(&Frame::new("inv", [0]));
    assert_eq!(probe.machine.stats().requests_in_flight, 3);
    // No headers at all is what a node says that has none.
    probe.tell(&Frame::new("headers", [0]));
    assert_eq!(probe.machine.stats().requests_in_flight, 2);
    probe.tell(&inv(2, [1; 32]));
    probe.tell(&inv(1, [1; 32]));
    assert_eq!(probe.machine.stats().requests_in_flight, 0);
}

/// BIP157: a `cfilter` for every block of the range; each of them is progress, the one for the stop hash the end.
#[test]
fn cfilters_are_owed_up_to_the_stop_hash() {
    let mut probe = probe();
    let range = FilterRange {
        filter_type: 0,
        start_height: 1,
        stop: BlockHash::from_bytes([5; 32]),
    };
    ask(&mut probe, Message::GetCFilters(range));
    let cfilter = |filter_type: u8, block: [u8; 32]| {
        Frame::new("cfilter", [&[filter_type][..], &block, &[1, 0]].concat())
    };
    for block in 1..5 {
        assert_eq!(probe.wait(SECOND * 29).len(), 0);
        probe.tell(&cfilter(0, [block; 32]));
        probe.tell(&cfilter(1, [5; 32]));
    }
    assert_eq!(probe.machine.stats().requests_in_flight, 1);
    probe.tell(&cfilter(0, [5; 32]));
    assert_eq!(probe.machine.stats().requests_in_flight, 0);
}

#[test]
fn cfilters_without_end_do_not_extend_a_request_for_ever() {
    let mut probe = probe();
    let range = FilterRange {
        filter_type: 0,
        start_height: 1,
        stop: BlockHash::from_bytes([5; 32]),
    };
    ask(&mut probe, Message::GetCFilters(range));
    let cfilter = Frame::new("cfilter", [&[0][..], &[1; 32], &[1, 0]].concat());
    for _ in 0..1_000 {
        probe.tell(&cfilter);
    }
    let mut ended = None;
    for second in 1..=40 {
        probe.tell(&cfilter);
        ended = ended.or_else(|| end(&probe.wait(SECOND)).cloned().map(|why| (second, why)));
    }
    assert_eq!(ended, Some((30, stalled(RequestKind::GetCFilters))));
}

/// A compact block that is too old comes whole, and so do transactions of one (PROTOCOL 1.8).
#[test]
fn a_whole_block_answers_who_asked_for_a_part() {
    let block_txn = GetBlockTxn {
        block_hash: block_hash().into(),
        indexes: IndexList::from_indexes([0]).unwrap(),
    };
    for request in [
        getdata([(InvKind::CompactBlock, block_hash())]),
        Message::GetBlockTxn(Box::new(block_txn)),
    ] {
        let mut probe = probe();
        ask(&mut probe, request);
        probe.tell(&frame(MessageKind::Block));
        assert_eq!(probe.machine.stats().requests_in_flight, 0);
    }
}

/// What the application does not take makes the remote guilty of nothing.
#[test]
fn time_in_which_we_do_not_listen_does_not_count() {
    let mut probe = probe();
    ask(
        &mut probe,
        getdata([(InvKind::Wtx, Hash::from_bytes([1; 32]))]),
    );
    probe.polls = false;
    // Fills the window: nothing more is read.
    let flood = Frame::new("whatever", vec![0; 1_000])
        .to_bytes()
        .repeat(100);
    probe.say(&flood);
    assert!(!probe.machine.wants_read());
    assert_eq!(end(&probe.wait(SECOND * 300)), None);
    probe.polls = true;
    probe.heard();
    assert!(probe.machine.wants_read());
    assert_eq!(end(&probe.wait(SECOND * 29)), None);
    let late = probe.wait(SECOND * 2);
    assert_eq!(end(&late), Some(&stalled(RequestKind::Transactions)));
}

/// The answer had arrived in time, and the application looks late.
#[test]
fn an_answer_that_waits_to_be_polled_is_in_time() {
    let mut probe = probe();
    ask(&mut probe, getdata([(InvKind::Wtx, wtxid())]));
    probe.polls = false;
    probe.tell(&frame(MessageKind::Tx));
    probe.wait(SECOND * 100);
    probe.polls = true;
    let heard = probe.wait(SECOND * 100);
    assert_eq!((delivered(&heard), end(&heard)), (vec!["tx".into()], None));
}

#[test]
fn it_can_be_switched_off() {
    let mut config = exact(config());
    config.timeouts.requests = RequestTimeouts::OFF;
    let mut probe = Probe::negotiated(config, Link::outbound());
    for (_, request, ..) in requests() {
        probe.machine.send(request).unwrap();
    }
    probe.read();
    probe.heard();
    assert_eq!(probe.machine.deadline(), None);
    assert_eq!(probe.wait(SECOND * 86_400).len(), 0);
    assert_eq!(probe.machine.stats().requests_in_flight, 0);
}

#[test]
fn a_request_encoded_once_for_many_is_watched_like_any_other() {
    let config = exact(config());
    let request = getdata([(InvKind::Wtx, wtxid())]);
    let once = EncodedMessage::new(request, &config, TxEncoding::Witness).unwrap();
    let mut probe = Probe::negotiated(config, Link::outbound());
    probe.machine.send_encoded(&once).unwrap();
    probe.read();
    assert_eq!(probe.machine.stats().requests_in_flight, 1);
}

#[test]
fn a_greeting_is_watched_too() {
    let mut config = exact(config());
    config.greeting = vec![Message::MemPool];
    let mut probe = Probe::negotiated(config, Link::outbound());
    let late = probe.wait(SECOND * 30);
    assert!(matches!(&late[..], [Event::Unanswered(what)] if what.ticket.is_none()));
}

/// What was not sent is owed nothing; after the end nothing is.
#[test]
fn the_end_forgets_what_was_owed() {
    let mut probe = probe();
    for (_, request, ..) in requests() {
        probe.machine.send(request).unwrap();
    }
    probe.read();
    assert!(probe.machine.memory_held() > 0);
    probe.machine.hung_up(HangUp::EndOfStream, probe.now);
    let events = probe.heard();
    assert_over(&mut probe, &events);
}

/// Limits of what is watched: beyond them requests are sent all the same, and counted.
#[test]
fn so_many_requests_are_watched_and_no_more() {
    let mut config = exact(config());
    config.limits.requests_in_flight = 3;
    config.limits.items_in_flight = 5;
    let mut probe = Probe::negotiated(config, Link::outbound());
    let items = |count: u8, salt: u8| {
        getdata((0..count).map(move |i| (InvKind::Block, Hash::from_bytes([i ^ salt; 32]))))
    };
    probe.machine.send(items(4, 0)).unwrap();
    ask(&mut probe, items(2, 0x80));
    let stats = probe.machine.stats();
    assert_eq!((stats.requests_in_flight, stats.requests_unwatched), (1, 1));
    for _ in 0..3 {
        probe.machine.send(Message::MemPool).unwrap();
    }
    probe.read();
    let stats = probe.machine.stats();
    assert_eq!((stats.requests_in_flight, stats.requests_unwatched), (3, 2));
    assert_eq!(unanswered(&probe.wait(SECOND * 30)).len(), 3);
}

/// A full `getdata` and a remote that answers with everything but what was asked: bounded memory, and time that grows
/// no faster than the bytes.
#[test]
fn fifty_thousand_items_and_four_times_as_many_wrong_answers() {
    let mut probe = probe();
    let id = |i: u32| {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&i.to_le_bytes());
        id
    };
    ask(
        &mut probe,
        getdata((0..50_000).map(|i| (InvKind::Tx, Hash::from_bytes(id(i))))),
    );
    assert!(
        probe.machine.memory_held() < 8_000_000,
        "{}",
        probe.machine.memory_held()
    );
    let wrong = |round: u32| {
        let mut payload = compact_size(50_000);
        for i in 0..50_000 {
            payload.extend([1, 0, 0, 0]);
            payload.extend(id(1_000_000 + round * 50_000 + i));
        }
        Frame::new("notfound", payload)
    };
    for round in 0..4 {
        probe.tell(&wrong(round));
    }
    assert_eq!(probe.machine.stats().requests_in_flight, 1);
    let late = probe.wait(SECOND * 30);
    assert_eq!(end(&late), Some(&stalled(RequestKind::Transactions)));
    assert_over(&mut probe, &late);
}

#[test]
fn clocks_may_jump_while_something_is_owed() {
    for now in [Timestamp::ZERO, Timestamp::MAX] {
        let mut probe = probe();
        for (_, request, ..) in requests() {
            probe.machine.send(request).unwrap();
        }
        probe.read();
        probe.heard();
        probe.machine.tick(now);
        let events = probe.heard();
        if now == Timestamp::ZERO {
            assert_eq!(events.len(), 0);
            assert!(probe.is_alive());
        } else {
            assert_eq!(end(&events), Some(&stalled(RequestKind::Transactions)));
        }
    }
    // From the end of time nothing is ever due after its span.
    let mut probe = Probe::at(exact(config()), Link::outbound(), Timestamp::MAX);
    probe.tell(&VersionPayload::default().frame());
    probe.tell(&Frame::empty("verack"));
    ask(&mut probe, Message::MemPool);
    probe.machine.tick(Timestamp::MAX);
    let _ = probe.heard();
    assert!(!probe.machine.is_closed());
}

/// The coarse grain rounds up: never early, at most one grain late.
#[test]
fn the_grain_makes_deadlines_later_and_never_earlier() {
    let mut config = exact(config());
    config.timeouts.grain = Duration::from_millis(100);
    let start = peer_tests::script::START.saturating_add(Duration::from_micros(30_001));
    let mut probe = Probe::at(config, Link::outbound(), start);
    probe.tell(&VersionPayload::default().frame());
    probe.tell(&Frame::empty("verack"));
    probe.read();
    ask(&mut probe, Message::MemPool);
    let due = start.saturating_add(SECOND * 30);
    let deadline = probe.machine.deadline().unwrap();
    assert!(deadline >= due && deadline.saturating_since(due) < Duration::from_millis(100));
}

/// Everything that answers, in a stream cut at every size: the same requests are answered.
#[test]
fn answers_are_recognised_however_the_stream_is_cut() {
    let mut stream = Vec::new();
    for (_, _, answer, _) in requests() {
        stream.extend(answer.to_bytes());
    }
    for size in [1, 7, 23, 24, 25, 79, 103, 1_000, 4_096] {
        let mut probe = probe();
        for (_, request, ..) in requests() {
            probe.machine.send(request).unwrap();
        }
        probe.read();
        for piece in Bytes::from(stream.clone()).chunks(size) {
            probe.say(piece);
        }
        assert_eq!(probe.machine.stats().requests_in_flight, 0, "{size}");
    }
}
