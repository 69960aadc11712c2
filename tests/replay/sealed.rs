//! Conversations over v2 whose keys are known: every packet opens, and sealing it again gives the very bytes; and a machine
//! in the place of the program that had the key hears what that program heard, in both roles.

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use flate2::read::GzDecoder;
use peer_core::bip324::{
    ELLSWIFT_LEN, KeyPair, LENGTH_LEN, PACKET_OVERHEAD, PacketOpener, PacketSealer, Role,
    SALT_PREFIX, TERMINATOR_LEN,
};
use peer_core::network::{Network, ServiceFlags};
use peer_core::tape::TapedMachine;
use peer_core::{
    Config, Event, Garbage, HangUp, Link, PeerMachine, RecordedKey, TransportKind, TransportPolicy,
};
use peer_tests::capture::Way;
use peer_tests::link::Cuts;
use peer_tests::script::{REGTEST, START, sha256d};
use peer_tests::tape;
use serde_json::Value;

/// One connection of which one side's key is known.
struct Sealed {
    name: String,
    keys: Value,
    streams: [Vec<u8>; 2],
    /// Of the manifest, in the order of each stream.
    packets: [Vec<Value>; 2],
    /// Contents after the version packet, decoys included.
    plain: [Vec<(Vec<u8>, bool)>; 2],
}

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/data/captures-v2"))
}

fn inflated(path: PathBuf) -> String {
    let mut text = String::new();
    let mut file = GzDecoder::new(File::open(path).unwrap());
    file.read_to_string(&mut text).unwrap();
    text
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    hex(value).try_into().unwrap()
}

impl Sealed {
    /// `leg` is empty where there is one key.
    fn load(folder: &str, number: usize, leg: &str) -> Self {
        let stem = format!("{folder}/conn-{number:02}");
        let at = |ending: &str| root().join(format!("{stem}.{ending}"));
        let keys: Value =
            serde_json::from_str(&fs::read_to_string(at("keys.json")).unwrap()).unwrap();
        let of_leg = |row: &&Value| leg.is_empty() || row["leg"] == leg;
        let (keys, dot) = match leg {
            "" => (keys, ""),
            leg => (keys[leg].clone(), "."),
        };
        let manifest: Vec<Value> = serde_json::from_str(&inflated(at("manifest.json.gz"))).unwrap();
        let plain = inflated(at("plain.jsonl.gz"));
        let plain: Vec<Value> = plain
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let names = ["c2s", "s2c"];
        Self {
            keys,
            streams: names.map(|dir| fs::read(at(&format!("{leg}{dot}{dir}.bin"))).unwrap()),
            packets: names.map(|dir| {
                let rows = manifest.iter().filter(of_leg);
                rows.filter(|row| row["dir"] == dir).cloned().collect()
            }),
            plain: names.map(|dir| {
                let rows = plain.iter().filter(of_leg).filter(|row| row["d"] == dir);
                rows.map(|row| (hex(&row["hex"]), row["ignore"] == true))
                    .collect()
            }),
            name: format!("{stem} {leg}"),
        }
    }

    fn all() -> Vec<Self> {
        let mut all: Vec<_> = (0..14)
            .map(|number| Self::load("client-knots-v2", number, ""))
            .collect();
        for number in 0..6 {
            for leg in ["in", "out"] {
                all.push(Self::load("knots-knots-v2-mitm", number, leg));
            }
        }
        all
    }

    fn role(&self) -> Role {
        if self.keys["initiating"] == true {
            Role::Initiator
        } else {
            Role::Responder
        }
    }

    /// The way that went what the side with the known key said.
    fn ours(&self) -> Way {
        match self.role() {
            Role::Initiator => Way::FromDialler,
            Role::Responder => Way::ToDialler,
        }
    }

    fn pair(&self) -> KeyPair {
        let keys = &self.keys;
        KeyPair::from_parts(array(&keys["our_privkey"]), array(&keys["our_ellswift"])).unwrap()
    }
}

/// The keys that follow from what was recorded are those that were recorded.
#[test]
fn sessions_are_those_that_were_recorded() {
    for sealed in Sealed::all() {
        let theirs: [u8; ELLSWIFT_LEN] = array(&sealed.keys["their_ellswift"]);
        let heard = &sealed.streams[sealed.ours().other() as usize];
        assert!(heard.starts_with(&theirs), "{}", sealed.name);
        let session = sealed
            .pair()
            .agree(&theirs, sealed.role(), SALT_PREFIX, REGTEST);
        let known = |name: &str| hex(&sealed.keys[name]);
        assert_eq!(session.session_id[..], known("session_id"));
        assert_eq!(
            session.send_terminator[..],
            known("send_garbage_terminator")
        );
        assert_eq!(
            session.receive_terminator[..],
            known("recv_garbage_terminator")
        );
    }
}

