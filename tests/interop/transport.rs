//! What is particular to v2: keys that change, nodes that hang up on it, and nodes on which we do.

use core::time::Duration;
use std::path::Path;

use peer_core::message::{Message, MessageKind, Ping};
use peer_core::wire::Hash;
use peer_core::{DisconnectReason, Event, FrameError, TransportKind, TransportPolicy};
use peer_tests::node::{Node, wait_for};

use crate::ours::{Home, Ours, agree, wrong};
use crate::peers::{mine, same_transport};
use crate::setting::Setting;
use crate::{Failure, check};

const PATIENCE: Duration = Duration::from_secs(60);

/// Packets of one direction after which its keys change (BIP324: `REKEY_INTERVAL`).
const REKEY_INTERVAL: u64 = 224;

/// Of pings, and so of pongs: the keys of both directions change four times.
const MANY: u64 = 4 * REKEY_INTERVAL + 30;

/// Keys change on both sides, whoever dialled.
pub(crate) fn rekeying(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    mine(&node)?;
    let home = setting.home()?;
    ping_pong(&node, &mut home.dial(node.p2p_addr())?)?;
    wait_for("the node has noticed the end", PATIENCE, || {
        Ok(node.peers()?.is_empty().then_some(()))
    })?;

    let listener = home.listen()?;
    setting.dial_us(&node, listener.local_addr().map_err(wrong("our address"))?)?;
    ping_pong(&node, &mut home.accept(&listener)?)?;
    Ok(node.stop()?)
}

fn ping_pong(node: &Node, ours: &mut Ours<'_>) -> Result<(), Failure> {
    ours.negotiated()?;
    for nonce in 1..=MANY {
        ours.send(Message::Ping(Ping::new(nonce)))?;
    }
    let mut pongs = 0;
    while pongs < MANY {
        ours.until("all pongs", |event| {
            let pong = |message: &Message| message.kind() == Some(MessageKind::Pong);
            matches!(event, Event::Message { message, .. } if pong(&message)).then_some(())
        })?;
        pongs += 1;
    }
    // Both still understand each other.
    let tip: Hash = node.tip()?.parse().map_err(wrong("the node's tip"))?;
    ours.block(tip)?;
    let them = node.peers()?.pop().unwrap_or_default();
    same_transport(&ours.peer.stats(), &them)
}

/// A node that dials in v2 somebody who speaks only v1 is hung up on, and dials once more.
pub(crate) fn the_node_falls_back(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    mine(&node)?;
    let home = Home::with(TransportKind::V1, |config| {
        config.transport = TransportPolicy::V1;
    })?;
    let listener = home.listen()?;
    let address = listener.local_addr().map_err(wrong("our address"))?;
    setting.dial_us(&node, address)?;
    let reason = home.accept(&listener)?.end()?;
    let wrong_magic = matches!(
        reason,
        DisconnectReason::Frame(FrameError::WrongMagic { .. })
    );
    check(wrong_magic, || {
        format!("a key where v1 is spoken: {reason}")
    })?;
    let mut ours = home.accept(&listener)?;
    ours.negotiated()?;
    let them = node.peers()?.pop().unwrap_or_default();
    same_transport(&ours.peer.stats(), &them)?;
    Ok(node.stop()?)
}

/// Who insists on v2 and is dialled in v1, or dials somebody who knows no v2, has no connection.
pub(crate) fn v2_or_nothing(setting: &Setting, wrapper: &Path) -> Result<(), Failure> {
    let node = setting.start(wrapper)?;
    mine(&node)?;
    let home = Home::with(TransportKind::V2, |config| {
        config.transport = TransportPolicy::V2;
    })?;
    let reason = home.dial(node.p2p_addr())?.end()?;
    check(matches!(reason, DisconnectReason::HungUp(_)), || {
        format!("a key where v1 is spoken: {reason}")
    })?;
    let listener = home.listen()?;
    let address = listener.local_addr().map_err(wrong("our address"))?;
    node.dial(address, false)?;
    let refused = DisconnectReason::Frame(FrameError::V1Refused);
    agree("the end", home.accept(&listener)?.end()?, refused)?;
    Ok(node.stop()?)
}
