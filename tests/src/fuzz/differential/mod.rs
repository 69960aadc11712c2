//! Payloads decoded twice: by this crate, and by the p2p types of the crate `bitcoin`, which share no code with it.
//!
//! Both must accept or both refuse; what both accept must have the same fields, and be written as it came. Where that is
//! not so, the case must be one of [`DIFFERENCES`], each of which says why.
//!
//! The circumstances are fixed, since `bitcoin` knows no others: the main network at 70016. Only `alert`, which that
//! version no longer knows, is read at its last version.

mod differences;
mod examples;
mod fields;

use bitcoin::consensus::encode;
use bitcoin::p2p::message::{NetworkMessage, RawNetworkMessage};
use bytes::Bytes;
use peer_core::message::{
    Codec, CommandName, DecodeError, Decoded, InvalidCommand, Message, MessageKind, MessageLimits,
    TxEncoding,
};
use peer_core::network::Network;

use crate::script::Frame;

pub use self::differences::{DIFFERENCES, Difference, Side};

/// One message, before anybody has read it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The twelve bytes of its name.
    pub command: [u8; 12],
    /// Its payload.
    pub payload: Bytes,
}

/// What this crate may say against a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The name is none.
    Command(InvalidCommand),
    /// The payload is not what the name says.
    Payload(DecodeError),
}

/// What both made of a message.
#[derive(Debug)]
pub struct Verdicts {
    /// This crate.
    pub ours: Result<Decoded, Refusal>,
    /// `bitcoin`.
    pub theirs: Result<NetworkMessage, encode::Error>,
}

/// How the two disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disagreement {
    /// One accepts it.
    Accepted(Side),
    /// Both accept it, and `bitcoin` does not write it as it came.
    Rewritten,
    /// `bitcoin` does not know the message.
    Unknown,
}

const LIMITS: MessageLimits = MessageLimits::DEFAULT;

impl Case {
    /// A message of `kind`.
    #[must_use]
    pub fn new(kind: MessageKind, payload: impl Into<Bytes>) -> Self {
        Self {
            command: kind.command().to_bytes(),
            payload: payload.into(),
        }
    }

    fn codec(&self) -> Codec<'static> {
        let is_alert = self.command == MessageKind::Alert.command().to_bytes();
        let version = if is_alert { 70_012 } else { 70_016 };
        Codec::new(&Network::MAINNET, version, &LIMITS)
    }

    /// Lets both read it.
    #[must_use]
    pub fn verdicts(&self) -> Verdicts {
        let ours = CommandName::from_bytes(self.command)
            .map_err(Refusal::Command)
            .and_then(|command| {
                Message::decode(&command, self.payload.clone(), &self.codec())
                    .map_err(Refusal::Payload)
            });
        let frame = Frame::new("", self.payload.clone()).with_command(self.command);
        let theirs = encode::deserialize::<RawNetworkMessage>(&frame.to_bytes());
        Verdicts {
            ours,
            theirs: theirs.map(RawNetworkMessage::into_payload),
        }
    }

    /// How the two disagree, if they do. Where the message of this crate ends before the payload, what is before its end.
    ///
    /// # Panics
    ///
    /// If a field differs, or this crate does not write what it read.
    #[must_use]
    pub fn disagreement(&self, verdicts: &Verdicts) -> Option<Disagreement> {
        let (ours, theirs) = match (&verdicts.ours, &verdicts.theirs) {
            (Err(_), Err(_)) => return None,
            (_, Ok(NetworkMessage::Unknown { .. })) if self.is_known() => {
                return Some(Disagreement::Unknown);
            }
            (Ok(_), Err(_)) => return Some(Disagreement::Accepted(Side::Ours)),
            (Err(_), Ok(_)) => return Some(Disagreement::Accepted(Side::Theirs)),
            (Ok(ours), Ok(theirs)) => (ours, theirs),
        };
        assert_eq!(ours.trailing, 0, "bitcoin takes no trailing bytes");
        fields::compare(&ours.message, theirs);
        let written = ours.message.payload(&self.codec(), TxEncoding::Full);
        assert_eq!(written.unwrap(), self.payload, "not written as it was read");
        (encode::serialize(theirs) != *self.payload).then_some(Disagreement::Rewritten)
    }

    /// Whether this crate knows the message in these circumstances.
    fn is_known(&self) -> bool {
        CommandName::from_bytes(self.command)
            .ok()
            .and_then(|command| MessageKind::from_command(&command))
            .is_some_and(|kind| self.codec().knows(kind))
    }
}

/// The first byte is a row of the table of messages, the second is free (it is the version in `message`, whose seeds are
/// good for this target too), the rest is the payload. If the first byte is 0xff, the payload begins behind a name of
/// twelve bytes.
pub fn differential(input: &[u8]) {
    let mut case = match input {
        [0xff, _, rest @ ..] => match rest.split_first_chunk() {
            Some((command, payload)) => Case {
                command: *command,
                payload: Bytes::copy_from_slice(payload),
            },
            None => return,
        },
        [kind, _, payload @ ..] => {
            let kind = MessageKind::ALL[usize::from(*kind) % MessageKind::ALL.len()];
            Case::new(kind, Bytes::copy_from_slice(payload))
        }
        _ => return,
    };
    explain(&case);
    // Trailing bytes explain everything; without them there may be more.
    if let Ok(Decoded { trailing, .. }) = case.verdicts().ours
        && trailing > 0
    {
        case.payload.truncate(case.payload.len() - trailing);
        explain(&case);
    }
}

/// What explains the disagreement over `case`: the name of a difference, or `None` if the two agree.
///
/// # Panics
///
/// If nothing does.
pub fn explain(case: &Case) -> Option<&'static str> {
    let verdicts = case.verdicts();
    let how = case.disagreement(&verdicts)?;
    let found = DIFFERENCES
        .iter()
        .find(|difference| difference.explains(how, &verdicts));
    match found {
        Some(difference) => Some(difference.name),
        None => panic!("{how:?}: {case:?}\n{verdicts:?}"),
    }
}
