//! Counts of bad and of merely pointless input, and when they are too many.
//!
//! The policy ([`Strictness`](crate::Strictness)) says whether one slip ends the connection; where
//! it forgives, the counts here say how often. Knows no message beyond its kind.

use alloc::boxed::Box;
use core::time::Duration;

use crate::config::Config;
use crate::error::{Annoyance, DisconnectReason, Malformed, Violation};
use crate::event::Event;
use crate::message::{CommandName, DecodeError, DecodeErrorKind, Message, MessageKind};
use crate::misbehavior::{Misbehavior, MisbehaviorKind};
use crate::protocol::{Cx, Flow, Judgement};
use crate::strictness::Reaction;
use crate::time::Timestamp;

/// Limits are counted per this.
const MINUTE: Duration = Duration::from_secs(60);

/// Hits within the current minute. Eight bytes: every connection carries one for each kind.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    /// When the minute began, in milliseconds; wraps every 49 days, which nobody notices.
    since: u32,
    hits: u32,
}

impl Window {
    /// Counts a hit; returns how many this minute has seen.
    fn hit(&mut self, now: Timestamp) -> u32 {
        let now = (now.as_micros() / 1_000) as u32;
        if u128::from(now.wrapping_sub(self.since)) >= MINUTE.as_millis() {
            *self = Self {
                since: now,
                hits: 0,
            };
        }
        self.hits = self.hits.saturating_add(1);
        self.hits
    }
}

#[derive(Debug, Default)]
pub(super) struct Temper {
    bad_checksums: Window,
    malformed: Window,
    annoyances: [Window; Annoyance::ALL.len()],
}

/// Whether a message, correct in itself, says nothing.
pub(super) fn pointless(
    config: &Config,
    message: &Message,
) -> Result<Option<Annoyance>, DisconnectReason> {
    let (empty, is_addr) = match message {
        Message::Inv(list) | Message::GetData(list) | Message::NotFound(list) => {
            (list.is_empty(), false)
        }
        Message::Addr(list) => (list.is_empty(), true),
        Message::AddrV2(list) => (list.is_empty(), true),
        _ => (false, false),
    };
    if empty && is_addr && config.strictness.empty_addr == Reaction::Disconnect {
        return Err(Violation::Empty {
            command: message.command(),
        }
        .into());
    }
    Ok(empty.then_some(Annoyance::Empty))
}

/// Whether it is read well enough, and says what there is not: Core hangs up on `sendcmpct` that is neither for nor against
/// announcing (BIP152), rather than fail to decode it.
fn is_out_of_range(error: &DecodeError) -> bool {
    error.message == MessageKind::SendCmpct
        && matches!(error.kind, DecodeErrorKind::InvalidValue { .. })
}

impl Temper {
    /// A payload that did not decode, or whose counts break a limit.
    pub(super) fn on_bad_payload(
        &mut self,
        cx: &mut Cx<'_>,
        error: DecodeError,
    ) -> Result<(), DisconnectReason> {
        let strictness = &cx.config.strictness;
        let reaction = if error.is_limit() || is_out_of_range(&error) {
            strictness.over_limit
        } else {
            strictness.malformed
        };
        cx.stats.malformed = cx.stats.malformed.saturating_add(1);
        let command = Some(error.message.command());
        let hits = self.malformed.hit(cx.now);
        let limit = cx.config.limits.malformed_per_minute;
        judge(
            cx,
            reaction,
            (hits, limit),
            command,
            Malformed::Payload(Box::new(error)),
        )
    }

    /// A frame whose checksum or command is wrong.
    pub(super) fn on_bad_frame(
        &mut self,
        cx: &mut Cx<'_>,
        malformed: Malformed,
    ) -> Result<(), DisconnectReason> {
        let (strictness, limits) = (&cx.config.strictness, &cx.config.limits);
        if let Malformed::Checksum { command } = malformed {
            cx.stats.bad_checksums = cx.stats.bad_checksums.saturating_add(1);
            let count = (
                self.bad_checksums.hit(cx.now),
                limits.bad_checksums_per_minute,
            );
            return judge(cx, strictness.bad_checksum, count, Some(command), malformed);
        }
        cx.stats.malformed = cx.stats.malformed.saturating_add(1);
        let count = (self.malformed.hit(cx.now), limits.malformed_per_minute);
        judge(cx, strictness.bad_command, count, None, malformed)
    }

