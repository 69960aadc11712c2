//! Events, taken and judged; and the messages that are sent so that there are some.

use bytes::Bytes;
use peer_core::message::{CommandName, Message};
use peer_core::{DisconnectReason, Event};
use peer_tests::script::Frame;

use crate::adapter::{End, Heard};
use crate::watch::PATIENCE;

/// The next event; `None` after the last.
pub(crate) fn take(end: &impl End) -> Option<Event> {
    match end.next_event(PATIENCE) {
        Heard::Event(event) => Some(event),
        Heard::Over => None,
        Heard::Nothing => panic!("nothing happens"),
    }
}

/// Takes events up to the end of the handshake.
pub(crate) fn until_negotiated(end: &impl End) {
    loop {
        match take(end).expect("it goes on") {
            Event::Negotiated => return,
            Event::Disconnected { reason, .. } => panic!("disconnected: {reason}"),
            _ => {}
        }
    }
}

/// The next message that is not the machine's own.
pub(crate) fn next_message(end: &impl End) -> Message {
    loop {
        match take(end).expect("it goes on") {
            Event::Message { message, .. } if !is_own(&message) => return message,
            Event::Disconnected { reason, .. } => panic!("disconnected: {reason}"),
            _ => {}
        }
    }
}

/// The rest of a connection.
#[derive(Debug)]
pub(crate) struct Rest {
    /// Messages that came, but for the machine's own.
    pub(crate) messages: Vec<Message>,
    /// Acts of the remote that broke a rule, in words.
    pub(crate) misbehavior: Vec<String>,
    /// Whether the handshake came to its end.
    pub(crate) negotiated: bool,
    /// Why it ended.
    pub(crate) reason: DisconnectReason,
}

/// Takes events to the end, which must come once and last.
pub(crate) fn to_the_end(end: &impl End) -> Rest {
    let (mut messages, mut misbehavior, mut negotiated) = (Vec::new(), Vec::new(), false);
    let reason = loop {
        match take(end).expect("the end is told") {
            Event::Negotiated => negotiated = true,
            Event::Message { message, .. } if !is_own(&message) => messages.push(message),
            Event::Misbehavior(act) => misbehavior.push(act.kind.to_string()),
            Event::Disconnected { reason, .. } => break reason,
            _ => {}
        }
    };
    if let Some(event) = take(end) {
        panic!("after the end: {event:?}");
    }
    assert_eq!(end.closed(), reason, "everyone hears the same");
    Rest {
        messages,
        misbehavior,
        negotiated,
        reason,
    }
}

/// What machines send of their own accord.
fn is_own(message: &Message) -> bool {
    matches!(
        message,
        Message::Ping(_) | Message::Pong(_) | Message::WtxidRelay | Message::SendAddrV2
    )
}

/// The command of messages with a number in them.
pub(crate) const NUMBERED: &str = "numbered";

/// The payload of `len` bytes at least that has a number at its front, and the same number in every byte after it.
fn payload(number: u32, len: usize) -> Vec<u8> {
    let mut payload = number.to_le_bytes().to_vec();
    payload.resize(len.max(payload.len()), number as u8);
    payload
}

/// A message with a number in it.
pub(crate) fn numbered(number: u32, len: usize) -> Message {
    Message::Unknown {
        command: CommandName::new(NUMBERED).unwrap(),
        payload: Bytes::from(payload(number, len)),
    }
}

/// The same as a plain socket says it.
pub(crate) fn numbered_frame(number: u32, len: usize) -> Frame {
    Frame::new(NUMBERED, payload(number, len))
}

/// Fails unless the messages are the numbered ones from `first` on, so many, whole and in order.
pub(crate) fn assert_numbered(messages: &[Message], first: u32, count: usize, len: usize) {
    for (number, message) in (first..).zip(messages) {
        assert_same(message, &numbered(number, len));
    }
    assert_eq!(messages.len(), count);
}

/// Compares without printing megabytes.
pub(crate) fn assert_same(came: &Message, wanted: &Message) {
    assert!(
        came == wanted,
        "came {:.200}, wanted {:.200}",
        format!("{came:?}"),
        format!("{wanted:?}")
    );
}
