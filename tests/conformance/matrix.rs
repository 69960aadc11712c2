//! V33: every message in every state, both directions, under every preset. Nothing panics, and the reaction is the one
//! that the state and the policy call for.

use crate::Probe;
use peer_core::message::{Codec, MessageKind, Phase};
use peer_core::{DisconnectReason, FrameError, HangUp, Link, Violation};
use peer_tests::capture::{Capture, Way};
use peer_tests::script::{Frame, HEADER_LEN, VersionPayload, compact_size, end};

use crate::support::{Preset, Reaction, Stage, delivered, reaction};
use Reaction::{Deliver, Drop, End};

/// A real payload of every kind, from the captures; what no node sends today is written by hand, and what Bitcoin does not
/// have at all is a byte under that name.
pub(crate) fn samples() -> Vec<(MessageKind, Vec<u8>)> {
    let captures = [
        Capture::load("client-knots-v1/conn-00"),
        Capture::load("client-knots-v1/conn-01"),
        Capture::load("client-knots-v1/conn-06"),
        Capture::load("client-knots-v1/conn-10"),
        Capture::load("knots-knots-v1-recon/conn-00"),
    ];
    let recorded = |kind: MessageKind| {
        for capture in &captures {
            for way in Way::BOTH {
                // With a payload, unless there is none to have (a `ping` of 31800 has none).
                let mut entries = capture.entries(way).iter();
                if let Some(entry) = entries.find(|entry| {
                    entry.command == kind.command().as_str()
                        && (kind != MessageKind::Ping || entry.length == 8)
                }) {
                    let start = entry.offset + HEADER_LEN;
                    return Some(capture.stream(way)[start..start + entry.length].to_vec());
                }
            }
        }
        None
    };
    let all = MessageKind::ALL.iter().map(|kind| {
        let payload = recorded(*kind).unwrap_or_else(|| match kind {
            // BIP61: message, code, reason.
            MessageKind::Reject => b"\x02tx\x10\x03bad".to_vec(),
            // BIP434: identifier, data.
            MessageKind::Feature => b"\x04test\x00".to_vec(),
            other if is_unknown(*other) => vec![0],
            other => panic!("no sample of {other}"),
        });
        (*kind, payload)
    });
    all.collect()
}

/// Not a message on Bitcoin, or not any more: `alert`, the drafts of BIP157, what NavCoin has of its own.
pub(crate) fn is_unknown(kind: MessageKind) -> bool {
    let config = Preset::Default.config();
    !Codec::new(&config.network, 70_016, &config.limits.message).knows(kind)
}

/// What must happen to a well-formed message, by table 2.13 and the phases of the protocol. The machines here advertise
/// 70016, for which `feature` is one more unknown message.
fn expected(kind: MessageKind, length: usize, stage: Stage, preset: Preset) -> Reaction {
    let command = kind.command();
    if length > 1_024 && stage != Stage::Up {
        return match preset {
            Preset::Core => Drop,
            _ => End(DisconnectReason::Frame(FrameError::PayloadTooLarge {
                command: command.to_bytes(),
                length: length as u32,
                limit: 1_024,
            })),
        };
    }
    let strict = |violation: Violation| {
        if preset == Preset::Btcd {
            End(violation.into())
        } else {
            Drop
        }
    };
    match (stage, kind, kind.phase()) {
        (_, MessageKind::Feature, _) => Deliver(1),
        (_, unknown, _) if is_unknown(unknown) => Deliver(1),
        // Why it does not want us.
        (Stage::Fresh, MessageKind::Reject, _) if preset == Preset::Default => Deliver(1),
        (Stage::Greeted | Stage::Up, MessageKind::Version, _) => match preset {
            Preset::Core => Drop,
            _ => End(Violation::DuplicateVersion.into()),
        },
        (Stage::Up, MessageKind::Verack, _) => strict(Violation::DuplicateVerack),
        (Stage::Up, MessageKind::WtxidRelay | MessageKind::SendAddrV2, _) => {
            End(Violation::LateNegotiation { command }.into())
        }
        // The machines here have no filter loaded (row 77, section 1.7).
        (Stage::Up, MessageKind::FilterAdd, _) => End(Violation::NoFilter { command }.into()),
        (Stage::Up, MessageKind::FilterClear, _) if preset == Preset::Btcd => {
            End(Violation::NoFilter { command }.into())
        }
        (Stage::Up, ..) => Deliver(1),
        (Stage::Greeted, _, Phase::Negotiation) => Deliver(1),
        (Stage::Greeted, _, Phase::Opened) if preset != Preset::Btcd => Deliver(1),
        _ => strict(Violation::Early { command }),
    }
}

