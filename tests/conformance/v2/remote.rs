//! A remote in v2 that does what a test wants, right or wrong, at every step.

use crate::support::Preset;
use peer_core::bip324::{KeyPair, LENGTH_LEN, PACKET_OVERHEAD, Role, SALT_PREFIX, SessionKeys};
use peer_core::network::Network;
use peer_core::wire::ServiceFlags;
use peer_core::{Config, Event, Garbage, Link, TransportPolicy};
use peer_tests::script::{Frame, ProbeOver, REGTEST, VersionPayload, Wire, end};

/// Says nothing by itself, and keeps what it hears.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) heard: Vec<u8>,
}

impl Wire for Raw {
    const POLICY: TransportPolicy = TransportPolicy::Auto;

    fn new(_: &Link, _: [u8; 4]) -> Self {
        Self::default()
    }

    fn opening(&mut self) -> Vec<u8> {
        Vec::new()
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.heard.extend_from_slice(bytes);
        Vec::new()
    }

    fn next(&mut self) -> Option<Frame> {
        None
    }

    fn say(&mut self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }
}

/// A machine, and the bytes between it and the test.
pub(super) type Probe = ProbeOver<Raw>;

/// Settings of the machine: its garbage is known, and short.
pub(super) fn config() -> Config {
    config_as(Preset::Default)
}

/// The same under a policy.
pub(super) fn config_as(preset: Preset) -> Config {
    let mut config = preset.config();
    config.services = ServiceFlags::NONE;
    config.transport = TransportPolicy::Auto;
    config.v2.garbage = Garbage::Fixed(bytes::Bytes::from_static(OURS));
    config.timeouts.ping_interval = None;
    config
}

/// The garbage of the machine.
pub(super) const OURS: &[u8] = b"machine";

/// Both links of a machine.
pub(super) const LINKS: [Link; 2] = [Link::inbound(), Link::outbound()];

/// The remote's side of a session.
pub(super) struct Remote {
    pub(super) pair: KeyPair,
    pub(super) keys: SessionKeys,
    /// What the machine has said that was not opened.
    unread: Vec<u8>,
    /// The first packet of the machine vouches for it.
    aad: Vec<u8>,
}

/// The remote's key.
pub(super) fn pair() -> KeyPair {
    KeyPair::from_secret([0x5c; 32], [0x1e; 32]).unwrap()
}

impl Remote {
    /// Exchanges keys with the machine of `probe`, and says `garbage` after ours. Nothing else is said.
    pub(super) fn meet(probe: &mut Probe, garbage: &[u8]) -> Self {
        let pair = pair();
        let hello = [pair.ellswift(), garbage].concat();
        probe.say_raw(&hello);
        let heard = core::mem::take(&mut probe.wire.heard);
        let (theirs, rest) = heard.split_first_chunk().unwrap();
        let role = if probe.machine.link().is_inbound() {
            Role::Initiator
        } else {
            Role::Responder
        };
        let keys = pair.agree(theirs, role, SALT_PREFIX, REGTEST);
        let mut remote = Self {
            pair,
            keys,
            unread: rest.to_vec(),
            aad: OURS.to_vec(),
        };
        assert_eq!(remote.unread[..OURS.len()], *OURS);
        remote.unread.drain(..OURS.len());
        let terminator = remote.keys.receive_terminator;
        assert!(remote.unread.starts_with(&terminator));
        remote.unread.drain(..terminator.len());
        remote
    }

    /// The same, up to the version packets.
    pub(super) fn shake(probe: &mut Probe) -> Self {
        let mut remote = Self::meet(probe, b"");
        let mut flight = remote.keys.send_terminator.to_vec();
        flight.extend(remote.seal(b"", b"", false));
        probe.say_raw(&flight);
        assert_eq!(remote.hear(probe)[0], b"", "the version packet");
        remote
    }

    /// The same, up to both `verack`s.
    pub(super) fn negotiated(probe: &mut Probe) -> Self {
        let mut remote = Self::shake(probe);
        remote.greet(probe);
        assert!(probe.machine.is_negotiated());
        probe.heard();
        remote.hear(probe);
        remote
    }

    /// Says `version` and `verack`.
    pub(super) fn greet(&mut self, probe: &mut Probe) {
        let version = VersionPayload::default().frame();
        let mut flight = self.message("version", &version.payload);
        flight.extend(self.message("verack", b""));
        probe.say_raw(&flight);
    }

    /// One packet.
    pub(super) fn seal(&mut self, contents: &[u8], aad: &[u8], is_decoy: bool) -> Vec<u8> {
        let mut packet = Vec::new();
        let sealed = self
            .keys
            .sealer
            .seal(&[contents], aad, is_decoy, &mut packet);
        sealed.unwrap();
        packet
    }

    /// A message with its type in full.
    pub(super) fn message(&mut self, command: &str, payload: &[u8]) -> Vec<u8> {
        let command = Frame::empty(command).command;
        self.seal(&[&[0], &command[..], payload].concat(), b"", false)
    }

    /// A `ping` with its short id.
    pub(super) fn ping(&mut self, nonce: u64) -> Vec<u8> {
        self.seal(&[&[18], &nonce.to_le_bytes()[..]].concat(), b"", false)
    }

    /// The contents of what the machine has said since last time, packet by packet.
    pub(super) fn hear(&mut self, probe: &mut Probe) -> Vec<Vec<u8>> {
        self.unread.extend(core::mem::take(&mut probe.wire.heard));
        let mut packets = Vec::new();
        while !self.unread.is_empty() {
            let (encrypted, _) = self.unread.split_first_chunk::<LENGTH_LEN>().unwrap();
            let length = self.keys.opener.open_length(*encrypted);
            let mut packet: Vec<u8> = self.unread.drain(..length + PACKET_OVERHEAD).collect();
            let aad = core::mem::take(&mut self.aad);
            let opened = self.keys.opener.open(&mut packet[LENGTH_LEN..], &aad);
            let opened = opened.unwrap();
            assert!(!opened.is_decoy);
            packets.push(opened.contents.to_vec());
        }
        packets
    }

    /// Whether the connection lives: a ping is answered.
    pub(super) fn is_answered(&mut self, probe: &mut Probe) -> bool {
        const NONCE: u64 = 0x0a11_fe00_0a11_fe00;
        let ping = self.ping(NONCE);
        probe.say_raw(&ping);
        let pong = [&[19], &NONCE.to_le_bytes()[..]].concat();
        self.hear(probe).contains(&pong)
    }
}

/// Fails if the connection has ended, or anything was told.
pub(super) fn assert_open(probe: &mut Probe) {
    let events = probe.heard();
    assert!(events.is_empty(), "{events:?}");
    assert!(!probe.machine.is_closed());
}

/// The end among the events so far.
pub(super) fn ended(probe: &mut Probe) -> Option<peer_core::DisconnectReason> {
    end(&probe.heard()).cloned()
}

/// Messages among `events`, by name.
pub(super) fn messages(events: &[Event]) -> Vec<String> {
    crate::support::delivered(events)
}