    /// Bytes after a payload that decoded.
    pub(super) fn on_trailing(
        &mut self,
        cx: &mut Cx<'_>,
        command: CommandName,
        count: usize,
    ) -> Judgement {
        let malformed = Malformed::TrailingBytes { command, count };
        match cx.config.strictness.trailing_bytes {
            Reaction::Deliver => {
                cx.stats.trailing_bytes = cx.stats.trailing_bytes.saturating_add(1);
                Ok(Flow::Deliver)
            }
            reaction => {
                cx.stats.malformed = cx.stats.malformed.saturating_add(1);
                let count = (
                    self.malformed.hit(cx.now),
                    cx.config.limits.malformed_per_minute,
                );
                judge(cx, reaction, count, Some(command), malformed)?;
                Ok(Flow::Keep)
            }
        }
    }

    /// Legal but pointless: counted, told once a minute, and the end at a limit.
    pub(super) fn on_annoyance(
        &mut self,
        cx: &mut Cx<'_>,
        command: Option<CommandName>,
        annoyance: Annoyance,
    ) -> Result<(), DisconnectReason> {
        let index = annoyance as usize;
        let hits = self
            .annoyances
            .get_mut(index)
            .map_or(0, |window| window.hit(cx.now));
        if let Some(total) = cx.stats.annoyances.get_mut(index) {
            *total = total.saturating_add(1);
        }
        let limit = cx.config.limits.annoyances_per_minute;
        if hits >= limit {
            return Err(Violation::Annoying {
                command,
                annoyance,
                limit,
            }
            .into());
        }
        if hits == 1 {
            tell(cx, command, MisbehaviorKind::Annoyance(annoyance));
        }
        Ok(())
    }
}

/// One malformed message: the end of the connection if the policy or the count says so, else the
/// application is told. Of the end it is told as of every end.
fn judge(
    cx: &mut Cx<'_>,
    reaction: Reaction,
    (hits, limit): (u32, u32),
    command: Option<CommandName>,
    malformed: Malformed,
) -> Result<(), DisconnectReason> {
    if reaction == Reaction::Disconnect {
        return Err(DisconnectReason::Malformed(malformed));
    }
    if hits >= limit {
        return Err(DisconnectReason::Malformed(Malformed::TooMany {
            limit,
            last: Box::new(malformed),
        }));
    }
    tell(cx, command, MisbehaviorKind::Malformed(malformed));
    Ok(())
}

fn tell(cx: &mut Cx<'_>, command: Option<CommandName>, kind: MisbehaviorKind) {
    cx.log.misbehaved(cx.link, cx.now, command, &kind);
    let misbehavior = Misbehavior::new(command, kind);
    cx.events
        .push_back(Event::Misbehavior(Box::new(misbehavior)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_counts_a_minute_from_its_first_hit() {
        let at = Timestamp::from_secs;
        let mut window = Window::default();
        assert_eq!(window.hit(at(1_000)), 1);
        assert_eq!(window.hit(at(1_059)), 2);
        let almost = Timestamp::from_micros(1_059_999_999);
        assert_eq!(window.hit(almost), 3);
        assert_eq!(window.hit(at(1_060)), 1);
        assert_eq!(window.hit(at(1_119)), 2);
        assert_eq!(window.hit(at(1_120)), 1);
    }

    #[test]
    fn a_window_survives_the_ends_of_time() {
        let mut window = Window::default();
        assert_eq!(window.hit(Timestamp::ZERO), 1);
        assert_eq!(window.hit(Timestamp::ZERO), 2);
        assert_eq!(window.hit(Timestamp::MAX), 1);
        window.hits = u32::MAX;
        assert_eq!(window.hit(Timestamp::MAX), u32::MAX);
    }
}
