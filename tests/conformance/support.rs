//! Presets, reactions, and the words in which the tables of this program are written.

use crate::Probe;
use peer_core::message::{DecodeError, DecodeErrorKind, MessageKind};
use peer_core::network::Network;
use peer_core::wire::ServiceFlags;
use peer_core::{Config, DisconnectReason, Event, Link, Malformed, TransportPolicy};
use peer_tests::script::{Frame, VersionPayload, compact_size, end};

/// The three policies of table 2.13.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    Default,
    Core,
    Btcd,
}

impl Preset {
    pub(crate) const ALL: [Self; 3] = [Self::Default, Self::Core, Self::Btcd];

    pub(crate) fn config(self) -> Config {
        match self {
            Self::Default => config(),
            Self::Core => config().like_core(),
            Self::Btcd => config().like_btcd(),
        }
    }
}

pub(crate) fn config() -> Config {
    let mut config = Config::with_secret(Network::REGTEST, [7; 32]);
    // So that bloom commands are as good as any other; what happens without it has its own tests.
    config.services = ServiceFlags::BLOOM;
    // The tables are written in v1; what v2 has of its own is in `v2`.
    config.transport = TransportPolicy::V1;
    config
}

/// What one stimulus must lead to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reaction {
    /// Not delivered; alive.
    Drop,
    /// Delivered, as many messages as this; alive.
    Deliver(usize),
    /// The end, and precisely why.
    End(DisconnectReason),
}

/// How far the connection has come when the stimulus arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing was said.
    Fresh,
    /// The remote's `version` was heard.
    Greeted,
    /// Both `verack`s are exchanged.
    Up,
}

impl Stage {
    pub(crate) const ALL: [Self; 3] = [Self::Fresh, Self::Greeted, Self::Up];

    /// A connection that has come this far.
    pub(crate) fn probe(self, config: Config, link: Link) -> Probe {
        match self {
            Self::Up => Probe::negotiated(config, link),
            Self::Fresh | Self::Greeted => {
                let mut probe = Probe::new(config, link);
                if self == Self::Greeted {
                    probe.tell(&VersionPayload::default().frame());
                }
                probe
            }
        }
    }

    /// What is left of the handshake.
    fn rest(self) -> Vec<Frame> {
        let rest = [VersionPayload::default().frame(), Frame::empty("verack")];
        rest.into_iter().skip(self as usize).collect()
    }
}

/// What `stimulus` led to. If the connection goes on, the handshake is completed and a ping must be answered.
pub(crate) fn reaction(probe: &mut Probe, stage: Stage, stimulus: &[u8]) -> Reaction {
    let events = probe.say(stimulus);
    if let Some(reason) = end(&events) {
        assert_over(probe, &events);
        return Reaction::End(reason.clone());
    }
    for frame in stage.rest() {
        let events = probe.tell(&frame);
        assert_eq!(end(&events), None, "{}", frame.name());
    }
    assert!(probe.is_alive(), "{events:?}");
    match delivered(&events).len() {
        0 => Reaction::Drop,
        count => Reaction::Deliver(count),
    }
}

/// Commands of the messages among `events`.
pub(crate) fn delivered(events: &[Event]) -> Vec<String> {
    let command = |event: &Event| match event {
        Event::Message { message, .. } => Some(message.command().to_string()),
        _ => None,
    };
    events.iter().filter_map(command).collect()
}

/// The end came once, last, and nothing comes after it, whatever is done.
pub(crate) fn assert_over(probe: &mut Probe, events: &[Event]) {
    let ends = |event: &&Event| matches!(event, Event::Disconnected { .. });
    assert_eq!(events.iter().filter(ends).count(), 1, "{events:?}");
    assert!(events.last().as_ref().is_some_and(ends), "{events:?}");
    probe.read();
    assert!(probe.machine.is_closed());
    assert_eq!(probe.machine.deadline(), None);
    assert!(!probe.machine.wants_read() && !probe.machine.wants_write());
    assert_eq!(probe.machine.inbound(), None);
    assert_eq!(probe.tell(&Frame::ping(1)).len(), 0);
    let later = probe.wait(core::time::Duration::from_secs(3_600));
    assert_eq!(later.len(), 0, "{later:?}");
    probe.machine.accept_version();
    probe.machine.refuse_version(None);
    probe.machine.disconnect();
    probe.machine.abort();
    probe.machine.hung_up(peer_core::HangUp::Reset, probe.now);
    assert_eq!(probe.heard().len(), 0);
    assert_eq!(probe.read(), []);
    assert_eq!(probe.machine.queued(), 0);
    assert_eq!(probe.machine.memory_held(), 0);
}

/// The end of a connection that forgives no bad payload.
pub(crate) fn bad_payload(
    message: MessageKind,
    field: &'static str,
    kind: DecodeErrorKind,
) -> DisconnectReason {
    let error = DecodeError {
        message,
        field,
        kind,
    };
    DisconnectReason::Malformed(Malformed::Payload(Box::new(error)))
}

/// A block of 300 kB with the header, and so the hash, of another: one transaction of one input, whose script makes it
/// large, and one output.
pub(crate) fn large_block(other: &[u8]) -> Vec<u8> {
    let mut block = other[..80].to_vec();
    block.push(1);
    block.extend([1, 0, 0, 0, 1]);
    block.extend([0; 36]);
    block.extend(compact_size(300_000));
    block.resize(block.len() + 300_000, 0x51);
    block.extend([0xff; 4]);
    block.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    block.extend([0; 4]);
    block
}

pub(crate) fn command(name: &str) -> peer_core::message::CommandName {
    name.parse().unwrap()
}

/// A small bloom filter, for `filteradd` to have something to add to.
pub(crate) fn filterload() -> Frame {
    Frame::new("filterload", [1, 0xb5, 1, 0, 0, 0, 0, 0, 0, 0, 0])
}

/// One `inv` entry: a transaction.
pub(crate) const INV_ENTRY: [u8; 36] = {
    let mut entry = [0xab; 36];
    (entry[0], entry[1], entry[2], entry[3]) = (1, 0, 0, 0);
    entry
};

/// One `addr` entry of today: time, services, 250.1.2.3:18444.
pub(crate) const ADDR_ENTRY: [u8; 30] = [
    1, 2, 3, 0x65, 9, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 250, 1, 2, 3,
    0x48, 0x0c,
];

/// One `addrv2` entry: time, services, IPv4 250.1.2.3:18444 (BIP155).
pub(crate) const ADDRV2_ENTRY: [u8; 13] = [1, 2, 3, 0x65, 9, 1, 4, 250, 1, 2, 3, 0x48, 0x0c];
