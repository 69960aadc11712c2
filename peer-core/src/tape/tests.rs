//! What is written is read again as it was; the layout is that of the documentation. Whole sessions are in the crate of
//! the tests.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use alloc::{boxed::Box, format};
use core::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::input::{Begin, put_time};
use super::value::{In, Out, Unreadable, Value, put_varint, unzigzag, varint, zigzag};
use super::*;
use crate::message::{
    CommandName, DraftLocator, GetCFHeaders, InvKind, InvVect, Locator, Message, Ping, Reject,
    RejectCode, Text, UserAgent,
};
use crate::network::{BlockId, HeaderHash, Network};
use crate::wire::{
    AddrEntry, Address, BlockHash, BlockHeader, Hash, ServiceFlags, TxEncoding, TxFormat, TxView,
    Txid, Wtxid,
};
use crate::{
    Announcement, Command, Config, EncodedMessage, Event, Garbage, HangUp, Link, Outgoing,
    PeerMachine, Purpose, SendError, Timestamp, TransportPolicy, Trickle,
};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

fn config() -> Config {
    Config::with_secret(Network::REGTEST, [7; 32])
}

fn recorded(config: Config, link: Link) -> TapedMachine {
    TapedMachine::from_seed(Arc::new(config), link, NOW, [5; 32])
}

/// Steps until there are none.
fn replay(mut replayer: Replayer, tape: &[u8]) -> Result<(Vec<Step>, Replayer), TapeError> {
    replayer.feed(tape);
    let mut steps = Vec::new();
    while let Some(step) = replayer.step()? {
        steps.push(step);
    }
    replayer.finish()?;
    Ok((steps, replayer))
}

/// Written, and written again after it was read.
fn written<T: Value>(value: &T) -> Vec<u8> {
    let mut out = Out::new(Network::REGTEST, 70_016);
    value.put(&mut out);
    assert!(!out.is_impossible);
    out.bytes
}

fn again<T: Value>(value: &T, network: Network) -> T {
    let bytes = written(value);
    let mut from = In::new(&bytes, network);
    let read = T::take(&mut from).unwrap();
    assert!(from.rest.is_empty());
    assert_eq!(written(&read), bytes);
    read
}

