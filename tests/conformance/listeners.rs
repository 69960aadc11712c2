//! btcd's `TestPeerListeners`, and what it leaves out: whatever the network delivers reaches the method that is for it,
//! and no other. (There, `OnCFCheckpt` is never called, `wtxidrelay` and compact blocks have no callback, and of unknown
//! messages nobody hears.)

use core::time::Duration;

use crate::Probe;
use bytes::Bytes;
use peer_core::message::*;
use peer_core::wire::{AddrList, AddrV2List, BlockView, TxView};
use peer_core::{
    Config, DisconnectReason, Event, Goodbye, Link, MessageListener, Misbehavior, RawFrame,
    RequestKind, Unanswered, dispatch,
};
use peer_tests::script::{Frame, VersionPayload};

use crate::matrix::samples;
use crate::support::config;

/// What was called since last time.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Methods for messages, by the name of the message.
    pub(crate) messages: Vec<&'static str>,
    pub(crate) unknown: Vec<(String, Bytes)>,
    /// Frames as they stand on the wire.
    read: Vec<Vec<u8>>,
    written: Vec<Vec<u8>>,
    wire_lens: Vec<u32>,
    pub(crate) misbehavior: usize,
    pub(crate) unanswered: Vec<RequestKind>,
    pub(crate) ends: Vec<DisconnectReason>,
}

fn on_the_wire(frame: &RawFrame) -> Vec<u8> {
    [&frame.header[..], &frame.payload].concat()
}

macro_rules! hear {
    ($( $method:ident($($payload:ty)?) $name:literal )*) => {
        impl MessageListener for Heard {
            $( fn $method(&mut self $(, _: &$payload)?) {
                self.messages.push($name);
            } )*

            fn on_message(&mut self, _: &Message, wire_len: u32) {
                self.wire_lens.push(wire_len);
            }
            fn on_unknown(&mut self, command: &CommandName, payload: &Bytes) {
                self.unknown.push((command.to_string(), payload.clone()));
            }
            fn on_read(&mut self, frame: &RawFrame) {
                self.read.push(on_the_wire(frame));
            }
            fn on_write(&mut self, frame: &RawFrame) {
                self.written.push(on_the_wire(frame));
            }
            fn on_misbehavior(&mut self, _: &Misbehavior) {
                self.misbehavior += 1;
            }
            fn on_unanswered(&mut self, unanswered: &Unanswered) {
                self.unanswered.push(unanswered.request);
            }
            fn on_disconnected(&mut self, reason: &DisconnectReason) {
                self.ends.push(reason.clone());
            }
        }
    };
}

hear! {
    // btcd's 27.
    on_getaddr() "getaddr"
    on_addr(AddrList) "addr"
    on_ping(Ping) "ping"
    on_pong(Pong) "pong"
    on_mempool() "mempool"
    on_tx(TxView) "tx"
    on_block(BlockView) "block"
    on_inv(Inventory) "inv"
    on_headers(Headers) "headers"
    on_notfound(Inventory) "notfound"
    on_getdata(Inventory) "getdata"
    on_getblocks(Locator) "getblocks"
    on_getheaders(Locator) "getheaders"
    on_getcfilters(FilterRange) "getcfilters"
    on_getcfheaders(GetCFHeaders) "getcfheaders"
    on_getcfcheckpt(GetCFCheckpt) "getcfcheckpt"
    on_cfilter(CFilter) "cfilter"
    on_cfheaders(CFHeaders) "cfheaders"
    on_feefilter(FeeFilter) "feefilter"
    on_filteradd(FilterAdd) "filteradd"
    on_filterclear() "filterclear"
    on_filterload(FilterLoad) "filterload"
    on_merkleblock(MerkleBlock) "merkleblock"
    on_version(VersionMessage) "version"
    on_verack() "verack"
    on_reject(Reject) "reject"
    on_sendheaders() "sendheaders"
    // What it has and does not test or call.
    on_addrv2(AddrV2List) "addrv2"
    on_sendaddrv2() "sendaddrv2"
    on_cfcheckpt(CFCheckpt) "cfcheckpt"
    // What navd has besides.
    on_alert(Alert) "alert"
    on_getcfilter(GetCFilter) "getcfilter"
    on_getcftypes() "getcftypes"
    on_cftypes(CFTypes) "cftypes"
    // What neither has.
    on_dandeliontx(TxView) "dandeliontx"
    on_aggsess(AggregationSession) "aggsess"
    on_daggsess(AggregationSession) "daggsess"
    on_enccand(EncryptedCandidate) "enccand"
    on_danenccand(EncryptedCandidate) "danenccand"
    on_wtxidrelay() "wtxidrelay"
    on_sendtxrcncl(SendTxRcncl) "sendtxrcncl"
    on_feature(Feature) "feature"
    on_sendcmpct(SendCmpct) "sendcmpct"
    on_cmpctblock(CmpctBlock) "cmpctblock"
    on_getblocktxn(GetBlockTxn) "getblocktxn"
    on_blocktxn(BlockTxn) "blocktxn"
}

