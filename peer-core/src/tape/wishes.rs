//! What the application says to a machine, as it stands on a tape: [`Command`] and what is in it.
//!
//! A message is written as on the wire, which has no form for some values that a program can make. Each is read again
//! when it is written; one that does not come back as it was has no form here either.

use alloc::vec::Vec;

use bytes::Bytes;

use super::value::{In, Out, Unreadable, Value, fields, variants};
use crate::announcement::Announcement;
use crate::command::Command;
use crate::encoded::EncodedMessage;
use crate::error::{HangUp, Outgoing};
use crate::message::{
    Codec, CommandName, InvKind, InvVect, Locator, Message, MessageKind, MessageLimits, Reject,
    RejectCode, Text,
};
use crate::network::Network;
use crate::wire::{
    AddrEntry, Address, BlockHash, BlockHeader, Hash, List, TxEncoding, Txid, Wtxid,
};

variants! {
    Command {
        0 = Send(message), 1 = PushAddr(list), 2 = PushAddrV2(list), 3 = AnswerGetAddr(list), 4 = PushGetBlocks(locator),
        5 = PushGetHeaders(locator), 6 = PushReject(reject), 7 = AcceptVersion, 8 = RefuseVersion(reject), 9 = AdmitV2,
        10 = RefuseV2, 11 = SendDecoy(len), 12 = Disconnect, 13 = Abort, 14 = Announce(announcement),
        15 = AddKnownInventory(item), 16 = UpdateLastBlockHeight(height), 17 = UpdateLastAnnouncedBlock(block),
    }
    Outgoing { 0 = Message(message, encoding), 1 = Encoded(message) }
    TxEncoding { 0 = Full, 1 = Witness, 2 = Base }
    Announcement { 0 = Tx { txid, wtxid, fee_rate }, 1 = Block { header }, 2 = Item(item) }
    InvKind {
        0 = Error, 1 = Tx, 2 = Block, 3 = FilteredBlock, 4 = CompactBlock, 5 = Wtx, 6 = WitnessTx, 7 = WitnessBlock,
        8 = FilteredWitnessBlock, 9 = MwebTx, 10 = MwebBlock, 11 = MwebHeader, 12 = MwebLeafset, 13 = DandelionTx,
        14 = DandelionWitnessTx, 15 = EncCand, 16 = DandelionEncCand, 17 = AggSession, 18 = DandelionAggSession,
        19 = Other(number),
    }
    Address {
        1 = Ipv4(bytes), 2 = Ipv6(bytes), 3 = TorV2(bytes), 4 = TorV3(bytes), 5 = I2p(bytes), 6 = Cjdns(bytes),
        7 = Yggdrasil(bytes),
    }
    HangUp { 0 = EndOfStream, 1 = Truncated, 2 = Reset, 3 = LocalError }
}

fields! {
    AddrEntry { time, services, address, port }
    InvVect { kind, hash }
    Locator { version, hashes, stop }
    Reject { message, code, reason, hash }
}

impl Value for List<BlockHash> {
    fn put(&self, out: &mut Out) {
        out.varint(self.len() as u64);
        self.iter().for_each(|hash| hash.put(out));
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        Vec::take(from).map(Self::from_items)
    }
}

impl Value for RejectCode {
    fn put(&self, out: &mut Out) {
        out.bytes.push(self.0);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        from.byte().map(Self)
    }
}

impl Value for Text {
    fn put(&self, out: &mut Out) {
        self.as_bytes().put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        Value::take(from).map(Self::new)
    }
}

macro_rules! hashes {
    ($($type:ty),*) => { $(
        impl Value for $type {
            fn put(&self, out: &mut Out) {
                self.to_bytes().put(out);
            }

            fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
                Value::take(from).map(Self::from_bytes)
            }
        }
    )* };
}
hashes!(Hash, Txid, Wtxid);

impl Value for BlockHeader {
    fn put(&self, out: &mut Out) {
        self.to_bytes().put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        let bytes = Value::take(from)?;
        Ok(Self::from_bytes(&bytes))
    }
}

impl Value for CommandName {
    fn put(&self, out: &mut Out) {
        self.to_bytes().put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        Self::from_bytes(Value::take(from)?).map_err(|_| Unreadable("command"))
    }
}

