//! Frames: bytes to `(command, payload)` and back, in v1 or v2. No message meaning lives here.
//!
//! [`Transport`] is one interface over both. Whoever uses it learns which of the two is spoken
//! from what opening says, for the record, and need not remember it.
//!
//! - [`landing`]: where received bytes come down;
//! - [`parcel`]: one message on its way out;
//! - [`outbox`]: what waits to be sent, in order, and [`staging`], the slices lent to the socket;
//! - [`frame`]: what is cut from the stream, whatever it looked like there, and why it cannot be;
//! - [`v1`]: the classic frame with magic and checksum;
//! - [`v2`]: the encrypted transport (BIP324), from telling it from v1 to its packets.

mod frame;
pub(crate) mod landing;
pub(crate) mod outbox;
mod parcel;
pub(crate) mod staging;
pub(crate) mod v1;
#[cfg(feature = "_bip324")]
mod v2;

#[cfg(feature = "_bip324")]
use alloc::boxed::Box;

pub(crate) use self::frame::{Frame, Head, Name, Opened, Partial, Settled};
pub use self::frame::{FrameError, TransportKind, V2Stage};
use self::landing::Landing;
use self::outbox::Outbox;
pub use self::staging::Outbound;
use self::v1::Admission;
#[cfg(feature = "_bip324")]
use self::v2::{Beginning, Detected};
use crate::config::Config;
use crate::link::Link;
use crate::rng::Rng;

/// Fewest bytes that a v1-only remote must have been sent so that it hung up over them: one v1
/// header (as Core: `ShouldReconnectV1`).
pub(crate) const ENOUGH_TO_REFUSE: u64 = v1::HEADER_LEN as u64;

/// The bytes of one connection, in both directions.
#[derive(Debug)]
pub(crate) struct Transport {
    landing: Landing,
    reader: Reader,
    /// What is to be sent.
    pub(crate) outbox: Outbox,
}

/// Who makes frames of what has landed.
#[derive(Debug)]
enum Reader {
    V1(v1::Reader),
    /// We were dialled, and are not told yet in which.
    #[cfg(feature = "_bip324")]
    Detecting(v2::Detector),
    #[cfg(feature = "_bip324")]
    V2(Box<v2::Receiver>),
}

impl Transport {
    /// Begins: a v2 initiator sends its key at once.
    pub(crate) fn start(config: &Config, link: &Link, rng: &mut Rng) -> Self {
        let mut outbox = Outbox::new(config.network.magic, config.raw_events);
        let reader = Reader::begin(config, link, &mut outbox, rng);
        Self {
            landing: Landing::default(),
            reader,
            outbox,
        }
    }

    /// Which transport is spoken, if that is settled.
    pub(crate) fn kind(&self) -> Option<TransportKind> {
        match &self.reader {
            Reader::V1(_) => Some(TransportKind::V1),
            #[cfg(feature = "_bip324")]
            Reader::Detecting(_) => None,
            #[cfg(feature = "_bip324")]
            Reader::V2(receiver) => receiver.stage().is_none().then_some(TransportKind::V2),
        }
    }

    /// What the v2 handshake waits for, while there is one.
    pub(crate) fn stage(&self) -> Option<V2Stage> {
        match &self.reader {
            #[cfg(feature = "_bip324")]
            Reader::V2(receiver) => receiver.stage(),
            _ => None,
        }
    }

    /// Whether a v2 handshake waits for permission to begin.
    pub(crate) fn awaits_admission(&self) -> bool {
        match &self.reader {
            #[cfg(feature = "_bip324")]
            Reader::Detecting(detector) => detector.awaits_admission(),
            _ => false,
        }
    }

