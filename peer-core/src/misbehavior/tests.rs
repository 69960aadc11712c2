//! The table of severities, with the behaviour of Core and btcd that it follows.

use alloc::boxed::Box;

use super::*;
use crate::wire::{DecodeErrorKind, ServiceFlags};
use Severity::{Careless, Forbidden, Harmless, Hostile};

fn command(name: &str) -> CommandName {
    CommandName::new(name).unwrap()
}

fn annoyance(name: &str, annoyance: Annoyance) -> (CommandName, MisbehaviorKind) {
    (command(name), MisbehaviorKind::Annoyance(annoyance))
}

fn violation(violation: Violation) -> (CommandName, MisbehaviorKind) {
    let command = violation.command().unwrap();
    (command, MisbehaviorKind::Violation(violation))
}

fn malformed(malformed: Malformed) -> (CommandName, MisbehaviorKind) {
    let command = malformed.command().unwrap_or_else(|| command("bad"));
    (command, MisbehaviorKind::Malformed(malformed))
}

fn payload(message: MessageKind, kind: DecodeErrorKind) -> (CommandName, MisbehaviorKind) {
    let field = "field";
    malformed(Malformed::Payload(Box::new(DecodeError {
        message,
        field,
        kind,
    })))
}

const TOO_MANY: DecodeErrorKind = DecodeErrorKind::CountAboveLimit { count: 2, limit: 1 };
const CUT: DecodeErrorKind = DecodeErrorKind::UnexpectedEnd {
    needed: 1,
    remaining: 0,
};

/// Bytes that do not mean what they should: PROTOCOL 0.1 and CONFORMANCE 2.1.
#[test]
fn bytes() {
    let magic = FrameError::WrongMagic {
        got: [0; 4],
        expected: [1; 4],
    };
    let length = FrameError::PayloadTooLarge {
        command: command("block").to_bytes(),
        length: 4_000_001,
        limit: 4_000_000,
    };
    let ping = command("ping");
    for ((command, kind), severity, source) in [
        (
            (ping, MisbehaviorKind::Frame(magic)),
            Forbidden,
            "row 3: both disconnect",
        ),
        (
            (ping, MisbehaviorKind::Frame(length)),
            Forbidden,
            "row 5: both disconnect",
        ),
        (
            malformed(Malformed::Checksum { command: ping }),
            Careless,
            "row 4: Core drops",
        ),
        (
            malformed(Malformed::Command { command: [7; 12] }),
            Careless,
            "row 6: Core drops",
        ),
        (
            malformed(Malformed::TrailingBytes {
                command: ping,
                count: 1,
            }),
            Careless,
            "2.13: Core delivers, btcd disconnects",
        ),
        (
            payload(MessageKind::AddrV2, CUT),
            Careless,
            "row 7: Core drops, btcd disconnects",
        ),
        (
            payload(MessageKind::FilterAdd, CUT),
            Careless,
            "0.1: Core drops",
        ),
        (
            payload(MessageKind::Feature, CUT),
            Forbidden,
            "row 124: Core disconnects",
        ),
        (
            payload(MessageKind::Inv, TOO_MANY),
            Hostile,
            "row 11: Misbehaving",
        ),
        (
            payload(MessageKind::GetData, TOO_MANY),
            Hostile,
            "row 12: Misbehaving",
        ),
        (
            payload(MessageKind::Headers, TOO_MANY),
            Hostile,
            "row 13: Misbehaving",
        ),
        (
            payload(MessageKind::Addr, TOO_MANY),
            Hostile,
            "row 59: Misbehaving",
        ),
        (
            payload(MessageKind::AddrV2, TOO_MANY),
            Hostile,
            "row 60: Misbehaving",
        ),
        (
            payload(MessageKind::FilterLoad, TOO_MANY),
            Hostile,
            "row 77: Misbehaving",
        ),
        (
            payload(MessageKind::FilterAdd, TOO_MANY),
            Hostile,
            "row 77: Misbehaving",
        ),
        (
            payload(
                MessageKind::SendCmpct,
                DecodeErrorKind::InvalidValue { value: 2 },
            ),
            Forbidden,
            "row 104: Core disconnects",
        ),
        (
            payload(MessageKind::SendCmpct, CUT),
            Careless,
            "2.13: Core drops",
        ),
        (
            payload(MessageKind::GetHeaders, TOO_MANY),
            Forbidden,
            "row 92: Core disconnects",
        ),
        (
            payload(MessageKind::GetBlocks, TOO_MANY),
            Forbidden,
            "row 92: Core disconnects",
        ),
        (
            payload(MessageKind::NotFound, TOO_MANY),
            Careless,
            "appendix A: Core ignores",
        ),
        (
            payload(MessageKind::GetBlockTxn, TOO_MANY),
            Careless,
            "1.8: Core drops",
        ),
        (
            payload(MessageKind::CFHeaders, TOO_MANY),
            Careless,
            "1.9: Core never asks",
        ),
    ] {
        assert_eq!(
            Misbehavior::new(Some(command), kind).severity,
            severity,
            "{source}"
        );
    }
    // The last of too many is as bad as it was.
    for (kind, severity) in [(CUT, Careless), (TOO_MANY, Hostile)] {
        let (command, kind) = payload(MessageKind::Inv, kind);
        let MisbehaviorKind::Malformed(last) = kind else {
            unreachable!()
        };
        let last = Box::new(last);
        let kind = MisbehaviorKind::Malformed(Malformed::TooMany { limit: 32, last });
        assert_eq!(Misbehavior::new(Some(command), kind).severity, severity);
    }
}