/// From the definition of LEB128, of which varints are the unsigned kind.
#[test]
fn varints_are_leb128() {
    let known: [(u64, &[u8]); 6] = [
        (0, &[0]),
        (127, &[0x7f]),
        (128, &[0x80, 0x01]),
        (624_485, &[0xe5, 0x8e, 0x26]),
        (1 << 63, &[128, 128, 128, 128, 128, 128, 128, 128, 128, 1]),
        (u64::MAX, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
    ];
    for (number, bytes) in known {
        let mut out = Vec::new();
        put_varint(&mut out, number);
        assert_eq!(out, bytes);
        let mut rest = bytes;
        assert_eq!(varint(&mut rest), Ok(Some(number)));
        assert!(rest.is_empty());
        for cut in 0..bytes.len() {
            assert_eq!(varint(&mut &bytes[..cut]), Ok(None));
        }
    }
    // Longer than need be, and more than 64 bits.
    for bytes in [
        &[0x80, 0x00][..],
        &[0xff; 10],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
    ] {
        assert_eq!(varint(&mut &bytes[..]), Err(Unreadable("varint")));
    }
    for (signed, unsigned) in [(0, 0), (-1, 1), (1, 2), (-2, 3), (i64::MIN, u64::MAX)] {
        assert_eq!((zigzag(signed), unzigzag(unsigned)), (unsigned, signed));
    }
}

/// No field has the value that it has by default, so none can be forgotten unseen.
fn odd_config() -> Config {
    let mut config = config();
    config.protocol_version = 70_001;
    config.minimum_version = 7;
    config.services = ServiceFlags(0x0123_4567_89ab_cdef);
    config.required_services = ServiceFlags(5);
    config.user_agent = UserAgent::from_bytes(Bytes::from_static(b"/odd:\xff/"));
    config = config.like_btcd();
    for flag in [
        &mut config.relay,
        &mut config.proxy,
        &mut config.send_addr_v2,
        &mut config.wtxid_relay,
        &mut config.review_version,
        &mut config.allow_self_connection,
        &mut config.raw_events,
        &mut config.v2.admission,
    ] {
        *flag = !*flag;
    }
    config.greeting = vec![
        Message::GetAddr,
        Message::Ping(Ping::new(3)),
        Message::Unknown {
            command: CommandName::new("odd").unwrap(),
            payload: Bytes::from_static(b"odd"),
        },
    ];
    config.transport = TransportPolicy::V1;
    config.v2.garbage = Garbage::Fixed(Bytes::from_static(b"garbage"));
    config.v2.decoys = vec![1, 1_000];
    config.limits.send_high = usize::MAX;
    config.timeouts.idle = None;
    config.timeouts.flush = Duration::new(3, 999_999_999);
    config.trickle = Trickle::Poisson {
        inbound: Duration::from_micros(1),
        outbound: Duration::MAX,
        per_flush: 3,
    };
    config
}

#[test]
fn settings_come_back_as_they_were() {
    for config in [config(), config().like_core(), odd_config()] {
        let read = again(&config, Network::MAINNET);
        assert_eq!(read.secret, config.secret);
        assert_eq!(read.network, config.network);
        assert_eq!(read.user_agent, config.user_agent);
        assert_eq!(read.greeting, config.greeting);
        assert_eq!(read.addr_rate_limit, config.addr_rate_limit);
        assert_eq!(read.v2, config.v2);
        assert_eq!(read.strictness, config.strictness);
        assert_eq!(read.limits, config.limits);
        assert_eq!(read.timeouts, config.timeouts);
        assert_eq!(read.trickle, config.trickle);
        assert_eq!(format!("{read:?}"), format!("{config:?}"));
    }
    for network in Network::ALL {
        assert_eq!(again(network, Network::MAINNET), *network);
    }
    let v6 = "[fe80::1%7]:18555".parse().unwrap();
    let link = Link::outbound()
        .with_id(u64::MAX)
        .with_purpose(Purpose::Feeler)
        .with_remote("203.0.113.7:8333".parse().unwrap())
        .with_local(v6)
        .with_remote_services(ServiceFlags(9))
        .with_start_height(-1)
        .with_transport(TransportPolicy::V1);
    assert_eq!(again(&link, Network::MAINNET), link);
}

fn other_hash(header: &[u8; BlockHeader::SIZE]) -> [u8; 32] {
    Sha256::digest(header).into()
}

#[test]
fn what_a_tape_cannot_hold_of_a_network_is_given() {
    let mut mine = Network::REGTEST;
    mine.name = "mine";
    mine.v2_salt = "my salt";
    mine.block_id = BlockId::ByVersion {
        above: 6,
        older: Some(HeaderHash(other_hash)),
    };
    assert_eq!(again(&mine, mine), mine);

    let mut machine = recorded(Config::with_secret(mine, [7; 32]), Link::inbound());
    let tape = machine.end_tape();
    let needed = TapeError::NetworkNeeded { offset: 11 };
    assert_eq!(replay(Replayer::new(), &tape).unwrap_err(), needed);
    let (_, replayer) = replay(Replayer::new().on(mine), &tape).unwrap();
    assert_eq!(replayer.machine().unwrap().config().network, mine);

    // The name alone is no reason to refuse a tape.
    let mut named = Network::REGTEST;
    named.name = "mine";
    let mut machine = recorded(Config::with_secret(named, [7; 32]), Link::inbound());
    let (_, replayer) = replay(Replayer::new(), &machine.end_tape()).unwrap();
    assert_eq!(
        replayer.machine().unwrap().config().network.name,
        "recorded"
    );
}

fn address(address: Address) -> AddrEntry {
    AddrEntry {
        time: 7,
        services: ServiceFlags(1 << 40),
        address,
        port: 0xfffe,
    }
}

/// A transaction with one input, one output and one item of witness.
fn segwit() -> Message {
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 1];
    bytes.extend([[7; 32].as_slice(), &[0; 4], &[0], &[0xff; 4]].concat());
    bytes.extend([[1].as_slice(), &[0; 8], &[0], &[1, 1, 9], &[0; 4]].concat());
    Message::Tx(TxView::from_bytes(bytes.into(), TxFormat::Bitcoin).unwrap())
}

