//! What one remote does concerns nobody else, and what is said twice does no more harm than what is said once.

use alloc::sync::Arc;

use peer_core::message::{InvKind, InvVect, Inventory, Message};
use peer_core::network::Network;
use peer_core::wire::Hash;
use peer_core::{Link, Purpose};
use peer_tests::script::{Frame, list};

use crate::Probe;
use crate::matrix::samples;
use crate::support::{INV_ENTRY, Preset, Reaction, Stage, filterload, reaction};

/// V24 (CVE-2024-35202), row 107: every message comes twice, answers that nobody asked for among them. What the second
/// leads to is what a message of its kind leads to at any time.
#[test]
fn every_message_may_come_twice() {
    for preset in Preset::ALL {
        for (kind, payload) in samples() {
            let frame = Frame::new(kind.command().as_str(), payload);
            let mut config = preset.config();
            config.addr_rate_limit = None;
            let mut probe = Stage::Up.probe(config, Link::inbound());
            probe.tell(&filterload());
            let first = reaction(&mut probe, Stage::Up, &frame.to_bytes());
            if matches!(first, Reaction::End(_)) {
                continue;
            }
            let held = probe.machine.memory_held();
            let second = reaction(&mut probe, Stage::Up, &frame.to_bytes());
            // A filter that is cleared is not there to be cleared again (row 77).
            let is_gone = matches!(second, Reaction::End(_)) && frame.name() == "filterclear";
            assert!(first == second || is_gone, "{kind} {preset:?}: {second:?}");
            assert!(probe.machine.memory_held() <= held, "{kind} {preset:?}");
        }
    }
}

/// V25 (CVE-2024-52921), row 111: two connections of one configuration. Whatever one remote says, the other is owed what
/// it was owed, asked what it was asked, and lives.
#[test]
fn what_one_remote_says_concerns_nobody_else() {
    for preset in Preset::ALL {
        let wanted = InvVect::new(InvKind::Tx, Hash::from_bytes([0xab; 32]));
        let wanted = Inventory::new(&Network::REGTEST, [wanted]).unwrap();
        let mut bystander = Probe::negotiated(preset.config(), Link::outbound());
        bystander.machine.send(Message::GetData(wanted)).unwrap();
        bystander.read();
        let before = format!("{:?}", bystander.machine.stats());
        for (kind, payload) in samples() {
            // The same configuration, and the same objects as the other one was asked for.
            let config = Arc::clone(bystander.machine.config());
            let mut other = Probe::negotiated((*config).clone(), Link::inbound());
            other.tell(&Frame::new("notfound", list(1, &INV_ENTRY)));
            other.tell(&Frame::new(kind.command().as_str(), payload));
            other.machine.abort();
        }
        assert_eq!(format!("{:?}", bystander.machine.stats()), before);
        assert!(bystander.is_alive(), "{preset:?}");
    }
}

/// Rows 41 to 43, 81, 82, 86, 91 and 106: the application hears the question, and what it answers leaves; also that it has
/// nothing.
#[test]
fn questions_are_the_applications_to_answer() {
    for preset in Preset::ALL {
        let mut probe = Probe::negotiated(preset.config(), Link::inbound());
        for kind in [1_u32, 2, 3, 4, 0x4000_0001, 0x4000_0002] {
            let mut entry = INV_ENTRY;
            entry[..4].copy_from_slice(&kind.to_le_bytes());
            let question = Frame::new("getdata", list(1, &entry));
            let events = probe.tell(&question);
            let Some(Message::GetData(list)) = events.iter().find_map(|event| match event {
                peer_core::Event::Message { message, .. } => Some(message),
                _ => None,
            }) else {
                panic!("{kind:#x} {preset:?}: {events:?}");
            };
            probe.machine.send(Message::NotFound(list.clone())).unwrap();
            let answer = probe.read();
            assert_eq!(answer.len(), 1, "{kind:#x} {preset:?}");
            assert_eq!(answer[0].name(), "notfound");
            assert_eq!(answer[0].payload, question.payload);
        }
        assert!(probe.is_alive());
    }
}

/// V20: one frame leads to a message and to what is odd about it, and no more is told at a time.
#[test]
fn a_frame_is_a_few_events() {
    for preset in Preset::ALL {
        for (kind, payload) in samples() {
            let frame = Frame::new(kind.command().as_str(), payload);
            for link in [
                Link::inbound(),
                Link::outbound().with_purpose(Purpose::AddressFetch),
            ] {
                let mut probe = Probe::negotiated(preset.config(), link);
                let events = probe.tell(&frame);
                assert!(events.len() <= 3, "{kind} {preset:?}: {events:?}");
            }
        }
    }
}

v1_only! {
    /// Row 16, V46: eighty frames of 4 MB, one after the other. Each is heard and forgotten, and the remote that sent them has
    /// its ping answered between any two.
    #[test]
    fn a_flood_of_the_largest_frames_holds_one_at_a_time() {
        let large = Frame::new("filler", vec![0x5a; 4_000_000]).to_bytes();
        for (preset, count) in Preset::ALL.into_iter().zip([80, 5, 5]) {
            let mut probe = Probe::negotiated(preset.config(), Link::inbound());
            for _ in 0..count {
                let mut heard = 0;
                for piece in large.chunks(65_536) {
                    heard += probe.say(piece).len();
                    assert!(probe.machine.memory_held() <= 4_000_000 + 4_000_000 / 3 + 64 * 1_024);
                }
                assert_eq!((heard, probe.machine.memory_held()), (1, 0));
                assert!(probe.is_alive());
            }
        }
    }
}