/// Every packet of both directions, opened and sealed again: the same bytes, rekeying included.
#[test]
fn every_packet_opens_and_is_sealed_to_the_same_bytes() {
    let (mut count, mut decoys) = (0, 0);
    for sealed in Sealed::all() {
        for way in Way::BOTH {
            let (length, packet, garbage) = if way == sealed.ours() {
                ("send_L", "send_P", "our_garbage")
            } else {
                ("recv_L", "recv_P", "their_garbage")
            };
            let keys = (array(&sealed.keys[length]), array(&sealed.keys[packet]));
            let mut opener = PacketOpener::new(&keys.0, &keys.1);
            let mut sealer = PacketSealer::new(&keys.0, &keys.1);
            let garbage = hex(&sealed.keys[garbage]);
            let stream = &sealed.streams[way as usize];
            assert_eq!(stream[ELLSWIFT_LEN..][..garbage.len()], garbage);
            let mut offset = ELLSWIFT_LEN + garbage.len() + TERMINATOR_LEN;
            let mut aad = garbage.as_slice();
            for row in &sealed.packets[way as usize] {
                let at = format!("{} {way:?} {}", sealed.name, row["i"]);
                assert_eq!(row["offset"].as_u64(), Some(offset as u64), "{at}");
                let whole = row["packet_len"].as_u64().unwrap() as usize;
                let sent = &stream[offset..offset + whole];
                let mut packet = sent.to_vec();
                let (encrypted, body) = packet.split_first_chunk_mut::<LENGTH_LEN>().unwrap();
                assert_eq!(
                    opener.open_length(*encrypted) + PACKET_OVERHEAD,
                    whole,
                    "{at}"
                );
                let opened = opener.open(body, aad).unwrap();
                assert_eq!(row["ignore"], opened.is_decoy, "{at}");
                let digest = sha256d(opened.contents);
                assert_eq!(hex(&row["contents_sha256d"]), digest, "{at}");
                let mut again = Vec::new();
                sealer
                    .seal(&[opened.contents], aad, opened.is_decoy, &mut again)
                    .unwrap();
                assert!(again == sent, "{at}");
                aad = &[];
                offset += whole;
                count += 1;
                decoys += usize::from(opened.is_decoy);
            }
            assert_eq!(offset, stream.len(), "{} {way:?}", sealed.name);
        }
    }
    assert!(
        count > 3_000 && decoys > 50,
        "{count} packets, {decoys} decoys"
    );
}

/// A machine with the key of the side that had it. What it says itself differs; what it hears must not.
fn machine(sealed: &Sealed) -> PeerMachine {
    let mut config = Config::with_secret(Network::REGTEST, [9; 32]);
    config.transport = TransportPolicy::V2;
    config.v2.recorded_key = Some(RecordedKey {
        secret: array(&sealed.keys["our_privkey"]),
        ellswift: array(&sealed.keys["our_ellswift"]),
    });
    config.v2.garbage = Garbage::Fixed(hex(&sealed.keys["our_garbage"]).into());
    // As the program said: the node answered to that.
    let version = |(contents, _): &(Vec<u8>, bool)| {
        let payload = contents.strip_prefix(b"\0version\0\0\0\0\0")?;
        payload
            .first_chunk()
            .map(|bytes| u32::from_le_bytes(*bytes))
    };
    let said = &sealed.plain[sealed.ours() as usize];
    config.protocol_version = said.iter().find_map(version).unwrap();
    // What the program had asked for is not asked for here.
    config.addr_rate_limit = None;
    config.services = ServiceFlags::BLOOM;
    config.strictness.unwanted_transaction = peer_core::Reaction::Deliver;
    assert_eq!(config.validate(), Ok(()));
    let link = match sealed.role() {
        Role::Initiator => Link::outbound(),
        Role::Responder => Link::inbound(),
    };
    PeerMachine::from_seed(Arc::new(config), link, START, [3; 32])
}

/// A message in full: its command and its payload.
type Heard = (String, Vec<u8>);

/// What happened: messages in full, and everything that was said.
fn hear(sealed: &Sealed, cuts: Cuts) -> (Vec<Heard>, Vec<u8>, TapedMachine) {
    let machine = machine(sealed);
    hear_with(machine.into(), sealed, cuts)
}

