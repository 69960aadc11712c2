//! Every message reaches the method that is for it, and no other.

use alloc::sync::Arc;
use std::sync::Mutex;

use bytes::Bytes;
use peer_core::message::*;
use peer_core::network::Network;
use peer_core::wire::{AddrList, AddrV2List, BlockView, TxView};
use peer_core::{
    Config, DisconnectReason, Event, HangUp, Link, ListenerId, Listeners, MessageListener,
    Misbehavior, PeerMachine, RawFrame, SendError, Ticket, Timestamp, TransportPolicy, dispatch,
};

use crate::samples::samples;

/// Writes down which methods were called, by the names of messages, or with a plus for the others.
#[derive(Default)]
struct Recorder {
    calls: Vec<String>,
}

/// Methods written out, so that the name of each is compared with what the network calls it.
macro_rules! record {
    ($( $method:ident($($payload:ty)?) $name:literal )*) => {
        impl MessageListener for Recorder {
            $( fn $method(&mut self $(, _: &$payload)?) {
                self.calls.push($name.into());
            } )*

            fn on_event(&mut self, event: &Event) {
                self.calls.push(format!("+event {event:?}"));
            }
            fn on_message(&mut self, message: &Message, wire_len: u32) {
                self.calls.push(format!("+message {} {wire_len}", message.command()));
            }
            fn on_unknown(&mut self, command: &CommandName, payload: &Bytes) {
                self.calls.push(format!("+unknown {command} {payload:?}"));
            }
            fn on_read(&mut self, frame: &RawFrame) {
                self.calls.push(format!("+read {:?}", frame.payload));
            }
            fn on_write(&mut self, frame: &RawFrame) {
                self.calls.push(format!("+write {:?}", frame.payload));
            }
            fn on_misbehavior(&mut self, misbehavior: &Misbehavior) {
                self.calls.push(format!("+misbehavior {}", misbehavior.kind));
            }
            fn on_sent(&mut self, through: Ticket) {
                self.calls.push(format!("+sent {through:?}"));
            }
            fn on_unsent(&mut self, ticket: Ticket, error: &SendError) {
                self.calls.push(format!("+unsent {ticket:?} {error}"));
            }
            fn on_writable(&mut self) {
                self.calls.push("+writable".into());
            }
            fn on_disconnected(&mut self, reason: &DisconnectReason) {
                self.calls.push(format!("+disconnected {reason}"));
            }
        }
    };
}

record! {
    on_version(VersionMessage) "version"
    on_verack() "verack"
    on_sendaddrv2() "sendaddrv2"
    on_wtxidrelay() "wtxidrelay"
    on_sendtxrcncl(SendTxRcncl) "sendtxrcncl"
    on_feature(Feature) "feature"
    on_ping(Ping) "ping"
    on_pong(Pong) "pong"
    on_inv(Inventory) "inv"
    on_getdata(Inventory) "getdata"
    on_notfound(Inventory) "notfound"
    on_mempool() "mempool"
    on_feefilter(FeeFilter) "feefilter"
    on_getblocks(Locator) "getblocks"
    on_getheaders(Locator) "getheaders"
    on_headers(Headers) "headers"
    on_sendheaders() "sendheaders"
    on_block(BlockView) "block"
    on_tx(TxView) "tx"
    on_filterload(FilterLoad) "filterload"
    on_filteradd(FilterAdd) "filteradd"
    on_filterclear() "filterclear"
    on_merkleblock(MerkleBlock) "merkleblock"
    on_sendcmpct(SendCmpct) "sendcmpct"
    on_getblocktxn(GetBlockTxn) "getblocktxn"
    on_cmpctblock(CmpctBlock) "cmpctblock"
    on_blocktxn(BlockTxn) "blocktxn"
    on_getcfilters(FilterRange) "getcfilters"
    on_cfilter(CFilter) "cfilter"
    on_getcfheaders(GetCFHeaders) "getcfheaders"
    on_cfheaders(CFHeaders) "cfheaders"
    on_getcfcheckpt(GetCFCheckpt) "getcfcheckpt"
    on_cfcheckpt(CFCheckpt) "cfcheckpt"
    on_getcfilter(GetCFilter) "getcfilter"
    on_getcftypes() "getcftypes"
    on_cftypes(CFTypes) "cftypes"
    on_getaddr() "getaddr"
    on_addr(AddrList) "addr"
    on_addrv2(AddrV2List) "addrv2"
    on_alert(Alert) "alert"
    on_reject(Reject) "reject"
    on_dandeliontx(TxView) "dandeliontx"
    on_aggsess(AggregationSession) "aggsess"
    on_daggsess(AggregationSession) "daggsess"
    on_enccand(EncryptedCandidate) "enccand"
    on_danenccand(EncryptedCandidate) "danenccand"
}

