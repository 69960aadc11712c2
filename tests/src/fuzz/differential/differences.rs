//! Where this crate and `bitcoin` read the same bytes differently, and why each is meant to be so.
//!
//! `fuzz/README.md` has the same table in words. Every row has examples that show that the difference is still there.

use bitcoin::p2p::message::NetworkMessage;
use bytes::Bytes;
use peer_core::message::{
    DecodeError, DecodeErrorKind, Decoded, FeeFilter, Message, MessageKind, VersionTail,
};
use peer_core::wire::{AddrV2Record, TxView};

use super::examples::{
    addrv2, bare_transaction, counts, strings, version_saying, wherever_transactions_are,
};
use super::{Case, Disagreement, Refusal, Verdicts};
use crate::script::VersionPayload;

/// Who accepts a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This crate alone.
    Ours,
    /// `bitcoin` alone.
    Theirs,
}

/// One way in which the two may disagree.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    /// What it is called in `fuzz/README.md`.
    pub name: &'static str,
    /// How they disagree.
    pub how: Disagreement,
    /// Whether what is refused, or accepted, is refused or accepted for this.
    cause: fn(&Verdicts) -> bool,
    /// Messages over which the two disagree for this and nothing else.
    pub examples: fn() -> Vec<Case>,
}

impl Difference {
    /// Whether this is why they disagree.
    #[must_use]
    pub fn explains(&self, how: Disagreement, verdicts: &Verdicts) -> bool {
        self.how == how && (self.cause)(verdicts)
    }
}

const OURS: Disagreement = Disagreement::Accepted(Side::Ours);
const THEIRS: Disagreement = Disagreement::Accepted(Side::Theirs);

