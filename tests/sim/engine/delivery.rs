//! What one end said against what the other heard: all of it, nothing else, in that order.

use peer_core::message::Message;
use peer_core::{Event, Ticket, TransportKind};

use super::app::Side;
use super::{Check, demand};

/// What may have happened to the bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// A byte was changed.
    pub(crate) is_corrupt: bool,
}

/// The receiver's application got an event. Whether it was one of the other's messages.
pub(crate) fn check(
    sender: &mut Side,
    receiver: &mut Side,
    event: &Event,
    way: Way,
) -> Result<bool, String> {
    match event {
        // A changed byte may have made another command of one that belongs to the handshake.
        Event::Version(_) | Event::Negotiated if way.is_corrupt => {}
        Event::Version(version) => check_version(sender, version)?,
        Event::Negotiated => check_negotiated(sender, receiver)?,
        Event::Message { message, .. } => {
            let checked = check_message(sender, receiver, message);
            let forgiven =
                way.is_corrupt && receiver.subject.machine.transport() == Some(TransportKind::V1);
            if !forgiven {
                checked?;
            }
            return Ok(true);
        }
        _ => {}
    }
    Ok(false)
}

/// The `version` says what the configuration of the sender says.
fn check_version(sender: &Side, version: &peer_core::message::VersionMessage) -> Check {
    let config = sender.subject.machine.config();
    let ours = i32::try_from(config.protocol_version).unwrap_or(i32::MAX);
    demand!(
        version.version == ours,
        "version {}, configured {ours}",
        version.version
    );
    demand!(
        version.services == config.services,
        "services {}",
        version.services
    );
    demand!(
        version.user_agent == config.user_agent,
        "user agent {}",
        version.user_agent
    );
    let link = sender.subject.machine.link();
    demand!(
        version.start_height == link.start_height,
        "height {}",
        version.start_height
    );
    Ok(())
}

/// What was agreed on is what both sides can.
fn check_negotiated(sender: &Side, receiver: &Side) -> Check {
    let (ours, theirs) = (
        receiver.subject.machine.config(),
        sender.subject.machine.config(),
    );
    let Some(remote) = receiver.subject.machine.remote() else {
        return Err("negotiated with nobody".into());
    };
    let version = ours.protocol_version.min(theirs.protocol_version);
    demand!(
        remote.protocol_version == version,
        "negotiated {}, not {version}",
        remote.protocol_version
    );
    let wtxid = theirs.wtxid_relay && version >= 70_016;
    demand!(
        remote.wtxid_relay == wtxid,
        "wtxidrelay {}, not {wtxid}",
        remote.wtxid_relay
    );
    let addr_v2 = theirs.send_addr_v2 && version >= 70_016;
    demand!(
        remote.addr_v2 == addr_v2,
        "sendaddrv2 {}, not {addr_v2}",
        remote.addr_v2
    );
    Ok(())
}

fn check_message(sender: &mut Side, receiver: &mut Side, message: &Message) -> Check {
    match message {
        Message::Ping(ping) => {
            receiver.pinged.extend(ping.nonce);
            let is_application = front_is(sender, message);
            if is_application {
                return take(sender, message);
            }
            demand!(ping.nonce != Some(0), "a ping with nonce 0");
            Ok(())
        }
        Message::Pong(pong) => {
            let owed = sender.pinged.pop_front();
            demand!(
                owed == Some(pong.nonce),
                "pong {}, owed is {owed:?}",
                pong.nonce
            );
            Ok(())
        }
        Message::Reject(_) if sender.subject.machine.config().strictness.send_reject => {
            let is_ending = sender.subject.watch.is_leaving || sender.subject.machine.is_closed();
            demand!(is_ending, "a reject, and no end");
            Ok(())
        }
        Message::WtxidRelay | Message::SendAddrV2 => {
            demand!(
                !receiver.subject.is_negotiated,
                "{message:?} after the handshake"
            );
            Ok(())
        }
        Message::Inv(list) => {
            let is_idle = receiver.subject.machine.queued() == 0;
            for item in list {
                sender.gossip.arrives(item)?;
                receiver
                    .gossip
                    .heard(item, is_idle, receiver.subject.stats.inventory_announced);
            }
            Ok(())
        }
        Message::Headers(headers) if headers.len() == 1 && !front_is(sender, message) => {
            let hash = headers.last().map(|header| header.block_hash());
            let Some(hash) = hash.filter(|hash| sender.gossip.awaits((*hash).into())) else {
                return take(sender, message);
            };
            let item = peer_core::message::InvVect::new(peer_core::message::InvKind::Block, hash);
            sender.gossip.arrives(item)
        }
        _ => take(sender, message),
    }
}

fn front_is(sender: &Side, message: &Message) -> bool {
    // Addresses that came too fast are dropped, and may stand before it.
    let mut waiting = sender.subject.book.outgoing.iter();
    let next = waiting
        .find(|promise| promise.message == *message || addresses(&promise.message).is_none());
    next.is_some_and(|promise| promise.message == *message)
}

/// The message is the next one that was promised. Addresses may be fewer than were sent, or none.
fn take(sender: &mut Side, message: &Message) -> Check {
    let through = sender
        .subject
        .machine
        .sent_through()
        .map_or(0, Ticket::number);
    loop {
        let Some(promise) = sender.subject.book.outgoing.pop_front() else {
            return Err(format!("{} was never sent", shown(message)));
        };
        demand!(
            promise.ticket <= through,
            "ticket {} arrived, {through} has left",
            promise.ticket
        );
        let addresses = addresses(&promise.message);
        sender.subject.book.addresses_heard += addresses.map_or(0, |list| list.len() as u64);
        if promise.message == *message {
            return Ok(());
        }
        let Some(sent) = self::addresses(&promise.message) else {
            return Err(format!(
                "{} instead of {}",
                shown(message),
                shown(&promise.message)
            ));
        };
        if let Some(heard) = self::addresses(message) {
            let mut sent = sent.into_iter();
            let in_order = heard.iter().all(|entry| sent.any(|other| other == *entry));
            if in_order {
                return Ok(());
            }
        }
    }
}

/// The entries of an `addr` or `addrv2`.
fn addresses(message: &Message) -> Option<Vec<peer_core::wire::AddrEntry>> {
    match message {
        Message::Addr(list) => Some(list.iter().collect()),
        Message::AddrV2(list) => Some(list.iter().collect()),
        _ => None,
    }
}

/// A message in few words.
pub(crate) fn shown(message: &Message) -> String {
    let text = format!("{message:?}");
    let short: String = text.chars().take(120).collect();
    format!("{} {short}", message.command())
}
