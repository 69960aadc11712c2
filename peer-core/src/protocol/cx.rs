//! What a room may touch.

use alloc::boxed::Box;

use crate::config::Config;
use crate::event::EventQueue;
use crate::link::Link;
use crate::log::Log;
use crate::message::{Codec, Message, MessageKind};
use crate::remote::Remote;
use crate::rng::Rng;
use crate::stats::Stats;
use crate::time::Timestamp;
use crate::timer::Timers;
use crate::transport::outbox::{Lane, Outbox, Parcel};
use crate::wire::TxEncoding;

/// What a room may touch: everything of the machine but the other rooms and the landing bytes.
pub(crate) struct Cx<'a> {
    pub(crate) now: Timestamp,
    pub(crate) config: &'a Config,
    pub(crate) link: &'a Link,
    pub(crate) rng: &'a mut Rng,
    pub(crate) timers: &'a mut Timers,
    pub(crate) outbox: &'a mut Outbox,
    pub(crate) events: &'a mut EventQueue,
    pub(crate) stats: &'a mut Stats,
    pub(crate) remote: &'a mut Option<Box<Remote>>,
    pub(crate) log: &'a mut Log,
}

impl Cx<'_> {
    /// The codec at the version in force: negotiated, or ours before.
    pub(crate) fn codec(&self) -> Codec<'_> {
        self.config.codec(self.version())
    }

    /// The protocol version in force: negotiated, or ours before.
    pub(crate) fn version(&self) -> u32 {
        self.remote
            .as_ref()
            .map_or(self.config.protocol_version, |remote| {
                remote.protocol_version
            })
    }

    /// A message of the machine's own, encoded; `None` if the version in force cannot carry it.
    pub(crate) fn encode(&self, message: &Message) -> Option<Parcel> {
        let payload = message.payload(&self.codec(), TxEncoding::Full).ok()?;
        Some(Parcel::new(message, payload))
    }

    /// Queues a message of the machine's own; false if the version in force cannot carry it, and
    /// it is left out. `token` comes back when the frame has left.
    pub(crate) fn send_own(&mut self, lane: Lane, message: &Message, token: u64) -> bool {
        let Some(parcel) = self.encode(message) else {
            return false;
        };
        let provoked = parcel.kind == Some(MessageKind::Pong);
        self.push(
            lane,
            message,
            Parcel {
                token,
                provoked,
                ..parcel
            },
        );
        true
    }

    /// Queues a parcel that carries `message`. The one way to the outbox, so that everything queued is told to the log.
    pub(crate) fn push(&mut self, lane: Lane, message: &Message, parcel: Parcel) {
        if !self.outbox.is_shut() {
            let wire_len = self.outbox.wire_len(&parcel);
            self.log
                .queued(self.link, self.now, message, &parcel, wire_len);
        }
        self.outbox.push(lane, parcel);
    }
}