/// Whether it is one of the table, its command, the version whose layout it has, its payload.
impl Value for Message {
    fn put(&self, out: &mut Out) {
        let written = [out.version, LATEST].into_iter().find_map(|version| {
            let payload = payload(self, &out.network, version)?;
            let again = read(
                self.kind(),
                self.command(),
                payload.clone(),
                &out.network,
                version,
            );
            (again.as_ref() == Ok(self)).then_some((version, payload))
        });
        let Some((version, payload)) = written else {
            out.is_impossible = true;
            return;
        };
        self.kind().is_some().put(out);
        self.command().put(out);
        version.put(out);
        payload.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        let (kind, command) = kind(from)?;
        let (version, payload) = (u32::take(from)?, Bytes::take(from)?);
        read(kind, command, payload, &from.network, version)
    }
}

/// Whether it is one of the table, and its command.
fn kind(from: &mut In<'_>) -> Result<(Option<MessageKind>, CommandName), Unreadable> {
    let (is_known, command) = (bool::take(from)?, CommandName::take(from)?);
    let kind = is_known.then(|| MessageKind::from_command(&command).ok_or(MESSAGE));
    Ok((kind.transpose()?, command))
}

const MESSAGE: Unreadable = Unreadable("message");

/// Above the gates of everything that a network has, below those of what it never has.
const LATEST: u32 = crate::network::NEVER - 1;

/// The payload that stands for `message`, whatever the limits of its connection.
pub(super) fn payload(message: &Message, network: &Network, version: u32) -> Option<Bytes> {
    let codec = Codec::new(network, version, &UNLIMITED);
    message.payload(&codec, TxEncoding::Full).ok()
}

fn read(
    kind: Option<MessageKind>,
    command: CommandName,
    payload: Bytes,
    network: &Network,
    version: u32,
) -> Result<Message, Unreadable> {
    let Some(kind) = kind else {
        return Ok(Message::Unknown { command, payload });
    };
    let codec = Codec::new(network, version, &UNLIMITED);
    let decoded = Message::decode_as(kind, payload, &codec).map_err(|_| MESSAGE)?;
    match decoded.trailing {
        0 => Ok(decoded.message),
        _ => Err(MESSAGE),
    }
}

/// The connection's own limits are for the machine to apply.
const UNLIMITED: MessageLimits = MessageLimits {
    inv: usize::MAX,
    headers: usize::MAX,
    locator: usize::MAX,
    addr: usize::MAX,
    user_agent: usize::MAX,
    feature_id_min: 0,
    feature_id: usize::MAX,
    feature_data: usize::MAX,
    filter: usize::MAX,
    filter_hash_funcs: u32::MAX,
    filter_add: usize::MAX,
    merkle_hashes: usize::MAX,
    merkle_flags: usize::MAX,
    compact_txs: usize::MAX,
    cfilter: usize::MAX,
    cfheaders: usize::MAX,
    cfcheckpt: usize::MAX,
    reject_message: usize::MAX,
    reject_reason: usize::MAX,
    alert: usize::MAX,
    draft_cf_locator: usize::MAX,
    cftypes: usize::MAX,
    navcoin_string: usize::MAX,
};

/// What it was encoded for, its payload, and the message unless that is what the payload says.
impl Value for EncodedMessage {
    fn put(&self, out: &mut Out) {
        let (message, magic, version) = self.parts();
        magic.put(out);
        version.put(out);
        self.payload().put(out);
        let (kind, command, payload) = (message.kind(), message.command(), self.payload().clone());
        let said = read(kind, command, payload, &out.network, version);
        let is_said = said.as_ref() == Ok(message);
        is_said.put(out);
        if is_said {
            kind.is_some().put(out);
            command.put(out);
        } else {
            message.put(out);
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, Unreadable> {
        let (magic, version) = (Value::take(from)?, u32::take(from)?);
        let payload = Bytes::take(from)?;
        let message = if bool::take(from)? {
            let (kind, command) = kind(from)?;
            read(kind, command, payload.clone(), &from.network, version)?
        } else {
            Message::take(from)?
        };
        Ok(Self::from_parts(message, payload, magic, version))
    }
}
