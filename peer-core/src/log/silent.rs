//! [`Log`] without the feature `tracing`: nothing, which takes no room and no time.

use core::fmt::Display;

use crate::config::Limits;
use crate::error::DisconnectReason;
use crate::link::Link;
use crate::message::{CommandName, Message, VersionMessage};
use crate::remote::Remote;
use crate::stats::Stats;
use crate::time::Timestamp;
use crate::transport::TransportKind;
use crate::transport::outbox::Parcel;

#[derive(Debug)]
pub(crate) struct Log;

#[expect(
    clippy::needless_pass_by_ref_mut,
    reason = "the same hands as with the feature"
)]
impl Log {
    #[inline]
    pub(crate) const fn new(_: &Limits) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn created(&mut self, _: &Link) {}

    #[inline]
    pub(crate) fn introduced(&mut self, _: &Link, _: &VersionMessage) {}

    #[inline]
    pub(crate) fn negotiated(&mut self, _: &Link, _: Option<&Remote>, _: Option<TransportKind>) {}

    #[inline]
    pub(crate) fn disconnected(&mut self, _: &Link, _: Timestamp, _: &DisconnectReason, _: &Stats) {
    }

    #[inline]
    pub(crate) fn misbehaved(
        &mut self,
        _: &Link,
        _: Timestamp,
        _: Option<CommandName>,
        _: &dyn Display,
    ) {
    }

    #[inline]
    pub(crate) fn opened(&mut self, _: &Link, _: Timestamp, _: Option<&CommandName>, _: &[u8]) {}

    #[inline]
    pub(crate) fn received(&mut self, _: &Link, _: Timestamp, _: &Message, _: u32) {}

    #[inline]
    pub(crate) fn queued(&mut self, _: &Link, _: Timestamp, _: &Message, _: &Parcel, _: usize) {}
}