/// The calls that `event` leads to, after the first, which is for every event.
fn calls(event: &Event) -> Vec<String> {
    let mut recorder = Recorder::default();
    // Through a trait object, as registries hold them.
    let listener: &mut dyn MessageListener = &mut recorder;
    dispatch(event, listener);
    assert_eq!(recorder.calls.remove(0), format!("+event {event:?}"));
    recorder.calls
}

#[test]
fn every_message_reaches_its_method_and_no_other() {
    let samples = samples();
    for kind in MessageKind::ALL {
        let sample = samples.iter().find(|sample| sample.kind == *kind).unwrap();
        let event = Event::Message {
            message: sample.message(),
            wire_len: 1_234,
        };
        let name = kind.command().to_string();
        assert_eq!(calls(&event), [format!("+message {name} 1234"), name]);
    }
}

/// What a method is given is the message itself.
#[test]
fn the_payload_is_the_message() {
    struct Heights(Vec<i32>);
    impl MessageListener for Heights {
        fn on_version(&mut self, version: &VersionMessage) {
            self.0.push(version.start_height);
        }
    }
    let mut heights = Heights(Vec::new());
    let mut wanted = Vec::new();
    for sample in samples() {
        let message = sample.message();
        if let Message::Version(version) = &message {
            wanted.push(version.start_height);
        }
        let wire_len = 0;
        dispatch(&Event::Message { message, wire_len }, &mut heights);
    }
    assert!(wanted.len() > 1);
    assert_eq!(heights.0, wanted);
}

#[test]
fn what_nobody_knows_is_heard_with_its_payload() {
    let event = Event::Message {
        message: Message::Unknown {
            command: "dandeliontx".parse().unwrap(),
            payload: Bytes::from_static(b"raw"),
        },
        wire_len: 27,
    };
    assert_eq!(
        calls(&event),
        ["+message dandeliontx 27", "+unknown dandeliontx b\"raw\""]
    );
}

#[test]
fn every_other_event_has_a_method() {
    let samples = samples();
    let version = samples.iter().find_map(|sample| match sample.message() {
        Message::Version(version) => Some(version),
        _ => None,
    });
    assert_eq!(calls(&Event::Version(version.unwrap())), ["version"]);
    assert_eq!(calls(&Event::Negotiated), ["verack"]);
    assert_eq!(calls(&Event::Writable), ["+writable"]);
    let event = Event::Disconnected {
        reason: DisconnectReason::HungUp(HangUp::Reset),
        sent_through: None,
    };
    let reason = DisconnectReason::HungUp(HangUp::Reset);
    assert_eq!(calls(&event), [format!("+disconnected {reason}")]);
}

/// What only a machine can make: raw frames, tickets, misbehaviour.
#[test]
fn the_events_of_a_machine_reach_their_methods() {
    let now = Timestamp::from_secs(1_700_000_000);
    let mut ours = Config::with_secret(Network::REGTEST, [7; 32]);
    ours.raw_events = true;
    // What is bad here is bad in v1.
    ours.transport = TransportPolicy::V1;
    let theirs = Config::with_secret(Network::REGTEST, [8; 32]);
    let mut peer = PeerMachine::from_seed(Arc::new(ours), Link::outbound(), now, [1; 32]);
    let mut other = PeerMachine::from_seed(Arc::new(theirs), Link::inbound(), now, [2; 32]);
    let carry = |from: &mut PeerMachine, to: &mut PeerMachine| {
        let bytes = from.outbound().to_vec();
        to.receive(&bytes, now);
        from.sent(bytes.len(), now);
    };
    let ticket = peer.send(Message::GetAddr).unwrap();
    let error = Box::new(SendError::Closed);
    assert_eq!(
        calls(&Event::Unsent { ticket, error }),
        [format!("+unsent {ticket:?} {}", SendError::Closed)]
    );
    let mut recorder = Recorder::default();
    for _ in 0..4 {
        carry(&mut peer, &mut other);
        while other.poll_event().is_some() {}
        carry(&mut other, &mut peer);
        while let Some(event) = peer.poll_event() {
            dispatch(&event, &mut recorder);
        }
    }
    // A frame with a command that is no name, on regtest, and one of a transaction cut short.
    let mut bad = b"\xfa\xbf\xb5\xdatx\0x\0\0\0\0\0\0\0\0\0\0\0\0\x5d\xf6\xe0\xe2".to_vec();
    bad.extend(b"\xfa\xbf\xb5\xdatx\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x5d\xf6\xe0\xe2");
    peer.receive(&bad, now);
    while let Some(event) = peer.poll_event() {
        dispatch(&event, &mut recorder);
    }
    let events = recorder
        .calls
        .iter()
        .filter(|call| call.starts_with("+event"));
    let events: Vec<_> = events.cloned().collect();
    recorder.calls.retain(|call| !call.starts_with("+event"));
    let count = |begin: &str| {
        recorder
            .calls
            .iter()
            .filter(|call| call.starts_with(begin))
            .count()
    };
    let events_of = |begin: &str| {
        let begin = format!("+event {begin}");
        events
            .iter()
            .filter(|call| call.starts_with(&begin))
            .count()
    };
    assert!(count("+sent") == 1 && recorder.calls.contains(&format!("+sent {ticket:?}")));
    // `version`, `wtxidrelay`, `sendaddrv2`, `verack`, `ping`, `pong`, and the two bad ones.
    assert!(count("+read") >= 6, "{:?}", recorder.calls);
    assert_eq!(count("+read"), events_of("Read("));
    // The last two frames, both raw and empty, each before the verdict on it.
    let [.., raw_name, bad_name, raw_tx, bad_tx] = &recorder.calls[..] else {
        panic!("{:?}", recorder.calls);
    };
    assert_eq!([raw_name, raw_tx], ["+read b\"\""; 2]);
    assert!(bad_name.starts_with("+misbehavior"), "{bad_name}");
    assert!(bad_tx.starts_with("+misbehavior"), "{bad_tx}");
    // Ours as well: at least `version`, `verack` and `getaddr`.
    assert!(count("+write") >= 3);
    assert_eq!(count("+write"), events_of("Wrote("));
}

