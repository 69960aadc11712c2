use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::message::CommandName;
use crate::transport::v1::HEADER_LEN;

const MAGIC: [u8; 4] = *b"test";

fn command(name: &str) -> CommandName {
    CommandName::new(name).expect("a name")
}

/// A message of `size` bytes of payload, claimed by ticket `number` if that is not zero.
fn parcel(name: &str, size: usize, number: u64) -> Parcel {
    Parcel {
        kind: MessageKind::from_command(&command(name)),
        command: command(name),
        payload: Payload::new(Bytes::from(vec![7; size])),
        checksum: None,
        ticket: NonZeroU64::new(number).map(Ticket),
        token: 0,
        provoked: name == "pong",
        is_decoy: false,
    }
}

/// The commands in `bytes`, which are whole frames.
fn commands(mut bytes: &[u8]) -> Vec<CommandName> {
    let mut names = Vec::new();
    while let Some(header) = bytes.first_chunk::<HEADER_LEN>() {
        let header = super::super::v1::Header::parse(header);
        assert_eq!(header.magic, MAGIC);
        names.push(CommandName::from_bytes(header.command).expect("a name"));
        bytes = &bytes[HEADER_LEN + header.length as usize..];
    }
    assert!(bytes.is_empty());
    names
}

/// Takes everything, at most `portion` bytes at once.
fn drain(outbox: &mut Outbox, portion: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        outbox.stage();
        let lent = outbox.lend();
        bytes.extend(lent.slices().flatten().take(portion));
        let n = portion.min(lent.len());
        if outbox.sent(n) == 0 {
            return bytes;
        }
    }
}

fn names(bytes: &[u8]) -> Vec<alloc::string::String> {
    use alloc::string::ToString;
    commands(bytes).iter().map(ToString::to_string).collect()
}

#[test]
fn lanes_leave_one_after_the_other() {
    let mut outbox = Outbox::new(MAGIC, false);
    outbox.push(Lane::Data, parcel("getaddr", 0, 1));
    outbox.push(Lane::Control, parcel("pong", 8, 0));
    outbox.push(Lane::Handshake, parcel("version", 86, 0));
    outbox.push(Lane::Handshake, parcel("verack", 0, 0));
    outbox.push(Lane::Data, parcel("mempool", 0, 2));
    let bytes = drain(&mut outbox, usize::MAX);
    assert_eq!(
        names(&bytes),
        ["version", "verack", "pong", "getaddr", "mempool"]
    );
}

#[test]
fn control_frames_stay_behind_a_waiting_sendcmpct_and_no_longer() {
    let mut outbox = Outbox::new(MAGIC, false);
    outbox.push(Lane::Data, parcel("sendcmpct", 9, 1));
    outbox.push(Lane::Control, parcel("pong", 8, 0));
    outbox.push(Lane::Data, parcel("sendcmpct", 9, 2));
    outbox.push(Lane::Control, parcel("ping", 8, 0));
    let bytes = drain(&mut outbox, usize::MAX);
    assert_eq!(names(&bytes), ["sendcmpct", "pong", "sendcmpct", "ping"]);
    outbox.push(Lane::Data, parcel("getaddr", 0, 3));
    outbox.push(Lane::Control, parcel("pong", 8, 0));
    let bytes = drain(&mut outbox, usize::MAX);
    assert_eq!(names(&bytes), ["pong", "getaddr"]);
}

/// The first pong stays behind the `sendcmpct`; once that has left, the second does not pass the first.
#[test]
fn control_frames_never_overtake_each_other() {
    let mut outbox = Outbox::new(MAGIC, false);
    outbox.push(Lane::Data, parcel("sendcmpct", 9, 1));
    // More than a window, so that the pong behind it stays in its lane.
    outbox.push(Lane::Data, parcel("filler", 100_000, 2));
    outbox.push(Lane::Control, parcel("pong", 8, 0));
    outbox.stage();
    outbox.push(Lane::Control, parcel("ping", 8, 0));
    let bytes = drain(&mut outbox, usize::MAX);
    assert_eq!(names(&bytes), ["sendcmpct", "filler", "pong", "ping"]);
    outbox.push(Lane::Data, parcel("getaddr", 0, 3));
    outbox.push(Lane::Control, parcel("pong", 8, 0));
    let bytes = drain(&mut outbox, usize::MAX);
    assert_eq!(names(&bytes), ["pong", "getaddr"]);
}

