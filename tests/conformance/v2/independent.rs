//! The `bip324` crate at the other end, which shares nothing with the library but the paper: handshakes in both roles,
//! and more packets each way than a key lasts.

use bip324::{
    CipherSession, GarbageResult, Handshake, Initialized, PacketType, Role, VersionResult,
};
use peer_core::{Event, Link, TransportKind};
use peer_tests::script::{Frame, REGTEST, VersionPayload};

use super::remote::{Probe, config};
use crate::support::delivered;

/// Shakes hands with the machine: key and garbage, terminator, decoys and version packet.
fn shake(probe: &mut Probe, garbage: &[u8], decoys: &[&[u8]]) -> (CipherSession, Vec<u8>) {
    let role = if probe.machine.link().is_inbound() {
        Role::Initiator
    } else {
        Role::Responder
    };
    let mut hello = vec![0; Handshake::<Initialized>::send_key_len(Some(garbage))];
    let handshake = Handshake::<Initialized>::new(REGTEST, role).unwrap();
    let handshake = handshake.send_key(Some(garbage), &mut hello).unwrap();
    probe.say_raw(&hello);
    let heard = core::mem::take(&mut probe.wire.heard);
    let (key, rest) = heard.split_first_chunk::<64>().unwrap();
    let handshake = handshake.receive_key(*key).unwrap();
    let mut flight = vec![0; Handshake::<bip324::ReceivedKey<'_>>::send_version_len(Some(decoys))];
    let handshake = handshake.send_version(&mut flight, Some(decoys)).unwrap();
    probe.say_raw(&flight);
    let GarbageResult::FoundGarbage {
        mut handshake,
        consumed_bytes,
    } = handshake.receive_garbage(rest).ok().unwrap()
    else {
        panic!("the machine ends its garbage");
    };
    let mut rest = rest[consumed_bytes..].to_vec();
    loop {
        let length = rest[..3].try_into().unwrap();
        let length = handshake.decrypt_packet_len(length).unwrap();
        let mut packet = rest[3..3 + length].to_vec();
        rest.drain(..3 + length);
        match handshake.receive_version(&mut packet).ok().unwrap() {
            VersionResult::Complete { cipher } => return (cipher, rest),
            VersionResult::Decoy(more) => handshake = more,
        }
    }
}

fn message(command: &str, payload: &[u8]) -> Vec<u8> {
    [&[0], &Frame::empty(command).command[..], payload].concat()
}

/// Contents of all packets in `bytes`.
fn open(session: &mut CipherSession, mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut contents = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<3>() {
        let length = session.inbound().decrypt_packet_len(*length);
        let (packet, after) = rest.split_at(length);
        let (kind, opened) = session.inbound().decrypt_to_vec(packet, None).unwrap();
        assert_eq!(kind, PacketType::Genuine);
        // The header stands first.
        contents.push(opened[1..].to_vec());
        bytes = after;
    }
    contents
}

#[test]
fn another_implementation_in_both_roles() {
    for link in [Link::inbound(), Link::outbound()] {
        for garbage in [vec![], vec![1], vec![9; 4_095]] {
            let mut settings = config();
            settings.v2.decoys = vec![3, 0, 5_000];
            let mut probe = Probe::new(settings, link);
            let decoys = [&b"decoy"[..], &[0; 10_000]];
            let (mut session, rest) = shake(&mut probe, &garbage, &decoys);
            assert_eq!(probe.machine.transport(), Some(TransportKind::V2));
            let stats = probe.machine.stats();
            assert_eq!(stats.session_id.as_ref(), Some(session.id()));
            assert_eq!(stats.decoys_received, 2);
            let mut said = open(&mut session, &rest);

            let version = message("version", &VersionPayload::default().frame().payload);
            for contents in [version, message("verack", b"")] {
                let packet = session.outbound();
                let packet = packet.encrypt_to_vec(&contents, PacketType::Genuine, None);
                probe.say_raw(&packet);
            }
            assert!(probe.machine.is_negotiated());
            let heard = core::mem::take(&mut probe.wire.heard);
            said.extend(open(&mut session, &heard));
            let names: Vec<_> = said.iter().map(|contents| &contents[..13]).collect();
            let known =
                ["version", "wtxidrelay", "sendaddrv2", "verack"].map(|name| message(name, b""));
            assert_eq!(names, known.each_ref().map(Vec::as_slice));
            probe.heard();

            for nonce in 0..700_u64 {
                let ping = [&[18], &nonce.to_le_bytes()[..]].concat();
                let packet = session.outbound();
                let packet = packet.encrypt_to_vec(&ping, PacketType::Genuine, None);
                probe.say_raw(&packet);
                let heard = core::mem::take(&mut probe.wire.heard);
                let pong = [&[19], &nonce.to_le_bytes()[..]].concat();
                assert_eq!(open(&mut session, &heard), [pong]);
            }
            assert_eq!(probe.heard().len(), 700);

            let block = message("filler", &vec![7; 4_000_000]);
            let packet = session.outbound();
            let packet = packet.encrypt_to_vec(&block, PacketType::Genuine, None);
            probe.say_raw(&packet);
            let events = probe.heard();
            assert_eq!(delivered(&events), ["filler"]);
            assert!(matches!(
                events[..],
                [Event::Message {
                    wire_len: 4_000_033,
                    ..
                }]
            ));
        }
    }
}
