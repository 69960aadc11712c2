//! How connections end, and what must be true when everything has come to rest.

use peer_core::message::MessageKind;
use peer_core::{
    DisconnectReason, FrameError, Goodbye, HangUp, Incompatible, Purpose, Timeout, TransportPolicy,
    Violation,
};

use super::app::Side;
use super::{Check, demand};

/// What is known of the connection from outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances {
    pub(crate) is_tainted: bool,
    pub(crate) is_corrupt: bool,
    pub(crate) is_mismatched: bool,
    /// The other end has gone.
    pub(crate) is_alone: bool,
}

/// An honest remote gives no reason to end a connection but these.
pub(crate) fn check_reason(
    side: &Side,
    other: &Side,
    reason: &DisconnectReason,
    around: Circumstances,
) -> Check {
    let (ours, theirs) = (
        side.subject.machine.config(),
        other.subject.machine.config(),
    );
    let purpose = side.subject.machine.link().purpose;
    let fits = match reason {
        DisconnectReason::Local(Goodbye::Requested) => side.said_goodbye,
        DisconnectReason::Local(Goodbye::FeelerDone) => purpose == Purpose::Feeler,
        DisconnectReason::Local(Goodbye::AddressesFetched)
        | DisconnectReason::Timeout(Timeout::AddrFetch) => purpose == Purpose::AddressFetch,
        DisconnectReason::HungUp(HangUp::LocalError) => false,
        DisconnectReason::HungUp(_) => around.is_alone || around.is_tainted,
        DisconnectReason::Downgrade(_) => {
            around.is_tainted || (around.is_alone && other.subject.over.is_some())
        }
        DisconnectReason::Incompatible(Incompatible::Version { .. }) => {
            theirs.protocol_version < ours.minimum_version
        }
        DisconnectReason::Incompatible(Incompatible::Services { .. }) => {
            !theirs.services.contains(ours.required_services)
        }
        DisconnectReason::Frame(FrameError::WrongMagic { .. }) if around.is_mismatched => true,
        // A reject that says goodbye in the middle of a handshake.
        DisconnectReason::Violation(Violation::Early { .. }) if theirs.strictness.send_reject => {
            other.subject.over.is_some() || other.subject.watch.is_leaving
        }
        DisconnectReason::Frame(_)
        | DisconnectReason::Malformed(_)
        | DisconnectReason::Violation(_) => around.is_corrupt || around.is_mismatched,
        DisconnectReason::Timeout(_) => around.is_tainted || around.is_mismatched,
        _ => false,
    };
    demand!(fits, "an honest remote was left: {reason} ({around:?})");
    let v1_only = theirs.transport == TransportPolicy::V1;
    if let DisconnectReason::Downgrade(_) = reason {
        let honest = v1_only || around.is_tainted || other.subject.over.is_some();
        demand!(honest, "downgraded, though the remote speaks v2");
    }
    Ok(())
}

/// Whether something may still be on its way by itself.
pub(crate) fn is_restless(side: &Side) -> bool {
    let subject = &side.subject;
    subject.machine.queued() > 0
        || subject.unpolled
        || subject.stats.pings_in_flight > 0
        || subject.stats.inventory_queued > 0
}

/// Decoys before the version packet (v2), and their bytes.
fn early_decoys(side: &Side) -> (u64, u64) {
    if side.subject.machine.transport() != Some(peer_core::TransportKind::V2) {
        return (0, 0);
    }
    let decoys = &side.subject.machine.config().v2.decoys;
    let bytes = decoys.iter().map(|len| u64::from(*len) + 20);
    (decoys.len() as u64, bytes.sum())
}

/// Everything that one side said has come to the other, and everything is accounted for.
pub(crate) fn check_rest(side: &Side, other: &Side) -> Check {
    let (ours, theirs) = (&side.subject.stats, &other.subject.stats);
    demand!(
        side.pending.is_empty() && !side.is_full,
        "{} messages could not be sent",
        side.pending.len()
    );
    demand!(
        side.subject.book.is_settled(),
        "{} messages are not told of",
        side.subject.book.open()
    );
    let left = side.subject.book.outgoing.iter().find(|promise| {
        !matches!(
            promise.message.kind(),
            Some(MessageKind::Addr | MessageKind::AddrV2)
        )
    });
    if let Some(promise) = left {
        return Err(format!(
            "ticket {} did not arrive: {}",
            promise.ticket,
            super::delivery::shown(&promise.message)
        ));
    }
    demand!(
        side.wanted.is_empty(),
        "{} blocks did not come",
        side.wanted.len()
    );
    demand!(!side.is_syncing, "headers did not come");
    demand!(
        side.pinged.is_empty(),
        "{} pings were not answered",
        side.pinged.len()
    );
    demand!(
        ours.requests_in_flight == 0,
        "{} requests are open",
        ours.requests_in_flight
    );
    demand!(
        ours.requests_unanswered == 0,
        "{} requests were given up",
        ours.requests_unanswered
    );
    let machine = &side.subject.machine;
    demand!(
        ours.inventory_queued == 0,
        "{} announcements wait ({:?}, {}), the next deadline is {:?} ({:?})",
        ours.inventory_queued,
        machine.config().trickle,
        machine.link(),
        machine.deadline(),
        machine.deadline_reason()
    );
    let arrived = side.gossip.arrived;
    demand!(
        ours.inventory_announced == arrived,
        "{} announced, {arrived} arrived",
        ours.inventory_announced
    );
    let sent = ours.traffic.sent.iter();
    for (kind, counter) in sent {
        let heard = theirs.traffic.received.get(kind);
        // Decoys of a handshake are not frames that were sent, and are decoys that were received.
        let early = if kind.is_none() {
            early_decoys(side)
        } else {
            (0, 0)
        };
        let counter = (counter.messages + early.0, counter.bytes + early.1);
        demand!(
            (heard.messages, heard.bytes) == counter,
            "{kind:?}: {counter:?} sent, {heard:?} received"
        );
    }
    let frames = ours.frames_sent + early_decoys(side).0;
    demand!(
        frames == theirs.frames_received,
        "{frames} frames, {} heard",
        theirs.frames_received
    );
    demand!(
        ours.bytes_sent == theirs.bytes_received,
        "{} bytes, {} heard",
        ours.bytes_sent,
        theirs.bytes_received
    );
    demand!(ours.session_id == theirs.session_id, "two sessions");
    let addresses = theirs.addr_processed + theirs.addr_rate_limited;
    let dropped: u64 = side
        .subject
        .book
        .outgoing
        .iter()
        .filter_map(|promise| match &promise.message {
            peer_core::message::Message::Addr(list) => Some(list.len() as u64),
            peer_core::message::Message::AddrV2(list) => Some(list.len() as u64),
            _ => None,
        })
        .sum();
    let told = side.subject.book.addresses_heard + dropped;
    let is_private = other.subject.machine.link().purpose == Purpose::BlockRelayOnly;
    demand!(
        addresses == told || is_private,
        "{told} addresses, {addresses} counted"
    );
    let bad = theirs.malformed + theirs.bad_checksums;
    demand!(
        bad == 0,
        "{bad} messages of an honest remote are called bad"
    );
    Ok(())
}
