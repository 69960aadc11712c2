//! The encrypted transport (BIP324): from telling it from v1 to opening its packets.
//!
//! ```text
//!                 16 bytes of v1's first message
//!             ┌────────────────────────────────────► v1
//!  Detecting ─┤
//!             └──► (admission) ──► Key ──► Packets: garbage, decoys, version packet, messages
//!  dialled  ───────────────────────▲
//! ```
//!
//! A [`Detector`] tells which it is, and a [`Receiver`] goes through the stages of v2, one step at
//! a time, when they are asked to open what has landed. The receiver answers through the outbox: its key and garbage on entering `Key`, terminator,
//! decoys and version packet on leaving it. What the application or the handshake of the protocol
//! queues leaves right behind these, in the same write.

mod contents;
mod garbage;
mod handshake;
mod reader;

use alloc::boxed::Box;

use crate::config::{Config, TransportPolicy};
use crate::link::Link;
use crate::network::Network;
use crate::rng::Rng;

use super::landing::Landing;
use super::outbox::Outbox;
use super::v1::Admission;
use super::{FrameError, Means, Opened, Partial, V2Stage};
pub(super) use contents::{MAX_TYPE_LEN, type_of};
use handshake::{ELLSWIFT_LEN, Hello, Spoken};
use reader::Reader;

/// Whether an inbound connection is v1 or v2: its first bytes tell.
#[derive(Debug)]
pub(super) struct Detector {
    permit: Permit,
    policy: TransportPolicy,
}

/// Whether curve work may be spent on a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Permit {
    /// Nobody needs to be asked, or somebody has agreed.
    Given,
    /// Somebody is to be asked.
    Needed,
    /// Somebody was asked.
    Asked,
}

/// What a detector came to.
#[derive(Debug)]
pub(super) enum Detected {
    /// Too little has landed, or the permission has not come.
    Nothing,
    V1,
    V2(Box<Receiver>),
    AdmissionWanted,
}

impl Detector {
    pub(super) fn awaits_admission(&self) -> bool {
        self.permit == Permit::Asked
    }

    pub(super) fn admit(&mut self) {
        if self.awaits_admission() {
            self.permit = Permit::Given;
        }
    }

    /// Whether [`open`](Self::open) would come to something.
    pub(super) fn has_frame(&self, landing: &Landing, magic: [u8; 4]) -> bool {
        !self.awaits_admission() && handshake::is_v1(landing.landed(), magic).is_some()
    }

    /// Looks at what has landed; takes nothing of it.
    pub(super) fn open(
        &mut self,
        landing: &Landing,
        outbox: &mut Outbox,
        means: Means<'_>,
    ) -> Result<Detected, FrameError> {
        let Means { config, rng } = means;
        match handshake::is_v1(landing.landed(), config.network.magic) {
            None => Ok(Detected::Nothing),
            Some(true) if self.policy == TransportPolicy::V2 => Err(FrameError::V1Refused),
            Some(true) => Ok(Detected::V1),
            Some(false) => Ok(match self.permit {
                Permit::Asked => Detected::Nothing,
                Permit::Needed => {
                    self.permit = Permit::Asked;
                    Detected::AdmissionWanted
                }
                Permit::Given => {
                    let hello = Hello::say(Spoken::Second, config, outbox, rng);
                    Detected::V2(Box::new(Receiver::new(hello, self.policy)))
                }
            }),
        }
    }
}

/// How a connection that may be v2 begins.
#[derive(Debug)]
pub(super) enum Beginning {
    Inbound(Detector),
    Outbound(Box<Receiver>),
}