/// Behaviour: PROTOCOL 1.2 to 1.7, CONFORMANCE 2.2 to 2.13. The same under every policy.
#[test]
fn behaviour() {
    let (needed, negotiated) = (70_017, 70_016);
    let service = ServiceFlags::BLOOM;
    let rows = [
        (
            annoyance("version", Annoyance::DuplicateHandshake),
            Some(Violation::DuplicateVersion),
            Harmless,
            "row 2: Core ignores",
        ),
        (
            annoyance("verack", Annoyance::DuplicateHandshake),
            Some(Violation::DuplicateVerack),
            Harmless,
            "row 17: Core ignores",
        ),
        (
            annoyance("ping", Annoyance::Early),
            Some(Violation::Early {
                command: command("ping"),
            }),
            Harmless,
            "rows 22 and 23: Core ignores",
        ),
        (
            annoyance("wtxidrelay", Annoyance::LateNegotiation),
            Some(Violation::LateNegotiation {
                command: command("wtxidrelay"),
            }),
            Forbidden,
            "rows 61 and 121: Core disconnects",
        ),
        (
            annoyance("feature", Annoyance::VersionTooLow),
            Some(Violation::VersionTooLowFor {
                command: command("feature"),
                needed,
                negotiated,
            }),
            Forbidden,
            "row 122: Core disconnects",
        ),
        (
            annoyance("reject", Annoyance::VersionTooLow),
            Some(Violation::VersionTooLowFor {
                command: command("reject"),
                needed,
                negotiated,
            }),
            Harmless,
            "1.2: Core does not know it",
        ),
        (
            annoyance("pong", Annoyance::UnsolicitedPong),
            None,
            Harmless,
            "row 46: both ignore",
        ),
        (
            annoyance("addr", Annoyance::Empty),
            Some(Violation::Empty {
                command: command("addr"),
            }),
            Harmless,
            "2.13: Core delivers",
        ),
        (
            annoyance("tx", Annoyance::UnwantedTransaction),
            Some(Violation::UnwantedTransaction {
                command: command("tx"),
            }),
            Forbidden,
            "row 103: Core disconnects",
        ),
        (
            annoyance("ping", Annoyance::Oversized),
            None,
            Careless,
            "0.1: btcd disconnects",
        ),
        (
            annoyance("mempool", Annoyance::NotServed),
            Some(Violation::NotServed {
                command: command("mempool"),
                service,
            }),
            Forbidden,
            "row 84: Core disconnects",
        ),
        (
            annoyance("getaddr", Annoyance::RepeatedGetAddr),
            None,
            Harmless,
            "row 67: Core ignores it",
        ),
        (
            annoyance("filteradd", Annoyance::NoFilter),
            Some(Violation::NoFilter {
                command: command("filteradd"),
            }),
            Hostile,
            "row 77: Misbehaving",
        ),
        (
            annoyance("filterclear", Annoyance::NoFilter),
            Some(Violation::NoFilter {
                command: command("filterclear"),
            }),
            Harmless,
            "1.7: fine for Core, btcd's server disconnects",
        ),
    ];
    let mut seen = [false; Annoyance::ALL.len()];
    for ((command, kind), fatal, severity, source) in rows {
        let MisbehaviorKind::Annoyance(annoyance) = kind else {
            unreachable!()
        };
        seen[annoyance as usize] = true;
        assert_eq!(
            Misbehavior::new(Some(command), kind).severity,
            severity,
            "{source}"
        );
        if let Some(fatal) = fatal {
            let (culprit, kind) = violation(fatal);
            assert_eq!(culprit, command, "{source}");
            assert_eq!(
                Misbehavior::new(Some(culprit), kind).severity,
                severity,
                "{source}"
            );
        }
        // A thousand of them in a minute are careless at least.
        let limit = 1_000;
        let command = Some(command);
        let often = Violation::Annoying {
            command,
            annoyance,
            limit,
        };
        assert_eq!(often.command(), command);
        let often = Misbehavior::new(command, MisbehaviorKind::Violation(often));
        assert_eq!(often.severity, severity.max(Careless), "{source}");
    }
    assert_eq!(seen, [true; Annoyance::ALL.len()], "every kind has its row");
}

#[test]
fn severities_are_ordered() {
    assert_eq!(Severity::ALL, [Harmless, Careless, Forbidden, Hostile]);
    assert!(Severity::ALL.is_sorted());
}