    /// The permission.
    #[cfg_attr(
        not(feature = "_bip324"),
        expect(clippy::needless_pass_by_ref_mut, reason = "v2 needs it")
    )]
    pub(crate) fn admit(&mut self) {
        #[cfg(feature = "_bip324")]
        if let Reader::Detecting(detector) = &mut self.reader {
            detector.admit();
        }
    }

    /// Whether a remote that hangs up now, having sent nothing, may be one that knows only v1.
    pub(crate) fn may_fall_back(&self) -> bool {
        match &self.reader {
            #[cfg(feature = "_bip324")]
            Reader::V2(receiver) => receiver.may_fall_back(),
            _ => false,
        }
    }

    /// Whether a window would be lent, without allocating it.
    pub(crate) fn has_room(&self) -> bool {
        self.landing.has_room()
    }

    /// The window the next bytes go to; `None` when everything is full of unopened frames.
    pub(crate) fn window(&mut self) -> Option<&mut [u8]> {
        self.landing.window()
    }

    /// The same as it was lent last; nothing moves, nothing is allocated.
    pub(crate) fn lent_window(&mut self) -> &mut [u8] {
        self.landing.lent()
    }

    /// Takes note that the first `n` bytes of the window were filled.
    /// Returns how many bytes that were: never more than the window had.
    pub(crate) fn landed_bytes(&mut self, n: usize) -> usize {
        let n = self.landing.landed_bytes(n);
        #[cfg(feature = "_bip324")]
        if let Reader::V2(receiver) = &mut self.reader {
            receiver.on_landed(&self.landing);
        }
        n
    }

    /// Opens the next frame, if one is complete, or takes the next step of a handshake.
    pub(crate) fn open(
        &mut self,
        admission: &Admission<'_>,
        means: Means<'_>,
    ) -> Result<Opened, FrameError> {
        let (landing, outbox) = (&mut self.landing, &mut self.outbox);
        match &mut self.reader {
            Reader::V1(reader) => reader.open(landing, admission),
            #[cfg(feature = "_bip324")]
            Reader::Detecting(detector) => Ok(match detector.open(landing, outbox, means)? {
                Detected::Nothing => Opened::Nothing,
                Detected::AdmissionWanted => Opened::AdmissionWanted,
                Detected::V1 => {
                    outbox.speak_v1();
                    self.reader = Reader::V1(v1::Reader::default());
                    Opened::Settled(Settled::V1)
                }
                Detected::V2(receiver) => {
                    self.reader = Reader::V2(receiver);
                    Opened::Stage
                }
            }),
            #[cfg(feature = "_bip324")]
            Reader::V2(receiver) => receiver.open(landing, outbox, admission, means.config),
        }
    }

    /// Whether the next [`open`](Self::open) would give a frame, or at least judge something that
    /// was not judged before.
    pub(crate) fn has_frame(&self) -> bool {
        match &self.reader {
            Reader::V1(reader) => reader.has_frame(&self.landing),
            #[cfg(feature = "_bip324")]
            Reader::Detecting(detector) => detector.has_frame(&self.landing, self.outbox.magic()),
            #[cfg(feature = "_bip324")]
            Reader::V2(receiver) => receiver.has_frame(&self.landing),
        }
    }

    /// The frame that has begun to arrive and is not complete, if no complete one comes before it.
    pub(crate) fn partial(&self) -> Option<Partial> {
        match &self.reader {
            Reader::V1(reader) => reader.partial(&self.landing),
            #[cfg(feature = "_bip324")]
            Reader::Detecting(_) => None,
            #[cfg(feature = "_bip324")]
            Reader::V2(receiver) => receiver.partial(&self.landing),
        }
    }

    /// Whether the stream would end in the middle of something if it ended here.
    pub(crate) fn is_mid_frame(&self) -> bool {
        let is_half_way = match &self.reader {
            #[cfg(feature = "_bip324")]
            Reader::V2(receiver) => receiver.is_half_way(),
            _ => false,
        };
        is_half_way || self.landing.is_mid_frame()
    }

    /// Bytes that have landed and would be opened if an event were asked for.
    pub(crate) fn backlog(&self) -> u64 {
        if self.has_frame() {
            self.landing.landed_len() as u64
        } else {
            0
        }
    }

    /// Bytes of skipped frames that have arrived since this was last asked.
    pub(crate) fn take_skipped(&mut self) -> u64 {
        self.landing.take_skipped()
    }

    /// Forgets everything that has landed and frees the buffers. Nothing is opened afterwards.
    pub(crate) fn forget_landed(&mut self) {
        self.landing.clear();
        #[cfg(feature = "_bip324")]
        if let Reader::V2(receiver) = &mut self.reader {
            receiver.forget_garbage();
        }
    }

    /// Memory held, in bytes.
    pub(crate) fn held(&self) -> usize {
        let reader = match &self.reader {
            #[cfg(feature = "_bip324")]
            Reader::V2(receiver) => receiver.held(),
            _ => 0_usize,
        };
        reader
            .saturating_add(self.landing.held())
            .saturating_add(self.outbox.held())
    }
}

impl Reader {
    #[cfg(feature = "_bip324")]
    fn begin(config: &Config, link: &Link, outbox: &mut Outbox, rng: &mut Rng) -> Self {
        match v2::begin(config, link, outbox, rng) {
            Some(Beginning::Inbound(detector)) => Self::Detecting(detector),
            Some(Beginning::Outbound(receiver)) => Self::V2(receiver),
            None => Self::V1(v1::Reader::default()),
        }
    }

    #[cfg(not(feature = "_bip324"))]
    fn begin(_: &Config, _: &Link, _: &mut Outbox, _: &mut Rng) -> Self {
        Self::V1(v1::Reader::default())
    }
}

/// What a handshake is made with.
pub(crate) struct Means<'a> {
    pub(crate) config: &'a Config,
    pub(crate) rng: &'a mut Rng,
}