fn hear_with(
    mut machine: TapedMachine,
    sealed: &Sealed,
    cuts: Cuts,
) -> (Vec<Heard>, Vec<u8>, TapedMachine) {
    let (mut heard, mut said) = (Vec::new(), Vec::new());
    let stream = &sealed.streams[sealed.ours().other() as usize];
    let mut take = |machine: &mut TapedMachine| {
        loop {
            let event = machine.poll_event();
            let lent = machine.outbound().to_vec();
            machine.sent(lent.len(), START);
            said.extend(&lent);
            match event {
                Some(Event::Message { message, .. }) => {
                    let codec = peer_core::message::MessageLimits::DEFAULT;
                    let version = machine
                        .remote()
                        .map_or(70_016, |remote| remote.protocol_version);
                    let codec = peer_core::message::Codec::new(&Network::REGTEST, version, &codec);
                    let payload = message.payload(&codec, peer_core::message::TxEncoding::Full);
                    heard.push((message.command().to_string(), payload.unwrap().to_vec()));
                }
                Some(Event::Disconnected { .. }) | None if lent.is_empty() => return,
                _ => {}
            }
        }
    };
    take(&mut machine);
    for piece in cuts.pieces(stream) {
        let mut rest = piece;
        while !rest.is_empty() {
            let n = machine.receive(rest, START);
            rest = &rest[n..];
            take(&mut machine);
            assert!(n > 0 || !machine.is_closed(), "{}", sealed.name);
        }
    }
    machine.hung_up(HangUp::EndOfStream, START);
    take(&mut machine);
    (heard, said, machine)
}

/// What the manifest's own decoder read, but for the two messages that the machine keeps to itself.
fn recorded(sealed: &Sealed) -> Vec<(String, Vec<u8>)> {
    let mut messages = Vec::new();
    for (contents, is_decoy) in &sealed.plain[sealed.ours().other() as usize] {
        let (command, payload) = match contents.as_slice() {
            _ if *is_decoy => continue,
            [0, rest @ ..] => {
                let (command, payload) = rest.split_at(12);
                let text = command.iter().take_while(|byte| **byte != 0);
                (text.map(|byte| char::from(*byte)).collect(), payload)
            }
            [id, payload @ ..] => {
                let kind = peer_core::message::MessageKind::from_short_id(*id).unwrap();
                (kind.to_string(), payload)
            }
            [] => panic!("{}: an empty message", sealed.name),
        };
        if command != "version" && command != "verack" {
            messages.push((command, payload.to_vec()));
        }
    }
    messages
}

#[test]
fn machines_hear_what_was_heard_in_both_roles() {
    let mut roles = [0; 2];
    for sealed in Sealed::all() {
        let (heard, _, machine) = hear(&sealed, Cuts::Whole);
        let stats = machine.stats();
        assert_eq!(stats.transport, Some(TransportKind::V2), "{}", sealed.name);
        assert_eq!(stats.session_id, Some(array(&sealed.keys["session_id"])));
        let hung_up = peer_core::DisconnectReason::HungUp(HangUp::EndOfStream);
        assert_eq!(stats.disconnect_reason, Some(hung_up), "{}", sealed.name);
        let recorded = recorded(&sealed);
        assert_eq!(heard.len(), recorded.len(), "{}", sealed.name);
        for (heard, recorded) in heard.iter().zip(&recorded) {
            assert!(
                heard == recorded,
                "{}: {} {}",
                sealed.name,
                heard.0,
                recorded.0
            );
        }
        let decoys = sealed.packets[sealed.ours().other() as usize].iter();
        let decoys = decoys.filter(|row| row["ignore"] == true).count();
        assert_eq!(stats.decoys_received, decoys as u64);
        roles[sealed.role() as usize] += 1;
    }
    assert_eq!(roles, [20, 6]);
}

/// However the stream is cut, the same is heard and the same is said.
#[test]
fn it_does_not_matter_how_the_stream_is_cut() {
    for sealed in Sealed::all() {
        let (heard, said, _) = hear(&sealed, Cuts::Whole);
        for cuts in [
            Cuts::Bytewise,
            Cuts::Random(1),
            Cuts::Random(2),
            Cuts::Fixed(97),
        ] {
            let (other, also, _) = hear(&sealed, cuts);
            assert!(other == heard, "{} {cuts:?}", sealed.name);
            assert!(also == said, "{} {cuts:?}", sealed.name);
        }
    }
}

#[test]
fn sealed_sessions_are_recorded_and_replayed() {
    for sealed in Sealed::all() {
        let machine = machine(&sealed);
        let config = machine.config().clone();
        let taped = TapedMachine::from_seed(config, *machine.link(), START, [3; 32]);
        let (heard, said, _) = hear(&sealed, Cuts::Whole);
        let (also, too, mut taped) = hear_with(taped, &sealed, Cuts::Whole);
        assert!((also, &too) == (heard, &said), "{}", sealed.name);
        let again = tape::replay(&taped.end_tape(), 10_000).unwrap();
        assert!(again.said == said, "{}", sealed.name);
        assert_eq!(again.stats, taped.stats(), "{}", sealed.name);
    }
}