/// What takes the handshake one step on is no odd message at all.
fn is_next_step(kind: MessageKind, stage: Stage) -> bool {
    matches!(
        (stage, kind),
        (Stage::Fresh, MessageKind::Version) | (Stage::Greeted, MessageKind::Verack)
    )
}

#[test]
fn every_message_at_every_stage_meets_the_policy() {
    let mut cells = 0;
    for (kind, payload) in samples() {
        let frame = Frame::new(kind.command().as_str(), payload.clone()).to_bytes();
        for preset in Preset::ALL {
            for stage in Stage::ALL {
                if is_next_step(kind, stage) {
                    continue;
                }
                for link in [Link::inbound(), Link::outbound()] {
                    let mut probe = stage.probe(preset.config(), link);
                    let got = reaction(&mut probe, stage, &frame);
                    let expected = expected(kind, payload.len(), stage, preset);
                    assert_eq!(
                        got, expected,
                        "{kind} {stage:?} {preset:?} {:?}",
                        link.direction
                    );
                    cells += 1;
                }
            }
        }
    }
    assert_eq!(cells, MessageKind::ALL.len() * 3 * 3 * 2 - 2 * 3 * 2);
}

/// Cut off in the middle of any field, a message is a slip and no more.
#[test]
fn truncated_payloads_of_every_kind_are_forgiven() {
    for (kind, payload) in samples() {
        for cut in [0, 1, payload.len() / 2, payload.len().saturating_sub(1)] {
            let cut = &payload[..cut.min(payload.len())];
            let frame = Frame::new(kind.command().as_str(), cut);
            for stage in Stage::ALL {
                if cut.len() > 1_024 && stage != Stage::Up {
                    continue;
                }
                let mut probe = stage.probe(Preset::Default.config(), Link::inbound());
                let events = probe.tell(&frame);
                // Some are complete all the same: `version` may end early, an empty message is still empty.
                if let Some(reason) = end(&events) {
                    let handshake = matches!(kind.phase(), Phase::Opening | Phase::Negotiation);
                    assert!(handshake, "{kind} {cut:?} {stage:?}: {reason}");
                    assert!(matches!(reason, DisconnectReason::Violation(_)), "{reason}");
                }
            }
        }
    }
}

/// Before its time a message is not judged by what it says: Core ignores it before it reads it.
#[test]
fn early_messages_are_dropped_whatever_they_hold() {
    let claims = [("inv", 50_001), ("headers", 2_001), ("addr", 1_001)];
    for (name, count) in claims {
        let frame = Frame::new(name, compact_size(count)).to_bytes();
        for preset in [Preset::Default, Preset::Core] {
            for stage in [Stage::Fresh, Stage::Greeted] {
                let mut probe = stage.probe(preset.config(), Link::inbound());
                let got = reaction(&mut probe, stage, &frame);
                assert_eq!(got, Drop, "{name} {preset:?} {stage:?}");
            }
        }
    }
}

/// While the application looks at `version`, while the last bytes leave, after the end of the stream and after the end:
/// what the remote says is not heard.
#[test]
fn nobody_hears_what_comes_while_nobody_listens() {
    type State = (&'static str, fn(Link) -> Probe);
    let states: [State; 3] = [
        ("review", |link| {
            let mut config = Preset::Default.config();
            config.review_version = true;
            let mut probe = Probe::new(config, link);
            probe.tell(&VersionPayload::default().frame());
            probe
        }),
        ("closing", |link| {
            let mut probe = Probe::negotiated(Preset::Default.config(), link);
            probe.reads = false;
            probe.tell(&Frame::ping(1));
            probe.machine.disconnect();
            probe.heard();
            assert!(!probe.machine.is_closed() && probe.machine.wants_write());
            probe
        }),
        ("closed", |link| {
            let mut probe = Probe::negotiated(Preset::Default.config(), link);
            probe.machine.hung_up(HangUp::EndOfStream, probe.now);
            probe.heard();
            assert!(probe.machine.is_closed());
            probe
        }),
    ];
    for (kind, payload) in samples() {
        let frame = Frame::new(kind.command().as_str(), payload).to_bytes();
        for (state, prepare) in states {
            for link in [Link::inbound(), Link::outbound()] {
                let mut probe = prepare(link);
                let events = probe.say(&frame);
                assert_eq!(delivered(&events), [""; 0], "{kind} {state}");
                assert_eq!(end(&events), None, "{kind} {state}");
            }
        }
    }
}