/// All of them. The first that explains a disagreement is the one that is named.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        name: "trailing bytes",
        how: OURS,
        cause: |verdicts| matches!(verdicts.ours, Ok(Decoded { trailing, .. }) if trailing > 0),
        examples: || {
            vec![
                Case::new(MessageKind::Verack, &[0][..]),
                Case::new(MessageKind::Ping, &[0; 9][..]),
            ]
        },
    },
    Difference {
        name: "short version",
        how: OURS,
        cause: |verdicts| matches!(message(verdicts), Some(Message::Version(version)) if version.tail < VersionTail::Relay),
        examples: || {
            let whole = VersionPayload::default().to_bytes();
            let ends = [46, 72, 80, whole.len() - 5, whole.len() - 1];
            let cut = |end: usize| Case::new(MessageKind::Version, whole[..end].to_vec());
            ends.into_iter().map(cut).collect()
        },
    },
    Difference {
        name: "text that is not UTF-8",
        how: OURS,
        cause: |verdicts| match message(verdicts) {
            Some(Message::Version(version)) => is_no_text(version.user_agent.as_bytes()),
            Some(Message::Reject(reject)) => {
                is_no_text(reject.message.as_bytes()) || is_no_text(reject.reason.as_bytes())
            }
            _ => false,
        },
        examples: || {
            let hash = [0; 32];
            vec![
                version_saying(b"\xff"),
                Case::new(
                    MessageKind::Reject,
                    [b"\x01\xff\x10\x00", &hash[..]].concat(),
                ),
                Case::new(
                    MessageKind::Reject,
                    [b"\x00\x10\x01\xff", &hash[..]].concat(),
                ),
            ]
        },
    },
    Difference {
        name: "unnamed reject code",
        how: OURS,
        cause: |verdicts| {
            const NAMED: [u8; 8] = [0x01, 0x10, 0x11, 0x12, 0x40, 0x41, 0x42, 0x43];
            matches!(message(verdicts), Some(Message::Reject(reject)) if !NAMED.contains(&reject.code.0))
        },
        examples: || {
            let payload = [b"\x02tx\x44\x00", &[0; 32][..]].concat();
            vec![Case::new(MessageKind::Reject, payload)]
        },
    },
    Difference {
        name: "reject without a hash",
        how: OURS,
        cause: |verdicts| matches!(message(verdicts), Some(Message::Reject(reject)) if reject.hash.is_none()),
        examples: || vec![Case::new(MessageKind::Reject, &b"\x07version\x11\x00"[..])],
    },
    Difference {
        name: "fee rate out of range",
        how: OURS,
        cause: |verdicts| matches!(message(verdicts), Some(Message::FeeFilter(filter)) if !filter.is_in_money_range()),
        examples: || {
            let rates = [-1, i64::MIN, FeeFilter::MAX_FEE_RATE + 1];
            let case = |rate: i64| Case::new(MessageKind::FeeFilter, rate.to_le_bytes().to_vec());
            rates.into_iter().map(case).collect()
        },
    },
    Difference {
        name: "unnamed bloom flags",
        how: OURS,
        cause: |verdicts| matches!(message(verdicts), Some(Message::FilterLoad(filter)) if filter.update.0 > 2),
        examples: || {
            vec![Case::new(
                MessageKind::FilterLoad,
                &b"\x01\xff\x01\0\0\0\0\0\0\0\x03"[..],
            )]
        },
    },
    Difference {
        name: "transaction of nothing",
        how: OURS,
        cause: |verdicts| {
            message(verdicts).is_some_and(|message| {
                transactions(message).iter().any(|transaction| {
                    transaction.inputs().len() == 0 && transaction.outputs().len() == 0
                })
            })
        },
        examples: || {
            let nothing = [2, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            wherever_transactions_are(&nothing)
        },
    },
    Difference {
        name: "addrv2 entry to be ignored",
        how: OURS,
        cause: |verdicts| {
            let ignored = |record: AddrV2Record<'_>| {
                matches!(record.network, 2 | 6) && record.entry().is_none()
            };
            matches!(message(verdicts), Some(Message::AddrV2(list)) if list.records().any(ignored))
        },
        examples: || {
            let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4];
            let mut onion = [7; 16];
            onion[..6].copy_from_slice(&[0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43]);
            vec![
                addrv2(2, &mapped),
                addrv2(2, &onion),
                // CJDNS begins with fc.
                addrv2(6, &[0xfd; 16]),
            ]
        },
    },
    Difference {
        name: "alert with its signature",
        how: OURS,
        cause: |verdicts| matches!(message(verdicts), Some(Message::Alert(_))),
        examples: || vec![Case::new(MessageKind::Alert, &b"\x02ab\x01c"[..])],
    },
    Difference {
        name: "alert without a signature",
        how: THEIRS,
        cause: |verdicts| {
            matches!(
                refusal(verdicts),
                Some(DecodeError {
                    message: MessageKind::Alert,
                    field: "signature",
                    ..
                })
            )
        },
        examples: || vec![Case::new(MessageKind::Alert, &b"\x02ab"[..])],
    },
    Difference {
        name: "count above the limit",
        how: THEIRS,
        cause: |verdicts| refusal(verdicts).is_some_and(|error| error.is_limit()),
        examples: counts,
    },
    Difference {
        name: "string above the limit",
        how: THEIRS,
        cause: |verdicts| {
            let text = |error: DecodeError| {
                let has_limit = matches!(
                    (error.message, error.field),
                    (MessageKind::Version, "user agent")
                        | (MessageKind::Reject, "message" | "reason")
                        | (MessageKind::MerkleBlock, "flags")
                        | (MessageKind::CFilter, "filter")
                        | (MessageKind::Alert, "body")
                );
                has_limit && matches!(error.kind, DecodeErrorKind::SizeAboveLimit { .. })
            };
            refusal(verdicts).is_some_and(text)
        },
        examples: strings,
    },
    Difference {
        name: "witness flag without inputs",
        how: THEIRS,
        cause: |verdicts| {
            let superfluous =
                |error: DecodeError| error.kind == DecodeErrorKind::SuperfluousWitness;
            refusal(verdicts).is_some_and(superfluous)
        },
        examples: || {
            // Marker, flag, no inputs, one output of nothing.
            let outputs = [
                2, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            ];
            wherever_transactions_are(&outputs)
        },
    },
    Difference {
        name: "position above 65,535",
        how: THEIRS,
        cause: |verdicts| {
            let position = |error: DecodeError| {
                matches!(error.field, "indexes" | "prefilled index")
                    && matches!(error.kind, DecodeErrorKind::InvalidValue { .. })
            };
            refusal(verdicts).is_some_and(position)
        },
        examples: || {
            let hash = [0; 32];
            let ask = [&hash[..], &[1, 0xfe, 0, 0, 1, 0]].concat();
            let transaction = bare_transaction();
            let far = [0xfd, 0xff, 0xff];
            let parts = [
                &[0; 88][..],
                &[0, 2],
                &far,
                &transaction,
                &[0],
                &transaction,
            ];
            vec![
                Case::new(MessageKind::GetBlockTxn, ask),
                Case::new(MessageKind::CmpctBlock, parts.concat()),
            ]
        },
    },
    Difference {
        name: "length of a Yggdrasil address",
        how: THEIRS,
        cause: |verdicts| {
            matches!(
                (refusal(verdicts), &verdicts.theirs),
                (
                    Some(DecodeError { message: MessageKind::AddrV2, field: "address", .. }),
                    Ok(NetworkMessage::AddrV2(list))
                ) if list.iter().any(|entry| {
                    matches!(&entry.addr, bitcoin::p2p::address::AddrV2::Unknown(7, bytes) if bytes.len() != 16)
                })
            )
        },
        examples: || vec![addrv2(7, &[2; 15]), addrv2(7, &[2; 17])],
    },
    Difference {
        name: "command that is not printable",
        how: THEIRS,
        cause: |verdicts| matches!(verdicts.ours, Err(Refusal::Command(_))),
        examples: || {
            let case = |command: &[u8; 12]| Case {
                command: *command,
                payload: Bytes::new(),
            };
            vec![case(b"ping\0pong\0\0\0"), case(b"pi\ng\0\0\0\0\0\0\0\0")]
        },
    },
    Difference {
        name: "relay byte above 1",
        how: Disagreement::Rewritten,
        cause: |verdicts| matches!(message(verdicts), Some(Message::Version(version)) if version.relay.is_wanted()),
        examples: || {
            let mut payload = VersionPayload::default().to_bytes();
            *payload.last_mut().unwrap() = 0x17;
            vec![Case::new(MessageKind::Version, payload)]
        },
    },
    Difference {
        name: "messages that bitcoin does not know",
        how: Disagreement::Unknown,
        cause: |verdicts| {
            let kind = match verdicts.ours {
                Ok(ref decoded) => decoded.message.kind(),
                Err(Refusal::Payload(error)) => Some(error.message),
                Err(Refusal::Command(_)) => None,
            };
            matches!(kind, Some(MessageKind::SendTxRcncl | MessageKind::Feature))
        },
        examples: || {
            vec![
                Case::new(MessageKind::SendTxRcncl, &[1; 12][..]),
                Case::new(MessageKind::SendTxRcncl, &[1][..]),
                Case::new(MessageKind::Feature, &b"\x04test\x00"[..]),
            ]
        },
    },
];

fn message(verdicts: &Verdicts) -> Option<&Message> {
    verdicts.ours.as_ref().ok().map(|decoded| &decoded.message)
}

fn refusal(verdicts: &Verdicts) -> Option<DecodeError> {
    match verdicts.ours {
        Err(Refusal::Payload(error)) => Some(error),
        _ => None,
    }
}

fn is_no_text(bytes: &[u8]) -> bool {
    core::str::from_utf8(bytes).is_err()
}

fn transactions(message: &Message) -> Vec<TxView> {
    match message {
        Message::Tx(transaction) => vec![transaction.clone()],
        Message::Block(block) => block.transactions().collect(),
        Message::BlockTxn(answer) => answer.transactions.iter().collect(),
        Message::CmpctBlock(block) => block.prefilled.iter().map(|tx| tx.transaction).collect(),
        _ => Vec::new(),
    }
}