/// Begins, if the connection may be v2: an initiator sends its key at once.
pub(super) fn begin(
    config: &Config,
    link: &Link,
    outbox: &mut Outbox,
    rng: &mut Rng,
) -> Option<Beginning> {
    let policy = link.transport.unwrap_or(config.transport);
    match policy {
        TransportPolicy::V1 => return None,
        TransportPolicy::Auto if !config.network.v2_transport => return None,
        TransportPolicy::Auto | TransportPolicy::V2 => {}
    }
    outbox.await_keys();
    Some(if link.is_inbound() {
        let permit = if config.v2.admission {
            Permit::Needed
        } else {
            Permit::Given
        };
        Beginning::Inbound(Detector { permit, policy })
    } else {
        let hello = Hello::say(Spoken::First, config, outbox, rng);
        Beginning::Outbound(Box::new(Receiver::new(hello, policy)))
    })
}

/// The receiving side of a v2 connection.
#[derive(Debug)]
pub(super) struct Receiver {
    stage: Stage,
    policy: TransportPolicy,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a receiver is boxed as a whole")]
enum Stage {
    /// We have sent our key.
    Key(Hello),
    /// We have both keys.
    Packets(Reader),
}

impl Receiver {
    fn new(hello: Hello, policy: TransportPolicy) -> Self {
        let stage = Stage::Key(hello);
        Self { stage, policy }
    }

    /// What the handshake waits for; `None` once it is over.
    pub(super) fn stage(&self) -> Option<V2Stage> {
        match &self.stage {
            Stage::Key(_) => Some(V2Stage::Key),
            Stage::Packets(reader) => reader.stage(),
        }
    }

    /// Whether the remote may know only v1, for all that is known.
    pub(super) fn may_fall_back(&self) -> bool {
        matches!(&self.stage, Stage::Key(hello) if hello.spoken == Spoken::First)
            && self.policy == TransportPolicy::Auto
    }

    /// Whether something has been consumed that is no end by itself.
    pub(super) fn is_half_way(&self) -> bool {
        matches!(&self.stage, Stage::Packets(reader) if reader.stage().is_some())
    }

    /// Whether [`open`](Self::open) would come to something new.
    pub(super) fn has_frame(&self, landing: &Landing) -> bool {
        match &self.stage {
            Stage::Key(_) => landing.landed().len() >= ELLSWIFT_LEN,
            Stage::Packets(reader) => reader.has_packet(landing),
        }
    }

    /// Bytes have landed.
    pub(super) fn on_landed(&mut self, landing: &Landing) {
        if let Stage::Packets(reader) = &mut self.stage {
            reader.read_length(landing);
        }
    }

    pub(super) fn partial(&self, landing: &Landing) -> Option<Partial> {
        match &self.stage {
            Stage::Key(_) => None,
            Stage::Packets(reader) => reader.partial(landing),
        }
    }

    /// Takes one step.
    pub(super) fn open(
        &mut self,
        landing: &mut Landing,
        outbox: &mut Outbox,
        admission: &Admission<'_>,
        config: &Config,
    ) -> Result<Opened, FrameError> {
        match &mut self.stage {
            Stage::Key(hello) => {
                let Some(reader) = hello.on_key(landing, outbox, config)? else {
                    return Ok(Opened::Nothing);
                };
                self.stage = Stage::Packets(reader);
                Ok(Opened::Stage)
            }
            Stage::Packets(reader) => reader.open(landing, admission, &config.limits),
        }
    }

    /// Frees the garbage of both sides, which nothing will vouch for any more.
    pub(super) fn forget_garbage(&mut self) {
        match &mut self.stage {
            Stage::Key(hello) => hello.forget_garbage(),
            Stage::Packets(reader) => reader.forget_garbage(),
        }
    }

    /// Bytes of what waits: garbage, until the first packet has vouched for it.
    pub(super) fn held(&self) -> usize {
        match &self.stage {
            Stage::Key(hello) => hello.held(),
            Stage::Packets(reader) => reader.held(),
        }
    }
}

/// Most bytes of contents of a packet on `network`: the largest payload and a type in full, as far
/// as a packet's length can tell (as Core; BIP324 leaves it open).
fn max_contents(network: &Network) -> usize {
    let largest = (network.max_payload as usize).saturating_add(MAX_TYPE_LEN);
    largest.min(crate::bip324::MAX_CONTENTS)
}