#[test]
fn frames_count_until_their_last_byte_has_left() {
    let mut outbox = Outbox::new(MAGIC, false);
    outbox.push(Lane::Data, parcel("filler", 300, 1));
    outbox.push(Lane::Control, parcel("pong", 8, 0));
    assert_eq!((outbox.queued(), outbox.provoked()), (324 + 32, 32));
    outbox.stage();
    assert_eq!(outbox.sent(31), 31);
    assert_eq!(outbox.next_departed(), None);
    assert_eq!((outbox.queued(), outbox.provoked()), (324 + 32, 32));
    assert_eq!(outbox.sent(1), 1);
    let pong = outbox.next_departed().expect("all of it has left");
    assert_eq!((pong.kind, pong.ticket), (Some(MessageKind::Pong), None));
    assert_eq!((outbox.queued(), outbox.provoked()), (324, 0));
    assert_eq!(outbox.sent(usize::MAX), 324, "never more than was lent");
    let filler = outbox.next_departed().expect("all of it has left");
    assert_eq!((filler.kind, filler.ticket), (None, Some(Ticket::FIRST)));
    assert_eq!((outbox.queued(), outbox.next_departed()), (0, None));
    assert!(outbox.is_empty());
    assert_eq!(outbox.held(), 0);
}

#[test]
fn portions_of_any_size_are_the_same_stream() {
    let fill = |outbox: &mut Outbox| {
        for (number, size) in (1..).zip([0, 29, 30, 31, 255, 256, 257, 70_000, 1, 66_000]) {
            outbox.push(Lane::Data, parcel("filler", size, number));
        }
    };
    let mut outbox = Outbox::new(MAGIC, false);
    fill(&mut outbox);
    let whole = drain(&mut outbox, usize::MAX);
    while outbox.next_departed().is_some() {}
    assert_eq!(commands(&whole).len(), 10);
    for portion in [1, 23, 24, 25, 256, 4_096, 65_536] {
        fill(&mut outbox);
        assert!(drain(&mut outbox, portion) == whole, "{portion}");
        let departed = core::iter::from_fn(|| outbox.next_departed());
        let tickets = departed.filter_map(|departed| departed.ticket.map(Ticket::number));
        assert!(tickets.eq(1..=10), "{portion}");
    }
}

/// What is staged can no longer be overtaken, so no more than a window of it is, one frame beyond it at most.
#[test]
fn only_a_window_is_staged() {
    let mut outbox = Outbox::new(MAGIC, false);
    for number in 1..=100 {
        outbox.push(Lane::Data, parcel("filler", 10_000, number));
    }
    outbox.stage();
    let staged = outbox.lend().len();
    assert!((65_536..65_536 + 10_024).contains(&staged), "{staged}");
    // Large bodies are shared, not copied.
    let bodies = outbox.lend().slices().filter(|slice| slice.len() == 10_000);
    assert_eq!(bodies.count(), 7);
}

#[test]
fn nothing_leaves_once_it_is_shut() {
    let mut outbox = Outbox::new(MAGIC, true);
    outbox.push(Lane::Data, parcel("filler", 1_000, 1));
    outbox.stage();
    outbox.shut();
    outbox.push(Lane::Handshake, parcel("verack", 0, 0));
    outbox.stage();
    assert!(outbox.is_empty() && outbox.lend().is_empty());
    assert_eq!(outbox.queued(), 0);
    assert!(outbox.is_shut());
    // What was lent may have left: the copies asked for are still told.
    assert!(outbox.next_tapped().is_some());
    assert!(outbox.next_tapped().is_none());
    assert_eq!(outbox.held(), 0);
    assert_eq!(outbox.sent(24), 0);
    assert_eq!(outbox.next_departed(), None);
}

/// A checksum that is known is not computed again; one that is not is that of the payload.
#[test]
fn checksums_are_taken_over_or_computed() {
    let mut outbox = Outbox::new(MAGIC, false);
    let known = Parcel {
        checksum: Some([1, 2, 3, 4]),
        ..parcel("filler", 40, 1)
    };
    outbox.push(Lane::Data, known);
    outbox.push(Lane::Data, parcel("verack", 0, 2));
    let bytes = drain(&mut outbox, usize::MAX);
    assert_eq!(bytes[20..24], [1, 2, 3, 4]);
    // The double SHA-256 of nothing (as in every `verack`).
    assert_eq!(bytes[64 + 20..64 + 24], [0x5d, 0xf6, 0xe0, 0xe2]);
}
