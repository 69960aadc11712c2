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
use crate::timer::Timer;
use crate::transport::v1::Admission;
use crate::transport::{Frame, Means, Name, Opened, Settled};

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

    /// Lets the v2 handshake of a remote that dialled us begin, under
    /// [`V2Options::admission`](crate::V2Options); without effect otherwise.
    pub fn admit_v2(&mut self) {
        if matches!(self.phase, Phase::Open { hang_up: None }) {
            self.transport.admit();
        }
    }

    /// Refuses it, under [`V2Options::admission`](crate::V2Options): disconnects. A few random bytes
    /// are said first: to a remote that hears nothing it would look as if we knew only v1, and it
    /// would come again in the clear.
    pub fn refuse_v2(&mut self) {
        if self.transport.awaits_admission() {
            let words = self.rng.next_u64().to_le_bytes();
            self.transport.outbox.stage_raw(words.to_vec());
            self.flush_and_close(Goodbye::V2Refused.into());
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
        if self.transport.outbox.provoked() >= self.config.limits.provoked {
            return false;
        }
        let admission = admission(&self.config, self.is_negotiated(), self.version());
        let means = Means {
            config: &self.config,
            rng: &mut self.rng,
        };
        let opened = self.transport.open(&admission, means);
        let verdict = match opened {
            Err(error) => Err(DisconnectReason::Frame(error)),
            Ok(Opened::Nothing) => {
                return hang_up.is_some_and(|how| self.finish_hang_up(how));
            }
            Ok(Opened::Skipping { name, wire_len }) => self.on_skipped(name, wire_len),
            Ok(Opened::Frame(frame)) => self.on_frame(frame),
            Ok(Opened::Decoy { wire_len }) => {
                self.stats.decoys_received = self.stats.decoys_received.saturating_add(1);
                self.stats.frames_received = self.stats.frames_received.saturating_add(1);
                let received = &mut self.stats.traffic.received;
                received.add(None, 1, u64::from(wire_len));
                Ok(())
            }
            Ok(Opened::AdmissionWanted) => {
                self.events.push_back(Event::V2Admission);
                Ok(())
            }
            Ok(Opened::Stage) => {
                self.watch_handshake();
                let (protocol, mut cx) = self.rooms();
                protocol.on_unblocked(&mut cx);
                Ok(())
            }
            Ok(Opened::Settled(settled)) => {
                self.on_settled(&settled);
                Ok(())
            }
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
    pub(crate) fn version(&self) -> u32 {
        self.remote()
            .map_or(self.config.protocol_version, |remote| {
                remote.protocol_version
            })
    }

    fn on_skipped(&mut self, name: Name, wire_len: u32) -> Result<(), DisconnectReason> {
        self.stats.frames_received = self.stats.frames_received.saturating_add(1);
        let received = &mut self.stats.traffic.received;
        received.add(None, 1, u64::from(wire_len));
        self.count_skipped();
        let (protocol, mut cx) = self.rooms();
        protocol.on_skipped(&mut cx, name.command())
    }

    /// Bytes of frames that nobody looks at count as they come, as those of bad frames do.
    pub(super) fn count_skipped(&mut self) {
        let skipped = self.transport.take_skipped();
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
        let command = frame.name.command();
        self.count_frame(&frame, command.as_ref());
        let (link, now) = (&self.link, self.now);
        self.log.opened(link, now, command.as_ref(), &frame.payload);
        if self.config.raw_events {
            let header = Bytes::copy_from_slice(frame.head.as_slice());
            let raw = RawFrame {
                command,
                header,
                payload: frame.payload.clone(),
            };
            self.events.push_back(Event::Read(Box::new(raw)));
        }
        let Some(command) = command else {
            return self.on_nameless(frame.name);
        };
        if !frame.intact {
            let (protocol, mut cx) = self.rooms();
            return protocol.on_bad_frame(&mut cx, Malformed::Checksum { command });
        }
        let codec = self.config.codec(self.version());
        let kind = MessageKind::from_command(&command)
            .filter(|kind| codec.knows(*kind))
            .filter(|kind| *kind != MessageKind::Feature || self.config.speaks_feature());
        let Some(kind) = kind else {
            let payload = frame.payload;
            return self.on_message(Message::Unknown { command, payload }, 0, frame.wire_len);
        };
        match Message::decode_as(kind, frame.payload, &codec) {
            Ok(decoded) => self.on_message(decoded.message, decoded.trailing, frame.wire_len),
            Err(error) => {
                let (protocol, mut cx) = self.rooms();
                protocol.on_malformed(&mut cx, error)
            }
        }
    }

    /// A frame whose message has no name.
    fn on_nameless(&mut self, name: Name) -> Result<(), DisconnectReason> {
        let malformed = match name {
            Name::Command(command) => Malformed::Command { command },
            Name::Cut { len } => Malformed::MessageType { len },
            // As an unknown command, but for a name under which it could be delivered. Not the
            // remote's fault: ids are still being given out.
            Name::Unknown(_) | Name::Kind(_) => {
                self.stats.unknown_messages = self.stats.unknown_messages.saturating_add(1);
                return Ok(());
            }
        };
        let (protocol, mut cx) = self.rooms();
        protocol.on_bad_frame(&mut cx, malformed)
    }

    /// It is known how frames travel.
    fn on_settled(&mut self, settled: &Settled) {
        self.timers.stop(Timer::V2Handshake);
        self.stats.transport = self.transport.kind();
        if let Settled::V2 { session_id } = settled {
            self.stats.session_id = Some(*session_id);
        }
    }

    /// The handshake of the transport came to another stage, whose time begins.
    pub(super) fn watch_handshake(&mut self) {
        self.timers.stop(Timer::V2Handshake);
        if self.transport.stage().is_some()
            && let Some(span) = self.config.timeouts.v2_stage
        {
            let deadline = self.now.saturating_add(span);
            self.timers.set(Timer::V2Handshake, deadline);
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