/// One of each, and of each kind of part.
fn commands() -> Vec<Command> {
    let hash = |byte| BlockHash::from_bytes([byte; 32]);
    let locator = || Locator {
        version: 3,
        hashes: [hash(1), hash(2)].into_iter().collect(),
        stop: hash(3),
    };
    let reject = || Reject {
        message: Text::new(Bytes::from_static(b"tx")),
        code: RejectCode::DUST,
        reason: Text::new(Bytes::from_static(b"\xff")),
        hash: Some(Hash::from_bytes([4; 32])),
    };
    let addresses = vec![
        address(Address::Ipv4([1; 4])),
        address(Address::Ipv6([2; 16])),
        address(Address::TorV2([3; 10])),
        address(Address::TorV3([4; 32])),
        address(Address::I2p([5; 32])),
        address(Address::Cjdns([6; 16])),
        address(Address::Yggdrasil([7; 16])),
    ];
    // What it says is less than the message, which has a witness.
    let encoded = |encoding| EncodedMessage::new(segwit(), &config(), encoding).unwrap();
    vec![
        Command::Send(Message::Ping(Ping::new(9)).into()),
        Command::Send(Outgoing::Message(Message::MemPool, TxEncoding::Base)),
        Command::Send(Outgoing::Encoded(encoded(TxEncoding::Full))),
        Command::Send(Outgoing::Encoded(encoded(TxEncoding::Witness))),
        Command::Send(Outgoing::Encoded(encoded(TxEncoding::Base))),
        Command::PushAddr(addresses.clone()),
        Command::PushAddrV2(addresses.clone()),
        Command::AnswerGetAddr(addresses),
        Command::PushGetBlocks(Box::new(locator())),
        Command::PushGetHeaders(Box::new(locator())),
        Command::PushReject(Box::new(reject())),
        Command::AcceptVersion,
        Command::RefuseVersion(None),
        Command::RefuseVersion(Some(Box::new(reject()))),
        Command::AdmitV2,
        Command::RefuseV2,
        Command::SendDecoy(u32::MAX),
        Command::Disconnect,
        Command::Abort,
        Command::Announce(Announcement::Tx {
            txid: Txid::from_bytes([1; 32]),
            wtxid: Wtxid::from_bytes([2; 32]),
            fee_rate: Some(1_000),
        }),
        Command::Announce(Announcement::Block {
            header: BlockHeader::from_bytes(&[9; 80]),
        }),
        Command::Announce(InvVect::new(InvKind::Other(77), Hash::from_bytes([1; 32])).into()),
        Command::AddKnownInventory(InvVect::new(InvKind::MwebTx, Hash::from_bytes([1; 32]))),
        Command::UpdateLastBlockHeight(i32::MIN),
        Command::UpdateLastAnnouncedBlock(hash(8)),
    ]
}

#[test]
fn commands_come_back_as_they_were() {
    for command in commands() {
        let read = again(&command, Network::REGTEST);
        assert_eq!(format!("{read:?}"), format!("{command:?}"));
    }
}

/// A ping of before BIP31 has no nonce on the wire, and the application gave it one.
#[test]
fn messages_keep_what_their_own_version_leaves_out() {
    let mut out = Out::new(Network::REGTEST, 209);
    let ping = Message::Ping(Ping::new(9));
    ping.put(&mut out);
    let mut from = In::new(&out.bytes, Network::REGTEST);
    assert_eq!(Message::take(&mut from), Ok(ping));
}

#[test]
fn a_message_that_no_wire_has_is_refused_and_left_out() {
    let draft = GetCFHeaders::Draft(Box::new(DraftLocator {
        hashes: core::iter::empty().collect(),
        stop: BlockHash::ALL_ZERO,
        filter_type: 0,
    }));
    let message = Message::GetCFHeaders(draft);
    let mut out = Out::new(Network::REGTEST, 70_016);
    message.put(&mut out);
    assert!(out.is_impossible);
    let mut machine = recorded(config(), Link::inbound());
    assert!(matches!(
        machine.send(message.clone()),
        Err(SendError::Encode(_))
    ));
    assert!(machine.is_recorded());
    let (steps, _) = replay(Replayer::new(), &machine.end_tape()).unwrap();
    assert!(steps.is_empty());

    // A full queue hands it back and owes `Writable` afterwards: that is a change, and the recording stops.
    let mut config = config();
    config.limits.send_low = 0;
    config.limits.send_high = 1;
    let mut machine = recorded(config, Link::inbound());
    machine.send(Message::GetAddr).unwrap();
    assert!(matches!(machine.send(message), Err(SendError::Full(_))));
    assert!(!machine.is_recorded());
    let error = replay(Replayer::new(), &machine.take_tape()).unwrap_err();
    assert!(matches!(error, TapeError::Gap { gap: Gap::Unwritable, offset } if offset > 100));
}

