//! The handshake of BIP324 up to the exchange of keys, and how v1 is told from it.

use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::reader::Reader;
use crate::bip324::{KeyPair, MAX_GARBAGE, Role};
use crate::config::{Config, Garbage};
use crate::rng::Rng;
use crate::transport::FrameError;
use crate::transport::landing::Landing;
use crate::transport::outbox::Outbox;

pub(super) use crate::bip324::ELLSWIFT_LEN;

/// Bytes by which v1 is known: the magic and the command of `version` (Core: `V1_PREFIX_LEN`).
pub(super) const V1_PREFIX_LEN: usize = 16;

/// The command that every v1 connection begins with.
const VERSION: [u8; 12] = *b"version\0\0\0\0\0";

/// Whether this is how a v1 connection of our network begins; `None` while it may still be.
pub(super) fn is_v1(landed: &[u8], magic: [u8; 4]) -> Option<bool> {
    let prefix = magic.iter().chain(&VERSION);
    if landed.iter().zip(prefix).any(|(byte, known)| byte != known) {
        return Some(false);
    }
    (landed.len() >= V1_PREFIX_LEN).then_some(true)
}

/// Who sent the first key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    /// We did: we dialled.
    First,
    /// The remote did.
    Second,
}

/// Our key and garbage are sent; the remote's key is awaited.
#[derive(Debug)]
pub(super) struct Hello {
    pub(super) spoken: Spoken,
    pair: KeyPair,
    garbage: Vec<u8>,
}

impl Hello {
    /// Makes a key and garbage, and sends them.
    pub(super) fn say(spoken: Spoken, config: &Config, outbox: &mut Outbox, rng: &mut Rng) -> Self {
        // What the secret came from is gone when this is.
        let mut rng = rng.branch();
        let recorded = config.v2.recorded_key.as_ref();
        let recorded = recorded.map(|key| KeyPair::from_parts(key.secret, key.ellswift));
        let pair = loop {
            // What is no key is refused by `Config::validate`.
            if let Some(Ok(pair)) = recorded {
                break pair;
            }
            let (secret, aux) = (Zeroizing::new(rng.next_array()), rng.next_array());
            if let Ok(pair) = KeyPair::from_secret(*secret, aux) {
                break pair;
            }
        };
        let garbage = match &config.v2.garbage {
            Garbage::Random => {
                let len = rng.below(MAX_GARBAGE as u64 + 1);
                let mut garbage = vec![0; usize::try_from(len).unwrap_or(MAX_GARBAGE)];
                rng.fill(&mut garbage);
                garbage
            }
            // What is too long is refused by `Config::validate`, and cut here.
            Garbage::Fixed(bytes) => bytes.iter().copied().take(MAX_GARBAGE).collect(),
        };
        Self::with(spoken, pair, garbage, outbox)
    }

    pub(super) fn with(
        spoken: Spoken,
        pair: KeyPair,
        garbage: Vec<u8>,
        outbox: &mut Outbox,
    ) -> Self {
        outbox.stage_raw([pair.ellswift().as_slice(), &garbage].concat());
        Self {
            spoken,
            pair,
            garbage,
        }
    }

    /// Takes the remote's key if it is there, and answers with everything up to the version packet.
    pub(super) fn on_key(
        &self,
        landing: &mut Landing,
        outbox: &mut Outbox,
        config: &Config,
    ) -> Result<Option<Reader>, FrameError> {
        let landed = landing.landed();
        if self.spoken == Spoken::Second {
            judge_other_networks(landed, config.network.magic)?;
        }
        let Some(theirs) = landed.first_chunk::<ELLSWIFT_LEN>() else {
            return Ok(None);
        };
        let role = match self.spoken {
            Spoken::First => Role::Initiator,
            Spoken::Second => Role::Responder,
        };
        let network = &config.network;
        let keys = self
            .pair
            .agree(theirs, role, network.v2_salt, network.magic);
        landing.consume(ELLSWIFT_LEN);
        let mut sealer = keys.sealer;
        let mut flight = keys.send_terminator.to_vec();
        let mut aad = self.garbage.as_slice();
        for len in &config.v2.decoys {
            let decoy = vec![0; *len as usize];
            // What is too long for a packet is refused by `Config::validate`, and left out here.
            if sealer.seal(&[&decoy], aad, true, &mut flight).is_ok() {
                aad = &[];
            }
        }
        // Empty: no version but the first is known, and it is told by telling nothing.
        let _ = sealer.seal(&[], aad, false, &mut flight);
        outbox.stage_raw(flight);
        outbox.speak_v2(sealer);
        Ok(Some(Reader::new(
            keys.opener,
            keys.session_id,
            keys.receive_terminator,
            super::max_contents(network),
        )))
    }

    pub(super) fn forget_garbage(&mut self) {
        self.garbage = Vec::new();
    }

    pub(super) fn held(&self) -> usize {
        self.garbage.capacity()
    }
}

/// A v1 `version` of another network is no key, although it could be one (as Core).
fn judge_other_networks(landed: &[u8], expected: [u8; 4]) -> Result<(), FrameError> {
    match landed.split_first_chunk() {
        Some((got, rest)) if rest.starts_with(&VERSION) => Err(FrameError::WrongMagic {
            got: *got,
            expected,
        }),
        _ => Ok(()),
    }
}
