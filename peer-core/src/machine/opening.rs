//! Landed frames become messages, messages become events. One frame at a time, on demand; none while the application
//! looks at the remote's `version`.

use alloc::boxed::Box;
use bytes::Bytes;

use super::PeerMachine;
use super::closing::Phase;
use crate::config::Config;
use crate::error::{DisconnectReason, Goodbye, Malformed};
use crate::event::{Event, RawFrame};
use crate::message::{CommandName, Message, MessageKind, Reject};
use crate::protocol::Flow;
use crate::strictness::Oversized;
use crate::transport::v1::Admission;
use crate::transport::{Frame, Opened};

impl PeerMachine {
    /// Accepts the remote's `version` under [`Config::review_version`](crate::Config); without
    /// effect otherwise.
    pub fn accept_version(&mut self) {
        if self.owes_verdict() {
            let (protocol, mut cx) = self.rooms();
            protocol.accept_version(&mut cx);
            protocol.on_outbox_touched(&mut cx);
        }
    }

    /// Refuses the remote's `version` under [`Config::review_version`](crate::Config): sends the
    /// reject if there is one and the remote reads it (BIP61), then disconnects.
    pub fn refuse_version(&mut self, reject: Option<Reject>) {
        if self.owes_verdict() {
            let (protocol, mut cx) = self.rooms();
            protocol.refuse_version(&mut cx, reject);
            self.close_after_flush(Goodbye::VersionRefused.into());
        }
    }

    /// A verdict that comes after the end is not heard.
    fn owes_verdict(&self) -> bool {
        matches!(self.phase, Phase::Open { hang_up: None }) && self.protocol.awaits_review()
    }

    /// Opens the next frame; false if there is none to open now.
    pub(super) fn open_next(&mut self) -> bool {
        let Phase::Open { hang_up } = self.phase else {
            return false;
        };
        if self.protocol.awaits_review() {
            return hang_up.is_some_and(|how| self.finish_hang_up(how));
        }
        if self.outbox.provoked() >= self.config.limits.provoked {
            return false;
        }
        let admission = admission(&self.config, self.is_negotiated(), self.version());
        let opened = self.landing.open(&admission);
        let verdict = match opened {
            Err(error) => Err(DisconnectReason::Frame(error)),
            Ok(Opened::Nothing) => {
                return hang_up.is_some_and(|how| self.finish_hang_up(how));
            }
            Ok(Opened::Skipping { command }) => self.on_skipped(command),
            Ok(Opened::Frame(frame)) => self.on_frame(frame),
        };
        match verdict {
            Err(reason) => self.fail(reason),
            Ok(()) => {
                if let Some(goodbye) = self.protocol.fulfilled() {
                    self.close_after_flush(goodbye.into());
                }
            }
        }
        let (protocol, mut cx) = self.rooms();
        protocol.on_outbox_touched(&mut cx);
        true
    }

    /// The protocol version in force: negotiated, or ours before.
    pub(super) fn version(&self) -> u32 {
        self.remote()
            .map_or(self.config.protocol_version, |remote| {
                remote.protocol_version
            })
    }

    fn on_skipped(&mut self, command: [u8; 12]) -> Result<(), DisconnectReason> {
        self.stats.frames_received = self.stats.frames_received.saturating_add(1);
        self.stats.traffic.received.add(None, 1, 0);
        self.count_skipped();
        let (protocol, mut cx) = self.rooms();
        protocol.on_skipped(&mut cx, CommandName::from_bytes(command).ok())
    }

    /// Bytes of frames that nobody looks at count as they come, as those of bad frames do.
    pub(super) fn count_skipped(&mut self) {
        let skipped = self.landing.take_skipped();
        if skipped > 0 {
            self.stats.traffic.received.add(None, 0, skipped);
        }
    }

    /// Counts a frame under its command, or under none if it has no good one, or a bad checksum.
    fn count_frame(&mut self, frame: &Frame, command: Option<&CommandName>) {
        self.stats.frames_received = self.stats.frames_received.saturating_add(1);
        let kind = command
            .filter(|_| frame.intact)
            .and_then(MessageKind::from_command);
        let received = &mut self.stats.traffic.received;
        received.add(kind, 1, u64::from(frame.wire_len));
    }

    fn on_frame(&mut self, frame: Frame) -> Result<(), DisconnectReason> {
        let command = CommandName::from_bytes(frame.command).ok();
        self.count_frame(&frame, command.as_ref());
        let (link, now) = (&self.link, self.now);
        self.log.opened(link, now, command.as_ref(), &frame.payload);
        if self.config.raw_events {
            let header = Bytes::copy_from_slice(&frame.header);
            let raw = RawFrame {
                command,
                header,
                payload: frame.payload.clone(),
            };
            self.events.push_back(Event::Read(Box::new(raw)));
        }
        let Some(command) = command else {
            let command = frame.command;
            let (protocol, mut cx) = self.rooms();
            return protocol.on_bad_frame(&mut cx, Malformed::Command { command });
        };
        if !frame.intact {
            let (protocol, mut cx) = self.rooms();
            return protocol.on_bad_frame(&mut cx, Malformed::Checksum { command });
        }
        let kind = MessageKind::from_command(&command)
            .filter(|kind| *kind != MessageKind::Feature || self.config.speaks_feature());
        let Some(kind) = kind else {
            let payload = frame.payload;
            return self.on_message(Message::Unknown { command, payload }, 0, frame.wire_len);
        };
        let codec = self.config.codec(self.version());
        match Message::decode_as(kind, frame.payload, &codec) {
            Ok(decoded) => self.on_message(decoded.message, decoded.trailing, frame.wire_len),
            Err(error) => {
                let (protocol, mut cx) = self.rooms();
                protocol.on_malformed(&mut cx, error)
            }
        }
    }

    fn on_message(
        &mut self,
        mut message: Message,
        trailing: usize,
        wire_len: u32,
    ) -> Result<(), DisconnectReason> {
        self.log.received(&self.link, self.now, &message, wire_len);
        let was_negotiated = self.is_negotiated();
        let (protocol, mut cx) = self.rooms();
        let mut flow = Flow::Deliver;
        if trailing > 0 {
            flow = protocol.on_trailing(&mut cx, message.command(), trailing)?;
        }
        if flow == Flow::Deliver {
            flow = protocol.on_message(&mut cx, &message)?;
        }
        if flow == Flow::Deliver {
            flow = protocol.on_delivery(&mut cx, &mut message);
        }
        if flow == Flow::Deliver {
            if message.kind().is_none() {
                cx.stats.unknown_messages = cx.stats.unknown_messages.saturating_add(1);
            }
            cx.events.push_back(Event::Message { message, wire_len });
        }
        if self.is_negotiated() && !was_negotiated {
            self.release_waiting();
        }
        Ok(())
    }
}

/// What may land now: strangers get room for a handshake message and no more.
fn admission(config: &Config, negotiated: bool, version: u32) -> Admission<'_> {
    let strictness = &config.strictness;
    let frame_limit = config.network.max_payload;
    let early = if negotiated {
        Oversized::Accept
    } else {
        strictness.oversized_early
    };
    let limit = match early {
        Oversized::Accept => frame_limit,
        Oversized::Skip | Oversized::Disconnect => frame_limit.min(config.limits.early_payload),
    };
    Admission {
        magic: config.network.magic,
        limit,
        skip_limit: if early == Oversized::Skip {
            frame_limit
        } else {
            limit
        },
        codec: config.codec(version),
        oversized_for_type: strictness.oversized_for_type,
    }
}
