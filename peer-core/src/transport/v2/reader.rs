//! Packets: opened where they landed, decoys left out, messages sliced out of what was opened.

use alloc::boxed::Box;

use bytes::Bytes;

use super::contents::{MAX_TYPE_LEN, read_type};
use super::garbage::Garbage;
use crate::bip324::{LENGTH_LEN, OpenedPacket, PACKET_OVERHEAD, PacketOpener, TERMINATOR_LEN};
use crate::config::Limits;
use crate::transport::landing::Landing;
use crate::transport::v1::{Admission, Verdict};
use crate::transport::{Frame, FrameError, Head, Name, Opened, Partial, Settled, V2Stage};

/// Cuts messages from the packets that have landed.
#[derive(Debug)]
pub(super) struct Reader {
    opener: PacketOpener,
    /// The contents of the next packet have this length, which was told and is not vouched for.
    length: Option<usize>,
    max_contents: usize,
    /// Packets opened so far.
    count: u64,
    /// The version packet is still to come. What waits for it is not needed afterwards.
    early: Option<Box<Early>>,
}

#[derive(Debug)]
struct Early {
    garbage: Garbage,
    session_id: [u8; 32],
    /// Bytes of decoys so far.
    decoys: u64,
}

impl Reader {
    pub(super) fn new(
        opener: PacketOpener,
        session_id: [u8; 32],
        terminator: [u8; TERMINATOR_LEN],
        max_contents: usize,
    ) -> Self {
        let early = Early {
            garbage: Garbage::new(terminator),
            session_id,
            decoys: 0,
        };
        Self {
            opener,
            length: None,
            max_contents,
            count: 0,
            early: Some(Box::new(early)),
        }
    }

    /// What is waited for; `None` once the version packet has come.
    pub(super) fn stage(&self) -> Option<V2Stage> {
        self.early.as_ref().map(|early| {
            if early.garbage.has_ended() {
                V2Stage::VersionPacket
            } else {
                V2Stage::GarbageTerminator
            }
        })
    }

    pub(super) fn forget_garbage(&mut self) {
        if let Some(early) = &mut self.early {
            early.garbage.forget();
        }
    }

    pub(super) fn held(&self) -> usize {
        self.early.as_ref().map_or(0, |early| early.garbage.held())
    }

    /// Whether the next [`open`](Self::open) would come to something new.
    pub(super) fn has_packet(&self, landing: &Landing) -> bool {
        if self.stage() == Some(V2Stage::GarbageTerminator) {
            return !landing.landed().is_empty();
        }
        if let Some(pad) = landing.pad() {
            return pad.is_complete();
        }
        let landed = landing.landed().len();
        match self.length {
            None => landed >= LENGTH_LEN,
            Some(length) => {
                let whole = length.saturating_add(PACKET_OVERHEAD);
                landed >= whole || !landing.fits(whole) || length > self.max_contents
            }
        }
    }

    /// A packet that has begun to arrive. It shows nothing.
    pub(super) fn partial(&self, landing: &Landing) -> Option<Partial> {
        let whole = self.length?.saturating_add(PACKET_OVERHEAD);
        let complete = match landing.pad() {
            Some(pad) => pad.is_complete(),
            None => landing.landed().len() >= whole,
        };
        (!complete).then(Partial::sealed)
    }

    /// Opens the next packet, if it is complete.
    pub(super) fn open(
        &mut self,
        landing: &mut Landing,
        admission: &Admission<'_>,
        limits: &Limits,
    ) -> Result<Opened, FrameError> {
        if let Some(early) = &mut self.early
            && !early.garbage.has_ended()
        {
            return Ok(match early.garbage.find_end(landing)? {
                true => Opened::Stage,
                false => Opened::Nothing,
            });
        }
        self.read_length(landing);
        let Some(length) = self.length else {
            self.opener.rest();
            return Ok(Opened::Nothing);
        };
        let limit = self.limit(admission, limits.early_packet);
        if length > limit {
            return Err(FrameError::PacketTooLarge { length, limit });
        }
        let early_decoys = limits.early_decoys;
        let whole = length.saturating_add(PACKET_OVERHEAD);
        if let Some(pad) = landing.take_pad() {
            let (mut body, _) = pad.into_body();
            let (is_decoy, message) = self.unseal(&mut body)?;
            if let Some(other) = self.other_than_message(is_decoy, whole, early_decoys)? {
                return Ok(other);
            }
            return judge(message, whole, admission, |start, end| {
                Bytes::from(body).slice(start..end)
            });
        }
        if landing.pad().is_some() {
            return Ok(Opened::Nothing);
        }
        if let Some(packet) = landing.landed_mut().get_mut(LENGTH_LEN..whole) {
            let (is_decoy, message) = self.unseal(packet)?;
            let opened = match self.other_than_message(is_decoy, whole, early_decoys)? {
                Some(other) => other,
                None => judge(message, whole, admission, |start, end| {
                    Bytes::copy_from_slice(packet.get(start..end).unwrap_or_default())
                })?,
            };
            landing.consume(whole);
            return Ok(opened);
        }
        if !landing.fits(whole) {
            landing.begin_pad(LENGTH_LEN, whole.saturating_sub(LENGTH_LEN), false);
        }
        Ok(Opened::Nothing)
    }