/// Laid out by hand from the table of the documentation.
#[test]
fn the_layout_is_the_documented_one() {
    let mut machine = recorded(config(), Link::inbound());
    let begin = machine.take_tape();
    machine.tick(Timestamp::from_micros(NOW.as_micros() + 300));
    machine.tick(NOW);
    machine.inbound();
    let ticks = machine.take_tape();
    let end = machine.end_tape();

    assert_eq!(begin[..9], *b"PeerTape\x01");
    let mut body = &begin[9..];
    let length = varint(&mut body).unwrap().unwrap() as usize;
    let (records, seal) = body.split_at(length);
    let head: [u8; 32] = Sha256::digest(b"PeerTape\x01").into();
    let sealed = |before: [u8; 32], records: &[u8]| -> [u8; 32] {
        Sha256::new()
            .chain_update(before)
            .chain_update(records)
            .finalize()
            .into()
    };
    let first = sealed(head, records);
    assert_eq!(seal, &first[..8]);
    assert_eq!(records[0], 0);

    // Two ticks, of +300 and -300 microseconds: kind, length, zigzag varint, witness.
    let records = &ticks[1..ticks.len() - 8];
    assert_eq!(ticks[0] as usize, records.len());
    assert_eq!(records[..4], [6, 2, 0xd8, 0x04]);
    assert_eq!(records[8..12], [6, 2, 0xd7, 0x04]);
    assert_eq!(records[16..], [1, 0]);
    let second = sealed(first, records);
    assert_eq!(ticks[ticks.len() - 8..], second[..8]);
    let third = sealed(second, &[11, 0]);
    assert_eq!(end, [&[2, 11, 0], &third[..8]].concat());
}