/// What the methods hear of these events.
pub(crate) fn heard(events: &[Event]) -> Heard {
    let mut heard = Heard::default();
    for event in events {
        dispatch(event, &mut heard);
    }
    heard
}

fn raw() -> Config {
    let mut config = config();
    config.raw_events = true;
    // The first version in which `feature` is a message (BIP434).
    config.protocol_version = 70_017;
    // Two messages of addresses come right after one another, and were not asked for.
    config.addr_rate_limit = None;
    config
}

/// A whole session: every frame is read once as it stands on the wire, and its message heard once.
#[test]
fn every_message_of_a_session_is_heard_once() {
    let mut probe = Probe::new(raw(), Link::inbound());
    // What Bitcoin has today; for the others see `promised`.
    let config = raw();
    let codec = Codec::new(&config.network, 70_017, &config.limits.message);
    let mut samples = samples();
    samples.retain(|(kind, _)| codec.knows(*kind));
    let of = |wanted: &dyn Fn(MessageKind) -> bool| {
        let kinds = samples.iter().filter(move |(kind, _)| wanted(*kind));
        let frames =
            kinds.map(|(kind, payload)| Frame::new(kind.command().as_str(), payload.clone()));
        frames.collect::<Vec<_>>()
    };
    let negotiation = of(&|kind| kind.phase() == Phase::Negotiation && kind != MessageKind::Verack);
    let rest = of(&|kind| matches!(kind.phase(), Phase::Opened | Phase::Established));
    let mut session = vec![VersionPayload::of(70_017).frame()];
    session.extend(negotiation);
    session.push(Frame::empty("verack"));
    session.extend(rest);
    assert_eq!(session.len(), samples.len());
    assert_eq!(session.len(), 37);
    for frame in session {
        let events = probe.tell(&frame);
        let heard = heard(&events);
        assert_eq!(heard.messages, [frame.name()]);
        assert_eq!(heard.read, [frame.to_bytes()], "{}", frame.name());
        assert!(heard.unknown.is_empty() && heard.ends.is_empty());
        // The two that have events of their own are no `Event::Message`.
        let own = matches!(frame.name().as_str(), "version" | "verack");
        let wire_lens = if own {
            vec![]
        } else {
            vec![frame.to_bytes().len() as u32]
        };
        assert_eq!(heard.wire_lens, wire_lens, "{}", frame.name());
        // What we say to it is told as it stands on the wire.
        let said: Vec<_> = probe.read().iter().map(Frame::to_bytes).collect();
        assert_eq!(heard.written, said, "{}", frame.name());
    }
    probe.machine.disconnect();
    let end = heard(&probe.heard());
    assert_eq!(end.ends, [Goodbye::Requested.into()]);
}

/// What is in no table, and what does not decode: btcd tells nobody, here the raw bytes are at hand.
#[test]
fn what_is_no_message_is_heard_as_it_came() {
    let mut probe = Probe::negotiated(raw(), Link::outbound());
    let unknown = Frame::new("dandeliontx", *b"anything");
    let events = heard(&probe.tell(&unknown));
    let payload = Bytes::from_static(b"anything");
    assert_eq!(events.unknown, [("dandeliontx".to_owned(), payload)]);
    assert_eq!(events.wire_lens, [32]);
    assert_eq!(events.read, [unknown.to_bytes()]);
    assert_eq!((events.messages.len(), events.misbehavior), (0, 0));
    for bad in [
        Frame::new("tx", *b"cut short"),
        Frame::new("inv", [1]),
        Frame::ping(1).with_bad_checksum(),
        Frame::empty("x").with_command(*b"no\0name\0\0\0\0\0"),
    ] {
        let events = heard(&probe.tell(&bad));
        assert_eq!(events.read, [bad.to_bytes()]);
        assert_eq!(events.misbehavior, 1, "{bad:?}");
        assert!(events.messages.is_empty() && events.unknown.is_empty());
        assert!(events.wire_lens.is_empty());
    }
    assert!(probe.is_alive());
}

/// btcd tells nobody of a silence but its log.
#[test]
fn a_silence_that_is_forgiven_is_heard() {
    let mut probe = Probe::negotiated(config(), Link::outbound());
    probe.machine.send(Message::MemPool).unwrap();
    probe.read();
    let events = heard(&probe.wait(Duration::from_secs(60)));
    assert_eq!(events.unanswered, [RequestKind::MemPool]);
    assert!(events.ends.is_empty());
}

/// The hooks cost nothing unless they are asked for.
#[test]
fn raw_frames_are_not_heard_unasked() {
    let mut probe = Probe::new(config(), Link::inbound());
    let mut events = probe.tell(&VersionPayload::default().frame());
    events.extend(probe.tell(&Frame::empty("verack")));
    events.extend(probe.tell(&Frame::ping(1)));
    let heard = heard(&events);
    assert_eq!(heard.messages, ["version", "verack", "ping"]);
    assert!(heard.read.is_empty() && heard.written.is_empty());
}