    /// The length of the next packet's contents is decrypted as soon as it has landed, once, and
    /// remembered; it is judged when the packet is to be opened.
    pub(super) fn read_length(&mut self, landing: &Landing) {
        if self.length.is_some() || self.stage() == Some(V2Stage::GarbageTerminator) {
            return;
        }
        let Some(encrypted) = landing.landed().first_chunk() else {
            return;
        };
        self.length = Some(self.opener.open_length(*encrypted));
    }

    /// The longest contents that a packet may have at this point of the connection.
    fn limit(&self, admission: &Admission<'_>, early_packet: u32) -> usize {
        if admission.skip_limit >= admission.codec.network.max_payload {
            return self.max_contents;
        }
        // A decoy may be longer than any message that a stranger may send.
        let early = early_packet.max(admission.skip_limit) as usize;
        self.max_contents.min(early.saturating_add(MAX_TYPE_LEN))
    }

    /// Decrypts a packet where it lies: whether it is a decoy, and where its message is.
    fn unseal(&mut self, sealed: &mut [u8]) -> Result<(bool, Message), FrameError> {
        let aad = self.early.as_ref().map(|early| early.garbage.bytes());
        let opened = self.opener.open(sealed, aad.unwrap_or_default());
        let number = self.count;
        let OpenedPacket { contents, is_decoy } =
            opened.map_err(|_| FrameError::Unauthentic { number })?;
        let (name, type_len) = read_type(contents);
        let head = Head::new(contents.get(..type_len).unwrap_or_default());
        let message = Message {
            name,
            head,
            start: type_len.saturating_add(1),
            end: contents.len().saturating_add(1),
        };
        self.count = self.count.saturating_add(1);
        self.length = None;
        if let Some(early) = &mut self.early {
            early.garbage.forget();
        }
        Ok((is_decoy, message))
    }

    /// What a packet is that brings no message: a decoy, or the version packet.
    fn other_than_message(
        &mut self,
        is_decoy: bool,
        whole: usize,
        limit: u64,
    ) -> Result<Option<Opened>, FrameError> {
        if !is_decoy {
            return Ok(self.early.take().map(|early| {
                Opened::Settled(Settled::V2 {
                    session_id: early.session_id,
                })
            }));
        }
        if let Some(early) = &mut self.early {
            early.decoys = early.decoys.saturating_add(whole as u64);
            if early.decoys > limit {
                return Err(FrameError::EarlyDecoys { limit });
            }
        }
        let wire_len = u32::try_from(whole).unwrap_or(u32::MAX);
        Ok(Some(Opened::Decoy { wire_len }))
    }
}

/// Where a message lies in a packet that was opened.
struct Message {
    name: Name,
    head: Head,
    start: usize,
    end: usize,
}

/// The message of a packet, or that it is not looked at. `payload` gives what lies between.
fn judge(
    message: Message,
    whole: usize,
    admission: &Admission<'_>,
    payload: impl FnOnce(usize, usize) -> Bytes,
) -> Result<Opened, FrameError> {
    let Message {
        name,
        head,
        start,
        end,
    } = message;
    let length = u32::try_from(end.saturating_sub(start)).unwrap_or(u32::MAX);
    let command = match name {
        Name::Command(command) => command,
        Name::Kind(kind) => kind.command().to_bytes(),
        Name::Unknown(_) | Name::Cut { .. } => [0; 12],
    };
    if admission.judge_length(command, length)? == Verdict::Skip {
        let wire_len = u32::try_from(whole).unwrap_or(u32::MAX);
        return Ok(Opened::Skipping { name, wire_len });
    }
    Ok(Opened::Frame(Frame {
        name,
        payload: payload(start, end),
        wire_len: u32::try_from(whole).unwrap_or(u32::MAX),
        intact: true,
        head,
    }))
}