/// A listener that writes its name where all of one test do.
struct Named(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl MessageListener for Named {
    fn on_verack(&mut self) {
        self.1.lock().unwrap().push(self.0);
    }
}

#[derive(Default)]
struct Registry {
    listeners: Listeners,
    heard: Arc<Mutex<Vec<&'static str>>>,
}

impl Registry {
    fn add(&mut self, name: &'static str) -> ListenerId {
        self.listeners
            .add(Box::new(Named(name, self.heard.clone())))
    }

    fn heard(&mut self) -> Vec<&'static str> {
        self.listeners.dispatch(&Event::Negotiated);
        core::mem::take(&mut *self.heard.lock().unwrap())
    }
}

#[test]
fn listeners_hear_in_the_order_in_which_they_came() {
    let mut registry = Registry::default();
    assert!(registry.listeners.is_empty());
    let [a, b, c] = ["a", "b", "c"].map(|name| registry.add(name));
    assert_eq!(registry.heard(), ["a", "b", "c"]);
    let mut taken = registry.listeners.remove(b).unwrap();
    assert_eq!(registry.heard(), ["a", "c"]);
    assert!(registry.listeners.remove(b).is_none());
    // It is the one that was added.
    taken.on_verack();
    assert_eq!(*registry.heard.lock().unwrap(), ["b"]);
    registry.heard.lock().unwrap().clear();
    // Names are not given twice, and whoever comes back comes last.
    let again = registry.listeners.add(taken);
    assert!(again > c);
    assert_eq!(registry.heard(), ["a", "c", "b"]);
    for id in [a, c, again] {
        assert!(registry.listeners.contains(id));
        assert!(registry.listeners.remove(id).is_some());
    }
    assert!(registry.listeners.is_empty() && registry.heard().is_empty());
}

#[test]
fn listeners_come_and_go_while_one_is_lent() {
    let mut registry = Registry::default();
    let [a, b, c] = ["a", "b", "c"].map(|name| registry.add(name));
    let mut round = registry.listeners.round();
    let (id, lent) = registry.listeners.lend(&mut round).unwrap();
    assert_eq!(id, a);
    // It is registered, and not to be had.
    assert!(registry.listeners.contains(a));
    registry.add("d");
    assert_eq!(registry.heard(), ["b", "c", "d"]);
    assert!(registry.listeners.remove(b).is_some());
    assert!(registry.listeners.give_back(a, lent).is_none());
    // Neither the one that has gone nor the one that came hears what had begun.
    let (id, lent) = registry.listeners.lend(&mut round).unwrap();
    assert_eq!(id, c);
    assert!(registry.listeners.lend(&mut round).is_none());
    // Removed while it is lent: it does not come back.
    assert!(registry.listeners.remove(c).is_none());
    assert!(!registry.listeners.contains(c));
    assert!(registry.listeners.give_back(c, lent).is_some());
    assert_eq!(registry.heard(), ["a", "d"]);
    assert_eq!(registry.listeners.len(), 2);
}