#[test]
fn every_call_is_made_again_and_comes_to_the_same() {
    let mut machine = recorded(
        config(),
        Link::outbound().with_transport(TransportPolicy::V1),
    );
    for (index, command) in commands().into_iter().enumerate() {
        let now = Timestamp::from_micros(NOW.as_micros() + index as u64);
        let _ = machine.command(command);
        let lent = machine.outbound().len();
        machine.sent(lent / 2, now);
        machine.receive(b"\xfa\xbf\xb5\xda", now);
        machine.poll_progress();
        machine.tick(now);
        machine.poll_event();
        if index == 2 {
            machine.hung_up(HangUp::EndOfStream, now);
        }
    }
    let (steps, replayer) = replay(Replayer::new(), &machine.end_tape()).unwrap();
    let again = replayer.machine().unwrap();
    assert_eq!(again.stats(), machine.stats());
    assert_eq!(again.is_closed(), machine.is_closed());
    assert!(steps.iter().any(|step| matches!(&step.output, Output::Sent(bytes) if bytes.starts_with(&Network::REGTEST.magic))));
    let ends =
        |step: &&Step| matches!(step.output, Output::Event(Some(Event::Disconnected { .. })));
    assert_eq!(steps.iter().filter(ends).count(), 1);
    assert_eq!(replayer.recorded_by(), Some(env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_machine_that_differs_diverges_where_it_does() {
    // A tape that claims other words than those that the seed leads to.
    let link = Link::outbound().with_transport(TransportPolicy::V1);
    let fresh = PeerMachine::from_seed(Arc::new(config()), link, NOW, [5; 32]);
    let mut other = recorder::Writer::new();
    other.record(
        input::Kind::Begin,
        &Begin::put(&config(), &link, NOW, [5; 32]),
    );
    other.witness.hear(&witness::Said::Nothing, &fresh);
    other.mark();
    let mut out = Out::new(Network::REGTEST, 0);
    other.record(input::Kind::Outbound, &out);
    put_time(NOW, &mut { NOW }, &mut out);
    out.varint(1_000);
    other.record(input::Kind::Sent, &out);
    other
        .witness
        .hear(&witness::Said::Sent(b"other words"), &fresh);
    other.mark();
    other.end();
    let error = replay(Replayer::new(), &other.take()).unwrap_err();
    let TapeError::Diverged {
        number,
        call,
        offset,
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!((number, call), (2, "sent"));
    assert!(offset > 200);
}

#[test]
fn a_recording_that_nobody_takes_stops() {
    let mut config = config();
    config.limits.send_high = usize::MAX;
    let mut machine = recorded(config, Link::inbound());
    let message = |len| Message::Unknown {
        command: CommandName::new("filler").unwrap(),
        payload: Bytes::from(vec![0; len]),
    };
    let mut sent = 0;
    while machine.is_recorded() {
        machine.send(message(3_000_000)).unwrap();
        sent += 1;
        assert!(machine.untaken() <= MAX_UNTAKEN + 100);
        assert!(sent < 100);
    }
    let before = machine.untaken();
    machine.tick(NOW);
    assert_eq!(machine.untaken(), before, "nothing more is written");
    let error = replay(Replayer::new().within(usize::MAX), &machine.take_tape()).unwrap_err();
    assert!(
        matches!(
            error,
            TapeError::Gap {
                gap: Gap::Untaken,
                ..
            }
        ),
        "{error}"
    );
}

/// Windows that are lent and given back leave records too.
#[test]
fn blocks_end_in_time_whatever_is_called() {
    let mut machine = recorded(config(), Link::inbound());
    for _ in 0..200_000 {
        machine.outbound();
    }
    let tape = machine.end_tape();
    assert!(tape.len() > 6 * recorder::BLOCK);
    let (steps, _) = replay(Replayer::new(), &tape).unwrap();
    assert_eq!(steps.len(), 200_000);
}

/// Settings that no validation has seen.
#[test]
fn extreme_settings_are_replayed_within_bounds() {
    let mut wild = odd_config();
    wild.limits.known_inventory = usize::MAX;
    wild.limits.inventory_queue = usize::MAX;
    wild.limits.pings_in_flight = usize::MAX;
    wild.limits.provoked = 0;
    wild.limits.early_payload = u32::MAX;
    wild.timeouts.grain = Duration::MAX;
    wild.timeouts.negotiation = Duration::ZERO;
    wild.network.max_payload = u32::MAX;
    wild.network.header_entry_len = usize::MAX;
    wild.addr_rate_limit = Some(Default::default());
    for transport in [TransportPolicy::V1, TransportPolicy::Auto] {
        wild.transport = transport;
        for link in [Link::inbound(), Link::outbound()] {
            let mut machine = recorded(wild.clone(), link);
            machine.tick(Timestamp::MAX);
            machine.receive(&[0xfa; 3_000], Timestamp::MAX);
            while machine.poll_event().is_some() {}
            let lent = machine.outbound().len();
            machine.sent(lent, Timestamp::MAX);
            let (tape, stats) = (machine.end_tape(), machine.stats());
            let info = allocation_counter::measure(|| {
                let (_, replayer) = replay(Replayer::new(), &tape).unwrap();
                assert_eq!(replayer.machine().unwrap().stats(), stats);
            });
            assert!(info.bytes_max < 1_000_000, "{}", info.bytes_max);
        }
    }
}

#[test]
fn not_recorded_it_is_the_machine_itself() {
    let machine = PeerMachine::from_seed(Arc::new(config()), Link::inbound(), NOW, [5; 32]);
    let mut machine = TapedMachine::from(machine);
    machine.receive(b"rubbish", NOW);
    machine.poll_event();
    assert!(!machine.is_recorded());
    assert_eq!(
        (machine.untaken(), machine.take_tape(), machine.end_tape()),
        (0, vec![], vec![])
    );
    let extra = size_of::<TapedMachine>() - size_of::<PeerMachine>();
    assert!(extra <= size_of::<usize>());
}

#[test]
fn tapes_may_follow_one_another() {
    let mut tape = recorded(config(), Link::inbound()).end_tape();
    let length = tape.len();
    tape.extend(recorded(config(), Link::outbound()).end_tape());
    let (_, replayer) = replay(Replayer::new(), &tape).unwrap();
    assert!(!replayer.machine().unwrap().link().is_inbound());
    tape.extend(b"more");
    let error = replay(Replayer::new(), &tape).unwrap_err();
    assert_eq!(
        error,
        TapeError::NotATape {
            offset: tape.len() as u64 - 4
        }
    );
    tape.truncate(length + 3);
    let error = replay(Replayer::new(), &tape).unwrap_err();
    assert_eq!(
        error,
        TapeError::Truncated {
            offset: length as u64
        }
    );
    tape[8] = 2;
    let error = replay(Replayer::new(), &tape).unwrap_err();
    assert_eq!(
        error,
        TapeError::Version {
            offset: 0,
            version: 2
        }
    );
}

/// A tape of records made by anyone, correctly sealed.
fn sealed(records: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut tape = recorded(config(), Link::inbound());
    let mut tape = tape.take_tape();
    let mut first = &tape[9..];
    let length = varint(&mut first).unwrap().unwrap() as usize;
    let mut seals = recorder::Seals::default();
    seals.next(&first[..length]);
    let mut block = Vec::new();
    for (kind, body) in records {
        block.push(*kind);
        value::put_run(&mut block, body);
        block.extend_from_slice(&[0; 4]);
    }
    value::put_run(&mut tape, &block);
    tape.extend_from_slice(&seals.next(&block));
    tape
}

/// Short commands that make much of little.
#[test]
fn claims_cost_no_memory() {
    let huge = |number: u64| {
        let mut body = vec![1];
        put_varint(&mut body, number);
        body
    };
    let mut bodies: Vec<Vec<u8>> = [0, 1, 100, u64::from(u32::MAX), u64::MAX].map(huge).into();
    bodies.push([11, 0xff, 0xff, 0xff, 0xff, 0x0f].to_vec());
    for kind in 0..=12 {
        for body in &bodies {
            let tape = sealed(&[(kind, body.clone())]);
            let info = allocation_counter::measure(|| {
                assert!(replay(Replayer::new(), &tape).is_err());
            });
            assert!(
                info.bytes_max < 100_000,
                "{kind} {body:?}: {}",
                info.bytes_max
            );
        }
    }
    // A block that claims more than there can be, and one that claims to be as long as it may.
    for length in [u64::MAX, 33_000_000] {
        let mut tape = recorded(config(), Link::inbound()).take_tape();
        put_varint(&mut tape, length);
        let info = allocation_counter::measure(|| {
            assert!(replay(Replayer::new(), &tape).is_err());
        });
        assert!(info.bytes_max < 100_000, "{}", info.bytes_max);
    }
}

/// Decoys are made of nothing but their length.
#[test]
fn decoys_are_weighed_before_they_are_made() {
    let mut greedy = config();
    greedy.v2.decoys = vec![1 << 31; 100];
    let mut out = Begin::put(&greedy, &Link::inbound(), NOW, [5; 32]);
    out.is_impossible = false;
    let mut tape = recorder::Writer::new();
    assert!(tape.record(input::Kind::Begin, &out));
    tape.mark();
    let error = replay(Replayer::new(), &tape.take()).unwrap_err();
    assert_eq!(error, TapeError::TooMuchMemory { offset: 11 });
}

proptest! {
    /// Any bytes, bare and as the body of any record.
    #[test]
    fn no_tape_makes_it_panic(kind in 0_u8..13, body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = replay(Replayer::new(), &body);
        let mut headed = b"PeerTape\x01".to_vec();
        headed.extend_from_slice(&body);
        let _ = replay(Replayer::new(), &headed);
        let error = replay(Replayer::new(), &sealed(&[(kind, body)])).unwrap_err();
        prop_assert!(error.offset() > 0, "{}", error);
    }

    #[test]
    fn commands_of_any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut from = In::new(&body, Network::REGTEST);
        if let Ok(command) = Command::take(&mut from) {
            let read = body.len() - from.rest.len();
            prop_assert_eq!(written(&command).len(), read);
        }
    }
}
