//! BIP111: what happens to bloom filter commands, and `mempool`, that we did not offer to serve.
//! Keeps nothing; the filters themselves are the application's.

use crate::error::{DisconnectReason, Violation};
use crate::message::{Message, MessageKind};
use crate::protocol::Cx;
use crate::strictness::Reaction;
use crate::wire::ServiceFlags;

/// Whether a message may pass, or is to be dropped and counted.
pub(super) fn is_served(cx: &Cx<'_>, message: &Message) -> Result<bool, DisconnectReason> {
    let needs_bloom = matches!(
        message.kind(),
        Some(
            MessageKind::FilterLoad
                | MessageKind::FilterAdd
                | MessageKind::FilterClear
                | MessageKind::MemPool
        )
    );
    if !needs_bloom || cx.config.services.contains(ServiceFlags::BLOOM) {
        return Ok(true);
    }
    let strictness = &cx.config.strictness;
    // From this version on the remote knows that the service exists and that we do not offer it.
    let reaction = if cx.version() >= cx.config.network.gates.bloom_service {
        strictness.bloom_without_service
    } else {
        strictness.bloom_without_service_old
    };
    match reaction {
        Reaction::Deliver => Ok(true),
        Reaction::Drop => Ok(false),
        Reaction::Disconnect => {
            let command = message.command();
            Err(Violation::NotServed {
                command,
                service: ServiceFlags::BLOOM,
            }
            .into())
        }
    }
}
